"""Posting many acts: from files, one a line or in batches a ledger takes, with each act's own bytes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from quanze.client import Client

BATCH_ACTS: Final = 500
BATCH_BYTES: Final = 4 * 1024 * 1024

_LINES_SUFFIXES: Final = (".ndjson", ".jsonl")
_CHUNK_BYTES: Final = 256 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_decode_many: Final = msgspec.json.Decoder(list[Raw]).decode
_decode_one: Final = msgspec.json.Decoder(Raw).decode


class NotJson(ValueError):
    """The file holds no JSON, and no lines of JSON."""


class Posted(Struct):
    """What became of what was posted."""

    recorded: int = 0
    duplicates: int = 0
    first_position: int | None = None
    last_position: int | None = None

    def count(self, receipts: Iterable[dict[str, Any]]) -> None:
        for receipt in receipts:
            if receipt["status"] == "duplicate":
                self.duplicates += 1
                continue
            self.recorded += 1
            self.first_position = self.first_position or receipt["position"]
            self.last_position = receipt["position"]


def acts_of(name: str, content: bytes) -> list[bytes]:
    """Return the acts of a file: one CloudEvent, a JSON array of them, or one a line (NDJSON)."""
    text = content.removeprefix(_BYTE_ORDER_MARK).strip()
    try:
        if text.startswith(b"["):
            return [bytes(item) for item in _decode_many(text)]
        lines = [line for line in text.splitlines() if line.strip()]
        return [bytes(_decode_one(line)) for line in lines]
    except msgspec.DecodeError:
        pass  # an object over several lines is no line of its own
    try:
        return [bytes(_decode_one(text))]
    except msgspec.DecodeError as exc:
        raise NotJson(f"{name}: neither JSON nor lines of JSON: {exc}") from exc


def batches(acts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut acts into batches that a ledger takes."""
    batch: list[bytes] = []
    size = 0
    for act in acts:
        if batch and (len(batch) >= BATCH_ACTS or size + len(act) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(act)
        size += len(act)
    if batch:
        yield batch


def post_all(client: Client, acts: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Post in batches; yield the receipts of each. A fault stops it there: what came before is recorded."""
    for batch in batches(acts):
        yield client.post_batch(batch)["receipts"]


def holds_lines(path: Path) -> bool:
    """Say whether a file has one act a line, by its name: such a file need not be read whole."""
    return path.suffix.lower() in _LINES_SUFFIXES


def post_lines(client: Client, path: Path, sent: Callable[[int], object]) -> Iterator[dict[str, Any]]:
    """
    Post a file of acts, one a line; yield a receipt or a problem for each, with its `line`. Each line stands alone.

    `sent` is told how many bytes went out, again and again. Raises `OSError` for a file that cannot be read.
    """

    def chunks() -> Iterator[bytes]:
        part = file.read(_CHUNK_BYTES).removeprefix(_BYTE_ORDER_MARK)
        while part:
            yield part
            sent(len(part))
            part = file.read(_CHUNK_BYTES)

    with path.open("rb") as file:
        yield from client.post_lines(chunks())
