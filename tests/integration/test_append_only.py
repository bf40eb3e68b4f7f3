"""Append-only by rights and by trigger; erasure through one role; migrations that end where a fresh schema begins."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from edge import database as door
from edge.database import MigrationChanged, migrate
from ledger.signer import SigningKey, checkpoint_body
from tests import conftest
from tests.conftest import ORIGIN, Database, TestLedger
from tests.events import event
from tests.tsa import Tsa, stamp_newest
from tests.witness import Cosigner

KEPT_FOR_EVER = (
    "ledger.entries",
    "ledger.tiles",
    "ledger.checkpoints",
    "ledger.cosignatures",
    "ledger.timestamps",
    "ledger.keys",
    "ledger.retired_keys",
)


@pytest.fixture
def written(ledger: TestLedger, database: Database, tmp_path: Path) -> Database:
    for start in range(0, 300, 100):
        ledger.post([event("project.open", f"project:P{start + n}", "person:P1") for n in range(100)])
    checkpoint = ledger.ledger.checkpoints.newest()
    witness = Cosigner("example.com/w", bytes(range(9, 41)))
    line = witness.cosign(checkpoint_body(ORIGIN, checkpoint.size, checkpoint.root), 1_790_000_000).decode()
    ledger.ledger.cosignatures.add(checkpoint, witness.key, line, datetime.fromtimestamp(1_790_000_000, UTC))
    stamp_newest(ledger.ledger, Tsa(tmp_path))
    with psycopg.connect(database.dsn) as connection:
        key = "INSERT INTO ledger.keys (log_id, vkey, from_size) VALUES (1, %s, 300)"
        vkey = SigningKey(bytes(32), database.signer.origin).vkey
        connection.execute(key, [vkey])
        connection.execute("INSERT INTO ledger.retired_keys (log_id, vkey, until_size) VALUES (1, %s, 300)", [vkey])
    return database


CHANGES = ("UPDATE {} SET log_id = 2", "DELETE FROM {}", "TRUNCATE {}")


def test_no_service_may_change_what_is_recorded(written: Database) -> None:
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        for role in ("quanze_writer", "quanze_projector", "quanze_rules"):
            connection.execute(f"SET ROLE {role}")  # pyright: ignore[reportArgumentType]
            for table in KEPT_FOR_EVER:
                for change in CHANGES:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(change.format(table))  # pyright: ignore[reportArgumentType]


def test_triggers_refuse_even_the_owner(written: Database) -> None:
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        for table in KEPT_FOR_EVER:
            for change in CHANGES:
                with pytest.raises(psycopg.errors.RestrictViolation):
                    connection.execute(change.format(table))  # pyright: ignore[reportArgumentType]


def test_the_writer_cannot_switch_the_triggers_off(written: Database) -> None:
    for attempt in ("ALTER TABLE ledger.entries DISABLE TRIGGER ALL", "SET session_replication_role = replica"):
        with psycopg.connect(written.dsn) as connection:
            connection.execute("SET ROLE quanze_writer")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)  # pyright: ignore[reportArgumentType]


def test_the_eraser_takes_payload_and_salt_together_and_nothing_else(written: Database) -> None:
    written.tampered = True  # gone without an order
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        for refused in (
            "UPDATE ledger.entries SET payload = '{}' WHERE position = 1",
            "UPDATE ledger.entries SET payload = NULL WHERE position = 1",
            "UPDATE ledger.entries SET salt = NULL WHERE position = 1",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(refused)  # pyright: ignore[reportArgumentType]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE ledger.entries SET payload = NULL, salt = NULL, leaf = '' WHERE position = 1")
        connection.execute("UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 1")
        row = connection.execute("SELECT payload, salt, leaf IS NOT NULL FROM ledger.entries WHERE position = 1")
        assert row.fetchone() == (None, None, True)


def test_two_roots_for_one_size_cannot_be_stored(written: Database) -> None:
    with psycopg.connect(written.dsn) as connection:
        connection.execute("SET ROLE quanze_writer")
        with pytest.raises(psycopg.errors.UniqueViolation, match="checkpoints_pkey"):
            connection.execute("INSERT INTO ledger.checkpoints VALUES (1, 300, sha256('x'), 'another')")


# Migrations


def test_migrating_again_runs_nothing(database: Database) -> None:
    assert migrate(database.dsn, "ledger", "ledger") == []
    assert migrate(database.dsn, "projector", "projector") == []


def test_a_migration_that_was_edited_after_it_ran_is_refused(database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("UPDATE ledger.migrations SET sha256 = repeat('0', 64)")
    with pytest.raises(MigrationChanged, match=r"0001_ledger\.sql"):
        migrate(database.dsn, "ledger", "ledger")


@pytest.mark.parametrize("package", ["ledger", "projector"])
def test_migrating_step_by_step_ends_where_a_fresh_database_begins(
    server: str, database: Database, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run the migrations one at a time, as an installation that followed every version did; compare the schemas."""

    name = f"quanze_steps_{uuid4().hex[:8]}"
    conftest.execute(server, "CREATE DATABASE {}", name)
    dsn = conftest.on(server, name)
    every = door.migrations_of(package)
    if package == "projector":
        migrate(dsn, "ledger", "ledger")
    try:
        for count in range(1, len(every) + 1):
            monkeypatch.setattr(door, "migrations_of", {package: every[:count]}.__getitem__)
            assert migrate(dsn, package, package) == [every[count - 1][0]]
        assert described(dsn, package) == described(database.dsn, package)
    finally:
        conftest.execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    for service in ("ledger", "projector"):
        names = sorted(path.name for path in Path("services", service, "sql", "migrations").glob("*.sql"))
        numbers = [int(match.group(1)) for name in names if (match := re.fullmatch(r"(\d{4})_[a-z_]+\.sql", name))]
        assert numbers == list(range(1, len(names) + 1))


def described(dsn: str, schema: str) -> list[tuple[object, ...]]:
    """Return what a schema consists of: columns, constraints, indexes, triggers, functions, views, grants."""
    queries = [
        "SELECT 'column', table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = %(schema)s",
        "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''"
        " FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace",
        "SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = %(schema)s",
        "SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid), '', '' FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal",
        "SELECT 'function', proname, pg_get_functiondef(oid), coalesce(proacl::text, ''), '', ''"
        " FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace",
        "SELECT 'view', viewname, definition, '', '', '' FROM pg_views WHERE schemaname = %(schema)s",
        "SELECT 'grant', relname, coalesce(relacl::text, ''), '', '', ''"
        " FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'v')",
    ]
    with psycopg.connect(dsn) as connection:
        rows = [row for query in queries for row in connection.execute(query, {"schema": schema}).fetchall()]  # pyright: ignore[reportArgumentType]
    assert len(rows) > 20
    return sorted(rows, key=repr)
