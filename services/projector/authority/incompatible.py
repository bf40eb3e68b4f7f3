"""
Whether a grant put incompatible duties into one hand when it was made: AUT-13 of the catalogue (domain §4.3).

Duties are held by the acts that a grant, a post or an assignment names (contract §3, who counts). Only pairs of plain
duties are looked at: those that ask for a function, a class of acts or whom somebody works for show in what is done.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product

from msgspec import Struct

from contracts.catalogue import Catalogue, Duty
from projector.authority.chain import climb, holders_at, in_post
from projector.authority.facts import Facts, Grant, Role
from projector.authority.said import Said
from projector.authority.standing import Mark, standing_now


class Held(Struct, frozen=True):
    """A duty, by what it is held, and where: None is anywhere."""

    role: str
    by: str
    units: frozenset[str] | None = None
    projects: frozenset[str] | None = None

    def meets(self, other: "Held") -> bool:
        return _share(self.units, other.units) and _share(self.projects, other.projects)


def creates_incompatible_duties(links: Sequence[Grant], facts: Facts) -> Iterator[Mark]:
    """AUT-13, of the grant exercised: with what it names, its grantee held both sides of a pair."""
    grant = links[0]
    given = list(_named_by(links, facts))
    if grant.is_root or grant.grantee is None or not given:
        return
    at = max(grant.time, grant.starts)
    for person in sorted(holders_at(grant.grantee, at, facts)):
        held = given + [each for each in _held_by(person, at, facts) if each.by != grant.name]
        both = next((each for mine in given for each in _against(mine, held, facts.catalogue)), None)
        if both is not None:
            mine, other, rule = both
            by = "指定" if other.by == "an assignment" else other.by
            detail = Said(
                f"它授予 {person} 职责 {mine.role}，而其已依 {by} 持有职责 {other.role}：{rule}",
                f"it gives {person} {mine.role}, who holds {other.role} by {other.by}: {rule}",
            )
            yield Mark("FAULT", "AUT-13", grant.name, detail)
            return


def _against(mine: Held, held: Sequence[Held], catalogue: Catalogue) -> Iterator[tuple[Held, Held, str]]:
    """Yield what is incompatible with a duty, where both are held in one place."""
    opposite = _opposites(catalogue).get(mine.role, {})
    for other in held:
        rule = opposite.get(other.role)
        if rule is not None and other.meets(mine):
            yield mine, other, rule


_kept_opposites: dict[int, tuple[Catalogue, dict[str, dict[str, str]]]] = {}


def _opposites(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return, for each duty, the duties it is incompatible with, each with the pair that says so."""
    kept = _kept_opposites.get(id(catalogue))
    if kept is None or kept[0] is not catalogue:
        _kept_opposites.clear()
        kept = _kept_opposites[id(catalogue)] = catalogue, _opposites_in(catalogue)
    return kept[1]


def _opposites_in(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for pair in catalogue.pairs.values():
        if pair.on and pair.when is None and pair.scope == "project":
            first, second = ([duty.role for duty in side if _is_plain(duty)] for side in pair.sides)
            for one, other in (*product(first, second), *product(second, first)):
                found.setdefault(one, {}).setdefault(other, pair.rule)
    return found


def _is_plain(duty: Duty) -> bool:
    return duty.function is None and not duty.role.startswith("@")


def _held_by(person: str, at: datetime, facts: Facts) -> Iterator[Held]:
    posts = [post for post in facts.posts_of(person) if in_post(post, person, at, facts)]
    for post in posts:
        yield from _by_post(post, at, facts)
    yield from _by_assignment(person, at, facts)
    for holder in (person, *posts):
        for each in facts.references_of(holder):
            for grant in facts.grants_by_grantee.get(each, ()):
                if not grant.is_root and grant.time <= at and standing_now(grant, at, facts) == "live":
                    for links, _ in climb(grant, facts)[:1]:
                        yield from _named_by(links, facts)


def _named_by(links: Sequence[Grant], facts: Facts) -> Iterator[Held]:
    """Yield the duties of the acts that a grant names, or inherits; a root names nothing here."""
    acts = _nearest(links, "acts")
    units, projects = _nearest(links, "units"), _nearest(links, "projects")
    for act in acts or ():
        meaning = facts.catalogue.acts.get(act)
        if meaning is not None and meaning.role:
            yield Held(meaning.role, links[0].name, _set(units), _set(projects))


def _nearest(links: Sequence[Grant], axis: str) -> list[str] | None:
    stated = (getattr(link.scope, axis) for link in links if link.scope is not None and not link.is_root)
    return next((listed for listed in stated if listed is not None), None)


def _by_post(post: str, at: datetime, facts: Facts) -> Iterator[Held]:
    stated = [each for each in facts.posts if each.post == post and each.time <= at]
    last = max(stated, key=lambda each: (each.time, each.known_from, each.position), default=None)
    for act in last.acts if last is not None else ():
        meaning = facts.catalogue.acts.get(act)
        if meaning is not None and meaning.role and last is not None:
            yield Held(meaning.role, post, _set(_listed(last.unit)))


def _by_assignment(person: str, at: datetime, facts: Facts) -> Iterator[Held]:
    own = [each for each in facts.roles if facts.person_of(each.person, each.starts) == person]
    for each in own:
        live = not each.is_end and each.starts <= at and (each.ends is None or at < each.ends)
        if live and not _released(each, own, at):
            yield Held(each.role, "an assignment", _set(_listed(each.unit)), _set(_listed(each.project)))


def _released(role: Role, own: Sequence[Role], at: datetime) -> bool:
    return any(each.is_end and each.holds == role.holds and role.starts < each.starts <= at for each in own)


def _share(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or other is None or bool(one & other)


def _set(listed: Sequence[str] | None) -> frozenset[str] | None:
    return frozenset(listed) if listed is not None else None


def _listed(one: str | None) -> list[str] | None:
    return [one] if one is not None else None
