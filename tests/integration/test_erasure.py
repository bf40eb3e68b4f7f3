"""Erasure on order: the content goes, the proof stays, and a restored backup does not bring it back."""

import json

import msgspec
import psycopg
import pytest

from contracts.proof import Trust, VerifierKey, verify_document
from ledger.errors import KeyTaken
from ledger.main import Ledger
from ledger.settings import Settings
from quanze.database_check import database_log
from quanze.full_check import check_log
from tests.conftest import Database, TestLedger
from tests.events import event


def order(act: dict[str, object]) -> dict[str, object]:
    target = {"source": act["source"], "id": act["id"]}
    return event("data.erase", str(act["subject"]), "person:DPO", target=target, legal_basis="个人信息保护法 §47")


def content(database: Database) -> list[tuple[int, bool]]:
    with psycopg.connect(database.dsn) as connection:
        query = "SELECT position, payload IS NULL AND salt IS NULL FROM ledger.entries ORDER BY position"
        return connection.execute(query).fetchall()


def tagged(ledger: TestLedger, tag: str) -> list[int]:
    page = ledger.ledger.reading.acts(None, 100, tag=tag, act=None, with_salt=False)
    return [each.receipt.position for each in page.items]


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
    assert verify_document(proof, Trust([key])).verdict == "erased-content"
    with psycopg.connect(database.dsn) as connection:
        log = database_log(connection, database.log_id)
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


def test_nothing_answers_any_more_who_was_named_in_it(ledger: TestLedger, database: Database) -> None:
    act = event("contract.sign", "project:P1", "person:P1", supplier="supplier:V1", contract="C-1")
    other = event("contract.sign", "project:P1", "person:P1", supplier="supplier:V1", contract="C-2")
    ledger.post([act, other])
    ledger.post([order(act)])
    assert tagged(ledger, "supplier:V1") == [1, 2]
    ledger.ledger.erase()
    assert tagged(ledger, "supplier:V1") == [2]
    assert tagged(ledger, "project:P1") == [1, 2, 3], "what the leaf shows is still found"
    assert tagged(ledger, "person:P1") == [1, 2]


def test_what_was_erased_with_its_tags_left_is_mended_at_the_next_start(ledger: TestLedger, database: Database) -> None:
    act = event("contract.sign", "project:P1", "person:P1", supplier="supplier:V1", contract="C-1")
    ledger.post([act])
    ledger.post([order(act)])
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.entries DISABLE TRIGGER entries_only_erased")
        connection.execute("UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 1")
        connection.execute("ALTER TABLE ledger.entries ENABLE TRIGGER entries_only_erased")
    assert tagged(ledger, "supplier:V1") == [1]
    assert ledger.ledger.erase() == [1]
    assert tagged(ledger, "supplier:V1") == []
    assert ledger.ledger.erase() == []


def test_the_eraser_takes_the_tags_of_the_content_and_no_others(ledger: TestLedger, database: Database) -> None:
    ledger.post([event("contract.sign", "project:P1", "person:P1", supplier="supplier:V1", contract="C-1")])
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        for tags in ("tags", "'{}'", "tags || '{person:P2}'", "'{person:P1}'"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(f"UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = {tags}")  # pyright: ignore[reportArgumentType]
    assert tagged(ledger, "supplier:V1") == [1]


def test_another_act_under_an_erased_key_is_no_duplicate(ledger: TestLedger) -> None:
    act = event("project.open", "project:P1", "person:P1", title="x")
    ledger.post([act])
    ledger.post([order(act)])
    ledger.ledger.erase()
    again = ledger.post([{**act, "data": {"title": "y"}}])[0]
    assert (again.position, again.status, again.content) == (1, "duplicate", "erased"), "nothing is left to compare"
    for changed in (
        {"actor": "person:P2"},
        {"type": "contract.sign"},
        {"subject": "project:P2"},
        {"time": "2026-01-01T00:00:00Z"},
    ):
        with pytest.raises(KeyTaken) as refused:
            ledger.post([{**act, **changed}])
        assert (refused.value.position, refused.value.posted) == (1, None)
