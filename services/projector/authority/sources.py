"""What the read model holds of people, posts, grants and acts, as known at the view's moment."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from projector.authority import rows
from projector.authority.facts import Change, Grant, JudgedAct, PostDefined, Ratification, Role, Term
from projector.fact_cache import Source
from projector.policies import AdoptedRow, JurisdictionStated, UnitPolicies, rows_of, unit_policies
from projector.view import View

LINKS_BY_ACCOUNT: Final = Source("links_by_account", "account", rows.LinkRow)
LINKS_BY_PERSON: Final = Source("links_by_person", "person", rows.LinkRow)
TERMS_BY_PERSON: Final = Source("terms_by_person", "person", Term)
TERMS_BY_POST: Final = Source("terms_by_post", "post", Term)
TERMS_BY_CORRECTED_PERSON: Final = Source("terms_by_corrected_person", "person", Term)
ROLES_BY_PERSON: Final = Source("roles_by_person", "person", Role)
POSTS_BY_NAME: Final = Source("posts_by_name", "post", PostDefined)
ACTINGS_BY_SUBSTITUTE: Final = Source("actings_by_substitute", "substitute", rows.ActingRow)
ACTINGS_BY_PRINCIPAL: Final = Source("actings_by_principal", "principal", rows.ActingRow)
ENDS_BY_NAME: Final = Source("acting_ends_by_name", "name", rows.ActingEndRow)
GRANTS_BY_GRANTEE: Final = Source("grants_by_grantee", "grantee", rows.grant, one_each=True)
GRANTS_BY_NAME: Final = Source("grants_by_name", "name", rows.grant, one_each=True)
GRANTS_BY_PARENT: Final = Source("grants_by_parent", "parent", rows.grant, one_each=True)
GRANTS_BY_UNIT: Final = Source("grants_by_unit", "unit", rows.grant, one_each=True)
GRANTS_OF_UNITS: Final = Source("grants_of_units", "unit", rows.UnitGrantRow)
CHANGES_BY_GRANT: Final = Source("changes_by_grant", "grant", Change)
UNITS_BY_NAME: Final = Source("units_by_name", "unit", rows.UnitRow)
EMPLOYERS_BY_PERSON: Final = Source("employers_by_person", "person", rows.EmployerRow)
POLICIES_BY_UNIT: Final = Source("policies_by_unit", "unit", AdoptedRow)
JURISDICTIONS_BY_UNIT: Final = Source("jurisdictions_by_unit", "unit", JurisdictionStated)
STATEMENTS_BY_PROJECT: Final = Source("statements_by_project", "project", rows.statement, kept_max=20_000)
CORRECTIONS: Final = Source("corrections_of", "corrected", rows.CorrectionRow, key_is_reference=False)

_DEPTH_MAX: Final = 64
_decode_exactly: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode

T = TypeVar("T")


class People(Struct, frozen=True):
    """References, the people and accounts behind them, and what says so."""

    who: frozenset[str]
    links: dict[int, rows.LinkRow]


class Sources:
    """Reads for one view, by way of what is remembered between questions."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._cache = view.cache
        self._cache.follow(view)
        self._corrected: frozenset[int] = self._cache.fixed(
            "corrected", lambda: frozenset(self.values("corrected_positions"))
        )

    def read(self, source: Source, references: Iterable[Any]) -> Iterator[Any]:
        return self._cache.rows(self.view, source, references)

    def derive(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return what follows from facts alone, found once until one of those facts is touched."""
        return self._cache.derive(self.view, key, find)

    def depends_on_acts(self, references: Iterable[str]) -> None:
        """Say that what is being derived depends on the acts by, on or under these references too."""
        self._cache.note_acts(references)

    def is_warm(self, unit: str) -> bool:
        return self._cache.is_warm(unit)

    def note_warm(self, units: Iterable[str]) -> None:
        self._cache.note_warm(units)

    def policies(self, units: frozenset[str]) -> UnitPolicies:
        """Return what holds for units."""

        def read() -> UnitPolicies:
            adopted = list(self.read(POLICIES_BY_UNIT, units))
            placed = list(self.read(JURISDICTIONS_BY_UNIT, units))
            corrected = self.corrections(row.position for row in (*adopted, *placed))
            fields = {position: None if each.void else each.fields for position, each in corrected.items()}
            return unit_policies(adopted, placed, fields, rows_of(self.view.catalogue))

        return self.derive(("policies", units), read)

    def people(self, references: Iterable[str]) -> People:
        """Return everybody behind these references, with every account they ever had."""
        who = set(references)
        own = list(self.read(LINKS_BY_ACCOUNT, _kind("account:", who)))
        who |= {row.person for row in own if row.person is not None}
        theirs = list(self.read(LINKS_BY_PERSON, _kind("person:", who)))
        accounts = {row.account for row in theirs}
        theirs += self.read(LINKS_BY_ACCOUNT, accounts - who)
        return People(frozenset(who | accounts), {row.position: row for row in (*own, *theirs)})

    def grants_of_units(self, units: Iterable[str]) -> dict[str, set[str]]:
        """Return the names of the grants of each unit: made in it, naming it, or given to its posts."""
        found: dict[str, set[str]] = {unit: set() for unit in units}
        for row in self.read(GRANTS_OF_UNITS, found):
            found[row.unit].add(row.name)
        return found

    def grants_named(self, names: Iterable[str]) -> list[Grant]:
        """Return grants by name, with what they rest on as far as it is named."""
        found: dict[int, Grant] = {}
        asked: set[str] = set()
        wanted = set(names)
        for _ in range(_DEPTH_MAX):
            if not wanted:
                break
            level: list[Grant] = list(self.read(GRANTS_BY_NAME, wanted))
            found |= {grant.position: grant for grant in level}
            asked |= wanted
            wanted = {grant.parent for grant in level if grant.parent is not None} - asked
        return list(found.values())

    def grants_below(self, names: Iterable[str]) -> dict[str, set[str]]:
        """Return these grants and every one made under them that names what it rests on, each with its grantees."""
        found: dict[str, set[str]] = {}
        for grant in self.read(GRANTS_BY_NAME, names):
            found.setdefault(grant.name, set()).update([grant.grantee] if grant.grantee is not None else [])
        wanted = set(found)
        for _ in range(_DEPTH_MAX):
            level: list[Grant] = list(self.read(GRANTS_BY_PARENT, wanted))
            wanted = {grant.name for grant in level} - found.keys()
            for grant in level:
                found.setdefault(grant.name, set()).update([grant.grantee] if grant.grantee is not None else [])
            if not wanted:
                break
        return found

    def acts(self, positions: Collection[int]) -> list[JudgedAct]:
        """Return acts by position, those there are, as corrected."""
        return self.acts_found("acts_to_judge", positions=sorted(positions)) if positions else []

    def acts_found(self, statement: str, **parameters: Any) -> list[JudgedAct]:
        """Return the acts that a statement finds, in the order of their positions, as corrected."""
        found = sorted(self.select(statement, rows.ActRow, **parameters), key=_by_position)
        corrected = self.corrections(row.position for row in found if row.corrected)
        none, catalogue = rows.Correction(), self.view.catalogue
        return [rows.judged_act(row, catalogue, corrected.get(row.position, none)) for row in found]

    def ratifications(self, positions: Collection[int]) -> list[Ratification]:
        """Return who ratified acts by position, but for what was withdrawn."""
        if not positions:
            return []
        found = list(self.select("ratifications_of", Ratification, positions=sorted(positions)))
        withdrawn = rows.Present(self.corrections(each.position for each in found))
        return list(withdrawn.only(found))

    def values(self, statement: str, **parameters: Any) -> list[Any]:
        """Return what a statement of one column finds."""
        return [row[0] for row in self.view.look_up(statement, parameters).rows]

    def select(self, statement: str, shape: type[Any], **parameters: Any) -> Iterator[Any]:
        """Run a statement whose columns are those of `shape`, in their order."""
        return (shape(*row) for row in self.view.look_up(statement, parameters).rows)

    def openings_corrected(self) -> list[str]:
        """Return the projects whose opening was ever corrected."""
        return self.derive("openings corrected", lambda: self.values("openings_corrected"))

    def corrections(self, positions: Iterable[int]) -> dict[int, rows.Correction]:
        """Return what the corrections in force make of acts, those that any was made of."""
        found: dict[int, rows.Correction] = {}
        corrected = self._corrected.intersection(positions) if self._corrected else ()
        for row in sorted(self.read(CORRECTIONS, corrected), key=_in_order):
            if self._in_force(row):
                before = found.get(row.corrected, rows.Correction())
                found[row.corrected] = before.and_then(row.void, _decode_exactly(row.fields))
        return found

    def _in_force(self, correction: rows.CorrectionRow) -> bool:
        """Whether no later correction in force withdraws it. Later ones are fewer each time, so this ends."""
        later = self.read(CORRECTIONS, (correction.by,))
        return not any(each.void and each.later and self._in_force(each) for each in list(later))


def _kind(prefix: str, references: Iterable[str]) -> list[str]:
    return [reference for reference in references if reference.startswith(prefix)]


def _in_order(row: rows.CorrectionRow) -> tuple[datetime, int]:
    return row.known_from, row.by


def _by_position(row: rows.ActRow) -> int:
    return row.position
