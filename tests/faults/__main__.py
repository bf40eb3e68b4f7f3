"""`python -m tests.faults` kills servers for as long as it is asked to; `make faults` calls it."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

from tests.faults.servers import LedgerAlone, Up
from tests.faults.trial import Round, Trial, Victim

CAMPAIGN_ROUNDS: Final = 20
"""Kills of the server over one data directory; the log grows with them, and the check of every round with the log."""
_DATABASE_ROUNDS: Final = 8
"""Kills of PostgreSQL among them, in turn of one session and of its first process."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="how often to kill the server")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    began, done = time.monotonic(), list[Round]()
    for number, victims in enumerate(campaigns(asked.rounds, asked.seed)):
        server: Callable[[Path], Up] = Up if number % 2 else LedgerAlone
        done += campaign(server, victims, asked.seed + number)
    counted = Counter(each.name for each in done)
    say(
        f"seed {asked.seed}: killed {', '.join(f'{count} x {victim}' for victim, count in counted.items())};"
        f" {sum(each.acknowledged for each in done)} requests acknowledged and kept,"
        f" {sum(each.unanswered for each in done)} unanswered, of which {sum(each.in_after_all for each in done)} were"
        f" in after all; every log verified; {time.monotonic() - began:.0f} s"
    )


def campaigns(rounds: int, seed: int) -> Iterator[list[Victim]]:
    """Yield whom to kill, campaign by campaign."""
    random = Random(seed)
    while rounds > 0:
        database: list[Victim] = ["backend", "postmaster"] * (_DATABASE_ROUNDS // 2)
        victims: list[Victim] = ["server"] * min(rounds, CAMPAIGN_ROUNDS)
        rounds -= len(victims)
        victims += database
        random.shuffle(victims)
        yield victims


def campaign(start: Callable[[Path], Up], victims: list[Victim], seed: int) -> list[Round]:
    """Run rounds over one data directory, and say how each went."""
    # Not below a directory that only root may enter: PostgreSQL runs as another user.
    directory = Path(tempfile.mkdtemp(prefix="qz"))
    try:
        server = start(directory / "data")
        trial = Trial(server, seed)
        try:
            for victim in victims:
                if victim == "postmaster" and isinstance(server, LedgerAlone):
                    victim = "backend"  # nobody would start it again
                _tell(trial.kill(victim), type(server).__name__)
        finally:
            server.close()
        return trial.rounds
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _tell(each: Round, server: str) -> None:
    say(
        f"{server:11} {each.name:10} after {each.moment_seconds:5.3f} s: {each.acknowledged:4} acknowledged,"
        f" {each.unanswered:3} unanswered, {each.in_after_all} of them in after all; {each.size:6} acts verified"
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
