"""
The world of the property tests: a register of units, lawful projects in it, and the court that judges them.

A court keeps the register in a database and judges one history after the other there, as if none had been before. A
lawful project is chosen by its shape and its number (`chosen`); what happens in it is told by `bench.lawful`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from bench.project import Facts
from bench.province import Unit, province, register, suppliers_of
from bench.story import DAY, WORKED, Data, morning
from contracts.catalogue import base_catalogue
from contracts.event import read_event
from projector.acts import ReadAct, imagined
from projector.batch import project
from projector.case.lay_out import Scope, prepare
from projector.fact_cache import FactCache
from projector.judge.judgement import Judgement
from projector.judge.judging import judge
from projector.judge.library import shipped
from projector.view import Asked, Stand, View

UNITS: Final = 12
NOW: Final = datetime(2026, 12, 20, 15, 59, tzinfo=UTC)
"""When all is judged: every story is over, every day that was to be kept has passed."""
RECORDED: Final = datetime(2026, 12, 21, tzinfo=UTC)
_OUTSIDE: Final = 1_300
"""As many units as a province has whose suppliers suffice for three of their own to each project here."""
SUPPLIERS: Final = suppliers_of(_OUTSIDE)
_OPENED: Final = {
    "small": (40, morning("2026-08-03") // DAY),
    "tender": (20, morning("2026-04-01") // DAY),
    "framework": (morning("2025-11-20") // DAY, morning("2025-11-20") // DAY + 1),
}
"""The first day on which a project of a shape may open and the day after the last, as the generator has it."""


class Court:
    """A database with a register of units, which judges one history after the other and keeps none."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self.connection = connection
        connection.execute("SET ROLE quanze_projector")
        connection.execute("SET TIME ZONE 'UTC'")
        prepare(connection)
        events = [event for story in province(_OUTSIDE) for _, event in story.told]
        for event in events:  # it takes its registrar weeks to write down so many
            put_on(event, WORKED[0])
        for number in range(UNITS):
            events += [event for _, event in register(Unit(number)).told]
        acts = _read(events, 1)
        self._first = len(acts) + 1
        with connection.transaction():
            project(connection.cursor(), acts)

    def judge(self, events: Sequence[Data]) -> list["Found"]:
        """Judge the projects that events are about, and the units with them; the events are recorded in their order."""
        acts = _read(events, self._first)
        ids = {act.position: event["id"] for act, event in zip(acts, events, strict=True)}
        projects = sorted({act.project for act in acts if act.project is not None})
        with self.connection.transaction(force_rollback=True):
            project(self.connection.cursor(), acts)
            stand = Stand(as_of=NOW, known_at=RECORDED, position=self._first + len(acts) - 1)
            view = View(self.connection, 1, Asked(as_of=NOW), stand, base_catalogue(), FactCache())
            units = [Unit(number).ref for number in range(UNITS)]
            found = judge(view, Scope(projects=projects, units=units), shipped(), bulk=True)
        assert found.troubles == []
        return [Found(each, ids) for each in found.judgements]


class Found(NamedTuple):
    """A judgement, and what the acts at its positions are called."""

    judgement: Judgement
    ids: dict[int, str]

    @property
    def about(self) -> str:
        """The project it is about; of a fault of a grant that was given for one, that project."""
        named = re.search(r"P-U\d{5}-\d{3}", f"{self.judgement.project or self.judgement.grant or self.judgement.key}")
        return named[0] if named is not None else f"{self.judgement.unit}"

    def plain(self) -> tuple[object, ...]:
        """Return all it says, with acts by their ids."""
        said = self.judgement
        key = re.sub(r"^(act:|)(\d+)$", lambda at: f"{at[1]}{self._id(int(at[2]))}", said.key)
        evidence = sorted(map(self._id, said.evidence))
        about = (said.rule, said.project or "", said.unit or "", key, said.grant or "", said.result, said.ratified)
        times = (str(said.severity), str(said.basis), str(said.since), str(said.cured), str(said.due))
        return (*about, *times, said.persons, evidence, said.judged and self._id(said.judged))

    def _id(self, position: int) -> str:
        return self.ids.get(position, str(position))


def _read(events: Iterable[Data], first: int) -> list[ReadAct]:
    catalogue = base_catalogue()
    return [
        imagined(read_event(msgspec.json.encode(event), catalogue), 1, position, RECORDED)
        for position, event in enumerate(events, first)
    ]


def put_on(event: Data, day: str) -> None:
    for name in ("time", "recordedtime"):
        event[name] = day + event[name][10:]


def chosen(random: Random, number: int, shape: str, *, apart: bool = False) -> Facts:
    """
    Return the facts of a project: opened on some day, with three suppliers that no other has, in one of the units.

    `apart`: in the last unit, whose people have no other project.
    """
    first, after = _OPENED[shape]
    opened = random.randrange(first, after) * DAY + 9 * 60 + random.randrange(120)
    unit = Unit(UNITS - 1 if apart else number % (UNITS - 1))
    assert 3 * number + 2 < SUPPLIERS
    return Facts(f"P-{unit.code}-{number:03}", unit, opened, shape, "", 3 * number)
