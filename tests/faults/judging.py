"""What must hold after a crash, asked of the database and of the proofs, not of what wrote them."""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from msgspec.structs import replace

from contracts.proof import VerifierKey, open_checkpoint
from quanze.database_check import database_log
from quanze.full_check import check_log
from quanze.log_to_check import SignedHead
from tests.faults.load import SOURCE, Posted, Wrong

_RECOVERY_SECONDS_MAX: Final = 60.0

T = TypeVar("T")

Rows = dict[tuple[str, str], tuple[int, str, str, bytes]]
"""Per key: position, leaf hash in base64, recorded_at, payload."""


def stored(dsn: str) -> Rows:
    """
    Return the acts of the load by key. Raises `Wrong` unless positions are gapless and each key is there once.

    It waits for the head's lock: a session whose client was killed may still be at work on what it was sent.
    """
    query = (
        "SELECT position, source, id, leaf_hash, convert_from(leaf, 'UTF8')::jsonb ->> 'recorded_at', payload"
        " FROM ledger.entries ORDER BY position"
    )
    found = patiently(lambda: _asked(dsn, query))
    if [row[0] for row in found] != list(range(1, len(found) + 1)):
        raise Wrong("positions are not gapless")
    ours = [row for row in found if row[1] == SOURCE]
    rows: Rows = {
        (source, id): (position, b64encode(leaf_hash).decode(), recorded_at, payload)
        for position, source, id, leaf_hash, recorded_at, payload in ours
    }
    if len(rows) != len(ours):
        raise Wrong("a key is recorded twice")
    return rows


def _asked(dsn: str, query: LiteralString) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM ledger.heads FOR UPDATE")
        return connection.execute(query).fetchall()


def patiently(ask: Callable[[], T]) -> T:
    """Ask again while PostgreSQL recovers: a session may be answered once more before all are thrown out."""
    deadline = time.monotonic() + _RECOVERY_SECONDS_MAX
    while True:
        try:
            return ask()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def require_kept(rows: Rows, posted: Iterable[Posted]) -> None:
    """
    Raise `Wrong` unless what was acknowledged is there as its receipt says, and of any other request all or none.

    Of acts that stand alone the first few may be in.
    """
    for request in posted:
        there = [key for key in request.names() if key in rows]
        if request.receipts is None:
            if there != request.names()[: len(there)] or (there and not request.alone and there != request.names()):
                raise Wrong(f"{len(there)} of the {len(request.acts)} acts of one request, from {there[0]} on, are in")
            if sorted(there, key=rows.__getitem__) != there:
                raise Wrong(f"the acts of one request, from {there[0]} on, are in another order")
            continue
        for act, receipt in zip(request.acts, request.receipts, strict=True):
            key = (act["source"], act["id"])
            said = (receipt["position"], receipt["leaf_hash"], receipt["recorded_at"])
            if key not in rows or rows[key][:3] != said:
                raise Wrong(f"acknowledged {said}, but stored is {rows.get(key)}")
            if json.loads(rows[key][3]) != act:
                raise Wrong(f"{key} is stored as another act")


def require_nothing_else(rows: Rows, posted: Iterable[Posted]) -> None:
    """Raise `Wrong` unless exactly these acts are there."""
    sent = {key for request in posted for key in request.names()}
    if rows.keys() != sent:
        raise Wrong(f"{len(sent - rows.keys())} acts are missing, {len(rows.keys() - sent)} were never posted")


def require_verified(dsn: str, vkey: str, notes: Sequence[str]) -> int:
    """
    Check the whole log from the stored bytes up; return its size. Raises `Wrong` at the first fault.

    `notes` are checkpoints that were kept outside the database: each must be signed by `vkey`, and its root that of the
    tree at its size. So each is consistent with every other, the newest included.
    """
    key = VerifierKey.parse(vkey)
    kept = [open_checkpoint(note.encode(), key) for note in notes]
    heads = [SignedHead(head.size, head.root, note.encode()) for head, note in zip(kept, notes, strict=True)]
    with psycopg.connect(dsn) as connection:
        log = database_log(connection, _log_id(connection))
        every = sorted([*log.checkpoints(), *heads], key=lambda head: head.size)
        checked = check_log(replace(log, checkpoints=lambda: every), [key])
    if checked.fault is not None:
        raise Wrong(f"the full check fails at position {checked.position}: {checked.fault}")
    return checked.size


def _log_id(connection: psycopg.Connection[Any]) -> int:
    """Return the number of the only log; ends the transaction, since the check sets the next one's snapshot."""
    row = connection.execute("SELECT log_id FROM ledger.logs").fetchone()
    connection.rollback()
    assert row is not None
    return int(row[0])
