"""
One transaction of the ledger: lock the head, drop duplicates, check conditions, give positions, build the tree.

Everything that waits goes into one transaction, request by request; each sees those before it as recorded. A crash at
any line here leaves the log as it was, since the head, the entries, and the tiles move in the one commit.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from eventsourcing.dcb.api import DCBAppendCondition
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from contracts.document import same_value
from contracts.faults import Fault
from contracts.leaf import LEAF_BYTES_MAX
from contracts.moments import format_instant
from edge.database import statement
from ledger.acts import Appended, Draft, Receipt, Request, TreeHead, base64, commitment
from ledger.errors import BadRequest, Conflict, Corrupt, KeyTaken, LedgerError
from ledger.matching import first_of, matching_sql
from ledger.tiles import fetch_tiles
from ledger.tree import Frontier, fill_tiles, full_tiles, last_tile, leaf_hash, tile_root

Outcome = Appended | LedgerError

_COLUMNS: Final = ("int4", "int8", "text", "text", "text", "text[]", "bytea", "bytea", "bytea", "bytea")


class Stored(Struct, frozen=True):
    """A recorded act as a duplicate is compared with it. Salt and payload are None once erased."""

    position: int
    leaf_hash: bytes
    recorded_at: str
    salt: bytes | None
    payload: bytes | None


class Row(NamedTuple):
    """An act with its place: a row of `ledger.entries`, in the order of its columns."""

    log_id: int
    position: int
    source: str
    id: str
    type: str
    tags: list[str]
    leaf: bytes
    leaf_hash: bytes
    salt: bytes
    payload: bytes


class Edge(Struct, frozen=True):
    """
    Where a log ends, so that its next commit reads nothing but its head.

    `tiles` are the hashes of the last tile of each level, which is not full yet; a level that is absent is not known.
    """

    frontier: Frontier
    root: bytes
    tiles: Mapping[int, Sequence[bytes]]


class Written(Struct, frozen=True):
    """What one transaction wrote: what became of each request, where the log ends now, and whether acts were there."""

    outcomes: list[Outcome]
    edge: Edge
    duplicates: bool


def append(
    connection: Connection[TupleRow],
    log_id: int,
    origin: str,
    requests: Sequence[Request],
    *,
    edge: Edge | None = None,
    look_up: bool = True,
) -> Written:
    """
    Append the requests in order. The caller holds the transaction and commits it.

    `edge` is what an earlier commit left, believed only while the head has not moved since. Without `look_up` acts are
    taken for new, except where a condition stands: one that is recorded already then raises `UniqueViolation`.

    A request that is refused leaves no trace and does not disturb the others. Raises psycopg errors, after which
    nothing of any request is in, and `Corrupt` when the log's head does not fit its own tree.
    """
    with connection.cursor() as cursor:
        batch = _Batch(cursor, log_id, origin, edge)
        batch.look_up([request for request in requests if look_up or request.condition is not None])
        taken = [batch.take(request) for request in requests]
        reached = batch.write()
    head = TreeHead(reached.frontier.size, base64(reached.root))
    outcomes = [each if isinstance(each, LedgerError) else Appended(each, head) for each in taken]
    return Written(outcomes, reached, batch.duplicates)


class _Batch:
    """The acts of one transaction, under the head's lock."""

    def __init__(self, cursor: Cursor[TupleRow], log_id: int, origin: str, edge: Edge | None) -> None:
        self._cursor, self._log_id, self._origin = cursor, log_id, origin
        size, root, frontier, last, clock = _locked_head(cursor, log_id)
        if edge is None or (edge.frontier.size, edge.root) != (size, root):
            edge = Edge(Frontier.decode(size, frontier), root, {})
            if edge.frontier.root() != root:
                raise Corrupt(f"the head of {origin} says another root than its frontier gives, at size {size}")
        self._edge = edge
        self._size = size
        self._recorded_at = max(clock, last)  # never goes back along positions, whatever the clock does
        self._recorded_text = format_instant(self._recorded_at)
        self._stored: dict[tuple[str, str], Stored] = {}
        self._rows: list[Row] = []
        self._taken: dict[tuple[str, str], Row] = {}
        self.duplicates = False

    def look_up(self, requests: Sequence[Request]) -> None:
        """Find out which of the acts of these requests are recorded."""
        keys = [(draft.source, draft.id) for request in requests for draft in request.drafts]
        if keys:
            self._stored = find_stored(self._cursor, self._log_id, keys)

    def take(self, request: Request) -> list[Receipt] | LedgerError:
        """Take a request in, or say why not. Duplicates are dropped before its condition is looked at."""
        before = len(self._rows)
        receipts: list[Receipt] = []
        try:
            for draft in request.drafts:
                key = (draft.source, draft.id)
                stored = self._found(key)
                if stored is not None:
                    self.duplicates = True
                    receipts.append(_duplicate(draft, stored))
                    continue
                row = self._row(draft)
                self._rows.append(row)
                self._taken[key] = row
                receipts.append(
                    Receipt(row.source, row.id, row.position, base64(row.leaf_hash), self._recorded_text, "recorded")
                )
            if request.condition is not None and len(self._rows) > before:
                self._require(request.condition, before)
        except LedgerError as refused:
            for row in self._rows[before:]:
                del self._taken[row.source, row.id]
            del self._rows[before:]
            return refused
        return receipts

    def write(self) -> Edge:
        """Write rows, tiles and head; return where the log ends then. Does nothing when all were duplicates."""
        if not self._rows:
            return self._edge
        with self._cursor.copy(statement("ledger", "copy_entries")) as copy:
            copy.set_types(_COLUMNS)
            for row in self._rows:
                copy.write_row(row)
        hashes = [row.leaf_hash for row in self._rows]
        frontier = self._edge.frontier.append(hashes)
        root = frontier.root()
        tiles = self._write_tiles(hashes)
        self._cursor.execute(
            statement("ledger", "move_head"),
            {
                "log_id": self._log_id,
                "size": frontier.size,
                "root": root,
                "frontier": frontier.encode(),
                "recorded_at": self._recorded_at,
            },
        )
        return Edge(frontier, root, tiles)

    def _found(self, key: tuple[str, str]) -> Stored | None:
        """Return the act of this key, recorded before or taken into this transaction."""
        row = self._taken.get(key)
        if row is None:
            return self._stored.get(key)
        return Stored(row.position, row.leaf_hash, self._recorded_text, row.salt, row.payload)

    def _row(self, draft: Draft) -> Row:
        position = self._size + len(self._rows) + 1
        salt = os.urandom(32)
        leaf = draft.leaf(self._origin, position, self._recorded_text, salt)
        if len(leaf) > LEAF_BYTES_MAX:
            raise BadRequest([Fault("", "too_large", f"its leaf has {len(leaf)} bytes; at most {LEAF_BYTES_MAX}")])
        return Row(
            self._log_id,
            position,
            draft.source,
            draft.id,
            draft.type,
            list(draft.tags),
            leaf,
            leaf_hash(leaf),
            salt,
            draft.payload,
        )

    def _require(self, condition: DCBAppendCondition, before: int) -> None:
        """Check a condition against the database and against what this transaction already took in."""
        query, after = condition.fail_if_events_match, condition.after or 0
        earlier = [row for row in self._rows[:before] if row.position > after]
        found = first_of(query, [(row.type, row.tags) for row in earlier])
        if found is not None:
            raise Conflict(
                f"an act recorded a moment ago, at position {earlier[found].position}, matches the condition"
            )
        if after < self._size:
            where, parameters = matching_sql(query)
            sql = SQL("SELECT position FROM ledger.entries WHERE log_id = %s AND position > %s AND {} LIMIT 1")
            row = self._cursor.execute(sql.format(where), [self._log_id, after, *parameters]).fetchone()
            if row is not None:
                raise Conflict(f"the act at position {row[0]} matches the condition")

    def _write_tiles(self, hashes: Sequence[bytes]) -> Mapping[int, Sequence[bytes]]:
        """Store every tile that these hashes fill; return the last tile of each level."""
        known = dict(self._edge.tiles)
        begun = dict.fromkeys(tile.level for tile in full_tiles(self._size, self._size + len(hashes)))
        ends = [last_tile(self._size, level) for level in begun if level not in known]
        known |= {tile.level: row for tile, row in fetch_tiles(self._cursor, self._log_id, filter(None, ends)).items()}
        full, known = fill_tiles(self._size, hashes, known)
        if full:
            self._cursor.execute(
                statement("ledger", "insert_tiles"),
                {
                    "log_id": self._log_id,
                    "levels": [tile.level for tile, _ in full],
                    "indexes": [tile.index for tile, _ in full],
                    "hashes": [b"".join(row) for _, row in full],
                    "roots": [tile_root(row) for _, row in full],
                },
            )
        return known


def find_stored(
    cursor: Cursor[TupleRow], log_id: int, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Stored]:
    """Return those of the keys that are recorded."""
    cursor.execute(
        statement("ledger", "recorded_keys"),
        {"log_id": log_id, "sources": [source for source, _ in keys], "ids": [id for _, id in keys]},
    )
    return {(source, id): Stored(*rest) for source, id, *rest in cursor}


def _locked_head(cursor: Cursor[TupleRow], log_id: int) -> tuple[int, bytes, bytes, datetime, datetime]:
    row = cursor.execute(statement("ledger", "lock_head"), {"log_id": log_id}).fetchone()
    if row is None:
        raise Corrupt(f"log {log_id} has no head")
    return cast("tuple[int, bytes, bytes, datetime, datetime]", row)


def _duplicate(draft: Draft, stored: Stored) -> Receipt:
    if stored.salt is not None and stored.payload is not None:
        kept, posted = commitment(stored.salt, stored.payload), commitment(stored.salt, draft.payload)
        if kept != posted and not same_value(stored.payload, draft.payload):
            raise KeyTaken(draft.source, draft.id, stored.position, kept, posted)
    receipt = Receipt(
        draft.source, draft.id, stored.position, base64(stored.leaf_hash), stored.recorded_at, "duplicate"
    )
    return receipt if stored.payload is not None else replace(receipt, content="erased")
