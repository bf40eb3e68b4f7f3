"""
A generated data set in a data directory as `quanze up` keeps one: built once, found again by size, seed and content.

`python -m bench.data --size 3m` builds the large one. Every act goes the way of a posted one: real admission, then the
one writer, in requests as large as a commit takes; only HTTP is left out. Then the projector follows to the end.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from msgspec import Struct

import projector
from bench.generator import SIZES, lines, planted
from edge.tokens import Token
from ledger.acts import Appended, Draft, Request
from ledger.admission import BATCH_ACTS_MAX as ADMITTED_MAX
from ledger.committer import BATCH_ACTS_MAX as COMMITTED_MAX
from ledger.main import Ledger, migrate_ledger
from ledger.rotation import write_public
from ledger.settings import Settings as LedgerSettings
from ledger.signer import load_or_create
from projector.main import Projector, rebuild
from projector.settings import Settings as ProjectorSettings
from quanze.embedded import embedded
from quanze.serving import ensure_admin_token, prepare
from quanze.settings import DataDirectory

ROOT: Final = Path(__file__).parent / ".data"
ORIGIN: Final = "localhost/quanze/bench"
_ANYBODY: Final = Token("bench", "bench", frozenset(("admin",)), frozenset(), frozenset())
_REQUESTS_WAITING_MAX: Final = 3


class Facts(Struct, frozen=True):
    """What is known of a data set once it is there."""

    size: str
    seed: int
    acts: int
    load_seconds: float
    catch_up_seconds: float
    read_model: str = ""
    """What the read model was made by; see `_read_model`."""


class DataSet:
    """A data directory with its facts; `planted.ndjson` beside the cluster says what is wrong in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory = DataDirectory(path)
        self.planted = path / "planted.ndjson"
        self.facts_file = path / "facts.json"

    @property
    def facts(self) -> Facts:
        return msgspec.json.decode(self.facts_file.read_bytes(), type=Facts)

    def write(self, facts: Facts) -> None:
        self.facts_file.write_bytes(msgspec.json.encode(facts))


def data_set(size: str, seed: int = 1, root: Path = ROOT) -> DataSet:
    """
    Return a data set, built when it is not there. What a build cut short left behind is thrown away.

    A read model that other projections made is made anew; the log stays.
    """
    found = DataSet(root / f"{size}-{seed}-{_digest(seed)}")
    if not found.facts_file.exists():
        shutil.rmtree(found.path, ignore_errors=True)
        build(found, size, seed, SIZES[size])
    elif found.facts.read_model != _read_model():
        refresh(found)
    return found


@contextmanager
def copy_of(data: DataSet) -> Generator[DataSet]:
    """Copy a data set that nobody runs, for a bench that records in it; throw the copy away at the end of the block."""
    copy = DataSet(data.path.with_name(f"{data.path.name}.copy"))
    if (data.directory.cluster / "postmaster.pid").exists():
        raise RuntimeError(f"{data.path} is in use")
    shutil.rmtree(copy.path, ignore_errors=True)
    try:
        subprocess.run(["cp", "-a", "--reflink=auto", str(data.path), str(copy.path)], check=True)  # noqa: S607 - PATH's
        yield copy
    finally:
        shutil.rmtree(copy.path, ignore_errors=True)


@contextmanager
def fresh() -> Generator[DataSet]:
    """Make an empty data directory for a bench; throw it away at the end of the block."""
    empty = DataSet(ROOT / f"fresh-{os.getpid()}")
    shutil.rmtree(empty.path, ignore_errors=True)
    empty.path.mkdir(parents=True)
    empty.write(Facts("fresh", 0, 0, 0.0, 0.0))
    try:
        yield empty
    finally:
        shutil.rmtree(empty.path, ignore_errors=True)


def build(target: DataSet, size: str, seed: int, projects: int) -> None:
    """Generate, record and follow; write the facts last."""
    made_by = _read_model()
    target.path.mkdir(parents=True)
    with target.planted.open("wb") as file:
        file.writelines(msgspec.json.encode(each.document()) + b"\n" for each in planted(seed, projects))
    with embedded(target.directory.cluster) as server:
        acts, load_seconds = load(target.directory, server.dsn, lines(seed, projects))
        catch_up_seconds = _follow_and_settle(server.dsn, acts)
    target.write(Facts(size, seed, acts, load_seconds, catch_up_seconds, made_by))


def refresh(target: DataSet) -> None:
    """Make the read model of a data set anew."""
    facts, made_by = target.facts, _read_model()
    with embedded(target.directory.cluster) as server:
        migrate_ledger(server.dsn)
        rebuild(server.dsn)
        seconds = _follow_and_settle(server.dsn, facts.acts)
    target.write(msgspec.structs.replace(facts, catch_up_seconds=seconds, read_model=made_by))


def load(directory: DataDirectory, dsn: str, acts: Iterable[bytes]) -> tuple[int, float]:
    """Found the log and record acts in it; return how many, and the seconds."""
    found(directory, dsn)
    began, count = time.monotonic(), 0
    with Ledger(LedgerSettings(dsn=dsn, key_file=directory.signing_key)) as ledger:
        waiting: deque[Future[Appended]] = deque()
        for request in _requests(ledger, acts):
            waiting.append(ledger.recorder.submit(request))
            if len(waiting) >= _REQUESTS_WAITING_MAX:
                count += len(waiting.popleft().result().receipts)
                _tell("loaded", count, began)
        count += sum(len(each.result().receipts) for each in waiting)
    _tell("loaded", count, began, end="\n")
    return count, round(time.monotonic() - began, 1)


def found(directory: DataDirectory, dsn: str) -> None:
    """Found the log of a data directory, with a token that may do everything, unless it is there."""
    signer = load_or_create(directory.signing_key, ORIGIN)
    write_public(directory.verifier_key, signer)
    ensure_admin_token(directory, dsn, prepare(dsn, signer))


def _requests(ledger: Ledger, acts: Iterable[bytes]) -> Iterator[Request]:
    """
    Admit acts and put as many in a request as one commit takes.

    What needs a decision goes without its slice: that asks whether a name means two things, and here none does.
    """
    left = iter(acts)
    drafts: list[Draft] = []
    while batch := list(islice(left, ADMITTED_MAX)):
        drafts += map(Draft.of, ledger.admission.batch(b"[" + b",".join(batch) + b"]", _ANYBODY))
        if len(drafts) + ADMITTED_MAX > COMMITTED_MAX:
            yield Request(tuple(drafts))
            drafts = []
    if drafts:
        yield Request(tuple(drafts))


def follow(dsn: str, size: int) -> float:
    """Have the projector catch up with a log of `size` acts; return the seconds."""
    began = time.monotonic()
    with Projector(ProjectorSettings(dsn=dsn, judges=False)) as own:
        while not own.wait_for(size, seconds=2.0):
            state = own.follower.state
            if state.work == "failed":
                raise RuntimeError(f"the projector stopped at {state.position}: {state.fault}")
            _tell("followed", state.position, began)
    _tell("followed", size, began, end="\n")
    return round(time.monotonic() - began, 1)


def _follow_and_settle(dsn: str, size: int) -> float:
    seconds = follow(dsn, size)
    settle(dsn)
    return seconds


def settle(dsn: str) -> None:
    """Do what autovacuum would have done while a real log grew."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _digest(seed: int) -> str:
    """Return a name for what the generator tells: a change of it, or of what it draws on, is another data set."""
    digest = sha256()
    for line in lines(seed, 60, wrong=0.5):
        digest.update(line)
    return digest.hexdigest()[:8]


def _read_model() -> str:
    """Return a name for what makes the read model: its migrations and projections."""
    home = Path(projector.__file__).parent
    digest = sha256()
    for file in sorted((*home.glob("sql/migrations/*.sql"), *home.glob("projections/*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _tell(what: str, acts: int, began: float, end: str = "\r") -> None:
    seconds = time.monotonic() - began
    print(f"{what} {acts:,} acts in {seconds:.0f} s ({acts / seconds:,.0f}/s)", end=end, file=sys.stderr, flush=True)


def main() -> None:
    """Build a data set, or find it; print where it is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", choices=SIZES, default="30k")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = data_set(asked.size, asked.seed)
    print(found.path, found.facts)


if __name__ == "__main__":
    main()
