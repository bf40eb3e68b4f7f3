"""How often Python's garbage collector looks for cycles where acts come and go by the thousand."""

import gc
from typing import Final

_OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000
"""
Those of some two thousand acts. At Python's own number, 700, a fifth of the time went into looking for cycles where
acts are served.
"""


def collect_seldom() -> None:
    """Have the collector look seldom, and never again at what is there by now: that stays."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
