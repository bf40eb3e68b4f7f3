"""From judgements to findings: each with its name, its grade, its life, and the day on which it is looked at again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from contracts.catalogue import Catalogue
from contracts.grades import Force, Severity
from contracts.policy import business_date
from edge.database import statement
from projector.findings.life import WARNED_DAYS, Disposed, Event, Life, Status, Subject, live
from projector.judge.card import Card
from projector.judge.engine import Trouble
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
    troubles: Sequence[Trouble] = ()


def outcome(view: View, scopes: Sequence[str], judged: Judged, cards: Mapping[str, Card]) -> Outcome:
    """Say what was found in these scopes. In the transaction that judged them."""
    wanted = set(scopes)
    named = [(scope, each) for each in judged.judgements if (scope := _scope(each)) in wanted]
    failing = list(_together(pair for pair in named if pair[1].result != "PASS"))
    said = dispositions(view, [finding_id(each) for _, each in failing])
    known = _known(view, {position for _, each in failing for position in each.evidence})
    now = view.judged_at
    disposed = {finding: [each for each in acts if each.time <= now] for finding, acts in said.items()}
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
    days = _days(scopes, found, due, business_date(now))
    days += [
        (part.scope, business_date(each.time))
        for part in found
        for each in said.get(part.finding, ())
        if each.time > now  # it is said to happen then: until then it has not
    ]
    return Outcome(scopes=scopes, found=found, obligations=due, wakes=_first(days), troubles=judged.troubles)


def _together(found: Iterable[tuple[str, Judgement]]) -> Iterator[tuple[str, Judgement]]:
    """Yield each finding of a scope once: what several acts show of one thing is one, with all their evidence."""
    kept: dict[tuple[str, str], Judgement] = {}
    for scope, each in found:
        name = scope, finding_id(each)
        kept[name] = _joined(kept[name], each) if name in kept else each
    return ((scope, each) for (scope, _), each in kept.items())


def _joined(one: Judgement, other: Judgement) -> Judgement:
    """Put two judgements of one thing together: that of the first fault, cured when both are."""
    first, second = (one, other) if (one.result, one.since) <= (other.result, other.since) else (other, one)
    cured = first.cured
    if first.result == second.result and cured is not None:
        cured = max(cured, second.cured) if second.cured is not None else None
    return msgspec.structs.replace(
        first,
        persons=tuple(dict.fromkeys((*first.persons, *second.persons))),
        evidence=tuple(sorted({*first.evidence, *second.evidence})),
        cured=cured,
    )


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
        ratified=said.ratified is not None,
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
    for finding, disposition, position, time, known_from, actor, reason, control, ends, due in rows:
        found.setdefault(finding, []).append(
            Disposed(
                disposition=disposition,
                position=position,
                time=time,
                known_from=known_from,
                actor=actor,
                reason=reason,
                control=control,
                ends=ends,
                due=due,
            )
        )
    return found


def _scope(judgement: Judgement) -> str:
    return judgement.project or judgement.unit or ""


def _days(
    scopes: Sequence[str], found: Sequence[Part], due: Sequence[tuple[str, Judgement]], today: date
) -> list[tuple[str, date]]:
    """Return the days on which something falls due, lapses, or is to be warned of."""
    days = [(scope, _after(each.due)) for scope, each in due if each.due is not None and each.due >= today]
    for each in found:
        if each.until is not None:
            warned = each.until - WARNED_DAYS * _DAY
            # A term may end within a day: that day it is looked at, too.
            days += [(each.scope, day) for day in (warned, each.until, _after(each.until)) if day > today]
        if each.set_due is not None and each.set_due >= today:
            days.append((each.scope, _after(each.set_due)))
    return days + [(scope, today + _UNIT_LOOKED_AT) for scope in scopes if scope.startswith("unit:")]


def _after(day: date) -> date:
    """Return the day after a day; of the last there is, that day: nobody waits for it."""
    return day + _DAY if day < date.max else day


def _first(days: Iterable[tuple[str, date]]) -> dict[str, date]:
    first: dict[str, date] = {}
    for scope, day in days:
        first[scope] = min(day, first.get(scope, day))
    return first
