"""
Waits for the next act: a notification, a nudge from another thread, or a second gone by.

A notification only saves waiting. Its connection may be dead without anyone noticing, so whoever waits must look for
acts after every wait, whatever ended it.
"""

import contextlib
import select
import socket
import time
from typing import Final

import psycopg
import structlog
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn
from psycopg.rows import TupleRow

from edge.database import working_as

_log: Final = structlog.get_logger()

_DEAD_PEER_SOON: Final = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class Ear:
    """Listens on the channel `ledger_feed` for one log. Belongs to one thread; `nudge` is for the others."""

    def __init__(self, dsn: str, log_id: int, name: str) -> None:
        self._dsn = make_conninfo(dsn, application_name=name, **_DEAD_PEER_SOON)
        self._payload = str(log_id)
        self._connection: Connection[TupleRow] | None = None
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def wait(self, seconds: float) -> None:
        """Return when there may be something to read, after `seconds` at the latest."""
        if self._connection is None and self._listen():
            return  # whatever came before the connection did is not heard by it
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            sources = [self._woken] if self._connection is None else [self._woken, self._connection]
            readable, _, _ = select.select(sources, [], [], left)
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
                return
            if readable and self._connection is not None and self._heard(self._connection.pgconn):
                return

    def nudge(self) -> None:
        """End a wait at once."""
        with contextlib.suppress(OSError):  # full: it is awake; closed: nobody waits
            self._waker.send(b"\0")

    def close(self) -> None:
        self._hang_up()
        self._woken.close()
        self._waker.close()

    def _listen(self) -> bool:
        try:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
            working_as("quanze_projector")(self._connection)
            self._connection.execute("LISTEN ledger_feed")
        except psycopg.Error as exc:
            _log.warning("listen_failed", error=str(exc).strip())
            self._hang_up()
            return False
        return True

    def _heard(self, pgconn: PGconn) -> bool:
        """Take in what arrived; say whether it concerns this log. A connection that died counts: there may be more."""
        try:
            pgconn.consume_input()
            heard = False
            while (notification := pgconn.notifies()) is not None:
                heard |= notification.extra.decode() == self._payload
        except psycopg.Error as exc:
            _log.warning("listen_lost", error=str(exc).strip())
            self._hang_up()
            return True
        return heard

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
