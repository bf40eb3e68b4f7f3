"""Policy as dated rows: which row holds where and when, what a value may be, which value is stricter."""

import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.moments import parse_instant
from contracts.policy import BadPolicies, Policies, Row, business_date, is_laxer, read_policies, shipped
from contracts.policy_values import NUMBER_MAX, BadValue, Unit, read_value

DESIGN = Path(os.environ.get("QUANZE_SHARED") or Path(__file__).parents[2].parent / "shared") / "design/policies.toml"

LINE = {
    "key": "t.days",
    "value": "20",
    "unit": '"cd"',
    "stricter": '"min"',
    "force": '"LAW"',
    "starts": "2020-01-01",
    "rules": '["DDL-01"]',
    "confidence": '"A"',
}


def line(key: str = "t.days", **changes: str | None) -> str:
    """Return a row as TOML; a change of None leaves the member out."""
    members = {**LINE, "key": f'"{key}"', **changes}
    return "{" + ", ".join(f"{name} = {value}" for name, value in members.items() if value is not None) + "}"


def file(*lines: str, unset: str = "") -> Policies:
    return read_policies({"test.toml": f"rows = [{', '.join(lines)}]\nunset = [{unset}]"})


def row(value: object, stricter: str, *, unit: Unit = "count", force: str = "LAW") -> Row:
    return Row(
        key="t.key",
        value=read_value(unit, value),
        unit=unit,
        stricter=stricter,  # pyright: ignore[reportArgumentType] - one of the three, spelt by the table of a test
        force=force,  # pyright: ignore[reportArgumentType] - the same
        rules=(),
        confidence="A",
        starts=date(2020, 1, 1),
    )


def laxer(own: Row, value: object) -> bool:
    return is_laxer(own, read_value(own.unit, value))


# Which row


def test_a_row_holds_from_its_first_through_its_last_day() -> None:
    rows = shipped()
    before, after = date(2025, 5, 31), date(2025, 6, 1)
    assert [getattr(rows.row("pay.sme_days", day), "citation", None) for day in (before, after)] == [
        "国务院令728号 §8",
        "国务院令802号 §9",
    ]
    assert rows.row("pay.sme_days", date(2020, 8, 31)) is None, "nothing held yet, and nobody guesses"
    assert rows.row("pay.sme_days", date(2020, 9, 1)) is not None
    assert rows.row("no.such.key", after) is None


def test_the_row_of_the_smallest_place_around_the_unit_holds() -> None:
    rows = file(
        line(value="1"),
        line(value="2", jurisdiction='"42"'),
        line(value="3", jurisdiction='"4202"'),
        line(value="4", jurisdiction='"420203"'),
        line(value="9", jurisdiction='"central"'),
    )

    def at(jurisdiction: str | None) -> Any:
        found = rows.row("t.days", date(2026, 3, 2), jurisdiction)
        return found and found.value

    assert [at(place) for place in ("420203", "420204", "420100", "110000", "central", None)] == [4, 3, 2, 1, 9, 1]


def test_without_a_row_for_the_place_nobody_knows() -> None:
    on = date(2026, 3, 2)
    assert shipped().row("method.open_tender.goods", on, "420203") is None
    assert shipped().row("method.open_tender.goods", on) is None
    central = shipped().row("method.open_tender.goods", on, "central")
    assert central is not None
    assert central.value == Decimal("2000000")


def test_a_place_may_have_a_row_before_the_country_has() -> None:
    """财库〔2020〕10号: intentions of the central budget from July 2020, of the rest from January 2022."""
    rows, on = shipped(), date(2021, 3, 1)
    assert rows.row("dis.intent", on, "420203") is None
    assert rows.row("dis.intent", on, "central") is not None
    assert rows.row("dis.intent", date(2022, 1, 1), "420203") is not None


def test_the_day_is_the_local_one() -> None:
    eve = parse_instant("2025-05-31T15:59:59.999999Z")  # one microsecond to midnight in Beijing
    midnight = parse_instant("2025-05-31T16:00:00Z")
    assert [business_date(at) for at in (eve, midnight)] == [date(2025, 5, 31), date(2025, 6, 1)]
    found = [shipped().row_at("pay.sme_days", at) for at in (eve, midnight)]
    assert [each.confidence for each in found if each is not None] == ["C", "A"]
    assert business_date(datetime.fromisoformat("9999-12-31T23:00:00+00:00")) == date.max


# What a value is


@pytest.mark.parametrize(
    ("unit", "given", "read"),
    [
        ("wd", 3, 3),
        ("count", 0, 0),
        ("CNY", "1200000", Decimal("1200000")),
        ("CNY", "0.01", Decimal("0.01")),
        ("ratio", "0.0005", Decimal("0.0005")),
        ("ratio", [2, 3], (2, 3)),
        ("list", ["AUT-01", "AUT-06"], ("AUT-01", "AUT-06")),
        ("list", [], ()),
        ("date", "2022-03-01", date(2022, 3, 1)),
        ("date", date(2022, 3, 1), date(2022, 3, 1)),
        ("date", "03-31", "03-31"),
        ("date", "02-29", "02-29"),
        ("set", "report_both", "report_both"),
        ("set", ["a", "b"], ("a", "b")),
        ("set", {"days": 30, "low": "0.80"}, {"days": 30, "low": Decimal("0.80")}),
        ("points", {"A1": 4, "cap": "2.5"}, {"A1": 4, "cap": Decimal("2.5")}),
    ],
)
def test_a_value_is_read_exactly(unit: Unit, given: object, read: object) -> None:
    value = read_value(unit, given)
    assert (value, type(value)) == (read, type(read))


@pytest.mark.parametrize(
    ("unit", "given"),
    [
        *[("wd", given) for given in (3.0, "3", True, -1, None, [3], NUMBER_MAX + 1)],
        *[("CNY", given) for given in (1200000, 1.5, "1,200", "-5", "1e6", "", "01", "٣", None)],
        *[("ratio", given) for given in (0.1, 1, "10%", [2], [2, 0], [2.0, 3], [True, 3], [-1, 3])],
        *[("list", given) for given in ("AUT-01", [1], {"a": 1}, None)],
        *[("date", given) for given in ("2022-02-30", "02-30", "soon", 20220301, datetime(2022, 3, 1))],  # noqa: DTZ001 - no date
        *[("set", given) for given in (1, 1.5, None, {"a": 0.5}, {}, [1])],
        *[("points", given) for given in ({"A1": 1.5}, {"A1": "x"}, "90", [90], {})],
    ],
)
def test_what_is_no_such_value_is_refused(unit: Unit, given: object) -> None:
    with pytest.raises(BadValue):
        read_value(unit, given)


def test_a_value_given_to_a_key_is_of_the_kind_its_row_has() -> None:
    rows = shipped()
    assert rows.read("ddl.award", 3) == 3
    assert rows.read("enforce", ["AUT-01"]) == ("AUT-01",)
    assert rows.read("method.open_tender.works", "4000000.00") == Decimal("4000000.00"), "a key without a row"
    assert rows.read("spl.cluster", {"count": 4, "days": 20, "low": "0.90", "high": "1.00"})["count"] == 4
    assert rows.read("x.unknown", {"anything": None}) == {"anything": None}
    for key, given in [
        ("eval.expert_share", "0.66"),
        ("spl.cluster", {"count": 4}),
        ("calendar.zone", ["Asia/Shanghai"]),
        ("ddl.sme_disclosure", "2026-03-31"),
        ("method.catalogue_amount", 500000),
    ]:
        with pytest.raises(BadValue):
            rows.read(key, given)


# Which value is stricter


@pytest.mark.parametrize(
    ("own", "stricter", "laxer_value"),
    [
        (row(5, "max"), [5, 4, 0], 6),
        (row(20, "min"), [20, 21], 19),
        (row("0.10", "max", unit="ratio"), ["0.10", "0.1", "0.0999999999"], "0.1000000001"),
        (row([2, 3], "min", unit="ratio"), [[2, 3], [4, 6], [3, 4], [67, 100]], [66, 100]),
        (row("1000000", "max", unit="CNY"), ["1000000.00", "999999.99"], "1000000.01"),
        (row(["a", "b"], "min", unit="list"), [["b", "a"], ["a", "b", "c"]], ["a", "c"]),
        (row(["a", "b"], "max", unit="list"), [["a"], [], ["b", "a"]], ["a", "b", "c"]),
        (row("03-31", "max", unit="date"), ["03-31", "02-28"], "04-01"),
        (row("2000000", "set", unit="CNY"), ["2000000.00"], "1999999"),
        (row(["a", "b"], "set", unit="list"), [["b", "a"]], ["a"]),
    ],
)
def test_stricter_is_what_the_row_says_it_is(own: Row, stricter: list[Any], laxer_value: Any) -> None:
    assert [laxer(own, value) for value in stricter] == [False] * len(stricter)
    assert laxer(own, laxer_value)


@pytest.mark.parametrize("force", ["LAW", "REG", "RULE", "NORM", "GUIDE", "LOCAL"])
def test_what_binds_the_unit_may_only_be_made_stricter(force: str) -> None:
    assert laxer(row(5, "max", force=force), 6)


@pytest.mark.parametrize("force", ["UNIT", "PRACTICE"])
def test_custom_is_the_units_own_to_set(force: str) -> None:
    assert not laxer(row(5, "max", force=force), 6)
    assert not laxer(row("2000000", "set", unit="CNY", force=force), "1")


# The loader


def faults(text: str, name: str = "test.toml") -> list[str]:
    with pytest.raises(BadPolicies) as raised:
        read_policies({name: text})
    return [fault.pointer for fault in raised.value.faults]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "20.0"},
        {"value": '"20"'},
        {"unit": '"days"'},
        {"stricter": '"more"'},
        {"force": '"CUSTOM"'},
        {"confidence": '"D"'},
        {"starts": '"soon"'},
        {"starts": None},
        {"rules": '"DDL-01"'},
        {"ends": "2019-12-31"},
        {"jurisdiction": '"Hubei"'},
        {"jurisdiction": '""'},
        {"colour": '"red"'},
    ],
)
def test_a_row_that_is_none_is_refused_by_file_and_key(changes: dict[str, Any]) -> None:
    assert faults(f"rows = [{line()}, {line('t.other', **changes)}]") == ["/test.toml/t.other"]


def test_every_bad_row_is_named_at_once() -> None:
    text = f"rows = [{line('a', value='-1')}, {line('b')}, {line('c', unit='1')}, 7]"
    assert faults(text) == ["/test.toml/a", "/test.toml/c", "/test.toml/a row without a key"]
    assert faults("rows = [") == ["/test.toml"]
    assert faults("row = []") == ["/test.toml"]


@pytest.mark.parametrize(
    ("changes", "contradicts"),
    [
        ({"starts": "2026-01-01"}, True),
        ({"starts": "2019-01-01"}, True),
        ({"starts": "2018-01-01", "ends": "2020-01-01"}, True),
        ({"starts": "2018-01-01", "ends": "2019-12-31"}, False),
        ({"jurisdiction": '"42"'}, False),
        ({"jurisdiction": '"42"', "unit": '"wd"'}, True),
        ({"jurisdiction": '"42"', "stricter": '"max"'}, True),
    ],
)
def test_two_rows_may_not_hold_at_one_time_and_place(changes: dict[str, str], contradicts: bool) -> None:
    text = f"rows = [{line()}, {line(**changes)}]"
    if contradicts:
        assert faults(text) == ["/t.days"]
    else:
        assert len(read_policies({"test.toml": text}).rows) == 2


def test_a_place_adds_its_own_file_beside_the_shipped_ones() -> None:
    own = file(line("method.open_tender.goods", value='"4000000"', unit='"CNY"', stricter='"set"', jurisdiction='"35"'))
    both = Policies([*shipped().rows, *own.rows])
    on = date(2026, 3, 2)
    found = [both.row("method.open_tender.goods", on, place) for place in ("350102", "central", "420203")]
    assert [each and each.value for each in found] == [Decimal("4000000"), Decimal("2000000"), None]
    with pytest.raises(BadPolicies, match=r"t\.days"):
        Policies([*file(line()).rows, *file(line(starts="2026-01-01")).rows])


# The shipped rows


def test_no_shipped_value_is_a_float() -> None:
    def parts(value: Any) -> Iterator[object]:
        match value:
            case dict():
                yield from cast("dict[str, object]", value).values()
            case tuple():
                yield from cast("tuple[object, ...]", value)
            case _:
                yield value

    assert {type(part) for each in shipped().rows for part in parts(each.value)} <= {int, str, Decimal, date}


def test_the_share_of_experts_is_two_thirds_and_no_decimal() -> None:
    found = shipped().row("eval.expert_share", date(2026, 3, 2))
    assert found is not None
    assert Fraction(*found.value) == Fraction(2, 3)


def _plain(value: Any) -> Any:
    """Return a value so that what the design spells and what the loader read compare: numbers by what they are."""
    match value:
        case dict():
            return {name: _plain(member) for name, member in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return tuple(_plain(member) for member in cast("list[Any]", value))
        case str() if value.replace(".", "").isdecimal():
            return Decimal(value)
        case _:
            return value


OURS = frozenset(("scan.share",))
"""Keys that the design has no row for: the daily scan's own."""


@pytest.mark.skipif(not DESIGN.is_file(), reason=f"the design's rows are not at {DESIGN}; set QUANZE_SHARED")
def test_the_shipped_rows_are_those_of_the_design() -> None:
    design = [each for rows in tomllib.loads(DESIGN.read_text("utf-8")).values() for each in rows]
    agreed = [
        (r["k"], _plain(r["v"]), r["u"], r["s"], r["f"], r["t"], r["from"], r.get("to"), r.get("j")) for r in design
    ]
    ours = [
        (r.key, _plain(r.value), r.unit, r.stricter, r.force, r.confidence, r.starts, r.ends, r.jurisdiction)
        for r in shipped().rows
        if r.key not in OURS
    ]
    assert Counter(map(repr, ours)) == Counter(map(repr, agreed))
    rules = {r["k"]: set(r["r"].split()) for r in design}
    asked = {r.key: {word for rule in r.rules for word in rule.split()} for r in shipped().rows if r.key not in OURS}
    assert asked == rules
