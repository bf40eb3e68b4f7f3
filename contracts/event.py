"""
An act as a CloudEvent: read from its bytes, with its tags, or refused with every fault at once.

The bytes are the act: they are stored and committed to as they came. What is read here is what the services need.
"""

import json
import re
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from contracts.catalogue import Act, Catalogue
from contracts.envelope import REFERENCES, Envelope
from contracts.faults import Fault, faults_of, mark_faults, marked_values, pointer
from contracts.payloads import Payload
from contracts.references import holds_citizen_id, kind_of

EVENT_BYTES_MAX: Final = 64 * 1024
TAGS_MAX: Final = 64

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_decode_envelope: Final = msgspec.json.Decoder(Envelope).decode


class BadEvent(ValueError):
    """The bytes are no act of this ledger; `faults` says why, all of it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults))
        self.faults = faults


class Event(Struct, frozen=True):
    """One act: its envelope, its payload in the shape of its act, its tags (no duplicates, at most 64), its bytes."""

    envelope: Envelope
    payload: Payload
    act: Act
    tags: tuple[str, ...]
    raw: bytes


def read_event(raw: bytes, catalogue: Catalogue) -> Event:
    """
    Read one CloudEvent in JSON.

    Raises `BadEvent` listing every fault: malformed or ambiguous JSON, an unknown act, missing or ill-typed members,
    times and references that cannot be, roles nobody knows, and more than 64 tags.
    """
    document = parse_object(raw)
    faults: list[Fault] = []
    if "data_base64" in document:
        faults.append(Fault("/data_base64", "not_taken", "binary data is not taken: an act's data is a JSON object"))
    act = _act_of(document, catalogue, faults)
    try:
        envelope = _decode_envelope(raw)
        payload = msgspec.json.decode(envelope.data, type=act.payload if act else Payload)
    except (msgspec.ValidationError, UnicodeDecodeError):
        faults += faults_of(Envelope, document)
        if isinstance(document.get("data"), dict):
            faults += faults_of(act.payload if act else Payload, document["data"], "/data")
        if act is not None:
            faults += _meaning_faults(act, document, catalogue)
        raise BadEvent(
            sorted(set(faults)) or [Fault("", "bad_value", "this is no CloudEvent of this ledger")]
        ) from None

    tags: dict[str, None] = {}
    for value in (envelope, payload):
        for mark, text, at in marked_values(value, "" if value is envelope else "/data"):
            faults += mark_faults(mark, text, at)
            if mark == "reference":
                tags[text] = None
    if act is not None:
        faults += _meaning_faults(act, document, catalogue)
    if len(tags) > TAGS_MAX:
        faults.append(Fault("/data", "too_many_tags", f"{len(tags)} references in one act; at most {TAGS_MAX}"))
    if faults or act is None:
        raise BadEvent(sorted(set(faults)))
    return Event(envelope, payload, act, tuple(tags), raw)


def tags_of(envelope: Envelope, payload: Payload) -> tuple[str, ...]:
    """Return the tags of an act: its reference attributes, then every reference in a declared payload field."""
    first = dict.fromkeys(value for name in REFERENCES if (value := getattr(envelope, name)) is not None)
    first |= dict.fromkeys(text for mark, text, _ in marked_values(payload, "") if mark == "reference")
    return tuple(first)


def parse_object(raw: bytes) -> dict[str, Any]:
    """
    Parse one JSON object, refusing what two readers could read differently (RFC 8259 §4, §8; RFC 7493 §2).

    Raises `BadEvent` for bytes over 64 KiB, invalid UTF-8, a NUL (escaped too), a lone surrogate, a duplicate key,
    NaN or infinity, or nesting too deep to read.
    """
    if len(raw) > EVENT_BYTES_MAX:
        raise BadEvent([Fault("", "too_large", f"{len(raw)} bytes in one act; at most {EVENT_BYTES_MAX}")])
    if _NUL.search(raw) is not None:
        raise BadEvent([Fault("", "nul", "holds a NUL character")])
    try:
        document = _json(raw.decode("utf-8"))
        msgspec.json.decode(raw)  # stricter where the standard library is lax: lone surrogates, control characters
    except UnicodeDecodeError as exc:
        raise BadEvent([Fault("", "invalid_utf8", f"invalid UTF-8 at byte {exc.start}")]) from exc
    except RecursionError as exc:
        raise BadEvent([Fault("", "too_deep", "nested too deeply")]) from exc
    except _DuplicateKey as exc:
        raise BadEvent([Fault(pointer("", str(exc)), "duplicate_key", f"`{exc}` stands twice in one object")]) from exc
    except ValueError as exc:
        raise BadEvent([Fault("", "malformed_json", str(exc))]) from exc
    if not isinstance(document, dict):
        raise BadEvent([Fault("", "wrong_type", "an object is wanted: one CloudEvent")])
    return cast("dict[str, Any]", document)


def same_value(left: bytes, right: bytes) -> bool:
    """Say whether two JSON texts have the same value: numbers by value, objects without regard to order."""
    return _json(left.decode("utf-8")) == _json(right.decode("utf-8"))


class _DuplicateKey(ValueError): ...


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKey(next(name for name in names if names.count(name) > 1))
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


_json: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).decode


def _act_of(document: dict[str, Any], catalogue: Catalogue, faults: list[Fault]) -> Act | None:
    name = document.get("type")
    act = catalogue.acts.get(name) if isinstance(name, str) else None
    if act is None and isinstance(name, str):
        faults.append(Fault("/type", "unknown_type", f"no act `{name[:80]}` in the catalogue"))
    elif act is None and name is not None:
        faults.append(Fault("/type", "wrong_type", "the name of an act is wanted"))
    return act


def _meaning_faults(act: Act, document: dict[str, Any], catalogue: Catalogue) -> list[Fault]:
    """Check what depends on the act: the kind of its subject, its unit, the roles it names."""
    faults: list[Fault] = []
    subject = document.get("subject")
    if isinstance(subject, str) and ":" in subject:
        if kind_of(subject) not in act.subject_kinds:
            kinds = " or ".join(f"`{kind}:…`" for kind in sorted(act.subject_kinds))
            faults.append(Fault("/subject", "wrong_kind", f"`{act.type}` is done on {kinds}"))
        elif kind_of(subject) == "project" and document.get("unit") is None:
            faults.append(Fault("/unit", "missing", "an act on a project says on whose behalf: `unit` is required"))
    if isinstance(document.get("id"), str) and holds_citizen_id(document["id"]):
        faults.append(Fault("/id", "citizen_id", "holds an 18-digit citizen id: use an opaque code"))
    role = document.get("role")
    if role == "observer" and act.act_class in "DE":
        faults.append(Fault("/role", "bad_value", "`observer` is for participants: whoever does an act exercises it"))
    elif isinstance(role, str) and role != "observer" and role not in catalogue.roles:
        faults.append(Fault("/role", "unknown_role", f"no role `{role[:80]}` in the catalogue"))
    data = document.get("data")
    people: Any = cast("dict[str, Any]", data).get("participants") if isinstance(data, dict) else None
    for index, person in enumerate(cast("list[Any]", people) if isinstance(people, list) else []):
        named = cast("dict[str, Any]", person).get("role") if isinstance(person, dict) else None
        if isinstance(named, str) and named not in catalogue.roles:
            at = pointer("/data/participants", index, "role")
            faults.append(Fault(at, "unknown_role", f"no role `{named[:80]}` in the catalogue"))
    return faults
