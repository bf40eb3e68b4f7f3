"""A project's history: its order, both clocks to the microsecond, who did it as known then, the state after each."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from litestar.testing import TestClient

from ledger.acts import Receipt
from ledger.main import create_token
from projector import question
from projector.amounts import amount_of
from projector.errors import BadQuestion, Unknown
from projector.main import Projector
from projector.projects import get_project, list_projects
from projector.replay import History, ReplayedAct, history
from projector.settings import Settings
from projector.view import View, parse_asked
from tests.conftest import Database, TestLedger
from tests.events import event

P = "project:P1"
A, B = "person:A", "person:B"
ACCOUNT = "account:oa/a"


class Bench:
    """Posts acts, waits for the read model, asks it."""

    def __init__(self, ledger: TestLedger, projector: Projector) -> None:
        self.ledger = ledger
        self.projector = projector

    def post(self, *events: dict[str, Any]) -> list[Receipt]:
        receipts = self.ledger.post(events)
        assert self.projector.wait_for(max(receipt.position for receipt in receipts), 10)
        return receipts

    @contextmanager
    def view(self, as_of: str | None = None, known_at: str | None = None) -> Generator[View]:
        with self.projector.view(parse_asked(as_of, known_at)) as view:
            yield view

    def history(self, as_of: str | None = None, known_at: str | None = None) -> History:
        with self.view(as_of, known_at) as view:
            return history(view, P, 1000, None)

    def positions(self, as_of: str | None = None, known_at: str | None = None) -> list[int]:
        return [act.position for act in self.history(as_of, known_at).items]

    def act(self, position: int, known_at: str | None = None) -> ReplayedAct:
        (found,) = [act for act in self.history(known_at=known_at).items if act.position == position]
        return found


@pytest.fixture
def bench(ledger: TestLedger, database: Database) -> Iterator[Bench]:
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.05)) as projector:
        yield Bench(ledger, projector)


def known_from(moment: str) -> dict[str, Any]:
    """Return the attributes of an act that its source recorded at a moment."""
    return {"recordedtime": moment}


def key_of(act: dict[str, Any]) -> dict[str, str]:
    return {"source": act["source"], "id": act["id"]}


# Order and clocks


def test_the_order_is_time_then_known_from_then_position(bench: Bench) -> None:
    noon = "2026-03-02T12:00:00+08:00"
    bench.post(
        event("seal.use", P, A, time="2026-03-03T09:00:00+08:00"),
        event("seal.use", P, A, time=noon),
        event("seal.use", P, A, time=noon, attributes=known_from("2026-03-05T00:00:00Z")),
        event("seal.use", P, A, time="2026-03-02T04:00:00Z", attributes=known_from("2026-03-04T00:00:00Z")),
        event("seal.use", P, A, time=noon),
    )
    # 4 and 3 are asserted long ago, 2 and 5 witnessed now; 2 and 5 in one commit share its instant.
    assert bench.positions() == [4, 3, 2, 5, 1]


def test_as_of_includes_the_moment_itself_to_the_microsecond(bench: Bench) -> None:
    bench.post(
        event("seal.use", P, A, time="2026-03-02T09:30:00+08:00"),
        event("seal.use", P, A, time="2026-03-02T09:30:00.000001+08:00"),
        event("seal.use", P, A, time="2026-03-02T09:30:00.999999+08:00"),
        event("seal.use", P, A, time="2026-03-02T09:30:01+08:00"),
    )
    assert bench.positions("2026-03-02T09:29:59.999999+08:00") == []
    assert bench.positions("2026-03-02T01:30:00Z") == [1]
    assert bench.positions("2026-03-02T09:30:00.000001+08:00") == [1, 2]
    assert bench.positions("2026-03-02T09:30:01+08:00") == [1, 2, 3, 4]


def test_a_bare_date_means_the_whole_local_day(bench: Bench) -> None:
    bench.post(
        event("seal.use", P, A, time="2026-03-02T23:59:59.999999+08:00"),
        event("seal.use", P, A, time="2026-03-03T00:00:00+08:00"),
    )
    assert bench.positions("2026-03-01") == []
    assert bench.positions("2026-03-02") == [1]
    assert bench.positions("2026-03-03") == [1, 2]


def test_known_at_includes_the_moment_itself(bench: Bench) -> None:
    early, late = "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"
    bench.post(
        event("seal.use", P, A, attributes=known_from(late)),
        event("seal.use", P, A, attributes=known_from(early)),
        event("seal.use", P, A),
    )
    assert bench.positions(known_at="2026-03-03T23:59:59.999999Z") == []
    assert bench.positions(known_at=early) == [2]
    assert bench.positions(known_at=late) == [2, 1]
    assert bench.positions() == [2, 1, 3]


def test_what_a_source_asserts_is_not_called_witnessed(bench: Bench) -> None:
    bench.post(event("seal.use", P, A, attributes=known_from("2026-03-04T08:00:00+08:00")), event("seal.use", P, A))
    asserted, witnessed = bench.history().items
    assert (asserted.asserted, asserted.known) == (True, "asserted by the source")
    assert asserted.known_from.isoformat() == "2026-03-04T00:00:00+00:00"
    assert (witnessed.asserted, witnessed.known) == (False, "witnessed")
    assert witnessed.known_from == witnessed.recorded_at


def test_what_is_dated_in_the_future_is_shown_unless_a_moment_is_named(bench: Bench) -> None:
    bench.post(event("seal.use", P, A, time="2999-01-01T00:00:00Z"), event("seal.use", P, A))
    assert bench.positions() == [2, 1]
    assert bench.act(1).flags == ["future_time", "unknown_person", "unknown_project"]
    assert bench.positions("2998-12-31") == [2]


def test_an_answer_says_what_it_stands_for(bench: Bench) -> None:
    bench.post(event("seal.use", P, A))
    found = bench.history("2026-03-02T09:30:00+08:00", "2999-01-01")
    assert found.as_of.isoformat() == "2026-03-02T01:30:00+00:00"
    assert found.known_at.isoformat() == "2999-01-01T15:59:59.999999+00:00"
    assert found.position == 1


def test_a_question_that_cannot_be_read_names_every_fault() -> None:
    with pytest.raises(BadQuestion) as refused:
        parse_asked("2026-02-30", "2026-03-02T09:30:00")
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/as_of", "bad_time"),
        ("/known_at", "bad_time"),
    ]


# The state after each act


def amount(type: str, amount: str, **data: Any) -> dict[str, Any]:
    return event(type, P, A, amount=amount, **data)


def state(bench: Bench, known_at: str | None = None) -> dict[str, str | None]:
    found = bench.history(known_at=known_at).state
    return {name: getattr(found, name) for name in ("budget", "award", "contract", "accepted", "paid")}


def test_amounts_add_up_and_an_adjusted_budget_is_the_new_total(bench: Bench) -> None:
    bench.post(
        amount("budget.approve", "100000"),
        amount("budget.approve", "50000.5"),
        amount("budget.adjust", "120000.00"),
        amount("award.decide", "70000"),
        amount("award.decide", "40000"),
        amount("contract.sign", "110000"),
        amount("contract.amend", "9000.25", object="S1", contract="C1"),
        amount("contract.amend", "-1000.5", object="S2", contract="C1"),
        amount("accept.perform", "60000"),
        amount("accept.perform", "50000"),
        amount("pay.apply", "110000"),
        amount("pay.approve", "110000"),
        amount("pay.execute", "0.01"),
        amount("pay.execute", "109999.99"),
    )
    assert state(bench) == {
        "budget": "120000.00",
        "award": "110000.00",
        "contract": "117999.75",
        "accepted": "110000.00",
        "paid": "110000.00",
    }
    steps = [(act.state.budget, act.state.contract) for act in bench.history().items]
    assert steps[:3] == [("100000.00", None), ("150000.50", None), ("120000.00", None)]
    assert [contract for _, contract in steps[5:8]] == ["110000.00", "119000.25", "117999.75"]


def test_the_largest_amounts_keep_their_last_cent(bench: Bench) -> None:
    bench.post(amount("pay.execute", "999999999999999.99"), amount("pay.execute", "0.01"))
    assert state(bench)["paid"] == "1000000000000000.00"


def test_what_was_refused_or_sent_back_changes_no_amount(bench: Bench) -> None:
    bench.post(
        amount("accept.perform", "10", result="fail"),
        amount("accept.perform", "20", result="revise"),
        amount("accept.perform", "30", result="pass"),
    )
    assert state(bench)["accepted"] == "30.00"


def test_amounts_in_another_currency_are_not_mixed_in(bench: Bench) -> None:
    bench.post(amount("contract.sign", "10", currency="USD"), amount("contract.sign", "20"))
    found = bench.history().state
    assert (found.contract, found.currency) == ("10.00", "USD")


def test_notices_and_challenges_do_not_move_a_project_on(bench: Bench) -> None:
    bench.post(
        event("project.open", P, A),
        event("contract.sign", P, A),
        event("contract.publish", P, A),
        event("challenge.receive", P, A),
        event("supervise.inspect", P, A),
        event("coi.declare", P, A, none=True),
    )
    assert [act.state.stage for act in bench.history().items] == ["BUDGET"] + ["CONTRACT"] * 5


def test_a_withdrawn_act_does_not_count_from_when_that_is_known(bench: Bench) -> None:
    paid = event("pay.execute", P, A, amount="10.00", attributes=known_from("2026-03-03T00:00:00Z"))
    void = event("act.correct", P, B, corrects=key_of(paid), void=True, attributes=known_from("2026-03-05T00:00:00Z"))
    bench.post(paid, void)
    assert state(bench)["paid"] is None
    assert state(bench, known_at="2026-03-04T23:59:59.999999Z")["paid"] == "10.00"
    assert state(bench, known_at="2026-03-05T00:00:00Z")["paid"] is None
    assert (bench.act(1).voided_by, bench.act(1).flags) == ([2], ["unknown_person", "unknown_project", "voided"])


def test_a_withdrawal_can_be_withdrawn(bench: Bench) -> None:
    paid = amount("pay.execute", "10.00")
    void = event("act.correct", P, B, corrects=key_of(paid), void=True)
    again = event("act.correct", P, B, corrects=key_of(void), void=True)
    third = event("act.correct", P, B, corrects=key_of(again), void=True)
    for act, counts in ((paid, True), (void, False), (again, True), (third, False)):
        bench.post(act)
        assert (state(bench)["paid"] is not None) == counts
    assert bench.act(1).voided_by == [2]


def test_a_corrected_amount_counts_as_corrected_and_is_shown_as_recorded(bench: Bench) -> None:
    signed = amount("contract.sign", "10.00")
    bench.post(
        signed,
        event("act.correct", P, B, corrects=key_of(signed), fields={"amount": "12.00", "object": "C1"}),
        event("act.correct", P, B, corrects=key_of(signed), fields={"amount": "13.00"}),
    )
    found = bench.act(1)
    assert (found.amount, found.state.contract) == ("10.00", "13.00")
    assert (found.corrected, found.corrected_by) == ({"amount": "13.00", "object": "C1"}, [2, 3])


@pytest.mark.parametrize("nonsense", ["1e999999999", "NaN", 12, "", "１２", None, ["1"]])
def test_what_is_no_amount_is_none(nonsense: object) -> None:
    assert amount_of(nonsense) is None


def test_a_correction_may_come_before_what_it_corrects(bench: Bench) -> None:
    signed = amount("contract.sign", "10.00")
    bench.post(event("act.correct", P, B, corrects=key_of(signed), fields={"amount": "12.00"}))
    bench.post(signed)
    assert state(bench)["contract"] == "12.00"


# Who, as known then


def test_an_account_is_a_person_from_when_the_link_is_known_for_past_acts_too(bench: Bench) -> None:
    linked = {"account": ACCOUNT, "person": A}
    bench.post(
        event("seal.use", P, ACCOUNT, attributes=known_from("2026-03-03T00:00:00Z")),
        event(
            "account.link", A, B, time="2026-06-01T00:00:00Z", attributes=known_from("2026-06-01T00:00:00Z"), **linked
        ),
    )
    before, since = (
        bench.act(1, known_at=moment) for moment in ("2026-05-31T23:59:59.999999Z", "2026-06-01T00:00:00Z")
    )
    assert (before.actor, before.person) == (ACCOUNT, None)
    assert "unlinked_account" in before.flags
    assert (since.actor, since.person) == (ACCOUNT, A)
    assert "unlinked_account" not in since.flags


def test_an_unlink_ends_it_at_its_time_and_the_next_link_begins_there(bench: Bench) -> None:
    handover = "2026-03-10T00:00:00+08:00"
    bench.post(
        event("account.link", A, B, time="2026-03-01T00:00:00+08:00", account=ACCOUNT, person=A),
        event("account.unlink", A, B, time=handover, account=ACCOUNT),
        event("account.link", B, B, time=handover, account=ACCOUNT, person=B),
        event("seal.use", P, ACCOUNT, time="2026-02-01T00:00:00+08:00"),
        event("seal.use", P, ACCOUNT, time="2026-03-09T23:59:59.999999+08:00"),
        event("seal.use", P, ACCOUNT, time=handover),
    )
    assert [act.person for act in bench.history().items] == [A, A, B]


def test_a_link_made_in_error_is_withdrawn(bench: Bench) -> None:
    link = event("account.link", A, B, account=ACCOUNT, person=A)
    bench.post(link, event("seal.use", P, ACCOUNT))
    assert bench.act(2).person == A
    bench.post(event("act.correct", A, B, corrects=key_of(link), void=True))
    assert bench.act(2).person is None


def test_a_person_is_unknown_until_registered(bench: Bench) -> None:
    bench.post(event("seal.use", P, A), event("project.open", P, A))
    assert bench.act(1).flags == ["unknown_person"]
    bench.post(event("person.register", A, B, time="2026-09-01T00:00:00Z", employer="unit:U1"))
    assert bench.act(1).flags == []


def test_a_source_may_record_before_it_happens_and_that_is_flagged(bench: Bench) -> None:
    bench.post(event("seal.use", P, A, attributes=known_from("2026-03-01T00:00:00Z")))
    assert "recorded_before_time" in bench.act(1).flags


def test_the_others_who_took_part_are_named(bench: Bench) -> None:
    people = [
        {"actor": A, "capacity": "lead"},
        {"actor": ACCOUNT, "capacity": "member", "function": "finance", "signed": False},
        {"actor": "body:党组会", "role": "acceptor", "capacity": "attendee"},
    ]
    bench.post(
        event("accept.perform", P, A, participants=people), event("account.link", B, A, account=ACCOUNT, person=B)
    )
    found = bench.act(1)
    assert found.title.zh == "履约验收"
    assert found.title.en == "Perform acceptance"
    assert [(each.actor, each.person, each.role) for each in found.participants] == [
        (ACCOUNT, B, None),
        ("body:党组会", None, "acceptor"),
    ]
    assert found.participants[0].signed is False


def test_of_an_erased_act_the_leaf_is_left(bench: Bench) -> None:
    paid = event("pay.execute", P, A, amount="10.00", object="PAY1", attributes={"authority": "grant:G1"})
    bench.post(paid, event("data.erase", P, B, target=key_of(paid)))
    found = bench.act(1)
    assert (found.actor, found.type, found.authority, found.unit) == (A, "pay.execute", "grant:G1", "unit:U1")
    assert (found.amount, found.object, found.state.paid) == (None, None, None)
    assert "erased" in found.flags


# Pages, lists, HTTP


def test_pages_join_into_the_whole(bench: Bench) -> None:
    bench.post(*(event("seal.use", P, A, time=f"2026-03-{day:02d}T09:00:00Z") for day in range(9, 1, -1)))
    whole = bench.history().items
    found: list[ReplayedAct] = []
    after: str | None = None
    with bench.view() as view:
        while True:
            page = history(view, P, 3, after)
            assert page.state == whole[-1].state
            found += page.items
            after = page.next
            if after is None:
                break
    assert found == whole


def test_an_unknown_project_is_said_to_be_unknown(bench: Bench) -> None:
    bench.post(event("seal.use", "project:P2", A))
    with pytest.raises(Unknown):
        bench.history()
    bench.post(event("seal.use", P, A))
    assert bench.positions(known_at="2026-01-01") == []


def test_projects_are_listed_with_what_was_said_last(bench: Bench) -> None:
    early, late = "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
    joint = {"lead": "unit:U1", "members": ["unit:U2"]}
    bench.post(
        event("project.open", P, A, time=late, title="大型设备采购"),
        event("project.open", P, A, time=early, title="设备采购"),
        event("project.close", P, A, time="2026-04-01T00:00:00Z", outcome="completed"),
        event("project.open", "project:P2", A, unit="unit:U2", title="物业服务", joint=joint),
        event("seal.use", "project:P3", A, unit="unit:U3"),
    )
    with bench.view() as view:
        first, *others = list_projects(view, None, None, 10, None).items
        assert (first.id, first.unit, first.title, first.acts, first.stage) == (
            P,
            "unit:U1",
            "大型设备采购",
            3,
            "ARCHIVE",
        )
        assert first.opened is not None
        assert first.opened.isoformat() == "2026-03-02T00:00:00+00:00"
        assert first.closed == first.last_activity
        assert [(each.id, each.opened is None) for each in others] == [("project:P2", False), ("project:P3", True)]
        assert _ids(view, unit="unit:U1") == [P, "project:P2"]
        assert _ids(view, unit="unit:U3") == ["project:P3"]
        assert _ids(view, q="设备") == [P]
        assert _ids(view, q="100%_") == []
        page = list_projects(view, None, None, 2, None)
        assert [each.id for each in list_projects(view, None, None, 2, page.next).items] == ["project:P3"]
    with bench.view("2026-03-02") as view:
        assert get_project(view, P).title == "设备采购"


def _ids(view: View, unit: str | None = None, q: str | None = None) -> list[str]:
    return [each.id for each in list_projects(view, unit, q, 10, None).items]


@contextmanager
def served(projector: Projector, *scopes: str) -> Generator[TestClient[Any]]:
    _, bearer = create_token(projector.settings.dsn, projector.log_id, name="reader", scopes=scopes)
    with TestClient(projector.app()) as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        yield client


def test_history_over_http(bench: Bench) -> None:
    bench.post(amount("contract.sign", "10.00"), amount("pay.execute", "4.00"))
    with served(bench.projector, "read") as client:
        answer = client.get("/v1/projects/project%3AP1/history", params={"as_of": "2026-03-02T09:30:00+08:00"})
        assert answer.status_code == 200
        found = answer.json()
        assert (found["as_of"], found["position"], found["next"]) == ("2026-03-02T01:30:00Z", 2, None)
        assert found["state"]["paid"] == "4.00"
        assert _bare(client.get("/v1/projects/P1/history").json()["items"]) == _bare(found["items"])
        assert client.get("/v1/projects/P1").json()["state"] == found["state"]
        assert [each["id"] for each in client.get("/v1/projects").json()["items"]] == [P]


def _bare(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what the rules found: it is that of the moment asked about."""
    return [{name: value for name, value in each.items() if name not in ("raised", "closed")} for each in items]


def test_problems_over_http(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.post(event("seal.use", P, A))
    monkeypatch.setattr(question, "_WAIT_SECONDS_MAX", 0.2)
    with served(bench.projector, "read") as client:
        assert client.get("/v1/projects?min_position=1").status_code == 200
        late = client.get("/v1/projects?min_position=2")
        assert (late.status_code, late.headers["Retry-After"]) == (503, "1")
        assert late.headers["content-type"] == "application/problem+json"
        assert client.get("/v1/projects/nope").status_code == 404
        assert client.get("/v1/projects/P1/history?as_of=yesterday").json()["errors"][0]["pointer"] == "/as_of"
        assert client.get("/v1/projects/P1/history?after=nonsense").status_code == 400
        for asked in ("/v1/projects?limit=0", "/v1/projects?min_position=many", "/v1/projects?unit=&q=x"):
            answer = client.get(asked)
            name = asked.partition("?")[2].partition("=")[0]
            assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (400, [f"/{name}"])
        head = client.head("/v1/projects")
        assert (head.status_code, head.content) == (200, b"")
        assert client.get("/v1/projects", headers={"Authorization": "Bearer nobody"}).status_code == 401
    with served(bench.projector, "events:write") as client:
        assert client.get("/v1/projects").status_code == 403


def test_a_rebuild_under_way_is_a_503_and_not_a_fault(bench: Bench) -> None:
    bench.post(event("seal.use", P, A))
    bench.projector.follower.stop()
    with served(bench.projector, "read") as client:
        with psycopg.connect(bench.projector.settings.dsn, autocommit=True) as owner:
            owner.execute("DROP SCHEMA projector CASCADE")
        answer = client.get("/v1/projects")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:quanze:problem:unavailable")


def test_the_api_page_describes_every_question(bench: Bench) -> None:
    with served(bench.projector, "read") as client:
        described = json.loads(client.get("/docs/openapi.json").text)["paths"]
    asked = [path for path in described if path.startswith("/v1/") and "get" in described[path]]
    asked.remove("/v1/scans/running")  # of a process, not of the log
    asked.remove("/v1/projects/{project}/bundle")  # of all that was recorded
    assert {"/v1/projects/{project}/history", "/v1/conflicts", "/v1/units/{unit}/grants"} <= set(asked)
    for path in asked:
        names = {each["name"] for each in described[path]["get"]["parameters"]}
        assert {"known_at", "min_position"} <= names, path
