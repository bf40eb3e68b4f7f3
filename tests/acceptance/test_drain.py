"""SIGTERM under load: what was accepted is committed and answered, streams end, and the process with them."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.conftest import Process, end, run, start, wait_until_ready
from tests.acceptance.test_up import ACT

ONE = {"Content-Type": "application/cloudevents+json"}
LINES = {"Content-Type": "application/x-ndjson"}


@dataclass
class Load:
    """What became of each request: its id, and the answer's status, or None where the connection was cut."""

    positions: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)

    def post_until_refused(self, process: Process, name: str) -> None:
        with process.http() as http:
            for number in range(100_000):
                id = f"{name}-{number}"
                try:
                    answer = http.post("/v1/events", json={**ACT, "id": id}, headers=ONE)
                except httpx.TransportError:
                    self.cut.add(id)
                    return
                if answer.status_code != 201:
                    assert answer.status_code == 503, answer.text
                    self.refused.add(id)
                    return
                self.positions[id] = answer.json()["receipts"][0]["position"]


def recorded(process: Process) -> dict[str, int]:
    """Return id and position of every act."""
    found: dict[str, int] = {}
    after: dict[str, Any] = {}
    with process.http() as http:
        while True:
            page = http.get("/v1/events", params={"limit": 1000, **after}).raise_for_status().json()
            for item in page["items"]:
                assert item["receipt"]["id"] not in found
                found[item["receipt"]["id"]] = item["receipt"]["position"]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}


def test_what_was_accepted_under_load_is_recorded_and_answered(directory: Path) -> None:
    process = start("up", directory / "drained")
    load = Load()
    lines: list[httpx.Response | httpx.TransportError] = []
    streamed: list[int] = []

    def post_lines() -> None:
        def body() -> Iterator[bytes]:
            for number in range(1_000_000):
                yield json.dumps({**ACT, "id": f"line-{number}"}).encode() + b"\n"

        with process.http() as http:
            try:
                lines.append(http.post("/v1/events", content=body(), headers=LINES))
            except httpx.TransportError as exc:
                lines.append(exc)

    def follow() -> None:
        with process.http() as http, http.stream("GET", "/v1/events/stream") as answer:
            streamed.extend(int(line[4:]) for line in answer.iter_lines() if line.startswith("id: "))

    try:
        wait_until_ready(process)
        threads = [threading.Thread(target=load.post_until_refused, args=(process, f"t{at}")) for at in range(16)]
        threads += [threading.Thread(target=post_lines), threading.Thread(target=follow)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(load.positions) < 500 and time.monotonic() < deadline:
            time.sleep(0.05)
        began = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(timeout=30) == 0, process.printed()
        assert time.monotonic() - began < 25
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
    finally:
        end(process)
    # A stream that was cut short would have raised in its thread and left what it had read behind.
    assert streamed == list(range(1, len(streamed) + 1))
    assert streamed
    assert isinstance(lines[0], httpx.TransportError) or lines[0].status_code == 503

    again = start("up", directory / "drained")
    try:
        wait_until_ready(again)
        found = recorded(again)
        assert load.positions.items() <= found.items()
        single = {id for id in found if not id.startswith("line-")}
        assert single <= load.positions.keys() | load.cut
        assert not load.refused & found.keys()
        numbers = sorted(int(id.removeprefix("line-")) for id in found if id.startswith("line-"))
        assert numbers == list(range(len(numbers)))
        assert run("verify", "--log", again.url, environment={"QUANZE_TOKEN": again.token}).status == 0
    finally:
        end(again)


def test_a_subscriber_that_reads_nothing_does_not_keep_the_process(directory: Path) -> None:
    process = start("up", directory / "stalled")
    try:
        wait_until_ready(process)
        with process.http() as http, socket.socket() as stalled:
            body = b"\n".join(json.dumps({**ACT, "id": f"s-{number}"}).encode() for number in range(12_000))
            assert http.post("/v1/events", content=body, headers=LINES).status_code == 200
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            stalled.connect(("127.0.0.1", int(process.url.rpartition(":")[2])))
            head = f"GET /v1/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {process.token}\r\n\r\n"
            stalled.sendall(head.encode())
            time.sleep(2)  # in which all buffers between the two fill up
            began = time.monotonic()
            process.popen.send_signal(signal.SIGTERM)
            assert process.popen.wait(timeout=30) == 0, process.printed()
            assert time.monotonic() - began < 25
    finally:
        end(process)


def test_a_body_that_does_not_come_is_not_waited_for(directory: Path) -> None:
    process = start("up", directory / "half")
    try:
        wait_until_ready(process)
        head = (
            f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {process.token}\r\ncontent-length: 400\r\n"
        )
        with socket.create_connection(("127.0.0.1", int(process.url.rpartition(":")[2])), timeout=30) as half:
            half.sendall(f"{head}content-type: {ONE['Content-Type']}\r\n\r\n{{".encode())
            time.sleep(1)  # in which it is read
            process.popen.send_signal(signal.SIGTERM)
            answer = b"".join(iter(lambda: half.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"application/problem+json" in answer
        assert process.popen.wait(timeout=30) == 0, process.printed()
    finally:
        end(process)
