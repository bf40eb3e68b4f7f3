"""How a grant reaches the one who is asked, and the chain that it rests on (docs/authority.md, "Ways")."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from tests.reference.known import Act, Grant, Known, term_of

Gap = Literal["unknown", "withdrawn", "circle", "rootless"]
RANK: Final = {"person": 0, "post": 1, "acting": 2}


class Way(Struct, frozen=True, kw_only=True):
    """
    A grant, nearest link first the chain it rests on, and how it reaches the one who is asked.

    `holder` holds the grant: the one who is asked, or their principal, then `by` is "acting". `appointment` is None
    there where nobody appointed them.
    """

    links: tuple[Grant, ...]
    gap: Gap | None
    by: Literal["person", "post", "acting"]
    holder: str
    post: str | None
    appointment: Act | None = None

    @property
    def leaf(self) -> Grant:
        return self.links[0]

    @property
    def granted(self) -> tuple[Grant, ...]:
        """The links that are no roots."""
        return tuple(link for link in self.links if not link.root)

    @property
    def root(self) -> Grant | None:
        return next((link for link in self.links if link.root), None)


def ways_of(known: Known, act: Act, asked: str) -> list[Way]:
    """Every way that covers the act's type."""
    found = [*_own_ways(known, act, asked), *_ways_in_another_name(known, act, asked)]
    return [way for way in found if _covers(way, act.type)]


def chains(known: Known, grant: Grant, below: tuple[str, ...] = ()) -> list[tuple[tuple[Grant, ...], Gap | None]]:
    """The chains a grant rests on: one for each root its grantor held, where it names no parent."""
    if grant.name in below:
        return [((), "circle")]
    if grant.root:
        return [((grant,), None)]
    if grant.parent is not None:
        parent = known.grants.get(grant.parent)
        if parent is None:
            return [((grant,), "unknown")]
        if parent.withdrawn:
            return [((grant,), "withdrawn")]
        return [((grant, *links), gap) for links, gap in chains(known, parent, (*below, grant.name))]
    made = grant.act
    roots = [
        root for root in known.live_grants() if root.root and known.holds(grant.grantor, root, made.time, made.unit)
    ]
    return [((grant, root), None) for root in roots] or [((grant,), "rootless")]


def nearest(links: Sequence[Grant], axis: str) -> list[str] | None:
    """What a chain names on an axis, as its nearest link that says so says; None: any."""
    return next((said for link in links if (said := link.axis(axis)) is not None), None)


def in_term(appointment: Act, act: Act) -> bool:
    """Say whether an act lies in the term an appointment names."""
    begin, end = term_of(appointment)
    return begin <= act.time < end


def ended(known: Known, appointment: Act, act: Act) -> bool:
    """Say whether an appointment had been ended at an act, by what was known then of its end."""
    return any(
        end.data["acting"] == appointment.data["acting"] and end.time <= act.time and end.known <= act.time
        for end in known.of_type("acting.end")
    )


def _own_ways(known: Known, act: Act, asked: str) -> Iterator[Way]:
    for grant, post in _held(known, act, asked):
        for links, gap in chains(known, grant):
            yield Way(links=links, gap=gap, by="post" if post else "person", holder=asked, post=post)


def _held(known: Known, act: Act, who: str) -> Iterator[tuple[Grant, str | None]]:
    """The grants somebody holds, in person or (with its name) by a post they ever held."""
    posts = known.posts_ever(who)
    for grant in known.live_grants():
        if grant.grantee in posts:
            yield grant, grant.grantee
        elif grant.grantee.startswith("body:"):
            if grant.grantee == who and grant.act.unit == act.unit:
                yield grant, None
        elif known.person(grant.grantee, grant.act.time) == who:
            yield grant, None


def _ways_in_another_name(known: Known, act: Act, asked: str) -> Iterator[Way]:
    said = None if act.onbehalfof is None else known.person(act.onbehalfof, act.time)
    principals: set[str] = set()
    for appointment in known.of_type("acting.appoint"):
        if known.person(appointment.data["substitute"], appointment.time) != asked:
            continue
        principal = known.person(appointment.data["principal"], appointment.time)
        principals.add(principal)
        for grant, post in _held(known, act, principal):
            if _appointed(appointment, grant, act) or said == principal or act.authority == grant.name:
                for links, gap in chains(known, grant):
                    yield Way(links=links, gap=gap, by="acting", holder=principal, post=post, appointment=appointment)
    if said is not None and said not in principals and said != asked:
        for grant, post in _held(known, act, said):
            for links, gap in chains(known, grant):
                yield Way(links=links, gap=gap, by="acting", holder=said, post=post)


def _appointed(appointment: Act, grant: Grant, act: Act) -> bool:
    named = appointment.listed("grants")
    return (not named or grant.name in named) and in_term(appointment, act)


def _covers(way: Way, type: str) -> bool:
    acts = nearest(way.links, "acts")
    appointed = None if way.appointment is None else way.appointment.data.get("acts")
    return (acts is None or type in acts) and (appointed is None or type in appointed)
