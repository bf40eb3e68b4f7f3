"""
What pairs of plain roles the duties in one hand meet, worked out once for each list of roles; and which of the other
pairs are left in doubt for a statement to decide.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import combinations, product
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from contracts.catalogue import Pair
from projector.pairs import SideRow, side_rows

_ROLES: Final = frozenset(("role", "function"))
_OWN_FUNCTIONS: Final = frozenset(("expert", "user"))
"""Functions that nobody has by a post: who acts in one says so."""

Hand = Sequence[Any]
"""
A row of what one person exercised on one project: both of them, the roles (JSON, in order), and beside each, with one
space between, the position of the act, and how: the function it was in, if any, and `!` where another did it in their
name. More may follow.
"""


class _How(NamedTuple):
    """How a role was exercised: in which function, and whether only by another in the person's name."""

    function: str | None
    vested: bool


class Met(Struct, frozen=True):
    """
    A pair of plain roles that is met: `performed`, or only together with what another did in the person's name.

    `roles` are those met on either side, as they are shown. Of what is in the hand, `sides` says which is on either
    side, and `showing` picks what shows the pair; None: all of it does.
    """

    pair: Pair
    performed: bool
    roles: list[str]
    sides: tuple[list[int], list[int]]
    showing: Callable[[Sequence[int]], tuple[int, ...]] | None

    def shown_by(self, positions: Sequence[int]) -> list[int]:
        """Return which of the positions in the hand show it, each once: one person may have two roles in an act."""
        return sorted(set(positions if self.showing is None else self.showing(positions)))


class Doubtful:
    """Pairs that roles alone do not decide, and on which projects and of which people only a statement can tell."""

    def __init__(self) -> None:
        self.rules: set[str] = set()
        self.projects: set[str] = set()
        self.people: set[str] = set()

    def add(self, rules: Iterable[str], project: str, person: str) -> None:
        self.rules.update(rules)
        self.projects.add(project)
        self.people.add(person)


class Meetings:
    """
    What duties in one hand meet.

    Most pairs are of plain roles: which are met, the roles say. The same few come together again and again, so it is
    worked out once for each list of them. The other pairs are only told as doubtful, wherever they could be met: a
    function may be that of a post, an employment is a register's, and one supplier is on many projects.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.doubtful: Final = Doubtful()
        self._pairs: Final = _sorted_out(tuple(pairs))
        self._kept: dict[tuple[str, str], tuple[list[Met], list[str]]] = {}

    def alone(self) -> list[str]:
        """Return the roles of which one may be enough on a project: what else it takes is no other role there."""
        return self._pairs.alone

    def doubtful_rows(self) -> list[SideRow]:
        """Return the rows of the pairs on one project that are in doubt by now."""
        others = [self._pairs.others[rule] for rule in sorted(self.doubtful.rules)]
        return [row for other in others if other.pair.scope == "project" for row in (*other.one, *other.other)]

    def of(self, hands: Iterable[Hand]) -> Iterator[tuple[Hand, list[Met], list[int]]]:
        """Yield what each hand meets, by rule, and the positions in it; note what is in doubt."""
        for hand in hands:
            project, person, roles, acts, how, *_ = hand
            kept = self._kept.get((roles, how))
            if kept is None:
                kept = self._kept[roles, how] = self._work_out(roles, how)
            met, doubtful = kept
            if doubtful:
                self.doubtful.add(doubtful, project, person)
            if met:
                yield hand, met, positions_in(acts)

    def _work_out(self, names: str, ways: str) -> tuple[list[Met], list[str]]:
        roles: list[str] = msgspec.json.decode(names)
        how = [_How(each.rstrip("!") or None, each.endswith("!")) for each in ways.split(" ")]
        every: dict[str, list[int]] = {}
        for index, role in enumerate(roles):
            every.setdefault(role, []).append(index)
        # What someone performs is shown by their own acts alone.
        own = {role: [index for index in at if not how[index].vested] for role, at in every.items()}
        mine = self._met({role: at for role, at in own.items() if at}, len(roles), performed=True)
        met = self._met(every, len(roles), performed=False) | mine
        duties = {(role, each.function) for role, each in zip(roles, how, strict=True)}
        return [met[rule] for rule in sorted(met)], self._doubt(every.keys(), duties)

    def _met(self, at: dict[str, list[int]], count: int, *, performed: bool) -> dict[str, Met]:
        """Return the pairs that are met, by rule, by roles that are in these places of so many."""
        return {
            plain.pair.rule: plain.met(at, count, performed=performed)
            for both in combinations(sorted(at), 2)
            for plain in self._pairs.by_roles.get(both, ())
        }

    def _doubt(self, roles: Set[str], duties: set[tuple[str, str | None]]) -> list[str]:
        by_role = self._pairs.others_by_role
        others = {other.pair.rule: other for role in (None, *roles) for other in by_role.get(role, ())}
        return [rule for rule, other in others.items() if other.may_be_met(roles, duties)]


def positions_in(acts: str) -> list[int]:
    return list(map(int, acts.split(" ")))


class _Plain:
    """A pair of plain roles."""

    def __init__(self, pair: Pair, one: set[str], other: set[str]) -> None:
        self.pair = pair
        self._one = one
        self._other = other
        self._two = [*one, *other] if len(one) == len(other) == 1 else []
        """The roles, where there are no alternatives: then nothing is left to find out."""

    def meetings(self) -> set[tuple[str, str]]:
        """Return every two roles that meet it, in order."""
        return {(min(both), max(both)) for both in product(self._one, self._other) if both[0] != both[1]}

    def met(self, at: Mapping[str, list[int]], count: int, *, performed: bool) -> Met:
        """Return how it is met by roles that are in these places of so many."""
        if self._two:
            roles, one, other = self._two, at[self._two[0]], at[self._two[1]]
            showing = one + other
        else:
            ones, others = (sorted(side & at.keys()) for side in (self._one, self._other))
            one, other = ([index for role in side for index in at[role]] for side in (ones, others))
            roles, showing = ["|".join(ones), "|".join(others)], {*one, *other}
        return Met(self.pair, performed, roles, (one, other), itemgetter(*showing) if len(showing) < count else None)


class _Other(NamedTuple):
    """A pair that takes more than two roles on one project."""

    pair: Pair
    one: tuple[SideRow, ...]
    other: tuple[SideRow, ...]

    def needed(self) -> set[str | None]:
        """Return roles one of which is needed to meet it; None: there are none such."""
        if self.pair.scope == "supplier":
            return {row.duty for row in (*self.one, *self.other)}
        for side in (self.one, self.other):
            if all(row.kind in _ROLES for row in side):
                return {row.duty for row in side}
        return {None}

    def alone(self) -> set[str]:
        """Return the roles of which one may be enough: the rest is elsewhere, an employment, or another function."""
        one, other = ({row.duty for row in side if row.kind in _ROLES} for side in (self.one, self.other))
        if self.pair.scope == "supplier":
            return one | other
        return one & other | {row.duty for row in (*self.one, *self.other) if row.facing and row.kind in _ROLES}

    def may_be_met(self, roles: Set[str], duties: set[tuple[str, str | None]]) -> bool:
        sides = [any(_may_be_on(row, roles, duties) for row in side) for side in (self.one, self.other)]
        return any(sides) if self.pair.scope == "supplier" else all(sides)


def _may_be_on(row: SideRow, roles: Set[str], duties: set[tuple[str, str | None]]) -> bool:
    """Tell whether one of these may be on that side. Where no function was said, that of a post may hold."""
    if row.kind not in _ROLES:
        return True
    if row.kind == "role":
        return row.duty in roles
    return (row.duty, row.function) in duties or (row.function not in _OWN_FUNCTIONS and (row.duty, None) in duties)


class _SortedOut(NamedTuple):
    """Pairs by the roles that meet them: those of plain roles by every two, the others by one that is needed."""

    by_roles: Mapping[tuple[str, str], list[_Plain]]
    others: Mapping[str, _Other]
    others_by_role: Mapping[str | None, list[_Other]]
    alone: list[str]


@lru_cache(maxsize=16)
def _sorted_out(pairs: tuple[Pair, ...]) -> _SortedOut:
    """Sort pairs out, once for each catalogue: a pack may hold thousands, and a page needs it again and again."""
    by_roles: dict[tuple[str, str], list[_Plain]] = defaultdict(list)
    others: dict[str, _Other] = {}
    others_by_role: dict[str | None, list[_Other]] = defaultdict(list)
    for pair in pairs:
        rows = side_rows([pair])
        one, two = (tuple(row for row in rows if row.side == side) for side in (0, 1))
        if pair.scope == "project" and all(row.kind == "role" and row.unit_kind is None for row in rows):
            plain = _Plain(pair, {row.duty for row in one}, {row.duty for row in two})
            for both in plain.meetings():
                by_roles[both].append(plain)
        else:
            other = others[pair.rule] = _Other(pair, one, two)
            for role in other.needed():
                others_by_role[role].append(other)
    alone = sorted({role for other in others.values() for role in other.alone()})
    return _SortedOut(by_roles, others, others_by_role, alone)
