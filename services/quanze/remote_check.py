"""A log as its own HTTP face shows it, for the full check from outside: acts, tiles and the newest checkpoint."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from contracts.proof import Checkpoint, parse_checkpoint
from quanze.client import Client, ServiceAnswered
from quanze.full_check import Entry, Head, Log, SignedHead, Unreadable


class _Receipt(Struct):
    source: str
    id: str
    position: int
    leaf_hash: str


class _Act(Struct):
    receipt: _Receipt
    event: Raw
    leaf: str
    salt: str | None = None


class _Page(Struct):
    items: list[_Act]
    next: str | None


def remote_log(client: Client) -> tuple[Log, list[str]]:
    """
    Return a service's log, up to its newest checkpoint, and the keys it names, as lines of a key file.

    The token needs `verify`. Head and checkpoint are one here: what an outsider can hold the log to is what it signed.
    The checkpoints by which it changed its keys are there, too: they lead from an older key to the newest.
    """
    named = [_line(key) for key in client.get("/v1/log")["keys"]]
    note = client.text("/checkpoint").encode()
    signed = _said(note)

    def tile(level: int, index: int) -> tuple[bytes, None] | None:
        found = client.content(f"/tile/{level}/{_tile_index(index)}")
        return (found, None) if found is not None else None

    log = Log(
        signed.origin,
        Head(signed.size, signed.root),
        _entries(client, signed.size),
        _heads([note, *(each["checkpoint"].encode() for each in client.get("/v1/log/rotations")["rotations"])]),
        tile,
    )
    return log, named


def _said(note: bytes) -> Checkpoint:
    return parse_checkpoint(note[: note.rindex(b"\n\n") + 1])


def _heads(notes: Iterable[bytes]) -> list[SignedHead]:
    heads = {(said := _said(note)).size: SignedHead(said.size, said.root, note) for note in notes}
    return list(heads.values())


def _line(key: dict[str, Any]) -> str:
    return key["vkey"] + (f" until {key['until_size']}" if key.get("until_size") is not None else "")


def _entries(client: Client, size: int) -> Iterator[Entry]:
    after: str | None = None
    while True:
        try:
            raw = client.content(f"/v1/events?limit=500{f'&after={quote(after)}' if after else ''}") or b""
        except ServiceAnswered as exc:
            if str(exc.document.get("type")).endswith(":corrupt"):
                raise Unreadable(exc.document.get("position"), str(exc)) from exc
            raise
        found = msgspec.json.decode(raw, type=_Page)
        for act in found.items:
            if act.receipt.position > size:
                return
            yield _entry(act)
        if found.next is None:
            return
        after = found.next


def _entry(act: _Act) -> Entry:
    leaf = b64decode(act.leaf)
    said: dict[str, Any] = msgspec.json.decode(leaf)
    return Entry(
        position=act.receipt.position,
        source=act.receipt.source,
        id=act.receipt.id,
        type=str(said.get("type")),
        tags=None,
        leaf=leaf,
        leaf_hash=b64decode(act.receipt.leaf_hash),
        salt=b64decode(act.salt) if act.salt is not None else None,
        payload=bytes(act.event) if bytes(act.event) != b"null" else None,
    )


def _tile_index(index: int) -> str:
    """Write a tile's index as tlog-tiles does: groups of three digits, all but the last after an `x`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))
