"""
Every fault of a document at once, each with its JSON pointer (RFC 6901).

msgspec stops at the first fault. When it refuses, `faults_of` walks the same Struct types over the plain document and
reports all of them. `marked_values` walks a decoded Struct and yields what its types mark: references and times.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, inspect

from contracts.moments import BadMoment, parse_day, parse_instant, parse_moment
from contracts.references import holds_citizen_id


class Fault(Struct, frozen=True, order=True):
    """One thing wrong: where (a JSON pointer), what kind (`code`, fixed words), and what to do about it."""

    pointer: str
    code: str
    message: str


FAULTS_MAX: Final = 100
"""Faults that are named of one Struct: whoever has more of them mends these first."""


def pointer(base: str, *tokens: str | int) -> str:
    """Append reference tokens to a JSON pointer (RFC 6901 §3)."""
    return base + "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in tokens)


# Values that a type marks: Annotated[str, Meta(extra={"mark": …})]

_PARSERS: Final[dict[str, Callable[[str], object]]] = {
    "instant": parse_instant,
    "moment": parse_moment,
    "day": parse_day,
}


def mark_faults(mark: str, value: str, at: str) -> Iterator[Fault]:
    """Check what a pattern cannot: that a time exists, and that a reference names nobody by identity number."""
    if mark in ("reference", "id"):
        if holds_citizen_id(value):
            yield Fault(at, "citizen_id", "holds an 18-digit citizen id: use an opaque code, a leaf is for ever")
        return
    try:
        _PARSERS[mark](value)
    except BadMoment as exc:
        yield Fault(at, "bad_time", str(exc))


def marked_values(value: Struct, at: str) -> Iterator[tuple[str, str, str]]:
    """Yield (mark, value, pointer) for every marked value of a decoded Struct, in the order of its fields."""
    for name, encoded, mark, nested in _marks(type(value)):
        found = getattr(value, name)
        if found is None:
            continue
        if mark is not None and isinstance(found, str):
            yield mark, found, pointer(at, encoded)
        elif isinstance(found, Struct):
            if nested is not None:
                yield from marked_values(found, pointer(at, encoded))
        elif isinstance(found, list):
            for index, item in enumerate(cast("list[Any]", found)):
                if isinstance(item, Struct):
                    yield from marked_values(item, pointer(at, encoded, index))
                elif mark is not None and isinstance(item, str):
                    yield mark, item, pointer(at, encoded, index)


def marks_hold(values: Iterable[Struct], references: dict[str, None]) -> bool:
    """Add the references of decoded Structs; say whether `mark_faults` finds nothing in any of their marked values."""
    named: list[str] = []
    ids: list[str] = []
    times: list[tuple[str, str]] = []
    for value in values:
        _gather(value, named, ids, times)
    references.update(dict.fromkeys(named))
    # One look at all of them: a line break stands in no id, so none is made by joining.
    if holds_citizen_id("\n".join(named + ids)):
        return False
    try:
        for mark, text in times:
            _PARSERS[mark](text)
    except BadMoment:
        return False
    return True


def references_of(value: Struct) -> list[str]:
    """Return the references of a decoded Struct, in the order of its fields."""
    named: list[str] = []
    _gather(value, named, [], [])
    return named


def _gather(value: Struct, named: list[str], ids: list[str], times: list[tuple[str, str]]) -> None:
    """Add the marked values of a decoded Struct, as `marked_values`, which also says where they are."""
    get, rows = _getter(value.__class__)
    for found, (mark, nested) in zip(get(value), rows, strict=False):
        if found is None:
            continue
        if found.__class__ is str:
            _sort(mark, found, named, ids, times)
        elif found.__class__ is list:
            for item in found:
                if item.__class__ is str:
                    _sort(mark, item, named, ids, times)
                elif nested is not None and isinstance(item, Struct):
                    _gather(item, named, ids, times)
        elif nested is not None and isinstance(found, Struct):
            _gather(found, named, ids, times)


def _sort(mark: str | None, text: str, named: list[str], ids: list[str], times: list[tuple[str, str]]) -> None:
    if mark == "reference":
        named.append(text)
    elif mark == "id":
        ids.append(text)
    elif mark is not None:
        times.append((mark, text))


@cache
def _getter(
    struct: type[Struct],
) -> tuple[Callable[[Struct], tuple[Any, ...]], tuple[tuple[str | None, type[Struct] | None], ...]]:
    """Return what reads all fields worth a look at once, and for each the mark of its texts and the Struct in it."""
    marks = _marks(struct)
    names = [name for name, *_ in marks]
    rows = tuple(row[2:] for row in marks)
    if not names:
        return lambda _: (), rows
    return attrgetter(*names, names[0]), rows  # twice the first: of a single name it would return no tuple


def references_in(struct: type[Struct], document: Any) -> Iterator[str]:
    """Yield every reference of a plain document that may have faults elsewhere, so that they can be counted."""
    if not isinstance(document, dict):
        return
    for _, encoded, mark, nested in _marks(struct):
        found = cast("dict[str, Any]", document).get(encoded)
        for item in cast("list[Any]", found if isinstance(found, list) else [found]):
            if mark == "reference" and isinstance(item, str):
                yield item
            elif nested is not None:
                yield from references_in(nested, item)


@cache
def _marks(struct: type[Struct]) -> tuple[tuple[str, str, str | None, type[Struct] | None], ...]:
    """Return (field, encoded name, mark of its texts, Struct nested in it) for the fields worth a look."""
    info = _info(struct)
    rows: list[tuple[str, str, str | None, type[Struct] | None]] = []
    for field in info.fields:
        leaves = list(_leaves(field.type))
        marks = {mark for mark, _ in leaves if mark is not None}
        nested = next((leaf.cls for _, leaf in leaves if isinstance(leaf, inspect.StructType)), None)
        if marks or nested is not None:
            rows.append((field.name, field.encode_name, min(marks, default=None), nested))
    return tuple(rows)


def _leaves(info: inspect.Type) -> Iterator[tuple[str | None, inspect.Type]]:
    match info:
        case inspect.Metadata():
            mark = _mark_of(info)
            yield from ((mark or inner, leaf) for inner, leaf in _leaves(info.type))
        case inspect.UnionType():
            for each in info.types:
                yield from _leaves(each)
        case inspect.ListType():
            yield from _leaves(info.item_type)
        case _:
            yield None, info


@cache
def _info(struct: type[Struct]) -> inspect.StructType:
    return cast("inspect.StructType", inspect.type_info(struct))


def _mark_of(info: inspect.Metadata) -> str | None:
    return cast("dict[str, str]", info.extra or {}).get("mark")  # pyright: ignore[reportUnknownMemberType] - a bare dict in the library's stubs


# Faults of structure


def faults_of(struct: type[Struct], document: Any, at: str = "") -> list[Fault]:
    """Return every fault of `document` as a `struct`; an empty list when msgspec would take it and all marks hold."""
    return list(islice(_check(_info(struct), document, at, None, None), FAULTS_MAX))


def member_faults(structs: Sequence[type[Struct]], document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    """Check those members of a document that are fields of one of the Structs; none is required, others are let be."""
    for struct in structs:
        for field in _info(struct).fields:
            if field.encode_name in document:
                yield from _check(field.type, document[field.encode_name], pointer(at, field.encode_name), None, None)


def _check(info: inspect.Type, value: Any, at: str, mark: str | None, wanted: str | None) -> Iterator[Fault]:
    match info:
        case inspect.Metadata():
            schema = cast("dict[str, str]", info.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType] - a bare dict in the library's stubs
            yield from _check(info.type, value, at, _mark_of(info) or mark, schema.get("description", wanted))
        case inspect.StructType():
            yield from _check_struct(info, value, at)
        case inspect.ListType():
            items = cast("list[Any]", value)
            if not isinstance(value, list):
                yield Fault(at, "wrong_type", _must("a list", value))
            elif info.min_length is not None and len(items) < info.min_length:
                yield Fault(at, "bad_value", _must(wanted or f"a list of at least {info.min_length}", value))
            else:
                for index, item in enumerate(items):
                    yield from _check(info.item_type, item, pointer(at, index), mark, None)
        case inspect.UnionType():
            yield from _check_union(info, value, at, mark, wanted)
        case inspect.RawType():
            if not isinstance(value, dict):
                yield Fault(at, "wrong_type", _must("an object", value))
        case inspect.StrType():
            yield from _check_text(info, value, at, mark, wanted)
        case inspect.LiteralType():
            if value not in info.values or isinstance(value, bool) != any(isinstance(v, bool) for v in info.values):
                choices = ", ".join(f"`{choice}`" for choice in info.values)
                yield Fault(at, "bad_value", _must(f"one of {choices}", value))
        case inspect.IntType():
            if not isinstance(value, int) or isinstance(value, bool):
                yield Fault(at, "wrong_type", _must("a whole number", value))
            elif (info.ge is not None and value < info.ge) or (info.le is not None and value > info.le):
                yield Fault(at, "bad_value", _must(wanted or f"a whole number from {info.ge} to {info.le}", value))
        case inspect.BoolType():
            if not isinstance(value, bool):
                yield Fault(at, "wrong_type", _must("true or false", value))
        case inspect.DictType():
            if not isinstance(value, dict):
                yield Fault(at, "wrong_type", _must("an object", value))
                return
            for name, item in cast("dict[str, Any]", value).items():
                yield from _check(info.value_type, item, pointer(at, name), None, None)
        case _:
            return


def _check_struct(info: inspect.StructType, value: Any, at: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(at, "wrong_type", _must("an object", value))
        return
    document = cast("dict[str, Any]", value)
    for field in info.fields:
        if field.encode_name in document:
            yield from _check(field.type, document[field.encode_name], pointer(at, field.encode_name), None, None)
        elif field.required:
            yield Fault(pointer(at, field.encode_name), "missing", f"`{field.encode_name}` is required")
    if info.forbid_unknown_fields:
        known = {field.encode_name for field in info.fields}
        for name in document.keys() - known:
            yield Fault(pointer(at, name), "unknown_member", f"no such member here; known: {', '.join(sorted(known))}")


def _check_union(info: inspect.UnionType, value: Any, at: str, mark: str | None, wanted: str | None) -> Iterator[Fault]:
    if value is None and info.includes_none:
        return
    options = [option for option in info.types if not isinstance(option, inspect.NoneType)]
    per_option = [list(islice(_check(option, value, at, mark, wanted), FAULTS_MAX)) for option in options]
    if not any(len(faults) == 0 for faults in per_option):
        # The option that fits furthest in tells most: the one whose faults lie deepest, of the right type if any.
        yield from min(per_option, key=lambda faults: (faults[0].code == "wrong_type", faults[0].pointer == at))


def _check_text(info: inspect.StrType, value: Any, at: str, mark: str | None, wanted: str | None) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(at, "wrong_type", _must(wanted or "a text", value))
    elif mark in _PARSERS:
        yield from mark_faults(mark, value, at)  # says more than that the form is wrong
    elif info.max_length is not None and len(value) > info.max_length:
        yield Fault(at, "too_long", f"{len(value)} characters; at most {info.max_length}")
    elif (info.min_length is not None and len(value) < info.min_length) or (
        info.pattern is not None and re.search(info.pattern, value) is None
    ):
        code = "bad_reference" if mark == "reference" else "bad_value"
        yield Fault(at, code, _must(wanted or "another text", value))
    elif mark is not None:
        yield from mark_faults(mark, value, at)


def _must(be: str, value: Any) -> str:
    return f"must be {be}; this is {_named(value)}"


def _named(value: Any) -> str:
    text = msgspec.json.encode(value).decode() if not isinstance(value, float) else repr(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"
