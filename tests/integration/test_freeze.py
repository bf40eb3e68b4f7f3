"""The end of a log whose key is known to others, and the log that goes on."""

import json
import time
from pathlib import Path

import msgspec
import psycopg
import pytest

from contracts.proof import Trust, VerifierKey, check_succession, open_checkpoint, verify_document
from contracts.proof.encoding import from_base64
from edge.database import statement
from ledger.errors import Frozen, Rejected
from ledger.freezing import begin_successor, final_of, freeze, name_successor
from ledger.main import Ledger, found_log
from ledger.rotation import KeyChange
from ledger.settings import Settings
from ledger.signer import SigningKey
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.served import served

NEW = SigningKey(bytes([7] * 32), "localhost/quanze/new")
REASON = "the key was found on another machine"


def opened(number: int) -> dict[str, object]:
    return event("project.open", f"project:P{number}", "person:P1")


def frozen(database: Database) -> None:
    freeze(database.dsn, database.log_id, database.signer, REASON)


def test_a_frozen_log_takes_nothing_more_and_says_why_and_who_goes_on(database: Database) -> None:
    with served(database) as own:
        http = own.http()
        first = opened(1)
        receipt = http.post("/v1/events", json=[first], headers=BATCH).json()["receipts"][0]
        final = freeze(database.dsn, database.log_id, database.signer, REASON)
        assert open_checkpoint(final.checkpoint.encode(), VerifierKey.parse(database.signer.vkey)).size == 1

        refused = http.post("/v1/events", json=[opened(2)], headers=BATCH)
        problem = refused.json()
        assert (refused.status_code, problem["type"].rpartition(":")[2]) == (409, "frozen")
        assert REASON in problem["detail"]
        assert problem["successor"] is None
        lines = http.post("/v1/events", content=json.dumps(opened(2)), headers={"Content-Type": "application/x-ndjson"})
        assert lines.status_code == 409

        found_log(database.dsn, NEW)
        name_successor(database.dsn, database.log_id, NEW.origin)
        refused = http.post("/v1/events", json=opened(3), headers={"Content-Type": "application/cloudevents+json"})
        assert (refused.status_code, refused.json()["successor"]) == (409, NEW.origin)

        # What was recorded is answered, read and proved as before.
        again = http.post("/v1/events", json=[first], headers=BATCH).json()["receipts"][0]
        assert again == receipt | {"status": "duplicate"}
        both = http.post("/v1/events", json=[first, opened(4)], headers=BATCH)
        assert both.status_code == 409
        assert http.get("/v1/events/1").status_code == 200
        proof = http.get("/v1/proofs/inclusion?position=1").content
        assert (
            verify_document(proof, Trust([VerifierKey.parse(database.signer.vkey)])).verdict == "verified-unwitnessed"
        )
        assert http.get("/health/ready").status_code == 200
        assert http.get("/checkpoint").text == final.checkpoint
        said = http.get("/v1/log").json()
        assert (said["size"], said["frozen"]["reason"], said["frozen"]["successor"]) == (1, REASON, NEW.origin)


BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def test_who_waits_to_append_while_the_log_is_frozen_is_told(database: Database) -> None:
    """The head's lock decides: what comes after the freeze finds it, though it was asked before."""
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())) as ledger:
        with psycopg.connect(database.dsn) as freezing:
            parameters = {"log_id": database.log_id, "reason": REASON}
            freezing.execute(statement("ledger", "freeze_head"), parameters)
            own = TestLedger(database, ledger)
            admitted = ledger.admission.batch(json.dumps([opened(1)]).encode(), own.token)
            waiting = ledger.submit(admitted)
            wait_until_blocked(database, "quanze committer")
            freezing.commit()
        with pytest.raises(Frozen, match=REASON):
            waiting.result(timeout=10)


def wait_until_blocked(database: Database, application: str) -> None:
    query = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 10
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        while connection.execute(query, [application]).fetchone() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_no_head_of_a_frozen_log_moves_even_for_its_owner(ledger: TestLedger, database: Database) -> None:
    ledger.post([opened(1)])
    frozen(database)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for change in (
            "UPDATE ledger.heads SET size = 2",
            "UPDATE ledger.heads SET root = sha256('x')",
            "UPDATE ledger.heads SET recorded_at = now()",
            "UPDATE ledger.heads SET frozen_reason = 'another'",
            "UPDATE ledger.heads SET frozen_at = NULL, frozen_reason = NULL",
            "UPDATE ledger.heads SET size = 2, successor = 'x'",
            "DELETE FROM ledger.heads",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation, match="frozen"):
                connection.execute(change)  # pyright: ignore[reportArgumentType]
        connection.execute("UPDATE ledger.heads SET successor = 'x'")
        with pytest.raises(psycopg.errors.RestrictViolation, match="frozen"):
            connection.execute("UPDATE ledger.heads SET successor = 'y'")


def test_freezing_again_keeps_the_first_freeze(ledger: TestLedger, database: Database) -> None:
    ledger.post([opened(1)])
    first = freeze(database.dsn, database.log_id, database.signer, REASON)
    assert freeze(database.dsn, database.log_id, database.signer, "another reason") == first
    assert (first.predecessor, first.size, first.reason) == (database.signer.origin, 1, REASON)


def test_a_log_that_cannot_be_signed_is_frozen_all_the_same(
    ledger: TestLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.post([opened(1)])

    def broken(*_: object) -> bytes:
        raise OSError("the device does not answer")

    other = SigningKey.from_text(database.signer.text())
    with monkeypatch.context() as patch:
        patch.setattr(SigningKey, "sign", broken)
        with pytest.raises(OSError, match="device"):
            freeze(database.dsn, database.log_id, other, REASON)
    with pytest.raises(Frozen):
        ledger.post([opened(2)])
    assert freeze(database.dsn, database.log_id, database.signer, REASON).size == 1


def test_the_keys_of_a_frozen_log_are_not_changed_any_more(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    path.write_text(database.signer.text())
    path.chmod(0o600)
    frozen(database)
    with pytest.raises(Frozen):
        KeyChange(database.dsn, database.log_id, path).rotate()
    assert [each.name for each in tmp_path.iterdir()] == ["log.key"]
    assert path.read_text() == database.signer.text()


def test_a_successor_begins_with_the_final_checkpoint(ledger: TestLedger, database: Database) -> None:
    ledger.post([opened(1), opened(2)])
    with pytest.raises(Rejected, match="not frozen"):
        final_of(database.dsn, database.log_id, database.signer.origin)
    frozen(database)
    final = final_of(database.dsn, database.log_id, database.signer.origin)
    new_id = found_log(database.dsn, NEW)
    for _ in range(2):  # and once more, as after a crash
        begin_successor(database.dsn, new_id, NEW, final, "person:P1")
        name_successor(database.dsn, database.log_id, NEW.origin)
    with Ledger(Settings(dsn=database.dsn, signing_key=NEW.text())) as successor:
        proof = successor.reading.inclusion(1, None, with_payload=True)
        assert (proof.tree_size, successor.log_id) == (1, new_id)
        TestLedger(database, successor).post([opened(3)])
    assert (
        verify_document(msgspec.json.encode(proof), Trust([VerifierKey.parse(NEW.vkey)])).verdict
        == "verified-unwitnessed"
    )
    leaf, salt, payload = (from_base64(str(each), "member") for each in (proof.leaf, proof.salt, proof.payload))
    keys = [VerifierKey.parse(database.signer.vkey)]
    assert check_succession(leaf, salt, payload, final.checkpoint.encode(), keys).size == 2
    with pytest.raises(Rejected, match="as its successor"):
        name_successor(database.dsn, database.log_id, "localhost/quanze/third")


def test_a_log_that_has_acts_is_nobodys_successor(ledger: TestLedger, database: Database) -> None:
    frozen(database)
    final = final_of(database.dsn, database.log_id, database.signer.origin)
    new_id = found_log(database.dsn, NEW)
    with Ledger(Settings(dsn=database.dsn, signing_key=NEW.text())) as other:
        TestLedger(database, other).post([opened(1)])
    with pytest.raises(Rejected, match="acts already"):
        begin_successor(database.dsn, new_id, NEW, final, "system:quanze")


def test_a_successor_has_one_predecessor(ledger: TestLedger, database: Database) -> None:
    frozen(database)
    final = final_of(database.dsn, database.log_id, database.signer.origin)
    new_id = found_log(database.dsn, NEW)
    begin_successor(database.dsn, new_id, NEW, final, "system:quanze")
    other = msgspec.structs.replace(final, predecessor="localhost/quanze/other")
    with pytest.raises(Rejected, match="succeeds another"):
        begin_successor(database.dsn, new_id, NEW, other, "system:quanze")


def test_a_log_that_goes_on_names_no_successor(database: Database) -> None:
    with pytest.raises(Rejected, match="as its successor"):
        name_successor(database.dsn, database.log_id, NEW.origin)
