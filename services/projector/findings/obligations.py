"""What is due and overdue in a unit, by the rules that set a day for it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from contracts.grades import Severity
from contracts.policy import business_date
from edge.database import statement
from edge.paging import read_cursor, write_cursor
from projector.authority.sources import Sources
from projector.findings.show import judged_upto
from projector.judge.card import Card
from projector.judge.rule import Bilingual
from projector.view import View

_PACKAGE: Final = "projector.findings"
_DUE_SOON: Final = "ddl.due_soon"


class Obligation(Struct, frozen=True, kw_only=True):
    """Something to be done by `due`. `due_soon`: within the days of policy row `ddl.due_soon`."""

    rule: str
    title: Bilingual
    severity: Severity
    project: str | None
    unit: str | None
    due: date
    overdue: bool
    due_soon: bool
    days_left: Annotated[int, Meta(description="calendar days; negative: overdue by so many")]
    opened_by: Annotated[int | None, Meta(description="position of the act that asks for it")]
    evidence: list[int]
    computed: Mapping[str, Any]
    citation: str


class Obligations(Struct, frozen=True, kw_only=True):
    """A page of what is due, the most urgent first, and the moments it stands for."""

    unit: str
    as_of: datetime
    known_at: datetime
    position: int
    items: list[Obligation]
    next: str | None


_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def list_obligations(view: View, unit: str, cards: Mapping[str, Card], limit: int, cursor: str | None) -> Obligations:
    """Return a page of what a unit has to do."""
    place = read_cursor(cursor, str, str, str, str)
    today = business_date(view.stand.as_of)
    soon_days = Sources(view).policies(frozenset((unit,))).value(_DUE_SOON, unit, view.stand.as_of)
    given: dict[str, Any] = {"log_id": view.log_id, "unit": unit, "today": today, "limit": limit + 1}
    given["soon_days"] = soon_days
    given |= dict(zip(("due", "scope", "rule", "key"), place or (None, "", "", ""), strict=True))
    rows = view.connection.execute(statement(_PACKAGE, "obligations"), given, prepare=False).fetchall()
    items: list[Obligation] = []
    last: tuple[str, str, str, str] = ("", "", "", "")
    for scope, rule, key, project, of_unit, due, judged, evidence, computed, soon in rows[:limit]:
        card = cards[rule]
        last = due.isoformat(), scope, rule, key
        items.append(
            Obligation(
                rule=rule,
                title=card.title,
                severity=card.severity,
                project=project,
                unit=of_unit or unit,
                due=due,
                overdue=due < today,
                due_soon=not due < today and soon is not None and due <= soon,
                days_left=(due - today).days,
                opened_by=judged,
                evidence=list(evidence),
                computed=_decode(computed),
                citation=card.citation,
            )
        )
    stand = view.stand
    return Obligations(
        unit=unit,
        as_of=stand.as_of,
        known_at=stand.known_at,
        position=judged_upto(view),
        items=items,
        next=write_cursor(*last) if len(rows) > limit else None,
    )
