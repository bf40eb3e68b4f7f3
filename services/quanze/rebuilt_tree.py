"""The tree of a log, built anew from its leaves: its root at every size, and its tiles as they fill."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from contracts.proof import EMPTY_ROOT, node_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT


class FullTile(Struct, frozen=True):
    """A tile that has just filled: its 256 hashes in a row, and the root over them that stands in its parent."""

    level: int
    index: int
    hashes: bytes
    root: bytes


class RebuiltTree:
    """
    A tree that grows leaf by leaf. Memory is one tile a level.

    `subtrees` are the roots of the perfect subtrees that `size` leaves fall into, the largest first. `filling` has, per
    tile level, the hashes of the tile that is not full yet. Every hash of a tile is the root of what lies below it, so
    a stored tile that equals one of these is right up to the root of the whole tree.
    """

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = (), filling: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.subtrees = list(subtrees)
        self.filling = [list(tile) for tile in filling] or [list[bytes]()]

    def add(self, leaf_hash: bytes) -> Sequence[FullTile]:
        """Add a leaf by its hash; return the tiles that are full now, the lowest first."""
        self.size += 1
        self.filling[0].append(leaf_hash)
        full: list[FullTile] = []
        root, height = leaf_hash, 0
        # Each perfect subtree that the new leaf completes is one more zero at the end of the size.
        while not self.size >> height & 1:
            root = node_hash(self.subtrees.pop(), root)
            height += 1
            if height % TILE_HEIGHT == 0:
                full.append(self._full(height // TILE_HEIGHT - 1, root))
        self.subtrees.append(root)
        return full

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in self.subtrees[-2::-1]:
            root = node_hash(left, root)
        return root

    def _full(self, level: int, root: bytes) -> FullTile:
        index = (self.size >> TILE_HEIGHT * (level + 1)) - 1
        tile = FullTile(level, index, b"".join(self.filling[level]), root)
        self.filling[level] = []
        if level + 1 == len(self.filling):
            self.filling.append([])
        self.filling[level + 1].append(root)
        return tile
