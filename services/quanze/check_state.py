"""
What a full check remembers from one run to the next: `quanze verify --log … --state FILE`.

The file is an auditor's memory of a log. It belongs to the log that the auditor named, by origin and key, never to what
a server calls itself: a client that let the server choose could be shown an older log (CVE-2022-39199 in immudb).
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from contracts.proof import VerifierKey, parse_key


class State(Struct, frozen=True, kw_only=True):
    """How far a check got, with all that it needs to go on from there as if it had not been interrupted."""

    format: Literal["quanze/check/v1"] = "quanze/check/v1"
    origin: str
    keys: list[str]
    """The keys that the log was checked with, as lines of a key file."""
    learned: list[tuple[str, str, int]]
    announced: list[tuple[str, str, int]]
    unvouched: int | None
    """What came of them: see `TrustedKeys`."""
    size: int
    subtrees: list[bytes]
    filling: list[list[bytes]]
    recorded_at: str | None
    checkpoints: int
    checkpoints_digest: bytes
    """Of every checkpoint up to `size`, in order: see `full_check`."""
    erased: int
    unordered: list[tuple[str, str, int]]
    """Source, id and position of acts without content that no order to erase was found for yet."""
    packs: list[tuple[int, bytes]]
    """Position and leaf hash of every catalogue pack: later acts are read by them."""

    def knows(self, key: VerifierKey) -> bool:
        """Say whether this is one of the log's keys, as far as was seen."""
        lines = [*self.keys, *(vkey for vkey, _, _ in self.learned)]
        return (key.name, key.key) in [(each.name, each.key) for each in map(parse_key, lines)]


class BadState(Exception):
    """The file is no state, or was changed since it was written."""


class _File(Struct, frozen=True):
    digest: str
    state: Raw


def load_state(path: Path) -> State | None:
    """Return what was remembered, or None where there is no file yet. Raises `BadState`, `OSError`."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        if sha256(file.state).hexdigest() != file.digest:
            raise BadState(f"{path} was changed since it was written, or only half of it was")
        return msgspec.json.decode(file.state, type=State)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as exc:
        raise BadState(f"{path} holds no state of a check: {exc}") from exc


def save_state(path: Path, state: State) -> None:
    """Replace the file as one, so that whoever is interrupted here finds the one before. Raises `OSError`."""
    raw = msgspec.json.encode(state)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(_File(sha256(raw).hexdigest(), Raw(raw))))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
