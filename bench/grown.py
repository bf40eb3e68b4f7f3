"""
Logs of contracts signed, of any size, in a data directory: built once and found again, as `bench.data` does it.

`python -m bench.grown --acts 5000000` builds the large one. Nothing follows them: they are for the write side. While
one is filled, nothing is forced to disk; what a crash leaves is thrown away, since the facts are written last.
"""

import argparse
import shutil
from itertools import islice
from typing import Final

from bench.data import ROOT, DataSet, Facts, load, settle
from bench.signed import digest, signed
from quanze.embedded import embedded

LARGE, SMALL = 5_000_000, 100_000
_FILLING: Final = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB", "autovacuum": "off"}


def grown(acts: int) -> DataSet:
    """Return a log of so many acts, or of some more by what benches have added."""
    found = DataSet(ROOT / f"signed-{acts}-{digest()}")
    if not found.facts_file.exists():
        shutil.rmtree(found.path, ignore_errors=True)
        found.path.mkdir(parents=True)
        with embedded(found.directory.cluster, settings=_FILLING) as server:
            count, seconds = load(found.directory, server.dsn, islice(signed(), acts))
            settle(server.dsn)
        found.write(Facts(str(acts), 0, count, seconds, 0.0))
    return found


def main() -> None:
    """Build a log, or find it; print where it is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--acts", type=int, default=SMALL)
    found = grown(parser.parse_args().acts)
    print(found.path, found.facts)


if __name__ == "__main__":
    main()
