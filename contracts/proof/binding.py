"""What an answer states, compared member by member with what is proved, so that what was not compared is known."""

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import cast

from .errors import ProofFailed
from .members import object_of


class Stated:
    """One part of an answer. `where` names it in a failure."""

    def __init__(self, where: str, members: Mapping[str, object]) -> None:
        self.where = where
        self._members = members
        self._compared: set[str] = set()
        self._parts: list[Stated] = []

    def equals(self, name: str, proved: object) -> None:
        """Raises `ProofFailed` unless the member is exactly what is proved."""
        self.one_of(name, [proved])

    def one_of(self, name: str, proved: Sequence[object]) -> None:
        """Raises `ProofFailed` unless the member is one of what is proved."""
        actual = self._take(name)
        # The type too, since True is equal to 1.
        if not any(type(actual) is type(each) and actual == each for each in proved):
            raise self._failed(name, proved[0])

    def holds(self, name: str, same: Callable[[object, object], bool], proved: object) -> None:
        """Raises `ProofFailed` unless the member is the same as what is proved, written differently perhaps."""
        if not same(self._take(name), proved):
            raise self._failed(name, proved)

    def person(self, name: str, proved: object) -> None:
        """
        Compare with whoever an act names, unless that is an account, or what is stated is one: whose an account was
        cannot be told from that act. It is then left unchecked.
        """
        stated = self._members.get(name)
        if not any(isinstance(each, str) and each.startswith("account:") for each in (stated, proved)):
            self.equals(name, proved)

    def members_equal(self, name: str, proved: object) -> None:
        """Compare an object, or null. Members that are null in the answer may be absent in what is proved."""
        if proved is None:
            self.equals(name, None)
            return
        said = cast("Mapping[str, object]", proved if isinstance(proved, dict) else {})
        part = self.part(name)
        for each in sorted(part._members.keys() | {name for name, value in said.items() if value is not None}):
            part.equals(each, said.get(each))

    def part(self, name: str) -> "Stated":
        """Return a member that is an object, to be compared on its own."""
        self._compared.add(name)
        part = Stated(f"{self.where}: {name}", object_of(self._members, name))
        self._parts.append(part)
        return part

    def left(self, leave_out: Set[str] = frozenset()) -> list[str]:
        """Say which members were not compared with anything."""
        names = sorted(self._members.keys() - self._compared - leave_out)
        own = [f"{self.where}: {', '.join(names)}"] if names else []
        return own + [line for part in self._parts for line in part.left()]

    def _take(self, name: str) -> object:
        if name not in self._members:
            raise ProofFailed(self.where, expected=f"the member {name}", actual="none of that name")
        self._compared.add(name)
        return self._members[name]

    def _failed(self, name: str, proved: object) -> ProofFailed:
        return ProofFailed(f"{self.where}: {name}", expected=_shown(proved), actual=_shown(self._members[name]))


def same_instant(one: object, other: object) -> bool:
    """Say whether two RFC 3339 times are the same instant."""
    read = [_instant(each) for each in (one, other)]
    return None not in read and read[0] == read[1]


def no_later(one: object, other: object) -> bool:
    """Say whether an RFC 3339 time is no later than another."""
    first, second = _instant(one), _instant(other)
    return first is not None and second is not None and first <= second


def same_money(one: object, other: object) -> bool:
    """Say whether two decimal strings are the same amount; null is only the same as null."""
    if one is None or other is None:
        return one is other
    try:
        return isinstance(one, str) and isinstance(other, str) and Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _instant(text: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(text.upper()) if isinstance(text, str) and text[10:11] in ("T", "t") else None
        return read.astimezone(UTC) if read is not None and read.tzinfo is not None else None
    except (ValueError, OverflowError):  # the first and the last day of the calendar have no place in every zone
        return None


def _shown(value: object) -> str | int:
    return value if type(value) in (str, int) else f"{value}"  # pyright: ignore[reportReturnType] - narrowed by type()
