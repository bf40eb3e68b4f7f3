"""Runs one parser over many changed files, and keeps count."""

import time
from base64 import b64encode
from dataclasses import dataclass, field
from random import Random
from typing import Final

from contracts.proof import ProofFailed
from tests.fuzz.mutations import mutated
from tests.fuzz.parsers import Parser

SECONDS_MAX: Final = 1.0
"""CPU time for one input."""


@dataclass
class Figures:
    """What came of it. `same` were accepted, and differ in what proves nothing."""

    name: str
    inputs: int = 0
    refused: int = 0
    same: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)

    def told(self) -> str:
        return (
            f"{self.name:<20}{self.inputs:>9} inputs {self.seconds:>8.1f} s, at most {self.slowest * 1000:>5.1f} ms"
            f" {self.refused:>9} refused {self.same:>7} the same {len(self.failures):>4} failures"
        )


def run(parser: Parser, rounds: int, seed: int) -> Figures:
    """Put `rounds` inputs to a parser. The same seed makes the same inputs of the same files."""
    figures, chance = Figures(parser.name), Random(f"{seed} {parser.name}")
    while figures.inputs < rounds:
        good = chance.choice(parser.seeds)
        changed = mutated(good, chance, parser.own)
        if changed == good:
            continue
        figures.inputs += 1
        began = time.thread_time()
        failure = _judge(parser, good, changed, figures)
        took = time.thread_time() - began
        figures.seconds += took
        figures.slowest = max(figures.slowest, took)
        if failure is None and took > SECONDS_MAX:
            failure = f"took {took:.1f} s"
        if failure is not None:
            shown = changed if len(changed) < 2_000 else changed[:200] + b"..."
            figures.failures.append(f"input {figures.inputs}: {failure}: {b64encode(shown).decode()}")
    return figures


def _judge(parser: Parser, good: bytes, changed: bytes, figures: Figures) -> str | None:
    try:
        read = parser.read(changed)
    except ProofFailed:
        figures.refused += 1
        return None
    except Exception as error:  # noqa: BLE001 - that none is raised is what is tried
        return f"raised {error!r:.200}"
    if not parser.allowed(good, changed, read):
        return "accepted"
    figures.same += 1
    return None
