"""
Time stamps: who besides the log says that something was there at a time. RFC 3161, checked offline.

Of a response everything is either signed or has one spelling only: no byte of it can be changed. Where the RFC lets a
verifier choose, this one refuses. Whether a certificate was revoked is not asked: that takes a network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import cryptography

from .errors import ProofFailed

_CRYPTOGRAPHY_SINCE: Final = 50


@dataclass(frozen=True, slots=True)
class Timestamp:
    """
    `authority` said that the message was there at `time` (UTC).

    `authority` is the subject of the certificate that signed, as RFC 4514 writes it. `chain` is what leads from it to a
    root, in DER, that certificate first, the root left out; `root` is that. At `certificate_until` the first of all
    these certificates ends; what may have become of its key since, no stamp says.
    """

    time: datetime
    authority: str
    certificate_until: datetime
    chain: tuple[bytes, ...] = ()
    root: bytes = b""


def verify_timestamp(response: bytes, message: bytes, roots: Sequence[bytes], chain: Sequence[bytes] = ()) -> Timestamp:
    """
    Check the stamp `response` (DER of a TimeStampResp) over `message`; return what it says.

    `roots` are certificates (DER) that whoever asks trusts. `chain` are those between (DER), where the response does
    not bring them; it may repeat those it brings. All have to hold at the time of the stamp. A certificate that is
    given and is not part of the chain is refused, since nobody would notice a change to it.

    Raises `ProofFailed`, also where `cryptography` is older than 50: it cannot read a stamp, so nothing is known of it.
    RFC 3161 §2.3 and §2.4.2, RFC 5816.
    """
    # Only here: the rest of the folder does with an older `cryptography`.
    if int(cryptography.__version__.partition(".")[0]) < _CRYPTOGRAPHY_SINCE:
        wanted = f"`cryptography` {_CRYPTOGRAPHY_SINCE} or later, to read it"
        raise ProofFailed("time stamp", expected=wanted, actual=cryptography.__version__)
    from .timestamp_signer import certificates, chain_to, check_signature, signer_of
    from .timestamp_token import open_token

    token = open_token(response, message)
    given = certificates([*token.certificates, *chain])
    signer = signer_of(token, given)
    check_signature(token.info, signer)
    found = chain_to(certificates(roots), signer, given, token.time)
    return Timestamp(
        time=token.time,
        authority=signer.subject.rfc4514_string(),
        certificate_until=min(each.not_valid_after_utc for each in found.values()),
        chain=tuple(found)[:-1],
        root=tuple(found)[-1],
    )


def verify_whole(response: bytes, message: bytes, certificates: Sequence[bytes]) -> Timestamp:
    """
    Check a stamp by the root it comes with, the last of `certificates`, which nobody need trust.

    It tells that the stamp is as it was made, not that it is worth anything: for that `Timestamp.root` must be one that
    is relied on. Raises `ProofFailed` as `verify_timestamp` does, and where that root has not issued itself: nothing
    would bind its bytes.
    """
    from .timestamp_signer import require_self_issued

    if not certificates:
        raise ProofFailed("certificates of the time stamp", expected="its chain up to a root", actual="none")
    *between, root = certificates
    require_self_issued(root)
    return verify_timestamp(response, message, [root], between)
