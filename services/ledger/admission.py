"""
Admission: is this act well formed, known, and allowed from this source? All problems at once.

An unlawful act is not a bad request. What happened is recorded, and what is wrong with it is said by the readers.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from contracts.catalogue import BadCatalogue, Catalogue, base_catalogue
from contracts.event import BadEvent, Event, parse_object, read_event
from contracts.faults import Fault, pointer
from contracts.moments import parse_instant
from contracts.payloads import CatalogueExtend
from edge.tokens import Token
from ledger.errors import BadRequest

BATCH_ACTS_MAX: Final = 1_000
BODY_BYTES_MAX: Final = 8 * 1024 * 1024

_NOT_ALLOWED: Final = frozenset(("source_of_another", "act_not_allowed", "needs_backfill", "needs_erase"))
_MALFORMED: Final = frozenset(("malformed_json", "invalid_utf8", "nul", "duplicate_key", "too_deep"))
_decode_batch: Final = msgspec.json.Decoder(list[Raw]).decode

Packs = Callable[[int], Iterable[tuple[int, bytes | None]]]


class Admission:
    """Reads acts against the catalogue as this log extends it. Keeps nothing of what it refuses."""

    def __init__(self, packs_after: Packs, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._packs_after = packs_after
        self._clock = clock
        self._catalogue = base_catalogue()
        self._packs_until = 0
        self._lock = threading.Lock()

    def refresh(self) -> Catalogue:
        """Read the packs recorded since the last look, by whichever process, and return the catalogue."""
        with self._lock:
            for position, payload in self._packs_after(self._packs_until):
                if payload is not None:
                    pack = msgspec.json.decode(payload, type=_StoredPack).data
                    self._catalogue = self._catalogue.extend(pack)
                self._packs_until = position
            return self._catalogue

    def one(self, raw: bytes, token: Token) -> list[Event]:
        """Admit one structured CloudEvent. Raises `BadRequest`."""
        return self._admit([raw.strip(b" \t\r\n")], token, in_batch=False)

    def batch(self, raw: bytes, token: Token) -> list[Event]:
        """Admit a JSON batch of 1 to 1,000 acts, all or nothing; pointers start with the index. Raises `BadRequest`."""
        try:
            items = _decode_batch(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise BadRequest(
                [Fault("", "malformed_json", f"a JSON array of CloudEvents is wanted: {exc}")], 400
            ) from exc
        if not items:
            raise BadRequest([Fault("", "empty", "a batch holds at least one act")])
        if len(items) > BATCH_ACTS_MAX:
            raise BadRequest([Fault("", "too_many", f"{len(items)} acts in a batch; at most {BATCH_ACTS_MAX}")], 413)
        return self._admit([bytes(item) for item in items], token, in_batch=True)

    def _admit(self, items: Sequence[bytes], token: Token, *, in_batch: bool) -> list[Event]:
        events: list[Event] = []
        faults: list[Fault] = []
        catalogue = self._catalogue
        for index, item in enumerate(items):
            at = pointer("", index) if in_batch else ""
            try:
                event, catalogue = self._read(item, catalogue)
            except BadEvent as exc:
                found = exc.faults + _token_faults(item, token)
            else:
                events.append(event)
                found = self._faults(event, token)
            faults += [Fault(at + fault.pointer, fault.code, fault.message) for fault in found]
        if faults:
            raise BadRequest(faults, _status(faults))
        return events

    def _read(self, item: bytes, catalogue: Catalogue) -> tuple[Event, Catalogue]:
        """Read an act; return the catalogue for those after it, since a pack may stand before its own acts."""
        try:
            event = read_event(item, catalogue)
        except BadEvent as exc:
            # Another process may have recorded a pack since: worth a look only for an unknown word.
            if not any(fault.code in ("unknown_type", "unknown_role") for fault in exc.faults):
                raise
            newer = self.refresh()
            if newer is catalogue:
                raise
            catalogue = newer
            event = read_event(item, catalogue)
        if isinstance(event.payload, CatalogueExtend):
            try:
                catalogue = catalogue.extend(event.payload)
            except BadCatalogue as exc:
                faults = [Fault("/data/" + fault.where, "bad_catalogue", fault.message) for fault in exc.faults]
                raise BadEvent(faults) from exc
        return event, catalogue

    def _faults(self, event: Event, token: Token) -> list[Fault]:
        said = event.envelope
        faults = _source_faults(said.source, said.type, token)
        if said.recordedtime is not None:
            if not token.may("backfill"):
                faults.append(
                    Fault("/recordedtime", "needs_backfill", "only a token with the scope `backfill` says it")
                )
            elif parse_instant(said.recordedtime) > self._clock():
                faults.append(Fault("/recordedtime", "bad_time", "lies after now: nothing is recorded in the future"))
        if said.type == "data.erase" and not token.may("erase"):
            faults.append(Fault("/type", "needs_erase", "only a token with the scope `erase` may order an erasure"))
        return faults


class _StoredPack(msgspec.Struct):
    data: CatalogueExtend


def binary_event(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """
    Return the structured form of a CloudEvent sent in the binary mode: what is stored and committed to.

    Attributes are the `ce-*` headers, percent-decoded (CloudEvents HTTP binding §3.1.3.2), in the order of their
    names; `data` is the body as it came.
    """
    attributes: dict[str, Any] = {}
    for name, value in headers:
        if name.lower().startswith("ce-"):
            attributes[name.lower().removeprefix("ce-")] = unquote(value)
        elif name.lower() == "content-type":
            attributes["datacontenttype"] = value
    data = body.strip(b" \t\r\n")
    try:
        document: Mapping[str, Any] = {**dict(sorted(attributes.items())), "data": Raw(data)} if data else attributes
        return msgspec.json.encode(document)
    except (msgspec.MsgspecError, UnicodeEncodeError) as exc:
        raise BadRequest([Fault("", "malformed_json", str(exc))], 400) from exc


def _source_faults(source: str, act: str, token: Token) -> list[Fault]:
    faults: list[Fault] = []
    if not token.may_post_as(source):
        faults.append(Fault("/source", "source_of_another", f"this token may not post as `{source[:80]}`"))
    if not token.may_post(act):
        faults.append(Fault("/type", "act_not_allowed", f"this token may not post `{act[:80]}`"))
    return faults


def _token_faults(item: bytes, token: Token) -> list[Fault]:
    """Say what the token forbids of an act that has other faults too, as far as it can be read."""
    try:
        document = parse_object(item)
    except BadEvent:
        return []
    source, act = document.get("source"), document.get("type")
    return _source_faults(source, act, token) if isinstance(source, str) and isinstance(act, str) else []


def _status(faults: Sequence[Fault]) -> int:
    codes = {fault.code for fault in faults}
    if codes <= _NOT_ALLOWED:
        return 403
    if "too_large" in codes:
        return 413
    return 400 if codes & _MALFORMED else 422
