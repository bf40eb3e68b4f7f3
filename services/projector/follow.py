"""
Follows one log: reads acts after the tracked position, projects them, moves the position. Rows and position go in one
transaction, so a crash anywhere leaves whole batches only.

One follower works at a time. A second one is refused by the tracking table, stands by, and takes over when the position
stays while acts wait. An act that cannot be projected stops the follower where it stands, visibly: skipping it would
lose order in silence, and admission lets none such in.
"""

import threading
import time
from typing import Final, Literal, cast

import structlog
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)
from msgspec import Struct
from prometheus_client import Gauge
from psycopg.rows import tuple_row

from contracts.catalogue import base_catalogue
from edge.database import statement
from projector.batch import Batch, FeedRow, apply_batch
from projector.ear import Ear
from projector.packs import Catalogues
from projector.tracking import FollowerRecorder, Moved

_log: Final = structlog.get_logger()
_POSITION: Final = Gauge("quanze_projector_position", "Position the read model has reached", ["log"])

Work = Literal["starting", "following", "standing_by", "waiting", "failed", "stopped"]


class State(Struct, frozen=True):
    """What a follower does. `fault` says why it does not follow: the database's word, or the act that stopped it."""

    work: Work
    position: int = 0
    fault: str | None = None


class Unprojectable(Exception):
    """An act that cannot be projected."""


_PORTION_ACTS_MAX: Final = 500
_BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
"""What a batch holds in memory before it is written, to within a portion. An act has up to 64 KiB."""

_NOT_THE_ACTS: Final = (OperationalError, InterfaceError, ProgrammingError, InternalError, IntegrityError)
"""What the database says when it is the trouble: gone, going, being rebuilt, or moved by another follower."""


def follower_name(log_id: int) -> str:
    """Return the name under which the position in a log is tracked."""
    return f"facts of log {log_id}"


class Follower:
    """One thread that keeps the read model of a log up with it."""

    def __init__(self, dsn: str, log_id: int, *, batch_acts_max: int = 2_000, poll_seconds: float = 1.0) -> None:
        self.log_id = log_id
        self._name = follower_name(log_id)
        self._recorder = FollowerRecorder(dsn, self._name)
        self._catalogues = Catalogues(log_id)
        self._catalogue = base_catalogue()
        self._ear = Ear(dsn, log_id, f"quanze listener {log_id}")
        self._batch_acts_max = batch_acts_max
        self._portion = min(_PORTION_ACTS_MAX, batch_acts_max)
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._again = threading.Event()
        self._moved = threading.Condition()
        self._state = State("starting")
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the batch at hand. What it wrote is committed, what it did not is read again."""
        self._stopping.set()
        self._ear.nudge()
        if self._thread.ident is not None:
            self._thread.join()
        self._ear.close()
        self._recorder.close()

    def begin_again(self) -> None:
        """Say that the read model was rebuilt. Unsaid, it is noticed within a second."""
        self._show(State("starting"))
        self._again.set()
        self._ear.nudge()

    @property
    def state(self) -> State:
        return self._state

    def wait_for(self, position: int, seconds: float) -> bool:
        """Wait until the read model has reached a position; say whether it has."""
        deadline = time.monotonic() + seconds
        with self._moved:
            while self._state.position < position:
                left = deadline - time.monotonic()
                if left <= 0 or self._state.work in ("failed", "stopped"):
                    return False
                self._moved.wait(left)
        return True

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except PersistenceError as exc:
                self._wait_out(exc)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it must be seen, not end a thread in silence
                _log.error("follower_failed", log_id=self.log_id, position=self._state.position, exc_info=exc)
                self._show(State("failed", self._state.position, str(exc) or repr(exc)))
                return
        self._show(State("stopped", self._state.position))

    def _turn(self) -> None:
        """Follow until stopped, refused or cut off, from where the read model says, not where this thread believes."""
        self._resume()
        try:
            self._follow()
        except IntegrityError as exc:
            self._stand_by(exc)

    def _resume(self) -> None:
        position = self._recorder.position()
        with (
            self._recorder.datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            self._catalogue = self._catalogues.read(cursor)
        self._show(State(self._state.work, position, self._state.fault))

    def _follow(self) -> None:
        self._again.clear()
        while not (self._stopping.is_set() or self._again.is_set()):
            if self._advance() < self._portion:
                self._ear.wait(self._poll_seconds)
                self._require_unmoved()

    def _require_unmoved(self) -> None:
        """Notice a rebuild, or another follower, even when no act comes that would."""
        position = self._recorder.position()
        if position != self._state.position:
            raise Moved(f"{self._name} is at {position}, not at {self._state.position}")

    def _advance(self) -> int:
        """Project the next batch; return how many acts it had. Raises `Unprojectable` for the act that cannot be."""
        try:
            return self._step(self._batch_acts_max)
        except _NOT_THE_ACTS:
            raise
        except Exception as exc:  # noqa: BLE001 - the acts are tried again one by one; the one at fault then raises
            _log.warning("batch_not_projected", log_id=self.log_id, after=self._state.position, error=repr(exc)[:500])
        applied = 0
        while applied < self._batch_acts_max and not self._stopping.is_set() and self._single_step():
            applied += 1
        return applied

    def _single_step(self) -> int:
        try:
            return self._step(1)
        except _NOT_THE_ACTS:
            raise
        except Exception as exc:
            raise Unprojectable(f"the act at position {self._state.position + 1} cannot be projected: {exc!r}") from exc

    def _step(self, size: int) -> int:
        after = self._state.position
        rows = self._waiting_after(after, size)
        if not rows:
            self._show(State("following", after))
            return 0
        batch = Batch(self.log_id, rows, self._catalogue)
        to = rows[-1][0]
        with self._recorder.datastore.get_connection() as connection, connection.transaction():
            self._recorder.move(connection.cursor(), after, to)
            apply_batch(connection.cursor(row_factory=tuple_row), self.log_id, batch)
        self._catalogue = batch.catalogue
        self._show(State("following", to))
        if batch.erasures:
            self._resume()  # a pack may have been among it
        return len(rows)

    def _waiting_after(self, after: int, size: int) -> list[FeedRow]:
        """Read acts that wait, up to `size` or to what memory is meant for; few, and that is all there are."""
        rows, taken = list[FeedRow](), 0
        while len(rows) < size and taken < _BATCH_BYTES_MAX:
            wanted = min(self._portion, size - len(rows))
            portion = self._feed_after(rows[-1][0] if rows else after, wanted)
            rows += portion
            taken += sum(len(leaf) + len(content or b"") for _, leaf, content in portion)
            if len(portion) < wanted:
                break
        return rows

    def _feed_after(self, after: int, size: int) -> list[FeedRow]:
        with (
            self._recorder.datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as cursor,  # as text, bytes are sent twice as long
        ):
            parameters = {"log_id": self.log_id, "after": after, "limit": size}
            return cast("list[FeedRow]", cursor.execute(statement("projector", "feed_after"), parameters).fetchall())

    def _stand_by(self, refusal: IntegrityError) -> None:
        """
        Watch the other follower; return when it has not moved for one poll though acts wait.

        Return at once when the position went back: the read model was rebuilt. It may be where it was, when the other
        had moved it before.
        """
        seen, now = self._state.position, self._recorder.position()
        if now == seen and not isinstance(refusal, Moved):
            raise Unprojectable(f"an act after position {now} cannot be projected: {refusal!r}") from refusal
        if now <= seen:
            return
        _log.info("standing_by", log_id=self.log_id, position=now)
        while not self._stopping.is_set() and now >= seen and not (now == seen and self._feed_after(now, 1)):
            self._show(State("standing_by", now))
            self._stopping.wait(self._poll_seconds)
            seen, now = now, self._recorder.position()

    def _wait_out(self, exc: PersistenceError) -> None:
        fault = str(exc).strip() or repr(exc)
        if self._state.work != "waiting":
            _log.warning("database_not_usable", log_id=self.log_id, position=self._state.position, error=fault)
        self._show(State("waiting", self._state.position, fault))
        self._ear.wait(self._poll_seconds)

    def _show(self, state: State) -> None:
        with self._moved:
            self._state = state
            self._moved.notify_all()
        _POSITION.labels(str(self.log_id)).set(state.position)
