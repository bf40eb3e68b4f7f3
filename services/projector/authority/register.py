"""
Everything known of the people who may be asked about an act, and of the grants by which they may have done it.

It depends on who is asked, for which unit and what they rely on, not on the act: what was gathered for one act is kept
for the next, until something is said of anybody or anything in it.
"""

from collections.abc import Collection, Iterable
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct

from projector.authority import rows, sources
from projector.authority.facts import Facts, Grant, JudgedAct, Ratification, Term
from projector.authority.sources import Sources
from projector.fact_cache import Source


class Asking(Struct, frozen=True):
    """Who is asked, on whose behalf they say they act, what they rely on, and for which unit."""

    who: frozenset[str]
    cited: frozenset[str]
    units: frozenset[str]


def asking_of(act: JudgedAct, ratifications: Iterable[Ratification] = ()) -> Asking:
    """Return who is asked about an act: whoever did it, and whoever ratified it."""
    own = list(ratifications)
    who = (act.asked, act.onbehalfof, act.actor, *(each.actor for each in own), *(each.onbehalfof for each in own))
    cited = act.authority, *(each.authority for each in own)
    units = act.unit, *(each.unit for each in own)
    return Asking(_said(who), _said(cited), _said(units))


def register(sources: Sources, asking: Asking) -> Facts:
    """
    Return what is known of those asked and of their grants; nothing of any act.

    What they rely on is mostly a grant of theirs: then it is there already, and adds nothing.
    """
    own = msgspec.structs.replace(asking, cited=frozenset())
    facts = sources.derive(("register", own), lambda: _gather(sources, own))
    if asking.cited <= facts.reached:
        return facts
    return sources.derive(("register", asking), lambda: _gather(sources, asking))


def grants_register(sources: Sources, names: Iterable[str]) -> Facts:
    """Return what is known of grants by name, what they rest on and what became of them."""
    gathering = _Gathering(sources)
    gathering.add_grants(sources.grants_named(names))
    return gathering.facts(frozenset())


def _gather(sources: Sources, asking: Asking) -> Facts:
    gathering = _Gathering(sources)
    gathering.add_asking(asking.who)
    gathering.add_grants([*gathering.grants_held(), *sources.grants_named(asking.cited)])
    return gathering.facts(asking.units)


class _Gathering:
    """Who and what is around those asked, growing as more of it is known."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.asking: set[str] = set()  # everybody whose grants are ways: those asked and their principals
        self.known: set[str] = set()  # everybody whose accounts and posts are known
        self.links: dict[int, rows.LinkRow] = {}
        self.terms: dict[int, Term] = {}
        self.actings: dict[int, rows.ActingRow] = {}
        self.ends: dict[int, rows.ActingEndRow] = {}
        self.grants: dict[int, Grant] = {}
        self.beside: dict[int, Grant] = {}  # made to grantors: their roots, and what may close a circle

    def add_asking(self, who: Iterable[str]) -> None:
        """Add people with the appointments of theirs, and those they were to act for."""
        asking = self.add_people(who)
        found = list(self.sources.read(sources.ACTINGS_BY_SUBSTITUTE, asking))
        principals = self.add_people(row.principal for row in found)
        self.asking |= asking | principals
        found += self.sources.read(sources.ACTINGS_BY_PRINCIPAL, asking)
        self.add_people(row.substitute for row in found)
        self.actings |= {row.position: row for row in found}
        ends = self.sources.read(sources.ENDS_BY_NAME, {row.name for row in found})
        self.ends |= {end.position: end for end in ends}

    def add_people(self, who: Iterable[str]) -> frozenset[str]:
        """Add people, everybody behind their accounts, and the posts they ever held; return all of them."""
        found = self.sources.people(who)
        self.links |= found.links
        new = found.who - self.known
        self.known |= new
        self.terms |= self._by_position(sources.TERMS_BY_CORRECTED_PERSON, new)
        self.terms |= self._by_position(sources.TERMS_BY_PERSON, new)
        return found.who

    def add_grants(self, grants: Collection[Grant]) -> None:
        """Add grants, and what is known of their grantors and grantees."""
        self.grants |= {grant.position: grant for grant in grants}
        grantors = {grant.grantor for grant in grants if grant.grantor is not None}
        hands = grantors | {grant.grantee for grant in grants if grant.grantee is not None}
        posts = {who for who in hands if who.startswith("post:")}
        self.add_in_posts(posts)
        people = self.add_people(chain(grantors, (grant.actor for grant in grants)))
        self.add_people(hands)
        held = self._by_position(sources.GRANTS_BY_GRANTEE, people | posts | self.posts_of(people))
        self.beside |= held
        against = {grant.name for grant in held.values() if grant.grantor in self.known and not grant.is_root}
        self.beside |= {grant.position: grant for grant in self.sources.grants_named(against)}

    def add_in_posts(self, posts: Iterable[str]) -> None:
        """Add whoever was ever in these posts."""
        terms = self._by_position(sources.TERMS_BY_POST, posts)
        self.terms |= terms
        self.links |= self.sources.people({term.person for term in terms.values()}).links

    def grants_held(self) -> list[Grant]:
        """Return the grants of everybody asked, with what they rest on."""
        held = self.sources.read(sources.GRANTS_BY_GRANTEE, self.asking | self.posts_of(self.asking))
        return self.sources.grants_named({grant.name for grant in held})

    def posts_of(self, people: Collection[str]) -> set[str]:
        return {term.post for term in self.terms.values() if term.person in people}

    def facts(self, units: frozenset[str]) -> Facts:
        """Put together what was gathered, without what was withdrawn."""
        of_units = self._by_position(sources.GRANTS_BY_UNIT, units)
        roots = {position: grant for position, grant in of_units.items() if grant.is_root}
        grants = {**self.beside, **self.grants, **roots}
        said_units = self._units(units, grants.values())
        changes = list(self.sources.read(sources.CHANGES_BY_GRANT, {grant.name for grant in grants.values()}))
        employers = self._by_position(sources.EMPLOYERS_BY_PERSON, self.known)
        roles = self._by_position(sources.ROLES_BY_PERSON, self.asking)
        posts = self._by_position(sources.POSTS_BY_NAME, self.posts_of(self.known))
        found = (grants, self.links, self.terms, self.actings, self.ends, employers, roles, posts)
        positions = chain(*found, (row.position for row in chain(changes, said_units)))
        there = rows.Present(self.sources.corrections(positions))
        ends = there.only(self.ends.values())
        owners = units | {grant.unit for grant in self.grants.values() if grant.unit is not None}
        facts = Facts(
            grants=rows.by_name(there.or_withdrawn(grants[position]) for position in sorted(grants)),
            changes=rows.by_grant(sorted(there.only(changes), key=lambda change: change.position)),
            terms=there.only(self.terms.values()),
            actings=tuple(row.ended(ends) for row in sorted(there.only(self.actings.values()), key=_position)),
            links=rows.spans(there.only(self.links.values())),
            units=tuple(row.stated() for row in there.only(said_units)),
            employed=tuple(row.employed() for row in there.only(employers.values())),
            roles=there.only(roles.values()),
            posts=there.only(posts.values()),
            policies=self.sources.policies(frozenset(owners)),
            catalogue=self.sources.view.catalogue,
            reached=frozenset(grant.name for grant in self.grants.values()),
        )
        return facts.settled()

    def _units(self, units: Collection[str], grants: Iterable[Grant]) -> list[rows.UnitRow]:
        """Return what was said of the units in question, and of those above them."""
        wanted = {unit for grant in grants if grant.scope is not None for unit in grant.scope.units or ()} | set(units)
        found: list[rows.UnitRow] = []
        asked: set[str] = set()
        while wanted:
            level: list[rows.UnitRow] = list(self.sources.read(sources.UNITS_BY_NAME, wanted))
            found += level
            asked |= wanted
            wanted = {row.parent for row in level if row.parent is not None} - asked
        return found

    def _by_position(self, source: Source, references: Iterable[str]) -> dict[int, Any]:
        return {row.position: row for row in self.sources.read(source, references)}


def _said(references: Iterable[str | None]) -> frozenset[str]:
    return frozenset(reference for reference in references if reference is not None)


def _position(row: rows.ActingRow) -> int:
    return row.position
