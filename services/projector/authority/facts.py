"""
What is known about an act and about whoever may have authorised it, as the acts of the ledger state it. No I/O.

Everything here was known at the knowledge time the question names; what was known *by the act* the judge finds out
itself, from `known_from`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal, TypeVar, cast

import msgspec
from msgspec import Struct

from contracts.catalogue import ActClass, Catalogue, base_catalogue
from contracts.payloads import AuthGrant, AuthVest, Scope
from projector.policies import UnitPolicies

T = TypeVar("T")


class Exercised(Struct, frozen=True):
    """Somebody's part in an act: the duty, in which function and capacity, as far as the act says."""

    who: str
    role: str
    function: str | None = None
    capacity: str | None = None


class JudgedAct(Struct, frozen=True, kw_only=True):
    """
    The act in question.

    `asked` is whose authority is asked for: the actor, or the lead of what a system did (contract §3, who counts); None
    where a system names none. `unit` is the subject where an act about a unit names no other.
    """

    position: int
    type: str
    stage: str
    needs_grant: bool
    decided_outside: bool
    time: datetime
    known_from: datetime
    asserted: bool
    subject: str
    project: str | None
    unit: str | None
    actor: str
    asked: str | None
    authority: str | None
    onbehalfof: str | None
    amount: Decimal | None
    currency: str
    method: str | None
    categories: tuple[str, ...]
    erased: bool
    withdrawn: bool
    act_class: ActClass = "D"
    object: str | None = None
    refused: bool = False
    """Its `result` is fail or revise."""
    ratified: bool = False
    """Somebody ratified it, with effect or without."""
    people: tuple[Exercised, ...] = ()
    documents: frozenset[str] = frozenset()
    """The kinds of its documents."""
    contract: str | None = None
    payment: str | None = None

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """Return where the act stands in a replay."""
        return self.time, self.known_from, self.position


class Grant(Struct, frozen=True, kw_only=True):
    """
    A root (`grantee` is its holder) or a delegation. `payload` is None once erased: then only its name is known.

    `time` is when it was made, `actor` who did that; `withdrawn`: an `act.correct` took it back as recorded in error.
    """

    name: str
    position: int
    known_from: datetime
    asserted: bool
    time: datetime
    is_root: bool
    parent: str | None
    actor: str
    grantor: str | None
    grantee: str | None
    unit: str | None
    starts: datetime
    ends: datetime | None
    withdrawn: bool
    payload: AuthVest | AuthGrant | None

    @property
    def scope(self) -> Scope | None:
        return self.payload.scope if self.payload is not None else None

    @property
    def delegation(self) -> AuthGrant | None:
        return self.payload if isinstance(self.payload, AuthGrant) else None


class Change(Struct, frozen=True, kw_only=True):
    """
    What became of a grant. `superseded` is another grant's `supersedes`, effective from that one's start.

    `effective_at` is None where the content of the change was erased.
    """

    grant: str
    kind: Literal["accept", "suspend", "resume", "revoke", "superseded"]
    position: int
    known_from: datetime
    time: datetime
    effective_at: datetime | None
    notified_at: datetime | None
    by: str


class Term(Struct, frozen=True, kw_only=True):
    """A person's term in a post, or (`is_end`) a relief: it ends, at `starts`, the terms that began before it."""

    post: str
    person: str
    position: int
    known_from: datetime
    time: datetime
    starts: datetime
    ends: datetime | None
    is_end: bool


class Ending(Struct, frozen=True):
    """When an acting appointment was ended before its term."""

    time: datetime
    known_from: datetime
    position: int


class Acting(Struct, frozen=True, kw_only=True):
    """An acting appointment. No `grants`: whatever the principal holds; no `acts`: whatever the grants cover."""

    name: str
    position: int
    known_from: datetime
    asserted: bool
    time: datetime
    principal: str
    substitute: str
    grants: tuple[str, ...]
    acts: tuple[str, ...] | None
    ceiling_item: Decimal | None
    currency: str
    starts: datetime
    ends: datetime | None
    endings: tuple[Ending, ...] = ()


class LinkSpan(Struct, frozen=True):
    """Whose an account was, from `starts` (None: ever) until `ends` (None: still)."""

    account: str
    person: str
    starts: datetime | None
    ends: datetime | None


class Holder(Struct, frozen=True):
    """Who can hold a grant: a natural person, a post, or a body, which is the one of that name in its `unit`."""

    who: str
    unit: str | None = None

    def is_same(self, other: "Holder") -> bool:
        return self.who == other.who and (self.unit is None or other.unit is None or self.unit == other.unit)


class Ratification(Struct, frozen=True):
    """`act` is the position of what was ratified."""

    act: int
    position: int
    known_from: datetime
    time: datetime
    actor: str
    unit: str | None
    authority: str | None
    onbehalfof: str | None


class MethodStated(Struct, frozen=True):
    """A method as `project.open`, `plan.prepare`, `plan.approve` or `method.change` state it."""

    order: tuple[datetime, datetime, int]
    method: str


class Agreement(Struct, frozen=True, kw_only=True):
    """An `agency.sign`. `acts` None: whatever belongs to TENDER and DISCLOSURE."""

    agency: str
    position: int
    known_from: datetime
    time: datetime
    acts: tuple[str, ...] | None
    starts: datetime
    ends: datetime | None


class Project(Struct, frozen=True, kw_only=True):
    """
    What is known of a project. `units` are the one that opened it and those of a joint procurement; `closed` is when it
    first was closed or archived.
    """

    units: frozenset[str]
    category: str | None
    methods: tuple[MethodStated, ...]
    budget_project: str | None = None
    closed: tuple[datetime, datetime, int] | None = None
    agreements: tuple[Agreement, ...] = ()

    def method_at(self, order: tuple[datetime, datetime, int]) -> str | None:
        """Return the method stated last up to then (contract §3, values of `method`)."""
        stated = [each for each in self.methods if each.order <= order]
        return max(stated, key=lambda each: each.order).method if stated else None


class UnitStated(Struct, frozen=True):
    """A unit's parent as one `unit.register` states it."""

    unit: str
    parent: str | None
    order: tuple[datetime, datetime, int]


class Employed(Struct, frozen=True, kw_only=True):
    """For whom a person works, as a `person.register` states it."""

    person: str
    employer: str | None
    order: tuple[datetime, datetime, int]


class Role(Struct, frozen=True):
    """A duty assigned to a person, or (`is_end`) its release. `unit`, `project`: where only; None: anywhere."""

    person: str
    holds: str
    role: str
    unit: str | None
    project: str | None
    starts: datetime
    ends: datetime | None
    is_end: bool
    known_from: datetime
    position: int


class PostDefined(Struct, frozen=True):
    """What a post is, as one `post.define` says: `acts` are its duties."""

    post: str
    unit: str | None
    designation: str | None
    acts: list[str]
    time: datetime
    known_from: datetime
    position: int


class Facts(Struct, frozen=True, kw_only=True, dict=True):
    """
    What is known around one act or several. It may hold more than one question needs.

    `acts` are those in question and, where a grant has a total or is for one matter, those that may have drawn on it
    before; `around` what else was done on the same subjects and by the same people.
    """

    acts: tuple[JudgedAct, ...] = ()
    around: tuple[JudgedAct, ...] = ()
    grants: Mapping[str, Grant] = {}
    changes: Mapping[str, tuple[Change, ...]] = {}
    terms: tuple[Term, ...] = ()
    actings: tuple[Acting, ...] = ()
    links: tuple[LinkSpan, ...] = ()
    ratifications: tuple[Ratification, ...] = ()
    projects: Mapping[str, Project] = {}
    units: tuple[UnitStated, ...] = ()
    employed: tuple[Employed, ...] = ()
    roles: tuple[Role, ...] = ()
    posts: tuple[PostDefined, ...] = ()
    policies: UnitPolicies = UnitPolicies(())
    catalogue: Catalogue = msgspec.field(default_factory=base_catalogue)
    reached: frozenset[str] = frozenset()
    """The names of the grants that were gathered for those asked, with what they rest on."""

    # What follows is found again and again: looked up, not searched for.

    @cached_property
    def grants_by_grantee(self) -> dict[str, list[Grant]]:
        present = (grant for grant in self.grants.values() if not grant.withdrawn and grant.grantee is not None)
        return _grouped((str(grant.grantee), grant) for grant in sorted(present, key=lambda grant: grant.position))

    @cached_property
    def terms_by_post(self) -> dict[str, list[Term]]:
        return _grouped((term.post, term) for term in self.terms)

    @cached_property
    def _terms_by_holder(self) -> dict[str, list[Term]]:
        return _grouped((term.person, term) for term in self.terms)

    @cached_property
    def around_by_subject(self) -> dict[str, list[JudgedAct]]:
        return _grouped((act.subject, act) for act in sorted(self.around, key=lambda act: act.order))

    @cached_property
    def roots(self) -> list[Grant]:
        return sorted(
            (grant for grant in self.grants.values() if grant.is_root and not grant.withdrawn),
            key=lambda grant: grant.position,
        )

    @cached_property
    def _asked_of(self) -> dict[str, list[JudgedAct]]:
        every = {act.position: act for act in (*self.acts, *self.around) if not act.withdrawn}
        return _grouped(
            (act.asked, act) for act in sorted(every.values(), key=lambda act: act.order) if act.asked is not None
        )

    @cached_property
    def _spans(self) -> dict[str, list[LinkSpan]]:
        return _grouped((span.account, span) for span in self.links)

    @cached_property
    def _accounts(self) -> dict[str, list[str]]:
        return _grouped((span.person, span.account) for span in self.links)

    def turns_of(self, grant: str) -> tuple[Change, ...]:
        """Return what became of a grant, but that it was accepted, which changes nothing."""
        return self._turns.get(grant, ())

    @cached_property
    def _turns(self) -> dict[str, tuple[Change, ...]]:
        turns = {name: tuple(each for each in said if each.kind != "accept") for name, said in self.changes.items()}
        return {name: said for name, said in turns.items() if said}

    @cached_property
    def knows_of_agencies(self) -> bool:
        """Whether anybody here ever worked for an agency."""
        return any(each.employer is not None and each.employer.startswith("agency:") for each in self.employed)

    @cached_property
    def _employed_by_person(self) -> dict[str, list[Employed]]:
        return _grouped((each.person, each) for each in self.employed)

    @cached_property
    def _units(self) -> dict[str, list[UnitStated]]:
        return _grouped((stated.unit, stated) for stated in self.units)

    def with_acts(self, beside: "Facts", *, about: "Facts") -> "Facts":
        """
        Return the same people and grants, with the projects and ratifications of `about` and the acts of `beside`.

        What was found out about people and grants stays found.
        """
        own = msgspec.structs.replace(
            self,
            acts=beside.acts,
            around=beside.around,
            projects=about.projects,
            ratifications=about.ratifications,
        )
        found = cast("dict[str, Any]", own.__dict__)
        found.update(self.__dict__)
        found.update(around_by_subject=beside.around_by_subject, _asked_of=beside._asked_of)
        return own

    def settled(self) -> "Facts":
        """Find now what can be found of people and grants, so that every copy (`with_acts`) shares it."""
        for name in _SHARED:
            getattr(self, name)
        return self

    @cached_property
    def remembered(self) -> dict[object, object]:
        """What was found out about these facts once and holds for every act: a place for those who find it out."""
        return {}

    def person_of(self, reference: str, at: datetime) -> str:
        """
        Return the natural person behind an account at a moment; anybody else, and an unlinked account, is itself.

        What an act names, it names as of its own time: an account may pass to another person later.
        """
        for span in self._spans.get(reference, ()):
            if (span.starts is None or span.starts <= at) and (span.ends is None or at < span.ends):
                return span.person
        return reference

    def references_of(self, person: str) -> list[str]:
        """Return a person and every account that ever was theirs."""
        return [person, *dict.fromkeys(self._accounts.get(person, ()))]

    def acts_asked_of(self, person: str) -> list[JudgedAct]:
        """Return the acts for which a person, by any of their references, is to be asked."""
        return [act for each in self.references_of(person) for act in self._asked_of.get(each, ())]

    def posts_of(self, person: str) -> list[str]:
        """Return the posts a person was ever assigned to, in their order. A relief alone does not say since when."""
        terms = (term for each in self.references_of(person) for term in self._terms_by_holder.get(each, ()))
        own = (term for term in terms if not term.is_end and self.person_of(term.person, term.starts) == person)
        return sorted({term.post for term in own})

    def holder_of(self, grant: Grant) -> Holder | None:
        """Return to whom a grant was made, None where that was erased."""
        return self.holder(grant.grantee, grant.unit, grant.time) if grant.grantee is not None else None

    def holder(self, reference: str, unit: str | None, at: datetime) -> Holder:
        return Holder(self.person_of(reference, at), unit if reference.startswith("body:") else None)

    def employer_of(self, person: str, at: datetime) -> str | None:
        """Return for whom a person works at a moment, as said last before it; as said first where that was later."""
        stated = self._employed_by_person.get(person, [])
        before = [each for each in stated if each.order[0] <= at]
        latest = max(before, key=_order) if before else min(stated, key=_order, default=None)
        return latest.employer if latest is not None else None

    def parents_of(self, unit: str, at: datetime) -> Iterator[tuple[str, bool]]:
        """
        Yield the unit and those above it, nearest first, each with whether it is registered.

        Where nothing was stated by then, the earliest statement after it counts: a register is often filled late.
        """
        seen: set[str] = set()
        above: str | None = unit
        while above is not None and above not in seen:
            seen.add(above)
            stated = self._units.get(above, [])
            yield above, bool(stated)
            before = [each for each in stated if each.order[0] <= at]
            if not stated:
                return
            latest = max(before, key=_order) if before else min(stated, key=_order)
            above = latest.parent


_SHARED: Final = (
    *("grants_by_grantee", "terms_by_post", "roots", "remembered"),
    *("_terms_by_holder", "_spans", "_accounts", "_units", "_turns", "knows_of_agencies", "_employed_by_person"),
)


def _order(stated: UnitStated | Employed) -> tuple[datetime, datetime, int]:
    return stated.order


def _grouped(found: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for key, value in found:
        groups.setdefault(key, []).append(value)
    return groups
