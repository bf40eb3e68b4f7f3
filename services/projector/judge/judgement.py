"""What a judge says of one thing: the common form of rules, pairs and failures of authority."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from contracts.grades import Severity
from projector.judge.rule import Result

Basis = Literal["PERFORMED", "HELD", "VESTED"]


class Ratified(Struct, frozen=True):
    """By which act something was ratified, when and by whom."""

    position: int
    time: datetime
    by: str


class Judgement(Struct, frozen=True, kw_only=True):
    """
    What one rule says of one thing.

    `key` tells the things of one project (or unit) apart for that rule. `since`: when the fault, or the question, came
    about; `cured`: when it was made good. `due`: the day by which something was, or is, to be done. `judged`: the act
    it is about. Of PASS only what is still awaited is kept. `severity` None: that of the rule's card. `grant`: it is
    about that grant, whatever project it shows on. `ratified`: whoever could has ratified the act.
    """

    rule: str
    project: str | None
    unit: str | None = None
    key: str
    result: Result
    severity: Severity | None = None
    basis: Basis | None = None
    since: datetime
    cured: datetime | None = None
    due: date | None = None
    judged: int | None = None
    persons: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()
    computed: Mapping[str, Any]
    grant: str | None = None
    ratified: Ratified | None = None
