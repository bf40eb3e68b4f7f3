"""Who authorised this, on a real PostgreSQL: acts through admission, committer and follower, then the question."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from litestar.plugins.problem_details import ProblemDetailsException
from litestar.testing import TestClient
from psycopg.sql import SQL, Identifier

from edge.app import make_app
from edge.problems import problem
from edge.tokens import Token
from ledger.acts import Receipt
from projector.authority.answer import AuthorityAnswer, answers
from projector.authority.http import HANDLERS
from projector.authority.load import load
from projector.errors import Unknown
from projector.main import Projector
from projector.settings import Settings
from projector.view import parse_asked
from tests.conftest import Database, TestLedger
from tests.events import event

HEAD, DEPUTY, CHIEF, CLERK = "person:HEAD", "person:DEP", "person:CHIEF", "person:CLERK"
ACTED = "2026-03-02T09:30:00+08:00"
ACTING: dict[str, Any] = {
    "acting": "A1",
    "principal": DEPUTY,
    "substitute": CLERK,
    "from": "2026-03-01",
    "until": "2026-03-31",
}


@pytest.fixture
def projector(database: Database) -> Iterator[Projector]:
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.05)) as own:
        yield own


class Bench:
    """Posts acts, waits until they are projected, and asks about one of them."""

    def __init__(self, ledger: TestLedger, projector: Projector) -> None:
        self.ledger = ledger
        self.projector = projector

    def post(self, *events: dict[str, Any]) -> list[Receipt]:
        receipts = self.ledger.post(events)
        assert self.projector.wait_for(max(receipt.position for receipt in receipts), 10)
        return receipts

    def ask(self, receipt: Receipt, known_at: str | None = None) -> AuthorityAnswer:
        with self.projector.view(parse_asked(None, known_at)) as view:
            return answers(load(view, [receipt.position]), view.stand)[0]


@pytest.fixture
def bench(ledger: TestLedger, projector: Projector) -> Bench:
    return Bench(ledger, projector)


def said(type: str, subject: str, actor: str, at: str, known: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an act of the past, recorded by its source when it happened unless said otherwise."""
    attributes = {"recordedtime": known or at} | fields.pop("attributes", {})
    return event(type, subject, actor, time=at, attributes=attributes, **fields)


def vest(name: str = "grant:R", holder: str = HEAD, **data: Any) -> dict[str, Any]:
    at = "2026-01-05T09:00:00+08:00"
    return said("auth.vest", name, "person:REG", at, unit="unit:U1", grant=name, holder=holder, **data)


def granted(
    name: str,
    grantee: str,
    *,
    by: str = HEAD,
    parent: str | None = "grant:R",
    at: str = "2026-01-06T09:00:00+08:00",
    known: str | None = None,
    **data: Any,
) -> dict[str, Any]:
    given = {"grant": name, "kind": "general", "grantor": by, "grantee": grantee, "sub_delegable": True, **data}
    if parent is not None:
        given["parent"] = parent
    return said("auth.grant", name, by, at, known, unit="unit:U1", **given)


def signed(
    actor: str, at: str = ACTED, amount: str = "150000.00", subject: str = "project:X", **fields: Any
) -> dict[str, Any]:
    return said("contract.sign", subject, actor, at, amount=amount, contract="C1", **fields)


def codes(found: AuthorityAnswer) -> list[str]:
    return [failure.code for failure in found.failures]


def test_a_chain_of_three_is_answered_from_the_root_down(bench: Bench) -> None:
    *_, act = bench.post(
        vest(scope={"units": ["unit:U1"], "acts": ["contract.sign", "pay.approve"]}),
        granted("grant:1", DEPUTY, ceiling_item="2000000.00", valid_until="2026-12-31"),
        granted("grant:2", CHIEF, by=DEPUTY, parent="grant:1", ceiling_item="500000.00"),
        granted("grant:3", CLERK, by=CHIEF, parent="grant:2", scope={"acts": ["contract.sign"]}),
        signed(CLERK),
    )
    found = bench.ask(act)
    assert found.verdict == "VALID"
    assert [(link.grant, link.kind, link.grantor, link.grantee) for link in found.chain] == [
        ("grant:R", "root", None, HEAD),
        ("grant:1", "general", HEAD, DEPUTY),
        ("grant:2", "general", DEPUTY, CHIEF),
        ("grant:3", "general", CHIEF, CLERK),
    ]
    assert [link.position for link in found.chain] == [1, 2, 3, 4]
    assert [link.status_at_act for link in found.chain] == ["live"] * 4
    assert found.chain[0].scope_matched == {"units": "unit:U1", "acts": "contract.sign"}
    assert found.chain[3].scope_matched == {"acts": "contract.sign"}
    assert found.chain[1].term.valid_until == "2026-12-31"
    assert {link.known for link in found.chain} == {"asserted by the source"}
    assert (found.failures, found.legal_effect_note) == ([], None)
    assert found.position == act.position


def test_the_smallest_ceiling_of_the_chain_counts(bench: Bench) -> None:
    *_, act = bench.post(
        vest(),
        granted("grant:1", DEPUTY, ceiling_item="100000.00"),
        granted("grant:2", CHIEF, by=DEPUTY, parent="grant:1", ceiling_item="500000.00"),
        signed(CHIEF, amount="100000.01"),
    )
    found = bench.ask(act)
    assert (found.verdict, codes(found), found.failures[0].grant) == ("INVALID", ["AUT-06"], "grant:1")
    assert found.legal_effect_note is not None


def test_what_was_drawn_before_is_measured_at_every_grant_above(bench: Bench) -> None:
    """Uncited acts count too, and those of a subdelegate; acts of another type, and later ones, do not."""
    amounts = {"first": "300000.00", "second": "250000.00", "third": "400000.00"}
    *_, first, paid, second, third = bench.post(
        said("post.assign", "post:U1/DEP", "person:REG", "2025-01-01T09:00:00Z", post="post:U1/DEP", person=DEPUTY),
        vest(),
        granted("grant:1", "post:U1/DEP", ceiling_total="600000.00"),
        granted("grant:2", CLERK, by=DEPUTY, parent="grant:1", ceiling_total="500000.00"),
        signed(DEPUTY, "2026-02-02T09:00:00+08:00", amounts["first"]),
        said("pay.approve", "project:X", DEPUTY, "2026-02-10T09:00:00+08:00", amount="999.00"),
        signed(CLERK, "2026-02-20T09:00:00+08:00", amounts["second"], attributes={"authority": "grant:2"}),
        signed(CLERK, "2026-03-20T09:00:00+08:00", amounts["third"]),
    )
    assert [bench.ask(each).verdict for each in (first, paid, second)] == ["VALID"] * 3
    chain = bench.ask(second).chain
    assert [(link.grant, link.used_before, link.headroom_after) for link in chain] == [
        ("grant:R", None, None),
        ("grant:1", "300000.00", "50000.00"),
        ("grant:2", "0.00", "250000.00"),
    ]
    found = bench.ask(third)
    assert (found.verdict, [(each.code, each.grant) for each in found.failures]) == ("INVALID", [("AUT-07", "grant:2")])
    assert found.chain[1].headroom_after == "-350000.00"


def test_one_question_at_two_knowledge_times(bench: Bench) -> None:
    """The grant is dated before the act and was recorded three months after it."""
    *_, act, _ = bench.post(
        vest(),
        signed(CLERK),
        granted("grant:1", CLERK, at="2026-06-03T15:00:00+08:00", valid_from="2026-01-01"),
    )
    then = bench.ask(act, "2026-03-31")
    assert (then.verdict, codes(then), then.chain) == ("INVALID", ["AUT-01"], [])
    now = bench.ask(act)
    assert (now.verdict, codes(now)) == ("INVALID", ["AUT-12"])
    assert [link.grant for link in now.chain] == ["grant:R", "grant:1"]
    assert (then.known_at < now.known_at, then.as_of) == (True, now.as_of)


def test_a_grant_recorded_a_little_late_is_late_recorded(bench: Bench) -> None:
    late = granted("grant:1", CLERK, at="2026-03-02T09:00:00+08:00", known="2026-03-03T17:00:00+08:00")
    *_, act = bench.post(vest(), late, signed(CLERK))
    found = bench.ask(act)
    assert (found.verdict, codes(found)) == ("LATE_RECORDED", ["AUT-12"])
    assert found.failures[0].result == "LATE"
    assert bench.ask(act, ACTED).verdict == "INVALID", "then, nobody knew of it"


def test_a_later_revocation_leaves_the_act_and_stops_the_next(bench: Bench) -> None:
    revoked_at = "2026-04-01T00:00:00+08:00"
    *_, before, _, after = bench.post(
        vest(),
        granted("grant:1", CLERK),
        signed(CLERK),
        said("auth.revoke", "grant:1", HEAD, revoked_at, grant="grant:1", notified_at=revoked_at),
        signed(CLERK, revoked_at),
    )
    assert bench.ask(before).verdict == "VALID"
    found = bench.ask(after)
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-04"])
    assert [link.status_at_act for link in found.chain] == ["live", "revoked"]


def test_a_backdated_revocation_is_noted_once_it_is_known(bench: Bench) -> None:
    back = said("auth.revoke", "grant:1", HEAD, "2026-04-01T00:00:00+08:00", grant="grant:1", effective_at="2026-02-01")
    *_, act, _ = bench.post(vest(), granted("grant:1", CLERK), signed(CLERK), back)
    then, now = bench.ask(act, "2026-03-31"), bench.ask(act)
    assert (then.verdict, then.notes) == ("VALID", [])
    assert now.verdict == "VALID"
    assert [note[:6] for note in now.notes] == ["AUT-04"]


def test_an_account_acts_as_its_person(bench: Bench) -> None:
    link = said("account.link", CLERK, "person:REG", "2026-03-05T09:00:00+08:00", account="account:erp/7", person=CLERK)
    *_, act, _ = bench.post(vest(), granted("grant:1", CLERK), signed("account:erp/7"), link)
    now = bench.ask(act)
    assert (now.verdict, now.act.actor, now.act.asked) == ("VALID", "account:erp/7", CLERK)
    then = bench.ask(act, ACTED)
    assert codes(then) == ["AUT-01"], "nobody knew yet whose the account was"
    assert then.notes


def test_a_grant_to_a_post_passes_to_the_successor(bench: Bench) -> None:
    post, handover = "post:U1/DEP", "2026-03-01T00:00:00+08:00"
    *_, first, second, third = bench.post(
        said("post.assign", post, "person:REG", "2025-01-01T09:00:00+08:00", post=post, person=DEPUTY),
        said("post.relieve", post, "person:REG", handover, post=post, person=DEPUTY),
        said("post.assign", post, "person:REG", handover, post=post, person=CHIEF),
        vest(),
        granted("grant:1", post),
        signed(DEPUTY, "2026-02-28T10:00:00+08:00"),
        signed(CHIEF),
        signed(DEPUTY),
    )
    assert bench.ask(first).verdict == "VALID"
    found = bench.ask(second)
    assert found.verdict == "VALID"
    assert found.chain[-1].via is not None
    assert (found.chain[-1].via.person, found.chain[-1].via.post) == (CHIEF, post)
    assert codes(bench.ask(third)) == ["AUT-18"]


def test_a_substitute_exercises_the_grants_of_the_principal(bench: Bench) -> None:
    appointed = said(
        "acting.appoint",
        "unit:U1",
        HEAD,
        "2026-02-20T09:00:00+08:00",
        grants=["grant:1"],
        **ACTING,
    )
    ended = said("acting.end", "unit:U1", HEAD, "2026-03-10T09:00:00+08:00", acting="A1")
    *_, during, late = bench.post(
        vest(),
        granted("grant:1", DEPUTY),
        appointed,
        ended,
        signed(CLERK, attributes={"onbehalfof": DEPUTY}),
        signed(CLERK, "2026-03-10T09:00:00+08:00", attributes={"onbehalfof": DEPUTY}),
    )
    found = bench.ask(during)
    assert found.verdict == "VALID"
    assert found.chain[-1].via is not None
    assert (found.chain[-1].via.principal, found.chain[-1].via.acting) == (DEPUTY, "A1")
    assert found.chain[-1].via.acting_position == 3
    assert codes(bench.ask(late)) == ["AUT-20"]


def test_units_below_count_where_the_scope_says_so(bench: Bench) -> None:
    below = {"units": ["unit:TOP"], "include_subordinates": True}
    *_, inside, outside = bench.post(
        said("unit.register", "unit:U1", "person:REG", "2025-01-01T09:00:00+08:00", parent="unit:TOP"),
        said("unit.register", "unit:U2", "person:REG", "2025-01-01T09:00:00+08:00"),
        vest(scope=below),
        granted("grant:1", CLERK),
        signed(CLERK),
        signed(CLERK, unit="unit:U2"),
    )
    assert bench.ask(inside).chain[0].scope_matched == {"units": "unit:TOP"}
    found = bench.ask(outside)
    assert [(each.code, each.axis, each.grant) for each in found.failures] == [("AUT-05", "units", "grant:R")]


def test_the_method_and_category_come_from_the_acts_of_the_project(bench: Bench) -> None:
    what: dict[str, Any] = {"category": "A02010105", "method": "quotation"}
    opened = said("project.open", "project:X", CLERK, "2026-01-10T09:00:00+08:00", **what)
    changed = said("method.change", "project:X", HEAD, "2026-02-10T09:00:00+08:00", method="negotiation")
    scope = {"categories": ["A0201"], "methods": ["quotation"]}
    *_, early, late = bench.post(
        opened,
        changed,
        vest(),
        granted("grant:1", CLERK, scope=scope),
        signed(CLERK, "2026-02-09T09:00:00+08:00"),
        signed(CLERK),
    )
    assert bench.ask(early).verdict == "VALID"
    assert [failure.axis for failure in bench.ask(late).failures] == ["methods"]


def test_what_the_finance_department_decides_needs_no_grant(bench: Bench) -> None:
    _, outside, inside = bench.post(
        said("project.open", "project:X", CLERK, "2026-01-10T09:00:00+08:00"),
        said("budget.approve", "project:X", HEAD, ACTED, unit="unit:FIN", amount="1.00"),
        said("budget.approve", "project:X", HEAD, ACTED, amount="1.00"),
    )
    assert bench.ask(outside).verdict == "NOT_REQUIRED"
    assert codes(bench.ask(inside)) == ["AUT-01"]


def test_arrival_order_changes_no_answer(bench: Bench) -> None:
    acts = [
        vest(),
        granted("grant:1", CLERK),
        said("auth.suspend", "grant:1", HEAD, "2026-02-01T09:00:00+08:00", grant="grant:1"),
        said("auth.resume", "grant:1", HEAD, "2026-02-20T09:00:00+08:00", grant="grant:1"),
        signed(CLERK),
    ]
    act, *_ = bench.post(*reversed(acts))
    assert bench.ask(act).verdict == "VALID"


def test_a_withdrawn_grant_never_was_and_a_withdrawn_revocation_neither(bench: Bench) -> None:
    grant = granted("grant:1", CLERK)
    revocation = said("auth.revoke", "grant:1", HEAD, "2026-02-01T09:00:00+08:00", grant="grant:1")
    *_, act = bench.post(vest(), grant, revocation, signed(CLERK, attributes={"authority": "grant:1"}))
    assert codes(bench.ask(act)) == ["AUT-04"]
    bench.post(_withdrawn(revocation, "2026-05-01T09:00:00+08:00"))
    assert bench.ask(act).verdict == "VALID"
    bench.post(_withdrawn(grant, "2026-06-01T09:00:00+08:00"))
    found = bench.ask(act)
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-01"])
    assert found.citation is not None
    assert found.citation.status == "withdrawn"
    assert bench.ask(act, "2026-05-31").verdict == "VALID", "that it was an error was not known in May"


def _withdrawn(target: dict[str, Any], at: str) -> dict[str, Any]:
    key = {"source": target["source"], "id": target["id"]}
    return said("act.correct", "unit:U1", "person:REG", at, corrects=key, void=True, reason="recorded in error")


def test_a_corrected_amount_is_judged_once_it_is_known(bench: Bench) -> None:
    act = signed(CLERK, amount="1500000.00")
    fields = {"amount": "150000.00"}
    key = {"source": act["source"], "id": act["id"]}
    correction = said("act.correct", "project:X", CLERK, "2026-03-09T09:00:00+08:00", corrects=key, fields=fields)
    *_, receipt, _ = bench.post(vest(), granted("grant:1", CLERK, ceiling_item="200000.00"), act, correction)
    assert codes(bench.ask(receipt, "2026-03-08")) == ["AUT-06"]
    assert bench.ask(receipt).verdict == "VALID"


def test_a_ratification_cures_and_does_not_erase(bench: Bench) -> None:
    act = signed(CLERK)
    key = {"source": act["source"], "id": act["id"]}
    ratified = said("auth.ratify", "unit:U1", HEAD, "2026-03-20T09:00:00+08:00", act=key, reason="合同有利")
    _, receipt, ratification = bench.post(vest(), act, ratified)
    before, after = bench.ask(receipt, "2026-03-19"), bench.ask(receipt)
    assert (before.verdict, codes(before)) == ("INVALID", ["AUT-01"])
    assert (after.verdict, codes(after)) == ("RATIFIED", ["AUT-01"])
    assert any(f"position {ratification.position}" in note for note in after.notes)


def test_an_erased_grant_leaves_the_act_unproven(bench: Bench) -> None:
    grant = granted("grant:1", CLERK)
    *_, act = bench.post(vest(), grant, signed(CLERK, attributes={"authority": "grant:1"}))
    assert bench.ask(act).verdict == "VALID"
    target = {"source": grant["source"], "id": grant["id"]}
    bench.post(said("data.erase", "grant:1", "person:DPO", "2026-07-01T09:00:00+08:00", target=target, legal_basis="x"))
    found = bench.ask(act)
    assert (found.verdict, found.citation is not None and found.citation.status) == ("UNPROVEN", "erased")


def test_an_erased_revocation_leaves_later_acts_unproven(bench: Bench) -> None:
    revoked = said("auth.revoke", "grant:1", HEAD, "2026-02-01T09:00:00+08:00", grant="grant:1")
    *_, act = bench.post(vest(), granted("grant:1", CLERK), revoked, signed(CLERK))
    assert codes(bench.ask(act)) == ["AUT-04"]
    target = {"source": revoked["source"], "id": revoked["id"]}
    bench.post(said("data.erase", "grant:1", "person:DPO", "2026-07-01T09:00:00+08:00", target=target, legal_basis="x"))
    found = bench.ask(act)
    assert (found.verdict, codes(found)) == ("UNPROVEN", ["AUT-04"])


def test_a_substitute_of_a_post_holder_draws_on_the_same_total(bench: Bench) -> None:
    post = "post:U1/DEP"
    *_, first, second = bench.post(
        said("post.assign", post, "person:REG", "2025-01-01T09:00:00Z", post=post, person=DEPUTY),
        vest(),
        granted("grant:1", post, ceiling_total="200000.00"),
        said("acting.appoint", "unit:U1", HEAD, "2026-02-20T09:00:00+08:00", grants=["grant:1"], **ACTING),
        signed(CLERK, amount="150000.00", attributes={"onbehalfof": DEPUTY}),
        signed(DEPUTY, "2026-03-03T09:00:00+08:00", "60000.00", subject="project:Y"),
    )
    assert bench.ask(first).verdict == "VALID"
    found = bench.ask(second)
    assert (codes(found), found.chain[-1].used_before) == (["AUT-07"], "150000.00")


def test_grants_that_rest_on_each_other_end_nowhere(bench: Bench) -> None:
    *_, act = bench.post(
        granted("grant:A", CLERK, parent="grant:B"),
        granted("grant:B", DEPUTY, by=CLERK, parent="grant:A"),
        signed(CLERK),
    )
    assert codes(bench.ask(act)) == ["AUT-10"]


def test_a_rebuilt_read_model_holds_the_same_facts(bench: Bench, database: Database) -> None:
    grant, key = granted("grant:1", CLERK), {"source": "urn:test", "id": "x"}
    target = {"source": grant["source"], "id": grant["id"]}
    *_, last = bench.post(
        vest(),
        grant,
        said("auth.suspend", "grant:1", HEAD, "2026-02-01T09:00:00+08:00", grant="grant:1"),
        said("auth.ratify", "unit:U1", HEAD, "2026-02-02T09:00:00+08:00", act=key),
        said("acting.appoint", "unit:U1", HEAD, "2026-02-03T09:00:00+08:00", grants=["grant:1"], **ACTING),
        said("acting.end", "unit:U1", HEAD, "2026-02-04T09:00:00+08:00", acting="A1"),
        said("data.erase", "grant:1", "person:DPO", "2026-07-01T09:00:00+08:00", target=target, legal_basis="x"),
    )
    tables = ("grants", "grant_changes", "ratifications", "actings", "acting_ends")

    def rows() -> dict[str, list[Any]]:
        with bench.projector.pool.connection() as connection:
            return {
                table: connection.execute(
                    SQL("SELECT * FROM projector.{} ORDER BY position").format(Identifier(table))
                ).fetchall()
                for table in tables
            }

    before = rows()
    assert [len(before[table]) for table in tables] == [2, 1, 1, 1, 1]
    bench.projector.rebuild(database.dsn)
    assert bench.projector.wait_for(last.position, 10)
    assert rows() == before


# What people hold


def held(bench: Bench, known_at: str = "infinity") -> list[tuple[Any, ...]]:
    with bench.projector.pool.connection() as connection:
        return connection.execute(
            "SELECT holder, act, unit, project, starts::text, ends::text, positions"
            "  FROM projector.held_by_grant(1, %s) ORDER BY 1, 2, 3, 4, 5",
            (known_at,),
        ).fetchall()


def test_live_delegations_let_people_hold_the_acts_they_name(bench: Bench) -> None:
    one = {"acts": ["contract.sign"], "projects": ["project:X"]}
    bench.post(
        vest(scope={"acts": ["contract.sign", "pay.approve"], "units": ["unit:U1"]}),
        granted("grant:1", DEPUTY, valid_from="2026-02-01", valid_until="2026-12-31"),
        granted("grant:2", CLERK, by=DEPUTY, parent="grant:1", scope=one),
    )
    start, end = "2026-01-31 16:00:00+00", "2026-12-31 16:00:00+00"
    assert held(bench) == [
        (CLERK, "contract.sign", "unit:U1", "project:X", start, end, [3, 2, 1]),
        (DEPUTY, "contract.sign", "unit:U1", None, start, end, [2, 1]),
        (DEPUTY, "pay.approve", "unit:U1", None, start, end, [2, 1]),
    ]


def test_what_is_revoked_or_suspended_is_not_held_meanwhile(bench: Bench) -> None:
    bench.post(
        vest(),
        granted("grant:1", CLERK, scope={"acts": ["contract.sign"]}),
        said("auth.suspend", "grant:1", HEAD, "2026-02-01T00:00:00Z", grant="grant:1"),
        said("auth.resume", "grant:1", HEAD, "2026-03-01T00:00:00Z", grant="grant:1"),
        said("auth.revoke", "grant:R", "person:REG", "2026-04-01T00:00:00Z", grant="grant:R"),
    )
    stretches = [(row[4], row[5]) for row in held(bench)]
    assert stretches == [
        ("2026-01-06 01:00:00+00", "2026-02-01 00:00:00+00"),
        ("2026-03-01 00:00:00+00", "2026-04-01 00:00:00+00"),
    ]
    assert [row[5] for row in held(bench, "2026-01-31T00:00:00Z")] == [None], "then, none of that was known"


def test_a_substitute_holds_what_the_appointment_names(bench: Bench) -> None:
    bench.post(
        vest(),
        granted("grant:1", DEPUTY, scope={"acts": ["contract.sign", "pay.approve"]}),
        granted("grant:2", DEPUTY, scope={"acts": ["award.decide"]}, personal_only=True),
        said(
            "acting.appoint",
            "unit:U1",
            HEAD,
            "2026-02-20T09:00:00+08:00",
            grants=["grant:1", "grant:2"],
            acts=["contract.sign", "award.decide"],
            **ACTING,
        ),
    )
    mine = [row for row in held(bench) if row[0] == CLERK]
    assert mine == [(CLERK, "contract.sign", None, None, "2026-02-28 16:00:00+00", "2026-03-31 16:00:00+00", [4, 2, 1])]


def test_a_scope_with_subordinates_is_held_in_each_of_them(bench: Bench) -> None:
    wide = {"acts": ["contract.sign"], "units": ["unit:U1"], "include_subordinates": True}
    bench.post(
        said("unit.register", "unit:U2", "person:REG", "2025-01-01T09:00:00+08:00", parent="unit:U1"),
        said("unit.register", "unit:U3", "person:REG", "2025-01-01T09:00:00+08:00", parent="unit:U2"),
        vest(),
        granted("grant:1", CLERK, scope=wide),
    )
    assert [row[2] for row in held(bench)] == ["unit:U1", "unit:U2", "unit:U3"]


def test_a_grant_that_ends_before_it_starts_is_never_held(bench: Bench) -> None:
    scope = {"acts": ["contract.sign"]}
    bench.post(vest(), granted("grant:1", CLERK, scope=scope, valid_from="2026-06-01", valid_until="2026-05-01"))
    assert held(bench) == []


def test_an_absent_parent_is_resolved_for_what_is_held_too(bench: Bench) -> None:
    post = "post:U1/HEAD"
    bench.post(
        said("post.assign", post, "person:REG", "2025-01-01T09:00:00+08:00", post=post, person=HEAD),
        vest(holder=post, scope={"acts": ["contract.sign"]}),
        granted("grant:1", CLERK, parent=None),
    )
    assert [(row[0], row[1], row[6]) for row in held(bench)] == [(CLERK, "contract.sign", [3, 2])]


# Over HTTP


class Anyone:
    """Tokens that know one bearer."""

    def __init__(self, *scopes: str) -> None:
        self._token = Token("t", "test", frozenset(scopes), frozenset(), frozenset())

    async def ask(self, _: str) -> Token:
        return self._token


@contextmanager
def served(projector: Projector, *scopes: str) -> Generator[TestClient[Any]]:
    def not_found(exc: Unknown) -> ProblemDetailsException:
        return problem(404, "not-found", "Not found", str(exc))

    app = make_app(
        HANDLERS,
        title="test",
        tokens=cast("Any", Anyone(*scopes)),
        state={"projector": projector},
        checks={},
        errors={Unknown: not_found},
    )
    with TestClient(app) as client:
        client.headers["Authorization"] = "Bearer x"
        yield client


def test_the_answer_over_http(bench: Bench) -> None:
    lawyer = {"actor": "person:LAW", "function": "legal"}
    *_, review, act = bench.post(
        vest(),
        granted("grant:1", CLERK, ceiling_item="200000.00", conditions=["legal_review"]),
        said("contract.review", "project:X", "person:LAW", "2026-03-01T09:00:00+08:00", participants=[lawyer]),
        signed(CLERK),
    )
    with served(bench.projector, "read") as client:
        found = client.get(f"/v1/acts/{act.position}/authority").json()
        assert found["verdict"] == "VALID"
        assert found["act"]["amount"] == "150000.00"
        assert [link["grant"] for link in found["chain"]] == ["grant:R", "grant:1"]
        assert found["chain"][1]["ceiling"]["item"] == "200000.00"
        (condition,) = found["conditions"]
        assert (condition["grant"], condition["condition"]) == ("grant:1", "legal_review")
        assert (condition["status"], condition["acts"]) == ("met", [review.position])
        assert found["as_of"] == "2026-03-02T01:30:00Z"
        then = client.get(f"/v1/acts/{act.position}/authority", params={"known_at": "2026-01-05"}).json()
        assert (then["verdict"], then["known_at"]) == ("INVALID", "2026-01-05T15:59:59.999999Z")


def test_a_question_waits_for_the_position_it_names(ledger: TestLedger, projector: Projector) -> None:
    *_, act = ledger.post([vest(), granted("grant:1", CLERK), signed(CLERK)])
    with served(projector, "read") as client:
        found = client.get(f"/v1/acts/{act.position}/authority", params={"min_position": act.position})
        assert (found.status_code, found.json()["position"]) == (200, act.position)


def test_an_unknown_position_is_a_404_problem(bench: Bench) -> None:
    with served(bench.projector, "read") as client:
        found = client.get("/v1/acts/77/authority")
        assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")
        assert client.get("/v1/grants/grant:GHOST").status_code == 404


def test_who_may_not_read_is_refused(bench: Bench) -> None:
    with served(bench.projector, "events:write") as client:
        for at in ("/v1/acts/1/authority", "/v1/grants", "/v1/grants/x"):
            assert client.get(at).status_code == 403


def test_the_register_of_grants_is_paged_and_filtered(bench: Bench) -> None:
    bench.post(
        vest(),
        granted("grant:1", CLERK, scope={"units": ["unit:U9"]}),
        granted("grant:2", DEPUTY, valid_until="2026-01-31"),
        granted("grant:3", CLERK, by=DEPUTY, parent="grant:2", valid_until="2026-12-31"),
        said("auth.suspend", "grant:1", HEAD, "2026-02-01T00:00:00Z", grant="grant:1"),
    )
    with served(bench.projector, "read") as client:

        def names(**params: Any) -> list[str]:
            return [item["grant"] for item in client.get("/v1/grants", params=params).json()["items"]]

        assert names() == ["grant:R", "grant:1", "grant:2", "grant:3"]
        first = client.get("/v1/grants", params={"limit": 3}).json()
        assert names(limit=3, after=first["next"]) == ["grant:3"]
        assert names(grantee=CLERK) == ["grant:1", "grant:3"]
        assert names(unit="unit:U9") == ["grant:1"]
        march = {"as_of": "2026-03-01"}
        assert names(status="live", **march) == ["grant:R"]
        assert names(status="ended", **march) == ["grant:2", "grant:3"], "what rests on an ended grant ended with it"
        assert names(status="live", as_of="2026-01-20") == ["grant:R", "grant:1", "grant:2", "grant:3"]
        states = {item["grant"]: item["status"] for item in client.get("/v1/grants", params=march).json()["items"]}
        assert states == {"grant:R": "live", "grant:1": "suspended", "grant:2": "expired", "grant:3": "live"}


def test_a_grant_shows_what_it_rests_on_and_what_was_done_by_it(bench: Bench) -> None:
    *_, act, _ = bench.post(
        vest(),
        granted("grant:1", DEPUTY, parent=None),
        granted("grant:2", CLERK, by=DEPUTY, parent="grant:1"),
        signed(DEPUTY, attributes={"authority": "grant:1"}),
        said("auth.revoke", "grant:1", HEAD, "2026-05-01T00:00:00Z", grant="grant:1"),
    )
    with served(bench.projector, "read") as client:
        for name in ("grant:1", "1"):
            found = client.get(f"/v1/grants/{name}").json()
            assert [link["grant"] for link in found["rests_on"]] == ["grant:R"]
            assert [link["grant"] for link in found["rest_on_it"]] == ["grant:2"]
            assert [made["change"] for made in found["changes"]] == ["revoke"]
            assert [under["position"] for under in found["acts"]["items"]] == [act.position]
            assert (found["grant"]["status"], found["grant"]["live"]) == ("revoked", False)
        assert [each["grant"] for each in client.get("/v1/grants/grant:R").json()["rest_on_it"]] == ["grant:1"]


def test_a_grants_name_may_hold_a_slash(bench: Bench) -> None:
    bench.post(vest("grant:S/2026/1"))
    with served(bench.projector, "read") as client:
        for at in ("/v1/grants/grant:S%2F2026%2F1", "/v1/grants/S/2026/1"):
            assert client.get(at).json()["grant"]["grant"] == "grant:S/2026/1"


def test_the_answers_are_documented(bench: Bench) -> None:
    with served(bench.projector, "read") as client:
        schema = client.get("/docs/openapi.json").json()
        assert "AuthorityAnswer" in schema["components"]["schemas"]


@pytest.mark.parametrize("position", [0, -1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**40])
def test_a_position_that_no_log_can_have_is_unknown_at_once(bench: Bench, position: int) -> None:
    with served(bench.projector, "read") as client:
        for question in ({}, {"proof": "true"}):
            found = client.get(f"/v1/acts/{position}/authority", params=question)
            assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json"), found.text


@pytest.mark.parametrize(
    "at", ["/v1/grants/%00", "/v1/grants?unit=a%00b", "/v1/units/%00/grants", "/v1/projects/a%00/authority"]
)
def test_an_address_with_a_nul_in_it_is_a_400_problem(bench: Bench, at: str) -> None:
    with served(bench.projector, "read") as client:
        found = client.get(at)
        assert (found.status_code, found.headers["content-type"]) == (400, "application/problem+json")
