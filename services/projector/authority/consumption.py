"""
What was done under a grant, and what that leaves of its ceiling: sums as the judgement of every act finds them.

A use of a grant is an act that cites it or a grant made under it, or whose own answer rests on one of them. Sums are
kept for each type of act apart, as totals are (AUT-07): a contract signed does not use up what may be awarded.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.moments import LOCAL_ZONE
from projector.authority.answer import money
from projector.authority.drawn import acts_that_may_draw
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.judge import Judgement, Verdict
from projector.authority.load import load
from projector.authority.policy import DORMANT
from projector.authority.sources import Sources
from projector.authority.usage import Drawn, Uses, ceiling_currency, family_of
from projector.view import View

_LAST: Final = datetime.max.replace(tzinfo=LOCAL_ZONE)
_LAST_POSITION: Final = 2**63 - 1


class Use(Struct, frozen=True):
    """An act done under grants. `links` is the chain that its answer rests on, the grant exercised first; if any."""

    act: JudgedAct
    verdict: Verdict
    links: tuple[str, ...]

    @property
    def grants(self) -> set[str]:
        """Return the grants it uses by itself: the one it cites, and those its answer rests on."""
        return {*self.links, *((self.act.authority,) if self.act.authority is not None else ())}


class Done:
    """Everything done under some grants: the acts in the order of their positions, and the sums they add up to."""

    def __init__(self, acts: Iterable[Use], uses: Uses) -> None:
        self.acts = tuple(acts)
        self._uses = uses
        self._last: dict[str, datetime] = {}
        self._types: dict[str, dict[str, JudgedAct]] = {}
        for use in self.acts:
            for name in use.grants:
                self._last[name] = max(use.act.time, self._last.get(name, use.act.time))
            for name in use.links:
                # Of a contract and its supplements, the signing names the sum.
                self._types.setdefault(name, {}).setdefault(max(family_of(use.act.type)), use.act)

    def last_used(self, names: Iterable[str]) -> datetime | None:
        """Return when one of these grants was last used, None: never."""
        return max((self._last[name] for name in names if name in self._last), default=None)

    def drawn(self, grant: Grant, at: datetime) -> dict[str, Drawn]:
        """Return what acts drew on a grant up to a moment, that included, by type of act."""
        after_all = {"time": at, "known_from": _LAST, "position": _LAST_POSITION}
        return {
            type: self._uses.before(msgspec.structs.replace(act, type=type, **after_all), grant)
            for type, act in sorted(self._types.get(grant.name, {}).items())
        }


class Window(Struct, frozen=True, kw_only=True):
    """The time whose acts a total counts: from `starts` until before `ends` (null: without end)."""

    kind: Literal["term", "fiscal_year"]
    starts: datetime
    ends: datetime | None


class TypeUsed(Struct, frozen=True, kw_only=True):
    """What acts of one type drew. `headroom` is null without a total, or where something cannot be measured."""

    type: str
    used: str
    headroom: str | None


class Consumption(Struct, frozen=True, kw_only=True):
    """What was drawn on a grant, by itself and by all made under it, in the window of its total."""

    grant: str
    total: str | None
    currency: str
    basis: Literal["committed", "paid"]
    window: Window
    used: Annotated[
        str | None,
        Meta(description="by the type of act that drew most, each having the whole total; null: not asked for"),
    ]
    headroom: Annotated[str | None, Meta(description="what the total leaves of that; below zero where it is overdrawn")]
    measured: Annotated[
        bool, Meta(description="false: an act that drew on it cannot be measured, so `used` is a least")
    ]
    types: list[TypeUsed]


def done_under(view: View, names: Iterable[str]) -> Done:
    """Judge every act that may have drawn on grants or on those made under them, as known then and done by `as_of`."""
    judged = [(act, found) for act, found in _judged_under(view, names) if not act.withdrawn]
    uses = Uses(_payments(view, judged))
    for act, found in sorted(judged, key=lambda each: each[0].order):
        uses.add(act, _links(found))
    return Done((Use(act, found.verdict, tuple(link.name for link in _links(found))) for act, found in judged), uses)


def _judged_under(view: View, names: Iterable[str]) -> Iterator[tuple[JudgedAct, Judgement]]:
    types = [act.type for act in view.catalogue.acts.values() if act.needs_grant]
    with view.cache.lock:
        positions = acts_that_may_draw(Sources(view), types, names)
    for act, _, judgement in load(view, positions).judged():
        if _done_by_then(act, view):
            yield act, judgement


def _done_by_then(act: JudgedAct, view: View) -> bool:
    return view.asked.as_of is None or act.time <= view.asked.as_of


def _links(found: Judgement) -> tuple[Grant, ...]:
    return found.best.path.links if found.best is not None else ()


def _payments(view: View, judged: Iterable[tuple[JudgedAct, Judgement]]) -> list[JudgedAct]:
    """Return what was paid on the projects of acts by a grant whose total counts what is paid."""
    projects = {
        act.project
        for act, found in judged
        if any(link.delegation is not None and link.delegation.total_basis == "paid" for link in _links(found))
    }
    if not projects:
        return []
    with view.cache.lock:
        sources = Sources(view)
        found = sources.acts_found("payments_on", projects=sorted(each for each in projects if each is not None))
        return [act for act in found if _done_by_then(act, view)]


def has_total(grant: Grant) -> bool:
    return grant.delegation is not None and grant.delegation.ceiling_total is not None


def consumption(grant: Grant, done: Done | None, at: datetime) -> Consumption:
    """Say what was drawn on a grant up to a moment, that included; without `done`, only what it allows."""
    said = grant.delegation
    total = Decimal(said.ceiling_total) if said is not None and said.ceiling_total is not None else None
    drawn = done.drawn(grant, at) if done is not None else {}
    most = max(drawn.values(), key=lambda each: each.amount, default=Drawn())
    return Consumption(
        grant=grant.name,
        total=money(total),
        currency=ceiling_currency(grant),
        basis=(said.total_basis if said is not None else None) or "committed",
        window=_window(grant, at),
        used=money(most.amount) if done is not None else None,
        headroom=_headroom(total, most) if done is not None else None,
        measured=not any(each.unmeasured for each in drawn.values()),
        types=[
            TypeUsed(type=type, used=f"{each.amount:.2f}", headroom=_headroom(total, each))
            for type, each in drawn.items()
            if each.amount or each.unmeasured
        ],
    )


def idle_too_long(grant: Grant, used: datetime | None, facts: Facts, at: datetime) -> bool:
    """Say whether a grant's last use, or its start if nobody used it, is more than `aut.dormant` months back."""
    months = facts.policies.value(DORMANT, grant.unit, at)
    return months is not None and (used or grant.starts) < _months_before(at, int(months))


def _months_before(at: datetime, months: int) -> datetime:
    """Return the same day so many calendar months earlier, in local time; the last of its month where there is none."""
    local = at.astimezone(LOCAL_ZONE)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))


def _headroom(total: Decimal | None, drawn: Drawn) -> str | None:
    return None if total is None or drawn.unmeasured else f"{total - drawn.amount:.2f}"


def _window(grant: Grant, at: datetime) -> Window:
    if grant.delegation is None or grant.delegation.total_window != "fiscal_year":
        return Window(kind="term", starts=grant.starts, ends=grant.ends)
    year = at.astimezone(LOCAL_ZONE).year
    first, after = (datetime(each, 1, 1, tzinfo=LOCAL_ZONE) for each in (year, year + 1))
    return Window(kind="fiscal_year", starts=first, ends=after)
