"""What others say of a log's checkpoints, each in itself, for the full check: cosignatures and time stamps."""

from datetime import UTC, datetime

from contracts.moments import format_instant
from contracts.proof import ProofFailed, WitnessKey, cosigned
from contracts.proof.timestamp import verify_whole
from quanze.log_to_check import Cosignature, Stamp


def require_vouched(said: Cosignature | Stamp, note: bytes) -> None:
    """
    Check that a row is what a witness or an authority made of the checkpoint `note`, and when. Raises `ProofFailed`.

    By whom it is, no row can prove: whom one relies on is for a policy and for roots, and with them for a bundle.
    """
    match said:
        case Cosignature():
            key = WitnessKey.parse(said.vkey)
            at = cosigned(note + said.line, [key]).get(key)
            if at is None or said.line.count(b"\n") != 1:
                raise ProofFailed(f"cosignature by {key.name}", expected="one line of that key", actual=said.line)
            _require_equal("time of the cosignature", datetime.fromtimestamp(at, UTC), said.at)
        case Stamp():
            stamp = verify_whole(said.response, note, said.chain)
            if (*stamp.chain, stamp.root) != tuple(said.chain):
                raise ProofFailed("certificates of the time stamp", expected="its chain in order", actual="others")
            _require_equal("time of the stamp", stamp.time, said.at)
            _require_equal("end of its certificates", stamp.certificate_until, said.until)


def _require_equal(what: str, signed: datetime, stored: str) -> None:
    if format_instant(signed) != stored:
        raise ProofFailed(what, expected=format_instant(signed), actual=stored)
