"""Incompatible duties: who counts, by which account, exercised or held, and the moments at which that turns."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from ledger.acts import Receipt
from ledger.main import create_token
from projector.conflicts import Conflict, Conflicts, Overlap, Sought, conflicts, find_conflicts
from projector.duties import person_duties, project_duties
from projector.errors import Unknown
from projector.main import Projector
from projector.settings import Settings
from projector.view import Asked, parse_asked
from tests.conftest import Database, TestLedger
from tests.events import event

P, Q = "project:P1", "project:P2"
A, B, C = "person:A", "person:B", "person:C"
LOG = "log:localhost/quanze/test"

Said = tuple[str, str, str, str]


class Bench:
    """Posts acts, waits for the read model, asks for conflicts."""

    def __init__(self, ledger: TestLedger, projector: Projector) -> None:
        self.ledger = ledger
        self.projector = projector

    def post(self, *events: dict[str, Any]) -> list[Receipt]:
        receipts = self.ledger.post(events)
        assert self.projector.wait_for(max(receipt.position for receipt in receipts), 10)
        return receipts

    def find(self, as_of: str | None = None, known_at: str | None = None, **sought: Any) -> list[Conflict]:
        asked = parse_asked(as_of, known_at)
        with self.projector.view(asked) as view:
            found = find_conflicts(view, Sought(**sought))
            rows = view.connection.execute("SELECT DISTINCT project FROM projector.acts WHERE project IS NOT NULL")
            projects = {row[0] for row in rows} & {sought.get("project", each.project) for each in found} | {P}
        for project in sorted(projects):
            self._require_same_by_case(project, asked, sought)
        return found

    def _require_same_by_case(self, project: str, asked: Asked, sought: dict[str, Any]) -> None:
        """One project's conflicts are found over the case of that project, all projects' over the whole log."""
        within: dict[str, Any] = {**sought, "project": project}
        one = Sought(**within)
        by_case = self.projector.judge.conflicts_now(project, asked, machines=one.machines)
        with self.projector.view(asked) as view:
            if view.select("project_exists", {"project": project}).fetchone() is not None:
                whole = conflicts(view, one, 1000, None).items
                assert conflicts(view, one, 1000, None, by_case).items == whole

    def said(self, as_of: str | None = None, known_at: str | None = None, **sought: Any) -> list[Said]:
        return [(each.rule, each.basis, each.project, each.person) for each in self.find(as_of, known_at, **sought)]

    def rules(self, **sought: Any) -> list[str]:
        return [each.rule for each in self.find(**sought)]


@pytest.fixture
def bench(ledger: TestLedger, database: Database) -> Iterator[Bench]:
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.05)) as projector:
        yield Bench(ledger, projector)


def sign(who: str, project: str = P, **more: Any) -> dict[str, Any]:
    return event("contract.sign", project, who, **more)


def accept(who: str, project: str = P, **more: Any) -> dict[str, Any]:
    return event("accept.perform", project, who, **more)


def with_people(*people: dict[str, Any], type: str = "accept.perform", by: str = C) -> dict[str, Any]:
    return event(type, P, by, participants=list(people))


def link(account: str, person: str, **more: Any) -> dict[str, Any]:
    return event("account.link", person, C, account=account, person=person, **more)


def void(act: dict[str, Any], **more: Any) -> dict[str, Any]:
    return event("act.correct", P, C, corrects={"source": act["source"], "id": act["id"]}, void=True, **more)


def pack(**parts: Any) -> dict[str, Any]:
    return event("catalogue.extend", LOG, C, pack="local", **parts)


# Exercised: one person, both duties, whenever


@pytest.mark.parametrize("turned", [False, True])
def test_signing_and_accepting_conflict_in_either_order_and_months_apart(bench: Bench, turned: bool) -> None:
    times = ["2026-03-02T09:00:00+08:00", "2026-09-02T09:00:00+08:00"]
    first, second = reversed(times) if turned else times
    bench.post(sign(A, time=first), accept(A, time=second), accept(B, time=first))
    (found,) = bench.find()
    assert (found.rule, found.severity, found.force, found.basis) == ("SOD-03", "HIGH", "NORM", "PERFORMED")
    assert (found.project, found.person, found.actor_class) == (P, A, "person")
    assert (found.roles, found.positions) == (["contract_signer", "acceptor"], [1, 2])
    assert "21号" in found.citation


def test_two_persons_or_two_projects_are_no_conflict(bench: Bench) -> None:
    bench.post(sign(A), accept(B), accept(A, Q))
    assert bench.find() == []


def test_evidence_grows_and_the_conflict_stays_one(bench: Bench) -> None:
    bench.post(sign(A), accept(A), accept(A, object="second"), event("contract.amend", P, A))
    (found,) = bench.find()
    assert found.positions == [1, 2, 3, 4]


def test_two_accounts_are_one_person_once_that_is_known(bench: Bench) -> None:
    early, late = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"
    known = {"recordedtime": "2026-03-03T00:00:00Z"}
    bench.post(
        sign("account:oa/a", attributes=known),
        accept("account:fin/a", attributes=known),
        link("account:oa/a", A, time=early, attributes={"recordedtime": early}),
        link("account:fin/a", A, time=late, attributes={"recordedtime": late}),
    )
    assert bench.said() == [("SOD-03", "PERFORMED", P, A)]
    assert bench.said(known_at="2026-06-30T23:59:59.999999Z") == []
    assert bench.said(known_at=late) == [("SOD-03", "PERFORMED", P, A)]


def test_an_account_linked_to_nobody_is_a_person_of_its_own(bench: Bench) -> None:
    bench.post(sign("account:oa/a"), accept("account:oa/a"), accept("account:oa/b"))
    (found,) = bench.find()
    assert (found.person, found.actor_class) == ("account:oa/a", "person")


def test_what_another_did_under_the_account_before_or_after_is_not_mine(bench: Bench) -> None:
    handover = "2026-05-01T00:00:00+08:00"
    bench.post(
        link("account:oa/x", A, time="2026-01-01T00:00:00+08:00"),
        event("account.unlink", A, C, account="account:oa/x", time=handover),
        link("account:oa/x", B, time=handover),
        sign("account:oa/x", time="2026-04-30T23:59:59.999999+08:00"),
        accept("account:oa/x", time=handover),
    )
    assert bench.find() == []
    bench.post(accept(A))
    assert bench.said() == [("SOD-03", "PERFORMED", P, A)]


# Who counts (contract, section 3)


@pytest.mark.parametrize(
    ("person", "counts"),
    [
        ({"actor": A}, True),
        ({"actor": A, "capacity": "lead"}, True),
        ({"actor": A, "capacity": "member"}, True),
        ({"actor": A, "capacity": "handler"}, True),
        ({"actor": A, "capacity": "countersigner"}, True),
        ({"actor": A, "capacity": "observer"}, False),
        ({"actor": A, "capacity": "attendee"}, False),
        ({"actor": A, "role": "supervisor"}, False),
    ],
)
def test_a_participant_exercises_the_duty_of_the_act_or_one_of_their_own(
    bench: Bench, person: dict[str, Any], counts: bool
) -> None:
    bench.post(sign(A), with_people(person))
    assert ("SOD-03" in bench.rules()) == counts


def test_a_handler_of_a_signing_is_a_signer_too(bench: Bench) -> None:
    bench.post(with_people({"actor": A, "capacity": "handler"}, type="contract.sign"), accept(A))
    assert bench.said() == [("SOD-03", "PERFORMED", P, A)]


@pytest.mark.parametrize("capacity", ["observer", "attendee", "member", None])
def test_the_actor_exercises_the_duty_of_the_act_however_listed(bench: Bench, capacity: str | None) -> None:
    bench.post(sign(A, participants=[{"actor": A, "capacity": capacity}]), accept(A))
    assert bench.said() == [("SOD-03", "PERFORMED", P, A)]


def test_the_role_of_the_envelope_adds_a_duty_and_takes_none(bench: Bench) -> None:
    bench.post(sign(A, attributes={"role": "asset_keeper"}), accept(A))
    assert bench.rules() == ["SOD-03", "SOD-04"]


def test_bodies_and_organisations_are_never_one_person(bench: Bench) -> None:
    for who in ("body:党组会", "supplier:V1", "agency:A1"):
        bench.post(sign(who), accept(who))
    assert bench.find(machines=True) == []


def test_machines_and_the_unknown_are_classes_of_their_own(bench: Bench) -> None:
    for who in ("system:erp", "system:unknown/NONE"):
        bench.post(sign(who), accept(who))
    assert bench.find() == []
    found = bench.find(machines=True)
    assert [(each.person, each.actor_class) for each in found] == [
        ("system:erp", "system"),
        ("system:unknown/NONE", "unknown"),
    ]


def test_withdrawn_acts_are_out_as_far_as_that_is_known(bench: Bench) -> None:
    known = {"recordedtime": "2026-03-03T00:00:00Z"}
    signed = sign(A, attributes=known)
    bench.post(signed, accept(A, attributes=known), void(signed, attributes={"recordedtime": "2026-04-01T00:00:00Z"}))
    assert bench.find() == []
    assert bench.find(known_at="2026-04-01T00:00:00Z") == []
    assert bench.rules(known_at="2026-03-31T23:59:59.999999Z") == ["SOD-03"]


def test_who_did_it_counts_as_corrected(bench: Bench) -> None:
    signed = sign(A, attributes={"recordedtime": "2026-03-03T00:00:00Z"})
    key = {"source": signed["source"], "id": signed["id"]}
    bench.post(signed, accept(A, attributes={"recordedtime": "2026-03-03T00:00:00Z"}), accept(B))
    bench.post(event("act.correct", P, C, corrects=key, fields={"actor": B}))
    assert bench.said() == [("SOD-03", "PERFORMED", P, B)]
    assert bench.said(known_at="2026-03-03T00:00:00Z") == [("SOD-03", "PERFORMED", P, A)]
    bench.post(event("act.correct", P, C, corrects=key, fields={"participants": [{"actor": A, "role": "acceptor"}]}))
    assert bench.said() == [("SOD-03", "PERFORMED", P, B)]
    bench.post(event("act.correct", P, C, corrects=key, fields={"participants": [{"actor": A}]}))
    assert bench.said() == [("SOD-03", "PERFORMED", P, A), ("SOD-03", "PERFORMED", P, B)]


def test_as_of_leaves_out_what_had_not_happened(bench: Bench) -> None:
    bench.post(sign(A, time="2026-03-02T09:00:00+08:00"), accept(A, time="2026-03-02T09:00:01+08:00"))
    assert bench.find("2026-03-02T09:00:00.999999+08:00") == []
    assert len(bench.find("2026-03-02T09:00:01+08:00")) == 1


# Kinds of sides


def test_deciding_or_executing_conflicts_with_supervising_the_project(bench: Bench) -> None:
    inspect = event("supervise.inspect", P, A)
    bench.post(inspect, event("coi.declare", P, A, none=True), event("recusal.decide", P, A, recusal="R1"))
    assert bench.find() == []  # declaring an interest makes nobody an executor, deciding a recusal nobody a decider
    bench.post(event("plan.prepare", P, A))
    assert bench.rules() == ["SOD-13"]
    bench.post(event("plan.approve", P, A))
    assert bench.rules() == ["SOD-12", "SOD-13", "SOD-31"]


def test_supervising_an_act_as_a_participant_of_it_is_no_conflict(bench: Bench) -> None:
    bench.post(with_people({"actor": A, "role": "supervisor"}, type="contract.sign"))
    assert bench.find() == []


def test_a_ledger_administrator_conflicts_with_any_act_on_business(bench: Bench) -> None:
    bench.post(event("req.review", P, A, attributes={"role": "ledger_administrator"}))
    (found,) = bench.find()
    roles = ["ledger_administrator", "requirement_reviewer"]
    assert (found.rule, found.roles, found.positions) == ("SOD-44", roles, [1])


def test_a_duty_in_one_function_only(bench: Bench) -> None:
    bench.post(
        with_people({"actor": A, "function": "expert"}, {"actor": B, "function": "user"}, type="req.consult"),
        with_people({"actor": A}, {"actor": B}, type="req.review"),
    )
    assert bench.said(rule="SOD-14") == [("SOD-14", "PERFORMED", P, A)]


def test_a_function_defaults_to_the_designation_of_the_post_held_then(bench: Bench) -> None:
    rule = ["acceptor:finance", "contract_signer", "HIGH", "UNIT", ""]
    post = "post:U1/F"
    defined: dict[str, Any] = {"post": post, "designation": "finance"}
    term: dict[str, Any] = {"post": post, "person": A, "from": "2026-03-01", "until": "2026-03-31"}
    bench.post(
        pack(incompatible={"LOC-02": rule}),
        event("post.define", post, C, time="2026-01-01T00:00:00+08:00", **defined),
        event("post.assign", post, C, time="2026-01-01T00:00:00+08:00", **term),
        *(sign(A, project) for project in (P, Q)),
        accept(A, P, time="2026-03-31T23:59:59+08:00"),
        accept(A, Q, time="2026-04-01T00:00:00+08:00"),
    )
    assert [each.project for each in bench.find(rule="LOC-02")] == [P]


def evaluation(by: str = C, time: str = "2026-05-10T09:00:00+08:00") -> dict[str, Any]:
    return event("eval.perform", P, by, time=time, participants=[{"actor": A, "function": "expert"}])


def registered(person: str, employer: str, time: str) -> dict[str, Any]:
    return event("person.register", person, C, time=time, employer=employer)


def test_an_expert_employed_by_the_projects_unit_at_the_act(bench: Bench) -> None:
    bench.post(
        event("project.open", P, C),
        registered(A, "unit:U1", "2026-01-01T00:00:00+08:00"),
        evaluation(),
    )
    (found,) = bench.find()
    assert (found.rule, found.severity, found.roles) == ("SOD-15", "CRITICAL", ["evaluator:expert", "@employee"])
    assert found.positions == [2, 3]  # the registration is evidence too


@pytest.mark.parametrize(
    ("left_at", "employed"),
    [
        ("2026-05-10T08:59:59.999999+08:00", False),
        ("2026-05-10T09:00:00+08:00", False),
        ("2026-05-10T09:00:00.000001+08:00", True),
    ],
)
def test_whoever_left_the_unit_by_the_moment_of_the_act_is_no_employee(
    bench: Bench, left_at: str, employed: bool
) -> None:
    bench.post(
        event("project.open", P, C),
        registered(A, "unit:U1", "2026-01-01T00:00:00+08:00"),
        registered(A, "unit:U9", left_at),
        evaluation(),
    )
    assert bench.rules() == (["SOD-15"] if employed else [])


def test_whom_a_person_worked_for_before_any_registration_is_unknown(bench: Bench) -> None:
    bench.post(event("project.open", P, C), evaluation(), registered(A, "unit:U1", "2026-05-10T09:00:00.000001+08:00"))
    assert bench.find() == []


def test_staff_of_an_agency_of_the_project_may_not_evaluate(bench: Bench) -> None:
    bench.post(
        event("agency.sign", P, C, agency="agency:A1"),
        event("agency.sign", Q, C, agency="agency:A2"),
        registered(A, "agency:A1", "2026-01-01T00:00:00+08:00"),
        registered(B, "agency:A2", "2026-01-01T00:00:00+08:00"),
        event("eval.perform", P, B, participants=[{"actor": A}]),
    )
    (found,) = bench.find()
    assert (found.rule, found.person, found.roles) == ("SOD-16", A, ["evaluator", "@agency"])
    assert found.positions == [1, 3, 5]


def test_a_regulator_may_not_be_an_expert(bench: Bench) -> None:
    bench.post(
        event("unit.register", "unit:F", C, kind="finance_department"),
        event("unit.register", "unit:X", C, kind="other"),
        registered(A, "unit:F", "2026-01-01T00:00:00+08:00"),
        registered(B, "unit:X", "2026-01-01T00:00:00+08:00"),
        evaluation(by=B),
    )
    assert bench.said() == [("SOD-17", "PERFORMED", P, A)]


def test_a_pair_under_a_condition_holds_where_the_projects_unit_meets_it(bench: Bench) -> None:
    bench.post(
        event("project.open", P, C),
        event("project.open", Q, C, unit="unit:U2"),
        *(event("bid.open", project, A) for project in (P, Q)),
        *(event("contract.review", project, A) for project in (P, Q)),
        event("unit.register", "unit:U1", C, kind="central_purchasing_body"),
        event("unit.register", "unit:U2", C, kind="purchaser"),
    )
    assert bench.said() == [("SOD-20", "PERFORMED", P, A)]


def test_a_pair_that_is_off_is_silent(bench: Bench) -> None:
    bench.post(event("eval.perform", P, A), accept(A))
    assert bench.find() == []


def test_one_duty_on_both_sides_is_no_pair(bench: Bench) -> None:
    """`a|b` against `b|c`: whoever did nothing but b exercised one duty, however often."""
    row = ["acceptor|seal_keeper", "seal_keeper|archivist", "LOW", "UNIT", ""]
    bench.post(pack(incompatible={"LOC-03": row}), event("seal.use", P, A), event("seal.use", P, A, object="again"))
    assert bench.find(rule="LOC-03") == []
    bench.post(event("file.archive", P, A))
    (found,) = bench.find(rule="LOC-03")
    assert found.roles == ["seal_keeper", "archivist|seal_keeper"]


def test_every_pair_of_a_pack_is_a_pair(bench: Bench) -> None:
    every = {"prefix": "X", "roles": ["receiver", "filer", "seal_keeper"], "severity": "LOW", "force": "PRACTICE"}
    bench.post(
        pack(incompatible_every=every),
        event("seal.use", P, A),
        event("contract.file", P, A),
        event("delivery.record", P, A),
    )
    assert bench.rules() == ["X:filer~receiver", "X:filer~seal_keeper", "X:receiver~seal_keeper"]


def test_a_pair_may_look_at_one_supplier_instead_of_one_project(bench: Bench) -> None:
    payee = {"supplier": "supplier:V1"}
    bench.post(
        event("payee.maintain", "supplier:V1", A, payee=payee),
        event("payee.maintain", "supplier:V2", B, payee={"supplier": "supplier:V2"}),
        event("pay.apply", P, B, payee=payee),
        sign(C, contract="C1", supplier="supplier:V1"),
        event("pay.execute", P, A, contract="C1"),  # names no payee: it pays whom the contract is with
    )
    (found,) = bench.find()
    assert (found.rule, found.person, found.project, found.supplier) == ("SOD-40", A, P, "supplier:V1")
    assert found.positions == [1, 5]
    assert [each.rule for each in bench.find(project=P)] == ["SOD-40"]


def test_a_pair_of_one_supplier_is_shown_on_each_project_it_touches(bench: Bench) -> None:
    payee = {"supplier": "supplier:V1"}
    bench.post(event("payee.maintain", P, A, payee=payee), event("pay.apply", Q, A, payee=payee))
    assert bench.said() == [("SOD-40", "PERFORMED", P, A), ("SOD-40", "PERFORMED", Q, A)]
    assert bench.said(project=P) == [("SOD-40", "PERFORMED", P, A)]
    assert bench.said(person=A) == bench.said()


def test_what_a_substitute_does_is_vested_in_the_principal(bench: Bench) -> None:
    bench.post(sign(B, attributes={"onbehalfof": A}), accept(A))
    (found,) = bench.find()
    assert (found.basis, found.severity, found.person) == ("VESTED", "ADVISORY", A)
    bench.post(accept(B))
    assert bench.said() == [("SOD-03", "VESTED", P, A), ("SOD-03", "PERFORMED", P, B)]
    bench.post(sign(A))
    assert bench.said(level="performed") == [("SOD-03", "PERFORMED", P, A), ("SOD-03", "PERFORMED", P, B)]
    assert bench.find(person=A)[0].positions == [2, 4]  # what another did is no evidence of what A did


# Held


def assign(role: str, since: str | None, until: str | None, person: str = A, project: str = P) -> dict[str, Any]:
    term: dict[str, Any] = {name: moment for name, moment in (("from", since), ("until", until)) if moment is not None}
    return event("role.assign", project, C, time="2026-01-01T00:00:00+08:00", person=person, role=role, **term)


OPENED = event("project.open", P, C, time="2026-01-01T00:00:00+08:00")
SIGNER, ACCEPTOR = "contract_signer", "acceptor"


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        # A bare last day is included whole, so it meets a term that begins on that day, and none that begins the next.
        (("2026-02-01", "2026-02-28"), ("2026-02-28", "2026-03-31"), ("2026-02-27T16:00:00", "2026-02-28T16:00:00")),
        (("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31"), None),
        # Instants: `from` in, `until` out.
        (("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"), ("2026-03-01T00:00:00Z", None), None),
        (
            ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00.000001Z"),
            ("2026-03-01T00:00:00Z", None),
            ("2026-03-01T00:00:00", "2026-03-01T00:00:00.000001"),
        ),
        ((None, None), (None, None), ("2025-12-31T16:00:00", None)),
        (("2026-03-01", "2026-02-01"), (None, None), None),  # ends before it begins: never held
    ],
)
def test_both_must_be_held_at_one_time(
    bench: Bench,
    first: tuple[str | None, str | None],
    second: tuple[str | None, str | None],
    overlap: tuple[str, str | None] | None,
) -> None:
    bench.post(OPENED | {"id": "opened"}, assign(SIGNER, *first), assign(ACCEPTOR, *second))
    found = bench.find()
    assert bool(found) == (overlap is not None)
    if overlap is not None:
        (held,) = found
        assert (held.rule, held.basis, held.severity) == ("SOD-03", "HELD", "MEDIUM")  # HIGH, one level lower
        assert (held.roles, held.positions) == ([SIGNER, ACCEPTOR], [2, 3])
        assert isinstance(held.overlap, Overlap)
        shown = [held.overlap.from_, held.overlap.until]
        assert [each and each.replace(tzinfo=None).isoformat() for each in shown] == list(overlap)


@pytest.mark.parametrize(
    ("opened", "closed", "held"),
    [
        ("2026-02-01T00:00:00Z", None, True),
        ("2026-02-28T23:59:59.999999Z", None, True),
        ("2026-03-01T00:00:00Z", None, False),  # it opens as the terms end
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00.000001Z", True),
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", False),  # it closes as the terms begin
    ],
)
def test_the_project_must_be_open_meanwhile(bench: Bench, opened: str, closed: str | None, held: bool) -> None:
    term = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
    bench.post(event("project.open", P, C, time=opened), assign(SIGNER, *term), assign(ACCEPTOR, *term))
    if closed is not None:
        bench.post(event("file.archive", P, C, time=closed))
    assert bool(bench.find()) == held


def test_a_release_ends_what_began_before_it(bench: Bench) -> None:
    bench.post(OPENED | {"id": "opened"}, assign(SIGNER, "2026-02-01", None), assign(ACCEPTOR, "2026-04-01", None))
    assert len(bench.find()) == 1
    until: dict[str, Any] = {"person": A, "role": SIGNER, "until": "2026-03-31"}
    bench.post(event("role.release", P, C, **until))
    assert bench.find() == []
    bench.post(assign(SIGNER, "2026-05-01", None))
    assert len(bench.find()) == 1


def test_a_withdrawn_assignment_holds_nothing_and_a_withdrawn_release_ends_nothing(bench: Bench) -> None:
    signer = assign(SIGNER, None, None)
    bench.post(signer, assign(ACCEPTOR, "2026-04-01", None))
    release: dict[str, Any] = {"person": A, "role": SIGNER, "from": "2026-04-01"}
    released = event("role.release", P, C, **release)
    bench.post(released)
    assert bench.find() == []
    bench.post(void(released))
    assert len(bench.find()) == 1
    bench.post(void(signer))
    assert bench.find() == []


def test_a_release_names_the_person_by_any_account(bench: Bench) -> None:
    bench.post(link("account:oa/a", A), assign(SIGNER, None, None), assign(ACCEPTOR, "2026-04-01", None))
    release: dict[str, Any] = {"person": "account:oa/a", "role": SIGNER, "from": "2026-04-01"}
    bench.post(event("role.release", P, C, **release))
    assert bench.find() == []


def test_whoever_performed_a_pair_is_not_said_to_hold_it_besides(bench: Bench) -> None:
    bench.post(assign(SIGNER, None, None), assign(ACCEPTOR, None, None), sign(A))
    assert bench.said() == [("SOD-03", "HELD", P, A)]
    bench.post(accept(A), event("plan.prepare", P, A), assign("plan_preparer", None, None, B))
    assert bench.said() == [("SOD-03", "PERFORMED", P, A)]
    assert bench.find(level="held") == []


def post_with(
    acts: list[str], *, post: str = "post:U1/K", person: str = A, until: str | None = None
) -> list[dict[str, Any]]:
    time = "2026-01-01T00:00:00+08:00"
    term: dict[str, Any] = {"post": post, "person": person, "from": "2026-01-01", "until": until}
    return [
        event("post.define", post, C, time=time, post=post, acts=acts),
        event("post.assign", post, C, time=time, **term),
    ]


def test_a_posts_acts_are_held_on_the_projects_of_its_unit(bench: Bench) -> None:
    bench.post(
        OPENED | {"id": "opened"},
        event("project.open", Q, C, unit="unit:U2"),
        *post_with(["contract.sign", "accept.perform"], until="2026-06-30"),
    )
    (found,) = bench.find()
    assert (found.rule, found.basis, found.project, found.person) == ("SOD-03", "HELD", P, A)
    assert found.positions == [3, 4]


def test_two_posts_of_two_units_meet_on_no_project(bench: Bench) -> None:
    bench.post(
        OPENED | {"id": "opened"},
        event("project.open", Q, C, unit="unit:U2"),
        *post_with(["contract.sign"], post="post:U1/K"),
        *post_with(["accept.perform"], post="post:U2/K"),
    )
    assert bench.find() == []
    joint = {"lead": "unit:U1", "members": ["unit:U2"]}
    bench.post(event("project.open", "project:P3", C, joint=joint))
    assert bench.said() == [("SOD-03", "HELD", "project:P3", A)]


def test_a_role_assigned_and_a_post_held_meet(bench: Bench) -> None:
    bench.post(OPENED | {"id": "opened"}, *post_with(["contract.sign"]), assign(ACCEPTOR, None, None))
    assert bench.said() == [("SOD-03", "HELD", P, A)]


def test_what_a_live_grant_names_is_held(bench: Bench) -> None:
    grant: dict[str, Any] = {"grant": "grant:G1", "grantee": A, "scope": {"acts": ["contract.sign"], "projects": [P]}}
    term: dict[str, Any] = {"valid_from": "2026-02-01", "valid_until": "2026-02-28"}
    bench.post(
        OPENED | {"id": "opened"},
        event("auth.grant", "grant:G1", C, unit="unit:U1", time="2026-01-05T09:00:00+08:00", **grant, **term),
        assign(ACCEPTOR, "2026-02-28", None),
        assign(ACCEPTOR, "2026-03-01", None, project=Q),
    )
    assert bench.said() == [("SOD-03", "HELD", P, A)]
    (held,) = bench.find()
    assert 2 in held.positions


def test_holding_a_decision_and_supervision_is_a_conflict_of_classes(bench: Bench) -> None:
    bench.post(OPENED | {"id": "opened"}, assign("plan_approver", None, None), assign("supervisor", None, None))
    assert [(each.rule, each.severity) for each in bench.find()] == [("SOD-12", "MEDIUM")]


def test_staff_of_the_agency_held_as_evaluator(bench: Bench) -> None:
    bench.post(
        OPENED | {"id": "opened"},
        event("agency.sign", P, C, agency="agency:A1"),
        registered(A, "agency:A1", "2026-01-01T00:00:00+08:00"),
        assign("evaluator", None, None),
    )
    assert [(each.rule, each.severity) for each in bench.find()] == [("SOD-16", "HIGH")]


def test_bodies_and_machines_hold_nothing(bench: Bench) -> None:
    vest: dict[str, Any] = {
        "grant": "grant:R1",
        "holder": "body:党组会",
        "scope": {"acts": ["contract.sign", "accept.perform"]},
    }
    bench.post(OPENED | {"id": "opened"}, event("auth.vest", "grant:R1", C, unit="unit:U1", **vest))
    assert bench.find(machines=True) == []


# The question


def test_it_can_be_asked_for_one_project_person_rule_or_level(bench: Bench) -> None:
    bench.post(
        link("account:oa/a", A),
        *(sign("account:oa/a", project) for project in (P, Q)),
        *(accept(A, project) for project in (P, Q)),
        event("asset.receive", P, A),
        assign(SIGNER, None, None, B),
        assign(ACCEPTOR, None, None, B),
    )
    of_a = [("SOD-03", "PERFORMED", P, A), ("SOD-04", "PERFORMED", P, A), ("SOD-03", "PERFORMED", Q, A)]
    of_b = [("SOD-03", "HELD", P, B)]
    assert bench.said() == [*of_a[:2], *of_b, of_a[2]]
    assert bench.said(project=Q) == of_a[2:]
    assert bench.said(person=A) == of_a
    assert bench.said(person="account:oa/a") == of_a
    assert bench.said(person=B) == of_b
    assert bench.said(rule="SOD-04") == of_a[1:2]
    assert bench.said(level="held") == of_b
    assert bench.said(level="performed") == of_a
    assert bench.said(project=P, person=A, rule="SOD-03", level="performed") == of_a[:1]
    for unknown in ({"project": "project:nope"}, {"person": "person:nope"}, {"rule": "SOD-99"}):
        with pytest.raises(Unknown):
            bench.find(**unknown)


def test_pages_join_into_the_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projector.conflicts._PORTION_PROJECTS", 2)
    projects = [f"project:P{number}" for number in range(7)]
    for project in projects:
        bench.post(sign(A, project), accept(A, project), sign(B, project), accept(B, project))
    bench.post(event("seal.use", "project:P9", A))
    whole = bench.find()
    assert len(whole) == 14
    for limit in (1, 3, 14, 100):
        found: list[Conflict] = []
        after: str | None = None
        with bench.projector.view(parse_asked(None, None)) as view:
            while True:
                page: Conflicts = conflicts(view, Sought(), limit, after)
                assert len(page.items) <= limit
                found += page.items
                after = page.next
                if after is None:
                    break
        assert found == whole


def test_over_http(bench: Bench) -> None:
    bench.post(
        link("account:oa/a", A),
        sign("account:oa/a"),
        accept(A),
        assign(SIGNER, None, None, B),
        assign(ACCEPTOR, None, None, B),
    )
    _, bearer = create_token(bench.projector.settings.dsn, 1, name="reader", scopes=["read"])
    with TestClient(bench.projector.app()) as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        performed, held = client.get("/v1/conflicts").json()["items"]
        assert (performed["rule"], performed["person"], "overlap" in performed) == ("SOD-03", A, False)
        assert held["overlap"] == {"from": "2025-12-31T16:00:00Z", "until": None}
        for asked in ({"person": "account:oa/a"}, {"person": "A"}, {"project": "P1", "level": "performed"}):
            assert client.get("/v1/conflicts", params=asked).json()["items"] == [performed]
        assert client.get("/v1/conflicts?level=sometimes").status_code == 400
        assert client.get("/v1/conflicts?rule=SOD-99").status_code == 404
        assert client.get("/v1/conflicts?project=nope").status_code == 404


# Duties


def test_the_duties_on_a_project(bench: Bench) -> None:
    bench.post(
        link("account:oa/a", A),
        sign("account:oa/a"),
        sign(A, object="second"),
        accept(B, attributes={"onbehalfof": A}),
        assign("supervisor", "2026-03-01", "2026-03-31", B),
        event("project.close", P, "system:oa", time="2026-03-20T00:00:00Z"),
    )
    with bench.projector.view(parse_asked(None, None)) as view:
        found = project_duties(view, P, 100, None).items
        assert [(each.person, each.role, each.basis, each.positions) for each in found] == [
            (A, ACCEPTOR, "VESTED", [4]),
            (A, SIGNER, "PERFORMED", [2, 3]),
            (B, ACCEPTOR, "PERFORMED", [4]),
            (B, "supervisor", "HELD", [5]),
            (C, "assigner", "PERFORMED", [5]),
            ("system:oa", "closer", "PERFORMED", [6]),
        ]
        held = found[3]
        assert [str(held.from_), str(held.until)] == ["2026-02-28 16:00:00+00:00", "2026-03-20 00:00:00+00:00"]
        paged = project_duties(view, P, 4, None)
        assert [*paged.items, *project_duties(view, P, 4, paged.next).items] == found
        assert [each.role for each in person_duties(view, "account:oa/a", 100, None).items] == [ACCEPTOR, SIGNER]
        with pytest.raises(Unknown):
            person_duties(view, "person:nope", 100, None)
