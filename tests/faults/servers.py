"""The servers that are killed: each a process of its own, over a data directory that outlives it."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import httpx
import psycopg

from ledger.rotation import write_public
from ledger.signer import load_or_create
from quanze.embedded import start
from quanze.serving import ensure_admin_token, prepare
from quanze.settings import DataDirectory
from tests.acceptance.conftest import QUANZE, Process, clean_environment, free_port
from tests.faults.load import Wrong

READY_SECONDS_MAX: Final = 90.0


class Up:
    """`quanze up`: both services, and a PostgreSQL that the process itself starts and keeps."""

    def __init__(self, data: Path) -> None:
        self.data = DataDirectory(data)
        self.process = self._spawn()
        wait_until_ready(self.process)

    @property
    def dsn(self) -> str:
        return self.data.dsn.read_text("utf-8").strip()

    @property
    def cluster(self) -> Path:
        return self.data.cluster

    @property
    def postmaster(self) -> int:
        """The pid of the first process of PostgreSQL."""
        return int((self.cluster / "postmaster.pid").read_text("utf-8").split()[0])

    def start_again(self) -> None:
        self.process = self._spawn()
        wait_until_ready(self.process)

    def kill_server(self) -> None:
        """PostgreSQL, its child, loses its parent by that."""
        self.process.popen.kill()
        self.process.popen.wait()

    def kill_backend(self, random: Random) -> None:
        """Kill one session, every other time the writer's: PostgreSQL throws all of them out and recovers."""
        query = (
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            " ORDER BY application_name <> 'quanze committer', pid"
        )
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            pids = [row[0] for row in connection.execute(query)]
        if random.random() < 0.5:
            random.shuffle(pids)
        for pid in pids:
            with suppress(ProcessLookupError):  # it has ended meanwhile: then the next one
                os.kill(pid, signal.SIGKILL)
                return

    def kill_postmaster(self) -> None:
        """Kill the first process of PostgreSQL: its sessions end when they notice."""
        os.kill(self.postmaster, signal.SIGKILL)

    def close(self) -> None:
        """Kill it, and wait for the last process of its PostgreSQL."""
        self.kill_server()
        with held(self.cluster):
            pass

    def _spawn(self) -> Process:
        return spawn(self.data.path, ["up", "--data", str(self.data.path)])


class LedgerAlone(Up):
    """`quanze ledger` on a PostgreSQL that outlives it: what the killed process had sent may still be carried out."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True)
        own = DataDirectory(data)
        self._database = start(own.cluster)
        signer = load_or_create(own.signing_key)
        write_public(own.verifier_key, signer)
        ensure_admin_token(own, self.dsn, prepare(self.dsn, signer))
        super().__init__(data)

    @property
    def dsn(self) -> str:
        return self._database.dsn

    def start_database(self) -> None:
        """Start PostgreSQL again, whatever became of it."""
        self._database.stop()
        self._database = start(self.cluster)

    def move(self, move: Callable[[Path], None]) -> None:
        """Move something of the cluster while nothing runs."""
        self.kill_server()
        self._database.stop()
        move(self.cluster)
        self._database = start(self.cluster)
        self.start_again()

    def close(self) -> None:
        self.kill_server()
        self._database.stop()

    def _spawn(self) -> Process:
        key = self.data.signing_key.read_text("utf-8").strip()
        return spawn(self.data.path, ["ledger"], {"QUANZE_DSN": self.dsn, "QUANZE_SIGNING_KEY": key})


@contextmanager
def held(cluster: Path) -> Generator[None]:
    """Hold the lock that every process of a cluster's server has inherited: it is free when the last has ended."""
    descriptor = os.open(cluster, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def spawn(data: Path, arguments: list[str], environment: Mapping[str, str] | None = None) -> Process:
    """Start `quanze` with these arguments on a free port."""
    port = free_port()
    output = data.with_suffix(".out")
    with output.open("a") as file:
        popen = subprocess.Popen(
            [QUANZE, *arguments, "--port", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment() | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
        )
    return Process(popen, data, f"http://127.0.0.1:{port}", output)


def wait_until_ready(process: Process) -> None:
    """Wait until it says that it is ready. Raises `Wrong` when it ends instead, or takes too long."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    with httpx.Client(base_url=process.url, timeout=10) as http:
        while time.monotonic() < deadline:
            if process.popen.poll() is not None:
                raise Wrong(f"it ended with {process.popen.returncode}:\n{process.printed()[-3000:]}")
            try:
                if http.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise Wrong(f"it was not ready after {READY_SECONDS_MAX:.0f} s:\n{process.printed()[-3000:]}")
