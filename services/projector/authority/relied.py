"""
The grants on which an act may rest, and what they make worth asking: of the project, of other acts, of money.

It follows from who acted and from the type of act, so it is found once for all acts of a kind.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import cast

from msgspec import Struct

from contracts.payloads import AuthGrant
from projector.authority.chain import asker_of, ways_to
from projector.authority.facts import Facts, Grant, JudgedAct


class Relied(Struct, frozen=True, dict=True):
    """Grants, and what any of them asks for."""

    grants: tuple[Grant, ...]

    @cached_property
    def delegations(self) -> tuple[AuthGrant, ...]:
        return tuple(grant.delegation for grant in self.grants if grant.delegation is not None)

    @cached_property
    def conditions(self) -> frozenset[str]:
        return frozenset(condition for each in self.delegations for condition in each.conditions)

    @cached_property
    def item_ceiling(self) -> bool:
        """Whether there is a ceiling for one item."""
        return any(each.ceiling_item is not None for each in self.delegations)

    @cached_property
    def counts_paid(self) -> bool:
        """Whether a total counts what was paid."""
        return any(each.total_basis == "paid" for each in self.delegations)

    @cached_property
    def about_project(self) -> bool:
        """Whether it matters what the project is: to the scope of a grant, or to the one matter that it is for."""
        scopes = (grant.scope for grant in self.grants)
        narrow = any(each is not None and (each.categories is not None or each.methods is not None) for each in scopes)
        return narrow or any(each.kind == "special" for each in self.delegations)

    @cached_property
    def drawn_on(self) -> frozenset[str]:
        """The names of those of which it matters what was done by them before."""
        return frozenset(
            grant.name
            for grant in self.grants
            if grant.delegation is not None
            and (grant.delegation.ceiling_total is not None or grant.delegation.kind == "special")
        )


def relied_on(act: JudgedAct, facts: Facts) -> Relied:
    """Return the grants of the ways by which an act may have been done; where somebody ratified it, all there are."""
    if act.ratified or act.asked is None:
        return Relied(tuple(facts.grants.values()))
    ways = ways_to(asker_of(act), facts)
    known = cast("Relied | None", ways.remembered.get(act.type))
    if known is None:
        links = (link for path in ways.covering(act.type) for link in path.links)
        known = ways.remembered[act.type] = Relied(_once(links))
    return known


def _once(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple({grant.position: grant for grant in grants}.values())
