"""
An act as a CloudEvent: read from its bytes, with its tags, or refused with every fault at once.

The bytes are the act: they are stored and committed to as they came. What is read here is what the services need.
"""

from typing import Any, Final, TypeGuard, TypeVar, cast

import msgspec
from msgspec import Struct

from contracts.catalogue import Act, Catalogue
from contracts.document import BadEvent, parse_object
from contracts.envelope import REFERENCES, Envelope
from contracts.faults import (
    FAULTS_MAX,
    Fault,
    faults_of,
    mark_faults,
    marked_values,
    marks_hold,
    member_faults,
    pointer,
    references_in,
    references_of,
)
from contracts.payloads import ActCorrect, Payload
from contracts.references import holds_citizen_id, kind_of

TAGS_MAX: Final = 64

_PROJECT_ONLY: Final = frozenset(("project",))
_decode_envelope: Final = msgspec.json.Decoder(Envelope).decode

S = TypeVar("S", bound=Struct)


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
    act = _act_of(document, catalogue, faults)
    tags: dict[str, None] = {}
    envelope = _read(Envelope, raw, document, "", faults, tags)
    content = document.get("data")
    payload = None
    if isinstance(content, dict):
        data = envelope.data if envelope is not None else msgspec.json.encode(content)
        payload = _read(act.payload if act is not None else Payload, data, content, "/data", faults, tags)
    elif envelope is not None:
        faults.append(Fault("/data", "wrong_type", "must be an object"))
    read = [struct for struct in (envelope, payload) if struct is not None]
    if not marks_hold(read, tags):
        for struct in read:
            for mark in marked_values(struct, "" if struct is envelope else "/data"):
                faults += mark_faults(*mark)
    _add_meaning_faults(act, document, catalogue, faults)
    if isinstance(payload, ActCorrect):
        faults += member_faults((Payload, Envelope), payload.fields, "/data/fields")
    if len(tags) > TAGS_MAX:
        faults.append(Fault("/data", "too_many_tags", f"{len(tags)} references in one act; at most {TAGS_MAX}"))
    if faults or act is None or envelope is None or payload is None:
        raise BadEvent(sorted(set(faults))[:FAULTS_MAX])
    return Event(envelope, payload, act, tuple(tags), raw)


def tags_of(envelope: Struct, payload: Payload) -> tuple[str, ...]:
    """
    Return the tags of an act: its reference attributes, then every reference in a declared payload field.

    `envelope` is an `Envelope`, or has at least these attributes of one.
    """
    first = [value for name in REFERENCES if (value := getattr(envelope, name)) is not None]
    return tuple(dict.fromkeys(first + references_of(payload)))


def _read(
    struct: type[S], raw: bytes | msgspec.Raw, document: Any, at: str, faults: list[Fault], tags: dict[str, None]
) -> S | None:
    """Decode one Struct; None where it does not have its shape: then its faults are added, and its references."""
    try:
        return cast("S", _decode_envelope(raw) if struct is Envelope else msgspec.json.decode(raw, type=struct))
    except msgspec.MsgspecError:
        found = faults_of(struct, document, at)
        faults += found or [Fault(at, "bad_value", "this is no act of this ledger")]
        tags.update(dict.fromkeys(references_in(struct, document)))
        return None


def _act_of(document: dict[str, Any], catalogue: Catalogue, faults: list[Fault]) -> Act | None:
    name = document.get("type")
    if not isinstance(name, str):
        return None  # missing or ill-typed: said with the other attributes
    act = catalogue.acts.get(name)
    if act is None:
        faults.append(Fault("/type", "unknown_type", f"no act `{name[:80]}` in the catalogue"))
    return act


def _add_meaning_faults(act: Act | None, document: dict[str, Any], catalogue: Catalogue, faults: list[Fault]) -> None:
    """Check what no type can: how attributes fit the act and each other, and the roles it names."""
    if "data_base64" in document:
        faults.append(Fault("/data_base64", "not_taken", "binary data is not taken: an act's data is a JSON object"))
    content_type = document.get("datacontenttype")
    if isinstance(content_type, str) and not _is_utf8(content_type):
        faults.append(Fault("/datacontenttype", "bad_value", "must be in UTF-8, if it names a charset"))
    id = document.get("id")
    if isinstance(id, str) and holds_citizen_id(id):
        faults.append(Fault("/id", "citizen_id", "holds an 18-digit citizen id: use an opaque code"))
    _add_subject_faults(act, document, faults)
    role = document.get("role")
    if role == "observer":
        if act is None or act.act_class in "DE":
            faults.append(
                Fault("/role", "bad_value", "`observer` is for participants: whoever does an act exercises it")
            )
    elif role is not None and _is_name(role) and role not in catalogue.roles:
        faults.append(Fault("/role", "unknown_role", f"no role `{role[:80]}` in the catalogue"))
    data = document.get("data")
    people: Any = cast("dict[str, Any]", data).get("participants") if isinstance(data, dict) else None
    for index, person in enumerate(cast("list[Any]", people) if isinstance(people, list) else ()):
        named = cast("dict[str, Any]", person).get("role") if isinstance(person, dict) else None
        if _is_name(named) and named != "observer" and named not in catalogue.roles:
            at = pointer("/data/participants", index, "role")
            faults.append(Fault(at, "unknown_role", f"no role `{named[:80]}` in the catalogue"))


def _add_subject_faults(act: Act | None, document: dict[str, Any], faults: list[Fault]) -> None:
    subject = document.get("subject")
    kind = kind_of(subject) if isinstance(subject, str) and ":" in subject else None
    if act is not None and kind is not None and kind not in act.subject_kinds:
        kinds = " or ".join(f"`{each}:…`" for each in sorted(act.subject_kinds))
        faults.append(Fault("/subject", "wrong_kind", f"`{act.type}` is done on {kinds}"))
    on_project = kind == "project" or (act is not None and act.subject_kinds == _PROJECT_ONLY)
    if on_project and document.get("unit") is None:
        faults.append(Fault("/unit", "missing", "an act on a project says on whose behalf: `unit` is required"))


def _is_utf8(content_type: str) -> bool:
    parameters = (part.partition("=") for part in content_type.lower().split(";")[1:])
    return all(value.strip(' "') in ("utf-8", "utf8") for name, _, value in parameters if name.strip() == "charset")


def _is_name(value: Any) -> TypeGuard[str]:
    """Say whether this could be a role at all; what could not is said with the types."""
    return isinstance(value, str) and 0 < len(value) <= 128
