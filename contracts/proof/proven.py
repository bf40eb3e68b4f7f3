"""The leaves of an answer's proof, each checked against the one checkpoint, with its event where the file has it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple, cast

from .checkpoint import Checkpoint
from .encoding import HASH_SIZE
from .errors import ProofFailed
from .leaf import check_payload, parse_leaf
from .members import bytes_of, hashes_of, integer_of, object_of, text_of
from .merkle import leaf_hash, verify_inclusion

ITEM: Final = frozenset({"position", "role", "name", "leaf", "leaf_hash", "leaf_index", "tree_size", "hashes"})
ITEM_OPTIONAL: Final = frozenset({"payload", "salt"})

_TYPES: Final = {
    "grant": ("auth.vest", "auth.grant"),
    "acting": ("acting.appoint",),
    "post": ("post.assign",),
    "correction": ("act.correct",),
}
"""What the leaf of an item must be an act of. Of the act in question the answer itself names the type."""
_REPEATED: Final = ("source", "id", "type", "subject", "time", "actor")
"""Attributes that leaf and event both state."""
_repeated: Final = itemgetter(*_REPEATED)


_LENIENT: Final = json.JSONDecoder(parse_float=str, parse_int=str)


class Proven(NamedTuple):
    """
    An act that is in the log. `role` and `name` are the file's words for it, to be checked by whoever uses them.

    `event` is what the leaf commits to, None where the file does not hold it or says that it was `erased`.
    """

    role: str
    name: str
    position: int
    leaf: dict[str, str | int]
    event: Mapping[str, object] | None
    erased: bool

    @property
    def data(self) -> Mapping[str, object] | None:
        return cast("Mapping[str, object]", self.event["data"]) if self.event is not None else None

    def besides(self) -> str:
        """Say whether more than the leaf was there to compare with."""
        return " and the event it commits to" if self.event is not None else ""

    def corrected_by(self, corrections: "Sequence[Proven]") -> "Said":
        """Return what the act says with these corrections of it. Raises `ProofFailed`: one corrects another act."""
        fields: dict[str, object] = {}
        for each in corrections:
            if each.data is not None:
                if each.data.get("corrects") != {name: self.leaf[name] for name in ("source", "id")}:
                    raise ProofFailed(f"correction at {each.position}", expected="of this act", actual="of another")
                fields |= object_of(each.data, "fields") if each.data.get("fields") else {}
        return Said(self, fields)


@dataclass(frozen=True, slots=True)
class Said:
    """What an act says, and `fields` that later acts replaced."""

    act: Proven
    fields: Mapping[str, object]

    def attribute(self, name: str) -> list[object]:
        """Return what an attribute may be: as the leaf has it, or as corrected."""
        return [self.act.leaf.get(name), *([self.fields[name]] if name in self.fields else [])]

    @property
    def data(self) -> Mapping[str, object] | None:
        return {**self.act.data, **self.fields} if self.act.data is not None else None


class Items:
    """The proved leaves, each to be named by the answer once."""

    def __init__(self, items: Sequence[Proven]) -> None:
        self.all = items
        self._left = list(items)

    def positions(self) -> str:
        return ", ".join(str(item.position) for item in self.all)

    def one(self, role: str, position: object = None, name: object = None) -> Proven:
        """Return the item of that role, position and name. Raises `ProofFailed` where there is none."""
        for item in self._left:
            if item.role == role and position in (None, item.position) and name in (None, item.name):
                return self._taken(item)
        raise ProofFailed("proof", expected=f"a leaf for the {role} {name or ''}", actual="none")

    def take(self, role: str, name: str | None = None) -> Iterator[Proven]:
        for item in list(self._left):
            if item.role == role and name in (None, item.name):
                yield self._taken(item)

    def require_none_left(self) -> None:
        if self._left:
            odd = self._left[0]
            raise ProofFailed("proof", expected="leaves the answer names", actual=f"{odd.role} at {odd.position}")

    def _taken(self, item: Proven) -> Proven:
        allowed = _TYPES.get(item.role)
        if allowed is not None and item.leaf["type"] not in allowed:
            raise ProofFailed(
                f"{item.role} at {item.position}", expected=" or ".join(allowed), actual=item.leaf["type"]
            )
        self._left.remove(item)
        return item


def prove(members: Mapping[str, object], checkpoint: Checkpoint) -> Proven:
    """Return the act of one item, proved to be in the tree of `checkpoint`. Raises `ProofFailed`."""
    position, index = integer_of(members, "position"), integer_of(members, "leaf_index")
    what = f"item at {position}"
    if integer_of(members, "tree_size") != checkpoint.size:
        raise ProofFailed(f"{what}: tree size", expected=checkpoint.size, actual=integer_of(members, "tree_size"))
    encoded = bytes_of(members, "leaf")
    leaf = parse_leaf(encoded)
    for name, stated in (("position", position), ("leaf index", index + 1)):
        if leaf["position"] != stated:
            raise ProofFailed(f"{what}: {name}", expected=leaf["position"], actual=stated)
    if leaf["origin"] != checkpoint.origin:
        raise ProofFailed(f"{what}: origin", expected=checkpoint.origin, actual=leaf["origin"])
    computed = leaf_hash(encoded)
    if computed != bytes_of(members, "leaf_hash", HASH_SIZE):
        raise ProofFailed(f"{what}: leaf hash", expected=computed, actual=bytes_of(members, "leaf_hash"))
    verify_inclusion(computed, index, checkpoint.size, hashes_of(members), checkpoint.root)
    event, erased = _event(members, leaf, what)
    return Proven(text_of(members, "role"), text_of(members, "name"), position, leaf, event, erased)


def _event(
    members: Mapping[str, object], leaf: Mapping[str, str | int], what: str
) -> tuple[Mapping[str, object] | None, bool]:
    """Return the event and whether the file says it was erased."""
    present = ITEM_OPTIONAL & members.keys()
    absent = [name for name in sorted(ITEM_OPTIONAL) if members.get(name) is None]
    if len(absent) == len(ITEM_OPTIONAL) and len(present) != 1:
        return None, bool(present)
    if absent:
        raise ProofFailed(f"{what}: payload and salt", expected="both, both null or neither", actual=f"no {absent[0]}")
    return event_of(leaf, bytes_of(members, "salt"), bytes_of(members, "payload")), False


def event_of(leaf: Mapping[str, str | int], salt: bytes, payload: bytes) -> Mapping[str, object]:
    """Return the event that the parsed `leaf` commits to. Raises `ProofFailed`."""
    check_payload(leaf, salt, payload)
    event = _read(leaf, payload)
    try:
        agree = _repeated(event) == _repeated(leaf)
    except KeyError:
        agree = False
    if not agree:
        name = next(name for name in _REPEATED if event.get(name) != leaf[name])
        what = f"{name} in the event at {leaf['position']}"
        raise ProofFailed(what, expected=leaf[name], actual=str(event.get(name)))
    return event


def _read(leaf: Mapping[str, str | int], payload: bytes) -> Mapping[str, object]:
    """
    Return a proved event. Its bytes are the ones committed to, so numbers of any form may be in it: they stay text.
    """
    try:
        text = payload.decode("utf-8")
        # `decode` looks for white space at both ends, which costs a fifth of the time.
        read, end = cast("tuple[object, int]", _LENIENT.raw_decode(text)) if text[:1] == "{" else (None, -1)
        if end != len(text):
            read = cast("object", _LENIENT.decode(text))
    except (ValueError, RecursionError) as error:
        raise ProofFailed(f"event at {leaf['position']}", expected="JSON", actual=str(error)) from None
    event = cast("Mapping[str, object]", read if isinstance(read, dict) else {})
    if not isinstance(event.get("data"), dict):
        raise ProofFailed(f"event at {leaf['position']}", expected="an object with data", actual="none")
    return event
