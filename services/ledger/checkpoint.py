"""
Signed tree heads. One signer per log: never two roots for one size, and nothing that denies what was signed before.

A head is signed when somebody asks for a proof, and at most a second after it moved. A crash in between leaves a head
that the next start signs.
"""

import threading
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct
from psycopg import Cursor
from psycopg.rows import TupleRow

from contracts.proof import ProofFailed, VerifierKey, open_checkpoint, verify_consistency
from edge.database import Pool, statement
from ledger.errors import Corrupt, LedgerError, Unknown
from ledger.keys import keys_of, require_own
from ledger.signer import KeyRefused, Signer, checkpoint_body
from ledger.tiles import fetch_tiles
from ledger.tree import consistency_proof, consistency_tiles, root_hash, root_tiles

CADENCE_SECONDS: Final = 1.0

_log = structlog.get_logger()


class Checkpoint(Struct, frozen=True):
    """A signed tree head: `note` is its C2SP signed note."""

    size: int
    root: bytes
    note: str


class Checkpoints:
    """The signed heads of one log."""

    def __init__(self, pool: Pool, log_id: int, signer: Signer) -> None:
        self._pool, self._log_id, self._signer = pool, log_id, signer
        self._known: tuple[str, ...] = ()
        self._signing = threading.Lock()

    def newest(self) -> Checkpoint:
        """Return the head of this moment, signed. Raises `Corrupt` when it denies what was signed before."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            size, root = self._head(cursor)
            signed = self._at(cursor, "checkpoint_at", size)
            if signed is None:
                return self.sign(cursor)
            if signed.root != root:
                raise Corrupt(f"the head says another root for {size} acts than was signed")
            return signed

    def signed(self, size: int | None = None) -> Checkpoint | None:
        """Return the head of this size as it was signed, or the largest; None where none was. Signs nothing."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            return self._at(cursor, "newest_checkpoint" if size is None else "checkpoint_at", size)

    def at(self, size: int) -> Checkpoint:
        """
        Return the head at an earlier size, signed now if it never was.

        Raises `Unknown` beyond the newest head, and where every key that signs now is younger than that size: whoever
        knows the keys of then would have no use for it.
        """
        newest = self.newest()
        if size == newest.size:
            return newest
        if not 0 <= size < newest.size:
            raise Unknown(f"this log has {newest.size} acts; no tree of {size}")
        with self._pool.connection() as connection, connection.cursor() as cursor:
            found = self._at(cursor, "checkpoint_at", size)
            if found is not None:
                return found
            keys = keys_of(cursor.connection, self._log_id, self._signer.origin)
            since = min(key.from_size for key in keys if key.vkey in self._signer.vkeys)
            if size < since:
                raise Unknown(
                    f"no head of {size} acts was signed at its time, and the keys of today sign from {since} on"
                )
            root = root_hash(size, fetch_tiles(cursor, self._log_id, root_tiles(size)))
            self._require_prefix(cursor, Checkpoint(size, root, ""), newest)
            return self._keep(cursor, size, root)

    def sign(self, cursor: Cursor[TupleRow]) -> Checkpoint:
        """Sign the head as this connection sees it; in a transaction, the one that is to be committed."""
        with self._signing:
            last = self._at(cursor, "newest_checkpoint")
            # Read again, after what was signed last: others may have signed a larger head since it was read first.
            size, root = self._head(cursor)
            if last is not None:
                if last.size > size:
                    raise Corrupt(f"the log has {size} acts but a head of {last.size} was signed: it was rolled back")
                self._require_prefix(cursor, last, Checkpoint(size, root, ""))
            return self._keep(cursor, size, root)

    def _head(self, cursor: Cursor[TupleRow]) -> tuple[int, bytes]:
        row = cursor.execute(statement("ledger", "head"), {"log_id": self._log_id}).fetchone()
        if row is None:
            raise Corrupt(f"log {self._log_id} has no head")
        return row[0], row[1]

    def _require_prefix(self, cursor: Cursor[TupleRow], first: Checkpoint, second: Checkpoint) -> None:
        """Check through the verifier, not through the code that built the tree, that one head continues the other."""
        tiles = fetch_tiles(cursor, self._log_id, consistency_tiles(first.size, second.size))
        proof = consistency_proof(first.size, second.size, tiles)
        try:
            verify_consistency(first.size, second.size, proof, first.root, second.root)
        except ProofFailed as exc:
            raise Corrupt(f"the tree of {second.size} acts is no continuation of that of {first.size}: {exc}") from exc

    def _keep(self, cursor: Cursor[TupleRow], size: int, root: bytes) -> Checkpoint:
        # The head was read before the keys are: a key that is taken from the file now signs no larger one any more.
        vkeys = self._signer.vkeys
        if vkeys != self._known:  # the first time, and when the file of keys has changed
            require_own(cursor.connection, self._log_id, self._signer.origin, vkeys)
            self._known = vkeys
        note = self._signed(size, root, vkeys)
        parameters = {"log_id": self._log_id, "size": size, "root": root, "note": note}
        if cursor.execute(statement("ledger", "insert_checkpoint"), parameters).fetchone() is None:
            theirs = self._at(cursor, "checkpoint_at", size)
            if theirs is None or theirs.root != root:
                raise Corrupt(f"another root was signed for size {size}")
            return theirs
        return Checkpoint(size, root, note)

    def _signed(self, size: int, root: bytes, vkeys: Sequence[str]) -> str:
        """Return the signed note, once the verifier has opened it and reads in it what was meant."""
        note = self._signer.sign(checkpoint_body(self._signer.origin, size, root))
        try:
            signed = open_checkpoint(note, *map(VerifierKey.parse, vkeys))
        except ProofFailed as exc:
            raise Corrupt(f"the signer made a note for size {size} that does not verify: {exc}") from exc
        if (signed.origin, signed.size, signed.root) != (self._signer.origin, size, root):
            raise Corrupt(f"the signer signed another head than that of {size} acts")
        return note.decode()

    def _at(self, cursor: Cursor[TupleRow], name: str, size: int | None = None) -> Checkpoint | None:
        parameters = {"log_id": self._log_id} | ({} if size is None else {"size": size})
        row = cursor.execute(statement("ledger", name), parameters).fetchone()
        return Checkpoint(*row) if row is not None else None


class Signing:
    """Signs the head once a second while it moves."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self.fault: str | None = None
        """
        Why nothing is signed: stored bytes contradict what was signed, or the keys in the file are not the log's. An
        operator has to look; until then it is tried again, and once it succeeds there is no fault any more.
        """

    def look(self) -> None:
        """Sign the head if it moved. To be called every `CADENCE_SECONDS`."""
        try:
            self._checkpoints.newest()
        except (KeyRefused, LedgerError) as exc:
            if self.fault is None:
                _log.error("signing_refused", error=str(exc))
            self.fault = str(exc)
        else:
            if self.fault is not None:
                _log.info("signing_again", after=self.fault)
            self.fault = None
