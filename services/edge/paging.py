"""
Lists page by cursor: `{items, next}`, `?limit=&after=`; `next` is opaque and null on the last page.

A cursor is where the page ended, so that nothing is skipped or repeated when the list grows meanwhile.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")


class BadCursor(Exception):
    """A cursor that is not of the list it is given to."""


class Page(Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: Sequence[T]
    next: str | None


def page(found: Sequence[T], limit: int, key: Callable[[T], Sequence[str | int]]) -> Page[T]:
    """Make a page from up to `limit + 1` items in order: the one too many only says that there is a next page."""
    items = found[:limit]
    return Page(items, write_cursor(*key(items[-1])) if len(found) > limit else None)


def write_cursor(*key: str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(after: str | None, *types: type) -> Sequence[Any] | None:
    """Return what `write_cursor` wrote, or None on the first page. Raises `BadCursor`."""
    if after is None:
        return None
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        key = None
    if not (isinstance(key, list) and list(map(type, key)) == list(types)):  # pyright: ignore[reportUnknownArgumentType] - this is the check
        raise BadCursor
    return key  # pyright: ignore[reportUnknownVariableType]
