"""
The acts that were recorded last, by their tags: what most append conditions ask about.

A condition is checked while the head is locked, so everybody waits for it. One that looks back no further than what is
remembered here is answered without the database.
"""

from collections.abc import Sequence
from typing import Final

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

ACTS_MAX: Final = 10_000


class Recent:
    """Every act after the position `since`, in order. Indexed when first asked: most acts never are."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._acts: list[tuple[str, Sequence[str]]] = []
        self._indexed = since
        self._newest: dict[str, int] = {}
        """Position of the newest act with a tag."""
        self._newest_of_type: dict[str, int] = {}

    def add(self, type: str, tags: Sequence[str]) -> None:
        """Remember the act at the next position."""
        self._acts.append((type, tags))

    def trim(self) -> None:
        """Forget the older half where there is more than enough."""
        if len(self._acts) > ACTS_MAX:
            gone = len(self._acts) - ACTS_MAX // 2
            del self._acts[:gone]
            self.since += gone
            self._indexed = self.since
            self._newest, self._newest_of_type = {}, {}

    def last_match(self, query: DCBQuery, after: int) -> int | None:
        """Return the position of the newest act after `after`, which is not before `since`, that is meant."""
        self._index()
        newest = self.since + len(self._acts)
        found = max([self._last(item, after) for item in query.items]) if query.items else newest
        return found if found > after else None

    def _index(self) -> None:
        for position, (type, tags) in enumerate(self._acts[self._indexed - self.since :], self._indexed + 1):
            self._newest_of_type[type] = position
            self._newest.update(dict.fromkeys(tags, position))
        self._indexed = self.since + len(self._acts)

    def _last(self, item: DCBQueryItem, after: int) -> int:
        """Return the position of the newest act after `after` that an item means, or one that is not after it."""
        newest = self.since + len(self._acts)
        if item.tags:
            newest = min([self._newest.get(tag, 0) for tag in item.tags])
        if item.types:
            newest = min(newest, max([self._newest_of_type.get(type, 0) for type in item.types]))
        # Mostly nothing can be meant, which is known by now. Else the acts are looked at from there back.
        for position in range(newest, after, -1):
            type, tags = self._acts[position - self.since - 1]
            if (not item.types or type in item.types) and all(tag in tags for tag in item.tags):
                return position
        return after
