"""
A log in memory, for the full check: one that was read, or one forged with the log's own key.

Tiles and proofs are the prover's, which has no code in common with what the check builds.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from contracts.proof import leaf_hash
from ledger.acts import commitment
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import TILE_WIDTH, Frontier, TileId, consistency_proof, consistency_tiles, tile_root
from quanze.log_to_check import Entry, Head, Log, NamedKey, SignedHead


def kept(entries: Sequence[Entry], signer: SigningKey, sizes: Sequence[int], size: int | None = None) -> Log:
    """Return a log of these entries, up to a size, with a head signed at each of `sizes`: sound if they are."""
    entries = entries[:size]
    rows = [[entry.leaf_hash for entry in entries]]
    while len(rows[-1]) >= TILE_WIDTH:
        below = rows[-1]
        rows.append([tile_root(below[at : at + TILE_WIDTH]) for at in range(0, len(below) - 255, TILE_WIDTH)])

    def hashes(tile: TileId) -> list[bytes]:
        return rows[tile.level][tile.index * TILE_WIDTH :][: tile.width]

    def frontier(size: int) -> Frontier:
        return Frontier().append(rows[0][:size])

    def signed(size: int) -> SignedHead:
        root = frontier(size).root()
        return SignedHead(size, root, signer.sign(checkpoint_body(signer.origin, size, root)))

    def tile(level: int, index: int) -> tuple[bytes, bytes]:
        found = hashes(TileId(level, index, TILE_WIDTH))
        return b"".join(found), tile_root(found)

    def consistency(first: int, second: int) -> list[bytes]:
        return consistency_proof(first, second, {each: hashes(each) for each in consistency_tiles(first, second)})

    whole = frontier(len(entries))
    heads = [signed(each) for each in sizes]
    return Log(
        origin=signer.origin,
        keys=[NamedKey(signer.vkey, 0)],
        head=Head(whole.size, whole.root(), whole.encode(), json.loads(entries[-1].leaf)["recorded_at"]),
        entries=lambda after: entries[after:],
        checkpoints=lambda: heads,
        tile=tile,
        consistency=consistency,
        partial_tile=lambda level, index, width: b"".join(hashes(TileId(level, index, width))),
        bundle=lambda index, width: b"".join(
            len(each.leaf).to_bytes(2, "big") + each.leaf for each in entries[index * TILE_WIDTH :][:width]
        ),
    )


def with_entry(log: Log, changed: Entry) -> Log:
    """Return the log with one entry changed, and nothing else that should go with it."""

    def entries(after: int) -> list[Entry]:
        return [changed if each.position == changed.position else each for each in log.entries(after)]

    return replace(log, entries=entries)


def with_head_of(log: Log, size: int, change: Callable[[SignedHead], SignedHead]) -> Log:
    """Return the log with the checkpoint of one size changed."""
    heads = [change(each) if each.size == size else each for each in log.checkpoints()]
    return replace(log, checkpoints=lambda: heads)


def forged(entry: Entry, event: dict[str, Any] | None = None, **members: Any) -> Entry:
    """Return an entry with other members in its leaf, perhaps another event, and all that is derived from both."""
    said = json.loads(entry.leaf) | members
    payload = json.dumps(event, ensure_ascii=False).encode() if event is not None else entry.payload
    if payload is not None and entry.salt is not None:
        said["payload_commitment"] = commitment(entry.salt, payload)
    leaf = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return replace(
        entry,
        position=said["position"],
        source=said["source"],
        id=said["id"],
        type=said["type"],
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
        payload=payload,
    )
