"""From judgements to findings: each with its name, its grade, its life, and the day on which it is looked at again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from contracts.catalogue import Catalogue
from contracts.grades import Force, Severity
from contracts.policy import business_date
from edge.database import statement
from projector.findings.life import WARNED_DAYS, Disposed, Event, Life, Status, Subject, live
from projector.judge.card import Card
from projector.judge.judgement import Basis, Judgement
from projector.judge.judging import Judged, finding_id, is_strict
from projector.judge.rule import Result
from projector.view import View

_DAY: Final = timedelta(days=1)
_UNIT_LOOKED_AT: Final = timedelta(days=7)
"""How often a unit is judged though nothing falls due: a grant becomes dormant without anybody acting."""


class Part(Struct, frozen=True, kw_only=True):
    """A finding as it shows in one scope: a row of projector.findings, without the log."""

    finding: str
    scope: str
    rule: str
    project: str | None
    unit: str | None
    key: str
    result: Result
    severity: Severity
    force: Force
    basis: Basis | None
    persons: list[str]
    evidence: list[int]
    judged: int | None
    since: datetime
    appeared: datetime
    cured: datetime | None
    due: date | None
    computed: Mapping[str, Any]
    ratified: bool
    status: Status
    until: date | None
    lapsed: bool
    closed: datetime | None
    set_due: date | None
    history: list[Event]


class Outcome(Struct, frozen=True, kw_only=True):
    """What judging some scopes came to. `wakes`: the next day on which each has to be looked at again."""

    scopes: Sequence[str]
    found: Sequence[Part]
    obligations: Sequence[tuple[str, Judgement]]
    wakes: Mapping[str, date]


def outcome(view: View, scopes: Sequence[str], judged: Judged, cards: Mapping[str, Card]) -> Outcome:
    """Say what was found in these scopes. In the transaction that judged them."""
    named = [(scope, each) for each in judged.judgements if (scope := _scope(each)) in set(scopes)]
    failing = [(scope, each) for scope, each in named if each.result != "PASS"]
    disposed = dispositions(view, [finding_id(each) for _, each in failing])
    known = _known(view, {position for _, each in failing for position in each.evidence})
    now = view.judged_at
    found = [
        _part(
            scope,
            each,
            cards[each.rule],
            life_of(each, disposed.get(finding_id(each), ()), judged, view.catalogue, now),
            _appeared(each, known),
        )
        for scope, each in failing
    ]
    due = [(scope, each) for scope, each in named if each.due is not None and each.cured is None]
    return Outcome(scopes=scopes, found=found, obligations=due, wakes=_wakes(scopes, found, due, business_date(now)))


def _part(scope: str, said: Judgement, card: Card, life: Life, appeared: datetime) -> Part:
    return Part(
        finding=finding_id(said),
        scope=scope,
        rule=said.rule,
        project=said.project,
        unit=said.unit,
        key=said.key,
        result=said.result,
        severity=said.severity or card.severity,
        force=card.force,
        basis=said.basis,
        persons=list(said.persons),
        evidence=list(said.evidence),
        judged=said.judged,
        since=said.since,
        appeared=appeared,
        cured=said.cured,
        due=said.due,
        computed=said.computed,
        ratified=said.ratified,
        status=life.status,
        until=life.until,
        lapsed=life.lapsed,
        closed=life.closed,
        set_due=life.due,
        history=list(life.history),
    )


def _known(view: View, positions: set[int]) -> dict[int, tuple[datetime, datetime]]:
    given = {"log_id": view.log_id, "positions": sorted(positions)}
    rows = view.connection.execute(statement("projector.findings", "acts_known"), given) if positions else ()
    return {position: (time, known_from) for position, time, known_from in rows}


def _appeared(said: Judgement, known: Mapping[int, tuple[datetime, datetime]]) -> datetime:
    """Return when a finding had come about and could be known: what was done by then, once it was recorded."""
    moments = [known[position] for position in said.evidence if position in known]
    return max([said.since, *(known_from for time, known_from in moments if time <= said.since)])


def life_of(
    judgement: Judgement, disposed: Iterable[Disposed], judged: Judged, catalogue: Catalogue, now: datetime
) -> Life:
    pair = catalogue.pairs.get(judgement.rule)
    project = judgement.project or ""
    things = {project, judgement.unit or "", *judgement.persons, *judged.units_of.get(project, ())} - {""}
    subject = Subject(
        rule=judgement.rule,
        since=judgement.since,
        cured=judgement.cured,
        ratified=judgement.ratified,
        strict=pair is not None and is_strict(pair),
        things=frozenset(things),
    )
    return live(subject, disposed, judged.controls, now)


def dispositions(view: View, findings: Sequence[str]) -> dict[str, list[Disposed]]:
    """Return what was decided about findings, by finding."""
    given: dict[str, Any] = {
        "log_id": view.log_id,
        "as_of": view.asked.as_of or "infinity",
        "known_at": view.asked.known_at or "infinity",
        "findings": list(findings),
    }
    found: dict[str, list[Disposed]] = {}
    rows = view.connection.execute(statement("projector.findings", "dispositions"), given) if findings else ()
    for finding, disposition, position, time, known_from, actor, reason, control, until, due in rows:
        found.setdefault(finding, []).append(
            Disposed(
                disposition=disposition,
                position=position,
                time=time,
                known_from=known_from,
                actor=actor,
                reason=reason,
                control=control,
                until=until,
                due=due,
            )
        )
    return found


def _scope(judgement: Judgement) -> str:
    return judgement.project or judgement.unit or ""


def _wakes(
    scopes: Sequence[str], found: Sequence[Part], due: Sequence[tuple[str, Judgement]], today: date
) -> dict[str, date]:
    """Return the next day on which something falls due, lapses, or is to be warned of."""
    days: dict[str, list[date]] = {}
    for scope, each in due:
        if each.due is not None and each.due >= today:
            days.setdefault(scope, []).append(each.due + _DAY)
    for each in found:
        if each.until is not None:
            warned = each.until - WARNED_DAYS * _DAY
            days.setdefault(each.scope, []).append(warned if warned > today else each.until + _DAY)
        if each.set_due is not None and each.set_due >= today:
            days.setdefault(each.scope, []).append(each.set_due + _DAY)
    for scope in scopes:
        if scope.startswith("unit:"):
            days.setdefault(scope, []).append(today + _UNIT_LOOKED_AT)
    return {scope: min(wanted) for scope, wanted in days.items()}
