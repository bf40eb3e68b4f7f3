"""
Admission: is this act well formed, known, and allowed from this source? All problems at once.

An unlawful act is not a bad request. What happened is recorded, and what is wrong with it is said by the readers.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import structlog
from msgspec import Raw

from contracts.catalogue import BadCatalogue, Catalogue, base_catalogue
from contracts.document import BadEvent, parse_object
from contracts.event import Event, read_event
from contracts.faults import FAULTS_MAX, Fault, pointer
from contracts.moments import BadMoment, parse_instant
from contracts.payloads import CatalogueExtend
from edge.tokens import Token
from ledger.errors import BadRequest

BATCH_ACTS_MAX: Final = 1_000
BODY_BYTES_MAX: Final = 8 * 1024 * 1024

_NOT_ALLOWED: Final = frozenset(("source_of_another", "act_not_allowed", "needs_backfill", "needs_erase"))
_MALFORMED: Final = frozenset(("malformed_json", "invalid_utf8", "nul", "duplicate_key", "too_deep"))
_BY_THE_LEDGER: Final = frozenset(("log.rotate_key", "log.succeed", "log.renew_stamp"))
"""Acts that verifiers take a log's keys from, and the worth of its stamps: nobody who may post can make these up."""
_WHITE: Final = b" \t\r\n"
_decode_batch: Final = msgspec.json.Decoder(list[Raw]).decode

_log = structlog.get_logger()

Packs = Callable[[int], Iterable[tuple[int, bytes | None]]]


class Admission:
    """Reads acts against the catalogue as this log extends it. Keeps nothing of what it refuses."""

    def __init__(self, packs_after: Packs, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._packs_after = packs_after
        self._clock = clock
        self._catalogue = base_catalogue()
        self._packs_until = 0
        self._packs: list[tuple[int, bytes | None]] = []
        self._lock = threading.Lock()

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue as of the last look."""
        return self._catalogue

    @property
    def packs(self) -> Sequence[tuple[int, bytes | None]]:
        """The packs read until now, with their positions."""
        return self._packs

    def refresh(self) -> Catalogue:
        """Read the packs recorded since the last look, by whichever process, and return the catalogue."""
        with self._lock:
            for position, payload in self._packs_after(self._packs_until):
                if payload is not None:
                    self._extend(position, msgspec.json.decode(payload, type=_StoredPack).data)
                self._packs_until = position
                self._packs.append((position, payload))
            return self._catalogue

    def one(self, raw: bytes, token: Token) -> list[Event]:
        """Admit one structured CloudEvent. Raises `BadRequest`."""
        return self._admit([raw.strip(_WHITE)], token, in_batch=False)

    def batch(self, raw: bytes, token: Token) -> list[Event]:
        """Admit a JSON batch of 1 to 1,000 acts, all or nothing; pointers start with the index. Raises `BadRequest`."""
        try:
            items = _decode_batch(raw)
        except RecursionError as exc:
            raise BadRequest([Fault("", "too_deep", "too many objects and lists inside each other")], 400) from exc
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise BadRequest([Fault("", "malformed_json", f"must be a JSON array of CloudEvents: {exc}")], 400) from exc
        if not items:
            raise BadRequest([Fault("", "empty", "a batch holds at least one act")])
        if len(items) > BATCH_ACTS_MAX:
            raise BadRequest([Fault("", "too_many", f"{len(items)} acts in a batch; at most {BATCH_ACTS_MAX}")], 413)
        return self._admit([bytes(item) for item in items], token, in_batch=True)

    def _admit(self, items: Sequence[bytes], token: Token, *, in_batch: bool) -> list[Event]:
        events: list[Event] = []
        faults: list[Fault] = []
        known = _Known(self)
        for index, item in enumerate(items):
            try:
                event = known.read(item)
            except BadEvent as exc:
                said = _attributes(item, exc.faults)
                named = (said.get("source"), said.get("type"), said.get("recordedtime"))
                found = exc.faults + self._token_faults(*named, token)
            else:
                events.append(event)
                said = event.envelope
                found = self._token_faults(said.source, said.type, said.recordedtime, token)
            if found:
                at = pointer("", index) if in_batch else ""
                faults += [Fault(at + fault.pointer, fault.code, fault.message) for fault in found]
            if len(faults) >= FAULTS_MAX:
                break
        if faults:
            raise BadRequest(faults[:FAULTS_MAX], _status(faults))
        return events

    def _token_faults(self, source: Any, act: Any, recorded: Any, token: Token) -> list[Fault]:
        """Check each attribute that a token may not give, whatever else is wrong with the act."""
        faults: list[Fault] = []
        if isinstance(source, str) and not token.may_post_as(source):
            faults.append(Fault("/source", "source_of_another", f"this token may not post as `{source[:80]}`"))
        if isinstance(act, str) and not token.may_post(act):
            faults.append(Fault("/type", "act_not_allowed", f"this token may not post `{act[:80]}`"))
        if act in _BY_THE_LEDGER:
            faults.append(Fault("/type", "not_taken", f"`{act}` is recorded by the ledger itself"))
        if act == "data.erase" and not token.may("erase"):
            faults.append(Fault("/type", "needs_erase", "only a token with the scope `erase` may order an erasure"))
        if recorded is not None and not token.may("backfill"):
            faults.append(Fault("/recordedtime", "needs_backfill", "only a token with the scope `backfill` says it"))
        if isinstance(recorded, str) and self._is_future(recorded):
            faults.append(Fault("/recordedtime", "bad_time", "lies after now: nothing is recorded in the future"))
        return faults

    def _is_future(self, recorded: str) -> bool:
        try:
            return parse_instant(recorded) > self._clock()
        except BadMoment:
            return False  # said with the types

    def _extend(self, position: int, pack: CatalogueExtend) -> None:
        """Add a recorded pack. Two processes may have recorded two that contradict each other: the first one holds."""
        try:
            self._catalogue = self._catalogue.extend(pack)
        except BadCatalogue as exc:
            _log.warning("pack_left_out", position=position, pack=pack.pack, error=str(exc))


class _Known:
    """The catalogue along one request: a pack may stand before its own acts."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._packs: list[CatalogueExtend] = []
        self._recorded = admission.catalogue
        self._catalogue = self._recorded

    def read(self, item: bytes) -> Event:
        try:
            event = read_event(item, self._catalogue)
        except BadEvent as exc:
            # Another process may have recorded a pack since: worth a look only for an unknown word.
            if not any(fault.code in ("unknown_type", "unknown_role") for fault in exc.faults):
                raise
            self._renew()
            event = read_event(item, self._catalogue)
        if event.act.type == "catalogue.extend" and isinstance(event.payload, CatalogueExtend):
            self._take(event.payload)
        return event

    def _take(self, pack: CatalogueExtend) -> None:
        self._renew()  # it has to fit what others recorded meanwhile, too
        try:
            self._catalogue = self._catalogue.extend(pack)
        except BadCatalogue as exc:
            raise BadEvent([Fault("/data" + each.pointer, each.code, each.message) for each in exc.faults]) from exc
        self._packs.append(pack)

    def _renew(self) -> None:
        recorded = self._admission.refresh()
        if recorded is not self._recorded:
            self._recorded = recorded
            self._catalogue = recorded
            for pack in self._packs:
                self._catalogue = self._catalogue.extend(pack)


class _StoredPack(msgspec.Struct):
    data: CatalogueExtend


def binary_event(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """
    Return the structured form of a CloudEvent sent in the binary mode: what is stored and committed to.

    Attributes are the `ce-*` headers (CloudEvents HTTP binding §3.1.3), in the order of their names; `data` is the body
    as it came. Raises `BadRequest` where a header cannot be read in one way only, or the body is no JSON object.
    """
    attributes: dict[str, str] = {}
    faults: list[Fault] = []
    for header, value in headers:
        lower = header.lower()
        name = "datacontenttype" if lower == "content-type" else lower.removeprefix("ce-")
        if not lower.startswith("ce-") and lower != "content-type":
            continue
        at = pointer("", name)
        if name in attributes:
            faults.append(Fault(at, "duplicate_key", f"the header for `{name}` was sent twice"))
            continue
        try:
            attributes[name] = _header_value(value) if lower.startswith("ce-") else value
        except ValueError as exc:
            faults.append(Fault(at, "bad_value", str(exc)))
    if "data" in attributes:
        faults.append(Fault("/data", "bad_value", "data is the body, not a header"))
    data = body.strip(_WHITE)
    try:
        parse_object(data)
    except BadEvent as exc:
        faults += [Fault("/data" + fault.pointer, fault.code, fault.message) for fault in exc.faults]
    if faults:
        raise BadRequest(faults[:FAULTS_MAX], _status(faults))
    return msgspec.json.encode({**dict(sorted(attributes.items())), "data": Raw(data)})


def _header_value(value: str) -> str:
    """Decode a header as the binding says (§3.1.3.2): quotes off, then percent-encoded UTF-8. Raises `ValueError`."""
    if not value.isascii():
        raise ValueError("a header holds ASCII only: percent-encode the rest")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as exc:
        raise ValueError("percent-encoded bytes that are no UTF-8") from exc


def _attributes(item: bytes, faults: Sequence[Fault]) -> Mapping[str, Any]:
    """Return what can be read of a refused act, so that a token's own faults are named beside the others."""
    if any(fault.code in _MALFORMED or fault.code == "too_large" for fault in faults):
        return {}
    try:
        return parse_object(item)
    except BadEvent:
        return {}  # no object at all


def _status(faults: Sequence[Fault]) -> int:
    codes = {fault.code for fault in faults}
    if codes <= _NOT_ALLOWED:
        return 403
    if "too_large" in codes:
        return 413
    return 400 if codes & _MALFORMED else 422
