"""Which suppliers take part in a project, sign its contracts or are paid on it."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Cursor

from contracts.payloads import BidOpen, ContractSign, ParticipantRecord
from projector.acts import ReadAct
from projector.projections import copy_rows


def apply(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    copy_rows(cursor, "copy_suppliers_named", _named(acts))


def _named(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        if act.project is None:
            continue
        for ordinal, supplier in enumerate(_suppliers(act)):
            yield act.log_id, act.position, ordinal, supplier, act.project, act.known_from


def _suppliers(act: ReadAct) -> Sequence[str]:
    match act.payload:
        case BidOpen(suppliers=suppliers):
            return list(dict.fromkeys(suppliers))
        case ParticipantRecord(supplier=supplier):
            return [supplier]
        case ContractSign(supplier=supplier) if supplier is not None:
            return [supplier]
        case _:
            return ()
