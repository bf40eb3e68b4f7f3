"""Findings as they are answered (contract §4): listed, shown, and put into words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta, Struct

from contracts.grades import Force, Severity
from contracts.policy import business_date
from edge.database import statement
from edge.paging import read_cursor, write_cursor
from projector.errors import Unknown
from projector.findings.found import Part
from projector.findings.life import Event, Status, lapses_soon
from projector.judge.card import Card
from projector.judge.judgement import Basis
from projector.judge.rule import Bilingual, Confidence, Result
from projector.judge.wording import Words, filled, grounds, unknown_said, words
from projector.view import Stand, View

_PACKAGE: Final = "projector.findings"
_ACTS_TOLD_MAX: Final = 12


class Finding(Struct, frozen=True, kw_only=True):
    """
    What a rule says of something, with everything it rests on: a question with evidence, not a verdict of guilt.

    `opened`: when the fault, or the open question, came about. `closed`: when it was cured, ratified or found to be
    none. `due`: the day by which it was to be done, or somebody set it to be put right. `until`: the last day of the
    waiver or control it was disposed by; `lapses_soon` within thirty days of it; `lapsed` once it is over.
    """

    id: str
    rule: str
    title: Bilingual
    severity: Severity
    force: Force
    result: Result
    basis: Basis | None
    project: str | None
    unit: str | None
    persons: list[str]
    evidence: Annotated[list[int], Meta(description="positions of the acts it rests on")]
    judged: Annotated[int | None, Meta(description="position of the act it is about")]
    computed: Mapping[str, Any]
    explanation: Bilingual
    citation: str
    confidence: Confidence
    status: Status
    opened: datetime
    closed: datetime | None
    due: date | None
    until: date | None
    lapses_soon: bool
    lapsed: bool
    history: list[Event]


class Findings(Struct, frozen=True, kw_only=True):
    """A page of findings, the newest first, and the moments it stands for. `position`: every act up to it is judged."""

    as_of: datetime
    known_at: datetime
    position: int
    items: list[Finding]
    next: str | None


class FindingAnswer(Finding, frozen=True, kw_only=True):
    """One finding, and the moments it stands for."""

    as_of: datetime
    known_at: datetime
    position: int


class Sought(Struct, frozen=True, kw_only=True):
    """Which findings are asked for. None: whichever."""

    project: str | None = None
    unit: str | None = None
    person: str | None = None
    rule: str | None = None
    status: list[Status] | None = None
    result: Result | None = None
    severity: Severity | None = None
    lapsed: bool | None = None


def require_unit(view: View, unit: str) -> None:
    """Raise `Unknown` unless the log registers the unit, or it buys, or something was found of it."""
    given = {"log_id": view.log_id, "unit": unit}
    if view.connection.execute(statement(_PACKAGE, "unit_exists"), given).fetchone() is None:
        raise Unknown(f"no unit {unit} is registered in this log, and nobody bought for it")


def list_findings(view: View, sought: Sought, cards: Mapping[str, Card], limit: int, cursor: str | None) -> Findings:
    """Return a page of what was found, as it is kept."""
    place = read_cursor(cursor, str, str)
    family = sought.rule if sought.rule is not None and "-" not in sought.rule else None
    given: dict[str, Any] = {
        "log_id": view.log_id,
        "project": sought.project,
        "unit": sought.unit,
        "person": sought.person,
        "rule": None if family is not None else sought.rule,
        "family": family,
        "status": sought.status,
        "result": sought.result,
        "severity": sought.severity,
        "lapsed": sought.lapsed,
        "before": place[0] if place is not None else None,
        "before_finding": place[1] if place is not None else None,
        "limit": limit + 1,
    }
    rows = view.connection.execute(statement(_PACKAGE, "finding_page"), given, prepare=False).fetchall()
    return _page(view, [_part(row) for row in rows], cards, limit, judged_upto(view))


def page_of(view: View, parts: Iterable[Part], sought: Sought, cards: Mapping[str, Card], limit: int) -> Findings:
    """Return the first page of what was judged for the question."""
    wanted = sorted((part for part in parts if _is_sought(part, sought)), key=lambda part: (part.since, part.finding))
    return _page(view, wanted[::-1], cards, limit, view.stand.position)


def _is_sought(part: Part, sought: Sought) -> bool:
    return (
        (sought.unit is None or part.unit == sought.unit)
        and (sought.person is None or sought.person in part.persons)
        and (sought.rule is None or part.rule == sought.rule or part.rule.startswith(f"{sought.rule}-"))
        and (sought.status is None or part.status in sought.status)
        and (sought.result is None or part.result == sought.result)
        and (sought.severity is None or part.severity == sought.severity)
        and (sought.lapsed is None or part.lapsed == sought.lapsed)
    )


def show_finding(view: View, finding: str, cards: Mapping[str, Card]) -> FindingAnswer:
    """Return one finding. Raises `Unknown` where nothing is found under that name now."""
    given = {"log_id": view.log_id, "finding": finding}
    parts = [_part(row) for row in view.connection.execute(statement(_PACKAGE, "finding_parts"), given)]
    if not parts:
        raise Unknown(
            f"nothing is found under {finding} now: there never was such a finding, or its acts were corrected"
        )
    found = next(shown(view, parts, cards))
    stand = view.stand
    return FindingAnswer(
        **{name: getattr(found, name) for name in found.__struct_fields__},
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=judged_upto(view),
    )


def judged_upto(view: View) -> int:
    """Return up to which position of the log everything that a view sees was judged."""
    given = {"log_id": view.log_id}
    row = view.connection.execute("SELECT position FROM projector.judging WHERE log_id = %(log_id)s", given).fetchone()
    return row[0] if row is not None else 0


def parts_of(view: View, state: str, before: datetime, upto: datetime, limit: int) -> list[Part]:
    """Return what a scan counts under one state."""
    given = {"log_id": view.log_id, "state": state, "before": before, "upto": upto, "limit": limit}
    return [_part(row) for row in view.connection.execute(statement(_PACKAGE, "scan_parts"), given, prepare=False)]


def _page(view: View, parts: Sequence[Part], cards: Mapping[str, Card], limit: int, position: int) -> Findings:
    found = list(shown(view, parts, cards))
    items = found[:limit]
    stand: Stand = view.stand
    return Findings(
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=position,
        items=items,
        next=write_cursor(items[-1].opened.isoformat(), items[-1].id) if len(found) > limit else None,
    )


_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_decode_history: Final = msgspec.json.Decoder(list[Event]).decode


def _part(row: Sequence[Any]) -> Part:
    said: dict[str, Any] = dict(zip(Part.__struct_fields__, row, strict=True))
    said["computed"], said["history"] = _decode(said["computed"]), _decode_history(said["history"])
    return Part(**said)


def shown(view: View, parts: Sequence[Part], cards: Mapping[str, Card]) -> Iterator[Finding]:
    """Put the parts of findings together, those of one beside each other, and say each in words."""
    acts = _acts(view, {position for part in parts for position in part.evidence[:_ACTS_TOLD_MAX]})
    today = business_date(view.stand.as_of)
    called = words(view.catalogue)
    for _, group in groupby(parts, key=lambda part: part.finding):
        together = list(group)
        yield _finding(together, cards[together[0].rule], acts, today, called)


def _finding(parts: Sequence[Part], card: Card, acts: Mapping[int, "_Act"], today: date, called: Words) -> Finding:
    """Put the parts of one finding together; what is said of it is said by the first."""
    first = parts[0]
    projects = {part.project for part in parts if part.project is not None}
    evidence = sorted({position for part in parts for position in part.evidence})
    persons = list(dict.fromkeys(person for part in parts for person in part.persons))
    return Finding(
        id=first.finding,
        rule=first.rule,
        title=card.title,
        severity=first.severity,
        force=first.force,
        result=first.result,
        basis=first.basis,
        project=next(iter(projects)) if len(projects) == 1 else None,
        unit=first.unit,
        persons=persons,
        evidence=evidence,
        judged=first.judged,
        computed=first.computed,
        explanation=explained(card, first, persons, [acts[each] for each in evidence if each in acts], called),
        citation=card.citation,
        confidence=card.confidence,
        status=first.status,
        opened=first.since,
        closed=first.closed,
        due=first.due or first.set_due,
        until=first.until,
        lapses_soon=lapses_soon(first.until, today),
        lapsed=first.lapsed,
        history=first.history,
    )


class _Act(Struct, frozen=True):
    position: int
    zh: str
    en: str
    day: str
    actor: str


def _acts(view: View, positions: Iterable[int]) -> dict[int, _Act]:
    given = {"log_id": view.log_id, "positions": sorted(positions)}
    found: dict[int, _Act] = {}
    for position, type, time, actor, _, _ in view.connection.execute(statement(_PACKAGE, "acts_told"), given):
        act = view.catalogue.acts.get(cast("str", type))
        zh, en = (act.zh, act.en) if act is not None else (type, type)
        found[position] = _Act(position, zh, en, business_date(time).isoformat(), actor)
    return found


def explained(card: Card, part: Part, persons: Sequence[str], acts: Sequence[_Act], called: Words) -> Bilingual:
    """Return a finding in words: what was found, who, by which acts, and on what it rests."""
    is_found = part.result == "FAIL"
    said = filled(card.says, part.computed, called) if is_found else unknown_said(card.title, part.computed, called)
    rests = grounds(part.force, card.citation)
    told = [f"#{act.position} {act.zh}（{act.day}，{act.actor}）" for act in acts]
    told_en = [f"#{act.position} {act.en} ({act.day}, {act.actor})" for act in acts]
    zh = f"{said.zh}。人员：{'、'.join(persons) or '无'}。行为：{'；'.join(told) or '无'}。{rests.zh}。"
    en = f"{said.en}. Persons: {', '.join(persons) or 'none'}. Acts: {'; '.join(told_en) or 'none'}. {rests.en}."
    return Bilingual(zh=zh, en=en)
