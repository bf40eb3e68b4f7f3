"""
One transaction of the ledger: lock the head, drop duplicates, check conditions, give positions, build the tree.

Everything that waits goes into one transaction, request by request; each sees those before it as recorded. A crash at
any line here leaves the log as it was, since the head, the entries, and the tiles move in the one commit.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

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
from ledger.tree import TILE_WIDTH, Frontier, TileId, full_tiles, leaf_hash, tile_root

Outcome = Appended | LedgerError

_COLUMNS: Final = ("int4", "int8", "text", "text", "text", "text[]", "bytea", "bytea", "bytea", "bytea")


class Stored(Struct, frozen=True):
    """A recorded act as a duplicate is compared with it. Salt and payload are None once erased."""

    position: int
    leaf_hash: bytes
    recorded_at: str
    salt: bytes | None
    payload: bytes | None


class Row(Struct, frozen=True):
    """An act with its place: what becomes a row of `ledger.entries`."""

    draft: Draft
    position: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes


def append(connection: Connection[TupleRow], log_id: int, origin: str, requests: Sequence[Request]) -> list[Outcome]:
    """
    Append the requests in order; return what became of each. The caller holds the transaction and commits it.

    A request that is refused leaves no trace and does not disturb the others. Raises psycopg errors, after which
    nothing of any request is in, and `Corrupt` when the log's head does not fit its own tree.
    """
    with connection.cursor() as cursor:
        batch = _Batch(cursor, log_id, origin, [draft for request in requests for draft in request.drafts])
        outcomes = [batch.take(request) for request in requests]
        head = batch.write()
    return [replace(outcome, tree=head) if isinstance(outcome, Appended) else outcome for outcome in outcomes]


class _Batch:
    """The acts of one transaction, under the head's lock."""

    def __init__(self, cursor: Cursor[TupleRow], log_id: int, origin: str, drafts: Sequence[Draft]) -> None:
        self._cursor, self._log_id, self._origin = cursor, log_id, origin
        size, root, frontier, last, clock = _locked_head(cursor, log_id)
        self._frontier = Frontier.decode(size, frontier)
        if self._frontier.root() != root:
            raise Corrupt(f"the head of {origin} says another root than its frontier gives, at size {size}")
        self._recorded_at = max(clock, last)  # never goes back along positions, whatever the clock does
        self._recorded_text = format_instant(self._recorded_at)
        self._stored = find_stored(cursor, log_id, [(draft.source, draft.id) for draft in drafts])
        self._rows: list[Row] = []

    def take(self, request: Request) -> Outcome:
        """Take a request in, or say why not. Duplicates are dropped before its condition is looked at."""
        before = len(self._rows)
        fresh: dict[tuple[str, str], Stored] = {}
        receipts: list[Receipt] = []
        try:
            for draft in request.drafts:
                key = (draft.source, draft.id)
                stored = self._stored.get(key) or fresh.get(key)
                if stored is not None:
                    receipts.append(_duplicate(draft, stored))
                    continue
                row = self._row(draft)
                self._rows.append(row)
                fresh[key] = Stored(row.position, row.leaf_hash, self._recorded_text, row.salt, draft.payload)
                receipts.append(_receipt(draft, fresh[key], "recorded"))
            if fresh and request.condition is not None:
                self._require(request.condition, before)
        except LedgerError as refused:
            del self._rows[before:]
            return refused
        self._stored |= fresh
        return Appended(receipts, TreeHead(0, ""))

    def write(self) -> TreeHead:
        """Write rows, tiles and head; return the head. Does nothing when all were duplicates."""
        if not self._rows:
            return TreeHead(self._frontier.size, base64(self._frontier.root()))
        with self._cursor.copy(statement("ledger", "copy_entries")) as copy:
            copy.set_types(_COLUMNS)
            for row in self._rows:
                draft = row.draft
                copy.write_row(
                    (
                        self._log_id,
                        row.position,
                        draft.source,
                        draft.id,
                        draft.type,
                        list(draft.tags),
                        row.leaf,
                        row.leaf_hash,
                        row.salt,
                        draft.payload,
                    )
                )
        hashes = [row.leaf_hash for row in self._rows]
        after = self._frontier.append(hashes)
        self._write_tiles(hashes, after.size)
        root = after.root()
        self._cursor.execute(
            statement("ledger", "move_head"),
            {
                "log_id": self._log_id,
                "size": after.size,
                "root": root,
                "frontier": after.encode(),
                "recorded_at": self._recorded_at,
            },
        )
        self._cursor.execute(statement("ledger", "notify_feed"), {"log_id": self._log_id})
        return TreeHead(after.size, base64(root))

    def _row(self, draft: Draft) -> Row:
        position = self._frontier.size + len(self._rows) + 1
        salt = os.urandom(32)
        leaf = draft.leaf(self._origin, position, self._recorded_text, salt)
        if len(leaf) > LEAF_BYTES_MAX:
            raise BadRequest([Fault("", "too_large", f"its leaf has {len(leaf)} bytes; at most {LEAF_BYTES_MAX}")])
        return Row(draft, position, leaf, leaf_hash(leaf), salt)

    def _require(self, condition: DCBAppendCondition, before: int) -> None:
        """Check a condition against the database and against what this transaction already took in."""
        query, after = condition.fail_if_events_match, condition.after or 0
        earlier = [row for row in self._rows[:before] if row.position > after]
        found = first_of(query, [(row.draft.type, row.draft.tags) for row in earlier])
        if found is not None:
            raise Conflict(
                f"an act recorded a moment ago, at position {earlier[found].position}, matches the condition"
            )
        if after < self._frontier.size:
            where, parameters = matching_sql(query)
            sql = SQL("SELECT position FROM ledger.entries WHERE log_id = %s AND position > %s AND {} LIMIT 1")
            row = self._cursor.execute(sql.format(where), [self._log_id, after, *parameters]).fetchone()
            if row is not None:
                raise Conflict(f"the act at position {row[0]} matches the condition")

    def _write_tiles(self, hashes: Sequence[bytes], size: int) -> None:
        """Store every tile that this batch fills. What a tile holds from before is read back: once in 256 acts."""
        first = self._frontier.size
        roots: dict[TileId, bytes] = {}
        for tile in full_tiles(first, size):
            begin = tile.index * TILE_WIDTH
            if tile.level == 0:
                kept = max(0, min(first - begin, TILE_WIDTH))
                new = list(hashes[begin + kept - first : begin + TILE_WIDTH - first])
            else:
                below = [TileId(tile.level - 1, begin + at, TILE_WIDTH) for at in range(TILE_WIDTH)]
                new = [roots[each] for each in below if each in roots]
                kept = TILE_WIDTH - len(new)
            partial = TileId(tile.level, tile.index, kept)
            old: Sequence[bytes] = fetch_tiles(self._cursor, self._log_id, [partial])[partial] if kept else ()
            full: list[bytes] = [*old, *new]
            roots[tile] = tile_root(full)
            self._cursor.execute(
                statement("ledger", "insert_tile"),
                {
                    "log_id": self._log_id,
                    "level": tile.level,
                    "index": tile.index,
                    "hashes": b"".join(full),
                    "root": roots[tile],
                },
            )


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
    receipt = _receipt(draft, stored, "duplicate")
    return receipt if stored.payload is not None else replace(receipt, content="erased")


def _receipt(draft: Draft, stored: Stored, status: str) -> Receipt:
    return Receipt(
        source=draft.source,
        id=draft.id,
        position=stored.position,
        leaf_hash=base64(stored.leaf_hash),
        recorded_at=stored.recorded_at,
        status="recorded" if status == "recorded" else "duplicate",
    )
