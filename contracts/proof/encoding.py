"""
The two encodings that evidence arrives in, base64 and JSON, read strictly: one meaning has one spelling.

A reader that repairs what it reads accepts a file that another reader understands differently. Nothing is repaired.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Final, cast

from .errors import ProofFailed

HASH_SIZE: Final = 32
"""Bytes in a SHA-256 hash."""
SIZE_MAX: Final = 2**63 - 1
"""The largest tree size and the largest integer read: what PostgreSQL's bigint and Go's int64 hold."""
_DIGITS_MAX: Final = len(str(SIZE_MAX))
_HASH_LENGTH: Final = 44
"""Characters in the base64 of a hash; the last one is padding."""
_UNUSED_BITS_ZERO: Final = frozenset(b"AEIMQUYcgkosw048")
"""The characters that may come before the padding: the other ones have bits that encode nothing."""


def from_base64(text: str, what: str, size_bytes: int | None = None) -> bytes:
    """
    Return the bytes that `text` encodes; `what` names them in a failure.

    Standard alphabet, padded, canonical (the unused bits are zero), no white space: RFC 4648 §3.5 and §4.
    Raises `ProofFailed`, also where there are not exactly `size_bytes` of them.
    """
    try:
        value = b64decode(text, validate=True)
    except (NotBase64, ValueError):  # ValueError: a character outside ASCII
        raise ProofFailed(what, expected="standard base64", actual=text) from None
    # Python ignores non-zero unused bits and, in some versions, surplus padding.
    if b64encode(value).decode("ascii") != text:
        raise ProofFailed(what, expected="canonical base64", actual=text)
    if size_bytes is not None and len(value) != size_bytes:
        raise ProofFailed(what, expected=f"{size_bytes} bytes", actual=f"{len(value)} bytes")
    return value


def hash_from_base64(line: bytes) -> bytes:
    """Return the 32 bytes of a hash: `from_base64` for the many of them in a proof, in a quarter of the time."""
    if len(line) == _HASH_LENGTH and line[-2] in _UNUSED_BITS_ZERO:
        try:
            value = a2b_base64(line, strict_mode=True)
        except NotBase64:
            value = b""
        if len(value) == HASH_SIZE:
            return value
    return from_base64(line.decode("latin-1"), "hash", HASH_SIZE)  # which says what is wrong with it


def from_json(text: bytes, what: str, size_bytes_max: int) -> dict[str, object]:
    """
    Return the members of the JSON object `text`; `what` names it in a failure.

    Strings, integers of 0 to `SIZE_MAX`, booleans, null, arrays and objects only. Refused with `ProofFailed`: more
    than `size_bytes_max` bytes, invalid UTF-8, a byte order mark, duplicate members, fractions, exponents, negative
    numbers, NaN, lone surrogates, nesting that exhausts the stack.
    """
    if len(text) > size_bytes_max:
        raise ProofFailed(what, expected=f"at most {size_bytes_max} bytes", actual=f"{len(text)} bytes")

    def refuse(number: str) -> object:
        raise ProofFailed(what, expected="no number but an integer", actual=number)

    def integer(digits: str) -> int:
        # Length first: converting a very long number costs quadratic time.
        if digits.startswith("-") or len(digits) > _DIGITS_MAX or int(digits) > SIZE_MAX:
            raise ProofFailed(what, expected=f"an integer of 0 to {SIZE_MAX}", actual=digits)
        return int(digits)

    def unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        for name, value in pairs:
            if name in members:
                raise ProofFailed(what, expected="each member once", actual=f"{name} twice")
            members[name] = value
        return members

    try:
        # Decoded first: json.loads would also take UTF-16 and UTF-32.
        decoded = text.decode("utf-8")
        value = cast(
            "object",
            json.loads(decoded, parse_float=refuse, parse_int=integer, parse_constant=refuse, object_pairs_hook=unique),
        )
        # An escape such as \ud800 decodes to half a character, which would fail later, wherever it is printed.
        if "\\ud" in decoded.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise ProofFailed(what, expected="UTF-8", actual=str(error)) from None
    except json.JSONDecodeError as error:
        raise ProofFailed(what, expected="JSON", actual=str(error)) from None
    except RecursionError:
        raise ProofFailed(what, expected="JSON of little depth", actual="nesting too deep to read") from None
    if not isinstance(value, dict):
        raise ProofFailed(what, expected="a JSON object", actual=type(value).__name__)
    return cast("dict[str, object]", value)
