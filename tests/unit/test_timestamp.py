"""A time stamp of somebody else convinces, and nothing that is almost one does."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc3161_client
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client.errors import VerificationError

from contracts.proof import ProofFailed
from contracts.proof import timestamp_der as der
from contracts.proof.timestamp import verify_timestamp
from tests.tsa import Certified, Tsa, authority_certificate, for_time_stamps, self_signed

MESSAGE = "a note\n\n\N{EM DASH} signed\n".encode()
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
SHA512 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3")
CONTENT_TYPE = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.12")
SIGNING_CERTIFICATE_V2 = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
SIGNING_TIME = x509.ObjectIdentifier("1.2.840.113549.1.9.5")

Change = Callable[[der.Response], None]


def tlv(value: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, value)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def response(tsa: Tsa) -> bytes:
    return tsa.stamp(MESSAGE)


def test_a_stamp_says_when_by_whom_and_for_how_long(tsa: Tsa, response: bytes) -> None:
    stamp = verify_timestamp(response, MESSAGE, tsa.roots)
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=5)
    assert stamp.authority == "CN=Stamps"
    assert stamp.certificate_until == tsa.leaf.certificate.not_valid_after_utc
    assert stamp.chain == (tsa.leaf.der, tsa.between.der)


@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
def test_the_hash_is_whichever_of_sha_2_was_asked_for(tsa: Tsa, digest: str) -> None:
    assert verify_timestamp(tsa.stamp(MESSAGE, digest, "-cert"), MESSAGE, tsa.roots).authority == "CN=Stamps"


def test_a_stamp_without_certificates_needs_them_from_elsewhere(tsa: Tsa) -> None:
    bare = tsa.stamp(MESSAGE, "-sha256")
    assert tsa.leaf.der not in bare
    assert verify_timestamp(bare, MESSAGE, tsa.roots, [tsa.leaf.der, tsa.between.der]).authority == "CN=Stamps"
    refused(bare, tsa, "certificate of the signer")
    refused(bare, tsa, "chain", chain=[tsa.leaf.der])


def test_what_the_response_brings_may_be_given_again_and_the_root_with_it(tsa: Tsa, response: bytes) -> None:
    chain = [tsa.leaf.der, tsa.between.der, tsa.root.der]
    assert verify_timestamp(response, MESSAGE, tsa.roots, chain).chain == (tsa.leaf.der, tsa.between.der)


def test_the_certificate_may_be_named_by_sha_1(tsa: Tsa) -> None:
    older = tsa.stamp(MESSAGE, certificate_digest="sha1")
    assert verify_timestamp(older, MESSAGE, tsa.roots).authority == "CN=Stamps"


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: curve.name)
def test_ecdsa_signs_stamps_too(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    tsa = Tsa(tmp_path, ec.generate_private_key(curve))
    assert verify_timestamp(tsa.stamp(MESSAGE), MESSAGE, tsa.roots).authority == "CN=Stamps"


# Changes


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("options", [("-cert", "-sha256"), ("-cert", "-sha512", "-no_nonce")], ids=" ".join)
@pytest.mark.parametrize("curved", [False, True], ids=["rsa", "ecdsa"])
def test_no_byte_of_a_response_can_be_changed(tmp_path: Path, curved: bool, options: tuple[str, ...]) -> None:
    """Each bit of each byte, and each byte to its opposite and to none. The certificates are part of it."""
    tsa = Tsa(tmp_path, ec.generate_private_key(ec.SECP256R1()) if curved else None)
    response = tsa.stamp(MESSAGE, *options)
    assert passes(response, tsa)
    masks = [*(1 << bit for bit in range(8)), 0xFF]
    changes = [(at, response[at] ^ mask) for at in range(len(response)) for mask in masks]
    changes += [(at, 0) for at in range(len(response)) if response[at]]
    assert [change for change in changes if passes(changed(response, *change), tsa)] == []


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_byte_of_the_chain_that_is_given_can_be_changed(tsa: Tsa) -> None:
    bare = tsa.stamp(MESSAGE, "-sha256")
    chain = [tsa.leaf.der, tsa.between.der, tsa.root.der]
    for index, der_of_one in enumerate(chain):
        others = [chain[:index], chain[index + 1 :]]
        for at in range(len(der_of_one)):
            spoilt = [*others[0], changed(der_of_one, at, der_of_one[at] ^ 1), *others[1]]
            assert not passes(bare, tsa, spoilt), f"byte {at} of certificate {index}"


def test_nothing_may_follow_or_be_missing(tsa: Tsa, response: bytes) -> None:
    for size in range(len(response)):
        assert not passes(response[:size], tsa)
    refused(response + b"\0", tsa, "time stamp")
    with pytest.raises(ProofFailed, match="at most 65536 bytes"):
        verify_timestamp(response + b"\0" * 70_000, MESSAGE, tsa.roots)


def test_another_message_is_not_stamped(tsa: Tsa, response: bytes) -> None:
    for other in (b"", MESSAGE[:-1], MESSAGE + b"\n", MESSAGE.upper()):
        with pytest.raises(ProofFailed, match="stamped message"):
            verify_timestamp(response, other, tsa.roots)


# Chains


def test_another_root_proves_nothing(tsa: Tsa, response: bytes) -> None:
    with pytest.raises(ProofFailed, match="chain"):
        verify_timestamp(response, MESSAGE, [self_signed("Root of the test").der])
    with pytest.raises(ProofFailed, match="chain"):
        verify_timestamp(response, MESSAGE, [])


def test_a_certificate_that_leads_nowhere_is_refused(tsa: Tsa, response: bytes) -> None:
    other = self_signed("Somebody else")
    refused(response, tsa, "certificates of the time stamp", chain=[other.der])

    def add(it: der.Response) -> None:
        signed(it).certificates = [*(signed(it).certificates or []), tlv(other.der)]

    refused(signed_anew(response, tsa.key, add), tsa, "certificates of the time stamp")


@pytest.mark.parametrize(("since", "until"), [(-20, -10), (10, 20)])
def test_a_certificate_holds_at_the_time_of_the_stamp(tsa: Tsa, response: bytes, since: int, until: int) -> None:
    leaf = tsa.between.issue(
        "Stamps", tsa.key, for_time_stamps(), since=timedelta(days=since), until=timedelta(days=until)
    )
    refused(signed_by(leaf, response), tsa, "chain of the time stamp")


def test_a_stamp_outlives_its_certificate(tsa: Tsa, response: bytes) -> None:
    """What counts is the time of the stamp, not when somebody asks."""
    then = asn1.GeneralizedTime((datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0))
    days = {"ended since": (-40, -20, True), "ended before": (-40, -31, False), "began after": (-29, 20, False)}
    for name, (since, until, good) in days.items():
        leaf = tsa.between.issue(
            "Stamps", tsa.key, for_time_stamps(), since=timedelta(days=since), until=timedelta(days=until)
        )
        assert passes(signed_by(leaf, response, change=_stamp(time=then)), tsa) == good, name


def test_the_bits_of_a_signature_are_all_used(tsa: Tsa, response: bytes) -> None:
    """A zero bit at its end, called unused, would be the one thing of a certificate that could be changed."""
    key = ec.generate_private_key(ec.SECP256R1())
    between = tsa.between
    while between.der[-1] & 1 or between is tsa.between:
        between = tsa.root.issue("Between", key, *authority_certificate(0))
    good = signed_by(between.issue("Stamps", tsa.key, for_time_stamps()), response, between)
    assert passes(good, tsa)
    signature = between.certificate.signature
    at = good.index(b"\x03" + bytes([len(signature) + 1, 0]) + signature) + 2
    refused(changed(good, at, 1), tsa, "unused bits of a signature")


def test_a_root_that_has_ended_is_none(tmp_path: Path) -> None:
    tsa = Tsa(tmp_path)
    key = tsa.root.key
    old = tsa.root.issue(
        "Root of the test", key, *authority_certificate(), since=timedelta(days=-20), until=timedelta(days=-10)
    )
    response = tsa.stamp(MESSAGE)
    with pytest.raises(ProofFailed, match="chain"):
        verify_timestamp(response, MESSAGE, [old.der])


def test_who_may_issue_no_certificates_certifies_nobody(tsa: Tsa, response: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for extensions in (
        [(x509.BasicConstraints(ca=False, path_length=None), True)],
        [],
        [authority_certificate(0)[0], (x509.KeyUsage(True, *[False] * 8), True)],
        [*authority_certificate(0), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True)],
    ):
        between = tsa.root.issue("Between", key, *extensions)
        leaf = between.issue("Stamps", tsa.key, for_time_stamps())
        refused(signed_by(leaf, response, between), tsa, "chain of the time stamp")
    good = tsa.root.issue("Between", key, *authority_certificate(0), for_time_stamps(critical=False))
    assert passes(signed_by(good.issue("Stamps", tsa.key, for_time_stamps()), response, good), tsa)


def test_a_chain_is_no_longer_than_its_authorities_allow(tsa: Tsa, response: bytes) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    first = tsa.root.issue("First", keys[0], *authority_certificate(0))
    second = first.issue("Second", keys[1], *authority_certificate(0))
    leaf = second.issue("Stamps", tsa.key, for_time_stamps())
    refused(signed_by(leaf, response, first, second), tsa, "chain of the time stamp")


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        [for_time_stamps(critical=False)],
        [for_time_stamps(ExtendedKeyUsageOID.CODE_SIGNING)],
        [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), True)],
    ],
    ids=["none", "not critical", "and another", "another"],
)
def test_a_certificate_is_for_time_stamps_and_nothing_else(
    tsa: Tsa, response: bytes, extensions: list[tuple[x509.ExtensionType, bool]]
) -> None:
    refused(signed_by(tsa.between.issue("Stamps", tsa.key, *extensions), response), tsa, "purpose of the certificate")


def test_a_key_for_other_things_than_signatures_signs_nothing(tsa: Tsa, response: bytes) -> None:
    usage = x509.KeyUsage(False, False, True, *[False] * 6)
    leaf = tsa.between.issue("Stamps", tsa.key, for_time_stamps(), (usage, True))
    refused(signed_by(leaf, response), tsa, "key of the certificate")


# What is signed, and how


def test_a_response_signed_anew_convinces_as_well(tsa: Tsa, response: bytes) -> None:
    """So that what the next test refuses is refused for its change alone."""
    assert passes(signed_anew(response, tsa.key, lambda _: None), tsa)


def _status(status: int, text: list[str] | None = None) -> Change:
    def change(it: der.Response) -> None:
        it.status = der.Status(status=status, text=text, failure=None)

    return change


def _stamp(**members: object) -> Change:
    def change(it: der.Response) -> None:
        content = signed(it).content
        said = asn1.decode_der(der.TimeStamp, content.content)
        for name, value in members.items():
            setattr(said, name, value)
        content.content = asn1.encode_der(said)

    return change


def _attributes(*, without: x509.ObjectIdentifier | None = None, more: tuple[der.Attribute, ...] = ()) -> Change:
    def change(it: der.Response) -> None:
        info = signer(it)
        info.signed = asn1.SetOf([*(each for each in info.signed.as_list() if each.type != without), *more])

    return change


def _attribute(type: x509.ObjectIdentifier, *values: object) -> der.Attribute:
    return der.Attribute(type=type, values=asn1.SetOf([tlv(asn1.encode_der(value)) for value in values]))


def _set(part: Callable[[der.Response], object], **members: object) -> Change:
    def change(it: der.Response) -> None:
        for name, value in members.items():
            setattr(part(it), name, value)

    return change


def signed(it: der.Response) -> der.SignedData:
    assert it.token is not None
    return it.token.signed


def signer(it: der.Response) -> der.SignerInfo:
    return signed(it).signers.as_list()[0]


REFUSED: dict[str, tuple[str, Change]] = {
    "granted with modifications": ("status of the time stamp", _status(1)),
    "a refusal": ("status of the time stamp", _status(2)),
    "a text that nobody signed": ("time stamp", _status(0, ["Operation okay"])),
    "a failure beside the stamp": (
        "time stamp",
        _set(lambda it: it.status, failure=asn1.BitString(b"\x80", 7)),
    ),
    "no stamp": ("time stamp", _set(lambda it: it, token=None)),
    "another type of message": ("type of the time stamp", _set(lambda it: it.token, type=CONTENT_TYPE)),
    "another version of signed data": ("version of the signed data", _set(signed, version=1)),
    "another version of the signer": ("version of the signer", _set(signer, version=3)),
    "another version of the stamp": ("version of the time stamp", _stamp(version=2)),
    "another type of content": ("type of what is signed", _set(lambda it: signed(it).content, type=CONTENT_TYPE)),
    "a digest that nobody uses": (
        "digest of the signed data",
        _set(signed, digests=asn1.SetOf([der.Digest(oid=SHA512, parameters=asn1.Null())])),
    ),
    "SHA-1 of the message": (
        "hash",
        _stamp(
            imprint=der.MessageImprint(
                algorithm=der.Digest(oid=x509.ObjectIdentifier("1.3.14.3.2.26"), parameters=asn1.Null()),
                digest=hashlib.sha1(MESSAGE, usedforsecurity=False).digest(),
            )
        ),
    ),
    "an extension that must be understood": (
        "extensions of the time stamp",
        _stamp(extensions=[der.Extension(oid=CONTENT_TYPE, critical=True, value=b"")]),
    ),
    "the name of another": (
        "name in the time stamp",
        _stamp(authority=[tlv(b"\xa4\x02\x30\x00")]),
    ),
    "no type in the attributes": ("signed type", _attributes(without=CONTENT_TYPE)),
    "another type in the attributes": (
        "signed type",
        _attributes(without=CONTENT_TYPE, more=(_attribute(CONTENT_TYPE, SHA256),)),
    ),
    "no digest in the attributes": ("signed digest", _attributes(without=MESSAGE_DIGEST)),
    "no certificate in the attributes": ("signed attributes", _attributes(without=SIGNING_CERTIFICATE_V2)),
    "an empty list of certificates in the attributes": (
        "certificates in the signed attributes",
        _attributes(
            without=SIGNING_CERTIFICATE_V2,
            more=(_attribute(SIGNING_CERTIFICATE_V2, der.SigningCertificateV2(certificates=[], policies=None)),),
        ),
    ),
    "the hash of another certificate beside it": (
        "hash of the certificate",
        _attributes(
            more=(
                _attribute(
                    SIGNING_CERTIFICATE,
                    der.SigningCertificateV1(
                        certificates=[der.CertificateIdV1(digest=b"\0" * 20, issuer=None)], policies=None
                    ),
                ),
            )
        ),
    ),
    "two times the same attribute": (
        "signed attribute 1.2.840.113549.1.9.4",
        _attributes(more=(_attribute(MESSAGE_DIGEST, b"\0" * 32),)),
    ),
    "two values of an attribute": (
        "signed attribute 1.2.840.113549.1.9.3",
        _attributes(without=CONTENT_TYPE, more=(_attribute(CONTENT_TYPE, SHA256, SHA512),)),
    ),
    "another number of the certificate": (
        "certificate of the signer",
        _set(lambda it: signer(it).signer, serial=1),
    ),
    "RSA by the name of one with a hash": (
        "signature of the time stamp",
        _set(lambda it: signer(it).algorithm, oid=x509.ObjectIdentifier("1.2.840.113549.1.1.11")),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_exactly_a_stamp_is_refused_whoever_signed_it(tsa: Tsa, response: bytes, name: str) -> None:
    what, change = REFUSED[name]
    refused(signed_anew(response, tsa.key, change), tsa, what)


@pytest.mark.parametrize("structure", [der.SigningCertificateV1, der.SigningCertificateV2])
def test_the_certificate_may_be_named_by_its_issuer_besides(tsa: Tsa, response: bytes, structure: type) -> None:
    leaf = tsa.leaf.certificate

    def named(issuer: x509.Name, serial: int, tag: bytes = b"\xa4") -> bytes:
        name = issuer.public_bytes()
        stated = der.IssuerSerial(names=[tlv(tag + bytes([len(name)]) + name)], serial=serial)
        if structure is der.SigningCertificateV1:
            digest = hashlib.sha1(tsa.leaf.der, usedforsecurity=False).digest()
            one = der.CertificateIdV1(digest=digest, issuer=stated)
            attribute = _attribute(SIGNING_CERTIFICATE, structure(certificates=[one], policies=None))
        else:
            one = der.CertificateIdV2(algorithm=None, digest=hashlib.sha256(tsa.leaf.der).digest(), issuer=stated)
            attribute = _attribute(SIGNING_CERTIFICATE_V2, structure(certificates=[one], policies=None))
        return signed_anew(response, tsa.key, _attributes(without=SIGNING_CERTIFICATE_V2, more=(attribute,)))

    assert passes(named(leaf.issuer, leaf.serial_number), tsa)
    refused(named(leaf.subject, leaf.serial_number), tsa, "issuer of the certificate")
    refused(named(leaf.issuer, leaf.serial_number, b"\xa1"), tsa, "kind of the issuer's name")
    refused(named(leaf.issuer, 1), tsa, "number of the certificate")


def test_two_signers_are_one_too_many(tsa: Tsa, response: bytes) -> None:
    read = asn1.decode_der(der.Response, response)
    other = asn1.decode_der(der.SignerInfo, asn1.encode_der(signer(read)))
    other.signature = other.signature[::-1]
    signed(read).signers = asn1.SetOf([signer(read), other])
    refused(asn1.encode_der(read), tsa, "signer of the time stamp")


def test_attributes_that_nobody_signed_are_refused(tsa: Tsa, response: bytes) -> None:
    attribute = _attribute(SIGNING_TIME, b"")
    content = asn1.encode_der(attribute)
    unsigned = b"\xa1" + bytes([len(content)]) + content
    refused(_appended(response, unsigned, depth=5), tsa, "time stamp")
    empty = _appended(response, b"", depth=5)
    assert empty == response, "so that it is the attribute that is refused"


def _appended(value: bytes, more: bytes, depth: int) -> bytes:
    """Return an element with more at the end of its last element's last element and so on, all lengths put right."""
    start, end = _bounds(value, 0)
    if depth == 0:
        content = value[start:end] + more
    else:
        last = at = start
        while at < end:
            last, at = at, _bounds(value, at)[1]
        content = value[start:last] + _appended(value[last:end], more, depth - 1)
    return value[:1] + b"\x82" + len(content).to_bytes(2, "big") + content


def _bounds(value: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends."""
    size, start = value[at + 1], at + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(value[at + 2 : start], "big")
    return start, start + size


def test_the_text_that_servers_send_with_a_stamp_may_be_there(tsa: Tsa, response: bytes) -> None:
    said = signed_anew(response, tsa.key, _status(0, ["Operation Okay"]))
    assert passes(said, tsa)
    at = said.index(b"Operation Okay")
    for offset in range(-4, len(b"Operation Okay")):
        assert not passes(changed(said, at + offset, said[at + offset] ^ 0x20), tsa)


def test_extensions_that_need_not_be_understood_may_be_there(tsa: Tsa, response: bytes) -> None:
    change = _stamp(extensions=[der.Extension(oid=CONTENT_TYPE, critical=False, value=b"\x05\0")])
    assert passes(signed_anew(response, tsa.key, change), tsa)


@pytest.mark.parametrize("salt_size", [0, 20, 32])
def test_rsa_pss_is_taken_with_one_hash_all_over(tsa: Tsa, response: bytes, salt_size: int) -> None:
    def pss(digest: x509.ObjectIdentifier, mask: x509.ObjectIdentifier, by: str = "1.2.840.113549.1.1.8") -> Change:
        parameters = der.PssParameters(
            digest=der.Digest(oid=digest, parameters=asn1.Null()),
            mask=der.Mask(
                oid=x509.ObjectIdentifier(by),
                digest=der.Digest(oid=mask, parameters=asn1.Null()),
            ),
            salt_size=None if salt_size == 20 else salt_size,
        )
        algorithm = der.SignatureAlgorithm(oid=x509.ObjectIdentifier("1.2.840.113549.1.1.10"), parameters=parameters)
        return _set(signer, algorithm=algorithm)

    assert isinstance(tsa.key, rsa.RSAPrivateKey)
    own = padding.PSS(padding.MGF1(hashes.SHA256()), salt_size)
    assert passes(signed_anew(response, tsa.key, pss(SHA256, SHA256), own), tsa)
    for wrong in (pss(SHA512, SHA256), pss(SHA256, SHA512)):
        refused(signed_anew(response, tsa.key, wrong, own), tsa, "hash of the signature")
    refused(
        signed_anew(response, tsa.key, pss(SHA256, SHA256, "1.2.840.113549.1.1.9"), own), tsa, "mask of the signature"
    )
    shorter = padding.PSS(padding.MGF1(hashes.SHA256()), salt_size + 1)
    refused(signed_anew(response, tsa.key, pss(SHA256, SHA256), shorter), tsa, "signature of the time stamp")


def test_ed25519_is_taken_with_sha_512(tmp_path: Path) -> None:
    tsa = Tsa(tmp_path)
    response = tsa.stamp(MESSAGE)
    key = ed25519.Ed25519PrivateKey.generate()
    leaf = tsa.between.issue("Stamps", key, for_time_stamps())
    algorithm = der.SignatureAlgorithm(oid=x509.ObjectIdentifier("1.3.101.112"), parameters=None)

    def with_digest(oid: x509.ObjectIdentifier) -> Change:
        def change(it: der.Response) -> None:
            digest = der.Digest(oid=oid, parameters=None)
            signed(it).digests = asn1.SetOf([digest])
            signer(it).digest, signer(it).algorithm = digest, algorithm

        return change

    assert passes(signed_by(leaf, response, tsa.between, change=with_digest(SHA512)), tsa)
    refused(signed_by(leaf, response, tsa.between, change=with_digest(SHA256)), tsa, "signature of the time stamp")


# What others say of the same responses


def judgements(tsa: Tsa) -> Iterator[tuple[str, bytes, bool]]:
    """Yield responses that nobody can be of two minds about: what of them is signed, and by whom."""
    response = tsa.stamp(MESSAGE)
    yield "genuine", response, True
    yield "of another message", tsa.stamp(MESSAGE + b"!"), False
    yield "rejected", signed_anew(response, tsa.key, _status(2)), False
    stranger = self_signed("Between")
    leaf = stranger.issue("Stamps", tsa.key, for_time_stamps())
    yield "of a stranger", signed_by(leaf, response, stranger), False
    yield "not critical", signed_by(tsa.between.issue("S", tsa.key, for_time_stamps(critical=False)), response), False
    genuine = asn1.decode_der(der.Response, response)
    for what, value in (("signature", signer(genuine).signature), ("content", signed(genuine).content.content)):
        at = response.index(value)
        for offset in range(0, len(value), 7):
            yield f"{what} changed at {offset}", changed(response, at + offset, response[at + offset] ^ 1), False


def test_openssl_and_rfc3161_client_say_the_same(tsa: Tsa) -> None:
    count = 0
    for name, response, good in judgements(tsa):
        assert passes(response, tsa) == good, name
        assert tsa.openssl_accepts(response, MESSAGE) == good, name
        assert client_accepts(response, tsa) == good, name
        count += 1
    assert count > 50


def client_accepts(response: bytes, tsa: Tsa) -> bool:
    """Say what rfc3161-client says of a response, with the certificates in the order of a set, which it insists on."""
    read = asn1.decode_der(der.Response, response)
    signed(read).certificates = sorted(signed(read).certificates or [], key=asn1.encode_der)
    builder = rfc3161_client.VerifierBuilder(roots=[tsa.root.certificate])
    try:
        decoded = rfc3161_client.decode_timestamp_response(asn1.encode_der(read))
        return builder.build().verify_message(decoded, MESSAGE)
    except (VerificationError, ValueError):
        return False


# How responses are made


def passes(response: bytes, tsa: Tsa, chain: list[bytes] | None = None) -> bool:
    try:
        verify_timestamp(response, MESSAGE, tsa.roots, chain or [])
    except ProofFailed:
        return False
    return True


def refused(response: bytes, tsa: Tsa, what: str, chain: list[bytes] | None = None) -> None:
    with pytest.raises(ProofFailed) as failed:
        verify_timestamp(response, MESSAGE, tsa.roots, chain or [])
    assert failed.value.what.startswith(what)


def changed(response: bytes, at: int, byte: int) -> bytes:
    return response[:at] + bytes([byte]) + response[at + 1 :]


def signed_anew(response: bytes, key: object, change: Change, pss: padding.PSS | None = None) -> bytes:
    """Return the response after a change that its own signer signed."""
    read = asn1.decode_der(der.Response, response)
    change(read)
    if read.token is None:
        return asn1.encode_der(read)
    info = signer(read)
    algorithm = {SHA256: hashes.SHA256(), SHA512: hashes.SHA512()}[info.digest.oid]
    digest = hashlib.new(algorithm.name, signed(read).content.content).digest()
    first = True
    attributes: list[der.Attribute] = []
    for each in info.signed.as_list():
        if each.type == MESSAGE_DIGEST and first:
            attributes.append(_attribute(MESSAGE_DIGEST, digest))
            first = False
        else:
            attributes.append(each)
    info.signed = asn1.SetOf(attributes)
    content = asn1.encode_der(info.signed)
    match key:
        case rsa.RSAPrivateKey():
            info.signature = key.sign(content, pss or padding.PKCS1v15(), algorithm)
        case ed25519.Ed25519PrivateKey():
            info.signature = key.sign(content)
        case _:
            raise AssertionError(key)
    signed(read).signers = asn1.SetOf([info])
    return asn1.encode_der(read)


def signed_by(leaf: Certified, response: bytes, *others: Certified, change: Change = lambda _: None) -> bytes:
    """Return the response as somebody else would have signed it, with the certificates between."""

    def named(it: der.Response) -> None:
        change(it)
        data, info = signed(it), signer(it)
        between = [tlv(each.der) for each in others] or (data.certificates or [])[1:]
        data.certificates = [tlv(leaf.der), *between]
        info.signer = der.SignerId(
            issuer=tlv(leaf.certificate.issuer.public_bytes()), serial=leaf.certificate.serial_number
        )
        own = der.CertificateIdV2(algorithm=None, digest=hashlib.sha256(leaf.der).digest(), issuer=None)
        names = der.SigningCertificateV2(certificates=[own], policies=None)
        _attributes(without=SIGNING_CERTIFICATE_V2, more=(_attribute(SIGNING_CERTIFICATE_V2, names),))(it)

    return signed_anew(response, leaf.key, named)
