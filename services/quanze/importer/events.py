"""
From a record of a log to a CloudEvent, as the mapping says. Reads and turns; posts nothing, remembers no events.

One thing is kept per case: how many of its records have passed, where the log has no ids of its own.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NotRequired, TypedDict

from msgspec import Struct

from contracts.references import holds_citizen_id
from quanze.importer import csv_log, values, xes_log
from quanze.importer.faults import ImportFault
from quanze.importer.mapping import ActorClass, Amount, Columns, Mapping, Time
from quanze.importer.names import code, original, reference
from quanze.importer.rows import Row

ID_LENGTH_MAX: Final = 128

_ORDINAL_LENGTH_MAX: Final = 12  # of `#` and the number, in an id made here
_ACTOR_PREFIXES: Final[dict[ActorClass, str]] = {
    "person": "person:",
    "system": "system:",
    "unknown": "system:unknown/",
}
_NOBODY: Final = "EMPTY"


class CloudEvent(TypedDict):
    """An act as the ledger takes it (contract §2), ready to be written as JSON."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    actor: str
    role: NotRequired[str]
    unit: NotRequired[str]
    recordedtime: NotRequired[str]
    datacontenttype: str
    data: dict[str, object]


class Reading(Struct, frozen=True):
    """One record, read. `event` is None where its lifecycle value says that nothing was done."""

    row: Row
    activity: str
    resource: str
    actor_class: ActorClass
    role: str
    event: CloudEvent | None


def rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Yield the records of a log: XES where the name says so (`.xes`, `.xml`, perhaps `.gz` after it), else CSV."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".xes", ".xml")):
        return xes_log.read(path)
    return csv_log.read(path, delimiter=mapping.file.delimiter, encoding=mapping.file.encoding)


def readings(path: Path, mapping: Mapping) -> Iterator[Reading]:
    """Yield every record of a log, read. Raises `ImportFault` naming the first one that cannot be."""
    ordinals: Counter[str] = Counter()
    for row in rows(path, mapping):
        try:
            yield _read(row, mapping, ordinals)
        except _BadCell as exc:
            raise ImportFault(path, row.place, exc.problem, exc.remedy) from exc


class _BadCell(ValueError):
    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def _read(row: Row, mapping: Mapping, ordinals: Counter[str]) -> Reading:
    case = _needed(row, mapping.case.column, "case")
    event_id = _id(row, case, mapping, ordinals)
    activity = _needed(row, mapping.activity.column, "activity")
    resource = cell(row, mapping.resource.column)
    actor_class = mapping.resource.class_of(resource)
    role = cell(row, mapping.role.column) if mapping.role else ""
    role = "" if mapping.role and role in mapping.role.none else role
    if mapping.lifecycle and cell(row, mapping.lifecycle.column) not in mapping.lifecycle.done:
        return Reading(row, activity, resource, actor_class, role, None)

    data: dict[str, object] = {"activity": activity}
    event: CloudEvent = {
        "specversion": "1.0",
        "id": event_id,
        "source": mapping.source,
        "type": mapping.activity.acts.name_of(activity),
        "subject": reference("project:", case),
        "time": _time(row, mapping.time),
        "actor": actor_of(resource, actor_class),
        "unit": _unit(row, mapping),
        "datacontenttype": "application/json",
        "data": data,
    }
    if role and mapping.role:
        event["role"] = mapping.role.roles.name_of(role)
    if mapping.recorded:
        event["recordedtime"] = _time(row, mapping.recorded)
    if "~" in event["actor"]:
        data["resource"] = resource  # cut in the reference: kept here whole
    if mapping.object and (thing := cell(row, mapping.object.column)):
        data["object"] = code(thing, ID_LENGTH_MAX)
    if mapping.amount and activity in mapping.amount.activities:
        data |= _amount(row, mapping.amount)
    for member, wanted in mapping.data.items():
        if text := cell(row, wanted.column):
            data[member] = reference(f"{wanted.as_}:", text) if wanted.as_ else text
    for text in (event["subject"], event["actor"], event["unit"], event_id):
        if holds_citizen_id(text):
            problem = f"`{text}` holds an 18-digit citizen id"
            raise _BadCell(problem, "replace such numbers by codes before the import: the ledger keeps a name for ever")
    return Reading(row, activity, resource, actor_class, role, event)


def actor_of(resource: str, actor_class: ActorClass) -> str:
    """
    Return the reference of whoever is behind a resource. No two resources of a log share one.

    A `/` in a word is encoded, so no system is ever named `system:unknown/…`. Where nobody is named the reference says
    `EMPTY`, so the word `EMPTY` is written `%45MPTY`.
    """
    prefix = _ACTOR_PREFIXES[actor_class]
    if not resource:
        return prefix + _NOBODY
    return reference(prefix, resource) if resource != _NOBODY or actor_class != "unknown" else f"{prefix}%45MPTY"


def resource_of(actor: str) -> str:
    """Return the resource an actor was made from. Raises `ValueError` where it was cut: the event's data has it."""
    unknown = _ACTOR_PREFIXES["unknown"]
    if actor == unknown + _NOBODY:
        return ""
    return original(f"system:{actor.removeprefix(unknown)}" if actor.startswith(unknown) else actor)


def cell(row: Row, columns: Columns) -> str:
    """Return the text of the first of these columns that the record has, without space around it; else nothing."""
    return next((row[name].strip() for name in columns if name in row), "")


def _needed(row: Row, columns: Columns, key: str) -> str:
    text = cell(row, columns)
    if not text:
        named = " or ".join(f"`{name}`" for name in columns)
        remedy = f"name its column under [{key}] of the mapping; the record has {', '.join(row) or 'nothing'}"
        raise _BadCell(f"no {key} in {named}", remedy if not any(name in row for name in columns) else "fill it in")
    return text


def _id(row: Row, case: str, mapping: Mapping, ordinals: Counter[str]) -> str:
    if mapping.id:
        return code(_needed(row, mapping.id.column, "id"), ID_LENGTH_MAX)
    ordinals[case] += 1
    return f"{code(case, ID_LENGTH_MAX - _ORDINAL_LENGTH_MAX)}#{ordinals[case]}"


def _unit(row: Row, mapping: Mapping) -> str:
    constant = (mapping.unit.constant or "").removeprefix("unit:")
    return reference("unit:", _needed(row, mapping.unit.column, "unit") if mapping.unit.column else constant)


def _time(row: Row, wanted: Time) -> str:
    text = _needed(row, wanted.column, "time")
    try:
        return values.instant(text, wanted.format, wanted.zone_info())
    except ValueError as exc:
        remedy = "mend it, or set `format` and `zone` of the column in the mapping"
        raise _BadCell(f"`{text}` is no time: {exc}", remedy) from exc


def _amount(row: Row, wanted: Amount) -> dict[str, object]:
    text = cell(row, wanted.column)
    if not text:
        return {}
    try:
        number = values.amount(text, wanted.decimal_mark, wanted.group_mark)
    except ValueError as exc:
        if wanted.unusable == "note":
            return {"amount_text": text}
        remedy = 'mend it, or set `unusable = "note"` under [amount] of the mapping to keep such amounts as text'
        raise _BadCell(f"`{text}` is no amount: {exc}", remedy) from exc
    if wanted.currency:
        return {"amount": number, "currency": wanted.currency}
    currency = cell(row, wanted.currency_column or Columns())
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise _BadCell(f"`{currency}` is no currency", "an ISO 4217 code such as CNY is wanted")
    return {"amount": number, "currency": currency}
