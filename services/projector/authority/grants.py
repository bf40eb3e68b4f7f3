"""The register of grants: what each gives, what it rests on, what rests on it, and which acts rely on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.payloads import Instrument, Scope
from edge.paging import Page, page
from projector.authority.answer import Ceiling, Kind, Known, TermOf, ceiling_of, kind_of, known_by, term_of
from projector.authority.chain import climb
from projector.authority.facts import Facts, Grant
from projector.authority.load import load_grants
from projector.authority.standing import State, standing_now
from projector.errors import Unknown
from projector.view import View

Status = Literal["live", "ended"]


class GrantSaid(Struct, frozen=True, kw_only=True):
    """A root or a delegation as recorded. `grantee` is the holder of a root."""

    grant: str
    kind: Kind | None
    parent: str | None
    grantor: str | None
    grantee: str | None
    unit: str | None
    scope: Scope | None
    ceiling: Ceiling | None
    term: TermOf
    sub_delegable: bool | None
    sub_depth: int | None
    conditions: list[str]
    instrument: Instrument | None
    status: Annotated[State, Meta(description="of the grant itself, at `as_of`")]
    live: Annotated[bool, Meta(description="whether it and everything it rests on is live at `as_of`")]
    position: int
    known_from: datetime
    known: Known


class Grants(Struct, frozen=True, kw_only=True):
    """A page of grants."""

    items: Sequence[GrantSaid]
    next: str | None
    as_of: datetime
    known_at: datetime
    position: int


class GrantEvent(Struct, frozen=True, kw_only=True):
    """What became of a grant."""

    change: str
    by: str
    effective_at: datetime | None
    notified_at: datetime | None
    time: datetime
    known_from: datetime
    position: int


class ActUnder(Struct, frozen=True, kw_only=True):
    """An act that says it relies on the grant; whether it may, its own authority answer says."""

    position: int
    type: str
    subject: str
    actor: str
    time: datetime
    amount: str | None


class GrantAnswer(Struct, frozen=True, kw_only=True):
    """A grant, what it rests on from the root down, what rests on it, what became of it, a page of acts under it."""

    grant: GrantSaid
    rests_on: list[GrantSaid]
    rest_on_it: list[GrantSaid]
    gap: Annotated[str | None, Meta(description="why the chain ends before a root, if it does")]
    changes: list[GrantEvent]
    acts: Page[ActUnder]
    as_of: datetime
    known_at: datetime
    position: int


def list_grants(
    view: View, *, unit: str | None, grantee: str | None, status: Status | None, after: int, limit: int
) -> Grants:
    """Return a page of the grants of a unit, to a grantee, live or ended at `as_of`."""
    asked = {"unit": unit, "grantee": grantee, "status": status, "after": after, "limit": limit + 1}
    found: list[tuple[int, str, bool]] = [
        (row[0], row[1], row[2]) for row in view.select("grants_page", asked | {"as_of": view.stand.as_of})
    ]
    part = page(found, limit, lambda row: (row[0],))
    facts = load_grants(view, [name for _, name, _ in part.items])
    return Grants(
        items=[_said(facts.grants[name], facts, view, live) for _, name, live in part.items],
        next=part.next,
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )


def show_grant(view: View, name: str, *, after: int, limit: int) -> GrantAnswer:
    """Return one grant with everything around it. Raises `Unknown` when no act known by then names it."""
    below = [row[0] for row in view.select("grants_below", {"name": name})]
    facts = load_grants(view, [name, *below])
    grant = facts.grants.get(name)
    if grant is None:
        raise Unknown(f"no act in this log makes {name}")
    rows = view.select("acts_relying_on", {"name": name, "after": after, "limit": limit + 1})
    links, gap = climb(grant, facts)[0]
    return GrantAnswer(
        grant=_said(grant, facts, view),
        rests_on=[_said(link, facts, view) for link in reversed(links[1:])],
        rest_on_it=[_said(facts.grants[each], facts, view) for each in below],
        gap=gap.detail if gap is not None else None,
        changes=[
            GrantEvent(
                change=change.kind,
                by=change.by,
                effective_at=change.effective_at,
                notified_at=change.notified_at,
                time=change.time,
                known_from=change.known_from,
                position=change.position,
            )
            for change in facts.changes.get(name, ())
        ],
        acts=page([_act_under(*row) for row in rows], limit, lambda act: (act.position,)),
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )


def _said(grant: Grant, facts: Facts, view: View, live: bool | None = None) -> GrantSaid:
    said, at = grant.delegation, view.stand.as_of
    return GrantSaid(
        grant=grant.name,
        kind=kind_of(grant),
        parent=grant.parent,
        grantor=grant.grantor,
        grantee=grant.grantee,
        unit=grant.unit,
        scope=grant.scope,
        ceiling=ceiling_of(grant),
        term=term_of(grant),
        sub_delegable=said.sub_delegable if said is not None else None,
        sub_depth=said.sub_depth if said is not None else None,
        conditions=list(said.conditions) if said is not None else [],
        instrument=said.instrument if said is not None else None,
        status=standing_now(grant, at, facts),
        live=_is_live(grant, at, facts) if live is None else live,
        position=grant.position,
        known_from=grant.known_from,
        known=known_by(grant.asserted),
    )


def _is_live(grant: Grant, at: datetime, facts: Facts) -> bool:
    """Say whether some chain of the grant is live from end to end, or as far as the ledger holds it."""
    return any(
        all(standing_now(link, at, facts) == "live" for link in links) and (gap is None or not gap.broken)
        for links, gap in climb(grant, facts)
    )


def _act_under(position: int, type: str, subject: str, actor: str, time: datetime, amount: str | None) -> ActUnder:
    return ActUnder(position=position, type=type, subject=subject, actor=actor, time=time, amount=amount)
