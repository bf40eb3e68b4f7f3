"""The full check follows a log through a change of its key, from one run to the next."""

from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from contracts.proof import VerifierKey, parse_key
from ledger.main import Ledger
from ledger.rotation import KeyChange
from ledger.settings import Settings
from ledger.signer import SigningKey
from ledger.tree import Frontier
from quanze.check_state import State
from quanze.database_check import database_log
from quanze.full_check import Checked, check_log
from quanze.log_to_check import Entry, Head, Log
from tests.conftest import Database, TestLedger
from tests.events import event


class Auditor:
    """Checks a log again and again, with a key from its owner, and remembers."""

    def __init__(self, database: Database, *keys: VerifierKey) -> None:
        self._database, self.keys = database, keys
        self.since: State | None = None

    def check(self) -> Checked:
        states: list[State] = []
        with psycopg.connect(self._database.dsn) as connection:
            log = database_log(connection, self._database.log_id)
            checked = check_log(log, self.keys, since=self.since, remember=states.append)
        if checked.fault is None:
            self.since = states[-1]
        return checked


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    path = tmp_path / "log.key"
    path.write_text(database.signer.text() + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def ledger(database: Database, path: Path) -> Ledger:
    return Ledger(Settings(dsn=database.dsn, key_file=path))


@pytest.fixture
def first(database: Database) -> VerifierKey:
    return VerifierKey.parse(database.signer.vkey)


def post(ledger: Ledger, database: Database, count: int = 2) -> None:
    TestLedger(database, ledger).post([event("project.open", "project:P1", "person:P1") for _ in range(count)])
    ledger.checkpoints.newest()


def test_whoever_has_the_first_key_follows_through_every_change(
    ledger: Ledger, database: Database, path: Path, first: VerifierKey
) -> None:
    change = KeyChange(database.dsn, database.log_id, path)
    auditor = Auditor(database, first)
    with ledger:
        for _ in range(3):
            post(ledger, database)
            assert auditor.check().fault is None
            change.rotate()
            assert auditor.check().fault is None
            post(ledger, database)
            assert auditor.check().fault is None
            change.retire()
            post(ledger, database)
            assert auditor.check().fault is None
    assert auditor.since is not None
    assert [size for _, _, size in auditor.since.learned] == [3, 10, 17], "each by the first head with its act"
    auditor.keys = ()
    assert auditor.check().fault is None, "what was given once is remembered"


def test_a_head_signed_since_by_a_key_that_nothing_leads_to_is_a_fault(
    ledger: Ledger, database: Database, first: VerifierKey
) -> None:
    auditor = Auditor(database, first)
    with ledger:
        post(ledger, database)
        assert auditor.check().fault is None
    database.tampered = True
    other = SigningKey(bytes(32), database.signer.origin)
    with psycopg.connect(database.dsn) as connection:
        connection.execute("INSERT INTO ledger.keys (log_id, vkey, from_size) VALUES (1, %s, 2)", [other.vkey])
    # A thief of nothing but the database: another key, with the next act signed by it alone.
    with Ledger(Settings(dsn=database.dsn, signing_key=other.text())) as stolen:
        post(stolen, database)
    assert auditor.check().position == 4


def test_what_was_announced_in_one_run_is_learned_in_the_next(
    ledger: Ledger, database: Database, path: Path, first: VerifierKey
) -> None:
    """Cut off between the act that announces a key and the head that proves it."""
    with ledger:
        post(ledger, database)
        KeyChange(database.dsn, database.log_id, path).rotate()
        KeyChange(database.dsn, database.log_id, path).retire()
        post(ledger, database)
    auditor = Auditor(database, first)
    with psycopg.connect(database.dsn) as connection:
        log = database_log(connection, database.log_id)
        unproved = [head for head in log.checkpoints() if head.size < 3]
        states: list[State] = []
        cut = replace(log, head=_beginning(log, 3), checkpoints=lambda: unproved, surplus_tile=lambda: None)
        begun = [each for each in log.entries(0) if each.position <= 3]

        def entries(_: int) -> list[Entry]:
            return begun

        cut = replace(cut, entries=entries)
        assert check_log(cut, [first], remember=states.append).fault is None
    auditor.since = states[-1]
    assert (len(auditor.since.announced), auditor.since.learned) == (1, [])
    assert auditor.check().fault is None
    assert auditor.since.announced == []
    assert len(auditor.since.learned) == 1


def _beginning(log: Log, size: int) -> Head:
    return Head(size, Frontier().append([each.leaf_hash for each in log.entries(0)][:size]).root())


def test_a_key_that_was_bounded_meanwhile_leads_nowhere_beyond_its_bound(
    ledger: Ledger, database: Database, path: Path, first: VerifierKey
) -> None:
    """The first key was stolen before the change: its owner says so, and what was learned from it since is void."""
    auditor = Auditor(database, first)
    with ledger:
        post(ledger, database)
        KeyChange(database.dsn, database.log_id, path).rotate()
        KeyChange(database.dsn, database.log_id, path).retire()
        post(ledger, database)
        assert auditor.check().fault is None
        post(ledger, database)
    auditor.keys = (parse_key(f"{database.signer.vkey} until 3"),)
    assert auditor.check().fault is None, "the head that proves the change lies within the bound"
    with Ledger(Settings(dsn=database.dsn, key_file=path)) as again:
        post(again, database)
    auditor.keys = (parse_key(f"{database.signer.vkey} until 2"),)
    checked = auditor.check()
    assert checked.fault is not None
    assert checked.position == 9
