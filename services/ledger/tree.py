"""
The prover's half of the Merkle tree: grow it, cut it into tiles, take proofs out of tiles.

RFC 6962 trees with SHA-256, in tiles of height 8 (`c2sp.org/tlog-tiles`). No storage here: a proof comes as a plan, the
tiles to fetch, and a computation over them, so that a database answers it in one round trip. Nothing is shared with
the verifier in `contracts.proof`: what one gets wrong, the other must find.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

HASH_SIZE: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile."""


class OutOfRange(ValueError):
    """No tree has the index or the sizes asked for."""


@dataclass(frozen=True, slots=True)
class TileId:
    """
    The first `width` hashes, 1 to 256, of tile `index` on tile level `level`.

    Level 0 holds leaf hashes; a hash of level L is the root of a full tile of level L - 1. A partial tile is the
    beginning of the later full one, so it stays readable at every width it ever had.
    """

    level: int
    index: int
    width: int


@dataclass(frozen=True, slots=True)
class Frontier:
    """
    The right edge of a tree: all that is needed to append to it and to know its root.

    `hashes` are the roots of the perfect subtrees that `size` leaves fall into, largest first: one for each set bit
    of `size`, each 32 bytes.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise OutOfRange(f"{len(self.hashes)} hashes for a tree of {self.size} leaves")
        _require_hashes(self.hashes)

    @classmethod
    def decode(cls, size: int, encoded: bytes) -> Self:
        """Return the frontier that `encode` wrote for `size` leaves. Raises `ValueError` when the two disagree."""
        if len(encoded) % HASH_SIZE:
            raise ValueError(f"{len(encoded)} bytes are no whole number of hashes")
        return cls(size, tuple(encoded[at : at + HASH_SIZE] for at in range(0, len(encoded), HASH_SIZE)))

    @classmethod
    def from_tiles(cls, size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> Self:
        """Return the frontier of the tree of `size` leaves; `tiles` are those of `root_tiles(size)`."""
        _require(size >= 0, f"size {size}")
        return cls(size, tuple(_subtree_root(*subtree, size, tiles) for subtree in _perfect_subtrees(0, size)))

    def encode(self) -> bytes:
        """Return the hashes one after another."""
        return b"".join(self.hashes)

    def append(self, leaf_hashes: Sequence[bytes]) -> Self:
        """
        Return the frontier after these leaves, in about len(leaf_hashes) + log2(size) hashes. Reads nothing.

        Raises `ValueError` when one is not 32 bytes.
        """
        _require_hashes(leaf_hashes)
        # Level by level rather than leaf by leaf: whole rows keep the hashing in one tight loop.
        row = list(leaf_hashes)
        older = list(self.hashes)  # smallest subtree last
        newer: list[bytes] = []  # smallest subtree first
        at = self.size  # where the row begins, counted in nodes of its level
        while row:
            if at & 1:
                row.insert(0, older.pop())
            if len(row) & 1:
                newer.append(row.pop())
            row = _parents(row)
            at >>= 1
        return type(self)(self.size + len(leaf_hashes), (*older, *reversed(newer)))

    def root(self) -> bytes:
        """Return the tree's root; for no leaves SHA-256 of nothing. RFC 6962 §2.1."""
        return _fold(self.hashes) if self.hashes else sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 || leaf). RFC 6962 §2.1."""
    return sha256(b"\x00" + leaf).digest()


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a full tile, which is one hash of the level above. Raises `ValueError` unless it is full."""
    if len(hashes) != TILE_WIDTH:
        raise ValueError(f"a full tile has {TILE_WIDTH} hashes, not {len(hashes)}")
    _require_hashes(hashes)
    return _row_root(hashes)


def full_tiles(first_size: int, second_size: int) -> Iterator[TileId]:
    """
    Yield the tiles that become full when a tree grows from one size to the other.

    Lower levels come first and each level from left to right, so what a tile is made of is there before it.
    Raises `OutOfRange` unless 0 <= first_size <= second_size.
    """
    _require(0 <= first_size <= second_size, f"from {first_size} to {second_size} leaves")
    level, first, second = 0, first_size >> TILE_HEIGHT, second_size >> TILE_HEIGHT
    while second:
        for index in range(first, second):
            yield TileId(level, index, TILE_WIDTH)
        level, first, second = level + 1, first >> TILE_HEIGHT, second >> TILE_HEIGHT


def last_tile(size: int, level: int) -> TileId | None:
    """Return the tile at the right edge of a level, which is not full yet; None where it has no hash."""
    index, width = divmod(size >> TILE_HEIGHT * level, TILE_WIDTH)
    return TileId(level, index, width) if width else None


def fill_tiles(
    size: int, leaf_hashes: Sequence[bytes], last: Mapping[int, Sequence[bytes]]
) -> tuple[list[tuple[TileId, Sequence[bytes]]], dict[int, Sequence[bytes]]]:
    """
    Add leaves to a tree of `size`; return the tiles that become full, as `full_tiles` has them, and the new last ones.

    `last` are the hashes of the last tile of each level. A level may be absent while none of its tiles becomes full: it
    stays absent then. Raises `ValueError` where one is needed or does not have as many hashes as its tile.
    """
    full: list[tuple[TileId, Sequence[bytes]]] = []
    after = dict(last)
    level, nodes = 0, leaf_hashes
    while nodes:
        tile = last_tile(size, level)
        width = tile.width if tile is not None else 0
        if width and level not in last and width + len(nodes) < TILE_WIDTH:
            break
        begun = last.get(level, ()) if width else ()
        if len(begun) != width:
            raise ValueError(f"the last tile of level {level} has {width} hashes at size {size}, not {len(begun)}")
        row = [*begun, *nodes]
        index = size >> TILE_HEIGHT * (level + 1)
        whole = [row[at : at + TILE_WIDTH] for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH)]
        full += [(TileId(level, index + at, TILE_WIDTH), each) for at, each in enumerate(whole)]
        after[level] = row[TILE_WIDTH * len(whole) :]
        level, nodes = level + 1, [tile_root(each) for each in whole]
    return full, after


def root_tiles(size: int) -> list[TileId]:
    """Return the tiles that `root_hash` needs: at most one for each tile level."""
    _require(size >= 0, f"size {size}")
    return _tiles_of([(0, size)], size)


def root_hash(size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> bytes:
    """Return the root of the tree of `size` leaves; `tiles` are those of `root_tiles(size)`."""
    return Frontier.from_tiles(size, tiles).root()


def inclusion_tiles(index: int, size: int) -> list[TileId]:
    """
    Return the tiles that `inclusion_proof` needs: at most two for each tile level.

    Raises `OutOfRange` unless 0 <= index < size.
    """
    return _tiles_of(_inclusion_ranges(index, size), size)


def inclusion_proof(index: int, size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> list[bytes]:
    """
    Return the hashes which prove that leaf `index`, from 0, is in the tree of `size` leaves.

    From leaf to root, each 32 bytes, at most ceil(log2(size)); `tiles` are those of `inclusion_tiles(index, size)`.
    Raises `OutOfRange` unless 0 <= index < size. RFC 6962 §2.1.1, PATH.
    """
    return inclusion_proofs([index], size, tiles)[0]


def inclusion_proofs(indexes: Iterable[int], size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> list[list[bytes]]:
    """
    Return `inclusion_proof` of each of these leaves; `tiles` are those of `inclusion_tiles` of all of them.

    What several paths have in common is hashed once: near the root that is nearly everything.
    """
    known: dict[tuple[int, int], bytes] = {}
    return [
        [_range_root(begin, end, size, tiles, known) for begin, end in _inclusion_ranges(index, size)]
        for index in indexes
    ]


def consistency_tiles(first: int, second: int) -> list[TileId]:
    """
    Return the tiles that `consistency_proof` needs, as the tree of `second` leaves has them.

    Raises `OutOfRange` unless 0 <= first <= second.
    """
    return _tiles_of(_consistency_ranges(first, second), second)


def consistency_proof(first: int, second: int, tiles: Mapping[TileId, Sequence[bytes]]) -> list[bytes]:
    """
    Return the hashes which prove that the tree of `first` leaves is the beginning of the tree of `second`.

    Each 32 bytes; none when `first` is 0 or equal to `second`; `tiles` are those of `consistency_tiles(first, second)`.
    Raises `OutOfRange` unless 0 <= first <= second. RFC 6962 §2.1.2, PROOF.
    """
    return [_range_root(begin, end, second, tiles, {}) for begin, end in _consistency_ranges(first, second)]


def _inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return from which leaf until which each hash of the proof reaches, leaf to root."""
    _require(0 <= index < size, f"leaf {index} of {size}")
    begin, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end - begin > 1:
        middle = begin + _left_size(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def _consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """Return from which leaf until which each hash of the proof reaches."""
    _require(0 <= first <= second, f"from {first} to {second} leaves")
    if first in (0, second):
        return []
    begin, end = 0, second
    ranges: list[tuple[int, int]] = []
    while end != first:
        middle = begin + _left_size(end - begin)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    if begin:  # else it is the first tree itself, whose root the verifier has
        ranges.append((begin, end))
    return ranges[::-1]


def _left_size(size: int) -> int:
    """Return the largest power of two smaller than `size`, which is 2 or more: where RFC 6962 §2.1 splits a tree."""
    return 1 << (size - 1).bit_length() - 1


def _perfect_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (height, index) of the perfect subtrees of the leaves from `begin` until `end`, which the RFC split off."""
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin >> height
        begin += 1 << height


def _tile_of(height: int, index: int, size: int) -> tuple[TileId, int, int]:
    """Return the tile over a perfect subtree, as the tree of `size` leaves has it, and from where until where in it."""
    level, rise = divmod(height, TILE_HEIGHT)
    tile, begin = divmod(index << rise, TILE_WIDTH)
    width = min(TILE_WIDTH, (size >> level * TILE_HEIGHT) - tile * TILE_WIDTH)
    return TileId(level, tile, width), begin, begin + (1 << rise)


def _tiles_of(ranges: Iterable[tuple[int, int]], size: int) -> list[TileId]:
    wanted = (_tile_of(*subtree, size)[0] for leaves in ranges for subtree in _perfect_subtrees(*leaves))
    return list(dict.fromkeys(wanted))  # each once, in the order of their first use


def _subtree_root(height: int, index: int, size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> bytes:
    tile, begin, end = _tile_of(height, index, size)
    hashes = tiles[tile]
    if len(hashes) != tile.width:
        raise ValueError(f"{tile} came with {len(hashes)} hashes")
    return _row_root(hashes[begin:end])


def _range_root(
    begin: int, end: int, size: int, tiles: Mapping[TileId, Sequence[bytes]], known: dict[tuple[int, int], bytes]
) -> bytes:
    """Return the root over these leaves. `known` are the subtrees that were met before, and gets those met now."""
    roots: list[bytes] = []
    for subtree in _perfect_subtrees(begin, end):
        if subtree not in known:
            known[subtree] = _subtree_root(*subtree, size, tiles)
        roots.append(known[subtree])
    return _fold(roots)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees, largest first: the smaller one is always the right child."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = sha256(b"\x01" + left + root).digest()
    return root


def _row_root(row: Sequence[bytes]) -> bytes:
    """Return the root over a row of hashes, whose number is a power of two."""
    while len(row) > 1:
        row = _parents(row)
    return row[0]


def _parents(row: Sequence[bytes]) -> list[bytes]:
    """Return the nodes one level up from an even number of hashes."""
    # The fastest of seven ways tried: OpenSSL's constructor on one concatenation, pairs from one iterator.
    nodes = iter(row)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes, nodes, strict=True)]


def _require_hashes(hashes: Iterable[bytes]) -> None:
    # A hash of another length would give a root that no verifier can ever reach.
    if not {HASH_SIZE}.issuperset(map(len, hashes)):
        raise ValueError(f"a hash is not {HASH_SIZE} bytes")


def _require(within: bool, what: str) -> None:
    if not within:
        raise OutOfRange(what)
