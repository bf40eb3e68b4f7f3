"""A log as its own HTTP face shows it, for the full check from outside: acts, tiles, bundles, every checkpoint."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from contracts.proof import ProofFailed, parse_checkpoint
from edge.paging import write_cursor
from quanze.client import Client, ServiceAnswered
from quanze.errors import WrongUse
from quanze.log_to_check import Entry, Head, Log, NamedKey, SignedHead, Unreadable


class _Receipt(Struct):
    source: str
    id: str
    position: int
    leaf_hash: str


class _Act(Struct):
    receipt: _Receipt
    event: Raw
    leaf: str
    salt: str | UnsetType | None = UNSET


class _Page(Struct):
    items: list[_Act]
    next: str | None


class _Leaf(Struct):
    type: str


def remote_log(client: Client) -> Log:
    """
    Return a service's log, up to its newest checkpoint. The token needs `verify`. Raises `Unreadable`: it has none.

    Head and checkpoint are one here: what an outsider can hold the log to is what it signed.
    """
    keys = [NamedKey(_line(key), key["from_size"]) for key in client.get("/v1/log")["keys"]]
    note = client.text("/checkpoint").encode()
    try:
        signed = parse_checkpoint(note.rpartition(b"\n\n")[0] + b"\n")
    except ProofFailed as exc:
        raise Unreadable(None, str(exc)) from exc

    def checkpoints() -> Iterator[SignedHead]:
        for each in client.pages("/v1/checkpoints", limit=1000):
            if each["size"] > signed.size:
                break
            yield SignedHead(each["size"], b64decode(each["root"]), each["note"].encode())
        # Whatever the list says: this one is what the log is held to.
        yield SignedHead(signed.size, signed.root, note)

    def tile(level: int, index: int) -> tuple[bytes, None] | None:
        found = _content(client, f"/tile/{level}/{_tile_index(index)}")
        return (found, None) if found is not None else None

    def consistency(first: int, second: int) -> Sequence[bytes]:
        if first in (0, second):
            return []
        try:
            proof = client.get("/v1/proofs/consistency", **{"from": first, "to": second})
        except ServiceAnswered as exc:
            raise Unreadable(first, str(exc)) from exc
        return [b64decode(each) for each in proof["hashes"]]

    return Log(
        origin=signed.origin,
        keys=keys,
        head=Head(signed.size, signed.root),
        entries=lambda after: _entries(client, after, signed.size),
        checkpoints=checkpoints,
        tile=tile,
        consistency=consistency,
        partial_tile=lambda level, index, width: _content(client, f"/tile/{level}/{_tile_index(index)}.p/{width}"),
        bundle=lambda index, width: _content(
            client, f"/tile/entries/{_tile_index(index)}" + (f".p/{width}" if width < 256 else "")
        ),
        later=lambda: _entries(client, signed.size, None),
    )


def _line(key: dict[str, Any]) -> str:
    return key["vkey"] + (f" until {key['until_size']}" if key.get("until_size") is not None else "")


def _entries(client: Client, after: int, until: int | None) -> Iterator[Entry]:
    # A cursor is where the page before ended: the check may begin where no page of its own did.
    cursor: str | None = write_cursor(after) if after else None
    while True:
        raw = _content(client, f"/v1/events?limit=1000{f'&after={quote(cursor)}' if cursor else ''}") or b""
        found = msgspec.json.decode(raw, type=_Page)
        for act in found.items:
            if until is not None and act.receipt.position > until:
                return
            yield _entry(act)
        if found.next is None:
            return
        cursor = found.next


def _entry(act: _Act) -> Entry:
    position = act.receipt.position
    if act.salt is UNSET:
        raise WrongUse("this token does not see salts: the check needs one with the scope `verify`")
    try:
        leaf = b64decode(act.leaf)
        return Entry(
            position=position,
            source=act.receipt.source,
            id=act.receipt.id,
            type=msgspec.json.decode(leaf, type=_Leaf).type,
            tags=None,
            leaf=leaf,
            leaf_hash=b64decode(act.receipt.leaf_hash),
            salt=b64decode(act.salt) if act.salt is not None else None,
            payload=bytes(act.event) if bytes(act.event) != b"null" else None,
        )
    except (ValueError, msgspec.MsgspecError) as exc:
        raise Unreadable(position, f"what is shown of the act cannot be read: {exc}") from exc


def _content(client: Client, path: str) -> bytes | None:
    """Return what is there, or None. Raises `Unreadable` where the service finds its stored bytes damaged."""
    try:
        return client.content(path)
    except ServiceAnswered as exc:
        if str(exc.document.get("type")).endswith(":corrupt"):
            position: Any = exc.document.get("position")
            raise Unreadable(position, str(exc)) from exc
        raise


def _tile_index(index: int) -> str:
    """Write a tile's index as tlog-tiles does: groups of three digits, all but the last after an `x`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))
