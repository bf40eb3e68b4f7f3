"""
The full check of a log, from the stored bytes up: `quanze verify --log`.

Every leaf against its entry, every payload against its commitment, every tag against the payload, every tile against
the leaves, every checkpoint ever signed against the tree at its size. It stops at the first fault and names its
position. Hashes and signatures come from `contracts.proof`, so nothing that built the tree is asked about it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from contracts.catalogue import BadCatalogue, Catalogue, base_catalogue
from contracts.envelope import REFERENCES, Envelope
from contracts.event import tags_of
from contracts.payloads import CatalogueExtend, Payload
from contracts.proof import (
    EMPTY_ROOT,
    Checkpoint,
    ProofFailed,
    VerifierKey,
    announced_key,
    check_payload,
    leaf_hash,
    node_hash,
    open_vouched,
    parse_leaf,
)
from edge.database import statement

TILE_WIDTH = 256


class Entry(Struct, frozen=True):
    """A stored act as the check sees it; `tags` is None where the source does not show them."""

    position: int
    source: str
    id: str
    type: str
    tags: Sequence[str] | None
    leaf: bytes
    leaf_hash: bytes
    salt: bytes | None
    payload: bytes | None


class SignedHead(Struct, frozen=True):
    """A checkpoint as stored: its size and root beside the note that should say the same."""

    size: int
    root: bytes
    note: bytes


class Head(Struct, frozen=True):
    """Where the log says that it stands."""

    size: int
    root: bytes


class Checked(Struct, frozen=True):
    """What a check found: how far it got, and the first fault, if any, with its position."""

    origin: str
    size: int
    checkpoints: int
    erased: int
    fault: str | None = None
    position: int | None = None


class Log(Struct, frozen=True):
    """A log to check. `tile` returns the stored bytes of a full tile and its stored root, or None if not stored."""

    origin: str
    head: Head
    entries: Iterable[Entry]
    checkpoints: Sequence[SignedHead]
    tile: Callable[[int, int], tuple[bytes, bytes | None] | None]


class Unreadable(Exception):
    """The source of a log cannot show an act, because its stored bytes contradict each other."""

    def __init__(self, position: int | None, message: str) -> None:
        super().__init__(message)
        self.position = position


class _Fault(Exception):
    def __init__(self, position: int | None, message: str) -> None:
        super().__init__(message)
        self.position = position


def check_log(
    log: Log,
    keys: Sequence[VerifierKey],
    progress: Callable[[int], None] = lambda _: None,
    retired: Sequence[VerifierKey] = (),
) -> Checked:
    """
    Check a whole log; `progress` is told each position. Memory does not grow with the log.

    Trusted are `keys`, and those that acts of the log itself announce under heads that a trusted key signed. Keys that
    the log says it `retired` may have signed heads, too, as long as a trusted key signed a later one, and with it
    everything before.
    """
    check = _Check(log, keys, retired)
    try:
        for entry in log.entries:
            check.entry(entry)
            progress(entry.position)
        check.end()
    except (_Fault, Unreadable) as fault:
        return Checked(log.origin, check.size, check.signed, check.erased, str(fault), fault.position)
    return Checked(log.origin, check.size, check.signed, check.erased)


class _Differs(Exception):
    """Two things that were stored apart and say the same do not."""


class _Check:
    def __init__(self, log: Log, keys: Sequence[VerifierKey], retired: Sequence[VerifierKey]) -> None:
        self._log, self._keys = log, list(keys)
        trusted = [(key.name, key.key) for key in keys]
        self._retired = [key for key in retired if (key.name, key.key) not in trusted]
        self._announced: list[tuple[VerifierKey, VerifierKey]] = []  # keys that acts announce, and those they retire
        self._unvouched: int | None = None
        self._catalogue = base_catalogue()
        self._subtrees: list[tuple[int, bytes]] = []  # (leaves, root) of the perfect subtrees, the largest first
        self._tiles: list[list[bytes]] = [[]]  # per level, the hashes of the tile that is filling
        self._indexes: list[int] = [0]
        self._pending = sorted(log.checkpoints, key=lambda signed: signed.size)
        self._recorded_at = ""
        self.size = self.signed = self.erased = 0
        self._check_signed()

    def entry(self, entry: Entry) -> None:
        position = self.size + 1
        if entry.position != position:
            raise _Fault(position, f"position {position} is missing: the next entry says {entry.position}")
        try:
            leaf = parse_leaf(entry.leaf)
            self._check_leaf(entry, leaf)
            self._check_content(entry, leaf)
        except (ProofFailed, _Differs) as exc:
            raise _Fault(position, str(exc)) from exc
        if leaf["type"] == "log.rotate_key" and entry.salt is not None and entry.payload is not None:
            with suppress(ProofFailed):  # somebody else's act: it announces nothing
                self._announced.append(announced_key(leaf, entry.salt, entry.payload))
        self._grow(entry.leaf_hash)
        self._check_signed()

    def end(self) -> None:
        """Check what the whole tree says: the head, and that nothing larger was ever signed."""
        if self._log.head.size > self.size:
            raise _Fault(self.size + 1, f"the head says {self._log.head.size} acts; they end at {self.size}")
        if self._log.head != Head(self.size, self._root()):
            raise _Fault(self.size, f"the head says {self._log.head.size} acts and another root than the entries give")
        if self._pending:
            larger = self._pending[-1].size
            raise _Fault(self.size + 1, f"a tree of {larger} acts was signed; the log ends at {self.size}: rolled back")
        if self._unvouched is not None:
            message = "is signed by a key that only the log itself calls retired, and by no trusted one later"
            raise _Fault(self._unvouched, f"the checkpoint of size {self._unvouched} {message}")

    def _check_leaf(self, entry: Entry, leaf: Mapping[str, Any]) -> None:
        if leaf_hash(entry.leaf) != entry.leaf_hash:
            raise _Differs("the leaf does not match its stored hash")
        said = (leaf["position"], leaf["origin"], leaf["source"], leaf["id"], leaf["type"])
        if said != (entry.position, self._log.origin, entry.source, entry.id, entry.type):
            raise _Differs("the entry's columns say other than its leaf")
        if leaf["recorded_at"] < self._recorded_at:
            raise _Differs("recorded before the act at the position before")
        self._recorded_at = leaf["recorded_at"]

    def _check_content(self, entry: Entry, leaf: Mapping[str, Any]) -> None:
        if (entry.payload is None) != (entry.salt is None):
            raise _Differs("payload and salt are erased together or not at all")
        if entry.payload is None or entry.salt is None:
            self.erased += 1
            missing = {leaf[name] for name in REFERENCES if name in leaf} - set(entry.tags or leaf.values())
            if missing:
                raise _Differs(f"tags are missing: {', '.join(sorted(missing))}")
            return
        check_payload(leaf, entry.salt, entry.payload)
        tags = self._tags(entry)
        if tags is not None and entry.tags is not None and list(entry.tags) != list(tags):
            raise _Differs("its tags are not those of its payload")

    def _tags(self, entry: Entry) -> Sequence[str] | None:
        """Return the tags the payload gives; None for an entry of the ledger's own that is no CloudEvent."""
        act = self._catalogue.acts.get(entry.type)
        try:
            envelope = msgspec.json.decode(entry.payload or b"", type=Envelope)
            payload = msgspec.json.decode(envelope.data, type=act.payload if act is not None else Payload)
        except msgspec.MsgspecError:
            return None
        if entry.type == "catalogue.extend" and isinstance(payload, CatalogueExtend):
            self._catalogue = _extended(self._catalogue, payload)
        return tags_of(envelope, payload)

    def _grow(self, hashed: bytes) -> None:
        self.size += 1
        width, root = 1, hashed
        while self._subtrees and self._subtrees[-1][0] == width:
            width, root = width * 2, node_hash(self._subtrees.pop()[1], root)
        self._subtrees.append((width, root))
        self._fill_tile(0, hashed)

    def _fill_tile(self, level: int, hashed: bytes) -> None:
        if level == len(self._tiles):
            self._tiles.append([])
            self._indexes.append(0)
        filling = self._tiles[level]
        filling.append(hashed)
        if len(filling) < TILE_WIDTH:
            return
        root = _perfect_root(filling)
        stored = self._log.tile(level, self._indexes[level])
        if stored is None or stored[0] != b"".join(filling) or stored[1] not in (None, root):
            raise _Fault(self.size, f"tile {level}/{self._indexes[level]} is not what the entries give")
        self._tiles[level] = []
        self._indexes[level] += 1
        self._fill_tile(level + 1, root)

    def _check_signed(self) -> None:
        while self._pending and self._pending[0].size == self.size:
            signed = self._pending.pop(0)
            root = self._root()
            checkpoint = self._opened(signed.note)
            if (checkpoint.origin, checkpoint.size, checkpoint.root) != (self._log.origin, self.size, root):
                raise _Fault(self.size, f"the checkpoint of size {self.size} was signed for another tree")
            if signed.root != root:
                raise _Fault(self.size, f"the stored root of the checkpoint of size {self.size} is another")
            self.signed += 1

    def _opened(self, note: bytes) -> Checkpoint:
        """Open a note with a trusted key, and trust what it proves to be announced; else with one that was retired."""
        try:
            checkpoint, vouching = open_vouched(note, self._keys)
        except ProofFailed as exc:
            try:
                checkpoint, _ = open_vouched(note, self._retired)
            except ProofFailed:
                raise _Fault(self.size, f"the checkpoint of size {self.size}: {exc}") from exc
            self._unvouched = self.size
            return checkpoint
        self._unvouched = None
        self._learn(note, {(key.name, key.key) for key in vouching})
        return checkpoint

    def _learn(self, note: bytes, vouching: set[tuple[str, bytes]]) -> None:
        """Trust what acts under this note announce in the place of keys that signed it."""
        for new, retires in list(self._announced):
            if (retires.name, retires.key) not in vouching:
                continue
            self._announced.remove((new, retires))
            self._retired = [key for key in self._retired if key.key != new.key]
            if (new.name, new.key) not in [(key.name, key.key) for key in self._keys]:
                self._keys.append(new)
            if _signed_by(note, new):
                vouching.add((new.name, new.key))

    def _root(self) -> bytes:
        if not self._subtrees:
            return EMPTY_ROOT
        root = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            root = node_hash(left, root)
        return root


def _signed_by(note: bytes, key: VerifierKey) -> bool:
    try:
        open_vouched(note, [key])
    except ProofFailed:
        return False
    return True


def _perfect_root(hashes: Sequence[bytes]) -> bytes:
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _extended(catalogue: Catalogue, pack: CatalogueExtend) -> Catalogue:
    try:
        return catalogue.extend(pack)
    except BadCatalogue:
        return catalogue  # readers leave such a pack out, so the check does too


def database_log(connection: psycopg.Connection[Any], log_id: int) -> tuple[Log, Sequence[str]]:
    """Return the log of a database, and the lines of a key file that it names its keys by. One snapshot."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    parameters = {"log_id": log_id}
    origin, size, root = _one(connection, "log_to_check", parameters)
    keys: Sequence[str] = [row[0] for row in connection.execute(statement("quanze", "keys_to_check"), parameters)]
    signed = connection.execute(statement("quanze", "checkpoints_to_check"), parameters).fetchall()

    def tile(level: int, index: int) -> tuple[bytes, bytes] | None:
        found = connection.execute(
            statement("quanze", "tile_to_check"), parameters | {"level": level, "index": index}
        ).fetchone()
        return (found[0], found[1]) if found is not None else None

    def entries() -> Iterator[Entry]:
        with connection.cursor("entries_to_check") as cursor:
            cursor.itersize = 1000
            cursor.execute(statement("quanze", "entries_to_check"), parameters)
            for row in cursor:
                yield Entry(*row)

    heads = [SignedHead(each_size, each_root, note.encode()) for each_size, each_root, note in signed]
    return Log(origin, Head(size, root), entries(), heads, tile), keys


def _one(connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, Any]) -> Any:
    row = connection.execute(statement("quanze", name), parameters).fetchone()
    if row is None:
        raise LookupError("there is no such log in this database")
    return row
