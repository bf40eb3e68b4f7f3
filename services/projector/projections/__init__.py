"""
One module per question, each with `rows(act)`: what one act says, as rows of the read model.

A projection neither reads what others wrote nor raises on odd data: what an act does not say readably is unknown.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

Row = tuple[object, ...]
Rows = Iterator[tuple[str, Row]]
"""Rows, each with the name of the COPY statement that adds it."""

instant: Final = lru_cache(maxsize=4_096)(datetime.isoformat)
"""An instant for a COPY. An act's stand in several rows, and psycopg would write each out anew, in Python."""
