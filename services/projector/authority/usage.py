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
from typing import Final, Protocol

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

    def and_also(self, other: "Drawn") -> "Drawn":
        return Drawn(self.amount + other.amount, self.unmeasured or other.unmeasured)


@dataclass
class _Series:
    """Sums after each act, in the order of the acts."""

    orders: list[tuple[datetime, datetime, int]] = field(default_factory=lambda: list[tuple[datetime, datetime, int]]())
    sums: list[Drawn] = field(default_factory=lambda: list[Drawn]())

    def add(self, order: tuple[datetime, datetime, int], measured: Decimal | None) -> None:
        last = self.sums[-1] if self.sums else Drawn()
        self.orders.append(order)
        self.sums.append(
            Drawn(last.amount, True) if measured is None else Drawn(last.amount + measured, last.unmeasured)
        )

    def before(self, order: tuple[datetime, datetime, int]) -> Drawn:
        earlier = bisect_left(self.orders, order)
        return self.sums[earlier - 1] if earlier else Drawn()


class Draws(Protocol):
    """What acts drew on grants before another."""

    def before(self, act: JudgedAct, grant: Grant) -> Drawn:
        """Return what acts counted with this one drew on a grant before it, within the window of its total."""
        ...

    def exercised(self, act: JudgedAct, grant: Grant) -> list[JudgedAct]:
        """Return the acts of the same type that used a grant before this one and were not refused, in their order."""
        ...


class Uses(Draws):
    """
    What acts drew on grants. Acts are added in the order of a replay; any moment of it can then be asked for.

    `payments` are the acts that paid, for totals that count what was paid. `before` is what others drew already.
    """

    def __init__(self, payments: Iterable[JudgedAct] = (), before: Draws | None = None) -> None:
        self._before = before
        self._series: dict[tuple[str, str, int | None], _Series] = {}
        self._exercised: dict[tuple[str, str], list[JudgedAct]] = {}
        self._payments = sorted(payments, key=lambda act: act.order)

    def add(self, act: JudgedAct, grants: Iterable[Grant]) -> None:
        """Add an act and the grants it drew on. What was withdrawn, and what is not about money, draws nothing."""
        if act.withdrawn:
            return
        measured = act.amount is not None or act.erased or act.type in MEASURED
        for grant in grants:
            self._exercised.setdefault((grant.name, act.type), []).append(act)
            if measured:
                amount = act.amount if act.currency == ceiling_currency(grant) else None
                for year in _windows(act, grant):
                    self._series.setdefault((grant.name, _counts_as(act.type), year), _Series()).add(act.order, amount)

    def before(self, act: JudgedAct, grant: Grant) -> Drawn:
        own = self._own_before(act, grant)
        return own if self._before is None else own.and_also(self._before.before(act, grant))

    def _own_before(self, act: JudgedAct, grant: Grant) -> Drawn:
        said = grant.delegation
        year = fiscal_year(act.time) if said is not None and said.total_window == "fiscal_year" else None
        if said is not None and said.total_basis == "paid":
            return self._paid(act, grant, year)
        series = self._series.get((grant.name, _counts_as(act.type), year))
        return series.before(act.order) if series is not None else Drawn()

    def exercised(self, act: JudgedAct, grant: Grant) -> list[JudgedAct]:
        found = self._exercised.get((grant.name, act.type), ())
        earlier = self._before.exercised(act, grant) if self._before is not None else []
        return earlier + [each for each in found if each.order < act.order and not each.refused]

    def _paid(self, act: JudgedAct, grant: Grant, year: int | None) -> Drawn:
        """Sum what was paid before on what acts of this kind signed or approved by the grant."""
        done = [
            each
            for type in family_of(act.type)
            for each in self._exercised.get((grant.name, type), ())
            if each.order < act.order
        ]
        drawn = Drawn()
        for payment in self._payments:
            in_window = year is None or fiscal_year(payment.time) == year
            if payment.order < act.order and in_window and any(_settles(payment, each) for each in done):
                known = payment.amount is not None and payment.currency == ceiling_currency(grant)
                amount = payment.amount if known and payment.amount is not None else Decimal(0)
                drawn = Drawn(drawn.amount + amount, drawn.unmeasured or not known)
        return drawn


def _windows(act: JudgedAct, grant: Grant) -> list[int | None]:
    """Return the windows an act counts in: its fiscal year, and (None) the term of the grant if it falls in it."""
    in_term = grant.starts <= act.time and (grant.ends is None or act.time < grant.ends)
    return [fiscal_year(act.time), *((None,) if in_term else ())]


class PooledUses(Draws):
    """Several uses as one. Acts of one family that draw on the same grants are in one of them."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], Draws] = {}

    def add(self, uses: Draws, names: Iterable[str], family: Iterable[str]) -> None:
        """Add what acts of these types drew on these grants."""
        for type in family:
            for name in names:
                self._parts[name, type] = uses

    def holds(self, names: Iterable[str], act: JudgedAct) -> bool:
        return all((name, act.type) in self._parts for name in names)

    def before(self, act: JudgedAct, grant: Grant) -> Drawn:
        part = self._parts.get((grant.name, act.type))
        return part.before(act, grant) if part is not None else Drawn()

    def exercised(self, act: JudgedAct, grant: Grant) -> list[JudgedAct]:
        part = self._parts.get((grant.name, act.type))
        return part.exercised(act, grant) if part is not None else []


def _settles(payment: JudgedAct, act: JudgedAct) -> bool:
    """Whether a payment pays for what an act decided: the same payment or contract, else anything on the project."""
    if payment.project != act.project:
        return False
    if act.payment is not None:
        return payment.payment == act.payment
    return act.contract is None or payment.contract == act.contract


def family_of(act: str) -> frozenset[str]:
    """Return the acts that count towards one total with this one."""
    counted = _counts_as(act)
    return frozenset((counted, *(other for other, named in _COUNTS_AS.items() if named == counted)))


def ceiling_currency(grant: Grant) -> str:
    return (grant.delegation.currency if grant.delegation is not None else None) or "CNY"


def may_be_summed(act: JudgedAct) -> bool:
    """Whether an act is about an amount, states it, and stands as it was recorded, in a shape that was checked then."""
    return act.type in MEASURED and act.amount is not None and not act.withdrawn and not act.erased


def _counts_as(act: str) -> str:
    return _COUNTS_AS.get(act, act)


def fiscal_year(at: datetime) -> int:
    """Return the fiscal year of a moment: it is the calendar year (预算法 §18), in local days."""
    return at.astimezone(LOCAL_ZONE).year
