"""
The log's signing keys, and the signed notes made with them: `c2sp.org/signed-note` v1 with Ed25519.

A key signs for one log: its name is the log's origin. A log has one key, and while it changes keys two: then both sign
every head. Nothing here decides *what* may be signed.
"""

import os
import stat
import threading
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.proof import ProofFailed, VerifierKey
from ledger.tree import HASH_SIZE

_ED25519: Final = b"\x01"
_SEED_SIZE: Final = 32
_KEY_ID_SIZE: Final = 4
_PRIVATE: Final = "PRIVATE+KEY+"


class KeyRefused(ValueError):
    """The signing key or its origin cannot be used: an operator has to mend it. The message never holds the key."""


class Signer(Protocol):
    """
    What signs for one log: keys in a file, or in a device that never shows them.

    `vkeys` are the public parts of the keys that sign now, the oldest first. Between two calls they may change.
    """

    @property
    def origin(self) -> str: ...

    @property
    def vkeys(self) -> tuple[str, ...]: ...

    def sign(self, body: bytes) -> bytes:
        """Return the signed note: `body`, a blank line, a signature line for every live key, the oldest first."""
        ...


class SigningKey:
    """A private key and the origin it signs for. Alone it is a `Signer`."""

    __slots__ = ("_key", "_seed", "origin", "public_key")

    def __init__(self, seed: bytes, origin: str | None = None) -> None:
        """
        `seed` is the 32 bytes of RFC 8032 §5.1.5. Without an origin the log is `localhost/quanze/` and 8 hex digits.

        Raises `KeyRefused` when the seed has another length or the origin cannot name a key.
        """
        if len(seed) != _SEED_SIZE:
            raise KeyRefused(f"an Ed25519 seed has {_SEED_SIZE} bytes, not {len(seed)}")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.origin = _named(
            f"localhost/quanze/{sha256(self.public_key).hexdigest()[:8]}" if origin is None else origin
        )

    @classmethod
    def generate(cls, origin: str | None = None) -> Self:
        """Return a new random key."""
        return cls(os.urandom(_SEED_SIZE), origin)

    @classmethod
    def from_text(cls, skey: str) -> Self:
        """
        Return the key that `text` wrote down. Raises `KeyRefused` at anything else, a wrong key id included.

        The form is Go's: `PRIVATE+KEY+<origin>+<key id>+<base64 of 0x01 and the seed>`.
        """
        # An origin has no plus sign, base64 may: only the first two after the prefix separate.
        origin, _, rest = skey.removeprefix(_PRIVATE).partition("+")
        _, _, encoded = rest.partition("+")
        try:
            raw = b64decode(encoded, validate=True)
        except (NotBase64, ValueError):  # ValueError: a character outside ASCII
            raise KeyRefused("the signing key is not base64") from None
        if raw[:1] != _ED25519:
            raise KeyRefused("the signing key is not one for Ed25519")
        signer = cls(raw[1:], origin)
        # One comparison covers the prefix, the key id and the spelling of the base64.
        if signer.text() != skey:
            raise KeyRefused("the parts of the signing key do not belong together")
        return signer

    def text(self) -> str:
        """Return the private key as one line, for a file that nobody else can read."""
        return f"{_PRIVATE}{self.origin}+{self.key_id.hex()}+{_base64(_ED25519 + self._seed)}"

    @property
    def vkey(self) -> str:
        """The public key as verifiers take it: `<origin>+<key id>+<base64 of 0x01 and the key>`."""
        return f"{self.origin}+{self.key_id.hex()}+{_base64(_ED25519 + self.public_key)}"

    @property
    def vkeys(self) -> tuple[str, ...]:
        return (self.vkey,)

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(origin || 0x0A || 0x01 || key); signed-note v1, "Signatures"."""
        return sha256(self.origin.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_SIZE]

    def sign(self, body: bytes) -> bytes:
        """Return the note with one signature; see `KeyRing.sign`."""
        return KeyRing([self]).sign(body)

    def line(self, body: bytes) -> str:
        """Return the signature line for a text, with its newline."""
        return f"— {self.origin} {_base64(self.key_id + self._key.sign(body))}\n"

    def __repr__(self) -> str:
        return f"SigningKey({self.vkey})"


class KeyRing:
    """The live keys of one log, the oldest first: a `Signer` that holds them itself."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Raises `KeyRefused`: no key, keys of several origins, one key twice."""
        origins = {key.origin for key in keys}
        if len(origins) != 1:
            raise KeyRefused(f"one log, one origin: the keys are of {', '.join(sorted(origins)) or 'none'}")
        if len({key.public_key for key in keys}) != len(keys):
            raise KeyRefused("a key stands twice")
        self.keys = tuple(keys)
        self.origin = keys[0].origin
        self.vkeys = tuple(key.vkey for key in keys)
        for vkey in self.vkeys:
            read_vkey(vkey, self.origin)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the keys that `text` writes down, one a line, the oldest first. Raises `KeyRefused`."""
        return cls([SigningKey.from_text(line) for line in text.removesuffix("\n").split("\n")])

    def text(self) -> str:
        """Return the private keys, one a line, for a file that nobody else can read."""
        return "\n".join(key.text() for key in self.keys)

    def sign(self, body: bytes) -> bytes:
        """
        Return the note: `body`, a blank line, the signatures. The same body gives the same note.

        Raises `ValueError` unless the body is UTF-8, ends in a newline and has no other control character.
        """
        text = body.decode("utf-8")
        if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
            raise ValueError("the text of a note ends in a newline and has no other control character")
        return body + b"\n" + "".join(key.line(body) for key in self.keys).encode()


class FileSigner:
    """
    The keys of a file, read again whenever the file is another: a ledger that runs takes part in a change of keys.

    A file that holds no keys, or keys of another log, raises `KeyRefused` from then on, until it is mended: signing
    goes on with nothing that somebody may have meant to end.
    """

    def __init__(self, path: Path) -> None:
        """Raises `KeyRefused` when the file is open to everyone or holds no keys, `FileNotFoundError` without one."""
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._ring = self._read()
        self.origin = self._ring.origin

    @property
    def vkeys(self) -> tuple[str, ...]:
        return self.ring().vkeys

    def sign(self, body: bytes) -> bytes:
        """Return the note, signed with the keys of this moment; see `KeyRing.sign`."""
        return self.ring().sign(body)

    def ring(self) -> KeyRing:
        """Return the keys of this moment."""
        with self._lock:
            ring = self._read()
            if ring.origin != self.origin:
                raise KeyRefused(f"{self.path} holds the keys of {ring.origin}, no longer those of {self.origin}")
            self._ring = ring
            return ring

    def _read(self) -> KeyRing:
        # Looked at before it is read: what replaces it in between is then read again the next time.
        found = self.path.stat()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return self._ring
        ring = read_keys(self.path)
        self._seen = seen
        return ring


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """
    Return the text of a checkpoint: origin, size and root, a line each, no extension lines.

    `root` is 32 bytes, `size` 0 or more. Raises `ValueError` otherwise. tlog-checkpoint v1, "Note text".
    """
    if size < 0 or len(root) != HASH_SIZE:
        raise ValueError(f"no checkpoint has size {size} and a root of {len(root)} bytes")
    return f"{_named(origin)}\n{size}\n{_base64(root)}\n".encode()


def read_vkey(vkey: str, origin: str) -> VerifierKey:
    """
    Return the public key that a text writes down. Raises `KeyRefused` unless it is a sound one of this log.

    The verifier decides what is sound: under a key of small order one signature fits many texts.
    """
    try:
        key = VerifierKey.parse(vkey)
    except ProofFailed as failed:
        raise KeyRefused(f"{vkey} is no key that proves anything: {failed}") from failed
    if key.name != origin:
        raise KeyRefused(f"{vkey} is a key of {key.name}, not of {origin}")
    return key


def load_or_create(path: Path, origin: str | None = None) -> FileSigner:
    """
    Return the keys of the file `path`, or make one and keep it there, readable by its owner only.

    A key once written is never written over: another key would be another log. Raises `KeyRefused` when the file is
    open to everyone or holds no key, or when `origin` is given and is not the keys'.
    """
    if not path.exists():
        with suppress(FileExistsError):  # somebody else was faster; theirs is the key
            write_new_key(path, SigningKey.generate(origin))
    signer = FileSigner(path)
    if origin is not None and origin != signer.origin:
        raise KeyRefused(f"{path} is the key of {signer.origin}, not of {origin}")
    return signer


def read_keys(path: Path) -> KeyRing:
    """Return the keys of a file. Raises `KeyRefused` when it is open to everyone, empty, or holds something else."""
    text = path.read_text("utf-8", errors="replace")
    # Windows reports one mode for every file. A group may be meant to read it; everyone never is.
    if os.name == "posix" and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise KeyRefused(f"{path} is open to everyone: chmod 600 it, and if others were there, count the key as known")
    if not text.strip():
        # A crash between creating and writing, or a damaged disk: which of the two, only a person can tell.
        raise KeyRefused(f"{path} is empty: if its log was never used, remove the file; else restore it")
    try:
        return KeyRing.from_text(text)
    except KeyRefused as refused:
        raise KeyRefused(f"{path}: {refused}") from None


def replace_keys(path: Path, keys: Sequence[SigningKey]) -> None:
    """
    Put these keys in the place of those in the file, at once and whole: a reader finds the ones or the others.

    The new file is its owner's only until it is whole; then it belongs to whom the old one did, since a service may
    read it as another user than the one who changes it. A crash before the rename leaves the old file as it was, and a
    partial one beside it that the next call writes anew.
    """
    path = path.resolve()  # a link stays one
    before = path.stat()
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    _create(partial, f"{KeyRing(keys).text()}\n".encode())
    if os.name == "posix":
        os.chown(partial, before.st_uid, before.st_gid)
        partial.chmod(before.st_mode & (stat.S_IRWXU | stat.S_IRWXG))
    partial.replace(path)
    sync_directory(path.parent)


def write_new_key(path: Path, key: SigningKey) -> None:
    """Write a key into a file that must not be there yet. Raises `FileExistsError`."""
    _create(path, f"{key.text()}\n".encode())


def _create(path: Path, content: bytes) -> None:
    # O_EXCL makes the file ours or fails, and the mode holds from the first moment on.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()  # ours and incomplete, so no key is lost
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Have the disk remember which files a directory holds."""
    # Without this a power cut may forget the file's name, and with it the key of acts already acknowledged.
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _named(origin: str) -> str:
    if not origin or any(char.isspace() or char == "+" or char < " " for char in origin):
        raise KeyRefused(f"an origin has no space, plus sign or control character and is not empty: {origin!r}")
    return origin


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
