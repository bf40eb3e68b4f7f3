"""Each service works as the login that `deploy/postgres/roles.sql` makes for it, and where nobody takes its logs."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from ledger.main import Ledger
from ledger.settings import Settings
from ledger.signer import SigningKey
from projector.main import Projector
from projector.settings import Settings as ProjectorSettings
from quanze.embedded import embedded, find_binaries
from quanze.serving import prepare
from tests.conftest import FAST, Database, TestLedger, on, require_intact
from tests.events import event
from tests.integration.test_erasure import content, order

ROLES = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"


@pytest.fixture
def made(signer: SigningKey) -> Iterator[Database]:
    """Yield the database that `roles.sql` makes on a server of its own, migrated by its owner."""
    psql = find_binaries(None) / "psql"
    if not psql.exists() and shutil.which("psql") is None:
        pytest.skip("no psql, which the file of roles is written for")
    command = [str(psql) if psql.exists() else "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]
    directory = Path(tempfile.mkdtemp(prefix="qz"))
    try:
        with embedded(directory / "postgres", settings=FAST) as server:
            for _ in range(2):  # it may run again
                subprocess.run([*command, "--file", str(ROLES), on(server.dsn, "postgres")], check=True)
            own = Database(on(server.dsn, "quanze"), signer)
            own.log_id = prepare(as_login(own, "quanze_owner"), signer)
            yield own
            require_intact(own)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def as_login(database: Database, login: str) -> str:
    return make_conninfo(database.dsn, user=login)


def test_the_ledger_records_and_erases_as_its_login(made: Database) -> None:
    settings = Settings(dsn=as_login(made, "quanze_ledger"), signing_key=made.signer.text())
    with Ledger(settings) as ledger:
        own = TestLedger(made, ledger)
        act = event("project.open", "project:P1", "person:P1", title="x")
        own.post([act])
        own.post([order(act)])
        assert ledger.erase() == [1]
        assert ledger.readiness() is None
    assert content(made) == [(1, True), (2, False)]


def test_the_projector_follows_and_judges_as_its_login(made: Database) -> None:
    with Ledger(Settings(dsn=as_login(made, "quanze_ledger"), signing_key=made.signer.text())) as ledger:
        TestLedger(made, ledger).post([event("project.open", "project:P1", "person:P1")])
    follower = as_login(made, "quanze_follower")
    with Projector(ProjectorSettings(dsn=follower, origin=made.signer.origin)) as projector:
        assert projector.wait_for(1, 20)
        assert projector.judge.wait_for(1, 60)


def test_a_log_that_cannot_be_written_ends_nobody() -> None:
    program = (
        "import structlog; from quanze.logs import set_up_logs; set_up_logs()\n"
        "structlog.get_logger().warning('said', much='x' * 100_000)\n"
        "print('still there')"
    )
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, check=False)
    assert ran.stdout == b"still there\n"
