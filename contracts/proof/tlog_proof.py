"""
One entry's proof as a text, `c2sp.org/tlog-proof@v1`: its index, the hashes from leaf to root, the checkpoint verbatim.

The format does not hold the entry. Ours carry the leaf in the `extra` line, which proves nothing by itself.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from .encoding import HASH_LINE_LENGTH, SIZE_MAX, from_base64, hashes_from_base64
from .errors import ProofFailed

TLOG_PROOF: Final = b"c2sp.org/tlog-proof@v1\n"
"""The first line of every such file."""
HASHES_MAX: Final = 63
"""Hashes on a path: no tree of 2^63 leaves has a longer one."""

_AT_ONCE: Final = 64
"""Proofs whose hashes are decoded together."""
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


def parse_tlog_proofs(texts: Iterable[bytes], checkpoint: bytes) -> Iterator[TlogProof]:
    """
    Yield what proofs say that all end with `checkpoint`: as `parse_tlog_proof` would, in two thirds of the time.

    Raises `ProofFailed` also where one ends with another checkpoint; then none of those after it is yielded, and
    perhaps not all of those before it.
    """
    tail = b"\n" + checkpoint
    left = iter(texts)
    while some := tuple(islice(left, _AT_ONCE)):
        heads: list[tuple[int, bytes | None, int]] = []
        lines: list[bytes] = []
        for text in some:
            index, extra, begin = _head(text)
            blank = len(text) - len(tail)
            if blank < begin or not text.endswith(tail):
                raise ProofFailed("checkpoint of the proof", expected=checkpoint, actual=text[max(begin, blank) :])
            count, rest = divmod(blank - begin, HASH_LINE_LENGTH)
            if rest or count > HASHES_MAX:
                _few(hashes_from_base64(text[begin:blank]))  # which says what is wrong with them
            heads.append((index, extra, count))
            lines.append(text[begin:blank])
        hashes, at = hashes_from_base64(b"".join(lines)), 0
        for index, extra, count in heads:
            yield TlogProof(index, hashes[at : at + count], checkpoint, extra)
            at += count


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
