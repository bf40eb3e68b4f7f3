"""
The life of a finding: open, disposed of, cured, and open again when what it was disposed by has lapsed.

Pure. Dispositions are acts (`finding.dispose`); the last one counts. What lapses reopens the finding by itself, on the
day after the last on which it held.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from contracts.moments import ends as end_of
from contracts.policy import business_date

Status = Literal["open", "acknowledged", "mitigated", "waived", "ratified", "cured", "false_positive"]
Disposition = Literal["acknowledged", "mitigated", "waived", "ratified", "false_positive", "referred"]

WARNED_DAYS: Final = 30
"""How long before a waiver or control ends the finding says so."""
CLOSED: Final[frozenset[Status]] = frozenset(("ratified", "cured", "false_positive"))
"""Nothing more is to be done about these."""


class Disposed(Struct, frozen=True, kw_only=True):
    """One `finding.dispose`. `until`: the last day on which it holds."""

    disposition: Disposition
    position: int
    time: datetime
    known_from: datetime
    actor: str
    reason: str | None = None
    control: str | None = None
    until: date | None = None
    due: date | None = None


class Control(Struct, frozen=True, kw_only=True):
    """A compensating control as registered: for which rules, on what, from when until the last day."""

    control: str
    rules: frozenset[str]
    covers: str
    starts: datetime
    until: date | None
    position: int
    time: datetime

    def serves(self, rule: str, things: Iterable[str]) -> bool:
        return rule in self.rules and self.covers in things


class Subject(Struct, frozen=True, kw_only=True):
    """What a finding's life depends on. `strict`: no control may stand in for it. `things`: what controls cover."""

    rule: str
    since: datetime
    cured: datetime | None
    ratified: bool
    strict: bool
    things: frozenset[str]


class Event(Struct, frozen=True, kw_only=True):
    """What happened to a finding, and by which act. `note`: why a disposition does not count, or what ended."""

    at: datetime
    status: Status
    position: int | None = None
    by: str | None = None
    disposition: Disposition | None = None
    note: str | None = None


class Life(Struct, frozen=True, kw_only=True):
    """
    Where a finding stands. `until`: the last day of what it was disposed by; `due`: by when somebody set it to be done.

    `lapsed`: it is open again since what it was disposed by ended.
    """

    status: Status
    closed: datetime | None
    until: date | None
    due: date | None
    lapsed: bool
    history: tuple[Event, ...]


def live(subject: Subject, disposed: Iterable[Disposed], controls: Sequence[Control], now: datetime) -> Life:
    """Return where a finding stands at a moment, and how it came there."""
    today = business_date(now)
    events = [Event(at=subject.since, status="open")]
    status: Status = "open"
    until: date | None = None
    due: date | None = None
    for each in sorted(disposed, key=lambda said: (said.time, said.known_from, said.position)):
        if until is not None and business_date(each.time) > until:
            events.append(_lapse(until))
            status, until = "open", None
        due = each.due or due
        taken, ends, why = _takes(each, subject, controls)
        if taken is not None:
            status, until = taken, ends
        events.append(
            Event(
                at=each.time,
                status=status,
                position=each.position,
                by=each.actor,
                disposition=each.disposition,
                note=why,
            )
        )
    lapsed = until is not None and until < today
    if until is not None and lapsed:
        events.append(_lapse(until))
        status, until = "open", None
    if subject.ratified and status not in CLOSED:
        status = "ratified"
        events.append(Event(at=events[-1].at, status=status, note="ratified"))
    if subject.cured is not None and status != "false_positive":
        status = "cured"
        events.append(Event(at=subject.cured, status=status))
    events.sort(key=lambda event: event.at)
    closed = events[-1].at if status in CLOSED else None
    if status in CLOSED:
        until, lapsed = None, False
    return Life(status=status, closed=closed, until=until, due=due, lapsed=lapsed, history=tuple(events))


def lapses_soon(until: date | None, today: date) -> bool:
    return until is not None and until - today <= timedelta(days=WARNED_DAYS)


def _takes(
    said: Disposed, subject: Subject, controls: Sequence[Control]
) -> tuple[Status | None, date | None, str | None]:
    """Return the status that a disposition brings and its last day, or why it brings none."""
    match said.disposition:
        case "acknowledged" | "referred":
            return "acknowledged", None, None
        case "ratified":
            return "ratified", None, None
        case "false_positive":
            return ("false_positive", None, None) if said.reason else (None, None, "no reason is given")
        case "waived":
            if not said.reason:
                return None, None, "a waiver gives its reason"
            return ("waived", said.until, None) if said.until else (None, None, "a waiver says until when it holds")
        case "mitigated":
            return _mitigates(said, subject, controls)


def _mitigates(
    said: Disposed, subject: Subject, controls: Sequence[Control]
) -> tuple[Status | None, date | None, str | None]:
    if subject.strict:
        return None, None, "no control may stand in for this rule"
    named = [each for each in controls if each.control == said.control and each.time <= said.time]
    serving = [each for each in named if each.serves(subject.rule, subject.things)]
    if not serving:
        why = f"no control {said.control} is registered for it" if said.control else "it names no control"
        return None, None, why
    ends = [day for day in (said.until, serving[-1].until) if day is not None]
    return ("mitigated", min(ends), None) if ends else (None, None, "the control has no end")


def _lapse(until: date) -> Event:
    return Event(at=end_of(until.isoformat()), status="open", note=f"what it was disposed by held until {until}")
