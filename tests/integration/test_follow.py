"""The follower: whole batches in order, whatever dies meanwhile, and the same read model however it came about."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, cast

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from contracts.catalogue import base_catalogue
from contracts.event import read_event
from edge.database import statement
from ledger.acts import Draft, Request
from projector import batch, follow
from projector.acts import ReadAct
from projector.batch import Batch, apply_batch
from projector.ear import Ear
from projector.errors import Unknown
from projector.follow import Follower, follower_name
from projector.main import Projector, find_log, rebuild
from projector.projections import Rows, history
from projector.settings import Settings
from projector.tracking import FollowerRecorder, Moved
from projector.view import Asked
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.following import eventually, positions, rows

LOG = "log:localhost/quanze/test"
PACK: dict[str, Any] = {
    "pack": "local",
    "acts": {"x.seal.check": ["CONTRACT", "S", "seal_checker", "contract", "核印", "Check the seal"]},
    "incompatible": {"LOC-01": ["seal_checker", "contract_signer", "HIGH", "UNIT", "本单位制度"]},
}

EARLIEST: dict[str, Any] = {"post": "post:U1/A", "person": "person:B", "from": "0001-01-01"}

Start = Callable[[], Projector]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Start projectors that poll often and judge nothing, which would go on in its own time; stop them at the end."""
    running: list[Projector] = []

    def starting() -> Projector:
        own = Projector(Settings(dsn=database.dsn, poll_seconds=0.1, judges=False))
        running.append(own)
        own.start()
        return own

    yield starting
    for own in running:
        own.stop()


def signing(project: str = "project:P1", **data: Any) -> dict[str, Any]:
    return event("contract.sign", project, "person:A", **data)


def extending(pack: dict[str, Any]) -> dict[str, Any]:
    return event("catalogue.extend", LOG, "person:A", **pack)


def read_model(dsn: str) -> dict[str, list[str]]:
    """Return every row of every table of the read model as text, sorted; how the read model came about left out."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'projector' AND tablename <> 'migrations'"
        ).fetchall()
        return {
            table: sorted(
                row[0]
                for row in connection.execute(SQL("SELECT t::text FROM {} AS t").format(Identifier("projector", table)))
            )
            for (table,) in tables
        }


def test_acts_become_facts_and_the_position_moves_with_them(
    ledger: TestLedger, database: Database, start: Start
) -> None:
    projector = start()
    receipts = ledger.post([signing(), event("accept.perform", "project:P1", "person:B")])
    assert projector.wait_for(receipts[-1].position, 10)
    assert positions(database.dsn) == [1, 2]
    assert rows(database.dsn, "SELECT * FROM projector.tracking") == [(follower_name(1), 2)]
    assert projector.ready()


def test_it_is_told_of_acts_and_need_not_wait_for_its_poll(ledger: TestLedger, database: Database) -> None:
    with Projector(Settings(dsn=database.dsn, poll_seconds=60.0)) as projector:
        eventually(lambda: projector.follower.state.work == "following")
        eventually(lambda: bool(listeners(database.dsn)))
        assert projector.wait_for(ledger.post([signing()])[0].position, 10)


def listeners(dsn: str) -> list[int]:
    return [
        row[0]
        for row in rows(
            dsn,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN ledger_feed'",
        )
    ]


def test_a_dead_listening_connection_is_replaced_and_nothing_is_missed(
    ledger: TestLedger, database: Database, start: Start
) -> None:
    projector = start()
    eventually(lambda: bool(listeners(database.dsn)))
    (pid,) = listeners(database.dsn)
    rows(database.dsn, "SELECT pg_terminate_backend(%s)", pid)
    assert projector.wait_for(ledger.post([signing()])[0].position, 10)
    eventually(lambda: bool(listeners(database.dsn)) and listeners(database.dsn) != [pid])


def test_it_follows_by_polling_alone(ledger: TestLedger, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(_: Ear) -> bool:
        return False

    monkeypatch.setattr(Ear, "_listen", deaf)
    projector = start()
    assert projector.wait_for(ledger.post([signing()])[0].position, 10)


def test_a_database_that_goes_and_comes_back_is_followed_again(
    ledger: TestLedger, database: Database, start: Start
) -> None:
    projector = start()
    assert projector.wait_for(ledger.post([signing()])[0].position, 10)
    name = str(rows(database.dsn, "SELECT current_database()")[0][0])
    elsewhere = make_conninfo(database.dsn, dbname="postgres")
    draft = Draft.of(read_event(json.dumps(signing()).encode(), base_catalogue()))
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
        try:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            eventually(lambda: projector.follower.state.work == "waiting")
            assert projector.readiness() is not None
        finally:
            connection.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(name)))
    eventually(projector.ready)
    eventually(lambda: _recorded(ledger, draft))
    assert projector.wait_for(2, 10)
    assert positions(database.dsn) == [1, 2]


def _recorded(ledger: TestLedger, draft: Draft) -> bool:
    """Say whether the ledger, too, has found its database again."""
    try:
        return bool(ledger.submit(Request((draft,))))
    except Exception:  # noqa: BLE001 - whatever it says, it is asked again
        return False


def test_a_second_follower_is_refused_by_the_tracking_table(database: Database) -> None:
    first, second = (FollowerRecorder(database.dsn, "facts") for _ in range(2))
    try:
        with first.datastore.transaction(commit=True) as cursor:
            first.move(cursor, 0, 5)
        with pytest.raises(IntegrityError), second.datastore.transaction(commit=True) as cursor:
            second.move(cursor, 0, 3)
        with pytest.raises(IntegrityError), second.datastore.transaction(commit=True) as cursor:
            second.move(cursor, 6, 7)
        assert (first.position(), second.position()) == (5, 5)
    finally:
        first.close()
        second.close()


def test_a_rebuild_beside_another_follower_stops_nobody(database: Database) -> None:
    """Both begin anew; one is refused since the other was first, and by then the rebuild has taken that back, too."""
    name = follower_name(1)
    first, second = (FollowerRecorder(database.dsn, name) for _ in range(2))
    refused: list[BaseException] = []

    def moving() -> None:
        try:
            with second.datastore.transaction(commit=True) as cursor:
                second.move(cursor, 0, 3)
        except BaseException as exc:  # noqa: BLE001 - the thread says what it met
            refused.append(exc)

    follower = Follower(database.dsn, 1)
    try:
        with first.datastore.transaction(commit=True) as cursor:
            first.move(cursor, 0, 3)
            thread = threading.Thread(target=moving)
            thread.start()
            waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
            eventually(lambda: bool(rows(database.dsn, waiting, name)))
        thread.join(10)
        assert [type(each) for each in refused] == [Moved]
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE projector.tracking")
        follower._stand_by(cast("Moved", refused[0]))  # pyright: ignore[reportPrivateUsage] - it goes on, and raises not
    finally:
        first.close()
        second.close()
        follower.stop()


def test_a_second_follower_stands_by_and_takes_over(ledger: TestLedger, database: Database, start: Start) -> None:
    first, second = start(), start()
    for number in range(40):
        receipts = ledger.post([signing(object=str(number))])
        assert first.wait_for(receipts[0].position, 10)
        assert second.wait_for(receipts[0].position, 10)
    assert positions(database.dsn) == list(range(1, 41))
    leader, other = (first, second) if first.follower.state.work == "following" else (second, first)
    assert other.ready()
    leader.follower.stop()
    assert other.wait_for(ledger.post([signing()])[0].position, 10)
    assert other.follower.state.work == "following"
    assert positions(database.dsn) == list(range(1, 42))


def test_many_followers_at_once_write_every_act_once(ledger: TestLedger, database: Database, start: Start) -> None:
    ledger.post([signing(object=str(number)) for number in range(700)])
    followers = [start() for _ in range(3)]
    for own in followers:
        assert own.wait_for(700, 20)
    assert positions(database.dsn) == list(range(1, 701))
    deadline = time.monotonic() + 20  # one that stands by may have read its position a moment before it says so
    while not all(own.ready() for own in followers):
        assert time.monotonic() < deadline, [own.follower.state for own in followers]
        time.sleep(0.02)


def test_a_crash_between_rows_and_position_leaves_neither(
    ledger: TestLedger, database: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails after the rows are written takes them back, and they are written again, once."""
    failed = threading.Event()

    def crash(cursor: Any, log_id: int, read: Batch) -> None:
        apply_batch(cursor, log_id, read)
        if not failed.is_set():
            assert cursor.execute("SELECT count(*) FROM projector.acts").fetchone() == (2,)
            failed.set()
            raise psycopg.OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(follow, "apply_batch", crash)
    ledger.post([signing(), signing()])
    assert start().wait_for(2, 10)
    assert failed.is_set()
    assert positions(database.dsn) == [1, 2]


def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    ledger: TestLedger, database: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, lost = Follower._step, threading.Event()  # pyright: ignore[reportPrivateUsage] - where the answer gets lost

    def losing(self: Follower, size: int) -> int:
        before = self.state
        applied = step(self, size)
        if applied and not lost.is_set():
            lost.set()
            self._show(before)  # pyright: ignore[reportPrivateUsage] - the follower believes it is where it was
            raise OperationalError("the server closed the connection unexpectedly")
        return applied

    monkeypatch.setattr(Follower, "_step", losing)
    projector = start()
    ledger.post([signing(), signing()])
    assert projector.wait_for(ledger.post([signing()])[0].position, 10)
    assert lost.is_set()
    assert positions(database.dsn) == [1, 2, 3]


def test_an_act_that_cannot_be_projected_stops_the_follower_visibly_after_those_before_it(
    ledger: TestLedger, database: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(act: ReadAct) -> Rows:
        yield from history.rows(act)
        if act.leaf.type == "seal.use":
            raise ValueError("odd")

    monkeypatch.setattr(batch, "PROJECTIONS", (refuse,))
    projector = start()
    ledger.post([signing(), signing(), event("seal.use", "project:P1", "person:A"), signing()])
    eventually(lambda: projector.follower.state.work == "failed")
    assert "position 3" in (projector.readiness() or "")
    assert not projector.wait_for(3, 10)
    assert positions(database.dsn) == [1, 2]


def unadmitted(raw: bytes) -> Request:
    """Return a request for an act as it might have come before admission was as strict as it is."""
    said = json.loads(raw)
    names = ("source", "id", "type", "subject", "time", "actor", "unit")
    return Request((Draft(**{name: said[name] for name in names if name in said}, tags=(), payload=raw),))


def test_odd_data_stops_nobody(ledger: TestLedger, database: Database, start: Start) -> None:
    """Numbers and nesting that jsonb refuses, payloads of another shape, days before and after which there is none."""
    plain = json.dumps(event("seal.use", "project:P1", "person:A")).encode()
    lists = b"[" * 900 + b"]" * 900
    database.tampered = True  # the full check, too, reads every payload as admission would
    odd = (
        b'{"note":"kept","far":1e-20000,"text":"1e99999"}',
        b'{"note":"kept","deep":' + lists + b"}",
        b'{"note":"kept","participants":"nobody","amount":7}',
    )
    for number, data in enumerate(odd):
        raw = plain.replace(b'"data": {}', b'"data": ' + data).replace(b'"id": "', b'"id": "%d-' % number)
        ledger.submit(unadmitted(raw))
    open_end: dict[str, Any] = {"person": "person:B", "role": "acceptor", "until": "9999-12-31"}
    ledger.post(
        [
            event("role.assign", "project:P1", "person:A", **open_end),
            event("post.assign", "post:U1/A", "person:A", **EARLIEST),
        ]
    )
    assert start().wait_for(5, 10)
    kept = [row[0] for row in rows(database.dsn, "SELECT data FROM projector.acts WHERE type = 'seal.use' ORDER BY 1")]
    assert sorted(map(json.dumps, kept)) == sorted(
        map(
            json.dumps,
            (
                {"note": "kept", "text": "1e99999"},
                {"note": "kept"},
                {"note": "kept", "amount": 7, "participants": "nobody"},
            ),
        )
    )
    assert rows(database.dsn, "SELECT ends FROM projector.terms WHERE role = 'acceptor'") == [(None,)]


def test_a_pack_is_in_force_from_its_own_position_and_after_a_restart(
    ledger: TestLedger, database: Database, start: Start
) -> None:
    first = start()
    ledger.post([extending(PACK), event("x.seal.check", "project:P1", "person:B")])
    assert first.wait_for(2, 10)
    duties = rows(database.dsn, "SELECT role, class, counts FROM projector.duties WHERE position = 2")
    assert duties == [("seal_checker", "S", True)]
    first.follower.stop()
    ledger.post([event("x.seal.check", "project:P2", "person:B")])
    second = start()
    assert second.wait_for(3, 10)
    with second.view(Asked()) as view:
        assert "LOC-01" in view.catalogue.pairs
    assert len(rows(database.dsn, "SELECT 1 FROM projector.duties WHERE role = 'seal_checker'")) == 2


def test_a_pack_that_contradicts_is_ignored(ledger: TestLedger, database: Database, start: Start) -> None:
    """Admission refuses such; one that came another way must not stop the readers."""
    other = PACK | {"acts": {"contract.sign": ["CONTRACT", "E", "typist", "contract", "打字", "Type"]}}
    raw = json.dumps(extending(other)).encode()
    ledger.submit(Request((Draft.of(read_event(raw, base_catalogue())),)))
    ledger.post([signing()])
    projector = start()
    assert projector.wait_for(2, 10)
    assert projector.ready()
    assert rows(database.dsn, "SELECT role FROM projector.duties WHERE position = 2") == [("contract_signer",)]
    assert rows(database.dsn, "SELECT * FROM projector.packs") == []


def test_erasing_leaves_what_the_leaf_holds_and_a_rebuild_agrees(
    ledger: TestLedger, database: Database, start: Start
) -> None:
    projector = start()
    people = [{"actor": "person:B", "role": "acceptor"}]
    contract = signing(amount="10.00", object="C1", participants=people)
    target = {"source": contract["source"], "id": contract["id"]}
    ledger.post([contract, event("data.erase", "project:P1", "person:C", target=target)])
    assert projector.wait_for(2, 10)

    erased = rows(database.dsn, "SELECT type, actor, unit, object, amount, data FROM projector.acts WHERE position = 1")
    assert erased == [("contract.sign", "person:A", "unit:U1", None, None, None)]
    left = rows(database.dsn, "SELECT actor, role FROM projector.duties WHERE position = 1")
    assert left == [("person:A", "contract_signer")]

    before = read_model(database.dsn)
    projector.rebuild(database.dsn)  # the content is still in the ledger: its erasure is said, not yet done
    assert projector.wait_for(2, 10)
    assert read_model(database.dsn) == before

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        connection.execute(
            "UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(tags, leaf)"
            " WHERE position = 1"
        )
    projector.rebuild(database.dsn)
    assert projector.wait_for(2, 10)
    assert read_model(database.dsn) == before


def test_a_rebuild_is_safe_with_followers_at_work(ledger: TestLedger, database: Database, start: Start) -> None:
    here, elsewhere = start(), start()
    ledger.post([signing(object=str(number)) for number in range(600)])
    assert here.wait_for(600, 10)
    before = read_model(database.dsn)
    rebuild(database.dsn)  # by another process, without a word to these two
    eventually(lambda: positions(database.dsn) == list(range(1, 601)))
    assert read_model(database.dsn) == before
    assert here.wait_for(ledger.post([signing()])[0].position, 10)
    assert elsewhere.wait_for(601, 10)


def test_a_rebuild_of_an_idle_log_fills_it_again(ledger: TestLedger, database: Database, start: Start) -> None:
    """No act comes that would tell the follower."""
    projector = start()
    ledger.post([signing()])
    assert projector.wait_for(1, 10)
    rebuild(database.dsn)
    eventually(lambda: positions(database.dsn) == [1])


def test_a_rebuild_that_was_cut_short_can_be_done_again(ledger: TestLedger, database: Database, start: Start) -> None:
    projector = start()
    ledger.post([signing()])
    assert projector.wait_for(1, 10)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA projector CASCADE")
    eventually(lambda: projector.follower.state.work == "waiting")
    projector.rebuild(database.dsn)
    assert projector.wait_for(1, 10)
    assert positions(database.dsn) == [1]


def test_the_log_is_found_by_its_origin_or_by_being_the_only_one(database: Database) -> None:
    assert find_log(database.dsn, "localhost/quanze/test") == (1, "localhost/quanze/test")
    assert find_log(database.dsn, None) == (1, "localhost/quanze/test")
    with pytest.raises(Unknown, match="no log of origin"):
        find_log(database.dsn, "localhost/quanze/other")
    rows(database.dsn, "INSERT INTO ledger.logs (log_id, origin) VALUES (2, 'localhost/quanze/other') RETURNING 1")
    with pytest.raises(Unknown, match="QUANZE_ORIGIN"):
        find_log(database.dsn, None)


def test_acts_of_another_log_are_not_followed(ledger: TestLedger, database: Database, start: Start) -> None:
    projector = start()
    ledger.post([signing()])
    assert projector.wait_for(1, 10)
    rows(database.dsn, "SELECT pg_notify('ledger_feed', '2')")
    assert projector.wait_for(ledger.post([signing()])[0].position, 10)


STATEMENTS = sorted(each.name for each in files("projector").joinpath("sql").iterdir() if each.name.endswith(".sql"))


def test_every_statement_runs_and_its_header_names_its_parameters(database: Database) -> None:
    """psycopg takes any parameters, so a misspelt one in a header or a statement would be found by nobody else."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for name in STATEMENTS:
            text = files("projector").joinpath("sql", name).read_text("utf-8")
            used = set(re.findall(r"%\((\w+)\)s", text))
            comments = " ".join(line[5:] for line in text.splitlines() if line.startswith("--   "))
            header = re.sub(r"\([^)]*\)", "", comments)
            assert set(re.findall(r"(?:^|, |\band )(\w+) \w+(?:\[\])?", header)) == used, name
            if not name.startswith("copy_"):
                connection.execute(statement("projector", name.removesuffix(".sql")), dict.fromkeys(used))


def test_every_copy_names_the_columns_of_its_table(database: Database) -> None:
    for name in STATEMENTS:
        if name.startswith("copy_"):
            table = name.removeprefix("copy_").removesuffix(".sql")
            text = files("projector").joinpath("sql", name).read_text("utf-8")
            found = re.search(r"COPY projector\.(\w+) \((.*?)\) FROM STDIN", text, re.DOTALL)
            assert found is not None
            columns = rows(
                database.dsn,
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'projector' AND table_name = %s ORDER BY ordinal_position",
                table,
            )
            assert (found[1], [each.strip() for each in found[2].split(",")]) == (table, [name for (name,) in columns])
