"""
The leaf of an act: what the tree commits to, what a proof shows, what stays for ever.

A leaf is built once, when its act is appended, and stored verbatim; it is always hashed from the stored bytes. It holds
no content of the act, only a commitment to it: `payload_commitment` is HMAC-SHA-256 under a salt of the act's own, so
that erasing salt and payload leaves a leaf that says nothing more and still verifies.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

from contracts.moments import parse_instant

PAYLOAD_ALG: Final = "HMAC-SHA-256"
PAYLOAD_PREFIX: Final = b"quanze/payload/v1\n"
LEAF_BYTES_MAX: Final = 16 * 1024


class Leaf(Struct, frozen=True, kw_only=True):
    """
    Leaf v1. Members are texts and integers only; absent ones are left out, never null.

    `time` is as received; `recorded_at` is the ledger's clock (UTC, microseconds, `Z`); `payload_commitment` is base64.
    """

    v: Literal[1]
    origin: str
    position: int
    source: str
    id: str
    type: str
    subject: str
    time: str
    recorded_at: str
    actor: str
    payload_alg: Literal["HMAC-SHA-256"]
    payload_commitment: str
    recordedtime: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    unit: str | msgspec.UnsetType = msgspec.UNSET
    authority: str | msgspec.UnsetType = msgspec.UNSET
    onbehalfof: str | msgspec.UnsetType = msgspec.UNSET

    def known_from(self) -> datetime:
        """Return the instant since which this act is known: `recordedtime` where the source asserts one, else ours."""
        return parse_instant(self.recordedtime or self.recorded_at)


_encode: Final = msgspec.json.Encoder(order="sorted").encode
decode_leaf: Final = msgspec.json.Decoder(Leaf).decode


def encode_leaf(leaf: Leaf) -> bytes:
    """Return the bytes that are stored and hashed. For these member types they are the RFC 8785 form."""
    return _encode(leaf)
