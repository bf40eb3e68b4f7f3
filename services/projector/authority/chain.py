"""
The ways from a root to whoever acted: by which grants, and how the last of them reached the actor.

Nothing is judged here but what belongs together. Every way that could have served is returned, faults and all, so that
the answer can say why each did not.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, cast

from msgspec import Struct

from projector.authority.facts import Acting, Facts, Grant, Holder, JudgedAct, Term
from projector.authority.said import Said

LINKS_MAX: Final = 64
"""Links of a chain that are followed. The loader stops there too; an honest chain has three or four."""


class Asker(Struct, frozen=True, kw_only=True):
    """Whose authority is asked for, and when: the actor of the act, or (`ratifies`) later whoever ratified it."""

    who: str
    unit: str | None
    onbehalfof: str | None
    cited: str | None
    at: datetime
    ratifies: bool = False


class Route(Struct, frozen=True, kw_only=True):
    """
    How a grant reaches the asker: `holder` is the grantee it must name.

    `post` is the post by which `person` (the asker, or the principal) holds it. `principal` is set where the asker acts
    in another's name; `acting` is then the appointment, None where there is none.
    """

    holder: Holder
    person: str
    post: str | None = None
    principal: str | None = None
    acting: Acting | None = None


class Gap(Struct, frozen=True):
    """Why a chain ends before a root. `broken`: by what is known; else by what is not."""

    grant: str
    detail: Said
    code: str = "AUT-11"
    broken: bool = False


Chain = tuple[tuple[Grant, ...], Gap | None]
"""A grant and what it rests on, up to a root, or to where it ends early and why."""


class Path(Struct, frozen=True, dict=True):
    """One way: the grants from the one that reaches the asker (first) up to the root (last), if it gets there."""

    route: Route
    links: tuple[Grant, ...]
    gap: Gap | None = None

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What tells one way from another among the same facts."""
        route = self.route
        acting = route.acting.position if route.acting is not None else None
        how = route.person, route.post, route.principal, acting
        return "way", how, tuple(link.position for link in self.links)

    @cached_property
    def item_ceilings(self) -> list[tuple[Decimal, str, str]]:
        """Every ceiling for one item: the amount, the grant whose it is, the currency."""
        found = [
            (Decimal(link.delegation.ceiling_item), link.name, link.delegation.currency or "CNY")
            for link in self.links
            if link.delegation is not None and link.delegation.ceiling_item is not None
        ]
        acting = self.route.acting
        if acting is not None and acting.ceiling_item is not None:
            found.append((acting.ceiling_item, self.leaf.name, acting.currency))
        return found

    @cached_property
    def for_acts(self) -> frozenset[str] | None:
        """The acts it is for, by the nearest grant that names any; None: whatever acts."""
        stated = (link.scope.acts for link in self.links if link.scope is not None)
        named = next((acts for acts in stated if acts is not None), None)
        acting = self.route.acting.acts if self.route.acting is not None else None
        if named is None or acting is None:
            return frozenset(named) if named is not None else frozenset(acting) if acting is not None else None
        return frozenset(named) & frozenset(acting)

    @property
    def leaf(self) -> Grant:
        return self.links[0]

    def covers(self, type: str) -> bool:
        """Say whether the grant, by its own words or those it inherits, is one for this type of act."""
        return self.for_acts is None or type in self.for_acts


def asker_of(act: JudgedAct) -> Asker:
    """Return whose authority an act is asked for; the actor where the act names nobody (`asked`)."""
    return Asker(who=act.asked or act.actor, unit=act.unit, onbehalfof=act.onbehalfof, cited=act.authority, at=act.time)


class Ways:
    """The ways by which grants reach an asker, in an order that does not depend on how facts came."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self.remembered: dict[str, object] = {}
        """What was found out about them for a type of act, by those who find it out."""
        self._covering: dict[str, tuple[Path, ...]] = {}

    def covering(self, type: str) -> tuple[Path, ...]:
        """Return those that are for a type of act."""
        if type not in self._covering:
            self._covering[type] = tuple(path for path in self.paths if path.covers(type))
        return self._covering[type]


def ways_to(asker: Asker, facts: Facts) -> Ways:
    """Return the ways that reach an asker. Which do, depends on the moment only for whoever stands in for another."""
    me = facts.holder(asker.who, asker.unit, asker.at)
    if asker.onbehalfof is not None or any(_stands_in(me, acting, facts) for acting in facts.actings):
        return Ways(_found(me, asker, facts))
    known = cast("Ways | None", facts.remembered.get(("ways", me)))
    if known is None:
        known = facts.remembered["ways", me] = Ways(_found(me, asker, facts))
    return known


def only_way(act: JudgedAct, facts: Facts) -> Path | None:
    """Return the way an act draws on where there is but one, whatever is wrong with it; None: none, or several."""
    ways = ways_to(asker_of(act), facts).covering(act.type)
    return ways[0] if len(ways) == 1 else None


def _found(me: Holder, asker: Asker, facts: Facts) -> Iterator[Path]:
    for route in _routes(me, asker, facts):
        for path in _paths_by(route, facts):
            if _counts(path.leaf, route, asker, facts):
                yield path


def _paths_by(route: Route, facts: Facts) -> list[Path]:
    """Return the ways that end with a route, whatever the act: found once."""
    acting = route.acting.position if route.acting is not None else None
    key = "paths", route.holder, route.person, route.post, route.principal, acting
    known = cast("list[Path] | None", facts.remembered.get(key))
    if known is None:
        grants = _held_as(route.holder, facts)
        known = [Path(route, links, gap) for grant in grants for links, gap in climb(grant, facts)]
        facts.remembered[key] = known
    return known


def _held_as(holder: Holder, facts: Facts) -> list[Grant]:
    """Return the grants made to a holder, by any of their references, in the order in which they were recorded."""
    references = facts.references_of(holder.who)
    found = [grant for each in references for grant in facts.grants_by_grantee.get(each, ())]
    if len(references) > 1:
        found.sort(key=lambda grant: grant.position)
    return [grant for grant in found if (own := facts.holder_of(grant)) is not None and own.is_same(holder)]


def climb(grant: Grant, facts: Facts) -> list[Chain]:
    """Return the chains above a grant: one, but where it names no parent and its grantor holds several roots."""
    key = "chains", grant.position
    known = cast("list[Chain] | None", facts.remembered.get(key))
    if known is None:
        known = facts.remembered[key] = list(_climb((grant,), facts))
    return known


def _climb(links: tuple[Grant, ...], facts: Facts) -> Iterator[Chain]:
    grant = links[-1]
    if grant.payload is None:
        zh, en = f"{grant.name} 的内容已删除或无法读取", f"the content of {grant.name} was erased or cannot be read"
        yield links, Gap(grant.name, Said(zh, en))
    elif grant.is_root:
        yield links, None
    elif grant.parent is None:
        yield from _own_roots(links, grant, facts)
    elif any(link.name == grant.parent for link in links):
        circle = Said(f"{grant.parent} 以自身为依据", f"{grant.parent} rests on itself")
        yield links, Gap(grant.name, circle, "AUT-10", broken=True)
    elif len(links) >= LINKS_MAX:
        yield links, Gap(grant.name, Said(f"授权链超过 {LINKS_MAX} 层", f"the chain is longer than {LINKS_MAX} grants"))
    elif (parent := facts.grants.get(grant.parent)) is None:
        zh = f"{grant.name} 所依据的 {grant.parent} 不在账中"
        en = f"{grant.parent}, on which {grant.name} rests, is not in the ledger"
        yield links, Gap(grant.name, Said(zh, en))
    elif parent.withdrawn:
        zh = f"其所依据的 {parent.name} 已作为错误撤回"
        en = f"{parent.name}, on which it rests, was withdrawn as an error"
        yield links, Gap(grant.name, Said(zh, en), broken=True)
    else:
        yield from _climb((*links, parent), facts)


def _own_roots(links: tuple[Grant, ...], grant: Grant, facts: Facts) -> Iterator[Chain]:
    """A grant without a parent rests on its grantor's own root: personal, or of a post held when it was made."""
    grantor = facts.person_of(grant.grantor, grant.time) if grant.grantor is not None else None
    holders = [grantor, *facts.posts_of(grantor)] if grantor is not None else []
    held = {root.position: root for who in holders for root in _roots_of(who, facts)}
    own = [held[position] for position in sorted(held) if made_by_holder(grant, held[position], facts)]
    for root in own:
        yield (*links, root), None
    if not own:
        zh = f"作出 {grant.name} 的 {grant.grantor} 在账中没有原始职权"
        en = f"no root of {grant.grantor}, who made {grant.name}, is in the ledger"
        yield links, Gap(grant.name, Said(zh, en))


def _roots_of(who: str, facts: Facts) -> list[Grant]:
    return [root for each in facts.references_of(who) for root in facts.grants_by_grantee.get(each, ()) if root.is_root]


def made_by_holder(grant: Grant, parent: Grant, facts: Facts) -> bool:
    """Say whether whoever made a grant held its parent when it was made: in person, or by a post."""
    holder = facts.holder_of(parent)
    if grant.grantor is None or holder is None:
        return False
    grantor = facts.holder(grant.grantor, grant.unit, grant.time)
    return grantor.is_same(holder) or in_post(holder.who, grantor.who, grant.time, facts)


def in_post(post: str, person: str, at: datetime, facts: Facts, *, known_by: datetime | None = None) -> bool:
    """Say whether a person was in a post at a moment; with `known_by`, as far as reliefs were known by then."""
    return bool(terms_at(post, person, at, facts, known_by=known_by))


def terms_at(post: str, person: str, at: datetime, facts: Facts, *, known_by: datetime | None = None) -> list[Term]:
    """Return a person's terms in a post that a moment falls in. A relief ends those that began before it."""
    terms = facts.terms_by_post.get(post, ())
    rows = [row for row in terms if facts.person_of(row.person, row.starts) == person]
    reliefs = [row.starts for row in rows if row.is_end and (known_by is None or row.known_from <= known_by)]
    return [
        row
        for row in rows
        if not row.is_end
        and row.starts <= at
        and (row.ends is None or at < row.ends)
        and not any(row.starts < relief <= at for relief in reliefs)
    ]


def holders_at(reference: str, at: datetime, facts: Facts) -> frozenset[str]:
    """Return the persons a reference stands for at a moment: itself, or whoever is in the post. A body: none."""
    if reference.startswith("body:"):
        return frozenset()
    if not reference.startswith("post:"):
        return frozenset((facts.person_of(reference, at),))
    people = {facts.person_of(term.person, term.starts) for term in facts.terms_by_post.get(reference, ())}
    return frozenset(person for person in people if in_post(reference, person, at, facts))


def _routes(me: Holder, asker: Asker, facts: Facts) -> Iterator[Route]:
    """In person, by the posts ever held, and in the name of those for whom the asker was ever appointed to act."""
    yield from _held_by(me, facts)
    principals: set[str] = set()
    for acting in facts.actings:
        if _stands_in(me, acting, facts):
            principal = Holder(facts.person_of(acting.principal, acting.time))
            principals.add(principal.who)
            yield from _held_by(principal, facts, principal.who, acting)
    named = facts.person_of(asker.onbehalfof, asker.at) if asker.onbehalfof is not None else None
    if named is not None and named not in principals:
        yield from _held_by(Holder(named), facts, named)


def _stands_in(me: Holder, acting: Acting, facts: Facts) -> bool:
    return facts.person_of(acting.substitute, acting.time) == me.who


def _held_by(
    holder: Holder, facts: Facts, principal: str | None = None, acting: Acting | None = None
) -> Iterator[Route]:
    yield Route(holder=holder, person=holder.who, principal=principal, acting=acting)
    for post in facts.posts_of(holder.who):
        yield Route(holder=Holder(post), person=holder.who, post=post, principal=principal, acting=acting)


def _counts(grant: Grant, route: Route, asker: Asker, facts: Facts) -> bool:
    if route.acting is None:  # in the asker's own right, or the act says itself in whose name it was done
        return True
    if grant.name == asker.cited or _in_the_name_of(route, asker, facts):
        return True
    acting = route.acting
    named = not acting.grants or grant.name in acting.grants
    return named and acting.starts <= asker.at and (acting.ends is None or asker.at < acting.ends)


def _in_the_name_of(route: Route, asker: Asker, facts: Facts) -> bool:
    """Whether the act itself says that it was done in the principal's name."""
    return asker.onbehalfof is not None and facts.person_of(asker.onbehalfof, asker.at) == route.principal
