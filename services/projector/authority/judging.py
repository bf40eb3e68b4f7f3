"""
The process that judges: `python -m projector.authority.judging FD`. What it has to do comes through a pipe.

The first message says which log; then come questions. It ends when it is told to, or when its parent is gone.
"""

import gc
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from typing import Final

import msgspec
from msgspec import Struct

from edge.database import Pool, open_pool
from projector.authority.answering import GROUP_MAX, Found, Views, answer, settled
from projector.errors import ProjectorError
from projector.fact_cache import FactCache
from projector.packs import Catalogues
from projector.view import Asked, View, open_view


class Log(Struct, frozen=True):
    """Which log is asked about. It comes through the pipe, since arguments can be seen by everybody on the machine."""

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
_questions: Final = msgspec.msgpack.Decoder(Question)


def serve(pipe: Pipe) -> None:
    """Answer until the parent says to end, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which lets what waits be answered
    gc.set_threshold(50_000, 20, 100)  # what is kept is large and has no circles: looking through it finds nothing
    log = msgspec.msgpack.decode(pipe.recv_bytes(), type=Log)
    pool = open_pool(log.dsn, "quanze_projector", size_max=1, name="quanze answering", checked=False)
    views, inbox = _views(pool, log.log_id), _Inbox(pipe)
    try:
        while group := inbox.next_group():
            for as_of, known_at in {(each.as_of, each.known_at) for each in group}:
                theirs = [each for each in group if (each.as_of, each.known_at) == (as_of, known_at)]
                _answer(pipe, views, Asked(as_of, known_at), theirs)
    except (EOFError, OSError):
        pass  # the parent is gone
    finally:
        pool.close()


def _answer(pipe: Pipe, views: Views, asked: Asked, group: Sequence[Question]) -> None:
    """Send answers as they are judged: the parent hands out the first ones while the others are worked on."""
    waiting = {each.number: each for each in group}
    for found in answer(views, asked, {each.position for each in group}):
        said = [_said(each, found) for each in group if each.position in found]
        pipe.send_bytes(encode(said))
        for each in said:
            del waiting[each.number]
    if waiting:
        pipe.send_bytes(encode([_said(each, {}) for each in waiting.values()]))


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

    def next_group(self) -> list[Question]:
        """Return what waits, at least one question; an empty list when there is to be an end."""
        group: list[Question] = []
        while not self._over and (not group or (len(group) < GROUP_MAX and self._pipe.poll())):
            message = self._pipe.recv_bytes()
            if message:
                group.append(_questions.decode(message))
            else:
                self._over = True
        return group


def _said(question: Question, found: Found) -> Answer:
    said = settled(question.position, found)
    if isinstance(said, ProjectorError):
        return Answer(question.number, str(said).encode(), type(said).__name__)
    return Answer(question.number, said)


if __name__ == "__main__":
    serve(Pipe(int(sys.argv[1])))
