"""The load of the benches: what it counts, what it sends, and that an answer it did not wait for stops it."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from itertools import repeat

import pytest

from bench.harness import Refused, Round, Target, alternate, drive, drive_in_threads, figures, median_ratio

BODY = b'{"id":"oa-1"}'


@contextmanager
def served(status: str) -> Generator[tuple[int, list[bytes]]]:
    """Serve one answer to whatever comes, on a port of this machine; keep what came."""
    came: list[bytes] = []
    ready, port = threading.Event(), [0]
    answering: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.current_task())
        while head := await _head(reader):
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            came.append(head + await reader.readexactly(length))
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\n{}" % status.encode())
        writer.close()
        await writer.wait_closed()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        await stop
        server.close()
        await server.wait_closed()
        await asyncio.wait([task for task in answering if task is not None])  # before 3.12 the server does not

    loop = asyncio.new_event_loop()
    stop = loop.create_future()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield port[0], came
    finally:
        loop.call_soon_threadsafe(stop.set_result, None)
        thread.join()
        loop.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_a_post_is_sent_with_its_body_and_counted_when_it_is_answered(status: str) -> None:
    with served(status) as (port, came):
        target = Target.posts(port, "T", "/v1/events", "application/cloudevents+json", repeat(BODY, 5))
        seen = drive(target, connections=2, seconds=30)
    assert len(seen.latencies) == len(came) == 5
    for request in came:
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.splitlines()[0] == b"POST /v1/events HTTP/1.1"
        assert b"authorization: Bearer T" in head.splitlines()
        assert b"content-type: application/cloudevents+json" in head.splitlines()
        assert body == BODY


def test_an_answer_that_is_neither_200_nor_201_stops_the_round() -> None:
    with served("409 Conflict") as (port, _), pytest.raises(Refused, match="409 Conflict"):
        drive(Target.gets(port, "T", repeat("/v1/events/1")), connections=2, seconds=30)


def test_every_work_of_every_thread_is_counted() -> None:
    done: list[int] = []  # append is atomic
    seen = drive_in_threads([lambda: done.append(1)] * 3, seconds=0.05)
    assert len(seen.latencies) == len(done) >= 3
    assert seen.seconds >= 0.05


def test_a_work_that_fails_fails_the_round() -> None:
    def fail() -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        drive_in_threads([fail, lambda: None], seconds=0.05)


def test_sides_take_turns_and_every_other_time_the_last_begins() -> None:
    turns: list[str] = []

    def side(name: str) -> Round:
        turns.append(name)
        return Round(1.0, [0.5])

    rounds = alternate({"ours": lambda: side("ours"), "rival": lambda: side("rival")}, rounds=3)
    assert turns == ["ours", "rival", "rival", "ours", "ours", "rival"]
    assert {name: len(each) for name, each in rounds.items()} == {"ours": 3, "rival": 3}


def test_the_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_the_medians() -> None:
    ours = [Round(1.0, [0.1] * count) for count in (10, 20, 90)]
    rival = [Round(1.0, [0.1] * count) for count in (10, 40, 30)]
    assert median_ratio(ours, rival, lambda each: each.rate) == 1.0


def test_acts_a_second_are_answers_times_the_acts_of_each() -> None:
    assert figures([Round(2.0, [0.010, 0.030])], acts=500) == {
        "acts_per_second": 500.0,
        "p50_ms": 30.0,
        "p99_ms": 30.0,
    }
