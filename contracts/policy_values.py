"""
Values of policy: what may stand for one, read exactly, and which of two is stricter.

Numbers are integers or decimal texts. A number in floating point is no value: nobody can say which amount it means.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal, cast

from contracts.moments import BadMoment, parse_day

Unit = Literal["cd", "wd", "month", "year", "CNY", "ratio", "count", "list", "set", "date", "minute", "points"]
"""cd: calendar days, wd: working days, set: a choice or a table, points: a table of scores."""
Stricter = Literal["max", "min", "set"]
"""max: the most that passes, so less is stricter; min: the least; set: neither is."""

Value = int | str | Decimal | date | tuple[int, int] | tuple[str, ...] | Mapping[str, int | Decimal]
"""
By unit: an int; a Decimal (CNY); a Decimal or a fraction as (numerator, denominator) (ratio); a tuple of words (list);
a date, or `MM-DD` for a day of each year (date); a table of numbers (points); a word, words or a table (set).
"""

NUMBER_MAX: Final = 1_000_000
"""The largest count or number of days, so that no sum with a date leaves the calendar by accident."""

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?", re.ASCII)
_DAY_OF_YEAR: Final = re.compile(r"[0-9]{2}-[0-9]{2}", re.ASCII)
_A_LEAP_YEAR: Final = "2000"


class BadValue(ValueError):
    """The value is none of its unit; the message says what one looks like."""


def read_value(unit: Unit, given: object) -> Value:
    """Read a value as TOML or JSON hold it. Raises `BadValue`."""
    return _READERS.get(unit, _whole)(given)


def like(value: Value, example: Value) -> bool:
    """Say whether a value can stand where the example does: of the same kind, a table with the same members."""
    if isinstance(value, Mapping) and isinstance(example, Mapping):
        return value.keys() == example.keys()
    return type(value) is type(example)


def as_strict(stricter: Stricter, value: Value, than: Value) -> bool:
    """Say whether a value is at least as strict as another of its kind; where neither way is stricter, an equal is."""
    one, other = _comparable(value), _comparable(than)
    if stricter == "set":
        return one == other
    return one <= other if stricter == "max" else one >= other


def _comparable(value: Value) -> Any:
    """Return what `<=` compares: the set of words, so that fewer of the same are less; a fraction exactly."""
    match value:
        case (int() as numerator, int() as denominator):
            return Fraction(numerator, denominator)
        case tuple():
            return frozenset(value)
        case _:
            return value


def _whole(given: object) -> int:
    if type(given) is not int or not 0 <= given <= NUMBER_MAX:
        raise BadValue(f"must be a whole number from 0 to {NUMBER_MAX}")
    return given


def _decimal(given: object) -> Decimal:
    if not isinstance(given, str) or _DECIMAL.fullmatch(given) is None:
        raise BadValue('must be a decimal text such as "128000.00"')
    return Decimal(given)


def _ratio(given: object) -> Decimal | tuple[int, int]:
    match given:
        case [int(numerator), int(denominator)] if denominator:
            return _whole(numerator), _whole(denominator)
        case _:
            return _decimal(given)


def _words(given: object) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in cast("list[Any]", given)):
        raise BadValue("must be a list of words")
    return tuple(cast("list[str]", given))


def _date(given: object) -> date | str:
    if type(given) is date:
        return given
    try:
        match given:
            case str() if _DAY_OF_YEAR.fullmatch(given):
                parse_day(f"{_A_LEAP_YEAR}-{given}")
                return given
            case str():
                return parse_day(given)
            case _:
                raise BadValue("must be a date, or MM-DD for a day of each year")
    except BadMoment as exc:
        raise BadValue(str(exc)) from exc


def _table(given: object) -> Mapping[str, int | Decimal]:
    if not isinstance(given, Mapping) or not given:
        raise BadValue("must be a table of numbers")
    members = cast("Mapping[str, object]", given)
    return {name: _number(member) for name, member in members.items()}


def _number(given: object) -> int | Decimal:
    return _whole(given) if isinstance(given, int) else _decimal(given)


def _choice(given: object) -> Value:
    match given:
        case str():
            return given
        case Mapping():
            return _table(cast("object", given))
        case list() | tuple():
            return _words(cast("object", given))
        case _:
            raise BadValue("must be a word, a list of words or a table of numbers")


_READERS: Final[dict[Unit, Callable[[object], Value]]] = {
    "CNY": _decimal,
    "ratio": _ratio,
    "list": _words,
    "date": _date,
    "points": _table,
    "set": _choice,
}
