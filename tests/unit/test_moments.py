"""Times as they stand in an act: RFC 3339 with an offset, or a bare date where a day is meant (contract §2, §3, §6)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import moments
from contracts.moments import BadMoment, ends, format_instant, parse_day, parse_instant, parse_moment, starts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T20:00:00+08:00",
        "2026-03-02T02:30:00-09:30",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00-00:00",  # RFC 3339 §4.3: UTC, said by one who does not know the local offset
        "2026-03-02t12:00:00z",  # RFC 3339 §5.6: the letters may be in lower case
        "2026-03-02T12:00:00.0Z",
        "2026-03-02T12:00:00.000000Z",
        "2026-03-03T11:59:00+23:59",
        "2026-03-01T12:01:00-23:59",
    ],
)
def test_one_instant_in_many_ways(text: str) -> None:
    assert parse_instant(text) == NOON
    assert parse_instant(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [(".1", 100_000), (".12", 120_000), (".000001", 1), (".123456", 123_456), (".999999", 999_999), (".10", 100_000)],
)
def test_six_decimals_are_kept(text: str, microsecond: int) -> None:
    assert parse_instant(f"2026-03-02T12:00:00{text}Z") == NOON.replace(microsecond=microsecond)


@pytest.mark.parametrize("decimals", ["1234567", "0000000", "1000000", "123456789", "1" * 30, "1" * 5_000])
def test_more_than_six_decimals_are_refused_even_when_zero(decimals: str) -> None:
    with pytest.raises(BadMoment, match="six decimals"):
        parse_instant(f"2026-03-02T12:00:00.{decimals}Z")


@pytest.mark.parametrize("text", ["2026-03-02T12:00:00", "2026-03-02T12:00:00.5", "2026-03-02t12:00:00"])
def test_a_time_without_offset_is_refused_saying_what_to_write(text: str) -> None:
    with pytest.raises(BadMoment, match="offset"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "0000-01-01T00:00:00Z",
        "2026-00-02T12:00:00Z",
        "2026-13-02T12:00:00Z",
        "2026-03-00T12:00:00Z",
        "2026-03-32T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2100-02-29T12:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T12:60:00Z",
        "2026-03-02T12:00:61Z",
        "2026-03-02T12:00:00+24:00",
        "2026-03-02T12:00:00-24:00",
        "2026-03-02T12:00:00+99:99",
        "2026-03-02T12:00:00+08:60",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
    ],
)
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(BadMoment, match="no such time"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2017-01-01T07:59:60+08:00", "2026-03-02T12:00:60Z"])
def test_a_leap_second_is_refused_saying_so(text: str) -> None:
    with pytest.raises(BadMoment, match="leap second"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "now",
        "1772452800",
        "2026-03-02",
        "12:00:00Z",
        "2026-03-02 12:00:00Z",
        "2026-03-02_12:00:00Z",
        "2026-03-02T12:00Z",
        "2026-03-02T12Z",
        "2026-03-02T12:00:00 Z",
        "2026-03-02T12:00:00+08",
        "2026-03-02T12:00:00+0800",
        "2026-03-02T12:00:00+8:00",
        "2026-03-02T12:00:00+08:00:00",
        "2026-03-02T12:00:00\u221208:00",  # a minus sign that is no hyphen
        "2026-03-02T12:00:00,5Z",
        "2026-03-02T12:00:00.Z",
        "2026-03-02T12:00:00.5.5Z",
        "2026-03-02T12:00:00.-5Z",
        "2026-03-02T12:00:00ZZ",
        "2026-03-02T12:00:00Z\n",
        "\n2026-03-02T12:00:00Z",
        " 2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00+08:00[Asia/Shanghai]",
        "20260302T120000Z",
        "2026-061T12:00:00Z",
        "2026-W10-1T12:00:00Z",
        "+2026-03-02T12:00:00Z",
        "-0001-03-02T12:00:00Z",
        "12026-03-02T12:00:00Z",
        "26-03-02T12:00:00Z",
        "2026-3-2T12:00:00Z",
        "02/03/2026T12:00:00Z",
        "２０２６-03-02T12:00:00Z",
        "\u0662\u0660\u0662\u0666-03-02T12:00:00Z",
        "2026-03-02T１２:00:00Z",
        "2026年3月2日",
        "2026-03-02T12:00:00\u200bZ",
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    with pytest.raises(BadMoment):
        parse_instant(text)


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 - the offset is drawn apart
    st.integers(-(23 * 60 + 59), 23 * 60 + 59),
)
def test_any_instant_is_read_as_python_reads_it(local: datetime, minutes: int) -> None:
    aware = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_instant(aware.isoformat()) == aware


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:.Z+-]{0,40}", fullmatch=True))
def test_no_text_is_an_internal_error(text: str) -> None:
    for parse in (parse_instant, parse_moment, parse_day):
        try:
            parse(text)
        except BadMoment:
            continue


_NEARLY = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,7})?"
    r"([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?",
    fullmatch=True,
)


@given(_NEARLY | _NEARLY.flatmap(lambda text: st.integers(0, len(text) - 1).map(lambda at: text[:at] + text[at + 1 :])))
def test_the_short_way_reads_and_refuses_as_the_long_way_does(text: str) -> None:
    def outcome(parse: Callable[[str], datetime]) -> tuple[str, timedelta | None]:
        try:
            moment = parse(text)
        except BadMoment as exc:
            return str(exc), None
        return moment.isoformat(), moment.utcoffset()

    assert outcome(parse_instant) == outcome(moments._any_instant)  # pyright: ignore[reportPrivateUsage]


# Bare dates


@pytest.mark.parametrize("text", ["2026-03-02", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_day_is_read(text: str) -> None:
    assert parse_day(text) == date.fromisoformat(text)
    assert parse_moment(text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-02-29", "2026-13-01", "2026-00-01", "0000-01-01", "2026-3-2", "20260302", "2026-061"),
        *("2026/03/02", "2026-03-02\n", " 2026-03-02", "2026-03-02Z", "2026-03-02+08:00", "2026-W10-1"),
        *("26-03-02", "02-03-2026", "2026-03", "2026", "12026-03-02", "-026-03-02", "２０２６-03-02"),
        "\u0662\u0660\u0662\u0666-03-02",  # Arabic digits
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    for parse in (parse_day, parse_moment):
        with pytest.raises(BadMoment):
            parse(text)


def test_a_moment_is_a_day_or_an_instant() -> None:
    assert parse_moment("2026-03-02") == date(2026, 3, 2)
    assert parse_moment("2026-03-02T20:00:00+08:00") == NOON
    with pytest.raises(BadMoment):
        parse_moment("2026-03-02T20:00:00")


def test_a_day_begins_and_ends_at_local_midnight_the_last_one_included() -> None:
    assert starts("2026-03-02") == datetime(2026, 3, 2, tzinfo=CHINA)
    assert ends("2026-03-02") == datetime(2026, 3, 3, tzinfo=CHINA)
    assert ends("2024-02-28") == datetime(2024, 2, 29, tzinfo=CHINA)
    assert ends("2026-12-31") == datetime(2027, 1, 1, tzinfo=CHINA)


def test_an_instant_begins_and_ends_at_itself() -> None:
    """`from` in, `until` out."""
    assert starts("2026-03-02T20:00:00+08:00") == ends("2026-03-02T20:00:00+08:00") == NOON


@given(st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)))
def test_the_next_day_begins_where_a_day_ends(day: date) -> None:
    assert ends(day.isoformat()) == starts((day + timedelta(days=1)).isoformat())


@pytest.mark.parametrize(("edge", "text"), [(starts, "0001-01-01"), (ends, "9999-12-31")])
def test_the_calendar_has_an_edge_which_callers_must_expect(edge: Callable[[str], datetime], text: str) -> None:
    """Both days are well formed, so both are in the log; the instant before or after them is not a `datetime`."""
    parse_moment(text)
    with pytest.raises(BadMoment):
        edge(text)


@given(st.datetimes(min_value=datetime(1000, 1, 2), timezones=st.just(UTC) | st.just(CHINA)))  # noqa: DTZ001 - zones are drawn apart
def test_what_the_ledger_writes_it_reads(moment: datetime) -> None:
    if moment.year < 9999:  # the last hours of it lie past the calendar in one zone or the other
        text = format_instant(moment)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
        assert parse_instant(text) == moment
