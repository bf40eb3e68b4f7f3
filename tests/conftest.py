"""
A real PostgreSQL for every test that wants one.

The server is `QUANZE_TEST_DSN` if set, else a container where Docker answers and the image is at hand, else our own
embedded one. One migrated template database per run, a copy of it per test; each copy's log is checked whole when the
test ends, so every test also proves the chain.
"""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import docker
import psycopg
import pytest
from docker.errors import DockerException
from psycopg import sql
from psycopg.conninfo import make_conninfo
from requests import RequestException
from testcontainers.community.postgres import PostgresContainer

from contracts.proof import VerifierKey
from edge.tokens import Token
from ledger.acts import Receipt, Request
from ledger.application import needs_decision
from ledger.main import Ledger, found_log, migrate_ledger
from ledger.settings import Settings
from ledger.signer import SigningKey
from projector.main import migrate_projector
from quanze.database_check import database_log
from quanze.embedded import embedded
from quanze.full_check import check_log

ORIGIN = "localhost/quanze/test"
IMAGE = "postgres:18"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


@dataclass
class Database:
    """A database of one test: a superuser DSN and the key of its log."""

    dsn: str
    signer: SigningKey
    log_id: int = 1
    tampered: bool = False
    """Set by a test that breaks the log on purpose, so that the check at its end is left out."""


@dataclass
class TestLedger:
    """A ledger without HTTP: real admission, real committer."""

    __test__ = False

    database: Database
    ledger: Ledger
    token: Token = field(default_factory=lambda: Token("test", "test", frozenset(("admin",)), frozenset(), frozenset()))

    def post(self, events: Sequence[dict[str, Any]]) -> list[Receipt]:
        """Record acts as one batch; return their receipts."""
        admitted = self.ledger.admission.batch(json.dumps(events, ensure_ascii=False).encode(), self.token)
        if any(map(needs_decision, admitted)):
            return self.ledger.application.record(admitted).receipts
        return self.ledger.submit(admitted).result(timeout=30).receipts

    def submit(self, request: Request) -> list[Receipt]:
        return self.ledger.recorder.submit(request).result(timeout=30).receipts


@contextmanager
def _container() -> Generator[str | None]:
    """Yield the DSN of a PostgreSQL in a container, or None where Docker or the image is not there."""
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # its reaper is one more image to pull
    if not _docker_listens():
        yield None
        return
    client = docker.from_env(timeout=3)
    try:
        client.images.get(IMAGE)
    except (DockerException, RequestException):
        yield None
        return
    finally:
        client.close()

    with PostgresContainer(IMAGE, driver=None).with_tmpfs_mount("/var/lib/postgresql") as container:
        yield container.get_connection_url()


def _docker_listens() -> bool:
    """Say whether an engine is worth asking: the client leaks its socket when none answers."""
    if "DOCKER_HOST" in os.environ:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex("/var/run/docker.sock") == 0


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Yield a superuser DSN of a PostgreSQL that this run may create databases on."""
    given = os.environ.get("QUANZE_TEST_DSN")
    if given:
        yield given
        return
    with _container() as dsn:
        if dsn is not None:
            yield dsn
            return
    # Not tmp_path: it is 0700 and owned by root, and the server may run as another user.
    directory = Path(tempfile.mkdtemp(prefix="qz"))
    try:
        with embedded(directory / "postgres", settings=FAST) as own:
            yield own.dsn
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def signer() -> SigningKey:
    return SigningKey(bytes(range(32)), ORIGIN)


@pytest.fixture(scope="session")
def template(server: str, signer: SigningKey) -> Iterator[str]:
    """Yield the name of a migrated database with an empty log in it."""
    name = f"quanze_template_{uuid4().hex[:8]}"
    execute(server, "CREATE DATABASE {}", name)
    dsn = on(server, name)
    migrate_ledger(dsn)
    migrate_projector(dsn)
    found_log(dsn, signer)
    yield name
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def database(server: str, template: str, signer: SigningKey) -> Iterator[Database]:
    name = f"quanze_{uuid4().hex[:12]}"
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    own = Database(on(server, name), signer)
    yield own
    if not own.tampered:
        require_intact(own)
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def ledger(database: Database) -> Iterator[TestLedger]:
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())) as own:
        yield TestLedger(database, own)


def require_intact(database: Database) -> None:
    """Fail unless the whole log verifies."""
    with psycopg.connect(database.dsn) as connection:
        log = database_log(connection, database.log_id)
        checked = check_log(log, [VerifierKey.parse(database.signer.vkey)])
    assert checked.fault is None, f"position {checked.position}: {checked.fault}"


def on(server: str, database: str) -> str:
    """Return the DSN of another database of a server."""
    return make_conninfo(server, dbname=database)


def execute(dsn: str, statement: LiteralString, *names: str) -> None:
    """Run a statement outside a transaction, with identifiers for its `{}`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
