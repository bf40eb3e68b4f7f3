"""
The calendar of working days: the published one, with what a file announces besides, here and in the database, so that
statements can count them (`projector.due_day`).
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.workdays import SHIPPED, Calendar, read_calendar
from edge.database import statement

_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2100, 1, 1)


@cache
def calendar_in_force() -> Calendar:
    """
    Return the calendar by which this process counts: the published one, and the file that QUANZE_CALENDAR names.

    Raises `BadCalendar`, and `OSError` where the file cannot be read.
    """
    named = os.environ.get("QUANZE_CALENDAR")
    return read_calendar(Path(named).read_text("utf-8")) if named else SHIPPED


def working_day(after: date, number: int) -> date | None:
    """Return the `number`-th working day after a day, None beyond the calendar in force."""
    return calendar_in_force().working_day(after, number)


def fill_days(connection: Connection[TupleRow], calendar: Calendar) -> None:
    """
    Write every day of which the calendar says whether it is worked, unless they are there already.

    A published calendar has no gap; of one that has, the days before the gap are left out.
    """
    days = list(_days(calendar))
    with connection.transaction():
        held = connection.execute(statement("projector", "days")).fetchall()
        if held == days:
            return
        connection.execute("DELETE FROM projector.days")
        with connection.cursor().copy("COPY projector.days (day, works, ordinal) FROM STDIN") as copy:
            for row in days:
                copy.write_row(row)


def _days(calendar: Calendar) -> Iterator[tuple[date, bool, int]]:
    """Yield the last unbroken stretch of known days; ordinals count from its first."""
    known = _known(calendar)
    ordinal = 0
    for day, works in known:
        ordinal += works
        yield day, works, ordinal


def _known(calendar: Calendar) -> list[tuple[date, bool]]:
    found: list[tuple[date, bool]] = []
    day = _FIRST
    while day < _LAST:
        works = calendar.is_working_day(day)
        if works is not None:
            if found and found[-1][0] != day - timedelta(days=1):
                found = []
            found.append((day, works))
        day += timedelta(days=1)
    return found
