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
from projector.authority.said import Said, both_at

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
    detail: Said
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


CHANGES_ZH: Final = {"suspend": "中止", "revoke": "撤销", "superseded": "取代", "resume": "恢复", "accept": "接受"}
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
        Mark(
            "UNDETERMINED",
            "AUT-04",
            grant.name,
            Said(f"其{CHANGES_ZH[change.kind]}的生效时间已被删除", f"when its {change.kind} took effect was erased"),
        )
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
    since = both_at(first)
    detail = Said(
        f"其恢复自 {since.zh} 起方为人所知，在行为之后",
        f"its resumption was known only from {since.en}, after the act",
    )
    return Mark(result, "AUT-04", grant.name, detail)


def _ended_how(change: Change, at: datetime) -> Said:
    since = both_at(change.effective_at)
    if change.kind == "superseded":
        return Said(f"自 {since.zh} 起被 {change.by} 取代", f"superseded by {change.by} from {since.en}")
    told = change.notified_at is not None and change.notified_at <= at
    silent = (
        Said("", "") if told else Said("；届时未见通知被授权人的记录", "; no notice to the grantee by then is recorded")
    )
    return Said(
        f"自 {since.zh} 起由 {change.by} {CHANGES_ZH[change.kind]}{silent.zh}",
        f"{_STATES[change.kind]} by {change.by} from {since.en}{silent.en}",
    )


def _not_known_then(change: Change) -> Said:
    since, known = both_at(change.effective_at), both_at(change.known_from)
    told = Said("", "")
    if change.notified_at is not None and change.notified_at < change.known_from:
        at = both_at(change.notified_at)
        told = Said(f"；被授权人已于 {at.zh} 得到通知", f"; the grantee had been notified at {at.en}")
    return Said(
        f"自 {since.zh} 起{CHANGES_ZH[change.kind]}，但自 {known.zh} 起方为人所知，在行为之后{told.zh}",
        f"{_STATES[change.kind]} from {since.en}, which was known only from {known.en}, after the act{told.en}",
    )
