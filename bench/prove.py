"""
Evidence: how fast the bundle of a project of a thousand acts is made and verified, at three million acts.

The rival of verifying is its floor: the hashing that no verifier can leave out, and one signature, in plain Python on
bytes that are at hand. What ours takes besides is reading the file, and every comparison.
"""

import hmac
import statistics
import time
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Final

import httpx
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bench.data import DataSet, data_set
from bench.harness import Round, Target, alternate, drive, median_ratio, percentile_ms, rate
from bench.report import Limit, conditions, show
from bench.servers import Server, quanze_up
from contracts.proof import Trust, VerifierKey, read_bundle, verify_document
from contracts.proof.tlog_proof import parse_tlog_proof

ROUNDS, TIMES, BUILDS = 7, 5, 7
PROOF_CONNECTIONS, PROOF_SECONDS = 1, 10.0
_KEY_ID_SIZE: Final = 4
_PAYLOAD: Final = b"quanze/payload/v1\n"


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
        floor = _floor(file, key)
        trust = Trust([key])

        def verify() -> None:
            if not verify_document(file, trust).accepted:
                raise RuntimeError("the bundle does not hold")

        rounds = alternate({"ours": lambda: _timed(verify), "rival": lambda: _timed(floor)}, rounds=ROUNDS)
        under = conditions(
            server.dsn,
            clients=1,
            project=f"{bundle.project}: {acts} acts with what they rest on, {len(file)} bytes",
            hashes=sum(len(parse_tlog_proof(entry.proof).hashes) for entry in bundle.entries),
            rounds=f"{ROUNDS} of {TIMES} verifications each, in turn; {BUILDS} bundles built, the first one apart",
            proofs=f"positions drawn at random, {PROOF_CONNECTIONS} connection, {PROOF_SECONDS:g} s",
        )
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


def _timed(work: Callable[[], None]) -> Round:
    latencies: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        latencies.append(time.perf_counter() - began)
    return Round(sum(latencies), latencies)


def _floor(file: bytes, key: VerifierKey) -> Callable[[], None]:
    """
    Return the hashing of a bundle and nothing else: every leaf, every commitment, every path, and one signature.

    It is given all bytes apart, and reads, compares and parses nothing.
    """
    bundle = read_bundle(file)
    body, _, signatures = bundle.checkpoint.partition(b"\n\n")
    size, signed = int(body.split(b"\n")[1]), body + b"\n"
    signature = b64decode(signatures.rsplit(b" ", 1)[1])[_KEY_ID_SIZE:]
    public = Ed25519PublicKey.from_public_bytes(key.key)
    work: list[tuple[bytes, bytes, bytes, int, int, tuple[bytes, ...]]] = []
    for entry in bundle.entries:
        proof = parse_tlog_proof(entry.proof)
        # Above this level every sibling is a left one (RFC 9162 §2.1.3.2: from there on `fn` is `sn`).
        below = (proof.leaf_index ^ (size - 1)).bit_length()
        work.append((entry.leaf, entry.payload or b"", entry.salt or b"", proof.leaf_index, below, proof.hashes))

    def hash_all() -> None:
        for leaf, payload, salt, index, below, hashes in work:
            reached = sha256(b"\x00" + leaf).digest()
            hmac.digest(salt, _PAYLOAD + payload, "sha256")
            for sibling in hashes[:below]:
                if index & 1:
                    reached = sha256(b"\x01" + sibling + reached).digest()
                else:
                    reached = sha256(b"\x01" + reached + sibling).digest()
                index >>= 1
            for sibling in hashes[below:]:
                reached = sha256(b"\x01" + sibling + reached).digest()
        public.verify(signature, signed)

    return hash_all
