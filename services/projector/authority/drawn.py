"""
What was drawn on grants before an act. An act draws on the grant that its own answer rests on, and that may depend on
what was left of other grants: so acts that draw on grants in common are gathered together, and judged in their order.

What was found is kept until one of the acts, people or grants in it is touched.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from projector.authority import sources as of
from projector.authority.around import facts_around
from projector.authority.facts import Facts, JudgedAct
from projector.authority.judge import draw
from projector.authority.register import asking_of, register
from projector.authority.relied import relied_on
from projector.authority.sources import Sources
from projector.authority.usage import Draws, PooledUses, Uses, family_of
from projector.authority.warming import warm_for


class _Together(Struct, frozen=True):
    """Grants that are drawn on together by acts of one family, and those acts."""

    names: frozenset[str]
    acts: tuple[JudgedAct, ...]


def uses_around(
    sources: Sources, acts: Sequence[JudgedAct], unrecorded: Sequence[JudgedAct], facts_of: Mapping[int, Facts]
) -> Draws:
    """Return what acts drew on the grants by which these may have been done."""
    pool = PooledUses()
    for act in acts:
        names = _drawn_on(act, facts_of)
        if names and not pool.holds(names, act):
            family = family_of(act.type)
            together, key = _together(sources, family, names)
            pool.add(_uses(sources, family, key, together), together.names, family)
    if not unrecorded:
        return pool
    return draw([(act, facts_of[act.position]) for act in unrecorded], Uses(before=pool))


def uses_of_many(sources: Sources, acts: Iterable[JudgedAct], facts_of: Mapping[int, Facts]) -> Draws:
    """Return the same for acts of many units: read together, and not kept."""
    wanted: dict[frozenset[str], frozenset[str]] = {}
    for act in acts:
        if names := _drawn_on(act, facts_of):
            family = family_of(act.type)
            wanted[family] = wanted.get(family, frozenset()) | names
    pool = PooledUses()
    for family, names in wanted.items():
        together = _gather(sources, family, names)
        pool.add(_in_order(sources, together), together.names, family)
    return pool


def _drawn_on(act: JudgedAct, facts_of: Mapping[int, Facts]) -> frozenset[str]:
    return relied_on(act, facts_of[act.position]).drawn_on if act.needs_grant else frozenset()


def _together(sources: Sources, family: frozenset[str], names: frozenset[str]) -> tuple[_Together, frozenset[str]]:
    """Return the acts that draw on grants together, and the names under which they are kept: most often one will do."""
    one = frozenset((min(names),))
    found = _kept_together(sources, family, one)
    return (found, one) if names <= found.names else (_kept_together(sources, family, names), names)


def _kept_together(sources: Sources, family: frozenset[str], names: frozenset[str]) -> _Together:
    return sources.derive(("together", family, names), lambda: _gather(sources, family, names))


def _uses(sources: Sources, family: frozenset[str], names: frozenset[str], together: _Together) -> Uses:
    def judged() -> Uses:
        _kept_together(sources, family, names)  # known already: what it rests on, this does too, acts to come included
        for act in together.acts:
            sources.depends_on_acts(ref for ref in (act.subject, act.actor, act.asked) if ref is not None)
        return _in_order(sources, together)

    return sources.derive(("uses", family, together.names), judged)


def _in_order(sources: Sources, together: _Together) -> Uses:
    """Judge the acts in their order, each after those before it."""
    facts_of = facts_around(sources, together.acts, drawing=True)
    around = next(iter(facts_of.values())).around if facts_of else ()  # they share it
    uses = Uses(each for each in around if each.type == "pay.execute")
    in_order = sorted(together.acts, key=lambda act: act.order)
    return draw(((act, facts_of[act.position]) for act in in_order), uses)


def _gather(sources: Sources, family: frozenset[str], names: frozenset[str]) -> _Together:
    """Follow grants to the acts that may have drawn on them, and acts to the other grants they may draw on."""
    acts: dict[int, JudgedAct] = {}
    together, asked = names, frozenset[str]()
    while together != asked:
        asked = together
        further = sources.acts(acts_that_may_draw(sources, family, together) - acts.keys())
        warm_for(sources, further)
        for act in further:
            acts[act.position] = act
            if act.needs_grant:
                together |= relied_on(act, register(sources, asking_of(act))).drawn_on
    return _Together(together, tuple(acts.values()))


class Reach(Struct, frozen=True):
    """The grants by which a grant may be drawn on: itself and those below; and everybody they reach."""

    grants: frozenset[str]
    who: frozenset[str]


def reach_of(sources: Sources, names: Iterable[str]) -> Reach:
    """Return through which grants, and by whom, these may be drawn on."""
    below = sources.grants_below(names)
    who = {grantee for grantees in below.values() for grantee in grantees}
    who |= {term.person for term in sources.read(of.TERMS_BY_POST, (each for each in who if each.startswith("post:")))}
    who |= sources.people(who).who
    appointed = sources.read(of.ACTINGS_BY_PRINCIPAL, who)
    who |= sources.people({row.substitute for row in appointed}).who
    return Reach(frozenset(below), frozenset(who))


def acts_that_may_draw(sources: Sources, types: Iterable[str], names: Iterable[str]) -> set[int]:
    """Return where the acts of these types stand that cite grants or those below, or that anybody they reach did."""
    reach = reach_of(sources, names)
    sources.depends_on_acts(reach.who | reach.grants)
    found = sources.values(
        "acts_drawing_on",
        types=sorted(types),
        names=sorted(reach.grants),
        who=sorted(reach.who),
        bodies=sorted(each for each in reach.who if each.startswith("body:")),
    )
    return set(found)
