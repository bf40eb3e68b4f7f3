"""
What is known of a history at a moment: its acts without those withdrawn, its grants, who was whom and in which post.

Lists are walked from end to end each time. Nothing here is fast, and nothing is clever.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from contracts.catalogue import base_catalogue
from contracts.moments import ends, parse_instant, starts

Event = dict[str, Any]
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Recorded(Struct, frozen=True):
    """An act as the ledger holds it: where, since when it is known, and the CloudEvent."""

    position: int
    known: datetime
    event: Event


class Act(Struct, frozen=True, kw_only=True):
    """An act as it is read, corrections carried out."""

    position: int
    known: datetime
    time: datetime
    id: str
    type: str
    subject: str
    actor: str
    role: str | None
    unit: str | None
    authority: str | None
    onbehalfof: str | None
    data: dict[str, Any]

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        return self.time, self.known, self.position

    def listed(self, name: str) -> list[Any]:
        """A member that is a list, empty where absent."""
        return self.data.get(name) or []

    def part(self, name: str) -> dict[str, Any]:
        """A member that is an object, empty where absent."""
        return self.data.get(name) or {}

    @property
    def refused(self) -> bool:
        return self.data.get("result") in ("fail", "revise")

    @property
    def stage(self) -> str:
        return base_catalogue().acts[self.type].stage

    @property
    def act_class(self) -> str:
        return base_catalogue().acts[self.type].act_class


class Grant(Struct, frozen=True, kw_only=True):
    """A grant or a root, whose holder is its grantee. A term without a beginning begins when the grant was made."""

    name: str
    act: Act
    root: bool
    withdrawn: bool
    parent: str | None
    grantor: str | None
    grantee: str
    starts: datetime
    ends: datetime

    @property
    def special(self) -> bool:
        return self.act.data.get("kind") == "special"

    @property
    def general(self) -> bool:
        return self.act.data.get("kind") == "general"

    def axis(self, name: str) -> Any:
        return self.act.part("scope").get(name)


class Known:
    """Everything known at a moment (None: everything there is)."""

    def __init__(self, recorded: Sequence[Recorded], known_at: datetime | None) -> None:
        read = [_read(each) for each in recorded if known_at is None or each.known <= known_at]
        void = _withdrawn(read)
        standing = [act for act in read if act.id not in void]
        self.acts = sorted((_corrected(act, standing) for act in standing), key=lambda act: act.order)
        grants = [_grant(act, act.id in void) for act in read if act.type in ("auth.vest", "auth.grant")]
        self.grants = {grant.name: grant for grant in grants}
        """By name, those withdrawn too: that a parent was an error is AUT-11."""

    def of_type(self, *types: str) -> Iterator[Act]:
        return (act for act in self.acts if act.type in types)

    def before(self, act: Act) -> Iterator[Act]:
        """The acts that come before one in the order (time, known from, position)."""
        return (each for each in self.acts if each.order < act.order)

    def live_grants(self) -> Iterator[Grant]:
        return (grant for grant in self.grants.values() if not grant.withdrawn)

    def person(self, reference: str, at: datetime) -> str:
        """Whose an account was at a time: a link holds for the past too, until the account is unlinked."""
        if not reference.startswith("account:"):
            return reference
        unlinks = [act.time for act in self.of_type("account.unlink") if act.data["account"] == reference]
        since = max((time for time in unlinks if time <= at), default=None)
        until = min((time for time in unlinks if time > at), default=NEVER)
        for link in self.of_type("account.link"):
            if link.data["account"] == reference and (since is None or since <= link.time) and link.time < until:
                return str(link.data["person"])
        return reference

    def asked(self, act: Act) -> str | None:
        """Who answers for an act: its actor; where a system did it, who leads; None where nobody is named."""
        if not act.actor.startswith("system:"):
            return self.person(act.actor, act.time)
        for each in act.listed("participants"):
            if each.get("capacity") == "lead":
                return self.person(each["actor"], act.time)
        return None

    def posts_ever(self, person: str) -> set[str]:
        assigned = self.of_type("post.assign")
        return {each.data["post"] for each in assigned if self.person(each.data["person"], each.time) == person}

    def assignments(self, person: str, post: str, at: datetime, reliefs_known_by: datetime = NEVER) -> list[Act]:
        """The assignments by which somebody was in a post at a time; reliefs learned after a moment can be left out."""
        reliefs = [
            term_of(each)[0]
            for each in self.of_type("post.relieve")
            if each.data["post"] == post
            and self.person(each.data["person"], each.time) == person
            and each.known <= reliefs_known_by
        ]
        found: list[Act] = []
        for each in self.of_type("post.assign"):
            if each.data["post"] == post and self.person(each.data["person"], each.time) == person:
                begin, end = term_of(each)
                if begin <= at < end and not any(begin <= relief <= at for relief in reliefs):
                    found.append(each)
        return found

    def people_in(self, post: str, at: datetime) -> set[str]:
        people = {self.person(each.data["person"], each.time) for each in self.of_type("post.assign")}
        return {person for person in people if self.assignments(person, post, at)}

    def people_behind(self, reference: str | None, at: datetime) -> set[str]:
        """The natural persons a grantor or grantee was at a time: themselves, or who was in the post."""
        match (reference or "").partition(":")[0]:
            case "post":
                return self.people_in(str(reference), at)
            case "person" | "account":
                return {self.person(str(reference), at)}
            case _:
                return set()

    def holds(self, holder: str | None, grant: Grant, at: datetime, unit: str | None) -> bool:
        """Say whether somebody held a grant at a time: by name, by a post they were in; a body, the one of its unit."""
        if holder is None:
            return False
        if holder.startswith("body:"):
            return grant.grantee == holder and grant.act.unit == unit
        if grant.grantee.startswith("post:"):
            return holder == grant.grantee or bool(self.assignments(self.person(holder, at), grant.grantee, at))
        return self.person(grant.grantee, grant.act.time) == self.person(holder, at)

    def units_of(self, project: str) -> set[str]:
        """Whose project it is: the unit that opened it, and those of a joint procurement."""
        units: set[str] = set()
        for opened in self.of_type("project.open"):
            if opened.subject == project and opened.unit is not None:
                joint = opened.part("joint")
                units |= {opened.unit, *joint.get("members", [])} | ({joint["lead"]} if joint else set[str]())
        return units

    def stated(self, act: Act, field: str) -> str | None:
        """What was said last of an act's project, before it."""
        said = [
            each.data[field]
            for each in self.before(act)
            if each.subject == act.subject
            and each.type in ("project.open", "plan.prepare", "plan.approve", "method.change")
            and each.data.get(field) is not None
        ]
        return said[-1] if said else None


def term_of(act: Act) -> tuple[datetime, datetime]:
    """From when until when something holds; without a beginning, from when it was done."""
    begin = act.data.get("valid_from", act.data.get("from"))
    end = act.data.get("valid_until", act.data.get("until"))
    return (act.time if begin is None else starts(begin)), (NEVER if end is None else ends(end))


def effective(act: Act) -> datetime:
    """From when a suspension, resumption or revocation holds."""
    said = act.data.get("effective_at")
    return act.time if said is None else starts(said)


def _read(recorded: Recorded) -> Act:
    event = recorded.event
    return Act(
        position=recorded.position,
        known=recorded.known,
        time=parse_instant(event["time"]),
        id=event["id"],
        type=event["type"],
        subject=event["subject"],
        actor=event["actor"],
        role=event.get("role"),
        unit=event.get("unit") or (event["subject"] if event["subject"].startswith("unit:") else None),
        authority=event.get("authority"),
        onbehalfof=event.get("onbehalfof"),
        data=event["data"],
    )


def _withdrawn(acts: Sequence[Act]) -> set[str]:
    """The ids that corrections took back. A correction can be taken back itself, by one known later."""
    out: set[str] = set()
    by_id = {act.id: act for act in acts}
    for act in sorted(acts, key=lambda act: (act.known, act.position), reverse=True):
        if act.type == "act.correct" and act.data.get("void") and act.id not in out:
            target = by_id.get(act.data["corrects"]["id"])
            if target is not None and (target.type != "act.correct" or target.known < act.known):
                out.add(target.id)
    return out


def _corrected(act: Act, standing: Sequence[Act]) -> Act:
    data = dict(act.data)
    for each in sorted(standing, key=lambda each: (each.known, each.position)):
        if each.type == "act.correct" and each.data["corrects"]["id"] == act.id:
            data |= each.data.get("fields", {})
    return Act(**{name: getattr(act, name) for name in Act.__struct_fields__ if name != "data"}, data=data)


def _grant(act: Act, withdrawn: bool) -> Grant:
    root = act.type == "auth.vest"
    begin, end = term_of(act)
    return Grant(
        name=act.data["grant"],
        act=act,
        root=root,
        withdrawn=withdrawn,
        parent=None if root else act.data.get("parent"),
        grantor=None if root else act.data.get("grantor", act.actor),
        grantee=act.data["holder"] if root else act.data["grantee"],
        starts=begin,
        ends=end,
    )
