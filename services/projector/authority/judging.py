"""
The process that judges: `python -m projector.authority.judging FD`. What it has to do comes through a socket.

The first message says which log; then come questions. It ends when there will be no more, or when its parent is gone.
"""

import gc
import signal
import socket
import sys
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count, islice
from typing import Final

import msgspec
from msgspec import Struct

from edge.database import Pool, open_pool
from projector.authority.answering import GROUP_MAX, Said, Views, answer, unknown
from projector.authority.frames import Frames, frame
from projector.errors import ProjectorError
from projector.fact_cache import FactCache
from projector.packs import Catalogues
from projector.view import Asked, View, open_view


class Log(Struct, frozen=True):
    """Which log is asked about. It comes through the socket: arguments can be seen by everybody on the machine."""

    dsn: str
    log_id: int


class Question(Struct, frozen=True, array_like=True):
    number: int
    position: int
    as_of: datetime | None
    known_at: datetime | None


class Answer(Struct, frozen=True, array_like=True):
    """`error` is the kind of `ProjectorError` that `said` then tells of."""

    number: int
    said: bytes
    error: str | None = None


encode: Final = msgspec.msgpack.Encoder().encode
_questions: Final = msgspec.msgpack.Decoder(list[Question])

_RECEIVED_BYTES_MAX: Final = 65_536

_AT_ONCE: Final = 4
"""Answers sent together: fewer cost more messages, more keep those who wait idle."""

_GROUPS_BETWEEN_FREEZES: Final = 500
"""What is kept is millions of objects without a circle. To look through them for one would take seconds."""

_SETTINGS: Final = {"plan_cache_mode": "force_generic_plan"}
"""Every statement here goes by one index, whatever it is asked: to plan it each time took longer than to run it."""


def serve(stream: socket.socket) -> None:
    """
    Answer until the parent says that there is no more, or ends.

    One thread does it. With a second one to judge while the first waits for the database, groups were half as large and
    both waited for the interpreter: a third fewer answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets what waits be answered
    gc.set_threshold(50_000, 20, 100)
    inbox = _Inbox(stream)
    log = inbox.log()
    if log is None:
        return
    with open_pool(
        log.dsn, "quanze_projector", size_max=1, name="quanze answering", checked=False, settings=_SETTINGS
    ) as pool:
        views = _views(pool, log.log_id)
        with suppress(OSError):  # the parent is gone
            for number in count(1):
                group = inbox.next_group()
                if not group:
                    break
                for as_of, known_at in {(each.as_of, each.known_at) for each in group}:
                    theirs = [each for each in group if (each.as_of, each.known_at) == (as_of, known_at)]
                    _answer(stream, views, Asked(as_of, known_at), theirs)
                if number % _GROUPS_BETWEEN_FREEZES == 0:
                    gc.collect(1)
                    gc.freeze()


def _answer(stream: socket.socket, views: Views, asked: Asked, group: Sequence[Question]) -> None:
    """Send answers a few at a time: the parent hands out the first ones while the others are judged."""
    waiting: dict[int, list[Question]] = {}
    for each in group:
        waiting.setdefault(each.position, []).append(each)
    found = answer(views, asked, tuple(waiting))
    while part := [(waiting.pop(position), said) for position, said in islice(found, _AT_ONCE)]:
        _send(stream, part)
    if waiting:
        _send(stream, [(questions, unknown(position)) for position, questions in waiting.items()])


def _send(stream: socket.socket, part: Iterable[tuple[Sequence[Question], Said]]) -> None:
    stream.sendall(frame(encode([_answered(each, said) for questions, said in part for each in questions])))


def _answered(question: Question, said: Said) -> Answer:
    if isinstance(said, ProjectorError):
        return Answer(question.number, str(said).encode(), type(said).__name__)
    return Answer(question.number, said)


def _views(pool: Pool, log_id: int) -> Views:
    """Return what a projector opens views by, and no more of it."""
    catalogues, cache = Catalogues(log_id), FactCache()

    @contextmanager
    def opened(asked: Asked) -> Generator[View]:
        with pool.connection() as connection, open_view(connection, log_id, catalogues, cache, asked) as view:
            yield view

    return Views(opened, cache)


class _Inbox:
    """What comes: first which log, then questions."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._frames = Frames()
        self._messages: deque[bytes] = deque()
        self._waiting: deque[Question] = deque()

    def log(self) -> Log | None:
        """Return which log is asked about; None where the parent has gone before it said so."""
        message = self._next_message()
        return msgspec.msgpack.decode(message, type=Log) if message is not None else None

    def next_group(self) -> list[Question]:
        """Return what waits, at least one question; an empty list when there will be no more."""
        while len(self._waiting) < GROUP_MAX and (self._messages or not self._waiting):
            message = self._next_message()
            if message is None:
                break
            self._waiting += _questions.decode(message)
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MAX))]

    def _next_message(self) -> bytes | None:
        while not self._messages:
            data = self._stream.recv(_RECEIVED_BYTES_MAX)
            if not data:
                return None
            self._messages += self._frames.feed(data)
        return self._messages.popleft()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
