"""
Leaf version 1: what the ledger hashes for every act, and the commitment by which it stands for the whole event.

A leaf is for ever and holds opaque codes only. The event's own bytes and their salt can be erased; the leaf, and with
it every proof, stays as it was.
"""

import hmac
from collections.abc import Mapping
from typing import Final

from .encoding import HASH_SIZE, SIZE_MAX, from_base64, from_json
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
_OPTIONAL: Final = frozenset({"recordedtime", "role", "unit", "authority", "onbehalfof"})


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
    raw = from_json(leaf, "leaf", LEAF_SIZE_MAX)
    # Version first: to a leaf of another version the other rules do not apply.
    version = raw.get("v")
    if type(version) is not int or version != LEAF_VERSION:
        raise ProofFailed("leaf member v", expected=LEAF_VERSION, actual=_kind(version))
    if missing := _REQUIRED - raw.keys():
        raise ProofFailed("leaf", expected=f"the member {min(missing)}", actual="none of that name")
    if unknown := raw.keys() - _REQUIRED - _OPTIONAL:
        raise ProofFailed("leaf", expected="members of version 1 only", actual=f"the member {min(unknown)}")
    members: dict[str, str | int] = {}
    for name, value in raw.items():
        if name in _INTEGERS:
            # `type`, since True is an instance of int.
            if type(value) is not int or value < 1:
                raise ProofFailed(f"leaf member {name}", expected=f"1 to {SIZE_MAX}", actual=_kind(value))
            members[name] = value
        else:
            if not isinstance(value, str) or not value:
                raise ProofFailed(f"leaf member {name}", expected="text", actual=_kind(value))
            members[name] = value
    _ = from_base64(str(members["payload_commitment"]), "leaf member payload_commitment", HASH_SIZE)
    return members


def check_payload(leaf: Mapping[str, str | int], salt: bytes, payload: bytes) -> None:
    """
    Check that `payload` is the event that the parsed `leaf` commits to.

    Raises `ProofFailed`: other bytes, another salt, or a `payload_alg` that is not `PAYLOAD_ALG`.
    """
    if leaf["payload_alg"] != PAYLOAD_ALG:
        raise ProofFailed("leaf member payload_alg", expected=PAYLOAD_ALG, actual=leaf["payload_alg"])
    expected = from_base64(str(leaf["payload_commitment"]), "leaf member payload_commitment", HASH_SIZE)
    actual = payload_commitment(salt, payload)
    if not hmac.compare_digest(expected, actual):
        raise ProofFailed("payload commitment", expected=expected, actual=actual)


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
