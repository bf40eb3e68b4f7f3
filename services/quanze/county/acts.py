"""Acts as CloudEvents, gathered into files. It knows how an act is written down, not what any act means."""

import json
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from quanze.county.clock import at, working_days_from

Data = dict[str, object]
"""A JSON object."""

_SYSTEMS = {
    "finance": ("budget", "pay", "payee", "bidsec", "perfsec", "retention"),
    "trading": ("intent", "notice", "doc", "single", "expert", "participant", "bid", "qual", "eval"),
    "asset": ("delivery", "accept", "asset"),
}
_SYSTEM_OF = {family: system for system, families in _SYSTEMS.items() for family in families}
_CLOSING_HOUR = 17


class Key(NamedTuple):
    """What names an act: its source and its id there."""

    source: str
    id: str


class Act(NamedTuple):
    key: Key
    time: datetime
    event: Data

    def line(self) -> str:
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":"))


class Stream:
    """
    The acts of one file, with a clock that only moves forward and keeps business hours.

    `actor`, `unit`, `time` and the rest of the envelope are given or taken from the stream; everything else is payload.
    """

    def __init__(self, code: str, start: str, *, minutes: int, system: str = "oa") -> None:
        self.code = code
        self.acts: list[Act] = []
        self.now = at(start)
        self._minutes = minutes
        self._system = system
        self._counts: dict[str, int] = {}

    @property
    def today(self) -> date:
        return self.now.date()

    def count(self, act: str) -> int:
        """Return how many such acts there are so far."""
        return self._counts.get(act, 0)

    def key(self, act: str) -> Key:
        """Return the key of an act already told, by type and number: `contract.sign.1`."""
        return next(told.key for told in self.acts if told.key.id == f"{self.code}.{act}")

    def on(self, day: str | date, hour: int = 9, minute: int | None = None) -> None:
        """Go to a moment of a working day, some minutes past the hour. Raises `ValueError` for one that has passed."""
        moment = at(day, hour, _spread(f"{self.code} {day}", 50) if minute is None else minute)
        if moment < self.now:
            raise ValueError(f"{self.code}: {moment} is before {self.now}")
        self.now = moment

    def later(self, working_days: int = 1) -> None:
        """Go to the morning of a working day to come."""
        self.on(working_days_from(self.today, working_days))

    def record(
        self,
        act: str,
        actor: str,
        subject: str,
        data: Data,
        *,
        unit: str | None = None,
        authority: str | None = None,
        onbehalfof: str | None = None,
        time: datetime | None = None,
        recorded: datetime | None = None,
    ) -> Key:
        """Write one act at `time` (absent: now, and the clock moves on) and return its key."""
        count = self._counts[act] = self.count(act) + 1
        system = _SYSTEM_OF.get(act.partition(".")[0], self._system)
        key = Key(f"urn:quanze:demo:{system}", f"{self.code}.{act}.{count}")
        when = time or self.now
        lag = timedelta(minutes=1 + _spread(key.id, 9))
        envelope: Data = {
            "specversion": "1.0",
            "id": key.id,
            "source": key.source,
            "type": act,
            "subject": subject,
            "time": when.isoformat(),
            "actor": actor,
            "unit": unit,
            "authority": authority,
            "onbehalfof": onbehalfof,
            "recordedtime": (recorded or when + lag).isoformat(),
            "datacontenttype": "application/json",
            "data": {name: value for name, value in data.items() if value is not None},
        }
        self.acts.append(Act(key, when, {name: value for name, value in envelope.items() if value is not None}))
        if time is None:
            self._tick(_spread(act, self._minutes))
        return key

    def lines(self) -> str:
        """Render the file: one act a line, in the order in which they happened."""
        return "".join(act.line() + "\n" for act in sorted(self.acts, key=lambda act: act.time))

    def _tick(self, more: int) -> None:
        self.now += timedelta(minutes=self._minutes + more)
        if self.now.hour == 12:  # lunch
            self.now = self.now.replace(hour=14, minute=0)
        elif self.now.hour >= _CLOSING_HOUR:
            self.later()


def _spread(text: str, minutes: int) -> int:
    """Return a number of minutes that looks like chance and is always the same."""
    return int(digest(text)[:4], 16) % minutes


def digest(text: str) -> str:
    """Return the SHA-256 of a text: stands for the document or account it names."""
    return sha256(text.encode()).hexdigest()


def money(yuan: int) -> str:
    return f"{yuan}.00"


def hand(actor: str, capacity: str = "member", function: str | None = None) -> Data:
    """Return one of the people of an act."""
    someone: Data = {"actor": actor, "capacity": capacity}
    return someone | ({"function": function} if function else {})
