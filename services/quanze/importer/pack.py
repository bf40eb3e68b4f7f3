"""
The catalogue pack of an import: one `catalogue.extend` act that declares its acts, their roles, its incompatible pairs.

It has to be in the ledger before the first event of the import, which names those acts.
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import combinations
from typing import Final

import msgspec

from contracts.document import EVENT_BYTES_MAX
from quanze.importer.events import CloudEvent
from quanze.importer.faults import ImportFault
from quanze.importer.mapping import OWN_ACT, OWN_ROLE, Mapping
from quanze.importer.survey import Survey

STAGE: Final = "IMPORTED"


def pack_event(mapping: Mapping, survey: Survey, subject: str, actor: str, time: str) -> CloudEvent:
    """
    Return the pack of a mapping for a log that was surveyed. `subject` is the log's own reference.

    What the mapping names is declared even where this log never uses it, so that a later log finds it. The same
    arguments give the same event, id included. Raises `ImportFault` where it would be over 64 KiB.
    """
    activities = sorted(mapping.activities_named() | set(survey.activities))
    words = sorted(mapping.roles_named() | set(survey.roles))
    acts, roles = _acts(mapping, activities)
    if mapping.role:
        for word in words:
            name = mapping.role.roles.name_of(word)
            if name.startswith(OWN_ROLE):
                roles.setdefault(name, list(mapping.role.roles.titles(word)))
    data: dict[str, object] = {"pack": mapping.pack, "version": mapping.version, "acts": acts, "roles": roles}
    data |= _incompatible(mapping, activities, words)
    event: CloudEvent = {
        "specversion": "1.0",
        "id": "",
        "source": mapping.source,
        "type": "catalogue.extend",
        "subject": subject,
        "time": time,
        "actor": actor,
        "datacontenttype": "application/json",
        "data": data,
    }
    event["id"] = f"pack:{mapping.pack}:{sha256(msgspec.json.encode(event)).hexdigest()[:16]}"
    if (size := len(msgspec.json.encode(event))) > EVENT_BYTES_MAX:
        problem = f"{size} bytes for {len(activities)} activities; the ledger takes {EVENT_BYTES_MAX}"
        raise ImportFault(None, f"pack {mapping.pack}", problem, "give activities that are one act one name")
    return event


def _acts(mapping: Mapping, activities: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the acts the log brings, and their roles. Activities that share a name share the first title given."""
    acts: dict[str, list[str]] = {}
    roles: dict[str, list[str]] = {}
    kind = mapping.object.kind if mapping.object else "record"
    namings = mapping.activity.acts
    for activity in sorted(activities, key=lambda word: (word not in namings, word)):
        act = namings.name_of(activity)
        if act.startswith(OWN_ACT) and act not in acts:
            titles = list(namings.titles(activity))
            role = mapping.activity.duty_of(activity)
            acts[act] = [STAGE, "E", role, kind, *titles]
            roles[role] = titles
    return acts, roles


def _incompatible(mapping: Mapping, activities: list[str], words: list[str]) -> dict[str, object]:
    """
    Return the pairs: listed, or as "every pair of these roles".

    A pack has one place for "every"; where activities and roles both ask for it, the longer list gets it and the
    other's pairs are listed.
    """
    wanted = mapping.incompatible
    prefix = wanted.prefix or mapping.pack.upper()
    citation = wanted.citation or f"mapping {mapping.pack}"
    duties = {activity: mapping.activity.duty_of(activity) for activity in activities}
    named = {word: mapping.role.roles.name_of(word) for word in words} if mapping.role else {}
    listed: set[tuple[str, str]] = set()
    every: list[list[str]] = []
    for pairs, names in ((wanted.pairs, duties), (wanted.role_pairs, named)):
        if isinstance(pairs, str):
            every.append(sorted(set(names.values())))
        else:
            listed |= {_pair(names, *pair) for pair in pairs}
    every.sort(key=len)
    for roles in every[:-1]:
        listed.update(combinations(roles, 2))
    found: dict[str, object] = {}
    if listed:
        terms = (wanted.severity, wanted.force, citation)
        found["incompatible"] = {f"{prefix}:{left}~{right}": [left, right, *terms] for left, right in sorted(listed)}
    if every:
        found["incompatible_every"] = {
            "prefix": prefix,
            "roles": every[-1],
            "severity": wanted.severity,
            "force": wanted.force,
            "citation": citation,
        }
    return found


def _pair(names: dict[str, str], one: str, other: str) -> tuple[str, str]:
    if names[one] == names[other]:
        problem = f"`{one}` and `{other}` are one duty, `{names[one]}`"
        raise ImportFault(None, "incompatible", problem, "take the pair out, or name them apart in the mapping")
    left, right = sorted((names[one], names[other]))
    return left, right
