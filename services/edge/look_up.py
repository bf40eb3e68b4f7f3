"""
Statements of a few rows that are run again and again, by the shortest way: prepared once for each connection, arguments
and rows without a cursor.

A cursor adapts whatever it is given, looks up each time what that was, and steps through a generator between network
and caller; here that took longer than the database did. Arguments are what our own statements take and nothing else.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final, LiteralString, NamedTuple, cast
from weakref import WeakKeyDictionary

from msgspec import Struct
from psycopg import Connection, DatabaseError, OperationalError, errors
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s|%%")
_ESCAPED: Final = re.compile(r'(["\\])')


class Found(Struct, frozen=True):
    """Rows, and what their columns are called."""

    columns: tuple[str, ...]
    rows: list[TupleRow]


class _Statement(NamedTuple):
    text: bytes
    parameters: tuple[str, ...]


class _Connected:
    """What was prepared on one connection, by the text, and how its rows are read."""

    def __init__(self, connection: Connection[Any]) -> None:
        self.names: dict[str, bytes] = {}
        self.reading = Transformer(connection)


_connected: Final = WeakKeyDictionary[Connection[Any], _Connected]()


def look_up(connection: Connection[Any], query: LiteralString, parameters: Mapping[str, Any]) -> Found:
    """
    Run a statement with named parameters (`%(name)s`) in the transaction that is open, and return all its rows.

    Parameters are texts, numbers, booleans, days, moments, lists of these, and None; superfluous ones are ignored.
    Raises what psycopg raises, and `TypeError` for another kind of value. The connection must not prepare statements by
    itself: after a rollback psycopg lets go of all that are prepared, ours too (`open_pool`).
    """
    here, result = _executed(connection, query, parameters)
    _require(result, ExecStatus.TUPLES_OK)
    here.reading.set_pgresult(result)
    columns = tuple((result.fname(index) or b"").decode() for index in range(result.nfields))
    return Found(columns, here.reading.load_rows(0, result.ntuples, tuple))


def run(connection: Connection[Any], query: LiteralString, parameters: Mapping[str, Any]) -> None:
    """Run a statement that returns no rows, in the same way."""
    _, result = _executed(connection, query, parameters)
    _require(result, ExecStatus.COMMAND_OK)


def _executed(
    connection: Connection[Any], query: LiteralString, parameters: Mapping[str, Any]
) -> tuple[_Connected, PGresult]:
    here = _connected.get(connection)
    if here is None:
        here = _connected[connection] = _Connected(connection)
    statement = _numbered(query)
    name = here.names.get(query)
    if name is None:
        name = b"quanze_%d" % len(here.names)
        _require(connection.pgconn.prepare(name, statement.text), ExecStatus.COMMAND_OK)
        here.names[query] = name
    written = cast("list[bytes]", [_written(parameters[each]) for each in statement.parameters])  # None is NULL
    return here, connection.pgconn.exec_prepared(name, written)


@cache
def _numbered(query: str) -> _Statement:
    """Return a statement with `$1` and so on for its named parameters, and these in that order."""
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        return "%" if found[1] is None else f"${numbers.setdefault(found[1], len(numbers) + 1)}"

    text = _PLACEHOLDER.sub(numbered, query)
    return _Statement(text.encode(), tuple(numbers))


def _written(value: object) -> bytes | None:
    """Return a value as PostgreSQL reads it."""
    match value:
        case None:
            return None
        case list() | tuple():
            return b"{%b}" % b",".join(map(_element, value))  # pyright: ignore[reportUnknownArgumentType] - any of ours
        case _:
            return _scalar(value).encode()


def _element(value: object) -> bytes:
    if value is None:
        return b"NULL"
    text = _scalar(value)
    return b'"%b"' % (_ESCAPED.sub(r"\\\1", text) if '"' in text or "\\" in text else text).encode()


def _scalar(value: object) -> str:
    match value:
        case str():
            if "\0" in value:  # where C would take the text to end
                raise DatabaseError("a text with a NUL in it cannot be looked up")
            return value
        case bool():
            return "t" if value else "f"
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be looked up by")


def _require(result: PGresult, status: ExecStatus) -> None:
    if result.status == status:
        return
    message = result.error_message.decode("utf-8", "replace").strip()
    state = result.error_field(DiagnosticField.SQLSTATE)
    if state is None:
        raise OperationalError(message or "the connection was lost")
    try:
        kind = errors.lookup(state.decode())
    except KeyError:
        kind = DatabaseError
    raise kind(message)
