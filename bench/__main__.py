"""`python -m bench NAME…` runs benches by name; `quick` and `full` stand for all of a kind."""

import argparse
from collections.abc import Callable
from typing import Final

from bench import authority, catch_up, pairs, scan

QUICK: Final[dict[str, Callable[[int], None]]] = {
    "authority-quick": authority.quick,
    "scan-quick": scan.quick,
    "pairs": pairs.quick,
    "catch-up": catch_up.quick,
}
"""Each done in a few minutes, data included."""
FULL: Final[dict[str, Callable[[int], None]]] = {"authority": authority.full, "scan": scan.full}
"""Those that share the generated data set of three million acts."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="+", choices=(*QUICK, *FULL, "quick", "full"))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    named = {**QUICK, **FULL, "quick": _all(QUICK), "full": _all(FULL)}
    for name in asked.names:
        named[name](asked.seed)


def _all(benches: dict[str, Callable[[int], None]]) -> Callable[[int], None]:
    def run(seed: int) -> None:
        for bench in benches.values():
            bench(seed)

    return run


if __name__ == "__main__":
    main()
