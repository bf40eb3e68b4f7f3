"""Failures of authority as judgements: what an act did wrong, one per act and code; a grant's own faults per grant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from contracts.catalogue import Catalogue
from contracts.policy import business_date
from edge.database import statement
from projector.authority.answer import Failure, ceiling_of, money, term_of
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.judge import Judgement as Verdict
from projector.authority.load import Loaded, load, load_as_relied_on
from projector.authority.names import FAILURES
from projector.authority.plain import without_the_plain
from projector.authority.said import Said
from projector.authority.sources import Sources
from projector.authority.standing import Mark
from projector.authority.usage import Draws
from projector.judge.failures import LATE_SEVERITY
from projector.judge.judgement import Judgement, Ratified
from projector.view import View

OF_GRANTS: Final = frozenset(
    ("AUT-08", "AUT-09", "AUT-10", "AUT-11", "AUT-13", "AUT-17", "AUT-22", "AUT-23"),
)
"""Faults of a grant: one finding a grant, the acts done under it being its evidence (contract §3)."""

_PORTION: Final = 2_000


def judge_authority(view: View) -> list[Judgement]:
    """Judge the authority of the acts of the case that is laid out."""
    acts = view.catalogue.acts.values()
    given = {
        "types": [act.type for act in acts if act.needs_grant],
        "outside": [act.type for act in acts if act.decided_outside],
    }
    asked, positions = list[JudgedAct](), list[int]()
    for *said, as_told in view.connection.execute(statement("projector.judge", "acts_needing_authority"), given):
        if as_told:
            asked.append(_at_sight(said, view.catalogue))
        else:
            positions.append(said[0])
    with view.cache.lock:
        positions += [act.position for act in without_the_plain(Sources(view), asked)]
    found: list[Judgement] = []
    for first in range(0, len(positions), _PORTION):
        portion = positions[first : first + _PORTION]
        found += judgements_of(load(view, without_the_clear(view, portion)), view)
    return found


def without_the_clear(view: View, positions: Sequence[int]) -> list[int]:
    """Leave out the acts that nothing is wrong with by the grant they rely on, or, relying on none, by any."""
    loaded = load_as_relied_on(view, positions)
    clear = {act.position for act in loaded.acts if _is_clear(loaded.judge(act, others=False))}
    return [position for position in positions if position not in clear]


def _is_clear(verdict: Verdict) -> bool:
    """Whether there is nothing to say of an act, and it rests on the grant that it relies on, if on any."""
    is_relied_on = verdict.citation is None or verdict.citation.status == "relied_on"
    return is_relied_on and not any(_marks(verdict))


def _at_sight(said: Sequence[Any], catalogue: Catalogue) -> JudgedAct:
    """Return an act with as much as the case holds of it: enough to see whether its authority is plain."""
    (
        position,
        type,
        stage,
        act_class,
        project,
        unit,
        actor,
        authority,
        onbehalfof,
        time,
        known_from,
        amount,
        currency,
    ) = said
    act = catalogue.acts.get(type)
    return JudgedAct(
        position=position,
        type=type,
        stage=stage if act is not None else "UNKNOWN",
        needs_grant=act is not None and act.needs_grant,
        decided_outside=act is not None and act.decided_outside,
        time=time,
        known_from=known_from,
        asserted=False,
        subject=project,
        project=project,
        unit=unit,
        actor=actor,
        asked=None if actor.startswith("system:") else actor,
        authority=authority,
        onbehalfof=onbehalfof,
        amount=amount,
        currency=currency,
        method=None,
        categories=(),
        erased=False,
        withdrawn=False,
        act_class=act_class,
    )


def judgements_of(loaded: Loaded, view: View) -> Iterator[Judgement]:
    """Judge acts that were gathered, and say what is wrong with each and unknown of each."""
    for act in loaded.acts:
        facts, verdict = loaded.facts_of[act.position], loaded.judge(act, others=False)
        for mark in _marks(verdict):
            yield _of(mark, act, facts, verdict, loaded.uses, view)


def _marks(verdict: Verdict) -> Iterator[Mark]:
    wanted = {
        "INVALID": ("FAIL",),
        "RATIFIED": ("FAIL", "UNDETERMINED"),
        "LATE_RECORDED": ("LATE",),
        "UNPROVEN": ("UNDETERMINED",),
    }.get(verdict.verdict, ())
    seen: set[tuple[str, str | None]] = set()
    faults: Iterable[Mark] = verdict.best.of("FAULT") if verdict.best is not None else ()
    for mark in (*verdict.failures, *faults):
        thing = (mark.code, mark.grant if mark.code in OF_GRANTS else None)
        if thing not in seen and (mark.result in wanted or mark.result == "FAULT"):
            seen.add(thing)
            yield mark


def _of(mark: Mark, act: JudgedAct, facts: Facts, verdict: Verdict, uses: Draws, view: View) -> Judgement:
    grant = facts.grants.get(mark.grant) if mark.grant is not None else None
    asked = facts.person_of(act.asked, act.time) if act.asked is not None else None
    persons = [asked] if asked is not None and asked.startswith(("person:", "account:")) else []
    chain = [link.position for link in verdict.best.path.links] if verdict.best is not None else []
    if mark.code in OF_GRANTS and grant is not None:
        return of_grant(mark, grant, act.project, act.unit, (act.position, *chain))
    unknown = mark.result == "UNDETERMINED"
    detail = mark.detail
    if mark.code == "AUT-12" and grant is not None and grant.grantor is not None:
        persons.append(facts.person_of(grant.grantor, grant.time))
    by = verdict.ratification
    return Judgement(
        rule=mark.code,
        project=act.project,
        unit=act.unit,
        key=f"act:{act.position}",
        result="UNDETERMINED" if unknown else "FAIL",
        severity=LATE_SEVERITY if mark.result == "LATE" else None,
        since=act.time,
        judged=act.position,
        persons=tuple(dict.fromkeys(persons)),
        evidence=(act.position, *chain),
        computed=_computed(mark, act, grant, uses, asked, view)
        | ({"unknown": detail.zh, "unknown_en": detail.en} if unknown else {}),
        ratified=Ratified(by.position, by.time, by.actor) if by is not None else None,
    )


def of_grant(
    mark: Mark | Failure, grant: Grant, project: str | None, unit: str | None, evidence: Sequence[int]
) -> Judgement:
    """Say what is wrong with a grant itself: about whoever made it, the acts done under it being evidence."""
    name, term, ceiling = FAILURES[mark.code], term_of(grant), ceiling_of(grant)
    grantor = grant.grantor or ""
    detail = mark.detail if isinstance(mark, Mark) else Said(mark.detail_zh, mark.detail)
    found: dict[str, Any] = {
        "act": "授权",
        "act_en": "Grant authority",
        "done": business_date(grant.time).isoformat(),
        "who": grant.grantor,
        "amount": None,
        "grant": grant.name,
        "name": name.zh,
        "name_en": name.en,
        "detail": detail.zh,
        "detail_en": detail.en,
        "valid_from": term.valid_from,
        "valid_until": term.valid_until,
    }
    if ceiling is not None:
        found |= {"ceiling_item": ceiling.item, "ceiling_total": ceiling.total}
    unknown = mark.result == "UNDETERMINED"
    return Judgement(
        rule=mark.code,
        project=project,
        unit=grant.unit or unit,
        key=grant.name,
        result="UNDETERMINED" if unknown else "FAIL",
        since=grant.time,
        judged=grant.position,
        persons=(grantor,) if grantor.startswith(("person:", "account:")) else (),
        evidence=tuple(sorted({grant.position, *evidence})),
        computed=found
        | {"terms": terms_said(found)}
        | ({"unknown": detail.zh, "unknown_en": detail.en} if unknown else {}),
        grant=grant.name,
    )


def _computed(
    mark: Mark, act: JudgedAct, grant: Grant | None, uses: Draws, asked: str | None, view: View
) -> dict[str, Any]:
    known = view.catalogue.acts.get(act.type)
    name = FAILURES[mark.code]
    found: dict[str, Any] = {
        "act": known.zh if known is not None else act.type,
        "act_en": known.en if known is not None else act.type,
        "done": _local(act.time),
        "who": asked or act.actor,
        "amount": act.amount,
        "grant": mark.grant,
        "name": name.zh,
        "name_en": name.en,
        "detail": mark.detail.zh,
        "detail_en": mark.detail.en,
        "axis": mark.axis,
    }
    if grant is not None and not grant.is_root:
        ceiling, term = ceiling_of(grant), term_of(grant)
        found |= {"valid_from": term.valid_from, "valid_until": term.valid_until}
        if ceiling is not None:
            drawn = uses.before(act, grant) if ceiling.total is not None else None
            found |= {"ceiling_item": ceiling.item, "ceiling_total": ceiling.total}
            found |= {"used_before": money(drawn.amount) if drawn is not None and not drawn.unmeasured else None}
    return found | {"terms": terms_said(found)}


_TERMS: Final = {
    "axis": "不在范围内的维度 {}",
    "valid_from": "授权自 {} 起",
    "valid_until": "至 {} 止",
    "ceiling_item": "单笔限额 {} 元",
    "ceiling_total": "累计限额 {} 元",
    "used_before": "此前已用 {} 元",
}


def terms_said(computed: Mapping[str, Any]) -> str:
    """Say in Chinese what the grant states, as far as it does: for a sentence to end with."""
    said = [form.format(computed[name]) for name, form in _TERMS.items() if computed.get(name) is not None]
    return f"（{'，'.join(said)}）" if said else ""


def _local(moment: datetime) -> str:
    return business_date(moment).isoformat()
