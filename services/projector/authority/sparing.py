"""
What was drawn on grants before acts of many units: gathered for all at once, as little as will do, and not kept.

An act that relies on a grant by which nothing is wrong with it draws on that, whatever was drawn on others. So acts are
followed to further grants only where what was drawn on these decides.
"""

from collections.abc import Callable, Iterable

from projector.authority.around import facts_around
from projector.authority.drawn import acts_that_may_draw, drawn_on, payments_around
from projector.authority.facts import Facts, JudgedAct
from projector.authority.judge import draw
from projector.authority.room import short_of_room
from projector.authority.sources import Sources
from projector.authority.usage import Draws, PooledUses, Uses, family_of


def uses_of_many(sources: Sources, acts: Iterable[JudgedAct], names_of: Callable[[JudgedAct], frozenset[str]]) -> Draws:
    """Return what acts drew on the grants named for each of these."""
    wanted: dict[frozenset[str], frozenset[str]] = {}
    for act in acts:
        if names := names_of(act):
            family = family_of(act.type)
            wanted[family] = wanted.get(family, frozenset()) | names
    pool = PooledUses()
    for family, names in wanted.items():
        gathering = _Gathering(sources, family, names)
        uses = gathering.uses()
        pool.add(uses, gathering.names, family)
    return pool


class _Gathering:
    """The acts of one family that may have drawn on grants, and the grants on which what they drew depends."""

    def __init__(self, sources: Sources, family: frozenset[str], names: frozenset[str]) -> None:
        self.names = names
        self._sources = sources
        self._family = family
        self._acts: dict[int, JudgedAct] = {}
        self._facts_of: dict[int, Facts] = {}

    def uses(self) -> Uses:
        while True:
            self._gather()
            uses = Uses(payments_around(self._facts_of))
            cases = ((act, self._facts_of[act.position]) for act in self._acts.values())
            known = self.names
            for act in draw(cases, uses):  # it has other ways, and they count
                self.names |= drawn_on(act, self._facts_of[act.position])
            if self.names == known:
                return uses

    def _gather(self) -> None:
        asked = frozenset[str]()
        while self.names != asked:
            asked = self.names
            further = self._sources.acts(acts_that_may_draw(self._sources, self._family, asked) - self._acts.keys())
            facts_of = facts_around(self._sources, further, drawing=True)
            self._acts |= {act.position: act for act in further}
            self._facts_of |= facts_of
            self.names = asked.union(*short_of_room(self._sources, further, facts_of).values())
