"""
Cosignatures: a witness says that it saw a log grow to a checkpoint, and when. `c2sp.org/tlog-cosignature`.

Both kinds, Ed25519 (`cosignature/v1`) and ML-DSA-44. It makes none.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from .checkpoint import Checkpoint, parse_checkpoint
from .errors import ProofFailed
from .note import (
    ED25519_SIZE,
    key_id_of,
    parse_vkey,
    require_key_id,
    require_name,
    require_sound_key,
    signatures_by,
    split_note,
    verify_ed25519,
)

TIME_MAX: Final = 2**63 - 1
"""The latest time of a cosignature, in POSIX seconds. tlog-cosignature, "Format"."""

_ED25519: Final = 0x04
_ML_DSA_44: Final = 0x06
_KEY_SIZES: Final = {_ED25519: ED25519_SIZE, _ML_DSA_44: 1312}
_TIME_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """
    A witness's public key and the name it cosigns under. How it signs follows from the length of the key.

    Raises `ProofFailed` when made from a name or a key that `VerifierKey` would refuse, too.
    """

    name: str
    key: bytes
    """32 bytes for Ed25519 (RFC 8032 §5.1.2), 1,312 for ML-DSA-44 (FIPS 204, algorithm 22)."""

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.key) != _KEY_SIZES[_ML_DSA_44]:
            require_sound_key(self.key)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """
        Return the key that `<name>+<key id>+<base64 of the algorithm and the key>` writes down.

        Raises `ProofFailed` unless the key id is the one that they give. A log's key (0x01) is no witness's key: it
        signs another statement.
        """
        name, key_id, raw = parse_vkey(vkey)
        if raw[0] not in _KEY_SIZES:
            raise ProofFailed("algorithm of the witness's key", expected="4 (Ed25519) or 6 (ML-DSA-44)", actual=raw[0])
        if len(raw) != 1 + _KEY_SIZES[raw[0]]:
            raise ProofFailed("key", expected=f"{_KEY_SIZES[raw[0]]} bytes", actual=f"{len(raw) - 1} bytes")
        key = cls(name, raw[1:])
        require_key_id(key, key_id)
        return key

    @property
    def algorithm(self) -> int:
        """0x04 for Ed25519, 0x06 for ML-DSA-44. signed-note v1, "Signature types"."""
        return _ED25519 if len(self.key) == ED25519_SIZE else _ML_DSA_44

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || algorithm || key); tlog-cosignature, "Format"."""
        return key_id_of(self.name, self.algorithm, self.key)

    @property
    def vkey(self) -> str:
        """The key as `parse` reads it."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.algorithm]) + self.key).decode()}"


def cosigned(note: bytes, keys: Sequence[WitnessKey]) -> dict[WitnessKey, int]:
    """
    Return who of `keys` cosigned the checkpoint `note`, and when, in POSIX seconds; perhaps nobody.

    Signatures of unknown keys are ignored, the log's own among them: that one is `open_checkpoint`'s to check. A bad
    cosignature of a known key spoils the note whatever else it holds. Of two by one witness the later counts. Time 0
    is an ML-DSA-44 witness that says nothing of when. Raises `ProofFailed`, also where the note is no checkpoint.
    """
    body, signatures = split_note(note)
    checkpoint = parse_checkpoint(body)
    times: dict[WitnessKey, int] = {}
    for key, value in signatures_by(keys, signatures):
        if len(value) <= _TIME_SIZE:
            raise ProofFailed(f"cosignature by {key.name}", expected="a time and a signature", actual=value)
        time, signature = int.from_bytes(value[:_TIME_SIZE], "big"), value[_TIME_SIZE:]
        if time > TIME_MAX:
            raise ProofFailed(f"time of the cosignature by {key.name}", expected=f"at most {TIME_MAX}", actual=time)
        if key.algorithm == _ED25519:
            verify_ed25519(key.name, key.key, signature, f"cosignature/v1\ntime {time}\n".encode() + body)
        else:
            _verify_ml_dsa(key, signature, cosigned_message(key.name, time, checkpoint))
        times[key] = max(time, times.get(key, 0))
    return times


def cosigned_message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """
    Return what an ML-DSA-44 witness `name` signs of a checkpoint: not its extension lines.

    Raises `ProofFailed` where a name is too long to be signed. tlog-cosignature, "ML-DSA-44 signed message".
    """
    names = [name.encode(), checkpoint.origin.encode()]
    if max(map(len, names)) > 255:
        raise ProofFailed("name in an ML-DSA-44 cosignature", expected="at most 255 bytes", actual=max(names, key=len))
    cosigner, origin = (bytes([len(each)]) + each for each in names)
    start = 0  # a checkpoint's tree begins at the first leaf
    signed_at, begin, end = (number.to_bytes(8, "big") for number in (time, start, checkpoint.size))
    return b"subtree/v1\n\0" + cosigner + signed_at + origin + begin + end + checkpoint.root


def _verify_ml_dsa(key: WitnessKey, signature: bytes, message: bytes) -> None:
    # Imported here: until such a key is used the folder works with versions of `cryptography` that lack it.
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        MLDSA44PublicKey.from_public_bytes(key.key).verify(signature, message)
    except (ImportError, UnsupportedAlgorithm):
        wanted = "a `cryptography` and an OpenSSL that know ML-DSA-44"
        raise ProofFailed(f"cosignature by {key.name}", expected=wanted, actual="ones that do not") from None
    except InvalidSignature:
        raise ProofFailed(f"cosignature by {key.name}", expected="one over this checkpoint", actual=signature) from None
