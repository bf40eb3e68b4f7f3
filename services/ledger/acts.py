"""What the write side passes on: an act to append, a request of them, and the receipts that answer it."""

import hmac
from base64 import b64encode
from typing import Literal

from eventsourcing.dcb.api import DCBAppendCondition
from msgspec import UNSET, Struct, UnsetType

from contracts.event import Event
from contracts.leaf import PAYLOAD_ALG, PAYLOAD_PREFIX, Leaf, encode_leaf


class Draft(Struct, frozen=True, kw_only=True, gc=False):
    """An act that has no position yet: what its leaf says, its tags, and its bytes as received."""

    source: str
    id: str
    type: str
    subject: str
    time: str
    actor: str
    recordedtime: str | None = None
    role: str | None = None
    unit: str | None = None
    authority: str | None = None
    onbehalfof: str | None = None
    tags: tuple[str, ...]
    payload: bytes

    @classmethod
    def of(cls, event: Event) -> "Draft":
        """Return the draft of an admitted act."""
        said = event.envelope
        return cls(
            source=said.source,
            id=said.id,
            type=said.type,
            subject=said.subject,
            time=said.time,
            actor=said.actor,
            recordedtime=said.recordedtime,
            role=said.role,
            unit=said.unit,
            authority=said.authority,
            onbehalfof=said.onbehalfof,
            tags=event.tags,
            payload=event.raw,
        )

    def leaf(self, origin: str, position: int, recorded_at: str, salt: bytes) -> bytes:
        """Return the leaf's bytes, built once: they are stored and hashed as they are."""
        return encode_leaf(
            Leaf(
                v=1,
                origin=origin,
                position=position,
                source=self.source,
                id=self.id,
                type=self.type,
                subject=self.subject,
                time=self.time,
                recorded_at=recorded_at,
                actor=self.actor,
                payload_alg=PAYLOAD_ALG,
                payload_commitment=commitment(salt, self.payload),
                recordedtime=self.recordedtime or UNSET,
                role=self.role or UNSET,
                unit=self.unit or UNSET,
                authority=self.authority or UNSET,
                onbehalfof=self.onbehalfof or UNSET,
            )
        )


class Request(Struct, frozen=True):
    """Acts that are appended together or not at all, unless something matches the condition."""

    drafts: tuple[Draft, ...]
    condition: DCBAppendCondition | None = None


class Receipt(Struct, frozen=True):
    """
    Where an act is. `leaf_hash` is base64; `recorded_at` the ledger's clock, UTC.

    `duplicate` says that it was there before; `content` is `erased` where nothing is left to compare with. The flag
    `gate_unanswered`: its unit enforces rules, and the verdict on it did not come in time. The flag `clock_went_back`:
    the clock stands before the time of an earlier act, so that `recorded_at` is that time and lies in the future.
    """

    source: str
    id: str
    position: int
    leaf_hash: str
    recorded_at: str
    status: Literal["recorded", "duplicate"]
    content: Literal["erased"] | UnsetType = UNSET
    flags: list[Literal["gate_unanswered", "clock_went_back"]] | UnsetType = UNSET


class TreeHead(Struct, frozen=True):
    """The tree after a commit: its size and its root in base64."""

    size: int
    root: str


class Appended(Struct, frozen=True):
    """The answer to a request: one receipt per act, in its order, and the tree that holds them."""

    receipts: list[Receipt]
    tree: TreeHead


def commitment(salt: bytes, payload: bytes) -> str:
    """Return base64 of HMAC-SHA-256 under the act's salt over its bytes as received (contract: leaf v1)."""
    return base64(hmac.digest(salt, PAYLOAD_PREFIX + payload, "sha256"))


def base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
