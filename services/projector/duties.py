"""Who has which duty: exercised (PERFORMED), held (HELD), or exercised by another in their name (VESTED)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from edge.paging import read_cursor, write_cursor
from projector.conflicts import ActorClass, Basis, actor_class, whose
from projector.pairs import act_columns
from projector.replay import Title, require_project
from projector.view import View


class HeldDuty(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """
    A duty of one actor. `positions` are the acts that show it.

    Held on no one project, it is held on those of `unit`; with neither, on any. `from` and `until` (the first moment
    after) are of HELD; null: without end.
    """

    person: str
    actor_class: ActorClass
    project: str | None = None
    unit: str | None = None
    role: str
    title: Title
    basis: Basis
    from_: datetime | UnsetType | None = UNSET
    until: datetime | UnsetType | None = UNSET
    positions: Annotated[list[int], Meta(description="the acts that show it")]


class Duties(Struct, frozen=True, kw_only=True):
    """A page of duties, ordered by project, person, role and basis, and the moments it stands for."""

    as_of: datetime
    known_at: datetime
    position: int
    items: list[HeldDuty]
    next: str | None


def project_duties(view: View, project: str, limit: int, cursor: str | None) -> Duties:
    """Return a page of the duties on a project. Raises `Unknown` for a project without any act in this log."""
    require_project(view, project)
    return _page(view, {"project": project, "people": None, "actors": None}, limit, cursor)


def person_duties(view: View, who: str, limit: int, cursor: str | None) -> Duties:
    """Return a page of the duties of a person, or of whoever an account belongs to. Raises `Unknown`."""
    people, actors = whose(view, who)
    return _page(view, {"project": None, "people": people, "actors": actors}, limit, cursor)


def _page(view: View, whom: dict[str, Any], limit: int, cursor: str | None) -> Duties:
    place = read_cursor(cursor, int)
    found = sorted([*_exercised(view, whom), *_held(view, whom)], key=_order)
    begin = place[0] if place is not None else 0
    more = begin + limit < len(found)
    stand = view.stand
    return Duties(
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=stand.position,
        items=found[begin : begin + limit],
        next=write_cursor(begin + limit) if more else None,
    )


def _exercised(view: View, whom: dict[str, Any]) -> Iterator[HeldDuty]:
    for person, project, role, vested, positions in view.select("duties_exercised", whom):
        yield HeldDuty(
            person=person,
            actor_class=actor_class(person),
            project=project,
            role=role,
            title=_title(view, role),
            basis="VESTED" if vested else "PERFORMED",
            positions=positions,
        )


def _held(view: View, whom: dict[str, Any]) -> Iterator[HeldDuty]:
    for person, project, unit, role, since, until, positions in view.select(
        "duties_held", act_columns(view.catalogue) | whom
    ):
        yield HeldDuty(
            person=person,
            actor_class=actor_class(person),
            project=project,
            unit=unit,
            role=role,
            title=_title(view, role),
            basis="HELD",
            from_=since,
            until=until,
            positions=positions,
        )


def _title(view: View, role: str) -> Title:
    known = view.catalogue.roles.get(role)
    return Title(known.zh, known.en) if known is not None else Title(role, role)


def _order(duty: HeldDuty) -> tuple[str, str, str, str, list[int]]:
    return duty.project or "", duty.person, duty.role, duty.basis, duty.positions
