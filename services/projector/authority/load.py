"""
Gathers what is known around acts: who is asked and by what they may have acted, what was done besides and drawn before.

Several acts are gathered at once as cheaply as one. What was withdrawn by an `act.correct` known by then is left out,
but for a grant, which stays as withdrawn: whoever relied on it is told so.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from projector.authority.around import facts_around
from projector.authority.drawn import uses_around
from projector.authority.facts import Facts, JudgedAct
from projector.authority.judge import Judgement, judge
from projector.authority.register import grants_register
from projector.authority.room import short_of_room
from projector.authority.sources import Sources
from projector.authority.sparing import uses_of_many
from projector.authority.tolerance import late_grants
from projector.authority.usage import Draws
from projector.view import View


class Loaded(Struct, frozen=True):
    """Acts, in the order of their positions, what is known around each, and what was drawn before."""

    acts: tuple[JudgedAct, ...]
    facts_of: dict[int, Facts]
    uses: Draws

    def judge(self, act: JudgedAct, *, others: bool = True) -> Judgement:
        """Judge one of the acts. Nothing more is read for it. `others`: name the ways that were not needed, too."""
        facts = self.facts_of[act.position]
        return judge(act, facts, late_grants(facts.policies), self.uses, others=others)

    def judged(self) -> Iterator[tuple[JudgedAct, Facts, Judgement]]:
        """Judge every act."""
        return ((act, self.facts_of[act.position], self.judge(act)) for act in self.acts)


def load(view: View, positions: Iterable[int], unrecorded: Sequence[JudgedAct] = ()) -> Loaded:
    """
    Gather acts by position, those there are, with what the judge needs to know.

    `unrecorded` are acts that the ledger does not hold, to be judged as if it did, each after those before it.
    """
    with view.cache.lock:
        sources = Sources(view)
        acts = [*sources.acts(set(positions)), *unrecorded]
        facts_of = facts_around(sources, acts)
        return Loaded(tuple(acts), facts_of, uses_around(sources, acts, unrecorded, facts_of))


def load_as_relied_on(view: View, positions: Iterable[int]) -> Loaded:
    """
    Gather acts by position with as much of what was drawn before as it takes where the grant relied on serves.

    How much of a total was used up is then not to be asked, nor what another verdict rests on.
    """
    with view.cache.lock:
        sources = Sources(view)
        acts = sources.acts(set(positions))
        facts_of = facts_around(sources, acts)
        short = short_of_room(sources, acts, facts_of)
        return Loaded(tuple(acts), facts_of, uses_of_many(sources, acts, lambda act: short[act.position]))


def load_grants(view: View, names: Iterable[str]) -> Facts:
    """Gather grants by name, with what they rest on and what became of them."""
    with view.cache.lock:
        return grants_register(Sources(view), names)
