"""
The full check of a log, from the stored bytes up: `quanze verify --log`.

Every leaf against its entry, every payload against its commitment and its leaf, every tag against the payload, the
order of the clock, every tile against what lies below it and above it, every checkpoint ever signed against the tree at
its size, what others said of it in itself, the head against the whole. It stops at the first fault and names the lowest
position concerned. Hashes and signatures come from `contracts.proof`, so nothing that built the tree is asked about it.

What no leaf and no signature covers cannot be checked: when a checkpoint was signed, when a key or the log was added,
between which sizes a key signs, that a log is frozen, where a time stamp was asked for, the tokens; of acts that the
library wrote itself, the tags.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from itertools import chain
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from contracts.catalogue import BadCatalogue, Catalogue, base_catalogue
from contracts.envelope import REFERENCES
from contracts.event import tags_of
from contracts.moments import BadMoment, parse_instant
from contracts.payloads import CatalogueExtend, DataErase, Payload
from contracts.proof import (
    ProofFailed,
    VerifierKey,
    check_payload,
    leaf_hash,
    parse_key,
    parse_leaf,
    verify_consistency,
)
from quanze.check_state import State
from quanze.log_to_check import Cosignature, Entry, Log, SignedHead, Stamp, Unreadable
from quanze.rebuilt_tree import TILE_HEIGHT, TILE_WIDTH, FullTile, RebuiltTree
from quanze.trusted_keys import TrustedKeys
from quanze.vouched import require_vouched

REMEMBERED_EVERY: Final = 10_000
"""Acts between two writings of what was checked so far."""
_STEP: Final = 1_000
"""Acts between two moments at which a check could go on from: what an interruption loses."""

_KEEPING_THEIR_CONTENT: Final = frozenset(("catalogue.extend", "data.erase", "log.rotate_key", "log.succeed"))
_LIBRARY: Final = "urn:quanze:ledger"
"""The source of what the event sourcing library records itself: no CloudEvents, with tags of its own."""
_SAID: Final = ("source", "id", "type", "subject", "time", "actor", "recordedtime", "role", *REFERENCES[2:])
"""What a leaf repeats of its event."""


class _Event(Struct, frozen=True):
    """What a CloudEvent says, as it stands there: it was admitted, and its bytes are what the leaf commits to."""

    source: str
    id: str
    type: str
    subject: str
    time: str
    actor: str
    data: Raw
    recordedtime: str | None = None
    role: str | None = None
    unit: str | None = None
    authority: str | None = None
    onbehalfof: str | None = None


_said_by: Final = attrgetter(*_SAID)
_decode_event: Final = msgspec.json.Decoder(_Event).decode


class Checked(Struct, frozen=True):
    """
    What a check found: how far it got, and the first fault, if any, with its position.

    Of its acts, the first `remembered` were checked by an earlier run, and only held to what that one saw. `vouched`
    are the cosignatures and time stamps that were read.
    """

    origin: str
    size: int
    checkpoints: int
    erased: int
    vouched: int = 0
    remembered: int = 0
    fault: str | None = None
    position: int | None = None


def check_log(
    log: Log,
    keys: Sequence[VerifierKey] = (),
    *,
    since: State | None = None,
    hear: Callable[[Mapping[str, Any]], None] = lambda _: None,
    remember: Callable[[State], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _position, _checkpoints: None,
) -> Checked:
    """
    Check a whole log with the keys that its owner gave, else with those that `since` remembers or the log names, and
    those that the log leads on to from them: see `TrustedKeys`.

    With `since` only what came after it is read anew, and all is held to it. `remember` is given what to go on from:
    every so often, at the end, and where the check breaks off by an exception; after a fault what it was given before
    may hold what led to it. `hear` is given the leaf of each act that holds, `progress` is told positions and counts of
    checkpoints. Memory does not grow with the log where the log can say which keys are repeated.
    """
    check = _Check(log, keys, since)
    kept = since
    fault: _Fault | Unreadable | None = None
    try:
        check.begin()
        for entry in check.entries:
            hear(check.entry(entry))
            if check.size % _STEP == 0:
                kept = check.state()
                progress(check.size, check.signed)
                if check.size % REMEMBERED_EVERY == 0:
                    remember(kept)
        check.end()
    except (_Fault, Unreadable) as found:
        fault = found
    except BaseException:  # told to end, or the source is gone: what was checked need not be checked again
        if kept is not None:
            remember(kept)
        raise
    missing = check.missing_content()
    if missing is not None and (fault is None or fault.position is None or missing < fault.position):
        fault = _Fault(missing, "content is missing, and no order to erase it was recorded later")
    if fault is not None:
        return check.checked(str(fault), fault.position)
    remember(check.state())
    return check.checked()


class _Fault(Exception):
    def __init__(self, position: int | None, message: str) -> None:
        super().__init__(message)
        self.position = position


class _Differs(Exception):
    """Two things that were stored apart and say the same do not."""


class _Signed:
    """The checkpoints in the order of their sizes: the `next` one, how many sizes were passed, a digest over these."""

    def __init__(self, signed: Iterable[SignedHead]) -> None:
        self._rest = iter(signed)
        self.next = next(self._rest, None)
        self.passed = 0
        self.digest = b""

    def advance(self) -> None:
        """Pass the next one. A second one of its size is held to the same root, and is none that was signed apart."""
        passed, self.next = self.next, next(self._rest, None)
        if passed is not None and (self.next is None or self.next.size != passed.size):
            self.passed += 1
            self.digest = sha256(self.digest + passed.size.to_bytes(8, "big") + passed.root + passed.note).digest()


class _Check:
    def __init__(self, log: Log, keys: Sequence[VerifierKey], since: State | None) -> None:
        self._log, self._given, self._since = log, keys, since
        self._keys = TrustedKeys((), ())
        self._catalogue = base_catalogue()
        self._tree = RebuiltTree() if since is None else RebuiltTree(since.size, since.subtrees, since.filling)
        self._recorded_at = since.recorded_at if since is not None else None
        self._unordered = {(source, id): at for source, id, at in since.unordered} if since is not None else {}
        self._packs = list(since.packs) if since is not None else []
        self._repeated: int | None = None
        self._keys_seen: set[int] | None = set() if log.repeated is None else None
        self._signed = _Signed(())
        self.erased = since.erased if since is not None else 0
        self.vouched = 0
        self.entries: Iterator[Entry] = iter(())
        self._vouched: Iterator[Cosignature | Stamp] = iter(())
        self._said: Cosignature | Stamp | None = None

    @property
    def size(self) -> int:
        return self._tree.size

    @property
    def signed(self) -> int:
        return self._signed.passed

    def state(self) -> State:
        """Return what a check needs to go on from here."""
        return State(
            origin=self._log.origin,
            keys=self._keys.lines(),
            learned=list(self._keys.learned),
            announced=list(self._keys.announced),
            unvouched=self._keys.unvouched,
            size=self.size,
            subtrees=list(self._tree.subtrees),
            filling=[list(tile) for tile in self._tree.filling],
            recorded_at=self._recorded_at,
            checkpoints=self.signed,
            checkpoints_digest=self._signed.digest,
            erased=self.erased,
            unordered=[(*key, at) for key, at in self._unordered.items()],
            packs=list(self._packs),
        )

    def checked(self, fault: str | None = None, position: int | None = None) -> Checked:
        remembered = self._since.size if self._since is not None else 0
        return Checked(self._log.origin, self.size, self.signed, self.erased, self.vouched, remembered, fault, position)

    def begin(self) -> None:
        """Check whose log this is, and hold it to what is remembered of it."""
        self._check_keys()
        self._signed = _Signed(self._log.checkpoints())
        if self._since is not None:
            self._check_remembered(self._since)
        if self._log.repeated is not None:
            self._repeated = self._log.repeated()
        self.entries = iter(self._log.entries(self.size))
        self._vouched = iter(self._log.vouched(self.size if self._since is not None else -1))
        self._said = next(self._vouched, None)
        self._check_signed()

    def entry(self, entry: Entry) -> Mapping[str, Any]:
        """Check the next act; return its leaf."""
        position = self.size + 1
        if entry.position < position:
            raise _Fault(entry.position, f"position {entry.position} is there twice, or before the first")
        if entry.position > position:
            raise _Fault(position, f"position {position} is missing: the next entry says {entry.position}")
        if position > self._log.head.size:
            raise _Fault(position, f"the entries go on after the {self._log.head.size} acts of the head")
        try:
            leaf = parse_leaf(entry.leaf)
            self._check_leaf(entry, leaf)
            self._check_content(entry, leaf)
        except (ProofFailed, _Differs) as exc:
            raise _Fault(position, str(exc)) from exc
        for tile in self._tree.add(entry.leaf_hash):
            self._check_tile(tile)
        self._check_signed()
        return leaf

    def end(self) -> None:
        """Check what the whole tree says: the head, what is served of its edge, and that nothing lies beyond."""
        head = self._log.head
        if head.size > self.size:
            raise _Fault(self.size + 1, f"the head says {head.size} acts; they end at {self.size}")
        if head.root != self._tree.root():
            raise _Fault(self.size, f"the head says {head.size} acts and another root than the entries give")
        if head.frontier not in (None, b"".join(self._tree.subtrees)):
            raise _Fault(self.size, "the frontier of the head is not what the entries give")
        if head.recorded_at not in (None, self._recorded_at):
            raise _Fault(self.size, "the time of the head is not that of the last act")
        self._check_partial_tiles()
        if (larger := self._signed.next) is not None:
            raise _Fault(
                self.size + 1, f"a tree of {larger.size} acts was signed; the log ends at {self.size}: rolled back"
            )
        if (said := self._said) is not None:
            raise _Fault(said.size, f"others vouch for a checkpoint of size {said.size}, which is not there")
        if (surplus := self._log.surplus_tile()) is not None:
            raise _Fault(self.size + 1, f"tile {surplus} is stored, and is none of a tree of {self.size} acts")
        if (size := self._keys.unvouched) is not None:
            message = "is signed by a key that only the log itself calls retired, and by no trusted one later"
            raise _Fault(size, f"the checkpoint of size {size} {message}")

    def missing_content(self) -> int | None:
        """
        Return the lowest position whose content is gone though no order to erase it came later, if there is one.

        Reads on from wherever the check stopped: the order may come last.
        """
        missing = dict(self._unordered)
        if missing:
            with suppress(Unreadable):
                for entry in chain(self.entries, self._log.later()):
                    if entry.type == "data.erase" and (order := _read(entry, DataErase)) is not None:
                        missing.pop((order.target.source, order.target.id), None)
        return min(missing.values(), default=None)

    def _check_keys(self) -> None:
        origin, since = self._log.origin, self._since
        named: list[VerifierKey] = []
        for each in self._log.keys:
            try:
                named.append(parse_key(each.line))
            except ProofFailed as exc:
                raise _Fault(each.from_size + 1, f"a key that the log names: {exc}") from exc
        kept = [parse_key(line) for line in since.keys] if since is not None else []
        # A key's name is the origin that it signs for, and the only word on it: the log may call itself anything.
        given = [key for key in self._given or kept or named if key.name == origin]
        if not given or any(key.name != origin for key in named):
            raise _Fault(1, f"the log calls itself {origin}, which is not the name of its key")
        if not {key.key for key in named} & {key.key for key in given}:
            raise _Fault(1, "the log does not name the key as its own")
        if since is None:
            self._keys = TrustedKeys(given, named)
        else:
            self._keys = TrustedKeys(given, named, since.learned, since.announced, since.unvouched)

    def _check_remembered(self, since: State) -> None:
        head = self._log.head
        if head.size < since.size:
            raise _Fault(
                head.size + 1, f"it had {since.size} acts when it was checked before, and has {head.size}: rolled back"
            )
        self._check_signed_before(since)
        self._check_beginning(since.size, self._tree.root(), f"the tree of {since.size} acts that was checked before")
        for position, hashed in since.packs:
            self._restore_pack(position, hashed)

    def _check_signed_before(self, since: State) -> None:
        """Pass the checkpoints whose entries are not read again. If any is new, or another, prove each once more."""
        while (signed := self._signed.next) is not None and signed.size <= since.size:
            self._signed.advance()
        if self.signed < since.checkpoints:
            raise _Fault(since.size, f"of {since.checkpoints} checkpoints that were seen before {self.signed} are left")
        if self._signed.digest == since.checkpoints_digest:
            return
        # An old size may be signed at any time, on demand (decision 12): its root is then proved, not computed.
        for signed in self._log.checkpoints():
            if signed.size > since.size:
                return
            self._check_beginning(signed.size, self._open(signed), f"the checkpoint of size {signed.size}")

    def _check_beginning(self, size: int, root: bytes, what: str) -> None:
        """Raise unless `root` is that of the beginning of the head's tree, which the entries in turn must give."""
        head = self._log.head
        try:
            verify_consistency(size, head.size, self._log.consistency(size, head.size), root, head.root)
        except ProofFailed as exc:
            raise _Fault(size, f"{what} is no beginning of the log: {exc}") from exc

    def _restore_pack(self, position: int, hashed: bytes) -> None:
        """Read a pack again that an earlier run has read: the acts after it may be of kinds that it brought."""
        entry = next(iter(self._log.entries(position - 1)), None)
        pack = _read(entry, CatalogueExtend) if entry is not None else None
        if entry is None or pack is None or leaf_hash(entry.leaf) != hashed:
            raise _Fault(position, "the catalogue pack that was checked before is another one, or gone")
        try:
            check_payload(parse_leaf(entry.leaf), entry.salt or b"", entry.payload or b"")
        except ProofFailed as exc:
            raise _Fault(position, str(exc)) from exc
        self._catalogue = _extended(self._catalogue, pack)

    def _check_leaf(self, entry: Entry, leaf: Mapping[str, Any]) -> None:
        if leaf_hash(entry.leaf) != entry.leaf_hash:
            raise _Differs("the leaf does not match its stored hash")
        said = (leaf["position"], leaf["origin"], leaf["source"], leaf["id"], leaf["type"])
        if said != (entry.position, self._log.origin, entry.source, entry.id, entry.type):
            raise _Differs("the entry's columns say other than its leaf")
        if self._is_repeated(entry):
            raise _Differs("an act before has its source and id")
        try:
            recorded_at = parse_instant(leaf["recorded_at"])
            if self._recorded_at is not None and recorded_at < parse_instant(self._recorded_at):
                raise _Differs("recorded before the act at the position before")
            if "recordedtime" in leaf and parse_instant(leaf["recordedtime"]) > recorded_at:
                raise _Differs("its source recorded it after the ledger did")
        except BadMoment as exc:
            raise _Differs(f"a time of the leaf: {exc}") from exc
        self._recorded_at = leaf["recorded_at"]

    def _is_repeated(self, entry: Entry) -> bool:
        if self._keys_seen is None:
            return entry.position == self._repeated
        seen = len(self._keys_seen)
        # By a hash of 64 bits that nobody outside this process can foresee: a key takes tens of bytes, not hundreds.
        self._keys_seen.add(hash((entry.source, entry.id)))
        return len(self._keys_seen) == seen

    def _check_content(self, entry: Entry, leaf: Mapping[str, Any]) -> None:
        if (entry.payload is None) != (entry.salt is None):
            raise _Differs("payload and salt are erased together or not at all")
        if entry.payload is None or entry.salt is None:
            self._check_erased(entry, leaf)
            return
        check_payload(leaf, entry.salt, entry.payload)
        if entry.type == "log.rotate_key":
            self._keys.hear(leaf, entry.salt, entry.payload)
        act = self._catalogue.acts.get(entry.type)
        try:
            event = _decode_event(entry.payload)
            payload: Payload = _decoder(act.payload if act is not None else Payload)(event.data)
        except msgspec.MsgspecError:
            return  # an entry of the ledger's own that is no CloudEvent
        if _said_by(event) != tuple(map(leaf.get, _SAID)):
            raise _Differs("the leaf says other than the event that it commits to")
        if entry.tags is not None and tuple(entry.tags) != tags_of(event, payload):
            raise _Differs("its tags are not those of its payload")
        match payload:
            case CatalogueExtend():
                self._catalogue = _extended(self._catalogue, payload)
                self._packs.append((entry.position, entry.leaf_hash))
            case DataErase():
                self._unordered.pop((payload.target.source, payload.target.id), None)
            case _:
                pass

    def _check_erased(self, entry: Entry, leaf: Mapping[str, Any]) -> None:
        if entry.type in _KEEPING_THEIR_CONTENT:
            raise _Differs(f"its content is gone: that of a {entry.type} is never erased")
        shown = dict.fromkeys(leaf[name] for name in REFERENCES if name in leaf)
        if entry.tags is not None and entry.source != _LIBRARY and entry.tags != list(shown):
            raise _Differs("its content is gone, and its tags are not those that its leaf shows")
        self._unordered[entry.source, entry.id] = entry.position
        self.erased += 1

    def _check_tile(self, tile: FullTile) -> None:
        name = f"tile {tile.level}/{tile.index}"
        stored = self._log.tile(tile.level, tile.index)
        first = (tile.index * TILE_WIDTH << TILE_HEIGHT * tile.level) + 1
        if stored is None:
            raise _Fault(first, f"{name} is missing")
        hashes, root = stored
        _require_tile(name, tile.level, first, hashes, tile.hashes)
        if root not in (None, tile.root):
            raise _Fault(first, f"the stored root of {name} is not the hash that stands in its parent")
        if tile.level == 0:
            self._check_bundle(tile.index, [hashes[at : at + 32] for at in range(0, len(hashes), 32)])

    def _check_partial_tiles(self) -> None:
        for level, hashes in enumerate(self._tree.filling):
            index = self.size >> TILE_HEIGHT * (level + 1)
            if hashes and self._log.partial_tile is not None:
                served = self._log.partial_tile(level, index, len(hashes))
                first = (index * TILE_WIDTH << TILE_HEIGHT * level) + 1
                _require_tile(f"tile {level}/{index}.p/{len(hashes)}", level, first, served or b"", b"".join(hashes))
        if self._tree.filling[0]:
            self._check_bundle(self.size // TILE_WIDTH, self._tree.filling[0])

    def _check_bundle(self, index: int, hashes: Sequence[bytes]) -> None:
        if self._log.bundle is None:
            return
        served = self._log.bundle(index, len(hashes))
        leaves = _leaves(served or b"")
        for at, hashed in enumerate(hashes):
            if at >= len(leaves) or leaf_hash(leaves[at]) != hashed:
                raise _Fault(index * TILE_WIDTH + at + 1, f"entry bundle {index} has another leaf there, or none")
        if served != b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves) or len(leaves) > len(hashes):
            raise _Fault(self.size, f"entry bundle {index} has more in it than its leaves")

    def _check_signed(self) -> None:
        while (signed := self._signed.next) is not None and signed.size <= self.size:
            if signed.size < self.size:
                raise _Fault(signed.size, f"a checkpoint of size {signed.size} comes after one of {self.size}")
            if self._open(signed) != self._tree.root():
                raise _Fault(self.size, f"the checkpoint of size {self.size} was signed for another tree")
            self._check_vouched(signed)
            self._signed.advance()

    def _check_vouched(self, signed: SignedHead) -> None:
        """Check what others said of a checkpoint. What they said of those passed before, nobody looks at again."""
        while (said := self._said) is not None and said.size <= signed.size:
            if said.size < signed.size:
                raise _Fault(said.size, f"others vouch for a checkpoint of size {said.size}, which is not there")
            try:
                require_vouched(said, signed.note)
            except ProofFailed as exc:
                raise _Fault(said.size, f"of the checkpoint of size {said.size}: {exc}") from exc
            self.vouched += 1
            self._said = next(self._vouched, None)

    def _open(self, signed: SignedHead) -> bytes:
        """Check a stored checkpoint in itself; return its root."""
        what = f"the checkpoint of size {signed.size}"
        try:
            checkpoint = self._keys.open(signed.note)
        except ProofFailed as exc:
            raise _Fault(signed.size, f"{what}: {exc}") from exc
        if (checkpoint.origin, checkpoint.size) != (self._log.origin, signed.size):
            raise _Fault(signed.size, f"{what} was signed for another log or size")
        if checkpoint.root != signed.root:
            raise _Fault(signed.size, f"the stored root of {what} is another than was signed")
        return checkpoint.root


def _require_tile(name: str, level: int, first: int, stored: bytes, built: bytes) -> None:
    """Raise unless a tile is what the entries give: with the position of the first act below its first wrong hash."""
    if stored != built:
        wrong = next((at for at in range(0, len(built), 32) if stored[at : at + 32] != built[at : at + 32]), 0)
        raise _Fault(first + (wrong // 32 << TILE_HEIGHT * level), f"{name} is not what the entries give")


def _extended(catalogue: Catalogue, pack: CatalogueExtend) -> Catalogue:
    try:
        return catalogue.extend(pack)
    except BadCatalogue:
        return catalogue  # readers leave such a pack out, so the check does too


def _leaves(bundle: bytes) -> list[bytes]:
    """Cut a bundle into leaves, each after its length in two bytes. A last one that is cut short is left out."""
    leaves: list[bytes] = []
    at = 0
    while at + 2 <= len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle):
            break
        leaves.append(bundle[at + 2 : end])
        at = end
    return leaves


P = TypeVar("P", bound=Payload)


@cache
def _decoder(payload: type[P]) -> Callable[[Raw], P]:
    return msgspec.json.Decoder(payload).decode


def _read(entry: Entry, payload: type[P]) -> P | None:
    try:
        return _decoder(payload)(_decode_event(entry.payload or b"").data)
    except msgspec.MsgspecError:
        return None
