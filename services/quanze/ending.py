"""
SIGTERM and SIGINT before there is a server to take them: the start is broken off, and what was begun is ended in order.

They raise `Ended` in the main thread, once: what comes after that, or once a server ends, changes nothing.
"""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Ended(KeyboardInterrupt):
    """The process was told to end. Whoever waits, such as psycopg, lets go in order for a `KeyboardInterrupt`."""


class _State:
    heeding = True
    told: int | None = None
    """The signal that raised `Ended`, or is to raise it."""
    held = False


_state = _State()


def end_in_order() -> None:
    """Take SIGTERM and SIGINT from here on. In the main thread."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _break_off)


def told() -> int | None:
    """Return the signal that broke the start off, if one did: code of others may have swallowed `Ended`."""
    return _state.told


def end_is_under_way() -> None:
    """Say that all is being ended already: a signal is not to break into that."""
    _state.heeding = False


@contextmanager
def held() -> Generator[None]:
    """Raise `Ended` after the block, not in it: for what must not be lost between its making and its keeping."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _state.held = True
    before = _state.told
    try:
        yield
    finally:
        _state.held = False
    if _state.told != before:
        raise Ended


def _break_off(number: int, frame: FrameType | None) -> None:
    if not _state.heeding:
        return
    _state.heeding = False
    _state.told = number
    if not _state.held:
        raise Ended
