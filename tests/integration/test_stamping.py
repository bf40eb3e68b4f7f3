"""A ledger has its checkpoints stamped by others, keeps what they said, and renews it in time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat import asn1
from structlog.testing import capture_logs

from contracts.event import Event, read_event
from contracts.payloads import StampRenewal
from contracts.proof import timestamp_der as der
from contracts.proof.timestamp import Timestamp, verify_timestamp
from ledger.errors import Unknown
from ledger.main import Ledger
from ledger.settings import Settings
from ledger.stamping import Stamping
from tests.conftest import ORIGIN, Database, TestLedger
from tests.events import event
from tests.tsa import Answering, Tsa, served, stamping_of

SOON = timedelta(days=60)


@dataclass
class Bench:
    """A ledger, an authority that is served, and what asks it."""

    ledger: TestLedger
    tsa: Tsa
    served: Answering
    stamping: Stamping

    def look(self, later: timedelta = timedelta()) -> None:
        self.stamping.look(datetime.now(UTC) + later)

    def post(self) -> None:
        self.ledger.post([event("project.open", "project:X", "person:P1")])

    def stored(self) -> list[tuple[int, Timestamp]]:
        """Return the size and the stamp of every row, as an outsider reads it, the smallest first."""
        with psycopg.connect(self.ledger.database.dsn) as connection:
            rows = connection.execute(
                "SELECT size, response, note, chain, stamped_at, certificate_until"
                " FROM ledger.timestamps JOIN ledger.checkpoints USING (log_id, size) ORDER BY size"
            ).fetchall()
        found: list[tuple[int, Timestamp]] = []
        for size, response, note, chain, stamped_at, certificate_until in rows:
            stamp = verify_timestamp(response, note.encode(), self.tsa.roots, chain)
            assert ((*stamp.chain, stamp.root), stamp.time) == (tuple(chain), stamped_at)
            assert stamp.certificate_until == certificate_until
            found.append((size, stamp))
        return found

    def sizes(self) -> list[int]:
        return [size for size, _ in self.stored()]


@pytest.fixture
def tsa(tmp_path: Path) -> Tsa:
    return Tsa(tmp_path)


@pytest.fixture
def answering(tsa: Tsa) -> Iterator[Answering]:
    with served(tsa) as own:
        yield own


@pytest.fixture
def bench(ledger: TestLedger, tsa: Tsa, answering: Answering) -> Iterator[Bench]:
    stamping = stamping_of(ledger.ledger, tsa.roots_file, answering.url)
    yield Bench(ledger, tsa, answering, stamping)
    stamping.close()


def test_the_newest_checkpoint_is_stamped_once(bench: Bench) -> None:
    bench.post()
    bench.look()
    bench.look()
    assert bench.sizes() == [1]
    bench.post()
    bench.look()
    assert bench.sizes() == [1, 2]
    assert len(bench.served.queries) == 2
    assert bench.stored()[0][1].authority == "CN=Stamps"
    assert bench.stored()[0][1].chain == (bench.tsa.leaf.der, bench.tsa.between.der)


def test_each_query_has_a_nonce_of_its_own_and_says_what_is_stamped_by_hash(bench: Bench) -> None:
    bench.post()
    bench.look()
    bench.served.answer = always(b"")
    bench.post()
    bench.look()
    first, second = bench.served.queries
    with psycopg.connect(bench.ledger.database.dsn) as connection:
        notes = connection.execute("SELECT note FROM ledger.checkpoints WHERE size = 1").fetchall()
    assert sha256(notes[0][0].encode()).digest() in first
    assert len({query[-16:] for query in (first, second)}) == 2


def test_an_authority_is_asked_at_most_so_often(bench: Bench) -> None:
    stamping = stamping_of(bench.ledger.ledger, bench.tsa.roots_file, bench.served.url, seconds=3600)
    for _ in range(3):
        bench.post()
        stamping.look(datetime.now(UTC))
    stamping.close()
    assert bench.sizes() == [1]
    restarted = stamping_of(bench.ledger.ledger, bench.tsa.roots_file, bench.served.url, seconds=3600)
    restarted.look(datetime.now(UTC) + timedelta(minutes=50))
    restarted.close()
    assert bench.sizes() == [1], "nor after a restart"
    later = stamping_of(bench.ledger.ledger, bench.tsa.roots_file, bench.served.url, seconds=3600)
    later.look(datetime.now(UTC) + timedelta(minutes=70))
    later.close()
    assert bench.sizes() == [1, 3]


def test_a_running_ledger_stamps_by_itself(
    database: Database, tsa: Tsa, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.main.STAMPING_SECONDS", 0.05)
    settings = Settings.from_environment(
        {
            "QUANZE_DSN": database.dsn,
            "QUANZE_SIGNING_KEY": database.signer.text(),
            "QUANZE_TSA": answering.url,
            "QUANZE_TSA_ROOTS": str(tsa.roots_file),
            "QUANZE_TSA_SECONDS": "0.05",
        }
    )
    with Ledger(settings) as ledger:
        TestLedger(database, ledger).post([event("project.open", "project:X", "person:P1")])
        assert answering.answered.wait(20)
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.timestamps").fetchall() != [(0,)]


def test_an_authority_needs_roots(database: Database, tsa: Tsa, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp("roots")
    given = {"QUANZE_DSN": database.dsn, "QUANZE_SIGNING_KEY": database.signer.text(), "QUANZE_TSA": "http://localhost"}
    with pytest.raises(KeyError, match="QUANZE_TSA_ROOTS"):
        Settings.from_environment(given)
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "between.pem").write_bytes(tsa.roots_file.with_name("between.pem").read_bytes())
    for name, why in (("none.pem", "No such file"), ("empty.pem", "PEM"), ("between.pem", "no certificate of a root")):
        with pytest.raises(Unknown, match=why):
            Ledger(Settings.from_environment(given | {"QUANZE_TSA_ROOTS": str(tmp_path / name)}))


# Answers that are none


def replaced(tsa: Tsa, change: Callable[[der.Response], None]) -> Callable[[bytes], bytes]:
    def answer(query: bytes) -> bytes:
        read = asn1.decode_der(der.Response, tsa.answer(query))
        change(read)
        return asn1.encode_der(read)

    return answer


def always(response: bytes) -> Callable[[bytes], bytes]:
    return lambda _: response


def with_mods(it: der.Response) -> None:
    it.status.status = 1


def refused(it: der.Response) -> None:
    it.status.status, it.token = 2, None


BAD: dict[str, Callable[[Bench], None]] = {
    "granted with modifications": lambda it: setattr(it.served, "answer", replaced(it.tsa, with_mods)),
    "a refusal": lambda it: setattr(it.served, "answer", replaced(it.tsa, refused)),
    "of another query": lambda it: setattr(it.served, "answer", always(it.tsa.stamp(b"x"))),
    "no stamp at all": lambda it: setattr(it.served, "answer", always(b"hello")),
    "too much": lambda it: setattr(it.served, "answer", always(b"\x30" * 70_000)),
    "another type of content": lambda it: setattr(it.served, "content_type", "text/html"),
    "an error": lambda it: setattr(it.served, "status", 503),
    "moved": lambda it: setattr(it.served, "status", 302),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_no_stamp_is_told_of_once_and_stops_nothing(bench: Bench, name: str) -> None:
    BAD[name](bench)
    with capture_logs() as logs:
        for _ in range(3):
            bench.post()
            bench.look()
    assert bench.sizes() == []
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["not_stamped"]
    bench.served.answer, bench.served.content_type, bench.served.status = (
        bench.tsa.answer,
        "application/timestamp-reply",
        200,
    )
    bench.look()
    assert bench.sizes() == [3]


def test_an_old_stamp_of_the_same_checkpoint_is_refused_for_its_nonce(bench: Bench) -> None:
    bench.post()
    note = bench.ledger.ledger.checkpoints.newest().note.encode()
    old = bench.tsa.stamp(note)
    assert verify_timestamp(old, note, bench.tsa.roots)
    bench.served.answer = always(old)
    with capture_logs() as logs:
        bench.look()
    assert bench.sizes() == []
    assert [each["error"] for each in logs if each["event"] == "not_stamped"] == ["Nonce mismatch"]


def test_who_does_not_answer_keeps_nobody_else_from_it(bench: Bench) -> None:
    bench.post()
    stamping = stamping_of(bench.ledger.ledger, bench.tsa.roots_file, "http://127.0.0.1:9/", "no url", bench.served.url)
    stamping.look(datetime.now(UTC))
    stamping.close()
    assert bench.sizes() == [1]


def test_an_authority_of_another_root_is_not_believed(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Tsa(tmp_path_factory.mktemp("other"))
    stamping = stamping_of(bench.ledger.ledger, other.roots_file, bench.served.url)
    with capture_logs() as logs:
        stamping.look(datetime.now(UTC))
    stamping.close()
    assert bench.sizes() == []
    assert [each["event"] for each in logs] == ["not_stamped"]


def test_what_the_authority_does_not_send_comes_from_the_file(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def leaf_only(it: der.Response) -> None:
        assert it.token is not None
        it.token.signed.certificates = (it.token.signed.certificates or [])[:1]

    bench.served.answer = replaced(bench.tsa, leaf_only)
    bench.look()
    assert bench.sizes() == [], "the certificate between is missing"
    other = Tsa(tmp_path_factory.mktemp("other"), root="Root of another, with a certificate of the same name between")
    file = tmp_path_factory.mktemp("roots") / "all.pem"
    parts = [tsa.roots_file.with_name(f"{name}.pem") for tsa in (other, bench.tsa) for name in ("between", "root")]
    file.write_bytes(b"".join(part.read_bytes() for part in parts))
    stamping = stamping_of(bench.ledger.ledger, file, bench.served.url)
    stamping.look(datetime.now(UTC))
    stamping.close()
    [(_, stamp)] = bench.stored()
    assert stamp.chain == (bench.tsa.leaf.der, bench.tsa.between.der)


# Renewal


def renewals(bench: Bench) -> list[tuple[int, bytes]]:
    with psycopg.connect(bench.ledger.database.dsn) as connection:
        return connection.execute(
            "SELECT position, payload FROM ledger.entries WHERE type = 'log.renew_stamp' ORDER BY position"
        ).fetchall()


def test_a_stamp_is_renewed_before_its_certificate_ends(bench: Bench) -> None:
    bench.tsa.certify(until=SOON)
    bench.post()
    bench.look()
    bench.tsa.certify()
    bench.post()
    bench.look()
    assert bench.sizes() == [1, 2]
    bench.look(timedelta(days=29))
    assert renewals(bench) == [], "more than half of its time is left"
    bench.look(timedelta(days=31))
    [(position, payload)] = renewals(bench)
    assert position == 3
    act = read_event(payload, bench.ledger.ledger.admission.catalogue)
    with psycopg.connect(bench.ledger.database.dsn) as connection:
        [(response, note)] = connection.execute(
            "SELECT response, note FROM ledger.timestamps JOIN ledger.checkpoints USING (log_id, size) WHERE size = 1"
        ).fetchall()
    said = act.payload
    assert isinstance(said, StampRenewal)
    assert (said.size, said.authority) == (1, bench.served.url)
    assert said.note_sha256 == sha256(note.encode()).hexdigest()
    assert said.response_sha256 == sha256(response).hexdigest()
    assert (act.envelope.subject, act.envelope.source) == (f"log:{ORIGIN}", f"urn:quanze:{ORIGIN}")
    assert act.envelope.actor == "system:quanze"
    assert bench.sizes() == [1, 2, 3], "a checkpoint with the act in it is stamped at once"
    for days in (32, 45, 59):
        bench.look(timedelta(days=days))
    assert (len(renewals(bench)), bench.sizes()) == (1, [1, 2, 3]), "and once is enough"


def test_a_stamp_of_a_certificate_of_a_year_is_renewed_ninety_days_before(bench: Bench) -> None:
    bench.tsa.certify(until=timedelta(days=365))
    bench.look()
    bench.tsa.certify(until=timedelta(days=730))
    bench.post()
    bench.look()
    bench.look(timedelta(days=274))
    assert renewals(bench) == []
    bench.look(timedelta(days=276))
    assert len(renewals(bench)) == 1


def test_nothing_is_renewed_by_stamps_that_end_as_soon(bench: Bench) -> None:
    bench.tsa.certify(until=SOON)
    bench.post()
    bench.look()
    bench.post()
    bench.look()
    for days in (31, 45, 59):
        bench.look(timedelta(days=days))
    assert renewals(bench) == []


def test_after_a_crash_between_act_and_stamp_nothing_is_double(bench: Bench) -> None:
    bench.tsa.certify(until=SOON)
    bench.post()
    bench.look()
    bench.tsa.certify()
    bench.post()
    bench.look()
    bench.served.status = 503
    bench.look(timedelta(days=31))
    assert (len(renewals(bench)), bench.sizes()) == (1, [1, 2])
    bench.served.status = 200
    restarted = stamping_of(bench.ledger.ledger, bench.tsa.roots_file, bench.served.url)
    restarted.look(datetime.now(UTC) + timedelta(days=32))
    restarted.close()
    assert (len(renewals(bench)), bench.sizes()) == (1, [1, 2, 3])


def test_two_processes_renew_a_stamp_once(bench: Bench) -> None:
    """The second read what is due before the first recorded it, and says another time."""
    bench.tsa.certify(until=SOON)
    bench.post()
    bench.look()
    bench.tsa.certify()
    bench.post()
    bench.look()
    ledger = bench.ledger.ledger
    late = datetime.now(UTC) + timedelta(days=31)
    other = stamping_of(ledger, bench.tsa.roots_file, bench.served.url)

    def first_the_other(events: Sequence[Event]) -> object:
        other.look(late + timedelta(seconds=1))
        return ledger.record(events)

    own = stamping_of(ledger, bench.tsa.roots_file, bench.served.url, record=first_the_other)
    own.look(late)
    own.close()
    other.close()
    assert (len(renewals(bench)), bench.sizes()) == (1, [1, 2, 3])
