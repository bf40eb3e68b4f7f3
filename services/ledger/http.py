"""The ledger's HTTP face (contract §4). No rules here: parse, call, answer."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from contracts.evidence import Evidence
from edge.app import Drain
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import Page
from edge.tokens import Token, Tokens, bearer_of, require, requires
from ledger.errors import Unknown
from ledger.evidence import POSITIONS_MAX
from ledger.main import Ledger
from ledger.posting import post_events
from ledger.reading import ConsistencyProof, InclusionProof, LogKeys, Rotations, SignedHead, StoredAct
from ledger.subscribing import Subscription

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_LINES: Final = "application/x-ndjson"
_EVENTS: Final = "text/event-stream"
_TEXT: Final = "text/plain"
_BYTES: Final = "application/octet-stream"
Tag = Annotated[str | None, QueryParameter(description="only acts with this tag, e.g. project:P-2026-017")]
ActType = Annotated[str | None, QueryParameter(name="type", description="only acts of this type")]


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


@get("/v1/events/stream", guards=[requires("read", "verify")], media_type=_EVENTS, endless=True, tags=["ledger"])
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
    seconds. The format has no carriage return: where an act has some between its tokens, line feeds stand in their
    place, and the bytes that its commitment was made of are those of `/v1/events/{position}`.
    """
    ledger: Ledger = request.app.state.ledger
    tokens: Tokens = request.app.state.tokens
    drain: Drain = request.app.state.drain
    bearer = bearer_of(request.headers["Authorization"])

    async def allowed() -> bool:
        return await tokens.ask(bearer) is not None

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


@get("/v1/proofs/tlog", guards=[requires("read", "verify")], media_type=_TEXT, sync_to_thread=True, tags=["proofs"])
def prove_tlog(
    request: Request[Token, None, State],
    position: Annotated[int, QueryParameter(ge=1)],
    size: Annotated[
        int | None, QueryParameter(ge=1, description="the tree to prove it in; without it the newest")
    ] = None,
) -> str:
    """Prove that an act is in the log, as a `.tlog-proof` (c2sp.org/tlog-proof@v1) with its leaf as extra data."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.tlog_proof(position, size)


@get("/v1/proofs/consistency", guards=[requires("read", "verify")], sync_to_thread=True, tags=["proofs"])
def prove_consistency(
    request: Request[Token, None, State],
    first: Annotated[int, QueryParameter(name="from", ge=0)],
    second: Annotated[int | None, QueryParameter(name="to", ge=0, description="without it the newest")] = None,
) -> ConsistencyProof:
    """Prove that the log of one size is the beginning of the log of another."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.consistency(first, second)


class Proved(Struct, frozen=True, forbid_unknown_fields=True):
    """Which acts are to be proved, by position; `held` is the size of a checkpoint that whoever asks has."""

    positions: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(max_length=POSITIONS_MAX)]
    held: Annotated[int, Meta(ge=0)] | None = None


@post("/v1/proofs/evidence", guards=[requires("verify")], status_code=200, sync_to_thread=True, tags=["proofs"])
def prove_evidence(request: Request[Token, None, State], data: JSONBody[Proved]) -> Evidence:
    """Prove several acts against one checkpoint, with all that an evidence bundle takes besides: `quanze bundle`."""
    ledger: Ledger = request.app.state.ledger
    return ledger.evidences.of(data.positions, data.held)


@get("/v1/checkpoints", guards=[requires("read", "verify")], sync_to_thread=True, tags=["proofs"])
def list_checkpoints(
    request: Request[Token, None, State], limit: Limit = LIMIT_DEFAULT, after: After = None
) -> Page[SignedHead]:
    """List every tree head ever signed, in the order of their sizes: what an auditor holds the log to."""
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.checkpoints(after, limit)


@get("/v1/log", exclude_from_auth=True, sync_to_thread=True, tags=["proofs"])
def get_log(request: Request[Any, None, State]) -> LogKeys:
    """Say which log this is, which keys it ever signed with, and who witnesses it."""
    ledger: Ledger = request.app.state.ledger
    return ledger.log()


@get("/v1/log/rotations", guards=[requires("read", "verify")], sync_to_thread=True, tags=["proofs"])
def list_rotations(request: Request[Any, None, State]) -> Rotations:
    """
    Prove how the log changed its keys, in order: with these whoever trusts its first key can trust its newest.

    Each is the proof of an act `log.rotate_key`, under a checkpoint that the key it retires has signed. A file that
    `quanze verify --rotations` takes.
    """
    ledger: Ledger = request.app.state.ledger
    return ledger.reading.rotations()


@get("/checkpoint", exclude_from_auth=True, sync_to_thread=True, media_type=_TEXT, tags=["proofs"])
def get_checkpoint(request: Request[Any, None, State]) -> Response[str]:
    """Return the newest signed tree head (c2sp.org/tlog-tiles), with what witnesses said of it until now."""
    ledger: Ledger = request.app.state.ledger
    note = ledger.cosignatures.with_cosignatures(ledger.checkpoints.newest())
    return Response(note, headers={"Cache-Control": "no-cache"}, media_type=_TEXT)


@get("/tile/{path:path}", exclude_from_auth=True, media_type=_BYTES, sync_to_thread=True, tags=["proofs"])
def get_tile(request: Request[Any, None, State], path: Annotated[str, PathParameter()]) -> Response[bytes]:
    """Return a tile of hashes (c2sp.org/tlog-tiles): 256 of them, or `.p/W` for the first W."""
    _require_as_sent(request, f"/tile{path}")
    ledger: Ledger = request.app.state.ledger
    return Response(
        ledger.reading.tile(path),
        media_type=_BYTES,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@get(
    "/tile/entries/{path:path}",
    guards=[requires("read", "verify")],
    media_type=_BYTES,
    sync_to_thread=True,
    tags=["proofs"],
)
def get_entries(request: Request[Token, None, State], path: Annotated[str, PathParameter()]) -> Response[bytes]:
    """Return the leaves under a tile (c2sp.org/tlog-tiles): what a leaf says of who and when is not for everybody."""
    _require_as_sent(request, f"/tile/entries{path}")
    ledger: Ledger = request.app.state.ledger
    return Response(
        ledger.reading.tile(f"entries/{path.removeprefix('/')}", leaves=True),
        media_type=_BYTES,
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )


def _require_as_sent(request: Request[Any, Any, Any], path: str) -> None:
    """Raise `Unknown` for what the router took for this path, such as one with `//` or `%30`: a tile has one path."""
    if request.scope["raw_path"].partition(b"?")[0] != path.encode():
        raise Unknown(f"`{path}` was sent in another form")


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (
    post_events,
    get_event,
    list_events,
    stream_events,
    prove_inclusion,
    prove_tlog,
    prove_consistency,
    prove_evidence,
    list_checkpoints,
    get_log,
    list_rotations,
    get_checkpoint,
    get_tile,
    get_entries,
)
