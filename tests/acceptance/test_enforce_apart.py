"""Ledger and projector as processes of their own: each asks the other over HTTP, and goes on without an answer."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Process, free_port, run
from tests.acceptance.test_apart import alone
from tests.events import event
from tests.joined import CHIEF, CLERK, HEAD, granted, signing, vested

KIND = {"Content-Type": "application/cloudevents+json"}
MANY = {"Content-Type": "application/cloudevents-batch+json"}
GATE_SECONDS = 1.0


@pytest.fixture(scope="module")
def environment(up: Process) -> dict[str, str]:
    """What both are told: where the database is, the log's key, and the tokens with which they ask each other."""
    return {
        "QUANZE_DSN": (up.data / "dsn").read_text("utf-8").strip(),
        "QUANZE_SIGNING_KEY": (up.data / "log.key").read_text("utf-8").strip(),
        "QUANZE_PROJECTOR_TOKEN": up.token,
        "QUANZE_LEDGER_TOKEN": up.token,
        "QUANZE_GATE_SECONDS": str(GATE_SECONDS),
    }


@pytest.fixture(scope="module")
def unit(up: Process) -> str:
    """A unit that enforces AUT-01 and AUT-06, where the chief may sign up to 100,000."""
    at = "2026-02-01T09:00:00+08:00"
    policies = [{"key": "enforce", "value": ["AUT-01", "AUT-06"]}]
    policy = event("setup.policy", "unit:U1", HEAD, time=at, policy="ic", policies=policies)
    with up.http() as http:
        acts = [vested(), granted("grant:1", CHIEF, ceiling_item="100000.00"), policy]
        assert http.post("/v1/events", json=acts, headers=MANY).status_code == 201
    return "unit:U1"


def post(url: str, token: str, act: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{url}/v1/events", json=act, headers={"Authorization": f"Bearer {token}"} | KIND, timeout=GATE_SECONDS * 5
    )


@pytest.mark.usefixtures("unit")
def test_a_ledger_alone_asks_the_projector_and_goes_on_without_it(
    up: Process, environment: dict[str, str], directory: Path
) -> None:
    """The other pair of the same log, `up`, works meanwhile: the projector alone stands by and reads all the same."""
    where = f"http://127.0.0.1:{free_port()}"
    with alone("ledger", environment | {"QUANZE_PROJECTOR_URL": where}, directory / "unheard.out") as ledger:
        began = time.monotonic()
        unheard = post(ledger, up.token, signing(CLERK, "1.00"))
        took = time.monotonic() - began
        assert unheard.status_code == 201, unheard.text
        assert unheard.json()["receipts"][0]["flags"] == ["gate_unanswered"]
        assert took < GATE_SECONDS + 1
        metrics = httpx.get(f"{ledger}/metrics").text
        assert "quanze_gate_unanswered_total 1.0" in metrics
    with (
        alone("projector", environment, directory / "gate.out") as projector,
        alone("ledger", environment | {"QUANZE_PROJECTOR_URL": projector}, directory / "asking.out") as ledger,
    ):
        refused = post(ledger, up.token, signing(CHIEF, "100000.01"))
        assert refused.status_code == 422, refused.text
        assert [each["code"] for each in refused.json()["errors"]] == ["AUT-06"]
        taken = post(ledger, up.token, signing(CHIEF, "100000.00"))
        assert taken.status_code == 201, taken.text
        assert "flags" not in taken.json()["receipts"][0]
        with up.http() as http:
            recorded = http.get(f"/v1/events/{refused.json()['refusals'][0]}").json()["event"]
        assert (recorded["type"], recorded["data"]["actor"]) == ("act.refuse", CHIEF)


@pytest.mark.usefixtures("unit")
def test_a_projector_alone_gets_its_proofs_from_the_ledger(
    up: Process, environment: dict[str, str], directory: Path
) -> None:
    act = signing(CHIEF, "5.00")
    position = post(up.url, up.token, act).json()["receipts"][0]["position"]
    with alone("projector", environment | {"QUANZE_LEDGER_URL": up.url}, directory / "proving.out") as projector:
        answer = httpx.get(
            f"{projector}/v1/acts/{position}/authority",
            params={"proof": "true", "min_position": position},
            headers={"Authorization": f"Bearer {up.token}"},
            timeout=15,
        )
    assert answer.status_code == 200, answer.text
    file = directory / "answer.json"
    file.write_bytes(answer.content)
    ran = run("verify", file, "--log-key", up.data / "log.vkey")
    assert ran.status == 0, ran.out
    assert "verified" in ran.out
    file.write_bytes(answer.content.replace(b'"amount":"5.00"', b'"amount":"6.00"'))
    assert run("verify", file, "--log-key", up.data / "log.vkey").status == 1


@pytest.mark.usefixtures("unit")
def test_the_command_asks_before_and_says_no(up: Process, directory: Path) -> None:
    good, bad = directory / "good.json", directory / "bad.json"
    elsewhere = {"subject": "project:Q"}
    acts = [signing(CHIEF, amount) | elsewhere for amount in ("1.00", "100000.01")]
    good.write_text(json.dumps(acts[0]), "utf-8")
    bad.write_text(json.dumps(acts), "utf-8")
    asking = ("--url", up.url, "--token-file", up.data / "admin.token")
    assert run("preflight", good, *asking).status == 0
    said = run("preflight", bad, *asking)
    assert said.status == 1
    assert "AUT-06" in said.out
    assert "refused" in said.out
    told = json.loads(run("preflight", bad, "--json", *asking).out)
    assert [each["verdict"] for each in told["items"]] == ["VALID", "INVALID"]


def test_a_token_is_needed_to_ask(environment: dict[str, str]) -> None:
    told = {name: value for name, value in environment.items() if name != "QUANZE_PROJECTOR_TOKEN"}
    ran = run("ledger", "--port", "0", environment=told | {"QUANZE_PROJECTOR_URL": "http://127.0.0.1:1"})
    assert ran.status == 2
    assert "QUANZE_PROJECTOR_TOKEN" in ran.err
