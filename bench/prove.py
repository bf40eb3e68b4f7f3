"""
Evidence: how fast the bundle of a project of a thousand acts is made and verified, at three million acts.

The rival of verifying is its floor: the hashing that no verifier can leave out, and one signature, in plain Python on
bytes that are at hand. What ours takes besides is reading the file, and every comparison.
"""

import statistics
import time
from random import Random

import httpx
import psycopg

from bench.data import DataSet, data_set
from bench.harness import Target, drive, median_ratio, percentile_ms, rate
from bench.report import Limit, conditions, show
from bench.servers import Server, quanze_up
from bench.verifying import ROUNDS, TIMES, rounds_apart
from contracts.proof import VerifierKey, read_bundle
from contracts.proof.tlog_proof import parse_tlog_proof

BUILDS = 7
PROOF_CONNECTIONS, PROOF_SECONDS = 1, 10.0


def full(seed: int) -> None:
    """Measure at 3 million acts."""
    _bench("prove", data_set("3m", seed), seed)


def quick(seed: int) -> None:
    """Print the same figures for 30 thousand acts."""
    _bench("prove-quick", data_set("30k", seed), seed)


def _bench(name: str, data: DataSet, seed: int) -> None:
    key = VerifierKey.parse(data.directory.verifier_key.read_text("utf-8").strip())
    with quanze_up(data) as server:
        project = _largest_project(server)
        builds = [_build(server, project) for _ in range(BUILDS)]
        file = builds[-1][0]
        paths = iter(lambda: f"/v1/proofs/inclusion?position={random.randint(1, size)}", "")
        random, size = Random(seed), server.size()
        proofs = [
            drive(Target.gets(server.port, server.token, paths), connections=PROOF_CONNECTIONS, seconds=PROOF_SECONDS)
        ]
        bundle = read_bundle(file)
        acts = len(bundle.entries)
        under = conditions(
            server.dsn,
            clients=1,
            project=f"{bundle.project}: {acts} acts with what they rest on, {len(file)} bytes",
            hashes=sum(len(parse_tlog_proof(entry.proof).hashes) for entry in bundle.entries),
            rounds=f"{ROUNDS} of {TIMES} verifications each, in turn, in a process of its own",
            builds=f"{BUILDS}, the first one apart",
            proofs=f"positions drawn at random, {PROOF_CONNECTIONS} connection, {PROOF_SECONDS:g} s",
        )
    rounds = rounds_apart(file, key)
    # Seconds of ours over those of the floor.
    ratio = 1 / median_ratio(rounds["ours"], rounds["rival"], lambda each: each.rate)
    built = statistics.median(seconds for _, seconds in builds[1:])
    ours = {
        "built_acts_per_second": round(acts / built, 1),
        "first_built_seconds": round(builds[0][1], 3),
        "built_seconds": round(built, 3),
        "verified_acts_per_second": round(rate(rounds["ours"]) * acts, 1),
        "proof_p50_ms": percentile_ms(proofs, 0.50),
        "proof_p99_ms": percentile_ms(proofs, 0.99),
    }
    rival = {"hashed_acts_per_second": round(rate(rounds["rival"]) * acts, 1)}
    limits = [Limit("verified_over_floor", round(ratio, 3), 3, most=True)]
    show(name, ratio, ours=ours, rival=rival, under=under, limits=limits)


def _largest_project(server: Server) -> str:
    query = "SELECT project FROM projector.acts WHERE project <> '' GROUP BY project ORDER BY count(*) DESC LIMIT 1"
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def _build(server: Server, project: str) -> tuple[bytes, float]:
    began = time.perf_counter()
    answer = httpx.get(f"{server.url}/v1/projects/{project}/bundle", headers=server.headers, timeout=600)
    return answer.raise_for_status().content, time.perf_counter() - began
