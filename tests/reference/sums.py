"""Amounts, ceilings and what was drawn before (docs/authority.md, "Totals")."""

from decimal import Decimal
from typing import Final, Literal

from contracts.moments import LOCAL_ZONE
from tests.reference.known import Act, Grant
from tests.reference.ways import Way
from tests.reference.world import World

MEASURED: Final = ("plan.approve", "award.decide", "contract.sign", "contract.amend", "pay.approve")


def amount_of(act: Act) -> Decimal | Literal["unknown"] | None:
    """An act's amount in CNY. One without is not measured (None), unless its kind always has one."""
    said = act.data.get("amount")
    if said is None:
        return "unknown" if act.type in MEASURED else None
    return Decimal(said) if act.data.get("currency", "CNY") == "CNY" else "unknown"


def smallest_ceiling(way: Way) -> Decimal | None:
    said = [link.act.data.get("ceiling_item") for link in way.links]
    if way.appointment is not None:
        said.append(way.appointment.data.get("ceiling_item"))
    return min((Decimal(each) for each in said if each is not None), default=None)


def kind_of_total(type: str) -> str:
    """Acts of one type are compared; a supplement counts with the contracts."""
    return "contract.sign" if type == "contract.amend" else type


def used_before(world: World, act: Act, link: Grant) -> tuple[Decimal, bool]:
    """What acts before drew on a link within its window, and whether all of it could be measured."""
    total, all_measured = Decimal(0), True
    for each in world.known.before(act):
        best = world.best_way(each) if kind_of_total(each.type) == kind_of_total(act.type) else None
        if best is not None and link in best.links and in_window(link, each, act):
            amount = amount_of(each)
            if amount == "unknown":
                all_measured = False
            else:
                total += amount or 0
    return total, all_measured


def in_window(link: Grant, each: Act, act: Act) -> bool:
    if link.act.data.get("total_window") == "fiscal_year":
        return each.time.astimezone(LOCAL_ZONE).year == act.time.astimezone(LOCAL_ZONE).year
    return link.starts <= each.time < link.ends
