"""
The first pass over a log: what is in it, and whether all of it can be read. The second pass streams its events.

An import that would fail half-way fails here, before anything is posted.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from contracts.document import EVENT_BYTES_MAX
from quanze.importer.events import CloudEvent, readings
from quanze.importer.faults import ImportFault
from quanze.importer.mapping import OWN_ACT, ActorClass, Mapping, Namings

_encode: Final = msgspec.json.Encoder().encode

_Span = tuple[datetime, str, datetime, str]
"""The earliest and the latest moment, each with its text."""


class Survey(Struct, frozen=True, kw_only=True):
    """
    What a log holds, counting the records that become events.

    `activities`, `roles`: how often each word of the log occurs. `actors`: how many resources there are of each class;
    `events_by`: how many events each class has. `skipped`: records whose lifecycle value says nothing was done.
    `absent`: words and `data` columns the mapping names and the log never uses: a misspelling, or a smaller log.
    `earliest`, `latest`: times of events, None in an empty log.
    """

    events: int
    cases: int
    skipped: int
    activities: dict[str, int]
    roles: dict[str, int]
    actors: dict[ActorClass, int]
    events_by: dict[ActorClass, int]
    absent: tuple[str, ...]
    earliest: str | None
    latest: str | None


def survey(path: Path, mapping: Mapping) -> Survey:
    """
    Read a whole log once. Memory grows with its cases, resources and activities, not with its events.

    Raises `ImportFault` for the first record that cannot be read or would be over 64 KiB, a column no record has, and
    two words that would become one name.
    """
    activities: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    events_by: Counter[ActorClass] = Counter()
    resources: dict[str, ActorClass] = {}
    cases: set[str] = set()
    columns: set[str] = set()
    span: _Span | None = None
    skipped = 0
    for reading in readings(path, mapping):
        columns |= reading.row.keys() - columns
        event = reading.event
        if event is None:
            skipped += 1
            continue
        if (size := len(_encode(event))) > EVENT_BYTES_MAX:
            problem = f"{size} bytes in one event; the ledger takes {EVENT_BYTES_MAX}"
            raise ImportFault(path, reading.row.place, problem, "keep fewer columns under [data] of the mapping")
        activities[reading.activity] += 1
        events_by[reading.actor_class] += 1
        resources[reading.resource] = reading.actor_class
        cases.add(event["subject"])
        span = _stretch(span, event["time"])
        if reading.role:
            roles[reading.role] += 1
    if columns:
        _check_columns(path, mapping, columns)
    _check_names(path, mapping, activities.keys(), roles.keys())
    return Survey(
        events=activities.total(),
        cases=len(cases),
        skipped=skipped,
        activities=dict(sorted(activities.items())),
        roles=dict(sorted(roles.items())),
        actors=dict(Counter(resources.values())),
        events_by=dict(events_by),
        absent=_absent(mapping, columns, activities.keys(), roles.keys()),
        earliest=span[1] if span else None,
        latest=span[3] if span else None,
    )


def events(path: Path, mapping: Mapping, survey: Survey) -> Iterator[CloudEvent]:
    """
    Yield the events of a log in the order of the file, each ready to be posted.

    The same log and mapping give the same events, so that posting a log again finds every one a duplicate.
    Raises `ImportFault` where the log is no longer the one that was surveyed.
    """
    for reading in readings(path, mapping):
        if reading.event is None:
            continue
        if reading.activity not in survey.activities or (reading.role and reading.role not in survey.roles):
            raise ImportFault(
                path, reading.row.place, "the log has changed since it was surveyed", "start the import again"
            )
        yield reading.event


def _stretch(span: _Span | None, text: str) -> _Span:
    moment = datetime.fromisoformat(text)
    if span is None:
        return moment, text, moment, text
    first = (moment, text) if moment < span[0] else span[:2]
    last = (moment, text) if moment > span[2] else span[2:]
    return *first, *last


def _check_columns(path: Path, mapping: Mapping, seen: set[str]) -> None:
    """Refuse a column that no record has. Those every record needs were missed when the first one was read."""
    optional = {
        "role": mapping.role and mapping.role.column,
        "lifecycle": mapping.lifecycle and mapping.lifecycle.column,
        "object": mapping.object and mapping.object.column,
        "amount": mapping.amount and mapping.amount.column,
    }
    for key, names in optional.items():
        if names and seen.isdisjoint(names):
            problem = f"no record has {' or '.join(f'`{name}`' for name in names)}, the column of [{key}]"
            raise ImportFault(path, "", problem, f"mend the name in the mapping; there are {', '.join(sorted(seen))}")


def _check_names(path: Path, mapping: Mapping, activities: Collection[str], roles: Collection[str]) -> None:
    """Refuse names that two words would share without the mapping saying so, and roles that two acts would share."""
    _check_distinct(path, "activity.acts", mapping.activity.acts, activities)
    duties: dict[str, str] = {}
    for activity in sorted(mapping.activities_named() | set(activities)):
        act = mapping.activity.acts.name_of(activity)
        if act.startswith(OWN_ACT) and duties.setdefault(mapping.activity.duty_of(activity), act) != act:
            problem = f"the acts `{act}` and `{duties[mapping.activity.duty_of(activity)]}` would share one role"
            raise ImportFault(path, "", problem, "rename one of them under [activity.acts] of the mapping")
    if mapping.role:
        _check_distinct(path, "role.roles", mapping.role.roles, roles)
        for role in roles:
            name = mapping.role.roles.name_of(role)
            if name in duties and not mapping.role.roles.is_named(role):
                problem = f"the role `{role}` would be named `{name}`, like the role of the act `{duties[name]}`"
                raise ImportFault(path, "", problem, "name it under [role.roles] of the mapping")


def _check_distinct(path: Path, key: str, namings: Namings, words: Collection[str]) -> None:
    owners: dict[str, str] = {}
    for word in sorted(words):
        name = namings.name_of(word)
        other = owners.setdefault(name, word)
        if other != word and not (namings.is_named(word) and namings.is_named(other)):
            remedy = f"name both under [{key}] of the mapping, alike if they are the same thing"
            raise ImportFault(path, "", f"`{other}` and `{word}` would both become `{name}`", remedy)


def _absent(
    mapping: Mapping, columns: set[str], activities: Collection[str], roles: Collection[str]
) -> tuple[str, ...]:
    unused = [f"activity `{word}`" for word in sorted(mapping.activities_named() - set(activities))]
    unused += [f"role `{word}`" for word in sorted(mapping.roles_named() - set(roles))]
    unused += [f"column of `{key}`" for key, member in mapping.data.items() if columns.isdisjoint(member.column)]
    return tuple(unused)
