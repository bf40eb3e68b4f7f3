"""
Group commit: one writer thread, many waiting requests, one transaction for all that wait.

Whoever submits gets a future. It resolves after the commit, never before: an acknowledged act is on disk.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg.errors import ProgramLimitExceeded, UniqueViolation
from psycopg.rows import TupleRow

from edge.database import working_as
from ledger.acts import Appended, Request
from ledger.append import Edge, Outcome, Written, append
from ledger.errors import BadRequest, LedgerError, QueueFull, Unavailable

BATCH_ACTS_MAX: Final = 4_000
"""Acts in one transaction: more would make the first of them wait for the last without being faster."""
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
QUEUE_ACTS_MAX: Final = 50_000
QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bytes of acts as received that wait in memory: 50 thousand of the largest would not fit in any."""
LIMITS: Final = {"idle_in_transaction_session_timeout": "5s"}
"""A process that stands still with the head's lock in its hands loses it: else no other could record."""
_POISON: Final = (psycopg.DataError, psycopg.IntegrityError, ProgramLimitExceeded, UnicodeError, BadRequest)
"""What an act in a shared commit may raise by what is in it."""
_COME_BACK_SECONDS: Final = 0.002
_WORTH_A_COMMIT_ACTS: Final = 200

_log = structlog.get_logger()


class Answered(Protocol):
    """Who waits for a request: as much of a `Future` as the writer needs."""

    def set_running_or_notify_cancel(self) -> bool: ...
    def set_result(self, result: Appended, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


class _Waiting(NamedTuple):
    """A request in the queue: how many bytes of acts it holds, and who waits for it."""

    request: Request
    bytes: int
    future: Answered


class Committer:
    """The one writer of a process. Several processes on one log take turns at its head."""

    def __init__(self, dsn: str, log_id: int, origin: str, *, queue_acts_max: int = QUEUE_ACTS_MAX) -> None:
        self._dsn, self._log_id, self._origin = dsn, log_id, origin
        self._queue_acts_max = queue_acts_max
        self._waiting: deque[_Waiting] = deque()
        self._waiting_acts = self._waiting_bytes = 0
        self._wanted = 1
        """Requests that have to wait before the writer is woken."""
        self._answered = 0
        self._closing = False
        self._awake = threading.Condition()
        self._connection: Connection[TupleRow] | None = None
        self._edge: Edge | None = None
        self._look_up = False
        self.tags = 0
        """Tags of all acts that this writer has recorded."""
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Future[Appended]:
        """Queue a request; the future gives its receipts, or raises what became of it: see `put`."""
        future: Future[Appended] = Future()
        self.put(request, future)
        return future

    def put(self, request: Request, answered: Answered) -> None:
        """
        Queue a request; `answered` gets its receipts, or what became of it, in the writer's thread.

        `LedgerError` where the ledger refused it; `Unavailable` where the database did not answer: then nothing was
        acknowledged, and a retry is safe, since what was recorded after all comes back as a duplicate. Raises
        `QueueFull` at once when too much waits, `Unavailable` when the committer is closed.
        """
        waiting = _Waiting(request, sum(len(draft.payload) for draft in request.drafts), answered)
        with self._awake:
            if self._closing:
                raise Unavailable("the ledger is shutting down")
            acts, size = self._waiting_acts + len(request.drafts), self._waiting_bytes + waiting.bytes
            if self._waiting and (acts > self._queue_acts_max or size > QUEUE_BYTES_MAX):
                raise QueueFull(f"{self._waiting_acts} acts wait already")
            self._waiting.append(waiting)
            self._waiting_acts, self._waiting_bytes = acts, size
            if len(self._waiting) >= self._wanted:
                self._awake.notify()

    def close(self) -> None:
        """Take nothing more, commit what waits, end the thread."""
        with self._awake:
            self._closing = True
            self._awake.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            # Whoever gave up waiting before this moment is not recorded; after it, nobody can give up any more.
            self._commit([waiting for waiting in batch if waiting.future.set_running_or_notify_cancel()])
            self._answered = len(batch)
        if self._connection is not None:
            self._connection.close()

    def _next_batch(self) -> list[_Waiting]:
        """Return what waits, up to the limits; an empty list when the committer closes."""
        with self._awake:
            if self._waiting_acts < _WORTH_A_COMMIT_ACTS:
                # Whoever was answered just now mostly comes back at once. One commit for them and for those who wait
                # by now is nearly as fast as one for half of them.
                self._await(len(self._waiting) + self._answered, _COME_BACK_SECONDS)
            self._await(1)
            batch: list[_Waiting] = []
            acts = size = 0
            while self._waiting:
                acts += len(self._waiting[0].request.drafts)
                size += self._waiting[0].bytes
                if batch and (acts > BATCH_ACTS_MAX or size > BATCH_BYTES_MAX):
                    break
                batch.append(self._waiting.popleft())
                self._waiting_acts -= len(batch[-1].request.drafts)
                self._waiting_bytes -= batch[-1].bytes
            return batch

    def _await(self, requests: int, seconds: float | None = None) -> None:
        """Wait, holding the lock, until so many requests wait, the committer closes, or the time is over."""
        self._wanted = requests
        self._awake.wait_for(lambda: len(self._waiting) >= requests or self._closing, seconds)

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        try:
            outcomes = self._transaction([waiting.request for waiting in batch])
        except _POISON as exc:
            # Something in the data that admission let through. Only its own poster shall feel it.
            if len(batch) > 1:
                middle = len(batch) // 2
                self._commit(batch[:middle])
                self._commit(batch[middle:])
            else:
                self._fail(batch, exc)
                _log.exception("request_refused_by_database")
        except psycopg.Error as exc:
            self._forget_connection()
            self._fail(batch, Unavailable("the database did not answer; nothing was acknowledged"))
            _log.warning("commit_failed", requests=len(batch), error=str(exc).strip())
        except Exception as exc:  # noqa: BLE001 - the thread must live on; the posters get what happened
            self._forget_connection()
            self._fail(batch, exc)
            _log.exception("commit_failed", requests=len(batch))
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, LedgerError):
                    waiting.future.set_exception(outcome)
                else:
                    waiting.future.set_result(outcome)

    def _transaction(self, requests: Sequence[Request]) -> list[Outcome]:
        connection = self._connection
        if connection is None:
            connection = psycopg.connect(
                self._dsn, autocommit=True, connect_timeout=5, application_name="quanze committer"
            )
            self._connection = connection
            working_as("quanze_writer", LIMITS)(connection)
        try:
            written = self._append(connection, requests)
        except UniqueViolation:
            # Some are recorded already. Whoever posts again mostly goes on so: until none is, they are looked up first.
            self._look_up = True
            written = self._append(connection, requests)
        self._edge, self._look_up = written.edge, written.duplicates
        self.tags += written.tags
        return written.outcomes

    def _append(self, connection: Connection[TupleRow], requests: Sequence[Request]) -> Written:
        with connection.transaction():
            edge, self._edge = self._edge, None  # until this is committed nobody knows where the log ends
            return append(connection, self._log_id, self._origin, requests, edge=edge, look_up=self._look_up)

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
        for waiting in batch:
            waiting.future.set_exception(error)
