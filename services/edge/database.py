"""
The way to PostgreSQL: pools that work under a role of their own, statements from files, forward-only migrations.

A statement is one `.sql` file beside the package that runs it. A migration is `sql/migrations/NNNN_what.sql`; what was
run, with its digest, stands in `<schema>.migrations`.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

import psycopg
from psycopg import Connection
from psycopg.errors import DeadlockDetected, InsufficientPrivilege
from psycopg.rows import TupleRow, tuple_row
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool, PoolTimeout

Pool = ConnectionPool[Connection[TupleRow]]

_MIGRATION_LOCK = 0x7175616E7A65  # "quanze": two starters migrate one after the other


_DEADLOCKS_MAX = 5
_ASKED_AGAIN_SECONDS = 1.5


class MigrationStopped(Exception):
    """A migration could not get at its tables."""


class MigrationMissing(Exception):
    """The database is of an older version; `quanze migrate` brings it up to date."""


class MigrationChanged(Exception):
    """A migration that was run differs from the file of that name: the history of this database is another."""


@cache
def statement(package: str, name: str) -> SQL:
    """Return `<package>/sql/<name>.sql`. The files ship with the package, so they are as trusted as code."""
    return SQL(statement_text(package, name))


@cache
def statement_text(package: str, name: str) -> LiteralString:
    """Return the text of the same file, for whoever prepares it under a name."""
    return cast("LiteralString", files(package).joinpath("sql", f"{name}.sql").read_text("utf-8"))


def open_pool(
    dsn: str,
    role: str,
    *,
    size_max: int,
    name: str,
    checked: bool = True,
    prepares: bool = True,
    settings: Mapping[str, str] | None = None,
) -> Pool:
    """
    Return an open pool whose connections work as `role` (autocommit, UTC). It does not wait for the first connection.

    A connection that cannot take the role fails its checkout: nothing runs with more rights than intended. It is asked
    at each checkout whether it still works, unless `checked` is false: then the first use after a restart fails.
    `prepares`: psycopg prepares what is run often; not where statements are looked up (`edge.look_up`). `settings` are
    PostgreSQL's own, for these connections.
    """
    pool: Pool = _Pool(
        dsn,
        connection_class=Connection[TupleRow],
        kwargs={
            "autocommit": True,
            "row_factory": tuple_row,
            "application_name": name,
            "prepare_threshold": 5 if prepares else None,
        },
        configure=working_as(role, settings),
        check=ConnectionPool.check_connection if checked else None,
        min_size=1,
        max_size=size_max,
        timeout=10.0,
        reconnect_timeout=1.0,  # after that each checkout tries anew, so a database that comes back is used at once
        open=False,
        name=name,
    )
    pool.open(wait=False)
    return pool


class _Pool(ConnectionPool[Connection[TupleRow]]):
    """
    A pool that is asked again while somebody waits.

    An attempt to connect that was begun while the database was down is given up after a while, and then none is begun
    for those who wait already: they would wait in vain for a database that is long back.
    """

    def getconn(self, timeout: float | None = None) -> Connection[TupleRow]:
        left = self.timeout if timeout is None else timeout
        while left > _ASKED_AGAIN_SECONDS:
            with suppress(PoolTimeout):
                return super().getconn(_ASKED_AGAIN_SECONDS)
            left -= _ASKED_AGAIN_SECONDS
        return super().getconn(left)


def working_as(role: str, settings: Mapping[str, str] | None = None) -> Callable[[Connection[TupleRow]], None]:
    """Return what a pool does to a new connection: give up the rights of whoever logged in for those of `role`."""

    def configure(connection: Connection[TupleRow]) -> None:
        connection.execute(SQL("SET ROLE {}").format(Identifier(role)))
        connection.execute("SET TIME ZONE 'UTC'")
        for name, value in (settings or {}).items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))

    return configure


def require_role(dsn: str, role: str) -> None:
    """Connect and take the role. Raises psycopg's `InsufficientPrivilege` where this login may not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        working_as(role)(connection)


def require_migrated(dsn: str, role: str, package: str, schema: str) -> None:
    """Raise `MigrationMissing` where `schema` lacks a migration of `package`, which this version relies on."""
    seen: set[str] = set()
    with psycopg.connect(dsn, autocommit=True) as connection, suppress(InsufficientPrivilege):  # it came with one
        working_as(role)(connection)
        table = Identifier(schema, "migrations")
        seen |= {name for (name,) in connection.execute(SQL("SELECT name FROM {}").format(table)).fetchall()}
    missing = [name for name, _ in migrations_of(package) if name not in seen]
    if missing:
        raise MigrationMissing(f"this database lacks {', '.join(missing)}; run `quanze migrate` first")


def migrate(dsn: str, package: str, schema: str) -> list[str]:
    """
    Run the migrations of `package` that `schema` lacks, each in its own transaction; return their names.

    Safe to run twice and at once. A crash half way leaves whole migrations only. Raises `MigrationChanged` when a file
    that was run has changed since.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        table = Identifier(schema, "migrations")
        connection.execute(
            SQL(
                "CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, sha256 text NOT NULL,"
                " run_at timestamptz NOT NULL DEFAULT now())"
            ).format(table)
        )
        seen = dict(connection.execute(SQL("SELECT name, sha256 FROM {}").format(table)).fetchall())
        return [
            name
            for name, text in migrations_of(package)
            if _run_migration(connection, table, name, text, cast("dict[str, str]", seen))
        ]


def _run_migration(
    connection: Connection[TupleRow], table: Identifier, name: str, text: str, seen: dict[str, str]
) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if name in seen:
        if seen[name] != digest:
            raise MigrationChanged(f"{name} was run with other content; migrations go forward, add a new one")
        return False
    for _ in range(_DEADLOCKS_MAX):
        with suppress(DeadlockDetected), connection.transaction():  # with whoever is at work on the tables meanwhile
            connection.execute(cast("LiteralString", text))
            connection.execute(SQL("INSERT INTO {} (name, sha256) VALUES (%s, %s)").format(table), (name, digest))
            return True
    raise MigrationStopped(
        f"{name} met a deadlock {_DEADLOCKS_MAX} times; stop what works on the database, and try again"
    )


def migrations_of(package: str) -> list[tuple[str, str]]:
    """Return (name, text) of a package's migrations in the order in which they run."""
    directory = files(package).joinpath("sql", "migrations")
    found = [entry for entry in directory.iterdir() if entry.name.endswith(".sql")]
    return sorted((entry.name, entry.read_text("utf-8")) for entry in found)
