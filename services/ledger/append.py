"""
One transaction of the ledger: lock the head, drop duplicates, check conditions, give positions, build the tree.

Everything that waits goes into one transaction, request by request; each sees those before it as recorded. A crash at
any line here leaves the log as it was, since the head, the entries, and the tiles move in the one commit.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import structlog
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery
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
from ledger.copying import HEADER, TRAILER, entry_row
from ledger.errors import BadRequest, Conflict, Corrupt, KeyTaken, LedgerError
from ledger.matching import matching_sql
from ledger.recent import Recent
from ledger.tiles import fetch_tiles
from ledger.tree import Frontier, fill_tiles, full_tiles, last_tile, leaf_hash, tile_root

_log = structlog.get_logger()

Outcome = Appended | LedgerError

_SALT_BYTES: Final = 32
_CHUNK_BYTES: Final = 256 * 1024


class Stored(Struct, frozen=True):
    """A recorded act as a duplicate is compared with it. Salt and payload are None once erased."""

    position: int
    leaf_hash: bytes
    recorded_at: str
    salt: bytes | None
    payload: bytes | None


class Row(Struct, frozen=True, gc=False):
    """An act with its place: what becomes a row of `ledger.entries`."""

    draft: Draft
    position: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes


class Edge(Struct, frozen=True):
    """
    Where a log ends, so that its next commit reads nothing but its head.

    `tiles` are the hashes of the last tile of each level, which is not full yet; a level that is absent is not known.
    `recent` grows while a transaction is under way: after one that failed, the whole edge is to be thrown away.
    """

    frontier: Frontier
    root: bytes
    tiles: Mapping[int, Sequence[bytes]]
    recent: Recent


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

    `edge` is what the commit before left, believed only while the head has not moved since. Without `look_up` acts are
    taken for new; one that is recorded already then raises `UniqueViolation`.

    A request that is refused leaves no trace and does not disturb the others. Raises psycopg errors, after which
    nothing of any request is in, and `Corrupt` when the log's head does not fit its own tree.
    """
    with connection.cursor() as cursor:
        batch = _Batch(cursor, log_id, origin, edge, sum(len(request.drafts) for request in requests))
        if look_up:
            batch.look_up(requests)
        taken = [batch.take(request) for request in requests]
        reached = batch.write()
    head = TreeHead(reached.frontier.size, base64(reached.root))
    outcomes = [each if isinstance(each, LedgerError) else Appended(each, head) for each in taken]
    return Written(outcomes, reached, batch.duplicates)


class _Batch:
    """The acts of one transaction, under the head's lock."""

    def __init__(self, cursor: Cursor[TupleRow], log_id: int, origin: str, edge: Edge | None, acts: int) -> None:
        self._cursor, self._log_id, self._origin = cursor, log_id, origin
        size, root, frontier, last, clock = _locked_head(cursor, log_id)
        if edge is None or (edge.frontier.size, edge.root) != (size, root):
            edge = Edge(Frontier.decode(size, frontier), root, {}, Recent(size))
            if edge.frontier.root() != root:
                raise Corrupt(f"the head of {origin} says another root than its frontier gives, at size {size}")
        self._edge = edge
        self._size = size
        self._recorded_at = max(clock, last)  # never goes back along positions, whatever the clock does
        self._recorded_text = format_instant(self._recorded_at)
        self._went_back = clock < last
        if self._went_back:
            _log.warning("clock_went_back", log_id=log_id, seconds=(last - clock).total_seconds())
        # At once: each call lets other threads run, and then waits for its turn again.
        salts = os.urandom(_SALT_BYTES * acts)
        self._salts = iter([salts[at : at + _SALT_BYTES] for at in range(0, len(salts), _SALT_BYTES)])
        self._stored: dict[tuple[str, str], Stored] = {}
        self._rows: list[Row] = []
        self._taken: dict[tuple[str, str], Row] = {}
        self.duplicates = False

    def look_up(self, requests: Sequence[Request]) -> None:
        """Find out which of the acts of these requests are recorded."""
        keys = [(draft.source, draft.id) for request in requests for draft in request.drafts]
        self._stored |= find_stored(self._cursor, self._log_id, keys)

    def take(self, request: Request) -> list[Receipt] | LedgerError:
        """Take a request in, or say why not. Duplicates are dropped before its condition is looked at."""
        rows: list[Row] = []
        taken: dict[tuple[str, str], Row] = {}
        receipts: list[Receipt] = []
        try:
            if request.condition is not None:
                self._require(request.condition, request)
            for draft in request.drafts:
                key = (draft.source, draft.id)
                stored = self._found(key, taken)
                if stored is not None:
                    self.duplicates = True
                    receipts.append(_duplicate(draft, stored))
                    continue
                row = self._row(draft, self._size + len(self._rows) + len(rows) + 1)
                rows.append(row)
                taken[key] = row
                receipts.append(self._receipt(row))
        except LedgerError as refused:
            return refused
        self._rows += rows
        self._taken |= taken
        for row in rows:
            self._edge.recent.add(row.draft.type, row.draft.tags)
        return receipts

    def write(self) -> Edge:
        """Write rows, tiles and head; return where the log ends then. Does nothing when all were duplicates."""
        if not self._rows:
            return self._edge
        self._copy_rows()
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
        self._edge.recent.trim()
        return Edge(frontier, root, tiles, self._edge.recent)

    def _copy_rows(self) -> None:
        with self._cursor.copy(statement("ledger", "copy_entries")) as copy:
            chunk, size = [HEADER], 0
            for row in self._rows:
                draft = row.draft
                entry = entry_row(
                    self._log_id,
                    row.position,
                    (draft.source, draft.id, draft.type),
                    draft.tags,
                    (row.leaf, row.leaf_hash, row.salt, draft.payload),
                )
                chunk.append(entry)
                size += len(entry)
                if size > _CHUNK_BYTES:
                    copy.write(b"".join(chunk))
                    chunk, size = [], 0
            copy.write(b"".join((*chunk, TRAILER)))

    def _found(self, key: tuple[str, str], taken: Mapping[tuple[str, str], Row]) -> Stored | None:
        """Return the act of this key: recorded before, taken into this transaction, or in this request."""
        row = self._taken.get(key) or taken.get(key)
        if row is None:
            return self._stored.get(key)
        return Stored(row.position, row.leaf_hash, self._recorded_text, row.salt, row.draft.payload)

    def _row(self, draft: Draft, position: int) -> Row:
        salt = next(self._salts)
        leaf = draft.leaf(self._origin, position, self._recorded_text, salt)
        if len(leaf) > LEAF_BYTES_MAX:
            raise BadRequest([Fault("", "too_large", f"its leaf has {len(leaf)} bytes; at most {LEAF_BYTES_MAX}")])
        return Row(draft, position, leaf, leaf_hash(leaf), salt)

    def _receipt(self, row: Row) -> Receipt:
        key, shown = (row.draft.source, row.draft.id), base64(row.leaf_hash)
        receipt = Receipt(*key, row.position, shown, self._recorded_text, "recorded")
        return replace(receipt, flags=["clock_went_back"]) if self._went_back else receipt

    def _require(self, condition: DCBAppendCondition, request: Request) -> None:
        """Check a condition against what is recorded and against what this transaction already took in."""
        position = self._match(condition.fail_if_events_match, condition.after or 0)
        if position is None:
            return
        self.look_up([request])  # what matches may be its own first copy
        if any(self._found((draft.source, draft.id), {}) is None for draft in request.drafts):
            raise Conflict(f"the act at position {position} matches the condition")

    def _match(self, query: DCBQuery, after: int) -> int | None:
        recent = self._edge.recent
        found = recent.last_match(query, max(after, recent.since))
        if found is None and after < recent.since:
            where, parameters = matching_sql(query)
            sql = SQL(
                "SELECT position FROM ledger.entries"
                " WHERE log_id = %s AND position > %s AND position <= %s AND {} LIMIT 1"
            )
            row = self._cursor.execute(sql.format(where), [self._log_id, after, recent.since, *parameters]).fetchone()
            return row[0] if row is not None else None
        return found

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
