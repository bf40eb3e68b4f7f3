"""
Does a log slow down as it grows: batches of 500 from 4 connections, and proofs, at 5 million acts against 100 thousand.

Both logs are written to, the small one in a copy. A round is a number of acts, not of seconds, so that the small log
stays small.
"""

from functools import partial
from itertools import islice
from random import Random
from typing import Any, Final

from bench.append_batch import ACTS, CONNECTIONS, batches
from bench.data import copy_of
from bench.grown import LARGE, SMALL, grown
from bench.harness import Round, Target, alternate, drive, figures, median_ratio, percentile_ms
from bench.report import Limit, conditions, show
from bench.servers import Server, ledger_alone
from bench.signed import payload_bytes, signed

ROUNDS, ROUND_BATCHES = 7, 30
PROOF_ROUNDS, PROOF_SECONDS = 3, 3.0
_ROUND_SECONDS_MAX: Final = 120.0


def run(seed: int) -> None:
    """Measure on the two logs; the large one is built when it is not there, which takes a while."""
    with copy_of(grown(SMALL)) as copy, ledger_alone(copy) as small, ledger_alone(grown(LARGE)) as large:
        servers = {"large": large, "small": small}
        under = conditions(
            large.dsn,
            clients=CONNECTIONS,
            acts_a_batch=ACTS,
            payload_bytes=payload_bytes(),
            acts_small=small.size(),
            rounds=f"{ROUNDS} of {ROUND_BATCHES} batches each, in turn, after one that is not counted",
            proofs=f"acts drawn at random, one connection, {PROOF_ROUNDS} rounds of {PROOF_SECONDS:g} s each, in turn",
            server="`quanze ledger`",
        )
        proofs = alternate(
            {name: partial(_prove, _proofs(server, seed)) for name, server in servers.items()}, rounds=PROOF_ROUNDS
        )
        posted = {name: batches(server, signed(server.size())) for name, server in servers.items()}
        for target in posted.values():
            _post(target)
        rounds = alternate({name: partial(_post, target) for name, target in posted.items()}, rounds=ROUNDS)
        under |= {"acts_afterwards": large.size(), "acts_small_afterwards": small.size()}
    _report(rounds, proofs, under)


def _report(rounds: dict[str, list[Round]], proofs: dict[str, list[Round]], under: dict[str, Any]) -> None:
    ratio = median_ratio(rounds["large"], rounds["small"], lambda each: each.rate)
    limits = [Limit("rate_over_small", round(ratio, 3), 0.85, most=False)]
    large, small = (_figures(rounds[name], proofs[name]) for name in ("large", "small"))
    show("growth", ratio, ours=large, rival=small, under=under, limits=limits)


def _post(target: Target) -> Round:
    requests = list(islice(target.requests, ROUND_BATCHES))
    return drive(Target(target.port, iter(requests)), connections=CONNECTIONS, seconds=_ROUND_SECONDS_MAX)


def _proofs(server: Server, seed: int) -> Target:
    random, size = Random(seed), server.size()
    paths = iter(lambda: f"/v1/proofs/inclusion?position={random.randint(1, size)}", "")
    return Target.gets(server.port, server.token, paths)


def _prove(target: Target) -> Round:
    return drive(target, connections=1, seconds=PROOF_SECONDS)


def _figures(rounds: list[Round], proofs: list[Round]) -> dict[str, float]:
    return figures(rounds, ACTS) | {
        "proof_p50_ms": percentile_ms(proofs, 0.50),
        "proof_p99_ms": percentile_ms(proofs, 0.99),
    }
