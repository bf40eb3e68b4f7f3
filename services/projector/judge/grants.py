"""Faults of a unit's grants as judgements, whether anything was done under them or not."""

from collections.abc import Iterator, Sequence

from projector.authority.answer import Failure
from projector.authority.facts import Grant
from projector.authority.one_grant import faults_of_units
from projector.judge.authority import OF_GRANTS, of_grant
from projector.judge.judgement import Judgement
from projector.view import View


def judge_grants(view: View, units: Sequence[str]) -> list[Judgement]:
    """Return what is wrong with the grants of these units."""
    return [
        judgement
        for unit, grant, failures in (faults_of_units(view, units) if units else ())
        for judgement in _of(unit, grant, failures)
    ]


def _of(unit: str, grant: Grant, failures: Sequence[Failure]) -> Iterator[Judgement]:
    seen: set[str] = set()
    for each in failures:
        if each.code in OF_GRANTS and each.code not in seen and each.result in ("FAIL", "FAULT"):
            seen.add(each.code)
            yield of_grant(each, grant, None, unit, ())
