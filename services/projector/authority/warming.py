"""
Reads what a unit's people, posts and grants are in one go, when the first of them is asked about.

One question would read its own few rows with some forty statements, the next one for the same unit as many again. Read
together they take twenty. Nothing depends on it but time.
"""

from collections.abc import Collection, Iterable

from projector.authority import sources as of
from projector.authority.facts import Grant, JudgedAct, Term
from projector.authority.sources import Sources


def warm(sources: Sources, units: Iterable[str]) -> None:
    """Have the facts around units at hand, those that were not read yet."""
    missing = [unit for unit in sorted(set(units)) if not sources.is_warm(unit)]
    if missing:
        _read_around(sources, missing)
        sources.note_warm(missing)


def warm_for(sources: Sources, acts: Collection[JudgedAct]) -> None:
    """Have the facts around acts at hand: those of their units, and of whoever did them without a grant."""
    warm(sources, (act.unit for act in acts if act.unit is not None))
    warm_people(sources, {who for act in acts for who in (act.actor, act.asked, act.onbehalfof) if who is not None})


def warm_people(sources: Sources, who: Collection[str]) -> None:
    """Have at hand who people are and what they hold. One of them alone takes no fewer looks."""
    if len(who) > 1:
        _read_people(sources, who)


def _read_around(sources: Sources, units: list[str]) -> None:
    sources.grants_of_units(units)
    grants: list[Grant] = list(sources.read(of.GRANTS_BY_UNIT, units))
    named = sources.grants_named({grant.name for grant in grants})
    hands = {who for grant in named for who in (grant.grantor, grant.grantee, grant.actor) if who is not None}
    posts = {who for who in hands if who.startswith("post:")}
    terms: list[Term] = list(sources.read(of.TERMS_BY_POST, posts))
    named += _read_people(sources, hands | {term.person for term in terms}, posts)
    names = {grant.name for grant in named}
    sources.grants_below(names)
    changes = list(sources.read(of.CHANGES_BY_GRANT, names))
    said = list(sources.read(of.UNITS_BY_NAME, {*units, *(grant.unit for grant in named if grant.unit is not None)}))
    sources.corrections(row.position for row in (*named, *terms, *changes, *said))


def _read_people(sources: Sources, who: Iterable[str], posts: Iterable[str] = ()) -> list[Grant]:
    """Read what people are and hold; return the grants of theirs, and of posts, with what these rest on."""
    people = sources.people(who).who
    terms: list[Term] = []
    for source in (of.TERMS_BY_PERSON, of.TERMS_BY_CORRECTED_PERSON, of.ROLES_BY_PERSON, of.EMPLOYERS_BY_PERSON):
        terms += [row for row in sources.read(source, people) if isinstance(row, Term)]
    every = {*posts, *(term.post for term in terms)}
    sources.read(of.POSTS_BY_NAME, every)
    appointments = [*sources.read(of.ACTINGS_BY_SUBSTITUTE, people), *sources.read(of.ACTINGS_BY_PRINCIPAL, people)]
    sources.read(of.ENDS_BY_NAME, {row.name for row in appointments})
    held: list[Grant] = list(sources.read(of.GRANTS_BY_GRANTEE, people | every))
    sources.corrections(row.position for row in (*terms, *appointments))
    return sources.grants_named({grant.name for grant in held})
