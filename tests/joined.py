"""Both services joined in one process as `quanze up` joins them, asked over HTTP."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from ledger.gate import Gate
from ledger.main import Ledger, create_token
from ledger.settings import Settings as LedgerSettings
from projector.main import Projector
from projector.settings import Settings as ProjectorSettings
from quanze.joints import LedgerProver, LedgerScribe, ProjectorGate
from quanze.serving import combined_app
from tests.conftest import Database
from tests.events import SOURCE, event

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"


HEAD, CHIEF, CLERK = "person:HEAD", "person:CHIEF", "person:CLERK"
GRANTED = "2026-01-05T09:00:00+08:00"


def vested(holder: str = HEAD) -> dict[str, Any]:
    """Return a root, recorded by its source when it was made."""
    said = {"recordedtime": GRANTED}
    return event(
        "auth.vest",
        "grant:R",
        "person:REG",
        time=GRANTED,
        unit="unit:U1",
        attributes=said,
        grant="grant:R",
        holder=holder,
        valid_from="2026-01-01",
    )


def granted(name: str, grantee: str, **data: Any) -> dict[str, Any]:
    """Return a grant by the root's holder to sign contracts, with every element a grant must have."""
    given: dict[str, Any] = {
        "grant": name,
        "kind": "general",
        "parent": "grant:R",
        "grantor": HEAD,
        "grantee": grantee,
        "scope": {"acts": ["contract.sign"]},
        "valid_from": "2026-01-06",
        "valid_until": "2027-12-31",
        "sub_delegable": False,
        "responsibility": {"grantor": "selects", "grantee": "signs"},
        **data,
    }
    said = {"recordedtime": GRANTED}
    return event("auth.grant", name, HEAD, time=GRANTED, unit="unit:U1", attributes=said, **given)


def signing(actor: str, amount: str, **fields: Any) -> dict[str, Any]:
    return event("contract.sign", "project:X", actor, amount=amount, contract="C1", **fields)


@dataclass
class Joined:
    """A running pair and a client of its one application, as somebody with every right."""

    ledger: Ledger
    projector: Projector
    http: TestClient[Litestar]
    database: Database

    def post(self, *events: dict[str, Any]) -> httpx.Response:
        """Post one act, or several as one batch."""
        return self._send("/v1/events", events)

    def record(self, *events: dict[str, Any]) -> list[int]:
        """Post acts that must be recorded; return their positions once the read model holds them."""
        answer = self.post(*events)
        assert answer.status_code == 201, answer.text
        positions = [receipt["position"] for receipt in answer.json()["receipts"]]
        assert self.projector.wait_for(max(positions), 10)
        return positions

    def preflight(self, *events: dict[str, Any]) -> httpx.Response:
        return self._send("/v1/preflight", events, min_position=self.size())

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def size(self) -> int:
        return self.get("/v1/log")["size"]

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Return the header of a new token."""
        _, text = create_token(self.database.dsn, self.ledger.log_id, name="t", scopes=scopes, sources=[SOURCE])
        return {"Authorization": f"Bearer {text}"}

    def _send(self, path: str, events: Sequence[dict[str, Any]], **parameters: Any) -> httpx.Response:
        kind, document = (ONE, events[0]) if len(events) == 1 else (MANY, list(events))
        body = json.dumps(document, ensure_ascii=False).encode()
        return self.http.post(path, content=body, params=parameters, headers={"Content-Type": kind})


@contextmanager
def joined(
    database: Database, gate: Gate | None = None, gate_seconds: float = 5.0, **settings_besides: Any
) -> Generator[Joined]:
    """Run both services. `gate` stands in for the projector's where a test wants one that fails."""
    keys = {"signing_key": database.signer.text()} if "key_file" not in settings_besides else {}
    settings = LedgerSettings(dsn=database.dsn, gate_seconds=gate_seconds, **keys, **settings_besides)
    with (
        Ledger(settings) as ledger,
        Projector(
            ProjectorSettings(dsn=database.dsn, poll_seconds=0.05),
            LedgerProver(ledger.reading, ledger.evidences),
            LedgerScribe(ledger),
        ) as projector,
    ):
        ledger.ask_first(gate or ProjectorGate(projector))
        with TestClient(combined_app(ledger, projector)) as http:
            own = Joined(ledger, projector, http, database)
            http.headers.update(own.bearer("admin"))
            yield own
