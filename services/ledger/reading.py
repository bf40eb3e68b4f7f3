"""What the ledger shows: stored acts with their receipts, proofs, tiles, and its own identity."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem
from msgspec import UNSET, Raw, Struct, UnsetType
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from contracts.leaf import decode_leaf
from contracts.payloads import LogRotateKey
from edge.database import Pool, statement
from edge.paging import Page, page, read_cursor
from ledger.acts import Receipt, base64, commitment
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.cosignatures import Cosignatures
from ledger.errors import Corrupt, Unknown
from ledger.keys import LogKey, keys_of, line_start
from ledger.matching import matching_sql
from ledger.tiles import fetch_tiles
from ledger.tree import (
    TILE_WIDTH,
    TileId,
    consistency_proof,
    consistency_tiles,
    inclusion_proof,
    inclusion_tiles,
    leaf_hash,
)
from ledger.witnessing import WitnessState

EntryRow = tuple[int, bytes, bytes, bytes | None, bytes | None]
"""Position, leaf, leaf hash, salt, payload."""


class StoredAct(Struct, frozen=True):
    """
    An act as it is stored: its receipt, the CloudEvent as received, its leaf (base64).

    `event` is null once its content was erased; `salt` (base64) is shown to a token with `verify`.
    """

    receipt: Receipt
    event: Raw | None
    leaf: str
    salt: str | UnsetType | None = UNSET


class InclusionProof(Struct, frozen=True):
    """
    That a leaf is in the tree of a signed head. `leaf_index` is its position less one.

    `hashes` go from leaf to root (RFC 6962 §2.1.1), in base64 as all hashes; `checkpoint` is a C2SP signed note.
    """

    leaf: str
    leaf_hash: str
    leaf_index: int
    tree_size: int
    hashes: list[str]
    checkpoint: str
    payload: str | UnsetType | None = UNSET
    salt: str | UnsetType | None = UNSET


class Rotations(Struct, frozen=True):
    """How a log changed its keys: each act that did, proved under a head that the key it retires has signed."""

    rotations: list[InclusionProof]


class ConsistencyProof(Struct, frozen=True):
    """That the tree of one signed head is the beginning of another's (RFC 6962 §2.1.2)."""

    first_size: int
    second_size: int
    hashes: list[str]
    first_checkpoint: str
    second_checkpoint: str


class SignedHead(Struct, frozen=True):
    """A tree head that was signed: its size, its root in base64, its C2SP signed note, when it was signed."""

    size: int
    root: str
    note: str
    signed_at: str


class Freeze(Struct, frozen=True):
    """Since when and why a log takes nothing more, and the origin of the log that goes on, once there is one."""

    at: str
    reason: str
    successor: str | None


class LogKeys(Struct, frozen=True):
    """
    A log's identity: its origin, how many acts it has, every key it ever signed with, who witnesses it, and whether it
    goes on.

    `quorum_size` is the largest size that enough witnesses cosigned; null where none was, or none are asked.
    """

    origin: str
    size: int
    keys: list[LogKey]
    witnesses: Sequence[WitnessState] = ()
    quorum_size: int | None = None
    frozen: Freeze | None = None


_TILE_PATH: Final = re.compile(
    r"/?([0-9]|[1-5][0-9]|entries)/((?:x(?!000)[0-9]{3}/(?:x[0-9]{3}/)*)?[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)
"""One path for a tile and no other, so that there is one copy of it in any cache: no `x000` leads a number."""

_POSITIONS_MAX: Final = 1 << 62
_NOT_YET: Final = "this tile is not there, or not that full, yet"

_decode = msgspec.json.Decoder(Raw).decode


class _StoredRotation(Struct):
    data: LogRotateKey


_decode_rotation = msgspec.json.Decoder(_StoredRotation).decode


class Reading:
    """Reads one log. Everything it shows was checked against the leaf's hash on the way out."""

    def __init__(
        self, pool: Pool, log_id: int, origin: str, checkpoints: Checkpoints, cosignatures: Cosignatures
    ) -> None:
        self._pool, self._log_id, self.origin = pool, log_id, origin
        self._checkpoints, self._cosignatures = checkpoints, cosignatures

    def act(self, position: int, *, with_salt: bool) -> StoredAct:
        """Return one act. Raises `Unknown` where the log is shorter."""
        return _shown(self._entry(position), with_salt=with_salt)

    def acts(
        self, after: str | None, limit: int, *, tag: str | None, act: str | None, with_salt: bool
    ) -> Page[StoredAct]:
        """Return a page of acts in order of position, perhaps only those of a type or with a tag."""
        cursor = read_cursor(after, int)
        query = DCBQuery([DCBQueryItem([act] if act else [], [tag] if tag else [])])
        where, parameters = matching_sql(query)
        sql = SQL(
            "SELECT position, leaf, leaf_hash, salt, payload FROM ledger.entries"
            " WHERE log_id = %s AND position > %s AND {} ORDER BY position LIMIT %s"
        ).format(where)
        with self._pool.connection() as connection:
            rows = connection.execute(
                sql, [self._log_id, cursor[0] if cursor else 0, *parameters, limit + 1]
            ).fetchall()
        shown = [_shown(row, with_salt=with_salt) for row in rows]
        return page(shown, limit, lambda each: (each.receipt.position,))

    def inclusion(self, position: int, size: int | None, *, with_payload: bool) -> InclusionProof:
        """Prove an act against a signed head. Raises `Unknown` where act or size lie beyond the log."""
        head = self._cosignatures.best(position) if size is None else self._checkpoints.at(size)
        if not 1 <= position <= head.size:
            raise Unknown(f"no position {position} in a tree of {head.size} acts")
        _, leaf, stored_hash, salt, payload = self._entry(position)
        index = position - 1
        with self._pool.connection() as connection, connection.cursor() as cursor:
            tiles = fetch_tiles(cursor, self._log_id, inclusion_tiles(index, head.size))
        return InclusionProof(
            leaf=base64(leaf),
            leaf_hash=base64(stored_hash),
            leaf_index=index,
            tree_size=head.size,
            hashes=[base64(each) for each in inclusion_proof(index, head.size, tiles)],
            checkpoint=self._cosignatures.with_cosignatures(head),
            payload=(base64(payload) if payload is not None else None) if with_payload else UNSET,
            salt=(base64(salt) if salt is not None else None) if with_payload else UNSET,
        )

    def tlog_proof(self, position: int, size: int | None) -> str:
        """Prove an act as c2sp.org/tlog-proof@v1; the leaf is in the line of extra data. Raises `Unknown`."""
        proof = self.inclusion(position, size, with_payload=False)
        hashes = "".join(f"{each}\n" for each in proof.hashes)
        return f"c2sp.org/tlog-proof@v1\nextra {proof.leaf}\nindex {position - 1}\n{hashes}\n{proof.checkpoint}"

    def rotations(self) -> Rotations:
        """
        Prove each change of keys, in order, under the smallest head from there on that the retired key signed.

        Raises `Corrupt` where there is none, which the change itself would have made.
        """
        with self._pool.connection() as connection:
            keys = keys_of(connection, self._log_id, self.origin)
        return Rotations([self._rotation(key.rotated_at) for key in keys if key.rotated_at is not None])

    def _rotation(self, position: int) -> InclusionProof:
        payload = self._entry(position)[4]
        if payload is None:
            raise Corrupt(f"the act at position {position}, which changed the key, was erased", position)
        retired = _decode_rotation(payload).data.retires
        parameters = {"log_id": self._log_id, "size": position, "texts": [line_start(retired, self.origin)]}
        with self._pool.connection() as connection:
            row = connection.execute(statement("ledger", "checkpoint_with"), parameters).fetchone()
        if row is None:
            raise Corrupt(f"no head of {position} acts or more is signed by {retired}", position)
        head = Checkpoint(*row)
        return msgspec.structs.replace(self.inclusion(position, head.size, with_payload=True), checkpoint=head.note)

    def consistency(self, first: int, second: int | None) -> ConsistencyProof:
        """Prove one signed head against another. Raises `Unknown` where a size lies beyond the log."""
        larger = self._checkpoints.newest() if second is None else self._checkpoints.at(second)
        if first > larger.size:
            raise Unknown(f"`from` is {first}, `to` is {larger.size}: the larger tree comes second")
        smaller = self._checkpoints.at(first)
        with self._pool.connection() as connection, connection.cursor() as cursor:
            tiles = fetch_tiles(cursor, self._log_id, consistency_tiles(first, larger.size))
        return ConsistencyProof(
            first_size=first,
            second_size=larger.size,
            hashes=[base64(each) for each in consistency_proof(first, larger.size, tiles)],
            first_checkpoint=smaller.note,
            second_checkpoint=self._cosignatures.with_cosignatures(larger),
        )

    def checkpoints(self, after: str | None, limit: int) -> Page[SignedHead]:
        """Return a page of the heads ever signed, in order of size. An old size may be signed late, on demand."""
        cursor = read_cursor(after, int)
        parameters = {"log_id": self._log_id, "after": cursor[0] if cursor else -1, "limit": limit + 1}
        with self._pool.connection() as connection:
            rows = connection.execute(statement("ledger", "checkpoints_after"), parameters).fetchall()
        heads = [SignedHead(size, base64(root), note, signed_at.isoformat()) for size, root, note, signed_at in rows]
        return page(heads, limit, lambda each: (each.size,))

    def tile(self, path: str, *, leaves: bool = False) -> bytes:
        """
        Return a tile by its path: hashes of `<L>/<N>[.p/<W>]`, or with `leaves` those of `entries/<N>[.p/<W>]`.

        A leaf comes after its length in two bytes (c2sp.org/tlog-tiles). Raises `Unknown`: no such tile, or not yet.
        """
        found = _TILE_PATH.fullmatch(path)
        if found is None or int(found[3] or 1) >= TILE_WIDTH or (found[1] == "entries") != leaves:
            raise Unknown(f"`{path}` names no tile: see c2sp.org/tlog-tiles")
        level, index, width = found.groups()
        number, width = int(index.replace("x", "").replace("/", "")), int(width or TILE_WIDTH)
        if number * TILE_WIDTH >= _POSITIONS_MAX:
            raise Unknown(_NOT_YET)
        with self._pool.connection() as connection, connection.cursor() as cursor:
            if leaves:
                return self._leaves(cursor, number * TILE_WIDTH, width)
            tile = TileId(int(level), number, width)
            try:
                return b"".join(fetch_tiles(cursor, self._log_id, [tile])[tile])
            except KeyError:
                raise Unknown(_NOT_YET) from None

    def _leaves(self, cursor: Cursor[TupleRow], first: int, width: int) -> bytes:
        span = {"log_id": self._log_id, "first": first + 1, "last": first + width}
        rows = cursor.execute(statement("ledger", "leaves_between"), span).fetchall()
        if len(rows) != width:
            raise Unknown(_NOT_YET)
        for position, leaf, stored_hash in rows:
            _require_leaf(position, leaf, stored_hash)
        return b"".join(len(leaf).to_bytes(2, "big") + leaf for _, leaf, _ in rows)

    def log(self) -> LogKeys:
        """Say which log this is."""
        with self._pool.connection() as connection:
            keys = keys_of(connection, self._log_id, self.origin)
            row = connection.execute(statement("ledger", "standing"), {"log_id": self._log_id}).fetchone()
        if row is None:
            raise Corrupt(f"log {self._log_id} has no head")
        size, since, reason, successor = row
        frozen = Freeze(since.isoformat(), reason, successor) if since is not None else None
        return LogKeys(self.origin, size, keys, frozen=frozen)

    def _entry(self, position: int) -> EntryRow:
        with self._pool.connection() as connection:
            row = connection.execute(
                statement("ledger", "entry_at"), {"log_id": self._log_id, "position": position}
            ).fetchone()
        if row is None:
            raise Unknown(f"no position {position} in this log")
        require_intact(row)
        return row


def _shown(row: EntryRow, *, with_salt: bool) -> StoredAct:
    position, leaf, stored_hash, salt, payload = row
    require_intact(row)
    said = decode_leaf(leaf)
    receipt = Receipt(said.source, said.id, position, base64(stored_hash), said.recorded_at, "recorded")
    if payload is None:
        receipt = msgspec.structs.replace(receipt, content="erased")
    return StoredAct(
        receipt=receipt,
        event=_decode(payload) if payload is not None else None,
        leaf=base64(leaf),
        salt=(base64(salt) if salt is not None else None) if with_salt else UNSET,
    )


def require_intact(row: EntryRow) -> None:
    """Nothing is shown as recorded that is not what the tree holds."""
    position, leaf, stored_hash, salt, payload = row
    _require_leaf(position, leaf, stored_hash)
    if salt is not None and payload is not None:
        try:
            committed = decode_leaf(leaf).payload_commitment
        except msgspec.MsgspecError as exc:
            raise Corrupt(f"the leaf at position {position} cannot be read", position) from exc
        if commitment(salt, payload) != committed:
            raise Corrupt(f"the payload at position {position} is not the one its leaf commits to", position)


def _require_leaf(position: int, leaf: bytes, stored_hash: bytes) -> None:
    if leaf_hash(leaf) != stored_hash:
        raise Corrupt(f"the leaf at position {position} does not match its hash", position)
