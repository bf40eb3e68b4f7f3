"""From rows of the read model to facts. Lenient: what cannot be read is unknown, never guessed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from contracts.catalogue import Act, Catalogue
from contracts.payloads import AgencySign, AuthGrant, AuthVest, Payload
from projector.acts import term_end, term_start
from projector.authority.facts import (
    Acting,
    Agreement,
    Change,
    Employed,
    Ending,
    Exercised,
    Grant,
    JudgedAct,
    LinkSpan,
    MethodStated,
    Project,
    Term,
    UnitStated,
)

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
    role: str | None
    authority: str | None
    onbehalfof: str | None
    data: str | None
    corrected: bool = False
    ratified: bool = False


class LinkRow(Struct, frozen=True):
    """An `account.link`; `person` None: an `account.unlink`."""

    account: str
    person: str | None
    time: datetime
    known_from: datetime
    position: int

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        return self.time, self.known_from, self.position


class ActingRow(Struct, frozen=True):
    subject: str
    name: str
    position: int
    known_from: datetime
    asserted: bool
    time: datetime
    principal: str
    substitute: str
    grant_names: list[str]
    acts: list[str] | None
    ceiling_item: Decimal | None
    currency: str
    starts: datetime
    ends: datetime | None

    def ended(self, endings: Iterable["ActingEndRow"]) -> Acting:
        """Return the appointment with what ended it: a name is its subject's own."""
        own = [end for end in endings if (end.subject, end.name) == (self.subject, self.name)]
        return Acting(
            name=self.name,
            position=self.position,
            known_from=self.known_from,
            asserted=self.asserted,
            time=self.time,
            principal=self.principal,
            substitute=self.substitute,
            grants=tuple(self.grant_names),
            acts=tuple(self.acts) if self.acts is not None else None,
            ceiling_item=self.ceiling_item,
            currency=self.currency,
            starts=self.starts,
            ends=self.ends,
            endings=tuple(Ending(end.time, end.known_from, end.position) for end in own),
        )


class ActingEndRow(Struct, frozen=True):
    name: str
    subject: str
    time: datetime
    known_from: datetime
    position: int


class EmployerRow(Struct, frozen=True):
    person: str
    employer: str | None
    time: datetime
    known_from: datetime
    position: int

    def employed(self) -> Employed:
        return Employed(person=self.person, employer=self.employer, order=(self.time, self.known_from, self.position))


class StatementRow(Struct, frozen=True, kw_only=True):
    """One act that says something of a project; `units` only where it opens it."""

    project: str
    type: str
    time: datetime
    known_from: datetime
    position: int
    units: list[str] | None
    data: Mapping[str, Any]
    corrected: bool

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        return self.time, self.known_from, self.position


class UnitRow(Struct, frozen=True):
    unit: str
    parent: str | None
    time: datetime
    known_from: datetime
    position: int

    def stated(self) -> UnitStated:
        return UnitStated(self.unit, self.parent, (self.time, self.known_from, self.position))


class UnitGrantRow(Struct, frozen=True):
    """A grant that is a unit's, whoever made it."""

    unit: str
    name: str
    position: int
    known_from: datetime


class CorrectionRow(Struct, frozen=True):
    """A correction of the act at `corrected`, standing at `by`; `later`: known later than what it corrects."""

    corrected: int
    by: int
    void: bool
    fields: str
    known_from: datetime
    later: bool


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
        ratified=row.ratified,
        act_class=act.act_class if act is not None else "R",
        object=said.object if said is not None else None,
        refused=said is not None and said.result in ("fail", "revise"),
        people=_people(row, act, said),
        documents=frozenset(each.kind for each in said.documents if each.kind) if said is not None else frozenset(),
        contract=cast("str | None", getattr(said, "contract", None)),
        payment=cast("str | None", getattr(said, "payment", None)),
    )


def _people(row: ActRow, act: Act | None, said: Payload | None) -> tuple[Exercised, ...]:
    """Return everybody who took part in an act, in which duty; observers did not (contract §3, who counts)."""
    own = act.role if act is not None else ""
    listed = said.participants if said is not None else []
    function = next((each.function for each in listed if each.actor == row.actor), None)
    people = [Exercised(row.actor, role, function, "lead") for role in (own, row.role) if role]
    people += [
        Exercised(each.actor, each.role or own, each.function, each.capacity or "member")
        for each in listed
        if each.capacity not in ("observer", "attendee")
    ]
    return tuple(people)


def _content(row: ActRow, act: Act | None, fields: Mapping[str, Any]) -> Payload | None:
    """Return what the act says, as corrected. None: erased, or not readable."""
    if row.data is None:
        return None
    shape = act.payload if act is not None else Payload
    try:
        if fields:  # a correction that makes it unreadable corrects nothing
            return msgspec.convert({**msgspec.json.decode(row.data), **fields}, shape)
    except msgspec.ValidationError:
        pass
    try:
        return _decoder(shape).decode(row.data)
    except msgspec.ValidationError:
        return None


@cache
def _decoder(shape: type[Payload]) -> msgspec.json.Decoder[Payload]:
    return msgspec.json.Decoder(shape)


def _asked(actor: str, said: Payload | None) -> str | None:
    """Authority is asked of the actor alone; of the lead, where the actor is a system (contract §3, who counts)."""
    if not actor.startswith("system:"):
        return actor
    leads = [each.actor for each in said.participants if each.capacity == "lead"] if said is not None else []
    return leads[0] if leads else None


def grant(*, payload: str | None, is_root: bool, **columns: Any) -> Grant:
    said = cast("Any", _decoder(AuthVest if is_root else AuthGrant)).decode(payload) if payload is not None else None
    return Grant(payload=said, is_root=is_root, withdrawn=False, **columns)


def statement(*, data: str | None, **columns: Any) -> StatementRow:
    return StatementRow(data=msgspec.json.decode(data) if data is not None else {}, **columns)


class Present:
    """Leaves out what was withdrawn, and reads what was corrected as corrected."""

    def __init__(self, corrected: Mapping[int, Correction]) -> None:
        self._corrected = corrected

    def only(self, found: Iterable[T]) -> tuple[T, ...]:
        if not self._corrected:
            return tuple(found)
        return tuple(as_corrected for each in found if (as_corrected := self._read(each)) is not None)

    def or_withdrawn(self, grant: Grant) -> Grant:
        """A grant is never edited (contract §3, `auth.grant`): it can only be withdrawn."""
        correction = self._corrected.get(grant.position)
        if correction is None or not correction.void:
            return grant
        return msgspec.structs.replace(grant, withdrawn=True)

    def _read(self, row: T) -> T | None:
        correction = self._corrected.get(cast("Any", row).position)
        if correction is None or correction.void:
            return row if correction is None else None
        return cast("T", _recast(row, correction.fields))


def _recast(row: object, fields: Mapping[str, Any]) -> object:
    """Return a row as its act would have made it with these members replaced, as far as they can be read."""
    said = {name: value for name, value in fields.items() if isinstance(value, str)}
    match row:
        case Change():
            told = {name: said[name] for name in ("effective_at", "notified_at") if name in said}
            return msgspec.structs.replace(row, **{name: term_start(text, row.time) for name, text in told.items()})
        case Term():
            return _recast_term(row, said)
        case ActingRow():
            names = {name: said[name] for name in ("principal", "substitute") if name in said}
            starts = term_start(said["from"], row.time) if "from" in said else row.starts
            ends = term_end(said["until"]) if "until" in said else row.ends
            return msgspec.structs.replace(row, **names, starts=starts, ends=ends)
        case LinkRow():
            return msgspec.structs.replace(row, person=said.get("person", row.person))
        case _:
            return row


def _recast_term(row: Term, said: Mapping[str, str]) -> Term:
    """Whoever is relieved `until` a day had that day still (as the projection of terms has it)."""
    starts = term_start(said["from"], row.time) if "from" in said else row.starts
    ends = row.ends
    if "until" in said:
        last = term_end(said["until"])
        starts, ends = (last or starts, None) if row.is_end else (starts, last)
    who = said.get("person", row.person), said.get("post", row.post)
    return msgspec.structs.replace(row, person=who[0], post=who[1], starts=starts, ends=ends)


def spans(links: Iterable[LinkRow]) -> tuple[LinkSpan, ...]:
    """
    Return whose accounts were, from the unlink before a link (or ever) until the unlink after it (or still).

    Where two links claim one stretch, the first said holds.
    """
    by_account: dict[str, list[LinkRow]] = {}
    for row in sorted(links, key=lambda row: (row.account, row.order)):
        by_account.setdefault(row.account, []).append(row)
    found: dict[tuple[str, datetime | None, datetime | None], LinkSpan] = {}
    for account, said in by_account.items():
        for index, row in enumerate(said):
            starts = max((each.time for each in said[:index] if each.person is None), default=None)
            ends = min((each.time for each in said[index + 1 :] if each.person is None), default=None)
            empty = starts is not None and ends is not None and starts >= ends
            if row.person is not None and not empty:
                found.setdefault((account, starts, ends), LinkSpan(account, row.person, starts, ends))
    return tuple(found.values())


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


def by_project(stated: Iterable[StatementRow], corrected: Mapping[int, Correction]) -> dict[str, Project]:
    """Put together what acts say of each project, the later one over the earlier."""
    grouped: dict[str, list[StatementRow]] = {}
    for row in sorted(stated, key=lambda row: row.order):
        grouped.setdefault(row.project, []).append(row)
    return {name: _project(said, corrected) for name, said in grouped.items()}


def _project(stated: Sequence[StatementRow], corrected: Mapping[int, Correction]) -> Project:
    """Put together what acts say of one project, in their order."""
    units: set[str] = set()
    category = budget_project = closed = None
    methods: list[MethodStated] = []
    agreements: list[Agreement] = []
    for row in stated:
        correction = corrected.get(row.position)
        said = row.data if correction is None else {**row.data, **correction.fields}
        match row.type:
            case "project.open":
                units.update(row.units or ())
                category = _text(said.get("category")) or category
                budget_project = _text(said.get("budget_project")) or budget_project
            case "agency.sign":
                agreements += _agreement(row, said)
                continue
            case "project.close" | "file.archive":
                closed = closed or row.order
            case _:
                pass
        if (method := _text(said.get("method"))) is not None:
            methods.append(MethodStated(row.order, method))
    return Project(
        units=frozenset(units),
        category=category,
        methods=tuple(methods),
        budget_project=budget_project,
        closed=closed,
        agreements=tuple(agreements),
    )


def _agreement(row: StatementRow, said: Mapping[str, Any]) -> tuple[Agreement, ...]:
    try:
        terms = msgspec.convert(dict(said), AgencySign)
    except msgspec.ValidationError:
        return ()
    if terms.agency is None:
        return ()
    agreed = Agreement(
        agency=terms.agency,
        position=row.position,
        known_from=row.known_from,
        time=row.time,
        acts=tuple(terms.acts) if terms.acts is not None else None,
        starts=term_start(terms.valid_from, row.time),
        ends=term_end(terms.valid_until),
    )
    return (agreed,)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
