"""
kill -9 at random moments under load: nothing acknowledged is lost, nothing is there by halves, all of it verifies.

QUANZE_FAULT_SEED repeats the moments and the acts of a run that failed; how threads interleave it cannot repeat.
`make faults` does this for as long as it is asked to.
"""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from tests.faults.load import Wrong, client
from tests.faults.servers import LedgerAlone, Up
from tests.faults.trial import Trial, Victim

VICTIMS: Final[tuple[Victim, ...]] = ("server", "backend", "postmaster")


def test_a_ledger_killed_twenty_times_keeps_every_promise(data: Path, seed: int) -> None:
    """A round judges all that was acknowledged in the rounds before it, too."""
    server = LedgerAlone(data)
    try:
        trial = Trial(server, seed)
        for _ in range(20):
            trial.kill("server")
    finally:
        server.close()
    assert sum(each.acknowledged for each in trial.rounds) > 20, "there was hardly any load"


def test_whatever_is_killed_under_quanze_up_it_keeps_every_promise(data: Path, seed: int) -> None:
    """After a kill of PostgreSQL it works again by itself; its own first process is then started anew."""
    server = Up(data)
    try:
        trial = Trial(server, seed)
        for victim in VICTIMS:
            trial.kill(victim)
    finally:
        server.close()


def test_a_session_that_outlives_a_killed_postgresql_keeps_nobody_waiting(data: Path) -> None:
    """A statement that computes does not notice that the server has gone; reports and rules are such."""
    server = Up(data)
    try:
        with psycopg.connect(server.dsn, autocommit=True) as busy:
            pid = busy.info.backend_pid
            computing = threading.Thread(target=compute, args=(busy,))
            computing.start()
            wait_until_computing(server.dsn, pid)
            server.kill_postmaster()
            try:
                with client(server.process.url, server.process.token) as http:
                    wait_until_answered(http, "/health/live", 200)
                    wait_until_answered(http, "/health/ready", 200)
            finally:
                os.kill(pid, signal.SIGKILL)
                computing.join()
    finally:
        server.close()


def compute(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.OperationalError):  # it is killed
        connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)")


def wait_until_computing(dsn: str, pid: int) -> None:
    query = "SELECT state = 'active' AND query LIKE '%%generate_series%%' FROM pg_stat_activity WHERE pid = %s"
    with psycopg.connect(dsn, autocommit=True) as connection:
        while connection.execute(query, (pid,)).fetchone() != (True,):
            time.sleep(0.02)


def wait_until_answered(http: httpx.Client, path: str, status: int) -> None:
    """Raise `Wrong` unless a path is answered so within ten seconds."""
    deadline = time.monotonic() + 10
    answer: object = None
    while time.monotonic() < deadline:
        try:
            answer = http.get(path, timeout=5).status_code
        except httpx.TransportError as exc:
            answer = exc
        if answer == status:
            return
        time.sleep(0.1)
    raise Wrong(f"{path} was answered {answer!r}")
