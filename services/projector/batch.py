"""
A batch of acts on its way into the read model: read with the catalogue as it stood at each, projected, and what was
erased taken out again.

Acts are read one by one while PostgreSQL takes in those before: that, and not a thread, keeps two processors busy while
a log is caught up with. An act is let go of before the next is read; a batch of them, kept to its end, is gone through
by the garbage collector again and again, which took a third of the time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from psycopg import Cursor
from psycopg.copy import LibpqWriter
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from contracts.catalogue import Catalogue
from contracts.payloads import CatalogueExtend, DataErase, Key
from edge.database import statement
from projector.acts import ReadAct, read_act
from projector.packs import extended
from projector.projections import Row, Rows, authority, duties, history, people, policies, suppliers

FeedRow = tuple[int, bytes, bytes | None]
"""Position, leaf, content (None once erased)."""

PROJECTIONS: Final[tuple[Callable[[ReadAct], Rows], ...]] = (
    history.rows,
    people.rows,
    duties.rows,
    authority.rows,
    policies.rows,
    suppliers.rows,
)

_SENT_AT_ONCE: Final = "copy_acts"
"""Most of what there is to write. One COPY runs at a time: the rows of the others wait for the end of the batch."""
_DELETE: Final = SQL("DELETE FROM {} WHERE log_id = %(log_id)s AND position = %(position)s")


class Batch:
    """
    Acts to be read once, in order. A pack holds from its own position on.

    `packs` are those in force among the acts read so far, `erasures` what these erase, `catalogue` what holds after
    them.
    """

    def __init__(self, log_id: int, rows: Sequence[FeedRow], catalogue: Catalogue) -> None:
        self.packs: Final[list[ReadAct]] = []
        self.erasures: Final[list[tuple[int, Key]]] = []
        self.catalogue = catalogue
        self._log_id = log_id
        self._rows = rows

    def acts(self) -> Iterator[ReadAct]:
        for position, leaf, content in self._rows:
            act = read_act(self._log_id, position, leaf, content, self.catalogue)
            if isinstance(act.payload, DataErase):
                self.erasures.append((position, act.payload.target))
            elif isinstance(act.payload, CatalogueExtend):
                more = extended(self.catalogue, position, act.payload)
                if more is not None:
                    self.catalogue = more
                    self.packs.append(act)
            yield act


def apply_batch(cursor: Cursor[TupleRow], log_id: int, batch: Batch) -> None:
    """Read a batch, and write what it says."""
    project(cursor, batch.acts())
    if batch.packs:
        _copy(cursor, "copy_packs", [(log_id, act.position, _text(act)) for act in batch.packs])
    for position, target in batch.erasures:
        _erase(cursor, log_id, position, target, batch.catalogue)


def project(cursor: Cursor[Any], acts: Iterable[ReadAct]) -> None:
    """Write what acts say, each gone through once."""
    waiting: defaultdict[str, list[Row]] = defaultdict(list)
    _copy(cursor, _SENT_AT_ONCE, _sent_at_once(acts, waiting))
    for name, rows in waiting.items():
        _copy(cursor, name, rows)


def _sent_at_once(acts: Iterable[ReadAct], waiting: defaultdict[str, list[Row]]) -> Iterator[Row]:
    for act in acts:
        for projection in PROJECTIONS:
            for name, row in projection(act):
                if name == _SENT_AT_ONCE:
                    yield row
                else:
                    waiting[name].append(row)


def _copy(cursor: Cursor[Any], name: str, rows: Iterable[Row]) -> None:
    """Add rows by the COPY statement `name`, each sent as it comes."""
    with cursor.copy(statement("projector", name), writer=_Silent(cursor)) as copy:
        for row in rows:
            copy.write_row(row)


class _Silent(LibpqWriter):
    """Gives a COPY up without a word of why: PostgreSQL would log it, and it may quote a payload."""

    def finish(self, exc: BaseException | None = None) -> None:
        super().finish(None if exc is None else RuntimeError("given up"))


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
