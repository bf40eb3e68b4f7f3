"""Preflight over HTTP: the body is what would be posted to the ledger, and is refused for the same faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import post
from litestar.di import Provide
from litestar.exceptions import ClientException
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody
from litestar.params import QueryParameter, RawBody
from litestar.plugins.problem_details import ProblemDetailsException
from msgspec import Raw

from contracts.catalogue import Catalogue
from contracts.document import BadEvent
from contracts.event import Event, read_event
from contracts.faults import FAULTS_MAX, Fault
from edge.problems import problem
from projector.foresee import Foreseen, Foreseens, foresee
from projector.question import QUESTION, Asking, Question, provide_asked
from projector.view import Asked

if TYPE_CHECKING:
    from projector.main import Projector

BATCH_ACTS_MAX: Final = 1_000
BODY_BYTES_MAX: Final = 8 * 1024 * 1024

_STRUCTURED: Final = ("application/cloudevents+json", "application/json")
_BATCH: Final = "application/cloudevents-batch+json"
_MALFORMED: Final = frozenset(("malformed_json", "invalid_utf8", "nul", "duplicate_key", "too_deep"))
_decode_batch: Final = msgspec.json.Decoder(list[Raw]).decode
_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "oa-2026-000018",
    "source": "urn:example:oa",
    "type": "contract.sign",
    "subject": "project:P-2026-017",
    "time": "2026-03-02T09:30:00+08:00",
    "actor": "person:P06",
    "unit": "unit:U001",
    "authority": "grant:G1",
    "data": {"contract": "C-18", "supplier": "supplier:V1", "amount": "128000.00"},
}


@dataclass
class _Preflight(Operation):
    """Declares the body by hand: it is read as bytes, as the ledger reads it."""

    def __post_init__(self) -> None:
        one = OpenAPIMediaType(examples={"contract": Example(value=_EXAMPLE)})
        many = OpenAPIMediaType(examples={"contract": Example(value=[_EXAMPLE])})
        self.request_body = RequestBody(
            description="A CloudEvent as it would be posted, or up to 1,000 of them, each judged after those before.",
            content={_STRUCTURED[0]: one, _BATCH: many, _STRUCTURED[1]: OpenAPIMediaType()},
            required=True,
        )


async def provide_now(
    request: Asking,
    min_position: Annotated[
        int | None,
        QueryParameter(ge=0, description="wait up to 10 s until the read model has reached this position of the log"),
    ] = None,
) -> Asked:
    """Ask as of now: what has not happened is judged by what is known."""
    return await provide_asked(request, min_position=min_position)


_QUESTION: Final[dict[str, Any]] = {**QUESTION, "dependencies": {"asked": Provide(provide_now)}}


@post(
    "/v1/preflight",
    **_QUESTION,
    status_code=200,
    operation_class=_Preflight,
    request_max_body_size=BODY_BYTES_MAX,
    summary="Who would authorise an act that has not happened",
    tags=["authority"],
)
def preflight(request: Asking, asked: Question, body: RawBody) -> Foreseen | Foreseens:
    """
    Judge an act as if it were recorded now, and store nothing.

    `findings` are what it would raise, `refused` names the failures and rules for which the ledger would refuse it. A
    batch is judged together: what one act draws on a ceiling, the next one finds drawn.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in (*_STRUCTURED, _BATCH):
        said = content_type or "nothing"
        raise ClientException(f"send {_STRUCTURED[0]} or {_BATCH}; `{said}` is neither", status_code=415)
    projector: Projector = request.app.state.projector
    with projector.view(asked) as view:
        catalogue = view.catalogue
    if content_type == _BATCH:
        return Foreseens(items=foresee(projector, _read_batch(body, catalogue)))
    return foresee(projector, _read([body.strip(b" \t\r\n")], catalogue, in_batch=False))[0]


def _read_batch(body: bytes, catalogue: Catalogue) -> list[Event]:
    try:
        items = _decode_batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _refused([Fault("", "malformed_json", f"must be a JSON array of CloudEvents: {exc}")]) from exc
    if not items:
        raise _refused([Fault("", "empty", "a batch holds at least one act")])
    if len(items) > BATCH_ACTS_MAX:
        raise _refused([Fault("", "too_many", f"{len(items)} acts in a batch; at most {BATCH_ACTS_MAX}")])
    return _read([bytes(item) for item in items], catalogue, in_batch=True)


def _read(items: Sequence[bytes], catalogue: Catalogue, *, in_batch: bool) -> list[Event]:
    """Read acts, or name every fault of all of them."""
    events: list[Event] = []
    faults: list[Fault] = []
    for index, item in enumerate(items):
        try:
            events.append(read_event(item, catalogue))
        except BadEvent as exc:
            at = f"/{index}" if in_batch else ""
            faults += [Fault(at + each.pointer, each.code, each.message) for each in exc.faults]
        if len(faults) >= FAULTS_MAX:
            break
    if faults:
        raise _refused(faults[:FAULTS_MAX])
    return events


def _refused(faults: Sequence[Fault]) -> ProblemDetailsException:
    """Return the problem that posting these acts would be answered with."""
    codes = {fault.code for fault in faults}
    status = 413 if codes & {"too_large", "too_many"} else 400 if codes & _MALFORMED else 422
    code = {400: "bad-request", 413: "too-large"}.get(status, "bad-event")
    detail = faults[0].message if len(faults) == 1 else f"{len(faults)} faults: see `errors`"
    return problem(status, code, "The request was refused; nothing was stored", detail, faults=faults)


HANDLERS: Final = (preflight,)
