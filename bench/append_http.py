"""
Single acts over HTTP, each recorded before it is answered, from 64 connections.

The rival is a POST that reads the same envelope and does nothing, in the same application and server (`bench.noop`).
"""

from functools import partial
from typing import Final

from bench.data import fresh
from bench.harness import Target, alternate, drive, figures, median_ratio
from bench.report import Limit, conditions, show
from bench.servers import ledger_alone, rival_of
from bench.signed import payload_bytes, signed

CONNECTIONS: Final = 64
ROUNDS, ROUND_SECONDS, WARM_UP_SECONDS = 5, 5.0, 3.0
_KIND: Final = "application/cloudevents+json"


def run(_: int) -> None:
    """Measure on an empty log."""
    with fresh() as data, ledger_alone(data) as server, rival_of(server) as noop:
        ours = Target.posts(server.port, server.token, "/v1/events", _KIND, signed())
        rival = Target.posts(noop.port, noop.token, "/noop", _KIND, signed())
        load = partial(drive, connections=CONNECTIONS, seconds=ROUND_SECONDS)
        for target in (ours, rival):
            drive(target, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
        rounds = alternate({"ours": partial(load, ours), "rival": partial(load, rival)}, rounds=ROUNDS)
        under = conditions(
            server.dsn,
            clients=CONNECTIONS,
            payload_bytes=payload_bytes(),
            rounds=f"{ROUNDS} of {ROUND_SECONDS:g} s each, in turn",
            server="`quanze ledger`: no read model on either side",
        )
    ratio = median_ratio(rounds["ours"], rounds["rival"], lambda each: each.rate)
    limits = [Limit("rate_over_noop", round(ratio, 3), 0.55, most=False)]
    mine, theirs = figures(rounds["ours"]), figures(rounds["rival"])
    show("append-http", ratio, ours=mine, rival=theirs, under=under, limits=limits)
