"""
What acts that have not happened would come to: their authority, the findings they would raise, and whether the ledger
would refuse them. Stores nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from contracts.event import Event
from projector.authority.answer import Failure
from projector.authority.names import FAILURES
from projector.authority.preflight import ForeseenAnswer
from projector.authority.preflight import foresee as foresee_authority
from projector.findings.show import Finding, shown
from projector.view import Asked

if TYPE_CHECKING:
    from projector.main import Projector


class Foreseen(ForeseenAnswer, frozen=True, kw_only=True):
    """Who would authorise an act that has not happened, and what the rules would find. `act.position` is null."""

    findings: Annotated[
        list[Finding], Meta(description="findings that it would raise; positions beyond the log's end are these acts")
    ]


class Foreseens(Struct, frozen=True, kw_only=True):
    """The same for several acts, in their order."""

    items: list[Foreseen]
    next: None = None


def foresee(projector: "Projector", events: Sequence[Event]) -> list[Foreseen]:
    """Judge acts that the log does not hold, in the order given."""
    with projector.view(Asked()) as view:
        answers = foresee_authority(view, events)
    raised = projector.judge.foresee(events)
    with projector.view(Asked()) as view:
        cards = projector.cards(view)
        found = [list(shown(view, parts, cards)) for parts in raised]
    return [
        Foreseen(
            **{name: getattr(answer, name) for name in answer.__struct_fields__ if name != "refused"},
            refused=[*answer.refused, *_refused(findings, answer.enforced)],
            findings=findings,
        )
        for answer, findings in zip(answers, found, strict=True)
    ]


def refusals(projector: "Projector", events: Sequence[Event]) -> list[list[Failure]]:
    """Return for each act the failures for which its unit refuses it. Rules are run only where a unit enforces one."""
    with projector.view(Asked()) as view:
        answers = foresee_authority(view, events)
    if all(code in FAILURES for answer in answers for code in answer.enforced):
        return [answer.refused for answer in answers]
    return [foreseen.refused for foreseen in foresee(projector, events)]


def _refused(found: Sequence[Finding], enforced: Sequence[str]) -> list[Failure]:
    """Of authority the answer itself says what is refused. What cannot be decided refuses nothing."""
    named = [each for each in found if each.result == "FAIL" and each.rule in enforced and each.rule not in FAILURES]
    return [
        Failure(
            code=each.rule,
            grant=None,
            result="FAIL",
            detail=each.explanation.en,
            detail_zh=each.explanation.zh,
            axis=None,
        )
        for each in named
    ]
