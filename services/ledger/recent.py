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
        self._indexed = 0
        self._by_tag: dict[str, list[int]] = {}
        self._by_type: dict[str, list[int]] = {}

    def add(self, type: str, tags: Sequence[str]) -> None:
        """Remember the act at the next position."""
        self._acts.append((type, tags))

    def trim(self) -> None:
        """Forget the older half where there is more than enough."""
        if len(self._acts) > ACTS_MAX:
            gone = len(self._acts) - ACTS_MAX // 2
            del self._acts[:gone]
            self.since += gone
            self._indexed = 0
            self._by_tag, self._by_type = {}, {}

    def last_match(self, query: DCBQuery, after: int) -> int | None:
        """Return the position of the newest act after `after`, which is not before `since`, that is meant."""
        self._index()
        begin = after - self.since
        if not query.items:
            return self.since + len(self._acts) if begin < len(self._acts) else None
        found = max((self._last(item, begin) for item in query.items), default=-1)
        return self.since + found + 1 if found >= 0 else None

    def _index(self) -> None:
        for at in range(self._indexed, len(self._acts)):
            type, tags = self._acts[at]
            self._by_type.setdefault(type, []).append(at)
            for tag in tags:
                self._by_tag.setdefault(tag, []).append(at)
        self._indexed = len(self._acts)

    def _last(self, item: DCBQueryItem, begin: int) -> int:
        """Return the index of the newest act from `begin` on that an item means, or -1."""
        if item.tags:
            candidates: Sequence[int] = min((self._by_tag.get(tag, []) for tag in item.tags), key=len)
        elif item.types:
            candidates = sorted(at for type in set(item.types) for at in self._by_type.get(type, ()) if at >= begin)
        else:
            candidates = range(len(self._acts))
        for at in reversed(candidates):
            if at < begin:
                break
            type, tags = self._acts[at]
            if (not item.types or type in item.types) and all(tag in tags for tag in item.tags):
                return at
        return -1
