"""
What was drawn on grants before an act. An act draws on the grant that its own answer rests on, and that may depend on
what was left of other grants: so acts that draw on grants in common are gathered together, and judged in their order.

What was found is kept until one of the acts, people or grants in it is touched.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from projector.authority.around import facts_around
from projector.authority.facts import Facts, JudgedAct
from projector.authority.judge import draw
from projector.authority.reach import reach_of
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
        names = drawn_on(act, facts_of[act.position])
        if names and not pool.holds(names, act):
            family = family_of(act.type)
            together, key = _together(sources, family, names)
            pool.add(_uses(sources, family, key, together), together.names, family)
    if not unrecorded:
        return pool
    uses = Uses(before=pool)
    draw([(act, facts_of[act.position]) for act in unrecorded], uses)
    return uses


def _together(sources: Sources, family: frozenset[str], names: frozenset[str]) -> tuple[_Together, frozenset[str]]:
    """Return the acts that draw on grants together, and the names under which they are kept: most often one will do."""
    one = frozenset((min(names),))
    found = _kept_together(sources, family, one)
    return (found, one) if names <= found.names else (_kept_together(sources, family, names), names)


def _kept_together(sources: Sources, family: frozenset[str], names: frozenset[str]) -> _Together:
    return sources.derive(("together", family, names), lambda: _gather(sources, family, names))


def _uses(sources: Sources, family: frozenset[str], names: frozenset[str], together: _Together) -> Uses:
    """Judge the acts in their order, each after those before it."""

    def judged() -> Uses:
        _kept_together(sources, family, names)  # known already: what it rests on, this does too, acts to come included
        facts_of = facts_around(sources, together.acts, drawing=True)
        for act in together.acts:
            sources.depends_on_acts(ref for ref in (act.subject, act.actor, act.asked) if ref is not None)
        uses = Uses(payments_around(facts_of))
        draw(((act, facts_of[act.position]) for act in together.acts), uses)
        return uses

    return sources.derive(("uses", family, together.names), judged)


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


def drawn_on(act: JudgedAct, facts: Facts) -> frozenset[str]:
    """Return the names of the grants on which an act may have drawn, those of which it matters how much was."""
    return relied_on(act, facts).drawn_on if act.needs_grant else frozenset()


def payments_around(facts_of: Mapping[int, Facts]) -> Iterable[JudgedAct]:
    """Return the acts that paid, among those around others."""
    around = {id(facts.around): facts.around for facts in facts_of.values()}  # most share theirs
    payments = {act.position: act for acts in around.values() for act in acts if act.type == "pay.execute"}
    return payments.values()


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
