"""Who people and units are: whose an account is, whom a person works for, what kind a unit is."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Cursor

from contracts.payloads import AccountLink, AccountUnlink, PersonRegister, UnitRegister
from projector.acts import ReadAct
from projector.projections import copy_rows


def apply(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    copy_rows(cursor, "copy_account_links", _account_links(acts))
    copy_rows(cursor, "copy_persons", _persons(acts))
    copy_rows(cursor, "copy_units", _units(acts))


def _account_links(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        match act.payload:
            case AccountLink(account=account, person=person):
                yield act.log_id, act.position, act.known_from, account, person, act.time
            case AccountUnlink(account=account):
                yield act.log_id, act.position, act.known_from, account, None, act.time
            case _:
                pass


def _persons(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    """A registration whose content was erased still registers: the leaf holds the person."""
    for act in acts:
        if act.leaf.type == "person.register" and act.leaf.subject.startswith("person:"):
            employer = act.payload.employer if isinstance(act.payload, PersonRegister) else None
            yield act.log_id, act.position, act.known_from, act.leaf.subject, employer, act.time


def _units(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        if act.leaf.type == "unit.register" and act.leaf.subject.startswith("unit:"):
            said = act.payload if isinstance(act.payload, UnitRegister) else UnitRegister()
            yield act.log_id, act.position, act.known_from, act.leaf.subject, said.parent, said.kind, act.time
