"""
Acts that come in over HTTP: `POST /v1/events` in its four forms (contract §4).

Two ways lead to the same end. What nearly everybody sends, JSON by its own media type, takes `_Lane`, past what the
framework does for a request and an answer of any kind; that costs as much as admission and commit together.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.middleware import ASGIMiddleware
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody
from litestar.response import Stream
from litestar.types import ASGIApp, Receive, Scope, Send

from contracts.event import Event
from contracts.faults import Fault
from edge.app import Drain, Drained
from edge.problems import problem
from edge.tokens import REMEMBERED_SECONDS, Token, Tokens, require, requires
from ledger.acts import Appended
from ledger.admission import BODY_BYTES_MAX, binary_event
from ledger.errors import BadRequest, LedgerError, Rejected, Unavailable
from ledger.lines import answered, post_lines
from ledger.main import Ledger, is_heeded
from ledger.problems import act_problem

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_LINES: Final = "application/x-ndjson"
_HEADERS_HEEDED: Final = frozenset((b"authorization", b"content-type", b"content-encoding", b"content-length"))
_MANY_BYTES: Final = 64 * 1024
_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "oa-2026-000017",
    "source": "urn:example:oa",
    "type": "contract.sign",
    "subject": "project:P-2026-017",
    "time": "2026-03-02T09:30:00+08:00",
    "actor": "person:P06",
    "unit": "unit:U001",
    "authority": "grant:G1",
    "data": {"contract": "C-17", "supplier": "supplier:V1", "amount": "128000.00"},
}

_encode: Final = msgspec.json.Encoder().encode

Admit = Callable[[bytes, Token], list[Event]]


@dataclass
class _PostEvents(Operation):
    """Declares by hand the body, which is read as bytes since the bytes are what is stored, and the answer to lines."""

    def __post_init__(self) -> None:
        one = OpenAPIMediaType(examples={"contract": Example(value=_EXAMPLE)})
        many = OpenAPIMediaType(examples={"contract": Example(value=[_EXAMPLE])})
        self.request_body = RequestBody(
            description="A CloudEvent in JSON, a batch of up to 1,000, any number of them one a line, or the binary"
            " mode (`ce-*` headers).",
            content={_STRUCTURED: one, _BATCH: many, _LINES: one, "application/json": OpenAPIMediaType()},
            required=True,
        )
        told = OpenAPIResponse(
            description="One line for each line that is not blank: a receipt or a problem, with its number as `line`.",
            content={_LINES: OpenAPIMediaType()},
        )
        self.responses = {**(self.responses or {}), "200": told}


class _Lane(ASGIMiddleware):
    """Takes a post in JSON from its first byte to its answer. Errors become problems as everywhere."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        said = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS_HEEDED}
        kind = _kind(said.get(b"content-type", ""))
        _require_plain(said.get(b"content-encoding", ""))
        if kind not in (_STRUCTURED, _BATCH) or scope["query_string"]:
            await next_app(scope, receive, send)
            return
        token: Token = scope["user"]
        require(token, "events:write")
        if said.get(b"content-length", "").isdecimal() and int(said[b"content-length"]) > BODY_BYTES_MAX:
            raise _too_large()
        state = scope["litestar_app"].state
        ledger: Ledger = state.ledger
        admit = ledger.admission.one if kind == _STRUCTURED else ledger.admission.batch
        body = await _whole(_chunks(receive), state, said[b"authorization"])
        answer = _encode(await _record(ledger, token, admit, body))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": False})


@post(
    "/v1/events",
    guards=[requires("events:write")],
    operation_class=_PostEvents,
    request_max_body_size=None,  # of lines there may be any number; the others: `_whole`
    middleware=[_Lane()],
    tags=["ledger"],
)
async def post_events(request: Request[Token, None, State]) -> Appended | Stream:
    """
    Record an act, or a batch of them, all or nothing. The same act again gives its first receipt.

    Of acts one a line (`application/x-ndjson`) each stands alone. They are recorded in their order and answered, with
    200, one a line after the last was read: a receipt or a problem, with the number of the `line`. Blank lines are not
    answered. Where that is not possible to the end, all is answered by one problem; what was recorded stays recorded,
    and the lines may be posted again.

    Where the act's unit enforces rules (`setup.policy`, key `enforce`), an act that fails one is answered 422: each
    failure in `errors`, and in `refusals` the positions of the `act.refuse` acts that keep it on record. A receipt with
    the flag `gate_unanswered` says that the verdict did not come in time.
    """
    if _content_type(request) == _LINES:
        return await _post_lines(request)
    ledger: Ledger = request.app.state.ledger
    admit = _reader(ledger, request)
    body = await _whole(request.stream(), request.app.state, request.headers["Authorization"])
    return await _record(ledger, request.user, admit, body)


async def _record(ledger: Ledger, token: Token, admit: Admit, body: bytes) -> Appended:
    # A batch takes tens of milliseconds to read: not on the loop that everyone waits for.
    if len(body) > _MANY_BYTES:
        if admit == ledger.admission.batch:
            appended = await ledger.answer_batch(body, token)
            if appended is not None:
                return appended
        events = await asyncio.get_running_loop().run_in_executor(ledger.batch_thread, admit, body, token)
    else:
        events = admit(body, token)
    try:
        appended = await ledger.answer(events)
    except Rejected as exc:
        if admit == ledger.admission.batch:
            raise
        raise _alone(exc) from None
    heeded = list(filter(is_heeded, events))
    if heeded:
        await asyncio.to_thread(ledger.heed, heeded)
    return appended


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _content_type(request: Request[Token, None, State]) -> str:
    return _kind(request.headers.get("content-type", ""))


def _reader(ledger: Ledger, request: Request[Token, None, State]) -> Admit:
    """Return what reads the body: by its content type, or by `ce-*` headers in the binary mode."""
    content_type = _content_type(request)
    if content_type == _STRUCTURED:
        return ledger.admission.one
    if content_type == _BATCH:
        return ledger.admission.batch
    if any(name.startswith("ce-") for name in request.headers):  # `ce-specversion` may be what is missing
        headers = list(request.headers.items())

        def binary(body: bytes, token: Token) -> list[Event]:
            return ledger.admission.one(binary_event(headers, body), token)

        return binary
    raise ClientException(
        f"send {_STRUCTURED}, {_BATCH}, {_LINES}, or an event with `ce-*` headers;"
        f" `{content_type or 'nothing'}` says none of these",
        status_code=415,
    )


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientException("the client broke off")
        yield message["body"]
        more = message["more_body"]


async def _whole(chunks: AsyncIterator[bytes], state: State, authorization: str) -> bytes:
    """
    Read the body of a request that is taken whole. Raises `BadRequest` where it is too long, before its end.

    One that is still under way when the process is told to end is not waited for: nothing of it is recorded. One that
    takes long is taken only while its token still lives.
    """
    drain: Drain = state.drain
    clock = asyncio.get_running_loop().time
    began, body = clock(), bytearray()
    try:
        async with drain.ends():
            async for chunk in chunks:
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise _too_large()
    except Drained as exc:
        raise Unavailable("the ledger is shutting down; nothing was recorded: post it again") from exc
    if clock() - began > REMEMBERED_SECONDS:
        tokens: Tokens = state.tokens
        await tokens.require_live(authorization)
    return bytes(body)


def _too_large() -> BadRequest:
    return BadRequest([Fault("", "too_large", f"more than {BODY_BYTES_MAX} bytes in one body")], 413)


def _require_plain(content_encoding: str) -> None:
    if content_encoding.strip().lower() not in ("", "identity"):
        raise ClientException(f"a body is taken as it is, not in `{content_encoding[:40]}`", status_code=415)


async def _post_lines(request: Request[Token, None, State]) -> Stream:
    ledger: Ledger = request.app.state.ledger
    drain: Drain = request.app.state.drain
    tokens: Tokens = request.app.state.tokens
    live = partial(tokens.require_live, request.headers["Authorization"])

    def told(exc: Exception) -> dict[str, Any]:
        if not isinstance(exc, LedgerError):
            found = problem(500, "internal", "The ledger failed", "the database refused this act")
        else:
            found = act_problem(_alone(exc) if isinstance(exc, Rejected) else exc)
        return found.to_response(request).content

    try:
        async with drain.ends():
            answer = await post_lines(ledger, request.user, request.stream(), told, live)
    except Drained as exc:
        raise Unavailable("the ledger is shutting down; what it recorded is not recorded twice: post it again") from exc
    # As a header, since of media types the route's own would win.
    return Stream(answered(answer), headers={"content-type": _LINES}, status_code=200)


def _alone(exc: Rejected) -> Rejected:
    """Take the index of the act, which was the only one, from the pointers of what refuses it."""
    if isinstance(exc, BadRequest):
        return exc  # found while it was read alone: no index is there
    exc.faults = [Fault(each.pointer.removeprefix("/0"), each.code, each.message) for each in exc.faults]
    return exc
