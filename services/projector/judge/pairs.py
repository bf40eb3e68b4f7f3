"""Incompatible duties as judgements: exercised on a project of the case, exercised for one supplier, or only held."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from contracts.catalogue import STAGES_OUTSIDE_PAIRS, Catalogue, Duty, Pair
from edge.database import statement
from projector.conflicts import Basis, Conflict, Overlap, conflict, find_by_supplier, in_hand
from projector.judge.card import duty_name
from projector.judge.held import HeldAct, held_acts
from projector.judge.judgement import Judgement
from projector.meetings import Meetings
from projector.pairs import SideRow, act_columns, columns, side_rows
from projector.view import View

_HOW: Final[dict[Basis, tuple[str, str]]] = {
    "PERFORMED": ("均已行使", "both exercised"),
    "HELD": ("同时持有，尚未行使", "both held, not exercised"),
    "VESTED": ("其中有他人以其名义行使", "exercised by another in their name"),
}
Complete = tuple[Conflict, datetime]
"""A conflict, and since when both sides of it were there."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def judge_pairs(view: View, projects: Sequence[str]) -> list[Judgement]:
    """Return the pairs that one person has on one project of the case that is laid out. VESTED opens no finding."""
    return [
        _judged(found, since, view.catalogue)
        for found, since in conflicts_in_case(view, projects)
        if found.basis != "VESTED"
    ]


def conflicts_in_case(view: View, projects: Sequence[str], *, machines: bool = False) -> list[Complete]:
    """
    Return the pairs in one hand on the projects of the case that is laid out, with since when each was complete.

    Whoever performed a pair is not said to hold it besides. `machines`: those of systems, too.
    """
    pairs = {rule: pair for rule, pair in view.catalogue.pairs.items() if pair.on}
    exercised = _performed(view, pairs, machines) + _by_supplier(view, pairs, projects)
    performed = {(each.rule, each.project, each.person) for each, _ in exercised if each.basis == "PERFORMED"}
    held = _held(view, pairs) if projects else []
    return exercised + [
        (each, since) for each, since in held if (each.rule, each.project, each.person) not in performed
    ]


def _performed(view: View, pairs: dict[str, Pair], machines: bool) -> list[Complete]:
    meetings = Meetings(pair for pair in pairs.values() if pair.scope == "project")
    given = {"machines": machines, "alone": meetings.alone()}
    hands = view.connection.execute(statement("projector.judge", "pairs_hands"), given, prepare=False)
    found: list[Complete] = []
    for hand, met, positions in meetings.of(hands):
        since = (max(min(hand[5][index] for index in side) for side in each.sides) for each in met)
        found += zip(in_hand(hand, met, positions), since, strict=True)
    return found + _doubtful(view, pairs, meetings.doubtful_rows(), machines)


def _doubtful(view: View, pairs: dict[str, Pair], sides: list[SideRow], machines: bool) -> list[Complete]:
    """Return what two roles do not decide."""
    if not sides:
        return []
    given: dict[str, Any] = {"stages": sorted(STAGES_OUTSIDE_PAIRS), "machines": machines, **columns(sides)}
    given |= {"log_id": view.log_id, "known_at": view.asked.known_at or "infinity"}
    rows = view.connection.execute(statement("projector.judge", "pairs_performed"), given, prepare=False)
    return [
        (
            conflict(pairs[rule], "PERFORMED" if performed else "VESTED", project, person, [one, other], positions),
            met,
        )
        for rule, project, person, performed, one, other, positions, met in rows
    ]


def _by_supplier(view: View, pairs: dict[str, Pair], projects: Sequence[str]) -> list[Complete]:
    """What somebody did elsewhere counts too: whoever did acts of both sides anywhere is looked at, nobody else."""
    found: list[Complete] = []
    for rule, pair in pairs.items():
        if pair.scope != "supplier":
            continue
        ones, others = (_acts_of(side, view.catalogue) for side in pair.sides)
        given = {"log_id": view.log_id, "known_at": view.asked.known_at or "infinity", "ones": ones, "others": others}
        rows = view.connection.execute(statement("projector.judge", "actors_on_both_sides"), given).fetchall()
        actors = [row[0] for row in rows]
        theirs = find_by_supplier(view, {rule: pair}, projects, actors) if actors else ()
        found += [(each, _met(view, each, ones, others)) for each in theirs]
    return found


def _acts_of(side: Sequence[Duty], catalogue: Catalogue) -> list[str]:
    roles = {duty.role for duty in side}
    return [act.type for act in catalogue.acts.values() if act.role in roles]


def _held(view: View, pairs: dict[str, Pair]) -> list[Complete]:
    sides = [row for row in side_rows(pairs.values()) if row.kind != "function"]
    if not sides:
        return []
    units = [row[0] for row in view.connection.execute("SELECT DISTINCT unnest(units) FROM project")]
    people = [
        row[0] for row in view.connection.execute("SELECT person FROM term UNION SELECT person FROM hand WHERE human")
    ]
    given: dict[str, Any] = {
        **columns(sides),
        **act_columns(view.catalogue),
        **_columns(held_acts(view, units, people)),
    }
    rows = view.connection.execute(statement("projector.judge", "pairs_held"), given, prepare=False).fetchall()
    return [
        (
            conflict(pairs[rule], "HELD", project, person, [one, other], positions, overlap=Overlap(starts, ends)),
            starts or _LONG_AGO,
        )
        for rule, project, person, one, other, positions, starts, ends in rows
    ]


def _columns(held: Sequence[HeldAct]) -> dict[str, list[Any]]:
    return {
        "holders": [each.holder for each in held],
        "held_acts": [each.act for each in held],
        "held_units": [each.unit for each in held],
        "held_projects": [each.project for each in held],
        "held_starts": [each.starts for each in held],
        "held_ends": [each.ends for each in held],
        "held_positions": [msgspec.json.encode(each.positions).decode() for each in held],
    }


def _judged(found: Conflict, since: datetime, catalogue: Catalogue) -> Judgement:
    supplier = found.supplier if isinstance(found.supplier, str) else None
    one, other = found.roles
    return Judgement(
        rule=found.rule,
        project=found.project,
        key=found.person if supplier is None else f"{found.person} {supplier}",
        result="FAIL",
        severity=found.severity,
        basis=found.basis,
        since=since,
        persons=(found.person,),
        evidence=tuple(found.positions),
        computed=_computed(found.person, one, other, found.basis, catalogue)
        | ({"supplier": supplier} if supplier is not None else {}),
    )


def _computed(person: str, one: str, other: str, basis: Basis, catalogue: Catalogue) -> dict[str, Any]:
    how, how_en = _HOW[basis]
    sides = [[duty_name(role, catalogue) for role in label.split("|")] for label in (one, other)]
    return {
        "person": person,
        "one": "、".join(name.zh for name in sides[0]),
        "other": "、".join(name.zh for name in sides[1]),
        "one_en": ", ".join(name.en for name in sides[0]),
        "other_en": ", ".join(name.en for name in sides[1]),
        "how": how,
        "how_en": how_en,
    }


def _met(view: View, found: Conflict, ones: Sequence[str], others: Sequence[str]) -> datetime:
    """
    Return when acts of both sides had been done: the later of the two first ones.

    Where a side was exercised in acts that do not usually carry its role, by the last act of all: it met by then.
    """
    given = {"log_id": view.log_id, "positions": found.positions, "ones": list(ones), "others": list(others)}
    row = view.connection.execute(statement("projector.judge", "sides_met"), given).fetchone()
    return row[0] if row is not None and row[0] is not None else _LONG_AGO
