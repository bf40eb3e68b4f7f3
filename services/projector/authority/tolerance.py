"""
How long after an act a grant made before it may still be recorded (policy row `aut.late_grant`, working days).

Working days want a published calendar. Where there is none, what is certain is kept and the rest left open: the n-th
working day is never sooner than n days, and never later than n days and two weeks, as no holiday is that long.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from contracts.moments import LOCAL_ZONE
from projector.authority.judge import LateUntil
from projector.authority.standing import Tolerance

LATE_GRANT_WORKING_DAYS: Final = 3
"""The shipped row of `aut.late_grant`."""

_HOLIDAY_LONGEST: Final = timedelta(days=14)

WorkingDay = Callable[[date, int], date | None]
"""Return the n-th working day after a day, None beyond the published calendar."""


def no_calendar(day: date, number: int) -> date | None:
    return None


def late_grants(days: int = LATE_GRANT_WORKING_DAYS, working_day: WorkingDay = no_calendar) -> LateUntil:
    """Return until when a grant counts as recorded late: through the n-th working day after the act, in local days."""

    def until(at: datetime) -> Tolerance:
        done = at.astimezone(LOCAL_ZONE).date()
        last = working_day(done, days)
        if last is not None:
            return Tolerance(_end_of(last), _end_of(last))
        soonest = done + timedelta(days=days)
        return Tolerance(_end_of(soonest), _end_of(soonest + _HOLIDAY_LONGEST))

    return until


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, LOCAL_ZONE)
