"""
The verdict on acts that have not happened: judged as if they were recorded now, in the order given. Stores nothing.

Each sees what is known now and the acts before it; what one of them would grant or appoint, the next does not have yet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta

from contracts.catalogue import Catalogue
from contracts.event import Event
from contracts.moments import parse_instant
from projector.acts import storable
from projector.authority import rows
from projector.authority.answer import AuthorityAnswer, Failure, answers
from projector.authority.conditions import Condition
from projector.authority.facts import Facts, JudgedAct
from projector.authority.load import load
from projector.view import View

ENFORCE: Final = "enforce"
"""The key of a unit's policy that names the rules for which the ledger refuses an act."""


class ForeseenAnswer(AuthorityAnswer, frozen=True, kw_only=True):
    """Who would authorise an act that has not happened. `act.position` is null: it is not recorded."""

    refused: Annotated[
        list[Failure], Meta(description="failures of rules that the unit enforces: posting the act would be refused")
    ]
    enforced: Annotated[list[str], Meta(description="the rules that the unit enforces at the act's time")]


def foresee(view: View, events: Sequence[Event]) -> list[ForeseenAnswer]:
    """Judge acts that the log does not hold."""
    first, now = view.stand.position + 1, view.stand.known_at
    acts = [_hypothetical(event, first + index, now, view.catalogue) for index, event in enumerate(events)]
    loaded = load(view, (), acts)
    found = {each.act.position: each for each in answers(loaded, view.stand)}
    return [_foreseen(found[act.position], act, loaded.facts_of[act.position]) for act in acts]


def _hypothetical(event: Event, position: int, now: datetime, catalogue: Catalogue) -> JudgedAct:
    """Return an act as the read model would hold it, at a position that no act of this view has."""
    said = event.envelope
    row = rows.ActRow(
        position=position,
        type=said.type,
        time=parse_instant(said.time),
        known_from=parse_instant(said.recordedtime) if said.recordedtime is not None else now,
        asserted=said.recordedtime is not None,
        subject=said.subject,
        project=said.subject if said.subject.startswith("project:") else None,
        unit=said.unit,
        actor=said.actor,
        role=said.role,
        authority=said.authority,
        onbehalfof=said.onbehalfof,
        data=storable(bytes(said.data)),
    )
    return rows.judged_act(row, catalogue, rows.Correction())


def _foreseen(answer: AuthorityAnswer, act: JudgedAct, facts: Facts) -> ForeseenAnswer:
    named = _enforced(act, facts)
    members = {name: getattr(answer, name) for name in answer.__struct_fields__}
    members["act"] = msgspec.structs.replace(answer.act, position=None)
    members["conditions"] = [_without(each, answer.position) for each in answer.conditions]
    said = (*answer.failures, *answer.faults)
    refused = [each for each in said if _refuses(each, answer, named)]
    return ForeseenAnswer(**members, refused=refused, enforced=sorted(named))


def _without(condition: Condition, end: int) -> Condition:
    """Leave out acts beyond the end of the log: those that have not happened have no position to name."""
    return msgspec.structs.replace(condition, acts=tuple(each for each in condition.acts if each <= end))


def _enforced(act: JudgedAct, facts: Facts) -> frozenset[str]:
    """Return the rules that the act's unit enforces: adopted for the moment of the act, and known now."""
    value: Any = facts.policies.value(ENFORCE, act.unit, act.time)
    return frozenset(cast("Sequence[str]", value)) if isinstance(value, list | tuple) else frozenset()


def _refuses(failure: Failure, answer: AuthorityAnswer, named: frozenset[str]) -> bool:
    """Say whether a failure is one to refuse for: certain, and named. What is unknown or late refuses nothing."""
    certain = failure.result == "FAULT" or (failure.result == "FAIL" and answer.verdict == "INVALID")
    return certain and failure.code in named
