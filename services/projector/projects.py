"""Projects: a list of them, and what is known of one."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from edge.paging import read_cursor, write_cursor
from projector.amounts import BESIDE_THE_LINE, State
from projector.findings.touch import open_findings
from projector.replay import replay, require_project
from projector.view import View


class Project(Struct, frozen=True, kw_only=True):
    """A project. `opened` is null where no `project.open` is recorded, `closed` while it is open."""

    id: str
    unit: str | None
    title: str | None
    opened: datetime | None
    closed: datetime | None
    acts: int
    last_activity: datetime | None
    stage: str | None
    open_findings: Annotated[int, Meta(description="findings not closed, by what is judged now")] = 0


class Projects(Struct, frozen=True, kw_only=True):
    """A page of projects, ordered by id, and the moments it stands for."""

    as_of: datetime
    known_at: datetime
    position: int
    items: list[Project]
    next: str | None


class ProjectState(Project, frozen=True, kw_only=True):
    """A project, its amounts, and the moments this stands for."""

    as_of: datetime
    known_at: datetime
    position: int
    state: State


def list_projects(view: View, unit: str | None, q: str | None, limit: int, cursor: str | None) -> Projects:
    """Return a page of projects: those of a unit, those with `q` in their title."""
    place = read_cursor(cursor, str)
    after = place[0] if place is not None else ""
    rows = view.select("projects", _asked(after=after, unit=unit, q=q, limit=limit + 1)).fetchall()
    found = [_project(row) for row in rows[:limit]]
    counts = open_findings(view, [each.id for each in found])
    items = [msgspec.structs.replace(each, open_findings=counts.get(each.id, 0)) for each in found]
    stand = view.stand
    return Projects(
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=stand.position,
        items=items,
        next=write_cursor(items[-1].id) if len(rows) > limit else None,
    )


def get_project(view: View, project: str) -> ProjectState:
    """Return a project and its state. Raises `Unknown` for a project without any act in this log."""
    require_project(view, project)
    row = view.select("projects", _asked(project=project)).fetchone()
    found = _project(row) if row is not None else _nothing_yet(project)
    state = State()
    for act in replay(view, project):
        state = act.state
    stand = view.stand
    return ProjectState(
        id=found.id,
        unit=found.unit,
        title=found.title,
        opened=found.opened,
        closed=found.closed,
        acts=found.acts,
        last_activity=found.last_activity,
        stage=found.stage,
        open_findings=open_findings(view, [project]).get(project, 0),
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=stand.position,
        state=state,
    )


def _asked(**asked: Any) -> dict[str, Any]:
    return {
        "project": None,
        "after": "",
        "unit": None,
        "q": None,
        "limit": 1,
        "beside": sorted(BESIDE_THE_LINE),
        **asked,
    }


def _project(row: tuple[Any, ...]) -> Project:
    id, unit, title, opened, closed, acts, last, stage = row
    return Project(
        id=id, unit=unit, title=title, opened=opened, closed=closed, acts=acts, last_activity=last, stage=stage
    )


def _nothing_yet(project: str) -> Project:
    """A project of which nothing had happened, or was known, by the moment asked for."""
    return Project(id=project, unit=None, title=None, opened=None, closed=None, acts=0, last_activity=None, stage=None)
