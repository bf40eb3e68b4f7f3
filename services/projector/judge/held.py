"""
What grants and acting appointments let people hold in some units: the acts they name, from when until when.

The same as `projector.held_by_grant` says for a whole log, found for a few units by way of what is remembered of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from projector.authority import sources
from projector.authority.chain import climb
from projector.authority.facts import Acting, Facts, Grant
from projector.authority.load import load_grants
from projector.authority.rows import ActingEndRow, ActingRow
from projector.authority.standing import standing_now
from projector.authority.warming import warm
from projector.view import View

Chain = Sequence[Grant]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class HeldAct(Struct, frozen=True, kw_only=True):
    """An act that somebody, or whoever is in a post, may do. `unit`, `project` None: any. `ends` None: open."""

    holder: str
    act: str
    unit: str | None
    project: str | None
    starts: datetime
    ends: datetime | None
    positions: tuple[int, ...]


def held_acts(view: View, units: Iterable[str], people: Iterable[str]) -> list[HeldAct]:
    """Return what may be done in these units by their grants, and by these people as substitutes."""
    found: list[HeldAct] = []
    with view.cache.lock:
        read = sources.Sources(view)
        wanted = sorted(set(units))
        warm(read, wanted)
        for unit in wanted:
            found += read.derive(("held", unit), lambda unit=unit: _of_unit(view, read, unit))
        found += _of_substitutes(view, read, people)
    return found


def _of_unit(view: View, read: sources.Sources, unit: str) -> list[HeldAct]:
    names = read.grants_of_units([unit])[unit]
    facts = load_grants(view, names)
    return [
        held
        for name in sorted(names)
        if (grant := facts.grants.get(name)) is not None and not grant.is_root
        for held in _of_grant(grant, facts)
    ]


def _of_grant(grant: Grant, facts: Facts) -> Iterator[HeldAct]:
    if grant.grantee is None or grant.grantee.startswith("body:") or grant.withdrawn or grant.payload is None:
        return
    for links, _ in climb(grant, facts):
        positions = tuple(link.position for link in links)
        for starts, ends in stretches(links, facts):
            for act in _nearest(links, "acts") or ():
                yield from _placed(grant.grantee, act, links, starts, ends, positions)


def _of_substitutes(view: View, read: sources.Sources, people: Iterable[str]) -> Iterator[HeldAct]:
    """An appointment lends the acts it names, of the principal's grants it names, for as long as both hold."""
    who = read.people(people).who
    rows: list[ActingRow] = list(read.read(sources.ACTINGS_BY_SUBSTITUTE, who))
    if not rows:
        return
    ends: list[ActingEndRow] = list(read.read(sources.ENDS_BY_NAME, {row.name for row in rows}))
    withdrawn = {position for position, each in read.corrections(_positions(rows, ends)).items() if each.void}
    facts = load_grants(view, {name for row in rows for name in row.grant_names})
    for row in rows:
        if row.position in withdrawn:
            continue
        acting = row.ended(end for end in ends if end.position not in withdrawn)
        yield from _of_acting(acting, facts)


def _positions(rows: Iterable[ActingRow], ends: Iterable[ActingEndRow]) -> list[int]:
    return [*(row.position for row in rows), *(end.position for end in ends)]


def _of_acting(acting: Acting, facts: Facts) -> Iterator[HeldAct]:
    last = min([end.time for end in acting.endings] + ([acting.ends] if acting.ends is not None else []), default=None)
    if not acting.grants:
        for act in acting.acts or ():
            yield _held(acting.substitute, act, None, None, acting.starts, last, (acting.position,))
        return
    for grant in filter(None, map(facts.grants.get, acting.grants)):
        said = grant.delegation
        personal = said is not None and said.personal_only
        if personal or (grant.is_root and acting.acts is None):
            continue
        for links, _ in climb(grant, facts):
            granted = _nearest(links, "acts")
            acts = acting.acts if granted is None else granted
            lent = [act for act in acts or () if acting.acts is None or act in acting.acts]
            positions = (acting.position, *(link.position for link in links))
            for starts, ends in stretches(links, facts):
                begins, stops = max(starts, acting.starts), min(ends or _NEVER, last or _NEVER)
                for act in lent if begins < stops else ():
                    yield from _placed(acting.substitute, act, links, begins, _open(stops), positions)


def stretches(links: Chain, facts: Facts) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield from when until when the whole of a chain is live, by all that is known."""
    edges = {link.starts for link in links} | {link.ends for link in links if link.ends is not None}
    edges |= {
        change.effective_at for link in links for change in facts.turns_of(link.name) if change.effective_at is not None
    }
    turns = sorted(edges)
    begun: datetime | None = None
    for turn in turns:
        live = all(standing_now(link, turn, facts) == "live" for link in links)
        if live and begun is None:
            begun = turn
        elif not live and begun is not None:
            yield begun, turn
            begun = None
    if begun is not None:
        yield begun, None


def _placed(
    holder: str, act: str, links: Chain, starts: datetime, ends: datetime | None, positions: tuple[int, ...]
) -> Iterator[HeldAct]:
    """Yield an act for each unit and project to which the nearest grant that says so limits it."""
    for unit in _nearest(links, "units") or (None,):
        for project in _nearest(links, "projects") or (None,):
            yield _held(holder, act, unit, project, starts, ends, positions)


def _held(
    holder: str,
    act: str,
    unit: str | None,
    project: str | None,
    starts: datetime,
    ends: datetime | None,
    positions: tuple[int, ...],
) -> HeldAct:
    return HeldAct(holder=holder, act=act, unit=unit, project=project, starts=starts, ends=ends, positions=positions)


def _nearest(links: Chain, axis: str) -> list[str] | None:
    stated = (getattr(link.scope, axis) for link in links if link.scope is not None)
    return next((listed for listed in stated if listed is not None), None)


def _open(moment: datetime) -> datetime | None:
    return None if moment == _NEVER else moment
