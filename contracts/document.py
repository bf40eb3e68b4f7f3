"""
One JSON object from bytes, refusing what two readers could read differently (RFC 8259 §4, §8; RFC 7493 §2).
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

import msgspec

from contracts.faults import Fault, pointer

EVENT_BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 64
"""Objects and lists inside each other. A fixed limit: what the stack leaves would differ from place to place."""

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[{\]}]")


class BadEvent(ValueError):
    """The bytes are no act of this ledger; `faults` says why, all of it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults))
        self.faults = faults


def parse_object(raw: bytes) -> dict[str, Any]:
    """
    Parse one JSON object.

    Raises `BadEvent` for bytes over 64 KiB, invalid UTF-8, a NUL (escaped too), a lone surrogate, any key that stands
    twice in one object, NaN or infinity, or more than 64 objects and lists inside each other.
    """
    if len(raw) > EVENT_BYTES_MAX:
        raise BadEvent([Fault("", "too_large", f"{len(raw)} bytes in one act; at most {EVENT_BYTES_MAX}")])
    if b"\\u0000" in raw and _NUL.search(raw) is not None:
        raise BadEvent([Fault("", "nul", "holds a NUL character")])
    if depth_of(raw) > DEPTH_MAX:
        raise BadEvent([Fault("", "too_deep", f"more than {DEPTH_MAX} objects and lists inside each other")])
    try:
        text = raw.decode("utf-8")
        document = _decode(raw)  # stricter than the standard library: lone surrogates, control characters
        if not _no_key_twice(raw, document):
            document = _json(text)
    except UnicodeDecodeError as exc:
        raise BadEvent([Fault("", "invalid_utf8", f"invalid UTF-8 at byte {exc.start}")]) from exc
    except _DuplicateKey as exc:
        raise BadEvent(sorted(set(_duplicates(_pairs(raw.decode("utf-8")), "")))) from exc
    except ValueError as exc:
        raise BadEvent([Fault("", "malformed_json", str(exc))]) from exc
    if not isinstance(document, dict):
        raise BadEvent([Fault("", "wrong_type", "must be an object: one CloudEvent")])
    return cast("dict[str, Any]", document)


def _no_key_twice(raw: bytes, document: Any) -> bool:
    """
    Say that no key stands twice in an object; False where that is not certain.

    Of two equal keys a decoder keeps one, and with the other goes a colon. Colons in texts are the same before and
    after, unless one is escaped. Four times as fast as to look at the pairs.
    """
    return b"\\u003" not in raw and raw.count(b":") == _encode(document).count(b":")


def depth_of(raw: bytes) -> int:
    """Return how many objects and lists stand inside each other in a JSON text, in time linear in its length."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return 0  # not that many in all
    depth = deepest = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def same_value(left: bytes, right: bytes) -> bool:
    """Say whether two JSON texts have the same value: numbers by their exact value, objects without regard to order."""
    return _same(_exact_json(left.decode("utf-8")), _exact_json(right.decode("utf-8")))


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right  # in Python True equals 1; in JSON it does not
    if isinstance(left, dict) and isinstance(right, dict):
        one, other = cast("dict[str, Any]", left), cast("dict[str, Any]", right)
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(left, list) and isinstance(right, list):
        first, second = cast("list[Any]", left), cast("list[Any]", right)
        return len(first) == len(second) and all(map(_same, first, second))
    return left == right


def _exact(number: str) -> Decimal | tuple[str]:
    """Return the value of a number; of one with an exponent beyond all reason its text, which is like no other's."""
    try:
        return Decimal(number)
    except InvalidOperation:
        return (number,)


class _DuplicateKey(ValueError): ...


class _Pairs(list[tuple[str, Any]]):
    """An object as the pairs it was written in."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _DuplicateKey
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_json: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).decode
_exact_json: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_exact).decode
_pairs: Final = json.JSONDecoder(object_pairs_hook=_Pairs).decode


def _duplicates(value: Any, at: str) -> Iterator[Fault]:
    """Point at every key that stands twice in its object, at any depth."""
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for name, inner in value:
            if name in seen:
                yield Fault(pointer(at, name), "duplicate_key", f"`{name[:80]}` stands twice in one object")
            seen.add(name)
            yield from _duplicates(inner, pointer(at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from _duplicates(inner, pointer(at, index))
