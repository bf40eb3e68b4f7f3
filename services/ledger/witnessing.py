"""
Asks witnesses to cosign the signed heads: the log's side of `c2sp.org/tlog-witness`.

A witness cosigns a head only if it continues the one it cosigned last. So a log that was rolled back, or that shows two
histories, gets no cosignature, and hears it from the witness first. Nothing waits for witnesses: writing and signing go
on without them, and what lacks a quorum says so.
"""

import re
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import Final, NamedTuple

import httpx
import structlog
from msgspec import Struct
from prometheus_client import Gauge

from contracts.proof import ProofFailed
from contracts.proof.cosignature import WitnessKey, cosigned
from edge.database import Pool
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.cosignatures import Cosignatures, Cosigned
from ledger.tiles import fetch_tiles
from ledger.tree import consistency_proof, consistency_tiles

LOOK_SECONDS: Final = 1.0
"""How often there is a head to ask for at most: the signer's cadence."""
ALARM_SECONDS: Final = 600.0
"""How long signed heads may wait for a quorum until somebody has to look."""
_PAUSE_SECONDS_MAX: Final = 300.0
_ANSWER_SECONDS_MAX: Final = 10.0
_STOP_SECONDS_MAX: Final = 1.0
_ANSWER_BYTES_MAX: Final = 64 * 1024
_CLOCK_SECONDS_MAX: Final = 3600.0
"""How far a witness's clock may be ahead of ours: a cosignature of tomorrow would be fresh for too long."""
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_SIZE_TYPE: Final = "text/x.tlog.size"
_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8", "Accept-Encoding": "identity"}

_UNWITNESSED: Final = Gauge(
    "quanze_unwitnessed_seconds",
    "How long signed heads have waited for a quorum of witnesses; 0 when the newest has one",
    multiprocess_mode="livemax",
)
_DENIED: Final = Gauge(
    "quanze_witnesses_denying", "Witnesses that hold another history than this log", multiprocess_mode="livemax"
)

_log = structlog.get_logger()


class WitnessState(Struct, frozen=True):
    """
    A witness, and the largest head that it cosigned; `size` and `cosigned_at` are null where it never did.

    `fault` says why it will not: it holds another history than this log shows.
    """

    name: str
    vkey: str
    size: int | None
    cosigned_at: str | None
    fault: str | None


class _Unanswered(Exception):
    """The witness did not cosign, and nothing follows from it for the log."""


class _Denied(Exception):
    """The witness holds another history. Either the log was rolled back or forked, or the witness is at fault."""


class _Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


class _Witness:
    """One witness, asked by one thread at a time."""

    def __init__(self, name: str, key: WitnessKey, url: str, last: Cosigned | None) -> None:
        self.name, self.key, self.last = name, key, last
        self.held = last.size if last is not None else 0
        """The size it cosigned last, as far as we know: for other than us, too."""
        self.fault: str | None = None
        self.confirmed = False
        """Whether it cosigned since the start. Until then it is asked about a head that it cosigned before, too: a log
        that was restored from an old copy hears of it before anything is recorded."""
        self.thread: threading.Thread | None = None
        self._url = url.rstrip("/") + "/add-checkpoint"
        self._http = httpx.Client(timeout=_ANSWER_SECONDS_MAX / 2)
        self._failures, self._said, self._not_before = 0, "", 0.0

    @property
    def is_asked(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def wants(self, checkpoint: Checkpoint) -> bool:
        """Say whether to ask it now: not about what it cosigned already, and not soon after it failed."""
        is_done = self.confirmed and self.last is not None and self.last.size >= checkpoint.size
        return not self.is_asked and not is_done and time.monotonic() >= self._not_before

    def post(self, body: bytes) -> _Answer:
        """Raises `_Unanswered` where it does not answer in time, or answers at length."""
        give_up = time.monotonic() + _ANSWER_SECONDS_MAX
        received = b""
        try:
            with self._http.stream("POST", self._url, content=body, headers=_HEADERS) as answer:
                for chunk in answer.iter_raw():
                    received += chunk
                    if len(received) > _ANSWER_BYTES_MAX or time.monotonic() > give_up:
                        raise _Unanswered("its answer has no end")
                content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return _Answer(answer.status_code, content_type, received)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise _Unanswered(f"does not answer: {exc or type(exc).__name__}") from exc

    def succeeded(self, last: Cosigned) -> None:
        if self._failures:
            _log.info("witness_cosigns_again", witness=self.name, size=last.size)
        if self.last is None or self.last.size < last.size:
            self.last = last
        self.held, self.fault, self.confirmed = last.size, None, True
        self._failures, self._said, self._not_before = 0, "", 0.0

    def failed(self, error: Exception) -> None:
        """Leave it alone for a while, twice as long each time. Said once, until it is something else."""
        self._failures += 1
        pause = min(_PAUSE_SECONDS_MAX, LOOK_SECONDS * 2 ** min(self._failures, 20))
        self._not_before = time.monotonic() + pause
        denied = isinstance(error, _Denied)
        if denied:
            self.fault = str(error)
        if str(error) != self._said:
            say = _log.error if denied else _log.warning
            say("witness_denies" if denied else "witness_failed", witness=self.name, error=str(error))
        self._said = str(error)

    def close(self) -> None:
        self._http.close()


class Witnessing:
    """
    Gets heads cosigned, one at a time: the newest until it has a quorum or all were asked, then the newest of then.

    All witnesses are asked about the same head, side by side. Each asked about what is newest when its turn comes would
    cosign heads of its own, and under load, when heads move each second, none would ever have a quorum.
    """

    def __init__(
        self,
        pool: Pool,
        log_id: int,
        checkpoints: Checkpoints,
        cosignatures: Cosignatures,
        *,
        alarm_seconds: float = ALARM_SECONDS,
    ) -> None:
        """Ask the witnesses of the policy of `cosignatures` that have a URL."""
        self._pool, self._log_id = pool, log_id
        self._checkpoints, self._cosignatures = checkpoints, cosignatures
        self._alarm_seconds = alarm_seconds
        witnesses = cosignatures.policy.witnesses if cosignatures.policy is not None else ()
        self._witnesses = [
            _Witness(each.name, each.key, each.url, cosignatures.newest_of(each.key))
            for each in witnesses
            if each.url is not None
        ]
        self._round: Checkpoint | None = None
        self._waiting_since: float | None = None
        self._quorum_size: int | None = None
        self._alarmed = False
        self._stopped = threading.Event()

    @property
    def fault(self) -> str | None:
        """What a witness says against this log, or None. An operator has to look."""
        return next((f"witness {each.name}: {each.fault}" for each in self._witnesses if each.fault is not None), None)

    def states(self) -> list[WitnessState]:
        """Say of each witness what it cosigned last."""
        return [
            WitnessState(
                each.key.name,
                each.key.vkey,
                each.last.size if each.last is not None else None,
                each.last.at.isoformat() if each.last is not None else None,
                each.fault,
            )
            for each in self._witnesses
        ]

    def look(self) -> None:
        """Ask whoever is to be asked now; return at once. To be called every `LOOK_SECONDS`."""
        newest = self._checkpoints.signed()
        if newest is not None and newest.size == 0:  # nothing is to be witnessed of it, and no later head denies it
            newest = None
        self._watch(newest)
        if self._round is None or self._is_over(self._round):
            self._round = newest
        for witness in self._witnesses:
            if self._round is not None and witness.wants(self._round):
                arguments = witness, self._round
                # A daemon: a witness that does not answer must not keep the process from its end.
                witness.thread = threading.Thread(target=self._ask, args=arguments, name="witness", daemon=True)
                witness.thread.start()

    def stop(self) -> None:
        """Ask nobody any more. Those who answer at once are waited for."""
        self._stopped.set()
        give_up = time.monotonic() + _STOP_SECONDS_MAX
        for witness in self._witnesses:
            if witness.thread is not None:
                witness.thread.join(max(0.0, give_up - time.monotonic()))
            witness.close()

    def _is_over(self, checkpoint: Checkpoint) -> bool:
        """Say whether a head can be left: it has a quorum, or there is nobody left to ask about it."""
        if self._cosignatures.newest_witnessed(checkpoint.size) is not None:
            return True
        return not any(each.is_asked or each.wants(checkpoint) for each in self._witnesses)

    def _watch(self, newest: Checkpoint | None) -> None:
        """Measure how long heads wait for a quorum, from the last quorum on or from the first head after it."""
        quorum = self._cosignatures.newest_witnessed()
        size = quorum.size if quorum is not None else None
        now = time.monotonic()
        if newest is None or size == newest.size:
            self._waiting_since = None
        elif self._waiting_since is None or size != self._quorum_size:
            self._waiting_since = now
        self._quorum_size = size
        waited = now - self._waiting_since if self._waiting_since is not None else 0.0
        _UNWITNESSED.set(waited)
        _DENIED.set(sum(each.fault is not None for each in self._witnesses))
        if waited > self._alarm_seconds and not self._alarmed:
            _log.error("unwitnessed", seconds=round(waited), quorum_size=size)
            self._alarmed = True
        elif self._alarmed and waited < self._alarm_seconds:
            _log.info("witnessed_again", quorum_size=size)
            self._alarmed = False

    def _ask(self, witness: _Witness, checkpoint: Checkpoint) -> None:
        try:
            witness.succeeded(self._cosigned_by(witness, checkpoint))
        except Exception as exc:  # noqa: BLE001 - whatever it is, the others are asked, and this one later again
            if not self._stopped.is_set():
                witness.failed(exc)

    def _cosigned_by(self, witness: _Witness, checkpoint: Checkpoint) -> Cosigned:
        """Have a head cosigned and keep the line. Raises `_Unanswered`, `_Denied`."""
        old = min(witness.held, checkpoint.size)
        answer = witness.post(self._request(old, checkpoint))
        held = _held(answer)
        if held is not None and held != old:
            witness.held = held
            if held > checkpoint.size:
                raise self._ahead(held)
            old = held
            answer = witness.post(self._request(old, checkpoint))
        if answer.status == 409 and old == checkpoint.size:
            raise _Denied(f"cosigned another tree of {old} acts than this log shows")
        if answer.status == 422:
            raise _Denied(f"does not find that this log continues the {old} acts it cosigned")
        if answer.status != 200:
            raise _Unanswered(f"answered {answer.status}")
        line, at = _checked(answer.body, checkpoint, witness.key)
        self._cosignatures.add(checkpoint, witness.key, line, at)
        return Cosigned(checkpoint.size, at)

    def _ahead(self, held: int) -> Exception:
        """Return what it means that a witness cosigned a larger head than it was asked about."""
        newest = self._checkpoints.signed()
        if newest is not None and newest.size >= held:  # another process of this log asked it meanwhile
            return _Unanswered(f"was asked about {held} acts by somebody else")
        size = newest.size if newest is not None else 0
        return _Denied(f"cosigned {held} acts of this log, which has signed {size}: one of the two was rolled back")

    def _request(self, old: int, checkpoint: Checkpoint) -> bytes:
        """Return the body of add-checkpoint: the old size, the consistency proof, the note. tlog-witness."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            tiles = fetch_tiles(cursor, self._log_id, consistency_tiles(old, checkpoint.size))
        proof = consistency_proof(old, checkpoint.size, tiles)
        lines = [f"old {old}", *(b64encode(each).decode() for each in proof), "", checkpoint.note]
        return "\n".join(lines).encode()


def _held(answer: _Answer) -> int | None:
    """Return the size that a witness says it cosigned last, where it says so. tlog-witness, 409."""
    if answer.status != 409 or answer.content_type != _SIZE_TYPE:
        return None
    found = _SIZE.fullmatch(answer.body)
    return int(found[1]) if found is not None else None


def _checked(body: bytes, checkpoint: Checkpoint, key: WitnessKey) -> tuple[str, datetime]:
    """
    Return the line by which a witness cosigned a head, and when. Lines of other keys are ignored.

    Raises `_Unanswered`.
    """
    try:
        *lines, end = body.decode().split("\n")
        found = {f"{line}\n": cosigned(f"{checkpoint.note}{line}\n".encode(), [key]) for line in lines}
    except (UnicodeDecodeError, ProofFailed) as exc:
        raise _Unanswered(f"answered what is no cosignature: {exc}") from exc
    times = {line: times[key] for line, times in found.items() if key in times}
    if end or not times:
        raise _Unanswered("answered without a cosignature under its key")
    line = max(times, key=times.__getitem__)
    if times[line] > time.time() + _CLOCK_SECONDS_MAX:
        raise _Unanswered("its clock is more than an hour ahead")
    return line, datetime.fromtimestamp(times[line], UTC)
