"""Which acts of a project raised a finding and which closed one: for its replay; and how many are open, for lists."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from contracts.grades import Severity
from edge.database import statement
from projector.findings.found import Part
from projector.replay import History, ReplayedAct, Touched
from projector.view import View


class Kept(Struct, frozen=True):
    """What of a finding a replay needs."""

    finding: str
    rule: str
    severity: Severity
    evidence: Sequence[int]
    judged: int | None
    since: datetime
    closed: datetime | None


def kept_of(view: View, project: str) -> list[Kept]:
    """Return what is kept of a project's findings."""
    given = {"log_id": view.log_id, "project": project}
    rows = view.connection.execute(statement("projector.findings", "findings_of_project"), given)
    return [Kept(*row) for row in rows]


def kept_from(parts: Iterable[Part]) -> list[Kept]:
    """Return the same of findings that were judged for a question."""
    return [
        Kept(each.finding, each.rule, each.severity, each.evidence, each.judged, each.since, each.closed)
        for each in parts
        if each.result == "FAIL"
    ]


def with_findings(page: History, found: Sequence[Kept]) -> History:
    """Return a page of a replay with the findings that each act raised or closed."""
    return msgspec.structs.replace(page, items=[_with_findings(act, found) for act in page.items])


def _with_findings(act: ReplayedAct, found: Sequence[Kept]) -> ReplayedAct:
    raised, closed = raised_by(act.position, act.time, found), closed_by(act.position, act.time, found)
    return msgspec.structs.replace(act, raised=raised, closed=closed) if raised or closed else act


def raised_by(position: int, time: datetime, found: Iterable[Kept]) -> list[Touched]:
    """Return the findings that are about an act, and those that were complete with it."""
    return [
        _touched(each)
        for each in found
        if each.judged == position or (each.judged is None and each.since == time and position in each.evidence)
    ]


def closed_by(position: int, time: datetime, found: Iterable[Kept]) -> list[Touched]:
    """Return the findings that an act made good."""
    return [_touched(each) for each in found if each.closed == time and position in each.evidence]


def open_findings(view: View, projects: Sequence[str]) -> dict[str, int]:
    """Return how many findings of each project are not closed, by what is kept."""
    given = {"log_id": view.log_id, "projects": list(projects)}
    return dict(view.connection.execute(statement("projector.findings", "open_findings"), given).fetchall())


def _touched(each: Kept) -> Touched:
    return Touched(each.finding, each.rule, each.severity)
