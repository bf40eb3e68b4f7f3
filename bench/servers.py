"""Servers for a bench, each in a process of its own and started as a user would: `quanze up`, and the no-op rival."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from bench.data import DataSet
from quanze.settings import DataDirectory

_START_SECONDS_MAX: Final = 120


class Server(Struct, frozen=True):
    """A running server: its port, a token that may do everything, and the DSN behind it."""

    port: int
    token: str
    dsn: str

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask one question; return its JSON. Raises `httpx.HTTPError`."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", params=parameters, headers=headers, timeout=60)
        return answer.raise_for_status().json()


@contextmanager
def quanze_up(data: DataSet) -> Generator[Server]:
    """Run `quanze up` on a data set until the end of the block; the read model is up with the log."""
    directory = DataDirectory(data.path)
    port = free_port()
    command = [str(Path(sys.executable).with_name("quanze")), "up", "--data", str(data.path), "--port", str(port)]
    with _process(command, port):
        server = Server(
            port, directory.admin_token.read_text("utf-8").strip(), directory.dsn.read_text("utf-8").strip()
        )
        server.get("/v1/projects", limit=1, min_position=data.facts.acts)
        yield server


@contextmanager
def rival_of(server: Server) -> Generator[Server]:
    """Run the no-op server on the database of another server until the end of the block."""
    port = free_port()
    with _process([sys.executable, "-m", "bench.noop", str(port)], port, {"QUANZE_DSN": server.dsn}):
        yield Server(port, server.token, server.dsn)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _process(command: Sequence[str], port: int, more: Mapping[str, str] | None = None) -> Generator[None]:
    """Run a server until the end of the block; it is ready when the block begins, and has ended when it is over."""
    process = subprocess.Popen(command, env={**os.environ, **(more or {})}, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server was not ready within {_START_SECONDS_MAX} s")
