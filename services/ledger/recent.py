"""
The acts that were recorded last, by their tags: what most append conditions ask about.

A condition is checked while the head is locked, so everybody waits for it. One that looks back no further than what is
remembered here is answered without the database.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

ACTS_MAX: Final = 10_000
AT_SIGHT: Final = 100
"""Acts to look at before all are listed by tag, which takes longer."""


class Recent:
    """Every act after the position `since`, in order. Indexed when first asked: most acts never are."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._acts: list[tuple[str, Sequence[str]]] = []
        self._indexed = since
        self._newest: dict[str, int] = {}
        """Position of the newest act with a tag."""
        self._newest_of_type: dict[str, int] = {}
        self._listed = since
        self._with_tag: dict[str, list[int]] = {}
        """Positions of all acts with a tag, up to `_listed`. Few conditions need them."""

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
            self._listed = self.since
            self._with_tag = {}

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
        # Mostly nothing can be meant, which is known by now.
        for position in self._candidates(item, newest, after):
            type, tags = self._acts[position - self.since - 1]
            if (not item.types or type in item.types) and all(tag in tags for tag in item.tags):
                return position
        return after

    def _candidates(self, item: DCBQueryItem, newest: int, after: int) -> Iterator[int]:
        """Yield positions from `newest` back to `after`, among them all that the item means."""
        oldest = max(after, newest - AT_SIGHT)
        yield from range(newest, oldest, -1)
        if oldest > after:
            self._list()
            rarest = min([self._with_tag.get(tag, []) for tag in item.tags], key=len)
            yield from takewhile(after.__lt__, reversed(rarest))

    def _list(self) -> None:
        for position, (_, tags) in enumerate(self._acts[self._listed - self.since :], self._listed + 1):
            for tag in tags:
                self._with_tag.setdefault(tag, []).append(position)
        self._listed = self.since + len(self._acts)
