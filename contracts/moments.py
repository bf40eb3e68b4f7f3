"""
Times as they stand in an act: RFC 3339 with an offset, or a bare date where a day is meant.

An instant keeps its text as received (the leaf holds it); this module only reads it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

_TIME: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_PLAIN: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
"""A time as nearly all are written: what it lets through and is in the calendar, Python reads as we do."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_DATE_FORM: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK_FORM: Final = r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"

Moment = Annotated[
    str,
    Meta(
        description="a date, or an RFC 3339 time with its offset",
        pattern=rf"^{_DATE_FORM}({_CLOCK_FORM})?$(?!\n)",
        extra={"mark": "moment"},
        max_length=40,
    ),
]
"""A bare date means the whole day, the last one included; a date-time is an instant."""
Instant = Annotated[
    str,
    Meta(
        description="an RFC 3339 time with its offset",
        pattern=rf"^{_DATE_FORM}{_CLOCK_FORM}$(?!\n)",
        extra={"mark": "instant"},
        max_length=40,
    ),
]
Day = Annotated[str, Meta(description="a date, YYYY-MM-DD", pattern=rf"^{_DATE_FORM}$(?!\n)", extra={"mark": "day"})]


class BadMoment(ValueError):
    """The text is not a time or date this ledger takes; the message says why."""


def parse_instant(text: str) -> datetime:
    """
    Read an RFC 3339 time (§5.6) into UTC, microseconds kept.

    Raises `BadMoment` without an offset, with more than six decimals, for a leap second, or for a day that is not in
    the calendar.
    """
    try:
        return _plain_instant(text)
    except (ValueError, OverflowError):
        pass  # it has another form, or a fault, and what is wrong is said below
    return _any_instant(text)


@lru_cache(maxsize=4_096)  # acts that are recorded together share it, and those of one morning their minutes
def _plain_instant(text: str) -> datetime:
    """Read a time as nearly all are written. Raises `ValueError`, `OverflowError` for any other, which say nothing."""
    if _PLAIN.fullmatch(text) is None:
        raise ValueError
    return datetime.fromisoformat(text).astimezone(UTC)


def _any_instant(text: str) -> datetime:
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadMoment("not an RFC 3339 time such as 2026-03-02T09:30:00+08:00")
    *parts, fraction, offset = found.groups()
    if offset is None:
        raise BadMoment("no offset: write Z or +08:00 at the end")
    if fraction is not None and len(fraction) > 6:
        raise BadMoment("more than six decimals in the seconds")
    if parts[5] == "60":
        raise BadMoment("a leap second cannot be stored; use :59 or the next minute")
    try:
        year, month, day, hour, minute, second = map(int, parts)
        microsecond = int((fraction or "0").ljust(6, "0"))
        local = datetime(year, month, day, hour, minute, second, microsecond, _zone(offset))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadMoment(f"no such time: {exc}") from exc


@lru_cache(maxsize=4_096)  # the same few days, again and again
def parse_day(text: str) -> date:
    """Read `YYYY-MM-DD`. Raises `BadMoment` for anything else."""
    if _DATE.fullmatch(text) is None:
        raise BadMoment("not a date such as 2026-03-02")
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise BadMoment(f"no such day: {exc}") from exc


def parse_moment(text: str) -> date | datetime:
    """Read a bare date as a `date`, a date-time as a `datetime` in UTC. Raises `BadMoment`."""
    return parse_day(text) if len(text) == 10 else parse_instant(text)


def format_instant(moment: datetime) -> str:
    """Write an instant as the ledger's own clock does: UTC, six decimals, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


LOCAL_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The zone in which a bare date is a day (policy row `calendar.zone`)."""


def starts(moment: str) -> datetime:
    """Return the first instant of a moment: of a bare date its local midnight. Raises `BadMoment`."""
    return _instant(parse_moment(moment), days=0)


def ends(moment: str) -> datetime:
    """Return the first instant after a moment that ends a term: a bare date is included whole, an instant is not."""
    return _instant(parse_moment(moment), days=1)


def _instant(moment: date | datetime, days: int) -> datetime:
    if isinstance(moment, datetime):
        return moment
    try:
        return datetime.combine(moment + timedelta(days=days), time.min, LOCAL_ZONE).astimezone(UTC)
    except OverflowError as exc:
        raise BadMoment(f"{moment} is at the end of the calendar") from exc


def _zone(offset: str) -> timezone:
    if offset in "Zz":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(f"offset {offset}")
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))
