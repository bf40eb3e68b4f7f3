"""What a time stamp says, read from its DER. It proves nothing yet: see `timestamp_signer`."""

from datetime import UTC, datetime
from hashlib import new as new_hash
from typing import Final, NamedTuple, TypeVar

from cryptography.hazmat.asn1 import TLV
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ObjectIdentifier

from .errors import ProofFailed
from .timestamp_der import Digest, Response, SignedData, SignerInfo, TimeStamp, der, one, read

SIZE_BYTES_MAX: Final = 64 * 1024
"""Bytes of a response. Some 6 KiB are usual, with three certificates of RSA keys."""
HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}

_T = TypeVar("_T")

_GRANTED: Final = 0
# The one text that widely used servers send with a stamp. Nothing signs it: so it is this or none.
_TEXTS: Final = (None, ["Operation Okay"])

_SIGNED_DATA: Final = ObjectIdentifier("1.2.840.113549.1.7.2")
_TIME_STAMP: Final = ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE: Final = ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = ObjectIdentifier("1.2.840.113549.1.9.4")


class Token(NamedTuple):
    """`name` is what the server calls itself: a GeneralName."""

    time: datetime
    name: TLV | None
    certificates: list[bytes]
    info: SignerInfo


def open_token(response: bytes, message: bytes) -> Token:
    """
    Return what the response says about `message`, and how it is signed.

    A status of "granted with modifications" is refused: that is not what was asked for, and somebody has to look at it.
    Raises `ProofFailed` unless it is a stamp, and one of this message.
    """
    if len(response) > SIZE_BYTES_MAX:
        raise ProofFailed("time stamp", expected=f"at most {SIZE_BYTES_MAX} bytes", actual=f"{len(response)} bytes")
    answer = read(Response, response, "time stamp")
    require("status of the time stamp", _GRANTED, answer.status.status)
    if answer.status.text not in _TEXTS or answer.status.failure is not None or answer.token is None:
        raise ProofFailed("time stamp", expected="a stamp", actual="a text or a failure, or nothing")
    require_id("type of the time stamp", _SIGNED_DATA, answer.token.type)
    signed = answer.token.signed
    info = one(signed.signers.as_list(), "signer of the time stamp")
    said = _said(signed, info)
    require("stamped message", digest_of(said.imprint.algorithm, message), said.imprint.digest)
    return Token(
        time=said.time.as_datetime().replace(tzinfo=UTC),
        name=one(said.authority, "name in the time stamp") if said.authority is not None else None,
        certificates=[der(each) for each in signed.certificates or ()],
        info=info,
    )


def _said(signed: SignedData, info: SignerInfo) -> TimeStamp:
    """Return what the signed attributes are about, once it is a time stamp."""
    # RFC 5652 §5.1: 3, since the content is no plain data. §5.3: 1, since the signer is named by issuer and number.
    require("version of the signed data", 3, signed.version)
    require("version of the signer", 1, info.version)
    require("digest of the signed data", der(info.digest), der(one(signed.digests.as_list(), "digest")))
    require_id("type of what is signed", _TIME_STAMP, signed.content.type)
    require_id("signed type", _TIME_STAMP, attribute(info, _CONTENT_TYPE, ObjectIdentifier))
    require("signed digest", digest_of(info.digest, signed.content.content), attribute(info, _MESSAGE_DIGEST, bytes))
    said = read(TimeStamp, signed.content.content, "content of the time stamp")
    require("version of the time stamp", 1, said.version)
    if any(each.critical for each in said.extensions or ()):
        raise ProofFailed("extensions of the time stamp", expected="none that must be understood", actual="one")
    return said


def digest_of(digest: Digest, data: bytes) -> bytes:
    """Return the digest of `data`. Raises `ProofFailed` unless the hash is a SHA-2 of 256 bits or more."""
    found = HASHES.get(digest.oid.dotted_string)
    if found is None:
        raise ProofFailed("hash", expected=", ".join(each.name for each in HASHES.values()), actual=_text(digest.oid))
    return new_hash(found.name, data).digest()


def attribute(info: SignerInfo, oid: ObjectIdentifier, structure: type[_T]) -> _T | None:
    """Return the only value of the only signed attribute of a type, or None. Raises `ProofFailed`: it is another's."""
    what = f"signed attribute {_text(oid)}"
    found = [each for each in info.signed.as_list() if each.type == oid]
    return read(structure, der(one(one(found, what).values.as_list(), what)), what) if found else None


def require(what: str, expected: str | int | bytes, actual: str | int | bytes | None) -> None:
    """Raise `ProofFailed` unless the two are the same."""
    if expected != actual:
        raise ProofFailed(what, expected=expected, actual="nothing" if actual is None else actual)


def require_id(what: str, expected: ObjectIdentifier, actual: ObjectIdentifier | None) -> None:
    """The same, of object identifiers."""
    require(what, _text(expected), None if actual is None else _text(actual))


def _text(oid: ObjectIdentifier) -> str:
    return oid.dotted_string
