"""
The scan: a full one over everything, what it finds against what was planted, and one after a hundredth of the projects
has moved.

The limits are fixed ones: nobody else computes these findings. It works on a copy of the data set, as it records in it.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import psycopg

from bench.data import DataSet, copy_of, data_set
from bench.finding import Difference, Found, compare
from bench.generator import SIZES, planted
from bench.report import Limit, conditions, show
from bench.servers import Server, quanze_up
from bench.story import Key

FULL_SECONDS_MAX: Final = 150
_JUDGED_SECONDS_MAX: Final = 1_800.0
_TIMES, _SHOWN, _BATCH = 3, 5, 1_000


def full(seed: int) -> None:
    """Measure at 3 million acts."""
    _bench("scan", data_set("3m", seed))


def quick(seed: int) -> None:
    """Print the same figures for 30 thousand acts."""
    _bench("scan-quick", data_set("30k", seed))


def _bench(name: str, data: DataSet) -> None:
    facts = data.facts
    with copy_of(data) as copy, quanze_up(copy, judges=True) as server:
        began = time.monotonic()
        server.wait_until_judged(facts.acts, _JUDGED_SECONDS_MAX)
        first = time.monotonic() - began
        whole = [_scan(server, full=True) for _ in range(_TIMES)]
        difference = compare(planted(facts.seed, SIZES[facts.size]), _findings(server))
        projects = [each["id"] for each in server.pages("/v1/projects")]
        moved = [_after_acts(server, projects, number) for number in range(_TIMES)]
        under = conditions(
            server.dsn,
            clients=1,
            scans=f"{_TIMES} full, then {_TIMES} after acts; medians",
            projects=len(projects),
            moved=f"{len(_hundredth(projects, 0))} projects, one act on each",
            first_judging_seconds=round(first, 1),
            full_seconds=[round(seconds, 2) for seconds in whole],
            moved_seconds=[round(seconds, 2) for seconds in moved],
        )
    _report(name, statistics.median(whole), statistics.median(moved), difference, under)


def _report(name: str, whole: float, moved: float, difference: Difference, under: dict[str, Any]) -> None:
    for each in difference.missed[:_SHOWN]:
        print("missed:", each, file=sys.stderr)
    for each in difference.invented[:_SHOWN]:
        print("not planted:", each, file=sys.stderr)
    limits = [
        Limit("full_seconds", round(whole, 2), FULL_SECONDS_MAX, most=True),
        Limit("recall", difference.recall, 1.0, most=False),
        Limit("precision", difference.precision, 1.0, most=False),
        Limit("moved_over_full", round(moved / whole, 4), 0.05, most=True),
    ]
    ours = {limit.name: limit.value for limit in limits}
    ours |= {"planted": difference.planted, "found": difference.found, "moved_seconds": round(moved, 3)}
    rival = {"limit_seconds": FULL_SECONDS_MAX}
    show(name, FULL_SECONDS_MAX / whole, ours=ours, rival=rival, under=under, limits=limits)


def _scan(server: Server, *, full: bool) -> float:
    """Scan; return the seconds until the answer."""
    began = time.perf_counter()
    server.post("/v1/scans", msgspec.json.encode({"full": full}), seconds=_JUDGED_SECONDS_MAX)
    return time.perf_counter() - began


def _after_acts(server: Server, projects: list[str], number: int) -> float:
    """Record an act on one project in a hundred, others each time, and scan; return the seconds from posting on."""
    acts = [_looked_at(project, f"{number}/{index}") for index, project in enumerate(_hundredth(projects, number))]
    began = time.perf_counter()
    for first in range(0, len(acts), _BATCH):
        content = msgspec.json.encode(acts[first : first + _BATCH])
        server.post("/v1/events", content, "application/cloudevents-batch+json")
    _scan(server, full=False)
    return time.perf_counter() - began


def _hundredth(projects: list[str], number: int) -> list[str]:
    return projects[number::100]


def _looked_at(project: str, id: str) -> dict[str, Any]:
    """Return an act that no rule objects to, and that has its project judged again all the same."""
    return {
        "specversion": "1.0",
        "id": f"bench-scan/{id}",
        "source": "urn:bench:scan",
        "type": "access.record",
        "subject": project,
        "unit": f"unit:{project.split('-')[1]}",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "actor": "system:bench",
        "data": {"object": "bench", "note": "查阅"},
    }


def _findings(server: Server) -> Iterator[Found]:
    """Read every finding with result FAIL."""
    with psycopg.connect(server.dsn) as connection:
        for each in server.pages("/v1/findings", result="FAIL"):
            positions = [*each["evidence"], *([each["judged"]] if each["judged"] is not None else [])]
            query = "SELECT position, source, id FROM projector.acts WHERE position = ANY (%s)"
            keys = {position: Key(source, id) for position, source, id in connection.execute(query, (positions,))}
            yield Found(
                each["rule"],
                each["project"],
                frozenset(each["persons"]),
                frozenset(keys[position] for position in each["evidence"]),
                keys[each["judged"]] if each["judged"] is not None else None,
            )
