"""The grants of a unit as a tree: those made in it, naming it, or given to its posts, and all that rests on them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from edge.paging import page
from projector.authority.consumption import Consumption, Done, consumption, done_under
from projector.authority.grant_tree import Node, Tree, tree_below
from projector.authority.grants import GrantSaid, said_of, usage_of
from projector.authority.sources import Sources
from projector.view import View


class GrantInTree(Struct, frozen=True, kw_only=True):
    """A grant in its place. `parent` is what it rests on, listed here or not; `below` counts those right under it."""

    depth: int
    parent: str | None
    below: int
    grant: GrantSaid
    consumption: Consumption


class UnitGrants(Struct, frozen=True, kw_only=True):
    """A page of the tree: what is at `depth` 2 rests on the last at `depth` 1 before it."""

    unit: str
    items: Sequence[GrantInTree]
    next: str | None
    as_of: datetime
    known_at: datetime
    position: int


class WantedInTree(Struct, frozen=True, kw_only=True):
    """Which grants of the tree are listed; each keeps the depth it has among all."""

    dormant: bool = False
    perpetual: bool = False
    live: bool = False


def unit_grants(view: View, unit: str, wanted: WantedInTree, *, after: str, limit: int) -> UnitGrants:
    """Return a page of a unit's grants, depth first. A unit nobody granted anything in has none."""
    tree = _tree(view, _entries(view, unit))
    further = [node for node in tree.nodes() if node.path > after]
    found: list[tuple[str, GrantInTree]] = []
    done = done_under(view, {node.grant for node in further})
    for node in further:
        item = _item(node, tree, done, view.stand.as_of)
        if _is_wanted(item, wanted):
            found.append((node.path, item))
        if len(found) > limit:
            break
    part = page(found, limit, lambda each: (each[0],))
    return UnitGrants(
        unit=unit,
        items=[item for _, item in part.items],
        next=part.next,
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )


def _tree(view: View, entries: Collection[str]) -> Tree:
    """Return the tree of these grants and of all that rests on them, without what was withdrawn."""
    whole = tree_below(view, entries)
    grants = whole.facts.grants
    among = {name for entry in entries if entry in grants for name in whole.under(entry)}
    return Tree(whole.facts, {name for name in among if not grants[name].withdrawn})


def _entries(view: View, unit: str) -> set[str]:
    with view.cache.lock:
        return Sources(view).grants_of_units([unit])[unit]


def _item(node: Node, tree: Tree, done: Done, at: datetime) -> GrantInTree:
    grant = tree.facts.grants[node.grant]
    return GrantInTree(
        depth=node.depth,
        parent=node.parent,
        below=node.below,
        grant=said_of(grant, tree.facts, at, usage_of(grant, tree, done, at)),
        consumption=consumption(grant, done, at),
    )


def _is_wanted(item: GrantInTree, wanted: WantedInTree) -> bool:
    return (
        (item.grant.live or not wanted.live)
        and (item.grant.dormant is True or not wanted.dormant)
        and (item.grant.perpetual or not wanted.perpetual)
    )
