"""What happened: every act, what corrects what, which projects were opened."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from psycopg import Cursor

from contracts.payloads import ActCorrect, Payload, ProjectOpen
from projector.acts import ReadAct, storable
from projector.projections import copy_rows


def apply(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    copy_rows(cursor, "copy_acts", map(_act, acts))
    copy_rows(cursor, "copy_corrections", _corrections(acts))
    copy_rows(cursor, "copy_projects", _projects(acts))


def _act(act: ReadAct) -> tuple[object, ...]:
    said, content = act.leaf, act.payload or _NOTHING
    return (
        act.log_id,
        act.position,
        said.source,
        said.id,
        said.type,
        act.act.stage,
        act.act.act_class,
        act.act.role,
        act.act.counts_for_pairs,
        said.subject,
        act.project,
        act.unit,
        said.actor,
        act.role,
        act.authority,
        act.onbehalfof,
        act.time,
        act.recorded_at,
        act.known_from,
        act.asserted,
        content.object,
        content.amount,
        act.data,
    )


def _corrections(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        match act.payload:
            case ActCorrect(corrects=target, fields=fields, void=void) if target is not None:
                replaced = storable(msgspec.json.encode(fields))
                yield act.log_id, act.position, act.known_from, target.source, target.id, void, replaced
            case _:
                pass


def _projects(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    """An opening whose content was erased is still one: the leaf holds its project, unit and time."""
    for act in acts:
        if act.leaf.type != "project.open" or act.project is None:
            continue
        opening = act.payload if isinstance(act.payload, ProjectOpen) else ProjectOpen()
        joint = [opening.joint.lead, *opening.joint.members] if opening.joint is not None else []
        units = sorted({unit for unit in (act.unit, *joint) if unit is not None})
        said = opening.title, act.time, opening.budget_project, opening.category
        yield act.log_id, act.position, act.known_from, act.project, act.unit, units, *said


_NOTHING = Payload()
