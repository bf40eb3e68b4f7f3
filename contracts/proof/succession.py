"""A log that goes on where another was frozen: its first act holds the other's final checkpoint."""

from collections.abc import Sequence

from .checkpoint import Checkpoint, open_checkpoint
from .encoding import HASH_SIZE
from .errors import ProofFailed
from .keys import own_data
from .leaf import parse_leaf
from .members import bytes_of, text_of
from .note import VerifierKey


def check_succession(leaf: bytes, salt: bytes, payload: bytes, final: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """
    Check that the act `leaf` begins a log by committing to `final`, the last checkpoint of the log before it.

    `keys` are the old log's. That the leaf is the first of the new log has to be proved as for any other act, with the
    keys of that. Returns the final checkpoint. Raises `ProofFailed`: not the first act, another type, another content,
    or a checkpoint of another tree. Signatures besides the log's own, as by witnesses, may differ from copy to copy.
    """
    act = parse_leaf(leaf)
    if act["position"] != 1:
        raise ProofFailed("succession: position", expected=1, actual=act["position"])
    data = own_data(act, salt, payload, "log.succeed")
    for name in ("predecessor", "root", "checkpoint"):
        if name not in data:
            raise ProofFailed("succession", expected=f"the member {name}", actual="none of that name")
    ended = open_checkpoint(final, *keys)
    if text_of(data, "predecessor") != ended.origin:
        raise ProofFailed("succession: predecessor", expected=ended.origin, actual=text_of(data, "predecessor"))
    if act["origin"] == ended.origin:
        raise ProofFailed("succession: origin", expected="another than the predecessor's", actual=ended.origin)
    # Numbers of an event are read as text: see `event_of`.
    if data.get("size") != str(ended.size):
        raise ProofFailed("succession: size", expected=ended.size, actual=str(data.get("size")))
    if bytes_of(data, "root", HASH_SIZE) != ended.root:
        raise ProofFailed("succession: root", expected=ended.root, actual=bytes_of(data, "root"))
    try:
        kept = text_of(data, "checkpoint").encode("utf-8")
    except UnicodeEncodeError:
        raise ProofFailed("succession: checkpoint", expected="text", actual="half a character") from None
    if open_checkpoint(kept, *keys) != ended:
        raise ProofFailed("succession: checkpoint", expected="of the same tree", actual="of another")
    return ended
