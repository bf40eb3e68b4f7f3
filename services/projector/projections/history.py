"""What happened: every act, what corrects what, which projects were opened."""

import msgspec

from contracts.payloads import ActCorrect, Payload, ProjectOpen
from projector.acts import ReadAct, storable
from projector.projections import Row, Rows, instant


def rows(act: ReadAct) -> Rows:
    yield "copy_acts", _act(act)
    match act.payload:
        case ActCorrect(corrects=target, fields=fields, void=void) if target is not None:
            replaced = storable(msgspec.json.encode(fields))
            yield "copy_corrections", (*act.key, act.known_from, target.source, target.id, void, replaced)
        case _:
            pass
    if act.leaf.type == "project.open" and act.project is not None:
        yield "copy_projects", _project(act, act.project)


def _act(act: ReadAct) -> Row:
    said, meant, content = act.leaf, act.act, act.payload or _NOTHING
    return (
        act.log_id,
        act.position,
        said.source,
        said.id,
        said.type,
        meant.stage,
        meant.act_class,
        meant.role,
        meant.counts_for_pairs,
        said.subject,
        act.project,
        act.unit,
        said.actor,
        act.role,
        act.authority,
        act.onbehalfof,
        instant(act.time),
        instant(act.recorded_at),
        instant(act.known_from),
        act.asserted,
        content.object,
        content.amount,
        act.data,
    )


def _project(act: ReadAct, project: str) -> Row:
    """An opening whose content was erased is still one: the leaf holds its project, unit and time."""
    opening = act.payload if isinstance(act.payload, ProjectOpen) else ProjectOpen()
    joint = [opening.joint.lead, *opening.joint.members] if opening.joint is not None else []
    units = sorted({unit for unit in (act.unit, *joint) if unit is not None})
    said = opening.title, act.time, opening.budget_project, opening.category
    return *act.key, act.known_from, project, act.unit, units, *said


_NOTHING = Payload()
