"""Through which other grants, and by whom, a grant may be drawn on."""

from collections.abc import Iterable

from msgspec import Struct

from projector.authority import sources as of
from projector.authority.sources import Sources


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
