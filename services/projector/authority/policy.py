"""The policy rows that authority is judged by (contracts/policies/authority.toml)."""

from typing import Final

LATE_GRANT: Final = "aut.late_grant"
SPLIT_ACTS: Final = "aut.split_acts"
SPLIT_WINDOW: Final = "aut.split_window"
ELEMENTS: Final = "aut.elements"
DORMANT: Final = "aut.dormant"
