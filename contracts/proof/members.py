"""Members of a JSON object, each read as what it must be. A member of another kind is a failure that names it."""

from collections.abc import Mapping
from typing import cast

from .encoding import HASH_SIZE, from_base64
from .errors import ProofFailed


def require_members(members: Mapping[str, object], *, required: frozenset[str], optional: frozenset[str]) -> None:
    if missing := required - members.keys():
        raise ProofFailed("proof file", expected=f"the member {min(missing)}", actual="none of that name")
    if unknown := members.keys() - required - optional:
        raise ProofFailed("proof file", expected="known members only", actual=f"the member {min(unknown)}")


def text_of(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise ProofFailed(name, expected="text", actual=type(value).__name__)
    return value


def integer_of(members: Mapping[str, object], name: str) -> int:
    value = members.get(name)
    if type(value) is not int:  # True is an instance of int
        raise ProofFailed(name, expected="an integer", actual=type(value).__name__)
    return value


def bytes_of(members: Mapping[str, object], name: str, size_bytes: int | None = None) -> bytes:
    return from_base64(text_of(members, name), name, size_bytes)


def hashes_of(members: Mapping[str, object]) -> list[bytes]:
    value = members["hashes"]
    if not isinstance(value, list):
        raise ProofFailed("hashes", expected="an array", actual=type(value).__name__)
    hashes: list[bytes] = []
    for item in cast("list[object]", value):
        if not isinstance(item, str):
            raise ProofFailed("hashes", expected="an array of text", actual=f"one {type(item).__name__}")
        hashes.append(from_base64(item, "hashes", HASH_SIZE))
    return hashes


def object_of(members: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return a member that is an object. Raises `ProofFailed`, also where there is none of that name."""
    value = members.get(name)
    if not isinstance(value, dict):
        raise ProofFailed(name, expected="an object", actual=type(value).__name__)
    return cast("dict[str, object]", value)


def objects_of(members: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """Return a member that is an array of objects. Raises `ProofFailed`, also where there is none of that name."""
    value = members.get(name)
    if not isinstance(value, list):
        raise ProofFailed(name, expected="an array", actual=type(value).__name__)
    return [object_of({name: item}, name) for item in cast("list[object]", value)]


def integers_of(members: Mapping[str, object], name: str) -> list[int]:
    """Return a member that is an array of integers. Raises `ProofFailed`, also where there is none of that name."""
    value = members.get(name)
    if not isinstance(value, list):
        raise ProofFailed(name, expected="an array", actual=type(value).__name__)
    return [integer_of({name: item}, name) for item in cast("list[object]", value)]
