"""
Incompatible duties in the hands of one person on one project: exercised (PERFORMED), only held (HELD), or exercised by
another in the person's name (VESTED). These are different questions; their answers are labelled and never mixed.

No rules here: pairs are the catalogue's, and the statements compare.
"""

import gc
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

from msgspec import UNSET, Meta, Struct, UnsetType

from contracts.catalogue import Pair
from contracts.grades import Force, Severity
from edge.database import statement
from edge.paging import read_cursor, write_cursor
from projector.errors import Unknown
from projector.meetings import Hand, Meetings, Met
from projector.pairs import SideRow, act_columns, columns, held_levels_down, less_severe, side_rows
from projector.replay import require_project
from projector.view import View

Basis = Literal["PERFORMED", "HELD", "VESTED"]
Level = Literal["performed", "held", "vested"]
ActorClass = Literal["person", "system", "unknown"]


_PORTION_PROJECTS: Final = 256
_PORTION_GROWS_MOST: Final = 4
_ROWS_AT_ONCE: Final = 1000


class Overlap(Struct, frozen=True, rename={"from_": "from"}):
    """When both duties were held and the project was open: `until` is the first moment after; null: still."""

    from_: datetime | None
    until: datetime | None


class Conflict(Struct, frozen=True, kw_only=True, gc=False):
    """
    A pair of incompatible duties. `positions` are the acts that show it.

    `roles` are the duties met on either side of the rule; where several, joined by `|`. `supplier` is set where the
    rule looks at one supplier instead of one project. There may be a hundred thousand, none of them in a cycle.
    """

    rule: str
    severity: Severity
    force: Force
    citation: str
    basis: Basis
    project: str
    person: str
    actor_class: ActorClass
    roles: Annotated[list[str], Meta(min_length=2, max_length=2)]
    positions: list[int]
    overlap: Overlap | UnsetType = UNSET
    supplier: str | UnsetType = UNSET


class Conflicts(Struct, frozen=True, kw_only=True):
    """A page of conflicts, ordered by project, person and rule, and the moments it stands for."""

    as_of: datetime
    known_at: datetime
    position: int
    items: list[Conflict]
    next: str | None


class Sought(Struct, frozen=True, kw_only=True):
    """Which conflicts are asked for. None: whichever. `machines`: those of systems and unknown actors too."""

    project: str | None = None
    person: str | None = None
    rule: str | None = None
    level: Level | None = None
    machines: bool = False


def conflicts(
    view: View, sought: Sought, limit: int, cursor: str | None, found: Iterable[Conflict] | None = None
) -> Conflicts:
    """
    Return a page of the conflicts asked for.

    `found`: those of the one project asked about, where they were found otherwise. Raises `Unknown`.
    """
    place = read_cursor(cursor, str, str, str, str, str)
    after = tuple(place) if place is not None else ("",) * 5
    if found is not None:
        left = [each for each in _sought(view, sought, found) if _order(each) > after]
    elif sought.project is not None or sought.person is not None:
        left = [each for each in find_conflicts(view, sought) if _order(each) > after]
    else:
        left = _next(view, sought, limit, after)
    items = left[:limit]
    return Conflicts(
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
        items=items,
        next=write_cursor(*_order(items[-1])) if len(left) > limit else None,
    )


def _sought(view: View, sought: Sought, found: Iterable[Conflict]) -> list[Conflict]:
    """Return those of one project's conflicts that are asked for, in order."""
    _require_pair(view, sought)
    if sought.project is not None:
        require_project(view, sought.project)
    people = whose(view, sought.person)[0] if sought.person is not None else None
    return sorted(
        (
            each
            for each in found
            if sought.rule in (None, each.rule)
            and sought.level in (None, each.basis.lower())
            and (people is None or each.person in people)
        ),
        key=_order,
    )


def _require_pair(view: View, sought: Sought) -> None:
    if sought.rule is not None and sought.rule not in view.catalogue.pairs:
        raise Unknown(f"no pair of incompatible duties is called {sought.rule}")


def find_conflicts(view: View, sought: Sought, projects: list[str] | None = None) -> list[Conflict]:
    """
    Return the conflicts asked for on these projects, None: on all, in order.

    Whoever performed a pair is not said to hold it besides. Raises `Unknown` for a project, person or rule that this
    log does not know: none found would say too much.
    """
    _require_pair(view, sought)
    pairs = {rule: pair for rule, pair in view.catalogue.pairs.items() if pair.on and sought.rule in (None, rule)}
    whom = _whom(view, sought) | {"projects": [sought.project] if sought.project is not None else projects}
    as_said, are_held = cast("tuple[bool, bool]", view.select("conflicts_facts").fetchone())
    with _uncollected():
        found = _exercised(view, pairs, whom, as_said=as_said)
        if are_held and sought.level in (None, "held"):
            performed = {(each.rule, each.project, each.person) for each in found if each.basis == "PERFORMED"}
            held = _held(view, pairs, whom)
            found += [each for each in held if (each.rule, each.project, each.person) not in performed]
            found.sort(key=_order)
        if sought.level is not None:
            found = [each for each in found if each.basis.lower() == sought.level]
        return found


@contextmanager
def _uncollected() -> Generator[None]:
    """
    Keep Python from looking for garbage in cycles: it would go through all that was found time and again, in vain.

    Where two threads do so, the first to end ends it for both, which is slower and nothing else.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def find_by_supplier(
    view: View, pairs: dict[str, Pair], projects: Sequence[str], actors: Sequence[str]
) -> list[Conflict]:
    """Return the pairs that one of these actors exercised for one supplier, and in part on these projects."""
    whom = {"people": None, "actors": list(actors), "machines": False, "projects": list(projects)}
    return _by_supplier(view, pairs, whom)


def _next(view: View, sought: Sought, limit: int, after: tuple[str, ...]) -> list[Conflict]:
    """
    Return the conflicts after a place, at least one more than `limit` where there are so many.

    They are looked for portion by portion of the projects, so that a page costs what it shows and not the whole log.
    """
    left: list[Conflict] = []
    last, size, seen = after[0], _PORTION_PROJECTS, 0
    projects = [last] if last else []  # at which the page before ended: it may have more
    while True:
        more = [row[0] for row in view.select("projects_after", {"after": last, "unit": None, "limit": size})]
        projects += more
        if projects:
            left += [each for each in find_conflicts(view, sought, projects) if _order(each) > after]
        if len(left) > limit or len(more) < size:
            return left
        # As many as should fill the page, if it goes on like this, and some more.
        wanted = (seen := seen + len(projects)) * (limit + 1 - len(left)) // max(len(left), 1) * 9 // 8
        projects, last = [], more[-1]
        size = min(max(wanted, _PORTION_PROJECTS // 4, 1), size * _PORTION_GROWS_MOST)


def _whom(view: View, sought: Sought) -> dict[str, Any]:
    if sought.project is not None:
        require_project(view, sought.project)
    people, actors = whose(view, sought.person) if sought.person is not None else (None, None)
    return {"people": people, "actors": actors, "machines": sought.machines}


def whose(view: View, who: str) -> tuple[list[str], list[str]]:
    """
    Return the persons meant by a person or account, and every reference they acted under.

    Raises `Unknown` when this log knows none of them.
    """
    people, actors = cast("tuple[list[str], list[str]]", view.select("whose", {"who": who}).fetchone())
    if view.select("person_exists", {"actors": actors}).fetchone() is None:
        raise Unknown(f"this log knows no {who}")
    return people, actors


def _exercised(view: View, pairs: dict[str, Pair], whom: dict[str, Any], *, as_said: bool) -> list[Conflict]:
    """
    Return what was exercised, on one project and for one supplier, in order.

    What two roles on one project do not decide is asked for only where it may be met. Hands are read while PostgreSQL
    still looks for the next.
    """
    meetings = Meetings(pairs.values())
    given = {
        "log_id": view.log_id,
        "as_of": view.asked.as_of or "infinity",
        "known_at": view.asked.known_at or "infinity",
        "alone": meetings.alone(),
        **whom,
    }
    hands = statement("projector", "conflicts_hands_as_said" if as_said else "conflicts_hands")
    rows = view.connection.cursor().stream(hands, given, size=_ROWS_AT_ONCE)
    found: list[Conflict] = []
    for hand, met, positions in meetings.of(rows):
        found += in_hand(hand, met, positions)
    if doubtful := meetings.doubtful.rules:
        within = {"projects": sorted(meetings.doubtful.projects), "people": sorted(meetings.doubtful.people)}
        found += _performed(view, pairs, meetings.doubtful_rows(), whom | within)
        found += _by_supplier(view, {rule: pair for rule, pair in pairs.items() if rule in doubtful}, whom)
        found.sort(key=_order)
    return found


def _performed(view: View, pairs: dict[str, Pair], sides: list[SideRow], whom: dict[str, Any]) -> list[Conflict]:
    if not sides:
        return []
    return [
        conflict(pairs[rule], "PERFORMED" if performed else "VESTED", project, person, [one, other], positions)
        for rule, project, person, performed, one, other, positions in view.select(
            "conflicts_performed", columns(sides) | whom
        )
    ]


def in_hand(hand: Hand, met: Iterable[Met], positions: Sequence[int]) -> list[Conflict]:
    """Return the pairs that are met in one hand as conflicts, as `conflict` does, and faster."""
    project, person = hand[0], hand[1]
    whose = actor_class(person)
    return [
        Conflict(
            rule=each.pair.rule,
            severity=each.pair.severity if each.performed else "ADVISORY",
            force=each.pair.force,
            citation=each.pair.citation,
            basis="PERFORMED" if each.performed else "VESTED",
            project=project,
            person=person,
            actor_class=whose,
            roles=each.roles,
            positions=each.shown_by(positions),
        )
        for each in met
    ]


def _by_supplier(view: View, pairs: dict[str, Pair], whom: dict[str, Any]) -> list[Conflict]:
    by_supplier = (pair for pair in pairs.values() if pair.scope == "supplier")
    sides = [row for row in side_rows(by_supplier) if row.kind == "role"]
    if sides and whom["actors"] is None and whom["projects"] is not None:
        # What someone did on other projects counts too, but only of those who did something on these.
        near = view.select("actors_of_duties", {"projects": whom["projects"], "duties": [row.duty for row in sides]})
        whom = whom | {"actors": [row[0] for row in near]}
    if not sides or whom["actors"] == []:
        return []
    return [
        conflict(pairs[rule], "PERFORMED", project, person, [one, other], positions, supplier=supplier)
        for rule, project, person, supplier, one, other, positions in view.select(
            "conflicts_by_supplier", columns(sides) | whom
        )
    ]


def _held(view: View, pairs: dict[str, Pair], whom: dict[str, Any]) -> list[Conflict]:
    sides = [row for row in side_rows(pairs.values()) if row.kind != "function"]
    if not sides:
        return []
    return [
        conflict(pairs[rule], "HELD", project, person, [one, other], positions, overlap=Overlap(since, until))
        for rule, project, person, one, other, positions, since, until in view.select(
            "conflicts_held", columns(sides) | act_columns(view.catalogue) | whom
        )
    ]


def _severity(pair: Pair, basis: Basis, overlap: Overlap | UnsetType) -> Severity:
    """VESTED is advisory, whatever the pair. HELD is as the policy has it on the day from which both were held."""
    if basis == "VESTED":
        return "ADVISORY"
    return pair.severity if overlap is UNSET else less_severe(pair.severity, held_levels_down(overlap.from_))


def conflict(
    pair: Pair,
    basis: Basis,
    project: str,
    person: str,
    roles: list[str],
    positions: list[int],
    *,
    supplier: str | UnsetType = UNSET,
    overlap: Overlap | UnsetType = UNSET,
) -> Conflict:
    return Conflict(
        rule=pair.rule,
        severity=_severity(pair, basis, overlap),
        force=pair.force,
        citation=pair.citation,
        basis=basis,
        project=project,
        person=person,
        actor_class=actor_class(person),
        roles=roles,
        positions=positions,
        overlap=overlap,
        supplier=supplier,
    )


def actor_class(actor: str) -> ActorClass:
    """Return what kind of actor this is. An account that is linked to nobody stands for a person not known yet."""
    if actor.startswith("system:unknown/"):
        return "unknown"
    return "system" if actor.startswith("system:") else "person"


def _order(each: Conflict) -> tuple[str, str, str, str, str]:
    supplier = "" if each.supplier is UNSET else each.supplier
    return each.project, each.person, each.rule, each.basis, supplier
