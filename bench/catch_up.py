"""
The read side: how fast it catches up with a log, and how far it is behind while acts are posted.

The limits are fixed ones. It works on a copy of the data set: the read model is thrown away, and acts are recorded.
"""

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from bench.data import DataSet, copy_of, data_set, settle
from bench.generator import SIZES, units_of
from bench.lawful import told
from bench.project import Facts
from bench.province import Unit, suppliers_of
from bench.report import Limit, conditions, show
from bench.servers import quanze_up
from bench.steady import POSTS_A_SECOND, Steady, post_steadily
from bench.story import Data, morning
from projector.main import Projector, rebuild
from projector.settings import Settings
from quanze.embedded import embedded

ACTS_A_SECOND_MIN: Final = 15_000
SECONDS: Final = 20
RATE, JUDGED_RATE = 500, 100
_TIMES: Final = 3
_JUDGED_SECONDS_MAX: Final = 600.0


def quick(seed: int) -> None:
    """Measure on 100 thousand acts."""
    data = data_set("100k", seed)
    with copy_of(data) as copy:
        caught_up = [_catch_up(copy) for _ in range(_TIMES)]
        more = _more_acts(data)
        with quanze_up(copy) as server:
            lag = post_steadily(server, _take(more, RATE), rate=RATE, path="/v1/projects")
        with quanze_up(copy, judges=True) as server:
            server.wait_until_judged(data.facts.acts + RATE * SECONDS, _JUDGED_SECONDS_MAX)
            judged = post_steadily(server, _take(more, JUDGED_RATE), rate=JUDGED_RATE, path="/v1/findings")
            under = conditions(
                server.dsn,
                clients=1,
                posts=f"{POSTS_A_SECOND} a second, whatever is under way",
                catch_up=f"the log of the data set, {_TIMES} times from nothing, every projection on, nothing judged",
                caught_up=[round(rate) for rate in caught_up],
                lag=f"{RATE} acts/s for {SECONDS} s, nothing judged",
                lag_judged=f"{JUDGED_RATE} acts/s for {SECONDS} s, judging on",
                rates_kept=[round(lag.rate, 1), round(judged.rate, 1)],
            )
    _report(statistics.median(caught_up), lag, judged, under)


def _report(rate: float, lag: Steady, judged: Steady, under: dict[str, Any]) -> None:
    limits = [
        Limit("acts_per_second", round(rate), ACTS_A_SECOND_MIN, most=False),
        Limit("lag_p99_seconds", _percentile(lag.lags, 0.99), 1, most=True),
        Limit("judged_p99_seconds", _percentile(judged.lags, 0.99), 2, most=True),
    ]
    ours: dict[str, Any] = {limit.name: limit.value for limit in limits}
    for name, each in (("lag", lag), ("judged", judged)):
        ours[f"{name}_p50_seconds"] = _percentile(each.lags, 0.50)
        ours[f"{name}_receipt_p99_seconds"] = _percentile(each.receipts, 0.99)
    rival = {"limit_acts_per_second": ACTS_A_SECOND_MIN}
    show("catch-up", rate / ACTS_A_SECOND_MIN, ours=ours, rival=rival, under=under, limits=limits)


def _catch_up(data: DataSet) -> float:
    """Throw the read model away and have it made anew; return the acts a second."""
    acts = data.facts.acts
    with embedded(data.directory.cluster) as server:
        rebuild(server.dsn)
        with Projector(Settings(dsn=server.dsn, judges=False)) as own:
            began = time.perf_counter()
            if not own.wait_for(acts, seconds=600.0):
                raise RuntimeError(f"the projector stopped at {own.follower.state.position}")
            seconds = time.perf_counter() - began
        settle(server.dsn)
    return acts / seconds


def _more_acts(data: DataSet) -> Iterator[Data]:
    """Tell small purchases that the data set does not hold, of its units, one after the other."""
    projects = SIZES[data.facts.size]
    units = units_of(projects)
    for number in range(projects):
        unit = Unit(number % units)
        code = f"P-{unit.code}-9{number // units:02}"
        facts = Facts(code, unit, morning("2026-03-02"), "small", "", number % suppliers_of(units))
        yield from (event for _, event in told(facts, data.facts.seed, suppliers_of(units)).told)


def _take(acts: Iterator[Data], rate: int) -> list[Data]:
    return list(islice(acts, rate * SECONDS))


def _percentile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
