"""A real ledger and real witnesses over HTTP: quorums, witnesses that fail, logs that were rolled back or forked."""

import json
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from litestar.testing import TestClient
from prometheus_client import REGISTRY
from psycopg.conninfo import conninfo_to_dict
from structlog.testing import capture_logs

from contracts.proof import VerifierKey, open_checkpoint
from contracts.proof.cosignature import WitnessKey, cosigned
from contracts.proof.note import split_note
from contracts.proof.policy import parse_policy
from ledger import witnessing
from ledger.cosignatures import Cosignatures, PolicyRefused
from ledger.main import Ledger
from ledger.rotation import KeyChange
from ledger.settings import Settings
from ledger.signer import SigningKey
from ledger.witnessing import Witnessing
from quanze.serving import ledger_app, running
from quanze.settings import DataDirectory
from tests.conftest import Database, TestLedger, execute, on
from tests.events import event
from tests.witness import Answer, Cosigner, Witness, serving

SECONDS_MAX = 30.0
W = [Cosigner(f"example.com/w{n}", bytes(range(n, n + 32)), ml_dsa=n == 102) for n in range(100, 104)]


class Outside:
    """Bodies outside the authority: each runs a witness, and all know this log."""

    def __init__(self, folder: Path, log: VerifierKey, stack: ExitStack) -> None:
        self._folder, self._log, self._stack = folder, log, stack
        self.witnesses: list[Witness] = []

    def begin(self, cosigner: Cosigner, kind: type[Witness] = Witness) -> str:
        """Begin to serve a witness; return its URL."""
        self.witnesses.append(kind(cosigner, [self._log], self._folder / f"{len(self.witnesses)}.json"))
        return self._stack.enter_context(serving(self.witnesses[-1]))


@pytest.fixture
def key(signer: SigningKey) -> VerifierKey:
    return VerifierKey.parse(signer.vkey)


@pytest.fixture
def outside(tmp_path: Path, key: VerifierKey) -> Iterator[Outside]:
    with ExitStack() as stack:
        yield Outside(tmp_path, key, stack)


def policy(urls: Sequence[str], *lines: str) -> bytes:
    """Return the policy with the witnesses w0, w1 … at these URLs, then these lines."""
    named = [f"witness w{n} {cosigner.key.vkey} {url}" for n, (cosigner, url) in enumerate(zip(W, urls, strict=False))]
    return "".join(f"{line}\n" for line in [*named, *lines]).encode()


@dataclass
class Asking:
    """A ledger whose witnesses are asked when the test says so, and not by its clock."""

    ledger: TestLedger
    cosignatures: Cosignatures
    witnessing: Witnessing

    def grow(self, count: int = 1) -> int:
        """Record acts and sign the head; return its size."""
        self.ledger.post([event("project.open", "project:P1", "person:P1") for _ in range(count)])
        return self.ledger.ledger.checkpoints.newest().size

    def until(self, done: Callable[[], object]) -> None:
        """Look again and again until something is so."""
        deadline = time.monotonic() + SECONDS_MAX
        while not done():
            assert time.monotonic() < deadline
            self.witnessing.look()
            time.sleep(0.01)

    def look(self, seconds: float = 0.3) -> None:
        """Look again and again for a while."""
        until = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > until)

    def quorum_size(self) -> int | None:
        newest = self.cosignatures.newest_witnessed()
        return newest.size if newest is not None else None

    def sizes(self) -> list[int | None]:
        return [state.size for state in self.witnessing.states()]


@contextmanager
def asking(ledger: TestLedger, text: bytes, alarm_seconds: float = 600.0) -> Generator[Asking]:
    own = ledger.ledger
    cosignatures = Cosignatures(own.pool, own.log_id, own.checkpoints, parse_policy(text))
    cosignatures.load()
    witnessing = Witnessing(own.pool, own.log_id, own.checkpoints, cosignatures, alarm_seconds=alarm_seconds)
    try:
        yield Asking(ledger, cosignatures, witnessing)
    finally:
        witnessing.stop()


def metric(name: str) -> float:
    value = REGISTRY.get_sample_value(name)
    assert value is not None
    return value


def stored(database: Database) -> list[tuple[int, str]]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute("SELECT size, vkey FROM ledger.cosignatures ORDER BY 1, 2").fetchall()


def named(size: int, *cosigners: Cosigner) -> list[tuple[int, str]]:
    return sorted((size, each.key.vkey) for each in cosigners)


# Quorums


def test_a_ledger_has_its_heads_cosigned_and_shows_it(
    database: Database, outside: Outside, key: VerifierKey, tmp_path: Path
) -> None:
    """The whole way, by the ledger's own clock, with witnesses of both kinds."""
    urls = [outside.begin(cosigner) for cosigner in W[:3]]
    text = policy(urls, f"log {key.name}+{key.key_id.hex()}+{database.signer.vkey.split('+', 2)[2]}")
    text += b"group audit any w0 w1\ngroup both all audit w2\nquorum both\n"
    (tmp_path / "policy").write_bytes(text)
    settings = Settings(dsn=database.dsn, signing_key=database.signer.text(), witness_policy=str(tmp_path / "policy"))
    with Ledger(settings) as own:
        ledger = TestLedger(database, own)
        ledger.post([event("project.open", f"project:P{n}", "person:P1") for n in range(3)])
        with TestClient(ledger_app(own)) as http:
            deadline = time.monotonic() + SECONDS_MAX
            while [each["size"] for each in http.get("/v1/log").json()["witnesses"]] != [3, 3, 3]:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            log = http.get("/v1/log").json()
            note = http.get("/checkpoint").content
            again = http.get("/checkpoint").content
    assert log["quorum_size"] == 3
    assert [(each["name"], each["vkey"], each["fault"]) for each in log["witnesses"]] == [
        (each.key.name, each.key.vkey, None) for each in W[:3]
    ]
    assert open_checkpoint(note, key).size == 3
    read = parse_policy(text)
    cosigners = cosigned(note, read.witness_keys)
    assert set(cosigners) == {each.key for each in W[:3]}
    assert read.is_satisfied_by(cosigners)
    said = [datetime.fromisoformat(each["cosigned_at"]).timestamp() for each in log["witnesses"]]
    assert said == [cosigners[each.key] for each in W[:3]]
    assert abs(said[0] - time.time()) < 60
    assert note == again
    assert stored(database) == named(3, *W[:3])


def test_the_newest_witnessed_head_is_the_one_that_enough_cosigned(ledger: TestLedger, outside: Outside) -> None:
    urls = [outside.begin(cosigner) for cosigner in W[:2]]
    with asking(ledger, policy(urls, "group both all w0 w1", "quorum both")) as own:
        assert own.cosignatures.newest_witnessed() is None
        for expected in (2, 4):
            assert own.grow(2) == expected
            own.until(lambda expected=expected: own.quorum_size() == expected)
            assert own.cosignatures.newest_witnessed(expected + 1) is None
            newest = own.cosignatures.newest_witnessed(expected)
            assert newest is not None
            assert newest.note == ledger.ledger.checkpoints.at(expected).note
            note = own.cosignatures.with_cosignatures(newest)
            assert note.startswith(newest.note)
            assert set(cosigned(note.encode(), [W[0].key, W[1].key])) == {W[0].key, W[1].key}
        # Known without being asked again, by whoever opens this log next.
        with asking(ledger, policy(urls, "group both all w0 w1", "quorum both")) as other:
            assert (other.quorum_size(), other.sizes()) == (4, [4, 4])
        # Under another policy the same cosignatures may be too few.
        with asking(ledger, policy([*urls, "http://127.0.0.1:9"], "group three all w0 w1 w2", "quorum three")) as other:
            assert (other.quorum_size(), other.sizes()) == (None, [4, 4, None])


def test_many_witnesses_of_one_organisation_are_no_quorum_of_two(ledger: TestLedger, outside: Outside) -> None:
    urls = [outside.begin(cosigner) for cosigner in W[:2]] + ["http://127.0.0.1:9"]
    lines = ("group office any w0 w1", "group suppliers any w2", "group two 2 office suppliers", "quorum two")
    with asking(ledger, policy(urls, *lines)) as own:
        own.grow()
        own.until(lambda: own.sizes() == [1, 1, None])
        assert own.quorum_size() is None


def test_where_no_witness_is_demanded_every_signed_head_will_do(ledger: TestLedger, outside: Outside) -> None:
    with asking(ledger, policy([outside.begin(W[0])], "quorum none")) as own:
        own.grow(3)
        assert own.quorum_size() == 3
        own.until(lambda: own.sizes() == [3])


def test_an_unchanged_head_is_asked_about_once(ledger: TestLedger, outside: Outside) -> None:
    with asking(ledger, policy([outside.begin(W[0])], "quorum w0")) as own:
        assert ledger.ledger.checkpoints.newest().size == 0
        own.look()
        assert outside.witnesses[0].answers == [], "an empty log is nothing to be witnessed"
        own.grow()
        own.until(lambda: own.quorum_size() == 1)
        own.look()
        assert outside.witnesses[0].answers == [(200, 1)]


def test_a_restart_goes_on_from_what_is_stored_and_asks_once_to_see_that_it_still_holds(
    ledger: TestLedger, outside: Outside
) -> None:
    text = policy([outside.begin(W[0])], "quorum w0")
    with asking(ledger, text) as own:
        own.grow(3)
        own.until(lambda: own.quorum_size() == 3)
    with asking(ledger, text) as own:
        assert own.quorum_size() == 3
        own.until(lambda: len(outside.witnesses[0].answers) == 2)
        own.look()
        own.grow(5)
        own.until(lambda: own.quorum_size() == 8)
    assert outside.witnesses[0].answers == [(200, 3), (200, 3), (200, 8)]


def test_a_witness_that_holds_a_size_we_did_not_know_of_is_asked_again_from_there(
    ledger: TestLedger, database: Database, outside: Outside
) -> None:
    """As after an answer that was lost: it cosigned, and we did not hear it."""
    url = outside.begin(W[0])
    with asking(ledger, policy([url], "quorum w0")) as own:
        own.grow(3)
        note = ledger.ledger.checkpoints.newest().note
        assert outside.witnesses[0].add_checkpoint(f"old 0\n\n{note}".encode()).status == 200
        own.grow(4)
        own.until(lambda: own.quorum_size() == 7)
        assert own.witnessing.fault is None
    assert outside.witnesses[0].answers == [(200, 3), (409, 7), (200, 7)]
    assert stored(database) == named(7, W[0])


class Slow(Witness):
    """Takes its time, and the second one more for its first answer: left alone they would be out of step for ever."""

    def add_checkpoint(self, request: bytes) -> Answer:
        time.sleep(0.3 if self.answers or self.cosigner is W[0] else 0.45)
        return super().add_checkpoint(request)


def test_heads_that_move_all_the_time_reach_quorums_though_the_witnesses_are_slow_and_out_of_step(
    ledger: TestLedger, database: Database, outside: Outside
) -> None:
    urls = [outside.begin(cosigner, Slow) for cosigner in W[:2]]
    with asking(ledger, policy(urls, "group both all w0 w1", "quorum both")) as own:
        reached: set[int | None] = set()

        def reached_five() -> bool:
            own.grow()
            reached.add(own.quorum_size())
            return len(reached - {None}) >= 5

        own.until(reached_five)
    rows = stored(database)
    both = {size for size, _ in rows if {(size, each.key.vkey) for each in W[:2]} <= {*rows}}
    assert len(both) >= 5
    assert reached - {None} <= both


# Witnesses that fail


Make = Callable[[bytes], Answer]


def answering(make: Make) -> type[Witness]:
    """Return witnesses that answer a request with whatever `make` makes of it."""

    class Answering(Witness):
        def add_checkpoint(self, request: bytes) -> Answer:
            self.answers.append((0, 0))
            return make(request)

    return Answering


def cosigning(at: int, *cosigners: Cosigner, cut: int = 0) -> Make:
    def answer(request: bytes) -> Answer:
        body, _ = split_note(request.partition(b"\n\n")[2])
        lines = b"".join(each.cosign(body, at) for each in cosigners)
        return Answer(200, lines[: len(lines) - cut])

    return answer


def always(*answer: Any) -> Make:
    return lambda _: Answer(*answer)


def test_a_dead_and_a_silent_witness_delay_nobody(ledger: TestLedger, outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        urls = [outside.begin(W[0]), f"http://127.0.0.1:{silent.getsockname()[1]}", "http://127.0.0.1:9"]
        lines = ("group one any w0 w1 w2", "quorum one")
        with capture_logs() as logs, asking(ledger, policy(urls, *lines)) as own:
            began = time.monotonic()
            for expected in range(1, 6):
                assert own.grow() == expected
                own.until(lambda expected=expected: own.quorum_size() == expected)
            took = time.monotonic() - began
            assert own.sizes() == [5, None, None]
    assert took < 4.0, "five heads while the silent one has not even timed out"
    assert [size for _, size in outside.witnesses[0].answers] == [1, 2, 3, 4, 5]
    failed = [each for each in logs if each["event"] == "witness_failed"]
    assert [(each["witness"], "does not answer" in each["error"]) for each in failed] == [("w2", True)]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (always(400), "answered 400"),
        (always(403), "answered 403"),
        (always(404), "answered 404"),
        (always(500), "answered 500"),
        (always(302), "answered 302"),
        (always(409), "answered 409"),
        (always(409, b"7\n"), "answered 409"),
        (always(409, b"07\n", "text/x.tlog.size"), "answered 409"),
        (always(409, b"7", "text/x.tlog.size"), "answered 409"),
        (always(409, b"0\n", "text/x.tlog.size"), "answered 409"),
        (always(200), "without a cosignature"),
        (always(200, b"ok\n"), "no cosignature"),
        (always(200, b"\xff\n"), "no cosignature"),
        (always(200, W[0].line(bytes(72))), "no cosignature"),
        (always(200, W[0].cosign(b"o\n1\n" + b"A" * 43 + b"=\n", 1)), "no cosignature"),
        (always(200, b"x" * 70_000), "no end"),
        (cosigning(1, W[0], cut=1), "without a cosignature"),
        (cosigning(int(time.time()) + 7200, W[0]), "ahead"),
        (cosigning(1, W[1]), "without a cosignature"),
        (cosigning(1, Cosigner(W[0].key.name, bytes(range(7, 39)))), "without a cosignature"),
    ],
)
def test_what_is_not_its_cosignature_of_this_head_is_not_counted_and_said_once(
    ledger: TestLedger, database: Database, outside: Outside, make: Make, error: str
) -> None:
    """The last one: a witness of the right name whose key is another."""
    url = outside.begin(W[0], answering(make))
    with capture_logs() as logs, asking(ledger, policy([url], "quorum w0")) as own:
        own.grow()
        own.until(lambda: any(each["event"] == "witness_failed" for each in logs))
        own.grow()
        own.look()
        assert (own.quorum_size(), own.sizes(), own.witnessing.fault) == (None, [None], None)
        newest = ledger.ledger.checkpoints.newest()
        assert own.cosignatures.with_cosignatures(newest) == newest.note
    assert stored(database) == []
    assert [error in each["error"] for each in logs if each["event"] == "witness_failed"] == [True]
    assert len(outside.witnesses[0].answers) == 1, "who failed is left alone for a while"


def test_who_keeps_failing_is_asked_ever_more_seldom_and_it_is_said_once_until_it_is_something_else(
    ledger: TestLedger, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "LOOK_SECONDS", 0.02)
    asked_at: list[float] = []

    def answer(_: bytes) -> Answer:
        asked_at.append(time.monotonic())
        return Answer(500 if len(asked_at) < 5 else 403)

    text = policy([outside.begin(W[0], answering(answer))], "quorum w0")
    with capture_logs() as logs, asking(ledger, text) as own:
        own.grow()
        own.until(lambda: len(asked_at) == 6)
    pauses = [later - earlier for earlier, later in pairwise(asked_at)]
    assert all(pause >= 0.02 * 2**number for number, pause in enumerate(pauses, 1))
    assert [each["error"] for each in logs if each["event"] == "witness_failed"] == ["answered 500", "answered 403"]


def test_other_lines_in_an_answer_are_ignored(ledger: TestLedger, database: Database, outside: Outside) -> None:
    kind = answering(cosigning(5, W[1], W[0], W[2]))
    with asking(ledger, policy([outside.begin(W[0], kind)], "quorum w0")) as own:
        own.grow()
        own.until(lambda: own.quorum_size() == 1)
        newest = ledger.ledger.checkpoints.newest()
        note = own.cosignatures.with_cosignatures(newest)
        assert note.count("\n— ") == 2
        assert cosigned(note.encode(), [each.key for each in W]) == {W[0].key: 5}


class Recovering(Witness):
    """Fails until it is mended."""

    works = False

    def add_checkpoint(self, request: bytes) -> Answer:
        return super().add_checkpoint(request) if self.works else Answer(500)


def test_without_a_quorum_all_goes_on_and_the_alarm_is_raised_once_and_ends(
    ledger: TestLedger, outside: Outside
) -> None:
    text = policy([outside.begin(W[0], Recovering)], "quorum w0")
    recovering = outside.witnesses[0]
    assert isinstance(recovering, Recovering)
    with capture_logs() as logs, asking(ledger, text, alarm_seconds=0.3) as own:

        def events() -> list[str]:
            return [each["event"] for each in logs]

        own.look()
        assert metric("quanze_unwitnessed_seconds") == 0, "nothing is waiting for a witness"
        for expected in (1, 2, 3):
            assert own.grow() == expected
            own.look()
        assert events().count("unwitnessed") == 1
        assert 0.3 < metric("quanze_unwitnessed_seconds") < SECONDS_MAX
        recovering.works = True
        own.until(lambda: own.quorum_size() == 3)
        own.until(lambda: "witnessed_again" in events())
        assert metric("quanze_unwitnessed_seconds") == 0
        assert [each for each in events() if each.startswith(("witness", "unwitnessed"))] == [
            "witness_failed",
            "unwitnessed",
            "witness_cosigns_again",
            "witnessed_again",
        ]


def test_a_line_written_by_hand_makes_no_quorum(ledger: TestLedger, database: Database, outside: Outside) -> None:
    database.tampered = True
    with asking(ledger, policy(["http://127.0.0.1:9"], "quorum w0")) as own:
        own.grow()
        line = W[0].line(bytes(72)).decode()
        with psycopg.connect(database.dsn) as connection:
            row = (database.log_id, 1, W[0].key.vkey, line, datetime.now(UTC))
            connection.execute("INSERT INTO ledger.cosignatures VALUES (%s, %s, %s, %s, %s)", row)
    with asking(ledger, policy(["http://127.0.0.1:9"], "quorum w0")) as own:
        assert own.quorum_size() is None


# A log that was rolled back, a log that forked


@contextmanager
def copied(database: Database) -> Generator[Database]:
    """Copy a database that nobody is connected to, as a backup would be; it may be broken."""
    name = f"quanze_copy_{uuid4().hex[:8]}"
    execute(
        on(database.dsn, "postgres"),
        "CREATE DATABASE {} TEMPLATE {}",
        name,
        str(conninfo_to_dict(database.dsn)["dbname"]),
    )
    try:
        yield Database(on(database.dsn, name), database.signer)
    finally:
        execute(on(database.dsn, "postgres"), "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def opened(database: Database, text: bytes) -> Generator[Asking]:
    with (
        Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())) as own,
        asking(TestLedger(database, own), text) as asked,
    ):
        yield asked


def test_a_log_restored_from_an_old_copy_is_found_by_its_witness_before_and_after_it_writes_on(
    database: Database, outside: Outside
) -> None:
    text = policy([outside.begin(W[0])], "quorum w0")
    witness = outside.witnesses[0]
    with opened(database, text) as own:
        own.grow(2)
        own.until(lambda: own.quorum_size() == 2)
    with copied(database) as old:
        with opened(database, text) as own:
            own.grow(3)
            own.until(lambda: own.quorum_size() == 5)
        held = witness.last(database.signer.origin)
        with capture_logs() as logs, opened(old, text) as own:
            own.until(lambda: own.witnessing.fault is not None)
            assert "cosigned 5 acts of this log, which has signed 2: one of the two was rolled back" in str(
                own.witnessing.fault
            )
            own.look()
            assert [each["log_level"] for each in logs if each["event"] == "witness_denies"] == ["error"]
            assert metric("quanze_witnesses_denying") == 1
            assert own.witnessing.states()[0].fault is not None
            assert own.ledger.ledger.readiness() is None, "writing goes on"
            own.grow(6)
            own.look(4.0)  # it was left alone for two seconds
            assert "does not find that this log continues the 5 acts it cosigned" in str(own.witnessing.fault)
            assert own.quorum_size() == 2
        with capture_logs() as logs, opened(old, text) as own:
            own.until(lambda: own.witnessing.fault is not None)
        assert stored(old) == named(2, W[0]), "what came after the copy was never cosigned"
    assert witness.last(database.signer.origin) == held
    assert {status for status, _ in witness.answers[2:] if status != 200} == {409, 422}


def test_of_two_histories_for_one_size_a_witness_cosigns_one_and_the_two_notes_are_evidence(
    database: Database, outside: Outside, key: VerifierKey, tmp_path: Path
) -> None:
    text = policy([outside.begin(W[0])], "quorum w0")
    witness = outside.witnesses[0]
    with opened(database, text) as own:
        own.grow(2)
        own.until(lambda: own.quorum_size() == 2)
    with copied(database) as fork:
        with opened(database, text) as own:
            own.grow(1)
            own.until(lambda: own.quorum_size() == 3)
            shown = own.cosignatures.with_cosignatures(own.ledger.ledger.checkpoints.newest())
        with capture_logs() as logs, opened(fork, text) as own:
            own.until(lambda: own.witnessing.fault is not None)
            own.ledger.post([event("project.open", "project:P2", "person:P2")])
            other = own.ledger.ledger.checkpoints.newest()
            own.until(lambda: "cosigned another tree of 3 acts than this log shows" in str(own.witnessing.fault))
            assert own.quorum_size() == 2
            assert own.cosignatures.with_cosignatures(other) == other.note
        assert [each["log_level"] for each in logs if each["event"] == "witness_denies"] == ["error", "error"]
        assert stored(fork) == named(2, W[0])
    evidence = tmp_path / "evidence.json"
    evidence.write_text(json.dumps({"cosigned": shown, "refused": witness.refused[-1].decode()}), "utf-8")

    # Whoever has the log's public key and this file sees that the log signed two histories.
    notes: dict[str, Any] = json.loads(evidence.read_text("utf-8"))
    one, two = (open_checkpoint(notes[name].encode(), key) for name in ("cosigned", "refused"))
    assert (one.origin, one.size) == (two.origin, two.size)
    assert one.root != two.root
    assert set(cosigned(notes["cosigned"].encode(), [W[0].key])) == {W[0].key}
    assert cosigned(notes["refused"].encode(), [W[0].key]) == {}


# Policies that a ledger does not start with


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "cannot be read"),
        (("quorum w9",), "line 2: name"),
        (("log {other}", "quorum w0"), "names logs, but not this one"),
        (("witness own {own} http://127.0.0.1", "quorum w0"), "own key as a witness"),
        (("witness w1 {w1}", "quorum w1"), "not enough"),
        (("witness w1 {w1} ftp://example.com", "quorum w0"), "not one of HTTP"),
        (("witness w1 {w1} example.com", "quorum w0"), "not one of HTTP"),
    ],
)
def test_a_policy_that_cannot_be_this_ledgers_stops_the_start(
    database: Database, tmp_path: Path, lines: tuple[str, ...], why: str
) -> None:
    other = SigningKey(bytes(range(5, 37)), "example.com/other").vkey
    own = WitnessKey(database.signer.origin, database.signer.public_key).vkey
    spelt = [line.format(other=other, own=own, w1=W[1].key.vkey) for line in lines]
    path = tmp_path / "policy"
    if lines:
        path.write_bytes(policy(["http://127.0.0.1:9"], *spelt))
    with pytest.raises(PolicyRefused, match=why):
        Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text(), witness_policy=str(path)))


def test_a_policy_that_names_a_key_since_retired_is_this_ledgers_still(database: Database, tmp_path: Path) -> None:
    path, named = tmp_path / "log.key", tmp_path / "policy"
    path.write_text(database.signer.text())
    path.chmod(0o600)
    named.write_bytes(policy(["http://127.0.0.1:9"], f"log {database.signer.vkey}", "quorum w0"))
    change = KeyChange(database.dsn, database.log_id, path)
    change.rotate()
    change.retire()
    with Ledger(Settings(dsn=database.dsn, key_file=path, witness_policy=str(named))) as ledger:
        assert ledger.witnessing is not None


def test_the_policy_is_named_in_the_environment() -> None:
    environment = {"QUANZE_DSN": "d", "QUANZE_SIGNING_KEY": "k"}
    assert Settings.from_environment(environment).witness_policy is None
    assert Settings.from_environment(environment | {"QUANZE_WITNESS_POLICY": ""}).witness_policy is None
    assert Settings.from_environment(environment | {"QUANZE_WITNESS_POLICY": "/p"}).witness_policy == "/p"


def test_both_services_in_one_process_take_the_policy_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANZE_WITNESS_POLICY", str(tmp_path / "missing"))
    with (
        pytest.raises(PolicyRefused, match="missing cannot be read"),
        running(DataDirectory(tmp_path), database.dsn, None),
    ):
        pass
