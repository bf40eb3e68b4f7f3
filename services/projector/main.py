"""The read side put together: pool, follower, catalogue. `Projector` is what HTTP and the composition root hold."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Self

import psycopg
import structlog
from litestar import Litestar
from psycopg import Connection
from psycopg.rows import TupleRow

from edge.app import make_app
from edge.database import migrate, open_pool, require_role, statement, working_as
from edge.tokens import Tokens
from projector.authority.answering import Answering, InThread, Views
from projector.authority.apart import InProcess
from projector.calendar import calendar_in_force, fill_days
from projector.case.lay_out import prepare
from projector.errors import Unknown
from projector.fact_cache import FactCache
from projector.findings.scan import NoScribe, RemoteScribe, Scribe
from projector.findings.scanning import Scanner, Schedule
from projector.findings.watch import Judge
from projector.follow import Follower
from projector.http import ERRORS, HANDLERS
from projector.judge.card import Card, cards
from projector.judge.library import Library, checked, with_directory
from projector.packs import Catalogues
from projector.prover import NoProver, Prover
from projector.remote_prover import RemoteProver
from projector.settings import Settings
from projector.view import Asked, View, open_view

_log = structlog.get_logger()


class Projector:
    """One log, followed and asked. Use as a context manager, or call `start` and `stop`."""

    def __init__(self, settings: Settings, prover: Prover | None = None, scribe: Scribe | None = None) -> None:
        """
        Without a `prover` and a `scribe`, the ledger that the settings name is asked for proofs and to record scans.

        Raises `Unknown` when there is no such log, or no telling which of several is meant.
        """
        self.settings = settings
        self.log_id, self.origin = find_log(settings.dsn, settings.origin)
        require_role(settings.dsn, "quanze_projector")
        self.pool = open_pool(
            settings.dsn,
            "quanze_projector",
            size_max=settings.pool_size_max,
            name="quanze projector",
            prepares=False,
        )
        self.tokens = Tokens(self.pool, self.log_id)
        self.catalogues = Catalogues(self.log_id)
        self.cache = FactCache()
        apart = settings.answers_apart
        self.answering: Answering = (
            InProcess(settings.dsn, self.log_id) if apart else InThread(Views(self.view, self.cache))
        )
        self.prover = prover or _prover(settings)
        self.library = rules_in_force(settings)
        self.judge = Judge(settings.dsn, self.log_id, self.library, rules=settings.rules, judges=settings.judges)
        self.follower = Follower(
            settings.dsn,
            self.log_id,
            batch_acts_max=settings.batch_acts_max,
            poll_seconds=settings.poll_seconds,
        )
        self.scanner = Scanner(
            self.origin, self.judge, self.follower, scribe or _scribe(settings), self.view, self.cards
        )
        self._schedule = Schedule(self.scanner, settings.scan_at) if settings.scan_at is not None else None

    def start(self) -> None:
        self.follower.start()
        self.answering.start()
        self.judge.start()
        if self._schedule is not None:
            self._schedule.start()

    def stop(self) -> None:
        if self._schedule is not None:
            self._schedule.stop()
        self.judge.stop()
        self.answering.stop()
        self.follower.stop()
        self.pool.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def readiness(self) -> str | None:
        """
        Say why the read model does not follow, or is not judged, or None.

        Standing by counts as working: another process does it.
        """
        state = self.follower.state
        if state.work not in ("following", "standing_by"):
            return state.fault or state.work
        if self.judge.state.work == "failed":
            return f"judging stopped: {self.judge.state.fault}"
        unjudged = self.judge.unjudged
        return f"{len(unjudged)} projects or units cannot be judged, {min(unjudged)} among them" if unjudged else None

    def ready(self) -> bool:
        return self.readiness() is None

    def wait_for(self, position: int, seconds: float = 10.0) -> bool:
        """Wait until the read model has reached a position; say whether it has."""
        return self.follower.wait_for(position, seconds)

    @contextmanager
    def view(self, asked: Asked) -> Generator[View]:
        """Look at the read model as of one moment: everything read within sees the same acts."""
        with (
            self.pool.connection() as connection,
            open_view(connection, self.log_id, self.catalogues, self.cache, asked) as view,
        ):
            yield view

    def cards(self, view: View) -> dict[str, Card]:
        """Return every rule in force in this log."""
        return cards(self.library, view.catalogue)

    def rebuild(self, owner_dsn: str) -> list[str]:
        """
        Throw the read model away and make it anew, from position 0. Return the migrations that ran.

        Every follower, here or elsewhere, sees that its position is gone and begins again. Until the new one has caught
        up, questions get answers as of what it holds, or a problem that says to ask again.
        """
        names = rebuild(owner_dsn)
        self.follower.begin_again()
        self.judge.begin_again()
        return names

    def app(self) -> Litestar:
        """Return the HTTP face, for running alone."""
        return make_app(
            HANDLERS,
            title="Quanze projector",
            tokens=self.tokens,
            state={"projector": self},
            checks={"projector": self.readiness},
            errors=ERRORS,
        )


def rules_in_force(settings: Settings) -> Library:
    """Return the shipped rules and those of the unit's own directory that are sound."""
    library = with_directory(settings.rules)
    if settings.rules is None:
        return library
    with psycopg.connect(settings.dsn, autocommit=True) as connection:
        working_as("quanze_projector")(connection)
        prepare(connection)
        return checked(connection, library)


def _scribe(settings: Settings) -> Scribe:
    return RemoteScribe(settings.ledger_url, settings.ledger_token) if settings.ledger_url is not None else NoScribe()


def _prover(settings: Settings) -> Prover:
    return RemoteProver(settings.ledger_url, settings.ledger_token) if settings.ledger_url is not None else NoProver()


def migrate_projector(dsn: str) -> list[str]:
    """Bring the schema `projector` up to date; return the migrations that ran."""
    names = migrate(dsn, "projector", "projector")
    with psycopg.connect(dsn, autocommit=True) as connection:
        fill_days(connection, calendar_in_force())
    return names


def rebuild(owner_dsn: str) -> list[str]:
    with psycopg.connect(owner_dsn, autocommit=True) as connection, connection.transaction():
        # What every writer and every question touches first: whoever is at work ends, whoever comes waits here. It is
        # not there when a rebuild before this one was cut short.
        if connection.execute("SELECT to_regclass('projector.tracking') IS NOT NULL").fetchone() == (True,):
            connection.execute("LOCK TABLE projector.tracking IN ACCESS EXCLUSIVE MODE")
        connection.execute("DROP SCHEMA IF EXISTS projector CASCADE")
    started = time.monotonic()
    names = migrate_projector(owner_dsn)
    _log.info("read_model_dropped", migrations=len(names), seconds=round(time.monotonic() - started, 3))
    return names


def find_log(dsn: str, origin: str | None) -> tuple[int, str]:
    """Return the number and origin of the log to follow. Raises `Unknown`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = _logs(connection, origin)
    if len(found) == 1:
        return found[0]
    if origin is not None:
        raise Unknown(f"this database holds no log of origin {origin}")
    names = ", ".join(name for _, name in found)
    raise Unknown(f"this database holds {len(found)} logs; say which with QUANZE_ORIGIN: {names}")


def _logs(connection: Connection[TupleRow], origin: str | None) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in connection.execute(statement("projector", "logs"), {"origin": origin})]
