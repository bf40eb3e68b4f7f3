"""Where the two services need each other within one process: proofs for answers, verdicts before acts are recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from contracts.event import Event, read_event
from contracts.evidence import Evidence
from ledger.errors import Corrupt as LedgerCorrupt
from ledger.errors import LedgerError
from ledger.errors import Unknown as LedgerUnknown
from ledger.evidence import Evidences
from ledger.gate import Reason, Reasons
from ledger.main import Ledger
from ledger.reading import Reading
from projector.errors import Behind, Corrupt, Unavailable, Unknown
from projector.foresee import refusals
from projector.main import Projector
from projector.prover import Inclusion


class LedgerProver:
    """The ledger of this process as the projector's `Prover`."""

    def __init__(self, reading: Reading, evidences: Evidences) -> None:
        self._reading, self._evidences = reading, evidences

    def inclusion(self, positions: Sequence[int], *, with_payload: bool) -> list[Inclusion]:
        found: list[Inclusion] = []
        for position in positions:
            size = found[0].tree_size if found else None
            try:
                proof = self._reading.inclusion(position, size, with_payload=with_payload)
            except LedgerError as exc:
                raise Unavailable(f"the ledger gave no proof: {exc}") from exc
            found.append(Inclusion(**msgspec.structs.asdict(proof)))
        return found

    def evidence(self, positions: Sequence[int], held: int | None) -> Evidence:
        try:
            return self._evidences.of(positions, held)
        except LedgerUnknown as exc:
            raise Unknown(str(exc)) from exc
        except LedgerCorrupt as exc:
            raise Corrupt(str(exc)) from exc
        except LedgerError as exc:
            raise Unavailable(f"the ledger gave no evidence: {exc}") from exc


class LedgerScribe:
    """The ledger of this process as the projector's `Scribe`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, event: Mapping[str, Any]) -> int:
        read = read_event(msgspec.json.encode(event), self._ledger.admission.catalogue)
        try:
            return self._ledger.record([read]).receipts[0].position
        except LedgerError as exc:
            raise Unavailable(f"the ledger did not record it: {exc}") from exc


class ProjectorGate:
    """The projector of this process as the ledger's `Gate`."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector

    def judge(self, events: Sequence[Event], seen: int, seconds: float) -> Sequence[Reasons]:
        if not self._projector.wait_for(seen, seconds):
            raise Behind(f"the read model did not reach {seen} in {seconds:.1f} s")
        found = refusals(self._projector, events)
        return [tuple(Reason(each.code, each.detail) for each in refused) for refused in found]
