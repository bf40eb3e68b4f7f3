"""
Answers questions about single acts in groups: whatever waits is answered by one look at the read model.

A look costs a transaction and half a dozen statements, whether it is for one act or for sixteen. One thread answers; it
takes what came while it was busy, so under no load nobody waits for company. Answers are the JSON that goes out.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Final, Protocol

import msgspec
from msgspec import Struct
from psycopg import OperationalError

from projector.authority.answer import answer_about
from projector.authority.load import Loaded, load
from projector.errors import ProjectorError, Unavailable, Unknown
from projector.fact_cache import FactCache
from projector.view import Asked, Stand, View

GROUP_MAX: Final = 32
"""Questions in one group: more would make the first of them wait for the last without being cheaper."""


class Views(Struct, frozen=True):
    """How to look at the read model, and the cache that every look goes by."""

    open: Callable[[Asked], AbstractContextManager[View]]
    cache: FactCache


Said = bytes | ProjectorError
"""The answer about an act, or why there is none."""


class Answering(Protocol):
    """Whoever answers for one log."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Answer what waits, then end. What comes later gets `Unavailable`."""
        ...

    async def ask(self, position: int, asked: Asked) -> bytes:
        """Return the answer about an act. Raises `Unknown` for a position without one."""
        ...


class _Asking(Struct, frozen=True):
    position: int
    asked: Asked
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[bytes]


class InThread(Answering):
    """Answers in a thread of this process."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._waiting: SimpleQueue[_Asking | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="answering", daemon=True)
        self._stopped = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    async def ask(self, position: int, asked: Asked) -> bytes:
        if self._stopped:
            raise Unavailable("the projector is shutting down")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.put(_Asking(position, asked, loop, future))
        return await future

    def _run(self) -> None:
        while group := self._next_group():
            for asked in {each.asked for each in group}:
                theirs = [each for each in group if each.asked == asked]
                found = dict(answer(self._views, asked, {each.position for each in theirs}))
                for loop in {each.loop for each in theirs}:
                    loop.call_soon_threadsafe(_settle, [each for each in theirs if each.loop is loop], found)

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


def answer(views: Views, asked: Asked, positions: Collection[int]) -> Iterator[tuple[int, Said]]:
    """
    Look at the read model now for a group of questions of one moment; each act is judged when its answer is taken.

    Positions without an act get no answer. What goes wrong with one act is told of that one.
    """
    try:
        # Looks take turns: the cache lets go of everything when it is shown one that is older than the last.
        with views.cache.lock, views.open(asked) as view:
            loaded, stand = load(view, positions), view.stand
    except (ProjectorError, OperationalError) as exc:
        return _failed(positions, exc)
    except Exception as exc:  # noqa: BLE001 - whoever asked gets it; whoever answers must live on
        if len(positions) == 1:
            return _failed(positions, exc)
        apart = [answer(views, asked, [position]) for position in positions]  # the others shall not feel the trouble
        return chain.from_iterable(apart)
    return _judged(loaded, stand)


def _judged(loaded: Loaded, stand: Stand) -> Iterator[tuple[int, Said]]:
    for act in loaded.acts:
        try:
            yield act.position, msgspec.json.encode(answer_about(act, loaded, stand))
        except Exception as exc:  # noqa: BLE001 - as above
            yield from _failed([act.position], exc)


def _failed(positions: Iterable[int], exc: Exception) -> Iterator[tuple[int, Said]]:
    failed = exc if isinstance(exc, ProjectorError) else Unavailable(f"the question failed: {exc!r}")
    return ((position, failed) for position in positions)


def unknown(position: int) -> Unknown:
    """Return what is said of a position without an act."""
    return Unknown(f"no act at position {position} of this log has been read")


def _settle(group: Sequence[_Asking], found: Mapping[int, Said]) -> None:
    for each in group:
        if not each.future.done():  # whoever asked may have gone
            resolve(each.future, found.get(each.position) or unknown(each.position))


def resolve(future: asyncio.Future[bytes], said: Said) -> None:
    if isinstance(said, ProjectorError):
        future.set_exception(said)
    else:
        future.set_result(said)
