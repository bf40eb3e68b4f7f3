"""Proofs from a ledger elsewhere, by its public API."""

from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from contracts.evidence import Evidence
from projector.errors import Unavailable, Unknown
from projector.prover import Inclusion

_JSON: Final = {"Content-Type": "application/json"}
_EVIDENCE_SECONDS: Final = 300.0
"""So long proving a hundred thousand acts may take."""


class RemoteProver:
    """The ledger's public API, `GET /v1/proofs/inclusion`, as a prover."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10.0)

    def inclusion(self, positions: Sequence[int], *, with_payload: bool) -> list[Inclusion]:
        found: list[Inclusion] = []
        for position in positions:
            # The newest tree for the first, the same tree for the others.
            size = {"size": found[0].tree_size} if found else {}
            found.append(self._one({"position": position, "payload": with_payload, **size}))
        return found

    def evidence(self, positions: Sequence[int], held: int | None) -> Evidence:
        body = msgspec.json.encode({"positions": positions, "held": held})
        try:
            answer = self._http.post("/v1/proofs/evidence", content=body, headers=_JSON, timeout=_EVIDENCE_SECONDS)
            if answer.status_code == 404:
                raise Unknown(answer.json()["detail"])
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=Evidence)
        except (httpx.HTTPError, msgspec.DecodeError, ValueError, KeyError) as exc:
            raise Unavailable(f"the ledger gave no evidence: {exc}") from exc

    def _one(self, parameters: dict[str, int | bool]) -> Inclusion:
        try:
            answer = self._http.get("/v1/proofs/inclusion", params=parameters)
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=Inclusion)
        except (httpx.HTTPError, msgspec.DecodeError) as exc:
            raise Unavailable(f"the ledger gave no proof: {exc}") from exc
