"""
The disk is full: the ledger says so, loses nothing that it acknowledged, and works again by itself once there is room.

The disk is a small tmpfs of the test's own; where mounting is not allowed, the tests are skipped.
"""

import errno
import os
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.faults.load import Load, Wrong
from tests.faults.servers import LedgerAlone, Up
from tests.faults.trial import Trial

_REFUSALS: Final = 10
_SECONDS_MAX: Final = 60.0
_FULL_SECONDS: Final = 2.0  # so that whatever tries again has done so


@contextmanager
def disk(place: Path, megabytes: int) -> Generator[Path]:
    """Mount a disk of this size, empty, at a directory that is made for it."""
    place.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "quanze-faults", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; return the file to remove when there shall be room."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError as exc:
                if exc.errno != errno.ENOSPC:
                    raise
    return ballast


@contextmanager
def full(place: Path, load: Load) -> Generator[None]:
    """Keep a disk full until the ledger has refused often and the block has ended, and for a while after that."""
    began = time.monotonic()
    ballast = fill(place)
    yield
    wait_until(lambda: load.refused_since(began) >= _REFUSALS)
    time.sleep(_FULL_SECONDS)
    ballast.unlink()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise Wrong(f"it did not come about within {_SECONDS_MAX:.0f} s")
        time.sleep(0.05)


def wait_until_ended(server: Up) -> None:
    """Have PostgreSQL ask for more room for its write-ahead log, and wait until it has ended for want of it."""
    postmaster = server.postmaster
    with suppress(psycopg.OperationalError), psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
    wait_until(lambda: _has_ended(postmaster))


def is_before(log: os.stat_result, cluster: Path) -> bool:
    """Say whether this log is that of the start before, so that another start was tried."""
    with suppress(FileNotFoundError):
        return (cluster / "server.log.1").stat().st_ino == log.st_ino
    return False


def _has_ended(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path("/proc", str(pid), "stat").read_text("utf-8").rpartition(") ")[2].startswith("Z")
    return True


def move_log(cluster: Path, place: Path) -> None:
    """Move the write-ahead log of a server that is stopped to another disk."""
    log = cluster / "pg_wal"
    subprocess.run(["cp", "-a", str(log), str(place / "pg_wal")], check=True)
    log.rename(cluster.with_name("pg_wal.before"))
    log.symlink_to(place / "pg_wal")


def test_a_full_disk_is_said_and_room_is_enough_to_go_on(data: Path, seed: int) -> None:
    with disk(data, 256) as place:
        server = Up(place)
        try:
            trial = Trial(server, seed)

            def happen(load: Load) -> None:
                with full(place, load):
                    pass
                trial.wait_until_acknowledged(load)

            trial.round("disk full", happen)
        finally:
            server.close()


def test_a_database_that_ended_for_want_of_room_is_said_and_used_again_once_it_is_back(data: Path, seed: int) -> None:
    """PostgreSQL ends where it cannot write ahead, and cannot start: somebody has to start it when there is room."""
    with disk(data.with_name("wal"), 96) as place:
        server = LedgerAlone(data)
        try:
            server.move(lambda cluster: move_log(cluster, place))
            trial = Trial(server, seed)

            def happen(load: Load) -> None:
                with full(place, load):
                    wait_until_ended(server)
                server.start_database()
                trial.wait_until_acknowledged(load)

            trial.round("disk full", happen)
        finally:
            server.close()


def test_room_under_the_write_ahead_log_is_enough_to_go_on(data: Path, seed: int) -> None:
    with disk(data.with_name("wal"), 96) as place:
        server = Up(data)
        server.close()
        move_log(server.cluster, place)
        server.start_again()
        try:
            trial = Trial(server, seed)

            def happen(load: Load) -> None:
                log = (server.cluster / "server.log").stat()
                with full(place, load):
                    wait_until_ended(server)
                    wait_until(lambda: is_before(log, server.cluster))
                trial.wait_until_acknowledged(load)

            trial.round("disk full", happen)
        finally:
            server.close()
