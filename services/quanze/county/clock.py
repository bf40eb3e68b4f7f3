"""
The county's calendar: which days of late 2025 and of 2026 are worked.

The holidays and the weekends worked in exchange are those the State Council announced for both years. It ends with
2026: the story does too.
"""

from datetime import date, datetime, time, timedelta, timezone
from itertools import count
from typing import Final

LOCAL: Final = timezone(timedelta(hours=8))

_HOLIDAYS: Final = (
    ("2025-10-01", "2025-10-08"),  # National Day and Mid-Autumn
    ("2026-01-01", "2026-01-03"),  # New Year
    ("2026-02-15", "2026-02-23"),  # Spring Festival
    ("2026-04-04", "2026-04-06"),  # Qingming
    ("2026-05-01", "2026-05-05"),  # Labour Day
    ("2026-06-19", "2026-06-21"),  # Dragon Boat
    ("2026-09-25", "2026-09-27"),  # Mid-Autumn
    ("2026-10-01", "2026-10-07"),  # National Day
)
_WORKED_WEEKENDS: Final = frozenset(
    ("2025-09-28", "2025-10-11", "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
)


def is_worked(day: date) -> bool:
    """Say whether offices are open on `day`."""
    text = day.isoformat()
    if text in _WORKED_WEEKENDS:
        return True
    return day.weekday() < 5 and not any(first <= text <= last for first, last in _HOLIDAYS)


def working_days_from(day: date, days: int) -> date:
    """Return the working day `days` after `day`, or before it where `days` is negative; `day` itself never counts."""
    step = 1 if days > 0 else -1
    worked = (at for n in count(1) if is_worked(at := day + timedelta(days=step * n)))
    for _ in range(abs(days) - 1):
        next(worked)
    return next(worked) if days else day


def at(day: str | date, hour: int = 9, minute: int = 10) -> datetime:
    """Return a moment of a working day. Raises `ValueError` for any other day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    if not is_worked(day):
        raise ValueError(f"{day} is no working day")
    return datetime.combine(day, time(hour, minute), LOCAL)
