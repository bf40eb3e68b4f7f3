"""
Answers questions about single acts in a process of its own.

Judging keeps a core busy, and Python runs one thread at a time: in the process that serves, answers would wait for each
other's HTTP, and the ledger's commits for both. The child holds a connection and the facts it has read, nothing else;
when it dies it is started again, and ends by itself when its parent does.
"""

import asyncio
import gc
import multiprocessing
import signal
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from typing import Final, cast

import msgspec
import structlog
from msgspec import Struct

from edge.database import Pool, open_pool
from projector.authority.answering import GROUP_MAX, Answering, Found, Views, answer, resolve, settled
from projector.errors import Behind, ProjectorError, Unavailable, Unknown
from projector.fact_cache import FactCache
from projector.packs import Catalogues
from projector.view import Asked, View, open_view

WAITING_MAX: Final = 1_000
"""Questions on their way: so many fit into the pipe, so that asking never waits for the child to read."""

_RESTART_SECONDS: Final = 1.0

_log = structlog.get_logger()


class _Question(Struct, frozen=True, array_like=True):
    number: int
    position: int
    as_of: datetime | None
    known_at: datetime | None


class _Answer(Struct, frozen=True, array_like=True):
    """`error` is the kind of `ProjectorError` that `said` then tells of."""

    number: int
    said: bytes
    error: str | None = None


_ERRORS: Final[Mapping[str, type[ProjectorError]]] = {kind.__name__: kind for kind in (Behind, Unavailable, Unknown)}
_ENDED: Final = _Answer(0, b"the process that answers has ended; ask again", "Unavailable")
_questions = msgspec.msgpack.Decoder(_Question)
_answers = msgspec.msgpack.Decoder(list[_Answer])
_encode = msgspec.msgpack.Encoder().encode


class InProcess(Answering):
    """Answers in a child process. Raises what its child's answers say, and `Unavailable` while there is no child."""

    def __init__(self, dsn: str, log_id: int) -> None:
        self._dsn, self._log_id = dsn, log_id
        self._asked: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]] = {}
        self._numbers = 0
        self._lock = threading.Lock()
        self._pipe: Pipe | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            if self._pipe is not None:
                self._pipe.send_bytes(b"")  # the child answers what came before, and ends
        if self._thread.ident is not None:
            self._thread.join()

    async def ask(self, position: int, asked: Asked) -> bytes:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        with self._lock:
            if self._pipe is None or self._stopping.is_set():
                raise Unavailable("the process that answers is starting or ending; ask again in a moment")
            if len(self._asked) >= WAITING_MAX:
                raise Unavailable(f"{WAITING_MAX} questions wait already")
            self._numbers += 1
            self._asked[self._numbers] = loop, future
            question = _Question(self._numbers, position, asked.as_of, asked.known_at)
            self._pipe.send_bytes(_encode(question))
        return await future

    def _run(self) -> None:
        """Keep a child, and hand out what it answers."""
        while not self._stopping.is_set():
            context = multiprocessing.get_context("spawn")
            ours, theirs = cast("tuple[Pipe, Pipe]", context.Pipe())
            child = context.Process(target=_serve, args=(theirs, self._dsn, self._log_id), daemon=True)
            child.start()
            theirs.close()
            with self._lock:
                self._pipe = ours
            self._hand_out(ours)
            with self._lock:
                self._pipe = None
                lost, self._asked = self._asked, {}
            _give_up(lost.values())
            child.join(timeout=10)
            if not self._stopping.is_set():
                _log.warning("answering_process_ended", exit_code=child.exitcode)
                self._stopping.wait(_RESTART_SECONDS)

    def _hand_out(self, pipe: Pipe) -> None:
        """Until the child closes its end."""
        while True:
            try:
                group = _answers.decode(pipe.recv_bytes())
            except (EOFError, OSError):
                return
            by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[bytes], _Answer]]] = {}
            with self._lock:
                for each in group:
                    loop, future = self._asked.pop(each.number)
                    by_loop.setdefault(loop, []).append((future, each))
            for loop, theirs in by_loop.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(_settle, theirs)


def _settle(group: Sequence[tuple[asyncio.Future[bytes], _Answer]]) -> None:
    for future, each in group:
        if not future.done():  # whoever asked may have gone
            failed = None if each.error is None else _ERRORS.get(each.error, Unavailable)(each.said.decode())
            resolve(future, failed or each.said)


def _give_up(lost: Iterable[tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]]) -> None:
    for loop, future in lost:
        if not loop.is_closed():
            loop.call_soon_threadsafe(
                _settle, [(future, _Answer(0, b"the process that answers has ended", "Unavailable"))]
            )


# The child


def _serve(pipe: Pipe, dsn: str, log_id: int) -> None:
    """Answer until the parent says to end, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets what waits be answered
    gc.set_threshold(50_000, 20, 100)  # what is kept is large and has no circles: looking through it finds nothing
    pool = open_pool(dsn, "quanze_projector", size_max=1, name="quanze answering", checked=False)
    views, inbox = _views(pool, log_id), _Inbox(pipe)
    try:
        while group := inbox.next_group():
            for as_of, known_at in {(each.as_of, each.known_at) for each in group}:
                theirs = [each for each in group if (each.as_of, each.known_at) == (as_of, known_at)]
                _answer(pipe, views, Asked(as_of, known_at), theirs)
    except (EOFError, OSError):
        pass  # the parent is gone
    finally:
        pool.close()


def _answer(pipe: Pipe, views: Views, asked: Asked, group: Sequence[_Question]) -> None:
    """Send answers as they are judged: the parent hands out the first ones while the others are worked on."""
    waiting = {each.number: each for each in group}
    for found in answer(views, asked, {each.position for each in group}):
        said = [_said(each, found) for each in group if each.position in found]
        pipe.send_bytes(_encode(said))
        for each in said:
            del waiting[each.number]
    if waiting:
        pipe.send_bytes(_encode([_said(each, {}) for each in waiting.values()]))


def _views(pool: Pool, log_id: int) -> Views:
    """Return what a projector opens views by, and no more of it."""
    catalogues, cache = Catalogues(log_id), FactCache()

    @contextmanager
    def opened(asked: Asked) -> Generator[View]:
        with pool.connection() as connection, open_view(connection, log_id, catalogues, cache, asked) as view:
            yield view

    return Views(opened, cache)


class _Inbox:
    """Questions as they come. An empty message is the last."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._over = False

    def next_group(self) -> list[_Question]:
        """Return what waits, at least one question; an empty list when there is to be an end."""
        group: list[_Question] = []
        while not self._over and (not group or (len(group) < GROUP_MAX and self._pipe.poll())):
            message = self._pipe.recv_bytes()
            if message:
                group.append(_questions.decode(message))
            else:
                self._over = True
        return group


def _said(question: _Question, found: Found) -> _Answer:
    said = settled(question.position, found)
    if isinstance(said, ProjectorError):
        return _Answer(question.number, str(said).encode(), type(said).__name__)
    return _Answer(question.number, said)
