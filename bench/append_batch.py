"""
Batches of 500 acts from 4 connections, over HTTP, with everything: admission, duplicates, tree, signature.

The rival is bare COPY of the same rows, as many in a commit, by the client library that the ledger uses, into a table
without an index on the same PostgreSQL. UmaDB with the same acts stands beside it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from itertools import cycle, islice
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from bench.data import fresh
from bench.harness import Round, Target, alternate, drive, drive_in_threads, figures, median_ratio
from bench.report import Limit, conditions, show
from bench.servers import Server, ledger_alone, uma
from bench.signed import payload_bytes, signed
from bench.uma import Uma

CONNECTIONS, ACTS = 4, 500
ROUNDS, ROUND_SECONDS, WARM_UP_SECONDS = 5, 4.0, 2.0
BATCH: Final = "application/cloudevents-batch+json"
_A_SECOND_MAX: Final = 50_000
"""As many acts are made ready for each second of a round; a server that is faster ends its round early."""
_BATCHES: Final = 20
"""As many batches the rivals write over and over: neither asks whether it has them."""


def run(_: int) -> None:
    """Measure on an empty log."""
    with fresh() as data, ExitStack() as stack:
        server = stack.enter_context(ledger_alone(data))
        url = stack.enter_context(uma(data.path / "uma.db"))
        posted = batches(server, signed())
        post(posted, WARM_UP_SECONDS)
        sides = {
            "ours": partial(post, posted, ROUND_SECONDS),
            "copy": partial(drive_in_threads, _copies(server.dsn, stack), seconds=ROUND_SECONDS),
            "umadb": partial(drive_in_threads, _appends(server.dsn, url), seconds=ROUND_SECONDS),
        }
        rounds = alternate(sides, rounds=ROUNDS)
        under = conditions(
            server.dsn,
            clients=CONNECTIONS,
            acts_a_batch=ACTS,
            payload_bytes=payload_bytes(),
            rounds=f"{ROUNDS} of {ROUND_SECONDS:g} s each, in turn",
            server="`quanze ledger`",
            umadb=version("umadb"),
            psycopg=version("psycopg"),
        )
    ratio = median_ratio(rounds["ours"], rounds["copy"], lambda each: each.rate)
    limits = [Limit("rate_over_copy", round(ratio, 3), 0.40, most=False)]
    over_uma = median_ratio(rounds["ours"], rounds["umadb"], lambda each: each.rate)
    mine = figures(rounds["ours"], ACTS) | {"rate_over_umadb": round(over_uma, 3)}
    rival = {name: figures(rounds[name], ACTS) for name in ("copy", "umadb")}
    show("append-batch", ratio, ours=mine, rival=rival, under=under, limits=limits)


def batches(server: Server, acts: Iterator[bytes]) -> Target:
    """Return what posts acts in batches."""
    bodies = iter(lambda: b"[" + b",".join(islice(acts, ACTS)) + b"]", b"[]")
    return Target.posts(server.port, server.token, "/v1/events", BATCH, bodies)


def post(target: Target, seconds: float) -> Round:
    """Post batches for some seconds; they are made ready before the clock runs."""
    requests = list(islice(target.requests, int(_A_SECOND_MAX * seconds / ACTS)))
    return drive(Target(target.port, iter(requests)), connections=CONNECTIONS, seconds=seconds)


def _copies(dsn: str, stack: ExitStack) -> list[Callable[[], None]]:
    """Return works, each on a connection of its own, that COPY rows of the log into a table without an index."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.copied (LIKE ledger.entries)")
        found = connection.execute("SELECT * FROM ledger.entries ORDER BY position LIMIT %s", (_BATCHES * ACTS,))
        types = [column.type_code for column in found.description or ()]
        rows = found.fetchall()
    own = cycle([rows[first : first + ACTS] for first in range(0, len(rows), ACTS)])
    connections = [stack.enter_context(psycopg.connect(dsn)) for _ in range(CONNECTIONS)]
    return [partial(_copy, connection, types, own) for connection in connections]


def _copy(connection: Connection[TupleRow], types: list[int], batches: Iterator[list[TupleRow]]) -> None:
    with connection.transaction(), connection.cursor().copy("COPY public.copied FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in next(batches):
            copy.write_row(row)


def _appends(dsn: str, url: str) -> list[Callable[[], int]]:
    """Return works, each with a client of its own, that append the same acts to UmaDB."""
    with psycopg.connect(dsn) as connection:
        query = "SELECT type, payload, tags FROM ledger.entries ORDER BY position LIMIT %s"
        found = connection.execute(query, (_BATCHES * ACTS,)).fetchall()
    clients = [Uma(url) for _ in range(CONNECTIONS)]
    events = [clients[0].event(*row) for row in found]
    own = cycle([events[first : first + ACTS] for first in range(0, len(events), ACTS)])
    return [partial(_append, client, own) for client in clients]


def _append(client: Uma, batches: Iterator[list[Any]]) -> int:
    return client.append(next(batches))
