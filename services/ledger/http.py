"""The ledger's HTTP face (contract §4). No rules here: parse, call, answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from litestar.plugins.problem_details import ProblemDetailsException
from litestar.response import Stream
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from contracts.event import Event
from contracts.faults import Fault
from edge.app import Drain, Drained, Errors, unavailable
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import Page
from edge.problems import problem
from edge.tokens import Token, Tokens, require, requires
from ledger.acts import Appended
from ledger.admission import BODY_BYTES_MAX, binary_event
from ledger.errors import (
    BadRequest,
    Conflict,
    Corrupt,
    KeyTaken,
    LedgerError,
    NameTaken,
    QueueFull,
    Refused,
    Rejected,
    Unavailable,
    Unknown,
)
from ledger.lines import answered, post_lines
from ledger.main import Ledger, is_heeded
from ledger.reading import ConsistencyProof, InclusionProof, LogKeys, StoredAct
from ledger.subscribing import Subscription

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_LINES: Final = "application/x-ndjson"
_EVENTS: Final = "text/event-stream"
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

Tag = Annotated[str | None, QueryParameter(description="only acts with this tag, e.g. project:P-2026-017")]
ActType = Annotated[str | None, QueryParameter(name="type", description="only acts of this type")]


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


@post(
    "/v1/events",
    guards=[requires("events:write")],
    operation_class=_PostEvents,
    request_max_body_size=None,  # of lines there may be any number; the others: `_whole`
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
    body = await _whole(request)
    # A batch takes tens of milliseconds to read: not on the loop that everyone waits for.
    many = len(body) > 64 * 1024
    events = await asyncio.to_thread(admit, body, request.user) if many else admit(body, request.user)
    try:
        appended = await asyncio.wrap_future(ledger.post(events))
    except Refused as exc:
        if admit == ledger.admission.batch:
            raise
        raise _alone(exc) from exc
    heeded = list(filter(is_heeded, events))
    if heeded:
        await asyncio.to_thread(ledger.heed, heeded)
    return appended


@get("/v1/events/{position:int}", guards=[requires("read", "verify")], sync_to_thread=True, tags=["ledger"])
def get_event(request: Request[Token, None, State], position: Annotated[int, PathParameter()]) -> StoredAct:
    """Read one act with its receipt."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.act(position, with_salt=request.user.may("verify"))


@get("/v1/events", guards=[requires("read", "verify")], sync_to_thread=True, tags=["ledger"])
def list_events(
    request: Request[Token, None, State],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    tag: Tag = None,
    act: ActType = None,
) -> Page[StoredAct]:
    """List acts in the order of their positions."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.acts(after, limit, tag=tag, act=act, with_salt=request.user.may("verify"))


@get("/v1/events/stream", guards=[requires("read", "verify")], media_type=_EVENTS, tags=["ledger"])
async def stream_events(
    request: Request[Token, None, State],
    after: Annotated[int, QueryParameter(ge=0, description="begin after this position; 0 is the whole log")] = 0,
    last_event_id: Annotated[
        int | None, HeaderParameter(name="Last-Event-ID", ge=0, description="the same, sent by who was cut off")
    ] = None,
    tag: Tag = None,
    act: ActType = None,
) -> Stream:
    """
    Send acts as they are recorded (server-sent events), after those that are: each once, in order, without an end.

    An event's `id` is the act's position, its `data` what `/v1/events/{position}` answers. A comment comes every 15
    seconds.
    """
    ledger: Ledger = request.app.state.ledger
    tokens: Tokens = request.app.state.tokens
    drain: Drain = request.app.state.drain
    bearer = request.headers["Authorization"].partition(" ")[2].strip()

    async def allowed() -> bool:
        return await asyncio.to_thread(tokens.find, bearer) is not None

    subscription = Subscription(
        ledger.feed,
        after if last_event_id is None else last_event_id,
        tag=tag,
        act=act,
        with_salt=request.user.may("verify"),
        allowed=allowed,
    )

    async def events() -> AsyncIterator[bytes]:
        with drain.calls(subscription.end):
            async for chunk in subscription.read():
                yield chunk

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return Stream(events(), media_type=_EVENTS, headers=headers)


@get("/v1/proofs/inclusion", guards=[requires("read", "verify")], sync_to_thread=True, tags=["proofs"])
def prove_inclusion(
    request: Request[Token, None, State],
    position: Annotated[int, QueryParameter(ge=1)],
    size: Annotated[
        int | None, QueryParameter(ge=1, description="the tree to prove it in; without it the newest")
    ] = None,
    payload: Annotated[bool, QueryParameter(description="add the act's bytes and salt; needs `verify`")] = False,
) -> InclusionProof:
    """Prove that an act is in the log: a file that `quanze verify` takes."""
    if payload:
        require(request.user, "verify")
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.inclusion(position, size, with_payload=payload)


@get("/v1/proofs/consistency", guards=[requires("read", "verify")], sync_to_thread=True, tags=["proofs"])
def prove_consistency(
    request: Request[Token, None, State],
    first: Annotated[int, QueryParameter(name="from", ge=0)],
    second: Annotated[int | None, QueryParameter(name="to", ge=0, description="without it the newest")] = None,
) -> ConsistencyProof:
    """Prove that the log of one size is the beginning of the log of another."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.consistency(first, second)


@get("/v1/log", exclude_from_auth=True, sync_to_thread=True, tags=["proofs"])
def get_log(request: Request[Any, None, State]) -> LogKeys:
    """Say which log this is, and which keys it ever signed with."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.log()


@get("/checkpoint", exclude_from_auth=True, sync_to_thread=True, media_type="text/plain", tags=["proofs"])
def get_checkpoint(request: Request[Any, None, State]) -> Response[str]:
    """Return the newest signed tree head (c2sp.org/tlog-tiles)."""
    ledger: Ledger = request.app.state.ledger
    return Response(ledger.checkpoints.newest().note, headers={"Cache-Control": "no-cache"}, media_type="text/plain")


@get("/tile/{path:path}", exclude_from_auth=True, sync_to_thread=True, tags=["proofs"])
def get_tile(request: Request[Any, None, State], path: Annotated[str, PathParameter()]) -> Response[bytes]:
    """Return a tile of hashes (c2sp.org/tlog-tiles): 256 of them, or `.p/W` for the first W."""
    ledger: Ledger = request.app.state.ledger
    return Response(
        ledger.reading.tile(path),
        media_type="application/octet-stream",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (
    post_events,
    get_event,
    list_events,
    stream_events,
    prove_inclusion,
    prove_consistency,
    get_log,
    get_checkpoint,
    get_tile,
)


def _content_type(request: Request[Token, None, State]) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _reader(ledger: Ledger, request: Request[Token, None, State]) -> Callable[[bytes, Token], list[Event]]:
    """Return what reads the body: by its content type, or by `ce-*` headers in the binary mode."""
    content_type = _content_type(request)
    if content_type == _STRUCTURED:
        return ledger.admission.one
    if content_type == _BATCH:
        return ledger.admission.batch
    if "ce-specversion" in request.headers:
        headers = list(request.headers.items())

        def binary(body: bytes, token: Token) -> list[Event]:
            return ledger.admission.one(binary_event(headers, body), token)

        return binary
    raise ClientException(
        f"send {_STRUCTURED}, {_BATCH}, {_LINES}, or an event with `ce-*` headers;"
        f" `{content_type or 'nothing'}` says none of these",
        status_code=415,
    )


async def _whole(request: Request[Token, None, State]) -> bytes:
    """Read the body of a request that is taken whole. Raises `RequestEntityTooLarge` before it is read to its end."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise RequestEntityTooLarge
    return bytes(body)


async def _post_lines(request: Request[Token, None, State]) -> Stream:
    ledger: Ledger = request.app.state.ledger
    drain: Drain = request.app.state.drain

    def told(exc: Exception) -> dict[str, Any]:
        if not isinstance(exc, LedgerError):
            found = problem(500, "internal", "The ledger failed", "the database refused this act")
        else:
            found = ledger_problem(_alone(exc) if isinstance(exc, Refused) else exc)
        return found.to_response(request).content

    try:
        async with drain.ends():
            answer = await post_lines(ledger, request.user, request.stream(), told)
    except Drained as exc:
        raise Unavailable("the ledger is shutting down; what it recorded is not recorded twice: post it again") from exc
    # As a header, since of media types the route's own would win.
    return Stream(answered(answer), headers={"content-type": _LINES}, status_code=200)


def _alone(exc: Refused) -> Refused:
    """Return what refuses one act that was no batch: its pointers begin with no index."""
    return Refused([Fault("", each.code, each.message) for each in exc.faults], exc.positions)


def ledger_problem(exc: LedgerError) -> ProblemDetailsException:
    """Map the ledger's errors to problems: the one place where they meet HTTP."""
    match exc:
        case BadRequest():
            code = {400: "bad-request", 403: "forbidden", 413: "too-large"}.get(exc.status, "bad-event")
            title = "The request was refused; nothing was stored"
            detail = exc.faults[0].message if len(exc.faults) == 1 else f"{len(exc.faults)} faults: see `errors`"
            return problem(exc.status, code, title, detail, faults=exc.faults)
        case KeyTaken():
            return problem(
                409,
                "key-taken",
                "Another act has this source and id",
                str(exc),
                source=exc.source,
                id=exc.id,
                position=exc.position,
                stored_hmac=exc.stored,
                posted_hmac=exc.posted,
            )
        case NameTaken():
            return problem(409, "name-taken", "The name means something else already", str(exc))
        case Refused():
            title = "The unit's own policy refuses this act; the refusal is recorded"
            return problem(422, "refused", title, str(exc), faults=exc.faults, refusals=exc.positions)
        case Rejected():
            return problem(422, "rejected", "The request breaks a rule", str(exc), faults=exc.faults)
        case Conflict():
            headers = {"Retry-After": "1"}
            return problem(409, "conflict", "Somebody wrote first; try again", str(exc), headers=headers)
        case Unknown():
            return problem(404, "not-found", "There is no such thing in this log", str(exc))
        case QueueFull():
            return problem(429, "queue-full", "Too much waits", str(exc), headers={"Retry-After": "1"})
        case Unavailable():
            return problem(503, "unavailable", "The ledger cannot write", str(exc), headers={"Retry-After": "1"})
        case Corrupt():
            return problem(500, "corrupt", "Stored bytes contradict what was signed", str(exc), position=exc.position)
        case _:
            return problem(500, "internal", "The ledger failed", str(exc))


ERRORS: Final[Errors] = {LedgerError: ledger_problem, OperationalError: unavailable, PoolTimeout: unavailable}
