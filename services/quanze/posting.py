"""Posting many acts: from files, in batches a ledger takes, with each act's own bytes."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from quanze.client import Client

BATCH_ACTS: Final = 500
BATCH_BYTES: Final = 4 * 1024 * 1024

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
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
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
