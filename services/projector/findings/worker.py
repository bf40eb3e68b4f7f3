"""
A process that judges scopes and keeps what it finds: several of them share the work of judging everything.

It reads scopes from standard input, a JSON list a line, and answers each line with how many it judged. It ends when its
input does; what it was at then is judged again by whoever asks next.
"""

import gc
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import psycopg
import structlog
from msgspec import Struct
from psycopg.rows import tuple_row

from edge.database import working_as
from projector.fact_cache import FactCache
from projector.findings.judging import SETTINGS, Opening, judge_scopes, prepare_once, writing
from projector.findings.keep import keep
from projector.judge.library import checked, with_directory
from projector.packs import Catalogues

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
    opening = Opening(task.log_id, Catalogues(task.log_id), FactCache())
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
        for line in sys.stdin.buffer:
            scopes = msgspec.json.decode(line, type=list[str])
            found = judge_scopes(connection, opening, scopes, library)
            with writing(connection):
                keep(connection, task.log_id, [found])
            gc.collect(1)
            sys.stdout.write(f"{len(scopes)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
