"""The policy rows that authority is judged by (contracts/policies/authority.toml)."""

from typing import Final

from projector.authority.facts import JudgedAct
from projector.policies import UnitPolicies

LATE_GRANT: Final = "aut.late_grant"
SPLIT_ACTS: Final = "aut.split_acts"
SPLIT_WINDOW: Final = "aut.split_window"
ELEMENTS: Final = "aut.elements"
DORMANT: Final = "aut.dormant"


def split_window(policies: UnitPolicies, act: JudgedAct) -> int | None:
    """Return within how many days acts of this kind count together, None where they do not (policy `aut.split_*`)."""
    if act.type not in (policies.value(SPLIT_ACTS, act.unit, act.time) or ()):
        return None
    days = policies.value(SPLIT_WINDOW, act.unit, act.time)
    return int(days) if days is not None else None
