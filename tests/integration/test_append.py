"""Appending: order, duplicates, all or nothing, decisions."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery, DCBQueryItem

from contracts.proof import payload_commitment
from ledger.acts import Draft, Receipt, Request, base64
from ledger.append import append
from ledger.committer import QUEUE_BYTES_MAX, Committer
from ledger.errors import BadRequest, Conflict, KeyTaken, NameTaken, QueueFull, Unavailable
from tests.conftest import Database, TestLedger
from tests.events import event


def draft(id: str, *, tags: tuple[str, ...] = (), type: str = "project.open", payload: bytes = b"{}") -> Draft:
    return Draft(
        source="urn:test",
        id=id,
        type=type,
        subject="project:P1",
        time="2026-03-02T09:30:00Z",
        actor="person:P1",
        tags=tags,
        payload=payload,
    )


def test_positions_count_from_one_without_gaps(ledger: TestLedger) -> None:
    receipts = ledger.post([event("project.open", "project:P1", "person:P1") for _ in range(5)])
    assert [receipt.position for receipt in receipts] == [1, 2, 3, 4, 5]
    assert ledger.post([event("project.open", "project:P2", "person:P1")])[0].position == 6


def test_no_reader_sees_a_later_position_before_an_earlier_one(ledger: TestLedger, database: Database) -> None:
    """One writer holds its transaction open; the second waits for it instead of overtaking."""
    held = psycopg.connect(database.dsn, application_name="held")
    held.execute("SET ROLE quanze_writer")
    outcomes = append(held, database.log_id, database.signer.origin, [Request((draft("first"),))]).outcomes
    assert not isinstance(outcomes[0], Exception)
    assert outcomes[0].receipts[0].position == 1

    second = ledger.ledger.recorder.submit(Request((draft("second"),)))
    wait_until_blocked(database, "quanze committer")
    assert positions(database) == []
    assert not second.done()

    held.commit()
    held.close()
    assert second.result(timeout=10).receipts[0].position == 2
    assert positions(database) == [1, 2]


def test_a_writer_that_gives_up_leaves_no_gap(ledger: TestLedger, database: Database) -> None:
    with psycopg.connect(database.dsn) as held:
        held.execute("SET ROLE quanze_writer")
        append(held, database.log_id, database.signer.origin, [Request((draft("lost"),))])
        waiting = ledger.ledger.recorder.submit(Request((draft("kept"),)))
        wait_until_blocked(database, "quanze committer")
        held.rollback()
    assert waiting.result(timeout=10).receipts[0].position == 1


def test_readers_see_a_gapless_prefix_under_concurrent_writers(ledger: TestLedger, database: Database) -> None:
    other = Committer(database.dsn, database.log_id, database.signer.origin)
    stop = threading.Event()
    seen: list[list[int]] = []

    def read() -> None:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            while not stop.is_set():
                rows = connection.execute("SELECT position FROM ledger.entries ORDER BY position DESC LIMIT 40")
                seen.append([row[0] for row in rows])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with ThreadPoolExecutor(16) as pool:
            jobs = [
                pool.submit((ledger.ledger.recorder if n % 2 else other).submit, Request((draft(f"c{n}"),)))
                for n in range(400)
            ]
            results = sorted(job.result().result(timeout=30).receipts[0].position for job in jobs)
    finally:
        stop.set()
        reader.join()
        other.close()
    assert results == list(range(1, 401))
    assert seen
    for page in seen:
        assert page == list(range(page[0], page[0] - len(page), -1)) if page else True
        assert not page or page[-1] == max(1, page[0] - 39)


def test_recorded_at_never_goes_back(ledger: TestLedger, database: Database) -> None:
    """The head may be ahead of this machine's clock: another machine's was faster."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("UPDATE ledger.heads SET recorded_at = now() + interval '1 hour'")
    first, second = ledger.submit(Request((draft("a"),)))[0], ledger.submit(Request((draft("b"),)))[0]
    assert second.recorded_at >= first.recorded_at
    assert first.recorded_at > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3000))


def test_the_same_act_twice_is_one_entry_with_one_receipt(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1", title="校舍维修")
    first = ledger.post([act])[0]
    second = ledger.post([act])[0]
    assert (first.status, second.status) == ("recorded", "duplicate")
    assert same_place(first, second)
    assert positions(database) == [1]


def test_the_same_value_written_otherwise_is_a_duplicate(ledger: TestLedger) -> None:
    act = event("project.open", "project:P1", "person:P1", title="校舍维修", public_service=True)
    first = ledger.post([act])[0]
    rewritten = json.loads(json.dumps(act))
    rewritten["data"] = dict(reversed(list(rewritten["data"].items())))
    assert same_place(first, ledger.post([rewritten])[0])


def test_the_same_key_with_other_content_is_refused_with_both_hmacs(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1", title="甲")
    ledger.post([act])
    other = {**act, "data": {"title": "乙"}}
    with pytest.raises(KeyTaken) as refused:
        ledger.post([other])
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT salt, payload FROM ledger.entries").fetchone()
    assert row is not None
    assert refused.value.stored == base64(payload_commitment(row[0], row[1]))
    assert refused.value.posted != refused.value.stored
    assert positions(database) == [1]


def test_a_duplicate_inside_one_batch_is_one_entry(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1")
    receipts = ledger.post([act, act])
    assert [receipt.status for receipt in receipts] == ["recorded", "duplicate"]
    assert same_place(*receipts)
    assert positions(database) == [1]


def test_one_key_with_two_contents_in_a_request_is_recorded_nowhere(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1", title="甲")
    with pytest.raises(KeyTaken, match="stands twice in this request") as refused:
        ledger.post([event("project.open", "project:P2", "person:P1"), act, {**act, "data": {"title": "乙"}}])
    assert refused.value.position is None
    assert [fault.pointer for fault in refused.value.faults] == ["/2/id"]
    assert positions(database) == []


def test_after_erasure_a_retry_gets_the_first_receipt_uncompared(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1", title="甲")
    first = ledger.post([act])[0]
    database.tampered = True  # gone without an order
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        connection.execute("UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 1")
    again = ledger.post([{**act, "data": {"title": "乙"}}])[0]
    assert same_place(first, again)
    assert (again.status, again.content) == ("duplicate", "erased")


def test_a_batch_with_one_bad_act_stores_nothing(ledger: TestLedger, database: Database) -> None:
    good = event("project.open", "project:P1", "person:P1")
    bad = event("pay.apply", "project:P1", "unit:U1", amount="1.234")
    with pytest.raises(BadRequest) as refused:
        ledger.post([good, bad, good])
    assert [fault.pointer for fault in refused.value.faults] == ["/1/actor", "/1/data/amount"]
    assert positions(database) == []


def test_a_refused_request_does_not_disturb_its_neighbours(ledger: TestLedger, database: Database) -> None:
    """All three wait together and go into one transaction."""
    ledger.post([event("project.open", "project:P0", "person:P1", attributes={"id": "taken"})])
    query = DCBQuery([DCBQueryItem(tags=["project:P0"])])
    with held_head(database):
        futures = [
            ledger.ledger.recorder.submit(request)
            for request in (
                Request((draft("one"),)),
                Request((draft("taken", payload=b'{"other": 1}'), draft("never"))),
                Request((draft("two"),), DCBAppendCondition(query)),
                Request((draft("three"),)),
            )
        ]
        wait_until_blocked(database, "quanze committer")
    assert futures[0].result(timeout=10).receipts[0].position == 2
    assert isinstance(futures[1].exception(timeout=10), KeyTaken)
    assert isinstance(futures[2].exception(timeout=10), Conflict)
    assert futures[3].result(timeout=10).receipts[0].position == 3


def test_a_condition_sees_what_waits_before_it_in_the_same_commit(ledger: TestLedger, database: Database) -> None:
    condition = DCBAppendCondition(DCBQuery([DCBQueryItem(tags=["grant:G1"])]))
    with held_head(database):
        first = ledger.ledger.recorder.submit(Request((draft("a", tags=("grant:G1",)),), condition))
        second = ledger.ledger.recorder.submit(Request((draft("b", tags=("grant:G1",)),), condition))
        wait_until_blocked(database, "quanze committer")
    assert first.result(timeout=10).receipts[0].position == 1
    assert isinstance(second.exception(timeout=10), Conflict)


def test_a_poison_act_hurts_only_its_poster(ledger: TestLedger, database: Database) -> None:
    """A NUL gets past no admission; here it comes by the back door, and PostgreSQL refuses the row."""
    with held_head(database):
        good = ledger.ledger.recorder.submit(Request((draft("good"),)))
        poison = ledger.ledger.recorder.submit(Request((draft("bad\0id"),)))
        better = ledger.ledger.recorder.submit(Request((draft("better"),)))
        wait_until_blocked(database, "quanze committer")
    assert good.result(timeout=10).receipts[0].position == 1
    assert poison.exception(timeout=10) is not None
    assert better.result(timeout=10).receipts[0].position == 2


def test_text_that_is_no_unicode_hurts_only_its_poster(ledger: TestLedger, database: Database) -> None:
    with held_head(database):
        first = ledger.ledger.recorder.submit(Request((draft("first"),)))
        wait_until_blocked(database, "quanze committer")
        waiting = {
            id: ledger.ledger.recorder.submit(Request((draft(id),))) for id in ("a", "\ud800", "b", "\udfff", "c")
        }
    assert first.result(timeout=10).receipts[0].position == 1
    refused = [id for id, future in waiting.items() if future.exception(timeout=10) is not None]
    assert refused == ["\ud800", "\udfff"]
    assert positions(database) == [1, 2, 3, 4]


def test_whoever_gives_up_before_the_commit_is_not_recorded_and_stops_nobody(
    ledger: TestLedger, database: Database
) -> None:
    with held_head(database):
        first = ledger.ledger.recorder.submit(Request((draft("first"),)))
        wait_until_blocked(database, "quanze committer")
        assert not first.cancel()  # its commit is under way
        given_up = ledger.ledger.recorder.submit(Request((draft("given-up"),)))
        patient = ledger.ledger.recorder.submit(Request((draft("patient"),)))
        assert given_up.cancel()
    assert first.result(timeout=10).receipts[0].position == 1
    assert patient.result(timeout=10).receipts[0].position == 2
    assert positions(database) == [1, 2]


def test_bytes_that_wait_are_bounded_too(database: Database) -> None:
    committer = Committer(database.dsn, database.log_id, database.signer.origin)
    large = b'"' + b"x" * (60 * 1024) + b'"'
    many = QUEUE_BYTES_MAX // len(large)
    try:
        with held_head(database):
            taken = committer.submit(Request((draft("0"),)))
            wait_until_blocked(database, "quanze committer")
            waiting = [committer.submit(Request((draft(f"q{n}", payload=large),))) for n in range(many)]
            with pytest.raises(QueueFull):
                committer.submit(Request((draft("too much", payload=large),)))
        assert taken.result(timeout=10).receipts[0].position == 1
        assert [each.result(timeout=60).receipts[0].position for each in waiting] == list(range(2, many + 2))
    finally:
        committer.close()


def test_a_full_queue_refuses_instead_of_growing(database: Database) -> None:
    committer = Committer(database.dsn, database.log_id, database.signer.origin, queue_acts_max=3)
    try:
        with held_head(database):
            taken = committer.submit(Request((draft("0"),)))
            wait_until_blocked(database, "quanze committer")
            waiting = [committer.submit(Request((draft(f"q{n}"),))) for n in range(3)]
            with pytest.raises(QueueFull):
                committer.submit(Request((draft("too many"),)))
        assert taken.result(timeout=10).receipts[0].position == 1
        assert [each.result(timeout=10).receipts[0].position for each in waiting] == [2, 3, 4]
    finally:
        committer.close()


def test_a_lost_database_is_said_and_service_resumes_by_itself(ledger: TestLedger, database: Database) -> None:
    ledger.submit(Request((draft("before"),)))
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'quanze committer' AND datname = current_database()"
        )
    with pytest.raises(Unavailable):
        ledger.submit(Request((draft("during"),)))
    assert ledger.submit(Request((draft("after"),)))[0].position == 2


def test_tiles_are_stored_as_they_fill(ledger: TestLedger, database: Database) -> None:
    for start in range(0, 700, 100):
        ledger.submit(Request(tuple(draft(f"t{start + n}") for n in range(100))))
    with psycopg.connect(database.dsn) as connection:
        tiles = connection.execute("SELECT level, index FROM ledger.tiles ORDER BY level, index").fetchall()
    assert tiles == [(0, 0), (0, 1)]


# Decisions


def grant(name: str, **data: object) -> dict[str, object]:
    act = event("auth.grant", f"grant:{name}", "person:P1", grant=f"grant:{name}", grantee="person:P2")
    act["data"] |= data
    return act


def test_a_second_grant_under_one_name_is_refused(ledger: TestLedger) -> None:
    ledger.post([grant("G1")])
    with pytest.raises(NameTaken, match="grant:G1"):
        ledger.post([grant("G1", ceiling_item="5.00")])


def test_a_root_and_a_grant_share_one_space_of_names(ledger: TestLedger) -> None:
    ledger.post([event("auth.vest", "grant:R", "person:P1", grant="grant:R", holder="person:P1")])
    with pytest.raises(NameTaken):
        ledger.post([grant("R")])


def test_two_grants_of_one_name_in_one_batch_are_refused_together(ledger: TestLedger, database: Database) -> None:
    with pytest.raises(NameTaken):
        ledger.post([grant("G1"), grant("G1")])
    assert positions(database) == []


def test_a_retried_grant_is_not_refused_by_its_own_first_copy(ledger: TestLedger) -> None:
    act = grant("G1")
    first = ledger.post([act])[0]
    assert same_place(first, ledger.post([act])[0])


def test_a_grant_that_names_another_as_parent_takes_no_name_but_its_own(ledger: TestLedger) -> None:
    ledger.post([grant("child", parent="grant:mother", supersedes="grant:aunt")])
    assert ledger.post([grant("mother"), grant("aunt")])[1].position == 3


def test_only_one_of_many_simultaneous_grants_of_a_name_is_recorded(ledger: TestLedger, database: Database) -> None:
    def attempt(n: int) -> Receipt | Exception:
        try:
            return ledger.post([grant("G1", note=str(n))])[0]
        except (NameTaken, Conflict) as refused:
            return refused

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == 1
    assert positions(database) == [1]


def test_a_revocation_of_an_unknown_grant_is_recorded(ledger: TestLedger) -> None:
    """It may have been granted on paper, or come in the wrong order: readers judge it."""
    revoke = event("auth.revoke", "grant:G9", "person:P1", grant="grant:G9", reason="岗位调整")
    assert ledger.post([revoke])[0].position == 1


def link(account: str, person: str, **envelope: object) -> dict[str, object]:
    return event("account.link", person, "system:hr", account=account, person=person, attributes=dict(envelope) or None)


def test_an_account_live_on_another_person_is_not_linked_again(ledger: TestLedger) -> None:
    ledger.post([link("account:oa/w1", "person:P1")])
    with pytest.raises(NameTaken, match="account:oa/w1"):
        ledger.post([link("account:oa/w1", "person:P2")])
    assert ledger.post([link("account:oa/w1", "person:P1")])[0].position == 2  # the same person again says nothing new


def test_an_unlinked_account_can_be_linked_to_another_person(ledger: TestLedger) -> None:
    ledger.post([link("account:oa/w1", "person:P1")])
    ledger.post([event("account.unlink", "person:P1", "system:hr", account="account:oa/w1")])
    assert ledger.post([link("account:oa/w1", "person:P2")])[0].position == 3


def test_a_link_withdrawn_as_an_error_does_not_bar_the_right_one(ledger: TestLedger) -> None:
    wrong = link("account:oa/w1", "person:P1")
    ledger.post([wrong])
    corrects = {"source": wrong["source"], "id": wrong["id"]}
    ledger.post([event("act.correct", "person:P1", "system:hr", corrects=corrects, void=True, reason="录入错误")])
    assert ledger.post([link("account:oa/w1", "person:P2")])[0].position == 3


# How the tests look at a database


class held_head:  # noqa: N801 - reads as what it does
    """Hold the head's lock, so that everything submitted meanwhile waits for one transaction."""

    def __init__(self, database: Database) -> None:
        self._connection = psycopg.connect(database.dsn, application_name="held head")

    def __enter__(self) -> None:
        self._connection.execute("SELECT 1 FROM ledger.heads FOR UPDATE")

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()
        self._connection.close()


def wait_until_blocked(database: Database, application: str) -> None:
    """Wait until a connection of this name waits for a lock; fail after ten seconds."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 10
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(query, (application,)).fetchone()
            if row and row[0]:
                return
            time.sleep(0.005)
    pytest.fail(f"{application} never waited for a lock")


def positions(database: Database) -> list[int]:
    with psycopg.connect(database.dsn) as connection:
        rows = connection.execute("SELECT position FROM ledger.entries ORDER BY position").fetchall()
    return [row[0] for row in rows]


def same_place(first: Receipt, second: Receipt) -> bool:
    return (first.position, first.leaf_hash, first.recorded_at, first.source, first.id) == (
        second.position,
        second.leaf_hash,
        second.recorded_at,
        second.source,
        second.id,
    )
