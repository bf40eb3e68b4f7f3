"""
Merkle tree proofs with SHA-256, checked as RFC 9162 says (the same trees and proofs as RFC 6962).

A check returns nothing or raises `ProofFailed`; there is no result that a caller could forget to look at. Plain
RFC trees only: immudb's home-made linear proof let two histories pass (CVE-2022-36111).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from .encoding import HASH_SIZE
from .errors import ProofFailed

_HASH_SIZES: Final = frozenset((HASH_SIZE,))
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 || leaf). RFC 9162 §2.1.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right). RFC 9162 §2.1.1; the prefix keeps a node from passing for a leaf."""
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """
    Check that the leaf of `leaf_hash` is number `index`, from 0, of the tree of `size` leaves under `root`.

    `proof` runs from leaf to root; every hash is 32 bytes; exactly as many as the path has.
    Raises `ProofFailed`, also unless 0 <= index < size. RFC 9162 §2.1.3.2.
    """
    _require_hashes("inclusion proof", leaf_hash, root, *proof)
    if not 0 <= index < size:
        raise ProofFailed("leaf index", expected=f"0 <= index < {size}", actual=index)
    # The RFC's `fn` and `sn` become equal where the paths to this leaf and to the last one meet. Below, the bits of the
    # index say on which side a sibling is; above, each is a left one, and a level without one is passed over.
    below = (index ^ (size - 1)).bit_length()
    wanted = below + (index >> below).bit_count()
    if len(proof) != wanted:
        raise ProofFailed("inclusion proof", expected=f"{wanted} hashes", actual=f"{len(proof)} hashes")
    reached = _climb(leaf_hash, index, proof[:below])
    for sibling in proof[below:]:
        reached = sha256(b"\x01" + sibling + reached).digest()
    if reached != root:
        raise ProofFailed("root hash", expected=root, actual=reached)


class Inclusions:
    """
    Many inclusion proofs in one tree: each is climbed no further than to a node that an earlier one went through.

    What is accepted is what `verify_inclusion` accepts: from the same node on, equal hashes lead to the same root.
    """

    def __init__(self, size: int, root: bytes, count: int) -> None:
        """`count` is how many proofs are to be expected: where their paths begin to meet follows from that."""
        self._size, self._root = size, root
        self._level = max(0, size.bit_length() - count.bit_length() + 1)
        """So many levels up paths begin to meet; nodes below are not remembered."""
        self._proved: dict[tuple[int, int], tuple[bytes, tuple[bytes, ...]]] = {}
        """By level and place: a node, and the rest of a path from there to the root."""

    def verify(self, leaf_hash: bytes, index: int, proof: tuple[bytes, ...]) -> None:
        """See `verify_inclusion`."""
        _require_hashes("inclusion proof", leaf_hash)  # of any other hash it shows in what is reached
        level, place = self._level, index >> self._level
        reached = _climb(leaf_hash, index, proof[:level])
        passed: dict[tuple[int, int], tuple[bytes, tuple[bytes, ...]]] = {}
        # Only below a node of 2^level leaves do all paths have `level` hashes.
        while level < len(proof) and (place + 1) << level <= self._size:
            here = reached, proof[level:]
            if self._proved.get((level, place)) == here:
                break
            passed[level, place] = here
            reached = _climb(reached, place, proof[level : level + 1])
            level, place = level + 1, place >> 1
        else:
            verify_inclusion(leaf_hash, index, self._size, proof, self._root)
        self._proved.update(passed)


def _climb(reached: bytes, index: int, siblings: Sequence[bytes]) -> bytes:
    """Return the node above `reached`, so many levels up; the bits of the index say on which side a sibling is."""
    for sibling in siblings:
        # `node_hash`, written out: to call it would take a quarter of the time.
        if index & 1:
            reached = sha256(b"\x01" + sibling + reached).digest()
        else:
            reached = sha256(b"\x01" + reached + sibling).digest()
        index >>= 1
    return reached


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """
    Check that the tree of `first` leaves is the beginning of the tree of `second`: nothing was changed or removed.

    Every hash is 32 bytes; exactly as many as the sizes ask for. RFC 9162 §2.1.4.2 covers 0 < first < second. Of equal
    sizes the roots must be equal and the proof empty. An empty tree is the beginning of every tree: then the proof must
    be empty and `first_root` SHA-256 of nothing, and nothing at all is said of `second_root`.
    Raises `ProofFailed`, also unless 0 <= first <= second.
    """
    _require_hashes("consistency proof", first_root, second_root, *proof)
    if not 0 <= first <= second:
        raise ProofFailed("tree sizes", expected=f"0 <= first <= {second}", actual=first)
    if first == 0 and first_root != EMPTY_ROOT:
        raise ProofFailed("root hash of the empty tree", expected=EMPTY_ROOT, actual=first_root)
    if first in (0, second):
        if proof:
            raise ProofFailed("consistency proof", expected="0 hashes", actual=f"{len(proof)} hashes")
        if first == second and first_root != second_root:
            raise ProofFailed("root hash of the same size", expected=first_root, actual=second_root)
        return
    # A first tree of 2^k leaves is itself a node of the second one, and is left out of the proof (steps 1 and 2).
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not proof:
        raise ProofFailed("consistency proof", expected="at least one hash", actual="0 hashes")
    fn, sn = first - 1, second - 1  # step 3
    while fn & 1:  # step 4
        fn, sn = fn >> 1, sn >> 1
    first_reached = second_reached = path[0]  # step 5
    for used, sibling in enumerate(path[1:], len(proof) - len(path) + 1):  # step 6
        if sn == 0:
            raise ProofFailed("consistency proof", expected=f"{used} hashes", actual=f"{len(proof)} hashes")
        if fn & 1 or fn == sn:
            first_reached = node_hash(sibling, first_reached)
            second_reached = node_hash(sibling, second_reached)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second_reached = node_hash(second_reached, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:  # step 7
        raise ProofFailed("consistency proof", expected="more hashes, up to the root", actual=f"{len(proof)} hashes")
    if first_reached != first_root:
        raise ProofFailed("root hash of the first tree", expected=first_root, actual=first_reached)
    if second_reached != second_root:
        raise ProofFailed("root hash of the second tree", expected=second_root, actual=second_reached)


def _require_hashes(what: str, *hashes: bytes) -> None:
    # Two equal strings of any other length would pass for equal roots.
    if not _HASH_SIZES.issuperset(map(len, hashes)):
        wrong = next(len(value) for value in hashes if len(value) != HASH_SIZE)
        raise ProofFailed(what, expected=f"hashes of {HASH_SIZE} bytes", actual=f"one of {wrong} bytes")
