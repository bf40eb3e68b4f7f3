"""
The projector's HTTP face (contract §4). No rules here: parse, ask, answer.

Every question takes `as_of`, `known_at` and `min_position`; every answer says which moments and which position of the
log it stands for. `HANDLERS` is the list of routes; a question added elsewhere is added there.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast
from urllib.parse import quote, unquote

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter
from litestar.plugins.problem_details import ProblemDetailsException
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from edge.app import Errors, unavailable
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.problems import problem
from edge.tokens import requires
from projector.authority.http import HANDLERS as AUTHORITY_HANDLERS
from projector.authority.preflight_http import HANDLERS as PREFLIGHT_HANDLERS
from projector.bundle import make_bundle, positions_of
from projector.conflicts import Conflicts, Level, Sought, conflicts
from projector.duties import Duties, person_duties, project_duties
from projector.errors import BadQuestion, Behind, Corrupt, ProjectorError, Unavailable, Unknown
from projector.findings.http import HANDLERS as FINDING_HANDLERS
from projector.findings.touch import kept_from, kept_of, with_findings
from projector.projects import Projects, ProjectState, get_project, list_projects
from projector.question import OF_ALL, QUESTION, Asking, Question
from projector.registry_http import HANDLERS as REGISTRY_HANDLERS
from projector.replay import History, history
from projector.view import Asked

if TYPE_CHECKING:
    from projector.main import Projector  # which holds the application made of these handlers

_BUNDLE_TYPE: Final = "text/plain"
_FOR_VERIFIERS: Final[dict[str, Any]] = {**OF_ALL, "guards": [requires("verify")]}
ProjectId = Annotated[
    str,
    PathParameter(
        description="a project, percent-encoded; `project:` may be left out",
        examples=[Example(value="project:P-2026-017"), Example(value="P-2026-017")],
    ),
]
PersonId = Annotated[
    str,
    PathParameter(
        description="a person, or an account for whoever it belongs to, percent-encoded; `person:` may be left out",
        examples=[Example(value="person:P06"), Example(value="account:oa/zhang")],
    ),
]


@get("/v1/projects", **QUESTION, summary="Projects", tags=["projects"])
def get_projects(
    request: Asking,
    asked: Question,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    unit: Annotated[str | None, QueryParameter(description="only projects of this unit, e.g. unit:U001")] = None,
    q: Annotated[str | None, QueryParameter(description="only projects with this in their title")] = None,
) -> Projects:
    """List projects."""
    projector: Projector = request.app.state.projector
    with projector.view(asked) as view:
        return list_projects(view, _reference(unit, "unit") if unit else None, q, limit, after)


@get("/v1/projects/{project:str}", **QUESTION, summary="One project: its stage and its amounts", tags=["projects"])
def get_one_project(request: Asking, asked: Question, project: ProjectId) -> ProjectState:
    """Read one project: its stage, and what was budgeted, awarded, contracted, accepted and paid."""
    projector: Projector = request.app.state.projector
    with projector.view(asked) as view:
        return get_project(view, _named(request, project, "project"))


@get("/v1/projects/{project:str}/history", **QUESTION, summary="The replay of a project", tags=["projects"])
def get_history(
    request: Asking, asked: Question, project: ProjectId, limit: Limit = LIMIT_DEFAULT, after: After = None
) -> History:
    """Replay a project: every act in order, with the state after each."""
    projector: Projector = request.app.state.projector
    name = _named(request, project, "project")
    found = kept_from(projector.judge.judge_now([name], asked).found) if asked != Asked() else None
    with projector.view(asked) as view:
        page = history(view, name, limit, after)
        return with_findings(page, kept_of(view, name) if found is None else found)


@get(
    "/v1/projects/{project:str}/bundle",
    **_FOR_VERIFIERS,
    summary="The offline evidence bundle of a project",
    media_type=_BUNDLE_TYPE,
    tags=["projects"],
)
def get_bundle(
    request: Asking,
    asked: Question,
    project: ProjectId,
    held: Annotated[
        int | None,
        QueryParameter(name="from", ge=0, description="the size of a checkpoint you have: prove that it is continued"),
    ] = None,
) -> Response[bytes]:
    """
    Return every act of a project and what they rest on, with proofs: a file that `quanze verify` takes, offline.

    It holds all that was recorded, so it takes no `as_of` and no `known_at`.
    """
    projector: Projector = request.app.state.projector
    name = _named(request, project, "project")
    with projector.view(asked) as view:
        positions = positions_of(view, name)
    file = b"".join(make_bundle(name, positions, held, projector.prover))
    return Response(file, media_type=_BUNDLE_TYPE, headers={"Content-Disposition": _attachment(name)})


@get("/v1/projects/{project:str}/duties", **QUESTION, summary="Who had which duty on a project", tags=["duties"])
def get_project_duties(
    request: Asking, asked: Question, project: ProjectId, limit: Limit = LIMIT_DEFAULT, after: After = None
) -> Duties:
    """List who exercised which duty on a project, who holds which, and in whose name one was exercised."""
    projector: Projector = request.app.state.projector
    with projector.view(asked) as view:
        return project_duties(view, _named(request, project, "project"), limit, after)


@get("/v1/persons/{person:str}/duties", **QUESTION, summary="Which duties a person had", tags=["duties"])
def get_person_duties(
    request: Asking, asked: Question, person: PersonId, limit: Limit = LIMIT_DEFAULT, after: After = None
) -> Duties:
    """List the duties a person exercised, holds, or had exercised in their name, under all accounts together."""
    projector: Projector = request.app.state.projector
    with projector.view(asked) as view:
        return person_duties(view, _named(request, person, "person", "account", "system"), limit, after)


@get("/v1/conflicts", **QUESTION, summary="Incompatible duties in one hand", tags=["duties"])
def get_conflicts(
    request: Asking,
    asked: Question,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    project: Annotated[str | None, QueryParameter(description="only on this project")] = None,
    person: Annotated[
        str | None, QueryParameter(description="only of this person, or of whose account this is")
    ] = None,
    level: Annotated[Level | None, QueryParameter(description="only exercised, only held, or only vested")] = None,
    rule: Annotated[str | None, QueryParameter(description="only of this pair, e.g. SOD-03")] = None,
    actors: Annotated[
        Literal["persons", "all"],
        QueryParameter(description="`all`: systems and unknown actors too, as their own classes"),
    ] = "persons",
) -> Conflicts:
    """List incompatible duties in the hands of one person on one project."""
    projector: Projector = request.app.state.projector
    sought = Sought(
        project=_reference(project, "project") if project else None,
        person=_reference(person, "person", "account", "system") if person else None,
        rule=rule,
        level=level,
        machines=actors == "all",
    )
    found = None
    if sought.project is not None:
        found = projector.judge.conflicts_now(sought.project, asked, machines=sought.machines)
    with projector.view(asked) as view:
        return conflicts(view, sought, limit, after, found)


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (
    get_projects,
    get_one_project,
    get_history,
    get_bundle,
    get_project_duties,
    get_person_duties,
    get_conflicts,
    *AUTHORITY_HANDLERS,
    *REGISTRY_HANDLERS,
    *PREFLIGHT_HANDLERS,
    *FINDING_HANDLERS,
)


def _named(request: Asking, value: str, *kinds: str) -> str:
    """
    Return the reference a path names (`/v1/<what>/<reference>…`), of the first kind where it says none.

    It is read from the path as sent: a reference may hold a `/`, sent as %2F, and a `%` of its own.
    """
    path = cast("dict[str, Any]", request.scope).get("raw_path", b"")
    _, _, rest = bytes(path).partition(b"?")[0].partition(b"/v1/")
    segments = rest.split(b"/")
    return _reference(unquote(segments[1].decode("ascii", "replace")) if len(segments) > 1 else value, *kinds)


def _reference(text: str, *kinds: str) -> str:
    return text if text.startswith(tuple(f"{kind}:" for kind in kinds)) else f"{kinds[0]}:{text}"


def _attachment(project: str) -> str:
    """Name the file after the project (RFC 6266); a reference may hold any letters."""
    return f"attachment; filename*=UTF-8''{quote(project.removeprefix('project:'), safe='')}.bundle"


def projector_problem(exc: ProjectorError) -> ProblemDetailsException:
    """Map the projector's errors to problems: the one place where they meet HTTP."""
    match exc:
        case BadQuestion():
            return problem(400, "bad-request", "The question cannot be understood", str(exc), faults=exc.faults)
        case Unknown():
            return problem(404, "not-found", "There is no such thing in this log", str(exc))
        case Behind():
            return problem(503, "behind", "The read model is not there yet", str(exc), headers={"Retry-After": "1"})
        case Unavailable():
            return problem(503, "unavailable", "Ask again in a moment", str(exc), headers={"Retry-After": "1"})
        case Corrupt():
            return problem(500, "corrupt", "What is stored contradicts what was signed", str(exc))
        case _:
            return problem(500, "internal", "The projector failed", str(exc))


ERRORS: Final[Errors] = {ProjectorError: projector_problem, OperationalError: unavailable, PoolTimeout: unavailable}
