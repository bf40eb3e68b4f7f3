"""
Incompatible duties as data for the conflict statements: every side of every pair becomes rows, so that one statement
answers for all pairs and a pack's pairs cost no SQL.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final, Literal

from msgspec import Struct

from contracts.catalogue import Catalogue, Duty, Pair
from contracts.grades import Severity
from contracts.policy import business_date, shipped

_CLASSES: Final = {"@D": ("D",), "@E": ("E",), "@any": ("D", "E", "S")}
_EMPLOYMENTS: Final = frozenset(("@employee", "@agency", "@regulator"))
_UNIT_KIND: Final = "unit.kind="
_SEVERITIES: Final[tuple[Severity, ...]] = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "ADVISORY")

Kind = Literal["role", "function", "class", "employment"]


class SideRow(Struct, frozen=True, kw_only=True):
    """
    One way to be on one side of a pair.

    `label` is the duty it shows as, where that is not simply the role. `facing`: the other side is an employment, so a
    single duty may be enough; `faces_class`: it is a class of acts, which nearly everyone does. `unit_kind`: what the
    project's unit must be.
    """

    rule: str
    side: int
    kind: Kind
    duty: str
    function: str | None = None
    label: str | None = None
    facing: bool = False
    faces_class: bool = False
    unit_kind: str | None = None


def side_rows(pairs: Iterable[Pair]) -> list[SideRow]:
    """Return the rows of these pairs. A pair under a condition that nobody can evaluate has none: it holds nowhere."""
    return [row for pair in pairs if _readable(pair.when) for row in _rows(pair)]


def columns(rows: list[SideRow]) -> dict[str, list[object]]:
    """Return the rows as parallel arrays, the parameters of the statements."""
    return {
        "rules": [row.rule for row in rows],
        "sides": [row.side for row in rows],
        "kinds": [row.kind for row in rows],
        "duties": [row.duty for row in rows],
        "functions": [row.function for row in rows],
        "labels": [row.label for row in rows],
        "facing": [row.facing for row in rows],
        "faces_class": [row.faces_class for row in rows],
        "units": [row.unit_kind for row in rows],
    }


def act_columns(catalogue: Catalogue) -> dict[str, list[object]]:
    """Return every act with the role it exercises and the class it counts for, as parallel arrays."""
    acts = list(catalogue.acts.values())
    return {
        "acts": [act.type for act in acts],
        "roles": [act.role for act in acts],
        "classes": [act.act_class if act.counts_for_pairs else None for act in acts],
    }


def held_levels_down(since: datetime | None) -> int:
    """
    Return how much less severe a pair is that is only held (policy row `sod.held_down`).

    The row is that of the day since when; None: always, and the last row counts. Without a row it is as severe.
    """
    row = shipped().row("sod.held_down", business_date(since) if since is not None else date.max)
    return row.value if row is not None else 0


def less_severe(severity: Severity, levels: int) -> Severity:
    """Return a severity so many levels down, ADVISORY at the least."""
    return _SEVERITIES[min(_SEVERITIES.index(severity) + levels, len(_SEVERITIES) - 1)]


def _readable(when: str | None) -> bool:
    return when is None or when.replace(" ", "").startswith(_UNIT_KIND)


def _rows(pair: Pair) -> Iterator[SideRow]:
    unit_kind = pair.when.replace(" ", "").removeprefix(_UNIT_KIND) if pair.when is not None else None
    for side, (duties, others) in enumerate((pair.sides, pair.sides[::-1])):
        facing = any(other.role in _EMPLOYMENTS for other in others)
        faces_class = any(other.role in _CLASSES for other in others)
        for duty in duties:
            for kind, name in _meanings(duty):
                yield SideRow(
                    rule=pair.rule,
                    side=side,
                    kind=kind,
                    duty=name,
                    function=duty.function,
                    label=_label(duty, others),
                    facing=facing,
                    faces_class=faces_class,
                    unit_kind=unit_kind,
                )


def _meanings(duty: Duty) -> Iterator[tuple[Kind, str]]:
    if duty.role in _CLASSES:
        for act_class in _CLASSES[duty.role]:
            yield "class", act_class
    elif duty.role in _EMPLOYMENTS:
        yield "employment", duty.role
    else:
        yield "role" if duty.function is None else "function", duty.role


def _label(duty: Duty, others: Iterable[Duty]) -> str | None:
    """A role in one function is a duty of its own, unless the other side takes that role in any function."""
    if duty.function is None or any(_takes(other, duty.role) for other in others):
        return None
    return f"{duty.role}:{duty.function}"


def _takes(other: Duty, role: str) -> bool:
    return other.role in _CLASSES or (other.role == role and other.function is None)
