"""
One proof file, checked whole: an evidence bundle, a `.tlog-proof`, the JSON that the ledger's `/v1/proofs/inclusion`
and `/v1/proofs/consistency` answer, or an answer of the projector with its proofs
(`/v1/acts/{position}/authority?proof=true`).

Nothing in the file is believed but what a signature or a hash leads to. What is relied on never comes from the file.
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .answer import check_answer
from .bundle import BUNDLE
from .encoding import HASH_SIZE, from_json
from .errors import ProofFailed
from .evidence import check_bundle
from .leaf import check_payload, parse_leaf
from .members import bytes_of, hashes_of, integer_of, require_members, text_of
from .merkle import leaf_hash, verify_consistency, verify_inclusion
from .succession import check_succession
from .summary import Summary
from .tlog_proof import TLOG_PROOF, parse_tlog_proof
from .trust import Attested, Trust, attest, quorum_time, told_age

DOCUMENT_SIZE_MAX: Final = 16 * 1024 * 1024
"""Bytes in a proof file. A proof holds a leaf and an event of 64 KiB each; an answer holds several."""

_NO_OTHERS: Final = (
    "that the project has no other acts, and that nothing it rests on was revoked: no file can prove that; whether acts"
    " are left out, the check of the file with the whole log can tell"
)
_NO_ORDER: Final = "by whose order the content was erased: the file only says that it was; a bundle holds the order"
_CHANGED: Final = (codecs.BOM_UTF8, *(format_[:-1] + b"\r" for format_ in (BUNDLE, TLOG_PROOF)))
"""How files begin that a program took for a text to be tidied up. What was signed are bytes."""
_JSON_SPACE: Final = b" \t\r\n"
_INCLUSION: Final = frozenset({"leaf", "leaf_hash", "leaf_index", "tree_size", "hashes", "checkpoint"})
_CONTENT: Final = frozenset({"payload", "salt"})
_CONSISTENCY: Final = frozenset({"first_size", "second_size", "hashes", "first_checkpoint", "second_checkpoint"})


Verdict = Literal["verified", "verified-unwitnessed", "erased-content", "stale", "FAILED"]


@dataclass(frozen=True, slots=True)
class Report:
    """
    What came of checking one file.

    `verified`: signed by the log and cosigned by the quorum. `verified-unwitnessed`: signed by the log, and nobody else
    that is relied on says that it shows everybody the same tree. `erased-content`: all is proved, and the content of an
    act is gone (of a single proof only the file says so; in a bundle an order of the log does). `stale`: older than was
    asked for. `FAILED`: not proved.
    """

    verdict: Verdict
    checks: tuple[str, ...]
    """What held, in the order in which it was checked, one sentence each."""
    failure: str | None
    """What did not hold; only when FAILED."""
    act: dict[str, str | int] | None
    """The members of the proved leaf. None for a consistency proof, a bundle and when FAILED: nothing unproved."""
    unchecked: tuple[str, ...] = ()
    """What of an answer no file can prove, one sentence each: to be asked of the service, or of the whole log."""
    shortfall: str | None = None
    """What was asked for and is not there: a quorum of witnesses, or evidence that is fresh enough."""
    summary: Summary | None = None
    """The page for people of a bundle."""

    @property
    def accepted(self) -> bool:
        """Whether the file proves what whoever verifies asked for."""
        return self.failure is None and self.shortfall is None


def verify_document(document: bytes, trust: Trust) -> Report:
    """
    Check the proof file `document` by what `trust` says to rely on, and say what was checked.

    Never raises on account of the file: whatever cannot be read is FAILED, with the reason. A member that the format
    does not know is FAILED too, since it would not be covered by any check.
    """
    checks: list[str] = []
    try:
        return _verified(_check(document, trust, checks), trust, checks)
    except ProofFailed as failed:
        return Report("FAILED", tuple(checks), str(failed), None)
    except RecursionError:  # what could be read cannot always be compared or printed
        return Report(
            "FAILED", tuple(checks), "proof file: expected JSON of little depth, actual nesting too deep", None
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """What held of a file. `attested` is the checkpoint that all of it rests on."""

    attested: Attested
    act: dict[str, str | int] | None = None
    erased: bool = False
    unchecked: tuple[str, ...] = ()
    summary: Summary | None = None
    newer_held: int | None = None


def _check(document: bytes, trust: Trust, checks: list[str]) -> _Held:
    if trust.predecessor is not None:
        return _succession(document, trust.predecessor, trust, checks)
    if document.startswith(BUNDLE):
        checked = check_bundle(document, trust, checks)
        erased = any(each.erased for each in checked.entries)
        newer = checked.newer_held.size if checked.newer_held is not None else None
        unchecked = (*checked.missing, _NO_OTHERS)
        return _Held(checked.attested, None, erased, unchecked, checked.summary, newer)
    if document.startswith(TLOG_PROOF):
        return _tlog_proof(document, trust, checks)
    if document.startswith(_CHANGED):
        odd = "a byte order mark, or lines ended by CR and LF"
        raise ProofFailed("proof file", expected="the bytes as they were made", actual=odd)
    if not document.lstrip(_JSON_SPACE).startswith(b"{"):
        actual = document[:60].decode("utf-8", "replace") or "an empty file"
        raise ProofFailed("proof file", expected="a bundle, a tlog-proof or a JSON object", actual=actual)
    members = from_json(document, "proof file", DOCUMENT_SIZE_MAX)
    if "leaf" in members:
        return _inclusion(members, trust, checks)
    if "verdict" in members:
        answer = check_answer(members, trust, checks)
        return _Held(answer.attested, answer.act, answer.erased, answer.unchecked)
    if "first_size" in members:
        return _Held(_consistency(members, trust, checks))
    raise ProofFailed("proof file", expected="a bundle, a tlog-proof, or a leaf, verdict or first_size", actual="none")


def _verified(held: _Held, trust: Trust, checks: list[str]) -> Report:
    """Say what it is worth: of several words the one that whoever verifies most needs to know."""
    quorum = quorum_time(held.attested, trust)
    count = len(held.attested.cosigned)
    if quorum is not None:
        checks.append(f"witnesses: {count} cosigned, which is the quorum, {told_age(trust.now - quorum)} ago")
    else:
        who = f"{count} that are relied on cosigned" if trust.policy.witnesses else "none is named to rely on"
        checks.append(f"witnesses: {who}; the log alone stands for this tree")
    verdict: Verdict = "verified" if quorum is not None else "verified-unwitnessed"
    shortfall = None
    if held.erased:
        verdict = "erased-content"
    if quorum is None and trust.policy.demands_witnesses:
        verdict, shortfall = "verified-unwitnessed", "the quorum that the policy asks for is not there"
    if late := _late(held, quorum, trust):
        verdict, shortfall = "stale", late
    return Report(verdict, tuple(checks), None, held.act, held.unchecked, shortfall, held.summary)


def _late(held: _Held, quorum: int | None, trust: Trust) -> str | None:
    """
    Say why the evidence is not fresh enough, or None.

    Only witnesses say that a tree was the newest at a time. A time stamp does not: an old checkpoint can be stamped
    today.
    """
    if held.newer_held is not None:
        return f"older than the checkpoint held from before, which has {held.newer_held} entries"
    if trust.max_age_seconds is None:
        return None
    if quorum is None:
        return "no quorum of witnesses says when this tree was the newest"
    age = trust.now - quorum
    if age > trust.max_age_seconds:
        return f"{told_age(age)} old; at most {told_age(trust.max_age_seconds)} are wanted"
    return None


def _tlog_proof(document: bytes, trust: Trust, checks: list[str]) -> _Held:
    """Check a proof that carries its leaf in the line of extra data. Raises `ProofFailed`."""
    proof = parse_tlog_proof(document)
    if proof.extra is None:
        raise ProofFailed("extra data of the proof", expected="the leaf", actual="none")
    attested = attest(proof.checkpoint, trust.log_keys, trust)
    checks.append(f"checkpoint: {attested.told()}")
    act = _leaf(proof.extra, proof.leaf_index, checks)
    _require_included(act, leaf_hash(proof.extra), proof.leaf_index, proof.hashes, attested, checks)
    return _Held(attested, act)


def _inclusion(members: Mapping[str, object], trust: Trust, checks: list[str]) -> _Held:
    require_members(members, required=_INCLUSION, optional=_CONTENT)
    index, size = integer_of(members, "leaf_index"), integer_of(members, "tree_size")
    hashes = hashes_of(members)
    leaf = bytes_of(members, "leaf")
    stated_hash = bytes_of(members, "leaf_hash", HASH_SIZE)
    act = _leaf(leaf, index, checks)

    computed_hash = leaf_hash(leaf)
    if computed_hash != stated_hash:
        raise ProofFailed("leaf hash", expected=computed_hash, actual=stated_hash)
    checks.append("leaf hash: the one these bytes have")

    attested = _checkpoint(members, "checkpoint", size, trust, checks)
    _require_included(act, computed_hash, index, hashes, attested, checks)
    erased = _content(members, act, checks)
    return _Held(attested, act, erased, (_NO_ORDER,) if erased else ())


def _succession(document: bytes, final: bytes, trust: Trust, checks: list[str]) -> _Held:
    """Check the proof of a log's first act, and that with this act the log goes on from the checkpoint `final`."""
    members = from_json(document, "proof of a log's first act", DOCUMENT_SIZE_MAX)
    held = _inclusion(members, trust, checks)
    if held.erased or not members.keys() >= _CONTENT:
        raise ProofFailed("proof of a log's first act", expected="the event and its salt", actual="none")
    leaf, salt, payload = (bytes_of(members, name) for name in ("leaf", "salt", "payload"))
    ended = check_succession(leaf, salt, payload, final, trust.log_keys)
    checks.append(f"succession: the log goes on where {ended.origin} ended, at {ended.size} entries")
    return held


def _leaf(leaf: bytes, index: int, checks: list[str]) -> dict[str, str | int]:
    act = parse_leaf(leaf)
    if act["position"] != index + 1:
        raise ProofFailed("position in the leaf", expected=index + 1, actual=act["position"])
    checks.append(f"leaf: version 1, position {index + 1} of {act['origin']}")
    return act


def _require_included(
    act: Mapping[str, str | int],
    hashed: bytes,
    index: int,
    hashes: Sequence[bytes],
    attested: Attested,
    checks: list[str],
) -> None:
    checkpoint = attested.checkpoint
    if act["origin"] != checkpoint.origin:
        raise ProofFailed("origin in the leaf", expected=checkpoint.origin, actual=act["origin"])
    verify_inclusion(hashed, index, checkpoint.size, hashes, checkpoint.root)
    checks.append(f"inclusion: {len(hashes)} hashes lead from the leaf to the signed root")


def _content(members: Mapping[str, object], act: Mapping[str, str | int], checks: list[str]) -> bool:
    """Check the event against its commitment, where the file has it; return whether the file says it was erased."""
    present = _CONTENT & members.keys()
    if not present:
        checks.append("payload: not in the file")
        return False
    absent = [name for name in sorted(_CONTENT) if members.get(name) is None]
    if len(present) == len(_CONTENT) == len(absent):
        checks.append("payload: erased, says the file; its leaf and commitment stand")
        return True
    if absent:
        raise ProofFailed("payload and salt", expected="both, both null or neither", actual=f"no {absent[0]}")
    check_payload(act, bytes_of(members, "salt"), bytes_of(members, "payload"))
    checks.append("payload: the event that the leaf commits to")
    return False


def _consistency(members: Mapping[str, object], trust: Trust, checks: list[str]) -> Attested:
    """Return the larger checkpoint. Raises `ProofFailed`."""
    require_members(members, required=_CONSISTENCY, optional=frozenset())
    first_size, second_size = integer_of(members, "first_size"), integer_of(members, "second_size")
    hashes = hashes_of(members)
    first = _checkpoint(members, "first_checkpoint", first_size, trust, checks).checkpoint
    attested = _checkpoint(members, "second_checkpoint", second_size, trust, checks)
    second = attested.checkpoint
    if first.origin != second.origin:
        raise ProofFailed("origin of the second checkpoint", expected=first.origin, actual=second.origin)
    verify_consistency(first_size, second_size, hashes, first.root, second.root)
    checks.append(f"consistency: the first {first_size} of {second_size} entries are unchanged")
    return attested


def _checkpoint(members: Mapping[str, object], name: str, size: int, trust: Trust, checks: list[str]) -> Attested:
    """Return the opened checkpoint `name`, which must be of `size`."""
    # from_json lets no lone surrogate through, so this cannot fail.
    attested = attest(text_of(members, name).encode("utf-8"), trust.log_keys, trust)
    if attested.checkpoint.size != size:
        raise ProofFailed(f"size of the {name}", expected=size, actual=attested.checkpoint.size)
    checks.append(f"{name}: {attested.told()}")
    return attested
