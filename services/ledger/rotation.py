"""
A log changes its key: a new one is announced by an act, both sign for a while, the old one is retired.

The file of keys and the database cannot change in one moment. The order of the steps is such that a crash between any
two of them leaves a log that works, and that the command, called again, goes on where it stopped.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection

from contracts.catalogue import base_catalogue
from contracts.document import BadEvent
from contracts.event import read_event
from contracts.moments import format_instant
from edge.database import open_pool, statement, working_as
from ledger.acts import Draft, Receipt, Request
from ledger.append import append
from ledger.checkpoint import Checkpoints
from ledger.committer import LIMITS
from ledger.errors import BadRequest, Frozen, LedgerError, Rejected
from ledger.keys import keys_of, line_start
from ledger.signer import (
    FileSigner,
    KeyRing,
    Signer,
    SigningKey,
    read_keys,
    replace_keys,
    sync_directory,
    write_new_key,
)

OWN_ACTOR: Final = "system:quanze"


class Rotated(Struct, frozen=True):
    """A key that was announced at `position`; `retires` is the one in whose place it comes."""

    vkey: str
    retires: str
    position: int


class Retired(Struct, frozen=True):
    """A key that signs no more, and the size of the largest tree that it can have signed."""

    vkey: str
    until_size: int


class KeyChange:
    """The change of one log's key, in its database and in the file of its private keys."""

    def __init__(self, dsn: str, log_id: int, path: Path) -> None:
        self._dsn, self._log_id, self._path = dsn, log_id, path
        self._origin = FileSigner(path).origin
        self._next = path.with_name(path.name + ".next")

    @property
    def public_path(self) -> Path:
        """Where the public parts of the live keys stand: beside the file of keys."""
        return self._path.with_suffix(".vkey")

    def rotate(self, *, actor: str = OWN_ACTOR, reason: str | None = None) -> Rotated:
        """
        Announce a new key and have it sign beside the old one.

        Raises `Rejected` while the last change is not over, `Frozen` where the log takes no act any more.

        1. The new key is written to `<file>.next`. A crash after this: nobody knows the key yet, the old one signs.
        2. In one transaction the act, the row of the key, and the head that contains the act, signed by both: nobody
           ever sees one without the others. A crash after this: the old key signs alone, and whoever holds it can
           learn of the new one; whoever holds the new one finds a head it signed.
        3. Both keys take the place of the old one in the file of keys: from its next head on, a ledger that runs signs
           with both. A crash after this: nothing is left but the copy in `<file>.next`.
        4. The public parts are written, `<file>.next` is removed.
        """
        keys = read_keys(self._path).keys
        with self._working() as connection:
            standing = connection.execute(statement("ledger", "standing"), {"log_id": self._log_id}).fetchone()
        if standing is not None and standing[1] is not None:
            raise Frozen(self._origin, *standing[2:])
        if not self._next.exists():
            if len(keys) > 1:
                raise Rejected(f"{keys[-1].vkey} still signs beside the key before it: retire that one first")
            write_new_key(self._next, SigningKey.generate(self._origin))
        new = read_keys(self._next).keys[0]
        old = next(key for key in keys if key.vkey != new.vkey)
        position = self._announced(new) or self._announce(old, new, actor, reason)
        if new.vkey not in [key.vkey for key in keys]:
            replace_keys(self._path, [old, new])
        write_public(self.public_path, FileSigner(self._path))
        self._next.unlink()
        sync_directory(self._path.parent)
        return Rotated(new.vkey, old.vkey, position)

    def retire(self) -> Retired:
        """
        Have the older of two keys sign no more. Raises `Rejected` where that would leave a verifier without a way.

        1. The new key alone takes the place of both in the file. A crash after this: the new key signs alone; the
           database still calls the old one live, until this is called again.
        2. The database says up to which size the old key can have signed: the head of now. Whoever signs reads the head
           first and the file afterwards, so what is still being signed with the old key is no larger.
        3. The public parts are written.
        """
        with self._working() as connection:
            keys, live = read_keys(self._path).keys, keys_of(connection, self._log_id, self._origin)
            names = [key.vkey for key in keys]
            if self._next.exists():
                raise Rejected(f"{self._next} is there: a change of keys was cut short; rotate again to finish it")
            if len(keys) > 1:
                self._require_proved(connection, keys)
            old = [key.vkey for key in live if key.until_size is None and key.vkey != names[-1]]
            if not old:
                raise Rejected("there is one key, and without it nothing is signed: rotate first")
            if len(keys) > 1:
                replace_keys(self._path, keys[-1:])
            retired = [Retired(vkey, self._retire(connection, vkey)) for vkey in old]
        write_public(self.public_path, FileSigner(self._path))
        return retired[-1]

    def _announced(self, key: SigningKey) -> int | None:
        """Return the position of the act that announced a key, or None."""
        with self._working() as connection:
            found = [each for each in keys_of(connection, self._log_id, self._origin) if each.vkey == key.vkey]
        return found[0].rotated_at if found else None

    def _announce(self, old: SigningKey, new: SigningKey, actor: str, reason: str | None) -> int:
        data = {"vkey": new.vkey, "retires": old.vkey, **({"reason": reason} if reason is not None else {})}
        draft = own_act(self._origin, "log.rotate_key", f"rotate-{new.key_id.hex()}", actor, data)
        with self._working() as connection, connection.transaction():
            receipt = append_own(connection, self._log_id, self._origin, draft)
            parameters = {"log_id": self._log_id, "vkey": new.vkey, "from_size": receipt.position}
            connection.execute(statement("ledger", "insert_key"), parameters)
            with checkpoints(self._dsn, self._log_id, KeyRing([old, new])) as heads, connection.cursor() as cursor:
                heads.sign(cursor)  # through this connection: nobody else sees the act yet
        return receipt.position

    def _require_proved(self, connection: Connection[Any], keys: tuple[SigningKey, ...]) -> None:
        """A head with the act in it must be signed by both keys, and the newest one by the key that stays."""
        new = next(key for key in keys_of(connection, self._log_id, self._origin) if key.vkey == keys[-1].vkey)
        lines = [line_start(key.vkey, self._origin) for key in keys]
        parameters = {"log_id": self._log_id, "size": new.from_size, "texts": lines}
        if connection.execute(statement("ledger", "checkpoint_with"), parameters).fetchone() is None:
            raise Rejected(f"no head of {new.from_size} acts or more is signed by both keys yet: retire it later")
        with checkpoints(self._dsn, self._log_id, FileSigner(self._path)) as heads:
            if lines[-1] not in heads.newest().note:
                raise Rejected(
                    "the newest head is signed by the old key alone: a ledger runs that does not know the new"
                )

    def _retire(self, connection: Connection[Any], vkey: str) -> int:
        row = connection.execute(statement("ledger", "retire_key"), {"log_id": self._log_id, "vkey": vkey}).fetchone()
        if row is None:
            raise Rejected(f"{vkey} was retired at this moment by somebody else")
        return row[0]

    def _working(self) -> AbstractContextManager[Connection[Any]]:
        return working(self._dsn)


def write_public(path: Path, signer: Signer) -> None:
    """Write the public parts of the live keys, one a line, the newest first."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(f"{vkey}\n" for vkey in reversed(signer.vkeys)), "utf-8")
    partial.replace(path)


def own_act(origin: str, type: str, id: str, actor: str, data: dict[str, Any]) -> Draft:
    """Return an act of the ledger about itself. Raises `BadRequest` where it is none, such as for an unknown actor."""
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": own_source(origin),
        "type": type,
        "subject": f"log:{origin}",
        "time": format_instant(datetime.now(UTC)),
        "actor": actor,
        "data": data,
    }
    try:
        return Draft.of(read_event(msgspec.json.encode(document), base_catalogue()))
    except BadEvent as exc:
        raise BadRequest(exc.faults) from exc


def own_source(origin: str) -> str:
    """Return the source of what the ledger records about itself; nobody else's acts about keys count."""
    return f"urn:quanze:{origin}"


def append_own(connection: Connection[Any], log_id: int, origin: str, draft: Draft) -> Receipt:
    """Append an act within the caller's transaction. Raises what the ledger refuses it for."""
    outcome = append(connection, log_id, origin, [Request((draft,))]).outcomes[0]
    if isinstance(outcome, LedgerError):
        raise outcome
    return outcome.receipts[0]


@contextmanager
def working(dsn: str) -> Generator[Connection[Any]]:
    """Connect with the rights of the writer, and no more."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        working_as("quanze_writer", LIMITS)(connection)
        yield connection


@contextmanager
def checkpoints(dsn: str, log_id: int, signer: Signer) -> Generator[Checkpoints]:
    """Yield the signed heads of a log that this process does not serve."""
    pool = open_pool(dsn, "quanze_writer", size_max=1, name="quanze keys")
    try:
        yield Checkpoints(pool, log_id, signer)
    finally:
        pool.close()
