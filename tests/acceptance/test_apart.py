"""Each service in a process of its own, beside others on the same database."""

import json
import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import QUANZE, Process, clean_environment, free_port, run

ACT = {
    "specversion": "1.0",
    "source": "urn:example:oa",
    "type": "project.open",
    "subject": "project:P-1",
    "time": "2026-03-02T09:30:00+08:00",
    "actor": "person:P06",
    "unit": "unit:U001",
    "data": {"title": "校舍维修"},
}
KIND = {"Content-Type": "application/cloudevents+json"}


@contextmanager
def alone(service: str, environment: dict[str, str], output: Path) -> Generator[str]:
    """Run one service until it is ready; yield its URL."""
    port = free_port()
    with output.open("w") as file:
        command = [QUANZE, service, "--port", str(port)]
        popen = subprocess.Popen(command, env=clean_environment() | environment, stdout=file, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/health/ready").status_code == 200:
                    break
            except httpx.TransportError:
                assert popen.poll() is None, output.read_text()
            time.sleep(0.1)
        yield url
    finally:
        popen.terminate()
        assert popen.wait(timeout=30) in (0, -15, 143), output.read_text()


@pytest.fixture(scope="module")
def database(up: Process) -> dict[str, str]:
    """What a service alone is told: where the database is and the log's key."""
    return {
        "QUANZE_DSN": (up.data / "dsn").read_text("utf-8").strip(),
        "QUANZE_SIGNING_KEY": (up.data / "log.key").read_text("utf-8").strip(),
    }


def test_two_ledgers_and_a_projector_apart_agree(up: Process, database: dict[str, str], directory: Path) -> None:
    headers = {"Authorization": f"Bearer {up.token}"}
    with (
        alone("ledger", database, directory / "ledger.out") as ledger,
        alone("projector", {"QUANZE_DSN": database["QUANZE_DSN"]}, directory / "projector.out") as projector,
    ):
        positions: list[int] = []
        for n in range(20):
            url = ledger if n % 2 else up.url
            answer = httpx.post(f"{url}/v1/events", json=ACT | {"id": f"apart-{n}"}, headers=headers | KIND)
            positions.append(answer.json()["receipts"][0]["position"])
        assert positions == list(range(positions[0], positions[0] + 20))
        again = httpx.post(f"{up.url}/v1/events", json=ACT | {"id": "apart-1"}, headers=headers | KIND).json()
        assert (again["receipts"][0]["status"], again["receipts"][0]["position"]) == ("duplicate", positions[1])
        for url in (projector, up.url):
            history = httpx.get(
                f"{url}/v1/projects/P-1/history", params={"min_position": positions[-1]}, headers=headers, timeout=15
            ).json()
            assert [act["position"] for act in history["items"]] == positions
        # A projector on its own asks the ledger's public API for the evidence, and says the same as one beside it.
        token = {"QUANZE_LEDGER_URL": ledger, "QUANZE_LEDGER_TOKEN": up.token}
        with alone("projector", database | token, directory / "proving.out") as proving:
            asked = {"min_position": positions[-1]}
            bundles = [
                httpx.get(f"{url}/v1/projects/P-1/bundle", params=asked, headers=headers, timeout=15)
                for url in (proving, up.url)
            ]
            assert [each.status_code for each in bundles] == [200, 200], bundles[0].text
            assert bundles[0].content == bundles[1].content
        kept = directory / "P-1.bundle"
        kept.write_bytes(bundles[0].content)
        assert run("verify", kept, "--log-key", up.data / "log.vkey").status == 0
    assert run("verify", "--log", database["QUANZE_DSN"], "--log-key", up.data / "log.vkey").status == 0


def judged_history(http: httpx.Client, head: int) -> list[dict[str, Any]]:
    """Return what was done on a project, once every act up to `head` is read and judged."""
    deadline = time.monotonic() + 30
    while True:  # who asks while a read model is being rebuilt may be told of what was judged before
        judged = http.get("/v1/findings", params={"min_position": head}, timeout=15)
        if judged.status_code == 200 and judged.json()["position"] >= head:
            break
        assert time.monotonic() < deadline, judged.text
        time.sleep(0.1)
    answer = http.get("/v1/projects/P-1/history", params={"min_position": head}, timeout=15)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_rebuild_under_a_running_service_ends_with_the_same_answers(up: Process, database: dict[str, str]) -> None:
    with up.http() as http:
        head = http.get("/v1/log").json()["size"]
        before = judged_history(http, head)
        assert any(act["raised"] for act in before)
        rebuilt = run("rebuild", "--data", up.data, "--json")
        assert rebuilt.status == 0, rebuilt.err
        assert json.loads(rebuilt.out) == {"acts": head}
        assert judged_history(http, head) == before


def test_a_reference_with_a_slash_can_be_asked_for(up: Process) -> None:
    with up.http() as http:
        act = ACT | {"id": "slash-1", "subject": "project:2026/17", "actor": "account:oa/w/17"}
        position = http.post("/v1/events", json=act, headers=KIND).json()["receipts"][0]["position"]
        for path in ("projects/project%3A2026%2F17/history", "persons/account%3Aoa%2Fw%2F17/duties"):
            answer = http.get(f"/v1/{path}", params={"min_position": position})
            assert answer.status_code == 200, answer.text
            assert answer.json()["items"]


def test_a_login_that_may_not_says_so_at_once(up: Process, database: dict[str, str]) -> None:
    began = time.monotonic()
    wrong = {**database, "QUANZE_DSN": database["QUANZE_DSN"] + " user=nobody_here"}
    assert run("ledger", "--port", "0", environment=wrong).status == 3
    missing = {name: value for name, value in os.environ.items() if name == "PATH"}
    assert run("ledger", "--port", "0", environment=missing).status == 2
    assert time.monotonic() - began < 10
