"""
What is wrong with an act by a way because of what it is about or what else was done: AUT-14 to 16, 19 and 20 (domain
§4.3). Each is a check like those of `failures`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from contracts.moments import LOCAL_ZONE
from contracts.payloads import AuthVest, Reserved
from projector.authority.case import Case
from projector.authority.chain import Route
from projector.authority.conditions import conditions_of
from projector.authority.facts import Acting, Facts, Grant, JudgedAct
from projector.authority.policy import split_window
from projector.authority.said import Said
from projector.authority.standing import Mark
from projector.authority.usage import family_of


def unmet_conditions(case: Case) -> Iterator[Mark]:
    """AUT-14: a concurrence, collective decision or legal review that a grant asks for is missing."""
    for each in conditions_of(case.path.links, case.act, case.asker, case.facts):
        if each.status != "met":
            result = "FAIL" if each.status == "unmet" else "UNDETERMINED"
            detail = Said(
                f"{each.condition.replace('concurrence:', '会签 ')}：{each.detail_zh}",
                f"{each.condition}: {each.detail}",
            )
            yield Mark(result, "AUT-14", each.grant, detail)


def split_to_stay_below(case: Case) -> Iterator[Mark]:
    """
    AUT-15: with what the same person did shortly before in the same matter, more than the ceiling for one item.

    The same matter is the same project, or the same budget project and category. Every act is within the ceiling: one
    that is not is AUT-06, and evades nothing.
    """
    act, facts = case.act, case.facts
    lowest = min((each for each in case.path.item_ceilings if each[2] == act.currency), default=None)
    if lowest is None or act.amount is None or not 0 < act.amount <= lowest[0]:
        return
    days = split_window(facts.policies, act)
    if days is None:
        return
    ceiling, grant, _ = lowest
    others = [each for each in _alike(case, days) if each.amount is not None and 0 < each.amount <= ceiling]
    total = act.amount + sum((each.amount for each in others if each.amount is not None), Decimal(0))
    if others and total > ceiling:
        positions = ", ".join(str(each.position) for each in others)
        detail = Said(
            f"连同 {days} 日内第 {positions} 号行为共计 {total}，超过单笔限额 {ceiling}",
            f"with the acts at {positions} within {days} days {total}, over the ceiling of {ceiling} for one",
        )
        yield Mark("FAIL", "AUT-15", grant, detail)


def reserved_to_a_body(case: Case) -> Iterator[Mark]:
    """AUT-16: only a body may decide this, by a policy of the unit or by how its original authority was vested."""
    act = case.act
    if case.asker.who.startswith("body:"):
        return
    for by, grant, entry in _reserved(case):
        if entry.act != act.type:
            continue
        from_on = Said("", "")
        if entry.amount_from is not None:
            from_on = Said(f"（{entry.amount_from} 元起）", f" from {entry.amount_from} on")
        reserves = Said(
            f"{by.zh} 规定 {act.type}{from_on.zh} 须由集体决策机构决定",
            f"{by.en} reserves {act.type}{from_on.en} to a body",
        )
        if entry.amount_from is not None and (act.amount is None or act.currency != "CNY"):
            detail = Said(
                f"{reserves.zh}，而该行为未写明人民币金额",
                f"{reserves.en}, and the act states no amount in CNY",
            )
            yield Mark("UNDETERMINED", "AUT-16", grant, detail)
        elif entry.amount_from is None or (act.amount is not None and act.amount >= Decimal(entry.amount_from)):
            yield Mark("FAIL", "AUT-16", grant, reserves)
            return


def special_used_again(case: Case) -> Iterator[Mark]:
    """AUT-19: a special grant is for one matter. It lapses when that is done (Civil Code §173 (1))."""
    act = case.act
    project = case.facts.projects.get(act.project or "")
    for link in case.path.links:
        said = link.delegation
        if said is None or said.kind != "special":
            continue
        earlier = case.uses.exercised(act, link)
        used = [each for each in earlier if each.subject != act.subject or said.ceiling_total is None]
        used.sort(key=lambda each: (each.erased, each.subject == act.subject))
        if used and not used[0].erased:
            yield Mark("FAIL", "AUT-19", link.name, _used_for(used[0], act))
        elif project is not None and project.closed is not None and project.closed < act.order:
            yield Mark("FAIL", "AUT-19", link.name, _over_at(project.closed[2]))
        elif used:
            done = _used_for(used[0], act)
            detail = Said(
                f"{done.zh}，除非当时未获通过，而该内容已被删除",
                f"{done.en}, unless that was refused, which was erased",
            )
            yield Mark("UNDETERMINED", "AUT-19", link.name, detail)


def _over_at(position: int) -> Said:
    return Said(f"其事项已在第 {position} 号行为办结", f"its matter was over at {position}")


def _used_for(used: JudgedAct, act: JudgedAct) -> Said:
    matter = Said("本事项", "this") if used.subject == act.subject else Said(used.subject, used.subject)
    return Said(
        f"该授权已在第 {used.position} 号行为中用于 {matter.zh}",
        f"it was used for {matter.en} at {used.position} already",
    )


def acted_beside_each_other(case: Case) -> Iterator[Mark]:
    """AUT-20: principal and substitute both did it, while the one stood in for the other (domain §4.1)."""
    route = case.path.route
    for acting in _appointments(case) if not case.asker.ratifies else ():
        other = acting.principal if route.acting is acting else acting.substitute
        person = case.facts.person_of(other, acting.time)
        beside = next((each for each in _same_kind(case, person) if _during(acting, each.time, case.at)), None)
        if beside is not None:
            who = Said("委托人", "the principal") if route.acting is acting else Said("代行人", "the substitute")
            detail = Said(
                f"{who.zh} {person} 在 {acting.name} 有效期间于第 {beside.position} 号行为中作出了同样的行为",
                f"{who.en} {person} did the same at {beside.position}, while {acting.name} was in force",
            )
            yield Mark("FAIL", "AUT-20", case.leaf.name, detail)
            return


def _alike(case: Case, days: int) -> list[JudgedAct]:
    """Return what the same person did of this kind, in the same matter, in the days before the act."""
    act, facts = case.act, case.facts
    person = facts.person_of(case.asker.who, case.asker.at)
    since = _day(act.time) - timedelta(days=days)
    family = family_of(act.type)
    return [
        each
        for each in facts.acts_asked_of(person)
        if each.type in family
        and each.order < act.order
        and _day(each.time) >= since
        and each.currency == act.currency
        and facts.person_of(each.asked or each.actor, each.time) == person
        and _same_matter(each, act, facts)
    ]


def _day(at: datetime) -> datetime:
    return at.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _same_matter(one: JudgedAct, other: JudgedAct, facts: Facts) -> bool:
    if one.project is None or other.project is None:
        return False
    if one.project == other.project:
        return True
    first, second = facts.projects.get(one.project), facts.projects.get(other.project)
    if first is None or second is None or first.budget_project is None or first.category is None:
        return False
    return (first.budget_project, first.category) == (second.budget_project, second.category) and one.unit == other.unit


def _reserved(case: Case) -> Iterator[tuple[Said, str | None, Reserved]]:
    """Yield what is reserved, and by what: policies known then, the chain's root, the other roots of the unit."""
    act, facts = case.act, case.facts
    for adopted in facts.policies.in_force(act.unit, act.time, act.time):
        for entry in adopted.reserved:
            yield Said(f"制度 {adopted.policy}", f"the policy {adopted.policy}"), None, entry
    for root in _roots(case):
        if isinstance(root.payload, AuthVest):
            for entry in root.payload.reserved:
                yield Said(root.name, root.name), root.name, entry


def _roots(case: Case) -> list[Grant]:
    act = case.act
    own = [link for link in case.path.links if link.is_root]
    others = [
        root
        for root in case.facts.roots
        if root.unit is not None
        and root.unit == act.unit
        and root not in own
        and root.known_from <= act.time
        and root.starts <= act.time
        and (root.ends is None or act.time < root.ends)
    ]
    return own + others


def _appointments(case: Case) -> Iterator[Acting]:
    """Yield the appointment the way goes by, or those by which another stands in for whoever acted."""
    route: Route = case.path.route
    if route.acting is not None:
        yield route.acting
    elif route.principal is None:
        for acting in case.facts.actings:
            mine = case.facts.person_of(acting.principal, acting.time) == route.person
            named = not acting.grants or case.leaf.name in acting.grants
            covers = acting.acts is None or case.act.type in acting.acts
            if mine and named and covers and _during(acting, case.at, case.at):
                yield acting


def _during(acting: Acting, at: datetime, known_by: datetime) -> bool:
    ends = [end.time for end in acting.endings if end.known_from <= known_by]
    over = [*ends, *([acting.ends] if acting.ends is not None else [])]
    return acting.starts <= at and all(at < end for end in over)


def _same_kind(case: Case, person: str) -> Iterator[JudgedAct]:
    """Yield what somebody did of this kind on the same subject before."""
    act, facts = case.act, case.facts
    family = family_of(act.type)
    for each in facts.around_by_subject.get(act.subject, ()):
        same_kind = each.order < act.order and each.type in family
        if same_kind and each.asked is not None and facts.person_of(each.asked, each.time) == person:
            yield each
