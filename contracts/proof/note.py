"""
Signed notes: a text and Ed25519 signatures over it, `c2sp.org/signed-note` v1 (the format of Go's sum database).

Where the specification lets a verifier choose, this one refuses. It makes no signatures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, Self, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .encoding import from_base64
from .errors import ProofFailed

SIGNATURES_MAX: Final = 100
"""Signature lines in a note. A verifier must take 16 and should set a limit; Go's is 100."""

ED25519_SIZE: Final = 32
"""Bytes of an Ed25519 public key."""

_ED25519: Final = 0x01
_KEY_ID_SIZE: Final = 4
_SIGNATURE_SIZE: Final = 64
_DASH: Final = "\N{EM DASH} "

# The curve of RFC 8032 §5.1: -x² + y² = 1 + D x² y² over the integers modulo P.
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """
    A public key and the name it signs under. For a log's key the name is the log's origin.

    Raises `ProofFailed` when made from a name with spaces, plus signs or control characters, or from a key under
    which signatures prove nothing.
    """

    name: str
    key: bytes
    """32 bytes, RFC 8032 §5.1.2."""

    def __post_init__(self) -> None:
        require_name(self.name)
        require_sound_key(self.key)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """
        Return the key that `<name>+<key id>+<base64 of 0x01 and the key>` writes down.

        Raises `ProofFailed` unless the key id is the one that name and key give. Other algorithms are refused.
        """
        name, key_id, raw = parse_vkey(vkey)
        if raw[0] != _ED25519:
            raise ProofFailed("algorithm of the key", expected="1 (Ed25519)", actual=raw[0])
        key = cls(name, raw[1:])
        require_key_id(key, key_id)
        return key

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || 0x01 || key); signed-note v1, "Signatures"."""
        return key_id_of(self.name, _ED25519, self.key)


class OpenedNote(NamedTuple):
    """What a note says, and which of the known keys said it."""

    body: bytes
    signers: tuple[VerifierKey, ...]


def open_note(text: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """Return the body of the note `text`, with its final newline. Raises `ProofFailed`; see `open_signed`."""
    return open_signed(text, keys).body


def open_signed(text: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """
    Return the body of the note `text`, with its final newline, and who of `keys` signed it, in the order of the lines.

    A signature counts when name *and* key id are those of a key. Signatures of unknown keys are ignored: that is how
    logs change keys and witnesses add theirs. A bad signature of a known key spoils the note whatever else it holds.
    Raises `ProofFailed` unless the note is well formed and at least one known key signed it.
    """
    body, signatures = split_note(text)
    signers: dict[VerifierKey, None] = {}
    for key, signature in signatures_by(keys, signatures):
        verify_ed25519(key.name, key.key, signature, body)
        signers[key] = None
    if not signers:
        names = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys) or "none: no key was given"
        raise ProofFailed("signature", expected=f"one by {names}", actual=f"{len(signatures)} by unknown keys")
    return OpenedNote(body, tuple(signers))


class Signature(NamedTuple):
    """A signature line: under which name, by which key (its id, 4 bytes), and what follows the id."""

    name: str
    key_id: bytes
    value: bytes


def split_note(text: bytes) -> tuple[bytes, list[Signature]]:
    """Return the body of a note, with its final newline, and its signatures, none checked. Raises `ProofFailed`."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProofFailed("note", expected="UTF-8", actual=str(error)) from None
    if any(char < " " and char != "\n" for char in decoded):
        raise ProofFailed("note", expected="no control character but newline", actual=decoded)
    # The text may hold blank lines of its own: the last one separates.
    body, blank, signatures = decoded.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise ProofFailed("note", expected="a text, a blank line, signature lines, each ended", actual=decoded[-96:])
    lines = signatures[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise ProofFailed("signatures", expected=f"at most {SIGNATURES_MAX}", actual=len(lines))
    return f"{body}\n".encode(), [_signature(line) for line in lines]


class NoteKey(Protocol):
    """What a signature line names a key by."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...


_Key = TypeVar("_Key", bound=NoteKey)


def signatures_by(keys: Sequence[_Key], signatures: Sequence[Signature]) -> Iterator[tuple[_Key, bytes]]:
    """
    Yield the signatures whose name *and* key id are those of a key, in the order of their lines, and that key.

    Raises `ProofFailed` when they are those of two.
    """
    for name, key_id, value in signatures:
        known = [key for key in keys if key.name == name and key.key_id == key_id]
        if len(known) > 1:
            raise ProofFailed("verifier keys", expected="each once", actual=f"{name}+{key_id.hex()} {len(known)} times")
        for key in known:
            yield key, value


def parse_vkey(vkey: str) -> tuple[str, str, bytes]:
    """Return name, key id and raw key, which begins with the algorithm, of a verifier key. Raises `ProofFailed`."""
    # Base64 has plus signs of its own: only the first two separate.
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = from_base64(encoded, "key")
    if not raw:
        raise ProofFailed("key", expected="an algorithm and a key", actual=vkey)
    return name, key_id, raw


def key_id_of(name: str, algorithm: int, key: bytes) -> bytes:
    """Return the first 4 bytes of SHA-256(name || 0x0A || algorithm || key). signed-note v1, "Signatures"."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + key).digest()[:_KEY_ID_SIZE]


def require_key_id(key: NoteKey, written: str) -> None:
    """Raise `ProofFailed` unless a verifier key was written down with the key id that it has."""
    if written != key.key_id.hex():
        raise ProofFailed("key id", expected=key.key_id.hex(), actual=written)


def verify_ed25519(name: str, key: bytes, signature: bytes, message: bytes) -> None:
    """Raise `ProofFailed` unless the signature is one over the message. `key` is sound (`require_sound_key`)."""
    if len(signature) != _SIGNATURE_SIZE:
        raise ProofFailed(f"signature by {name}", expected=f"{_SIGNATURE_SIZE} bytes", actual=f"{len(signature)} bytes")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise ProofFailed(f"signature by {name}", expected="one over this text", actual=signature) from None


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise ProofFailed("signature line", expected="an em dash and a space", actual=line)
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    require_name(name)
    raw = from_base64(encoded, "signature")
    if len(raw) <= _KEY_ID_SIZE:
        raise ProofFailed("signature", expected=f"more than {_KEY_ID_SIZE} bytes", actual=f"{len(raw)} bytes")
    return Signature(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:])


def require_name(name: str) -> None:
    """
    Raise `ProofFailed` unless a key may be called `name`. signed-note v1, "Format".

    Control characters could not appear in a note, so no key may be named with them.
    """
    if not name or any(char.isspace() or char == "+" or char < " " for char in name):
        raise ProofFailed("key name", expected="no space, plus sign or control character, not empty", actual=name)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise ProofFailed("key name", expected="text", actual=name) from None


def require_sound_key(key: bytes) -> None:
    """
    Raise `ProofFailed` unless `key` is the one encoding of a point on the curve whose order is not small.

    Under a key of order 8 or less one signature fits many texts, and OpenSSL takes it: 208 of the 914 CCTV cases pass.
    RFC 8032 §5.1.3 decodes; the small orders are worked out from its addition law.
    """
    if len(key) != ED25519_SIZE:
        raise ProofFailed("key", expected=f"{ED25519_SIZE} bytes", actual=f"{len(key)} bytes")
    y = int.from_bytes(key, "little") & (2**255 - 1)  # the top bit is the sign of x
    if y >= _P:
        raise ProofFailed("key", expected="a canonical point", actual=key)
    # x² = (y² - 1) / (D y² + 1) has a root unless Euler's criterion says -1.
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) == _P - 1:
        raise ProofFailed("key", expected="a point on the curve", actual=key)
    # Orders 1 and 2 have y = ±1, order 4 has y = 0. Doubling a point of order 8 gives y = 0, hence x² = -y², which
    # the curve's equation turns into D y⁴ + 2 y² = 1.
    if y in (0, 1, _P - 1) or (_D * y**4 + 2 * y * y - 1) % _P == 0:
        raise ProofFailed("key", expected="a point of large order", actual=key)
