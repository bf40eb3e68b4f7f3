"""From rows of the read model to facts. Lenient: what cannot be read is unknown, never guessed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from contracts.catalogue import Act, Catalogue
from contracts.payloads import AuthGrant, AuthVest, Payload
from projector.authority.facts import Acting, Change, Ending, Grant, JudgedAct, MethodStated, Project, UnitStated

T = TypeVar("T")


class ActRow(Struct, frozen=True):
    position: int
    type: str
    time: datetime
    known_from: datetime
    asserted: bool
    subject: str
    project: str | None
    unit: str | None
    actor: str
    authority: str | None
    onbehalfof: str | None
    data: str | None


class ProjectRow(Struct, frozen=True):
    """One act that says something of a project; `units` only where it opens it."""

    project: str
    time: datetime
    known_from: datetime
    position: int
    units: list[str] | None
    category: str | None
    method: str | None


class UnitRow(Struct, frozen=True):
    unit: str
    parent: str | None
    time: datetime
    known_from: datetime
    position: int

    def stated(self) -> UnitStated:
        return UnitStated(self.unit, self.parent, (self.time, self.known_from, self.position))


class Correction(Struct, frozen=True):
    """What the corrections in force make of one act: withdrawn, or some members replaced."""

    void: bool = False
    fields: Mapping[str, Any] = {}

    def and_then(self, void: bool, fields: Mapping[str, Any]) -> "Correction":
        return Correction(self.void or void, {**self.fields, **fields})


def judged_act(row: ActRow, catalogue: Catalogue, correction: Correction) -> JudgedAct:
    act = catalogue.acts.get(row.type)
    said = _content(row, act, correction.fields)
    return JudgedAct(
        position=row.position,
        type=row.type,
        stage=act.stage if act is not None else "UNKNOWN",
        needs_grant=act is not None and act.needs_grant,
        decided_outside=act is not None and act.decided_outside,
        time=row.time,
        known_from=row.known_from,
        asserted=row.asserted,
        subject=row.subject,
        project=row.project,
        unit=row.unit or (row.subject if row.subject.startswith("unit:") else None),
        actor=row.actor,
        asked=_asked(row.actor, said),
        authority=row.authority,
        onbehalfof=row.onbehalfof,
        amount=Decimal(said.amount) if said is not None and said.amount is not None else None,
        currency=(said.currency if said is not None else None) or "CNY",
        method=cast("str | None", getattr(said, "method", None)),
        categories=tuple(item.category for item in said.items if item.category) if said is not None else (),
        erased=said is None,
        withdrawn=correction.void,
    )


def _content(row: ActRow, act: Act | None, fields: Mapping[str, Any]) -> Payload | None:
    """Return what the act says, as corrected. None: erased, or not readable."""
    if row.data is None:
        return None
    said = msgspec.json.decode(row.data)
    for document in ({**said, **fields}, said):  # a correction that makes it unreadable corrects nothing
        try:
            return msgspec.convert(document, act.payload if act is not None else Payload)
        except msgspec.ValidationError:
            continue
    return None


def _asked(actor: str, said: Payload | None) -> str | None:
    """Authority is asked of the actor alone; of the lead, where the actor is a system (contract §3, who counts)."""
    if not actor.startswith("system:"):
        return actor
    leads = [each.actor for each in said.participants if each.capacity == "lead"] if said is not None else []
    return leads[0] if leads else None


def grant(*, payload: str | None, is_root: bool, **columns: Any) -> Grant:
    said = msgspec.json.decode(payload, type=AuthVest if is_root else AuthGrant) if payload is not None else None
    return Grant(payload=said, is_root=is_root, withdrawn=False, **columns)


def acting(
    *,
    grants: list[str],
    acts: list[str] | None,
    times: list[datetime] | None,
    knowns: list[datetime] | None,
    positions: list[int] | None,
    **columns: Any,
) -> Acting:
    endings = tuple(map(Ending, times or (), knowns or (), positions or ()))
    return Acting(grants=tuple(grants), acts=tuple(acts) if acts is not None else None, endings=endings, **columns)


class Present:
    """Leaves out what was withdrawn."""

    def __init__(self, corrected: Mapping[int, Correction]) -> None:
        self._withdrawn = {position for position, correction in corrected.items() if correction.void}

    def only(self, found: Iterable[T]) -> tuple[T, ...]:
        return tuple(each for each in found if cast("Any", each).position not in self._withdrawn)

    def or_withdrawn(self, grant: Grant) -> Grant:
        return msgspec.structs.replace(grant, withdrawn=grant.position in self._withdrawn)

    def with_endings(self, acting: Acting) -> Acting:
        return msgspec.structs.replace(acting, endings=self.only(acting.endings))


def by_name(grants: Iterable[Grant]) -> dict[str, Grant]:
    """Return one grant a name: the first recorded that was not withdrawn, else the first."""
    named: dict[str, Grant] = {}
    for each in grants:
        if each.name not in named or (named[each.name].withdrawn and not each.withdrawn):
            named[each.name] = each
    return named


def by_grant(changes: Iterable[Change]) -> dict[str, tuple[Change, ...]]:
    found: dict[str, tuple[Change, ...]] = {}
    for change in changes:
        found[change.grant] = (*found.get(change.grant, ()), change)
    return found


def by_project(stated: Iterable[ProjectRow], corrected: Mapping[int, Correction]) -> dict[str, Project]:
    """Put together what acts say of each project, the later one over the earlier."""
    found: dict[str, Project] = {}
    for row in stated:
        before = found.get(row.project) or Project(units=frozenset(), category=None, methods=())
        said = {"method": row.method, "category": row.category} | dict(corrected.get(row.position, Correction()).fields)
        category, method = said["category"], said["method"]
        order = row.time, row.known_from, row.position
        found[row.project] = Project(
            units=before.units | frozenset(row.units or ()),
            category=category if row.units is not None and isinstance(category, str) else before.category,
            methods=(*before.methods, MethodStated(order, method)) if isinstance(method, str) else before.methods,
        )
    return found
