"""Judging some projects and units on a connection of its own, and writing what was found between."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from msgspec import Struct
from psycopg import Connection, IsolationLevel
from psycopg.rows import TupleRow, tuple_row

from edge.database import statement
from projector.case.lay_out import Scope, prepare, suit
from projector.fact_cache import FactCache
from projector.findings.found import Outcome, outcome
from projector.judge.card import cards
from projector.judge.judging import judge
from projector.judge.library import Library
from projector.packs import Catalogues
from projector.view import Asked, View, open_view

_PACKAGE: Final = "projector.findings"
_BULK: Final = 50
"""Scopes from which on the planner is told how many rows there are."""
_PAGE: Final = 5_000
_INDEXED: Final = 20
"""Scopes from which on the tables of a case have indexes."""

SETTINGS: Final = {"work_mem": "64MB", "jit": "off", "temp_buffers": "256MB"}
"""Of connections that judge: cases are sorted and joined in memory, by plans that run once."""


class Opening(Struct, frozen=True):
    """What a view of a log is opened with."""

    log_id: int
    catalogues: Catalogues
    cache: FactCache

    @contextmanager
    def view(self, connection: Connection[TupleRow], asked: Asked, *, read_only: bool = True) -> Generator[View]:
        with open_view(connection, self.log_id, self.catalogues, self.cache, asked, read_only=read_only) as view:
            yield view


def judge_scopes(
    connection: Connection[TupleRow],
    opening: Opening,
    scopes: Sequence[str],
    library: Library,
    asked: Asked | None = None,
) -> Outcome:
    """Judge some projects and units on a connection with the tables of a case. Nothing is written."""
    wanted = Scope(
        projects=[scope for scope in scopes if not scope.startswith("unit:")],
        units=[scope for scope in scopes if scope.startswith("unit:")],
    )
    prepare_for(connection, len(scopes))
    with opening.view(connection, asked or Asked()) as view:
        found = judge(view, wanted, library, bulk=len(scopes) > _BULK)
        return outcome(view, scopes, found, cards(library, view.catalogue))


def every_scope(connection: Connection[TupleRow], log_id: int) -> Iterator[str]:
    """Yield every project, and then every unit of a log."""
    for package, name in (("projector", "projects_after"), (_PACKAGE, "units_after")):
        after = ""
        while page := connection.execute(
            statement(package, name), {"log_id": log_id, "after": after, "unit": None, "limit": _PAGE}
        ).fetchall():
            yield from (row[0] for row in page)
            after = page[-1][0]


@contextmanager
def writing(connection: Connection[TupleRow]) -> Generator[None]:
    """A transaction that writes, on a connection that reads between."""
    connection.isolation_level, connection.read_only = IsolationLevel.READ_COMMITTED, False
    with connection.transaction():
        yield


def prepare_once(connection: Connection[TupleRow]) -> None:
    """Make the tables of a case unless this connection has them."""
    if connection.execute("SELECT to_regclass('pg_temp.moment') IS NULL").fetchone() == (True,):
        connection.isolation_level, connection.read_only = IsolationLevel.READ_COMMITTED, False
        connection.row_factory = tuple_row
        prepare(connection)


def prepare_for(connection: Connection[TupleRow], scopes: int) -> None:
    """Make the tables of a case suit so many scopes. Not in a transaction."""
    connection.isolation_level, connection.read_only = IsolationLevel.READ_COMMITTED, False
    suit(connection, bulk=scopes > _INDEXED)
