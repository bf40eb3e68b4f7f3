"""The register of grants: what each gives, whether it is live, whether anybody uses it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from contracts.payloads import Instrument, Scope
from edge.paging import page, write_cursor
from projector.authority.answer import Ceiling, Kind, Known, TermOf, ceiling_of, kind_of, known_by, term_of
from projector.authority.consumption import Done, done_under, idle_too_long
from projector.authority.facts import Facts, Grant
from projector.authority.grant_tree import Tree, tree_below
from projector.authority.lifetime import is_live, lasts_beyond
from projector.authority.load import load_grants
from projector.authority.standing import State, standing_now
from projector.view import View

Status = Literal["live", "ended"]

_OVER: Final = frozenset(("expired", "revoked", "superseded", "withdrawn", "unknown"))
_SCANNED_MAX: Final = 2_000
"""Rows that one page looks through for those it wants; a page may be short, and the next one goes on from there."""


class GrantSaid(Struct, frozen=True, kw_only=True):
    """A root or a delegation as recorded, and what it is at `as_of`. `grantee` is the holder of a root."""

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
    perpetual: Annotated[bool, Meta(description="a general grant without an end, not over yet (AUT-23)")]
    last_used: Annotated[
        datetime | UnsetType | None,
        Meta(description="the last act under it, its own or by a grant made under it; null: never"),
    ] = UNSET
    dormant: Annotated[
        bool | UnsetType, Meta(description="a live general grant that nobody used for `aut.dormant` months (AUT-23)")
    ] = UNSET
    dormant_since: Annotated[
        datetime | UnsetType | None, Meta(description="its last use, or its start; null: it is not dormant")
    ] = UNSET
    position: int
    known_from: datetime
    known: Known


class Grants(Struct, frozen=True, kw_only=True):
    """A page of grants. It may be short, or empty, where much was looked through: `next` says whether there is more."""

    items: Sequence[GrantSaid]
    next: str | None
    as_of: datetime
    known_at: datetime
    position: int


class Wanted(Struct, frozen=True, kw_only=True):
    """Which grants are listed; None or False: no matter."""

    unit: str | None = None
    grantee: str | None = None
    status: Status | None = None
    dormant: bool = False
    perpetual: bool = False


class Usage(Struct, frozen=True):
    """Whether a grant is used: when last, and since when it lies dormant, if it does."""

    last_used: datetime | None
    dormant_since: datetime | None


def list_grants(view: View, wanted: Wanted, *, after: int, limit: int) -> Grants:
    """Return a page of the register in the order in which grants were recorded."""
    find = _dormant if wanted.dormant else _listed
    found: list[tuple[int, GrantSaid | None]] = []
    kept = 0
    for position, said in find(view, wanted, after, limit + 1):
        found.append((position, said))
        kept += said is not None
        if kept > limit or len(found) >= _SCANNED_MAX:
            break
    return _page_of(view, found, limit)


def said_of(grant: Grant, facts: Facts, at: datetime, usage: Usage | None = None) -> GrantSaid:
    """Say what a grant is at a moment; with `usage`, whether it is used too."""
    said, status = grant.delegation, standing_now(grant, at, facts)
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
        status=status,
        live=is_live(grant, at, facts),
        perpetual=kind_of(grant) == "general" and grant.ends is None and status not in _OVER,
        last_used=usage.last_used if usage is not None else UNSET,
        dormant=usage.dormant_since is not None if usage is not None else UNSET,
        dormant_since=usage.dormant_since if usage is not None else UNSET,
        position=grant.position,
        known_from=grant.known_from,
        known=known_by(grant.asserted),
    )


def usage_of(grant: Grant, tree: Tree, done: Done, at: datetime) -> Usage:
    """
    Say whether a grant is used at a moment. `tree` and `done` hold what was made and done under it.

    Roots and grants for one matter do not fall dormant, and what is not live cannot be used.
    """
    used = done.last_used(tree.under(grant.name))
    dormant = kind_of(grant) == "general" and is_live(grant, at, tree.facts)
    dormant = dormant and idle_too_long(grant, used, tree.facts, at)
    return Usage(used, (used or grant.starts) if dormant else None)


def idle_among(view: View, names: Collection[str], tree: Tree) -> set[str]:
    """
    Return those of some grants of a tree that may be dormant: no act has cited them, or a grant made under them, for
    long. What was done under these alone is worth judging: it may still rest on one uncited.
    """
    at, grants = view.stand.as_of, tree.facts.grants
    live = {name for name in names if kind_of(grants[name]) == "general" and is_live(grants[name], at, tree.facts)}
    under = {name: tree.under(name) for name in live}
    asked = {
        "names": sorted({each for below in under.values() for each in below}),
        "types": [act.type for act in view.catalogue.acts.values() if act.needs_grant],
    }
    cited: dict[str, datetime] = dict(view.select("last_cited", asked).fetchall()) if live else {}
    return {
        name
        for name, below in under.items()
        if idle_too_long(
            grants[name], max((cited[each] for each in below if each in cited), default=None), tree.facts, at
        )
    }


Found = Iterator[tuple[int, GrantSaid | None]]
"""Rows looked at, by position: each with the grant, or None where it is not wanted."""


def _listed(view: View, wanted: Wanted, after: int, chunk: int) -> Found:
    at = view.stand.as_of
    asked = {"unit": wanted.unit, "grantee": wanted.grantee, "open_only": wanted.perpetual}
    for rows in _chunks(view, "grants_listed", asked, after, chunk):
        facts = load_grants(view, [name for _, name in rows])
        for position, name in rows:
            grant = facts.grants[name]
            said = said_of(grant, facts, at) if _is_wanted(grant, position, wanted, at, facts) else None
            yield position, said if said is not None and (said.perpetual or not wanted.perpetual) else None


def _dormant(view: View, wanted: Wanted, after: int, chunk: int) -> Found:
    """Judge what was done under those grants alone that no act has cited for long: it may still rest on one uncited."""
    at = view.stand.as_of
    asked = {"unit": wanted.unit, "grantee": wanted.grantee, "at": at}
    for rows in _chunks(view, "grants_standing", asked, after, chunk):
        facts = load_grants(view, [name for _, name, _ in rows])
        idle = {
            name
            for position, name, cited in rows
            if _is_wanted(facts.grants[name], position, wanted, at, facts)
            and idle_too_long(facts.grants[name], cited, facts, at)
        }
        tree = tree_below(view, idle)
        done = done_under(view, idle)
        for position, name, _ in rows:
            grant = tree.facts.grants[name] if name in idle else None
            said = said_of(grant, tree.facts, at, usage_of(grant, tree, done, at)) if grant is not None else None
            is_wanted = said is not None and said.dormant is True and (said.perpetual or not wanted.perpetual)
            yield position, said if is_wanted else None


def _chunks(view: View, statement: str, asked: Mapping[str, object], after: int, size: int) -> Iterator[Sequence[Any]]:
    """Yield rows of a statement, each time more of them: what is rare is found in few rounds."""
    while rows := view.select(statement, {**asked, "after": after, "limit": size}).fetchall():
        yield rows
        if len(rows) < size:
            return
        after, size = rows[-1][0], min(size * 2, _SCANNED_MAX)


def _is_wanted(grant: Grant, position: int, wanted: Wanted, at: datetime, facts: Facts) -> bool:
    """Whether this row is the one that its name means, and the grant has the status asked for."""
    return grant.position == position and not grant.withdrawn and _has_status(grant, wanted.status, at, facts)


def _has_status(grant: Grant, status: Status | None, at: datetime, facts: Facts) -> bool:
    match status:
        case "live":
            return is_live(grant, at, facts)
        case "ended":
            return not lasts_beyond(grant, at, facts)
        case None:
            return True


def _page_of(view: View, found: Sequence[tuple[int, GrantSaid | None]], limit: int) -> Grants:
    wanted = [said for _, said in found if said is not None]
    part = page(wanted, limit, lambda said: (said.position,))
    scanned_out = len(found) >= _SCANNED_MAX and part.next is None
    return Grants(
        items=part.items,
        next=write_cursor(found[-1][0]) if scanned_out else part.next,
        as_of=view.stand.as_of,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )
