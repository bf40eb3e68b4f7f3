"""
Lawful erasure: what a recorded `data.erase` orders is done at once, and again at every start.

Only here does anything of ours change a stored act, under a role that can do nothing else. A crash between recording
the order and carrying it out leaves it to the next start; so does a restored backup that brings content back.
"""

import psycopg
import structlog

from edge.database import statement, working_as

_log = structlog.get_logger()


def erase_ordered(dsn: str, log_id: int) -> list[int]:
    """Erase what was ordered and is still there; return the positions. The act that orders it names the legal basis."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        working_as("quanze_eraser")(connection)
        rows = connection.execute(statement("ledger", "erase_ordered"), {"log_id": log_id}).fetchall()
    positions = sorted(row[0] for row in rows)
    if positions:
        _log.info("content_erased", log_id=log_id, positions=positions)
    return positions
