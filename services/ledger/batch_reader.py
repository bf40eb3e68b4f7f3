"""
Batches read in a process of their own: to read acts takes longer than to record them, and Python does one at a time.

`python -m ledger.batch_reader FD` is that process; what it has to read comes through a socket, one batch after the
other. It reads what is plain. Whatever is not, a fault or an act that something has to be asked about first, it leaves
to whoever asked, who would read it anyway: nothing is refused here, and nothing depends on this process being there.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from edge.tokens import Token
from ledger.acts import Draft
from ledger.admission import Admission
from ledger.errors import BadRequest

_LENGTH_BYTES: Final = 4
_ANSWER_SECONDS_MAX: Final = 30.0
"""A batch takes a hundredth of that. Whoever takes longer is taken for dead."""

_RESTART_SECONDS: Final = 5.0
"""A process that ends as soon as it is there shall not be what everybody waits for."""

_log = structlog.get_logger()


class _Batch(Struct, frozen=True, array_like=True):
    """What is sent: a batch, whose token posts it, and the catalogue packs that the process has not seen yet."""

    body: bytes
    token: Token
    packs: list[tuple[int, bytes | None]]


_encode: Final = msgspec.msgpack.Encoder().encode
_batch: Final = msgspec.msgpack.Decoder(_Batch).decode
_drafts: Final = msgspec.msgpack.Decoder(list[Draft] | None).decode


class BatchReader:
    """The side of the ledger. The process is started when it is first wanted, and again when it has ended."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._child: subprocess.Popen[bytes] | None = None
        self._stream: socket.socket | None = None
        self._sent_packs = 0
        self._is_up = False
        self._not_before = 0.0
        self._reading = threading.Lock()

    def read(self, body: bytes, token: Token) -> list[Draft] | None:
        """Return the acts of a batch, where they are plain and the process is there; None: read it yourself. Blocks."""
        if (os.cpu_count() or 1) < 2:
            return None
        with self._reading:
            try:
                stream = self._ready()
                if stream is None:
                    return None
                packs = self._admission.packs
                _send(stream, _encode(_Batch(body, token, list(packs[self._sent_packs :]))))
                self._sent_packs = len(packs)
                return _drafts(_receive(stream))
            except (OSError, EOFError, msgspec.MsgspecError) as exc:
                _log.warning("batch_reader_lost", error=repr(exc))
                self._end()
                self._not_before = time.monotonic() + _RESTART_SECONDS
                return None

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._reading:
            self._end()

    def _ready(self) -> socket.socket | None:
        """Return the way to the process; None while there is none, or it is starting."""
        if self._stream is None or self._child is None:
            if time.monotonic() < self._not_before:
                return None
            self._stream, theirs = socket.socketpair()
            self._stream.settimeout(_ANSWER_SECONDS_MAX)
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            with theirs:
                self._child = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module, our own interpreter
            self._sent_packs, self._is_up = 0, False
        if not self._is_up and select.select([self._stream], [], [], 0)[0]:
            _receive(self._stream)
            self._is_up = True
        return self._stream if self._is_up else None

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._child is not None:
            self._child.kill()  # it has nothing of its own to lose
            self._child.wait()
        self._stream = self._child = None


def serve(stream: socket.socket) -> None:
    """Read batches until the other side is gone."""
    from ledger.main import is_plain  # the whole write side: only this process needs it for this

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    packs: list[tuple[int, bytes | None]] = []
    admission = Admission(lambda after: [each for each in packs if each[0] > after])
    with suppress(EOFError, OSError):
        _send(stream, b"")
        while True:
            batch = _batch(_receive(stream))
            if batch.packs:
                packs += batch.packs
                admission.refresh()
            try:
                events = admission.batch(batch.body, batch.token)
            except BadRequest:
                events = []
            plain = bool(events) and all(map(is_plain, events))
            _send(stream, _encode(list(map(Draft.of, events)) if plain else None))


def _send(stream: socket.socket, message: bytes) -> None:
    stream.sendall(len(message).to_bytes(_LENGTH_BYTES, "big") + message)


def _receive(stream: socket.socket) -> bytearray:
    """Return the next message. Raises `EOFError` where there will be none."""
    return _exactly(stream, int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big"))


def _exactly(stream: socket.socket, size: int) -> bytearray:
    message = bytearray(size)
    view, got = memoryview(message), 0
    while got < size:
        count = stream.recv_into(view[got:])
        if not count:
            raise EOFError
        got += count
    return message


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
