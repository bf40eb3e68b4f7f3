"""Which acts a DCB query means, as SQL over stored acts; `recent.py` says it of those recorded last."""

from typing import Any

from eventsourcing.dcb.api import DCBQuery
from psycopg.sql import SQL, Composable


def matching_sql(query: DCBQuery | None) -> tuple[Composable, list[Any]]:
    """
    Return a condition on `ledger.entries` and its parameters, in order.

    No items mean every act. An item means acts of one of its types (none: any) that have all its tags.
    """
    parts: list[Composable] = []
    parameters: list[Any] = []
    for item in query.items if query else ():
        tests: list[Composable] = []
        if item.types:
            tests.append(SQL("type = ANY(%s)"))
            parameters.append(list(item.types))
        if item.tags:
            tests.append(SQL("tags @> %s::text[]"))
            parameters.append(list(item.tags))
        parts.append(SQL("({})").format(SQL(" AND ").join(tests)) if tests else SQL("TRUE"))
    return (SQL("({})").format(SQL(" OR ").join(parts)) if parts else SQL("TRUE")), parameters
