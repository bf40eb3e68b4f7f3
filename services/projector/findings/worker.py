"""
A process that judges scopes and keeps what it finds: several of them share the work of judging everything.

It reads scopes from standard input, a JSON list a line, and answers each line with how many it judged. Purchases below
the threshold, which are most of all and to which few rules apply, are judged at once; the others wait until there are
some, but not for long: what the purchases of their units rest on is then still at hand. When the input ends these are
judged, and one more answer follows. What it was at when it is ended is judged again by whoever asks next.
"""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow, tuple_row

from edge.database import statement, working_as
from projector.fact_cache import FactCache
from projector.findings.judging import SETTINGS, Opening, judge_scopes, prepare_once, writing
from projector.findings.keep import keep
from projector.judge.library import checked, with_directory
from projector.packs import Catalogues

_KEPT_MAX: Final = 20_000
_DERIVED_MAX: Final = 10_000
"""Facts and conclusions kept: scopes come unit by unit, and what an earlier unit rested on is not asked for again."""

_WAITING_MAX: Final = 250
_APART_MIN: Final = 500
"""Scopes from which on they are told apart: of fewer, to lay out two cases takes longer than a larger one saves."""

TASK: Final = "QUANZE_JUDGE_TASK"
"""The variable that holds the `Task` as JSON: it carries the DSN, which must not show in the list of processes."""


class Task(Struct, frozen=True):
    """Which log to judge, where, and by which directory of rules besides the shipped ones."""

    dsn: str
    log_id: int
    rules: str | None = None


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for answers
    gc.disable()  # what is remembered of people and grants is large, and looking through it frees nothing
    task = msgspec.json.decode(os.environ[TASK], type=Task)
    opening = Opening(task.log_id, Catalogues(task.log_id), FactCache(_KEPT_MAX, _DERIVED_MAX))
    with psycopg.connect(
        task.dsn,
        autocommit=True,
        row_factory=tuple_row,
        application_name="quanze judge worker",
        prepare_threshold=None,
    ) as connection:
        working_as("quanze_projector", SETTINGS)(connection)
        prepare_once(connection)
        library = checked(connection, with_directory(Path(task.rules) if task.rules is not None else None))
        waiting: list[str] = []

        def judge(scopes: Sequence[str]) -> int:
            if scopes:
                found = judge_scopes(connection, opening, scopes, library)
                with writing(connection):
                    keep(connection, task.log_id, [found])
            return len(scopes)

        for line in sys.stdin.buffer:
            scopes = msgspec.json.decode(line, type=list[str])
            apart = len(scopes) >= _APART_MIN
            below = _below_threshold(connection, task.log_id, scopes) if apart else frozenset(scopes)
            waiting += [scope for scope in scopes if scope not in below]
            judged = judge([scope for scope in scopes if scope in below])
            if len(waiting) >= _WAITING_MAX:
                judged += judge(waiting)
                waiting = []
            _answer(judged)
        _answer(judge(waiting))


def _below_threshold(connection: Connection[TupleRow], log_id: int, scopes: Sequence[str]) -> frozenset[str]:
    given = {"log_id": log_id, "projects": scopes}
    return frozenset(row[0] for row in connection.execute(statement("projector.findings", "below_threshold"), given))


def _answer(judged: int) -> None:
    sys.stdout.write(f"{judged}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
