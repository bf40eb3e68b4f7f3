"""Faults of a unit's grants as judgements, whether anything was done under them or not."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from contracts.policy import business_date
from projector.authority.answer import Failure, term_of
from projector.authority.facts import Grant
from projector.authority.names import FAILURES
from projector.authority.one_grant import faults_of_unit
from projector.judge.authority import OF_GRANTS, terms_said
from projector.judge.judgement import Judgement
from projector.view import View

_ACT: Final = "授权"
_ACT_EN: Final = "The grant"


def judge_grants(view: View, units: Sequence[str]) -> list[Judgement]:
    """Return what is wrong with the grants of these units."""
    found: list[Judgement] = []
    for unit in units:
        for grant, failures in faults_of_unit(view, unit):
            found += _of(unit, grant, failures)
    return found


def _of(unit: str, grant: Grant, failures: Sequence[Failure]) -> Iterator[Judgement]:
    seen: set[str] = set()
    for each in failures:
        if each.code not in OF_GRANTS or each.code in seen or each.result not in ("FAIL", "FAULT"):
            continue
        seen.add(each.code)
        yield Judgement(
            rule=each.code,
            project=None,
            unit=grant.unit or unit,
            key=grant.name,
            result="FAIL",
            since=grant.time,
            judged=grant.position,
            persons=(grant.grantor,) if grant.grantor is not None and grant.grantor.startswith("person:") else (),
            evidence=(grant.position,),
            computed=_computed(each, grant),
            grant=grant.name,
        )


def _computed(failure: Failure, grant: Grant) -> dict[str, Any]:
    name, term = FAILURES[failure.code], term_of(grant)
    found = {
        "act": _ACT,
        "act_en": _ACT_EN,
        "done": _day(grant.time),
        "who": grant.grantor,
        "amount": None,
        "grant": grant.name,
        "name": name.zh,
        "name_en": name.en,
        "detail": failure.detail,
        "valid_from": term.valid_from,
        "valid_until": term.valid_until,
    }
    return found | {"terms": terms_said(found)}


def _day(moment: datetime) -> str:
    return business_date(moment).isoformat()
