"""UmaDB's own client, for the benches that have it as a rival. It is of the dependency group `bench`."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any


class Uma:
    """One client. What it takes and gives are the client's own objects."""

    def __init__(self, url: str) -> None:
        self._umadb: Any = import_module("umadb")
        self._client = self._umadb.Client(url)

    def answers(self) -> bool:
        try:
            self._client.head()
        except self._umadb.TransportError:
            return False
        return True

    def event(self, type: str, data: bytes, tags: Sequence[str]) -> Any:
        return self._umadb.Event(type, data, list(tags))

    def append(self, events: Sequence[Any], tags: Sequence[str] = (), after: int | None = None) -> int:
        """Append, after a position only if no event with all of these tags came since; return the last position."""
        condition = None
        if after is not None:
            query = self._umadb.Query([self._umadb.QueryItem(tags=list(tags))])
            condition = self._umadb.AppendCondition(query, after)
        return self._client.append(list(events), condition)
