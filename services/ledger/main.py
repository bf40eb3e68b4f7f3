"""The write side put together: pools, writer, signer. `Ledger` is what the HTTP face and the composition root hold."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from secrets import token_hex
from typing import Final, Self

import psycopg
from msgspec import structs
from psycopg import Connection

from contracts.event import Event
from edge.database import migrate, open_pool, require_migrated, require_role, statement
from edge.tokens import Token, Tokens, digest_of, new_bearer
from ledger.acts import Appended, Draft, Request
from ledger.admission import Admission
from ledger.application import LedgerApplication, needs_decision
from ledger.awaiting import Answer, Bell
from ledger.batch_reader import BatchReader
from ledger.checkpoint import CADENCE_SECONDS, Checkpoints, Signing
from ledger.committer import Committer
from ledger.cosignatures import Cosignatures, read_policy
from ledger.erasure import erase_ordered
from ledger.errors import Unknown
from ledger.evidence import Evidences
from ledger.gate import Gate, RemoteGate, units_that_enforce
from ledger.gatekeeper import Door, Gatekeeper
from ledger.interval import Interval
from ledger.keys import keys_of, require_own
from ledger.reading import LogKeys, Reading
from ledger.recorder import LedgerRecorder
from ledger.refusals import Refusals
from ledger.settings import Settings
from ledger.settling import LOOK_SECONDS, Settling
from ledger.signer import Signer
from ledger.stamp_request import Anchors
from ledger.stamping import LOOK_SECONDS as STAMPING_SECONDS
from ledger.stamping import Stamped, Stamping
from ledger.subscribing import Feed
from ledger.tree import Frontier
from ledger.witnessing import LOOK_SECONDS as WITNESSING_SECONDS
from ledger.witnessing import Witnessing

_POOL_SIZE_MAX: Final = 8
_LINE_THREADS: Final = 4
_DECIDING_THREADS: Final = 4


class Ledger:
    """One log, open for writing. Use as a context manager, or call `start` and `stop`."""

    def __init__(self, settings: Settings) -> None:
        """
        Open the log that the signing keys are for.

        Raises `Unknown`: it was never founded, or stamps have no roots; `KeyRefused`: a key is not its own;
        `PolicyRefused`: its witnesses cannot be asked.
        """
        signer = settings.signer()
        anchors = Anchors(settings.tsa_roots) if settings.tsa_roots is not None else None
        self.origin = signer.origin
        self._settings = settings
        self._secret = _secret(signer)
        self._dsn = settings.dsn
        self.log_id = find_log(settings.dsn, signer)
        policy = None
        if settings.witness_policy is not None:
            with psycopg.connect(settings.dsn, autocommit=True) as connection:
                policy = read_policy(settings.witness_policy, keys_of(connection, self.log_id, self.origin))
        require_role(settings.dsn, "quanze_writer")
        require_migrated(settings.dsn, "quanze_writer", "ledger", "ledger")
        self.pool = open_pool(settings.dsn, "quanze_writer", size_max=_POOL_SIZE_MAX, name="quanze ledger")
        self.tokens = Tokens(self.pool, self.log_id)
        self.checkpoints = Checkpoints(self.pool, self.log_id, signer)
        self.cosignatures = Cosignatures(self.pool, self.log_id, self.checkpoints, policy)
        self.reading = Reading(self.pool, self.log_id, self.origin, self.checkpoints, self.cosignatures)
        self.evidences = Evidences(self.pool, self.log_id, self.reading, self.checkpoints, self.cosignatures)
        self.feed = Feed(settings.dsn, self.pool, self.log_id, self.reading)
        self.admission = Admission(self._packs_after)
        self._committer = Committer(settings.dsn, self.log_id, self.origin, queue_acts_max=settings.queue_acts_max)
        self.recorder = LedgerRecorder(self.pool, self._committer, self.log_id, self.origin)
        self.application = LedgerApplication(self.recorder)
        self._batch_reader = BatchReader(self.admission)
        self.batch_thread = ThreadPoolExecutor(1, "batches")
        """One: two that read batches at once only take turns, and the first one's commit waits for it."""
        self.line_threads = ThreadPoolExecutor(_LINE_THREADS, "lines")
        self._deciding = ThreadPoolExecutor(_DECIDING_THREADS, "deciding")
        self._bell: Bell | None = None
        self._signing = Signing(self.checkpoints)
        settling = Settling(self.pool, lambda: self._committer.tags)
        self._intervals = [
            Interval("settling", LOOK_SECONDS, settling.look),
            Interval("signing", CADENCE_SECONDS, self._signing.look),
        ]
        self._stamping = self._stamped_by(settings, anchors) if anchors is not None else None
        self._stamps: Interval | None = None
        self.witnessing: Witnessing | None = None
        self.gatekeeper: Gatekeeper | None = None
        if settings.projector_url is not None:
            self.ask_first(RemoteGate(settings.projector_url, settings.projector_token))

    def start(self) -> None:
        """Read the catalogue packs, carry out what orders of erasure are left, begin to sign and to settle."""
        self.admission.refresh()
        self.erase()
        if self.cosignatures.policy is not None:
            self.cosignatures.load()
            self.witnessing = Witnessing(self.pool, self.log_id, self.checkpoints, self.cosignatures)
            self._intervals.append(Interval("witnessing", WITNESSING_SECONDS, self.witnessing.look))
        for interval in self._intervals:
            interval.start()
        if self._stamping is not None:
            self._stamps = Interval("stamping", STAMPING_SECONDS, self._stamping.look_now)
            self._stamps.start()

    def stop(self) -> None:
        """Commit what waits, sign it, let go of the database."""
        self.feed.stop()
        if self._stamps is not None and self._stamping is not None:
            self._stamps.stop()  # before the writer: it records
            self._stamping.close()
        self.batch_thread.shutdown(cancel_futures=True)
        self._batch_reader.stop()
        self.line_threads.shutdown(cancel_futures=True)
        if self.gatekeeper is not None:
            self.gatekeeper.close()
        self._deciding.shutdown()
        self._committer.close()
        for interval in self._intervals:
            interval.stop()
        if self.witnessing is not None:
            self.witnessing.stop()
        self.pool.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def submit(self, events: Sequence[Event]) -> Future[Appended]:
        """Queue admitted acts of which none needs a decision."""
        return self.recorder.submit(Request(tuple(map(Draft.of, events))))

    def submit_plain(self, drafts: Sequence[Draft]) -> Future[Appended]:
        """Queue acts that `read_apart` returned."""
        return self.recorder.submit(Request(tuple(drafts)))

    def post(self, events: Sequence[Event]) -> Future[Appended]:
        """
        Record admitted acts as one request, unless their units refuse one of them.

        The future raises what recording raises, and so does this where it knows at once.
        """
        if self.gatekeeper is not None and self.gatekeeper.concerns(events):
            return self.gatekeeper.record(events)
        if any(map(needs_decision, events)):
            return self._deciding.submit(self.application.record, events)
        return self.submit(events)

    async def answer(self, events: Sequence[Event]) -> Appended:
        """Record admitted acts as `post` does, and wait for it in a loop."""
        if self._is_asked_first(events):
            return await asyncio.wrap_future(self.post(events))
        return await self.answer_plain(tuple(map(Draft.of, events)))

    async def answer_batch(self, body: bytes, token: Token) -> Appended | None:
        """Record a batch that another process reads; None where it has to be read in this one."""
        loop = asyncio.get_running_loop()
        drafts = await loop.run_in_executor(self.batch_thread, self.read_apart, body, token)
        return await self.answer_plain(tuple(drafts)) if drafts is not None else None

    def read_apart(self, body: bytes, token: Token) -> list[Draft] | None:
        """Have another process read a batch of acts about which nothing has to be asked; None: it cannot. Blocks."""
        if self.gatekeeper is not None and self.gatekeeper.concerns_anybody():
            return None
        return self._batch_reader.read(body, token)

    async def answer_plain(self, drafts: tuple[Draft, ...]) -> Appended:
        """Record acts about which nothing has to be asked, and wait for it in a loop."""
        if self._bell is None or self._bell.loop is not asyncio.get_running_loop():
            self._bell = Bell(asyncio.get_running_loop())
        answer = Answer(self._bell)
        self._committer.put(Request(drafts), answer)
        return await answer.future

    def heed(self, events: Iterable[Event]) -> None:
        """Do what acts recorded just now ask of the ledger itself: those for which `is_heeded` holds."""
        acts = {event.act.type for event in events}
        if "catalogue.extend" in acts:
            self.admission.refresh()
        if "setup.policy" in acts and self.gatekeeper is not None:
            self.gatekeeper.look()
        if "data.erase" in acts:
            self.erase()
            self.feed.forget()

    def record(self, events: Sequence[Event]) -> Appended:
        """Record admitted acts and wait until they are on disk. Raises what recording raises."""
        if any(map(needs_decision, events)):
            return self.application.record(events)
        return self.submit(events).result()

    def ask_first(self, gate: Gate) -> None:
        """Have this gate judge the acts of units that enforce, from now on."""
        door = Door(self.pool, self.log_id, self.recorder, self.record, lambda: self.admission.catalogue)
        refusals = Refusals(self.origin, self._secret)
        self.gatekeeper = Gatekeeper(door, gate, refusals, self._settings.gate_seconds)
        self.gatekeeper.look()

    def erase(self) -> list[int]:
        """Carry out every recorded order of erasure that is still open; return the positions."""
        return erase_ordered(self._dsn, self.log_id)

    def log(self) -> LogKeys:
        """Say which log this is, which keys it signed with, and who witnesses it."""
        log = self.reading.log()
        if self.witnessing is None:
            return log
        quorum = self.cosignatures.newest_witnessed()
        quorum_size = quorum.size if quorum is not None else None
        return structs.replace(log, witnesses=self.witnessing.states(), quorum_size=quorum_size)

    def readiness(self) -> str | None:
        """Say why the ledger cannot work, or None."""
        if fault := self._signing.fault:
            return fault
        try:
            with self.pool.connection(timeout=2.0) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as exc:
            return f"the database does not answer: {exc}"
        return None

    def _stamped_by(self, settings: Settings, anchors: Anchors) -> Stamping:
        log = Stamped(
            self.pool, self.log_id, self.origin, self.checkpoints, self.record, lambda: self.admission.catalogue
        )
        return Stamping(log, settings.tsa, anchors, settings.tsa_seconds)

    def _is_asked_first(self, events: Sequence[Event]) -> bool:
        concerned = self.gatekeeper is not None and self.gatekeeper.concerns(events)
        return concerned or any(map(needs_decision, events))

    def _packs_after(self, position: int) -> Iterable[tuple[int, bytes | None]]:
        with self.pool.connection() as connection:
            parameters = {"log_id": self.log_id, "after": position}
            return connection.execute(statement("ledger", "packs_after"), parameters).fetchall()


def is_plain(event: Event) -> bool:
    """Say that an act is recorded without a decision, and that nothing follows from it for the ledger itself."""
    return not needs_decision(event) and not is_heeded(event)


def is_heeded(event: Event) -> bool:
    """Say whether the ledger itself has to heed an act once it is recorded: how it reads, asks or shows others."""
    if event.act.type == "setup.policy":
        return bool(units_that_enforce([event.raw]))
    return event.act.type in ("catalogue.extend", "data.erase")


def migrate_ledger(dsn: str) -> list[str]:
    """Bring the schema `ledger` up to date; return the migrations that ran."""
    return migrate(dsn, "ledger", "ledger")


def found_log(dsn: str, signer: Signer) -> int:
    """Found the log of this key, unless it is there; return its number. Raises what `find_log` raises."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            statement("ledger", "found_log"),
            {"origin": signer.origin, "vkey": signer.vkeys[0], "empty_root": Frontier().root()},
        )
    return find_log(dsn, signer)


def find_log(dsn: str, signer: Signer) -> int:
    """
    Return the number of the log these keys sign for.

    Raises `Unknown`: no such log here; `KeyRefused`: a key that is not this log's, or that was retired, or a key of the
    log under which signatures prove nothing.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        log_id = _log_id(connection, signer.origin)
        if log_id is None:
            raise Unknown(f"this database holds no log of origin {signer.origin}; `quanze migrate` founds it")
        require_own(connection, log_id, signer.origin, signer.vkeys)
        return log_id


def create_token(
    dsn: str, log_id: int, *, name: str, scopes: Sequence[str], sources: Sequence[str] = (), acts: Sequence[str] = ()
) -> tuple[str, str]:
    """Add a token; return its id and its text, which is shown this once."""
    bearer, token_id = new_bearer(), token_hex(6)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            statement("ledger", "insert_token"),
            {
                "log_id": log_id,
                "token_id": token_id,
                "name": name,
                "digest": digest_of(bearer),
                "scopes": list(scopes),
                "sources": list(sources),
                "acts": list(acts),
            },
        )
    return token_id, bearer


def _secret(signer: Signer) -> bytes:
    """
    Return bytes that stay with the oldest live key and that nobody can make without it; see `Refusals`.

    A signature, since that is all a signer gives: RFC 8032 makes the same one each time. It is over a text that is no
    checkpoint, and leaves the process as little as the key does.
    """
    return signer.sign(b"quanze/refusals/v1\n").partition(b"\n\n")[2].partition(b"\n")[0]


def _log_id(connection: Connection[tuple[object, ...]], origin: str) -> int | None:
    row = connection.execute(statement("ledger", "log_by_origin"), {"origin": origin}).fetchone()
    return int(str(row[0])) if row is not None else None
