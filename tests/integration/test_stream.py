"""Server-sent events: every act once, in order, to everybody, whatever happens to connections."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from psycopg import sql

from edge.tokens import REMEMBERED_SECONDS
from ledger import subscribing
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.served import Served, served

STREAM = "/v1/events/stream"


class Sent(NamedTuple):
    """An event as a client has it."""

    id: int
    data: Any


@pytest.fixture
def up(database: Database) -> Iterator[Served]:
    with served(database) as own:
        yield own


def opened(count: int, project: str = "P1") -> list[dict[str, Any]]:
    return [event("project.open", f"project:{project}", "person:P1") for _ in range(count)]


def record(up: Served, acts: Sequence[dict[str, Any]]) -> None:
    for begin in range(0, len(acts), 500):
        TestLedger(up.database, up.ledger).post(acts[begin : begin + 500])


@asynccontextmanager
async def subscribed(
    up: Served,
    bearer: dict[str, str],
    *,
    last: int | None = None,
    client: httpx.AsyncClient | None = None,
    **asked: Any,
) -> AsyncGenerator[AsyncIterator[Sent]]:
    """Yield what a subscriber is sent. A comment is passed over."""
    own = client or httpx.AsyncClient(timeout=30)
    headers = bearer | ({"Last-Event-ID": str(last)} if last is not None else {})
    try:
        async with own.stream("GET", up.url + STREAM, params=asked, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _events(answer)
    finally:
        if client is None:
            await own.aclose()


async def _events(answer: httpx.Response) -> AsyncIterator[Sent]:
    """Read events as the HTML standard says (§9.2.6): fields a line, an empty line ends them."""
    id, data = 0, list[str]()
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            id = int(value)
        elif name == "data":
            data.append(value)
        elif not line and data:
            yield Sent(id, json.loads("\n".join(data)))
            data = []


async def take(events: AsyncIterator[Sent], count: int, seconds: float = 20) -> list[Sent]:
    async with asyncio.timeout(seconds):
        return [await anext(events) for _ in range(count)]


def test_what_is_stored_comes_first_then_what_is_recorded(up: Served) -> None:
    record(up, opened(1_100))
    bearer = up.bearer("admin")

    async def follow() -> list[Sent]:
        async with subscribed(up, bearer) as events:
            first = await take(events, 1_100)
            await asyncio.to_thread(record, up, opened(7))
            return first + await take(events, 7)

    found = asyncio.run(follow())
    assert [each.id for each in found] == list(range(1, 1_108))
    listed = up.http().get("/v1/events", params={"limit": 1000}).json()
    assert [each.data for each in found[:1_000]] == listed["items"]
    assert found[-1].data == up.http().get("/v1/events/1107").json()


def test_an_act_written_over_several_lines_arrives_whole(up: Served) -> None:
    act = json.dumps(opened(1)[0], indent=2).replace("\n", "\r\n")
    kind = {"Content-Type": "application/cloudevents+json"}
    assert up.http().post("/v1/events", content=act.encode(), headers=kind).status_code == 201
    bearer = up.bearer("read")

    async def follow() -> Sent:
        async with subscribed(up, bearer) as events:
            return (await take(events, 1))[0]

    assert asyncio.run(follow()).data["event"] == json.loads(act)


@pytest.mark.parametrize(("scope", "shown"), [("verify", True), ("read", False)])
def test_the_salt_is_for_those_who_verify(up: Served, scope: str, shown: bool) -> None:
    """Both for what was stored and for what comes from the listener."""
    record(up, opened(1))
    bearer = up.bearer(scope)

    async def follow() -> list[Sent]:
        async with subscribed(up, bearer) as events:
            first = await take(events, 1)
            await at_the_head(up)
            await asyncio.to_thread(record, up, opened(1))
            return first + await take(events, 1)

    assert ["salt" in each.data for each in asyncio.run(follow())] == [shown, shown]


async def at_the_head(up: Served) -> None:
    """Wait until the listener reads for all."""
    async with asyncio.timeout(10):
        while up.ledger.feed.last is None:
            await asyncio.sleep(0.02)


def test_only_what_was_asked_for_comes(up: Served) -> None:
    bearer = up.bearer("read")
    mixed = [*opened(3, "A"), *opened(400, "B"), event("plan.prepare", "project:A", "person:P2"), *opened(1, "A")]
    record(up, mixed)

    async def follow() -> tuple[list[Sent], list[Sent]]:
        async with (
            subscribed(up, bearer, tag="project:A") as of_tag,
            subscribed(up, bearer, type="plan.prepare", after=1) as of_type,
        ):
            first, second = await take(of_tag, 5), await take(of_type, 1)
            await at_the_head(up)
            await asyncio.to_thread(record, up, mixed_again)
            return first + await take(of_tag, 3), second + await take(of_type, 1)

    mixed_again = [*opened(50, "B"), *opened(2, "A"), event("plan.prepare", "project:A", "person:P2")]
    of_tag, of_type = asyncio.run(follow())
    assert [each.id for each in of_tag] == [1, 2, 3, 404, 405, 456, 457, 458]
    assert [each.id for each in of_type] == [404, 458]


def test_a_subscriber_that_is_cut_off_again_and_again_misses_nothing(up: Served) -> None:
    """While somebody records; each time from the last id it saw, which counts more than `after`."""
    bearer = up.bearer("read")
    count = 3_000
    writer = threading.Thread(target=record, args=(up, opened(500)))
    writer.start()

    async def follow() -> list[int]:
        seen: list[int] = []
        writing = asyncio.get_running_loop().run_in_executor(None, _write, up, count - 500)
        sizes = [1, 2, 7, 40, 150, 3, 333, 90, 11, 500]
        while len(seen) < count:
            wanted = min(sizes[len(seen) % len(sizes)], count - len(seen))
            async with subscribed(up, bearer, last=seen[-1] if seen else None, after=0) as events:
                seen += [each.id for each in await take(events, wanted)]
        await writing
        return seen

    seen = asyncio.run(follow())
    writer.join()
    assert seen == list(range(1, count + 1))


def _write(up: Served, count: int) -> None:
    for begin in range(0, count, 25):
        record(up, opened(min(25, count - begin)))


def test_hundreds_of_subscribers_need_no_thread_and_no_connection_each(up: Served) -> None:
    bearer = up.bearer("read")
    record(up, opened(20))

    async def follow() -> tuple[list[list[int]], tuple[int, int], tuple[int, int]]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            streams = [subscribed(up, bearer, client=client, after=at % 20) for at in range(300)]
            first = await streams[0].__aenter__()
            await take(first, 20)
            await at_the_head(up)
            few = used(up)
            events = [first, *(await asyncio.gather(*(each.__aenter__() for each in streams[1:])))]
            await asyncio.gather(*(take(each, 20 - at % 20) for at, each in enumerate(events) if at))
            await asyncio.to_thread(record, up, opened(30))
            got = await asyncio.gather(*(take(each, 30, seconds=30) for each in events))
            many = used(up)
            await asyncio.gather(*(each.__aexit__(None, None, None) for each in streams))
            return [[sent.id for sent in each] for each in got], few, many

    got, few, many = asyncio.run(follow())
    assert got == [list(range(21, 51))] * 300
    # Beside 300 streams: the pools may grow to their own limits meanwhile, which are these.
    assert many[0] - few[0] <= 12
    assert many[1] - few[1] <= 8


def used(up: Served) -> tuple[int, int]:
    """Return how many threads this process has, and connections the database."""
    with psycopg.connect(up.database.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()
    assert row is not None
    return threading.active_count(), row[0]


def test_a_slow_subscriber_holds_up_nobody_and_gets_everything(up: Served) -> None:
    bearer = up.bearer("read")
    count = 12_000  # some 12 MB: more than the sockets between the two keep

    async def follow() -> list[Sent]:
        async with subscribed(up, bearer) as quick:
            await asyncio.to_thread(record, up, opened(count))
            return await take(quick, count, seconds=60)

    with slow(up, bearer) as raw:
        found = asyncio.run(follow())
        assert [each.id for each in found] == list(range(1, count + 1))
        last = f"id: {count}\n".encode()
        text = b""
        raw.settimeout(30)
        while last not in text[-4_000:]:
            text += raw.recv(1 << 20)
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith(b"id: ")]
    assert ids == list(range(1, count + 1))


def slow(up: Served, bearer: dict[str, str]) -> socket.socket:
    """Subscribe, and read nothing."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    raw.connect(("127.0.0.1", int(up.url.rpartition(":")[2])))
    raw.sendall(f"GET {STREAM} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer['Authorization']}\r\n\r\n".encode("ascii"))
    return raw


def test_a_listener_that_is_cut_off_comes_back_and_nothing_is_missed(up: Served) -> None:
    bearer = up.bearer("read")

    async def follow() -> list[int]:
        seen: list[int] = []
        async with subscribed(up, bearer) as events:
            for turn in range(3):
                await asyncio.to_thread(record, up, opened(5))
                seen += [each.id for each in await take(events, 5)]
                await at_the_head(up)
                assert await asyncio.to_thread(cut_listener, up.database, seconds=10 if turn else 5)
        return seen

    assert asyncio.run(follow()) == list(range(1, 16))


def cut_listener(database: Database, seconds: float) -> bool:
    """End the listener's backend as soon as there is one; say whether there was."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(database.dsn, autocommit=True) as killer:
        while time.monotonic() < deadline:
            row = killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'quanze feed listener'"
            ).fetchone()
            if row is not None:
                return True
            time.sleep(0.05)
    return False


def test_acts_come_though_nobody_notifies(database: Database) -> None:
    """A notification only saves waiting: one that is lost costs a second."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = public, pg_catalog").format(name))
        connection.execute(
            "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT NULL::void'"
        )
        connection.execute("LISTEN ledger_feed")

        async def follow() -> list[Sent]:
            async with subscribed(up, up.bearer("read")) as events:
                await at_the_head(up)
                await asyncio.to_thread(record, up, opened(3))
                return await take(events, 3, seconds=10)

        with served(database) as up:
            assert [each.id for each in asyncio.run(follow())] == [1, 2, 3]
        assert list(connection.notifies(timeout=0)) == []  # else this tested nothing


def test_a_stream_needs_a_scope_and_a_position(up: Served) -> None:
    assert up.http("events:write").get(STREAM).status_code == 403
    assert httpx.get(up.url + STREAM).status_code == 401
    for asked, last in (({"after": "-1"}, None), ({"after": "x"}, None), ({}, "x"), ({}, "-3")):
        headers = {"Last-Event-ID": last} if last is not None else {}
        answer = up.http().get(STREAM, params=asked, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text


def test_a_comment_comes_when_nothing_else_does(up: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "HEARTBEAT_SECONDS", 0.2)
    with httpx.stream("GET", up.url + STREAM, headers=up.bearer("read"), timeout=10) as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(6)] == ["retry: 1000", "", ":", "", ":", ""]


def test_a_stream_does_not_outlive_its_token(up: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "HEARTBEAT_SECONDS", 0.5)
    began = time.monotonic()
    with httpx.stream("GET", up.url + STREAM, headers=up.bearer("read"), timeout=10) as answer:
        with psycopg.connect(up.database.dsn, autocommit=True) as connection:
            connection.execute("UPDATE ledger.tokens SET revoked_at = now()")
        answer.read()  # to its end
    assert time.monotonic() - began < 8


def test_nothing_is_sent_once_its_token_is_revoked(up: Served) -> None:
    record(up, opened(1))
    with httpx.stream("GET", up.url + STREAM, headers=up.bearer("read"), timeout=20) as answer:
        lines = answer.iter_lines()
        while not next(lines).startswith("id: 1"):
            pass
        with psycopg.connect(up.database.dsn, autocommit=True) as connection:
            connection.execute("UPDATE ledger.tokens SET revoked_at = now()")
        time.sleep(REMEMBERED_SECONDS + 0.5)
        record(up, opened(1))
        assert [line for line in lines if line.startswith("id: ")] == []


def test_streams_end_with_the_server(up: Served) -> None:
    """In an orderly way: a body that is cut short would raise."""
    bearer = up.bearer("read")
    record(up, opened(3))
    with httpx.stream("GET", up.url + STREAM, headers=bearer, timeout=10) as answer:
        lines = answer.iter_lines()
        while not next(lines).startswith("id: 3"):
            pass
        began = time.monotonic()
        ending = threading.Thread(target=up.end)
        ending.start()
        assert [line for line in lines if line.startswith("id: ")] == []
        ending.join()
    assert time.monotonic() - began < 5
