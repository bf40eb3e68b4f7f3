"""
The life of a finding: open, disposed of, cured, and open again when what it was disposed by has lapsed.

Pure. Dispositions are acts (`finding.dispose`); the last one counts. What lapses reopens the finding by itself, on the
day after the last on which it held.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from contracts.policy import business_date
from projector.judge.judgement import Ratified

Status = Literal["open", "acknowledged", "mitigated", "waived", "ratified", "cured", "false_positive"]
Disposition = Literal["acknowledged", "mitigated", "waived", "ratified", "false_positive", "referred"]

WARNED_DAYS: Final = 30
"""How long before a waiver or control ends the finding says so."""
CLOSED: Final[frozenset[Status]] = frozenset(("ratified", "cured", "false_positive"))
"""Nothing more is to be done about these."""


class Disposed(Struct, frozen=True, kw_only=True):
    """One `finding.dispose`. `ends`: the first moment at which it holds no more."""

    disposition: Disposition
    position: int
    time: datetime
    known_from: datetime
    actor: str
    reason: str | None = None
    control: str | None = None
    ends: datetime | None = None
    due: date | None = None


class Control(Struct, frozen=True, kw_only=True):
    """A compensating control as registered: for which rules, on what, from when until before when."""

    control: str
    rules: frozenset[str]
    covers: str
    starts: datetime
    ends: datetime | None
    position: int
    time: datetime

    def serves(self, rule: str, things: Iterable[str]) -> bool:
        return rule in self.rules and self.covers in things


class Subject(Struct, frozen=True, kw_only=True):
    """What a finding's life depends on. `strict`: no control may stand in for it. `things`: what controls cover."""

    rule: str
    since: datetime
    cured: datetime | None
    ratified: Ratified | None
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
    events = [Event(at=subject.since, status="open")]
    status: Status = "open"
    ends: datetime | None = None
    due: date | None = None
    for each in sorted(disposed, key=lambda said: (said.time, said.known_from, said.position)):
        if ends is not None and each.time >= ends:
            events.append(_lapse(ends))
            status, ends = "open", None
        due = each.due or due
        taken, stops, why = _takes(each, subject, controls)
        if taken is not None:
            status, ends = taken, stops
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
    lapsed = ends is not None and ends <= now
    if ends is not None and lapsed:
        events.append(_lapse(ends))
        status, ends = "open", None
    if subject.ratified is not None and status not in CLOSED:
        status, by = "ratified", subject.ratified
        events.append(Event(at=by.time, status=status, position=by.position, by=by.by))
    if subject.cured is not None and status != "false_positive":
        status = "cured"
        events.append(Event(at=subject.cured, status=status))
    events.sort(key=lambda event: event.at)
    closed = events[-1].at if status in CLOSED else None
    if status in CLOSED:
        ends, lapsed = None, False
    return Life(status=status, closed=closed, until=last_day(ends), due=due, lapsed=lapsed, history=tuple(events))


def lapses_soon(until: date | None, today: date) -> bool:
    return until is not None and until - today <= timedelta(days=WARNED_DAYS)


def _takes(
    said: Disposed, subject: Subject, controls: Sequence[Control]
) -> tuple[Status | None, datetime | None, str | None]:
    """Return the status that a disposition brings and when it ends, or why it brings none."""
    reason = (said.reason or "").strip()
    if said.ends is not None and said.ends <= said.time:
        return "open", None, "it had ended before it was made"
    match said.disposition:
        case "acknowledged" | "referred":
            return "acknowledged", None, None
        case "ratified":
            return "ratified", None, None
        case "false_positive":
            return ("false_positive", None, None) if reason else (None, None, "no reason is given")
        case "waived":
            if not reason:
                return None, None, "a waiver gives its reason"
            return ("waived", said.ends, None) if said.ends else (None, None, "a waiver says until when it holds")
        case "mitigated":
            return _mitigates(said, subject, controls)


def _mitigates(
    said: Disposed, subject: Subject, controls: Sequence[Control]
) -> tuple[Status | None, datetime | None, str | None]:
    if subject.strict:
        return None, None, "no control may stand in for this rule"
    named = [each for each in controls if each.control == said.control and each.time <= said.time]
    serving = [each for each in named if each.serves(subject.rule, subject.things)]
    if not serving:
        why = f"no control {said.control} is registered for it" if said.control else "it names no control"
        return None, None, why
    ends = [moment for moment in (said.ends, serving[-1].ends) if moment is not None]
    if not ends:
        return None, None, "the control has no end"
    return ("mitigated", min(ends), None) if min(ends) > said.time else (None, None, "the control had ended")


def last_day(ends: datetime | None) -> date | None:
    """Return the last day of what ends at a moment, which may still be part of it."""
    return business_date(ends - _INSTANT) if ends is not None else None


_INSTANT: Final = timedelta(microseconds=1)


def _lapse(ends: datetime) -> Event:
    return Event(at=ends, status="open", note=f"what it was disposed by held until {last_day(ends)}")
