"""The full check against a log in memory: every byte of what is stored, and logs forged with the log's own key."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from contracts.moments import format_instant
from contracts.proof import VerifierKey
from ledger.main import Ledger
from ledger.settings import Settings
from ledger.signer import SigningKey
from quanze.check_state import State
from quanze.database_check import database_log
from quanze.full_check import Checked, check_log
from quanze.log_to_check import Entry, Log, SignedHead
from tests.conftest import Database, TestLedger, execute, on
from tests.events import event
from tests.kept_log import forged, kept, with_entry, with_head_of

SIZE, SIZES = 300, (5, 100, 256, 300)

T = TypeVar("T")


@pytest.fixture(scope="module")
def entries(server: str, template: str, signer: SigningKey) -> Iterator[list[Entry]]:
    """Yield the rows of a real log of 300 acts."""
    name = f"quanze_forged_{uuid4().hex[:8]}"
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    dsn = on(server, name)
    with Ledger(Settings(dsn=dsn, signing_key=signer.text())) as ledger:
        TestLedger(Database(dsn, signer), ledger).post(
            [
                event("contract.sign", f"project:P{n}", "person:P1", contract=f"C-{n}", supplier="supplier:V1")
                for n in range(SIZE)
            ]
        )
    with psycopg.connect(dsn) as connection:
        yield list(database_log(connection, 1).entries(0))
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def log(entries: list[Entry], signer: SigningKey) -> Log:
    return kept(entries, signer, SIZES)


def key_of(signer: SigningKey) -> VerifierKey:
    return VerifierKey.parse(signer.vkey)


def remembered(log: Log) -> State:
    """Return what a check of this log remembers at its end."""
    states: list[State] = []
    assert check_log(log, remember=states.append).fault is None
    return states[-1]


def always(value: T) -> Callable[..., T]:
    return lambda *_: value


def by_level(tiles: Mapping[int, bytes | None]) -> Callable[[int, int, int], bytes | None]:
    return lambda level, _index, _width: tiles[level]


def turned(value: bytes) -> Iterator[bytes]:
    """Yield the value with one bit turned, for each of its bytes."""
    for at in range(len(value)):
        yield value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


def test_what_was_read_from_a_real_log_verifies(log: Log) -> None:
    assert check_log(log) == Checked(log.origin, SIZE, len(SIZES), 0)


@pytest.mark.parametrize("column", ["leaf", "leaf_hash", "salt", "payload"])
def test_every_byte_of_an_entry_counts(entries: list[Entry], signer: SigningKey, column: str) -> None:
    since = remembered(kept(entries, signer, [5], 6))
    log = kept(entries, signer, [5, 20], 20)
    for value in turned(getattr(entries[6], column)):
        checked = check_log(with_entry(log, replace(entries[6], **{column: value})), since=since)
        assert checked.fault is not None
        assert checked.position == 7


def test_every_byte_of_a_checkpoint_counts(entries: list[Entry], signer: SigningKey) -> None:
    log = kept(entries, signer, [5, 20], 20)
    (head, _) = log.checkpoints()
    for note in turned(head.note):
        checked = check_log(with_head_of(log, 5, lambda head, note=note: replace(head, note=note)), [key_of(signer)])
        assert checked.fault is not None
        assert checked.position == 5
    for root in turned(head.root):
        assert check_log(with_head_of(log, 5, lambda head, root=root: replace(head, root=root))).position == 5


def test_every_byte_of_a_tile_and_of_its_root_counts(entries: list[Entry], signer: SigningKey) -> None:
    since = remembered(kept(entries, signer, [255], 255))
    log = kept(entries, signer, [255, 256], 256)
    assert check_log(log, since=since).fault is None
    stored = log.tile(0, 0)
    assert stored is not None
    hashes, root = stored
    changed = [(each, root) for each in turned(hashes)] + [(hashes, each) for each in turned(root or b"")]
    assert len(changed) == 8192 + 32
    for at, tile in enumerate(changed):
        checked = check_log(replace(log, tile=always(tile)), since=since)
        assert checked.fault is not None
        assert checked.position == (at // 32 + 1 if at < len(hashes) else 1), "the first act below what is wrong"


def test_every_byte_of_what_is_served_of_the_edge_counts(entries: list[Entry], signer: SigningKey) -> None:
    since = remembered(kept(entries, signer, [], 259))
    log = kept(entries, signer, [260], 260)
    assert check_log(log, since=since).fault is None
    assert log.bundle is not None
    bundle = log.bundle(1, 4) or b""
    for value in [*turned(bundle), bundle[:-1], bundle + b"\0", bundle + b"\0\0", b"", None]:
        checked = check_log(replace(log, bundle=always(value)), since=since)
        assert "entry bundle" in (checked.fault or "")
        assert checked.position in range(257, 261)
    tiles = {level: log.partial_tile(level, 1 - level, 4 - 3 * level) for level in (0, 1) if log.partial_tile}
    for level, hashes in tiles.items():
        first = 257 - 256 * level
        for at, value in [*enumerate(turned(hashes or b"")), (0, None)]:
            served = replace(log, partial_tile=by_level({**tiles, level: value}))
            assert check_log(served, since=since).position == first + at // 32


def test_an_act_written_anew_with_every_hash_is_found_by_the_next_checkpoint(
    entries: list[Entry], signer: SigningKey, log: Log
) -> None:
    changed = [*entries[:6], forged(entries[6], actor="person:P9"), *entries[7:]]
    altered = replace(kept(changed, signer, SIZES), checkpoints=log.checkpoints)
    assert check_log(altered).position == 7, "the event says another actor"
    event = json.loads(entries[6].payload or b"") | {"actor": "person:P9"}
    tags = ["person:P9" if tag == "person:P1" else tag for tag in entries[6].tags or ()]
    changed[6] = replace(forged(entries[6], event, actor="person:P9"), tags=tags)
    assert check_log(kept(changed, signer, SIZES)).fault is None, "in itself it is a log like any other"
    assert check_log(replace(kept(changed, signer, SIZES), checkpoints=log.checkpoints)).position == 100


# Logs whose owner, with the right key, wrote what no ledger writes

Forge = Callable[[list[Entry]], list[Entry]]


def at(position: int, change: Callable[[Entry], Entry]) -> Forge:
    return lambda entries: [*entries[: position - 1], change(entries[position - 1]), *entries[position:]]


def _second_earlier(entry: Entry) -> str:
    said = datetime.fromisoformat(json.loads(entry.leaf)["recorded_at"])
    return format_instant(said - timedelta(seconds=1))


def _same_instant_of_another_offset_earlier(entry: Entry) -> str:
    """As text it comes after; as an instant an hour before."""
    said = datetime.fromisoformat(json.loads(entry.leaf)["recorded_at"])
    return said.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+01:00")


def _recorded_again(entries: list[Entry]) -> list[Entry]:
    first = entries[6]
    again = forged(entries[29], json.loads(first.payload or b""), **(json.loads(first.leaf) | {"position": 30}))
    return [*entries[:29], replace(again, tags=first.tags), *entries[30:]]


FORGERIES: dict[str, tuple[int, Forge]] = {
    "the clock goes back": (30, at(30, lambda each: forged(each, recorded_at=_second_earlier(each)))),
    "the clock goes back, not as text": (
        30,
        at(30, lambda each: forged(each, recorded_at=_same_instant_of_another_offset_earlier(each))),
    ),
    "a time that is none": (30, at(30, lambda each: forged(each, recorded_at="2026-13-02T00:00:00Z"))),
    "recorded by its source after the ledger": (
        30,
        at(
            30,
            lambda each: forged(
                each,
                json.loads(each.payload or b"") | {"recordedtime": "2999-01-01T00:00:00Z"},
                recordedtime="2999-01-01T00:00:00Z",
            ),
        ),
    ),
    "another origin": (30, at(30, lambda each: forged(each, origin="another.example/log"))),
    "another position in the leaf": (30, at(30, lambda each: replace(forged(each, position=31), position=30))),
    "a leaf that says other than its event": (30, at(30, lambda each: forged(each, role="judge"))),
    "an act recorded twice": (30, _recorded_again),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_the_right_key_makes_no_wrong_log_right(entries: list[Entry], signer: SigningKey, what: str) -> None:
    position, forge = FORGERIES[what]
    checked = check_log(kept(forge(entries), signer, SIZES), [key_of(signer)])
    assert checked.fault is not None
    assert checked.position == position, checked.fault


def test_an_act_recorded_twice_is_found_by_a_source_that_looks_itself(entries: list[Entry], signer: SigningKey) -> None:
    log = kept(_recorded_again(entries), signer, SIZES)
    assert check_log(replace(log, repeated=lambda: 30)).position == 30


def test_a_checkpoint_for_another_tree_is_found_by_its_size(entries: list[Entry], signer: SigningKey, log: Log) -> None:
    """Two roots signed for one size: whichever comes second in the list."""
    other = kept(at(7, lambda each: forged(each, actor="person:P9"))(entries), signer, [100])
    heads = [*log.checkpoints(), *other.checkpoints()]
    for both in (heads, heads[::-1]):
        every = sorted(both, key=lambda head: head.size)
        assert check_log(replace(log, checkpoints=always(every))).position == 100


def test_checkpoints_that_are_not_in_the_order_of_sizes_are_not_passed_over(log: Log) -> None:
    heads = list(log.checkpoints())
    assert check_log(replace(log, checkpoints=lambda: [heads[1], heads[0], *heads[2:]])).position == 5


# What an auditor remembers


def test_a_check_goes_on_where_the_one_before_stopped(entries: list[Entry], signer: SigningKey, log: Log) -> None:
    for size in (1, 99, 100, 255, 256, 257, 299, 300):
        since = remembered(kept(entries, signer, [each for each in SIZES if each <= size], size))
        read: list[int] = []

        def noted(after: int, read: list[int] = read) -> Iterator[Entry]:
            for entry in log.entries(after):
                read.append(entry.position)
                yield entry

        states: list[State] = []
        checked = check_log(replace(log, entries=noted), since=since, remember=states.append)
        assert checked == Checked(log.origin, SIZE, len(SIZES), 0, remembered=size)
        assert read == list(range(size + 1, SIZE + 1))
        assert states[-1] == remembered(log), "as if it had never stopped"


def test_a_fork_with_the_right_key_is_found_by_what_was_remembered_alone(
    entries: list[Entry], signer: SigningKey, log: Log
) -> None:
    since = remembered(log)
    last = json.loads(entries[-1].payload or b"") | {"time": "2026-03-03T09:30:00+08:00"}
    fork = kept([*entries[:-1], forged(entries[-1], last, time=last["time"])], signer, SIZES)
    assert check_log(fork, [key_of(signer)]).fault is None, "in itself it is a log like any other"
    checked = check_log(fork, [key_of(signer)], since=since)
    assert checked.fault is not None
    assert checked.position == SIZE
    (*_, before) = log.checkpoints()
    held = [*fork.checkpoints(), before]
    assert check_log(replace(fork, checkpoints=lambda: held)).position == SIZE, "or by an earlier checkpoint"


def test_a_fork_that_grew_since_is_found_too(entries: list[Entry], signer: SigningKey) -> None:
    since = remembered(kept(entries, signer, [100, 200], 200))
    fork = kept(at(150, lambda each: forged(each, subject=each.source))(entries), signer, [100])
    checked = check_log(fork, since=since)
    assert checked.fault is not None
    assert checked.position in (200, 100)


def test_a_log_that_is_shorter_than_what_was_remembered_was_rolled_back(
    entries: list[Entry], signer: SigningKey, log: Log
) -> None:
    since = remembered(log)
    restored = kept(entries, signer, [5, 100], 200)
    assert check_log(restored).fault is None, "an old dump is a log like any other"
    checked = check_log(restored, since=since)
    assert (checked.position, "rolled back" in (checked.fault or "")) == (201, True)


def test_a_checkpoint_signed_late_for_an_old_size_is_proved(entries: list[Entry], signer: SigningKey, log: Log) -> None:
    since = remembered(log)
    later = kept(entries, signer, [5, 50, 100, 256, 300])
    assert check_log(later, since=since) == Checked(log.origin, SIZE, 5, 0, remembered=SIZE)
    other = kept(at(7, lambda each: forged(each, actor="person:P9"))(entries), signer, [50])
    heads = sorted([*log.checkpoints(), *other.checkpoints()], key=lambda head: head.size)
    assert check_log(replace(log, checkpoints=lambda: heads), since=since).position == 50


def test_a_checkpoint_that_was_seen_and_is_gone_is_missed(log: Log) -> None:
    since = remembered(log)
    heads = [head for head in log.checkpoints() if head.size != 100]
    assert check_log(log, since=since).fault is None
    assert check_log(replace(log, checkpoints=lambda: heads), since=since).fault is not None


def test_an_old_checkpoint_that_was_changed_since_is_found(log: Log) -> None:
    since = remembered(log)

    def changed(head: SignedHead) -> SignedHead:
        return replace(head, note=head.note[:-20] + bytes([head.note[-20] ^ 1]) + head.note[-19:])

    assert check_log(with_head_of(log, 100, changed), since=since).position == 100


def test_whoever_is_interrupted_at_once_keeps_what_was_there(entries: list[Entry], signer: SigningKey) -> None:
    since = remembered(kept(entries, signer, [5], 250))
    log = kept(entries, signer, SIZES)

    def broken(after: int) -> Iterator[Entry]:
        for entry in log.entries(after):
            if entry.position == 280:
                raise KeyboardInterrupt
            yield entry

    states: list[State] = []
    with pytest.raises(KeyboardInterrupt):
        check_log(replace(log, entries=broken), since=since, remember=states.append)
    assert states == [since]
    assert check_log(log, since=states[-1]).fault is None


def test_whoever_is_interrupted_goes_on_from_the_last_thousand(entries: list[Entry], signer: SigningKey) -> None:
    one, event = entries[6], json.loads(entries[6].payload or b"")
    many = [
        forged(one, event | {"id": f"n{position}"}, id=f"n{position}", position=position)
        for position in range(1, 2_501)
    ]
    log = kept(many, signer, [700, 1_500, 2_500])

    def broken(after: int) -> Iterator[Entry]:
        for entry in log.entries(after):
            if entry.position == 1_800:
                raise KeyboardInterrupt
            yield entry

    states: list[State] = []
    seen: list[tuple[int, int]] = []
    with pytest.raises(KeyboardInterrupt):
        check_log(
            replace(log, entries=broken),
            remember=states.append,
            progress=lambda position, signed: seen.append((position, signed)),
        )
    assert [state.size for state in states] == [1_000]
    assert seen == [(1_000, 1)]
    checked = check_log(log, since=states[0], remember=states.append)
    assert checked == Checked(log.origin, 2_500, 3, 0, remembered=1_000)
    assert states[-1] == remembered(log)


def test_what_was_checked_is_handed_over_every_ten_thousand(entries: list[Entry], signer: SigningKey) -> None:
    one, event = entries[6], json.loads(entries[6].payload or b"")
    many = [forged(one, event | {"id": f"n{at}"}, id=f"n{at}", position=at) for at in range(1, 10_002)]
    states: list[State] = []
    assert check_log(kept(many, signer, [10_001]), remember=states.append).fault is None
    assert [state.size for state in states] == [10_000, 10_001]


def test_keys_of_other_logs_beside_the_right_one_do_not_matter(log: Log, signer: SigningKey) -> None:
    other = VerifierKey.parse(SigningKey(bytes(32), "another.example/log").vkey)
    assert check_log(log, [other, key_of(signer)]).fault is None
    assert check_log(log, [other]).position == 1
