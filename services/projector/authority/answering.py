"""
Answers questions about single acts in groups: whatever waits is answered by one look at the read model.

A look costs a transaction and half a dozen statements, whether it is for one act or for sixteen. One thread answers; it
takes what came while it was busy, so under no load nobody waits for company.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Final

from msgspec import Struct
from psycopg import OperationalError

from projector.authority.answer import AuthorityAnswer, answers
from projector.authority.load import load
from projector.errors import Unavailable, Unknown
from projector.view import Asked, View

GROUP_MAX: Final = 32
"""Questions in one group: more would make the first of them wait for the last without being cheaper."""


class _Asking(Struct, frozen=True):
    position: int
    asked: Asked
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[AuthorityAnswer]


class Answering:
    """The thread that answers for one log. Call `start` and `stop`."""

    def __init__(self, view: Callable[[Asked], AbstractContextManager[View]]) -> None:
        self._view = view
        self._waiting: SimpleQueue[_Asking | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="answering", daemon=True)
        self._stopped = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Answer what waits, then end. What comes later gets `Unavailable`."""
        self._stopped = True
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    async def ask(self, position: int, asked: Asked) -> AuthorityAnswer:
        """Return the answer about an act. Raises `Unknown` for a position without one."""
        if self._stopped:
            raise Unavailable("the projector is shutting down")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[AuthorityAnswer] = loop.create_future()
        self._waiting.put(_Asking(position, asked, loop, future))
        return await future

    def _run(self) -> None:
        while group := self._next_group():
            for asked in {each.asked for each in group}:
                self._answer(asked, [each for each in group if each.asked == asked])

    def _next_group(self) -> list[_Asking]:
        """Return what waits, at least one question; an empty list once stopped."""
        first = self._waiting.get()
        group = [first] if first is not None else []
        while group and len(group) < GROUP_MAX:
            try:
                following = self._waiting.get_nowait()
            except Empty:
                break
            if following is None:
                self._waiting.put(None)  # these are answered first
                break
            group.append(following)
        return group

    def _answer(self, asked: Asked, group: Sequence[_Asking]) -> None:
        found: dict[int, AuthorityAnswer] = {}
        failed: Exception | None = None
        try:
            with self._view(asked) as view:
                loaded = load(view, {each.position for each in group})
                positions = [act.position for act in loaded.acts]
                found = dict(zip(positions, answers(loaded, view.stand), strict=True))
        except Exception as exc:  # noqa: BLE001 - whoever asked gets it; the thread must live on
            if len(group) > 1 and not isinstance(exc, (Unavailable, OperationalError)):
                for each in group:  # one of them may be the trouble: the others shall not feel it
                    self._answer(asked, [each])
                return
            failed = exc
        for loop in {each.loop for each in group}:
            theirs = [each for each in group if each.loop is loop]
            loop.call_soon_threadsafe(_settle, theirs, found, failed)


def _settle(group: Sequence[_Asking], found: Mapping[int, AuthorityAnswer], failed: Exception | None) -> None:
    for each in group:
        answer = found.get(each.position)
        if each.future.done():  # whoever asked has gone
            continue
        if answer is not None:
            each.future.set_result(answer)
        else:
            missing = Unknown(f"no act at position {each.position} of this log has been read")
            each.future.set_exception(failed or missing)
