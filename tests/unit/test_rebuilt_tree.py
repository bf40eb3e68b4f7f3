"""The tree that the full check builds is the prover's, which it shares no code with: every root, every tile."""

from hashlib import sha256

from ledger.tree import Frontier, TileId, fill_tiles, tile_root
from quanze.rebuilt_tree import RebuiltTree

LEAVES = [sha256(n.to_bytes(4, "big")).digest() for n in range(2**16 + 2**9 + 3)]
"""Enough for a full tile of the second level, and some of the third."""


def test_its_root_and_its_subtrees_are_the_provers_at_every_small_size() -> None:
    tree, frontier = RebuiltTree(), Frontier()
    assert tree.root() == frontier.root()
    for leaf in LEAVES[:1_100]:
        tree.add(leaf)
        frontier = frontier.append([leaf])
        assert (tree.size, tree.root()) == (frontier.size, frontier.root())
        assert b"".join(tree.subtrees) == frontier.encode()


def test_its_tiles_are_the_provers() -> None:
    tree = RebuiltTree()
    found = [each for leaf in LEAVES for each in tree.add(leaf)]
    full, last = fill_tiles(0, LEAVES, {})
    assert {TileId(each.level, each.index, 256): (each.hashes, each.root) for each in found} == {
        tile: (b"".join(hashes), tile_root(hashes)) for tile, hashes in full
    }
    assert len(found) == 258 + 1
    assert {level: hashes for level, hashes in enumerate(tree.filling) if hashes} == {
        level: list(hashes) for level, hashes in last.items() if hashes
    }
    assert tree.root() == Frontier().append(LEAVES).root()


def test_it_goes_on_from_where_another_stopped() -> None:
    for size in (0, 1, 255, 256, 257, 600):
        first = RebuiltTree()
        for leaf in LEAVES[:size]:
            first.add(leaf)
        second = RebuiltTree(first.size, first.subtrees, first.filling)
        for leaf in LEAVES[size:700]:
            second.add(leaf)
        assert second.root() == Frontier().append(LEAVES[:700]).root()
        assert first.size == size, "what it was made from stays as it was"
        assert first.root() == Frontier().append(LEAVES[:size]).root()
