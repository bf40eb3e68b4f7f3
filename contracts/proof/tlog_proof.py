"""
One entry's proof as a text, `c2sp.org/tlog-proof@v1`: its index, the hashes from leaf to root, the checkpoint verbatim.

The format does not hold the entry. Ours carry the leaf in the `extra` line, which proves nothing by itself.
"""

import re
from dataclasses import dataclass
from typing import Final

from .encoding import SIZE_MAX, from_base64, hash_from_base64
from .errors import ProofFailed

TLOG_PROOF: Final = b"c2sp.org/tlog-proof@v1\n"
"""The first line of every such file."""
HASHES_MAX: Final = 63
"""Hashes on a path: no tree of 2^63 leaves has a longer one."""

_EXTRA: Final = b"extra "
_INDEX: Final = re.compile(rb"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`index` counts from 0; each hash is 32 bytes; `checkpoint` is a signed note that nobody has looked at yet."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def parse_tlog_proof(text: bytes) -> TlogProof:
    """Return what a proof says. Raises `ProofFailed` unless it has one form and no other; tlog-proof, "Format"."""
    if not text.startswith(TLOG_PROOF):
        raise ProofFailed("proof", expected="the first line c2sp.org/tlog-proof@v1", actual=text[: len(TLOG_PROOF)])
    head, blank, checkpoint = text.partition(b"\n\n")
    if not blank or not checkpoint:
        raise ProofFailed("proof", expected="a blank line and a checkpoint", actual="none")
    lines = head.split(b"\n")[1:]
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = from_base64(lines.pop(0).removeprefix(_EXTRA).decode("latin-1"), "extra data of the proof")
    found = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if found is None or int(found[1]) > SIZE_MAX:
        raise ProofFailed("proof", expected=f"an index of 0 to {SIZE_MAX} on its line", actual="none there")
    if len(lines) > HASHES_MAX:
        raise ProofFailed("inclusion proof", expected=f"at most {HASHES_MAX} hashes", actual=len(lines))
    return TlogProof(int(found[1]), tuple(map(hash_from_base64, lines)), checkpoint, extra)
