"""The life of a finding, from opening to its end and back."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from projector.findings.life import Control, Disposed, Life, Subject, lapses_soon, live
from projector.judge.judgement import Ratified

SUBJECT = Subject(
    rule="SOD-39",
    since=datetime(2026, 3, 2, 1, tzinfo=UTC),
    cured=None,
    ratified=None,
    strict=False,
    things=frozenset(("project:X", "unit:U1", "person:P1")),
)
CONTROL = Control(
    control="CT1",
    rules=frozenset(("SOD-39",)),
    covers="unit:U1",
    starts=datetime(2026, 3, 1, tzinfo=UTC),
    ends=datetime(2026, 6, 30, 16, tzinfo=UTC),
    position=7,
    time=datetime(2026, 3, 1, tzinfo=UTC),
)


def disposed(disposition: Any, day: int = 10, **said: Any) -> Disposed:
    at = datetime(2026, 3, day, 2, tzinfo=UTC)
    return Disposed(disposition=disposition, position=day, time=at, known_from=at, actor="person:H1", **said)


def through(year: int, month: int, day: int) -> datetime:
    """Return when a local day is over."""
    return datetime(year, month, day, 16, tzinfo=UTC)


def stands(*acts: Disposed, now: datetime = datetime(2026, 4, 1, tzinfo=UTC), **changed: Any) -> Life:
    controls = changed.pop("controls", [])
    return live(msgspec.structs.replace(SUBJECT, **changed), acts, controls, now)


def local_midday(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 4, tzinfo=UTC)


def test_what_nobody_disposed_of_is_open() -> None:
    found = stands()
    assert (found.status, found.closed, [event.status for event in found.history]) == ("open", None, ["open"])


def test_the_last_disposition_counts_whatever_order_they_come_in() -> None:
    first, second = disposed("acknowledged", 10), disposed("false_positive", 12, reason="同名不同人")
    assert stands(first, second) == stands(second, first)
    assert stands(first, second).status == "false_positive"


def test_a_referral_is_an_acknowledgement_on_record_as_what_it_is() -> None:
    found = stands(disposed("referred"))
    assert (found.status, found.history[-1].disposition) == ("acknowledged", "referred")


def test_a_waiver_holds_through_its_last_day_and_reopens_on_the_next() -> None:
    waiver = disposed("waived", reason="采购人员不足", ends=through(2026, 5, 31))
    last, after = (stands(waiver, now=local_midday(2026, month, day)) for month, day in ((5, 31), (6, 1)))
    assert (last.status, last.until, last.lapsed) == ("waived", date(2026, 5, 31), False)
    assert (after.status, after.until, after.lapsed) == ("open", None, True)
    assert "2026-05-31" in str(after.history[-1].note)


def test_a_waiver_without_a_reason_or_an_end_is_none() -> None:
    for waiver in (disposed("waived", ends=through(2026, 5, 31)), disposed("waived", reason="x")):
        found = stands(waiver)
        assert found.status == "open"
        assert found.history[-1].note is not None, "it says why it does not count"


def test_a_reason_of_blanks_is_none() -> None:
    for said in (
        disposed("waived", reason=" ", ends=through(2026, 5, 31)),
        disposed("false_positive", reason="\u3000"),
    ):
        assert stands(said).status == "open"


def test_what_had_ended_before_it_was_made_brings_nothing() -> None:
    found = stands(disposed("waived", 10, reason="x", ends=through(2026, 3, 9)))
    assert (found.status, found.history[-1].status) == ("open", "open")
    assert found.history[-1].note is not None


def test_a_control_mitigates_what_it_is_registered_for_until_it_ends() -> None:
    said = disposed("mitigated", control="CT1")
    assert stands(said, controls=[CONTROL]).status == "mitigated"
    assert stands(said, controls=[CONTROL]).until == date(2026, 6, 30)
    lapsed = stands(said, controls=[CONTROL], now=local_midday(2026, 7, 1))
    assert (lapsed.status, lapsed.lapsed) == ("open", True)


def test_the_earlier_of_two_ends_counts() -> None:
    said = disposed("mitigated", control="CT1", ends=through(2026, 4, 30))
    assert stands(said, controls=[CONTROL]).until == date(2026, 4, 30)


def test_a_control_for_another_rule_place_or_time_mitigates_nothing() -> None:
    said = disposed("mitigated", control="CT1")
    elsewhere = msgspec.structs.replace(CONTROL, covers="unit:U2")
    other = msgspec.structs.replace(CONTROL, rules=frozenset(("SOD-03",)))
    later = msgspec.structs.replace(CONTROL, time=datetime(2026, 3, 11, tzinfo=UTC))
    for controls in ([], [elsewhere], [other], [later]):
        assert stands(said, controls=controls).status == "open"


def test_no_control_stands_in_for_a_pair_that_law_keeps_apart() -> None:
    assert stands(disposed("mitigated", control="CT1"), controls=[CONTROL], strict=True).status == "open"


def test_a_cure_closes_what_was_waived_and_not_what_was_none() -> None:
    cured = datetime(2026, 3, 20, tzinfo=UTC)
    waiver = disposed("waived", reason="x", ends=through(2026, 5, 31))
    found = stands(waiver, cured=cured)
    assert (found.status, found.closed, found.until) == ("cured", cured, None)
    assert stands(disposed("false_positive", reason="x"), cured=cured).status == "false_positive"


def test_ratification_closes_at_the_act_that_ratified() -> None:
    act = Ratified(position=30, time=datetime(2026, 3, 18, tzinfo=UTC), by="person:H2")
    found = stands(ratified=act)
    assert (found.status, found.closed) == ("ratified", act.time)
    assert (found.history[-1].position, found.history[-1].by) == (30, "person:H2")


def test_a_disposition_after_a_lapse_begins_anew() -> None:
    first = disposed("waived", 10, reason="x", ends=through(2026, 3, 15))
    again = disposed("waived", 20, reason="y", ends=through(2026, 5, 31))
    found = stands(first, again)
    assert found.status == "waived"
    assert [event.status for event in found.history] == ["open", "waived", "open", "waived"]


def test_the_day_set_for_putting_it_right_is_kept() -> None:
    assert stands(disposed("acknowledged", due=date(2026, 4, 30))).due == date(2026, 4, 30)


def test_an_end_is_warned_of_thirty_days_before() -> None:
    assert lapses_soon(date(2026, 5, 31), date(2026, 5, 1))
    assert not lapses_soon(date(2026, 5, 31), date(2026, 4, 30))
    assert not lapses_soon(None, date(2026, 5, 1))
