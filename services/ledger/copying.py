"""
Rows of `ledger.entries` in PostgreSQL's binary COPY format (manual, "COPY", File Formats; "Arrays" in array.c).

By hand, since the client library's way to write an array costs more than everything else in a row together.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER: Final = b"\xff\xff"

_TEXT_OID: Final = 25
_log_and_position = Struct(">hiiiq").pack
_length = Struct(">i").pack
_array = Struct(">iiiiii").pack
_ARRAY_BYTES: Final = 20


def entry_row(
    log_id: int,
    position: int,
    texts: Sequence[str],
    tags: Sequence[str],
    values: Sequence[bytes],
) -> bytes:
    """Return one row: two integers, then source, id and type, the tags, then leaf, leaf hash, salt and payload."""
    parts = [_log_and_position(3 + len(texts) + len(values), 4, log_id, 8, position)]
    for text in texts:
        encoded = text.encode()
        parts += (_length(len(encoded)), encoded)
    parts.append(_text_array(tags))
    for value in values:
        parts += (_length(len(value)), value)
    return b"".join(parts)


def _text_array(texts: Sequence[str]) -> bytes:
    elements: list[bytes] = []
    for text in texts:
        encoded = text.encode()
        elements += (_length(len(encoded)), encoded)
    body = b"".join(elements)
    if not texts:
        return _length(12) + Struct(">iii").pack(0, 0, _TEXT_OID)
    # One dimension, no NULL, counted from 1.
    return _array(_ARRAY_BYTES + len(body), 1, 0, _TEXT_OID, len(texts), 1) + body
