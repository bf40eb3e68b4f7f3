"""
A project's history: every act in order, as of a moment and as known at a moment, with the state after each.

The order is (time, known from, position). A withdrawn act stays readable and changes no state; a corrected one is shown
as recorded, with what replaces its members beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, cast

from msgspec import Meta, Struct

from contracts.grades import Severity
from contracts.policy import shipped
from edge.paging import read_cursor, write_cursor
from projector.amounts import State, Step, after, amount_of
from projector.errors import Unknown
from projector.view import View

Flag = Literal[
    "future_time",
    "recorded_before_time",
    "unlinked_account",
    "unknown_person",
    "unknown_project",
    "corrected",
    "voided",
    "erased",
]


class Title(Struct, frozen=True):
    zh: str
    en: str


class Other(Struct, frozen=True, kw_only=True):
    """One of the others who took part. `person` is whose the account was, as known then."""

    actor: str
    person: str | None
    role: str | None = None
    capacity: str | None = None
    function: str | None = None
    signed: bool | None = None


class Touched(Struct, frozen=True):
    """A finding that an act raised or closed."""

    id: str
    rule: str
    severity: Severity


class ReplayedAct(Struct, frozen=True, kw_only=True):
    """
    One act of a history. `amount` and `object` are as recorded; `corrected` is what replaces members of the act.

    `known` says on whose word `known_from` rests.
    """

    position: int
    source: str
    id: str
    type: str
    title: Title
    stage: str
    act_class: Annotated[str, Meta(description="D decision, E execution, S supervision, R registry")]
    time: datetime
    recorded_at: datetime
    known_from: datetime
    asserted: bool
    known: Literal["witnessed", "asserted by the source"]
    actor: str
    person: str | None
    role: str | None
    unit: str | None
    authority: str | None
    onbehalfof: str | None
    participants: list[Other]
    object: str | None
    amount: str | None
    currency: str
    result: str | None
    corrected: dict[str, Any] | None
    corrected_by: list[int]
    voided_by: list[int]
    flags: list[Flag]
    state: State
    raised: Annotated[list[Touched], Meta(description="findings about this act, or complete with it")] = []
    closed: Annotated[list[Touched], Meta(description="findings that it made good")] = []


class History(Struct, frozen=True, kw_only=True):
    """A page of a project's history and the moments it stands for."""

    as_of: datetime
    known_at: datetime
    position: int
    project: str
    state: Annotated[State, Meta(description="after the last act that had happened and was known by then")]
    items: list[ReplayedAct]
    next: str | None


def history(view: View, project: str, limit: int, cursor: str | None) -> History:
    """Return a page of a project's history. Raises `Unknown` for a project without any act in this log."""
    require_project(view, project)
    place = read_cursor(cursor, int)
    acts = list(replay(view, project))
    begin = next((at for at, act in enumerate(acts, 1) if act.position == place[0]), 0) if place is not None else 0
    items = acts[begin : begin + limit]
    more = begin + limit < len(acts)
    stand = view.stand
    return History(
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=stand.position,
        project=project,
        state=acts[-1].state if acts else State(),
        items=items,
        next=write_cursor(items[-1].position) if more else None,
    )


def replay(view: View, project: str) -> Iterator[ReplayedAct]:
    """Yield every act of a project in order, each with the state after it."""
    state = State()
    for row in view.select("project_history", {"project": project}):
        found = _Row._make(row)
        if not found.voided_by:
            state = after(state, _step(found))
        yield _act(view, found, state)


def require_project(view: View, project: str) -> None:
    """Raise `Unknown` unless some act of this log was done on the project."""
    if view.select("project_exists", {"project": project}).fetchone() is None:
        raise Unknown(f"no act in this log was done on {project}")


class _Row(NamedTuple):
    """A row of project_history.sql, column by column."""

    position: int
    source: str
    id: str
    type: str
    stage: str
    act_class: str
    time: datetime
    recorded_at: datetime
    known_from: datetime
    asserted: bool
    actor: str
    person: str | None
    role: str | None
    unit: str | None
    authority: str | None
    onbehalfof: str | None
    object: str | None
    amount: str | None
    currency: str
    result: str | None
    erased: bool
    participants: list[Any] | None
    corrected_by: list[int] | None
    voided_by: list[int] | None
    fields: list[Mapping[str, Any]] | None
    registered: bool
    opened: bool


def _step(row: _Row) -> Step:
    said = _corrected(row) or {}
    return Step(
        type=row.type,
        stage=row.stage,
        amount=amount_of(said.get("amount", row.amount)),
        currency=str(said.get("currency", row.currency)),
        result=said.get("result", row.result),
    )


def _act(view: View, row: _Row, state: State) -> ReplayedAct:
    act = view.catalogue.acts.get(row.type)
    return ReplayedAct(
        position=row.position,
        source=row.source,
        id=row.id,
        type=row.type,
        title=Title(act.zh, act.en) if act is not None else Title(row.type, row.type),
        stage=row.stage,
        act_class=row.act_class,
        time=row.time,
        recorded_at=row.recorded_at,
        known_from=row.known_from,
        asserted=row.asserted,
        known="asserted by the source" if row.asserted else "witnessed",
        actor=row.actor,
        person=row.person,
        role=row.role,
        unit=row.unit,
        authority=row.authority,
        onbehalfof=row.onbehalfof,
        participants=list(_others(row.participants or [], row.actor)),
        object=row.object,
        amount=row.amount,
        currency=row.currency,
        result=row.result,
        corrected=_corrected(row),
        corrected_by=row.corrected_by or [],
        voided_by=row.voided_by or [],
        flags=list(_flags(row)),
        state=state,
    )


def _corrected(row: _Row) -> dict[str, Any] | None:
    """Return what replaces members of the act: of two corrections of one member, the one known later."""
    replaced: dict[str, Any] = {}
    for fields in row.fields or ():
        replaced |= fields
    return replaced or None


def _others(listed: Sequence[Any], actor: str) -> Iterator[Other]:
    for item in listed:
        if isinstance(item, dict):
            said = cast("dict[str, Any]", item)
            who = str(said.get("actor"))
            if who != actor:
                yield Other(
                    actor=who,
                    person=who if who.startswith("person:") else said.get("person"),
                    role=said.get("role"),
                    capacity=said.get("capacity"),
                    function=said.get("function"),
                    signed=said.get("signed"),
                )


def _flags(row: _Row) -> Iterator[Flag]:
    if row.time - row.recorded_at > _future_tolerance(row.time):
        yield "future_time"
    if row.asserted and row.known_from < row.time:
        yield "recorded_before_time"
    if row.actor.startswith("account:") and row.person is None:
        yield "unlinked_account"
    if row.person is not None and not row.registered:
        yield "unknown_person"
    if not row.opened:
        yield "unknown_project"
    if row.corrected_by:
        yield "corrected"
    if row.voided_by:
        yield "voided"
    if row.erased:
        yield "erased"


def _future_tolerance(at: datetime) -> timedelta:
    """Return how far an act of then may be ahead of the clock that recorded it; without a row, as far as it likes."""
    row = shipped().row_at("led.future", at)
    return timedelta(minutes=row.value) if row is not None else timedelta.max
