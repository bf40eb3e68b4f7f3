"""
The keys of a log that a verifier trusts: as files write them down, and as the log itself leads on to further ones.

A log that changes its key records an act that names the new key and the one it retires. Whoever trusts the old key
finds that act under a checkpoint the old key signed, and so learns of the new one from evidence that may come from
anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from .checkpoint import BoundedKey, open_vouched, parse_checkpoint
from .encoding import HASH_SIZE, SIZE_MAX, from_json
from .errors import ProofFailed
from .leaf import parse_leaf
from .members import bytes_of, hashes_of, integer_of, objects_of, require_members, text_of
from .merkle import leaf_hash, verify_inclusion
from .note import VerifierKey
from .proven import event_of

_UNTIL: Final = " until "
_DOCUMENT_SIZE_MAX: Final = 16 * 1024 * 1024
_ROTATION: Final = frozenset(
    {"leaf", "leaf_hash", "leaf_index", "tree_size", "hashes", "checkpoint", "payload", "salt"}
)
_BOUND: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    The evidence for one change of keys: all of it untrusted, all of it checked by `extend_trust`.

    The act `log.rotate_key` as leaf, salt and payload; `hashes` from that leaf, number `index` from 0, to the root of
    `checkpoint`, a note that a key trusted until then has signed.
    """

    leaf: bytes
    salt: bytes
    payload: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def parse_key(line: str) -> VerifierKey:
    """
    Return the key that a line of a key file writes down: `<vkey>`, or `<vkey> until <size>` for one that is bounded.

    Raises `ProofFailed`.
    """
    vkey, bounded, until = line.partition(_UNTIL)
    key = VerifierKey.parse(vkey)
    if not bounded:
        return key
    if not _BOUND.fullmatch(until) or int(until) > SIZE_MAX:
        raise ProofFailed("bound of a key", expected=f"0 to {SIZE_MAX}, no leading zero", actual=until)
    return BoundedKey(key.name, key.key, int(until))


def parse_keys(text: str) -> list[VerifierKey]:
    """Return the keys of a file, one a line; empty lines and those that begin with `#` are left out. `ProofFailed`."""
    lines = [line.strip() for line in text.splitlines()]
    return [parse_key(line) for line in lines if line and not line.startswith("#")]


def parse_rotations(document: bytes) -> list[Rotation]:
    """
    Return the rotations of a file: what the ledger's `/v1/log/rotations` answers. They prove nothing before
    `extend_trust` has checked them. Raises `ProofFailed`: a member that is missing, unknown or of another kind.
    """
    members = from_json(document, "rotations", _DOCUMENT_SIZE_MAX)
    require_members(members, required=frozenset({"rotations"}), optional=frozenset())
    return [_rotation(each) for each in objects_of(members, "rotations")]


def extend_trust(keys: Sequence[VerifierKey], rotations: Sequence[Rotation]) -> list[VerifierKey]:
    """
    Return the trusted `keys`, and after them each further key that these rotations prove, in their order.

    A rotation counts where a key that is trusted by then has signed the checkpoint over it, within its bound, and is
    itself the key that the act retires. A key that is trusted already stays as it is: no act lifts its bound. Raises
    `ProofFailed` at the first rotation that proves nothing; none is passed over.
    """
    trusted = list(keys)
    for rotation in rotations:
        key = _proved(rotation, trusted)
        if (key.name, key.key) not in [(each.name, each.key) for each in trusted]:
            trusted.append(key)
    return trusted


def announced_key(leaf: Mapping[str, str | int], salt: bytes, payload: bytes) -> tuple[VerifierKey, VerifierKey]:
    """
    Return the key that an act `log.rotate_key` announces, and the one it retires.

    Only what the log records about itself counts: anybody who may post could say the rest. Raises `ProofFailed`, also
    where the parsed `leaf` commits to another payload, and for a key of another log.
    """
    data = own_data(leaf, salt, payload, "log.rotate_key")
    new, retired = (VerifierKey.parse(_text(data, name)) for name in ("vkey", "retires"))
    for key in (new, retired):
        if key.name != leaf["origin"]:
            raise ProofFailed("rotation: name of the key", expected=leaf["origin"], actual=key.name)
    if new == retired:
        raise ProofFailed("rotation", expected="another key than the retired one", actual=new.key)
    return new, retired


def own_data(leaf: Mapping[str, str | int], salt: bytes, payload: bytes, type: str) -> Mapping[str, object]:
    """Return the data of an act of this type that the log recorded about itself. Raises `ProofFailed`: another act."""
    origin = leaf["origin"]
    for name, expected in (("type", type), ("source", f"urn:quanze:{origin}"), ("subject", f"log:{origin}")):
        if leaf[name] != expected:
            raise ProofFailed(f"{type}: {name}", expected=expected, actual=leaf[name])
    return cast("Mapping[str, object]", event_of(leaf, salt, payload)["data"])


def _proved(rotation: Rotation, trusted: Sequence[VerifierKey]) -> VerifierKey:
    checkpoint, vouching = open_vouched(rotation.checkpoint, trusted)
    leaf = parse_leaf(rotation.leaf)
    if leaf["origin"] != checkpoint.origin:
        raise ProofFailed("rotation: origin", expected=checkpoint.origin, actual=leaf["origin"])
    if leaf["position"] != rotation.index + 1:
        raise ProofFailed("rotation: position", expected=rotation.index + 1, actual=leaf["position"])
    verify_inclusion(leaf_hash(rotation.leaf), rotation.index, checkpoint.size, rotation.hashes, checkpoint.root)
    new, retired = announced_key(leaf, rotation.salt, rotation.payload)
    if (retired.name, retired.key) not in [(key.name, key.key) for key in vouching]:
        raise ProofFailed(
            "rotation: signed by the key it retires", expected=retired.key, actual="another that is trusted"
        )
    return new


def _rotation(members: Mapping[str, object]) -> Rotation:
    require_members(members, required=_ROTATION, optional=frozenset())
    leaf, checkpoint = bytes_of(members, "leaf"), text_of(members, "checkpoint").encode("utf-8")
    if leaf_hash(leaf) != bytes_of(members, "leaf_hash", HASH_SIZE):
        raise ProofFailed("leaf hash", expected=leaf_hash(leaf), actual=bytes_of(members, "leaf_hash"))
    size = parse_checkpoint(checkpoint[: checkpoint.rfind(b"\n\n") + 1]).size
    if integer_of(members, "tree_size") != size:
        raise ProofFailed("tree size", expected=size, actual=integer_of(members, "tree_size"))
    return Rotation(
        leaf,
        bytes_of(members, "salt"),
        bytes_of(members, "payload"),
        integer_of(members, "leaf_index"),
        tuple(hashes_of(members)),
        checkpoint,
    )


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise ProofFailed(name, expected="text", actual=type(value).__name__)
    return value
