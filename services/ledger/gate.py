"""
What the ledger asks before it records an act of a unit that enforces: would the act fail a rule of the unit's own?

The ledger does not judge. Whoever composes the process injects a `Gate`; a ledger that runs alone asks the projector's
public API.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import httpx
import msgspec
from msgspec import Struct

from contracts.event import Event
from contracts.payloads import SetupPolicy

ENFORCE: Final = "enforce"
"""The key of a unit's policy that names the rules to be enforced."""
_BATCH: Final = "application/cloudevents-batch+json"


class Reason(Struct, frozen=True):
    """A rule that an act would fail, and how."""

    code: str
    detail: str


Reasons = tuple[Reason, ...]
"""Why one act is to be refused; empty where it is not."""


class Gate(Protocol):
    """Gives verdicts on acts that are not recorded yet."""

    def judge(self, events: Sequence[Event], seen: int, seconds: float) -> Sequence[Reasons]:
        """
        Say of each act why its unit's policy refuses it, each in the light of those before it.

        The verdict takes the whole log up to position `seen` into account. Any exception means that there is none.
        """
        ...


class RemoteGate:
    """The projector's public API, `POST /v1/preflight`, as a gate."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})

    def judge(self, events: Sequence[Event], seen: int, seconds: float) -> Sequence[Reasons]:
        body = b"[" + b",".join(event.raw for event in events) + b"]"
        answer = self._http.post(
            "/v1/preflight",
            params={"min_position": seen},
            content=body,
            headers={"Content-Type": _BATCH},
            timeout=seconds,
        )
        answer.raise_for_status()
        return [item.refused for item in msgspec.json.decode(answer.content, type=_Answers).items]


class _Answer(Struct):
    refused: Reasons


class _Answers(Struct):
    items: list[_Answer]


def units_that_enforce(policies: Iterable[bytes | None]) -> set[str]:
    """Return the units that adopt rules to enforce. Whether and when those are in force, only the gate says."""
    found: set[str] = set()
    for payload in policies:
        said = _read_policy(payload)
        if said is not None and any(each.key == ENFORCE for each in said.data.policies):
            found.add(said.subject)
    return found


class _Policy(Struct):
    subject: str
    data: SetupPolicy


_decode_policy: Final = msgspec.json.Decoder(_Policy).decode


def _read_policy(payload: bytes | None) -> _Policy | None:
    try:
        return _decode_policy(payload) if payload is not None else None
    except msgspec.ValidationError:
        return None  # recorded under an older form: the gate cannot read it either
