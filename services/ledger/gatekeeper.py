"""
Asks the gate before recording, for units that enforce, and records what it refuses.

One request at a time: of two that together overrun a total, the second is judged with the first on record. A verdict
that does not come in time, counted from when the request arrived, admits and flags.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from msgspec.structs import replace
from prometheus_client import Counter

from contracts.catalogue import Catalogue
from contracts.event import Event
from contracts.faults import Fault
from edge.database import Pool, statement
from ledger.acts import Appended
from ledger.errors import KeyTaken, Refused
from ledger.gate import Gate, Reasons, units_that_enforce
from ledger.recorder import LedgerRecorder
from ledger.refusals import Refusals, unit_of

_LOOK_EVERY_SECONDS: Final = 1.0
_UNANSWERED: Final = Counter("quanze_gate_unanswered", "Acts of units that enforce, recorded without a verdict in time")
_REFUSED: Final = Counter("quanze_gate_refused", "Acts refused by the policy of their own unit")

_log = structlog.get_logger()

Key = tuple[str, str]


@dataclass(frozen=True)
class Door:
    """What of the ledger the gatekeeper works with. `record` blocks until the acts are on disk."""

    pool: Pool
    log_id: int
    recorder: LedgerRecorder
    record: Callable[[Sequence[Event]], Appended]
    catalogue: Callable[[], Catalogue]


class Gatekeeper:
    """Stands before the ledger of one process."""

    def __init__(self, door: Door, gate: Gate, refusals: Refusals, seconds: float) -> None:
        self._door, self._gate, self._refusals, self._seconds = door, gate, refusals, seconds
        self._units: frozenset[str] = frozenset()
        self._read_until = 0
        self._looked_at = time.monotonic()
        # One thread takes requests in turn, another asks: what hangs there is left behind, not waited for.
        self._turns = ThreadPoolExecutor(1, "gatekeeper")
        self._asking = ThreadPoolExecutor(1, "gate")

    def close(self) -> None:
        self._turns.shutdown()
        self._asking.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Read the policies recorded since the last look, by whichever process."""
        self._looked_at = time.monotonic()
        with self._door.pool.connection() as connection:
            parameters = {"log_id": self._door.log_id, "after": self._read_until}
            rows = connection.execute(statement("ledger", "policies_after"), parameters).fetchall()
        if rows:
            self._units |= units_that_enforce(payload for _, payload in rows)
            self._read_until = rows[-1][0]

    def concerns_anybody(self) -> bool:
        """Say whether there are units whose acts a gate may have to be asked about."""
        if time.monotonic() - self._looked_at > _LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            self._asking.submit(self._look_or_tell)
        return bool(self._units)

    def concerns(self, events: Sequence[Event]) -> bool:
        """Say whether a gate may have to be asked. Touches no database: every request passes here."""
        return self.concerns_anybody() and any(map(self._enforces, events))

    def record(self, events: Sequence[Event]) -> Future[Appended]:
        """
        Record acts, unless their units refuse one of them.

        The future raises `Refused`, once that is recorded, and whatever recording raises.
        """
        return self._turns.submit(self._record, events, time.monotonic() + self._seconds)

    def _enforces(self, event: Event) -> bool:
        return event.act.act_class != "R" and unit_of(event) in self._units

    def _look_or_tell(self) -> None:
        try:
            self.look()
        except Exception as exc:  # noqa: BLE001 - looked at again in a second, and the requests say it themselves
            _log.warning("policies_not_read", error=str(exc))

    # In the thread of turns

    def _record(self, events: Sequence[Event], deadline: float) -> Appended:
        fresh = self._not_recorded(events)
        if not any(map(self._enforces, fresh)):
            return self._door.record(events)  # retried: they get their first receipts, whatever is in force by now
        verdicts = self._ask(fresh, deadline)
        if verdicts is None:
            return self._flagged(self._door.record(events), fresh)
        refused = {_key(each): why for each, why in zip(fresh, verdicts, strict=True) if why}
        if refused:
            raise self._refusal(events, refused)
        return self._door.record(events)

    def _not_recorded(self, events: Sequence[Event]) -> list[Event]:
        by_key = {_key(each): each for each in reversed(events)}
        stored = self._door.recorder.find(list(by_key))
        return [each for each in events if by_key[_key(each)] is each and _key(each) not in stored]

    def _ask(self, fresh: Sequence[Event], deadline: float) -> Sequence[Reasons] | None:
        """Return the verdicts, or None where there is none in time, for whatever reason."""
        asked: Future[Sequence[Reasons]] | None = None
        try:
            left = max(0.0, deadline - time.monotonic())
            asked = self._asking.submit(self._gate.judge, fresh, self._head(), left)
            verdicts = asked.result(timeout=left)
            if len(verdicts) != len(fresh):
                raise ValueError(f"{len(verdicts)} verdicts on {len(fresh)} acts")
        except Exception as exc:  # noqa: BLE001 - whatever keeps the gate from answering must not keep acts off the record
            if asked is not None:
                asked.cancel()  # not begun yet: nobody waits for it any more
            _log.warning("gate_unanswered", acts=len(fresh), error=str(exc) or repr(exc))
            return None
        return verdicts

    def _head(self) -> int:
        with self._door.pool.connection() as connection:
            row = connection.execute(statement("ledger", "head"), {"log_id": self._door.log_id}).fetchone()
        return row[0] if row is not None else 0

    def _flagged(self, appended: Appended, fresh: Sequence[Event]) -> Appended:
        unjudged = {_key(each) for each in fresh if self._enforces(each)}
        receipts = [
            replace(each, flags=[*(each.flags or ()), "gate_unanswered"])
            if (each.source, each.id) in unjudged
            else each
            for each in appended.receipts
        ]
        _UNANSWERED.inc(len(unjudged))
        return replace(appended, receipts=receipts)

    def _refusal(self, events: Sequence[Event], refused: Mapping[Key, Reasons]) -> Refused:
        """Record each refusal, then say them all. Where one cannot be recorded, nothing is refused: that raises."""
        found = [(index, each, refused[_key(each)]) for index, each in enumerate(events) if _key(each) in refused]
        positions = [self._on_record(each, why) for _, each, why in found]
        _REFUSED.inc(len(positions))
        return Refused([Fault(f"/{at}", each.code, each.detail) for at, _, why in found for each in why], positions)

    def _on_record(self, refused: Event, why: Reasons) -> int:
        act = self._refusals.of(refused, why, datetime.now(UTC), self._door.catalogue())
        try:
            return self._door.record([act]).receipts[0].position
        except KeyTaken as exc:
            if exc.position is None:
                raise
            return exc.position  # the same act, refused before: once on record is enough


def _key(event: Event) -> Key:
    return event.envelope.source, event.envelope.id
