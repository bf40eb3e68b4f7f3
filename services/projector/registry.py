"""
The registers of people, posts and units, as of a moment and as known then.

One person under several accounts is one person, back over history, from the moment the link is known; whoever is asked
for by an account is answered for as its person. An account linked to nobody is a person of its own, not registered.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from edge.paging import Page, page
from projector.authority.chain import holders_at
from projector.authority.grants import GrantSaid, said_of
from projector.authority.load import load_grants
from projector.errors import Unknown
from projector.parts import Place, part_page
from projector.posts import posts_within
from projector.view import View

_UNITS_ABOVE_MAX = 64


class AccountSpan(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """An account and since when it is the person's (null: ever), until before when (null: still)."""

    account: str
    from_: datetime | None
    until: datetime | None


class TermSaid(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A term in a post; `until` (null: open) is the moment after, by the term itself or by a relief."""

    post: str
    person: str
    from_: datetime
    until: datetime | None
    now: Annotated[bool, Meta(description="whether it is running at `as_of`")]
    position: int


class PersonSaid(Struct, frozen=True, kw_only=True):
    person: str
    registered: bool
    employer: str | None


class PersonAnswer(Struct, frozen=True, kw_only=True):
    """A person under all accounts: terms in posts, and the grants held at `as_of` in person or by a post."""

    person: str
    registered: bool
    employer: str | None
    accounts: list[AccountSpan]
    posts: list[TermSaid]
    grants: list[GrantSaid]
    as_of: datetime
    known_at: datetime
    position: int


class PostSaid(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What a post was said to be, from then on until the next definition. `acts` are its duties."""

    post: str
    unit: str
    name: str | None
    designation: str | None
    key_post: bool | None
    acts: list[str]
    from_: datetime
    position: int


class PostAnswer(Struct, frozen=True, kw_only=True):
    """A post: what it is, what it was said to be over time, who was in it, what was granted to it."""

    post: str
    definition: Annotated[PostSaid | None, Meta(description="what holds at `as_of`; null: nobody defined it by then")]
    definitions: list[PostSaid]
    holders: Page[TermSaid]
    grants: Page[GrantSaid]
    as_of: datetime
    known_at: datetime
    position: int


class UnitSaid(Struct, frozen=True, kw_only=True):
    unit: str
    name: str | None
    parent: str | None
    kind: str | None
    jurisdiction: str | None
    position: int


class UnitPost(Struct, frozen=True, kw_only=True):
    """A post of a unit and who is in it at `as_of`."""

    post: str
    name: str | None
    designation: str | None
    key_post: bool | None
    holders: list[str]


class UnitAnswer(Struct, frozen=True, kw_only=True):
    """A unit, those above it up to the top, those right below it, its posts."""

    unit: UnitSaid
    above: Annotated[list[UnitSaid], Meta(description="the parent first")]
    children: Page[UnitSaid]
    posts: Page[UnitPost]
    as_of: datetime
    known_at: datetime
    position: int


class Persons(Struct, frozen=True, kw_only=True):
    items: Sequence[PersonSaid]
    next: str | None
    as_of: datetime
    known_at: datetime
    position: int


class Units(Struct, frozen=True, kw_only=True):
    items: Sequence[UnitSaid]
    next: str | None
    as_of: datetime
    known_at: datetime
    position: int


def show_person(view: View, who: str) -> PersonAnswer:
    """Return a person, or whose account that is. Raises `Unknown` when no act known by then speaks of them."""
    person, accounts = _whose(view, who)
    references = sorted({person, *(span.account for span in accounts)})
    terms = [term for term in _terms(view, references, None) if term.person == person]
    said = next(_people(view, [person]))
    if not (said.registered or accounts or terms or _acted(view, references)):
        raise Unknown(f"this log knows no {who}")
    return PersonAnswer(
        person=person,
        registered=said.registered,
        employer=said.employer,
        accounts=accounts,
        posts=terms,
        grants=_held_now(view, person, references, terms),
        **_stand(view),
    )


def show_post(view: View, post: str, place: Place | None, limit: int) -> PostAnswer:
    """Return a post. Raises `Unknown` when nobody defined it, was in it, or granted it anything."""
    definitions, terms = list(_definitions(view, [post])), _terms(view, [], post)
    grants = _granted_to(view, [post])
    if not (definitions or terms or grants):
        raise Unknown(f"this log knows no {post}")
    return PostAnswer(
        post=post,
        definition=_holding(definitions, view.stand.as_of),
        definitions=definitions,
        holders=part_page(terms, "holders", _by_position, place, limit),
        grants=part_page(grants, "grants", _by_position, place, limit),
        **_stand(view),
    )


def show_unit(view: View, unit: str, place: Place | None, limit: int) -> UnitAnswer:
    """Return a unit. Raises `Unknown` when nobody registered it by then."""
    chain = list(_chain(view, unit))
    if not chain or chain[0].unit != unit:
        raise Unknown(f"no act in this log registers {unit} by then")
    children = [each for each in _units(view, parents=[unit]) if each.parent == unit]
    posts = sorted(row[0] for row in view.select("posts_of_unit", {"unit": unit, **posts_within(unit)}))
    return UnitAnswer(
        unit=chain[0],
        above=chain[1:],
        children=part_page(children, "children", lambda child: child.unit, place, limit),
        posts=part_page(list(_unit_posts(view, posts)), "posts", lambda post: post.post, place, limit),
        **_stand(view),
    )


def list_persons(view: View, unit: str | None, q: str | None, after: str, limit: int) -> Persons:
    """Return a page of persons: of a unit those who work for it or are in a post of it, with `q` in a reference."""
    asked = {"unit": unit, "q": q, "after": after, "limit": limit + 1, "at": view.stand.as_of, **posts_within(unit)}
    names = [row[0] for row in view.select("persons_listed", asked)]
    part = page(names, limit, lambda name: (name,))
    return Persons(items=list(_people(view, part.items)), next=part.next, **_stand(view))


def list_units(view: View, q: str | None, after: str, limit: int) -> Units:
    """Return a page of units, with `q` in their name or reference."""
    rows = view.select("units_listed", {"q": q, "after": after, "limit": limit + 1})
    part = page([_unit(*row) for row in rows], limit, lambda unit: (unit.unit,))
    return Units(items=part.items, next=part.next, **_stand(view))


def _stand(view: View) -> dict[str, Any]:
    return {"as_of": view.stand.as_of, "known_at": view.stand.known_at, "position": view.stand.position}


def _whose(view: View, who: str) -> tuple[str, list[AccountSpan]]:
    """Return the person meant, and their accounts over time. An account is whose it is at `as_of`."""
    at = view.stand.as_of
    spans = view.select("account_spans", {"who": who}).fetchall()
    person: str = next(
        (
            row[1]
            for row in spans
            if row[0] == who and (row[2] is None or row[2] <= at) and (row[3] is None or at < row[3])
        ),
        who,
    )
    if person != who:
        spans = view.select("account_spans", {"who": person}).fetchall()
    return person, [AccountSpan(account=row[0], from_=row[2], until=row[3]) for row in spans if row[1] == person]


def _terms(view: View, who: Sequence[str], post: str | None) -> list[TermSaid]:
    at = view.stand.as_of
    return [
        TermSaid(
            post=row[0],
            person=row[1],
            from_=row[2],
            until=row[3],
            now=row[2] <= at and (row[3] is None or at < row[3]),
            position=row[4],
        )
        for row in view.select("terms_in_posts", {"who": list(who), "post": post})
    ]


def _people(view: View, persons: Sequence[str]) -> Iterator[PersonSaid]:
    rows = view.select("person_employers", {"persons": list(persons)})
    employers: dict[str, str | None] = {row[0]: row[1] for row in rows}
    for person in persons:
        yield PersonSaid(person=person, registered=person in employers, employer=employers.get(person))


def _acted(view: View, references: Sequence[str]) -> bool:
    return view.select("person_exists", {"actors": list(references)}).fetchone() is not None


def _held_now(view: View, person: str, references: Sequence[str], terms: Iterable[TermSaid]) -> list[GrantSaid]:
    at = view.stand.as_of
    holders = sorted({*references, *(term.post for term in terms if term.now)})
    names = [row[0] for row in view.select("grants_held_by", {"holders": holders})]
    facts = load_grants(view, names)
    held = (facts.grants[name] for name in names if person in holders_at(facts.grants[name].grantee or "", at, facts))
    return sorted((said for grant in held if (said := said_of(grant, facts, at)).live), key=_by_position)


def _granted_to(view: View, holders: Sequence[str]) -> list[GrantSaid]:
    names = [row[0] for row in view.select("grants_held_by", {"holders": list(holders)})]
    facts = load_grants(view, names)
    return [said_of(facts.grants[name], facts, view.stand.as_of) for name in names if not facts.grants[name].withdrawn]


def _definitions(view: View, posts: Sequence[str]) -> Iterator[PostSaid]:
    for post, unit, name, designation, key_post, acts, since, position in view.select(
        "post_definitions", {"posts": list(posts)}
    ):
        yield PostSaid(
            post=post,
            unit=unit,
            name=name,
            designation=designation,
            key_post=key_post,
            acts=acts,
            from_=since,
            position=position,
        )


def _holding(definitions: Iterable[PostSaid], at: datetime) -> PostSaid | None:
    said = [each for each in definitions if each.from_ <= at]
    return said[-1] if said else None


def _unit_posts(view: View, posts: Sequence[str]) -> Iterator[UnitPost]:
    definitions = list(_definitions(view, posts))
    for post in posts:
        said = _holding((each for each in definitions if each.post == post), view.stand.as_of)
        yield UnitPost(
            post=post,
            name=said.name if said is not None else None,
            designation=said.designation if said is not None else None,
            key_post=said.key_post if said is not None else None,
            holders=sorted({term.person for term in _terms(view, [], post) if term.now}),
        )


def _chain(view: View, unit: str) -> Iterator[UnitSaid]:
    """The unit and those above it, as far as they are registered. A circle is gone round once."""
    above: str | None = unit
    seen: set[str] = set()
    while above is not None and above not in seen and len(seen) < _UNITS_ABOVE_MAX:
        seen.add(above)
        said = next(iter(_units(view, units=[above])), None)
        if said is None:
            return
        yield said
        above = said.parent


def _units(view: View, *, units: Sequence[str] = (), parents: Sequence[str] = ()) -> list[UnitSaid]:
    return [_unit(*row) for row in view.select("units_said", {"units": list(units), "parents": list(parents)})]


def _unit(
    unit: str, name: str | None, parent: str | None, kind: str | None, jurisdiction: str | None, position: int
) -> UnitSaid:
    return UnitSaid(unit=unit, name=name, parent=parent, kind=kind, jurisdiction=jurisdiction, position=position)


def _by_position(item: GrantSaid | TermSaid) -> str:
    return f"{item.position:019}"
