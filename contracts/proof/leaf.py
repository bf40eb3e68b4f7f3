"""
Leaf version 1: what the ledger hashes for every act, and the commitment by which it stands for the whole event.

A leaf is for ever and holds opaque codes only. The event's own bytes and their salt can be erased; the leaf, and with
it every proof, stays as it was.
"""

import hmac
import re
from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any, Final, cast

from .encoding import HASH_SIZE, HASH_TEXT, SIZE_MAX, UNIQUE, from_base64, from_json, is_hash
from .errors import ProofFailed

LEAF_VERSION: Final = 1
LEAF_SIZE_MAX: Final = 65_535
"""Bytes in a leaf: entry bundles write its length in two (tlog-tiles, "Log entries")."""
SALT_SIZE: Final = 32
PAYLOAD_ALG: Final = "HMAC-SHA-256"
"""The one value of `payload_alg`: see `payload_commitment`."""

_PAYLOAD_DOMAIN: Final = b"quanze/payload/v1\n"
_INTEGERS: Final = frozenset({"v", "position"})
_REQUIRED: Final = frozenset(
    {
        "v",
        "origin",
        "position",
        "source",
        "id",
        "type",
        "subject",
        "time",
        "recorded_at",
        "actor",
        "payload_alg",
        "payload_commitment",
    }
)
_OPTIONAL: Final = ("recordedtime", "role", "unit", "authority", "onbehalfof")
_KNOWN: Final = _REQUIRED.union(_OPTIONAL)


_NAMES: Final = sorted(_KNOWN - {"v"})
_TEXT: Final = '"([^"]+)"'
_ESCAPED: Final = b"\\" + bytes(range(0x20))
"""What no text in such a leaf holds."""
_VALUES: Final = {"position": "([1-9][0-9]{0,17})", "payload_commitment": f'"({HASH_TEXT})"'}
_AS_WRITTEN: Final = re.compile(
    "{"
    + "".join(f'(?:"{name}":{_VALUES.get(name, _TEXT)},)' + ("" if name in _REQUIRED else "?") for name in _NAMES)
    + '"v":1}'
)
"""
A leaf of version 1 as our ledgers write it: members by name, no white space, nothing escaped. A leaf in another form is
read as any JSON is, in twice the time, with the same outcome.
"""


def payload_commitment(salt: bytes, event: bytes) -> bytes:
    """
    Return the 32 bytes by which a leaf stands for `event`, the CloudEvent's bytes as received.

    HMAC-SHA-256 (RFC 2104) under the event's own random salt over "quanze/payload/v1", a newline and the event. Without
    the salt nobody can try out guesses at the event. Raises `ProofFailed` unless the salt has 32 bytes.
    """
    if len(salt) != SALT_SIZE:
        raise ProofFailed("salt", expected=f"{SALT_SIZE} bytes", actual=f"{len(salt)} bytes")
    return hmac.digest(salt, _PAYLOAD_DOMAIN + event, "sha256")


def parse_leaf(leaf: bytes) -> dict[str, str | int]:
    """
    Return the members of a leaf of version 1.

    Version 1 is closed: every required member is there, none is unknown, absent ones are left out rather than null;
    `v` is 1, `position` an integer from 1, `payload_commitment` base64 of 32 bytes, all else text that is not empty.
    Raises `ProofFailed` naming the member.
    """
    if (written := _as_written(leaf)) is not None:
        return written
    raw = from_json(leaf, "leaf", LEAF_SIZE_MAX, UNIQUE)
    # Version first: to a leaf of another version the other rules do not apply.
    version = raw.get("v")
    if type(version) is not int or version != LEAF_VERSION:
        raise ProofFailed("leaf member v", expected=LEAF_VERSION, actual=_kind(version))
    if not raw.keys() >= _REQUIRED:
        raise ProofFailed("leaf", expected=f"the member {min(_REQUIRED - raw.keys())}", actual="none of that name")
    if not raw.keys() <= _KNOWN:
        raise ProofFailed("leaf", expected="members of version 1 only", actual=f"the member {min(raw.keys() - _KNOWN)}")
    position = raw["position"]
    # `type`, since True is an instance of int.
    if type(position) is not int or not 1 <= position <= SIZE_MAX:
        raise ProofFailed("leaf member position", expected=f"1 to {SIZE_MAX}", actual=_kind(position))
    kinds = list(map(type, raw.values()))
    if kinds.count(str) != len(kinds) - len(_INTEGERS) or "" in raw.values():
        name = next(
            name for name, value in raw.items() if name not in _INTEGERS and (type(value) is not str or not value)
        )
        raise ProofFailed(f"leaf member {name}", expected="text", actual=_kind(raw[name]))
    members = cast("dict[str, str | int]", raw)
    commitment = str(members["payload_commitment"])
    if not is_hash(commitment):
        _ = from_base64(commitment, "leaf member payload_commitment", HASH_SIZE)  # which says what is wrong with it
    return members


def _as_written(leaf: bytes) -> dict[str, str | int] | None:
    """Return the members of a leaf that is written as ours are, None of any other."""
    if len(leaf) > LEAF_SIZE_MAX or len(leaf.translate(None, _ESCAPED)) != len(leaf):
        return None
    try:
        found = _AS_WRITTEN.fullmatch(leaf.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    members: dict[str, Any] = {
        name: value for name, value in zip(_NAMES, found.groups(), strict=True) if value is not None
    }
    members["position"] = int(members["position"])
    members["v"] = LEAF_VERSION
    return members


def check_payload(leaf: Mapping[str, str | int], salt: bytes, payload: bytes) -> None:
    """
    Check that `payload` is the event that the parsed `leaf` commits to.

    Raises `ProofFailed`: other bytes, another salt, or a `payload_alg` that is not `PAYLOAD_ALG`.
    """
    if leaf["payload_alg"] != PAYLOAD_ALG:
        raise ProofFailed("leaf member payload_alg", expected=PAYLOAD_ALG, actual=leaf["payload_alg"])
    # Text is compared with text: that of a parsed leaf is canonical. Nothing is secret, so no time need be constant.
    actual = b2a_base64(payload_commitment(salt, payload), newline=False).decode("ascii")
    if actual != leaf["payload_commitment"]:
        raise ProofFailed("payload commitment", expected=leaf["payload_commitment"], actual=actual)


def _kind(value: object) -> str | int:
    match value:
        case str():
            return value or "empty text"
        case int() if type(value) is not bool:
            return value
        case None:
            return "null or no such member"
        case _:
            return f"a {type(value).__name__}"
