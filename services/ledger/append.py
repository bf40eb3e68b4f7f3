"""
One transaction of the ledger: lock the head, drop duplicates, check conditions, give positions, build the tree.

Everything that waits goes into one transaction, request by request; each sees those before it as recorded. A crash at
any line here leaves the log as it was, since the head, the entries, and the tiles move in the one commit.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, cast

import structlog
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from contracts.document import same_value
from contracts.faults import Fault
from contracts.leaf import LEAF_BYTES_MAX, Leaf, decode_leaf
from contracts.moments import format_instant
from edge.database import statement
from ledger.acts import Appended, Draft, Receipt, Request, TreeHead, base64, commitment
from ledger.copying import HEADER, TRAILER, entry_row
from ledger.errors import BadRequest, Conflict, Corrupt, Frozen, KeyTaken, LedgerError
from ledger.matching import matching_sql
from ledger.recent import Recent
from ledger.tiles import fetch_tiles
from ledger.tree import Frontier, fill_tiles, full_tiles, last_tile, leaf_hash, tile_root

_log = structlog.get_logger()

Outcome = Appended | LedgerError

_SALT_BYTES: Final = 32
_SAID_BY_BOTH: Final = tuple(name for name in Draft.__struct_fields__ if name in Leaf.__struct_fields__)
_CHUNK_BYTES: Final = 256 * 1024


class Stored(Struct, frozen=True):
    """A recorded act as a duplicate is compared with it. Salt and payload are None once erased."""

    position: int
    leaf_hash: bytes
    leaf: Leaf
    salt: bytes | None
    payload: bytes | None


class Place(Struct, frozen=True, gc=False):
    """The place of an act that is new: what its leaf is made of."""

    draft: Draft
    position: int
    salt: bytes


Taken = list[Receipt | tuple[Place, Literal["recorded", "duplicate"]]]
"""What becomes of the acts of a request: the receipt of one that was there, or the place of one that will be."""


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
    """
    What one transaction wrote: what became of each request, and where the log ends now.

    `duplicates`: acts were there already. `tags` is how many the new ones have.
    """

    outcomes: list[Outcome]
    edge: Edge
    duplicates: bool
    tags: int


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

    A request that is refused leaves no trace and does not disturb the others. Raises psycopg errors, and `BadRequest`
    for a leaf that is too large, after which nothing of any request is in; `Corrupt` when the log's head does not fit
    its own tree.
    """
    with connection.cursor() as cursor:
        batch = _Batch(cursor, log_id, origin, edge, sum(len(request.drafts) for request in requests))
        if look_up or batch.frozen is not None:  # what was recorded before is answered as ever
            batch.look_up(requests)
        taken = [batch.take(request) for request in requests]
        reached = batch.write()
    head = TreeHead(reached.frontier.size, base64(reached.root))
    outcomes = [each if isinstance(each, LedgerError) else Appended(batch.receipts(each), head) for each in taken]
    return Written(outcomes, reached, batch.duplicates, batch.tags)


class _Batch:
    """The acts of one transaction, under the head's lock."""

    def __init__(self, cursor: Cursor[TupleRow], log_id: int, origin: str, edge: Edge | None, acts: int) -> None:
        self._cursor, self._log_id, self._origin = cursor, log_id, origin
        size, root, frontier, last, clock, reason, successor = _locked_head(cursor, log_id)
        self.frozen = (reason, successor) if reason is not None else None
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
        self._placed: dict[tuple[str, str], Place] = {}
        self._hashes: list[bytes] = []
        self.duplicates = False
        self.tags = 0

    def look_up(self, requests: Sequence[Request]) -> None:
        """Find out which of the acts of these requests are recorded."""
        keys = [(draft.source, draft.id) for request in requests for draft in request.drafts]
        self._stored |= find_stored(self._cursor, self._log_id, keys)

    def take(self, request: Request) -> Taken | LedgerError:
        """Give each new act its place, or say why not. Duplicates are dropped before a condition is looked at."""
        placed: dict[tuple[str, str], Place] = {}
        taken: Taken = []
        first = self._size + len(self._placed) + 1
        try:
            if request.condition is not None:
                self._require(request.condition, request)
            for index, draft in enumerate(request.drafts):
                key = (draft.source, draft.id)
                stored = self._stored.get(key)
                place = self._placed.get(key) or placed.get(key)
                if stored is not None:
                    self.duplicates = True
                    taken.append(_duplicate(draft, index, stored))
                elif place is not None:
                    position = place.position if key in self._placed else None
                    _require_same(draft, index, position, place.salt, place.draft.payload)
                    taken.append((place, "duplicate"))
                elif self.frozen is not None:
                    raise Frozen(self._origin, *self.frozen)
                else:
                    place = placed[key] = Place(draft, first + len(placed), next(self._salts))
                    taken.append((place, "recorded"))
        except LedgerError as refused:
            return refused
        self._placed |= placed
        for place in placed.values():
            self._edge.recent.add(place.draft.type, place.draft.tags)
            self.tags += len(place.draft.tags)
        return taken

    def write(self) -> Edge:
        """Write rows, tiles and head; return where the log ends then. Does nothing when all were duplicates."""
        if not self._placed:
            return self._edge
        self._copy_rows()
        frontier = self._edge.frontier.append(self._hashes)
        root = frontier.root()
        tiles = self._write_tiles(self._hashes)
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

    def receipts(self, taken: Taken) -> list[Receipt]:
        """Return the receipts of a request, once its leaves are written."""
        return [each if isinstance(each, Receipt) else self._receipt(*each) for each in taken]

    def _receipt(self, place: Place, status: Literal["recorded", "duplicate"]) -> Receipt:
        shown = base64(self._hashes[place.position - self._size - 1])
        draft = place.draft
        receipt = Receipt(draft.source, draft.id, place.position, shown, self._recorded_text, status)
        return replace(receipt, flags=["clock_went_back"]) if self._went_back else receipt

    def _copy_rows(self) -> None:
        # Leaf by leaf: while the next ones are made, the database is at work on those before.
        with self._cursor.copy(statement("ledger", "copy_entries")) as copy:
            chunk, size = [HEADER], 0
            for place in self._placed.values():
                draft, position, salt = place.draft, place.position, place.salt
                leaf = draft.leaf(self._origin, position, self._recorded_text, salt)
                if len(leaf) > LEAF_BYTES_MAX:
                    message = f"its leaf has {len(leaf)} bytes; at most {LEAF_BYTES_MAX}"
                    raise BadRequest([Fault("", "too_large", message)])
                hashed = leaf_hash(leaf)
                self._hashes.append(hashed)
                texts = (draft.source, draft.id, draft.type)
                chunk.append(entry_row(self._log_id, position, texts, draft.tags, (leaf, hashed, salt, draft.payload)))
                size += len(chunk[-1])
                if size > _CHUNK_BYTES:
                    copy.write(b"".join(chunk))
                    chunk, size = [], 0
            copy.write(b"".join((*chunk, TRAILER)))

    def _require(self, condition: DCBAppendCondition, request: Request) -> None:
        """Check a condition against what is recorded and against what this transaction already took in."""
        position = self._match(condition.fail_if_events_match, condition.after or 0)
        if position is None:
            return
        self.look_up([request])  # what matches may be its own first copy
        keys = [(draft.source, draft.id) for draft in request.drafts]
        if any(key not in self._stored and key not in self._placed for key in keys):
            raise Conflict(f"the act at position {position} matches the condition")

    def _match(self, query: DCBQuery, after: int) -> int | None:
        recent = self._edge.recent
        found = recent.last_match(query, max(after, recent.since))
        if found is None and after < recent.since:
            where, parameters = matching_sql(query)
            # Apart, lest the planner take LIMIT 1 for a hope to find one at once along the positions.
            sql = SQL(
                "WITH meant AS MATERIALIZED (SELECT position FROM ledger.entries"
                " WHERE log_id = %s AND position > %s AND position <= %s AND {}) SELECT position FROM meant LIMIT 1"
            )
            # Planned anew each time: how much of the log a condition looks back on makes the difference.
            asked = [self._log_id, after, recent.since, *parameters]
            row = self._cursor.execute(sql.format(where), asked, prepare=False).fetchone()
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
    return {
        (source, id): Stored(position, hashed, decode_leaf(leaf), salt, payload)
        for source, id, position, hashed, leaf, salt, payload in cursor
    }


_LockedHead = tuple[int, bytes, bytes, datetime, datetime, str | None, str | None]
"""Size, root, frontier, time of the last act, time of now, why it is frozen, who succeeds it."""


def _locked_head(cursor: Cursor[TupleRow], log_id: int) -> _LockedHead:
    row = cursor.execute(statement("ledger", "lock_head"), {"log_id": log_id}).fetchone()
    if row is None:
        raise Corrupt(f"log {log_id} has no head")
    return cast("_LockedHead", row)


def _duplicate(draft: Draft, index: int, stored: Stored) -> Receipt:
    if stored.salt is not None and stored.payload is not None:
        _require_same(draft, index, stored.position, stored.salt, stored.payload)
    elif any(getattr(draft, name) != (getattr(stored.leaf, name) or None) for name in _SAID_BY_BOTH):
        # All that is left to compare: without the salt there is no HMAC of what was posted.
        raise KeyTaken(draft.source, draft.id, index, stored.position, stored.leaf.payload_commitment, None)
    recorded_at = stored.leaf.recorded_at
    receipt = Receipt(draft.source, draft.id, stored.position, base64(stored.leaf_hash), recorded_at, "duplicate")
    return receipt if stored.payload is not None else replace(receipt, content="erased")


def _require_same(draft: Draft, index: int, position: int | None, salt: bytes, payload: bytes) -> None:
    kept, posted = commitment(salt, payload), commitment(salt, draft.payload)
    if kept != posted and not same_value(payload, draft.payload):
        raise KeyTaken(draft.source, draft.id, index, position, kept, posted)
