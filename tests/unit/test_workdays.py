"""Working days against what the State Council announced, and nothing beyond it."""

from datetime import date

import pytest

from contracts.workdays import BadCalendar, Calendar, calendar_day, read_calendar, working_day

SPRING = """
[2027]
holidays = [2026-12-31, 2027-01-01, 2027-02-05]
workdays = [2026-12-26, 2027-01-30]
"""
"""An invented announcement; the real one for 2027 changes nothing here."""


def days(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("after", "number", "expected"),
    [
        # The notice for 2026: Spring Festival off 15 to 23 February 2026; 14 and 28 February, both Saturdays, worked.
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-20", 3, "2026-02-26"),
        ("2026-02-27", 1, "2026-02-28"),
        ("2026-02-27", 2, "2026-03-02"),
        # National Day off 1 to 7 October; Sunday 20 September and Saturday 10 October worked.
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 4, "2026-10-12"),
        # New Year off 1 to 3 January; Sunday the 4th worked.
        ("2025-12-31", 1, "2026-01-04"),
        ("2025-12-31", 2, "2026-01-05"),
        # A plain week: the opening day does not count, and a weekend is none.
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-03-07", 0, "2026-03-07"),
    ],
)
def test_the_nth_working_day_after_a_day(after: str, number: int, expected: str) -> None:
    assert working_day(days(after), number) == days(expected)


def test_beyond_the_published_years_nobody_knows() -> None:
    assert working_day(days("2026-12-30"), 1) == days("2026-12-31")
    assert working_day(days("2026-12-30"), 2) is None
    assert working_day(days("2031-05-05"), 1) is None
    assert working_day(days("1999-05-05"), 1) is None
    assert working_day(date.max, 1) is None
    assert working_day(days("2026-03-02"), 1_000_000) is None


def test_what_was_announced_since_is_added_as_data() -> None:
    calendar = read_calendar(SPRING)
    assert calendar.working_day(days("2026-12-25"), 1) == days("2026-12-26"), "a Saturday worked"
    assert calendar.working_day(days("2026-12-30"), 1) == days("2027-01-04"), "off until the weekend, a Monday then"
    assert calendar.working_day(days("2027-01-29"), 1) == days("2027-01-30")
    assert calendar.working_day(days("2027-02-04"), 1) == days("2027-02-08")
    assert calendar.working_day(days("2027-12-31"), 1) is None
    assert calendar.working_day(days("2026-09-30"), 1) == days("2026-10-08"), "what the library knows stays"


def test_what_is_announced_again_replaces_what_was() -> None:
    """The Spring Festival of 2020 was prolonged when it had begun; here a working day is taken out of 2026."""
    calendar = read_calendar("[2026]\nholidays = [2026-03-09]")
    assert calendar.working_day(days("2026-03-06"), 1) == days("2026-03-10")
    assert calendar.working_day(days("2026-09-30"), 1) == days("2026-10-08")
    assert Calendar().working_day(days("2026-03-06"), 1) == days("2026-03-09")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[2027]\nholidays = [2027-01-01]\nworkdays = [2027-01-01]", "off and worked"),
        ("[2027]\nholidays = [2028-01-01]", "not of that year"),
        ("[2027]\nholidays = [2026-11-30]", "not of that year"),
        ("[next]\nholidays = []", "not a year"),
        ("[2027]\nworkdays = []", "holidays"),
        ("[2027]\nholidays = []\nfree = []", "free"),
        ("[2027]\nholidays = ['soon']", "date"),
        ("[2027", "Expected"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadCalendar, match=says):
        read_calendar(text)


def test_calendar_days_are_counted_as_they_come() -> None:
    assert calendar_day(days("2026-02-13"), 30) == days("2026-03-15")
    assert calendar_day(days("2028-02-28"), 1) == days("2028-02-29")
    assert calendar_day(days("9999-12-31"), 1) is None
