"""
Cases for rules: a lawful project of the demo county, one thing changed in it, and what must be found.

A case is a table in a TOML file:

    [[case]]
    rule = "DDL-01"                 # the rule it is about
    kind = "fires"                  # fires, boundary or silent
    says = "bids close 19 days after the notice"
    on = "P-2026-001"               # the project it is told over (services/quanze/county)
    change = [{act = "notice.publish", set = {bid_deadline = "2026-03-20"}}]
    finds = ["DDL-01"]              # every rule that must fire, and no other; "DDL-08 cured" where it was made good
    unknown = ["AMT-09"]            # every rule that must be undetermined, besides those of the project as it is

Changes: `act` names an act by its type, `notice.publish`, or by type and number, `pay.approve.2`; `all = true` means
every act of that type. `drop = true` leaves it out, `lose = true` all but its place in the log; `set` replaces members
of its payload, `remove` lists members or attributes to leave out; `at` moves it to a local time, `days` by so many
days; `actor`, `unit`, `role`, `authority`, `onbehalfof`, `recordedtime` replace attributes. `add` is a new act of that
type, with `at`, `actor`, `data`, and perhaps a `subject`. `now` is when it is judged (a local time); absent: at the end
of the project's own story. `units`: units that are judged themselves (rotation, reports). `computed`: what the rule
that the case is about must have computed.

Several projects: `on = ["P-2026-007", "P-2026-010 as P-2026-910"]`. The second is a copy under another id, with
invoices of its own. A change is made in the first of them, or in the one that `project` names. `judged`: which of them
are judged, where the others are only on record.
"""

import json
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.catalogue import base_catalogue
from contracts.event import read_event
from contracts.moments import parse_instant
from projector.acts import ReadAct, imagined
from projector.batch import project
from projector.case.lay_out import Scope, lay_out, prepare
from projector.fact_cache import FactCache
from projector.judge.engine import in_order, run
from projector.judge.judgement import Judgement
from projector.judge.library import shipped
from projector.view import Asked, Stand, View

_ZONE = ZoneInfo("Asia/Shanghai")
_ATTRIBUTES = ("actor", "unit", "role", "authority", "onbehalfof", "recordedtime", "subject")
CASES = Path(__file__).parent


class Change(Struct, forbid_unknown_fields=True, kw_only=True):
    project: str | None = None
    act: str | None = None
    add: str | None = None
    all: bool = False
    drop: bool = False
    lose: bool = False
    set: dict[str, Any] = {}
    remove: list[str] = []
    data: dict[str, Any] = {}
    at: str | None = None
    days: int = 0
    actor: str | None = None
    unit: str | None = None
    role: str | None = None
    authority: str | None = None
    onbehalfof: str | None = None
    recordedtime: str | None = None
    subject: str | None = None


class Case(Struct, forbid_unknown_fields=True, kw_only=True):
    rule: str
    kind: Literal["fires", "boundary", "silent"]
    says: str
    on: str | list[str]
    change: list[Change] = []
    finds: list[str] = []
    unknown: list[str] = []
    now: str | None = None
    units: list[str] = []
    judged: list[str] = []
    computed: dict[str, Any] = {}

    def projects(self) -> list[str]:
        """Return the projects as told, the first being what changes are made in."""
        told = [self.on] if isinstance(self.on, str) else self.on
        return [name.rpartition(" ")[2] for name in told if name]


def cases() -> list[Case]:
    """Return every case of every file, in order."""
    found: list[Case] = []
    for path in sorted(CASES.glob("*.toml")):
        found += msgspec.convert(tomllib.loads(path.read_text("utf-8")).get("case", []), list[Case])
    return found


@cache
def county(name: str) -> tuple[str, ...]:
    """Return the lines of one of the county's files."""
    return tuple(files("quanze.county").joinpath(f"{name}.ndjson").read_text("utf-8").splitlines())


def told(case: Case) -> list[dict[str, Any]]:
    """Return the events of a case: the project's own, changed."""
    names = [case.on] if isinstance(case.on, str) else case.on
    events = [event for name in names if name for event in _story(name)]
    for number, change in enumerate(case.change):
        if change.add is not None:
            events.append(_added(case, change, number, events))
            continue
        own = f"{_project(case, change)}."
        hit = [event for event in events if event["id"].startswith(own) and _is(event, change)]
        assert hit, f"{case.rule}: {own} has no act {change.act}"
        for event in hit:
            if change.drop:
                events.remove(event)
            else:
                _change(event, change)
    return events


def _story(name: str) -> list[dict[str, Any]]:
    """Return the events of a project, or of its copy under another id."""
    project, _, copied = name.partition(" as ")
    events: list[dict[str, Any]] = [json.loads(line.replace(project, copied or project)) for line in county(project)]
    for event in events if copied else ():
        event["data"] |= {f: f"{event['data'][f]}-{copied}" for f in ("invoice", "external_id") if f in event["data"]}
    return events


def _project(case: Case, change: Change) -> str:
    return change.project or case.projects()[0]


def _is(event: dict[str, Any], change: Change) -> bool:
    name = change.act or ""
    number = name.rpartition(".")[2]
    if number.isdigit():
        return event["id"].endswith(f".{name}")
    return event["type"] == name if change.all else event["id"].endswith(f".{name}.1")


def _change(event: dict[str, Any], change: Change) -> None:
    lag = parse_instant(event["recordedtime"]) - parse_instant(event["time"])
    if change.at is not None or change.days:
        moment = local_moment(change.at) if change.at is not None else parse_instant(event["time"])
        moment += timedelta(days=change.days)
        event["time"], event["recordedtime"] = moment.isoformat(), (moment + lag).isoformat()
    event |= {name: value for name in _ATTRIBUTES if (value := getattr(change, name)) is not None}
    event["data"] = {**event["data"], **change.set}
    event |= {"lost": True} if change.lose else {}
    for name in change.remove:
        event["data"].pop(name, None) if name in event["data"] else event.pop(name)


def _added(case: Case, change: Change, number: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    moment = local_moment(change.at or "").isoformat()
    given = {name: value for name in _ATTRIBUTES if (value := getattr(change, name)) is not None}
    event: dict[str, Any] = {"specversion": "1.0", "id": f"added.{change.add}.{number}", "source": "urn:quanze:demo:oa"}
    subject = f"project:{_project(case, change)}" if change.project or case.on else ""
    event |= {"type": change.add, "subject": subject, "time": moment, "recordedtime": moment}
    event |= {"data": change.data or change.set} | given | ({"lost": True} if change.lose else {})
    if event["subject"].startswith("project:") and "unit" not in event:
        event["unit"] = next(each["unit"] for each in events if each["subject"] == event["subject"])
    return event


def local_moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_ZONE).astimezone(UTC)


class Court:
    """A database that holds the county's register, and judges one case after the other without keeping any."""

    def __init__(self, connection: Connection[TupleRow], log_id: int) -> None:
        self.connection = connection
        self._log_id = log_id
        connection.execute("SET ROLE quanze_projector")
        connection.execute("SET TIME ZONE 'UTC'")
        prepare(connection)
        self.register = self.read([json.loads(line) for line in county("00-registry")], 1)
        with connection.transaction():
            project(connection.cursor(), self.register)

    def judge(self, case: Case, *, passes: bool = False) -> list[Judgement]:
        """Return what the rules say of a case."""
        events = told(case)
        acts = self.read(events, len(self.register) + 1)
        now = local_moment(case.now) if case.now is not None else _end(events)
        with self.connection.transaction(force_rollback=True):
            held = [act for act, event in zip(acts, events, strict=True) if "lost" not in event]
            project(self.connection.cursor(), held)
            view = self.view(now, len(self.register) + len(acts))
            told_of = {act.project for act in acts if act.project is not None}
            projects = sorted(told_of & {f"project:{name}" for name in case.judged} if case.judged else told_of)
            lay_out(view, Scope(projects=projects, units=case.units))
            found, troubles = run(self.connection, in_order(shipped().rules.values()), passes=passes)
        assert not troubles, troubles
        return found

    def read(self, events: Sequence[dict[str, Any]], first: int) -> list[ReadAct]:
        catalogue = base_catalogue()
        return [
            imagined(read_event(msgspec.json.encode(event), catalogue), self._log_id, first + index, datetime.now(UTC))
            for index, event in enumerate(events)
        ]

    def view(self, now: datetime, position: int) -> View:
        asked = Asked(as_of=now)
        stand = Stand(as_of=now, known_at=datetime.now(UTC), position=position)
        return View(self.connection, self._log_id, asked, stand, base_catalogue(), FactCache())


def _end(events: Sequence[dict[str, Any]]) -> datetime:
    """Return when a story is over: the evening of its last day."""
    last = max(parse_instant(event["time"]) for event in events).astimezone(_ZONE)
    return last.replace(hour=23, minute=59).astimezone(UTC)


def court(dsn: str, log_id: int = 1) -> Iterator[Court]:
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
        yield Court(connection, log_id)
