"""The verifier's tree arithmetic: what holds, and every way in which a proof is refused."""

from collections.abc import Sequence
from hashlib import sha256

import pytest

from contracts.proof import EMPTY_ROOT, ProofFailed, leaf_hash, node_hash, verify_consistency, verify_inclusion

A, B, C = (leaf_hash(leaf) for leaf in (b"a", b"b", b"c"))
AB = node_hash(A, B)
ABC = node_hash(AB, C)


def test_leaves_and_nodes_are_hashed_with_different_prefixes() -> None:
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(A, B) == sha256(b"\x01" + A + B).digest()
    assert leaf_hash(A + B) != node_hash(A, B)


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root"),
    [(A, 0, 1, [], A), (A, 0, 2, [B], AB), (B, 1, 2, [A], AB), (A, 0, 3, [B, C], ABC), (C, 2, 3, [AB], ABC)],
)
def test_a_leaf_is_proved_by_its_siblings(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    verify_inclusion(leaf, index, size, proof, root)


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root", "reason"),
    [
        (A, 0, 0, [], EMPTY_ROOT, "leaf index"),
        (A, -1, 2, [B], AB, "leaf index"),
        (A, 2, 2, [B], AB, "leaf index"),
        (A, 1, 2, [B], AB, "root hash"),
        (A, 0, 2, [C], AB, "root hash"),
        (A, 0, 2, [B], ABC, "root hash"),
        (A, 0, 2, [], AB, "expected 1 hashes, actual 0 hashes"),
        (A, 0, 3, [B], AB, "expected 2 hashes, actual 1 hashes"),
        (A, 0, 2, [B, C], ABC, "expected 1 hashes, actual 2 hashes"),
        (A, 0, 1, [B], AB, "expected 0 hashes, actual 1 hashes"),
        (A[:31], 0, 1, [], A[:31], "32 bytes"),
        (A, 0, 2, [B + b"\x00"], AB, "32 bytes"),
        (A, 0, 1, [], b"", "32 bytes"),
        (b"", 0, 1, [], b"", "32 bytes"),
    ],
)
def test_an_inclusion_proof_that_is_not_exactly_right_is_refused(
    leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes, reason: str
) -> None:
    with pytest.raises(ProofFailed, match=reason):
        verify_inclusion(leaf, index, size, proof, root)


@pytest.mark.parametrize(
    ("first", "second", "proof", "first_root", "second_root"),
    [
        (1, 2, [B], A, AB),
        (2, 3, [C], AB, ABC),
        (1, 3, [B, C], A, ABC),
        (2, 2, [], AB, AB),
        (0, 0, [], EMPTY_ROOT, EMPTY_ROOT),
        (0, 3, [], EMPTY_ROOT, ABC),
    ],
)
def test_a_tree_is_the_beginning_of_a_later_one(
    first: int, second: int, proof: list[bytes], first_root: bytes, second_root: bytes
) -> None:
    verify_consistency(first, second, proof, first_root, second_root)


@pytest.mark.parametrize(
    ("first", "second", "proof", "first_root", "second_root", "reason"),
    [
        (3, 2, [], ABC, AB, "tree sizes"),
        (-1, 2, [], EMPTY_ROOT, AB, "tree sizes"),
        (0, 2, [], A, AB, "empty tree"),
        (0, 2, [A], EMPTY_ROOT, AB, "expected 0 hashes"),
        (0, 0, [], EMPTY_ROOT, A, "same size"),
        (2, 2, [], AB, ABC, "same size"),
        (2, 2, [A], AB, AB, "expected 0 hashes"),
        (2, 3, [], AB, ABC, "at least one hash"),
        (1, 3, [B], A, AB, "more hashes"),
        (1, 2, [B, C], A, ABC, "expected 1 hashes, actual 2 hashes"),
        (3, 4, [C, B, AB, A], ABC, ABC, "expected 3 hashes, actual 4 hashes"),
        (2, 3, [B], AB, ABC, "second tree"),
        (2, 3, [C], ABC, ABC, "second tree"),
        (3, 4, [A, B, AB], ABC, ABC, "first tree"),
        (1, 2, [B], A[:31], AB, "32 bytes"),
        (1, 2, [B[:12]], A, AB, "32 bytes"),
        (1, 1, [], b"don't care 2", b"don't care 2", "32 bytes"),
    ],
)
def test_a_consistency_proof_that_is_not_exactly_right_is_refused(
    first: int, second: int, proof: list[bytes], first_root: bytes, second_root: bytes, reason: str
) -> None:
    with pytest.raises(ProofFailed, match=reason):
        verify_consistency(first, second, proof, first_root, second_root)


def test_a_proof_of_absurd_sizes_is_refused_at_once() -> None:
    with pytest.raises(ProofFailed, match="expected 2 hashes"):
        verify_inclusion(A, 2**5000, 2**5000 + 2, [B], AB)
    with pytest.raises(ProofFailed, match="an integer of 5001 bits"):
        verify_inclusion(A, 2**5000, 3, [B], AB)


@pytest.mark.parametrize("proof", [[B], (B,)])
def test_any_sequence_of_hashes_is_a_proof(proof: Sequence[bytes]) -> None:
    verify_inclusion(A, 0, 2, proof, AB)


def test_a_failure_shows_both_sides_and_nothing_that_a_terminal_obeys() -> None:
    failed = ProofFailed("name", expected="plain", actual="\x1b[2J\u202e" + "x" * 1000)
    assert (failed.what, failed.expected) == ("name", "plain")
    assert failed.actual.startswith(r"\x1b[2J\u202exx")
    assert str(failed).isprintable()
    assert len(str(failed)) < 200
