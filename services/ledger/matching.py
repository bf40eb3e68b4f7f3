"""Which acts a DCB query means: as SQL over stored acts, and as a test on acts not stored yet."""

from collections.abc import Iterable, Sequence
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


def matches(query: DCBQuery, type: str, tags: Iterable[str]) -> bool:
    """Say whether an act of this type and these tags is meant."""
    has = set(tags)
    return not query.items or any(
        (not item.types or type in item.types) and has.issuperset(item.tags) for item in query.items
    )


def first_of(query: DCBQuery, acts: Sequence[tuple[str, Sequence[str]]]) -> int | None:
    """Return the index of the first act that is meant."""
    return next((index for index, (type, tags) in enumerate(acts) if matches(query, type, tags)), None)
