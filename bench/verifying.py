"""
How fast a bundle is verified, and how fast its hashing alone is done: in a process that does nothing else.

A verifier is a program of its own. As in `quanze verify`, the garbage collector looks seldom for cycles.
"""

import hmac
import time
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bench.harness import Round, alternate
from contracts.proof import Trust, VerifierKey, read_bundle, verify_document
from contracts.proof.tlog_proof import parse_tlog_proof
from quanze.collecting import collect_seldom

ROUNDS, TIMES = 9, 5
"""Rounds of each side, and how often a round does the work."""

_KEY_ID_SIZE: Final = 4
_PAYLOAD: Final = b"quanze/payload/v1\n"


def rounds_apart(file: bytes, key: VerifierKey) -> dict[str, list[Round]]:
    """Return the rounds of `ours`, verifying the bundle `file`, and of the `rival`, its floor, from a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(_rounds, file, key).result()


def _rounds(file: bytes, key: VerifierKey) -> dict[str, list[Round]]:
    collect_seldom()
    trust, floor = Trust([key]), _floor(file, key)

    def verify() -> None:
        if not verify_document(file, trust).accepted:
            raise RuntimeError("the bundle does not hold")

    return alternate({"ours": lambda: _timed(verify), "rival": lambda: _timed(floor)}, rounds=ROUNDS)


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
