"""The answer as it goes out (contract §4): the judgement, said for people and with the positions that prove it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from contracts.payloads import Instrument
from projector.authority.chain import Path, asker_of
from projector.authority.conditions import Condition, conditions_of
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.judge import CitationStatus, Judgement, Verdict, Weighed
from projector.authority.load import Loaded
from projector.authority.scope import axis_matches
from projector.authority.standing import Mark, Result, State, state_then
from projector.authority.usage import Draws, ceiling_currency
from projector.prover import AnswerProof
from projector.view import Stand

Known = Literal["witnessed", "asserted by the source"]
Kind = Literal["root", "general", "special"]

LEGAL_EFFECT: Final = (
    "内控结论不等于民事效力: 超越职权的行为可能因职务代理 (民法典 §170)、追认 (§171) 或表见代理 (§172) 对单位有效。 "
    "The control verdict is not the civil effect: an act beyond authority may bind the unit by office (Civil Code "
    "§170), by ratification (§171) or by apparent authority (§172)."
)
LEGAL_EFFECT_RATIFIED: Final = (
    "追认使行为自始对单位有效 (民法典 §171), 原有不合规事实仍记录在案。 "
    "Ratification makes the act effective for the unit (Civil Code §171); what was wrong with it stays on record."
)


class ActInQuestion(Struct, frozen=True, kw_only=True):
    """
    The act. `asked` is the natural person, body or organisation whose authority was asked for. `position` is null where
    it has not happened (preflight).
    """

    position: int | None
    type: str
    subject: str
    unit: str | None
    actor: str
    asked: str | None
    onbehalfof: str | None
    authority: str | None
    time: datetime
    known_from: datetime
    known: Known
    amount: str | None
    currency: str


class Via(Struct, frozen=True, kw_only=True):
    """How the grant reached whoever acted: by a post, by an acting appointment, or (neither) in person."""

    person: str
    post: str | None
    principal: str | None
    acting: str | None
    acting_position: int | None


class Ceiling(Struct, frozen=True, kw_only=True):
    item: str | None
    total: str | None
    currency: str
    total_basis: str | None
    total_window: str | None


class TermOf(Struct, frozen=True, kw_only=True):
    """The term as the grant states it, and as instants: from `starts`, until before `ends`."""

    valid_from: str | None
    valid_until: str | None
    starts: datetime
    ends: datetime | None


class Link(Struct, frozen=True, kw_only=True):
    """One grant of the chain. `used_before` and `headroom_after` measure `ceiling.total`."""

    grant: str
    kind: Kind | None
    grantor: str | None
    grantee: str | None
    via: Via | None
    scope_matched: Annotated[
        dict[str, str], Meta(description="for each axis this grant limits: the entry that covers the act")
    ]
    ceiling: Ceiling | None
    used_before: str | None
    headroom_after: str | None
    term: TermOf
    status_at_act: State
    instrument: Instrument | None
    position: int
    known_from: datetime
    known: Known


class Failure(Struct, frozen=True, kw_only=True):
    """
    What is wrong (FAIL), unknown (UNDETERMINED) or late (LATE), with which grant, by the codes of the catalogue. FAULT
    is of a grant itself, and does not undo what was done within it.
    """

    code: str
    grant: str | None
    result: Result
    detail: str
    detail_zh: str
    axis: str | None


class Tried(Struct, frozen=True, kw_only=True):
    """Another grant to whoever acted, and why it did not serve. No `failures`: it was not needed."""

    grant: str
    position: int
    via: Via
    covers_type: bool
    failures: list[Failure]


class Cited(Struct, frozen=True, kw_only=True):
    """The grant the act says it relies on, and whether it can."""

    grant: str
    status: CitationStatus
    failures: list[Failure]


class Mandated(Struct, frozen=True, kw_only=True):
    """For what somebody of an agency did: the agreement that covers it, or null where none does."""

    agency: str
    agreement: Annotated[int | None, Meta(description="position of the `agency.sign`")]
    acts: list[str] | None
    starts: datetime | None
    ends: datetime | None


class AuthorityAnswer(Struct, frozen=True, kw_only=True):
    """
    Who authorised this, and under what delegation. `chain` runs from the root to the grant that was exercised, or to
    the one nearest to covering the act.
    """

    act: ActInQuestion
    verdict: Verdict
    chain: list[Link]
    failures: list[Failure]
    faults: Annotated[list[Failure], Meta(description="what is wrong with the grants, whatever is done by them")]
    citation: Cited | None
    tried: list[Tried]
    conditions: Sequence[Condition]
    mandate: Mandated | None
    notes: list[str]
    legal_effect_note: str | None
    as_of: datetime
    known_at: datetime
    position: int
    proof: AnswerProof | UnsetType = UNSET


class ProjectAuthority(Struct, frozen=True, kw_only=True):
    """A page of answers for one project: one per act that needs authority."""

    project: str
    known_at: datetime
    position: int
    items: list[AuthorityAnswer]
    next: str | None


def answers(loaded: Loaded, stand: Stand) -> list[AuthorityAnswer]:
    """Judge acts and say it, in the order of their positions."""
    return [answer_about(act, loaded, stand) for act in loaded.acts]


def answer_about(act: JudgedAct, loaded: Loaded, stand: Stand) -> AuthorityAnswer:
    """Judge one of the acts and say it."""
    facts, uses, found = loaded.facts_of[act.position], loaded.uses, loaded.judge(act)
    best = found.best
    faults = best.of("FAULT") if best is not None else ()
    return AuthorityAnswer(
        act=_act(act, facts),
        verdict=found.verdict,
        chain=list(_chain(best.path, act, facts, uses)) if best is not None else [],
        failures=_failures(found.failures),
        faults=_failures(faults),
        citation=_cited(found),
        tried=[_tried(way, act) for way in found.others],
        conditions=list(conditions_of(best.path.links, act, asker_of(act), facts)) if best is not None else [],
        mandate=_mandated(found),
        notes=list(found.notes),
        legal_effect_note=_legal_effect(found.verdict),
        as_of=act.time,
        known_at=stand.known_at,
        position=stand.position,
    )


def _act(act: JudgedAct, facts: Facts) -> ActInQuestion:
    return ActInQuestion(
        position=act.position,
        type=act.type,
        subject=act.subject,
        unit=act.unit,
        actor=act.actor,
        asked=facts.person_of(act.asked, act.time) if act.asked is not None else None,
        onbehalfof=act.onbehalfof,
        authority=act.authority,
        time=act.time,
        known_from=act.known_from,
        known=known_by(act.asserted),
        amount=money(act.amount),
        currency=act.currency,
    )


def _chain(path: Path, act: JudgedAct, facts: Facts, uses: Draws) -> Iterator[Link]:
    for index in range(len(path.links) - 1, -1, -1):
        grant = path.links[index]
        used, left = _drawn(grant, act, uses)
        matches = axis_matches(path.links[index:], act, facts)
        yield Link(
            grant=grant.name,
            kind=kind_of(grant),
            grantor=grant.grantor,
            grantee=grant.grantee,
            via=_via(path) if index == 0 else None,
            scope_matched={match.axis: match.matched for match in matches if match.matched is not None},
            ceiling=ceiling_of(grant),
            used_before=money(used),
            headroom_after=money(left),
            term=term_of(grant),
            status_at_act=state_then(grant, act.time, facts),
            instrument=grant.delegation.instrument if grant.delegation is not None else None,
            position=grant.position,
            known_from=grant.known_from,
            known=known_by(grant.asserted),
        )


def _drawn(grant: Grant, act: JudgedAct, uses: Draws) -> tuple[Decimal | None, Decimal | None]:
    """Return what was drawn before the act, and what the total leaves after it. None: no such total, or unknown."""
    said = grant.delegation
    if said is None or said.ceiling_total is None:
        return None, None
    drawn = uses.before(act, grant)
    if drawn.unmeasured or act.currency != ceiling_currency(grant):
        return None, None
    if act.amount is None:
        return drawn.amount, None
    return drawn.amount, Decimal(said.ceiling_total) - drawn.amount - act.amount


def _via(path: Path) -> Via:
    route = path.route
    return Via(
        person=route.person,
        post=route.post,
        principal=route.principal,
        acting=route.acting.name if route.acting is not None else None,
        acting_position=route.acting.position if route.acting is not None else None,
    )


def kind_of(grant: Grant) -> Kind | None:
    if grant.is_root:
        return "root"
    return grant.delegation.kind if grant.delegation is not None else None


def ceiling_of(grant: Grant) -> Ceiling | None:
    said = grant.delegation
    if said is None or (said.ceiling_item is None and said.ceiling_total is None):
        return None
    return Ceiling(
        item=said.ceiling_item,
        total=said.ceiling_total,
        currency=said.currency or "CNY",
        total_basis=said.total_basis,
        total_window=said.total_window,
    )


def term_of(grant: Grant) -> TermOf:
    said = grant.payload
    return TermOf(
        valid_from=said.valid_from if said is not None else None,
        valid_until=said.valid_until if said is not None else None,
        starts=grant.starts,
        ends=grant.ends,
    )


def failure_of(mark: Mark) -> Failure:
    """Return a mark as it goes out."""
    return Failure(
        code=mark.code,
        grant=mark.grant,
        result=mark.result,
        detail=mark.detail.en,
        detail_zh=mark.detail.zh,
        axis=mark.axis,
    )


def _failures(marks: Sequence[Mark]) -> list[Failure]:
    return [failure_of(mark) for mark in marks]


def _tried(way: Weighed, act: JudgedAct) -> Tried:
    leaf = way.path.leaf
    return Tried(
        grant=leaf.name,
        position=leaf.position,
        via=_via(way.path),
        covers_type=way.path.covers(act.type),
        failures=_failures(way.of("FAIL", "UNDETERMINED", "LATE")),
    )


def _cited(found: Judgement) -> Cited | None:
    said = found.citation
    return Cited(grant=said.grant, status=said.status, failures=_failures(said.marks)) if said is not None else None


def _mandated(found: Judgement) -> Mandated | None:
    said = found.mandate
    if said is None:
        return None
    agreed = said.agreement
    return Mandated(
        agency=said.agency,
        agreement=agreed.position if agreed is not None else None,
        acts=list(agreed.acts) if agreed is not None and agreed.acts is not None else None,
        starts=agreed.starts if agreed is not None else None,
        ends=agreed.ends if agreed is not None else None,
    )


def _legal_effect(verdict: Verdict) -> str | None:
    match verdict:
        case "INVALID" | "UNPROVEN":
            return LEGAL_EFFECT
        case "RATIFIED":
            return LEGAL_EFFECT_RATIFIED
        case "VALID" | "LATE_RECORDED" | "NOT_REQUIRED":
            return None


def known_by(asserted: bool) -> Known:
    return "asserted by the source" if asserted else "witnessed"


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
