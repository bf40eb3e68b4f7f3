"""Which keys a bundle's log signed with: those that are relied on, and those that its acts lead on to from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .bundle import Bundle
from .checkpoint import Checkpoint
from .errors import ProofFailed
from .keys import Rotation, announced_key, extend_trust
from .leaf import parse_leaf
from .note import VerifierKey, split_note
from .tlog_proof import parse_tlog_proof
from .trust import Trust

ROTATIONS_MAX: Final = 1_000
"""Changes of the key in a bundle that is read: each is held to all keys before it."""


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The keys that may open this bundle, and all that its acts name as the log's: these show what was changed."""

    trusted: tuple[VerifierKey, ...]
    named: tuple[VerifierKey, ...]
    rotations: tuple[Rotation, ...]


def key_history(bundle: Bundle, keys: Sequence[VerifierKey]) -> KeyHistory:
    """
    Go from the keys that are relied on to those that the log's acts lead to. Raises `ProofFailed`.

    Whoever relies on a later key has no use for the rotations before it: they are checked by the keys that they name.
    """
    if len(bundle.rotations) > ROTATIONS_MAX:
        raise ProofFailed("rotations", expected=f"at most {ROTATIONS_MAX}", actual=len(bundle.rotations))
    acts = {parse_leaf(entry.leaf)["position"]: entry for entry in bundle.entries} if bundle.rotations else {}
    trusted, named = list(keys), list(keys)
    rotations: list[Rotation] = []
    for text in bundle.rotations:
        proof = parse_tlog_proof(text)
        if rotations and proof.leaf_index <= rotations[-1].index:
            raise ProofFailed("rotation", expected="one of a later position than the last", actual="another")
        act = acts.get(proof.leaf_index + 1)
        if act is None or act.payload is None or act.salt is None or proof.extra is not None:
            raise ProofFailed("rotation", expected="the act that it proves, with its event", actual="none")
        rotation = Rotation(act.leaf, act.salt, act.payload, proof.leaf_index, proof.hashes, proof.checkpoint)
        new, retired = announced_key(parse_leaf(act.leaf), act.salt, act.payload)
        if _id(retired) in map(_id, trusted):
            trusted = extend_trust(trusted, [rotation])
        named += [new, retired]
        rotations.append(rotation)
    each_once = {_id(key): key for key in reversed(named)}  # what is relied on stays as it is, with its bound
    return KeyHistory(tuple(trusted), tuple(reversed(each_once.values())), tuple(rotations))


def _id(key: VerifierKey) -> tuple[str, bytes]:
    return key.name, key.key_id


def check_keys(bundle: Bundle, history: KeyHistory, checkpoint: Checkpoint, trust: Trust, checks: list[str]) -> None:
    """Check every change of the key, and that nobody signed in the log's name but keys that are known."""
    for rotation in history.rotations:
        if extend_trust(history.named, [rotation]) != list(history.named):
            raise ProofFailed("rotation", expected="of keys that the acts name", actual="of another")
    if history.rotations:
        learned = len(history.trusted) - len(trust.log_keys)
        checks.append(f"keys: {len(history.rotations)} changes of the log's key, {learned} learned from them")
    known = set(map(_id, history.named))
    older = [each.seen.note for each in bundle.stamps] + [each.checkpoint for each in history.rotations]
    older += [bundle.held.note] if bundle.held is not None else []
    for note in [bundle.checkpoint, *older]:
        _, signatures = split_note(note)
        for each in signatures:
            # The newest one alone brings witnesses, whom a verifier may not know.
            own = each.name == checkpoint.origin or note is not bundle.checkpoint
            if own and (each.name, each.key_id) not in known:
                raise ProofFailed(f"signature by {each.name}", expected="one by a key of the log", actual=each.key_id)
