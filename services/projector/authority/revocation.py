"""
What revoking a grant would cut off: the same questions, asked of the facts with one revocation more. Nothing is stored.

It says what the register shows: the grants that would end, who would be left without another for the same, the acts
already done under it after that moment. What else somebody may be waiting to do, no ledger knows.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from edge.paging import Page
from projector.authority.answer import TermOf, term_of
from projector.authority.chain import climb, holders_at
from projector.authority.consumption import done_under
from projector.authority.facts import Facts, Grant
from projector.authority.grant_tree import Tree
from projector.authority.lifetime import is_live, lasts_beyond, were_it_revoked
from projector.authority.load import load_grants
from projector.authority.one_grant import ActUnder, act_under, known_grant
from projector.parts import Place, part_page
from projector.view import View


class Ended(Struct, frozen=True, kw_only=True):
    """A grant that would end. `holders` are the persons it reaches then; of a post, whoever is in it."""

    grant: str
    grantor: str | None
    grantee: str | None
    holders: list[str]
    term: TermOf
    position: int


class LeftWithout(Struct, frozen=True, kw_only=True):
    """Somebody who would keep no other live grant for these acts in these units (null: for any)."""

    holder: str
    grant: Annotated[str, Meta(description="the grant whose end leaves them without")]
    acts: list[str] | None
    units: list[str] | None


class Counts(Struct, frozen=True, kw_only=True):
    ended: int
    left_without: int
    acts: int


class Revocation(Struct, frozen=True, kw_only=True):
    """What a revocation would cut off. Each list is paged by its own `next`; the other two are then empty."""

    grant: str
    effective_at: datetime
    counts: Counts
    ended: Annotated[Page[Ended], Meta(description="it and the grants below that would otherwise last beyond then")]
    left_without: Annotated[Page[LeftWithout], Meta(description="by holder and grant")]
    acts: Annotated[
        Page[ActUnder],
        Meta(
            description="acts already recorded that rest on it and were done then or later: AUT-04 would speak of them"
        ),
    ]
    as_of: datetime
    known_at: datetime
    position: int


def show_revocation(
    view: View, name: str, effective_at: datetime | None, place: Place | None, limit: int
) -> Revocation:
    """Say what a revocation at a moment (None: at `as_of`) would cut off. Raises `Unknown`: nobody made the grant."""
    at = effective_at or view.stand.as_of
    tree = known_grant(view, name)
    ended = _ended(name, tree, at)
    left = list(_left_without(view, ended, name, at))
    acts = [use for use in done_under(view, tree.under(name)).acts if name in use.links and use.act.time >= at]
    return Revocation(
        grant=name,
        effective_at=at,
        counts=Counts(ended=len(ended), left_without=len(left), acts=len(acts)),
        ended=part_page([_said(each, tree.facts, at) for each in ended], "ended", _by_position, place, limit),
        left_without=part_page(left, "left_without", _by_holder, place, limit),
        acts=part_page([act_under(use) for use in acts], "acts", _by_position, place, limit),
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )


def _ended(name: str, tree: Tree, at: datetime) -> list[Grant]:
    """The grants that would be in force at the moment or later, and then are not."""
    facts, without = tree.facts, were_it_revoked(tree.facts, name, at)
    under = [facts.grants[each] for each in tree.under(name)]
    ended = [each for each in under if lasts_beyond(each, at, facts) and not lasts_beyond(each, at, without)]
    return sorted(ended, key=lambda grant: grant.position)


def _left_without(view: View, ended: Sequence[Grant], name: str, at: datetime) -> Iterator[LeftWithout]:
    """For each holder of what ends, the acts that none of their other grants covers."""
    facts = _with_other_grants(view, [grant.name for grant in ended])
    without = were_it_revoked(facts, name, at)
    gone = {grant.name for grant in ended}
    for grant in ended:
        then = max(at, grant.starts)
        for holder in _holders(grant, then, facts):
            kept = [each for each in _held_by(holder, then, without) if each.name not in gone]
            lost = _reach(grant, facts)
            acts = lost.acts_beyond([_reach(each, without) for each in kept], then, facts)
            if acts is None or acts:
                yield LeftWithout(holder=holder, grant=grant.name, acts=acts, units=lost.units)


def _with_other_grants(view: View, names: Collection[str]) -> Facts:
    """Return what is known of grants and of all others that their holders have, by whatever post or account."""
    facts = load_grants(view, names)
    grantees = {grant.grantee for name in names if (grant := facts.grants[name]).grantee is not None}
    people = {term.person for term in facts.terms if term.post in grantees}
    linked = {each for link in facts.links for each in (link.account, link.person)}
    who = sorted(grantees | people | linked)
    posts = {row[0] for row in view.select("posts_ever_held", {"who": who})}
    others = {row[0] for row in view.select("grants_held_by", {"holders": sorted({*who, *posts})})}
    return load_grants(view, {*names, *others})


def _holders(grant: Grant, at: datetime, facts: Facts) -> list[str]:
    if grant.grantee is None:
        return []
    if grant.grantee.startswith("body:"):
        return [grant.grantee]
    return sorted(holders_at(grant.grantee, at, facts))


def _held_by(holder: str, at: datetime, facts: Facts) -> Iterator[Grant]:
    for grant in facts.grants.values():
        if not grant.withdrawn and is_live(grant, at, facts) and holder in _holders(grant, at, facts):
            yield grant


class _Reach(Struct, frozen=True):
    """What a grant covers, by its own words or by those it inherits. None: any."""

    acts: list[str] | None
    units: list[str] | None
    below: bool

    def acts_beyond(self, others: Iterable["_Reach"], at: datetime, facts: Facts) -> list[str] | None:
        """Return the acts that none of the others covers in the same units; None: any act whatever."""
        covering = [other for other in others if other.covers_units(self, at, facts)]
        if any(other.acts is None for other in covering):
            return []
        if self.acts is None:
            return None
        return sorted(set(self.acts) - {act for other in covering for act in other.acts or ()})

    def covers_units(self, other: "_Reach", at: datetime, facts: Facts) -> bool:
        if self.units is None:
            return True
        if other.units is None or (other.below and not self.below):
            return False
        above = [{each for each, _ in facts.parents_of(unit, at)} if self.below else {unit} for unit in other.units]
        return all(reached & set(self.units) for reached in above)


def _reach(grant: Grant, facts: Facts) -> _Reach:
    scopes = [link.scope for link in climb(grant, facts)[0][0] if link.scope is not None]
    in_units = next((scope for scope in scopes if scope.units is not None), None)
    return _Reach(
        acts=next((scope.acts for scope in scopes if scope.acts is not None), None),
        units=in_units.units if in_units is not None else None,
        below=bool(in_units is not None and in_units.include_subordinates),
    )


def _said(grant: Grant, facts: Facts, at: datetime) -> Ended:
    return Ended(
        grant=grant.name,
        grantor=grant.grantor,
        grantee=grant.grantee,
        holders=_holders(grant, max(at, grant.starts), facts),
        term=term_of(grant),
        position=grant.position,
    )


def _by_position(item: Ended | ActUnder) -> str:
    return f"{item.position:019}"


def _by_holder(item: LeftWithout) -> str:
    return f"{item.holder} {item.grant}"
