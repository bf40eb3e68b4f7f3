"""Threads that look after something at intervals."""

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger()


class Interval:
    """
    Does a piece of work again and again, in a thread of its own, so many seconds after the last time.

    A failure never ends it: the database may be away, and the next time tries again. It is logged once, until it is
    another one or the work succeeded in between.
    """

    def __init__(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        """`name` is the thread's, and says in the log what failed: `<name>_failed`."""
        self._name, self._seconds, self._work = name, seconds, work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the work is done that was begun. None is begun after it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        said: str | None = None
        while not self._stopped.wait(self._seconds):
            try:
                self._work()
                said = None
            except Exception as exc:  # noqa: BLE001 - see above
                error = str(exc).strip() or type(exc).__name__
                if error != said:
                    _log.warning(f"{self._name}_failed", error=error)
                said = error
