"""The full check finds any byte that a superuser changes, and names its position."""

from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL

from contracts.proof import VerifierKey
from ledger.signer import SigningKey
from quanze.full_check import Checked, check_log, database_log
from tests.conftest import Database, TestLedger
from tests.events import event

SIZE = 300


def flip(column: LiteralString) -> LiteralString:
    """Return SQL for a value with one bit in its middle turned."""
    at: LiteralString = "length(" + column + ") / 2"
    return "set_byte(" + column + ", " + at + ", get_byte(" + column + ", " + at + ") # 1)"


# What is changed, with which SQL, and the position the check must name.
CHANGES: dict[str, tuple[LiteralString, int]] = {
    "a leaf": ("UPDATE ledger.entries SET leaf = " + flip("leaf") + " WHERE position = 7", 7),
    "a leaf hash": ("UPDATE ledger.entries SET leaf_hash = " + flip("leaf_hash") + " WHERE position = 7", 7),
    "a payload": ("UPDATE ledger.entries SET payload = " + flip("payload") + " WHERE position = 7", 7),
    "a salt": ("UPDATE ledger.entries SET salt = " + flip("salt") + " WHERE position = 7", 7),
    "a source": ("UPDATE ledger.entries SET source = source || 'x' WHERE position = 7", 7),
    "an id": ("UPDATE ledger.entries SET id = id || 'x' WHERE position = 7", 7),
    "a type": ("UPDATE ledger.entries SET type = 'project.close' WHERE position = 7", 7),
    "a tag": ("UPDATE ledger.entries SET tags = tags || ARRAY['person:P9'] WHERE position = 7", 7),
    "a tag away": ("UPDATE ledger.entries SET tags = tags[2:] WHERE position = 7", 7),
    "an act away": ("DELETE FROM ledger.entries WHERE position = 7", 7),
    "the last act away": ("DELETE FROM ledger.entries WHERE position = 300", SIZE),
    "two acts swapped": (
        "UPDATE ledger.entries SET position = CASE position WHEN 7 THEN 8 ELSE 7 END WHERE position IN (7, 8)",
        7,
    ),
    "a tile": ("UPDATE ledger.tiles SET hashes = " + flip("hashes"), 256),
    "a tile's root": ("UPDATE ledger.tiles SET root = " + flip("root"), 256),
    "a tile away": ("DELETE FROM ledger.tiles", 256),
    "a signed note": ("UPDATE ledger.checkpoints SET note = overlay(note PLACING 'X' FROM 3) WHERE size = 5", 5),
    "a signed root": ("UPDATE ledger.checkpoints SET root = " + flip("root") + " WHERE size = 5", 5),
    "the head's root": ("UPDATE ledger.heads SET root = " + flip("root"), SIZE),
    "the head's size": ("UPDATE ledger.heads SET size = size + 1", SIZE + 1),
    "the origin": ("UPDATE ledger.logs SET origin = 'another.example/log'", 1),
}


@pytest.fixture
def written(ledger: TestLedger, database: Database) -> Database:
    for first, last in ((0, 5), (5, SIZE)):
        ledger.post(
            [
                event("project.open", f"project:P{n}", "person:P1", title=f"项目{n}", joint={"lead": f"unit:U{n}"})
                for n in range(first, last)
            ]
        )
        ledger.ledger.checkpoints.newest()
    return database


def check(database: Database) -> Checked:
    with psycopg.connect(database.dsn) as connection:
        log, keys = database_log(connection, database.log_id)
        assert keys == [database.signer.vkey]
        return check_log(log, [VerifierKey.parse(database.signer.vkey)])


def test_an_untouched_log_verifies(written: Database) -> None:
    checked = check(written)
    assert (checked.fault, checked.size, checked.erased) == (None, SIZE, 0)
    assert checked.checkpoints >= 2


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_by_a_superuser_is_found_and_placed(written: Database, what: str) -> None:
    statement, position = CHANGES[what]
    written.tampered = True
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        if what == "two acts swapped":
            connection.execute("ALTER TABLE ledger.entries DROP CONSTRAINT entries_pkey")
        assert connection.execute(SQL(statement)).rowcount >= 1
    checked = check(written)
    assert checked.fault is not None
    assert checked.position == position


def test_a_key_that_is_not_the_logs_fails_the_check(written: Database) -> None:
    other = SigningKey(bytes(32), written.signer.origin)
    with psycopg.connect(written.dsn) as connection:
        log, _ = database_log(connection, written.log_id)
        checked = check_log(log, [VerifierKey.parse(other.vkey)])
    assert checked.fault is not None


def test_erased_content_is_counted_not_failed(written: Database) -> None:
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        connection.execute(
            "UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(tags, leaf)"
            " WHERE position = 7"
        )
    checked = check(written)
    assert (checked.fault, checked.erased) == (None, 1)
