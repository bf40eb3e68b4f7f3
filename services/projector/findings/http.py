"""Findings, rules and obligations over HTTP. No rules here: parse, ask, answer."""

import asyncio
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast, get_args

from litestar import Response, get, post
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from contracts.faults import Fault
from contracts.grades import Force, Severity
from contracts.moments import BadMoment, Day, parse_day
from contracts.policy import business_date
from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import read_cursor, write_cursor
from edge.tokens import requires
from projector.errors import BadQuestion, Behind, Unknown
from projector.findings.life import Status
from projector.findings.obligations import Obligations, list_obligations
from projector.findings.report import as_html, as_workbook, report_of
from projector.findings.scan import Scan
from projector.findings.show import (
    FindingAnswer,
    Findings,
    Sought,
    list_findings,
    page_of,
    require_unit,
    show_finding,
)
from projector.judge.card import Card, Source
from projector.judge.rule import Bilingual, Confidence, Result
from projector.question import QUESTION, Asking, Question, provide_asked
from projector.references import reference
from projector.replay import require_project
from projector.view import Asked

if TYPE_CHECKING:
    from projector.main import Projector

_WAIT_SECONDS_MAX: Final = 10.0


async def provide_judged(
    request: Asking,
    as_of: Annotated[str | None, QueryParameter(description="what had happened by then; with `project` only")] = None,
    known_at: Annotated[
        str | None, QueryParameter(description="as the ledger knew it then; with `project` only")
    ] = None,
    min_position: Annotated[
        int | None,
        QueryParameter(ge=0, description="wait up to 10 s until every act up to this position of the log is judged"),
    ] = None,
) -> Asked:
    """Read the moments of a question and wait until what it wants to see is judged."""
    asked = await provide_asked(request, as_of, known_at, min_position)
    projector: Projector = request.app.state.projector
    deadline = time.monotonic() + _WAIT_SECONDS_MAX
    while min_position is not None and projector.judge.state.position < min_position:
        if time.monotonic() > deadline:
            raise Behind(f"acts are judged up to {projector.judge.state.position}, not yet to {min_position}")
        await asyncio.sleep(0.01)
    return asked


_JUDGED: Final[dict[str, Any]] = {
    **QUESTION,
    "dependencies": {"asked": Provide(provide_judged)},
    "tags": ["findings"],
}


@get("/v1/findings", **_JUDGED, summary="What the rules found")
def get_findings(
    request: Asking,
    asked: Question,
    project: Annotated[str | None, QueryParameter(description="only on this project")] = None,
    unit: Annotated[str | None, QueryParameter(description="only of this unit and its projects")] = None,
    person: Annotated[str | None, QueryParameter(description="only where this person did what is judged")] = None,
    rule: Annotated[str | None, QueryParameter(description="only of this rule (`DDL-08`) or family (`DDL`)")] = None,
    status: Annotated[
        str | None,
        QueryParameter(description="only of these, comma-separated", examples=[Example(value="open,acknowledged")]),
    ] = None,
    result: Annotated[Result | None, QueryParameter(description="FAIL, or UNDETERMINED: what is not known")] = None,
    severity: Annotated[Severity | None, QueryParameter(description="only of this severity")] = None,
    lapsed: Annotated[
        bool | None, QueryParameter(description="only those open again since a waiver or control ended")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Findings:
    """
    List findings, the newest first. A finding is a question with evidence: nobody named in it is thereby guilty.

    As of another moment only one project's: that is judged anew for the question.
    """
    projector: Projector = request.app.state.projector
    sought = Sought(
        project=reference(project, "project") if project is not None else None,
        unit=reference(unit, "unit") if unit is not None else None,
        person=reference(person, "person", "account") if person is not None else None,
        rule=rule.upper() if rule is not None else None,
        status=_statuses(status),
        result=result,
        severity=severity,
        lapsed=lapsed,
    )
    with projector.view(asked) as view:
        if sought.project is not None:
            require_project(view, sought.project)
        if sought.unit is not None:
            require_unit(view, sought.unit)
        if asked == Asked():
            return list_findings(view, sought, projector.cards(view), limit, after)
    if sought.project is None:
        fault = Fault(
            "/as_of", "needs_project", "findings of another moment are judged for one project: name `project`"
        )
        raise BadQuestion([fault])
    found = projector.judge.judge_now([sought.project], asked).found
    with projector.view(asked) as view:
        return page_of(view, found, sought, projector.cards(view), max(limit, len(found)))


@get("/v1/findings/{finding:str}", **_JUDGED, summary="One finding: its evidence, its words, its life")
def get_finding(
    request: Asking,
    asked: Question,
    finding: Annotated[str, PathParameter(description="a finding; `finding:` may be left out")],
) -> FindingAnswer:
    """Show one finding as it stands now."""
    projector: Projector = request.app.state.projector
    with projector.view(Asked()) as view:
        return show_finding(view, reference(finding, "finding"), projector.cards(view))


class RuleSaid(Struct, frozen=True, kw_only=True):
    """
    One rule in force. `source`: a rule file, a pair of incompatible duties, or a failure of authority. `confidence`:
    the citation was read (A), taken from others (B), or recalled (C): check it before printing it.
    """

    id: str
    title: Bilingual
    severity: Severity
    force: Force
    citation: str
    confidence: Confidence
    policies: list[str]
    source: Source
    on: bool
    says: Bilingual


class Refused(Struct, frozen=True, kw_only=True):
    """A rule file that was refused, and why."""

    file: str
    line: int
    error: str


class Rules(Struct, frozen=True, kw_only=True):
    """A page of the rules in force, by id, and the files of the unit's own that were refused."""

    items: list[RuleSaid]
    next: str | None
    refused: list[Refused]


@get("/v1/rules", **_JUDGED, summary="Every rule in force, pairs included")
def get_rules(request: Asking, asked: Question, limit: Limit = LIMIT_DEFAULT, after: After = None) -> Rules:
    """List the rules by which this log is judged."""
    projector: Projector = request.app.state.projector
    place = read_cursor(after, str)
    with projector.view(Asked()) as view:
        known = [card for card in projector.cards(view).values() if place is None or card.id > place[0]]
    return Rules(
        items=[_said(card) for card in known[:limit]],
        next=write_cursor(known[limit - 1].id) if len(known) > limit else None,
        refused=[Refused(file=each.file, line=each.line, error=each.message) for each in projector.library.refused],
    )


@get("/v1/rules/{rule:str}", **_JUDGED, summary="One rule")
def get_rule(
    request: Asking, asked: Question, rule: Annotated[str, PathParameter(description="e.g. DDL-08 or SOD-03")]
) -> RuleSaid:
    """Show one rule."""
    projector: Projector = request.app.state.projector
    with projector.view(Asked()) as view:
        card = projector.cards(view).get(rule)
    if card is None:
        raise Unknown(f"no rule is called {rule}")
    return _said(card)


@get("/v1/units/{unit:str}/obligations", **_JUDGED, summary="What is due and overdue in a unit")
def get_obligations(
    request: Asking,
    asked: Question,
    unit: Annotated[str, PathParameter(description="a unit; `unit:` may be left out")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Obligations:
    """List what is to be done by when, on a unit's projects and by itself, the most urgent first."""
    projector: Projector = request.app.state.projector
    named = reference(unit, "unit")
    with projector.view(Asked()) as view:
        require_unit(view, named)
        return list_obligations(view, named, projector.cards(view), limit, after)


class ScanAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which day to scan; `full`: judge everything anew, not only what changed or fell due."""

    date: Day | None = None
    full: bool = False


@post(
    "/v1/scans",
    guards=[requires("events:write")],
    sync_to_thread=True,
    status_code=201,
    tags=["findings"],
    summary="Scan for a day, and record it",
)
def post_scan(request: Asking, data: JSONBody[ScanAsked]) -> Scan:
    """
    Scan: judge what changed or fell due, count what is new, still open and closed, and record `scan.execute`.

    One scan a day is recorded, however often it is run. A full one takes minutes in a large log.
    """
    projector: Projector = request.app.state.projector
    day = _day(data.date) if data.date is not None else business_date(datetime.now(UTC))
    return projector.scanner.scan(day, full=data.full)


class ScanRunning(Struct, frozen=True, kw_only=True):
    """How far the judging of everything has come. `total` null: not counted yet."""

    done: int
    total: int | None


@get(
    "/v1/scans/running",
    guards=[requires("read")],
    sync_to_thread=False,
    tags=["findings"],
    summary="How far a full scan is",
)
def get_running(request: Asking) -> ScanRunning:
    """Show how far the full scan under way has come; 404 where none is."""
    projector: Projector = request.app.state.projector
    progress = projector.scanner.progress
    if progress is None or progress.is_over:
        raise Unknown("no full scan is under way")
    return ScanRunning(done=progress.done, total=progress.total)


@get("/v1/scans/{day:str}/report", **_JUDGED, summary="The report of a day's scan, to print or to sort")
def get_scan_report(
    request: Asking,
    asked: Question,
    day: Annotated[str, PathParameter(description="a date, YYYY-MM-DD")],
    form: Annotated[Literal["html", "xlsx"], QueryParameter(description="a page to print, or a workbook")] = "html",
) -> Response[bytes]:
    """Render what the scan of a day found: new, still open, closed, undetermined, each rule's rate."""
    projector: Projector = request.app.state.projector
    with projector.view(Asked()) as view:
        report = report_of(view, _day(day), projector.cards(view))
    content = as_html(report) if form == "html" else as_workbook(report)
    return Response(
        content,
        media_type=_REPORT_TYPES[form],
        headers={"Content-Disposition": f'inline; filename="scan-{report.scan.date}.{form}"'},
    )


_REPORT_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except BadMoment as exc:
        raise BadQuestion([Fault("/date", "bad_date", str(exc))]) from exc


@get("/v1/scans/{day:str}", **_JUDGED, summary="The scan of a day")
def get_scan(
    request: Asking, asked: Question, day: Annotated[str, PathParameter(description="a date, YYYY-MM-DD")]
) -> Scan:
    """Show what the scan of a day found, by rule."""
    projector: Projector = request.app.state.projector
    return projector.scanner.show(_day(day))


HANDLERS: Final[tuple[HTTPRouteHandler, ...]] = (
    get_findings,
    get_finding,
    get_rules,
    get_rule,
    get_obligations,
    post_scan,
    get_running,
    get_scan_report,
    get_scan,
)


def _said(card: Card) -> RuleSaid:
    return RuleSaid(
        id=card.id,
        title=card.title,
        severity=card.severity,
        force=card.force,
        citation=card.citation,
        confidence=card.confidence,
        policies=list(card.policies),
        source=card.source,
        on=card.on,
        says=card.says,
    )


def _statuses(text: str | None) -> list[Status] | None:
    if text is None:
        return None
    known = get_args(Status)
    named = [each.strip() for each in text.split(",") if each.strip()]
    unknown = [each for each in named if each not in known]
    if unknown or not named:
        said = f"no status `{unknown[0] if unknown else text}`: one of {', '.join(known)}"
        raise BadQuestion([Fault("/status", "bad_status", said)])
    return cast("list[Status]", named)
