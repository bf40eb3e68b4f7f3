"""
The log's signing key, and the signed notes made with it: `c2sp.org/signed-note` v1 with Ed25519.

One key signs for one log: the name of the key is the log's origin. Nothing here decides *what* may be signed.
"""

import os
import stat
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.tree import HASH_SIZE

_ED25519: Final = b"\x01"
_SEED_SIZE: Final = 32
_KEY_ID_SIZE: Final = 4
_PRIVATE: Final = "PRIVATE+KEY+"


class KeyRefused(ValueError):
    """The signing key or its origin cannot be used: an operator has to mend it. The message never holds the key."""


class Signer:
    """A private key and the origin it signs for."""

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
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(origin || 0x0A || 0x01 || key); signed-note v1, "Signatures"."""
        return sha256(self.origin.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_KEY_ID_SIZE]

    def sign(self, body: bytes) -> bytes:
        """
        Return the note: `body`, a blank line, one signature. The same body gives the same note.

        Raises `ValueError` unless the body is UTF-8, ends in a newline and has no other control character.
        """
        text = body.decode("utf-8")
        if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
            raise ValueError("the text of a note ends in a newline and has no other control character")
        return body + f"\n— {self.origin} {_base64(self.key_id + self._key.sign(body))}\n".encode()

    def __repr__(self) -> str:
        return f"Signer({self.vkey})"


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """
    Return the text of a checkpoint: origin, size and root, a line each, no extension lines.

    `root` is 32 bytes, `size` 0 or more. Raises `ValueError` otherwise. tlog-checkpoint v1, "Note text".
    """
    if size < 0 or len(root) != HASH_SIZE:
        raise ValueError(f"no checkpoint has size {size} and a root of {len(root)} bytes")
    return f"{_named(origin)}\n{size}\n{_base64(root)}\n".encode()


def load_or_create(path: Path, origin: str | None = None) -> Signer:
    """
    Return the key in the file `path`, or make one and keep it there, readable by its owner only.

    A key once written is never written over: another key would be another log. Raises `KeyRefused` when the file is
    open to everyone or holds no key, or when `origin` is given and is not the key's.
    """
    try:
        return _load(path, origin)
    except FileNotFoundError:
        signer = Signer.generate(origin)
    try:
        _create(path, f"{signer.text()}\n".encode())
    except FileExistsError:  # somebody else was faster; theirs is the key
        return _load(path, origin)
    return signer


def _load(path: Path, origin: str | None) -> Signer:
    text = path.read_text("utf-8", errors="replace")
    # Windows reports one mode for every file. A group may be meant to read it; everyone never is.
    if os.name == "posix" and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise KeyRefused(f"{path} is open to everyone: chmod 600 it, and if others were there, count the key as known")
    if not text.strip():
        # A crash between creating and writing, or a damaged disk: which of the two, only a person can tell.
        raise KeyRefused(f"{path} is empty: if its log was never used, remove the file; else restore it")
    try:
        signer = Signer.from_text(text.removesuffix("\n"))
    except KeyRefused as refused:
        raise KeyRefused(f"{path}: {refused}") from None
    if origin is not None and origin != signer.origin:
        raise KeyRefused(f"{path} is the key of {signer.origin}, not of {origin}")
    return signer


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
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
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
