"""
How a coroutine, or a thread, waits for the writer's thread.

Coroutines that are answered by one commit are woken together: the standard library's bridge from a thread's future to
a loop's costs a lock, two futures and a wake-up for each. Threads that append through the library's `DCBRecorder` wait
at a bare lock: all threads of a process take turns, so that what one spends on a future's condition the writer waits
for.
"""

import asyncio
import threading
from collections import deque
from contextlib import suppress

from ledger.acts import Appended


class Answer:
    """What the writer does with a request's future, on a future of a loop."""

    __slots__ = ("_bell", "future")

    def __init__(self, bell: "Bell") -> None:
        self._bell = bell
        self.future: asyncio.Future[Appended] = bell.loop.create_future()

    def set_running_or_notify_cancel(self) -> bool:
        """Say whether somebody still waits. A little late at worst: then the act is recorded, and a retry finds it."""
        return not self.future.cancelled()

    def set_result(self, result: Appended) -> None:
        self._bell.ring(self.future, result)

    def set_exception(self, exception: BaseException) -> None:
        self._bell.ring(self.future, exception)


class Bell:
    """Answers on their way from one thread, the writer's, to one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._answers: deque[tuple[asyncio.Future[Appended], Appended | BaseException]] = deque()

    def ring(self, future: asyncio.Future[Appended], answer: Appended | BaseException) -> None:
        """Answer a future of the loop, from the thread that rings."""
        self._answers.append((future, answer))
        # Only the first of some wakes the loop: until `_give` has found none left, it will find this one as well.
        if len(self._answers) == 1:
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._give)

    def _give(self) -> None:
        while self._answers:
            future, answer = self._answers.popleft()
            if future.done():  # nobody waits any more
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Turnstile:
    """What the writer does with a request's future, for a thread that only waits."""

    __slots__ = ("_answer", "_locked")

    def __init__(self) -> None:
        self._answer: Appended | BaseException | None = None
        self._locked = threading.Lock()
        self._locked.acquire()

    def set_running_or_notify_cancel(self) -> bool:
        return True

    def set_result(self, result: Appended) -> None:
        self._answer = result
        self._locked.release()

    def set_exception(self, exception: BaseException) -> None:
        self._answer = exception
        self._locked.release()

    def result(self) -> Appended:
        """Wait; return the receipts, or raise what became of the request. To be called once."""
        self._locked.acquire()
        match self._answer:
            case Appended() as appended:
                return appended
            case BaseException() as error:
                raise error
            case None:
                raise AssertionError("let through without an answer")
