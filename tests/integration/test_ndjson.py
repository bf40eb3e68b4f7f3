"""Posting line by line: every line by itself, in order, however the body comes and whatever is in it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.document import EVENT_BYTES_MAX
from edge.tokens import REMEMBERED_SECONDS, Token
from ledger.acts import Draft, Request
from ledger.lines import Line, groups
from tests.conftest import Database
from tests.events import SOURCE, event
from tests.joined import CHIEF, CLERK, granted, joined, signing, vested
from tests.served import Served, served

LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def up(database: Database) -> Iterator[Served]:
    with served(database) as own:
        yield own


def act(title: str = "t") -> dict[str, Any]:
    return event("project.open", "project:P1", "person:P1", title=title)


def line_of(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def padded(size: int) -> bytes:
    """Return an act of exactly so many bytes."""
    short = line_of(event("project.open", "project:P1", "person:P1", unknown=""))
    return short.replace(b'"unknown": ""', b'"unknown": "%b"' % (b"x" * (size - len(short))))


def post(http: httpx.Client, body: bytes) -> list[dict[str, Any]]:
    answer = http.post("/v1/events", content=body, headers=LINES)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.content.splitlines()]


def stored(database: Database) -> list[tuple[int, str, bytes]]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute("SELECT position, id, payload FROM ledger.entries ORDER BY position").fetchall()


def wait_for(database: Database, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(stored(database)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(stored(database)) == count


def test_lines_are_recorded_in_their_order_and_again_they_are_duplicates(up: Served) -> None:
    acts = [act() for _ in range(1_234)]
    body = b"".join(line_of(each) + b"\n" for each in acts)
    first = post(up.http(), body)
    assert [(each["line"], each["status"], each["position"]) for each in first] == [
        (number, "recorded", number) for number in range(1, 1_235)
    ]
    assert [each["id"] for each in first] == [each["id"] for each in acts]
    assert post(up.http(), body) == [{**each, "status": "duplicate"} for each in first]


def test_a_line_is_answered_as_its_act_would_be_alone(up: Served) -> None:
    http = up.http()
    single = {"Content-Type": "application/cloudevents+json"}
    bad = [{**act(), "type": "no.such"}, {**act(), "time": "2026-03-02", "actor": "nobody"}, {"id": "x"}]
    found = post(http, b"\n".join(map(line_of, bad)))
    for number, (line, document) in enumerate(zip(found, bad, strict=True), 1):
        alone = http.post("/v1/events", content=line_of(document), headers=single)
        assert line == {"line": number, **alone.json(), "title": "The act was refused; it was not stored"}
        assert {"type", "title", "status", "detail", "errors"} <= line.keys()
    assert stored(up.database) == []


def test_lines_read_apart_are_each_an_act_of_its_own(up: Served) -> None:
    """Large groups are read by another process, as one array: what is an act, or two, only together is none."""
    http = up.http()
    warm = [line_of(act(f"{number}" * 100)) for number in range(400)]
    token = Token("t", "t", frozenset(("admin",)), frozenset(), frozenset())
    deadline = time.monotonic() + 30
    while up.ledger.read_apart(b"[" + b",".join(warm) + b"]", token) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [each["status"] for each in post(http, b"\n".join(warm))] == ["recorded"] * 400

    head, tail = line_of(act("a,b")).split(b"a,b")
    two = line_of(act()) + b"," + line_of(act())
    more = [line_of(act(f"{number}" * 100)) for number in range(400)]
    found = post(http, b"\n".join([*more, head + b"a", b"b" + tail, two]))
    assert [each["status"] for each in found] == ["recorded"] * 400 + [400, 400, 400]
    assert len(stored(up.database)) == 800

    again = post(
        http, b"\n".join([*more[:200], line_of({**json.loads(more[0]), "time": "2026-01-01T00:00:00Z"}), *more[200:]])
    )
    assert [each["status"] for each in again] == ["duplicate"] * 200 + [409] + ["duplicate"] * 200


def test_a_fault_of_a_line_is_pointed_to_as_that_of_an_act_alone(up: Served) -> None:
    """Also where the name of an attribute looks like an index."""
    [found] = post(up.http(), b'{"0a":1,"0a":2}')
    assert "/0a" in [fault["pointer"] for fault in found["errors"]]


def test_each_line_stands_alone(up: Served) -> None:
    good = [act() for _ in range(5)]
    taken = {**good[0], "data": {"title": "another"}}
    lines = [
        line_of(good[0]),  # 1
        b"",
        b" \t\r",
        b'{"specversion": ',  # 4
        line_of(good[1]) + b"\r",
        line_of(act()).replace(b'"t"', b'"\xff"'),
        line_of(good[2]),  # 7
        line_of(taken),
        b"[" + line_of(act()) + b"]",
        b"x" * (EVENT_BYTES_MAX + 1),  # 10
        b"y" * (5 * 1024 * 1024),
        line_of(good[3]),
        line_of(good[1]),  # 13: as line 5
        line_of({**act(), "type": "no.such"}),
        b"  " + line_of(good[4]),  # the last one, without an end
    ]
    found = post(up.http(), b"\n".join(lines))
    assert [(each["line"], each["status"]) for each in found] == [
        (1, "recorded"), (4, 400), (5, "recorded"), (6, 400), (7, "recorded"), (8, 409), (9, 422), (10, 413), (11, 413),
        (12, "recorded"), (13, "duplicate"), (14, 422), (15, "recorded"),
    ]  # fmt: skip
    by_line = {each["line"]: each for each in found}
    assert [by_line[line]["errors"][0]["code"] for line in (4, 6, 9, 10, 11, 14)] == [
        "malformed_json", "invalid_utf8", "wrong_type", "too_large", "too_large", "unknown_type",
    ]  # fmt: skip
    assert {by_line[line]["title"] for line in (4, 6, 9, 10, 11, 14)} == {"The act was refused; it was not stored"}
    assert by_line[8]["stored_hmac"] != by_line[8]["posted_hmac"]
    assert [payload for _, _, payload in stored(up.database)] == [line_of(each) for each in good]
    assert [by_line[line]["position"] for line in (1, 5, 7, 12, 15)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\n  \n"])
def test_a_body_without_acts_is_answered_with_nothing(up: Served, body: bytes) -> None:
    assert post(up.http(), body) == []


def test_a_line_may_be_as_long_as_an_act(up: Served) -> None:
    fits, too_long = padded(EVENT_BYTES_MAX), padded(EVENT_BYTES_MAX + 1)
    found = post(up.http(), b"\r\n".join([fits, too_long, fits]))
    assert [each["status"] for each in found] == ["recorded", 413, "duplicate"]
    assert [payload for _, _, payload in stored(up.database)] == [fits]


def test_what_is_longer_than_a_batch_may_be_is_taken_as_lines_only(up: Served) -> None:
    lines = [padded(60_000) for _ in range(150)]
    batch = b"[" + b",".join(lines) + b"]"
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    assert up.http().post("/v1/events", content=batch, headers=kind).status_code == 413
    assert up.http().post("/v1/events", content=iter([batch]), headers=kind).status_code == 413
    assert [each["position"] for each in post(up.http(), b"\n".join(lines))] == list(range(1, 151))


def test_one_act_refused_among_many_moves_no_other(up: Served) -> None:
    http = up.http()
    known = act()
    post(http, line_of(known))
    acts = [act() for _ in range(900)]
    acts[450] = {**known, "data": {"title": "another"}}
    found = post(http, b"\n".join(map(line_of, acts)))
    assert found[450]["status"] == 409
    assert [each["position"] for each in found if each["status"] == "recorded"] == list(range(2, 901))
    assert [id for _, id, _ in stored(up.database)[1:]] == [each["id"] for each in acts if each["id"] != known["id"]]


def test_an_act_that_the_database_refuses_hurts_only_its_own_line(up: Served) -> None:
    with psycopg.connect(up.database.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.entries ADD CONSTRAINT no_poison CHECK (id <> 'poison')")
    acts = [act() for _ in range(20)]
    acts[7] = {**acts[7], "id": "poison"}
    found = post(up.http(), b"\n".join(map(line_of, acts)))
    assert [each["status"] for each in found] == [*["recorded"] * 7, 500, *["recorded"] * 12]
    assert found[7]["type"] == "urn:quanze:problem:internal"
    assert "poison" not in json.dumps(found[7])
    assert [id for _, id, _ in stored(up.database)] == [each["id"] for each in acts if each["id"] != "poison"]


def test_a_name_taken_is_refused_on_its_own_line(up: Served) -> None:
    acts = [vested(), granted("grant:1", CHIEF), act(), granted("grant:1", CLERK), granted("grant:2", CLERK), act()]
    found = post(up.http(), b"\n".join(map(line_of, acts)))
    assert [each["status"] for each in found] == ["recorded", "recorded", "recorded", 409, "recorded", "recorded"]
    assert found[3]["type"] == "urn:quanze:problem:name-taken"
    assert [id for _, id, _ in stored(up.database)] == [each["id"] for each in acts if each is not acts[3]]


def test_what_a_unit_enforces_holds_from_the_next_line_on(database: Database) -> None:
    said = {"recordedtime": "2026-02-01T09:00:00+08:00"}
    adopted = [{"key": "enforce", "value": ["AUT-06"]}]
    policy = event(
        "setup.policy",
        "unit:U1",
        "person:HEAD",
        time=said["recordedtime"],
        attributes=said,
        policy="ic",
        policies=adopted,
    )
    named = {"authority": "grant:1"}
    acts = [
        vested(),
        granted("grant:1", CHIEF, ceiling_item="100.00"),
        signing(CHIEF, "100.01", attributes=named),
        policy,
        signing(CHIEF, "100.02", attributes=named),
        signing(CHIEF, "99.00", attributes=named),
        event("project.open", "project:OTHER", "person:P1", unit="unit:U2"),
    ]
    with joined(database) as both:
        answer = both.http.post("/v1/events", content=b"\n".join(map(line_of, acts)), headers=LINES)
        found = [json.loads(line) for line in answer.content.splitlines()]
        assert [each["status"] for each in found] == [*["recorded"] * 4, 422, "recorded", "recorded"], answer.text
        refused = found[4]
        assert refused["type"] == "urn:quanze:problem:refused"
        assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [("", "AUT-06")]
        assert refused["refusals"] == [5]
        assert [each.get("position") for each in found] == [1, 2, 3, 4, None, 6, 7]
        assert both.get("/v1/events/5")["event"]["data"]["act"]["id"] == acts[4]["id"]


def test_a_pack_is_known_to_the_lines_after_it(up: Served) -> None:
    pack = event("catalogue.extend", "log:test", "person:P1", pack="one", roles={"x_a": ["甲", "A"]})
    early, late = ({**act(), "role": "x_a"} for _ in range(2))
    found = post(up.http(), b"\n".join(map(line_of, [early, pack, late])))
    assert [each["status"] for each in found] == [422, "recorded", "recorded"], found[2]["errors"]


@pytest.mark.parametrize("after", [0, 1])
def test_an_erasure_ordered_by_a_line_is_carried_out_before_the_next(up: Served, after: int) -> None:
    gone = act("personal")
    target = {"source": SOURCE, "id": gone["id"]}
    order = event("data.erase", gone["subject"], "person:P1", target=target, legal_basis="PIPL §47")
    found = post(up.http(), b"\n".join(map(line_of, [gone, order, *[gone] * after])))
    assert [each["status"] for each in found] == ["recorded", "recorded", *["duplicate"] * after], found
    assert [each["content"] for each in found[2:]] == ["erased"] * after
    assert [payload is None for _, _, payload in stored(up.database)] == [True, False]


def test_a_line_of_another_source_is_refused_and_a_token_without_the_scope_altogether(up: Served) -> None:
    http = up.http("events:write")
    found = post(http, b"\n".join(map(line_of, [{**act(), "source": "urn:other"}, act()])))
    assert [each["status"] for each in found] == [403, "recorded"]
    assert up.http("read").post("/v1/events", content=line_of(act()), headers=LINES).status_code == 403


def test_a_slow_sender_is_not_kept_waiting_for_more(up: Served) -> None:
    """What came is recorded, though the body goes on: more is sent once what came before is on record."""
    few, many = [line_of(act()) + b"\n" for _ in range(3)], b"".join(line_of(act()) + b"\n" for _ in range(600))

    def body() -> Iterator[bytes]:
        for number, part in zip((1, 602, 603), (few[0], few[1] + many, few[2]), strict=True):
            yield part
            wait_for(up.database, number)

    answer = up.http().post("/v1/events", content=body(), headers=LINES)
    assert [json.loads(line)["position"] for line in answer.content.splitlines()] == list(range(1, 604))


def test_of_a_body_that_breaks_off_whole_lines_are_recorded_and_nothing_else(up: Served) -> None:
    acts = [act() for _ in range(10)]
    whole = b"".join(line_of(each) + b"\n" for each in acts)
    half = line_of(act())
    token = up.bearer("admin")["Authorization"]
    host, port = up.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        head = (
            f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/x-ndjson\r\n"
        )
        # The half line would be an act, were its end taken for the end of the body.
        raw.sendall(f"{head}content-length: {len(whole) + 10 * len(half)}\r\n\r\n".encode() + whole + half)
        wait_for(up.database, 10)
    time.sleep(0.3)  # in which the half line could be recorded, were it taken
    assert [id for _, id, _ in stored(up.database)] == [each["id"] for each in acts]
    again = post(up.http(), whole + half)
    assert [each["status"] for each in again] == [*["duplicate"] * 10, "recorded"]


def draft(number: int) -> Draft:
    return Draft(
        source="urn:filler", id=str(number), type="project.open", subject="project:P1", time="2026-03-02T09:30:00Z",
        actor="person:P1", tags=(), payload=b"{}",
    )  # fmt: skip


def test_a_full_queue_slows_reading_down_and_fails_no_line(database: Database) -> None:
    with served(database, queue_acts_max=20) as up, psycopg.connect(database.dsn) as held:
        held.execute("SELECT 1 FROM ledger.heads FOR UPDATE")
        first = up.ledger.recorder.submit(Request((draft(0),)))
        wait_until_blocked(database)
        waiting = [up.ledger.recorder.submit(Request((draft(number),))) for number in range(1, 21)]
        acts = [act() for _ in range(700)]
        with ThreadPoolExecutor(1) as pool:
            posted = pool.submit(post, up.http(), b"\n".join(map(line_of, acts)))
            time.sleep(0.5)  # in which the queue refuses the lines some times over
            assert not posted.done()
            held.commit()
            found = posted.result(timeout=30)
        positions = [each.result(timeout=10).receipts[0].position for each in (first, *waiting)]
        assert positions == list(range(1, 22))
        assert [(each["status"], each["position"]) for each in found] == [
            ("recorded", position) for position in range(22, 722)
        ]


def test_where_the_database_goes_the_post_is_answered_503_and_may_be_sent_again(up: Served) -> None:
    acts = [act() for _ in range(30)]
    body = b"\n".join(map(line_of, acts))
    http = up.http()
    with psycopg.connect(up.database.dsn) as held, ThreadPoolExecutor(1) as pool:
        held.execute("SELECT 1 FROM ledger.heads FOR UPDATE")
        posted = pool.submit(http.post, "/v1/events", content=body, headers=LINES)
        wait_until_blocked(up.database)
        with psycopg.connect(up.database.dsn, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'quanze committer'"
            )
        answer = posted.result(timeout=30)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    assert answer.json()["type"] == "urn:quanze:problem:unavailable"
    assert stored(up.database) == []
    assert [each["position"] for each in post(http, body)] == list(range(1, 31))


def test_several_posts_at_once_each_keep_their_order(up: Served) -> None:
    bodies = [[act() for _ in range(400)] for _ in range(6)]
    clients = [up.http() for _ in bodies]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(post, clients, [b"\n".join(map(line_of, body)) for body in bodies]))
    for each in found:
        positions = [line["position"] for line in each]
        assert positions == sorted(positions)
    assert sorted(line["position"] for each in found for line in each) == list(range(1, 2_401))


def wait_until_blocked(database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'quanze committer' AND wait_event_type = 'Lock'"
            ).fetchone()
            if row is not None:
                return
            time.sleep(0.02)
    pytest.fail("the committer never waited for the head")


@given(
    st.lists(st.sampled_from([b"a", b"bb", b"", b" ", b"\r", b"c c", b"d" * 70_000, b"e" * 40_000]), max_size=12),
    st.booleans(),
    st.lists(st.integers(1, 90_000), max_size=8),
)
def test_lines_are_the_same_however_the_body_is_cut(parts: list[bytes], ends: bool, cuts: list[int]) -> None:
    body = b"\n".join(parts) + (b"\n" if ends else b"")
    places = sorted({cut for cut in cuts if cut < len(body)})
    chunks = [body[begin:end] for begin, end in zip([0, *places], [*places, len(body)], strict=True)]
    expected = [
        Line(number, content if len(content) <= EVENT_BYTES_MAX else None)
        for number, content in enumerate((part.strip() for part in parts), 1)
        if content
    ]
    assert asyncio.run(_lines(chunks)) == expected


async def _lines(chunks: Sequence[bytes]) -> list[Line]:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [line async for group in groups(body()) for line in group]


def test_groups_stay_small_whatever_comes() -> None:
    """What is held at a time is bounded, in lines and in bytes."""

    async def largest(chunk: bytes) -> tuple[int, int]:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield chunk

        found = [group async for group in groups(body())]
        return max(map(len, found)), max(sum(len(line.content or b"") for line in group) for group in found)

    assert asyncio.run(largest(b"{}\n" * 30_000))[0] == 1_000
    assert asyncio.run(largest((b"x" * 60_000 + b"\n") * 6))[1] <= 512 * 1024 + EVENT_BYTES_MAX


def test_a_server_that_is_told_to_end_breaks_a_body_off_with_503(up: Served) -> None:
    part = b"".join(line_of(act()) + b"\n" for _ in range(3))
    with ThreadPoolExecutor(1) as pool:
        token, port = up.bearer("admin")["Authorization"], int(up.url.rpartition(":")[2])
        answer = pool.submit(_raw_post, port, token, part)
        wait_for(up.database, 3)
        began = time.monotonic()
        up.end()
        text = answer.result(timeout=10)
    assert time.monotonic() - began < 5
    assert text.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in text.lower()


def _raw_post(port: int, token: str, part: bytes) -> bytes:
    """Post a body that is announced longer than it is; return what is answered until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port)) as raw:
        head = (
            f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/x-ndjson\r\n"
        )
        raw.sendall(f"{head}content-length: {len(part) + 1}\r\n\r\n".encode() + part)
        answer = b""
        while more := raw.recv(65_536):
            answer += more
        return answer


def test_a_body_under_way_is_not_recorded_once_its_token_is_revoked(up: Served) -> None:
    def slowly(acts: list[bytes]) -> Iterator[bytes]:
        yield acts[0] + b"\n"
        wait_for(up.database, 1)
        with psycopg.connect(up.database.dsn, autocommit=True) as connection:
            connection.execute("UPDATE ledger.tokens SET revoked_at = now()")
        time.sleep(REMEMBERED_SECONDS + 0.5)
        yield from acts[1:]

    answer = up.http().post("/v1/events", content=slowly([line_of(act()), line_of(act())]), headers=LINES)
    assert answer.status_code == 401
    assert len(stored(up.database)) == 1


def test_a_batch_that_takes_long_is_not_recorded_once_its_token_is_revoked(up: Served) -> None:
    def slowly() -> Iterator[bytes]:
        yield b"["
        with psycopg.connect(up.database.dsn, autocommit=True) as connection:
            connection.execute("UPDATE ledger.tokens SET revoked_at = now()")
        time.sleep(REMEMBERED_SECONDS + 0.5)
        yield line_of(act()) + b"]"

    headers = {"Content-Type": "application/cloudevents-batch+json"}
    assert up.http().post("/v1/events", content=slowly(), headers=headers).status_code == 401
    assert stored(up.database) == []
