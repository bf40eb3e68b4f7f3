"""
What can be wrong with a way to authority: one small function for each failure of the catalogue (domain §4.3).

To add a failure, write its function and name it in `CHECKS`. A check looks at one way and yields marks; no mark is a
pass.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final, cast

from msgspec import Struct

from contracts.payloads import AuthGrant
from projector.authority.case import Case
from projector.authority.chain import Path, in_post, terms_at
from projector.authority.chain_faults import CHAIN_FAULTS, Links
from projector.authority.facts import Acting, Facts
from projector.authority.grant_faults import grant_faults
from projector.authority.matters import (
    acted_beside_each_other,
    reserved_to_a_body,
    special_used_again,
    split_to_stay_below,
    unmet_conditions,
)
from projector.authority.said import Said, both_at
from projector.authority.scope import axis_matches
from projector.authority.standing import Mark, Result, made_by, standing
from projector.authority.usage import MEASURED, ceiling_currency


def gap_in_chain(case: Case) -> Iterator[Mark]:
    """AUT-11: the chain ends before a root. AUT-10: it rests on itself. Undetermined where a link is only unknown."""
    gap = case.path.gap
    if gap is not None:
        yield Mark("FAIL" if gap.broken else "UNDETERMINED", gap.code, gap.grant, gap.detail)


def not_yet_effective(case: Case) -> Iterator[Mark]:
    """AUT-02: the act is before the first instant of the grant, or of one it rests on."""
    for link in case.readable():
        if case.at < link.starts:
            yield Mark("FAIL", "AUT-02", link.name, _of(both_at(link.starts), "自 {} 起生效", "effective from {}"))
            return


def expired(case: Case) -> Iterator[Mark]:
    """AUT-03: the act is at or after the end. A bare last day is in; of an instant, the instant itself is out."""
    for link in case.readable():
        if link.ends is not None and case.at >= link.ends:
            yield Mark("FAIL", "AUT-03", link.name, _of(both_at(link.ends), "已于 {} 终止", "ended at {}"))
            return


def revoked_or_suspended(case: Case) -> Iterator[Mark]:
    """AUT-04, of the grant or of the nearest one it rests on."""
    for link in case.path.links:
        marks = standing(link, case.at, case.facts, case.tolerance).marks
        yield from marks
        if any(mark.result == "FAIL" for mark in marks):
            return


def faulty_chain(case: Case) -> Iterator[Mark]:
    """AUT-08 to 11, and the faults of its grants: what is wrong with the chain itself, whatever is done by it."""
    if case.path.gap is None or case.path.gap.code != "AUT-10":  # of a circle nothing else is worth saying
        yield from _chain_marks(case.path.links, case.facts)


def _chain_marks(links: Links, facts: Facts) -> tuple[Mark, ...]:
    """The same for every act done by the chain: found once."""
    key = "marks", *(link.position for link in links)
    known = facts.remembered.get(key)
    if known is None:
        found = [mark for fault in CHAIN_FAULTS for mark in fault(links, facts)]
        known = facts.remembered[key] = (*found, *grant_faults(links, facts))
    return cast("tuple[Mark, ...]", known)


def not_passed_on(case: Case) -> Iterator[Mark]:
    """AUT-08: the grant rests on one of which only other acts may be passed on."""
    for child, parent in pairwise(case.path.links):
        said = parent.delegation
        if said is not None and said.sub_acts is not None and case.act.type not in said.sub_acts:
            acts = ", ".join(said.sub_acts)
            detail = Said(f"{parent.name} 仅可就 {acts} 转授权", f"{parent.name} may be passed on for {acts} only")
            yield Mark("FAIL", "AUT-08", child.name, detail)
            return


def out_of_scope(case: Case) -> Iterator[Mark]:
    """AUT-05, once for each axis: the nearest grant of the chain whose scope leaves the act out, or perhaps does."""
    said: set[tuple[str, str]] = set()
    for index, link in enumerate(case.path.links):
        for match in axis_matches(case.path.links[index:], case.act, case.facts):
            if match.result != "COVERED" and (match.axis, match.result) not in said:
                said.add((match.axis, match.result))
                result = "FAIL" if match.result == "OUTSIDE" else "UNDETERMINED"
                yield Mark(
                    result,
                    "AUT-05",
                    link.name,
                    _of(match.detail, f"{match.axis}：{{}}", f"{match.axis}: {{}}"),
                    match.axis,
                )


def over_item_ceiling(case: Case) -> Iterator[Mark]:
    """AUT-06: more than the smallest ceiling of the chain. Equal passes."""
    act, ceilings = case.act, case.path.item_ceilings
    if act.amount is None:
        if ceilings and (act.erased or act.type in MEASURED):
            why = (
                Said("内容已删除", "its content was erased")
                if act.erased
                else Said("未写明金额", "it states no amount")
            )
            detail = _of(why, "无法计量该行为：{}", "the act cannot be measured: {}")
            yield Mark("UNDETERMINED", "AUT-06", ceilings[0][1], detail)
        return
    lowest = min((each for each in ceilings if each[2] == act.currency), key=lambda each: each[0], default=None)
    foreign = next((each for each in ceilings if each[2] != act.currency), None)
    if lowest is not None and act.amount > lowest[0]:
        yield Mark("FAIL", "AUT-06", lowest[1], _over(act.amount, lowest[0]))
    elif foreign is not None:
        detail = Said(
            f"金额为 {act.amount} {act.currency}，而限额以 {foreign[2]} 计",
            f"{act.amount} {act.currency} against a ceiling in {foreign[2]}",
        )
        yield Mark("UNDETERMINED", "AUT-06", foreign[1], detail)


def over_total(case: Case) -> Iterator[Mark]:
    """AUT-07: with what was drawn before, more than the total of the grant or of one it rests on. Equal passes."""
    act = case.act
    for link in case.path.links:
        said = link.delegation
        if said is None or said.ceiling_total is None or (act.amount is None and act.type not in MEASURED):
            continue
        drawn, total = case.uses.before(act, link), Decimal(said.ceiling_total)
        if act.amount is None or act.currency != ceiling_currency(link):
            detail = Said("无法以其累计限额计量该行为", "the act cannot be measured against its total")
            yield Mark("UNDETERMINED", "AUT-07", link.name, detail)
            continue
        sums = Said(
            f"累计限额 {total}，此前已用 {drawn.amount}，本次 {act.amount}",
            f"{drawn.amount} before and {act.amount} now, of {total}",
        )
        if drawn.amount + act.amount > total and act.amount > 0:
            yield Mark("FAIL", "AUT-07", link.name, sums)
        elif drawn.unmeasured and act.amount > 0:
            yield Mark(
                "UNDETERMINED",
                "AUT-07",
                link.name,
                _of(sums, "{}，另有未写明金额的行为", "{}, besides acts that state no amount"),
            )


def not_in_post(case: Case) -> Iterator[Mark]:
    """AUT-18: the grant is a post's, and who acted by it was not in that post."""
    route = case.path.route
    if route.post is None:
        return
    if not in_post(route.post, route.person, case.at, case.facts, known_by=case.at):
        detail = Said(f"{route.person} 当时不在岗位 {route.post}", f"{route.person} was not in {route.post}")
        yield Mark("FAIL", "AUT-18", case.leaf.name, detail)
    elif not in_post(route.post, route.person, case.at, case.facts):
        detail = Said(
            f"{route.person} 已被免去岗位 {route.post}，但行为之后方为人所知",
            f"{route.person} had been relieved of {route.post}, which was known only after the act",
        )
        yield Mark("NOTE", "AUT-18", case.leaf.name, detail)


def acting_defect(case: Case) -> Iterator[Mark]:
    """AUT-20: in another's name without an appointment, outside its period, or by a grant that does not pass."""
    route, leaf = case.path.route, case.leaf
    if route.principal is None:
        return
    acting = route.acting
    if acting is None:
        detail = Said(
            f"无人指定 {case.asker.who} 代行 {route.principal} 的职责",
            f"nobody appointed {case.asker.who} to act for {route.principal}",
        )
        yield Mark("FAIL", "AUT-20", leaf.name, detail)
        return
    yield from _outside_period(acting, case)
    if leaf.delegation is not None and leaf.delegation.personal_only:
        detail = Said(
            f"该授权仅限 {leaf.grantee} 本人，不随代行转移",
            f"it is for {leaf.grantee} in person and passes to no substitute",
        )
        yield Mark("FAIL", "AUT-20", leaf.name, detail)
    elif acting.grants and leaf.name not in acting.grants:
        detail = Said(f"代行指定 {acting.name} 未列明该授权", f"the appointment {acting.name} does not name it")
        yield Mark("FAIL", "AUT-20", leaf.name, detail)


def retroactive(case: Case) -> Iterator[Mark]:
    """
    AUT-12: all is in order, but something the way rests on was made or known only after the act.

    LATE instead, where it was made no later than the act and known within the tolerance (contract §3, authority).
    """
    at, leaf, route = case.at, case.leaf, case.path.route
    for link in case.path.links:
        what = Said(link.name, link.name)
        yield from _known_later(link.name, what, made_by(link, at), link.known_from, case)
    if route.acting is not None:
        acting = route.acting
        yield from _known_later(leaf.name, _appointment(acting), acting.time <= at, acting.known_from, case)
    if route.post is not None:
        terms = terms_at(route.post, route.person, at, case.facts, known_by=at)
        for term in sorted(terms, key=lambda term: term.known_from)[:1]:
            what = Said(
                f"{route.person} 任岗位 {route.post} 的任命", f"the assignment of {route.person} to {route.post}"
            )
            yield from _known_later(leaf.name, what, term.time <= at, term.known_from, case)


class Check(Struct, frozen=True):
    """A check, and whether it can say anything of a way at all, whatever the act: asked once for each way."""

    marks: Callable[[Case], Iterator[Mark]]
    concerns: Callable[[Path, Facts], bool]


def _every(path: Path, facts: Facts) -> bool:
    return True


def _delegations(path: Path) -> Iterator[AuthGrant]:
    return (link.delegation for link in path.links if link.delegation is not None)


CHECKS: Final = (
    Check(gap_in_chain, lambda path, _: path.gap is not None),
    Check(faulty_chain, lambda path, facts: bool(_chain_marks(path.links, facts))),
    Check(not_passed_on, lambda path, _: any(link.sub_acts is not None for link in _delegations(path))),
    Check(not_yet_effective, _every),
    Check(expired, lambda path, _: any(link.ends is not None for link in path.links)),
    Check(revoked_or_suspended, lambda path, facts: any(facts.turns_of(link.name) for link in path.links)),
    Check(out_of_scope, lambda path, _: any(link.scope is not None for link in path.links)),
    Check(over_item_ceiling, lambda path, _: bool(path.item_ceilings)),
    Check(over_total, lambda path, _: any(link.ceiling_total is not None for link in _delegations(path))),
    Check(not_in_post, lambda path, _: path.route.post is not None),
    Check(acting_defect, lambda path, _: path.route.principal is not None),
    Check(acted_beside_each_other, lambda _, facts: bool(facts.actings)),
    Check(unmet_conditions, lambda path, _: any(link.conditions for link in _delegations(path))),
    Check(split_to_stay_below, lambda path, _: bool(path.item_ceilings)),
    Check(reserved_to_a_body, _every),
    Check(special_used_again, lambda path, _: any(link.kind == "special" for link in _delegations(path))),
)
"""Every failure of a way but AUT-12, which supposes that nothing else is wrong with it. AUT-01 is no way at all."""


_GRAVITY: Final[dict[Result, int]] = {"NOTE": 0, "FAULT": 0, "LATE": 1, "UNDETERMINED": 2, "FAIL": 3}
_EACH: Final = frozenset(("NOTE", "FAULT"))
"""Said of every grant; of the others only the nearest to the act."""


def weigh(case: Case) -> tuple[Mark, ...]:
    """Return the marks on one way: of each failure (and axis of the scope) the one nearest to the act."""
    if not case.path.covers(case.act.type):  # it is reported as tried, and that is all there is to say
        why = Said(f"acts：{case.act.type} 不在其授权行为之列", f"acts: {case.act.type} is not among those it is for")
        return (Mark("FAIL", "AUT-05", case.leaf.name, why, "acts"),)
    marks = [mark for check in concerning(case.path, case.facts) for mark in check(case)]
    if not any(mark.result == "FAIL" for mark in marks):
        marks += retroactive(case)
    return _nearest(marks) if len(marks) > 1 else tuple(marks)


def concerning(path: Path, facts: Facts) -> tuple[Callable[[Case], Iterator[Mark]], ...]:
    """The checks that can say anything of a way: the same for every act."""
    known = facts.remembered.get(path.key)
    if known is None:
        known = facts.remembered[path.key] = tuple(check.marks for check in CHECKS if check.concerns(path, facts))
    return cast("tuple[Callable[[Case], Iterator[Mark]], ...]", known)


def _nearest(marks: list[Mark]) -> tuple[Mark, ...]:
    said: dict[tuple[str, str | None], Mark] = {}
    for mark in marks:
        first = said.setdefault((mark.code, mark.axis), mark)
        if _GRAVITY[mark.result] > _GRAVITY[first.result]:
            said[mark.code, mark.axis] = mark
    kept = {id(mark) for mark in said.values()}
    return tuple(mark for mark in marks if mark.result in _EACH or id(mark) in kept)


def _known_later(grant: str, what: Said, made: bool, known_from: datetime, case: Case) -> Iterator[Mark]:
    if not made:
        yield Mark("FAIL", "AUT-12", grant, _of(what, "{} 在行为之后作出", "{} was made after the act"))
    elif known_from > case.at:
        result = case.tolerance.judges(known_from)
        since, unsure = both_at(known_from), Said("", "")
        if result == "UNDETERMINED":
            unsure = Said(
                "；日历未公布，无法判定是否在容许期内", "; no calendar says whether that is within the tolerance"
            )
        detail = Said(
            f"{what.zh} 自 {since.zh} 起方为人所知，在行为之后{unsure.zh}",
            f"{what.en} was known only from {since.en}, after the act{unsure.en}",
        )
        yield Mark(result, "AUT-12", grant, detail)


def _outside_period(acting: Acting, case: Case) -> Iterator[Mark]:
    known = [ending.time for ending in acting.endings if ending.known_from <= case.at]
    until: datetime | None = min([*known, *([acting.ends] if acting.ends is not None else [])], default=None)
    what = _appointment(acting)
    if case.at < acting.starts:
        yield Mark("FAIL", "AUT-20", case.leaf.name, _at(what, acting.starts, "{} 自 {} 起", "{} begins at {}"))
    elif until is not None and case.at >= until:
        yield Mark("FAIL", "AUT-20", case.leaf.name, _at(what, until, "{} 已于 {} 终止", "{} ended at {}"))
    elif any(ending.time <= case.at for ending in acting.endings):
        detail = _of(what, "{} 已被终止，但行为之后方为人所知", "{} had been ended, which was known only after the act")
        yield Mark("NOTE", "AUT-20", case.leaf.name, detail)


def _appointment(acting: Acting) -> Said:
    return Said(f"代行指定 {acting.name}", f"the appointment {acting.name}")


def _over(amount: Decimal, ceiling: Decimal) -> Said:
    return Said(f"{amount} 超过单笔限额 {ceiling}", f"{amount} is over the ceiling of {ceiling}")


def _of(said: Said, zh: str, en: str) -> Said:
    """Return two sentences with what is said in their one place."""
    return Said(zh.format(said.zh), en.format(said.en))


def _at(what: Said, moment: datetime, zh: str, en: str) -> Said:
    """Return two sentences with what they are about, and a moment, in their places."""
    at = both_at(moment)
    return Said(zh.format(what.zh, at.zh), en.format(what.en, at.en))
