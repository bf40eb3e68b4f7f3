"""
The most memory that `quanze ledger` ever holds: under the load of `append-batch`, and while it takes a million lines.

The limit is a fixed one. Each load has a process of its own.
"""

import http.client
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from bench.append_batch import ACTS, CONNECTIONS, batches, post
from bench.data import DataSet, fresh
from bench.report import Limit, conditions, show
from bench.servers import Server, ledger_alone
from bench.signed import payload_bytes, signed

MB_MAX: Final = 200
LINES: Final = 1_000_000
LOADS, LOAD_SECONDS = 3, 5.0
_FIRST_LINE: Final = 10_000_000
"""Acts that no batch held."""
_CHUNK_LINES: Final = 1_000
_SECONDS_MAX: Final = 900.0


class _Answered(Struct):
    """A line of the answer, as far as it says what became of its act: a word, or the number of a problem."""

    status: str | int


_decode: Final = msgspec.json.Decoder(_Answered).decode


def run(_: int) -> None:
    """Measure on an empty log, then on what the first load left in it."""
    with fresh() as data:
        batch_mb, batch = _under_batches(data)
        with ledger_alone(data) as server:
            began = time.perf_counter()
            _post_lines(server, islice(signed(_FIRST_LINE), LINES))
            seconds = time.perf_counter() - began
            lines_mb = server.peak_rss_mb()
            under = conditions(
                server.dsn,
                clients=CONNECTIONS,
                acts_a_batch=ACTS,
                payload_bytes=payload_bytes(),
                batches=f"{LOADS} times {LOAD_SECONDS:g} s",
                lines=f"{LINES} in one post, of one connection",
                server="`quanze ledger`",
            )
    limits = [
        Limit("batch_peak_mb", batch_mb, MB_MAX, most=True),
        Limit("lines_peak_mb", lines_mb, MB_MAX, most=True),
    ]
    ours: dict[str, Any] = {limit.name: limit.value for limit in limits}
    ours |= {"idle_mb": batch, "lines_per_second": round(LINES / seconds)}
    show("memory", MB_MAX / max(batch_mb, lines_mb), ours=ours, rival={"limit_mb": MB_MAX}, under=under, limits=limits)


def _under_batches(data: DataSet) -> tuple[float, float]:
    """Return the peak, and that before the first act."""
    with ledger_alone(data) as server:
        idle, posted = server.peak_rss_mb(), batches(server, signed())
        for _ in range(LOADS):
            post(posted, LOAD_SECONDS)
        return server.peak_rss_mb(), idle


def _post_lines(server: Server, acts: Iterator[bytes]) -> None:
    """Post acts one a line, read on while they are answered; raise `RuntimeError` unless all of them were recorded."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_SECONDS_MAX)
    headers = server.headers | {"Content-Type": "application/x-ndjson"}
    chunks = iter(lambda: b"".join(act + b"\n" for act in islice(acts, _CHUNK_LINES)), b"")
    connection.request("POST", "/v1/events", body=chunks, headers=headers)
    with connection.getresponse() as answer:
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read(2_000).decode('utf-8', 'replace')}")
        recorded = sum(_decode(line).status == "recorded" for line in answer)
    connection.close()
    if recorded != LINES:
        raise RuntimeError(f"{recorded} of {LINES} lines were recorded")
