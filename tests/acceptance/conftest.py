"""`quanze up` as a process of its own, one per module, on a free port and a directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

QUANZE = str(Path(sys.executable).with_name("quanze"))


@dataclass
class Process:
    """A running `quanze` and what it printed so far."""

    popen: subprocess.Popen[str]
    data: Path
    url: str
    output: Path

    @property
    def token(self) -> str:
        return (self.data / "admin.token").read_text("utf-8").strip()

    def printed(self) -> str:
        return self.output.read_text("utf-8")

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit status."""
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(timeout=30)


@dataclass
class Ran:
    """A command that ended."""

    status: int
    out: str
    err: str
    command: Sequence[str] = field(default_factory=tuple)


def run(*arguments: str | Path, environment: Mapping[str, str] | None = None, stdin: str | None = None) -> Ran:
    """Run `quanze` with these arguments to its end."""
    command = [QUANZE, *map(str, arguments)]
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**clean_environment(), **(environment or {})},
    )
    return Ran(done.returncode, done.stdout, done.stderr, command)


def clean_environment() -> dict[str, str]:
    """Return the environment without what a developer may have set for quanze."""
    return {name: value for name, value in os.environ.items() if not name.startswith("QUANZE_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: str, data: Path) -> Process:
    """Start `quanze COMMAND --data … --port …`."""
    port = free_port()
    output = data.with_suffix(".out")
    with output.open("w") as file:
        popen = subprocess.Popen(
            [QUANZE, command, "--data", str(data), "--port", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        )
    return Process(popen, data, f"http://127.0.0.1:{port}", output)


def wait_until_ready(process: Process, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.popen.poll() is not None:
            pytest.fail(f"ended with {process.popen.returncode}:\n{process.printed()}")
        try:
            if httpx.get(f"{process.url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"not ready after {seconds} s:\n{process.printed()}")


def end(process: Process) -> None:
    """End a process however the test left it."""
    if process.popen.poll() is None:
        process.popen.send_signal(signal.SIGTERM)
        try:
            process.popen.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.popen.kill()
            process.popen.wait()


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    # Not tmp_path: it is 0700 and owned by root, and the server may run as another user.
    path = Path(tempfile.mkdtemp(prefix="qz"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def up(directory: Path) -> Iterator[Process]:
    process = start("up", directory / "data")
    try:
        wait_until_ready(process)
        yield process
    finally:
        end(process)
