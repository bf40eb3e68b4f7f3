"""`python -m tests.fuzz` puts mutated files to every parser of the verifier; `make fuzz` calls it."""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from tests.fuzz.parsers import parsers
from tests.fuzz.running import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--only", help="the one parser of this name")
    asked = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for each in parsers(Path(directory)):
            if asked.only in (None, each.name):
                figures = run(each, asked.rounds, asked.seed)
                say(figures.told())
                for failure in figures.failures[:5]:
                    say(f"  {failure}")
                failed += len(figures.failures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"seed {asked.seed}: {failed} failures; {time.process_time():.0f} s of CPU, {peak} MiB at most")
    return 1 if failed else 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
