"""
What every question over HTTP has in common: its two moments, and waiting for the read model to be where it wants it.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import Parameter

from contracts.faults import Fault
from edge.tokens import Token, requires
from projector.errors import BadQuestion, Behind
from projector.view import Asked, parse_asked

if TYPE_CHECKING:
    from projector.main import Projector  # which holds the application made of these handlers

Asking = Request[Token, None, State]

Question = NamedDependency[Asked]

_WAIT_SECONDS_MAX: Final = 10.0
_LOOK_EVERY_SECONDS: Final = 0.01


MinPosition = Annotated[
    int | None,
    Parameter(ge=0, description="wait up to 10 s until the read model has reached this position of the log"),
]


async def provide_asked(
    request: Asking,
    as_of: Annotated[
        str | None,
        Parameter(
            description="what had happened by then, RFC 3339 or a date; without it everything recorded",
            examples=[Example(value="2026-03-02T09:30:00+08:00"), Example(value="2026-03-02")],
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        Parameter(
            description="as the ledger knew it then, RFC 3339 or a date; without it all that is known",
            examples=[Example(value="2026-03-31")],
        ),
    ] = None,
    min_position: MinPosition = None,
) -> Asked:
    """Read the moments of a question and wait for what it wants to see. Waiting holds no thread."""
    asked = parse_asked(as_of, known_at)
    await _reach(min_position, request)
    return asked


async def provide_all(request: Asking, min_position: MinPosition = None) -> Asked:
    """Wait as for any question. What is asked for is all that was recorded: moments are refused."""
    if given := [name for name in ("as_of", "known_at") if name in request.query_params]:
        raise BadQuestion([Fault(f"/{name}", "not_allowed", "this holds all that was recorded") for name in given])
    await _reach(min_position, request)
    return Asked()


async def _reach(min_position: int | None, request: Asking) -> None:
    projector: Projector = request.app.state.projector
    deadline = time.monotonic() + _WAIT_SECONDS_MAX
    while min_position is not None and projector.follower.state.position < min_position:
        if time.monotonic() > deadline:
            raise Behind(f"the read model is at {projector.follower.state.position}, not yet at {min_position}")
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


QUESTION: Final[dict[str, Any]] = {
    "guards": [requires("read")],
    "dependencies": {"asked": Provide(provide_asked)},
    "sync_to_thread": True,
}
"""What every question has in common: `@get(path, **QUESTION)` and a parameter `asked: Question`."""
OF_ALL: Final[dict[str, Any]] = {**QUESTION, "dependencies": {"asked": Provide(provide_all)}}
"""The same for what has no moment: all that was recorded."""
