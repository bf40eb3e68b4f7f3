"""The ledger's HTTP face (contract §4). No rules here: parse, call, answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody
from litestar.params import PathParameter, QueryParameter
from litestar.plugins.problem_details import ProblemDetailsException
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from contracts.event import Event
from contracts.faults import Fault
from edge.app import Errors, unavailable
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import Page
from edge.problems import problem
from edge.tokens import Token, require, requires
from ledger.acts import Appended
from ledger.admission import BODY_BYTES_MAX, binary_event
from ledger.application import needs_decision
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
from ledger.main import Ledger
from ledger.reading import ConsistencyProof, InclusionProof, LogKeys, StoredAct

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
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


@dataclass
class _PostEvents(Operation):
    """Declares the body by hand: it is read as bytes, since the bytes are what is stored."""

    def __post_init__(self) -> None:
        one = OpenAPIMediaType(examples={"contract": Example(value=_EXAMPLE)})
        many = OpenAPIMediaType(examples={"contract": Example(value=[_EXAMPLE])})
        self.request_body = RequestBody(
            description="A CloudEvent in JSON, a batch of up to 1,000, or the binary mode (`ce-*` headers).",
            content={_STRUCTURED: one, _BATCH: many, "application/json": OpenAPIMediaType()},
            required=True,
        )


@post(
    "/v1/events",
    guards=[requires("events:write")],
    operation_class=_PostEvents,
    request_max_body_size=BODY_BYTES_MAX,
    tags=["ledger"],
)
async def post_events(request: Request[Token, None, State]) -> Appended:
    """
    Record an act, or a batch of them, all or nothing. The same act again gives its first receipt.

    Where the act's unit enforces rules (`setup.policy`, key `enforce`), an act that fails one is answered 422: each
    failure in `errors`, and in `refusals` the positions of the `act.refuse` acts that keep it on record. A receipt with
    the flag `gate_unanswered` says that the verdict did not come in time.
    """
    ledger: Ledger = request.app.state.ledger
    admit = _reader(ledger, request)
    body = await request.body()
    # A batch takes tens of milliseconds to read: not on the loop that everyone waits for.
    many = len(body) > 64 * 1024
    events = await asyncio.to_thread(admit, body, request.user) if many else admit(body, request.user)
    try:
        appended = await _record(ledger, events)
    except Refused as exc:
        if admit == ledger.admission.batch:
            raise
        raise Refused([Fault("", each.code, each.message) for each in exc.faults], exc.positions) from exc
    acts = {event.act.type for event in events}
    if "catalogue.extend" in acts:
        await asyncio.to_thread(ledger.admission.refresh)
    if "setup.policy" in acts and ledger.gatekeeper is not None:
        await asyncio.to_thread(ledger.gatekeeper.look)
    if "data.erase" in acts:
        await asyncio.to_thread(ledger.erase)
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
    tag: Annotated[str | None, QueryParameter(description="only acts with this tag, e.g. project:P-2026-017")] = None,
    act: Annotated[str | None, QueryParameter(name="type", description="only acts of this type")] = None,
) -> Page[StoredAct]:
    """List acts in the order of their positions."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.acts(after, limit, tag=tag, act=act, with_salt=request.user.may("verify"))


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
    prove_inclusion,
    prove_consistency,
    get_log,
    get_checkpoint,
    get_tile,
)


def _reader(ledger: Ledger, request: Request[Token, None, State]) -> Callable[[bytes, Token], list[Event]]:
    """Return what reads the body: by its content type, or by `ce-*` headers in the binary mode."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
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
        f"send {_STRUCTURED}, {_BATCH}, or an event with `ce-*` headers; `{content_type or 'nothing'}` says neither",
        status_code=415,
    )


async def _record(ledger: Ledger, events: list[Event]) -> Appended:
    if ledger.gatekeeper is not None and ledger.gatekeeper.concerns(events):
        return await asyncio.wrap_future(ledger.gatekeeper.record(events))
    if any(map(needs_decision, events)):
        return await asyncio.to_thread(ledger.application.record, events)
    return await asyncio.wrap_future(ledger.submit(events))


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
