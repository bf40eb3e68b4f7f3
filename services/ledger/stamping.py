"""
Time stamps of checkpoints by others, beside the writer: who holds the log's key could date a checkpoint as he likes.

An authority that gives none is told of in the log once, and asked again; nothing waits for it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import httpx
import msgspec
import structlog

from contracts.catalogue import Catalogue
from contracts.event import Event, read_event
from contracts.moments import format_instant
from edge.database import Pool, statement
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.errors import KeyTaken
from ledger.refusals import ACTOR
from ledger.stamp_request import Anchors, NoStamp, request_stamp

RENEWED_DAYS_BEFORE: Final = 90
"""Days before the end of its certificate in which a stamp is renewed."""
_AGAIN_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 5.0
_ID: Final = "stamp-"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Stamped:
    """The log whose checkpoints are stamped. `record` blocks until the acts are on disk."""

    pool: Pool
    log_id: int
    origin: str
    checkpoints: Checkpoints
    record: Callable[[Sequence[Event]], object]
    catalogue: Callable[[], Catalogue]


class Stamping:
    """Has checkpoints stamped by each authority (a URL), at most every `seconds`, and renews stamps in time."""

    def __init__(self, log: Stamped, authorities: Sequence[str], anchors: Anchors, seconds: float) -> None:
        self._log, self._authorities, self._anchors, self._seconds = log, authorities, anchors, seconds
        self._http = httpx.Client()
        self._next_at: dict[str, float] = {}
        self._said: dict[str, str] = {}

    def close(self) -> None:
        self._http.close()

    def look(self, now: datetime) -> None:
        """
        Renew what ends soon, then have the newest checkpoint stamped by whose turn it is and who has not stamped it.

        After a crash in between, the acts that renew are there, and the next look has a checkpoint with them stamped.
        """
        due = [each for each in self._authorities if self._turn_of(each, now) <= time.monotonic()]
        if not due:
            return
        self._renew(now)
        checkpoint = self._log.checkpoints.newest()
        for authority in due:
            self._next_at[authority] = time.monotonic() + min(self._seconds, _AGAIN_SECONDS)
            newest = self._newest(authority)
            if (newest is not None and newest[0] >= checkpoint.size) or self._stamp(authority, checkpoint):
                self._next_at[authority] = time.monotonic() + self._seconds

    def _turn_of(self, authority: str, now: datetime) -> float:
        if authority not in self._next_at:
            newest = self._newest(authority)
            # Whatever the clock of the authority says: nobody waits longer than once.
            ago = (
                min(max((now - newest[1]).total_seconds(), 0.0), self._seconds) if newest is not None else self._seconds
            )
            self._next_at[authority] = time.monotonic() + self._seconds - ago
        return self._next_at[authority]

    def _newest(self, authority: str) -> tuple[int, datetime] | None:
        with self._log.pool.connection() as connection:
            parameters = {"log_id": self._log.log_id, "authority": authority}
            return connection.execute(statement("ledger", "newest_timestamp"), parameters).fetchone()

    def _stamp(self, authority: str, checkpoint: Checkpoint) -> bool:
        try:
            response, stamp = request_stamp(self._http, authority, checkpoint.note.encode(), self._anchors)
        except (NoStamp, httpx.HTTPError, httpx.InvalidURL) as exc:
            if self._said.get(authority) != str(exc):
                _log.warning("not_stamped", authority=authority, error=str(exc) or repr(exc))
            self._said[authority] = str(exc)
            return False
        self._said.pop(authority, None)
        with self._log.pool.connection() as connection:
            connection.execute(
                statement("ledger", "insert_timestamp"),
                {
                    "log_id": self._log.log_id,
                    "size": checkpoint.size,
                    "authority": authority,
                    "response": response,
                    "chain": [*stamp.chain, stamp.root],
                    "stamped_at": stamp.time,
                    "certificate_until": stamp.certificate_until,
                },
            )
        return True

    def _renew(self, now: datetime) -> None:
        with self._log.pool.connection() as connection:
            rows = connection.execute(
                statement("ledger", "timestamps_to_renew"),
                {
                    "log_id": self._log.log_id,
                    "now": now,
                    "days": RENEWED_DAYS_BEFORE,
                    "authorities": list(self._authorities),
                    "source": self._source,
                    "prefix": _ID,
                },
            ).fetchall()
        for size, authority, response, note in rows:
            try:
                self._log.record([self._renewal(size, authority, response, note, now)])
            except KeyTaken:
                continue  # another process was as quick, at another second: once on record is enough
        if rows:
            _log.info("stamps_renewed", count=len(rows))

    def _renewal(self, size: int, authority: str, response: bytes, note: str, now: datetime) -> Event:
        """Return the act that commits to a stamp and to what it is of."""
        document = {
            "specversion": "1.0",
            "id": renewal_id(response),
            "source": self._source,
            "type": "log.renew_stamp",
            "subject": f"log:{self._log.origin}",
            "time": format_instant(now),
            "actor": ACTOR,
            "data": {
                "size": size,
                "authority": authority,
                "note_sha256": sha256(note.encode()).hexdigest(),
                "response_sha256": sha256(response).hexdigest(),
            },
        }
        return read_event(msgspec.json.encode(document), self._log.catalogue())

    @property
    def _source(self) -> str:
        return source_of(self._log.origin)


def source_of(origin: str) -> str:
    """Return the source of the acts that a log records by itself."""
    return f"urn:quanze:{origin}"


def renewal_id(response: bytes) -> str:
    """Return the id of the act that renews a stamp. It is made of the stamp: there is one."""
    return _ID + sha256(response).hexdigest()


class StampingThread:
    """Looks every few seconds whose turn it is."""

    def __init__(self, stamping: Stamping) -> None:
        self._stamping = stamping
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stamps", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once nothing is asked any more; that takes as long as an answer may."""
        self._stopped.set()
        self._thread.join()
        self._stamping.close()

    def _run(self) -> None:
        said: str | None = None
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                self._stamping.look(datetime.now(UTC))
                said = None
            except Exception as exc:  # noqa: BLE001 - the database may be away, or the head denied; the next look tries again
                if said != str(exc):
                    _log.warning("stamping_failed", error=str(exc).strip())
                said = str(exc)
