"""
The state of a project: its stage and what has been budgeted, awarded, contracted, accepted and paid.

Acts add up: each carries its own increment, but an adjustment of the budget is the new total. An act that was
withdrawn, or whose result is `fail` or `revise`, changes nothing. Nothing recorded is None, not zero.
"""

import re
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contracts.catalogue import STAGES_OUTSIDE_PAIRS

Money = Annotated[str | None, Meta(description="a decimal string with two places; null: nothing recorded")]


class State(Struct, frozen=True, kw_only=True):
    """
    A project after an act. `contract` holds its supplements too.

    `currency` is that of the first amount; acts in another one do not add to these sums.
    """

    stage: str | None = None
    currency: str | None = None
    budget: Money = None
    award: Money = None
    contract: Money = None
    accepted: Money = None
    paid: Money = None


class Step(Struct, frozen=True, kw_only=True):
    """What of an act changes the state."""

    type: str
    stage: str
    amount: Decimal | None = None
    currency: str = "CNY"
    result: str | None = None


_SUMS: Final = {
    "budget.approve": "budget",
    "budget.adjust": "budget",
    "award.decide": "award",
    "contract.sign": "contract",
    "contract.amend": "contract",
    "accept.perform": "accepted",
    "pay.execute": "paid",
}
_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", re.ASCII)
BESIDE_THE_LINE: Final = STAGES_OUTSIDE_PAIRS | {"DISCLOSURE", "REMEDY", "UNKNOWN"}
"""Stages that accompany a project: a notice or a challenge does not move it on."""


def after(state: State, step: Step) -> State:
    """Return the state after an act that counts."""
    changes: dict[str, str] = {}
    if step.stage not in BESIDE_THE_LINE:
        changes["stage"] = step.stage
    name = _SUMS.get(step.type)
    adds_up = step.result not in ("fail", "revise") and state.currency in (None, step.currency)
    if name is not None and step.amount is not None and adds_up:
        before = Decimal(0) if step.type == "budget.adjust" else Decimal(getattr(state, name) or 0)
        changes |= {"currency": step.currency, name: f"{before + step.amount:.2f}"}
    return msgspec.structs.replace(state, **changes)


def amount_of(text: object) -> Decimal | None:
    """Read an amount. What is no amount, as a member of a correction may be, is none."""
    return Decimal(text) if isinstance(text, str) and _AMOUNT.fullmatch(text) is not None else None
