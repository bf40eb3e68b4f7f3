"""The index by tag is kept short of new acts: when nothing more comes, and while more and more does."""

import time
from collections.abc import Callable
from itertools import count

import psycopg
import pytest
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege, UndefinedFile

from edge.database import MigrationMissing
from ledger.acts import Request
from ledger.committer import Committer
from ledger.interval import Interval
from ledger.main import Ledger
from ledger.settings import Settings
from ledger.settling import LOOK_SECONDS, TAGS_MAX, Settling
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.integration.test_append import draft
from tests.integration.test_ledger_faults import receipts

PAGE_BYTES = 8192
_SETTLED_SECONDS_MAX = 30.0


@pytest.fixture
def waiting(database: Database) -> Callable[[], int]:
    """Return what counts the pages of new acts that every question by tag has to read through."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        try:
            connection.execute("CREATE EXTENSION pageinspect")
        except (FeatureNotSupported, UndefinedFile):
            pytest.skip("this PostgreSQL comes without pageinspect, which shows the pages of an index")

    def pages() -> int:
        with psycopg.connect(database.dsn) as connection:
            row = connection.execute(
                "SELECT n_pending_pages FROM gin_metapage_info(get_raw_page('ledger.entries_by_tag', 0))"
            ).fetchone()
        assert row is not None
        return row[0]

    return pages


def wait_until_none(waiting: Callable[[], int]) -> None:
    deadline = time.monotonic() + _SETTLED_SECONDS_MAX
    while waiting() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert waiting() == 0


def test_nothing_waits_soon_after_the_last_act(ledger: TestLedger, waiting: Callable[[], int]) -> None:
    acts = [event("project.open", f"project:P{number}", "person:P1") for number in range(50)]
    ledger.post(acts)
    assert waiting() > 0
    wait_until_none(waiting)
    ledger.post([event("project.open", "project:P1", "person:P1")])
    wait_until_none(waiting)


def test_the_writer_leaves_it_to_others(database: Database, waiting: Callable[[], int]) -> None:
    committer = Committer(database.dsn, database.log_id, database.signer.origin)
    for batch in range(5):
        tags = [tuple(f"person:{batch}-{act}-{number:080d}" for number in range(64)) for act in range(200)]
        acts = tuple(draft(f"{batch}-{act}", tags=each) for act, each in enumerate(tags))
        receipts([committer.submit(Request(acts))])
    assert committer.tags == 5 * 200 * 64
    committer.close()
    assert waiting() * PAGE_BYTES > 4 * 1024 * 1024, "so much PostgreSQL itself would not leave"


def test_what_waits_at_a_start_is_merged(database: Database, waiting: Callable[[], int]) -> None:
    committer = Committer(database.dsn, database.log_id, database.signer.origin)
    receipts([committer.submit(Request((draft("d", tags=("unit:U1",)),)))])
    committer.close()
    assert waiting() > 0
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())):
        wait_until_none(waiting)


def test_a_ledger_does_not_start_on_an_older_schema(database: Database) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("DELETE FROM ledger.migrations WHERE name LIKE '0003%'")
    with pytest.raises(MigrationMissing, match=r"0003_tags_settled_beside\.sql; run `quanze migrate` first"):
        Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text()))


def test_it_is_merged_while_more_and_more_comes(
    ledger: TestLedger, database: Database, waiting: Callable[[], int]
) -> None:
    committer = Committer(database.dsn, database.log_id, database.signer.origin)
    receipts([committer.submit(Request((draft("d", tags=("unit:U1",)),)))])
    committer.close()
    assert waiting() > 0
    never_still = count(TAGS_MAX // 4, TAGS_MAX // 4)
    look = Settling(ledger.ledger.pool, lambda: next(never_still)).look
    settling = Interval("settling", LOOK_SECONDS, look)
    settling.start()
    try:
        wait_until_none(waiting)
    finally:
        settling.stop()


def test_a_projector_may_not(database: Database) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET ROLE quanze_projector")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT ledger.settle_tags()")
