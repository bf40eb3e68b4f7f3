"""Who authorised an act, and the register of grants, over HTTP. No judgement here: parse, ask, answer."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import MediaType, Response, get
from litestar.params import PathParameter, QueryParameter

from contracts.faults import Fault
from contracts.moments import BadMoment, starts
from edge.app import with_slashes
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import read_cursor, write_cursor
from projector.authority.answer import AuthorityAnswer, ProjectAuthority, answers
from projector.authority.answering import unknown
from projector.authority.grants import Grants, Status, Wanted, list_grants
from projector.authority.load import load
from projector.authority.one_grant import GrantAnswer, show_grant
from projector.authority.proving import correctors_of, proved, rests_on
from projector.authority.revocation import Revocation, show_revocation
from projector.authority.unit_grants import UnitGrants, WantedInTree, unit_grants
from projector.errors import BadQuestion
from projector.parts import read_place
from projector.question import QUESTION, Asking, Question
from projector.references import reference
from projector.replay import require_project
from projector.view import Asked

if TYPE_CHECKING:
    from projector.main import Projector

_QUESTION: Final[dict[str, Any]] = {**QUESTION, "tags": ["authority"]}
_POSITION_MAX: Final = 2**63 - 1
"""The last position that a log can have: PostgreSQL and the process that judges can say no higher number."""

_AWAITED: Final = {name: value for name, value in _QUESTION.items() if name != "sync_to_thread"}


@get(
    "/v1/acts/{position:int}/authority",
    **_AWAITED,
    summary="Who authorised this act, and under what delegation",
)
async def act_authority(
    request: Asking,
    asked: Question,
    position: Annotated[int, PathParameter(description="where the act stands in the log")],
    proof: Annotated[
        bool, QueryParameter(description="add proofs of the act and every link; with `verify` also what they say")
    ] = False,
) -> Response[AuthorityAnswer]:
    """
    Follow the grants from whoever acted up to a root, and check every one of them at the moment of the act.

    The same question at two knowledge times may have two answers: what was recorded after `known_at` is left out.
    """
    if position > _POSITION_MAX:
        raise unknown(position)
    if proof:
        return Response(await asyncio.to_thread(_proved, request, asked, position))
    said: Any = await _projector(request).answering.ask(position, asked)
    return Response(said, media_type=MediaType.JSON)  # the JSON of an AuthorityAnswer, as it came from whoever judged


@get("/v1/projects/{project:str}/authority", **_QUESTION, summary="Who authorised each act of a project")
def project_authority(
    request: Asking,
    asked: Question,
    project: Annotated[str, PathParameter(description="`project:P-1`, or without its kind `P-1`")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> ProjectAuthority:
    """Answer for every act of a project that needs authority, in the order of their positions."""
    name = "project:" + with_slashes(project).removeprefix("project:")
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        require_project(view, name)
        wanted = {
            "project": name,
            "types": [act.type for act in view.catalogue.acts.values() if act.needs_grant],
            "after": place[0] if place is not None else 0,
            "limit": limit + 1,
        }
        positions = [row[0] for row in view.select("project_acts_to_judge", wanted)]
        judged = answers(load(view, positions[:limit]), view.stand)
        return ProjectAuthority(
            project=name,
            known_at=view.stand.known_at,
            position=view.stand.position,
            items=[each for each in judged if each.verdict != "NOT_REQUIRED"],
            next=write_cursor(positions[limit - 1]) if len(positions) > limit else None,
        )


GrantName = Annotated[str, PathParameter(description="`grant:G1`, or without its kind `G1`; a `/` in it as %2F")]
Dormant = Annotated[bool, QueryParameter(description="only live ones that nobody used for `aut.dormant` months")]
Perpetual = Annotated[bool, QueryParameter(description="only general ones without an end that are not over")]


@get("/v1/grants", **_QUESTION, summary="The register of grants")
def grants(
    request: Asking,
    asked: Question,
    unit: Annotated[str | None, QueryParameter(description="of this unit, or naming it in their scope")] = None,
    grantee: Annotated[str | None, QueryParameter(description="to this person, account, post or body")] = None,
    status: Annotated[Status | None, QueryParameter(description="live or ended at `as_of`")] = None,
    dormant: Dormant = False,
    perpetual: Perpetual = False,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Grants:
    """List roots and delegations in the order in which they were recorded."""
    place = read_cursor(after, int)
    wanted = Wanted(unit=unit, grantee=grantee, status=status, dormant=dormant, perpetual=perpetual)
    with _projector(request).view(asked) as view:
        return list_grants(view, wanted, after=place[0] if place is not None else 0, limit=limit)


@get("/v1/units/{unit:str}/grants", **_QUESTION, summary="The grants of a unit, as a tree")
def grants_of_unit(
    request: Asking,
    asked: Question,
    unit: Annotated[str, PathParameter(description="`unit:U001`, or without its kind `U001`")],
    dormant: Dormant = False,
    perpetual: Perpetual = False,
    live: Annotated[bool, QueryParameter(description="only those live with all they rest on")] = False,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> UnitGrants:
    """
    List what was vested or made in a unit, names it or was given to its posts, and all that rests on that, depth first.

    Each comes with what was drawn on it and when it was last used.
    """
    place = read_cursor(after, str)
    wanted = WantedInTree(dormant=dormant, perpetual=perpetual, live=live)
    with _projector(request).view(asked) as view:
        return unit_grants(
            view, reference(unit, "unit"), wanted, after=place[0] if place is not None else "", limit=limit
        )


@get("/v1/grants/{grant:str}", **_QUESTION, summary="One grant: its chain, what it left, acts under it, what is wrong")
def grant(
    request: Asking, asked: Question, grant: GrantName, limit: Limit = LIMIT_DEFAULT, after: After = None
) -> GrantAnswer:
    """Show a grant as of a moment. `limit` and `after` page through the acts under it."""
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        return show_grant(view, reference(grant, "grant"), after=place[0] if place is not None else 0, limit=limit)


@get("/v1/grants/{first:str}/{rest:path}", **_QUESTION, include_in_schema=False)
def grant_with_slash(
    request: Asking,
    asked: Question,
    first: Annotated[str, PathParameter()],
    rest: Annotated[str, PathParameter()],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> GrantAnswer:
    """The same for a name with a `/` that was sent as it is."""
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        return show_grant(
            view, reference(first + rest, "grant"), after=place[0] if place is not None else 0, limit=limit
        )


@get("/v1/grants/{grant:str}/revocation", **_QUESTION, summary="What revoking a grant would cut off")
def revocation(
    request: Asking,
    asked: Question,
    grant: GrantName,
    effective_at: Annotated[
        str | None, QueryParameter(description="from when on, RFC 3339 or a date; without it, at `as_of`")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Revocation:
    """Say what would end, who would be left without, and which recorded acts rest on it. Nothing is stored."""
    at = _moment("effective_at", effective_at)
    with _projector(request).view(asked) as view:
        return show_revocation(view, reference(grant, "grant"), at, read_place(after), limit)


HANDLERS: Final = (
    act_authority,
    project_authority,
    grants,
    grants_of_unit,
    grant,
    grant_with_slash,
    revocation,
)


def _moment(name: str, text: str | None) -> datetime | None:
    """Read a moment of the query: a date is the beginning of that day. Raises `BadQuestion`."""
    try:
        return starts(text.replace(" ", "+")) if text is not None else None
    except BadMoment as exc:
        raise BadQuestion([Fault(f"/{name}", "bad_time", str(exc))]) from exc


def _projector(request: Asking) -> "Projector":
    return request.app.state.projector


def _proved(request: Asking, asked: Asked, position: int) -> AuthorityAnswer:
    with _projector(request).view(asked) as view:
        loaded = load(view, [position])
        if not loaded.acts:
            raise unknown(position)
        answer = answers(loaded, view.stand)[0]
        rests = rests_on(answer, loaded.facts_of[position], correctors_of(view, [position]))
    return proved(answer, rests, _projector(request).prover, with_payload=request.user.may("verify"))
