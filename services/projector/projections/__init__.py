"""
One module per question, each with `apply(cursor, acts)`: add to the read model what a batch of acts says.

A projection neither reads what others wrote nor raises on odd data: what an act does not say readably is unknown.
"""

from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from edge.database import statement


def copy_rows(cursor: Cursor[Any], name: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Add rows by the COPY statement `name`."""
    waiting = list(rows)
    if not waiting:
        return
    with cursor.copy(statement("projector", name)) as copy:
        for row in waiting:
            copy.write_row(row)
