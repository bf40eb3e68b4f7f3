"""Matters reserved to a body as rules read them: by the policies of a unit and by its original authority."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from msgspec import Struct

from contracts.payloads import AuthVest, Reserved
from projector.authority.facts import Grant
from projector.case.policies import ALWAYS, NEVER
from projector.policies import UnitPolicies

RESERVED_COLUMNS: Final = ("units", "acts", "amounts", "starts", "ends", "positions")
"""The parameters of lay_reserved.sql that hold one value for each matter."""


class Matter(Struct, frozen=True):
    """What only a body may decide for a unit, from `starts` until before `ends`. `position`: where that is stated."""

    unit: str
    entry: Reserved
    starts: datetime
    ends: datetime
    position: int

    def columns(self) -> tuple[object, ...]:
        """Return the values of `RESERVED_COLUMNS`."""
        begins = "-infinity" if self.starts == ALWAYS else self.starts.isoformat()
        ends = "infinity" if self.ends == NEVER else self.ends.isoformat()
        return self.unit, self.entry.act, self.entry.amount_from, begins, ends, self.position


def matters_reserved(units: Iterable[str], policies: UnitPolicies, grants: Iterable[Grant]) -> Iterator[Matter]:
    """Yield what is reserved to the bodies of these units at any time."""
    for unit in units:
        yield from _by_policy(unit, policies)
    for root in grants:
        if root.is_root and root.unit is not None and isinstance(root.payload, AuthVest):
            for entry in root.payload.reserved:
                yield Matter(root.unit, entry, root.starts, root.ends or NEVER, root.position)


def _by_policy(unit: str, policies: UnitPolicies) -> Iterator[Matter]:
    for begins, ends in pairwise([*sorted(policies.turns(unit)), NEVER]):
        for stated in policies.in_force(unit, begins):
            for entry in stated.reserved:
                yield Matter(unit, entry, begins, ends, stated.position)
