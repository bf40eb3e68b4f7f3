"""
Keeps the index by tag short of new acts, beside the writer.

What is added to it waits in a list that every question by tag reads through; merging it takes a large log half a second
and more, in which the writer, left to do it, would record nothing (PostgreSQL manual, "GIN Fast Update Technique"). A
crash leaves a longer list, which the next start merges.
"""

from collections.abc import Callable
from typing import Final

from edge.database import Pool, statement

LOOK_SECONDS: Final = 0.5
TAGS_MAX: Final = 120_000
"""
Tags that wait while more are recorded: fewer are merged less cheaply, more make questions by tag slow.

The list holds 16 MiB before the writer has to merge it itself: some three times as many of the usual length, about as
many of 128 characters.
"""


class Settling:
    """Merges at the start, when much waits, and when nothing more was recorded since it looked last."""

    def __init__(self, pool: Pool, recorded: Callable[[], int]) -> None:
        """`recorded` is how many tags the acts have that this process recorded until now."""
        self._pool, self._recorded = pool, recorded
        self._settled, self._seen = -1, 0

    def look(self) -> None:
        """Merge if it is time to. To be called every `LOOK_SECONDS`."""
        recorded, seen = self._recorded(), self._seen
        self._seen = recorded
        if recorded - self._settled >= TAGS_MAX or self._settled < recorded == seen:
            with self._pool.connection() as connection:
                connection.execute(statement("ledger", "settle_tags"))
            self._settled = recorded
