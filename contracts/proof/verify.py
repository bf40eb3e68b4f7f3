"""
One proof file, checked whole: the JSON that the ledger's `/v1/proofs/inclusion` and `/v1/proofs/consistency` answer, or
an answer of the projector with its proofs (`/v1/acts/{position}/authority?proof=true`).

Nothing in the file is believed but what a signature or a hash leads to. The keys come from outside it, always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .answer import check_answer
from .checkpoint import Checkpoint, open_checkpoint
from .encoding import HASH_SIZE, from_json
from .errors import ProofFailed
from .leaf import check_payload, parse_leaf
from .members import bytes_of, hashes_of, integer_of, require_members, text_of
from .merkle import leaf_hash, verify_consistency, verify_inclusion
from .note import VerifierKey

DOCUMENT_SIZE_MAX: Final = 16 * 1024 * 1024
"""Bytes in a proof file. A proof holds a leaf and an event of 64 KiB each; an answer holds several."""

_INCLUSION: Final = frozenset({"leaf", "leaf_hash", "leaf_index", "tree_size", "hashes", "checkpoint"})
_CONTENT: Final = frozenset({"payload", "salt"})
_CONSISTENCY: Final = frozenset({"first_size", "second_size", "hashes", "first_checkpoint", "second_checkpoint"})


@dataclass(frozen=True, slots=True)
class Report:
    """
    What came of checking one file.

    `erased-content` means that the leaf is proved and the file says its event was erased; nobody can prove that from
    the file alone.
    """

    verdict: Literal["verified", "erased-content", "FAILED"]
    checks: tuple[str, ...]
    """What held, in the order in which it was checked, one sentence each."""
    failure: str | None
    """What did not hold; only when FAILED."""
    act: dict[str, str | int] | None
    """The members of the proved leaf. None for a consistency proof, and when FAILED: no unproved word gets out."""
    unchecked: tuple[str, ...] = ()
    """What of an answer no file can prove, one sentence each: to be asked of the service, or of the whole log."""


def verify_document(document: bytes, keys: Sequence[VerifierKey]) -> Report:
    """
    Check the proof file `document` against the log `keys` and say what was checked.

    Never raises on account of the file: whatever cannot be read is FAILED, with the reason. A member that the format
    does not know is FAILED too, since it would not be covered by any check.
    """
    checks: list[str] = []
    try:
        members = from_json(document, "proof file", DOCUMENT_SIZE_MAX)
        if "leaf" in members:
            act, erased = _inclusion(members, keys, checks)
            return Report("erased-content" if erased else "verified", tuple(checks), None, act)
        if "verdict" in members:
            answer = check_answer(members, keys, checks)
            verdict = "erased-content" if answer.erased else "verified"
            return Report(verdict, tuple(checks), None, answer.act, answer.unchecked)
        if "first_size" in members:
            _consistency(members, keys, checks)
            return Report("verified", tuple(checks), None, None)
        raise ProofFailed("proof file", expected="the member leaf, verdict or first_size", actual="neither of them")
    except ProofFailed as failed:
        return Report("FAILED", tuple(checks), str(failed), None)


def _inclusion(
    members: Mapping[str, object], keys: Sequence[VerifierKey], checks: list[str]
) -> tuple[dict[str, str | int], bool]:
    """Return the leaf's members and whether the file says the event was erased. Raises `ProofFailed`."""
    require_members(members, required=_INCLUSION, optional=_CONTENT)
    index, size = integer_of(members, "leaf_index"), integer_of(members, "tree_size")
    hashes = hashes_of(members)
    leaf = bytes_of(members, "leaf")
    stated_hash = bytes_of(members, "leaf_hash", HASH_SIZE)

    act = parse_leaf(leaf)
    if act["position"] != index + 1:
        raise ProofFailed("position in the leaf", expected=index + 1, actual=act["position"])
    checks.append(f"leaf: version 1, position {index + 1} of {act['origin']}")

    computed_hash = leaf_hash(leaf)
    if computed_hash != stated_hash:
        raise ProofFailed("leaf hash", expected=computed_hash, actual=stated_hash)
    checks.append("leaf hash: the one these bytes have")

    checkpoint = _checkpoint(members, "checkpoint", size, keys, checks)
    if act["origin"] != checkpoint.origin:
        raise ProofFailed("origin in the leaf", expected=checkpoint.origin, actual=act["origin"])

    verify_inclusion(computed_hash, index, size, hashes, checkpoint.root)
    checks.append(f"inclusion: {len(hashes)} hashes lead from the leaf to the signed root")
    return act, _content(members, act, checks)


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


def _consistency(members: Mapping[str, object], keys: Sequence[VerifierKey], checks: list[str]) -> None:
    require_members(members, required=_CONSISTENCY, optional=frozenset())
    first_size, second_size = integer_of(members, "first_size"), integer_of(members, "second_size")
    hashes = hashes_of(members)
    first = _checkpoint(members, "first_checkpoint", first_size, keys, checks)
    second = _checkpoint(members, "second_checkpoint", second_size, keys, checks)
    if first.origin != second.origin:
        raise ProofFailed("origin of the second checkpoint", expected=first.origin, actual=second.origin)
    verify_consistency(first_size, second_size, hashes, first.root, second.root)
    checks.append(f"consistency: the first {first_size} of {second_size} entries are unchanged")


def _checkpoint(
    members: Mapping[str, object], name: str, size: int, keys: Sequence[VerifierKey], checks: list[str]
) -> Checkpoint:
    """Return the opened checkpoint `name`, which must be of `size`."""
    # from_json lets no lone surrogate through, so this cannot fail.
    checkpoint = open_checkpoint(text_of(members, name).encode("utf-8"), *keys)
    if checkpoint.size != size:
        raise ProofFailed(f"size of the {name}", expected=size, actual=checkpoint.size)
    extensions = f"; {len(checkpoint.extensions)} extension lines, not read" if checkpoint.extensions else ""
    checks.append(f"{name}: signed by {checkpoint.origin}, {size} entries{extensions}")
    return checkpoint
