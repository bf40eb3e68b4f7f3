"""
What acts that have not happened would raise: the projects they concern are judged with them and without them.

The acts are projected in a transaction that is rolled back, at positions beyond the end of the log. Nothing is stored.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.event import Event
from projector.acts import imagined
from projector.batch import project
from projector.case.lay_out import Scope
from projector.findings.found import Part, outcome
from projector.findings.judging import Opening, prepare_for
from projector.judge.card import cards
from projector.judge.judging import judge
from projector.judge.library import Library
from projector.view import Asked, View


def foresee_findings(
    connection: Connection[TupleRow], opening: Opening, events: Sequence[Event], library: Library
) -> list[list[Part]]:
    """
    Return for each act the findings that it would raise and that are not there without it: what cannot be decided too.

    Judged together: what one act raises together with another is the later one's.
    """
    projects = sorted({event.envelope.subject for event in events if event.envelope.subject.startswith("project:")})
    if not projects:
        return [[] for _ in events]
    prepare_for(connection, len(projects))
    with opening.view(connection, Asked()) as view:
        before = {part.finding: part.result for part in _judged(view, projects, library)}
    first, after = _imagined(connection, opening, events, projects, library)
    raised = [part for part in after if before.get(part.finding) != part.result]
    return [[part for part in raised if _last(part, first) == first + index] for index in range(len(events))]


def _imagined(
    connection: Connection[TupleRow],
    opening: Opening,
    events: Sequence[Event],
    projects: Sequence[str],
    library: Library,
) -> tuple[int, list[Part]]:
    """Judge as if the acts were recorded; return the position of the first, and what is found then."""
    with opening.view(connection, Asked(), read_only=False) as view:
        first, now = view.stand.position + 1, datetime.now(UTC)
        acts = [imagined(event, opening.log_id, first + index, now) for index, event in enumerate(events)]
        opening.cache.forget()  # what is remembered lacks these acts, and what is read now must not be remembered
        try:
            with connection.transaction(force_rollback=True):
                project(connection.cursor(), acts)
                return first, _judged(view, projects, library)
        finally:
            opening.cache.forget()


def _last(part: Part, first: int) -> int:
    """Return the last of the acts imagined that a finding rests on; one that names none is the first one's doing."""
    named = [position for position in (*part.evidence, part.judged or 0) if position >= first]
    return max(named, default=first)


def _judged(view: View, projects: Sequence[str], library: Library) -> list[Part]:
    found = judge(view, Scope(projects=projects), library)
    return list(outcome(view, projects, found, cards(library, view.catalogue)).found)
