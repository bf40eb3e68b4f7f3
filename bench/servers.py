"""Servers for a bench, each in a process of its own and started as a user would: ours, and its rivals."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from msgspec import Struct

from bench.data import DataSet, found
from bench.uma import Uma
from quanze.embedded import embedded
from quanze.serving import token_of

PAGE: Final = 1_000
_START_SECONDS_MAX: Final = 120


class Server(Struct, frozen=True):
    """A running server: its port, a token that may do everything, the DSN behind it, and its process."""

    port: int
    token: str
    dsn: str
    pid: int

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask one question; return its JSON. Raises `httpx.HTTPError`."""
        answer = httpx.get(f"{self.url}{path}", params=parameters, headers=self.headers, timeout=60)
        return answer.raise_for_status().json()

    def pages(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Yield every item of a list, page by page. Raises `httpx.HTTPError`."""
        after: dict[str, Any] = {}
        with httpx.Client(headers=self.headers, timeout=600) as client:
            while True:
                answer = client.get(f"{self.url}{path}", params={"limit": PAGE, **parameters, **after})
                page = answer.raise_for_status().json()
                yield from page["items"]
                if page["next"] is None:
                    return
                after = {"after": page["next"]}

    def post(self, path: str, content: bytes, kind: str = "application/json", seconds: float = 60) -> Any:
        """Post; return the JSON of the answer. Raises `httpx.HTTPError`."""
        headers = self.headers | {"Content-Type": kind}
        answer = httpx.post(f"{self.url}{path}", content=content, headers=headers, timeout=seconds)
        return answer.raise_for_status().json()

    def wait_until_judged(self, position: int, seconds: float) -> None:
        """Wait until every act up to a position is judged. Raises `TimeoutError`, `httpx.HTTPError`."""
        self._wait("/v1/findings", position, seconds)

    def wait_until_read(self, position: int, seconds: float) -> None:
        """Wait until the read model has reached a position. Raises `TimeoutError`, `httpx.HTTPError`."""
        self._wait("/v1/projects", position, seconds)

    def size(self) -> int:
        """Return how many acts the log holds."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT size FROM ledger.heads").fetchone()
        return row[0] if row is not None else 0

    def peak_rss_mb(self) -> float:
        """Return the most memory that the process ever held, in MB (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)

    def _wait(self, path: str, position: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            asked = {"limit": 1, "min_position": position}
            answer = httpx.get(f"{self.url}{path}", params=asked, headers=self.headers, timeout=60)
            if answer.status_code == 200:
                return
            if answer.status_code != 503:  # not within the ten seconds that a question waits: it is asked again
                answer.raise_for_status()
        raise TimeoutError(f"{path} was not up with position {position} within {seconds:g} s")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def quanze_up(data: DataSet, *, judges: bool = False) -> Generator[Server]:
    """
    Run `quanze up` on a data set until the end of the block; the read model is up with the log.

    It scans only when asked; unless it `judges`, nothing is judged beside what is measured.
    """
    port = free_port()
    environment = {"QUANZE_SCAN_AT": "never", "QUANZE_JUDGES": "1" if judges else "0"}
    command = [_beside("quanze"), "up", "--data", str(data.path), "--port", str(port)]
    with _process(command, partial(_answers, port), environment) as pid:
        server = Server(port, token_of(data.path), data.directory.dsn.read_text("utf-8").strip(), pid)
        server.get("/v1/projects", limit=1, min_position=data.facts.acts)
        yield server


@contextmanager
def ledger_alone(data: DataSet) -> Generator[Server]:
    """Run a data set's PostgreSQL, and `quanze ledger` on it in a process of its own, until the end of the block."""
    with embedded(data.directory.cluster) as database:
        found(data.directory, database.dsn)
        port = free_port()
        environment = {"QUANZE_DSN": database.dsn, "QUANZE_SIGNING_KEY_FILE": str(data.directory.signing_key)}
        with _process([_beside("quanze"), "ledger", "--port", str(port)], partial(_answers, port), environment) as pid:
            yield Server(port, token_of(data.path), database.dsn, pid)


@contextmanager
def rival_of(server: Server) -> Generator[Server]:
    """Run the no-op server on the database of another server until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "bench.noop", str(port)]
    with _process(command, partial(_answers, port), {"QUANZE_DSN": server.dsn}) as pid:
        yield Server(port, server.token, server.dsn, pid)


@contextmanager
def uma(path: Path) -> Generator[str]:
    """Run UmaDB as it comes on a new file until the end of the block; yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [_beside("umadb"), "--listen", f"127.0.0.1:{port}", "--db-path", str(path)]
    with _process(command, lambda: Uma(url).answers()):
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _process(
    command: Sequence[str], is_ready: Callable[[], bool], more: Mapping[str, str] | None = None
) -> Generator[int]:
    """Run a server until the end of the block; it is ready when the block begins, and has ended when it is over."""
    process = subprocess.Popen(command, env={**os.environ, **(more or {})}, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, is_ready)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _wait_until_ready(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        if is_ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server was not ready within {_START_SECONDS_MAX} s")


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def _beside(name: str) -> str:
    """Return a program of this environment."""
    return str(Path(sys.executable).with_name(name))
