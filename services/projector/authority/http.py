"""Who authorised an act, and the register of grants, over HTTP. No judgement here: parse, ask, answer."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.params import PathParameter, QueryParameter

from edge.paging import LIMIT_DEFAULT, After, Limit, read_cursor, write_cursor
from projector.authority.answer import AuthorityAnswer, ProjectAuthority, answers
from projector.authority.grants import GrantAnswer, Grants, Status, list_grants, show_grant
from projector.authority.load import load
from projector.authority.tolerance import late_grants
from projector.errors import Unknown
from projector.question import QUESTION, Asking, Question
from projector.replay import require_project

if TYPE_CHECKING:
    from projector.main import Projector

_QUESTION: Final[dict[str, Any]] = {**QUESTION, "tags": ["authority"]}


@get(
    "/v1/acts/{position:int}/authority",
    **_QUESTION,
    summary="Who authorised this act, and under what delegation",
)
def act_authority(
    request: Asking,
    asked: Question,
    position: Annotated[int, PathParameter(description="where the act stands in the log")],
) -> AuthorityAnswer:
    """
    Follow the grants from whoever acted up to a root, and check every one of them at the moment of the act.

    The same question at two knowledge times may have two answers: what was recorded after `known_at` is left out.
    """
    with _projector(request).view(asked) as view:
        loaded = load(view, [position])
        if not loaded.acts:
            raise Unknown(f"no act at position {position} of this log has been read")
        return answers(loaded, late_grants(), view.stand)[0]


@get("/v1/projects/{project:str}/authority", **_QUESTION, summary="Who authorised each act of a project")
def project_authority(
    request: Asking,
    asked: Question,
    project: Annotated[str, PathParameter(description="`project:P-1`, or without its kind `P-1`")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> ProjectAuthority:
    """Answer for every act of a project that needs authority, in the order of their positions."""
    name = "project:" + project.replace("%2F", "/").removeprefix("project:")
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        require_project(view, name)
        wanted = {
            "project": name,
            "types": [act.type for act in view.catalogue.acts.values() if act.needs_grant],
            "after": place[0] if place is not None else 0,
            "limit": limit + 1,
        }
        positions = [row[0] for row in view.select("project_acts_needing_grants", wanted)]
        judged = answers(load(view, positions[:limit]), late_grants(), view.stand)
        return ProjectAuthority(
            project=name,
            known_at=view.stand.known_at,
            position=view.stand.position,
            items=[each for each in judged if each.verdict != "NOT_REQUIRED"],
            next=write_cursor(positions[limit - 1]) if len(positions) > limit else None,
        )


@get("/v1/grants", **_QUESTION, summary="The register of grants")
def grants(
    request: Asking,
    asked: Question,
    unit: Annotated[str | None, QueryParameter(description="of this unit, or naming it in their scope")] = None,
    grantee: Annotated[str | None, QueryParameter(description="to this person, account, post or body")] = None,
    status: Annotated[Status | None, QueryParameter(description="live or ended at `as_of`")] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Grants:
    """List roots and delegations in the order in which they were recorded."""
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        return list_grants(
            view, unit=unit, grantee=grantee, status=status, after=place[0] if place is not None else 0, limit=limit
        )


@get(
    "/v1/grants/{grant:path}",
    **_QUESTION,
    summary="One grant: what it rests on, what rests on it, acts under it",
)
def grant(
    request: Asking,
    asked: Question,
    grant: Annotated[str, PathParameter(description="`grant:G1`, or without its kind `G1`; it may hold a `/`")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> GrantAnswer:
    """Show a grant as of a moment. `limit` and `after` page through the acts that rely on it."""
    name = "grant:" + grant.replace("%2F", "/").removeprefix("/").removeprefix("grant:")
    place = read_cursor(after, int)
    with _projector(request).view(asked) as view:
        return show_grant(view, name, after=place[0] if place is not None else 0, limit=limit)


HANDLERS: Final = (act_authority, project_authority, grants, grant)


def _projector(request: Asking) -> "Projector":
    return request.app.state.projector
