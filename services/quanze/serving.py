"""Both services in one process: found the log, start both sides, serve one application until told to stop."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

import psycopg
import structlog
import uvicorn
from litestar import Litestar

from edge.app import Drain, make_app
from edge.database import MigrationChanged, MigrationMissing, MigrationStopped
from edge.protocol import Protocol
from edge.tokens import digest_of
from ledger.errors import LedgerError
from ledger.http import HANDLERS as LEDGER_HANDLERS
from ledger.main import Ledger, create_token, found_log, migrate_ledger
from ledger.problems import ERRORS as LEDGER_ERRORS
from ledger.rotation import write_public
from ledger.settings import Settings as LedgerSettings
from ledger.signer import KeyRefused, Signer, load_or_create
from projector.errors import ProjectorError
from projector.http import ERRORS as PROJECTOR_ERRORS
from projector.http import HANDLERS as PROJECTOR_HANDLERS
from projector.main import Projector, migrate_projector
from projector.settings import Settings as ProjectorSettings
from quanze.collecting import collect_seldom
from quanze.embedded import EmbeddedError, start
from quanze.ending import end_is_under_way, told
from quanze.errors import PortTaken, WrongUse
from quanze.joints import LedgerProver, LedgerScribe, ProjectorGate
from quanze.packs import record_packs
from quanze.settings import DataDirectory, write_private

S = TypeVar("S")

_REQUESTS_SECONDS: Final = 10
"""So long requests under way may take once the process is told to end, and who reads a stream to take what is sent."""
_PROJECTOR_SECONDS: Final = 5

_log = structlog.get_logger()


@contextmanager
def in_words() -> Generator[None]:
    """Turn what an operator can mend, a key or a database that does not fit, into words."""
    try:
        yield
    except (KeyRefused, LedgerError, ProjectorError, MigrationChanged, MigrationMissing, MigrationStopped) as exc:
        raise WrongUse(str(exc)) from exc


def from_environment(read: Callable[[Mapping[str, str]], S], **own: str) -> S:
    """Return the settings that `read` finds in the environment, and in `own` before it. Raises `WrongUse`."""
    try:
        return read({**os.environ, **own})
    except KeyError as exc:
        raise WrongUse(f"{exc.args[0]} is not set") from exc
    except ValueError as exc:
        raise WrongUse(str(exc)) from exc


Spawned = subprocess.Popen[bytes]
InMainThread = Callable[[Callable[[], Spawned]], Spawned]
"""Calls in the main thread what only that may do, and returns what it returns."""
Keep = Callable[[InMainThread], None]


class _Database:
    """The embedded server, kept running: whoever kills it finds it back."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._server = start(data)
        self.dsn = self._server.dsn

    def keep(self, in_main_thread: InMainThread) -> None:
        """
        Start the server again if it has ended; that may take as long as it recovers. Not in the main thread.

        Where it does not start, such as on a full disk, the next call tries again.
        """
        if not self._server.ended():
            return
        _log.warning("database_ended", pid=self._server.pid)
        self._server.stop()
        try:
            self._server = start(self._data, in_main_thread=in_main_thread)
        except (EmbeddedError, OSError) as exc:
            _log.warning("database_not_started", error=str(exc))
            return
        if self._server.dsn != self.dsn:
            raise EmbeddedError("the embedded PostgreSQL came back in another place: start quanze again")

    def stop(self) -> None:
        self._server.stop()


@dataclass(frozen=True)
class Running:
    """Both services at work. `keep` is to be called now and then, not in the main thread."""

    ledger: Ledger
    projector: Projector
    app: Litestar
    keep: Keep


@contextmanager
def running(data: DataDirectory, dsn: str | None, origin: str | None) -> Generator[Running]:
    """
    Run both services, on the embedded PostgreSQL unless a DSN is given; found what is not there yet.

    On the way out requests that wait are committed first; the database is the last to stop.
    """
    data.path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        keep: Keep = _nothing
        if dsn is None:
            own = _Database(data.cluster)
            stack.callback(own.stop)
            dsn, keep = own.dsn, own.keep
        write_private(data.dsn, dsn + "\n")
        stack.callback(data.dsn.unlink, missing_ok=True)
        signer = load_or_create(data.signing_key, origin)
        write_public(data.verifier_key, signer)
        log_id = prepare(dsn, signer)
        ensure_admin_token(data, dsn, log_id)
        ledger_settings = from_environment(
            LedgerSettings.from_environment,
            QUANZE_DSN=dsn,
            QUANZE_SIGNING_KEY_FILE=str(data.signing_key),
            QUANZE_PROJECTOR_URL="",
        )
        ledger = stack.enter_context(Ledger(ledger_settings))
        if os.environ.get("QUANZE_RULES"):
            record_packs(ledger, Path(os.environ["QUANZE_RULES"]))
        settings = from_environment(
            ProjectorSettings.from_environment, QUANZE_DSN=dsn, QUANZE_ORIGIN=signer.origin, QUANZE_LEDGER_URL=""
        )
        projector = Projector(settings, LedgerProver(ledger.reading, ledger.evidences), LedgerScribe(ledger))
        stack.callback(_stop, projector)
        projector.start()
        ledger.ask_first(ProjectorGate(projector))
        yield Running(ledger, projector, combined_app(ledger, projector), keep)


def _nothing(_: InMainThread) -> None: ...


def _stop(projector: Projector) -> None:
    """Let the projector end what it is at, unless that takes long: what it has not written it derives again."""
    stopping = threading.Thread(target=projector.stop, name="stopping", daemon=True)
    stopping.start()
    stopping.join(_PROJECTOR_SECONDS)
    if stopping.is_alive():
        _log.warning("projector_cut_off")


def prepare(dsn: str, signer: Signer) -> int:
    """Bring both schemas up to date and found the log of this key; return its number."""
    migrate_ledger(dsn)
    migrate_projector(dsn)
    return found_log(dsn, signer)


def combined_app(ledger: Ledger, projector: Projector) -> Litestar:
    """Return the application with the routes of both services and one API page."""
    return make_app(
        [*LEDGER_HANDLERS, *PROJECTOR_HANDLERS],
        title="Quanze 权责",
        tokens=ledger.tokens,
        state={"ledger": ledger, "projector": projector},
        checks={"ledger": ledger.readiness, "projector": projector.readiness},
        errors={**PROJECTOR_ERRORS, **LEDGER_ERRORS},
    )


def ledger_app(ledger: Ledger) -> Litestar:
    """Return the application of the ledger alone."""
    return make_app(
        LEDGER_HANDLERS,
        title="Quanze ledger",
        tokens=ledger.tokens,
        state={"ledger": ledger},
        checks={"ledger": ledger.readiness},
        errors=LEDGER_ERRORS,
    )


def ensure_admin_token(data: DataDirectory, dsn: str, log_id: int) -> None:
    """See to it that `DIR/admin.token` holds a live token of this log: made once, made again for another database."""
    if data.admin_token.exists():
        digest = digest_of(data.admin_token.read_text("utf-8").strip())
        with psycopg.connect(dsn) as connection:
            query = "SELECT 1 FROM ledger.tokens WHERE log_id = %s AND digest = %s AND revoked_at IS NULL"
            if connection.execute(query, (log_id, digest)).fetchone() is not None:
                return
    _, bearer = create_token(dsn, log_id, name="admin", scopes=["admin"])
    write_private(data.admin_token, bearer + "\n")


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises `PortTaken` before anything else is started."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as exc:
        bound.close()
        raise PortTaken(f"{host}:{port} cannot be used: {exc.strerror}; choose another with --port") from exc
    return bound


class _Server(uvicorn.Server):
    """Has a chore done once a second, beside its own work, and ends in an orderly way."""

    def __init__(self, config: uvicorn.Config, drain: Drain, keep: Keep) -> None:
        super().__init__(config)
        self._drain = drain
        self._keep = keep
        self._keeper: threading.Thread | None = None
        self._failed: list[BaseException] = []

    async def on_tick(self, counter: int) -> bool:
        if self._failed:
            raise self._failed[0]
        if counter % 10 == 0 and (self._keeper is None or not self._keeper.is_alive()):  # a tick is a tenth of a second
            call = partial(self._keep, partial(_call_in, asyncio.get_running_loop()))
            # A thread that nobody waits for at the end: it may be waiting for a database that recovers.
            self._keeper = threading.Thread(target=self._try, args=[call], name="keeper", daemon=True)
            self._keeper.start()
        return await super().on_tick(counter)

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except RuntimeError:  # the loop was closed meanwhile
            return
        except BaseException as exc:  # noqa: BLE001 - raised again in the main thread, at the next tick
            self._failed.append(exc)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end_is_under_way()
        self._drain.begin()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not uvicorn's own: that one raises the signal again after serving, which would end the process before what
        # waits is committed and the database is stopped.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        end_is_under_way()


def _call_in(loop: asyncio.AbstractEventLoop, spawn: Callable[[], Spawned]) -> Spawned:
    async def call() -> Spawned:
        return spawn()

    return asyncio.run_coroutine_threadsafe(call(), loop).result()


def serve(
    app: Litestar,
    bound: socket.socket,
    alongside: Callable[[], None] | None = None,
    keep: Keep = _nothing,
) -> None:
    """
    Serve until SIGINT or SIGTERM; requests under way are answered first, new ones find the socket closed. It returns
    then: the caller commits what waits.

    `alongside` runs in a thread meanwhile; when it fails, serving ends and its error is raised. `keep` is called once a
    second in a thread of its own, and when that raises, so does this. In the main thread only.
    """
    if told() is not None:
        return
    gc.collect()
    collect_seldom()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=Protocol,
        loop="auto",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_REQUESTS_SECONDS,
    )
    server = _Server(config, app.state.drain, keep)
    failed: list[BaseException] = []

    def tell() -> None:
        try:
            if alongside is not None:
                alongside()
        except BaseException as exc:  # noqa: BLE001 - raised again below, in the main thread
            if not server.should_exit:  # after a Ctrl-C the story may well find nobody listening
                failed.append(exc)
            server.should_exit = True

    thread = threading.Thread(target=tell, name="alongside", daemon=True)
    thread.start()
    server.run(sockets=[bound])
    if failed:
        raise failed[0]


def address(bound: socket.socket) -> str:
    """Return the URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def token_of(data: Path) -> str:
    """Return the admin token of a data directory."""
    return DataDirectory(data).admin_token.read_text("utf-8").strip()
