"""Projects: a list of them, and what is known of one."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from edge.paging import read_cursor, write_cursor
from projector.amounts import BESIDE_THE_LINE, State
from projector.findings.touch import open_findings
from projector.replay import replay, require_project
from projector.view import View

_PORTION_PROJECTS_MAX: Final = 10_000


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
    listed = list(islice(_projects_after(view, after, unit, q, limit + 1), limit + 1))
    found = listed[:limit]
    counts = open_findings(view, [each.id for each in found])
    items = [msgspec.structs.replace(each, open_findings=counts.get(each.id, 0)) for each in found]
    stand = view.stand
    return Projects(
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=stand.position,
        items=items,
        next=write_cursor(items[-1].id) if len(listed) > limit else None,
    )


def get_project(view: View, project: str) -> ProjectState:
    """Return a project and its state. Raises `Unknown` for a project without any act in this log."""
    require_project(view, project)
    found = next(_described(view, [project]), None) or _nothing_yet(project)
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


def _projects_after(view: View, after: str, unit: str | None, q: str | None, size: int) -> Iterator[Project]:
    """Yield projects in order, looked for portion by portion: a page costs what it shows, not what the log holds."""
    while names := [row[0] for row in view.select("projects_after", {"after": after, "unit": unit, "limit": size})]:
        yield from _described(view, names, unit, q)
        after, size = names[-1], min(size * 4, _PORTION_PROJECTS_MAX)


def _described(view: View, projects: list[str], unit: str | None = None, q: str | None = None) -> Iterator[Project]:
    asked: dict[str, Any] = {"projects": projects, "unit": unit, "q": q, "beside": sorted(BESIDE_THE_LINE)}
    return map(_project, view.select("projects", asked))


def _project(row: tuple[Any, ...]) -> Project:
    id, unit, title, opened, closed, acts, last, stage = row
    return Project(
        id=id, unit=unit, title=title, opened=opened, closed=closed, acts=acts, last_activity=last, stage=stage
    )


def _nothing_yet(project: str) -> Project:
    """A project of which nothing had happened, or was known, by the moment asked for."""
    return Project(id=project, unit=None, title=None, opened=None, closed=None, acts=0, last_activity=None, stage=None)
