"""
One entry's proof as a text, `c2sp.org/tlog-proof@v1`: its index, the hashes from leaf to root, the checkpoint verbatim.

The format does not hold the entry. Ours carry the leaf in the `extra` line, which proves nothing by itself.
"""

import re
from typing import Final, NamedTuple

from .encoding import HASH_LINE_LENGTH, SIZE_MAX, from_base64, hashes_from_base64
from .errors import ProofFailed

TLOG_PROOF: Final = b"c2sp.org/tlog-proof@v1\n"
"""The first line of every such file."""
HASHES_MAX: Final = 63
"""Hashes on a path: no tree of 2^63 leaves has a longer one."""

_HEAD: Final = re.compile(rb"c2sp\.org/tlog-proof@v1\n(?:extra ([^\n]*)\n)?index (0|[1-9][0-9]{0,18})\n")


class TlogProof(NamedTuple):
    """`leaf_index` counts from 0; each hash is 32 bytes; `checkpoint` is a signed note that nobody has opened yet."""

    leaf_index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def parse_tlog_proof(text: bytes) -> TlogProof:
    """Return what a proof says. Raises `ProofFailed` unless it has one form and no other; tlog-proof, "Format"."""
    index, extra, begin = _head(text)
    # Without hashes the blank line comes at once.
    blank = begin if text.startswith(b"\n", begin) else text.find(b"\n\n", begin) + 1
    if not blank or blank + 1 == len(text):
        raise ProofFailed("proof", expected="a blank line and a checkpoint", actual="none")
    return TlogProof(index, _few(hashes_from_base64(text[begin:blank])), text[blank + 1 :], extra)


class ProofsOfOneTree:
    """Reads many proofs that end with the same checkpoint: hashes near the root, which they share, are read once."""

    def __init__(self, checkpoint: bytes, level: int) -> None:
        """From `level` on hashes are taken to be shared."""
        self._tail = b"\n" + checkpoint
        self._checkpoint = checkpoint
        self._cut = level * HASH_LINE_LENGTH
        self._read: dict[bytes, tuple[bytes, ...]] = {}

    def parse(self, text: bytes) -> TlogProof:
        """See `parse_tlog_proof`. Raises `ProofFailed` also where the proof ends with another checkpoint."""
        index, extra, begin = _head(text)
        blank = len(text) - len(self._tail)
        if blank < begin or not text.endswith(self._tail):
            raise ProofFailed("checkpoint of the proof", expected=self._checkpoint, actual=text[max(begin, blank) :])
        cut = min(begin + self._cut, blank)
        shared = text[cut:blank]
        above = self._read.get(shared)
        if above is None:
            above = self._read[shared] = hashes_from_base64(shared)
        return TlogProof(index, _few(hashes_from_base64(text[begin:cut]) + above), self._checkpoint, extra)


def _head(text: bytes) -> tuple[int, bytes | None, int]:
    """Return the index, the extra data, and where the hashes begin."""
    head = _HEAD.match(text)
    if head is None:
        raise ProofFailed("proof", expected="c2sp.org/tlog-proof@v1 and the line of an index", actual=text[:96])
    index = int(head[2])
    if index > SIZE_MAX:
        raise ProofFailed("index", expected=f"at most {SIZE_MAX}", actual=index)
    extra = from_base64(head[1].decode("latin-1"), "extra data of the proof") if head[1] is not None else None
    return index, extra, head.end()


def _few(hashes: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if len(hashes) > HASHES_MAX:
        raise ProofFailed("inclusion proof", expected=f"at most {HASHES_MAX} hashes", actual=len(hashes))
    return hashes
