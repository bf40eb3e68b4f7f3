"""One grant and what is around it: what it rests on, what rests on it, what was done by it, what is wrong with it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from edge.paging import Page, page
from projector.authority.answer import Failure, failure_of, money
from projector.authority.chain import climb
from projector.authority.chain_faults import CHAIN_FAULTS
from projector.authority.consumption import Consumption, Use, consumption, done_under, has_total
from projector.authority.facts import Change, Facts, Grant
from projector.authority.grant_faults import grant_faults
from projector.authority.grant_tree import Tree, tree_below
from projector.authority.grants import GrantSaid, Usage, idle_among, said_of, usage_of
from projector.authority.judge import Verdict
from projector.authority.said import Said, both_at
from projector.authority.sources import Sources
from projector.authority.standing import Mark
from projector.errors import Unknown
from projector.view import View


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
    """An act under a grant. `grant` is the one it was done by, or nearest to; `cites` the one it says it relies on."""

    position: int
    type: str
    subject: str
    actor: str
    time: datetime
    amount: str | None
    grant: str | None
    cites: str | None
    verdict: Verdict


class GrantAnswer(Struct, frozen=True, kw_only=True):
    """A grant, what it rests on from the root down, what rests on it, what became of it, a page of acts under it."""

    grant: GrantSaid
    rests_on: list[GrantSaid]
    rest_on_it: Annotated[list[GrantSaid], Meta(description="the grants made directly under it")]
    below: Annotated[int, Meta(description="how many grants were made under it, however deep")]
    gap: Annotated[str | None, Meta(description="why the chain ends before a root, if it does")]
    consumption: Annotated[list[Consumption], Meta(description="of it and of all it rests on, from the root down")]
    faults: Annotated[list[Failure], Meta(description="what is wrong with the grant itself, whatever is done by it")]
    changes: list[GrantEvent]
    acts: Page[ActUnder]
    as_of: datetime
    known_at: datetime
    position: int


def show_grant(view: View, name: str, *, after: int, limit: int) -> GrantAnswer:
    """Return one grant with everything around it. Raises `Unknown` when no act known by then names it."""
    tree = known_grant(view, name)
    facts, at = tree.facts, view.stand.as_of
    grant = facts.grants[name]
    links, gap = climb(grant, facts)[0]
    under = set(tree.under(name))
    # What others draw on the same total counts; where there is none above, they need not be looked at.
    done = done_under(view, {*under, *(link.name for link in links if has_total(link))})
    used = [use for use in done.acts if use.grants & under]
    usage = usage_of(grant, tree, done, at)
    return GrantAnswer(
        grant=said_of(grant, facts, at, usage),
        rests_on=[said_of(link, facts, at) for link in reversed(links[1:])],
        rest_on_it=[said_of(facts.grants[each], facts, at) for each in tree.children(name)],
        below=len(under) - 1,
        gap=gap.detail.en if gap is not None else None,
        consumption=[
            consumption(link, done if link is grant or has_total(link) else None, at) for link in reversed(links)
        ],
        faults=list(_faults(grant, usage, facts)),
        changes=[_event(change) for change in facts.changes.get(name, ())],
        acts=acts_page(used, after=after, limit=limit),
        as_of=at,
        known_at=view.stand.known_at,
        position=view.stand.position,
    )


def faults_of_units(view: View, units: Iterable[str]) -> Iterator[tuple[str, Grant, list[Failure]]]:
    """Yield the grants of units, unit by unit, with what is wrong with each itself."""
    with view.cache.lock:
        entries = Sources(view).grants_of_units(units)
    every = set[str]().union(*entries.values())
    tree = tree_below(view, every)
    grants = tree.facts.grants
    standing = {name for name in every if name in grants and not grants[name].withdrawn and not grants[name].is_root}
    idle = idle_among(view, standing, tree)
    done = done_under(view, idle) if idle else None
    for unit, names in entries.items():
        for name in sorted(names & standing):
            usage = usage_of(grants[name], tree, done, view.stand.as_of) if done is not None and name in idle else None
            yield unit, grants[name], list(_faults(grants[name], usage, tree.facts))


def known_grant(view: View, name: str) -> Tree:
    """Return a grant and all that rests on it. Raises `Unknown`."""
    tree = tree_below(view, [name])
    if name not in tree.facts.grants:
        raise Unknown(f"no act in this log makes {name}")
    return tree


def acts_page(used: Iterable[Use], *, after: int, limit: int) -> Page[ActUnder]:
    """Return a page of acts in the order of their positions."""
    further = [use for use in used if use.act.position > after]
    return page([act_under(use) for use in further[: limit + 1]], limit, lambda act: (act.position,))


def act_under(use: Use) -> ActUnder:
    act = use.act
    return ActUnder(
        position=act.position,
        type=act.type,
        subject=act.subject,
        actor=act.actor,
        time=act.time,
        amount=money(act.amount),
        grant=use.links[0] if use.links else None,
        cites=act.authority,
        verdict=use.verdict,
    )


def _faults(grant: Grant, usage: Usage | None, facts: Facts) -> Iterator[Failure]:
    """AUT-08 to 11, 13, 17, 22 and 23 of this grant; None: it is in use. Those of what it rests on are theirs."""
    links = climb(grant, facts)[0][0]
    marks = [*(mark for fault in CHAIN_FAULTS for mark in fault(links, facts)), *grant_faults(links, facts)]
    if usage is not None and usage.dormant_since is not None:
        marks.append(Mark("FAULT", "AUT-23", grant.name, _unused_since(usage.dormant_since)))
    for mark in marks:
        if mark.grant == grant.name:
            yield failure_of(mark)


def _unused_since(moment: datetime) -> Said:
    since = both_at(moment)
    return Said(f"自 {since.zh} 起无人使用", f"nobody used it since {since.en}")


def _event(change: Change) -> GrantEvent:
    return GrantEvent(
        change=change.kind,
        by=change.by,
        effective_at=change.effective_at,
        notified_at=change.notified_at,
        time=change.time,
        known_from=change.known_from,
        position=change.position,
    )
