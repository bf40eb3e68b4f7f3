"""
A province's year of public procurement, any size, the same for the same seed: `python -m bench.generator --help`.

Acts come in the order in which they happened, as a log that was kept meanwhile would hold them; each says when its
source recorded it (`recordedtime`), some minutes later. About one project in a hundred has one violation planted in it;
everything else is lawful.
"""

import argparse
import heapq
import sys
from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from bench.lawful import told
from bench.planting import PLANTS, RULES
from bench.project import Facts, Planted
from bench.province import Unit, province, register, suppliers_of
from bench.story import DAY, Data, Story, morning

PROJECTS_A_UNIT: Final = 23
SIZES: Final = {"3k": 60, "30k": 860, "100k": 2_850, "3m": 88_000}
"""How many projects make about so many acts; the largest has 50 thousand grants."""
PLANTED: Final = 0.01
"""The share of projects in which something is wrong."""

_TENDERS, _FRAMEWORKS = 0.04, 10_000
_LAST_SMALL: Final = morning("2026-08-03") // DAY
_LAST_TENDER: Final = morning("2026-04-01") // DAY
_encode: Final = msgspec.json.Encoder().encode


def acts(seed: int, projects: int, wrong: float = PLANTED) -> Iterator[Data]:
    """Tell every act in the order of time, as CloudEvents."""
    return map(msgspec.json.decode, lines(seed, projects, wrong))


def lines(seed: int, projects: int, wrong: float = PLANTED) -> Iterator[bytes]:
    """Tell every act in the order of time, as JSON without line ends: the same bytes for the same arguments."""
    waiting: list[tuple[int, int, bytes]] = []
    number = 0
    for story in _chapters(seed, projects, wrong):
        while waiting and waiting[0][0] < story.begin:
            yield heapq.heappop(waiting)[2]
        for moment, event in story.tell():
            number += 1
            heapq.heappush(waiting, (moment, number, _encode(event)))
    while waiting:
        yield heapq.heappop(waiting)[2]


def planted(seed: int, projects: int, wrong: float = PLANTED) -> Iterator[Planted]:
    """Tell what was planted, in the order in which the projects were opened."""
    for facts in plan(seed, projects, wrong):
        if facts.plant:
            yield from told(facts, seed, suppliers_of(units_of(projects))).planted


def plan(seed: int, projects: int, wrong: float = PLANTED) -> list[Facts]:
    """Return what is fixed of every project, in the order in which they are opened."""
    random = Random(seed)
    suppliers = suppliers_of(units_of(projects))
    turns = _turns(random)
    found: list[Facts] = []
    for number in range(projects):
        plant = next(turns) if number % _FRAMEWORKS and random.random() < wrong else ""
        found.append(_facts(random, number, suppliers, plant))
    return sorted(found, key=lambda facts: (facts.opened, facts.code))


def _turns(random: Random) -> Iterator[str]:
    """Yield what is planted: everything as often, in an order of chance."""
    while True:
        yield from random.sample(RULES, len(RULES))


def _facts(random: Random, number: int, suppliers: int, plant: str) -> Facts:
    """A unit's suppliers take turns, so that none gets several orders in a month."""
    unit, turn = Unit(number // PROJECTS_A_UNIT), number % PROJECTS_A_UNIT
    code = f"P-{unit.code}-{turn:03}"
    supplier = (unit.number * 13 + turn) % suppliers
    if number % _FRAMEWORKS == 0:
        return Facts(code, unit, morning("2025-11-20"), "framework", "", supplier)
    tenders = random.random() < _TENDERS
    shape = PLANTS[plant].shape if plant else "tender" if tenders else "small"
    first, last = (20, _LAST_TENDER) if shape == "tender" else (40, _LAST_SMALL)
    opened = random.randrange(first, last) * DAY + 9 * 60 + random.randrange(120)
    return Facts(code, unit, opened, shape, plant, supplier)


class _Chapter:
    """A story that is told only when its time has come."""

    def __init__(self, begin: int, of: Story | Facts | Unit, seed: int, suppliers: int) -> None:
        self.begin, self._of, self._seed, self._suppliers = begin, of, seed, suppliers

    def tell(self) -> list[tuple[int, Data]]:
        if isinstance(self._of, Facts):
            return told(self._of, self._seed, self._suppliers).told
        return (register(self._of) if isinstance(self._of, Unit) else self._of).told


def _chapters(seed: int, projects: int, wrong: float) -> Iterator[_Chapter]:
    units = units_of(projects)
    suppliers = suppliers_of(units)
    for story in province(units):
        yield _Chapter(story.told[0][0], story, seed, suppliers)
    for number in range(units):
        yield _Chapter(morning("2025-10-27"), Unit(number), seed, suppliers)
    for facts in plan(seed, projects, wrong):
        yield _Chapter(facts.opened, facts, seed, suppliers)


def units_of(projects: int) -> int:
    """Return how many units buy in so many projects."""
    return (projects - 1) // PROJECTS_A_UNIT + 1


def main() -> None:
    """Write acts, or what is planted in them, to standard output as JSON lines."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", choices=SIZES, default="30k")
    parser.add_argument("--planted", action="store_true", help="what is planted instead of the acts")
    asked = parser.parse_args()
    projects = SIZES[asked.size]
    found = (_encode(each.document()) for each in planted(asked.seed, projects)) if asked.planted else None
    for line in found or lines(asked.seed, projects):
        sys.stdout.buffer.write(line + b"\n")


if __name__ == "__main__":
    main()
