"""
Facts by reference, read once and kept until an act names the reference again.

What authority rests on changes rarely and is asked for all the time: a person's posts, a grant and those above it, what
units there are. A question reads what it needs of that here. Rows are kept raw, each with when it was known, so the
same rows answer as of any past moment. Conclusions are kept too, as of all that is known, each with what it rests on.

Every question first looks at the acts recorded since the last one and lets go of what they name. So nobody is told what
was before: no verdict is kept that time alone would make wrong, and none that an act has touched.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain, islice
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from edge.look_up import Found
from projector.posts import unit_of_post

if TYPE_CHECKING:
    from projector.view import View

KEPT_MAX: Final = 200_000
"""References of one kind whose rows are kept; beyond that the oldest go, and are read again when asked for."""

SHARED_MAX: Final = 400_000
"""Rows that are one object for all references that lead to them; beyond that, new ones are among themselves."""

DERIVED_MAX: Final = 150_000
"""Conclusions kept; beyond that the oldest go."""

_ACTS_LOOKED_AT_MAX: Final = 5_000
"""Further behind than so many acts, everything is let go of unseen."""

_TOUCH_ALL: Final = frozenset(("act.correct", "data.erase", "catalogue.extend"))
"""They name another act by its key, and do not say what that is about; or they change what acts mean."""

T = TypeVar("T")


class Source(Struct, frozen=True):
    """
    A kind of facts: the statement that reads them for `references`, and what of a row is the reference.

    `shape` takes the columns by name; its result has `known_from`. `key_is_reference`: acts name it; positions they do
    not. `kept_max`: of how many references rows are kept. `one_each`: an act makes one row, whichever reference leads
    to it, so that it need not be shaped again.
    """

    statement: str
    key: str
    shape: Callable[..., Any]
    key_is_reference: bool = True
    kept_max: int = KEPT_MAX
    one_each: bool = False


class _Derived(Struct, frozen=True):
    """A conclusion, and the references it rests on."""

    value: Any
    rests_on: frozenset[str]


class FactCache:
    """The facts of one log. The lock is to be held from `follow` until the last row was read."""

    def __init__(self, kept_max: int = KEPT_MAX, derived_max: int = DERIVED_MAX) -> None:
        self.lock = RLock()
        self._kept_max, self._derived_max = kept_max, derived_max
        self._kept: dict[str, dict[Any, tuple[Any, ...]]] = {}
        self._warm: set[str] = set()
        self._fixed: dict[str, Any] = {}
        self._same: dict[tuple[str, int], Any] = {}  # one object for a row that several references lead to
        self._derived: dict[Hashable, _Derived] = {}
        self._dependents: dict[str, set[Hashable]] = {}
        self._noting: list[set[str]] = []
        self._position = 0

    def follow(self, view: "View") -> None:
        """
        Let go of what acts up to the view's position have touched; of everything, where the view is an older one.

        That happens to a view opened before another that was served first, and after a rebuild.
        """
        position = view.stand.position
        if position < self._position or position - self._position > _ACTS_LOOKED_AT_MAX:
            self.forget()
        elif position > self._position and self._kept:
            for row in view.select("acts_since", {"after": self._position}):
                self._touch(*row)
        self._position = position

    def forget(self) -> None:
        self._kept.clear()
        self._warm.clear()
        self._fixed.clear()
        self._same.clear()
        self._forget_derived()

    def rows(self, view: "View", source: Source, references: Iterable[Any]) -> Iterator[Any]:
        """Return the rows of these references that were known by the view's moment."""
        wanted = set(references)
        if self._noting and source.key_is_reference:
            self._noting[-1] |= wanted
        kept = self._kept.setdefault(source.statement, {})
        missing = [reference for reference in wanted if reference not in kept]  # `-` would go through all that is kept
        at_hand = [kept[reference] for reference in wanted if reference in kept]
        if missing:
            at_hand += self._read(view, source, kept, missing)
        found = chain.from_iterable(at_hand)
        known_at = view.asked.known_at
        return found if known_at is None else (row for row in found if row.known_from <= known_at)

    def derive(self, view: "View", key: Hashable, find: Callable[[], T]) -> T:
        """Return what follows from rows, found once and kept until a row it was found from is touched."""
        if view.asked.known_at is not None:
            return find()
        kept = self._derived.get(key)
        if kept is None:
            kept = self._find(key, find)
        if self._noting:
            self._noting[-1] |= kept.rests_on
        return cast("T", kept.value)

    def fixed(self, name: str, find: Callable[[], T]) -> T:
        """Return what was found under a name, once until everything is let go of, whatever moment is asked about."""
        if name not in self._fixed:
            self._fixed[name] = find()
        return cast("T", self._fixed[name])

    def is_warm(self, name: str) -> bool:
        """Whether what belongs together under a name was read since everything was last let go of."""
        return name in self._warm

    def note_warm(self, names: Iterable[str]) -> None:
        self._warm.update(names)

    def note_acts(self, references: Iterable[str]) -> None:
        """Say that what is being derived rests on the acts by, on or under these references as well."""
        if self._noting:
            self._noting[-1].update(map(_acts_of, references))

    def _find(self, key: Hashable, find: Callable[[], Any]) -> _Derived:
        self._noting.append(set())
        try:
            value = find()
        finally:
            rests_on = frozenset(self._noting.pop())
        found = _Derived(value, rests_on)
        for oldest in _excess(self._derived, self._derived_max - 1):
            self._drop(oldest)
        self._derived[key] = found
        for reference in rests_on:
            self._dependents.setdefault(reference, set()).add(key)
        return found

    def _drop(self, key: Hashable) -> None:
        kept = self._derived.pop(key, None)
        for reference in kept.rests_on if kept is not None else ():
            dependents = self._dependents[reference]
            dependents.discard(key)
            if not dependents:
                del self._dependents[reference]

    def _forget_derived(self) -> None:
        self._derived.clear()
        self._dependents.clear()

    def _read(
        self, view: "View", source: Source, kept: dict[Any, tuple[Any, ...]], missing: list[Any]
    ) -> Iterable[tuple[Any, ...]]:
        """Read what is missing and keep it; the oldest goes where that is too much."""
        read = view.look_up(source.statement, {"references": missing})
        found: dict[Any, list[Any]] = {reference: [] for reference in missing}
        shaped = self._once(source, read) if source.one_each else map(self._one, _shaped(source, read))
        for row in shaped if source.key_is_reference else _shaped(source, read):
            found[getattr(row, source.key)].append(row)
        rows = {reference: tuple(theirs) for reference, theirs in found.items()}
        kept |= rows
        for oldest in _excess(kept, min(source.kept_max, self._kept_max)):
            del kept[oldest]
        return rows.values()

    def _once(self, source: Source, read: Found) -> Iterator[Any]:
        """Shape rows that were not shaped yet."""
        place = read.columns.index("position")
        for values in read.rows:
            key = source.shape.__name__, values[place]
            row = self._same.get(key)
            if row is None:
                row = self._keep_one(key, source.shape(**dict(zip(read.columns, values, strict=True))))
            yield row

    def _one(self, row: Any) -> Any:
        kept = self._keep_one((type(row).__name__, row.position), row)
        return kept if kept == row else row

    def _keep_one(self, key: tuple[str, int], row: Any) -> Any:
        if len(self._same) >= SHARED_MAX:
            self._same.clear()
        return self._same.setdefault(key, row)

    def _touch(self, act: str, subject: str, unit: str | None, by: list[str | None], data: str | None) -> None:
        """Let go of what one act touches. `data` is given where an act says who people, units and grants are."""
        if act in _TOUCH_ALL:
            self.forget()
            return
        touched = {subject, *(_acts_of(each) for each in (subject, *by) if each is not None)}
        if data is not None:
            named = set(_texts(msgspec.json.decode(data)))
            touched |= named | {unit or subject} | {_acts_of(each) for each in named} | set(map(unit_of_post, named))
        for reference in touched:
            for kept in self._kept.values():
                kept.pop(reference, None)
            for key in list(self._dependents.get(reference, ())):
                self._drop(key)


def _shaped(source: Source, read: Found) -> Iterator[Any]:
    return (source.shape(**dict(zip(read.columns, values, strict=True))) for values in read.rows)


def _excess(kept: Mapping[Hashable, Any], most: int) -> list[Hashable]:
    """
    Return what is to go where more is kept than may be: the oldest quarter.

    One by one would be slow: to the first key of a dictionary leads a way past all that went before it.
    """
    return list(islice(kept, len(kept) - most * 3 // 4)) if len(kept) > most else []


def _acts_of(reference: str) -> str:
    return f"acts of {reference}"


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
