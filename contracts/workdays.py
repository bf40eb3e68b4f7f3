"""
Working days, from the calendar that the State Council publishes year by year: holidays off, and the weekend days that
are worked in their stead (调休). Beyond the published years nobody knows, so nothing is counted there.
"""

import re
import tomllib
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from chinese_calendar import is_workday  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType] - untyped
from msgspec import Struct

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_YEAR: Final = re.compile(r"[12][0-9]{3}", re.ASCII)


class BadCalendar(ValueError):
    """A calendar that cannot be read, or that contradicts itself; the message names the year."""


class Calendar(Struct, frozen=True):
    """
    The published calendar with what was announced besides: days off, days worked, and years told whole by the two.

    A day listed is what it is listed as, whatever was published before.
    """

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    def is_working_day(self, day: date) -> bool | None:
        """Say whether a day is worked. None: its calendar is not published."""
        if day in self.workdays or day in self.holidays:
            return day in self.workdays
        published = _published(day)
        if published is None and day.year in self.years:
            return day.weekday() < _SATURDAY
        return published

    def working_day(self, after: date, number: int) -> date | None:
        """
        Return the `number`-th working day after a day, which itself does not count; of number 0 that day.

        None beyond the published calendar.
        """
        day = after
        while number > 0:
            works = self.is_working_day(day := day + _DAY) if day < date.max else None
            if works is None:
                return None
            number -= works
        return day


SHIPPED: Final = Calendar()
"""What the library holds, and nothing besides."""


def working_day(after: date, number: int) -> date | None:
    """Return the `number`-th working day after a day by the calendar shipped, None beyond it."""
    return SHIPPED.working_day(after, number)


def calendar_day(after: date, number: int) -> date | None:
    """Return the day `number` days after a day, whatever day that is. None: there is no such day."""
    try:
        return after + number * _DAY
    except OverflowError:
        return None


class _Year(Struct, frozen=True, forbid_unknown_fields=True):
    holidays: frozenset[date]
    workdays: frozenset[date] = frozenset()


def read_calendar(text: str) -> Calendar:
    """
    Read what was announced for years that the library does not know yet, or corrects what it knows.

    TOML, a table a year: `[2027]` with `holidays` and `workdays`, lists of dates. What is announced for a year may
    begin in the December before. Raises `BadCalendar`.
    """
    try:
        years = msgspec.convert(tomllib.loads(text), dict[str, _Year])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        raise BadCalendar(str(exc)) from exc
    for name, year in years.items():
        _require_consistent(name, year)
    return Calendar(
        frozenset(day for year in years.values() for day in year.holidays),
        frozenset(day for year in years.values() for day in year.workdays),
        frozenset(map(int, years)),
    )


def _require_consistent(name: str, year: _Year) -> None:
    if _YEAR.fullmatch(name) is None:
        raise BadCalendar(f"`{name}` is not a year")
    first = date(int(name) - 1, 12, 1)
    for day in sorted(year.holidays | year.workdays):
        if not (first <= day and day.year <= int(name)):
            raise BadCalendar(f"{name}: {day} is not of that year")
        if day in year.holidays and day in year.workdays:
            raise BadCalendar(f"{name}: {day} is off and worked at once")


@lru_cache(maxsize=16_384)  # some forty years of days: the library's own look-up is slow
def _published(day: date) -> bool | None:
    try:
        return bool(is_workday(day))
    except NotImplementedError:  # a year before the first or after the last that the library holds
        return None
