"""`python -m bench NAME…` runs benches by name; `quick`, `write` and `full` stand for all of a kind."""

import argparse
from collections.abc import Callable
from typing import Final

from bench import append_batch, append_http, append_store, authority, catch_up, growth, memory, pairs, prove, scan

QUICK: Final[dict[str, Callable[[int], None]]] = {
    "authority-quick": authority.quick,
    "scan-quick": scan.quick,
    "pairs": pairs.quick,
    "catch-up": catch_up.quick,
    "prove-quick": prove.quick,
}
"""Each done in a few minutes, data included."""
WRITE: Final[dict[str, Callable[[int], None]]] = {
    "append-http": append_http.run,
    "append-batch": append_batch.run,
    "append-store": append_store.run,
    "growth": growth.run,
    "memory": memory.run,
}
"""Those of the write side."""
FULL: Final[dict[str, Callable[[int], None]]] = {"authority": authority.full, "scan": scan.full, "prove": prove.full}
"""Those that share the generated data set of three million acts."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    named = {**QUICK, **WRITE, **FULL, "quick": _all(QUICK), "write": _all(WRITE), "full": _all(FULL)}
    parser.add_argument("names", nargs="+", choices=named, type=lambda name: name.replace("_", "-"))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for name in asked.names:
        named[name](asked.seed)


def _all(benches: dict[str, Callable[[int], None]]) -> Callable[[int], None]:
    def run(seed: int) -> None:
        for bench in benches.values():
            bench(seed)

    return run


if __name__ == "__main__":
    main()
