"""
Judges what acts touched, a moment after the follower has read them, and what falls due when a day begins.

What is found of some scopes is replaced whole, and only then is it noted that they are judged: a crash anywhere judges
them again and changes nothing. One process judges at a time (an advisory lock); another one stands by.
"""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Final, Literal

import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection, IsolationLevel
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import PoolTimeout

from contracts.policy import business_date
from edge.database import open_pool, statement
from projector.case.lay_out import Scope, prepare
from projector.errors import Unavailable
from projector.fact_cache import FactCache
from projector.findings.found import Outcome, outcome
from projector.findings.keep import keep, note_judged
from projector.follow import follower_name
from projector.judge.card import cards
from projector.judge.judging import judge
from projector.judge.library import Library
from projector.packs import Catalogues
from projector.view import Asked, View, open_view

_log: Final = structlog.get_logger()
_PACKAGE: Final = "projector.findings"
_LOCK: Final = 0x71756A64
"""Whoever holds it for a log judges that log ("qujd")."""
_WINDOW_ACTS: Final = 200_000
"""Acts of which the scopes are gathered at once: a scope touched a hundred times is judged once."""
_PORTION: Final = 200
_BULK: Final = 50
"""Scopes from which on the planner is told how many rows there are."""

Work = Literal["starting", "judging", "standing_by", "waiting", "failed", "stopped"]


SETTINGS: Final = {"work_mem": "64MB", "jit": "off", "temp_buffers": "64MB"}
"""Of connections that judge: cases are sorted and joined in memory, by plans that run once."""


class Opening(Struct, frozen=True):
    """What a view of a log is opened with."""

    log_id: int
    catalogues: Catalogues
    cache: FactCache

    @contextmanager
    def view(self, connection: Connection[TupleRow], asked: Asked) -> Generator[View]:
        with open_view(connection, self.log_id, self.catalogues, self.cache, asked) as view:
            yield view


class State(Struct, frozen=True):
    work: Work
    position: int = 0
    day: date | None = None
    fault: str | None = None


class Judge:
    """One thread that keeps the findings of a log up with its read model."""

    def __init__(self, dsn: str, log_id: int, library: Library, *, poll_seconds: float = 0.2) -> None:
        self.log_id = log_id
        self.library = library
        self._pool = open_pool(dsn, "quanze_projector", size_max=3, name="quanze judge", settings=SETTINGS)
        self._opening = Opening(log_id, Catalogues(log_id), FactCache())
        self._asked = Opening(log_id, Catalogues(log_id), FactCache())
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._moved = threading.Condition()
        self._state = State("starting")
        self._thread = threading.Thread(target=self._run, name=f"judge of log {log_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the portion at hand."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.close()

    @property
    def state(self) -> State:
        return self._state

    def wait_for(self, position: int, seconds: float) -> bool:
        """Wait until every act up to a position is judged; say whether it is."""
        deadline = time.monotonic() + seconds
        with self._moved:
            while self._state.position < position:
                left = deadline - time.monotonic()
                if left <= 0 or self._state.work in ("failed", "stopped"):
                    return False
                self._moved.wait(left)
        return True

    def judge_now(self, scopes: Sequence[str], asked: Asked) -> Outcome:
        """Judge some projects and units for a question, as of its moments. Nothing is written."""
        with self._pool.connection() as connection:
            prepare_once(connection)
            return judge_scopes(connection, self._asked, scopes, self.library, asked)

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._pool.connection() as connection:
                    self._turn(connection)
            except (psycopg.Error, PoolTimeout, Unavailable) as exc:
                _log.warning("judging_waits", log_id=self.log_id, error=str(exc)[:300])
                self._show(State("waiting", self._state.position, self._state.day, str(exc)[:300]))
                self._stopping.wait(1.0)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it must be seen, not end a thread in silence
                _log.error("judge_failed", log_id=self.log_id, exc_info=exc)
                self._show(State("failed", self._state.position, self._state.day, str(exc) or repr(exc)))
                return
        self._show(State("stopped", self._state.position, self._state.day))

    def _turn(self, connection: Connection[TupleRow]) -> None:
        """Judge until stopped, if nobody else does."""
        if not connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK, self.log_id)).fetchone() == (True,):
            self._show(State("standing_by", self._position(connection)[0]))
            self._stopping.wait(self._poll_seconds)
            return
        try:
            prepare_once(connection)
            while not self._stopping.is_set():
                if not self._step(connection):
                    self._stopping.wait(self._poll_seconds)
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK, self.log_id))

    def _step(self, connection: Connection[TupleRow]) -> bool:
        """Judge what a window of acts touched, or what this day brings; say whether there was anything."""
        position, day, upto = self._position(connection)
        today = business_date(datetime.now(UTC))
        window = min(upto, position + _WINDOW_ACTS)
        scopes = self._touched(connection, position, window) if window > position else []
        if day is None or day < today:
            scopes = sorted({*scopes, *self._waking(connection, today)})
        for number, outcomes in enumerate(self.judged(connection, scopes)):
            with writing(connection):
                keep(connection, self.log_id, [outcomes])
            if self._stopping.is_set() and (number + 1) * _PORTION < len(scopes):
                return False  # what is left is judged again from the same position
        if window > position or day != today:
            with writing(connection):
                note_judged(connection, self.log_id, window, today)
        self._show(State("judging", window, today))
        return bool(scopes) or window < upto

    def judged(self, connection: Connection[TupleRow], scopes: Sequence[str]) -> Iterator[Outcome]:
        """Judge scopes as of now, portion by portion."""
        for first in range(0, len(scopes), _PORTION):
            portion = scopes[first : first + _PORTION]
            yield judge_scopes(connection, self._opening, portion, self.library)

    def _position(self, connection: Connection[TupleRow]) -> tuple[int, date | None, int]:
        given = {"log_id": self.log_id, "follower": follower_name(self.log_id)}
        row = connection.execute(statement(_PACKAGE, "judging"), given).fetchone()
        position, day, upto = row if row is not None else (None, None, None)
        return position or 0, day, upto or 0

    def _touched(self, connection: Connection[TupleRow], after: int, upto: int) -> list[str]:
        given = {"log_id": self.log_id, "after": after, "upto": upto}
        rows = connection.execute(statement(_PACKAGE, "touched"), given).fetchall()
        if any(everything for _, everything in rows):
            return list(every_scope(connection, self.log_id))
        return sorted(scope for scope, _ in rows)

    def _waking(self, connection: Connection[TupleRow], today: date) -> list[str]:
        given = {"log_id": self.log_id, "today": today}
        return [row[0] for row in connection.execute(statement(_PACKAGE, "waking"), given)]

    def _show(self, state: State) -> None:
        with self._moved:
            self._state = state
            self._moved.notify_all()


def judge_scopes(
    connection: Connection[TupleRow],
    opening: Opening,
    scopes: Sequence[str],
    library: Library,
    asked: Asked | None = None,
) -> Outcome:
    """Judge some projects and units on a connection with the tables of a case. Nothing is written."""
    wanted = Scope(
        projects=[scope for scope in scopes if not scope.startswith("unit:")],
        units=[scope for scope in scopes if scope.startswith("unit:")],
    )
    with opening.view(connection, asked or Asked()) as view:
        found = judge(view, wanted, library, bulk=len(scopes) > _BULK)
        return outcome(view, scopes, found, cards(library, view.catalogue))


def every_scope(connection: Connection[TupleRow], log_id: int) -> Iterator[str]:
    """Yield every project and unit of a log."""
    after, limit = "", 5_000
    while True:
        given = {"log_id": log_id, "after": after, "limit": limit}
        page = [row[0] for row in connection.execute(statement(_PACKAGE, "all_scopes"), given)]
        yield from page
        if len(page) < limit:
            return
        after = page[-1]


@contextmanager
def writing(connection: Connection[TupleRow]) -> Generator[None]:
    """A transaction that writes, on a connection that reads between."""
    connection.isolation_level, connection.read_only = IsolationLevel.READ_COMMITTED, False
    with connection.transaction():
        yield


def prepare_once(connection: Connection[TupleRow]) -> None:
    """Make the tables of a case unless this connection has them."""
    if connection.execute("SELECT to_regclass('pg_temp.moment') IS NULL").fetchone() == (True,):
        connection.isolation_level, connection.read_only = IsolationLevel.READ_COMMITTED, False
        connection.row_factory = tuple_row
        prepare(connection)
