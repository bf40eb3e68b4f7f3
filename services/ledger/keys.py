"""The public keys of a log, as its database names them: which sign, since when, and which were retired."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from psycopg import Connection

from edge.database import statement
from ledger.signer import KeyRefused, read_vkey

_KEY_ID_SHOWN: Final = 5
"""Characters of base64 that the four bytes of a key id alone decide: 30 of their 32 bits."""


class LogKey(Struct, frozen=True):
    """
    A public key of a log, as a C2SP verifier key.

    It signs from the tree of `from_size` on, which holds the act at `rotated_at` that announced it (null for the key
    that the log was founded with), and signed no larger tree than that of `until_size` (null while it is live).
    """

    vkey: str
    from_size: int
    added_at: str
    until_size: int | None = None
    rotated_at: int | None = None


def keys_of(connection: Connection[Any], log_id: int, origin: str) -> list[LogKey]:
    """Return every key of the log, the oldest first. Raises `KeyRefused`: a row holds none that proves anything."""
    rows: Iterable[tuple[str, int, datetime, int | None, datetime | None]]
    rows = connection.execute(statement("ledger", "keys"), {"log_id": log_id}).fetchall()
    return [_key(vkey, start, added, until, origin) for vkey, start, added, until, _ in rows]


def require_own(connection: Connection[Any], log_id: int, origin: str, vkeys: Iterable[str]) -> None:
    """Raise `KeyRefused` unless each of these is a live key of the log: who verifies must know what signs."""
    known = {key.vkey: key for key in keys_of(connection, log_id, origin)}
    for vkey in vkeys:
        if vkey not in known:
            raise KeyRefused(f"the signing key {vkey} is not the key of {origin}, nor announced by an act of it")
        if known[vkey].until_size is not None:
            raise KeyRefused(f"the signing key {vkey} was retired at {known[vkey].until_size} acts: it signs no more")


def line_start(vkey: str, origin: str) -> str:
    """Return how the signature lines of a key begin: for finding notes, not for believing them."""
    shown = b64encode(read_vkey(vkey, origin).key_id).decode()[:_KEY_ID_SHOWN]
    return f"\n— {origin} {shown}"


def _key(vkey: str, start: int, added: datetime, until: int | None, origin: str) -> LogKey:
    read_vkey(vkey, origin)
    return LogKey(vkey, start, added.isoformat(), until, start or None)
