"""
What rests on grants, as a tree: those that name one as parent, and those that name none and rest on a root of their
grantor. Bounded by the subtree, however large the register is.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from projector.authority.chain import climb
from projector.authority.facts import Facts, Grant
from projector.authority.load import load_grants
from projector.view import View

_PATH_DIGITS: Final = 19


class Node(Struct, frozen=True, kw_only=True):
    """
    A grant in its place. `path` orders nodes depth first, and is a cursor that new grants do not move.

    `parent` is what it rests on, in this tree or not; `depth` counts from the top of this tree; `below` are its direct
    children in it.
    """

    grant: str
    parent: str | None
    depth: int
    below: int
    path: str


def tree_below(view: View, tops: Iterable[str]) -> "Tree":
    """Return grants and all that rests on them. Names nobody made are in no tree."""
    found = _by_parent(view, set(tops))
    facts = load_grants(view, found)
    orphans = set(_without_parent(view, found, facts))
    if orphans:
        around = load_grants(view, found | orphans)
        own = {name for name in orphans if set(parents_of(around.grants[name], around)) & found}
        facts = load_grants(view, found | _by_parent(view, own))
    return Tree(facts, facts.grants)


class Tree:
    """Grants by what they rest on. One that rests on several roots stands under the first of them that is here."""

    def __init__(self, facts: Facts, among: Collection[str]) -> None:
        self.facts = facts
        self._names = _recorded(facts, among)
        self._children: dict[str, list[str]] = {}
        self._parents = {name: parents_of(facts.grants[name], facts) for name in self._names}
        for name, parents in self._parents.items():
            here = next((parent for parent in parents if parent in self._parents), None)
            if here is not None:
                self._children.setdefault(here, []).append(name)

    def under(self, top: str) -> list[str]:
        """Return a grant and those that rest on it, however deep."""
        found = {top: None}
        left = [top]
        while left:
            new = [child for child in self._children.get(left.pop(), ()) if child not in found]
            found |= dict.fromkeys(new)
            left += new
        return list(found)

    def children(self, name: str) -> Sequence[str]:
        return self._children.get(name, ())

    def nodes(self) -> list[Node]:
        """Return the grants depth first, each level in the order in which it was recorded."""
        rests = {child for listed in self._children.values() for child in listed}
        placed: dict[str, Node] = {}
        # What rests on itself has no top: the first recorded of each circle then stands for one.
        for name in (*(each for each in self._names if each not in rests), *self._names):
            self._place(name, placed)
        return sorted(placed.values(), key=lambda node: node.path)

    def _place(self, top: str, placed: dict[str, Node]) -> None:
        left = [(top, 0, "")]
        while left:
            name, depth, above = left.pop()
            if name in placed:
                continue
            children = self.children(name)
            path = f"{above}{self.facts.grants[name].position:0{_PATH_DIGITS}}."
            parent = next(iter(self._parents[name]), None)
            placed[name] = Node(grant=name, parent=parent, depth=depth, below=len(children), path=path)
            left += [(child, depth + 1, path) for child in children]


def parents_of(grant: Grant, facts: Facts) -> list[str]:
    """Return what a grant rests on: the parent it names, else every root its grantor held."""
    if grant.parent is not None or grant.is_root:
        return [grant.parent] if grant.parent is not None else []
    return [links[1].name for links, _ in climb(grant, facts) if len(links) > 1]


def _recorded(facts: Facts, names: Iterable[str]) -> list[str]:
    """Return the names that were known, in the order in which they were recorded."""
    return sorted((name for name in names if name in facts.grants), key=lambda name: facts.grants[name].position)


def _by_parent(view: View, names: Collection[str]) -> set[str]:
    return {row[0] for row in view.select("grants_under", {"names": sorted(names)})} if names else set()


def _without_parent(view: View, names: Collection[str], facts: Facts) -> Iterator[str]:
    """The grants whose grantor may have held one of the roots among these, under whatever reference."""
    holders = {grant.grantee for name, grant in facts.grants.items() if name in names and grant.is_root}
    holders |= {term.person for term in facts.terms if term.post in holders}
    linked = {each for link in facts.links for each in (link.account, link.person)}
    grantors = sorted(each for each in holders | linked if each is not None)
    for row in view.select("grants_without_parent", {"grantors": grantors}):
        if row[0] not in names:
            yield row[0]
