"""
Gathers what is known around acts: who is asked, by what they may have acted, what that rests on, what was done besides.

Several acts are gathered at once as cheaply as one. What was withdrawn by an `act.correct` known by then is left out,
but for a grant, which stays as withdrawn: whoever relied on it is told so.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from msgspec import Struct

from projector.authority import rows, sources
from projector.authority.around import positions_alike, positions_around
from projector.authority.facts import Facts, Grant, JudgedAct, Ratification, Term
from projector.authority.sources import Sources
from projector.authority.usage import family_of
from projector.fact_cache import Source
from projector.policies import UnitPolicies, load_unit_policies
from projector.view import View


class Loaded(Struct, frozen=True):
    """Acts, in the order of their positions, and what is known around them."""

    acts: tuple[JudgedAct, ...]
    facts: Facts


def load(view: View, positions: Iterable[int], unrecorded: Sequence[JudgedAct] = ()) -> Loaded:
    """
    Gather acts by position, those there are, with what the judge needs to know.

    Where a grant has a total, or is for one matter, that is also every act before them that may have drawn on it.
    `unrecorded` are acts that the ledger does not hold, to be judged as if it did.
    """
    with view.cache.lock:
        gathering = _Gathering(Sources(view))
        asked = [*gathering.sources.acts(set(positions)), *unrecorded]
        gathering.add_acts(asked)
        gathering.add_drawing_on(asked)
        gathering.add_around(asked)
        return Loaded(tuple(asked), gathering.facts())


def load_grants(view: View, names: Iterable[str]) -> Facts:
    """Gather grants by name, with what they rest on and what became of them."""
    with view.cache.lock:
        gathering = _Gathering(Sources(view))
        gathering.add_grants(gathering.sources.grants_named(names))
        return gathering.facts()


class _Gathering:
    """Who and what is around the question, growing as more of it is known."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.acts: dict[int, JudgedAct] = {}
        self.around: dict[int, JudgedAct] = {}
        self.ratifications: dict[int, Ratification] = {}
        self.asking: set[str] = set()  # everybody whose grants are ways: those asked, ratifiers, their principals
        self.known: set[str] = set()  # everybody whose accounts and posts are known
        self.links: dict[int, rows.LinkRow] = {}
        self.terms: dict[int, Term] = {}
        self.actings: dict[int, rows.ActingRow] = {}
        self.ends: dict[int, rows.ActingEndRow] = {}
        self.grants: dict[int, Grant] = {}
        self.beside: dict[int, Grant] = {}  # made to grantors: their roots, and what may close a circle

    def add_acts(self, acts: Iterable[JudgedAct]) -> None:
        """Add acts, and whoever and whatever may have authorised them."""
        new = {act.position: act for act in acts if act.position not in self.acts}
        if not new:
            return
        self.acts |= new
        ratifications = self.sources.ratifications(new.keys())
        self.ratifications |= {each.position: each for each in ratifications}
        asked = [who for act in new.values() for who in (act.asked, act.onbehalfof)]
        asked += [who for each in ratifications for who in (each.actor, each.onbehalfof)]
        self.add_asking(who for who in asked if who is not None)
        self.add_people(act.actor for act in new.values())
        cited = {act.authority for act in new.values()} | {each.authority for each in ratifications}
        self.add_grants([*self._grants_held(), *self.sources.grants_named(name for name in cited if name is not None)])

    def add_asking(self, who: Iterable[str]) -> None:
        """Add people with the appointments of theirs, and those they were to act for."""
        asking = self.add_people(who)
        self.asking |= asking
        found = list(self.sources.read(sources.ACTINGS_BY_SUBSTITUTE, asking))
        principals = self.add_people(row.principal for row in found)
        self.asking |= principals
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
        self.terms |= {term.position: term for term in self.sources.read(sources.TERMS_BY_PERSON, new)}
        return found.who

    def add_grants(self, grants: Collection[Grant]) -> None:
        """Add grants, and what is known of their grantors and grantees."""
        self.grants |= {grant.position: grant for grant in grants}
        grantors = {grant.grantor for grant in grants if grant.grantor is not None}
        posts = {
            who for grant in grants for who in (grant.grantor, grant.grantee) if who is not None and who[:5] == "post:"
        }
        self.add_in_posts(posts)
        people = self.add_people(chain(grantors, (grant.actor for grant in grants)))
        self.add_people(grant.grantee for grant in grants if grant.grantee is not None)
        held = self.sources.read(sources.GRANTS_BY_GRANTEE, people | posts | self._posts_of(people))
        self.beside |= {grant.position: grant for grant in held}

    def add_in_posts(self, posts: Iterable[str]) -> set[str]:
        """Add whoever was ever in these posts; return them."""
        terms = {term.position: term for term in self.sources.read(sources.TERMS_BY_POST, posts)}
        self.terms |= terms
        people = {term.person for term in terms.values()}
        self.links |= self.sources.people(people).links
        return people

    def add_drawing_on(self, asked: Sequence[JudgedAct]) -> None:
        """Add the acts that may have drawn on the same totals, or used the same grants for one matter, up to them."""
        names = [grant.name for grant in self.grants.values() if _is_drawn_on(grant)]
        if names and asked:
            types = {type for act in asked for type in family_of(act.type)}
            self.add_acts(self._drawing(names, types, max(act.time for act in asked)))

    def _drawing(self, names: Iterable[str], types: Collection[str], until: datetime) -> list[JudgedAct]:
        below = self.sources.grants_below(names)
        grantees = set(chain.from_iterable(below.values()))
        who = grantees | self.add_in_posts(each for each in grantees if each.startswith("post:"))
        who |= self.sources.people(who).who
        appointed = self.sources.read(sources.ACTINGS_BY_PRINCIPAL, who)
        who |= self.sources.people(row.substitute for row in appointed).who
        found = self.sources.positions(
            "acts_drawing_on",
            types=sorted(types),
            names=sorted(below),
            who=sorted(who),
            bodies=sorted(each for each in who if each.startswith("body:")),
            until=until,
        )
        return self.sources.acts(set(found) - self.acts.keys())

    def add_around(self, asked: Sequence[JudgedAct]) -> None:
        """Add what else was done that may bear on acts: on the same subjects, by the same people, and was paid."""
        policy = self._policies()
        grants = self.grants.values()
        positions = positions_around(self.sources, asked, grants, appointed=bool(self.actings))
        positions |= positions_alike(self.sources, asked, grants, policy, self.asking)
        if any(grant.delegation is not None and grant.delegation.total_basis == "paid" for grant in grants):
            projects = sorted({act.project for act in self.acts.values() if act.project is not None})
            until = max((act.time for act in asked), default="infinity")
            positions |= set(self.sources.positions("payments_on", projects=projects, until=until))
        self.around |= {act.position: act for act in self.sources.acts(positions)}
        self.add_people(person.who for act in self.around.values() for person in act.people)

    def facts(self) -> Facts:
        """Put together what was gathered, without what was withdrawn."""
        grants = {**self.beside, **self.grants}
        acts = [*self.acts.values(), *self.around.values()]
        units = self._units(acts, grants.values())
        roots = list(self.sources.read(sources.ROOTS_BY_UNIT, (act.unit for act in self.acts.values() if act.unit)))
        grants |= {root.position: root for root in roots}
        names = {grant.name for grant in grants.values()}
        changes = list(self.sources.read(sources.CHANGES_BY_GRANT, names))
        stated = self._read(sources.STATEMENTS_BY_PROJECT, (act.project for act in acts if act.project is not None))
        employers = self._read(sources.EMPLOYERS_BY_PERSON, self.known)
        roles = self._read(sources.ROLES_BY_PERSON, self.asking)
        posts = self._read(sources.POSTS_BY_NAME, self._posts_of(self.known))
        found = (
            grants,
            self.links,
            self.terms,
            self.actings,
            self.ends,
            self.ratifications,
            stated,
            employers,
            roles,
            posts,
        )
        positions = set(chain.from_iterable(found)) | {row.position for row in chain(changes, units)}
        corrected = self.sources.corrections(positions)
        there = rows.Present(corrected)
        ends = there.only(self.ends.values())
        terms = there.only(self.terms.values())
        return Facts(
            acts=tuple(self.acts.values()),
            around=tuple(act for act in self.around.values() if not act.withdrawn),
            grants=rows.by_name(there.or_withdrawn(grants[position]) for position in sorted(grants)),
            changes=rows.by_grant(sorted(there.only(changes), key=lambda change: change.position)),
            terms=terms,
            actings=tuple(row.ended(ends) for row in sorted(there.only(self.actings.values()), key=_by_position)),
            links=rows.spans(there.only(self.links.values())),
            ratifications=there.only(self.ratifications.values()),
            projects=rows.by_project(there.only(stated.values()), corrected),
            units=tuple(row.stated() for row in there.only(units)),
            employed=tuple(row.employed() for row in there.only(employers.values())),
            roles=there.only(roles.values()),
            posts=there.only(posts.values()),
            policies=self._policies(),
            catalogue=self.sources.view.catalogue,
        )

    def _units(self, acts: Iterable[JudgedAct], grants: Iterable[Grant]) -> list[rows.UnitRow]:
        """Return what was said of the units in question, and of those above them."""
        wanted = {unit for grant in grants if grant.scope is not None for unit in grant.scope.units or ()}
        wanted |= {act.unit for act in acts if act.unit is not None}
        found: list[rows.UnitRow] = []
        asked: set[str] = set()
        while wanted:
            level: list[rows.UnitRow] = list(self.sources.read(sources.UNITS_BY_NAME, wanted))
            found += level
            asked |= wanted
            wanted = {row.parent for row in level if row.parent is not None} - asked
        return found

    def _grants_held(self) -> list[Grant]:
        """Return the grants of everybody asked, with what they rest on."""
        holders = self.asking | self._posts_of(self.asking)
        held = self.sources.read(sources.GRANTS_BY_GRANTEE, holders)
        return self.sources.grants_named({grant.name for grant in held})

    def _posts_of(self, people: Collection[str]) -> set[str]:
        return {term.post for term in self.terms.values() if term.person in people}

    def _policies(self) -> UnitPolicies:
        return load_unit_policies(self.sources.view, {act.unit for act in self.acts.values() if act.unit is not None})

    def _read(self, source: Source, references: Iterable[str]) -> dict[int, Any]:
        return {row.position: row for row in self.sources.read(source, references)}


def _is_drawn_on(grant: Grant) -> bool:
    """Whether what was done by a grant before decides about an act: it has a total, or is for one matter."""
    said = grant.delegation
    return said is not None and (said.ceiling_total is not None or said.kind == "special")


def _by_position(row: rows.ActingRow) -> int:
    return row.position
