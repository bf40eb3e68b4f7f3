"""
LedgerRecorder: the eventsourcing library's `DCBRecorder` on the ledger.

Its real door is `submit`: a request in, receipts out. `append` wraps it for the library, whose events need not be acts
that came through admission: those become acts of the ledger itself.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final
from uuid import uuid4

from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.persistence import IntegrityError, ProgrammingError
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from contracts.moments import format_instant
from edge.database import Pool, statement
from ledger.acts import Appended, Draft, Request
from ledger.append import Stored, find_stored
from ledger.awaiting import Turnstile
from ledger.committer import Committer
from ledger.errors import Conflict
from ledger.matching import matching_sql

_POLL_SECONDS: Final = 0.1
_PAGE: Final = 500


@dataclass
class ActEvent(DCBEvent):
    """A library event that carries the act it stands for."""

    draft: Draft | None = None


@dataclass
class StoredEvent(DCBEvent):
    """A library event read from the log, with the key of its act. `data` is empty once erased."""

    source: str = ""
    id: str = ""


class LedgerRecorder(DCBRecorder):
    """Reads acts by type and tag, appends them under a condition."""

    def __init__(self, pool: Pool, committer: Committer, log_id: int, origin: str) -> None:
        self._pool = pool
        self._committer = committer
        self._log_id = log_id
        self._origin = origin
        # One random name and a number: each random name lets other threads run, and then waits for its turn again.
        self._ids, self._numbers = uuid4(), count(1)

    def submit(self, request: Request) -> Future[Appended]:
        """Queue a request with the one writer; see `Committer.submit`."""
        return self._committer.submit(request)

    def find(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """Return those of these (source, id) that are recorded."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            return find_stored(cursor, self._log_id, keys)

    def is_withdrawn(self, source: str, id: str) -> bool:
        """Say whether an `act.correct` with `void` names this act."""
        with self._pool.connection() as connection:
            parameters = {"log_id": self._log_id, "source": source, "id": id}
            return connection.execute(statement("ledger", "corrections_of"), parameters).fetchone() is not None

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> DCBReadResponse:
        """
        Return the acts that match, in order of position.

        `head` is the log's size at the moment of reading, or with a limit the position of the last act returned.
        """
        with self._pool.connection() as connection, connection.cursor() as cursor:
            # The head first: what commits between the two statements is then left out of both.
            row = cursor.execute(statement("ledger", "head"), {"log_id": self._log_id}).fetchone()
            size = row[0] if row is not None else 0
            events = self._select(cursor, query, after or 0, size, limit)
        if limit is None:
            return _Response(events, size or None)
        return _Response(events, events[-1].position if events else None)

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """
        Append and return the position of the last event.

        Raises the library's `IntegrityError` when something matches the condition, `ProgrammingError` without events.
        """
        if not events:
            raise ProgrammingError("an append needs at least one event")
        try:
            waiting = Turnstile()
            self._committer.put(Request(tuple(map(self._draft, events)), condition), waiting)
            appended = waiting.result()
        except Conflict as exc:
            raise IntegrityError(str(exc)) from exc
        return appended.receipts[-1].position

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> "PollingSubscription":
        """Return the acts that match as they are recorded. Polls: for the library's own use, not for crowds."""
        return PollingSubscription(self, query, after)

    def _select(
        self, cursor: Cursor[TupleRow], query: DCBQuery | None, after: int, size: int, limit: int | None
    ) -> list[DCBSequencedEvent]:
        where, parameters = matching_sql(query)
        sql = SQL(
            "SELECT position, type, tags, payload, source, id FROM ledger.entries"
            " WHERE log_id = %s AND position > %s AND position <= %s AND {} ORDER BY position LIMIT %s"
        ).format(where)
        cursor.execute(sql, [self._log_id, after, size, *parameters, limit])
        return [
            DCBSequencedEvent(StoredEvent(type, payload or b"", tags, source, id), position)
            for position, type, tags, payload, source, id in cursor
        ]

    def _draft(self, event: DCBEvent) -> Draft:
        if isinstance(event, ActEvent) and event.draft is not None:
            return event.draft
        return Draft(
            source="urn:quanze:ledger",
            id=f"{self._ids}-{next(self._numbers)}",
            type=event.type,
            subject=f"log:{self._origin}",
            time=format_instant(datetime.now(UTC)),
            actor="system:ledger",
            tags=tuple(event.tags),
            payload=event.data,
        )


class _Response(DCBReadResponse):
    def __init__(self, events: Sequence[DCBSequencedEvent], head: int | None) -> None:
        self._events: Iterator[DCBSequencedEvent] = iter(events)
        self._head = head

    @property
    def head(self) -> int | None:
        return self._head

    def __next__(self) -> DCBSequencedEvent:
        return next(self._events)


class PollingSubscription(DCBSubscription[LedgerRecorder]):
    """Blocks in `next` until an act matches or `stop` is called from another thread."""

    def __init__(self, recorder: LedgerRecorder, query: DCBQuery | None, after: int | None) -> None:
        super().__init__(recorder, query, after)
        self._page: Iterator[DCBSequencedEvent] = iter(())

    def __next__(self) -> DCBSequencedEvent:
        while not self._has_been_stopped:
            event = next(self._page, None)
            if event is not None:
                self._last_position = event.position
                return event
            found = list(self._recorder.read(self._query, after=self._last_position, limit=_PAGE))
            self._page = iter(found)
            if not found:
                time.sleep(_POLL_SECONDS)
        raise StopIteration
