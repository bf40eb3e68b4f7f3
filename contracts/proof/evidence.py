"""
An evidence bundle, checked whole: every act of a project, what it rests on, and who stands for the tree they are in.

The format is in `bundle.py`. Whatever is in the file is proved here against one checkpoint, or the file FAILED.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .bundle import Bundle, Entry, read_bundle
from .checkpoint import Checkpoint, open_checkpoint, require_continued
from .errors import ProofFailed
from .key_history import check_keys, key_history
from .leaf import parse_leaf
from .members import object_of, text_of
from .merkle import Inclusions, leaf_hash
from .note import VerifierKey
from .proven import Proven, event_of
from .stamped import check_stamps
from .summary import Summary, plain, summary_of
from .tlog_proof import TlogProof, parse_tlog_proofs
from .trust import Attested, Trust, attest

_BASIS: Final = ("account.", "acting.", "auth.", "log.", "post.")
_MADE: Final = ("auth.grant", "auth.vest")
_BASIS_ACTS: Final = ("act.correct", "data.erase")
"""What a bundle may hold besides the acts of its project: what these rest on, and what became of that."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle that holds, as far as its file goes."""

    bundle: Bundle
    attested: Attested
    entries: tuple[Proven, ...]
    missing: tuple[str, ...]
    """
    What the file does not hold, one sentence each: what acts rest on by their own words, and a stamp that is relied on.
    """
    newer_held: Checkpoint | None
    """The checkpoint held from before, where it is larger than the bundle's."""
    summary: Summary | None = None
    """The page, once it was compared with what follows from the acts."""


def check_bundle(file: bytes, trust: Trust, checks: list[str]) -> Checked:
    """Check a bundle with its summary; add to `checks` what held. Raises `ProofFailed`."""
    bundle = read_bundle(file)
    checked = check_evidence(bundle, trust, checks)
    written = summary_of(bundle.project, checked.attested.checkpoint, checked.entries)
    for name, stated, follows in (("zh", bundle.summary_zh, written.zh), ("en", bundle.summary_en, written.en)):
        if stated != follows:
            raise ProofFailed(f"summary in {name}", expected="what follows from the acts", actual="another text")
    checks.append("summary: says what follows from the acts, in both languages")
    return replace(checked, summary=written)


def summary_for(bundle: Bundle, trust: Trust) -> Summary:
    """Return the page that belongs in a bundle, once all else in it was checked. Raises `ProofFailed`."""
    checked = check_evidence(bundle, trust, [])
    return summary_of(bundle.project, checked.attested.checkpoint, checked.entries)


def check_evidence(bundle: Bundle, trust: Trust, checks: list[str]) -> Checked:
    """Check all of a bundle but its summary; add to `checks` what held. Raises `ProofFailed`."""
    history = key_history(bundle, trust.log_keys)
    attested = attest(bundle.checkpoint, history.trusted, trust)
    checkpoint = attested.checkpoint
    checks.append(f"checkpoint: {attested.told()}")
    check_keys(bundle, history, checkpoint, trust, checks)
    # Older checkpoints may be signed by keys that only these acts name: that they are continued is what counts.
    newer = _check_held(bundle, checkpoint, history.named, trust, checks)

    entries = tuple(_entries(bundle, checkpoint))
    erased = _check_orders(entries)
    acts = sum(each.leaf["subject"] == bundle.project for each in entries)
    if not acts:
        raise ProofFailed("bundle", expected=f"an act of {bundle.project}", actual="none")
    checks.append(f"acts: {acts} of {bundle.project} and {len(entries) - acts} they rest on, in the order of the log")
    checks.append(f"inclusion: each of the {len(entries)} leads to the signed root, with the event it commits to")
    if erased:
        listed = ", ".join(map(str, erased[:20])) + (" and others" if len(erased) > 20 else "")
        checks.append(f"erased: the content at {listed} is gone, each by an order that is in the file")
    unstamped = check_stamps(bundle, checkpoint, history.named, trust, entries, checks)
    return Checked(bundle, attested, entries, (*_missing_grants(entries), *unstamped), newer)


def _missing_grants(entries: Sequence[Proven]) -> tuple[str, ...]:
    """Say which grants acts name as their authority without being in the file: perhaps nobody ever made them."""
    held = {str(each.leaf["subject"]) for each in entries if each.leaf["type"] in _MADE}
    held |= {str(each.data.get("grant")) for each in entries if each.leaf["type"] in _MADE and each.data is not None}
    named: dict[str, int] = {}
    for each in entries:
        if (grant := str(each.leaf.get("authority", ""))) and grant not in held:
            named.setdefault(grant, each.position)
    return tuple(
        f"{plain(grant)}, which the act at {position} rests on: it is not in the file"
        for grant, position in named.items()
    )


def _entries(bundle: Bundle, checkpoint: Checkpoint) -> Iterator[Proven]:
    before = 0
    inclusions = Inclusions(checkpoint.size, checkpoint.root, len(bundle.entries))
    proofs = parse_tlog_proofs((entry.proof for entry in bundle.entries), bundle.checkpoint)
    for entry, proof in zip(bundle.entries, proofs, strict=True):
        proven = _prove(entry, proof, checkpoint, inclusions)
        if proven.position <= before:
            raise ProofFailed("order of the acts", expected=f"a position after {before}", actual=proven.position)
        before = proven.position
        if proven.leaf["subject"] != bundle.project:
            kind = str(proven.leaf["type"])
            if not kind.startswith(_BASIS) and kind not in _BASIS_ACTS:
                raise ProofFailed(f"act at {before}", expected=f"one of {bundle.project}", actual=f"{kind} of another")
        yield proven


def _prove(entry: Entry, proof: TlogProof, checkpoint: Checkpoint, inclusions: Inclusions) -> Proven:
    position = proof.leaf_index + 1
    leaf = parse_leaf(entry.leaf)
    if leaf["position"] != position:
        raise ProofFailed(f"act at {position}: position in the leaf", expected=position, actual=leaf["position"])
    if leaf["origin"] != checkpoint.origin:
        raise ProofFailed(f"act at {position}: origin", expected=checkpoint.origin, actual=leaf["origin"])
    if proof.extra is not None:
        raise ProofFailed(f"act at {position}: proof", expected="no extra data", actual=proof.extra)
    inclusions.verify(leaf_hash(entry.leaf), proof.leaf_index, proof.hashes)
    event = None
    if entry.payload is not None and entry.salt is not None:
        event = event_of(leaf, entry.salt, entry.payload)
    return Proven("", str(leaf["subject"]), position, leaf, event, event is None)


def _check_orders(entries: Sequence[Proven]) -> list[int]:
    """Return the positions without content. Raises `ProofFailed` where none of the later acts orders that."""
    ordered: dict[tuple[str, str], int] = {}
    for each in entries:
        if each.leaf["type"] == "data.erase" and each.data is not None:
            target = object_of(each.data, "target")
            ordered[text_of(target, "source"), text_of(target, "id")] = each.position
    erased = [each for each in entries if each.erased]
    for each in erased:
        if ordered.get((str(each.leaf["source"]), str(each.leaf["id"])), 0) <= each.position:
            raise ProofFailed(
                f"content of the act at {each.position}", expected="the event", actual="none, and no order"
            )
    return [each.position for each in erased]


def _check_held(
    bundle: Bundle, checkpoint: Checkpoint, keys: Sequence[VerifierKey], trust: Trust, checks: list[str]
) -> Checkpoint | None:
    """Check that the log continues what it showed before. Return what is held, where the bundle is older than that."""
    shown = _continued_by(bundle, checkpoint, keys, checks)
    if trust.held is None:
        return None
    held = open_checkpoint(trust.held, *keys)
    if held.origin != checkpoint.origin:
        raise ProofFailed("origin of the checkpoint held", expected=checkpoint.origin, actual=held.origin)
    if held.size > checkpoint.size:
        return held
    known = shown if shown is not None and shown.size == held.size else checkpoint
    if known.size != held.size:
        raise ProofFailed(
            "consistency", expected=f"a proof from the {held.size} entries of the checkpoint held", actual="none"
        )
    if known.root != held.root:
        raise ProofFailed(f"two trees of {held.size} entries signed by one log", expected=held.root, actual=known.root)
    checks.append(f"held: the checkpoint of {held.size} entries kept from before is part of the same history")
    return None


def _continued_by(
    bundle: Bundle, checkpoint: Checkpoint, keys: Sequence[VerifierKey], checks: list[str]
) -> Checkpoint | None:
    if bundle.held is None:
        return None
    shown = open_checkpoint(bundle.held.note, *keys)
    require_continued(shown, bundle.held.hashes, checkpoint)
    checks.append(f"consistency: the first {shown.size} of {checkpoint.size} entries are unchanged")
    return shown
