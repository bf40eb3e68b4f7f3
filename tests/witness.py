"""
A witness for tests, over HTTP on loopback: `c2sp.org/tlog-witness`, every check and every status of it.

It keeps what it cosigned last in a file, so that one begun again on the file goes on where the last one was.
"""

import json
import os
import re
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from contracts.proof import EMPTY_ROOT, ProofFailed, VerifierKey, open_checkpoint, parse_checkpoint, verify_consistency
from contracts.proof.cosignature import WitnessKey
from contracts.proof.encoding import from_base64
from contracts.proof.note import split_note

HASHES_MAX = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class Cosigner:
    """What makes cosignatures: a name, a private key of 32 bytes, and of which kind it is."""

    def __init__(self, name: str, seed: bytes, *, ml_dsa: bool = False) -> None:
        self._signing = (
            MLDSA44PrivateKey.from_seed_bytes(seed) if ml_dsa else Ed25519PrivateKey.from_private_bytes(seed)
        )
        self.key = WitnessKey(name, self._signing.public_key().public_bytes_raw())

    def cosign(self, body: bytes, at: int) -> bytes:
        """Return the line that cosigns the text of a checkpoint at a POSIX second."""
        if isinstance(self._signing, Ed25519PrivateKey):
            message = b"cosignature/v1\ntime %d\n%b" % (at, body)
        else:
            checkpoint = parse_checkpoint(body)
            name, origin = (bytes([len(each)]) + each for each in (self.key.name.encode(), checkpoint.origin.encode()))
            numbers = (at.to_bytes(8, "big"), bytes(8), checkpoint.size.to_bytes(8, "big"))
            message = b"subtree/v1\n\0" + name + numbers[0] + origin + numbers[1] + numbers[2] + checkpoint.root
        return self.line(at.to_bytes(8, "big") + self._signing.sign(message))

    def line(self, value: bytes) -> bytes:
        """Return a signature line under this key with whatever value."""
        return f"— {self.key.name} {b64encode(self.key.key_id + value).decode()}\n".encode()


class Answer(NamedTuple):
    """What a witness answers."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


class Witness:
    """Cosigns what the logs it knows sign, if each head continues the last. Safe to ask from several threads."""

    def __init__(
        self,
        cosigner: Cosigner,
        logs: Sequence[VerifierKey],
        state: Path,
        *,
        clock: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        self.cosigner, self._logs, self._state, self._clock = cosigner, logs, state, clock
        self._lock = threading.Lock()
        self.answers: list[tuple[int, int]] = []
        """The status it answered with, and the size it was asked to cosign (-1 where that could not be read)."""
        self.refused: list[bytes] = []
        """Signed checkpoints it would not cosign: they may prove that a log showed two histories."""

    def add_checkpoint(self, request: bytes) -> Answer:
        """Answer one request. Check and record are one step: two at once could roll the record back."""
        with self._lock:
            try:
                old, hashes, note = _parsed(request)
                body, _ = split_note(note)
                checkpoint = parse_checkpoint(body)
            except ProofFailed as failed:
                return self._answered(-1, Answer(400, str(failed).encode()))
            answer = self._judged(old, hashes, note)
            if answer.status == 200:
                self._record(checkpoint.origin, checkpoint.size, checkpoint.root)
                answer = Answer(200, self.cosigner.cosign(body, self._clock()))
            return self._answered(checkpoint.size, answer)

    def last(self, origin: str) -> tuple[int, bytes]:
        """Return size and root of what it cosigned last for a log."""
        size, root = self._recorded().get(origin, (0, b64encode(EMPTY_ROOT).decode()))
        return size, b64decode(root)

    def _judged(self, old: int, hashes: list[bytes], note: bytes) -> Answer:
        checkpoint = parse_checkpoint(split_note(note)[0])
        keys = [key for key in self._logs if key.name == checkpoint.origin]
        if not keys:
            return Answer(404)
        try:
            open_checkpoint(note, *keys)
        except ProofFailed:
            return Answer(403)
        if old > checkpoint.size:
            return Answer(400)
        size, root = self.last(checkpoint.origin)
        if old != size or (size == checkpoint.size and size and root != checkpoint.root):
            self.refused.append(note)
            return Answer(409, f"{size}\n".encode(), "text/x.tlog.size")
        try:
            verify_consistency(size, checkpoint.size, hashes, root, checkpoint.root)
        except ProofFailed:
            self.refused.append(note)
            return Answer(422)
        return Answer(200)

    def _answered(self, size: int, answer: Answer) -> Answer:
        self.answers.append((answer.status, size))
        return answer

    def _recorded(self) -> dict[str, tuple[int, str]]:
        return json.loads(self._state.read_text("utf-8")) if self._state.exists() else {}

    def _record(self, origin: str, size: int, root: bytes) -> None:
        """Keep it before anybody is told: what was cosigned and forgotten could be denied."""
        recorded = self._recorded() | {origin: (size, b64encode(root).decode())}
        new = self._state.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(recorded, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._state)


@contextmanager
def serving(witness: Witness, port: int = 0) -> Generator[str]:
    """Serve a witness until the end of the block; yield its submission prefix."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps connections, as witnesses should

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = witness.add_checkpoint(body) if self.path == "/add-checkpoint" else Answer(404)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True  # a kept connection would hold the end up

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="witness")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _parsed(request: bytes) -> tuple[int, list[bytes], bytes]:
    head, blank, note = request.partition(b"\n\n")
    try:
        old, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofFailed("request", expected="ASCII before the checkpoint", actual=head) from None
    size = _OLD.fullmatch(old)
    if not blank or size is None or int(size[1]) > 2**63 - 1:
        raise ProofFailed("request", expected="an old size line, then an empty line", actual=old)
    if len(hashes) > HASHES_MAX:
        raise ProofFailed("hashes", expected=f"at most {HASHES_MAX}", actual=len(hashes))
    return int(size[1]), [from_base64(each, "hash", 32) for each in hashes], note
