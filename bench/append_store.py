"""
The store without HTTP: 64 threads, one event to an append, with and without a condition.

The rivals are UmaDB, and the eventsourcing library's `PostgresDCBRecorderTT` on the same PostgreSQL. A condition is on
one tag or on two, and looks at what came after the last append of its thread.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from itertools import cycle
from typing import Any, Final, NamedTuple

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBRecorder
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from bench.data import found, fresh
from bench.harness import Round, alternate, drive_in_threads, figures, median_ratio
from bench.report import Limit, conditions, show
from bench.servers import uma
from bench.signed import CONTRACTS_A_PROJECT, UNITS, act, payload_bytes
from bench.uma import Uma
from contracts.catalogue import base_catalogue
from contracts.event import Event, read_event
from ledger.main import Ledger
from ledger.settings import Settings
from quanze.embedded import embedded

THREADS: Final = 64
ROUNDS, ROUND_SECONDS, WARM_UP_SECONDS = 5, 3.0, 1.0
_PROJECTS_A_UNIT: Final = 10


class _One(NamedTuple):
    """An event as a store takes it, and the tags of its condition."""

    event: Any
    tags: list[str]


Append = Callable[[_One, int | None], int]
"""Append an event, if nothing with its tags came after a position, or at once without one; return its own position."""


def run(_: int) -> None:
    """Measure on an empty log."""
    with fresh() as data, ExitStack() as stack:
        database = stack.enter_context(embedded(data.directory.cluster))
        found(data.directory, database.dsn)
        settings = Settings(dsn=database.dsn, key_file=data.directory.signing_key)
        ledger = stack.enter_context(Ledger(settings))
        rival = Uma(stack.enter_context(uma(data.path / "uma.db")))
        acts = _acts()
        events = [_One(DCBEvent(each.act.type, each.raw, list(each.tags)), _asked(each)) for each in acts]
        stores: dict[str, tuple[Append, Iterator[_One]]] = {
            "ours": (_to_recorder(ledger.recorder), cycle(events)),
            "library": (_to_recorder(_library(database.dsn, stack)), cycle(events)),
            "umadb": (
                lambda one, after: rival.append([one.event], one.tags, after),
                cycle([_One(rival.event(each.act.type, each.raw, each.tags), _asked(each)) for each in acts]),
            ),
        }
        sides: dict[str, Callable[[float], Round]] = {}
        for name, (append, own) in stores.items():
            sides[name] = partial(_drive, append, own, False)
            sides[f"{name}_conditional"] = partial(_drive, append, own, True)
        for side in sides.values():
            side(WARM_UP_SECONDS)
        rounds = alternate({name: partial(side, ROUND_SECONDS) for name, side in sides.items()}, rounds=ROUNDS)
        under = conditions(
            database.dsn,
            clients=THREADS,
            payload_bytes=payload_bytes(),
            rounds=f"{ROUNDS} of {ROUND_SECONDS:g} s each, in turn",
            server="the ledger is in the process of the threads, as the rivals' clients are",
            umadb=version("umadb"),
            eventsourcing=version("eventsourcing"),
        )
    _report(rounds, under)


def _report(rounds: dict[str, list[Round]], under: dict[str, Any]) -> None:
    def over(rival: str, ours: str = "ours") -> float:
        return round(median_ratio(rounds[ours], rounds[rival], lambda each: each.rate), 3)

    limits = [
        Limit("rate_over_umadb", over("umadb"), 0.9, most=False),
        Limit("rate_over_library", over("library"), 3, most=False),
        Limit("conditional_over_library", over("library_conditional", "ours_conditional"), 5, most=False),
    ]
    mine: dict[str, Any] = {limit.name: limit.value for limit in limits}
    mine["conditional_over_umadb"] = over("umadb_conditional", "ours_conditional")
    seen = {name: figures(each) for name, each in rounds.items()}
    mine |= {name: seen.pop(name) for name in ("ours", "ours_conditional")}
    show("append-store", limits[0].value, ours=mine, rival=seen, under=under, limits=limits)


def _drive(append: Append, events: Iterator[_One], conditional: bool, seconds: float) -> Round:
    first = append(next(events), None)
    return drive_in_threads([_Appending(append, events, conditional, first) for _ in range(THREADS)], seconds=seconds)


class _Appending:
    """Appends the next event of all threads; `after` is where its own last one went."""

    def __init__(self, append: Append, events: Iterator[_One], conditional: bool, after: int) -> None:
        self._append, self._events, self._conditional, self._after = append, events, conditional, after

    def __call__(self) -> None:
        self._after = self._append(next(self._events), self._after if self._conditional else None)


def _acts() -> Sequence[Event]:
    """Return contracts signed, each of another project: written over and over, each fits its own condition."""
    of_project, catalogue = UNITS * CONTRACTS_A_PROJECT, base_catalogue()
    numbers = (turn * of_project + unit for turn in range(_PROJECTS_A_UNIT) for unit in range(UNITS))
    return [read_event(act(number), catalogue) for number in numbers]


def _asked(act: Event) -> list[str]:
    """Return the tags of an act's condition: its project, and every other time its supplier."""
    project, *_, supplier = act.tags
    return [project] if int(supplier[-1]) % 2 else [project, supplier]


def _to_recorder(recorder: DCBRecorder) -> Append:
    def append(one: _One, after: int | None) -> int:
        condition = None
        if after is not None:
            condition = DCBAppendCondition(DCBQuery([DCBQueryItem(tags=one.tags)]), after)
        return recorder.append([one.event], condition)

    return append


def _library(dsn: str, stack: ExitStack) -> DCBRecorder:
    """Return the library's recorder, with as many connections as it takes when nobody says otherwise."""
    said = conninfo_to_dict(dsn)
    datastore = PostgresDatastore(
        dbname=str(said["dbname"]),
        host=str(said["host"]),
        port=str(said["port"]),
        user=str(said["user"]),
        password="",
        pool_size=5,
        max_overflow=10,
        connect_timeout=60.0,  # how long a thread may wait for one
    )
    stack.callback(datastore.close)
    recorder = PostgresDCBRecorderTT(datastore)
    recorder.create_table()
    return recorder
