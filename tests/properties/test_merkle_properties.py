"""What holds for any tree, any growth and any leaf: prover, verifier and RFC agree, and no change goes unnoticed."""

import json
import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.proof import (
    ProofFailed,
    Trust,
    VerifierKey,
    open_note,
    parse_checkpoint,
    parse_leaf,
    payload_commitment,
    verify_consistency,
    verify_document,
    verify_inclusion,
)
from contracts.proof.merkle import Inclusions
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import (
    TILE_WIDTH,
    Frontier,
    TileId,
    consistency_proof,
    consistency_tiles,
    fill_tiles,
    full_tiles,
    inclusion_proof,
    inclusion_tiles,
    last_tile,
    leaf_hash,
    root_hash,
    root_tiles,
    tile_root,
)

EXAMPLES = int(os.environ.get("QUANZE_EXAMPLES", "100"))
"""Examples for each property: few in an ordinary run, many at night."""
bounded = settings(max_examples=EXAMPLES, deadline=None)

LOG = SigningKey(bytes(range(32)), "example.com/log")
KEY = VerifierKey.parse(LOG.vkey)
SALT = bytes(range(32))

SIZE_MAX = 3 * TILE_WIDTH * TILE_WIDTH // 2
HASHES = [sha256(number.to_bytes(4, "big")).digest() for number in range(SIZE_MAX)]
sizes = st.integers(0, SIZE_MAX) | st.integers(0, 600)


class Store:
    """Keeps what a ledger keeps: leaf hashes and the roots of full tiles, the latter as `full_tiles` announces them."""

    def __init__(self) -> None:
        self.rows: list[list[bytes]] = [[], [], []]

    def grow(self, size: int) -> None:
        first = len(self.rows[0])
        self.rows[0] += HASHES[first:size]
        for tile in full_tiles(first, size):
            row = self.rows[tile.level + 1]
            assert len(row) == tile.index
            row.append(tile_root(self.rows[tile.level][tile.index * TILE_WIDTH : (tile.index + 1) * TILE_WIDTH]))

    def read(self, plan: list[TileId]) -> dict[TileId, list[bytes]]:
        return {tile: self.rows[tile.level][tile.index * TILE_WIDTH :][: tile.width] for tile in plan}


WHOLE = Store()
WHOLE.grow(SIZE_MAX)


@bounded
@given(st.lists(sizes, min_size=1, max_size=6).map(sorted))
def test_a_log_that_grows_by_any_steps_proves_each_to_the_last(steps: list[int]) -> None:
    store, frontier, roots = Store(), Frontier(), list[bytes]()
    for size in steps:
        frontier = Frontier.decode(frontier.size, frontier.encode()).append(HASHES[frontier.size : size])
        store.grow(size)
        assert frontier.size == size
        assert root_hash(size, store.read(root_tiles(size))) == frontier.root()
        roots.append(frontier.root())
    last = steps[-1]
    for size, root in zip(steps, roots, strict=True):
        proof = consistency_proof(size, last, store.read(consistency_tiles(size, last)))
        verify_consistency(size, last, proof, root, roots[-1])
        if size != last:
            with pytest.raises(ProofFailed):
                verify_consistency(size, last, proof, sha256(root).digest(), roots[-1])


@bounded
@given(st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=6).map(sorted))
def test_tiles_filled_by_any_steps_are_those_of_the_whole(steps: list[tuple[int, bool]]) -> None:
    """What a step needs of earlier ones is the last tile of each level that fills; the others may be forgotten."""
    size, last = 0, dict[int, Sequence[bytes]]()
    for after, forgets in steps:
        filled = list(full_tiles(size, after))
        if forgets:
            last = {level: row for level, row in last.items() if level in {tile.level for tile in filled}}
        for level in {tile.level for tile in filled}:
            edge = last_tile(size, level)
            if edge is not None:
                last.setdefault(level, WHOLE.read([edge])[edge])
        full, last = fill_tiles(size, HASHES[size:after], last)
        assert dict(full) == WHOLE.read(filled)
        assert [tile for tile, _ in full] == filled
        for level, row in last.items():
            edge = last_tile(after, level)
            assert list(row) == (WHOLE.read([edge])[edge] if edge is not None else [])
        size = after


def test_a_tile_that_fills_without_its_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="last tile of level 0"):
        fill_tiles(255, HASHES[255:256], {})
    with pytest.raises(ValueError, match="last tile of level 0"):
        fill_tiles(255, HASHES[255:257], {0: HASHES[:254]})


@bounded
@given(st.data())
def test_a_leaf_is_proved_at_its_own_index_only(data: st.DataObject) -> None:
    size = data.draw(sizes.filter(bool))
    index = data.draw(st.integers(0, size - 1))
    root = root_hash(size, WHOLE.read(root_tiles(size)))
    proof = inclusion_proof(index, size, WHOLE.read(inclusion_tiles(index, size)))
    verify_inclusion(HASHES[index], index, size, proof, root)
    other = data.draw(st.integers(0, size).filter(lambda other: other != index))
    with pytest.raises(ProofFailed):
        verify_inclusion(HASHES[index], other, size, proof, root)
    with pytest.raises(ProofFailed):
        verify_inclusion(sha256(HASHES[index]).digest(), index, size, proof, root)
    for changed in (proof[:-1] if proof else [root], [*proof, root], proof[::-1] if len(proof) > 1 else [root, root]):
        with pytest.raises(ProofFailed):
            verify_inclusion(HASHES[index], index, size, changed, root)


@bounded
@given(st.data())
def test_many_proofs_of_one_tree_are_taken_as_each_alone_would_be(data: st.DataObject) -> None:
    """Also after others were taken, and refused, whose paths meet theirs: what was proved lends nothing to a lie."""
    size = data.draw(sizes.filter(bool))
    root = root_hash(size, WHOLE.read(root_tiles(size)))
    near = data.draw(st.integers(0, size - 1))
    places = st.integers(0, size - 1) | st.integers(max(0, near - 3), min(size - 1, near + 3))
    inclusions = Inclusions(size, root, data.draw(st.integers(0, 2 * size)))
    for index in data.draw(st.lists(places, min_size=1, max_size=8)):
        leaf_hash, proof = HASHES[index], inclusion_proof(index, size, WHOLE.read(inclusion_tiles(index, size)))
        match data.draw(st.sampled_from(("none", "none", "leaf", "index", "short leaf", "hash", "shorter", "longer"))):
            case "leaf":
                leaf_hash = sha256(leaf_hash).digest()
            case "index":
                index = data.draw(st.integers(-1, size + 1))
            case "short leaf" if proof and not index & 1:
                # The node above stays the same: a byte of the leaf's hash was moved into its sibling's.
                leaf_hash, proof[0] = leaf_hash[:-1], leaf_hash[-1:] + proof[0]
            case "hash" if proof:
                at = data.draw(st.integers(0, len(proof) - 1))
                proof[at] = sha256(proof[at]).digest()
            case "shorter" if proof:
                del proof[data.draw(st.integers(0, len(proof) - 1))]
            case "longer":
                proof.insert(data.draw(st.integers(0, len(proof))), root)
            case _:
                pass
        alone = failure(partial(verify_inclusion, leaf_hash, index, size, proof, root))
        assert failure(partial(inclusions.verify, leaf_hash, index, tuple(proof))) == alone


def failure(check: Callable[[], None]) -> str | None:
    try:
        check()
    except ProofFailed as failed:
        return str(failed)
    return None


# A proof file, and one changed byte


def leaf(position: int) -> bytes:
    members: dict[str, object] = {
        "v": 1,
        "origin": LOG.origin,
        "position": position,
        "source": "urn:oa",
        "id": f"e-{position}",
        "type": "contract.sign",
        "subject": "project:采购-1",
        "time": "2026-03-01T09:00:00+08:00",
        "recorded_at": "2026-03-01T01:00:02.000001Z",
        "actor": "person:P06",
        "payload_alg": "HMAC-SHA-256",
        "payload_commitment": b64encode(payload_commitment(SALT, event(position))).decode(),
    }
    return msgspec.json.encode(members, order="sorted")


def event(position: int) -> bytes:
    return f'{{"specversion":"1.0","id":"e-{position}"}}'.encode()


LEAVES = [leaf(position) for position in range(1, 12)]


def document(index: int) -> dict[str, Any]:
    hashes = [leaf_hash(one) for one in LEAVES]
    size = len(hashes)
    proof = inclusion_proof(index, size, {TileId(0, 0, size): hashes})
    return {
        "leaf": LEAVES[index],
        "leaf_hash": hashes[index],
        "leaf_index": index,
        "tree_size": size,
        "hashes": proof,
        "checkpoint": LOG.sign(checkpoint_body(LOG.origin, size, Frontier().append(hashes).root())).decode(),
        "payload": event(index + 1),
        "salt": SALT,
    }


def verdict(members: dict[str, Any]) -> str:
    """msgspec writes bytes as base64: the prover's half of the encoding that the verifier reads."""
    return verify_document(msgspec.json.encode(members), Trust([KEY])).verdict


def change(data: st.DataObject, value: bytes) -> bytes:
    at = data.draw(st.integers(0, len(value) - 1))
    flip = data.draw(st.integers(1, 255))
    return value[:at] + bytes([value[at] ^ flip]) + value[at + 1 :]


@bounded
@given(st.integers(0, len(LEAVES) - 1), st.data())
def test_any_changed_byte_of_what_a_file_proves_is_detected(index: int, data: st.DataObject) -> None:
    members = document(index)
    assert verdict(members) == "verified-unwitnessed"
    for name in ("leaf", "leaf_hash", "payload", "salt"):
        assert verdict(members | {name: change(data, members[name])}) == "FAILED"
    hashes: list[bytes] = members["hashes"]
    for at, one in enumerate(hashes):
        assert verdict(members | {"hashes": [*hashes[:at], change(data, one), *hashes[at + 1 :]]}) == "FAILED"
    changed = change(data, members["checkpoint"].encode())
    with pytest.raises(ProofFailed):
        open_note(changed, [KEY])
    assert verdict(members | {"checkpoint": changed.decode("utf-8", errors="replace")}) == "FAILED"


@bounded
@given(st.integers(0, len(LEAVES) - 1), st.data())
def test_any_changed_byte_of_the_file_itself_is_detected(index: int, data: st.DataObject) -> None:
    content = msgspec.json.encode(document(index))
    changed = change(data, content)
    report = verify_document(changed, Trust([KEY]))
    assert report.verdict == "FAILED", f"{content!r} became {changed!r}"
    assert report.act is None


@bounded
@given(st.binary(max_size=300))
def test_no_bytes_make_a_parser_raise_anything_but_proof_failed(noise: bytes) -> None:
    assert verify_document(noise, Trust([KEY])).verdict == "FAILED"
    for parse in (parse_leaf, parse_checkpoint):
        with pytest.raises(ProofFailed):
            parse(noise)
    with pytest.raises(ProofFailed):
        open_note(noise, [KEY])
    with pytest.raises(ProofFailed):
        VerifierKey.parse(noise.decode("utf-8", errors="surrogateescape"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@bounded
@given(st.data())
def test_no_values_in_a_file_make_the_verifier_raise(data: st.DataObject) -> None:
    members: dict[str, Any] = json.loads(msgspec.json.encode(document(3)))
    names = data.draw(st.sets(st.sampled_from([*members]), min_size=1))
    spoilt = members | {name: data.draw(json_values) for name in names}
    report = verify_document(json.dumps(spoilt).encode(), Trust([KEY]))
    if spoilt["payload"] is spoilt["salt"] is None and names <= {"payload", "salt"}:
        assert report.verdict == "erased-content"
    elif spoilt != members:
        assert report.verdict == "FAILED"


# The encoding of a leaf


class Leaf(msgspec.Struct, omit_defaults=True):
    """A struct of the kinds of members that a leaf may have, declared out of order on purpose."""

    v: int
    subject: str
    flag: bool
    recorded_at: str
    actor: str
    position: int
    onbehalfof: str | None = None
    authority: str | None = None


texts = st.text(st.characters(codec="utf-8"), max_size=60)
integers = st.integers(-(2**53) + 1, 2**53 - 1)


@bounded
@given(
    st.builds(
        Leaf,
        v=integers,
        subject=texts,
        flag=st.booleans(),
        recorded_at=texts,
        actor=texts,
        position=integers,
        onbehalfof=st.none() | texts,
        authority=st.none() | texts,
    )
)
def test_a_leaf_sorted_by_msgspec_is_canonical_json(one: Leaf) -> None:
    """So the bytes of a leaf are the only ones that RFC 8785 allows for its members."""
    encoded = msgspec.json.encode(one, order="sorted")
    members = {name: value for name, value in msgspec.structs.asdict(one).items() if value is not None}
    assert encoded == rfc8785.dumps(members)
    assert json.loads(encoded) == members


def test_every_character_of_a_leaf_is_written_canonically() -> None:
    """Each of the 1,112,064 characters, not a sample of them."""
    for start in range(0, 0x110000, 0x1000):
        text = "".join(chr(code) for code in range(start, start + 0x1000) if not 0xD800 <= code < 0xE000)
        assert msgspec.json.encode({"text": text}, order="sorted") == rfc8785.dumps({"text": text})
