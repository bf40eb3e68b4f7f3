"""
The two encodings that evidence arrives in, base64 and JSON, read strictly: one meaning has one spelling.

A reader that repairs what it reads accepts a file that another reader understands differently. Nothing is repaired.
"""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from struct import unpack
from typing import Final, cast

from .errors import ProofFailed

HASH_SIZE: Final = 32
"""Bytes in a SHA-256 hash."""
SIZE_MAX: Final = 2**63 - 1
"""The largest tree size and the largest integer read: what PostgreSQL's bigint and Go's int64 hold."""
_DIGITS_MAX: Final = len(str(SIZE_MAX))
HASH_TEXT: Final = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
"""32 bytes in base64. The last character before the padding has two bits that encode nothing: they are zero."""
_HASH: Final = re.compile(HASH_TEXT)
_HASH_LENGTH: Final = 43
"""Characters of a hash in base64, without the padding."""
HASH_LINE_LENGTH: Final = _HASH_LENGTH + 2
"""The same with padding and a newline."""
_PADDING_AS_A: Final = bytes.maketrans(b"=", b"A")


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


def hashes_from_base64(lines: bytes) -> tuple[bytes, ...]:
    """
    Return the hashes of `lines`, each in base64 and ended by a newline.

    As strict as `from_base64` line by line, and three times as fast: a proof is mostly this. Raises `ProofFailed`.
    """
    count, rest = divmod(len(lines), HASH_LINE_LENGTH)
    marks = b"=" * count
    if not rest and lines[_HASH_LENGTH::HASH_LINE_LENGTH] == marks and lines.count(b"=") == count:
        # With an A for its padding a line of 44 characters is 33 bytes, the last of them zero unless bits are set that
        # encode nothing. A newline in another place leaves another number of them.
        try:
            decoded = a2b_base64(lines.translate(_PADDING_AS_A, b"\n"), strict_mode=True)
        except NotBase64:
            decoded = b""
        if len(decoded) == count * (HASH_SIZE + 1) and decoded[HASH_SIZE :: HASH_SIZE + 1] == bytes(count):
            return unpack("32sx" * count, decoded)
    # Which line is wrong, and how, is said slowly.
    *each, end = lines.decode("latin-1").split("\n")
    if end:
        raise ProofFailed("hashes", expected="each line ended by a newline", actual=end)
    return tuple(from_base64(line, "hash", HASH_SIZE) for line in each)


def hash_from_base64(line: bytes, what: str) -> bytes:
    """`from_base64` for 32 bytes, in half the time."""
    if len(line) == _HASH_LENGTH + 1:
        try:
            value = a2b_base64(line)
        except NotBase64:
            value = b""
        if b2a_base64(value, newline=False) == line:
            return value
    return from_base64(line.decode("latin-1"), what, HASH_SIZE)


def is_hash(text: str) -> bool:
    """Say whether `text` is a hash in canonical base64."""
    return _HASH.fullmatch(text) is not None


def from_json(
    text: bytes, what: str, size_bytes_max: int, decoder: json.JSONDecoder | None = None
) -> dict[str, object]:
    """
    Return the members of the JSON object `text`; `what` names it in a failure.

    Strings, integers of 0 to `SIZE_MAX`, booleans, null, arrays and objects only. Refused with `ProofFailed`: more
    than `size_bytes_max` bytes, anything before the object but its brace, invalid UTF-8, a byte order mark, duplicate
    members, fractions, exponents, negative numbers, NaN, lone surrogates, nesting that exhausts the stack. With
    `UNIQUE` as `decoder` numbers are left to the caller.
    """
    decoder = decoder or _STRICT
    if len(text) > size_bytes_max:
        raise ProofFailed(what, expected=f"at most {size_bytes_max} bytes", actual=f"{len(text)} bytes")

    try:
        # Decoded first: json.loads would also take UTF-16 and UTF-32.
        decoded = text.decode("utf-8")
        value, end = cast("tuple[object, int]", decoder.raw_decode(decoded))
        if end < len(decoded) and decoded[end:].strip(" \t\r\n"):
            raise ProofFailed(what, expected="one JSON object and nothing after it", actual=decoded[end:])
        # An escape such as \ud800 decodes to half a character, which would fail later, wherever it is printed.
        if "\\u" in decoded and "\\ud" in decoded.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise ProofFailed(what, expected="UTF-8", actual=str(error)) from None
    except json.JSONDecodeError as error:
        raise ProofFailed(what, expected="JSON", actual=str(error)) from None
    except ValueError as error:  # a number too long to be read
        raise ProofFailed(what, expected="numbers of some length", actual=str(error)) from None
    except _Refused as error:
        raise ProofFailed(what, expected=error.expected, actual=error.actual) from None
    except RecursionError:
        raise ProofFailed(what, expected="JSON of little depth", actual="nesting too deep to read") from None
    if not isinstance(value, dict):
        raise ProofFailed(what, expected="a JSON object", actual=type(value).__name__)
    return cast("dict[str, object]", value)


class _Refused(Exception):
    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual


def _refuse(number: str) -> object:
    raise _Refused("no number but an integer", number)


def _integer(digits: str) -> int:
    # Length first: converting a very long number costs quadratic time.
    if digits.startswith("-") or len(digits) > _DIGITS_MAX or int(digits) > SIZE_MAX:
        raise _Refused(f"an integer of 0 to {SIZE_MAX}", digits)
    return int(digits)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Refused("each member once", f"{next(name for name in names if names.count(name) > 1)} twice")
    return members


_STRICT: Final = json.JSONDecoder(
    parse_float=_refuse, parse_int=_integer, parse_constant=_refuse, object_pairs_hook=_unique
)
UNIQUE: Final = json.JSONDecoder(object_pairs_hook=_unique)
"""Refuses duplicate members, and nothing else of what JSON can say."""
