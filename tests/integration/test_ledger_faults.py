"""Two processes on one log, poison, duplicates that race, clocks, signers and restored backups."""

import random
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery, DCBQueryItem
from structlog.testing import capture_logs

from contracts.proof import VerifierKey, open_checkpoint
from ledger.acts import Appended, Receipt, Request
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.committer import Committer
from ledger.errors import Conflict, Corrupt, KeyTaken
from ledger.main import Ledger
from ledger.settings import Settings
from ledger.signer import checkpoint_body
from projector.main import Projector
from projector.settings import Settings as ProjectorSettings
from quanze.embedded import BinariesMissing, find_binaries
from tests.conftest import Database, TestLedger, execute, on, require_intact
from tests.events import event
from tests.integration.test_append import draft, held_head, positions, same_place, wait_until_blocked
from tests.integration.test_erasure import content, order
from tests.integration.test_follow import read_model
from tests.integration.test_proofs import roll_back_to_two

COMMITTER = "quanze committer"


@pytest.fixture
def two(database: Database) -> Iterator[tuple[Committer, Committer]]:
    """Yield two writers on one log, as two processes have them."""
    both = [Committer(database.dsn, database.log_id, database.signer.origin) for _ in range(2)]
    yield both[0], both[1]
    for committer in both:
        committer.close()


@pytest.fixture
def quiet() -> Iterator[None]:
    """Render no logged errors: with all that a traceback of such acts shows, each takes seconds."""
    with capture_logs():
        yield


def outcome(future: Future[Appended]) -> Appended | BaseException:
    failed = future.exception(timeout=60)
    return failed if failed is not None else future.result()


def receipts(futures: Sequence[Future[Appended]]) -> list[Receipt]:
    return [receipt for future in futures for receipt in future.result(timeout=60).receipts]


# Two processes


def test_batches_of_two_processes_are_whole_and_in_one_order(
    two: tuple[Committer, Committer], database: Database
) -> None:
    """Each batch stands at consecutive positions, whoever else commits meanwhile; full tiles are made by both."""
    sizes = [1, 7, 60] * 20

    def post(number: int) -> list[int]:
        acts = tuple(draft(f"b{number}.{n}") for n in range(sizes[number]))
        return [receipt.position for receipt in receipts([two[number % 2].submit(Request(acts))])]

    with ThreadPoolExecutor(12) as pool:
        batches = list(pool.map(post, range(len(sizes))))
    for batch in batches:
        assert batch == list(range(batch[0], batch[0] + len(batch)))
    assert sorted(position for batch in batches for position in batch) == list(range(1, sum(sizes) + 1))
    assert positions(database) == list(range(1, sum(sizes) + 1))


def test_acts_posted_to_two_processes_at_once_are_recorded_once_and_both_are_told_where(
    two: tuple[Committer, Committer], database: Database
) -> None:
    requests = [Request(tuple(draft(f"r{number}.{n}") for n in range(number % 5 + 1))) for number in range(60)]
    acts = sum(len(request.drafts) for request in requests)
    orders = [random.Random(seed).sample(range(60), 60) for seed in (1, 2)]

    def post(which: int) -> dict[int, list[Receipt]]:
        futures = {number: two[which].submit(requests[number]) for number in orders[which]}
        return {number: receipts([future]) for number, future in futures.items()}

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(post, (0, 1))
    for number in range(60):
        for one, other in zip(first[number], second[number], strict=True):
            assert same_place(one, other)
            assert sorted((one.status, other.status)) == ["duplicate", "recorded"]
    assert positions(database) == list(range(1, acts + 1))


def test_a_key_raced_with_other_content_is_the_first_ones(two: tuple[Committer, Committer], database: Database) -> None:
    """The loser's whole batch is refused: the act beside the taken key is recorded under neither of its names."""

    def post(which: int, number: int) -> Future[Appended]:
        content = b'{"from":%d}' % which
        return two[which].submit(
            Request((draft(f"k{number}", payload=content), draft(f"beside{number}.{which}", payload=content)))
        )

    with ThreadPoolExecutor(2) as pool:
        raced = [list(pool.map(post, (0, 1), (number, number))) for number in range(40)]
    for number, futures in enumerate(raced):
        answers = [outcome(future) for future in futures]
        won = [isinstance(answer, Appended) for answer in answers].index(True)
        refused = answers[1 - won]
        assert isinstance(refused, KeyTaken)
        with psycopg.connect(database.dsn) as connection:
            stored = connection.execute(
                "SELECT id, payload FROM ledger.entries WHERE id = %s OR id LIKE %s ORDER BY position",
                (f"k{number}", f"beside{number}.%"),
            ).fetchall()
        content = b'{"from":%d}' % won
        assert stored == [(f"k{number}", content), (f"beside{number}.{won}", content)]
    assert positions(database) == list(range(1, 81))


def test_of_conditions_raced_by_two_processes_one_holds(two: tuple[Committer, Committer], database: Database) -> None:
    """What a process remembers of the log must not hide what the other has recorded since."""
    last = 0
    for number in range(30):
        tag = f"grant:G{number}"
        condition = DCBAppendCondition(DCBQuery([DCBQueryItem(tags=[tag])]), after=last or None)
        futures = [
            two[which].submit(Request((draft(f"c{number}.{which}", tags=(tag,)),), condition))
            for which in random.Random(number).sample((0, 1), 2)
        ]
        answers = [outcome(future) for future in futures]
        assert sorted(type(answer).__name__ for answer in answers) == ["Appended", "Conflict"]
        last = max(answer.tree.size for answer in answers if isinstance(answer, Appended))
        late = two[number % 2].submit(Request((draft(f"late{number}", tags=(tag,)),), condition))
        assert isinstance(late.exception(timeout=10), Conflict)
    assert positions(database) == list(range(1, 31))


def test_a_condition_sees_what_another_process_recorded_before_it_was_asked(
    two: tuple[Committer, Committer],
) -> None:
    mine, other = two
    query = DCBQuery([DCBQueryItem(tags=["grant:G"])])
    receipts([mine.submit(Request((draft("mine"),)))])
    receipts([other.submit(Request((draft("theirs", tags=("grant:G",)),)))])
    receipts([mine.submit(Request((draft("mine again"),)))])
    for after in (None, 1):
        refused = mine.submit(Request((draft("late"),), DCBAppendCondition(query, after)))
        assert isinstance(refused.exception(timeout=10), Conflict)
    assert receipts([mine.submit(Request((draft("late"),), DCBAppendCondition(query, 2)))])[0].position == 4


# Duplicates


def test_the_same_act_in_two_requests_of_one_commit_is_recorded_once(ledger: TestLedger, database: Database) -> None:
    with held_head(database):
        first = ledger.ledger.recorder.submit(Request((draft("a"), draft("b"))))
        second = ledger.ledger.recorder.submit(Request((draft("c"), draft("b"), draft("a"), draft("b"))))
        third = ledger.ledger.recorder.submit(Request((draft("d"), draft("c", payload=b'{"other":1}'))))
        fourth = ledger.ledger.recorder.submit(Request((draft("d"),)))
        wait_until_blocked(database, COMMITTER)
    kept, again = receipts([first]), receipts([second])
    assert [each.position for each in kept] == [1, 2]
    assert [(each.id, each.position, each.status) for each in again] == [
        ("c", 3, "recorded"),
        ("b", 2, "duplicate"),
        ("a", 1, "duplicate"),
        ("b", 2, "duplicate"),
    ]
    assert same_place(again[2], kept[0])
    assert isinstance(third.exception(timeout=10), KeyTaken)
    assert [(each.position, each.status) for each in receipts([fourth])] == [(4, "recorded")], "its copy was refused"


def test_two_contents_under_one_key_in_one_batch_are_refused_together(ledger: TestLedger, database: Database) -> None:
    both = Request((draft("before"), draft("a", payload=b'{"n":1}'), draft("a", payload=b'{"n":2}')))
    refused = ledger.ledger.recorder.submit(both).exception(timeout=10)
    assert isinstance(refused, KeyTaken)
    assert positions(database) == []


def test_a_batch_sent_again_with_more_in_it_records_what_is_new(ledger: TestLedger) -> None:
    ledger.submit(Request((draft("a"), draft("b"), draft("c"))))
    again = ledger.submit(Request((draft("x"), draft("b"), draft("y"), draft("a"))))
    assert [(each.position, each.status) for each in again] == [
        (4, "recorded"),
        (2, "duplicate"),
        (5, "recorded"),
        (1, "duplicate"),
    ]


# Poison

POISONS = {
    "a NUL in an id": draft("bad\0id"),
    "a NUL in a tag": draft("tag", tags=("project:\0",)),
    "half a character in a type": draft("half", type="x.\ud800"),
    "half a character in a tag": draft("half tag", tags=("project:\udfff",)),
    "an id too long for its index": draft("".join(random.Random(1).choices("0123456789abcdef", k=9_000))),
    "a leaf too large": draft("large", type="x" * 70_000),
}
"""Acts that admission lets nobody post: they come by the back door."""


@pytest.mark.usefixtures("quiet")
def test_many_poisons_in_one_commit_hurt_only_their_posters(ledger: TestLedger, database: Database) -> None:
    good = [Request(tuple(draft(f"g{number}.{n}") for n in range(number % 3 + 1))) for number in range(60)]
    poisoned = [Request((draft(f"beside {number}"), poison)) for number, poison in enumerate(POISONS.values())]
    mixed = [*good, *poisoned]
    random.Random(7).shuffle(mixed)
    with held_head(database):
        futures = [(request, ledger.ledger.recorder.submit(request)) for request in mixed]
        wait_until_blocked(database, COMMITTER)
    recorded: list[int] = []
    for request, future in futures:
        if request in poisoned:
            assert future.exception(timeout=30) is not None
        else:
            recorded += [receipt.position for receipt in receipts([future])]
    assert recorded == list(range(1, len(recorded) + 1)), "in the order in which they came"
    assert positions(database) == recorded


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", POISONS)
def test_a_poison_is_refused_for_good_and_the_next_request_is_recorded(ledger: TestLedger, name: str) -> None:
    """Told as something to come back for, it would be posted for ever."""
    refused = ledger.ledger.recorder.submit(Request((POISONS[name],))).exception(timeout=10)
    assert refused is not None
    assert type(refused).__name__ != "Unavailable"
    assert ledger.submit(Request((draft("next"),)))[0].position == 1


# Clocks


def test_recorded_at_goes_back_in_no_process_when_the_clock_does(
    two: tuple[Committer, Committer], database: Database
) -> None:
    """The clock was two seconds ahead and was set right: PostgreSQL's is older than the head for that long."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("UPDATE ledger.heads SET recorded_at = clock_timestamp() + interval '2 seconds'")
    found: list[Receipt] = []
    while not found or found[-1].recorded_at == found[0].recorded_at:
        found += receipts([two[len(found) % 2].submit(Request((draft(f"t{len(found)}"),)))])
    times = [each.recorded_at for each in found]
    assert times == sorted(times)
    assert len(found) > 2, "some were recorded while the clock was behind"
    assert datetime.fromisoformat(times[-1]) <= datetime.now(UTC), "then the clock is followed again"


def test_a_time_ahead_of_the_clock_is_said(ledger: TestLedger, database: Database) -> None:
    assert not ledger.submit(Request((draft("on time"),)))[0].flags
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("UPDATE ledger.heads SET recorded_at = clock_timestamp() + interval '1 day'")
    receipt = ledger.submit(Request((draft("a"),)))[0]
    assert datetime.fromisoformat(receipt.recorded_at) > datetime.now(UTC) + timedelta(hours=23)
    assert receipt.flags == ["clock_went_back"]


# Signing


def test_two_processes_that_sign_at_once_give_one_note_per_size(ledger: TestLedger, database: Database) -> None:
    key = VerifierKey.parse(database.signer.vkey)
    stop = threading.Event()
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())) as other:

        def sign(checkpoints: Checkpoints) -> list[Checkpoint]:
            seen: list[Checkpoint] = []
            while not stop.is_set():
                seen.append(checkpoints.newest())
            return seen

        with ThreadPoolExecutor(6) as pool:
            signing = [pool.submit(sign, own.checkpoints) for own in (ledger.ledger, other) for _ in range(3)]
            try:
                for number in range(150):
                    ledger.submit(Request((draft(f"s{number}"),)))
            finally:
                stop.set()
            signed = [each for future in signing for each in future.result(timeout=30)]
    notes = {(each.size, each.note) for each in signed}
    assert len({size for size, _ in notes}) == len(notes) > 10
    assert all(open_checkpoint(note.encode(), key).size == size for size, note in notes)


def test_a_larger_head_signed_meanwhile_is_no_roll_back(ledger: TestLedger, database: Database) -> None:
    """
    The signer waits between reading the head and looking at what was signed; another process signs the next size.

    The lock stands for any pause there: what is signed under it is what the other process would sign.
    """
    ledger.submit(Request((draft("a"),)))
    with psycopg.connect(database.dsn) as other, ThreadPoolExecutor(1) as pool:
        other.execute("LOCK TABLE ledger.checkpoints IN ACCESS EXCLUSIVE MODE")
        signing = pool.submit(ledger.ledger.checkpoints.newest)
        wait_until_blocked(database, "quanze ledger")
        ledger.submit(Request((draft("b"),)))
        row = other.execute("SELECT size, root FROM ledger.heads").fetchone()
        assert row is not None
        note = database.signer.sign(checkpoint_body(database.signer.origin, *row)).decode()
        other.execute("INSERT INTO ledger.checkpoints VALUES (1, %s, %s, %s)", (*row, note))
        other.commit()
        assert signing.result(timeout=10).size in (1, 2)
    assert ledger.ledger.readiness() is None


def test_a_log_that_was_rolled_back_and_grew_again_is_not_signed(ledger: TestLedger, database: Database) -> None:
    """A restored dump goes on: its size passes the one that was signed, and it is another log."""
    for number in range(3):
        ledger.submit(Request((draft(f"old{number}"),)))
    assert ledger.ledger.checkpoints.newest().size == 3
    roll_back_to_two(database)
    for number, size in enumerate((3, 4), 1):
        assert ledger.submit(Request((draft(f"new{number}"),)))[0].position == size
        for _ in range(2):
            with pytest.raises(Corrupt):
                ledger.ledger.checkpoints.newest()
    with psycopg.connect(database.dsn) as connection:
        signed = connection.execute("SELECT max(size) FROM ledger.checkpoints").fetchone()
    assert signed == (3,)


# Erasure


def test_a_restored_dump_is_erased_again_and_its_read_models_agree(ledger: TestLedger, database: Database) -> None:
    """The dump is from after the order and before it was carried out: the content comes back with it."""
    kept, erased = (event("contract.sign", f"project:P{n}", "person:A", amount="10.00", object="C") for n in (1, 2))
    ledger.post([kept, erased, order(erased)])
    name = f"quanze_restored_{uuid4().hex[:8]}"
    restored = Database(on(database.dsn, name), database.signer)
    execute(database.dsn, "CREATE DATABASE {}", name)
    try:
        restore(database.dsn, restored.dsn)
        ledger.ledger.erase()
        assert content(restored) == [(1, False), (2, False), (3, False)]
        with Ledger(Settings(dsn=restored.dsn, signing_key=restored.signer.text())):
            assert content(restored) == content(database) == [(1, False), (2, True), (3, False)]
        require_intact(restored)
        with Projector(ProjectorSettings(dsn=restored.dsn, poll_seconds=0.1, judges=False)) as projector:
            assert projector.wait_for(3, 10)
            before = read_model(restored.dsn)
            projector.rebuild(restored.dsn)
            assert projector.wait_for(3, 10)
            assert read_model(restored.dsn) == before
            assert any("person:A" in row for row in before["acts"])
    finally:
        execute(database.dsn, "DROP DATABASE {} WITH (FORCE)", name)


def restore(source: str, target: str) -> None:
    """Copy a database as an operator does: by `pg_dump` and `psql`."""
    try:
        programs = find_binaries()
    except BinariesMissing as exc:
        pytest.skip(str(exc))
    dumped = subprocess.run([programs / "pg_dump", source], capture_output=True, check=False)
    if b"server version mismatch" in dumped.stderr:
        pytest.skip(dumped.stderr.decode())
    assert dumped.returncode == 0, dumped.stderr.decode()
    run = [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", target]
    subprocess.run(run, input=dumped.stdout, stdout=subprocess.DEVNULL, check=True)
