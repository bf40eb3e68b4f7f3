"""Judges many projects and units of a log, with as many processes as there are processors."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from projector.findings.worker import TASK, Task

_PORTION_MAX: Final = 1_000


class WorkerFailed(Exception):
    """A process that judges ended before its work."""


def judge_many(task: Task, scopes: Sequence[str], progress: Callable[[int], None], stopping: threading.Event) -> bool:
    """
    Judge these scopes and keep what is found. `progress` is told how many more are done.

    Return whether all were: `stopping` ends it after the portions at hand. Raises `WorkerFailed`. What was kept by then
    stays.
    """
    count = os.cpu_count() or 1
    size = max(1, min(_PORTION_MAX, -(-len(scopes) // count)))
    portions: SimpleQueue[Sequence[str]] = SimpleQueue()
    for first in range(0, len(scopes), size):
        portions.put(scopes[first : first + size])
    failed: list[str] = []

    def next_portion() -> Sequence[str] | None:
        try:
            return None if failed or stopping.is_set() else portions.get_nowait()
        except Empty:
            return None

    drives = [
        threading.Thread(target=_drive, args=(task, next_portion, progress, failed))
        for _ in range(min(count, portions.qsize()))
    ]
    for thread in drives:
        thread.start()
    for thread in drives:
        thread.join()
    if failed:
        raise WorkerFailed(failed[0])
    return portions.empty()


def _drive(
    task: Task, next_portion: Callable[[], Sequence[str] | None], progress: Callable[[int], None], failed: list[str]
) -> None:
    environment = {**os.environ, TASK: msgspec.json.encode(task).decode()}
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "projector.findings.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        ) as process:
            _feed(process, next_portion, progress, failed)
    except (OSError, ValueError) as exc:
        failed.append(f"a process that judges could not be talked to: {exc}")


def _feed(
    process: subprocess.Popen[bytes],
    next_portion: Callable[[], Sequence[str] | None],
    progress: Callable[[int], None],
    failed: list[str],
) -> None:
    if process.stdin is None:
        raise AssertionError("both ends were asked for")
    while (portion := next_portion()) is not None:
        process.stdin.write(msgspec.json.encode(portion) + b"\n")
        process.stdin.flush()
        _hear(process, progress, failed)
    process.stdin.close()
    if not failed:
        _hear(process, progress, failed)


def _hear(process: subprocess.Popen[bytes], progress: Callable[[int], None], failed: list[str]) -> None:
    """Wait for an answer: how many were judged."""
    answer = process.stdout.readline() if process.stdout is not None else b""
    if answer:
        progress(int(answer))
    else:
        failed.append(f"a process that judges ended with {process.wait()}")
