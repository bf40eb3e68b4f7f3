"""Checkpoints: what a log says about its tree, signed. `c2sp.org/tlog-checkpoint` v1."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .encoding import HASH_SIZE, SIZE_MAX, from_base64
from .errors import ProofFailed
from .merkle import verify_consistency
from .note import VerifierKey, open_signed

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had `size` leaves under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Lines after the third. Signed, but opaque; our logs write none (the specification does not recommend them)."""


@dataclass(frozen=True, slots=True)
class BoundedKey(VerifierKey):
    """
    A log's key that vouches for no checkpoint of more than `until` entries: one that was retired.

    The bound is the verifier's own. It says nothing of forged small trees: those a stolen key can still sign.
    """

    until: int

    def __post_init__(self) -> None:
        VerifierKey.__post_init__(self)
        if not 0 <= self.until <= SIZE_MAX:
            raise ProofFailed("bound of a key", expected=f"0 to {SIZE_MAX}", actual=self.until)


def parse_checkpoint(body: bytes) -> Checkpoint:
    """
    Return what the text of a checkpoint says. It proves nothing without a signature: see `open_checkpoint`.

    Three or more lines, none empty, each ended by a newline; the size in decimal digits without leading zeroes, at
    most `SIZE_MAX`; the root in canonical base64. Raises `ProofFailed`. tlog-checkpoint v1, "Note text".
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProofFailed("checkpoint", expected="UTF-8", actual=str(error)) from None
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or "" in lines:
        raise ProofFailed("checkpoint", expected="three lines or more, none empty, each ended", actual=text)
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX:
        raise ProofFailed("checkpoint size", expected=f"0 to {SIZE_MAX}, no leading zero", actual=size)
    return Checkpoint(origin, int(size), from_base64(root, "checkpoint root", HASH_SIZE), tuple(extensions))


def open_checkpoint(note: bytes, *keys: VerifierKey) -> Checkpoint:
    """
    Return what the signed checkpoint `note` says, once one of `keys` has signed it under the log's own name.

    Several keys are for a log that changed its key, or for several logs; a key of one log never speaks for another.
    Raises `ProofFailed`, also when the origin is not the name of a key that signed, and when every key that signed is
    bounded to smaller trees.
    """
    return open_vouched(note, keys)[0]


def open_vouched(note: bytes, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, tuple[VerifierKey, ...]]:
    """Return what `open_checkpoint` returns, and which of the keys vouch for it."""
    body, signers = open_signed(note, keys)
    checkpoint = parse_checkpoint(body)
    names = [key.name for key in signers]
    if checkpoint.origin not in names:
        raise ProofFailed("checkpoint origin", expected=" or ".join(names), actual=checkpoint.origin)
    own = [key for key in signers if key.name == checkpoint.origin]
    bounds = [key.until if isinstance(key, BoundedKey) else SIZE_MAX for key in own]
    if checkpoint.size > max(bounds):
        raise ProofFailed("checkpoint size", expected=f"at most {max(bounds)} by these keys", actual=checkpoint.size)
    return checkpoint, tuple(key for key, bound in zip(own, bounds, strict=True) if checkpoint.size <= bound)


def require_continued(older: Checkpoint, hashes: Sequence[bytes], newer: Checkpoint) -> None:
    """Check by `hashes` that one tree begins another of the same log. Raises `ProofFailed`. RFC 9162 §2.1.4.2."""
    if older.origin != newer.origin:
        raise ProofFailed("origin of the older checkpoint", expected=newer.origin, actual=older.origin)
    verify_consistency(older.size, newer.size, hashes, older.root, newer.root)
