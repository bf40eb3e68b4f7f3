"""
Keeps the index by tag short of new acts, beside the writer.

What is added to it waits in a list that every question by tag reads through; merging it into a large index takes half
a second, in which the writer, left to do it, would record nothing (PostgreSQL manual, "GIN Fast Update Technique"). A
crash leaves a longer list, which the next merge or the writer itself works off.
"""

import threading
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from edge.database import Pool, statement

_LOOK_SECONDS: Final = 0.5
ACTS_MAX: Final = 25_000
"""Acts that wait while more are recorded: fewer are merged less cheaply, more make questions by tag slow."""

_log = structlog.get_logger()


class SettlingThread:
    """Merges when much waits, and when nothing more was recorded since it looked last."""

    def __init__(self, pool: Pool, reached: Callable[[], int]) -> None:
        """`reached` is the position up to which acts are recorded by this process."""
        self._pool, self._reached = pool, reached
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tags", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        settled = seen = 0
        while not self._stopped.wait(_LOOK_SECONDS):
            reached = self._reached()
            if reached - settled >= ACTS_MAX or settled < reached == seen:
                try:
                    self._settle()
                    settled = reached
                except psycopg.Error as exc:
                    _log.warning("tags_not_settled", error=str(exc).strip())
            seen = reached

    def _settle(self) -> None:
        with self._pool.connection() as connection:
            connection.execute(statement("ledger", "settle_tags"))
