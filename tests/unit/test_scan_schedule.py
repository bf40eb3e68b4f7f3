"""When the next daily scan is due."""

from datetime import date, datetime, time, timedelta

import pytest

from contracts.moments import LOCAL_ZONE
from projector.findings.scanning import seconds_until_due

AT = time(2, 30)
TODAY = date(2026, 11, 26)


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 26, hour, minute, tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    ("last", "now", "hours"),
    [
        (TODAY - timedelta(days=1), local(1), 1.5),
        (TODAY - timedelta(days=1), local(2, 30), 0),
        (TODAY - timedelta(days=1), local(9), 0),
        (TODAY - timedelta(days=9), local(1), 1.5),
        (TODAY - timedelta(days=9), local(9), 0),
        (TODAY, local(1), 25.5),
        (TODAY, local(9), 17.5),
    ],
    ids=[
        "before its hour",
        "at its hour",
        "started after the hour that was missed",
        "days missed, before the hour: this day's is due",
        "days missed, after it",
        "this day's was recorded early",
        "this day's is done",
    ],
)
def test_when_the_next_scan_is_due(last: date, now: datetime, hours: float) -> None:
    assert seconds_until_due(AT, last, now) == hours * 3600
