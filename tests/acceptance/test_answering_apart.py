"""The process that judges: it may die, it ends with its parent, and everybody gets the answer they asked for."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Process, start, wait_until_ready
from tests.registers import CHIEF, DEPUTY, granted, signed, vested


@pytest.fixture(scope="module")
def signing(up: Process) -> int:
    """The position of an act by a chain of three."""
    acts = [
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:2", CHIEF, by=DEPUTY, parent="grant:1"),
        signed(CHIEF, "2025-02-01T09:00:00+08:00", "400.00", "grant:2"),
    ]
    with up.http() as http:
        answer = http.post("/v1/events", json=acts, headers={"content-type": "application/cloudevents-batch+json"})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["receipts"][-1]["position"])


def test_many_ask_at_once_and_each_gets_the_answer_about_their_act(up: Process, signing: int) -> None:
    found: list[tuple[int, Any]] = []

    def ask(position: int) -> None:
        with up.http() as http:
            found.extend((position, judged(http, position)) for _ in range(5))

    askers = [threading.Thread(target=ask, args=(position,)) for position in range(1, signing + 1) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 5 * len(askers)
    assert all(answer["act"]["position"] == position for position, answer in found)
    assert {answer["verdict"] for position, answer in found if position == signing} == {"VALID"}


def test_an_unknown_position_is_a_404_from_there_too(up: Process, signing: int) -> None:
    with up.http() as http:
        answer = http.get(f"/v1/acts/{signing + 1_000}/authority")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_when_it_is_killed_questions_are_answered_again_and_alike(up: Process, signing: int) -> None:
    with up.http() as http:
        before = judged(http, signing)
        (killed,) = judging(up.popen.pid)
        os.kill(killed, signal.SIGKILL)
        after = wait_for_an_answer(http, signing)
    assert without_the_clock(after) == without_the_clock(before)
    assert judging(up.popen.pid) != [killed]


def test_it_ends_when_its_parent_is_killed(directory: Path) -> None:
    process = start("up", directory / "killed")
    wait_until_ready(process)
    (child,) = wait_for_child(process.popen.pid)
    process.popen.kill()
    process.popen.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()


def judged(http: httpx.Client, position: int) -> Any:
    answer = http.get(f"/v1/acts/{position}/authority", params={"min_position": position})
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for_an_answer(http: httpx.Client, position: int) -> Any:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = http.get(f"/v1/acts/{position}/authority")
        if answer.status_code == 200:
            return answer.json()
        assert answer.status_code == 503, "it says to ask again, and nothing else"
        time.sleep(0.1)
    raise AssertionError("nobody answered within 20 s")


def without_the_clock(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "known_at"}


def judging(parent: int) -> list[int]:
    """Return the children of a process that judge for it."""
    children = Path(f"/proc/{parent}/task").glob("*/children")
    pids = {int(pid) for each in children for pid in each.read_text().split()}
    return [pid for pid in sorted(pids) if b"projector.authority.judging" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_for_child(parent: int) -> list[int]:
    deadline = time.monotonic() + 20
    while not (found := judging(parent)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
