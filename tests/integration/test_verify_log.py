"""`quanze verify --log`: what an auditor runs every day, with a file that remembers the log."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from ledger.main import Ledger
from ledger.settings import Settings
from ledger.signer import SigningKey
from quanze.check_state import load_state, save_state
from quanze.commands.prove import verify
from quanze.database_check import database_log
from quanze.errors import WrongUse
from quanze.full_check import check_log
from tests.conftest import Database, TestLedger, execute, on
from tests.events import SOURCE, event
from tests.served import served

CONTRACT = {"payload": "ContractSign", "subject": ["project"]}
ACTS = {"x.seal": ["CONTRACT", "E", "sealer", "contract", "盖章", "Seal a contract", CONTRACT]}


def acts(*numbers: int) -> list[dict[str, Any]]:
    """Acts of a kind that a pack brings, with a supplier that only the pack says to be a reference."""
    return [
        event("x.seal", f"project:P{n}", "person:P1", contract=f"C-{n}", supplier=f"supplier:V{n}") for n in numbers
    ]


@pytest.fixture
def begun(ledger: TestLedger) -> TestLedger:
    ledger.post([event("catalogue.extend", "log:test", "system:import", pack="local", acts=ACTS)])
    ledger.post(acts(1, 2, 3))
    ledger.ledger.checkpoints.newest()
    return ledger


@pytest.fixture(autouse=True)
def no_key_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("QUANZE_LOG_KEY", raising=False)
    monkeypatch.setenv("QUANZE_DATA", str(tmp_path / "none"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "log.state"


def run(log: str, *more: str) -> Result:
    return CliRunner().invoke(verify, ["--log", log, "--json", *more], catch_exceptions=True)


def told(log: str, *more: str) -> dict[str, Any]:
    ran = run(log, *more)
    assert ran.exit_code in (0, 1), ran.exception
    found = json.loads(ran.output)
    assert (found["fault"] is None) == (ran.exit_code == 0)
    return found


def test_the_second_run_reads_what_is_new_and_no_more(begun: TestLedger, database: Database, state: Path) -> None:
    first = told(database.dsn, "--state", str(state))
    assert (first["size"], first["remembered"]) == (4, 0)
    begun.post(acts(5, 6))
    begun.ledger.checkpoints.newest()
    second = told(database.dsn, "--state", str(state), "--log-key", database.signer.vkey)
    assert (second["size"], second["remembered"]) == (6, 4)
    assert second["checkpoints"] > first["checkpoints"]
    with served(database) as up:
        token = state.with_name("token")
        token.write_text(up.bearer("verify")["Authorization"].removeprefix("Bearer "))
        up.http().post(
            "/v1/events", json=acts(7)[0], headers={"Content-Type": "application/cloudevents+json"}
        ).raise_for_status()
        third = told(up.url, "--state", str(state), "--token-file", str(token))
    assert (third["size"], third["remembered"]) == (7, 6), "one memory, whichever way the log is read"
    assert "remembered" in third["key"]


def test_packs_that_were_read_before_are_read_again(begun: TestLedger, database: Database, state: Path) -> None:
    told(database.dsn, "--state", str(state))
    remembered = load_state(state)
    assert remembered is not None
    begun.post(acts(5))
    with psycopg.connect(database.dsn) as connection:
        log = database_log(connection, 1)
        assert check_log(log, since=remembered).fault is None
        assert check_log(log, since=replace(remembered, packs=[])).position == 5, "the pack says what the tags are"


@pytest.mark.parametrize("change", ["payload = payload || ' '", "leaf = leaf || ' '", "payload = NULL, salt = NULL"])
def test_a_pack_that_was_changed_since_is_found(
    begun: TestLedger, database: Database, state: Path, change: LiteralString
) -> None:
    told(database.dsn, "--state", str(state))
    kept = state.read_bytes()
    database.tampered = True
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(SQL("UPDATE ledger.entries SET " + change + " WHERE position = 1"))
    assert told(database.dsn, "--state", str(state))["position"] == 1
    assert state.read_bytes() == kept, "the next run is to find it, too"


def test_content_that_is_erased_after_it_was_read_is_no_fault(
    begun: TestLedger, database: Database, state: Path
) -> None:
    told(database.dsn, "--state", str(state))
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT id FROM ledger.entries WHERE position = 2").fetchone()
    assert row is not None
    target = {"source": SOURCE, "id": row[0]}
    begun.post([event("data.erase", "project:P1", "person:DPO", target=target)])
    begun.ledger.erase()
    assert told(database.dsn, "--state", str(state))["fault"] is None
    assert told(database.dsn)["erased"] == 1


def test_an_old_dump_that_was_restored_is_found_by_the_file_alone(database: Database, server: str, state: Path) -> None:
    name, dump = conninfo_to_dict(database.dsn)["dbname"], f"quanze_dump_{uuid4().hex[:8]}"
    settings = Settings(dsn=database.dsn, signing_key=database.signer.text())
    with Ledger(settings) as ledger:
        TestLedger(database, ledger).post([event("project.open", "project:P1", "person:P1") for _ in range(4)])
        ledger.checkpoints.newest()
    execute(server, "CREATE DATABASE {} TEMPLATE {}", dump, str(name))
    with Ledger(settings) as ledger:
        TestLedger(database, ledger).post([event("project.open", "project:P2", "person:P1") for _ in range(2)])
        ledger.checkpoints.newest()
    assert told(database.dsn, "--state", str(state))["size"] == 6
    before = state.read_bytes()
    assert told(on(server, dump))["fault"] is None, "nothing in it is wrong"
    found = told(on(server, dump), "--state", str(state))
    assert found["position"] == 5
    assert "rolled back" in found["fault"]
    assert state.read_bytes() == before, "the next run is to find it, too"
    execute(server, "DROP DATABASE {} WITH (FORCE)", dump)


def test_the_key_a_log_names_is_that_of_the_file(begun: TestLedger, database: Database, state: Path) -> None:
    told(database.dsn, "--state", str(state))
    remembered = load_state(state)
    assert remembered is not None
    assert remembered.keys == [database.signer.vkey]


def test_the_file_of_another_log_is_refused(begun: TestLedger, database: Database, state: Path) -> None:
    told(database.dsn, "--state", str(state))
    for other in (SigningKey(bytes(32), database.signer.origin), SigningKey(bytes(32), "another.example/log")):
        ran = run(database.dsn, "--state", str(state), "--log-key", other.vkey)
        assert isinstance(ran.exception, WrongUse)
        assert database.signer.origin in str(ran.exception)


def test_a_log_that_calls_itself_otherwise_than_its_key_fails_whatever_it_serves(
    begun: TestLedger, database: Database, state: Path
) -> None:
    told(database.dsn, "--state", str(state))
    database.tampered = True
    other = SigningKey(bytes(32), "another.example/log")
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.logs SET origin = %s", [other.origin])
        connection.execute("UPDATE ledger.keys SET vkey = %s", [other.vkey])
    assert told(database.dsn, "--log-key", database.signer.vkey)["position"] == 1
    assert told(database.dsn, "--state", str(state))["position"] == 1, "the file's key counts, not the one it names now"


@pytest.mark.parametrize("damage", ["cut", "digit", "other"])
def test_a_damaged_file_is_refused(begun: TestLedger, database: Database, state: Path, damage: str) -> None:
    told(database.dsn, "--state", str(state))
    text = state.read_text()
    state.write_text({"cut": text[:-9], "digit": text.replace('"size":4', '"size":3'), "other": "[]"}[damage])
    ran = run(database.dsn, "--state", str(state))
    assert isinstance(ran.exception, WrongUse)


def test_a_first_run_that_finds_a_fault_leaves_no_file(begun: TestLedger, database: Database, state: Path) -> None:
    database.tampered = True
    with psycopg.connect(database.dsn) as connection:
        connection.execute("UPDATE ledger.heads SET root = sha256('x')")
    assert told(database.dsn, "--state", str(state))["position"] == 4
    assert not state.exists()


def test_a_file_is_replaced_as_one_or_not_at_all(begun: TestLedger, database: Database, state: Path) -> None:
    told(database.dsn, "--state", str(state))
    remembered = load_state(state)
    assert remembered is not None
    before = state.read_bytes()
    broken = replace(remembered, size="four" * 3, keys=[object()])  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        save_state(state, broken)
    assert state.read_bytes() == before
    assert [each.name for each in state.parent.iterdir()] == [state.name]


def test_whoever_interrupts_a_run_keeps_the_file_and_is_told_130(
    begun: TestLedger, database: Database, state: Path
) -> None:
    told(database.dsn, "--state", str(state))
    before = state.read_bytes()
    begun.post(acts(5))
    with psycopg.connect(database.dsn) as holding:
        holding.execute("LOCK TABLE ledger.entries IN ACCESS EXCLUSIVE MODE")
        process = _quanze("verify", "--log", f"{database.dsn} application_name=auditor", "--state", str(state))
        _until_waiting(database.dsn)
        process.send_signal(signal.SIGINT)
        assert _code(process) == 130
    assert state.read_bytes() == before
    assert told(database.dsn, "--state", str(state))["remembered"] == 4


@pytest.mark.parametrize("log", ["host=/nowhere dbname=nothing", "http://127.0.0.1:1"])
def test_what_does_not_answer_is_no_verdict(log: str) -> None:
    assert _code(_quanze("verify", "--log", log)) == 3


def _quanze(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", "from quanze.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"QUANZE_TOKEN": "t", "QUANZE_DATA": "/nowhere"},
    )


def _code(process: "subprocess.Popen[bytes]") -> int:
    process.communicate(timeout=30)
    return process.returncode


def _until_waiting(dsn: str) -> None:
    """Return once a session waits for a lock on the entries."""
    deadline = time.monotonic() + 30
    with psycopg.connect(dsn, autocommit=True) as connection:
        while time.monotonic() < deadline:
            waiting = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'auditor' AND wait_event_type = 'Lock'"
            ).fetchone()
            if waiting is not None:
                return
            time.sleep(0.02)
    raise AssertionError("nothing waits")
