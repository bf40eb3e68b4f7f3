"""Keeps what was judged: replaces what was found in some scopes by what is found now, in one transaction."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from edge.database import statement
from projector.findings.found import Outcome, Part
from projector.judge.judgement import Judgement

_PACKAGE: Final = "projector.findings"


def keep(connection: Connection[TupleRow], log_id: int, outcomes: Iterable[Outcome]) -> None:
    """Replace what is kept of the scopes judged. In the caller's transaction, with the rights of the projector."""
    waiting = list(outcomes)
    scopes = [scope for outcome in waiting for scope in outcome.scopes]
    for name in ("forget_scopes", "forget_obligations", "forget_wakes"):
        connection.execute(statement(_PACKAGE, name), {"log_id": log_id, "scopes": scopes})
    _copy(connection, "copy_findings", (_finding(log_id, each) for outcome in waiting for each in outcome.found))
    due = {(scope, each.rule, each.key): each for outcome in waiting for scope, each in outcome.obligations}
    _copy(connection, "copy_obligations", (_due(log_id, scope, each) for (scope, _, _), each in due.items()))
    days = ((log_id, scope, day) for outcome in waiting for scope, day in outcome.wakes.items())
    _copy(connection, "copy_wakes", days)


def note_judged(connection: Connection[TupleRow], log_id: int, position: int, day: date, judged_by: str) -> None:
    """Say that every act up to a position is judged, and all that falls due through a day, by which rules."""
    given = {"log_id": log_id, "position": position, "day": day, "judged_by": judged_by}
    connection.execute(statement(_PACKAGE, "move_judging"), given)


def _copy(connection: Connection[TupleRow], name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(statement(_PACKAGE, name)) as copy:
        for row in rows:
            copy.write_row(row)


def _finding(log_id: int, each: Part) -> tuple[Any, ...]:
    said = msgspec.structs.asdict(each)
    return log_id, *{**said, "computed": plain_json(each.computed), "history": plain_json(each.history)}.values()


def _due(log_id: int, scope: str, said: Judgement) -> tuple[Any, ...]:
    where = said.rule, said.key, said.project, said.unit, said.due
    return log_id, scope, *where, said.judged, list(said.evidence), plain_json(said.computed)


def plain_json(computed: Any) -> str:
    """Write as JSON, numbers with all their digits."""
    return _encode(computed).decode()


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
