"""
What an evidence bundle is made of on this side: acts with their proofs, all against one checkpoint, and who vouches.

Which acts belong in a bundle the projector knows; here they are proved, and joined by what no reader can do without:
the orders by which content was erased, and the changes of the log's key.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import TupleRow

from contracts.evidence import Continues, Evidence, ProvedAct, Rotation, StampProof
from edge.database import Pool, statement
from ledger.acts import base64
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.cosignatures import Cosignatures
from ledger.errors import Unknown
from ledger.reading import EntryRow, InclusionProof, Reading, require_intact
from ledger.stamping import renewal_id, source_of
from ledger.tiles import fetch_tiles
from ledger.tree import (
    TileId,
    consistency_proof,
    consistency_tiles,
    inclusion_proofs,
    inclusion_tiles,
)

POSITIONS_MAX: Final = 100_000
"""Acts in one bundle."""
_TOGETHER: Final = 500
"""Acts proved at a time: each may need a tile of 8 KiB of its own."""


class _By(NamedTuple):
    """What all is proved by: a tree, its note with all that vouch for it, one signed before, if any, and the keys."""

    checkpoint: Checkpoint
    note: str
    older: Checkpoint | None
    keys: list[str]
    changes: list[InclusionProof]


class Evidences:
    """Gathers the evidence of one log."""

    def __init__(
        self, pool: Pool, log_id: int, reading: Reading, checkpoints: Checkpoints, cosignatures: Cosignatures
    ) -> None:
        self._pool, self._log_id, self._reading = pool, log_id, reading
        self._checkpoints, self._cosignatures = checkpoints, cosignatures

    def of(self, positions: Iterable[int], held: int | None) -> Evidence:
        """
        Prove these acts, and that the log continues its checkpoint of `held` acts.

        Raises `Unknown` where a position or `held` lies beyond the log, or for more than `POSITIONS_MAX` positions.
        """
        wanted = set(positions)
        if len(wanted) > POSITIONS_MAX:
            raise Unknown(f"{len(wanted)} acts are too many for one bundle; {POSITIONS_MAX} is the most")
        older = self._checkpoints.at(held) if held is not None else None
        last = max(wanted, default=1)
        keys, changes = [key.vkey for key in self._reading.log().keys], self._reading.rotations().rotations
        while True:
            with self._pool.connection() as connection, connection.cursor() as cursor:
                wanted |= self._orders(cursor, wanted)
            # No connection is held while a head is looked for: that takes another one.
            head = self._cosignatures.best(max(last, held or 0, *wanted))
            if wanted and not 1 <= min(wanted) <= max(wanted) <= head.size:
                raise Unknown(f"a position is not in a tree of {head.size} acts")
            note = self._cosignatures.with_cosignatures(head)
            with self._pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
                # One snapshot for all; where content was erased meanwhile, the order for it is still to be found.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                if self._orders(cursor, wanted) <= wanted:
                    return self._gathered(cursor, wanted, last, _By(head, note, older, keys, changes))

    def _gathered(self, cursor: Cursor[TupleRow], wanted: set[int], last: int, by: _By) -> Evidence:
        head, older = by.checkpoint, by.older
        stamps, renewals = self._stamps(cursor, last, head)
        changes = [each for each in by.changes if each.leaf_index < head.size]
        return Evidence(
            keys=by.keys,
            checkpoint=by.note,
            tree_size=head.size,
            held=self._continues(cursor, older, head) if older is not None else None,
            rotations=[Rotation(each.leaf_index + 1, each.checkpoint, each.hashes) for each in changes],
            stamps=stamps,
            acts=list(
                self._acts(cursor, sorted({*wanted, *renewals, *(each.leaf_index + 1 for each in changes)}), head.size)
            ),
        )

    def _orders(self, cursor: Cursor[TupleRow], positions: Iterable[int]) -> set[int]:
        parameters = {"log_id": self._log_id, "positions": list(positions)}
        return {row[0] for row in cursor.execute(statement("ledger", "orders_of_erasure"), parameters)}

    def _stamps(self, cursor: Cursor[TupleRow], last: int, head: Checkpoint) -> tuple[list[StampProof], frozenset[int]]:
        """Return the stamps that tell the most of acts up to position `last`, and the acts that renewed them."""
        found: dict[tuple[int, bytes], StampProof] = {}
        renewals: set[int] = set()
        upto = [last]
        # A stamp that was renewed is worth as much as the later one over its renewal, which may be renewed in turn.
        while upto:
            parameters = {"log_id": self._log_id, "last": upto.pop(), "size": head.size}
            rows = cursor.execute(statement("ledger", "timestamps_of"), parameters).fetchall()
            for size, root, note, response, chain in rows:
                if (size, response) in found:
                    continue
                seen = self._continues(cursor, Checkpoint(size, root, note), head)
                found[size, response] = StampProof(seen, base64(response), list(map(base64, chain)))
                key = {"log_id": self._log_id, "source": source_of(self._reading.origin), "id": renewal_id(response)}
                renewal = cursor.execute(statement("ledger", "renewal_of"), key).fetchone()
                if renewal is not None and renewal[0] <= head.size:
                    renewals.add(renewal[0])
                    upto.append(renewal[0])
        return [found[key] for key in sorted(found)], frozenset(renewals)

    def _continues(self, cursor: Cursor[TupleRow], older: Checkpoint, head: Checkpoint) -> Continues:
        tiles = fetch_tiles(cursor, self._log_id, consistency_tiles(older.size, head.size))
        return Continues(older.note, list(map(base64, consistency_proof(older.size, head.size, tiles))))

    def _acts(self, cursor: Cursor[TupleRow], positions: Sequence[int], size: int) -> Iterator[ProvedAct]:
        for at in range(0, len(positions), _TOGETHER):
            some = positions[at : at + _TOGETHER]
            parameters = {"log_id": self._log_id, "positions": list(some)}
            rows = cursor.execute(statement("ledger", "entries_at"), parameters).fetchall()
            if len(rows) != len(some):
                raise Unknown(f"an act at one of the positions {some[0]} to {some[-1]} is not there")
            indexes = [position - 1 for position in some]
            needed: dict[TileId, None] = {}
            for index in indexes:
                needed |= dict.fromkeys(inclusion_tiles(index, size))
            proofs = inclusion_proofs(indexes, size, fetch_tiles(cursor, self._log_id, needed))
            yield from map(_proved, rows, proofs)


def _proved(row: EntryRow, hashes: Sequence[bytes]) -> ProvedAct:
    require_intact(row)
    position, leaf, _, salt, payload = row
    return ProvedAct(
        position,
        leaf.decode(),
        payload.decode() if payload is not None else None,
        base64(salt) if salt is not None else None,
        list(map(base64, hashes)),
    )
