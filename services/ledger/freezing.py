"""
The end of a log whose key is no longer its own, and the log that goes on.

A frozen log takes nothing more; it is read and proved as before. Its successor has another origin and another key, and
its first act holds the final checkpoint: whoever verifies the new log holds the old one to that.
"""

from typing import Final as Constant

import msgspec
from msgspec import Struct, structs

from contracts.payloads import LogSucceed
from edge.database import statement
from ledger.acts import base64
from ledger.append import find_stored
from ledger.checkpoint import Checkpoint
from ledger.errors import Corrupt, Rejected
from ledger.rotation import append_own, checkpoints, own_act, working
from ledger.signer import Signer

_ID: Constant = "succeed"


class _Stored(Struct):
    data: LogSucceed


_decode: Constant = msgspec.json.Decoder(_Stored).decode


class Final(Struct, frozen=True):
    """The last words of a frozen log. `root` is base64, `checkpoint` the signed note, `reason` why it was frozen."""

    predecessor: str
    size: int
    root: str
    checkpoint: str
    reason: str


def freeze(dsn: str, log_id: int, signer: Signer, reason: str) -> Final:
    """
    Freeze a log where it stands and sign its final checkpoint. Called again, it returns the first freeze.

    Frozen first: nothing must be appended after what is called final. A crash in between leaves a frozen log whose head
    is signed by whoever asks next, a ledger that runs among them; so does a head that cannot be signed, which raises.
    """
    with working(dsn) as connection:
        connection.execute(statement("ledger", "freeze_head"), {"log_id": log_id, "reason": reason})
    with checkpoints(dsn, log_id, signer) as heads:
        heads.newest()
    return final_of(dsn, log_id, signer.origin)


def final_of(dsn: str, log_id: int, origin: str) -> Final:
    """Return the final checkpoint of a frozen log. Raises `Rejected`: it is not frozen, or its end not signed."""
    with working(dsn) as connection:
        row = connection.execute(statement("ledger", "standing"), {"log_id": log_id}).fetchone()
        if row is None or row[1] is None:
            raise Rejected(f"{origin} is not frozen: `quanze key freeze` comes first")
        size, _, reason, _ = row
        found = connection.execute(statement("ledger", "checkpoint_at"), {"log_id": log_id, "size": size}).fetchone()
    if found is None:
        raise Rejected(f"the last head of {origin} is not signed: freeze it again")
    signed = Checkpoint(*found)
    return Final(origin, size, base64(signed.root), signed.note, reason)


def begin_successor(dsn: str, log_id: int, signer: Signer, final: Final, actor: str) -> None:
    """
    Record the first act of the successor, and sign the head that holds it. Raises `Rejected`: its first act is another.

    Called again it finds the act. In one transaction under the head's lock, so that no other act can be the first.
    """
    draft = own_act(signer.origin, "log.succeed", _ID, actor, structs.asdict(final))
    key = (draft.source, draft.id)
    with working(dsn) as connection, connection.cursor() as cursor:
        begun = find_stored(cursor, log_id, [key]).get(key)
        if begun is None:
            with connection.transaction():
                if append_own(connection, log_id, signer.origin, draft).position != 1:
                    raise Rejected(f"{signer.origin} has acts already: a successor begins with its predecessor")
        elif begun.payload is None or _decode(begun.payload).data.predecessor != final.predecessor:
            raise Rejected(f"{signer.origin} succeeds another log than {final.predecessor}")
    with checkpoints(dsn, log_id, signer) as heads:
        heads.newest()


def name_successor(dsn: str, log_id: int, successor: str) -> None:
    """Have a frozen log answer with its successor. Raises `Rejected` where it names another."""
    with working(dsn) as connection:
        parameters = {"log_id": log_id, "successor": successor}
        connection.execute(statement("ledger", "name_successor"), parameters)
        row = connection.execute(statement("ledger", "standing"), {"log_id": log_id}).fetchone()
    if row is None:
        raise Corrupt(f"log {log_id} has no head")
    if row[3] != successor:
        raise Rejected(f"the log names {row[3] or 'nobody'} as its successor")
