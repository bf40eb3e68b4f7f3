"""A process that stands still, as on a machine that is paused, with the head's lock in its hands."""

import os
import signal
import time
from pathlib import Path
from random import Random
from typing import Final

import psycopg

from ledger.acts import Request
from ledger.committer import Committer
from ledger.signer import load_or_create
from tests.faults.load import Load, Wrong
from tests.faults.servers import LedgerAlone
from tests.integration.test_append import draft

_RECORDED_SECONDS_MAX: Final = 10.0


def test_a_ledger_frozen_inside_a_transaction_does_not_stop_another(data: Path, seed: int) -> None:
    server = LedgerAlone(data)
    load = Load(server.process.url, server.process.token, "frozen", Random(seed))
    load.start()
    try:
        freeze_inside_a_transaction(server)
        other = Committer(server.dsn, 1, load_or_create(server.data.signing_key).origin)
        try:
            other.submit(Request((draft("other"),))).result(timeout=_RECORDED_SECONDS_MAX)
        finally:
            os.kill(server.process.popen.pid, signal.SIGCONT)
            other.close()
    finally:
        load.stop()
        server.close()
    load.require_answers()


def freeze_inside_a_transaction(server: LedgerAlone) -> None:
    """Stop the process now and then until it is caught with the head's lock, and the database waits for it."""
    query = (
        "SELECT 1 FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE application_name = 'quanze committer'"
        " AND state = 'idle in transaction' AND relation = 'ledger.heads'::regclass AND mode = 'RowShareLock'"
    )
    for _ in range(200):
        time.sleep(0.05)
        os.kill(server.process.popen.pid, signal.SIGSTOP)
        time.sleep(0.1)  # what it had sent is carried out meanwhile
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            if connection.execute(query).fetchone() is not None:
                return
        os.kill(server.process.popen.pid, signal.SIGCONT)
    raise Wrong("it was never caught inside a transaction")
