"""
Two incompatible duties in one hand, every pair of a log at once: a quarter of a million imported events, of which a
mapping says that no two activities of a case may be done by one person.

The rival is DuckDB, which joins the same events with themselves. What is compared is all that
`GET /v1/conflicts` finds, with the acts that show each; the pages over HTTP are timed besides.
"""

import csv
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.data import ROOT, DataSet, Facts, load, settle
from bench.report import Limit, conditions, show
from bench.servers import Server, quanze_up
from projector.conflicts import Conflict, Sought, find_conflicts
from projector.main import Projector
from projector.settings import Settings
from projector.view import Asked
from quanze.embedded import embedded

EVENTS, CASES, ACTIVITIES, PEOPLE = 250_000, 40_000, 30, 400
RIVAL_TIMES_MAX: Final = 5
_TIMES: Final = 7
_READ_SECONDS_MAX: Final = 600.0
_PACK: Final = "bench-pairs"
_MAPPING: Final = f"""
pack = "{_PACK}"
source = "urn:bench:pairs"

[case]
column = "case"

[activity]
column = "activity"

[resource]
column = "resource"

[time]
column = "time"

[unit]
constant = "U001"

[incompatible]
pairs = "every"
"""
_JOIN: Final = """
SELECT DISTINCT one."case", one.resource, one.activity, other.activity
  FROM events AS one
  JOIN events AS other ON other."case" = one."case" AND other.resource = one.resource AND other.activity > one.activity
"""

Pair = tuple[str, str, str, str]
"""Case, person, and the two activities in alphabetical order."""


def quick(seed: int) -> None:
    """Import the log into a fresh ledger, and ask both for every pair in it."""
    duckdb: Any = import_module("duckdb")  # of the dependency group `bench`: here and nowhere else
    with _imported(seed) as (server, log, seconds), duckdb.connect() as rival:
        rival.execute("CREATE TABLE events AS SELECT * FROM read_csv(?, all_varchar = true)", [str(log)])
        with Projector(Settings(dsn=server.dsn, judges=False)) as projector:
            ours, theirs = _alternate(projector, rival)
        began = time.perf_counter()
        pages = sum(1 for _ in server.pages("/v1/conflicts"))
        over_http = time.perf_counter() - began
        under = conditions(
            server.dsn,
            clients=1,
            duckdb=duckdb.__version__,
            log=f"{EVENTS} events, {CASES} cases, {ACTIVITIES} activities, {PEOPLE} people, every pair incompatible",
            rounds=f"{_TIMES} of each, in turn, after one of each that is not counted",
            import_seconds=round(seconds, 1),
        )
    _report(ours, theirs, pages, over_http, under)


def _report(
    ours: list[tuple[float, int]], theirs: list[tuple[float, int]], pages: int, over_http: float, under: dict[str, Any]
) -> None:
    times = statistics.median(mine / their for (mine, _), (their, _) in zip(ours, theirs, strict=True))
    limits = [Limit("seconds_over_duckdb", round(times, 2), RIVAL_TIMES_MAX, most=True)]
    mine = {
        "seconds": round(statistics.median(seconds for seconds, _ in ours), 3),
        "seconds_over_duckdb": round(times, 2),
        "pairs": ours[0][1],
        "pages_over_http_seconds": round(over_http, 2),
        "conflicts_over_http": pages,
    }
    rival = {"seconds": round(statistics.median(seconds for seconds, _ in theirs), 3), "pairs": theirs[0][1]}
    show("pairs", 1 / times, ours=mine, rival=rival, under=under, limits=limits)


def _alternate(projector: Projector, rival: Any) -> tuple[list[tuple[float, int]], list[tuple[float, int]]]:
    """Ask both in turn; return seconds and pairs of each time. Both must find the same."""
    if (mine := _pairs(_ask_ours(projector))) != (theirs := set(_ask_rival(rival))):
        raise RuntimeError(f"{len(mine)} pairs are ours and {len(theirs)} the rival's: {sorted(mine ^ theirs)[:3]}")
    ours, rivals = list[tuple[float, int]](), list[tuple[float, int]]()
    for number in range(_TIMES):
        for whose in ("ours", "rival")[:: 1 if number % 2 == 0 else -1]:
            began = time.perf_counter()
            rows = _ask_ours(projector) if whose == "ours" else _ask_rival(rival)
            (ours if whose == "ours" else rivals).append((time.perf_counter() - began, len(rows)))
    return ours, rivals


def _ask_ours(projector: Projector) -> list[Conflict]:
    """Find what `/v1/conflicts` tells, on every project."""
    with projector.view(Asked()) as view:
        return find_conflicts(view, Sought(level="performed"))


def _ask_rival(rival: Any) -> list[Pair]:
    return rival.execute(_JOIN).fetchall()


def _pairs(found: list[Conflict]) -> set[Pair]:
    """Read what was found as what the log calls it."""
    pairs = set[Pair]()
    for each in found:
        first, second = sorted(map(_activity, each.roles))
        pairs.add((each.project.removeprefix("project:"), each.person.removeprefix("person:"), first, second))
    return pairs


def _activity(role: str) -> str:
    return role.removeprefix("x_").upper()


@contextmanager
def _imported(seed: int) -> Generator[tuple[Server, Path, float]]:
    """Have the log imported into a fresh ledger, as a user would; yield its server, the log, and the seconds."""
    data = DataSet(ROOT / "pairs")
    shutil.rmtree(data.path, ignore_errors=True)
    data.path.mkdir(parents=True)
    try:
        log, mapping = data.path / "log.csv", data.path / "mapping.toml"
        _write_log(log, seed)
        mapping.write_text(_MAPPING, "utf-8")
        with embedded(data.directory.cluster) as server:
            load(data.directory, server.dsn, ())
        data.write(Facts("pairs", seed, 0, 0.0, 0.0))
        with quanze_up(data) as server:
            began = time.perf_counter()
            command = [str(Path(sys.executable).with_name("quanze")), "import", str(log), "--mapping", str(mapping)]
            command += ["--url", server.url, "--token-file", str(data.directory.admin_token)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - began
            server.wait_until_read(EVENTS + 1, _READ_SECONDS_MAX)  # the pack, and every event
            settle(server.dsn)
            yield server, log, seconds
    finally:
        shutil.rmtree(data.path, ignore_errors=True)


def _write_log(path: Path, seed: int) -> None:
    """
    Write the log: cases of some six events, most by the people of one department of eight.

    Times go up through a year; the same seed gives the same bytes.
    """
    random, at = Random(seed), datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("case", "activity", "resource", "time"))
        for number in range(EVENTS):
            case = random.randrange(CASES)
            department = case % (PEOPLE // 8)
            person = department * 8 + min(random.randrange(8), random.randrange(8))
            if random.random() < 0.2:
                person = random.randrange(PEOPLE)
            activity = min(random.randrange(ACTIVITIES), random.randrange(ACTIVITIES))
            moment = at + timedelta(seconds=number * 120)
            out.writerow((f"C{case:05}", f"A{activity:02}", f"R{person:03}", moment.isoformat()))
