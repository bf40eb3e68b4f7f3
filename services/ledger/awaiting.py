"""
How a coroutine waits for the writer's thread: many that are answered by one commit are woken together.

The standard library's bridge from a thread's future to a loop's costs a lock, two futures and a wake-up for each.
"""

import asyncio
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
