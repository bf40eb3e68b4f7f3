"""Threads that work at intervals: they outlive failures, say them once, and stop between two pieces of work."""

import threading
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
from structlog.testing import capture_logs

from ledger.interval import Interval


class Work:
    """Does what a list says, one item a time: fail with a message, or succeed. At the end it says so."""

    def __init__(self, *outcomes: str | None) -> None:
        self._outcomes: Iterator[str | None] = chain(outcomes, repeat(None))
        self._left = len(outcomes)
        self.times = 0
        self.done = threading.Event()

    def __call__(self) -> None:
        self.times += 1
        if self.times > self._left:
            self.done.set()
        outcome = next(self._outcomes)
        if outcome is not None:
            raise RuntimeError(outcome)


def logged(*outcomes: str | None) -> list[str]:
    """Return the errors that are logged while these are the outcomes, one after another."""
    work = Work(*outcomes)
    interval = Interval("tidying", 0.001, work)
    with capture_logs() as logs:
        interval.start()
        assert work.done.wait(10)
        interval.stop()
    assert all(each["event"] == "tidying_failed" for each in logs)
    return [each["error"] for each in logs]


@pytest.mark.parametrize(
    ("outcomes", "errors"),
    [
        ((None, None), []),
        (("away", "away", "away"), ["away"]),
        (("away", "full", "away"), ["away", "full", "away"]),
        (("away", None, "away"), ["away", "away"]),
        (("", ""), ["RuntimeError"]),
    ],
)
def test_a_failure_ends_nothing_and_is_said_once(outcomes: tuple[str | None, ...], errors: list[str]) -> None:
    assert logged(*outcomes) == errors


def test_nothing_is_begun_after_a_stop() -> None:
    work = Work(None)
    interval = Interval("tidying", 0.001, work)
    interval.start()
    assert work.done.wait(10)
    interval.stop()
    times = work.times
    assert not threading.Event().wait(0.05)
    assert work.times == times
