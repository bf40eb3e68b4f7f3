"""
Keeps the index by tag short of new acts, beside the writer.

What is added to it waits in a list that every question by tag reads through; merging it takes a large log half a second
and more, in which the writer, left to do it, would record nothing (PostgreSQL manual, "GIN Fast Update Technique"). A
crash leaves a longer list, which the next start merges.
"""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from edge.database import Pool, statement

_LOOK_SECONDS: Final = 0.5
TAGS_MAX: Final = 120_000
"""
Tags that wait while more are recorded: fewer are merged less cheaply, more make questions by tag slow.

The list holds 16 MiB before the writer has to merge it itself: some three times as many of the usual length, about as
many of 128 characters.
"""

_log = structlog.get_logger()


class SettlingThread:
    """Merges at the start, when much waits, and when nothing more was recorded since it looked last."""

    def __init__(self, pool: Pool, recorded: Callable[[], int]) -> None:
        """`recorded` is how many tags the acts have that this process recorded until now."""
        self._pool, self._recorded = pool, recorded
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tags", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        settled, seen = -1, 0
        said: str | None = None
        while not self._stopped.wait(_LOOK_SECONDS):
            recorded = self._recorded()
            if recorded - settled >= TAGS_MAX or settled < recorded == seen:
                try:
                    self._settle()
                    settled, said = recorded, None
                except Exception as exc:  # noqa: BLE001 - the database may be away; the next look tries again
                    if said != str(exc):
                        _log.warning("tags_not_settled", error=str(exc).strip())
                    said = str(exc)
            seen = recorded

    def _settle(self) -> None:
        with self._pool.connection() as connection:
            connection.execute(statement("ledger", "settle_tags"))
