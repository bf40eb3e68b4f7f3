"""The ledger's own act about an act it did not record: `act.refuse`, by the policy of the unit."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from contracts.catalogue import Catalogue
from contracts.event import Event, read_event
from contracts.moments import format_instant
from ledger.gate import Reasons

ACTOR: Final = "system:quanze"
_DOMAIN: Final = b"quanze/refusal/v1\n"
# So that the act itself always fits: 50 of 300 characters, three bytes each, stay below 64 KiB.
_REASONS_MAX: Final = 50
_DETAIL_LENGTH_MAX: Final = 300


class Refusals:
    """Makes `act.refuse` acts for one log."""

    def __init__(self, origin: str, secret: bytes) -> None:
        """`secret` never leaves the process: see `_id_of`."""
        self._source = f"urn:quanze:{origin}"
        self._secret = secret

    def of(self, refused: Event, reasons: Reasons, now: datetime, catalogue: Catalogue) -> Event:
        """Return the act that says what was refused and why: on the same project or unit, on the unit's behalf."""
        said = refused.envelope
        unit = unit_of(refused)
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self._id_of(refused),
            "source": self._source,
            "type": "act.refuse",
            "subject": said.subject if said.subject.startswith("project:") else unit or said.subject,
            "time": format_instant(now),
            "actor": ACTOR,
            **({"unit": unit} if unit is not None else {}),
            "data": _data(refused, reasons),
        }
        return read_event(msgspec.json.encode(document), catalogue)

    def _id_of(self, refused: Event) -> str:
        """
        Return one id per refused act and content, so that a post tried again is not refused on record twice.

        Under a secret: ids are for ever, and a plain digest would let anybody try out guesses at the content.
        """
        said = refused.envelope
        content = b"".join(len(part).to_bytes(8, "big") + part for part in _key(said.source, said.id, refused.raw))
        return "refused-" + hmac.digest(self._secret, _DOMAIN + content, "sha256").hex()[:32]


def unit_of(event: Event) -> str | None:
    """Return on whose behalf an act is done; the subject, where an act about a unit names no other."""
    said = event.envelope
    return said.unit or (said.subject if said.subject.startswith("unit:") else None)


def _key(source: str, id: str, raw: bytes) -> tuple[bytes, bytes, bytes]:
    return source.encode(), id.encode(), raw


def _data(refused: Event, reasons: Reasons) -> Mapping[str, Any]:
    said = refused.envelope
    optional = {
        "authority": said.authority,
        "amount": refused.payload.amount,
        "currency": refused.payload.currency,
    }
    return {
        "act": {"source": said.source, "id": said.id},
        "type": said.type,
        "actor": said.actor,
        "reason": "refused by the policy that the unit adopted for itself (`enforce`); the act was not recorded",
        "issues": [{"rule": each.code, "detail": each.detail[:_DETAIL_LENGTH_MAX]} for each in reasons[:_REASONS_MAX]],
        **{name: value for name, value in optional.items() if value is not None},
    }
