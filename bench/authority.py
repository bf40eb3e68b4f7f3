"""
Who authorised this act: how fast the answer is, at three million acts and more than fifty thousand grants.

The rival is a GET that does nothing, in the same application and server (`bench.noop`). Every request asks for another
act; acts that need a grant, drawn without putting back.
"""

import statistics
import time
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from random import Random
from typing import Any, Final

import psycopg

from bench.data import DataSet, data_set
from bench.harness import Round, Target, alternate, drive, median_ratio, percentile_ms, rate
from bench.report import Limit, conditions, show
from bench.servers import Server, quanze_up, rival_of
from contracts.catalogue import base_catalogue

CONNECTIONS: Final = 16
ROUNDS, ROUND_SECONDS, WARM_UP_SECONDS = 5, 5.0, 3.0
_FIRST_SECONDS_MAX: Final = 900.0
_PROJECT_TIMES: Final = 15


def full(seed: int) -> None:
    """Measure at 3 million acts, against 100 thousand."""
    _bench("authority", data_set("3m", seed), data_set("100k", seed), seed)


def quick(seed: int) -> None:
    """Print the same figures for 30 thousand acts, against 3 thousand: built in under a minute."""
    _bench("authority-quick", data_set("30k", seed), data_set("3k", seed), seed)


def _bench(name: str, large: DataSet, small: DataSet, seed: int) -> None:
    with quanze_up(large) as server, quanze_up(small) as smaller, rival_of(server) as noop:
        targets = {
            "ours": Target.gets(server.port, server.token, _acts(server.dsn, seed)),
            "rival": Target.gets(noop.port, noop.token, repeat("/noop")),
            "smaller": Target.gets(smaller.port, smaller.token, _acts(smaller.dsn, seed)),
        }
        first = {
            "ours": _first_questions(server),
            "smaller": _first_questions(smaller),
        }
        for target in targets.values():
            drive(target, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
        load = partial(drive, connections=CONNECTIONS, seconds=ROUND_SECONDS)
        rounds = alternate({name: partial(load, target) for name, target in targets.items()}, rounds=ROUNDS)
        project, acts, judged, project_ms = _project(server)
        under = conditions(
            server.dsn,
            clients=CONNECTIONS,
            rounds=f"{ROUNDS} of {ROUND_SECONDS:g} s each, in turn",
            warm_up=f"one act of each actor and type asked about, then {WARM_UP_SECONDS:g} s of load",
            first_questions=first["ours"],
            smaller_acts=small.facts.acts,
            load_seconds=large.facts.load_seconds,
            catch_up_seconds=large.facts.catch_up_seconds,
            project=f"{project}: {acts} acts, {judged} of them judged",
        )
    _report(name, rounds, project_ms, under)


def _report(name: str, rounds: dict[str, list[Round]], project_ms: float, under: dict[str, Any]) -> None:
    ours, rival, smaller = rounds["ours"], rounds["rival"], rounds["smaller"]
    ratio = median_ratio(ours, rival, lambda each: each.rate)
    growth = median_ratio(ours, smaller, lambda each: statistics.median(each.latencies))
    limits = [
        Limit("p50_ms", percentile_ms(ours, 0.50), 5, most=True),
        Limit("p99_ms", percentile_ms(ours, 0.99), 25, most=True),
        Limit("rate_over_noop", round(ratio, 3), 0.25, most=False),
        Limit("project_ms", project_ms, 300, most=True),
        Limit("p50_over_smaller", round(growth, 3), 1.5, most=True),
    ]
    figures = {limit.name: limit.value for limit in limits if limit.name != "rate_over_noop"}
    theirs = {
        "requests_per_second": rate(rival),
        "p50_ms": percentile_ms(rival, 0.50),
        "p99_ms": percentile_ms(rival, 0.99),
    }
    mine = {"requests_per_second": rate(ours)} | figures
    show(name, ratio, ours=mine, rival=theirs, under=under, limits=limits)


def _acts(dsn: str, seed: int) -> Iterator[str]:
    """Yield the questions: every act that needs a grant once, in an order of chance; then again."""
    types = [act.type for act in base_catalogue().acts.values() if act.needs_grant]
    query = "SELECT position FROM projector.acts WHERE type = ANY (%s) ORDER BY position"
    with psycopg.connect(dsn) as connection:
        positions = [row[0] for row in connection.execute(query, (types,))]
    random = Random(seed)
    while True:
        random.shuffle(positions)
        for position in positions:
            yield f"/v1/acts/{position}/authority"


def _first_questions(server: Server) -> dict[str, float]:
    """
    Ask about one act of each actor and type, so that facts are at hand as they are after a while; say what that took.

    What the first question about a unit costs is paid once after a start, and in part again when something is recorded
    about the people and grants in it.
    """
    types = [act.type for act in base_catalogue().acts.values() if act.needs_grant]
    query = "SELECT DISTINCT ON (actor, type) position FROM projector.acts WHERE type = ANY (%s) ORDER BY actor, type"
    with psycopg.connect(server.dsn) as connection:
        positions = [row[0] for row in connection.execute(query, (types,))]
    Random(len(positions)).shuffle(positions)
    paths = (f"/v1/acts/{position}/authority" for position in positions)
    asked = drive(Target.gets(server.port, server.token, paths), connections=CONNECTIONS, seconds=_FIRST_SECONDS_MAX)
    return {
        "questions": len(asked.latencies),
        "seconds": round(asked.seconds, 1),
        "p50_ms": percentile_ms([asked], 0.50),
        "p99_ms": percentile_ms([asked], 0.99),
    }


def _project(server: Server) -> tuple[str, int, int, float]:
    """Ask for all acts of the project with the most; return its name, how many acts it has, how many judged, the ms."""
    query = "SELECT project, count(*) FROM projector.acts WHERE project <> '' GROUP BY project ORDER BY 2 DESC LIMIT 1"
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    times: list[float] = []
    judged = 0
    for _ in range(_PROJECT_TIMES):
        began = time.perf_counter()
        judged = sum(1 for _ in server.pages(f"/v1/projects/{row[0]}/authority"))
        times.append(time.perf_counter() - began)
    return row[0], row[1], judged, round(statistics.median(times) * 1000, 1)
