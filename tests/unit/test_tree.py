"""The prover: frontiers, tiles and proofs against the recursion of RFC 6962 and against the verifier."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

import pytest

from contracts.proof import verify_consistency, verify_inclusion
from ledger.tree import (
    TILE_WIDTH,
    Frontier,
    OutOfRange,
    TileId,
    consistency_proof,
    consistency_tiles,
    full_tiles,
    inclusion_proof,
    inclusion_tiles,
    leaf_hash,
    root_hash,
    root_tiles,
    tile_root,
)

SIZE_MAX = 600
HASHES = [leaf_hash(number.to_bytes(2, "big")) for number in range(SIZE_MAX)]


class Recursion:
    """RFC 6962 §2.1, word for word, over a list of leaf hashes. Subtrees are remembered; nothing else is clever."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.hashes = hashes
        self.roots: dict[tuple[int, int], bytes] = {}

    def root(self, begin: int, end: int) -> bytes:
        """MTH(D[begin:end])."""
        if begin == end:
            return sha256(b"").digest()
        if end - begin == 1:
            return self.hashes[begin]
        if (begin, end) not in self.roots:
            middle = begin + split(end - begin)
            both = self.root(begin, middle) + self.root(middle, end)
            self.roots[begin, end] = sha256(b"\x01" + both).digest()
        return self.roots[begin, end]

    def path(self, leaf: int, begin: int, end: int) -> list[bytes]:
        """PATH(leaf, D[begin:end]), `leaf` counted from `begin`."""
        if end - begin == 1:
            return []
        middle = split(end - begin)
        if leaf < middle:
            return [*self.path(leaf, begin, begin + middle), self.root(begin + middle, end)]
        return [*self.path(leaf - middle, begin + middle, end), self.root(begin, begin + middle)]

    def proof(self, first: int, begin: int, end: int, whole: bool = True) -> list[bytes]:
        """SUBPROOF(first, D[begin:end], whole), `first` counted from `begin`."""
        if first == end - begin:
            return [] if whole else [self.root(begin, end)]
        middle = split(end - begin)
        if first <= middle:
            return [*self.proof(first, begin, begin + middle, whole), self.root(begin + middle, end)]
        return [*self.proof(first - middle, begin + middle, end, False), self.root(begin, begin + middle)]


def split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


class Tiles:
    """A tile store that keeps full tiles as the ledger does and cuts partial ones from the level below."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.rows: list[list[bytes]] = [list(hashes)]
        self.reads = 0
        while len(self.rows[-1]) >= TILE_WIDTH:
            row = self.rows[-1]
            full = range(0, len(row) - len(row) % TILE_WIDTH, TILE_WIDTH)
            self.rows.append([tile_root(row[at : at + TILE_WIDTH]) for at in full])

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        self.reads += 1
        hashes = self.rows[level][index * TILE_WIDTH : index * TILE_WIDTH + width]
        assert len(hashes) == width, "a plan asks for what is there"
        return hashes


RFC = Recursion(HASHES)
TILES = Tiles(HASHES)


def read_tiles(tiles: Tiles, wanted: Iterable[TileId]) -> dict[TileId, Sequence[bytes]]:
    """Fetch a plan's tiles one by one."""
    return {tile: tiles.tile(tile.level, tile.index, tile.width) for tile in wanted}


def inclusion(index: int, size: int, tiles: Tiles = TILES) -> list[bytes]:
    return inclusion_proof(index, size, read_tiles(tiles, inclusion_tiles(index, size)))


def consistency(first: int, second: int, tiles: Tiles = TILES) -> list[bytes]:
    return consistency_proof(first, second, read_tiles(tiles, consistency_tiles(first, second)))


def sample(size: int) -> Iterable[int]:
    """Return every index of a small tree, of a larger one those beside the powers of two and the ends of tiles."""
    if size <= 130:
        return range(size)
    edges = {0, 1, 127, 128, 129, 255, 256, 257, 511, 512, 513, size // 2, size // 3, size - 2, size - 1}
    return sorted(edge for edge in edges if edge < size)


# Roots


def test_every_root_to_600_is_the_rfcs_by_frontier_and_by_tiles() -> None:
    frontier = Frontier()
    for size in range(SIZE_MAX + 1):
        expected = RFC.root(0, size)
        assert frontier.root() == expected
        assert Frontier().append(HASHES[:size]) == frontier
        assert root_hash(size, read_tiles(TILES, root_tiles(size))) == expected
        if size < SIZE_MAX:
            frontier = frontier.append([HASHES[size]])


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 64, 255, 256, 257, 600])
def test_leaves_appended_in_batches_give_the_same_frontier(batch: int) -> None:
    frontier = Frontier()
    for at in range(0, SIZE_MAX, batch):
        frontier = frontier.append(HASHES[at : at + batch])
    assert frontier == Frontier().append(HASHES)


def test_appending_nothing_changes_nothing() -> None:
    frontier = Frontier().append(HASHES[:7])
    assert frontier.append([]) == frontier
    assert Frontier().append(()) == Frontier()


def test_appending_leaves_the_callers_list_alone() -> None:
    mine = HASHES[:5]
    Frontier().append(HASHES[:3]).append(mine)
    assert mine == HASHES[:5]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 599])
def test_a_frontier_survives_its_encoding(size: int) -> None:
    frontier = Frontier().append(HASHES[:size])
    assert len(frontier.encode()) == 32 * size.bit_count()
    assert Frontier.decode(size, frontier.encode()) == frontier
    assert Frontier.from_tiles(size, read_tiles(TILES, root_tiles(size))) == frontier


@pytest.mark.parametrize(("size", "length"), [(0, 32), (1, 0), (1, 31), (1, 33), (3, 32), (4, 64), (-1, 32)])
def test_a_frontier_of_the_wrong_length_is_refused(size: int, length: int) -> None:
    with pytest.raises(ValueError, match="hashes"):
        Frontier.decode(size, bytes(length))


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
def test_a_leaf_hash_of_another_length_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append([HASHES[0], wrong])
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier(1, (wrong,))
    with pytest.raises(ValueError, match="32 bytes"):
        tile_root([*HASHES[: TILE_WIDTH - 1], wrong])


# Proofs


def test_every_inclusion_proof_is_the_rfcs_and_convinces_the_verifier() -> None:
    proved = 0
    for size in range(1, SIZE_MAX + 1):
        root = RFC.root(0, size)
        for index in sample(size):
            proof = inclusion(index, size)
            assert proof == RFC.path(index, 0, size)
            verify_inclusion(HASHES[index], index, size, proof, root)
            proved += 1
    assert proved == 130 * 131 // 2 + sum(len(list(sample(size))) for size in range(131, SIZE_MAX + 1))


def test_every_consistency_proof_is_the_rfcs_and_convinces_the_verifier() -> None:
    for second in range(SIZE_MAX + 1):
        for first in (*sample(second), second):
            proof = consistency(first, second)
            assert proof == (RFC.proof(first, 0, second) if first else [])
            verify_consistency(first, second, proof, RFC.root(0, first), RFC.root(0, second))


def test_proofs_hold_across_three_tile_levels() -> None:
    """70,000 leaves: the size that tlog-tiles takes as its example."""
    size = 70_000
    hashes = [sha256(number.to_bytes(4, "big")).digest() for number in range(size)]
    tiles, recursion = Tiles(hashes), Recursion(hashes)
    root = Frontier().append(hashes).root()
    assert root == recursion.root(0, size)
    assert [(tile.level, tile.index, tile.width) for tile in root_tiles(size)] == [(2, 0, 1), (1, 1, 17), (0, 273, 112)]
    for index in (0, 255, 256, 65_535, 65_536, 69_887, 69_888, size - 1):
        tiles.reads = 0
        proof = inclusion(index, size, tiles)
        assert tiles.reads <= 2 * 3
        assert proof == recursion.path(index, 0, size)
        verify_inclusion(hashes[index], index, size, proof, root)
    for first in (1, 256, 257, 65_535, 65_536, 65_537, 69_888, size - 1):
        proof = consistency(first, size, tiles)
        assert proof == recursion.proof(first, 0, size)
        verify_consistency(first, size, proof, recursion.root(0, first), root)


@pytest.mark.parametrize("size", [10**6, 10**9, 2**40 - 1, 2**40, 2**40 + 1, 2**62])
def test_a_plan_is_short_and_asks_only_for_tiles_of_that_tree(size: int) -> None:
    levels = 1 + (size.bit_length() - 1) // 8
    for index in (0, size // 3, size // 2, size - 1):
        for plan in (inclusion_tiles(index, size), consistency_tiles(index, size), root_tiles(size)):
            assert len(plan) == len(set(plan)) <= 2 * levels + 1
            for tile in plan:
                there = (size >> 8 * tile.level) - tile.index * TILE_WIDTH
                assert tile.width == min(TILE_WIDTH, there)
                assert tile.width >= 1


def test_a_tile_of_the_wrong_width_is_refused() -> None:
    tiles = read_tiles(TILES, inclusion_tiles(5, 100))
    cut = {tile: hashes[:-1] for tile, hashes in tiles.items()}
    with pytest.raises(ValueError, match="came with 99 hashes"):
        inclusion_proof(5, 100, cut)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (5, 4)])
def test_an_index_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(OutOfRange):
        inclusion_tiles(index, size)
    with pytest.raises(OutOfRange):
        inclusion_proof(index, size, {})


@pytest.mark.parametrize(("first", "second"), [(-1, 1), (2, 1), (0, -1)])
def test_sizes_that_shrink_have_no_proof_and_no_tiles(first: int, second: int) -> None:
    with pytest.raises(OutOfRange):
        consistency_tiles(first, second)
    with pytest.raises(OutOfRange):
        consistency_proof(first, second, {})
    with pytest.raises(OutOfRange):
        list(full_tiles(first, second))
    with pytest.raises(OutOfRange):
        root_tiles(-1)


# Tiles


def levels(size: int) -> Iterator[tuple[int, int]]:
    """Yield (level, full tiles) of a tree, counted the slow way."""
    level, hashes = 0, size
    while hashes:
        yield level, hashes // TILE_WIDTH
        level, hashes = level + 1, hashes // TILE_WIDTH


@pytest.mark.parametrize("sizes", [(0, 70_000), (0, 255, 256, 257), (0, 1, 600, 65_535, 65_536, 70_000, 200_000)])
def test_growing_yields_every_full_tile_once_and_what_it_is_made_of_first(sizes: tuple[int, ...]) -> None:
    seen: set[tuple[int, int]] = set()
    for first, second in pairwise(sizes):
        for tile in full_tiles(first, second):
            assert tile.width == TILE_WIDTH
            assert (tile.level, tile.index) not in seen
            if tile.level:
                below = range(tile.index * TILE_WIDTH, (tile.index + 1) * TILE_WIDTH)
                assert all((tile.level - 1, index) in seen for index in below)
            seen.add((tile.level, tile.index))
    assert seen == {(level, index) for level, count in levels(sizes[-1]) for index in range(count)}


def test_a_growth_within_one_tile_fills_none() -> None:
    assert not list(full_tiles(0, 255))
    assert not list(full_tiles(256, 511))
    assert list(full_tiles(255, 256)) == [TileId(0, 0, TILE_WIDTH)]


@pytest.mark.parametrize("width", [0, 1, 255, 257])
def test_only_a_full_tile_has_a_root(width: int) -> None:
    with pytest.raises(ValueError, match="256 hashes"):
        tile_root(HASHES[:width])


def test_a_tiles_root_is_the_root_of_its_leaves() -> None:
    assert tile_root(HASHES[256:512]) == RFC.root(256, 512)
