"""
Acts as CloudEvents, told one after the other with a clock that keeps business hours.

A moment is a number of minutes: 1,440 to a *worked* day, counted from the first day of the story. So moments compare,
and adding days adds working days. The calendar is the demo county's: late 2025 and 2026.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from quanze.county.clock import is_worked

Data = dict[str, Any]
"""A JSON object."""

DAY: Final = 1_440
_DAYS: Final = (date(2025, 10, 9) + timedelta(days=n) for n in range(449))
WORKED: Final = tuple(day.isoformat() for day in _DAYS if is_worked(day))
"""The worked days, from the first after the National Day holiday of 2025 to the end of 2026."""

_SYSTEMS: Final = {
    "finance": ("budget", "pay"),
    "trading": ("intent", "notice", "doc", "expert", "participant", "bid", "qual", "eval"),
    "asset": ("delivery", "accept", "asset"),
}
_SOURCE_OF: Final = {family: f"urn:bench:{system}" for system, families in _SYSTEMS.items() for family in families}
_NOON, _AFTERNOON, _CLOSING = 12 * 60, 14 * 60, 17 * 60


class Key(NamedTuple):
    """What names an act: its source and its id there."""

    source: str
    id: str


def key_of(event: Data) -> Key:
    return Key(event["source"], event["id"])


def day_of(moment: int) -> str:
    """Return the date of a moment, `2026-03-02`."""
    return WORKED[moment // DAY]


def text_of(moment: int) -> str:
    """Return a moment as RFC 3339, in local time."""
    minute = moment % DAY
    return f"{WORKED[moment // DAY]}T{minute // 60:02}:{minute % 60:02}:00+08:00"


def morning(day: str) -> int:
    """Return nine o'clock of the first worked day that is not before `day`."""
    return next(n for n, worked in enumerate(WORKED) if worked >= day) * DAY + 9 * 60


def within(moment: int, days: int) -> int:
    """Return nine o'clock of the last worked day that is at most so many calendar days after a moment's."""
    last = (date.fromisoformat(day_of(moment)) + timedelta(days=days)).isoformat()
    return next(n for n in range(len(WORKED) - 1, -1, -1) if WORKED[n] <= last) * DAY + 9 * 60


def digest(text: str) -> str:
    """Return the SHA-256 of a text: stands for the paper or account it names."""
    return sha256(text.encode()).hexdigest()


def money(yuan: int) -> str:
    return f"{yuan}.00"


def hand(actor: str, capacity: str = "member", function: str | None = None) -> Data:
    """Return one of the people of an act."""
    someone = {"actor": actor, "capacity": capacity}
    return someone | ({"function": function} if function else {})


class Story:
    """Acts that belong together, each recorded by its source some minutes after it happened."""

    def __init__(self, code: str, start: int) -> None:
        self.code = code
        self.now = start
        self.told: list[tuple[int, Data]] = []
        self._counts: dict[str, int] = {}

    @property
    def today(self) -> str:
        return day_of(self.now)

    def later(self, days: int = 1) -> None:
        """Go to the morning of a working day to come."""
        self.now += days * DAY - self.now % DAY + 9 * 60 + len(self.told) * 7 % 40

    def not_before(self, moment: int) -> None:
        self.now = max(self.now, moment)

    def record(
        self,
        type: str,
        actor: str,
        subject: str,
        data: Data,
        *,
        unit: str | None = None,
        authority: str | None = None,
        at: int | None = None,
        late: int = 0,
    ) -> Key:
        """Tell one act, at `at` or now (then the clock moves on), recorded `late` minutes too late; return its key."""
        count = self._counts[type] = self._counts.get(type, 0) + 1
        key = Key(_SOURCE_OF.get(type.partition(".")[0], "urn:bench:oa"), f"{self.code}.{type}.{count}")
        moment = self.now if at is None else at
        event: Data = {
            "specversion": "1.0",
            "id": key.id,
            "source": key.source,
            "type": type,
            "subject": subject,
            "time": text_of(moment),
            "actor": actor,
        }
        if unit is not None:
            event["unit"] = unit
        if authority is not None:
            event["authority"] = authority
        event["recordedtime"] = text_of(moment + 1 + len(self.told) % 9 + late)
        event["data"] = data
        self.told.append((moment, event))
        if at is None:
            self._tick()
        return key

    def _tick(self) -> None:
        self.now += 11
        minute = self.now % DAY
        if _NOON <= minute < _AFTERNOON:
            self.now += _AFTERNOON - minute
        elif minute >= _CLOSING:
            self.later()


def people_of(event: Data) -> Iterable[str]:
    """Return the actor and every participant who takes part."""
    yield event["actor"]
    for each in event["data"].get("participants", ()):
        if each["capacity"] not in ("observer", "attendee"):
            yield each["actor"]
