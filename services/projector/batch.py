"""
A batch of acts on its way into the read model: read with the catalogue as it stood at each, projected, and what was
erased taken out again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from psycopg import Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from contracts.catalogue import Catalogue
from contracts.payloads import CatalogueExtend, DataErase, Key
from edge.database import statement
from projector.acts import ReadAct, read_act
from projector.packs import extended
from projector.projections import authority, copy_rows, duties, history, people, policies, suppliers

FeedRow = tuple[int, bytes, bytes | None]
"""Position, leaf, content (None once erased)."""

PROJECTIONS: Final[tuple[Callable[[Cursor[Any], Sequence[ReadAct]], None], ...]] = (
    history.apply,
    people.apply,
    duties.apply,
    authority.apply,
    policies.apply,
    suppliers.apply,
)

_DELETE: Final = SQL("DELETE FROM {} WHERE log_id = %(log_id)s AND position = %(position)s")


class Batch(Struct, frozen=True):
    """Acts in order, the packs among them that are in force, what they erase, and the catalogue after the last."""

    acts: list[ReadAct]
    packs: list[ReadAct]
    erasures: list[tuple[int, Key]]
    catalogue: Catalogue


def read_batch(log_id: int, rows: Iterable[FeedRow], catalogue: Catalogue) -> Batch:
    """Read rows of the feed. A pack holds from its own position on."""
    acts: list[ReadAct] = []
    packs: list[ReadAct] = []
    erasures: list[tuple[int, Key]] = []
    for position, leaf, content in rows:
        act = read_act(log_id, position, leaf, content, catalogue)
        acts.append(act)
        if isinstance(act.payload, DataErase):
            erasures.append((position, act.payload.target))
        elif isinstance(act.payload, CatalogueExtend):
            more = extended(catalogue, position, act.payload)
            if more is not None:
                catalogue = more
                packs.append(act)
    return Batch(acts, packs, erasures, catalogue)


def apply_batch(cursor: Cursor[TupleRow], log_id: int, batch: Batch) -> None:
    """Write what a batch says."""
    project(cursor, batch.acts)
    copy_rows(cursor, "copy_packs", ((log_id, act.position, _text(act)) for act in batch.packs))
    for position, target in batch.erasures:
        _erase(cursor, log_id, position, target, batch.catalogue)


def project(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    for apply in PROJECTIONS:
        apply(cursor, acts)


def _erase(cursor: Cursor[TupleRow], log_id: int, erased_at: int, target: Key, catalogue: Catalogue) -> None:
    """
    Make the rows of an erased act anew from its leaf.

    This does not wait for the content to be gone from the ledger, which erases after the act that says so is recorded;
    a rebuild sees either and ends with the same rows.
    """
    key = {"log_id": log_id, "source": target.source, "id": target.id}
    found = cursor.execute(statement("projector", "leaf_by_key"), key).fetchone()
    if found is None or found[0] >= erased_at:
        return  # an erasure reaches back, never forward
    position, leaf = found
    for (table,) in cursor.execute(statement("projector", "fact_tables")).fetchall():
        cursor.execute(_DELETE.format(Identifier("projector", table)), {"log_id": log_id, "position": position})
    project(cursor, [read_act(log_id, position, leaf, None, catalogue)])


def _text(pack: ReadAct) -> str:
    return msgspec.json.encode(pack.payload).decode()
