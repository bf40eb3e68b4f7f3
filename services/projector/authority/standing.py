"""
What a grant was at a moment: live, suspended, revoked, superseded. By what was known then, with a note where what is
known now differs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from contracts.moments import LOCAL_ZONE, parse_day
from projector.authority.facts import Change, Facts, Grant

Result = Literal["FAIL", "UNDETERMINED", "LATE", "FAULT", "NOTE"]
State = Literal["live", "not_yet_effective", "expired", "suspended", "revoked", "superseded", "withdrawn", "unknown"]


class Mark(Struct, frozen=True):
    """
    One remark: what `code` says of `grant`. `axis` names the part of the scope that leaves the act out.

    UNDETERMINED: what it would need is unknown. LATE: in order, but recorded within the tolerance only. FAULT: the
    grant itself has a fault that does not undo what is done within it. NOTE: worth knowing, changes nothing.
    """

    result: Result
    code: str
    grant: str | None
    detail: str
    axis: str | None = None


class Tolerance(Struct, frozen=True):
    """
    Until when what was recorded after an act still counts as recorded late (policy row `aut.late_grant`).

    Surely before `sure`, surely not from `perhaps` on. They differ only where the calendar of working days is unknown.
    """

    sure: datetime
    perhaps: datetime

    def judges(self, known_from: datetime) -> Literal["LATE", "UNDETERMINED", "FAIL"]:
        if known_from < self.sure:
            return "LATE"
        return "UNDETERMINED" if known_from < self.perhaps else "FAIL"


class Standing(Struct, frozen=True):
    """The state of a grant at a moment, and the marks it leaves on an act done then."""

    state: State
    marks: tuple[Mark, ...] = ()


_STATES: Final[dict[str, State]] = {"suspend": "suspended", "revoke": "revoked", "superseded": "superseded"}


def standing(grant: Grant, at: datetime, facts: Facts, tolerance: Tolerance) -> Standing:
    """
    Return what a grant was at a moment, by what was known then.

    A revocation bites from its effective moment in what is known later: an act done before it was known keeps its
    verdict, with a note. A suspension whose end was known only later counts like a grant recorded late.
    """
    if grant.withdrawn or grant.payload is None:
        return Standing("withdrawn" if grant.withdrawn else "unknown")
    changes = facts.turns_of(grant.name)
    if not changes:
        return Standing(_in_term(grant, at))
    known = [change for change in changes if change.known_from <= at]
    then, now = blocked_by(known, at), blocked_by(changes, at)
    if then is not None:
        resumed = then.kind == "suspend" and (now is None or now.kind != "suspend")
        mark = _resumed_later(grant, changes, at, tolerance) if resumed else None
        failed = Mark("FAIL", "AUT-04", grant.name, _ended_how(then, at))
        return Standing(_STATES[then.kind], (mark or failed,))
    marks = [
        Mark("UNDETERMINED", "AUT-04", grant.name, f"when its {change.kind} took effect was erased")
        for change in known
        if change.effective_at is None and change.kind in _STATES
    ]
    if now is not None:
        marks.append(Mark("NOTE", "AUT-04", grant.name, _not_known_then(now)))
    return Standing(_in_term(grant, at), tuple(marks))


def state_then(grant: Grant, at: datetime, facts: Facts) -> State:
    """Return what a grant was at a moment, by what was known then."""
    if grant.withdrawn or grant.payload is None:
        return "withdrawn" if grant.withdrawn else "unknown"
    return _state(grant, at, [change for change in facts.turns_of(grant.name) if change.known_from <= at])


def standing_now(grant: Grant, at: datetime, facts: Facts) -> State:
    """Return what a grant was at a moment, by all that is known."""
    if grant.withdrawn or grant.payload is None:
        return "withdrawn" if grant.withdrawn else "unknown"
    return _state(grant, at, facts.turns_of(grant.name))


def blocked_by(changes: Sequence[Change], at: datetime) -> Change | None:
    """Return the change that keeps a grant from being live at a moment: a revocation is final, a suspension is not."""
    effective = sorted(
        (change for change in changes if change.effective_at is not None and change.effective_at <= at),
        key=lambda change: (change.effective_at, change.known_from, change.position),
    )
    final = next((change for change in effective if change.kind in ("revoke", "superseded")), None)
    if final is not None:
        return final
    last = next((change for change in reversed(effective) if change.kind in ("suspend", "resume")), None)
    return last if last is not None and last.kind == "suspend" else None


def made_by(grant: Grant, at: datetime) -> bool:
    """Say whether a grant was made no later than a moment: by its own time, and by the date on its paper."""
    paper = grant.delegation.instrument if grant.delegation is not None else None
    dated = paper is None or paper.date is None or parse_day(paper.date) <= at.astimezone(LOCAL_ZONE).date()
    return grant.time <= at and dated


def said_at(moment: datetime) -> str:
    """Write a moment as people here do: in local time."""
    return moment.astimezone(LOCAL_ZONE).isoformat()


def _state(grant: Grant, at: datetime, changes: Sequence[Change]) -> State:
    blocked = blocked_by(changes, at) if changes else None
    return _STATES[blocked.kind] if blocked is not None else _in_term(grant, at)


def _in_term(grant: Grant, at: datetime) -> State:
    if at < grant.starts:
        return "not_yet_effective"
    return "live" if grant.ends is None or at < grant.ends else "expired"


def _resumed_later(grant: Grant, changes: Sequence[Change], at: datetime, tolerance: Tolerance) -> Mark | None:
    """The resumption that made it live before the act, but was known only after it. None: too late to count."""
    resumes = [
        change
        for change in changes
        if change.kind == "resume"
        and change.time <= at < change.known_from
        and change.effective_at is not None
        and change.effective_at <= at
    ]
    first = min((change.known_from for change in resumes), default=None)
    result = tolerance.judges(first) if first is not None else "FAIL"
    if first is None or result == "FAIL":
        return None
    return Mark(result, "AUT-04", grant.name, f"its resumption was known only from {said_at(first)}, after the act")


def _ended_how(change: Change, at: datetime) -> str:
    since = said_at(change.effective_at) if change.effective_at is not None else "an erased date"
    if change.kind == "superseded":
        return f"superseded by {change.by} from {since}"
    told = change.notified_at is not None and change.notified_at <= at
    return f"{_STATES[change.kind]} by {change.by} from {since}" + (
        "" if told else "; no notice to the grantee by then is recorded"
    )


def _not_known_then(change: Change) -> str:
    since = said_at(change.effective_at) if change.effective_at is not None else "an erased date"
    told = ""
    if change.notified_at is not None and change.notified_at < change.known_from:
        told = f"; the grantee had been notified at {said_at(change.notified_at)}"
    known = said_at(change.known_from)
    return f"{_STATES[change.kind]} from {since}, which was known only from {known}, after the act{told}"
