"""
How long after an act a grant made before it may still be recorded (policy row `aut.late_grant`, working days).

Working days want a published calendar. Where there is none, what is certain is kept and the rest left open: the n-th
working day is never sooner than n days, and never later than n days and two weeks, as no holiday is that long.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from contracts.moments import LOCAL_ZONE
from contracts.policy import business_date
from contracts.workdays import calendar_day
from projector.authority.policy import LATE_GRANT
from projector.authority.standing import Tolerance
from projector.calendar import working_day
from projector.policies import UnitPolicies

_HOLIDAY_LONGEST_DAYS: Final = 14
_EVER: Final = datetime.max.replace(tzinfo=UTC)

LateUntil = Callable[[str | None, datetime], Tolerance]
"""Until when a grant may be recorded after an act of this unit and moment: policy `aut.late_grant`."""

WorkingDay = Callable[[date, int], date | None]
"""Return the n-th working day after a day, None beyond the published calendar."""


def late_grants(policies: UnitPolicies, working_day: WorkingDay = working_day) -> LateUntil:
    """
    Return until when a grant counts as recorded late: through the n-th working day after the act, in local days.

    Where no row holds for a unit at a moment, nobody can say.
    """

    def until(unit: str | None, at: datetime) -> Tolerance:
        number = policies.value(LATE_GRANT, unit, at)
        return Tolerance(at, _EVER) if number is None else _through(business_date(at), int(number), working_day)

    return until


@lru_cache(maxsize=4_096)  # some eleven years of days: counting working days one by one is slow
def _through(done: date, number: int, working_day: WorkingDay) -> Tolerance:
    last = working_day(done, number)
    if last is not None:
        return Tolerance(_end_of(last), _end_of(last))
    soonest, latest = calendar_day(done, number), calendar_day(done, number + _HOLIDAY_LONGEST_DAYS)
    return Tolerance(_end_of(soonest), _end_of(latest))


def _end_of(day: date | None) -> datetime:
    if day is None or day == date.max:
        return _EVER
    return datetime.combine(day + timedelta(days=1), time.min, LOCAL_ZONE)
