"""
Facts by reference, read once and kept until an act names the reference again.

What authority rests on changes rarely and is asked for all the time: a person's posts, a grant and those above it, what
units there are. A question reads what it needs of that here. What is kept is raw, each row with when it was known, so
the same rows answer as of any past moment; nothing is kept that follows from the time of an act.

Every question first looks at the acts recorded since the last one and lets go of what they name. So nobody is told what
was before: neither by an expired entry, as none holds a verdict, nor by one that an act has touched.
"""

from collections.abc import Callable, Iterable, Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from projector.view import View

ROWS_MAX: Final = 500_000
"""Rows kept; beyond that everything is let go of, and read again as it is asked for. About half a gigabyte."""

_ACTS_LOOKED_AT_MAX: Final = 5_000
"""Further behind than so many acts, everything is let go of unseen."""

_TOUCH_ALL: Final = frozenset(("data.erase",))
_TOUCH_CORRECTIONS: Final = frozenset(("act.correct",))


class Source(Struct, frozen=True):
    """
    A kind of facts: the statement that reads them for `references`, and what of a row is the reference.

    `shape` takes the columns by name; its result has `known_from`.
    """

    statement: str
    key: str
    shape: Callable[..., Any]


class FactCache:
    """The facts of one log. Safe for several threads; the lock is held while facts are gathered."""

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self.lock = RLock()
        self._rows_max = rows_max
        self._kept: dict[str, dict[str, tuple[Any, ...]]] = {}
        self._rows = 0
        self._position = 0

    def follow(self, view: "View") -> bool:
        """
        Let go of what acts up to the view's position have touched. False: the view is older than what is kept.

        Going back happens to a view that was opened before another which was served first, and after a rebuild.
        """
        position = view.stand.position
        if position < self._position:
            self.forget()
            self._position = position
        elif position - self._position > _ACTS_LOOKED_AT_MAX:
            self.forget()
        elif position > self._position and self._kept:
            for row in view.select("acts_since", {"after": self._position}):
                self._touch(*row)
        self._position = position
        return True

    def forget(self) -> None:
        self._kept.clear()
        self._rows = 0

    def rows(self, view: "View", source: Source, references: Iterable[str]) -> Iterator[Any]:
        """Yield the rows of these references that were known by the view's moment."""
        wanted = set(references)
        kept = self._kept.setdefault(source.statement, {})
        missing = wanted - kept.keys()
        if missing:
            self._read(view, source, kept, missing)
        known_at = view.asked.known_at
        for reference in wanted:
            for row in kept.get(reference, ()):
                if known_at is None or row.known_from <= known_at:
                    yield row

    def _read(self, view: "View", source: Source, kept: dict[str, tuple[Any, ...]], missing: set[str]) -> None:
        cursor = view.select(source.statement, {"references": sorted(missing)})
        columns = [column.name for column in cursor.description or ()]
        found: dict[str, list[Any]] = {reference: [] for reference in missing}
        for values in cursor:
            row = source.shape(**dict(zip(columns, values, strict=True)))
            found[getattr(row, source.key)].append(row)
        self._rows += sum(map(len, found.values())) + len(found)
        if self._rows > self._rows_max:
            self.forget()
            self._rows = sum(map(len, found.values())) + len(found)
            self._kept[source.statement] = kept
        kept |= {reference: tuple(rows) for reference, rows in found.items()}

    def _touch(self, act: str, subject: str, unit: str | None, data: str | None) -> None:
        if act in _TOUCH_ALL:
            self.forget()
            return
        if act in _TOUCH_CORRECTIONS:
            self._kept.pop("corrections_of", None)
        touched = {subject, unit or subject, *(_texts(msgspec.json.decode(data)) if data is not None else ())}
        for kept in self._kept.values():
            for reference in touched:
                kept.pop(reference, None)


def _texts(document: Any) -> Iterator[str]:
    """Every text in a document: among them is every reference it names."""
    match document:
        case str():
            yield document
        case list():
            for item in cast("list[Any]", document):
                yield from _texts(item)
        case dict():
            for item in cast("dict[str, Any]", document).values():
                yield from _texts(item)
        case _:
            pass
