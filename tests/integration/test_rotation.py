"""A log changes its key while it runs, and wherever the change is cut short."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from contracts.proof import (
    ProofFailed,
    Rotation,
    Trust,
    VerifierKey,
    extend_trust,
    open_checkpoint,
    parse_key,
    parse_rotations,
    verify_document,
)
from ledger import rotation
from ledger.checkpoint import Checkpoints
from ledger.errors import BadRequest, Corrupt, Rejected, Unknown
from ledger.keys import keys_of
from ledger.main import Ledger, find_log
from ledger.reading import Rotations
from ledger.rotation import KeyChange
from ledger.settings import Settings
from ledger.signer import FileSigner, KeyRefused, SigningKey, replace_keys
from quanze.database_check import database_log
from quanze.full_check import check_log
from quanze.log_to_check import NamedKey
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.served import served


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    """Return the file of the log's keys."""
    path = tmp_path / "log.key"
    path.write_text(database.signer.text() + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def change(database: Database, path: Path) -> KeyChange:
    return KeyChange(database.dsn, database.log_id, path)


def post(ledger: Ledger, database: Database, count: int = 1) -> None:
    TestLedger(database, ledger).post([event("project.open", "project:P1", "person:P1") for _ in range(count)])


def running(database: Database, path: Path) -> Ledger:
    return Ledger(Settings(dsn=database.dsn, key_file=path))


def opens(note: str, *vkeys: str) -> list[bool]:
    """Say of each key whether whoever trusts it alone opens the note."""

    def opened(vkey: str) -> bool:
        try:
            open_checkpoint(note.encode(), parse_key(vkey))
        except ProofFailed:
            return False
        return True

    return [opened(vkey) for vkey in vkeys]


def evidence(rotations: Rotations) -> list[Rotation]:
    """Return what a verifier reads in the ledger's answer."""
    return parse_rotations(msgspec.json.encode(rotations))


def test_a_ledger_that_runs_takes_part_in_the_change(database: Database, path: Path, change: KeyChange) -> None:
    first = database.signer.vkey
    with running(database, path) as ledger:
        post(ledger, database, 3)
        assert opens(ledger.checkpoints.newest().note, first) == [True]
        done = change.rotate(reason="once a year")
        assert (done.retires, done.position) == (first, 4)
        # The head with the act in it is signed by both already, whoever asks first.
        head = ledger.checkpoints.newest()
        assert head.size == 4
        assert opens(head.note, first, done.vkey) == [True, True]
        post(ledger, database)
        assert opens(ledger.checkpoints.newest().note, first, done.vkey) == [True, True]
        retired = change.retire()
        assert (retired.vkey, retired.until_size) == (first, 5)
        post(ledger, database)
        head = ledger.checkpoints.newest()
        assert opens(head.note, first, done.vkey) == [False, True]
        assert ledger.readiness() is None
    assert path.read_text().strip() not in ("", database.signer.text())
    assert database.signer.text() not in path.read_text()
    assert path.with_name("log.vkey").read_text() == f"{done.vkey}\n"
    assert {each.name for each in path.parent.iterdir()} == {"log.key", "log.vkey"}


def test_proofs_of_before_three_changes_verify_with_the_old_key_and_the_first_leads_to_the_fourth(
    database: Database, path: Path, change: KeyChange
) -> None:
    first = VerifierKey.parse(database.signer.vkey)
    with running(database, path) as ledger:
        post(ledger, database, 3)
        before = msgspec.json.encode(ledger.reading.inclusion(2, None, with_payload=True))
        for _ in range(3):
            change.rotate()
            post(ledger, database, 2)
            change.retire()
            post(ledger, database)
        now = msgspec.json.encode(ledger.reading.inclusion(2, None, with_payload=True))
        rotations = ledger.reading.rotations()
        newest = VerifierKey.parse(FileSigner(path).vkeys[0])
        keys = ledger.reading.log().keys
    assert verify_document(before, Trust([first])).verdict == "verified-unwitnessed"
    assert verify_document(now, Trust([first])).verdict == "FAILED"
    assert verify_document(now, Trust([newest])).verdict == "verified-unwitnessed"
    trusted = extend_trust([first], evidence(rotations))
    assert trusted[-1] == newest
    assert len(trusted) == 4
    assert verify_document(now, Trust(trusted)).verdict == "verified-unwitnessed"
    # What the log says of its keys bounds them so that all it ever signed still verifies: 3, 4+2, 7+1+2, 10+1+2 acts.
    assert [(each.from_size, each.until_size, each.rotated_at) for each in keys] == [
        (0, 6, None),
        (4, 10, 4),
        (8, 14, 8),
        (12, None, 12),
    ]
    with psycopg.connect(database.dsn) as connection:
        log = database_log(connection, database.log_id)
        for given in ([first], [], [newest]):
            checked = check_log(log, given)
            assert (checked.fault, checked.size) == (None, 15)
        # Not if the log does not say itself that the older keys are its own.
        assert check_log(replace(log, keys=log.keys[-1:]), [newest]).fault is not None


def test_a_check_believes_a_retired_key_only_with_a_trusted_one_after_it(
    database: Database, path: Path, change: KeyChange
) -> None:
    """The log calls a key retired, but no head that the trusted key signed stands behind that."""
    with running(database, path) as ledger:
        post(ledger, database)
        ledger.checkpoints.newest()
    other = SigningKey(bytes(32), database.signer.origin).vkey
    with psycopg.connect(database.dsn) as connection:
        named = [NamedKey(f"{database.signer.vkey} until 1", 0), NamedKey(other, 1)]
        log = replace(database_log(connection, database.log_id), keys=named)
        checked = check_log(log, [VerifierKey.parse(other)])
    assert checked.fault is not None
    assert "no trusted one later" in checked.fault


# Cut short


class Killed(Exception):
    """The process ended here."""


def before(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what ends the change as it comes to this step."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    return lambda patch: patch.setattr(rotation, name, kill)


def after(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what ends the change once this step is done."""
    done = getattr(rotation, name)

    def kill(*arguments: Any, **named: Any) -> None:
        done(*arguments, **named)
        raise Killed

    return lambda patch: patch.setattr(rotation, name, kill)


def within_the_transaction(patch: pytest.MonkeyPatch) -> None:
    def kill(*_: Any) -> None:
        raise Killed

    patch.setattr("ledger.checkpoint.Checkpoints.sign", kill)


ROTATING = {
    "before the new key is written": before("write_new_key"),
    "with the new key written": after("write_new_key"),
    "before the act": before("append_own"),
    "with the act, before the commit": after("append_own"),
    "before the head is signed": within_the_transaction,
    "before the keys are replaced": before("replace_keys"),
    "with the keys replaced": after("replace_keys"),
    "before the public keys": before("write_public"),
    "with the public keys": after("write_public"),
    "with nothing left to do": after("sync_directory"),
}


@pytest.mark.parametrize("where", ROTATING)
def test_a_rotation_cut_short_leaves_a_log_that_works_and_is_finished_by_the_next(
    database: Database, path: Path, change: KeyChange, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    first = database.signer.vkey
    with running(database, path) as ledger:
        post(ledger, database)
        with monkeypatch.context() as broken:
            ROTATING[where](broken)
            with pytest.raises(Killed):
                change.rotate()
        post(ledger, database)
        head = ledger.checkpoints.newest()
        assert opens(head.note, first) == [True]
        assert ledger.readiness() is None
        with running(database, path) as another:  # one that starts now
            assert another.readiness() is None
        if where == "with nothing left to do":
            with pytest.raises(Rejected, match="retire that one first"):
                change.rotate()
        else:
            if "replaced" in where or "public" in where:
                with pytest.raises(Rejected, match="cut short"):
                    change.retire()
            change.rotate()
        post(ledger, database)
        live = FileSigner(path).vkeys
        assert len(live) == 2
        assert opens(ledger.checkpoints.newest().note, *live) == [True, True]
        trusted = extend_trust([VerifierKey.parse(first)], evidence(ledger.reading.rotations()))
        assert trusted == [VerifierKey.parse(vkey) for vkey in live]
    with psycopg.connect(database.dsn) as connection:
        announced = "SELECT count(*) FROM ledger.entries WHERE type = 'log.rotate_key'"
        assert connection.execute(announced).fetchone() == (1,)
        assert len(keys_of(connection, database.log_id, database.signer.origin)) == 2
    assert {each.name for each in path.parent.iterdir()} == {"log.key", "log.vkey"}


RETIRING = {
    "before the keys are replaced": before("replace_keys"),
    "with the keys replaced": after("replace_keys"),
    "before the public keys": before("write_public"),
}


@pytest.mark.parametrize("where", RETIRING)
def test_a_retirement_cut_short_leaves_a_log_that_works_and_is_finished_by_the_next(
    database: Database, path: Path, change: KeyChange, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    change.rotate()
    new = FileSigner(path).vkeys[-1]
    with running(database, path) as ledger:
        post(ledger, database)
        with monkeypatch.context() as broken:
            RETIRING[where](broken)
            with pytest.raises(Killed):
                change.retire()
        post(ledger, database)
        assert opens(ledger.checkpoints.newest().note, new) == [True]
        with running(database, path) as another:
            assert another.readiness() is None
        if where == "before the public keys":
            with pytest.raises(Rejected, match="rotate first"):
                change.retire()
        else:
            change.retire()
        post(ledger, database)
        assert opens(ledger.checkpoints.newest().note, database.signer.vkey, new) == [False, True]
        assert [each.until_size is None for each in ledger.reading.log().keys] == [False, True]


# What is refused


def test_a_second_change_waits_for_the_end_of_the_first(change: KeyChange) -> None:
    change.rotate()
    with pytest.raises(Rejected, match="retire that one first"):
        change.rotate()


def test_the_only_key_is_not_retired(change: KeyChange, path: Path) -> None:
    with pytest.raises(Rejected, match="rotate first"):
        change.retire()
    assert len(FileSigner(path).vkeys) == 1


def test_the_old_key_is_not_retired_while_a_ledger_signs_with_it_alone(
    ledger: TestLedger, database: Database, path: Path, change: KeyChange
) -> None:
    """This ledger has its key as text, and does not see the file."""
    change.rotate()
    post(ledger.ledger, database)
    ledger.ledger.checkpoints.newest()
    with pytest.raises(Rejected, match="old key alone"):
        change.retire()
    assert len(FileSigner(path).vkeys) == 2


def test_an_actor_that_is_none_is_refused_and_nothing_is_recorded(database: Database, change: KeyChange) -> None:
    with pytest.raises(BadRequest, match="actor"):
        change.rotate(actor="the chief")
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT size FROM ledger.heads").fetchone() == (0,)
    assert change.rotate(actor="person:P1").position == 1


def test_a_retired_key_signs_no_more(database: Database, path: Path, change: KeyChange) -> None:
    change.rotate()
    change.retire()
    for settings in (
        Settings(dsn=database.dsn, signing_key=database.signer.text()),
        Settings(dsn=database.dsn, signing_key=f"{database.signer.text()}\n{path.read_text().strip()}"),
    ):
        with pytest.raises(KeyRefused, match="retired"):
            Ledger(settings)


def test_a_key_that_no_act_announced_signs_nothing(database: Database, path: Path) -> None:
    """Somebody put another key into the file by hand."""
    with running(database, path) as ledger:
        post(ledger, database)
        replace_keys(path, [database.signer, SigningKey(bytes(32), database.signer.origin)])
        with pytest.raises(KeyRefused, match="nor announced"):
            ledger.checkpoints.newest()
        replace_keys(path, [database.signer])
        assert ledger.checkpoints.newest().size == 1


@pytest.mark.parametrize("key", [bytes(32), (2**255 - 18).to_bytes(32, "little")])
def test_a_database_that_names_a_key_which_proves_nothing_is_refused(database: Database, key: bytes) -> None:
    weak = SigningKey(bytes(32), database.signer.origin)
    weak.public_key = key
    database.tampered = True
    with psycopg.connect(database.dsn) as connection:
        connection.execute("INSERT INTO ledger.keys (log_id, vkey, from_size) VALUES (1, %s, 0)", [weak.vkey])
    with pytest.raises(KeyRefused, match="proves anything"):
        find_log(database.dsn, database.signer)


@pytest.mark.parametrize("type", ["log.rotate_key", "log.succeed"])
def test_nobody_posts_an_act_that_verifiers_take_keys_from(ledger: TestLedger, type: str) -> None:
    """Not even a token that may do everything: it would make a key of its own the log's."""
    vkey = ledger.database.signer.vkey
    data: dict[str, Any] = {
        "vkey": vkey,
        "retires": vkey,
        "predecessor": "x",
        "size": 0,
        "root": "A" * 43 + "=",
        "checkpoint": "x",
    }
    source = {"source": f"urn:quanze:{ledger.ledger.origin}"}
    with pytest.raises(BadRequest, match="by the ledger itself"):
        ledger.post([event(type, f"log:{ledger.ledger.origin}", "system:quanze", attributes=source, **data)])


def test_no_erasure_takes_what_leads_from_key_to_key(database: Database, path: Path, change: KeyChange) -> None:
    change.rotate()
    with running(database, path) as ledger:
        recorded = ledger.reading.act(1, with_salt=False).receipt
        target = {"source": recorded.source, "id": recorded.id}
        own = TestLedger(database, ledger)
        own.post([event("data.erase", "unit:U1", "person:P1", unit="unit:U1", target=target)])
        ledger.erase()
        (found,) = evidence(ledger.reading.rotations())
    assert len(extend_trust([VerifierKey.parse(database.signer.vkey)], [found])) == 2


class Faulty(SigningKey):
    """A device that signs, but not what it is told to."""

    def sign(self, body: bytes) -> bytes:
        origin, size, root = body.decode().splitlines()
        return super().sign(f"{origin}\n{int(size) + 1}\n{root}\n".encode())


class Broken(SigningKey):
    """A device that makes signatures which are none."""

    def line(self, body: bytes) -> str:
        return super().line(body + b"x")


@pytest.mark.parametrize("device", [Faulty, Broken])
def test_a_note_that_the_verifier_does_not_read_as_meant_is_not_kept(
    ledger: TestLedger, database: Database, device: type[SigningKey]
) -> None:
    post(ledger.ledger, database)
    signer = device.from_text(database.signer.text())
    heads = Checkpoints(ledger.ledger.pool, 1, signer)
    with (
        ledger.ledger.pool.connection() as connection,
        connection.cursor() as cursor,
        pytest.raises(Corrupt, match=r"another head|does not verify"),
    ):
        heads.sign(cursor)
    assert opens(ledger.ledger.checkpoints.newest().note, database.signer.vkey) == [True]


# Over HTTP


def test_the_log_says_which_keys_it_has_and_proves_how_it_came_by_them(
    database: Database, path: Path, change: KeyChange
) -> None:
    with served(database) as own:
        change.rotate()
        said = own.http().get("/v1/log").json()
        assert said["origin"] == database.signer.origin
        assert said["frozen"] is None
        assert [(each["vkey"], each["from_size"], each["until_size"], each["rotated_at"]) for each in said["keys"]] == [
            (database.signer.vkey, 0, None, None),
            (FileSigner(path).vkeys[-1], 1, None, 1),
        ]
        (found,) = parse_rotations(own.http().get("/v1/log/rotations").content)
        trusted = extend_trust([VerifierKey.parse(database.signer.vkey)], [found])
        assert trusted[-1] == VerifierKey.parse(FileSigner(path).vkeys[-1])
        assert own.http("events:write").get("/v1/log/rotations").status_code == 403


def test_the_file_of_keys_is_never_open_to_others(path: Path, change: KeyChange) -> None:
    """At no moment, nor what stands beside it for a moment."""
    seen: list[int] = []
    create = os.open

    def watched(name: Any, *arguments: Any, **named: Any) -> int:
        descriptor = create(name, *arguments, **named)
        if Path(name).parent == path.parent and Path(name).is_file() and "key" in Path(name).suffixes[0]:
            seen.append(os.fstat(descriptor).st_mode & 0o077)
        return descriptor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", watched)
        change.rotate()
        change.retire()
    assert len(seen) >= 3
    assert set(seen) == {0}


def test_no_key_signs_a_tree_from_before_its_time(database: Database, path: Path, change: KeyChange) -> None:
    """Whoever holds the key of then could not open it, and the check of the whole log would call it forged."""
    with running(database, path) as ledger:
        post(ledger, database, 5)
        done = change.rotate()
        both = ledger.checkpoints.at(3)
        assert opens(both.note, database.signer.vkey, done.vkey) == [True, True], "the older key is still there"
        change.retire()
        post(ledger, database)
        with pytest.raises(Unknown, match="sign from 6 on"):
            ledger.checkpoints.at(2)
        assert ledger.checkpoints.at(3) == both
        ledger.checkpoints.newest()
    for vkey in (database.signer.vkey, done.vkey):
        with psycopg.connect(database.dsn) as connection:
            checked = check_log(database_log(connection, database.log_id), [VerifierKey.parse(vkey)])
        assert (checked.fault, checked.size) == (None, 7), vkey
