"""HTTP/1.1 as uvicorn speaks it, with a limit to the head of a request and problems where uvicorn says plain text."""

import asyncio
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from edge.problems import problem

HEAD_BYTES_MAX: Final = 64 * 1024
HEAD_SECONDS_MAX: Final = 30.0
_LINGER_SECONDS: Final = 2.0
"""So long a refused client may go on sending: a socket that is closed on unread bytes may take the answer with it."""


class Protocol(HttpToolsProtocol):
    """
    Refuses a head that is too long (431) before it is read to its end, and closes on one that does not come.

    What is counted are the bytes since the last head or the last piece of a body, so the trailers of a body in chunks
    have the same limit. A head that begins behind another request's end is counted from the next 64 KiB on.
    """

    _bytes = 0
    _moved = False
    """Whether the bytes just parsed completed a head or held some of a body."""
    _begun = False
    """Whether a head has begun and is not complete."""
    _refused = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - uvicorn's own
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        begin = 0
        while begin < len(data) and not (self._refused or self.transport.is_closing()):
            end = begin + HEAD_BYTES_MAX - self._bytes
            piece = data if end - begin >= len(data) else data[begin:end]
            begin, self._moved = end, False
            super().data_received(piece)
            self._bytes = 0 if self._moved else self._bytes + len(piece)
            if self._bytes >= HEAD_BYTES_MAX:
                self._refuse(431, "head-too-large", f"the head of a request holds at most {HEAD_BYTES_MAX} bytes")
        # Empty lines between requests begin nothing, but they end uvicorn's own wait for the next request.
        if self._head_timer is None and (self._begun or self.cycle.response_complete):
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._begun, self._moved = False, True
        self._stop_waiting()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._moved = True

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "bad-request", "this is no HTTP/1.1, or not as RFC 9112 has it")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer what cannot be read any further, and close. Answers under way are not broken into: they are ended."""
        if self._refused:
            return
        self._refused = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison] - it is None before the first head
            if self._begun or self.pipeline or cycle.response_started:
                cycle.keep_alive = False
                if not self._begun:  # the rest of its body will not come
                    self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(_answer(status, code, detail))
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS_MAX, self._end_wait)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_wait(self) -> None:
        if self.flow.read_paused:  # it may have been sent: an answer before it is not done
            self._wait_for_head()
        else:
            self.transport.close()


def _answer(status: int, code: str, detail: str) -> bytes:
    said = problem(status, code, code.replace("-", " ").capitalize(), detail)
    members: dict[str, Any] = {"status": status, "type": said.type_, "title": said.title, "detail": detail}
    body = msgspec.json.encode({**members, "errors": []})
    head = b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + body
