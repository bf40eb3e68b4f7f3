"""Who signed a time stamp: the certificate, what it is for, the signature, and the chain to a root."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha1
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from .errors import ProofFailed
from .timestamp_der import (
    CertificateIdV1,
    CertificateIdV2,
    Digest,
    PssParameters,
    SignedCertificate,
    SignerInfo,
    SigningCertificateV1,
    SigningCertificateV2,
    der,
    one,
    read,
)
from .timestamp_token import HASHES, Token, attribute, digest_of, require, require_id

_T = TypeVar("_T")

Certificates = Mapping[bytes, x509.Certificate]
"""By their DER."""

_SIGNING_CERTIFICATE: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.12")
_SIGNING_CERTIFICATE_V2: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
_SHA256: Final = Digest(oid=x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1"), parameters=None)
_TIME_STAMPS: Final = ExtendedKeyUsageOID.TIME_STAMPING

_RSA: Final = "1.2.840.113549.1.1.1"
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = x509.ObjectIdentifier("1.2.840.113549.1.1.8")
_ED25519: Final = "1.3.101.112"
_ECDSA: Final = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}

_VERSION_3: Final = b"\xa0\x03\x02\x01\x02\x02"
"""How a certificate begins: [0] INTEGER 2, and the tag of its number."""
_DIRECTORY_NAME: Final = b"\xa4"  # the tag of a GeneralName: RFC 5280 §4.2.1.6
_SALT_SIZE: Final = 20
_SALT_SIZE_MAX: Final = 64


def certificates(ders: Iterable[bytes]) -> dict[bytes, x509.Certificate]:
    """Return the certificates. Raises `ProofFailed` where one cannot be read, all of its parts that are looked at."""
    return {each: _certificate(each) for each in ders}


def _certificate(value: bytes) -> x509.Certificate:
    # Zero bits at the end of a signature can be called unused: the one byte of a certificate that is not signed.
    signed = read(SignedCertificate, value, "certificate")
    require("unused bits of a signature", 0, signed.signature.padding_bits())
    content = bytes(signed.content.data)
    size, first = content[6:8] if len(content) > 7 else (0, 0)
    # By hand, since `cryptography` warns of such a number wherever it meets one. RFC 5280 §4.1.2.1 and §4.1.2.2.
    if not content.startswith(_VERSION_3) or first & 0x80 or (size, first) in ((0, 0), (1, 0)):
        raise ProofFailed("certificate", expected="one of version 3 with a positive number", actual=content[:8])
    try:
        certificate = x509.load_der_x509_certificate(value)
        _ = certificate.extensions, certificate.public_key(), certificate.issuer, certificate.subject
    except Exception as error:  # noqa: BLE001 - made by anybody; what reading it raises, down to TypeError, is no promise
        raise ProofFailed("certificate", expected="X.509 in DER", actual=repr(error)) from None
    return certificate


def signer_of(token: Token, given: Certificates) -> x509.Certificate:
    """
    Return the certificate that signed `token`: the one it names, whose hash is signed.

    Raises `ProofFailed` unless it is for time stamps and nothing else, and the name in the stamp is its own.
    """
    named = der(token.info.signer.issuer), token.info.signer.serial
    found = [each for each in given.values() if (each.issuer.public_bytes(), each.serial_number) == named]
    certificate = one(found, "certificate of the signer")
    _require_hash(token.info, certificate)
    _require_purpose(certificate)
    # The other kinds of name are no part of a subject. RFC 3161 §2.4.2, `tsa`.
    if token.name is not None and token.name.tag_bytes == _DIRECTORY_NAME:
        require("name in the time stamp", certificate.subject.public_bytes(), bytes(token.name.data))
    return certificate


def _require_hash(info: SignerInfo, certificate: x509.Certificate) -> None:
    """Raise `ProofFailed` unless a signed attribute says which certificate signed. RFC 5816 §2.2.1, RFC 5035 §3."""
    content = certificate.public_bytes(Encoding.DER)
    v1 = attribute(info, _SIGNING_CERTIFICATE, SigningCertificateV1)
    v2 = attribute(info, _SIGNING_CERTIFICATE_V2, SigningCertificateV2)
    if v1 is None and v2 is None:
        raise ProofFailed("signed attributes", expected="one that names the certificate", actual="none")
    # The first of each is the signer's. By SHA-1 still: nobody can find another certificate to a hash that is there.
    if v1 is not None:
        _require_id(_first(v1.certificates), sha1(content, usedforsecurity=False).digest(), certificate)
    if v2 is not None:
        first = _first(v2.certificates)
        _require_id(first, digest_of(first.algorithm or _SHA256, content), certificate)


def _first(certificates: Sequence[_T]) -> _T:
    if not certificates:
        raise ProofFailed("certificates in the signed attributes", expected="the signer's first", actual="none")
    return certificates[0]


def _require_id(stated: CertificateIdV1 | CertificateIdV2, digest: bytes, certificate: x509.Certificate) -> None:
    require("hash of the certificate that signed", digest, stated.digest)
    if stated.issuer is not None:
        issuer = one(stated.issuer.names, "issuer of the certificate that signed")
        require("kind of the issuer's name", _DIRECTORY_NAME, issuer.tag_bytes)
        require("issuer of the certificate that signed", certificate.issuer.public_bytes(), bytes(issuer.data))
        require("number of the certificate that signed", certificate.serial_number, stated.issuer.serial)


def _require_purpose(certificate: x509.Certificate) -> None:
    """Raise `ProofFailed` unless the certificate is for time stamps and nothing else. RFC 3161 §2.3."""
    try:
        purpose = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise ProofFailed("purpose of the certificate", expected="time stamps", actual="none said") from None
    require(
        "purpose of the certificate", _TIME_STAMPS.dotted_string, " ".join(each.dotted_string for each in purpose.value)
    )
    require("purpose of the certificate is critical", True, purpose.critical)
    for each in certificate.extensions:
        if isinstance(each.value, x509.KeyUsage):
            signs = each.value.digital_signature or each.value.content_commitment
            require("key of the certificate is for signatures", True, signs)


def check_signature(info: SignerInfo, signer: x509.Certificate) -> None:
    """
    Raise `ProofFailed` unless the signer's key signed the attributes, written as a SET OF. RFC 5652 §5.4.

    RSA goes by one name only, that of the key (RFC 3370 §3.2): another, one byte away, would mean the same.
    """
    used, parameters = HASHES[info.digest.oid.dotted_string], info.algorithm.parameters
    named = info.algorithm.oid.dotted_string
    match signer.public_key():
        case rsa.RSAPublicKey() as key if named == _RSA and not isinstance(parameters, PssParameters):
            check = partial(key.verify, padding=padding.PKCS1v15(), algorithm=used)
        case rsa.RSAPublicKey() as key if named == _RSA_PSS and isinstance(parameters, PssParameters):
            check = partial(key.verify, padding=_pss(info.digest, parameters), algorithm=used)
        case ec.EllipticCurvePublicKey() as key if named == _ECDSA[used.name] and parameters is None:
            check = partial(key.verify, signature_algorithm=ec.ECDSA(used))
        case ed25519.Ed25519PublicKey() as key if named == _ED25519 and parameters is None and isinstance(used, SHA512):
            check = key.verify  # RFC 8419 §3.1: with SHA-512
        case _:
            known = "RSA by the key's name, RSA-PSS, ECDSA or Ed25519, as the certificate has it"
            raise ProofFailed("signature of the time stamp", expected=known, actual=f"{named} with {used.name}")
    try:
        check(info.signature, data=der(info.signed))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        raise ProofFailed("signature of the time stamp", expected="one over it", actual=info.signature) from None


def _pss(digest: Digest, parameters: PssParameters) -> padding.PSS:
    """Return the padding that the parameters say, with one hash all over. RFC 4055 §3.1."""
    require_id("mask of the signature", _MGF1, parameters.mask.oid)
    require("hash of the signature", der(digest), der(parameters.digest))
    require("hash of the signature's mask", der(digest), der(parameters.mask.digest))
    used = HASHES[digest.oid.dotted_string]
    size = _SALT_SIZE if parameters.salt_size is None else parameters.salt_size
    if not 0 <= size <= _SALT_SIZE_MAX:
        raise ProofFailed("salt of the signature", expected=f"at most {_SALT_SIZE_MAX} bytes", actual=size)
    return padding.PSS(padding.MGF1(used), size)


def require_self_issued(root: bytes) -> None:
    """Raise `ProofFailed` unless the certificate (DER) was issued by itself, under its own key."""
    certificate = next(iter(certificates([root]).values()))
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        named = certificate.subject.rfc4514_string()
        raise ProofFailed("root of the time stamp", expected="one that issued itself", actual=named) from None


def chain_to(roots: Certificates, signer: x509.Certificate, given: Certificates, time: datetime) -> Certificates:
    """
    Return the certificates from the signer's to a root, the root's last.

    Raises `ProofFailed` unless all of them hold at `time` and all of `given` are among them.
    """
    authorities = ExtensionPolicy.permit_all()
    authorities = authorities.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    authorities = authorities.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _require_signs)
    authorities = authorities.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _require_stamps)
    if not roots:
        raise ProofFailed("chain of the time stamp", expected="one to a trusted root", actual="no root was given")
    policies = PolicyBuilder().store(Store(list(roots.values()))).time(time)
    policies = policies.extension_policies(ca_policy=authorities, ee_policy=ExtensionPolicy.permit_all())
    between = [each for each in given.values() if each != signer]
    try:
        verified = policies.build_client_verifier().verify(signer, between)
    except (VerificationError, ValueError) as error:
        raise ProofFailed("chain of the time stamp", expected="one to a trusted root", actual=str(error)) from None
    chain = {each.public_bytes(Encoding.DER): each for each in verified.chain}
    for unused in set(given) - set(chain):
        raise ProofFailed(
            "certificates of the time stamp",
            expected="those of its chain",
            actual=given[unused].subject.rfc4514_string(),
        )
    return chain


def _require_signs(_: Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError(f"the key of {certificate.subject.rfc4514_string()} is not for certificates")


def _require_stamps(_: Policy, certificate: x509.Certificate, purpose: x509.ExtendedKeyUsage | None) -> None:
    if (
        purpose is not None
        and _TIME_STAMPS not in purpose
        and ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in purpose
    ):
        raise ValueError(f"{certificate.subject.rfc4514_string()} is not for time stamps")
