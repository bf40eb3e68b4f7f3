"""
An act as a follower reads it: its leaf, and its payload in the shape of its act unless that was erased.

Lenient on purpose: admission checked every act once, and a reader that stops at an oddity stops for everyone. What
cannot be read is unknown, never guessed.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

import msgspec
from msgspec import Raw, Struct

from contracts.catalogue import Act, Catalogue
from contracts.event import Event
from contracts.leaf import Leaf, decode_leaf
from contracts.moments import BadMoment, ends, format_instant, parse_instant, starts
from contracts.payloads import Payload

JSONB_DEPTH_MAX: Final = 200
"""Nesting that is stored as jsonb. PostgreSQL's parser recurses; how deep it gets depends on the server's stack."""

_BRACKETS_WORTH_A_LOOK: Final = 100
_NUMBER_WORTH_A_LOOK: Final = re.compile(rb"[:,\[ \t\r\n]-?[0-9](?:[0-9.]*[eE]|[0-9.]{999})")
"""What an object holds if one of its numbers has an exponent or a thousand digits: much cheaper than what follows."""
_FAR_EXPONENT: Final = re.compile(rb"[0-9][eE][+-]?[0-9]{4}|[0-9]{1000}")
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class _Content(Struct):
    data: Raw


_decode_content: Final = msgspec.json.Decoder(_Content).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, Raw]).decode


class ReadAct(Struct, frozen=True, kw_only=True):
    """
    One act of a log.

    `payload` is None when it was erased or cannot be read in the shape of its act; `data` (the same as JSON text, fit
    for jsonb) is None only when it was erased. `known_from` is the source's word (`asserted`) or the ledger's clock.
    """

    log_id: int
    position: int
    leaf: Leaf
    act: Act
    payload: Payload | None
    data: str | None
    time: datetime
    recorded_at: datetime
    known_from: datetime
    asserted: bool

    @property
    def key(self) -> tuple[int, int]:
        return self.log_id, self.position

    @property
    def project(self) -> str | None:
        return self.leaf.subject if self.leaf.subject.startswith("project:") else None

    @property
    def role(self) -> str | None:
        return self.leaf.role or None

    @property
    def unit(self) -> str | None:
        return self.leaf.unit or None

    @property
    def authority(self) -> str | None:
        return self.leaf.authority or None

    @property
    def onbehalfof(self) -> str | None:
        return self.leaf.onbehalfof or None


def read_act(log_id: int, position: int, leaf: bytes, content: bytes | None, catalogue: Catalogue) -> ReadAct:
    """Read one row of the feed. `content` is the CloudEvent as received, None once erased."""
    said = decode_leaf(leaf)
    act = catalogue.acts.get(said.type) or _unknown(said.type)
    recorded_at = parse_instant(said.recorded_at)
    asserted = bool(said.recordedtime)
    data = None if content is None else bytes(_decode_content(content).data)
    return ReadAct(
        log_id=log_id,
        position=position,
        leaf=said,
        act=act,
        payload=None if data is None else _payload(data, act),
        data=None if data is None else storable(data),
        time=parse_instant(said.time),
        recorded_at=recorded_at,
        known_from=said.known_from() if asserted else recorded_at,
        asserted=asserted,
    )


def imagined(event: Event, log_id: int, position: int, now: datetime) -> ReadAct:
    """Return an act that is not recorded as it would be read, had the ledger recorded it `now` at a position."""
    said = event.envelope
    members = {name: getattr(said, name) for name in _OPTIONAL if getattr(said, name) is not None}
    leaf = Leaf(
        v=1,
        origin="",
        position=position,
        source=said.source,
        id=said.id,
        type=said.type,
        subject=said.subject,
        time=said.time,
        recorded_at=format_instant(now),
        actor=said.actor,
        payload_alg="HMAC-SHA-256",
        payload_commitment="",
        **members,
    )
    return ReadAct(
        log_id=log_id,
        position=position,
        leaf=leaf,
        act=event.act,
        payload=event.payload,
        data=storable(bytes(said.data)),
        time=parse_instant(said.time),
        recorded_at=now,
        known_from=leaf.known_from(),
        asserted=said.recordedtime is not None,
    )


_OPTIONAL: Final = ("recordedtime", "role", "unit", "authority", "onbehalfof")


def term_start(moment: str | None, otherwise: datetime) -> datetime:
    """Return the first instant of a term; of one that does not say, or says no readable time, `otherwise`."""
    try:
        return otherwise if moment is None else starts(moment)
    except BadMoment:
        return otherwise


def term_end(moment: str | None) -> datetime | None:
    """Return the first instant after a term. None: it is open, or ends on the last day there is (9999-12-31)."""
    try:
        return None if moment is None else ends(moment)
    except BadMoment:
        return None


def storable(data: bytes) -> str:
    """
    Return a JSON object as PostgreSQL's jsonb can hold it.

    That is the text as it came, but for members with numbers or nesting beyond what jsonb takes: those are left out, as
    no question asks for them.
    """
    if (_NUMBER_WORTH_A_LOOK.search(data) is None or _numbers_fit(data)) and _nesting_fits(data):
        return data.decode()
    return msgspec.json.encode({name: value for name, value in _decode_members(data).items() if _fits(value)}).decode()


def _fits(text: bytes | Raw) -> bool:
    plain = bytes(text)
    return _numbers_fit(plain) and _nesting_fits(plain)


def _numbers_fit(text: bytes) -> bool:
    if _FAR_EXPONENT.search(text) is None:
        return True
    return _FAR_EXPONENT.search(_TEXT.sub(b"", text)) is None  # hex digests look like exponents


def _nesting_fits(text: bytes) -> bool:
    return text.count(b"[") + text.count(b"{") <= _BRACKETS_WORTH_A_LOOK or _depth(text) <= JSONB_DEPTH_MAX


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for byte in _TEXT.sub(b"", text):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _payload(data: bytes, act: Act) -> Payload | None:
    try:
        return _payload_decoder(act.payload)(data)
    except msgspec.ValidationError:
        return None


@cache
def _payload_decoder(shape: type[Payload]) -> Callable[[bytes], Payload]:
    return cast("Callable[[bytes], Any]", msgspec.json.Decoder(shape).decode)


@cache
def _unknown(name: str) -> Act:
    """Return an act of which nothing is known: the pack that named it was erased, or contradicts an earlier one."""
    return Act(type=name, stage="UNKNOWN", act_class="R", role="", object="", zh=name, en=name, needs_grant=False)
