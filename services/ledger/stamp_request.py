"""A time stamp, asked for over HTTP and judged twice: by rfc3161-client, and by what outsiders will verify it with."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client.errors import VerificationError

from contracts.proof import ProofFailed
from contracts.proof.timestamp import Timestamp, verify_timestamp
from contracts.proof.timestamp_der import Response, Token
from contracts.proof.timestamp_token import SIZE_BYTES_MAX
from ledger.errors import Unknown

SECONDS_MAX: Final = 10.0
"""An answer that takes longer is none."""
_OK: Final = 200
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"


class NoStamp(Exception):
    """The authority gave no stamp that holds."""


class Anchors:
    """What stamps have to lead to: roots, which have issued themselves, and certificates between."""

    def __init__(self, file: Path) -> None:
        """Raises `Unknown` where the file has no root."""
        try:
            found = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as exc:
            raise Unknown(f"the roots of time stamps cannot be read from {file}: {exc}") from exc
        self.roots = [each for each in found if _issued(each, each)]
        self.between = [each for each in found if not _issued(each, each)]
        if not self.roots:
            raise Unknown(f"{file} has no certificate of a root, which has issued itself")

    def missing(self, brought: Sequence[x509.Certificate]) -> list[x509.Certificate]:
        """Return those between that lead on from where the certificates end that a stamp brings."""
        chain = list(brought)
        for each in chain:  # as it grows
            if not any(_issued(other, each) for other in chain):
                chain += [other for other in self.between if _issued(other, each)][:1]
        return chain[len(brought) :]


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def request_stamp(http: httpx.Client, url: str, message: bytes, anchors: Anchors) -> tuple[bytes, Timestamp]:
    """
    Return the response of an authority to `message`, as it came, and what it says.

    Asks with a random nonce and for the certificates. Raises `NoStamp` and `httpx.HTTPError`. RFC 3161 §2.4 and §3.4.
    """
    request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    response = _post(http, url, request.as_bytes())
    try:
        token = asn1.decode_der(Response, response).token
        brought = [] if token is None else _certificates(token)
        between = anchors.missing([x509.load_der_x509_certificate(each) for each in brought])
        verifier = VerifierBuilder(roots=anchors.roots, intermediates=between, nonce=request.nonce).build()
        verifier.verify_message(decode_timestamp_response(_in_order(response)), message)
        return response, verify_timestamp(response, message, _ders(anchors.roots), _ders(between))
    except (ProofFailed, VerificationError, ValueError) as exc:
        raise NoStamp(str(exc)) from exc


def _post(http: httpx.Client, url: str, query: bytes) -> bytes:
    deadline = time.monotonic() + SECONDS_MAX
    headers = {"Content-Type": _QUERY, "Accept": _REPLY, "Accept-Encoding": "identity"}
    with http.stream("POST", url, content=query, headers=headers, timeout=SECONDS_MAX) as answer:
        said = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.status_code != _OK or said != _REPLY:
            raise NoStamp(f"answered {answer.status_code} with {said or 'no type of content'}")
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > SIZE_BYTES_MAX or time.monotonic() > deadline:
                raise NoStamp(f"answered more than {SIZE_BYTES_MAX} bytes or took more than {SECONDS_MAX:.0f} seconds")
    return bytes(body)


def _certificates(token: Token) -> list[bytes]:
    return [asn1.encode_der(each) for each in token.signed.certificates or ()]


def _in_order(response: bytes) -> bytes:
    """
    Return the response with its certificates in the order of a set in DER.

    rfc3161-client insists on it (1.0.9), servers made with OpenSSL do not sort. Nothing signs the order.
    """
    read = asn1.decode_der(Response, response)
    if read.token is not None and read.token.signed.certificates:
        read.token.signed.certificates.sort(key=asn1.encode_der)
    return asn1.encode_der(read)


def _ders(certificates: Sequence[x509.Certificate]) -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in certificates]
