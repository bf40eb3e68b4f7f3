"""
How a time stamp is written down: the structures of RFC 3161, RFC 5652 and RFC 5035 that a stamp is read with, in DER.

What a stamp has no need of is not here, and so refused: lists of revoked certificates, attributes that nothing signs, a
signer named by key. `cryptography` refuses what is not DER: each value is written in one way.

Only who reads a stamp imports this: it needs a newer `cryptography` (50) than the rest of the folder.
"""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from .errors import ProofFailed

_T = TypeVar("_T")


def read(structure: type[_T], value: bytes, what: str) -> _T:
    """Return what `value` holds, to its last byte. Raises `ProofFailed` unless it is DER of this structure."""
    try:
        return asn1.decode_der(structure, value)
    except ValueError as error:
        raise ProofFailed(what, expected=f"DER of {structure.__name__}", actual=str(error)) from None


def der(value: object) -> bytes:
    """Return how a structure that was read, or a part of it, is written."""
    return asn1.encode_der(value)


def one(values: Sequence[_T], what: str) -> _T:
    """Return the only element. Raises `ProofFailed` where there are more or none."""
    if len(values) != 1:
        raise ProofFailed(what, expected="one", actual=len(values))
    return values[0]


@asn1.sequence
class Digest:
    """AlgorithmIdentifier of a hash: its parameters are absent or NULL. RFC 5754 §2."""

    oid: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Mask:
    """AlgorithmIdentifier of MGF1. RFC 4055 §2.2."""

    oid: ObjectIdentifier
    digest: Digest


@asn1.sequence
class PssParameters:
    """
    RSASSA-PSS-params. RFC 4055 §3.1.

    An absent hash means SHA-1, which is refused anyway: so both are required. An absent salt length means 20 bytes.
    """

    digest: Annotated[Digest, asn1.Explicit(0)]
    mask: Annotated[Mask, asn1.Explicit(1)]
    salt_size: Annotated[int | None, asn1.Explicit(2)]


@asn1.sequence
class SignatureAlgorithm:
    """AlgorithmIdentifier of a signature."""

    oid: ObjectIdentifier
    parameters: asn1.Null | PssParameters | None


@asn1.sequence
class SignerId:
    """IssuerAndSerialNumber. RFC 5652 §10.2.4."""

    issuer: asn1.TLV
    serial: int


@asn1.sequence
class Attribute:
    """RFC 5652 §5.3."""

    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class SignerInfo:
    """RFC 5652 §5.3. Without unsigned attributes: whoever passes a stamp on could write into them what he likes."""

    version: int
    signer: SignerId
    digest: Digest
    signed: Annotated[asn1.SetOf[Attribute], asn1.Implicit(0)]
    algorithm: SignatureAlgorithm
    signature: bytes


@asn1.sequence
class Content:
    """EncapsulatedContentInfo. RFC 5652 §5.2."""

    type: ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """
    RFC 5652 §5.1.

    The certificates are read as a list: it is nowhere signed in which order they stand, and servers do not sort them.
    """

    version: int
    digests: asn1.SetOf[Digest]
    content: Content
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signers: asn1.SetOf[SignerInfo]


@asn1.sequence
class Token:
    """ContentInfo. RFC 5652 §3."""

    type: ObjectIdentifier
    signed: Annotated[SignedData, asn1.Explicit(0)]


@asn1.sequence
class Status:
    """PKIStatusInfo. RFC 3161 §2.4.2."""

    status: int
    text: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class Response:
    """TimeStampResp. RFC 3161 §2.4.2."""

    status: Status
    token: Token | None


@asn1.sequence
class MessageImprint:
    """RFC 3161 §2.4.1."""

    algorithm: Digest
    digest: bytes


@asn1.sequence
class Accuracy:
    """RFC 3161 §2.4.2."""

    seconds: int | None
    millis: Annotated[int | None, asn1.Implicit(0)]
    micros: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class Extension:
    """RFC 5280 §4.1."""

    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class TimeStamp:
    """
    TSTInfo. RFC 3161 §2.4.2.

    `authority` is one GeneralName in an explicit tag. A sequence of one in an implicit tag are the same bytes, and what
    is of any kind and optional can be read no other way.
    """

    version: int
    policy: ObjectIdentifier
    imprint: MessageImprint
    serial: int
    time: asn1.GeneralizedTime
    accuracy: Accuracy | None
    ordering: Annotated[bool, asn1.Default(False)]
    nonce: int | None
    authority: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    extensions: Annotated[list[Extension] | None, asn1.Implicit(1)]


@asn1.sequence
class IssuerSerial:
    """RFC 5035 §4. The names are GeneralNames: of a certificate with an issuer, one."""

    names: list[asn1.TLV]
    serial: int


@asn1.sequence
class CertificateIdV1:
    """ESSCertID: by SHA-1. RFC 5035 §6."""

    digest: bytes
    issuer: IssuerSerial | None


@asn1.sequence
class CertificateIdV2:
    """ESSCertIDv2; without an algorithm by SHA-256. RFC 5035 §4."""

    algorithm: Digest | None
    digest: bytes
    issuer: IssuerSerial | None


@asn1.sequence
class SigningCertificateV1:
    """SigningCertificate. RFC 5035 §5.4.1."""

    certificates: list[CertificateIdV1]
    policies: list[asn1.TLV] | None


@asn1.sequence
class SigningCertificateV2:
    """RFC 5035 §3."""

    certificates: list[CertificateIdV2]
    policies: list[asn1.TLV] | None


@asn1.sequence
class SignedCertificate:
    """Certificate. RFC 5280 §4.1."""

    content: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString
