"""What the full check asks of a log, wherever it is kept: its rows as they are stored, or as a service shows them."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct


class Entry(Struct, frozen=True, gc=False):
    """A stored act; `tags` is None where the source does not show them."""

    position: int
    source: str
    id: str
    type: str
    tags: list[str] | None
    leaf: bytes
    leaf_hash: bytes
    salt: bytes | None
    payload: bytes | None


class SignedHead(Struct, frozen=True):
    """A checkpoint as stored: its size and root beside the note that should say the same."""

    size: int
    root: bytes
    note: bytes


class Cosignature(Struct, frozen=True):
    """What a witness said of the checkpoint of a size: its key, its line, and when, as the ledger writes instants."""

    size: int
    vkey: str
    line: bytes
    at: str


class Stamp(Struct, frozen=True):
    """A time stamp of the checkpoint of a size, in DER, and the instants that the ledger read from it."""

    size: int
    response: bytes
    chain: Sequence[bytes]
    at: str
    until: str


class NamedKey(Struct, frozen=True):
    """A key that a log names as its own, as a line of a key file, and the size from which it signs."""

    line: str
    from_size: int


class Head(Struct, frozen=True):
    """
    Where the log says that it stands.

    `frontier` are the roots of its perfect subtrees in a row, `recorded_at` is the instant of its last act, written as
    the ledger writes instants. Both are None where the source does not show them.
    """

    size: int
    root: bytes
    frontier: bytes | None = None
    recorded_at: str | None = None


class Log(Struct, frozen=True, kw_only=True):
    """A log to check: its rows in the order of their positions and sizes, each read when it is asked for."""

    origin: str
    keys: Sequence[NamedKey]
    head: Head
    entries: Callable[[int], Iterable[Entry]]
    """The acts after a position."""
    checkpoints: Callable[[], Iterable[SignedHead]]
    """Every head ever signed, up to `head`; a database shows larger ones, too, which is a fault."""
    vouched: Callable[[int], Iterable[Cosignature | Stamp]] = lambda _: ()
    """What others said of the checkpoints beyond a size, in the order of these, where that is shown."""
    tile: Callable[[int, int], tuple[bytes, bytes | None] | None]
    """The hashes of a full tile by level and index, and its stored root if that is shown. None: it is not stored."""
    consistency: Callable[[int, int], Sequence[bytes]]
    """The proof that the tree of one size is the beginning of that of another. Raises `Unreadable`: there is none."""
    surplus_tile: Callable[[], str | None] = lambda: None
    """The name of a stored tile that is not of the tree, if there is one."""
    repeated: Callable[[], int | None] | None = None
    """
    The lowest position of an act whose source and id an earlier one has. Without this the check keeps all keys in mind.
    """
    partial_tile: Callable[[int, int, int], bytes | None] | None = None
    """The first so many hashes of a tile by level and index, where such are served."""
    bundle: Callable[[int, int], bytes | None] | None = None
    """The first so many leaves under a tile of level 0 (tlog-tiles, "Log entries"), where such are served."""
    later: Callable[[], Iterable[Entry]] = lambda: ()
    """Acts after the head. They are not checked: an order to erase may be among them."""


class Unreadable(Exception):
    """The source of a log cannot show something, because its stored bytes contradict each other."""

    def __init__(self, position: int | None, message: str) -> None:
        super().__init__(message)
        self.position = position
