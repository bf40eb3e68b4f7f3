"""A log as its database stores it, for the full check: every row in one snapshot."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import count
from operator import attrgetter
from typing import Any, Final

import psycopg

from edge.database import statement
from ledger.tiles import fetch_tiles
from ledger.tree import consistency_proof, consistency_tiles
from quanze.log_to_check import Cosignature, Entry, Head, Log, NamedKey, SignedHead, Stamp, Unreadable

_ROWS_AT_ONCE: Final = 2_000

_cursors = count(1)


def database_log(connection: psycopg.Connection[Any], log_id: int) -> Log:
    """Return the log of a database. Raises `Unreadable`: it has no head. One snapshot for all that is read."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    parameters = {"log_id": log_id}
    found = connection.execute(statement("quanze", "log_to_check"), parameters).fetchone()
    if found is None:
        raise Unreadable(1, "the log has no head")
    origin, size, root, frontier, recorded_at = found
    keys = connection.execute(statement("quanze", "keys_to_check"), parameters).fetchall()

    def one(name: str, **more: int) -> Any:
        return connection.execute(statement("quanze", name), parameters | more, binary=True).fetchone()

    def entries(after: int) -> Iterator[Entry]:
        # From the first act on is from the lowest row on: one before position 1 is none of the log's.
        begin = {"after": after or -(2**62)}
        return (Entry(*row) for row in _rows(connection, "entries_to_check", parameters | begin))

    def checkpoints() -> Iterator[SignedHead]:
        rows = _rows(connection, "checkpoints_to_check", parameters)
        return (SignedHead(size, root, note.encode()) for size, root, note in rows)

    def vouched(after: int) -> Iterator[Cosignature | Stamp]:
        beyond = parameters | {"after": after}
        cosignatures = (
            Cosignature(size, vkey, line.encode(), at)
            for size, vkey, line, at in _rows(connection, "cosignatures_to_check", beyond)
        )
        stamps = (Stamp(*row) for row in _rows(connection, "stamps_to_check", beyond))
        return merge(cosignatures, stamps, key=attrgetter("size"))

    def surplus_tile() -> str | None:
        found = one("surplus_tile_to_check", size=size)
        return f"{found[0]}/{found[1]}" if found is not None else None

    def repeated() -> int | None:
        return one("repeated_to_check")[0]

    def consistency(first: int, second: int) -> Sequence[bytes]:
        # Made by the prover, from the tiles that are checked, and believed only as far as the verifier goes along.
        try:
            with connection.cursor() as cursor:
                tiles = fetch_tiles(cursor, log_id, consistency_tiles(first, second))
            return consistency_proof(first, second, tiles)
        except (KeyError, ValueError) as exc:
            raise Unreadable(first, f"tiles are missing: no proof from {first} to {second} acts can be made") from exc

    return Log(
        origin=origin,
        keys=[NamedKey(*row) for row in keys],
        head=Head(size, root, frontier, recorded_at if size else None),
        entries=entries,
        checkpoints=checkpoints,
        vouched=vouched,
        tile=lambda level, index: one("tile_to_check", level=level, index=index),
        consistency=consistency,
        surplus_tile=surplus_tile,
        repeated=repeated,
    )


def _rows(connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
    with connection.cursor(f"{name}_{next(_cursors)}") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(statement("quanze", name), parameters, binary=True)
        yield from cursor
