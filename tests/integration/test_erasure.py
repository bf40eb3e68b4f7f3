"""Erasure on order: the content goes, the proof stays, and a restored backup does not bring it back."""

import json

import msgspec
import psycopg

from contracts.proof import VerifierKey, verify_document
from ledger.main import Ledger
from ledger.settings import Settings
from quanze.full_check import check_log, database_log
from tests.conftest import Database, TestLedger
from tests.events import event


def order(act: dict[str, object]) -> dict[str, object]:
    target = {"source": act["source"], "id": act["id"]}
    return event("data.erase", str(act["subject"]), "person:DPO", target=target, legal_basis="个人信息保护法 §47")


def content(database: Database) -> list[tuple[int, bool]]:
    with psycopg.connect(database.dsn) as connection:
        query = "SELECT position, payload IS NULL AND salt IS NULL FROM ledger.entries ORDER BY position"
        return connection.execute(query).fetchall()


def test_what_is_ordered_is_erased_and_still_proved(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1", title="含个人信息")
    ledger.post([act, event("project.open", "project:P2", "person:P1")])
    ledger.post([order(act)])
    assert ledger.ledger.erase() == [1]
    assert content(database) == [(1, True), (2, False), (3, False)]
    assert ledger.ledger.erase() == [], "done is done"
    shown = json.loads(msgspec.json.encode(ledger.ledger.reading.act(1, with_salt=True)))
    assert (shown["event"], shown["salt"], shown["receipt"]["content"]) == (None, None, "erased")
    key = VerifierKey.parse(database.signer.vkey)
    proof = msgspec.json.encode(ledger.ledger.reading.inclusion(1, None, with_payload=True))
    assert verify_document(proof, [key]).verdict == "erased-content"
    with psycopg.connect(database.dsn) as connection:
        log, _ = database_log(connection, database.log_id)
        checked = check_log(log, [key])
    assert (checked.fault, checked.erased) == (None, 1)


def test_an_order_that_a_crash_left_undone_is_done_at_the_next_start(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1")
    ledger.post([act])
    ledger.post([order(act)])
    assert content(database)[0] == (1, False)
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())):
        assert content(database)[0] == (1, True)


def test_nothing_is_erased_that_came_after_the_order_or_that_others_rest_on(
    ledger: TestLedger, database: Database
) -> None:
    later = event("project.open", "project:P1", "person:P1")
    pack = event("catalogue.extend", "log:test", "system:import", pack="one", roles={"x_a": ["甲", "A"]})
    ledger.post([pack])
    ledger.post([order(later), later, order(pack)])
    assert ledger.ledger.erase() == []
    assert all(not erased for _, erased in content(database))
