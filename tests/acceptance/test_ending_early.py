"""SIGTERM and SIGINT while a service starts: it ends in order, whatever it is at, and the next start works."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.signer import SigningKey
from tests.acceptance.conftest import clean_environment, end, start, wait_until_ready

BEGUN = "import sys, quanze.cli; print('begun', flush=True); quanze.cli.main()"
"""As the installed script does it, but says when the interpreter is there."""


def begun(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", BEGUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean_environment() | environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(process: subprocess.Popen[str], number: signal.Signals) -> int:
    """Send a signal; return the exit status of a process that says nothing of it."""
    process.send_signal(number)
    printed, _ = process.communicate(timeout=40)
    assert "Traceback" not in printed
    return process.returncode


def test_a_start_that_is_broken_off_leaves_nothing_running(directory: Path) -> None:
    data = directory / "early"
    for at, seconds in enumerate((0.01, 0.2, 0.5, 0.9, 1.3, 1.7, 2.2, 2.7, 0.4, 1.1, 1.9)):
        number = signal.SIGTERM if at % 3 else signal.SIGINT
        process = begun("up", "--data", str(data), "--port", "0")
        time.sleep(seconds)
        assert ended(process, number) in ((0,) if number == signal.SIGTERM else (0, 130)), seconds
        assert not running_in(data), seconds
    again = start("up", data)
    try:
        wait_until_ready(again)
    finally:
        end(again)


@pytest.mark.parametrize("command", ["ledger", "projector"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_service_that_waits_for_its_database_ends(command: str, number: signal.Signals, status: int) -> None:
    key = SigningKey.generate("test/ending").text()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dsn = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=none sslmode=disable"
        process = begun(command, "--port", "0", QUANZE_DSN=dsn, QUANZE_SIGNING_KEY=key)
        silent.settimeout(40)
        connection, _ = silent.accept()
        with connection:
            assert ended(process, number) == status


def running_in(data: Path) -> list[str]:
    """Return what runs in or on a directory."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if os.fsencode(data) + b"\0" in line or os.fsencode(data) + b"/" in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found
