"""
What a grant asks for besides (`conditions`), and the acts that gave it: AUT-14 of the catalogue (domain §4.3).

Asked of what was done on the same subject, no later than the act and not refused. An act may give it itself.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from projector.authority.chain import Asker, in_post
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.said import Said

_FUNCTIONS: Final = {"lead_department": "procurement", "procurement_officer": "procurement", "requesting": "business"}


class Condition(Struct, frozen=True, kw_only=True):
    """A condition of a grant of the chain. `acts`: where those that meet it stand; `detail`: why none does."""

    grant: str
    condition: str
    status: Literal["met", "unmet", "unknown"]
    acts: tuple[int, ...] = ()
    detail: str | None = None
    detail_zh: str | None = None


def conditions_of(links: Sequence[Grant], act: JudgedAct, asker: Asker, facts: Facts) -> Iterator[Condition]:
    """Yield every condition of a chain, the root's first, each with what became of it."""
    for link in reversed(links):
        for condition in link.delegation.conditions if link.delegation is not None else ():
            yield _judged(link.name, condition, act, asker, facts)


def _judged(grant: str, condition: str, act: JudgedAct, asker: Asker, facts: Facts) -> Condition:
    before = [
        each
        for each in facts.around_by_subject.get(act.subject, ())
        if each.time <= act.time and each.position != act.position and not each.refused
    ]
    # Of what was erased, nobody can say any more whether it was refused.
    found, unknown, why = _looked_for(condition, [*before, act], act, asker, facts)
    met = [each for each in found if each is act or not each.erased]
    if met:
        positions = tuple(each.position for each in met)
        return Condition(grant=grant, condition=condition, status="met", acts=positions)
    if found:
        position = found[0].position
        unknown = Said(f"第 {position} 号行为的结果已删除", f"what the act at {position} came to was erased")
    said = unknown or why
    status = "unknown" if unknown is not None else "unmet"
    return Condition(grant=grant, condition=condition, status=status, detail=said.en, detail_zh=said.zh)


def _looked_for(
    condition: str, done: Sequence[JudgedAct], act: JudgedAct, asker: Asker, facts: Facts
) -> tuple[list[JudgedAct], Said | None, Said]:
    """Return the acts that meet a condition, what may do so but does not say enough, and what is missing."""
    match condition.partition(":"):
        case "concurrence", _, role:
            mine = facts.person_of(asker.who, asker.at)
            found = [each for each in done if _concurred(each, role, mine, facts)]
            return (
                found,
                None,
                Said(
                    f"届时 {act.subject} 上没有他人履行职责 {role}",
                    f"nobody else acted as {role} on {act.subject} by then",
                ),
            )
        case "collective_decision", _, _:
            found = [each for each in done if _decided_by_body(each, act)]
            return (
                found,
                None,
                Said(
                    f"届时 {act.unit} 的集体决策机构未就 {act.subject} 作出决定",
                    f"no body of {act.unit} decided on {act.subject} by then",
                ),
            )
        case _:
            found = [each for each in done if _reviewed_by_lawyer(each, facts)]
            silent = [each for each in done if each.type == "contract.review" and not _functions(each, facts)]
            unknown = _silent(silent[0].position) if silent else None
            return (
                found,
                unknown,
                Said(f"届时未见 {act.subject} 的法务审查记录", f"no legal review on {act.subject} by then is recorded"),
            )


def _silent(position: int) -> Said:
    return Said(f"第 {position} 号审查未写明以何种职能作出", f"the review at {position} does not say in which function")


def _concurred(each: JudgedAct, role: str, mine: str, facts: Facts) -> bool:
    """Whether somebody else exercised the duty in an act: a system is nobody."""
    return any(
        person.role == role and not person.who.startswith("system:") and facts.person_of(person.who, each.time) != mine
        for person in each.people
    )


def _decided_by_body(each: JudgedAct, act: JudgedAct) -> bool:
    return each.act_class == "D" and each.actor.startswith("body:") and each.unit == act.unit


def _reviewed_by_lawyer(each: JudgedAct, facts: Facts) -> bool:
    return "legal_opinion" in each.documents or (each.act_class == "S" and "legal" in _functions(each, facts))


def _functions(each: JudgedAct, facts: Facts) -> set[str]:
    """Return in which functions people took part: as said, else by the designation of a post they were in."""
    found: set[str] = set()
    for person in each.people:
        who = facts.person_of(person.who, each.time)
        found |= {person.function} if person.function is not None else set(designations(who, each.time, facts))
    return found


def designations(person: str, at: datetime, facts: Facts) -> Iterator[str]:
    """Yield in which functions a person serves by the posts they are in (contract §3, who counts)."""
    for post in facts.posts_of(person):
        if in_post(post, person, at, facts):
            stated = [each for each in facts.posts if each.post == post and each.time <= at]
            last = max(stated, key=lambda each: (each.time, each.known_from, each.position), default=None)
            if last is not None and last.designation is not None:
                yield _FUNCTIONS.get(last.designation, last.designation)
