"""
What has been drawn on a grant before an act: by itself, and by every grant made under it (AUT-07, domain §4.1).

An act draws on the grant it was done by and on all that rests on, whatever the verdict: money is committed either way.
Totals compare acts of one type, `contract.amend` with `contract.sign` (contract §3, authority).
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from contracts.moments import LOCAL_ZONE
from projector.authority.facts import Grant, JudgedAct

MEASURED: Final = frozenset(("plan.approve", "award.decide", "contract.sign", "contract.amend", "pay.approve"))
"""Acts that are about an amount: without one, what a ceiling says about them is unknown (contract §3, authority)."""

_COUNTS_AS: Final = {"contract.amend": "contract.sign"}


class Drawn(Struct, frozen=True):
    """A sum, and whether there is more that cannot be measured."""

    amount: Decimal = Decimal(0)
    unmeasured: bool = False


@dataclass
class _Series:
    """Sums after each act, in the order of the acts."""

    orders: list[tuple[datetime, datetime, int]] = field(default_factory=lambda: list[tuple[datetime, datetime, int]]())
    sums: list[Drawn] = field(default_factory=lambda: list[Drawn]())


class Uses:
    """What acts drew on grants. Acts are added in the order of a replay; any moment of it can then be asked for."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int | None], _Series] = {}

    def add(self, act: JudgedAct, grants: Iterable[Grant]) -> None:
        """Add an act and the grants it drew on. What was withdrawn, and what is not about money, draws nothing."""
        if act.withdrawn or (act.amount is None and not act.erased and act.type not in MEASURED):
            return
        for grant in grants:
            measured = act.amount if act.currency == ceiling_currency(grant) else None
            for year in (None, _fiscal_year(act.time)):
                series = self._series.setdefault((grant.name, _counts_as(act.type), year), _Series())
                last = series.sums[-1] if series.sums else Drawn()
                series.orders.append(act.order)
                series.sums.append(
                    Drawn(last.amount, True) if measured is None else Drawn(last.amount + measured, last.unmeasured)
                )

    def before(self, act: JudgedAct, grant: Grant) -> Drawn:
        """Return what acts counted with this one drew on a grant before it, within the window of its total."""
        said = grant.delegation
        year = _fiscal_year(act.time) if said is not None and said.total_window == "fiscal_year" else None
        series = self._series.get((grant.name, _counts_as(act.type), year))
        earlier = bisect_left(series.orders, act.order) if series is not None else 0
        return series.sums[earlier - 1] if series is not None and earlier else Drawn()


def family_of(act: str) -> frozenset[str]:
    """Return the acts that count towards one total with this one."""
    counted = _counts_as(act)
    return frozenset((counted, *(other for other, named in _COUNTS_AS.items() if named == counted)))


def ceiling_currency(grant: Grant) -> str:
    return (grant.delegation.currency if grant.delegation is not None else None) or "CNY"


def _counts_as(act: str) -> str:
    return _COUNTS_AS.get(act, act)


def _fiscal_year(at: datetime) -> int:
    """The fiscal year is the calendar year (预算法 §18), in local days."""
    return at.astimezone(LOCAL_ZONE).year
