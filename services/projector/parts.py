"""
Answers with several lists, each paged by itself: a cursor says with which list it goes on; the others are then empty.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from edge.paging import Page, read_cursor, write_cursor

T = TypeVar("T")


class Place(Struct, frozen=True):
    """Where a page goes on: in which list, and after which key."""

    part: str
    after: str


def read_place(after: str | None) -> Place | None:
    """Return where a cursor of `part_page` points, None on the first page. Any other cursor is a 400 problem."""
    place = read_cursor(after, str, str)
    return Place(place[0], place[1]) if place is not None else None


def part_page(found: Sequence[T], part: str, key: Callable[[T], str], place: Place | None, limit: int) -> Page[T]:
    """Return a page of one of the lists, in the order of the keys: each item has one of its own."""
    if place is not None and place.part != part:
        return Page([], None)
    further = [each for each in sorted(found, key=key) if place is None or key(each) > place.after]
    items = further[:limit]
    return Page(items, write_cursor(part, key(items[-1])) if len(further) > limit else None)
