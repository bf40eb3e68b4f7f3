"""What the server does with HTTP itself: heads without an end, broken requests, many requests in one piece."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from edge import protocol
from ledger.admission import BODY_BYTES_MAX
from tests.conftest import Database
from tests.events import event
from tests.served import Served, served

LIVE = b"GET /health/live HTTP/1.1\r\nhost: x\r\n"
ONE = {"Content-Type": "application/cloudevents+json"}


@pytest.fixture
def up(database: Database) -> Iterator[Served]:
    with served(database) as own:
        yield own


def connected(up: Served) -> socket.socket:
    url = httpx.URL(up.url)
    return socket.create_connection((url.host, url.port or 80), timeout=20)


def told(up: Served, *pieces: bytes) -> bytes:
    """Send pieces, and return all that comes until the server closes."""
    with closing(connected(up)) as raw:
        for piece in pieces:
            raw.sendall(piece)
            time.sleep(0.05)  # so that each is read by itself
        return received(raw)


def received(raw: socket.socket) -> bytes:
    return b"".join(iter(lambda: raw.recv(65_536), b""))


def problem_of(answer: bytes) -> Any:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    return json.loads(body)


@pytest.mark.parametrize(
    "begun", [LIVE + b"x: ", LIVE + b"x: y\r\n" * 12_000, b"GET /", b"GET / HTTP/1.1\r\n" + b"x" * 9, b"\r\n"]
)
def test_a_head_that_is_too_long_is_refused_before_it_ends(up: Served, begun: bytes) -> None:
    filler = b"\r\n" * 40_000 if begun == b"\r\n" else b"x" * 70_000
    answer = told(up, begun, filler)
    assert answer.startswith(b"HTTP/1.1 431 ")
    found = problem_of(answer)
    assert (found["status"], found["type"]) == (431, "urn:quanze:problem:head-too-large")
    assert str(protocol.HEAD_BYTES_MAX) in found["detail"]


def test_many_megabytes_of_head_are_not_kept(up: Served) -> None:
    with closing(connected(up)) as raw:
        raw.sendall(LIVE)
        sent = 0
        try:
            for _ in range(400):
                sent += raw.send(b"x: " + b"y" * (1 << 20) + b"\r\n")
        except (ConnectionError, TimeoutError):
            pass
        assert raw.recv(65_536).startswith(b"HTTP/1.1 431 ")


def test_a_head_within_the_limit_is_answered(up: Served) -> None:
    rest = b"connection: close\r\n\r\n"
    head = LIVE + b"x: " + b"y" * (protocol.HEAD_BYTES_MAX - len(LIVE) - len(rest) - 5) + b"\r\n" + rest
    assert len(head) == protocol.HEAD_BYTES_MAX
    assert told(up, head).startswith(b"HTTP/1.1 200 ")
    assert told(up, head[:40_000], head[40_000:]).startswith(b"HTTP/1.1 200 ")
    assert told(up, b"\r\n" + head).startswith(b"HTTP/1.1 431 ")


def test_trailers_have_the_limit_of_a_head(up: Served) -> None:
    chunked = b"POST /health/live HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    answer = told(up, chunked, b"x: " + b"y" * 200_000)
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"HTTP/1.1 431 " in answer


@pytest.mark.parametrize("length", [True, False])
def test_a_long_body_is_no_head(up: Served, length: bool) -> None:
    acts = [event("project.open", f"project:P{n}", "person:P1", unknown="长" * 9_000) for n in range(250)]
    body = json.dumps(acts, ensure_ascii=False).encode()
    assert len(body) > 6_500_000  # below the limit of a body
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    http = up.http()
    assert http.post("/v1/events", content=body if length else iter([body]), headers=kind).status_code == 201
    assert http.post("/v1/events", json=acts[0], headers=ONE).json()["receipts"][0]["status"] == "duplicate"


def test_many_requests_in_one_piece_are_answered_each(up: Served) -> None:
    bearer = up.bearer("admin")["Authorization"].encode()
    body = json.dumps(event("project.open", "project:P1", "person:P1")).encode()
    post = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: %b\r\ncontent-type: application/cloudevents+json\r\n"
    one = (post + b"content-length: %d\r\n\r\n") % (bearer, len(body)) + body
    last = LIVE + b"connection: close\r\n\r\n"
    answer = told(up, one * 600 + last)
    assert answer.count(b"HTTP/1.1 201 ") == 600
    assert answer.count(b"HTTP/1.1 200 ") == 1


def test_what_is_broken_behind_a_request_does_not_take_its_answer(up: Served) -> None:
    answer = told(up, LIVE + b"\r\n" + b"no http at all\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"status":"live"}')


@pytest.mark.parametrize(
    "broken",
    [
        b"no http at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_broken_http_is_a_problem(up: Served, broken: bytes) -> None:
    answer = told(up, broken)
    assert answer.startswith(b"HTTP/1.1 400 ")
    found = problem_of(answer)
    assert (found["status"], found["type"], found["errors"]) == (400, "urn:quanze:problem:bad-request", [])


def test_a_broken_body_is_a_problem_and_records_nothing(up: Served) -> None:
    bearer = up.bearer("admin")["Authorization"].encode()
    head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: %b\r\ncontent-type: %b\r\n" % (
        bearer,
        ONE["Content-Type"].encode(),
    )
    answer = told(up, head + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", b"no length\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert problem_of(answer)["status"] == 400
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("sent", [b"", LIVE, b"\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(up: Served, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS_MAX", 0.5)
    assert told(up, sent) == b""
    with closing(connected(up)) as raw:
        raw.sendall(LIVE + b"\r\n")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 200 ")
        raw.sendall(sent or b"GET")
        began = time.monotonic()
        assert received(raw) == b""
        assert time.monotonic() - began < 3  # sooner than who sends nothing


def test_a_body_and_an_answer_may_take_longer_than_a_head(up: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS_MAX", 0.3)
    http = up.http()

    def slow() -> Iterator[bytes]:
        for at in range(4):
            yield json.dumps(event("project.open", f"project:P{at}", "person:P1")).encode() + b"\n"
            time.sleep(0.3)

    answer = http.post("/v1/events", content=slow(), headers={"Content-Type": "application/x-ndjson"})
    assert len(answer.content.splitlines()) == 4
    with http.stream("GET", "/v1/events/stream") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id: ")) == "id: 1"
        time.sleep(1)
        http.post("/v1/events", json=event("project.open", "project:LATE", "person:P1"), headers=ONE)
        assert next(line for line in lines if line == "id: 5")


GETS = ("/health/live", "/health/ready", "/v1/events", "/v1/events/1", "/v1/log", "/checkpoint", "/tile/0/000.p/1")


def test_a_head_is_what_a_get_begins_with(up: Served) -> None:
    http = up.http()
    http.post("/v1/events", json=event("project.open", "project:P1", "person:P1"), headers=ONE).raise_for_status()
    http.get("/checkpoint")  # signs the head
    for path in (*GETS, "/docs", "/docs/openapi.json", "/docs/assets/swagger-ui.css", "/nowhere", "/v1/events/9"):
        got, head = http.get(path), http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        for name in ("content-length", "cache-control", "content-type"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
        assert "content-length" in head.headers, path
    assert httpx.head(f"{up.url}/v1/events").status_code == 401


@pytest.mark.parametrize("path", ["/v1/events/stream", "/v1/events/stream/", "//v1/events//stream"])
def test_a_stream_has_no_head(up: Served, path: str) -> None:
    answer = up.http().head(up.url + path)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "path", ["//0/000.p/1", "/0//000.p/1", "/0/000.p/1/", "/0/%30%30%30.p/1", "/0/x000/000.p/1", "/%D9%A0/000.p/1"]
)
def test_a_tile_has_one_path(up: Served, path: str) -> None:
    http = up.http()
    http.post("/v1/events", json=event("project.open", "project:P1", "person:P1"), headers=ONE).raise_for_status()
    http.get("/checkpoint")
    assert http.get("/tile/0/000.p/1").status_code == 200
    assert http.get("/tile/entries/000.p/1").status_code == 200
    raw = httpx.URL(up.url).copy_with(raw_path=b"/tile" + path.encode())
    assert http.get(raw).status_code == 404
    assert http.get(str(raw).replace("/0/", "/entries/")).status_code == 404


@pytest.mark.parametrize(
    ("path", "pointers"),
    [
        ("/v1/proofs/consistency", ["/from"]),
        ("/v1/proofs/consistency?from=-1", ["/from"]),
        ("/v1/proofs/consistency?from=x&to=y", ["/from", "/to"]),
        ("/v1/proofs/inclusion", ["/position"]),
        ("/v1/proofs/inclusion?position=0", ["/position"]),
        ("/v1/events?limit=many", ["/limit"]),
        ("/v1/events?tag=", ["/tag"]),
        ("/v1/events?type=&tag=", ["/tag", "/type"]),
        ("/v1/events/stream?tag=", ["/tag"]),
        ("/v1/events/stream?type=", ["/type"]),
        ("/v1/events/stream?type", ["/type"]),
        ("/v1/events/stream?after=-1", ["/after"]),
    ],
)
def test_a_parameter_that_says_nothing_is_pointed_to(up: Served, path: str, pointers: list[str]) -> None:
    answer = up.http().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers


def test_a_header_that_says_nothing_is_pointed_to(up: Served) -> None:
    answer = up.http().get("/v1/events/stream", headers={"Last-Event-ID": "none"})
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (400, ["/Last-Event-ID"])


@pytest.mark.parametrize("kind", ["cloudevents+json", "cloudevents-batch+json", "json"])
@pytest.mark.parametrize("length", [True, False])
def test_a_body_over_the_limit_is_told_the_limit(up: Served, kind: str, length: bool) -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    headers = {"Content-Type": f"application/{kind}", "ce-specversion": "1.0"}
    answer = up.http().post("/v1/events", content=body if length else iter([body]), headers=headers)
    found = answer.json()
    assert (answer.status_code, found["type"]) == (413, "urn:quanze:problem:too-large")
    assert [(each["pointer"], each["code"]) for each in found["errors"]] == [("", "too_large")]
    assert str(BODY_BYTES_MAX) in found["errors"][0]["message"]


def test_the_binary_mode_without_its_version_says_that_it_is_missing(up: Served) -> None:
    headers = {"Content-Type": "application/json", "ce-id": "1", "ce-source": "urn:test", "ce-type": "project.open"}
    answer = up.http().post("/v1/events", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "/specversion" in [each["pointer"] for each in answer.json()["errors"]]
    neither = up.http().post("/v1/events", content=b"{}", headers={"Content-Type": "application/json"})
    assert neither.status_code == 415
