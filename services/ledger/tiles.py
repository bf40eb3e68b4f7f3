"""Where the tree's tiles are: full ones stored, partial ones read from the entries and from the tiles below."""

from collections.abc import Iterable, Mapping, Sequence

from psycopg import Cursor
from psycopg.rows import TupleRow

from edge.database import statement
from ledger.tree import HASH_SIZE, TILE_WIDTH, TileId


def fetch_tiles(cursor: Cursor[TupleRow], log_id: int, wanted: Iterable[TileId]) -> Mapping[TileId, Sequence[bytes]]:
    """
    Return the hashes of these tiles. All full ones come in one round trip, each partial one in another.

    The caller knows the tree to be large enough: a tile that is not there raises `KeyError`.
    """
    tiles = list(wanted)
    full = [tile for tile in tiles if tile.width == TILE_WIDTH]
    found = _full(cursor, log_id, full) if full else {}
    return found | {tile: _partial(cursor, log_id, tile) for tile in tiles if tile.width < TILE_WIDTH}


def _full(cursor: Cursor[TupleRow], log_id: int, tiles: Sequence[TileId]) -> dict[TileId, Sequence[bytes]]:
    cursor.execute(
        statement("ledger", "full_tiles"),
        {"log_id": log_id, "levels": [tile.level for tile in tiles], "indexes": [tile.index for tile in tiles]},
    )
    rows = {(level, index): hashes for level, index, hashes in cursor}
    return {tile: _split(rows[tile.level, tile.index]) for tile in tiles}


def _partial(cursor: Cursor[TupleRow], log_id: int, tile: TileId) -> Sequence[bytes]:
    first = tile.index * TILE_WIDTH
    if tile.level == 0:
        cursor.execute(
            statement("ledger", "leaf_hashes"),
            {"log_id": log_id, "first": first + 1, "last": first + tile.width},
        )
    else:
        cursor.execute(
            statement("ledger", "tile_roots"),
            {"log_id": log_id, "level": tile.level - 1, "first": first, "last": first + tile.width - 1},
        )
    hashes = [row[0] for row in cursor]
    if len(hashes) != tile.width:
        raise KeyError(tile)
    return hashes


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
