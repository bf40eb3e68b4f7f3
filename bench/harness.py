"""
Closed-loop load over HTTP/1.1: every connection sends its next request when the answer to the one before is in.

The client reads of an answer only what it must, status and length, so that what is measured is the server. It runs in
the process of the bench; each server has a process of its own. Sides take turns within each pair of rounds, and what is
compared is the median of the pairs, so that a machine that is busy for a while does not decide.

What is not reached over HTTP is loaded the same way by threads.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final, cast

import uvloop
from msgspec import Struct

_LENGTH: Final = b"content-length:"
_ANSWER_SECONDS_MAX: Final = 60


class Round(Struct, frozen=True):
    """What one round of load saw: how long it lasted, and the seconds each answer took."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class Target(Struct, frozen=True):
    """Where requests go, and the requests: a fresh one each time."""

    port: int
    requests: Iterator[bytes]

    @classmethod
    def gets(cls, port: int, token: str, paths: Iterator[str]) -> "Target":
        head = _head(port, token)
        return cls(port, (f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in paths))

    @classmethod
    def posts(cls, port: int, token: str, path: str, kind: str, bodies: Iterator[bytes]) -> "Target":
        head = f"POST {path} HTTP/1.1\r\n{_head(port, token)}content-type: {kind}\r\ncontent-length: ".encode()
        return cls(port, (b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in bodies))


def _head(port: int, token: str) -> str:
    return f"host: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n"


class Refused(Exception):
    """An answer that is neither 200 nor 201: a round with such answers measures nothing."""


def alternate(sides: Mapping[str, Callable[[], Round]], *, rounds: int) -> dict[str, list[Round]]:
    """Load each side in turn, `rounds` times; every other time in the reverse order."""
    found: dict[str, list[Round]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: 1 if number % 2 == 0 else -1]:
            found[name].append(sides[name]())
    return found


def drive(target: Target, *, connections: int, seconds: float) -> Round:
    """Load one target for some seconds. Raises `Refused`."""
    return uvloop.run(_drive(target, connections, seconds))


def drive_in_threads(works: Sequence[Callable[[], object]], *, seconds: float) -> Round:
    """Do each work over and over in a thread of its own, for some seconds. Raises what a work raises."""
    start = Barrier(len(works) + 1)

    def repeat(work: Callable[[], object]) -> list[float]:
        latencies = list[float]()
        start.wait()
        until = (now := time.perf_counter()) + seconds
        while now < until:
            began = now
            work()
            now = time.perf_counter()
            latencies.append(now - began)
        return latencies

    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(repeat, work) for work in works]
        start.wait()
        began = time.perf_counter()
        latencies = [latency for future in futures for latency in future.result()]
    return Round(time.perf_counter() - began, latencies)


def median_ratio(ours: list[Round], rival: list[Round], of: Callable[[Round], float]) -> float:
    """Return the median over the pairs of rounds of ours to the rival's."""
    return statistics.median(of(mine) / of(theirs) for mine, theirs in zip(ours, rival, strict=True))


def percentile_ms(rounds: list[Round], share: float) -> float:
    """Return the latency that this share of all answers stayed within, in milliseconds (nearest rank)."""
    latencies = sorted(latency for each in rounds for latency in each.latencies)
    return round(latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1000, 2)


def rate(rounds: list[Round]) -> float:
    """Return the median of the rounds' rates, in answers a second."""
    return round(statistics.median(each.rate for each in rounds), 1)


def figures(rounds: list[Round], acts: int = 1) -> dict[str, float]:
    """Return what is said of appends, so many acts to each: acts a second, and how long one append takes."""
    return {
        "acts_per_second": round(rate(rounds) * acts, 1),
        "p50_ms": percentile_ms(rounds, 0.50),
        "p99_ms": percentile_ms(rounds, 0.99),
    }


async def _drive(target: Target, connections: int, seconds: float) -> Round:
    loop = asyncio.get_running_loop()
    requests, latencies = target.requests, list[float]()
    began = time.perf_counter()
    clients: list[_Client] = []
    for _ in range(connections):
        make = _Client.maker(requests, latencies, began + seconds)
        clients.append((await loop.create_connection(make, "127.0.0.1", target.port))[1])
    try:
        async with asyncio.timeout(seconds + _ANSWER_SECONDS_MAX):
            await asyncio.gather(*(client.ended for client in clients))
    finally:
        for client in clients:
            client.close()
        await asyncio.sleep(0)  # what was closed is let go of in the next turn of the loop
    return Round(time.perf_counter() - began, latencies)


class _Client(asyncio.Protocol):
    """One keep-alive connection: a request is under way at any time until `until`."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], until: float) -> None:
        self._requests, self._latencies, self._until = requests, latencies, until
        self._received = bytearray()
        self._whole = 0
        self._sent = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    def maker(cls, requests: Iterator[bytes], latencies: list[float], until: float) -> "Callable[[], _Client]":
        return lambda: cls(requests, latencies, until)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name
        self._ask()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._whole:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(received[:end]).lower()
            if head[9:12] not in (b"200", b"201"):
                self._end(Refused(bytes(received[:2_000]).decode("utf-8", "replace")))
                return
            at = head.index(_LENGTH) + len(_LENGTH)
            stop = head.find(b"\r", at)
            self._whole = end + 4 + int(head[at : stop if stop > 0 else None])
        if len(received) >= self._whole:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or Refused("the server closed the connection"))

    def _answered(self) -> None:
        now = time.perf_counter()
        self._latencies.append(now - self._sent)
        self._received.clear()
        self._whole = 0
        if now < self._until:
            self._ask()
        else:
            self._end(None)

    def _ask(self) -> None:
        request = next(self._requests, None)
        if request is None:  # all was asked
            self._end(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _end(self, fault: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(fault) if fault is not None else self.ended.set_result(None)
        self.close()

    def close(self) -> None:
        self.ended.cancel()  # nothing happens when it has ended
        self._transport.close()
