"""Units that enforce rules: what is refused, what of a refusal is on record, and what happens when no verdict comes."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal
from psycopg_pool import PoolTimeout

from contracts.event import Event
from edge.tokens import Token
from ledger.errors import Refused, Unavailable
from ledger.gate import Reasons
from ledger.settings import Settings as LedgerSettings
from tests.conftest import Database
from tests.events import event
from tests.joined import CHIEF, CLERK, Joined, granted, joined, signing, vested


def enforcing(*rules: str, at: str = "2026-02-01T09:00:00+08:00", unit: str = "unit:U1") -> dict[str, Any]:
    adopted = [{"key": "enforce", "value": list(rules)}]
    said = {"recordedtime": at}
    return event("setup.policy", unit, "person:HEAD", time=at, attributes=said, policy="ic", policies=adopted)


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    """A unit that enforces AUT-01, 06 and 07, and a clerk's chief who may sign up to 100,000 each, 150,000 in all."""
    with joined(database) as own:
        limits = {"ceiling_item": "100000.00", "ceiling_total": "150000.00"}
        own.record(vested(), granted("grant:1", CHIEF, **limits), enforcing("AUT-01", "AUT-06", "AUT-07"))
        yield own


def last_act(both: Joined) -> dict[str, Any]:
    return both.get(f"/v1/events/{both.size()}")["event"]


def test_an_act_that_fails_a_named_rule_is_refused_and_the_refusal_is_on_record(both: Joined) -> None:
    act = signing(CHIEF, "100000.01", attributes={"authority": "grant:1"})
    size = both.size()
    answer = both.post(act)
    assert answer.status_code == 422, answer.text
    said = answer.json()
    assert said["type"] == "urn:quanze:problem:refused"
    assert [(each["pointer"], each["code"]) for each in said["errors"]] == [("", "AUT-06")]
    assert said["refusals"] == [size + 1] == [both.size()]
    refusal = last_act(both)
    assert (refusal["type"], refusal["actor"]) == ("act.refuse", "system:quanze")
    assert (refusal["subject"], refusal["unit"]) == ("project:X", "unit:U1")
    data = refusal["data"]
    assert data["act"] == {"source": act["source"], "id": act["id"]}
    assert (data["type"], data["actor"], data["authority"]) == ("contract.sign", CHIEF, "grant:1")
    assert data["amount"] == "100000.01"
    assert [(each["rule"], each["detail"]) for each in data["issues"]] == [("AUT-06", said["errors"][0]["message"])]


def test_a_refused_act_tried_again_is_refused_on_record_once(both: Joined) -> None:
    act = signing(CLERK, "1.00")
    first, again = both.post(act), both.post(act)
    assert (first.status_code, again.status_code) == (422, 422)
    assert first.json()["refusals"] == again.json()["refusals"]
    other = both.post(act | {"data": act["data"] | {"amount": "2.00"}})
    assert other.json()["refusals"] == [first.json()["refusals"][0] + 1] == [both.size()], (
        "another content is another act"
    )


def test_a_refused_act_is_taken_once_it_is_authorised(both: Joined) -> None:
    act = signing(CLERK, "1.00")
    assert both.post(act).status_code == 422
    both.record(granted("grant:2", CLERK))
    assert both.post(act).status_code == 201


def test_what_is_not_named_or_not_certain_is_recorded(both: Joined) -> None:
    late = signing(CHIEF, "1.00") | {"time": "2028-01-01T09:00:00+08:00"}
    unproven = signing(CLERK, "1.00", attributes={"authority": "grant:NOBODY_KNOWS"})
    for act, verdict in ((late, "INVALID"), (unproven, "UNPROVEN"), (signing(CHIEF, "1.00"), "VALID")):
        (position,) = both.record(act)
        assert both.get(f"/v1/acts/{position}/authority")["verdict"] == verdict


def test_acts_that_need_no_grant_and_registry_acts_pass(both: Joined) -> None:
    both.record(
        event("req.prepare", "project:X", CLERK),
        event("person.register", CLERK, "person:REG", unit="unit:U1"),
        granted("grant:2", CLERK),
    )


def test_another_unit_is_not_asked(both: Joined) -> None:
    elsewhere = event("contract.sign", "project:Y", CLERK, unit="unit:U2", amount="1.00", contract="C9")
    assert both.post(elsewhere).status_code == 201


def test_the_policy_counts_from_when_it_is_in_force(both: Joined) -> None:
    before = signing(CLERK, "1.00") | {"time": "2026-01-31T09:00:00+08:00"}
    assert both.post(before).status_code == 201
    both.record(enforcing(at="2026-03-01T09:00:00+08:00"))
    assert both.post(signing(CLERK, "1.00")).status_code == 201, "the later edition names no rule any more"
    assert both.post(signing(CLERK, "1.00") | {"time": "2026-02-28T09:00:00+08:00"}).status_code == 422


def test_a_recorded_act_posted_again_gets_its_first_receipt(both: Joined) -> None:
    act = signing(CHIEF, "90000.00")
    first = both.post(act).json()["receipts"][0]
    revoked = event(
        "auth.revoke", "grant:1", "person:HEAD", time="2026-02-15T09:00:00+08:00", grant="grant:1", unit="unit:U1"
    )
    both.record(revoked)
    again = both.post(act)
    assert again.status_code == 201
    receipt = again.json()["receipts"][0]
    assert (receipt["status"], receipt["position"]) == ("duplicate", first["position"])


def test_one_after_the_other_may_not_overrun_a_total(both: Joined) -> None:
    """The second is judged with the first on record, however soon it follows."""
    assert both.post(signing(CHIEF, "90000.00")).status_code == 201
    refused = both.post(signing(CHIEF, "90000.00"))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "AUT-07")


def test_two_in_one_batch_that_together_overrun_a_total_are_refused_together(both: Joined) -> None:
    size = both.size()
    refused = both.post(signing(CHIEF, "90000.00"), signing(CHIEF, "90000.00"))
    assert refused.status_code == 422
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("/1", "AUT-07")]
    assert both.size() == size + 1, "the refusal, and nothing of the batch"
    assert last_act(both)["type"] == "act.refuse"


def test_the_same_act_twice_in_a_batch_counts_once(both: Joined) -> None:
    act = signing(CHIEF, "90000.00")
    statuses = [receipt["status"] for receipt in both.post(act, act).json()["receipts"]]
    assert statuses == ["recorded", "duplicate"]


def test_of_two_at_once_one_is_refused(both: Joined) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(both.post, signing(CHIEF, "90000.00")) for _ in range(2)]
    assert sorted(answer.result().status_code for answer in answers) == [201, 422]


def test_a_policy_recorded_elsewhere_is_noticed(database: Database, both: Joined) -> None:
    """Another process of the same log adopts it; this one looks once a second."""
    with joined(database) as other:
        other.record(enforcing("AUT-01", unit="unit:U3"))
    act = event("contract.sign", "project:Z", CLERK, unit="unit:U3", amount="1.00", contract="C9")
    deadline = time.monotonic() + 10
    while both.post(act | {"id": f"n{time.monotonic_ns()}"}).status_code != 422:
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)


def event_without_grant() -> bytes:
    return json.dumps(event("req.prepare", "project:X", CLERK)).encode()


class Silent:
    """A gate that gives no verdict before it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def judge(self, events: Sequence[Event], seen: int, seconds: float) -> Sequence[Reasons]:
        self.let_go.wait(30)
        return [() for _ in events]


class Broken:
    """A gate that fails at once."""

    def judge(self, events: Sequence[Event], seen: int, seconds: float) -> Sequence[Reasons]:
        raise ConnectionError("nobody listens")


def unanswered(both: Joined) -> float:
    text = both.http.get("/metrics").text
    return next(
        float(line.split()[1]) for line in text.splitlines() if line.startswith("quanze_gate_unanswered_total ")
    )


def test_without_a_verdict_in_time_an_act_is_recorded_and_flagged(database: Database) -> None:
    gate = Silent()
    with joined(database, gate, gate_seconds=0.3) as both:
        both.record(enforcing("AUT-01"))
        before = unanswered(both)
        began = time.monotonic()
        answer = both.post(signing(CLERK, "1.00"), event("req.prepare", "project:Y", CLERK, unit="unit:U2"))
        took = time.monotonic() - began
        gate.let_go.set()
        assert answer.status_code == 201, answer.text
        flags = [receipt.get("flags") for receipt in answer.json()["receipts"]]
        assert flags == [["gate_unanswered"], None], "the other unit asked for nothing"
        assert 0.3 <= took < 2.0
        assert unanswered(both) == before + 1


def test_a_gate_that_fails_keeps_nothing_off_the_record(database: Database) -> None:
    with joined(database, Broken()) as both:
        both.record(enforcing("AUT-01"))
        receipt = both.post(signing(CLERK, "1.00")).json()["receipts"][0]
        assert (receipt["status"], receipt["flags"]) == ("recorded", ["gate_unanswered"])


def test_a_read_model_that_does_not_follow_admits_and_flags(database: Database) -> None:
    with joined(database, gate_seconds=0.5) as both:
        both.record(enforcing("AUT-01"))
        both.projector.follower.stop()
        first = both.post(signing(CLERK, "1.00"))
        assert first.status_code == 422, "it has seen all there is"
        second = both.post(signing(CLERK, "2.00"))
        assert second.json()["receipts"][0]["flags"] == ["gate_unanswered"], "it has not seen the refusal"


def test_without_the_database_nothing_is_acknowledged_and_nothing_refused(server: str, database: Database) -> None:
    with joined(database) as both:
        both.record(enforcing("AUT-01"))
        size, name = both.size(), conninfo_to_dict(database.dsn)["dbname"]
        keeper = both.ledger.gatekeeper
        assert keeper is not None
        act = json.dumps(signing(CLERK, "1.00")).encode()
        admin = Token("t", "t", frozenset(("admin",)), frozenset(), frozenset())
        with psycopg.connect(server, autocommit=True) as connection:
            closed = SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format
            connection.execute(closed(Identifier(str(name)), Literal(False)))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            with pytest.raises((PoolTimeout, psycopg.OperationalError, Unavailable)):
                keeper.record(both.ledger.admission.one(act, admin)).result(timeout=60)
            connection.execute(closed(Identifier(str(name)), Literal(True)))
        with suppress(Unavailable):  # the writer's lost connection is noticed by whoever comes first
            keeper.record(both.ledger.admission.one(event_without_grant(), admin)).result(timeout=60)
        with pytest.raises(Refused) as refused:
            keeper.record(both.ledger.admission.one(act, admin)).result(timeout=60)
        assert refused.value.positions == [both.size()]
        assert both.size() - size in (1, 2), "the service resumes by itself"


def test_a_silent_gate_does_not_hold_up_other_units(database: Database) -> None:
    gate = Silent()
    with joined(database, gate, gate_seconds=5.0) as both:
        both.record(enforcing("AUT-01"))
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(both.post, signing(CLERK, "1.00"))
            began = time.monotonic()
            for n in range(10):
                act = event("contract.sign", "project:Y", CLERK, unit="unit:U2", amount="1.00", contract=f"C{n}")
                assert both.post(act).status_code == 201
            assert time.monotonic() - began < 4.0
            assert not held.done()
            gate.let_go.set()
            assert held.result(timeout=10).status_code == 201


def test_the_settings_name_the_gate(database: Database) -> None:
    given = {
        "QUANZE_DSN": "x",
        "QUANZE_SIGNING_KEY": "y",
        "QUANZE_PROJECTOR_URL": "http://p",
        "QUANZE_GATE_SECONDS": "0.5",
    }
    settings = LedgerSettings.from_environment(given | {"QUANZE_PROJECTOR_TOKEN": "t"})
    assert (settings.projector_url, settings.projector_token, settings.gate_seconds) == ("http://p", "t", 0.5)
    assert LedgerSettings.from_environment({"QUANZE_DSN": "x", "QUANZE_SIGNING_KEY": "y"}).projector_url is None


def test_a_fault_of_the_grant_it_was_done_under_is_refused_where_it_is_named(both: Joined) -> None:
    both.record(
        granted("grant:9", CLERK, valid_until=None), enforcing("AUT-23", at="2026-02-02T09:00:00+08:00", unit="unit:U1")
    )
    foreseen = both.preflight(signing(CLERK, "1.00")).json()
    assert (foreseen["verdict"], [each["code"] for each in foreseen["refused"]]) == ("VALID", ["AUT-23"])
    answer = both.post(signing(CLERK, "1.00"))
    assert (answer.status_code, [each["code"] for each in answer.json()["errors"]]) == (422, ["AUT-23"])
    assert both.post(signing(CHIEF, "1.00")).status_code == 201, "their grant has an end"
