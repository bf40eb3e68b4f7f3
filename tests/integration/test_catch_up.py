"""The follower far behind: what it takes at once, and what is left when it, or its connection, ends meanwhile."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest

from contracts.catalogue import base_catalogue
from projector import batch, follow
from projector.acts import ReadAct
from projector.batch import Batch, apply_batch
from projector.follow import Follower, follower_name
from projector.projections import Rows, history
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.following import eventually, positions, rows


@contextmanager
def following(dsn: str, *, poll_seconds: float = 0.1) -> Generator[Follower]:
    follower = Follower(dsn, 1, poll_seconds=poll_seconds)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


def signing(**data: Any) -> dict[str, Any]:
    return event("contract.sign", "project:P1", "person:A", **data)


def post(ledger: TestLedger, number: int) -> None:
    """Record a number of acts, in batches that the ledger takes."""
    for first in range(0, number, 900):
        ledger.post([signing(object=str(each)) for each in range(first, min(first + 900, number))])


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many acts each batch has."""
    noted: list[int] = []

    def noting(cursor: Any, log_id: int, read: Batch) -> None:
        before = cursor.execute("SELECT count(*) FROM projector.acts").fetchone()[0]
        apply_batch(cursor, log_id, read)
        noted.append(cursor.execute("SELECT count(*) FROM projector.acts").fetchone()[0] - before)

    monkeypatch.setattr(follow, "apply_batch", noting)
    return noted


def test_what_waits_is_taken_together_and_what_comes_is_not_waited_for(
    ledger: TestLedger, database: Database, sizes: list[int]
) -> None:
    post(ledger, 2_700)
    with following(database.dsn) as follower:
        assert follower.wait_for(2_700, 20)
        assert sizes == [2_000, 700]
        post(ledger, 1)
        assert follower.wait_for(2_701, 10)
    assert sizes == [2_000, 700, 1]
    assert positions(database.dsn) == list(range(1, 2_702))


def test_a_batch_ends_where_its_memory_does_and_the_rest_follows_at_once(
    ledger: TestLedger, database: Database, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_BATCH_BYTES_MAX", 1)
    post(ledger, 1_200)
    with following(database.dsn, poll_seconds=60.0) as follower:
        assert follower.wait_for(1_200, 20)
    assert sizes == [500, 500, 200]
    assert positions(database.dsn) == list(range(1, 1_201))


def test_a_connection_cut_while_acts_are_sent_leaves_none_of_their_batch(
    ledger: TestLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acts are sent while later ones are read, so that PostgreSQL has some when the others never come."""
    cut = threading.Event()
    copying: LiteralString = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND query LIKE '%%COPY projector.acts%%'"
    )

    def cutting(act: ReadAct) -> Rows:
        if act.position == 600 and not cut.is_set():
            eventually(lambda: bool(rows(database.dsn, copying, follower_name(1))))
            (backend,) = rows(database.dsn, copying, follower_name(1))[0]
            rows(database.dsn, "SELECT pg_terminate_backend(%s, 10000)", backend)
            assert positions(database.dsn) == []
            cut.set()
        yield from history.rows(act)

    monkeypatch.setattr(batch, "PROJECTIONS", (cutting,))
    post(ledger, 700)
    with following(database.dsn) as follower:
        assert follower.wait_for(700, 20)
    assert cut.is_set()
    assert positions(database.dsn) == list(range(1, 701))


def test_a_follower_stopped_while_it_catches_up_leaves_whole_batches_and_another_goes_on(
    ledger: TestLedger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, stopped = threading.Event(), threading.Event()

    def slowly(act: ReadAct) -> Rows:
        if act.position == 30:
            reading.set()
            assert stopped.wait(10)
        yield from history.rows(act)

    monkeypatch.setattr(batch, "PROJECTIONS", (slowly,))
    post(ledger, 100)
    first = Follower(database.dsn, 1, batch_acts_max=40)
    first.start()
    assert reading.wait(10)
    ending = threading.Thread(target=first.stop)
    ending.start()
    eventually(first._stopping.is_set)  # pyright: ignore[reportPrivateUsage] - else it might go on
    stopped.set()
    ending.join(10)
    assert (first.state.work, first.state.position) == ("stopped", 40)
    assert positions(database.dsn) == list(range(1, 41))
    with following(database.dsn) as another:
        assert another.wait_for(100, 10)
    assert positions(database.dsn) == list(range(1, 101))


def test_a_copy_given_up_tells_postgresql_nothing_of_why(
    ledger: TestLedger, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What went wrong may quote a payload, and PostgreSQL logs what it is told. libpq says what that was."""
    post(ledger, 1)

    def odd(act: ReadAct) -> Rows:
        yield from history.rows(act)
        raise ValueError("the secret of a payload")

    monkeypatch.setattr(batch, "PROJECTIONS", (odd,))
    feed = rows(database.dsn, "SELECT position, leaf, payload FROM ledger.feed_v1")
    told = tmp_path / "told"
    with psycopg.connect(database.dsn) as connection, told.open("wb") as file:
        connection.pgconn.trace(file.fileno())
        with pytest.raises(ValueError, match="secret"), connection.transaction():
            apply_batch(connection.cursor(), 1, Batch(1, cast("Any", feed), base_catalogue()))
        connection.pgconn.untrace()
    assert "CopyFail" in told.read_text("utf-8", "replace")
    assert "secret" not in told.read_text("utf-8", "replace")
