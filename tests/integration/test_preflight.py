"""The verdict on acts that have not happened: the same as after posting them, and nothing stored."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from projector.authority.preflight_http import BODY_BYTES_MAX
from tests.conftest import Database
from tests.events import event
from tests.joined import CHIEF, CLERK, MANY, ONE, Joined, granted, joined, signing, vested


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        yield own


def codes(answer: dict[str, Any]) -> list[str]:
    return [failure["code"] for failure in answer["failures"]]


def test_the_verdict_before_is_the_verdict_after(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF, ceiling_item="100000.00"))
    for act, verdict, wrong in (
        (signing(CHIEF, "100000.00"), "VALID", []),
        (signing(CHIEF, "100000.01"), "INVALID", ["AUT-06"]),
        (signing(CLERK, "1.00"), "INVALID", ["AUT-01"]),
        (event("req.prepare", "project:X", CLERK), "NOT_REQUIRED", []),
    ):
        before = both.preflight(act)
        assert before.status_code == 200, before.text
        foreseen = before.json()
        assert (foreseen["verdict"], codes(foreseen), foreseen["refused"]) == (verdict, wrong, [])
        assert foreseen["act"]["position"] is None
        (position,) = both.record(act)
        after = both.get(f"/v1/acts/{position}/authority")
        assert after["act"]["position"] == position
        for name in ("verdict", "chain", "failures", "citation", "conditions"):
            assert foreseen[name] == after[name], name


def test_nothing_is_stored(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF))
    size = both.size()
    assert both.preflight(signing(CHIEF, "1.00")).json()["verdict"] == "VALID"
    assert both.preflight(signing(CHIEF, "1.00"), signing(CLERK, "1.00")).status_code == 200
    assert both.size() == size
    with psycopg.connect(both.database.dsn) as connection:
        for table in ("ledger.entries", "projector.acts"):
            counted = connection.execute(f"SELECT count(*), max(position) FROM {table}").fetchone()  # pyright: ignore[reportArgumentType]
            assert counted == (size, size), table


def test_a_body_over_the_limit_is_told_the_limit(both: Joined) -> None:
    kind = {"Content-Type": "application/cloudevents+json"}
    answer = both.http.post("/v1/preflight", content=b" " * (BODY_BYTES_MAX + 1), headers=kind)
    assert answer.status_code == 413
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("", "too_large")
    assert str(BODY_BYTES_MAX) in fault["message"]


def test_two_acts_that_together_overrun_a_total_are_seen_together(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF, ceiling_total="100000.00"))
    first, second = both.preflight(signing(CHIEF, "60000.00"), signing(CHIEF, "60000.00")).json()["items"]
    assert (first["verdict"], second["verdict"], codes(second)) == ("VALID", "INVALID", ["AUT-07"])
    assert (first["chain"][-1]["used_before"], second["chain"][-1]["used_before"]) == ("0.00", "60000.00")
    assert both.preflight(signing(CHIEF, "60000.00")).json()["verdict"] == "VALID", "the batch left no trace"


def test_what_is_already_drawn_counts(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF, ceiling_total="100000.00"))
    both.record(signing(CHIEF, "60000.00"))
    found = both.preflight(signing(CHIEF, "40000.01")).json()
    assert (found["verdict"], codes(found)) == ("INVALID", ["AUT-07"])
    assert both.preflight(signing(CHIEF, "40000.00")).json()["verdict"] == "VALID"


def test_having_asked_hides_nothing_that_is_recorded_after(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF, ceiling_total="100000.00"))
    act = signing(CHIEF, "60000.00")
    assert both.preflight(act).json()["verdict"] == "VALID"
    both.record(act)
    found = both.preflight(signing(CHIEF, "60000.00")).json()
    assert (found["verdict"], codes(found), found["chain"][-1]["used_before"]) == ("INVALID", ["AUT-07"], "60000.00")


def test_faults_are_those_of_posting(both: Joined) -> None:
    for bad in (
        signing(CHIEF, "1.001") | {"type": "contract.sing"},
        signing("unit:U1", "-1") | {"time": "2026-12-02T09:30:00"},
    ):
        posted, asked = both.post(bad), both.preflight(bad)
        assert posted.status_code == asked.status_code == 422
        assert posted.json() == asked.json()
    for kind, body in ((ONE, b"{"), (MANY, b"[]"), (MANY, b"{}"), (ONE, b"\xff"), (MANY, b"[1]"), (ONE, b"")):
        headers = {"Content-Type": kind}
        posted = both.http.post("/v1/events", content=body, headers=headers)
        asked = both.http.post("/v1/preflight", content=body, headers=headers)
        assert (asked.status_code, asked.json()) == (posted.status_code, posted.json()), body
    assert both.http.post("/v1/preflight", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


def test_to_ask_takes_the_right_to_read_and_no_source(both: Joined) -> None:
    act = signing(CHIEF, "1.00") | {"source": "urn:approval"}
    for scopes, status in ((("read",), 200), (("events:write",), 403), (("verify",), 403)):
        answer = both.http.post("/v1/preflight", json=act, headers=both.bearer(*scopes) | {"Content-Type": ONE})
        assert answer.status_code == status, answer.text
    assert both.http.post("/v1/preflight", json=act, headers={"Authorization": ""}).status_code == 401


def test_an_example_is_in_the_api_page(both: Joined) -> None:
    schema = both.get("/docs/openapi.json")
    operation = schema["paths"]["/v1/preflight"]["post"]
    example = operation["requestBody"]["content"][ONE]["examples"]["contract"]["value"]
    answer = both.http.post("/v1/preflight", json=example, headers={"Content-Type": ONE})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) >= {"act", "verdict", "chain", "failures", "refused"}
