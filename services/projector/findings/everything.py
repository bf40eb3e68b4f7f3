"""Judges every project and unit of a log, with as many processes as there are processors."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from projector.findings.worker import TASK, Task

PORTION: Final = 1_000


class WorkerFailed(Exception):
    """A process that judges ended before its work."""


def judge_everything(task: Task, scopes: Sequence[str], progress: Callable[[int], None]) -> None:
    """
    Judge these scopes and keep what is found. `progress` is told how many more are done.

    Raises `WorkerFailed`; what was kept by then stays.
    """
    portions: SimpleQueue[Sequence[str]] = SimpleQueue()
    for first in range(0, len(scopes), PORTION):
        portions.put(scopes[first : first + PORTION])
    count = max(1, min(os.cpu_count() or 1, (len(scopes) + PORTION - 1) // PORTION))
    failed: list[str] = []
    threads = [threading.Thread(target=_drive, args=(task, portions, progress, failed)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise WorkerFailed(failed[0])


def _drive(
    task: Task, portions: "SimpleQueue[Sequence[str]]", progress: Callable[[int], None], failed: list[str]
) -> None:
    environment = {**os.environ, TASK: msgspec.json.encode(task).decode()}
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "projector.findings.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        ) as process:
            _feed(process, portions, progress, failed)
    except (OSError, ValueError) as exc:
        failed.append(f"a process that judges could not be talked to: {exc}")


def _feed(
    process: subprocess.Popen[bytes],
    portions: "SimpleQueue[Sequence[str]]",
    progress: Callable[[int], None],
    failed: list[str],
) -> None:
    if process.stdin is None:
        raise AssertionError("both ends were asked for")
    while not failed:
        try:
            portion = portions.get_nowait()
        except Empty:
            process.stdin.close()
            _hear(process, progress, failed)
            return
        process.stdin.write(msgspec.json.encode(portion) + b"\n")
        process.stdin.flush()
        _hear(process, progress, failed)
    process.stdin.close()


def _hear(process: subprocess.Popen[bytes], progress: Callable[[int], None], failed: list[str]) -> None:
    """Wait for an answer: how many were judged."""
    answer = process.stdout.readline() if process.stdout is not None else b""
    if answer:
        progress(int(answer))
    else:
        failed.append(f"a process that judges ended with {process.wait()}")
