"""
A time-stamping authority for tests: certificates of our own, stamps made by the `openssl` command, HTTP on loopback.

What it stamps with is nobody's code that is tested here.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contracts.event import Event
from ledger.main import Ledger
from ledger.stamp_request import Anchors
from ledger.stamping import Stamped, Stamping

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_CONFIGURATION = """
[tsa]
default_tsa = stamps
[stamps]
serial = {directory}/serial
signer_cert = {directory}/leaf.pem
signer_key = {directory}/leaf.key
certs = {directory}/between.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
clock_precision_digits = 3
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = {certificate_digest}
"""


@dataclass(frozen=True)
class Certified:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def issue(
        self,
        name: str,
        key: Key,
        *extensions: tuple[x509.ExtensionType, bool],
        since: timedelta = timedelta(days=-1),
        until: timedelta = timedelta(days=400),
    ) -> "Certified":
        """Return another's certificate; `since` and `until` from now on."""
        return _certified(name, key, self.certificate.subject, self.key, extensions, since, until)


def authority_certificate(depth: int | None = None) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return what a certificate says that others may be issued under."""
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return ((x509.BasicConstraints(ca=True, path_length=depth), True), (usage, True))


def for_time_stamps(*more: x509.ObjectIdentifier, critical: bool = True) -> tuple[x509.ExtensionType, bool]:
    """Return the purpose of a certificate that stamps are signed with. RFC 3161 §2.3."""
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, *more]), critical


class Tsa:
    """
    An authority with a root, a certificate between and one that signs.

    `answer` is what it does to a query; a test that wants a worse one puts another in its place.
    """

    def __init__(self, directory: Path, leaf_key: Key | None = None, *, root: str = "Root of the test") -> None:
        """Skips the test where there is no `openssl`."""
        if shutil.which("openssl") is None:
            pytest.skip("the openssl command, which makes the stamps, is not there")
        self._directory = directory
        self._turn = threading.Lock()
        self.key = leaf_key or rsa.generate_private_key(65537, 2048)
        self.root = self_signed(root)
        self.between = self.root.issue("Between", _curve_key(), *authority_certificate(0), since=timedelta(days=-999))
        self.leaf = self.certify()
        (directory / "serial").write_text("01")

    def certify(self, since: timedelta = timedelta(days=-1), until: timedelta = timedelta(days=400)) -> Certified:
        """Sign stamps with a new certificate from now on."""
        self.leaf = self.between.issue("Stamps", self.key, for_time_stamps(), since=since, until=until)
        for name, value in (("leaf", self.leaf), ("between", self.between), ("root", self.root)):
            (self._directory / f"{name}.pem").write_bytes(value.certificate.public_bytes(Encoding.PEM))
        private = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self._directory / "leaf.key").write_bytes(private)
        return self.leaf

    @property
    def roots(self) -> list[bytes]:
        return [self.root.der]

    @property
    def roots_file(self) -> Path:
        return self._directory / "root.pem"

    def stamp(self, message: bytes, *options: str, certificate_digest: str = "sha256") -> bytes:
        """Return a stamp of `message`; `options` are those of `openssl ts -query`."""
        (self._directory / "message").write_bytes(message)
        self._openssl("-query", "-data", "message", *(options or ("-cert", "-sha256")), "-out", "query.tsq")
        return self.answer((self._directory / "query.tsq").read_bytes(), certificate_digest)

    def answer(self, query: bytes, certificate_digest: str = "sha256") -> bytes:
        """Return the response to a query."""
        with self._turn:
            text = _CONFIGURATION.format(directory=self._directory, certificate_digest=certificate_digest)
            (self._directory / "tsa.cnf").write_text(text)
            (self._directory / "query.tsq").write_bytes(query)
            self._openssl("-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
            return (self._directory / "reply.tsr").read_bytes()

    def openssl_accepts(self, response: bytes, message: bytes) -> bool:
        """Say what `openssl ts -verify` says of a response."""
        (self._directory / "judged.tsr").write_bytes(response)
        (self._directory / "judged").write_bytes(message)
        call = ["openssl", "ts", "-verify", "-in", "judged.tsr", "-data", "judged", "-CAfile", "root.pem"]
        return subprocess.run(call, cwd=self._directory, capture_output=True, check=False).returncode == 0

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", "ts", *arguments], cwd=self._directory, capture_output=True, check=True)


@dataclass
class Answering:
    """An authority that is served: what it was asked, and how it answers."""

    url: str
    answer: Callable[[bytes], bytes]
    content_type: str = "application/timestamp-reply"
    status: int = 200
    queries: list[bytes] = field(default_factory=list)
    answered: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served(tsa: Tsa) -> Generator[Answering]:
    """Serve an authority until the end of the block. RFC 3161 §3.4."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            asked = self.headers["Content-Type"] == "application/timestamp-query"
            own.queries.append(query)
            body = own.answer(query) if asked else b""
            self.send_response(own.status if asked else 415)
            self.send_header("Content-Type", own.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            own.answered.set()

        def log_message(self, format: str, *args: object) -> None:
            pass  # not to stderr

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        own = Answering(f"http://127.0.0.1:{server.server_port}/", tsa.answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="tsa")
        thread.start()
        try:
            yield own
        finally:
            server.shutdown()
            thread.join()


def self_signed(name: str) -> Certified:
    """Return a root."""
    key = _curve_key()
    return _certified(name, key, _name(name), key, authority_certificate(), timedelta(days=-1000), timedelta(days=4000))


def _certified(
    name: str,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...],
    since: timedelta,
    until: timedelta,
) -> Certified:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder(issuer, _name(name), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + since).not_valid_after(now + until)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    algorithm = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else SHA256()
    return Certified(builder.sign(issuer_key, algorithm), key)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def stamping_of(
    ledger: Ledger,
    anchors: Path,
    *urls: str,
    seconds: float = 0.0,
    record: Callable[[Sequence[Event]], object] | None = None,
) -> Stamping:
    """Return what has a ledger's checkpoints stamped by the authorities at `urls`, when it is told to look."""
    log = Stamped(
        pool=ledger.pool,
        log_id=ledger.log_id,
        origin=ledger.origin,
        checkpoints=ledger.checkpoints,
        record=record or ledger.record,
        catalogue=lambda: ledger.admission.catalogue,
    )
    return Stamping(log, urls, Anchors(anchors), seconds)


def stamp_newest(ledger: Ledger, tsa: Tsa) -> None:
    """Have a ledger ask this authority for a stamp of its newest checkpoint, over HTTP."""
    with served(tsa) as authority:
        stamping = stamping_of(ledger, tsa.roots_file, authority.url)
        stamping.look(datetime.now(UTC))
        stamping.close()
