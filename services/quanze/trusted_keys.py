"""
Whose signatures count while a log is checked: the keys one has, and those that the log leads on to from them.

The same rules as `contracts.proof.extend_trust` has for files, for somebody who reads every act anyway.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

from contracts.proof import BoundedKey, Checkpoint, ProofFailed, VerifierKey, announced_key, open_vouched, parse_key

Succession = tuple[str, str, int]
"""A key, the one that it retires, and where: the position that announces it, or the size of the head that proves it."""


class TrustedKeys:
    """
    The keys of one log. `given` are trusted; what else is, `learned` says.

    A key that an act announces is trusted from the first head on that holds this act and is signed by the key it
    retires. Keys that the log itself calls retired may have signed, too, as long as a trusted one signed later, and
    with it everything before: `unvouched` is the size of a head that still waits for that.
    """

    def __init__(
        self,
        given: Sequence[VerifierKey],
        named: Iterable[VerifierKey],
        learned: Iterable[Succession] = (),
        announced: Iterable[Succession] = (),
        unvouched: int | None = None,
    ) -> None:
        self._given = given
        self._trusted = list(given)
        self.learned: list[Succession] = []
        self.announced = list(announced)
        self.unvouched = unvouched
        # Again from what is given now: whoever bounds a key, or drops it, does not trust what it led to after that.
        for vkey, retires, size in learned:
            if any(_same(key, parse_key(retires)) and size <= _bound(key, size) for key in self._trusted):
                self._trust(vkey, retires, size)
        self._retired = [
            key for key in named if isinstance(key, BoundedKey) and not any(_same(key, each) for each in self._trusted)
        ]

    def lines(self) -> list[str]:
        """Return the keys that were given, as a key file has them."""
        return [_line(key) for key in self._given]

    def hear(self, leaf: Mapping[str, str | int], salt: bytes, payload: bytes) -> None:
        """Take note of the key that an act `log.rotate_key` announces. Somebody else's act announces nothing."""
        try:
            new, retires = announced_key(leaf, salt, payload)
        except ProofFailed:
            return
        self.announced.append((_line(new), _line(retires), int(leaf["position"])))

    def open(self, note: bytes) -> Checkpoint:
        """Open the next note in the order of sizes, and learn what it proves to be announced. Raises `ProofFailed`."""
        try:
            checkpoint, vouching = open_vouched(note, self._trusted)
        except ProofFailed as exc:
            try:
                checkpoint, _ = open_vouched(note, self._retired)
            except ProofFailed:
                raise exc from None
            self.unvouched = checkpoint.size
            return checkpoint
        self.unvouched = None
        signers = list(vouching)
        for vkey, retires, position in list(self.announced):
            if position <= checkpoint.size and any(_same(key, parse_key(retires)) for key in signers):
                self.announced.remove((vkey, retires, position))
                self._trust(vkey, retires, checkpoint.size)
                if _signed_by(note, new := parse_key(vkey)):
                    signers.append(new)  # it may be retired already by an act under the same head
        return checkpoint

    def _trust(self, vkey: str, retires: str, size: int) -> None:
        self.learned.append((vkey, retires, size))
        new = parse_key(vkey)
        if not any(_same(key, new) for key in self._trusted):  # no act lifts the bound of a key that is given
            self._trusted.append(new)


def _same(one: VerifierKey, other: VerifierKey) -> bool:
    return (one.name, one.key) == (other.name, other.key)


def _bound(key: VerifierKey, otherwise: int) -> int:
    return key.until if isinstance(key, BoundedKey) else otherwise


def _line(key: VerifierKey) -> str:
    vkey = f"{key.name}+{key.key_id.hex()}+{b64encode(bytes([1]) + key.key).decode()}"
    return f"{vkey} until {key.until}" if isinstance(key, BoundedKey) else vkey


def _signed_by(note: bytes, key: VerifierKey) -> bool:
    try:
        open_vouched(note, [key])
    except ProofFailed:
        return False
    return True
