"""What a unit adopts, from the act that says so to the value that a rule takes; by both clocks."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from contracts.moments import parse_instant
from ledger.acts import Receipt
from projector.authority.sources import Sources
from projector.main import Projector
from projector.policies import UnitPolicies
from projector.settings import Settings
from projector.view import parse_asked
from tests.conftest import Database, TestLedger
from tests.events import event

UNIT, OTHER = "unit:U1", "unit:U2"
MAKER = "person:HEAD"
LATE, AWARD, SPLIT = "aut.late_grant", "ddl.award", "aut.split_window"
MARCH = "2026-03-02T09:30:00+08:00"


class Bench:
    """Posts acts, waits for the read model, asks what holds."""

    def __init__(self, ledger: TestLedger, database: Database, projector: Projector) -> None:
        self.ledger = ledger
        self.database = database
        self.projector = projector

    def post(self, *events: dict[str, Any]) -> list[Receipt]:
        receipts = self.ledger.post(events)
        assert self.projector.wait_for(max(receipt.position for receipt in receipts), 10)
        return receipts

    def load(self, known_at: str | None = None) -> UnitPolicies:
        with self.projector.view(parse_asked(None, known_at)) as view:
            return Sources(view).policies(frozenset((UNIT, OTHER)))

    def value(self, key: str, at: str = MARCH, *, unit: str = UNIT, known_at: str | None = None) -> Any:
        return self.load(known_at).value(key, unit, parse_instant(at))

    def named(self, at: str = MARCH, *, known_at: str | None = None, known_by: str | None = None) -> list[str]:
        by = parse_instant(known_by) if known_by is not None else None
        return [each.policy for each in self.load(known_at).in_force(UNIT, parse_instant(at), by)]

    def rows(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.dsn) as connection:
            return connection.execute("SELECT * FROM projector.unit_policies ORDER BY position").fetchall()


@pytest.fixture
def bench(ledger: TestLedger, database: Database) -> Iterator[Bench]:
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.05)) as projector:
        yield Bench(ledger, database, projector)


def adopted(
    policy: str | None = "P", at: str = "2026-01-05T09:00:00+08:00", known: str | None = None, **data: Any
) -> dict[str, Any]:
    """Return a policy of the unit, recorded by its source when it was adopted unless said otherwise."""
    unit = data.pop("unit", UNIT)
    values = [{"key": key, "value": value} for key, value in data.pop("values", {}).items()]
    named = {"policy": policy} if policy is not None else {}
    attributes = {"recordedtime": known or at}
    return event("setup.policy", unit, MAKER, time=at, attributes=attributes, policies=values, **named, **data)


def registered(at: str = "2025-01-01T09:00:00+08:00", unit: str = UNIT, **data: Any) -> dict[str, Any]:
    return event("unit.register", unit, "person:REG", time=at, attributes={"recordedtime": at}, **data)


def corrected(act: dict[str, Any], at: str, **data: Any) -> dict[str, Any]:
    target = {"source": act["source"], "id": act["id"]}
    known = {"recordedtime": at}
    return event("act.correct", act["subject"], MAKER, time=at, attributes=known, corrects=target, reason="x", **data)


def test_without_a_policy_of_its_own_the_row_of_the_day_holds(bench: Bench) -> None:
    assert bench.value(LATE) == 3
    assert bench.value(LATE, "2013-12-31T23:59:59+08:00") is None, "no row yet: nobody knows"
    assert bench.value("no.such.key") is None
    assert bench.load().value(LATE, None, parse_instant(MARCH)) == 3


def test_a_units_own_value_holds_from_its_first_through_its_last_day(bench: Bench) -> None:
    bench.post(adopted(values={LATE: 5}, valid_from="2026-02-01", valid_until="2026-02-28"))
    found = {
        at: bench.value(LATE, at)
        for at in (
            "2026-01-31T23:59:59+08:00",
            "2026-02-01T00:00:00+08:00",
            "2026-02-28T23:59:59+08:00",
            "2026-03-01T00:00:00+08:00",
        )
    }
    assert list(found.values()) == [3, 5, 5, 3]
    assert bench.value(LATE, "2026-02-10T09:00:00+08:00", unit=OTHER) == 3, "it is the other unit's no less"


def test_a_policy_that_does_not_say_when_holds_from_its_adoption_on(bench: Bench) -> None:
    bench.post(adopted(values={LATE: 5}, at=MARCH))
    assert bench.value(LATE, "2026-03-02T09:29:59+08:00") == 3
    assert bench.value(LATE, MARCH) == 5
    assert bench.value(LATE, "2049-01-01T00:00:00Z") == 5


def test_a_laxer_value_is_kept_and_not_used(bench: Bench) -> None:
    """The regulation gives five working days for the award: a unit may take three, not ten."""
    (receipt,) = bench.post(adopted(values={AWARD: 10, LATE: 10, "ddl.challenge_reply": 5}))
    policies, at = bench.load(), parse_instant(MARCH)
    assert [policies.value(key, UNIT, at) for key in (AWARD, LATE, "ddl.challenge_reply")] == [5, 10, 5]
    ((key, value, row),) = policies.laxer(UNIT, at)
    assert (key, value, row.value, row.force) == (AWARD, 10, 5, "REG")
    assert [each.position for each in policies.not_used(UNIT, at)] == [receipt.position]
    assert policies.laxer(UNIT, parse_instant("2025-12-31T09:00:00+08:00")) == [], "not adopted yet"


def test_a_laxer_value_leaves_the_stricter_one_adopted_before_it(bench: Bench) -> None:
    bench.post(adopted("A", values={AWARD: 3}), adopted("B", "2026-02-01T09:00:00+08:00", values={AWARD: 10}))
    assert bench.value(AWARD) == 3


@pytest.mark.parametrize("given", [2.5, "3", True, None, [3], -1, 10**12])
def test_a_value_of_the_wrong_kind_is_kept_and_not_used(bench: Bench, given: Any) -> None:
    bench.post(adopted(values={LATE: given}))
    policies, at = bench.load(), parse_instant(MARCH)
    assert policies.value(LATE, UNIT, at) == 3
    (own,) = policies.not_used(UNIT, at)
    assert (own.key, own.value, own.why) == (LATE, given, "bad_value")
    assert policies.laxer(UNIT, at) == []


def test_money_and_ratios_arrive_exactly(bench: Bench) -> None:
    bench.post(adopted(values={"method.open_tender.works": "4000000.10", "amt.supplement": "0.0999999999"}))
    assert bench.value("method.open_tender.works") == Decimal("4000000.10")
    assert bench.value("amt.supplement") == Decimal("0.0999999999")
    assert bench.value("amt.supplement", "2026-01-01T00:00:00+08:00") == Decimal("0.10")


def test_a_key_without_a_row_is_the_units_own(bench: Bench) -> None:
    bench.post(adopted(values={"enforce": ["AUT-01", "AUT-06"], "x.own": {"of": "ours"}}))
    assert bench.value("enforce") == ("AUT-01", "AUT-06")
    assert bench.value("x.own") == {"of": "ours"}
    assert bench.value("enforce", unit=OTHER) is None


def test_an_edition_replaces_the_one_before_it_from_its_own_start(bench: Bench) -> None:
    bench.post(
        adopted(values={LATE: 5}),
        adopted(values={LATE: 2}, at="2026-02-01T09:00:00+08:00", valid_from="2026-04-01", valid_until="2026-04-30"),
        adopted("Q", values={SPLIT: 60}),
    )
    assert [bench.value(LATE, f"2026-{day}T12:00:00+08:00") for day in ("03-31", "04-01", "04-30", "05-01")] == [
        *(5, 2, 2),
        3,  # replaced for good: when the second ends, the first does not come back
    ]
    assert bench.value(SPLIT, "2026-04-15T12:00:00+08:00") == 60, "another policy stays"
    assert sorted(bench.named("2026-04-15T12:00:00+08:00")) == ["P", "Q"]
    assert bench.named("2026-05-01T12:00:00+08:00") == ["Q"]


def test_an_edition_adopted_last_is_the_one_that_counts_though_it_begins_earlier(bench: Bench) -> None:
    bench.post(
        adopted(values={LATE: 5}, valid_from="2026-06-01"),
        adopted(values={LATE: 4}, at="2026-02-01T09:00:00+08:00", valid_from="2026-02-01"),
    )
    assert [bench.value(LATE, f"2026-{day}T12:00:00+08:00") for day in ("01-31", "02-01", "07-01")] == [3, 4, 4]


def test_of_two_policies_the_one_adopted_last_says_the_value(bench: Bench) -> None:
    bench.post(
        adopted("B", values={LATE: 5}),
        adopted("A", values={LATE: 4}, at="2026-02-01T09:00:00+08:00"),
        adopted(None, values={SPLIT: 60}),
        adopted(None, values={SPLIT: 45}, at="2026-02-01T09:00:00+08:00"),
    )
    assert (bench.value(LATE), bench.value(SPLIT)) == (4, 45)
    assert sorted(bench.named()) == ["", "A", "B"]


def test_a_new_edition_comes_after_every_policy_adopted_before_it(bench: Bench) -> None:
    bench.post(
        adopted("A", values={LATE: 5}),
        adopted("B", values={LATE: 4}, at="2026-02-01T09:00:00+08:00"),
        adopted("A", values={LATE: 6}, at="2026-02-02T09:00:00+08:00"),
    )
    assert (bench.value(LATE), bench.named()) == (6, ["B", "A"])


def test_what_was_adopted_counts_by_when_it_was_known(bench: Bench) -> None:
    january, april = "2026-01-05T09:00:00+08:00", "2026-04-01T09:00:00+08:00"
    bench.post(adopted(values={LATE: 5}, known=april))
    assert bench.value(LATE, known_at="2026-03-31T09:00:00+08:00") == 3
    assert bench.value(LATE, known_at=april) == 5
    assert bench.value(LATE) == 5, "it holds for March, by what is known now"
    assert bench.named(known_by=MARCH) == [], "and was not known in March"
    assert bench.named(known_by=april) == ["P"]
    assert bench.named("2026-01-04T09:00:00+08:00", known_by=april) == []
    assert bench.value(LATE, january) == 5


def test_what_an_earlier_edition_said_counts_while_the_next_is_not_known(bench: Bench) -> None:
    bench.post(
        adopted(values={LATE: 5}),
        adopted(values={LATE: 4}, at="2026-02-01T09:00:00+08:00", known="2026-05-01T09:00:00+08:00"),
    )
    in_march = bench.load().in_force(UNIT, parse_instant(MARCH), parse_instant(MARCH))
    assert [dict(each.values) for each in in_march] == [{LATE: 5}]
    assert bench.value(LATE) == 4


def test_a_policy_withdrawn_as_an_error_is_left_out_from_when_that_is_known(bench: Bench) -> None:
    policy = adopted(values={LATE: 5})
    bench.post(policy, corrected(policy, "2026-05-01T09:00:00+08:00", void=True))
    assert bench.value(LATE) == 3
    assert bench.value(LATE, known_at="2026-04-30T09:00:00+08:00") == 5
    assert bench.load().laxer(UNIT, parse_instant(MARCH)) == []


def test_a_policy_is_read_as_corrected(bench: Bench) -> None:
    policy = adopted(values={LATE: 5}, valid_from="2026-01-05")
    told = "2026-05-01T09:00:00+08:00"
    fields = {"valid_from": "2026-03-01", "policies": [{"key": LATE, "value": 4}]}
    bench.post(policy, corrected(policy, told, fields=fields))
    assert [bench.value(LATE, at) for at in ("2026-02-28T12:00:00+08:00", MARCH)] == [3, 4]
    assert bench.value(LATE, known_at="2026-04-30T09:00:00+08:00") == 5
    bench.post(corrected(policy, "2026-05-02T09:00:00+08:00", fields={"policies": "none"}))
    assert bench.value(LATE) == 5, "corrections that cannot be read correct nothing"


def test_an_erased_policy_says_nothing_more_and_is_remembered_as_such(bench: Bench) -> None:
    policy = adopted(values={LATE: 5}, reserved=[{"act": "contract.sign"}], valid_until="2027-12-31")
    kept = adopted("Q", values={SPLIT: 60})
    first, second = bench.post(policy, kept)
    target = {"source": policy["source"], "id": policy["id"]}
    bench.post(event("data.erase", UNIT, "person:DPO", target=target, legal_basis="x"))
    policies, at = bench.load(), parse_instant(MARCH)
    assert (policies.value(LATE, UNIT, at), policies.value(SPLIT, UNIT, at)) == (3, 60)
    assert [each.policy for each in policies.in_force(UNIT, at)] == ["Q"]
    assert policies.erased(UNIT, at) == [first.position]
    assert policies.erased(UNIT, parse_instant("2026-01-04T09:00:00+08:00")) == []
    bare, whole = bench.rows()
    adoption = parse_instant(policy["time"])
    assert bare == (1, first.position, adoption, adoption, UNIT, None, adoption, None, None)
    assert (whole[1], whole[5], whole[8] is not None) == (second.position, "Q", True)
    bench.projector.rebuild(bench.database.dsn)
    assert bench.projector.wait_for(3, 10)
    assert bench.rows() == [bare, whole]


def test_a_row_says_what_its_act_says(bench: Bench) -> None:
    policy = adopted(values={LATE: 5}, at=MARCH, known="2026-03-05T09:00:00+08:00", valid_from="2026-04-01")
    (receipt,) = bench.post(policy)
    ((log, position, known, time, unit, name, starts, ends, data),) = bench.rows()
    assert (log, position, unit, name) == (1, receipt.position, UNIT, "P")
    assert (time, known) == (parse_instant(MARCH), parse_instant("2026-03-05T09:00:00+08:00"))
    assert (starts, ends) == (parse_instant("2026-04-01T00:00:00+08:00"), None)
    assert data == policy["data"]


def test_a_policy_is_named_by_its_object_where_nothing_else_does(bench: Bench) -> None:
    later = "2026-02-01T09:00:00+08:00"
    bench.post(adopted(None, object="P", values={LATE: 5}), adopted("P", at=later, object="N", values={SPLIT: 60}))
    assert [row[5] for row in bench.rows()] == ["P", "P"]
    assert (bench.value(LATE), bench.value(SPLIT)) == (3, 60), "two editions of one policy"


def test_reserved_matters_and_responsibility_are_read(bench: Bench) -> None:
    reserved = [{"act": "contract.sign", "amount_from": "500000.00"}, {"act": "award.decide"}]
    bench.post(
        adopted("A", reserved=reserved, responsibility={"grantor": "主管领导", "grantee": "被授权人"}),
        adopted("B", responsibility="谁行使谁负责"),
        adopted("C", responsibility={}),
        adopted("D"),
    )
    found = {each.policy: each for each in bench.load().in_force(UNIT, parse_instant(MARCH))}
    assert [(each.act, each.amount_from) for each in found["A"].reserved] == [
        ("contract.sign", "500000.00"),
        ("award.decide", None),
    ]
    assert [found[name].has_responsibility for name in "ABCD"] == [True, True, False, False]


def test_where_a_unit_is_decides_which_row_holds(bench: Bench) -> None:
    key = "method.open_tender.goods"
    bench.post(
        registered(jurisdiction="central"),
        registered(unit=OTHER, jurisdiction="420203"),
        registered("2026-02-01T09:00:00+08:00", name="改名"),
        registered("2026-06-01T09:00:00+08:00", jurisdiction="420203"),
    )
    assert bench.value(key) == Decimal("2000000"), "a registration that does not say where leaves it where it was"
    assert bench.value(key, "2024-06-01T00:00:00+08:00") == Decimal("2000000"), "registered late, and was there before"
    assert bench.value(key, "2026-06-01T09:00:00+08:00") is None, "moved: the central row is not its own any more"
    assert bench.value(key, unit=OTHER) is None
    assert bench.value(LATE, unit=OTHER) == 3, "what holds for the country holds there too"


def test_a_unit_may_set_what_no_row_of_its_place_says(bench: Bench) -> None:
    """The same key is bound for a unit of the central budget: neither more nor less is stricter."""
    key = "method.open_tender.goods"
    bench.post(
        registered(jurisdiction="420203"),
        registered(unit=OTHER, jurisdiction="central"),
        adopted(values={key: "4000000"}),
        adopted(values={key: "4000000"}, unit=OTHER),
    )
    policies, at = bench.load(), parse_instant(MARCH)
    assert policies.value(key, UNIT, at) == Decimal("4000000")
    assert policies.value(key, OTHER, at) == Decimal("2000000")
    assert [each[0] for each in policies.laxer(OTHER, at)] == [key]


def test_a_registration_is_read_as_corrected(bench: Bench) -> None:
    key, told = "method.open_tender.goods", "2026-05-01T09:00:00+08:00"
    wrong, right = registered(jurisdiction="420203"), registered(unit=OTHER, jurisdiction="central")
    bench.post(
        wrong,
        right,
        corrected(wrong, told, fields={"jurisdiction": "central"}),
        corrected(right, told, void=True),
    )
    assert [bench.value(key, unit=unit) for unit in (UNIT, OTHER)] == [Decimal("2000000"), None]
    before = "2026-04-30T09:00:00+08:00"
    assert [bench.value(key, unit=unit, known_at=before) for unit in (UNIT, OTHER)] == [None, Decimal("2000000")]


def test_what_holds_does_not_depend_on_the_order_of_arrival(bench: Bench) -> None:
    editions = [
        adopted(values={LATE: number}, at=f"2026-01-{number:02}T09:00:00+08:00", valid_from=f"2026-02-{number:02}")
        for number in range(1, 21)
    ]
    random.Random(20260302).shuffle(editions)
    bench.post(*editions)
    assert [bench.value(LATE, f"2026-02-{day:02}T12:00:00+08:00") for day in range(1, 21)] == list(range(1, 21))
