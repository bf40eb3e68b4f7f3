"""
Answers questions about single acts in a process of its own.

Judging keeps a core busy, and Python runs one thread at a time: in the process that serves, answers would wait for each
other's HTTP, and the ledger's commits for both. The child holds a connection and the facts it has read, nothing else;
when it dies it is started again, and ends by itself when its parent does.

The event loop that asks reads and writes the child's socket itself: a thread in between would have to wait, for each
answer, until the loop lets it run.
"""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, cast

import msgspec
import structlog

from projector.authority import judging
from projector.authority.answering import Answering, resolve
from projector.authority.frames import Frames, frame
from projector.authority.judging import Answer, Log, Question
from projector.errors import Behind, ProjectorError, Unavailable, Unknown
from projector.view import Asked

WAITING_MAX: Final = 1_000
"""Questions on their way; more are told to come again."""

_RESTART_SECONDS: Final = 1.0
_END_SECONDS_MAX: Final = 10.0

_log = structlog.get_logger()

_ERRORS: Final[Mapping[str, type[ProjectorError]]] = {kind.__name__: kind for kind in (Behind, Unavailable, Unknown)}
_answers: Final = msgspec.msgpack.Decoder(list[Answer])


class InProcess(Answering):
    """
    Answers in a child process. Raises what its child's answers say, and `Unavailable` while there is no child.

    One event loop asks: the first one that does, as long as it runs.
    """

    def __init__(self, dsn: str, log_id: int) -> None:
        self._log = Log(dsn, log_id)
        self._lock = threading.Lock()
        self._ours: socket.socket | None = None  # our end, while there is a child behind it
        self._child: subprocess.Popen[bytes] | None = None
        self._link: _Link | None = None
        self._linking = asyncio.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            if self._ours is not None:
                _say_no_more(self._ours)
        if self._thread.ident is not None:
            self._thread.join(_END_SECONDS_MAX)
            if self._child is not None:
                self._child.kill()  # nothing if it has ended
            self._thread.join()

    async def ask(self, position: int, asked: Asked) -> bytes:
        if self._stopping.is_set():
            raise Unavailable("the process that answers is ending")
        link = self._link
        if link is None or link.is_lost:
            link = await self._linked()
        return await link.ask(position, asked)

    async def _linked(self) -> "_Link":
        """Have this loop read and write our end of the newest child's socket."""
        async with self._linking:
            if self._link is None or self._link.is_lost:
                with self._lock:
                    if self._ours is None:
                        raise Unavailable("the process that answers is starting; ask again in a moment")
                    own = self._ours.dup()  # the loop closes what it is given
                self._link = (await asyncio.get_running_loop().create_unix_connection(_Link, sock=own))[1]
            return self._link

    def _run(self) -> None:
        """Keep a child."""
        while not self._stopping.is_set():
            ours, child = self._start()
            with self._lock:
                self._ours, self._child = ours, child
            if self._stopping.is_set():  # `stop` may have come before there was anything to end
                _say_no_more(ours)
            child.wait()
            with self._lock:
                self._ours = None
            ours.close()
            if not self._stopping.is_set():
                _log.warning("judging_process_ended", status=child.returncode)
                self._stopping.wait(_RESTART_SECONDS)

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", judging.__name__, str(theirs.fileno())]
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module, our own interpreter
        theirs.close()
        with suppress(OSError):  # it has died already: that will be noticed
            ours.sendall(frame(judging.encode(self._log)))
        return ours, child


class _Link(asyncio.Protocol):
    """The loop's side of a child. What is asked in one turn of the loop goes out together."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._numbers = 0
        self._leaving: list[Question] = []
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        for message in self._frames.feed(data):
            for each in _answers.decode(message):
                if (future := self._asked.get(each.number)) is not None:
                    _settle(future, each)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        lost, self._asked = self._asked, {}
        _give_up(lost.values())

    async def ask(self, position: int, asked: Asked) -> bytes:
        if self.is_lost:
            raise Unavailable("the process that answers has ended; ask again in a moment")
        if len(self._asked) >= WAITING_MAX:
            raise Unavailable(f"{WAITING_MAX} questions wait already")
        self._numbers += 1
        number = self._numbers
        future = self._asked[number] = self._loop.create_future()
        if not self._leaving:
            self._loop.call_soon(self._send)
        self._leaving.append(Question(number, position, asked.as_of, asked.known_at))
        try:
            return await future
        finally:
            self._asked.pop(number, None)  # whoever asked may have gone before there was an answer

    def _send(self) -> None:
        leaving, self._leaving = self._leaving, []
        self._transport.write(frame(judging.encode(leaving)))


def _say_no_more(ours: socket.socket) -> None:
    """The child answers what came before, and ends."""
    with suppress(OSError):
        ours.shutdown(socket.SHUT_WR)


def _settle(future: "asyncio.Future[bytes]", each: Answer) -> None:
    if not future.done():  # whoever asked may have gone
        failed = None if each.error is None else _ERRORS.get(each.error, Unavailable)(each.said.decode())
        resolve(future, failed or each.said)


def _give_up(lost: "Iterable[asyncio.Future[bytes]]") -> None:
    for future in lost:
        _settle(future, Answer(0, b"the process that answers has ended; ask again in a moment", "Unavailable"))
