"""
Answers questions about single acts in a process of its own.

Judging keeps a core busy, and Python runs one thread at a time: in the process that serves, answers would wait for each
other's HTTP, and the ledger's commits for both. The child holds a connection and the facts it has read, nothing else;
when it dies it is started again, and ends by itself when its parent does.
"""

import asyncio
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Final, cast

import msgspec
import structlog

from projector.authority import judging
from projector.authority.answering import Answering, resolve
from projector.authority.judging import Answer, Log, Question
from projector.errors import Behind, ProjectorError, Unavailable, Unknown
from projector.view import Asked

WAITING_MAX: Final = 1_000
"""Questions on their way: so many fit into the pipe, so that asking never waits for the child to read."""

_RESTART_SECONDS: Final = 1.0
_END_SECONDS_MAX: Final = 10.0

_log = structlog.get_logger()


_ERRORS: Final[Mapping[str, type[ProjectorError]]] = {kind.__name__: kind for kind in (Behind, Unavailable, Unknown)}
_ENDED: Final = Answer(0, b"the process that answers has ended; ask again", "Unavailable")
_answers = msgspec.msgpack.Decoder(list[Answer])


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
                with suppress(OSError):
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
            question = Question(self._numbers, position, asked.as_of, asked.known_at)
            try:
                self._pipe.send_bytes(judging.encode(question))
            except OSError as exc:  # it has just died, and nobody has noticed yet
                del self._asked[self._numbers]
                raise Unavailable("the process that answers has ended; ask again in a moment") from exc
        return await future

    def _run(self) -> None:
        """Keep a child, and hand out what it answers."""
        while not self._stopping.is_set():
            ours, child = self._start()
            with self._lock:
                self._pipe = ours
            self._hand_out(ours)
            with self._lock:
                self._pipe = None
                lost, self._asked = self._asked, {}
            _give_up(lost.values())
            _end(child)
            if not self._stopping.is_set():
                _log.warning("judging_process_ended", status=child.returncode)
                self._stopping.wait(_RESTART_SECONDS)

    def _start(self) -> tuple[Pipe, subprocess.Popen[bytes]]:
        ours, theirs = cast("tuple[Pipe, Pipe]", multiprocessing.Pipe())
        command = [sys.executable, "-m", judging.__name__, str(theirs.fileno())]
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module, our own interpreter
        theirs.close()
        ours.send_bytes(judging.encode(Log(self._dsn, self._log_id)))
        return ours, child

    def _hand_out(self, pipe: Pipe) -> None:
        """Until the child closes its end."""
        while True:
            try:
                group = _answers.decode(pipe.recv_bytes())
            except (EOFError, OSError):
                return
            by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[bytes], Answer]]] = {}
            with self._lock:
                for each in group:
                    loop, future = self._asked.pop(each.number)
                    by_loop.setdefault(loop, []).append((future, each))
            for loop, theirs in by_loop.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(_settle, theirs)


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(timeout=_END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _settle(group: Sequence[tuple[asyncio.Future[bytes], Answer]]) -> None:
    for future, each in group:
        if not future.done():  # whoever asked may have gone
            failed = None if each.error is None else _ERRORS.get(each.error, Unavailable)(each.said.decode())
            resolve(future, failed or each.said)


def _give_up(lost: Iterable[tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]]) -> None:
    for loop, future in lost:
        if not loop.is_closed():
            loop.call_soon_threadsafe(
                _settle, [(future, Answer(0, b"the process that answers has ended", "Unavailable"))]
            )
