"""What units adopt for themselves: their own values of policies, and what they reserve to a body."""

from contracts.payloads import SetupPolicy
from projector.acts import ReadAct, term_end, term_start
from projector.projections import Rows


def rows(act: ReadAct) -> Rows:
    """One whose content was erased was adopted all the same: the leaf holds the unit and the time."""
    if act.leaf.type != "setup.policy" or not act.leaf.subject.startswith("unit:"):
        return
    common = *act.key, act.known_from, act.time, act.leaf.subject
    match act.payload:
        case SetupPolicy() as adopted:
            term = term_start(adopted.valid_from, act.time), term_end(adopted.valid_until)
            yield "copy_unit_policies", (*common, adopted.policy or adopted.object, *term, act.data)
        case _:
            yield "copy_unit_policies", (*common, None, act.time, None, None)
