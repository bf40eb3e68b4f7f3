"""
Loads what is known around acts: a handful of statements, each bounded by the people and chains in question.

Several acts are loaded at once as cheaply as one. What was withdrawn by an `act.correct` known by then is left out, but
for a grant, which stays as withdrawn: whoever relied on it is told so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from projector.authority import rows
from projector.authority.facts import Acting, Change, Facts, Grant, JudgedAct, LinkSpan, Ratification, Term
from projector.authority.usage import family_of
from projector.view import View

T = TypeVar("T")


class Loaded(Struct, frozen=True):
    """Acts, in the order of their positions, and what is known around them."""

    acts: tuple[JudgedAct, ...]
    facts: Facts


def load(view: View, positions: Sequence[int]) -> Loaded:
    """
    Load acts by position, those there are, with what the judge needs to know.

    Where a grant has a total, that is also every act before them that may have drawn on it.
    """
    around = _Around(view)
    around.add_acts(positions)
    asked = tuple(around.acts[position] for position in sorted(around.acts))
    around.add_acts(around.acts_drawing_on(asked))
    return Loaded(asked, _facts(view, around))


def load_grants(view: View, names: Iterable[str]) -> Facts:
    """Load grants by name, with what they rest on and what became of them."""
    around = _Around(view)
    around.add_grants(names)
    return _facts(view, around)


@dataclass
class _Around:
    """Who and what is around the question, growing as more of it is known."""

    view: View
    acts: dict[int, JudgedAct] = field(default_factory=lambda: dict[int, JudgedAct]())
    ratifications: dict[int, Ratification] = field(default_factory=lambda: dict[int, Ratification]())
    people: set[str] = field(default_factory=lambda: set[str]())
    links: dict[tuple[str, datetime | None], LinkSpan] = field(default_factory=lambda: dict[Any, LinkSpan]())
    terms: dict[int, Term] = field(default_factory=lambda: dict[int, Term]())
    actings: dict[int, Acting] = field(default_factory=lambda: dict[int, Acting]())
    grants: dict[int, Grant] = field(default_factory=lambda: dict[int, Grant]())

    def add_acts(self, positions: Iterable[int]) -> None:
        """Add acts, and whoever and whatever may have authorised them."""
        among = {"positions": sorted(set(positions) - self.acts.keys())}
        if not among["positions"]:
            return
        corrected = _corrections(self.view, among["positions"])
        for row in _read(self.view, "acts_to_judge", rows.ActRow, among):
            correction = corrected.get(row.position, rows.Correction())
            self.acts[row.position] = rows.judged_act(row, self.view.catalogue, correction)
        ratifications = _read(self.view, "ratifications_of", Ratification, among)
        self.ratifications |= {each.position: each for each in ratifications}
        self.add_people(who for act in self.acts.values() for who in (act.asked, act.onbehalfof))
        self.add_people(who for each in ratifications for who in (each.actor, each.onbehalfof))
        self.add_actings()
        self.add_grants(each.authority for each in (*self.acts.values(), *ratifications))

    def acts_drawing_on(self, asked: Sequence[JudgedAct]) -> list[int]:
        """Return where the acts are that may have drawn on the same totals as those asked about, up to them."""
        totals = [each.name for each in self.grants.values() if each.delegation and each.delegation.ceiling_total]
        if not totals or not asked:
            return []
        found = self.view.select("grants_under", {"names": sorted(totals)}).fetchall()
        grantees = {grantee for _, grantee in found if grantee is not None}
        who = grantees | self._add_terms((), {each for each in grantees if each.startswith("post:")})
        who |= self._add_links(who)
        who |= {row[0] for row in self.view.select("substitutes_of", {"who": sorted(who)})}
        who |= self._add_links(who)
        wanted = {
            "types": sorted({type for act in asked for type in family_of(act.type)}),
            "names": sorted({name for name, _ in found}),
            "who": sorted(who),
            "until": max(act.time for act in asked),
        }
        return [row[0] for row in self.view.select("acts_drawing_on", wanted)]

    def add_people(self, who: Iterable[str | None]) -> None:
        """Add people, everybody behind their accounts, and the posts they ever held."""
        asked = {each for each in who if each is not None} - self.people
        if asked:
            asked |= self._add_links(asked)
            self.people |= asked
            self._add_terms(asked, ())

    def _add_links(self, who: Iterable[str]) -> set[str]:
        spans = _read(self.view, "accounts_of", LinkSpan, {"who": sorted(who)})
        self.links |= {(span.account, span.starts): span for span in spans}
        return {each for span in spans for each in (span.account, span.person)}

    def _add_terms(self, who: Iterable[str], posts: Iterable[str]) -> set[str]:
        terms = _read(self.view, "post_terms_of", Term, {"who": sorted(who), "posts": sorted(posts)})
        self.terms |= {term.position: term for term in terms}
        return {term.person for term in terms}

    def add_actings(self) -> None:
        """Add the appointments of everybody so far, and those they are to act for."""
        found = _read(self.view, "actings_of", rows.acting, {"who": sorted(self.people)})
        self.actings |= {acting.position: acting for acting in found}
        self.add_people(acting.principal for acting in found)

    def add_grants(self, names: Iterable[str | None]) -> None:
        """Add the grants of everybody so far and of these names, up to their roots."""
        wanted = {"holders": self._holders(), "names": sorted({name for name in names if name is not None})}
        self.grants |= {grant.position: grant for grant in _read(self.view, "grants_reached", rows.grant, wanted)}
        self.add_people(grant.grantor for grant in self.grants.values())
        if any(grant.parent is None and not grant.is_root for grant in self.grants.values()):
            roots = _read(self.view, "roots_of", rows.grant, {"holders": self._holders()})
            self.grants |= {root.position: root for root in roots}
        granted = {grant.grantee for grant in self.grants.values() if grant.grantee is not None}
        self._add_links(self._add_terms((), {each for each in granted if each.startswith("post:")}) | granted)

    def _holders(self) -> list[str]:
        return sorted(self.people | {term.post for term in self.terms.values()})


def _facts(view: View, around: _Around) -> Facts:
    grants = [around.grants[position] for position in sorted(around.grants)]
    terms, actings, acts = list(around.terms.values()), list(around.actings.values()), list(around.acts.values())
    ratifications = list(around.ratifications.values())
    changes = _read(view, "grant_changes_of", Change, {"names": sorted({grant.name for grant in grants})})
    projects = sorted({act.project for act in acts if act.project is not None})
    stated = _read(view, "projects_stated", rows.ProjectRow, {"projects": projects})
    named = {unit for grant in grants if grant.scope is not None for unit in grant.scope.units or ()}
    named |= {act.unit for act in acts if act.unit is not None}
    units = _read(view, "units_above", rows.UnitRow, {"units": sorted(named)})
    endings = [ending for acting in actings for ending in acting.endings]
    used = (grants, terms, changes, stated, units, endings, actings, ratifications)
    corrected = _corrections(view, [each.position for found in used for each in found])
    there = rows.Present(corrected)
    return Facts(
        acts=tuple(acts),
        grants=rows.by_name(map(there.or_withdrawn, grants)),
        changes=rows.by_grant(there.only(changes)),
        terms=there.only(terms),
        actings=tuple(map(there.with_endings, there.only(actings))),
        links=tuple(around.links.values()),
        ratifications=there.only(ratifications),
        projects=rows.by_project(there.only(stated), corrected),
        units=tuple(row.stated() for row in there.only(units)),
    )


def _corrections(view: View, positions: Sequence[int]) -> dict[int, rows.Correction]:
    found: dict[int, rows.Correction] = {}
    for position, void, fields in view.select("corrections_among", {"positions": list(positions)}):
        found[position] = found.get(position, rows.Correction()).and_then(void, msgspec.json.decode(fields))
    return found


def _read(view: View, name: str, shape: Callable[..., T], parameters: Mapping[str, Any]) -> list[T]:
    """Run a statement whose columns are named after what `shape` takes."""
    cursor = view.select(name, parameters)
    columns = [column.name for column in cursor.description or ()]
    return [shape(**dict(zip(columns, row, strict=True))) for row in cursor]
