"""The time stamps of a bundle: each is whole, whoever made it, and what it is worth to whoever verifies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from .bundle import Bundle
from .checkpoint import Checkpoint, open_checkpoint, require_continued
from .errors import ProofFailed
from .note import VerifierKey
from .proven import Proven
from .timestamp import Timestamp, verify_whole
from .trust import Trust


@dataclass(frozen=True, slots=True)
class _Stamped:
    """A time stamp that is whole: the first `size` entries were there at `stamp.time`."""

    size: int
    stamp: Timestamp
    renewed_at: int
    """The position of the act that commits to it; 0 where the file has none."""


def check_stamps(
    bundle: Bundle,
    checkpoint: Checkpoint,
    keys: Sequence[VerifierKey],
    trust: Trust,
    entries: Sequence[Proven],
    checks: list[str],
) -> tuple[str, ...]:
    """Check every time stamp, whoever made it, and say what it is worth. Return what no stamp that counts says."""
    renewals = {
        str(each.data["response_sha256"]): each
        for each in entries
        if each.leaf["type"] == "log.renew_stamp"
        and each.leaf["source"] == f"urn:quanze:{checkpoint.origin}"
        and each.data is not None
        and "response_sha256" in each.data
    }
    found: list[_Stamped] = []
    last = 0, b""
    for each in bundle.stamps:
        seen = open_checkpoint(each.seen.note, *keys)
        if (seen.size, each.response) <= last:
            raise ProofFailed("time stamp", expected="each once, by size and response", actual="another order")
        last = seen.size, each.response
        require_continued(seen, each.seen.hashes, checkpoint)
        try:
            stamp = verify_whole(each.response, each.seen.note, each.certificates)
        except ProofFailed as failed:
            what = f"time stamp of the first {seen.size} entries: {failed.what}"
            raise ProofFailed(what, expected=failed.expected, actual=failed.actual) from None
        if each.certificates != (*stamp.chain, stamp.root):
            raise ProofFailed("certificates of the time stamp", expected="its chain in order", actual="others")
        renewal = renewals.get(sha256(each.response).hexdigest())
        noted = renewal is not None and (renewal.data or {}).get("note_sha256") == sha256(each.seen.note).hexdigest()
        found.append(_Stamped(seen.size, stamp, renewal.position if renewal is not None and noted else 0))
    worth: dict[_Stamped, _Worth] = {}
    for each in sorted(found, key=lambda each: each.stamp.time, reverse=True):
        worth[each] = _worth(each, worth, trust)
    for each in found:
        said = f"the first {each.size} entries were there at {_day(each.stamp.time)}, says {each.stamp.authority}"
        checks.append(f"time stamp: {said}; {worth[each].told}")
    if trust.stamp_roots and not any(each.counts for each in worth.values()):
        return ("when the tree was there: no time stamp of an authority that is relied on is in the file",)
    return ()


class _Worth(NamedTuple):
    """Whether a stamp counts, and why."""

    counts: bool
    told: str


def _worth(stamped: _Stamped, later: Mapping[_Stamped, _Worth], trust: Trust) -> _Worth:
    """Say what a stamp is worth. `later` says that of those after it: one of them may have renewed it."""
    if stamped.stamp.root not in trust.stamp_roots:
        return _Worth(False, "not relied on")
    now = datetime.fromtimestamp(trust.now, UTC)
    if now <= stamped.stamp.certificate_until:
        return _Worth(True, f"its certificates hold until {_day(stamped.stamp.certificate_until)}")
    # RFC 4998 §5.2 in spirit: what commits to the stamp was stamped while its certificates still held.
    for other, worth in later.items():
        if (
            0 < stamped.renewed_at <= other.size
            and other.stamp.time <= stamped.stamp.certificate_until
            and other.stamp.time > stamped.stamp.time
            and worth.counts
        ):
            return _Worth(True, f"renewed at {_day(other.stamp.time)}, {worth.told}")
    ended = f"its certificates ended {_day(stamped.stamp.certificate_until)} and it was not renewed: not counted"
    return _Worth(False, ended)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
