"""What units adopt for themselves: their own values of policies, and what they reserve to a body."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Cursor

from contracts.payloads import SetupPolicy
from projector.acts import ReadAct, term_end, term_start
from projector.projections import copy_rows


def apply(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    copy_rows(cursor, "copy_unit_policies", _unit_policies(acts))


def _unit_policies(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    """One whose content was erased was adopted all the same: the leaf holds the unit and the time."""
    for act in acts:
        if act.leaf.type != "setup.policy" or not act.leaf.subject.startswith("unit:"):
            continue
        common = act.log_id, act.position, act.known_from, act.time, act.leaf.subject
        match act.payload:
            case SetupPolicy() as adopted:
                term = term_start(adopted.valid_from, act.time), term_end(adopted.valid_until)
                yield *common, adopted.policy or adopted.object, *term, act.data
            case _:
                yield *common, None, act.time, None, None
