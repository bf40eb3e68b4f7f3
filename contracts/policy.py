"""
Policy as dated rows: every threshold, deadline, tolerance and list that a rule may use. `policies/*.toml` with a loader
that checks them.

A rule names a key and takes the row in force on the act's local business date for the unit's jurisdiction. Where no row
is in force the answer is unknown, never a pass.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from contracts.faults import Fault, pointer
from contracts.grades import Force
from contracts.moments import LOCAL_ZONE
from contracts.policy_values import BadValue, Stricter, Unit, Value, as_strict, like, read_value

T = TypeVar("T")

Jurisdiction = Annotated[str, Meta(pattern=r"^([0-9]{1,12}|central)$(?!\n)")]

_FOUND_MAX: Final = 16_384
"""Rows that were looked for and are kept at hand: some keys for a year or two of days and a hundred places."""

_FREE: Final[frozenset[Force]] = frozenset(("UNIT", "PRACTICE"))
"""Forces that a unit's own rules set aside."""


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One value of a key, from `starts` through `ends`, both days included.

    `value` is a `Value` of `policy_values`, of the kind that `unit` says. `jurisdiction` is a GB/T 2260 code or the
    beginning of one, or `central`; None: the whole country. `confidence`: the citation was read (A), taken from others
    (B), or recalled (C) and is to be checked before anybody prints it.
    """

    key: str
    value: Any
    unit: Unit
    stricter: Stricter
    force: Force
    rules: tuple[str, ...]
    confidence: Literal["A", "B", "C"]
    starts: date
    ends: date | None = None
    jurisdiction: Jurisdiction | None = None
    citation: str = ""

    def holds_on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)

    def holds_in(self, jurisdiction: str | None) -> bool:
        """Say whether it holds there, from a whole country's to that of one county."""
        return self.jurisdiction is None or (jurisdiction or "").startswith(self.jurisdiction)


class BadPolicies(ValueError):
    """The rows contradict themselves; `faults` lists every place, as `/file/key`."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))
        self.faults = faults


class Policies:
    """Rows by key, and the unit of every key. Immutable. Raises `BadPolicies` for rows that contradict each other."""

    def __init__(self, rows: Iterable[Row], units: Mapping[str, Unit] | None = None) -> None:
        self.rows = tuple(rows)
        faults = list(_contradictions(self.rows))
        if faults:
            raise BadPolicies(faults)
        self._by_key: dict[str, list[Row]] = {}
        for row in self.rows:
            self._by_key.setdefault(row.key, []).append(row)
        self._units: dict[str, Unit] = {**(units or {}), **{row.key: row.unit for row in self.rows}}
        self._look_up = lru_cache(maxsize=_FOUND_MAX)(self._find)

    def row(self, key: str, on: date, jurisdiction: str | None = None) -> Row | None:
        """Return the row in force on a day: that of the jurisdiction, else of the smallest around it. None: unknown."""
        return self._look_up(key, on, jurisdiction)

    def _find(self, key: str, on: date, jurisdiction: str | None) -> Row | None:
        found = [row for row in self._by_key.get(key, ()) if row.holds_on(on) and row.holds_in(jurisdiction)]
        return max(found, key=lambda row: len(row.jurisdiction or ""), default=None)

    def row_at(self, key: str, at: datetime, jurisdiction: str | None = None) -> Row | None:
        """Return the row in force on the local business date of a moment."""
        return self.row(key, business_date(at), jurisdiction)

    def of_key(self, key: str) -> Sequence[Row]:
        """Return every row of a key."""
        return self._by_key.get(key, ())

    @property
    def units(self) -> Mapping[str, Unit]:
        """In what every key is given."""
        return self._units

    @property
    def keys(self) -> frozenset[str]:
        """Every key that has a row."""
        return frozenset(self._by_key)

    def unit_of(self, key: str) -> str:
        """Return in what the values of a key are given, `set` for a key that nobody knows."""
        return self._units.get(key, "set")

    def read(self, key: str, given: object) -> Any:
        """Read what somebody gave a key. Of a key nobody knows, anything is a value. Raises `BadValue`."""
        unit = self._units.get(key)
        if unit is None:
            return given
        value = read_value(unit, given)
        rows = self._by_key.get(key)
        if rows and not like(value, rows[0].value):
            raise BadValue(f"must be like {rows[0].value!r}")
        return value


def is_laxer(row: Row, value: Value) -> bool:
    """
    Say whether a unit's own value may not take a row's place: it is not as strict, and the row is more than custom.

    Where neither more nor less is stricter, only an equal value may.
    """
    return row.force not in _FREE and not as_strict(row.stricter, value, row.value)


@lru_cache(maxsize=16_384)  # one act's moment is asked about by every rule and policy
def business_date(at: datetime) -> date:
    """Return the day that a moment falls on here."""
    try:
        return at.astimezone(LOCAL_ZONE).date()
    except OverflowError:
        return date.max


@cache
def shipped() -> Policies:
    """Return the rows shipped with this version."""
    folder = files("contracts").joinpath("policies")
    texts = {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml")}
    return read_policies(texts)


def with_rows(more: tuple[Row, ...], given: Sequence[Any]) -> tuple[Row, ...]:
    """
    Return rows beyond the shipped ones with those of a pack added (docs/policies.md); one said again changes nothing.

    Raises `BadPolicies` with every fault: a row that is none, and two that hold at one time and place.
    """
    if not given:
        return more
    faults: list[Fault] = []
    known = (*shipped().rows, *more)
    rows = (_row("policies", line, faults) for line in given)
    fresh = [row for row in rows if row is not None and row not in known]
    said = _contradictions((*known, *fresh))
    faults += [Fault("/policies" + each.pointer, each.code, each.message) for each in said]
    if faults:
        raise BadPolicies(faults)
    return (*more, *fresh)


def in_force(more: tuple[Row, ...]) -> "Policies":
    """Return the shipped rows and more beside them."""
    return Policies((*shipped().rows, *more), shipped().units) if more else shipped()


def read_policies(texts: Mapping[str, str]) -> Policies:
    """
    Read files of rows, by name, as one: a province's own go beside the shipped ones.

    Raises `BadPolicies` with every fault: a row that is none, and two that hold at one time and place.
    """
    faults: list[Fault] = []
    rows: list[Row] = []
    units: dict[str, Unit] = {}
    for name, text in sorted(texts.items()):
        file = _file(name, text, faults)
        rows += filter(None, (_row(name, line, faults) for line in file.rows))
        units |= {each.key: each.unit for line in file.unset if (each := _read(name, line, _Unset, faults))}
    if faults:
        raise BadPolicies([*faults, *_contradictions(rows)])
    return Policies(rows, units)


class _Unset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key without a value of its own: what a unit, or the row of a place, that gives it one has to give."""

    key: str
    unit: Unit
    rules: tuple[str, ...]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    rows: list[Any] = []
    unset: list[Any] = []


def _file(name: str, text: str, faults: list[Fault]) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        faults.append(Fault(pointer("", name), "bad_policy", str(exc)))
        return _File()


def _row(name: str, line: Any, faults: list[Fault]) -> Row | None:
    row = _read(name, line, Row, faults)
    if row is None:
        return None
    try:
        if row.ends is not None and row.ends < row.starts:
            raise BadValue("ends before it starts")
        return msgspec.structs.replace(row, value=read_value(row.unit, row.value))
    except BadValue as exc:
        faults.append(Fault(pointer("", name, row.key), "bad_policy", str(exc)))
        return None


def _read(name: str, line: Any, shape: type[T], faults: list[Fault]) -> T | None:
    try:
        return msgspec.convert(line, shape)
    except msgspec.ValidationError as exc:
        faults.append(Fault(pointer("", name, _key_of(line)), "bad_policy", str(exc)))
        return None


def _key_of(line: object) -> str:
    match line:
        case {"key": str(key)}:
            return key
        case _:
            return "a row without a key"


def _contradictions(rows: Iterable[Row]) -> Iterator[Fault]:
    """Yield a fault for every two rows of one key that differ in kind, or that hold on one day at one place."""
    before: dict[str, list[Row]] = {}
    for row in rows:
        for other in before.setdefault(row.key, []):
            if row.unit != other.unit or row.stricter != other.stricter or not like(row.value, other.value):
                yield Fault(pointer("", row.key), "bad_policy", "is of another kind in another row")
            elif row.jurisdiction == other.jurisdiction and (row.holds_on(other.starts) or other.holds_on(row.starts)):
                yield Fault(pointer("", row.key), "bad_policy", f"two rows hold on {max(row.starts, other.starts)}")
        before[row.key].append(row)
