"""Which suppliers take part in a project, sign its contracts or are paid on it."""

from collections.abc import Sequence

from contracts.payloads import BidOpen, ContractSign, ParticipantRecord
from projector.acts import ReadAct
from projector.projections import Rows


def rows(act: ReadAct) -> Rows:
    if act.project is None:
        return
    for ordinal, supplier in enumerate(_suppliers(act)):
        yield "copy_suppliers_named", (*act.key, ordinal, supplier, act.project, act.known_from)


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
