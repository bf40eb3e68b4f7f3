"""
What somebody of an agency may do on a project: AUT-21 of the catalogue (Implementing Regulations §16, domain §4.3).

An agency acts by the agreement the purchaser signed with it, not by a grant. Declaring interests and recusals are
everybody's own duty and need none.
"""

from typing import Final

from msgspec import Struct

from projector.authority.facts import Agreement, Facts, JudgedAct
from projector.authority.said import Said, both_at
from projector.authority.standing import Mark

_STAGES: Final = frozenset(("TENDER", "DISCLOSURE"))
"""What an agreement that names no acts is for (contract §3, `agency.sign`)."""


class Mandate(Struct, frozen=True):
    """Which agency somebody acted for, by which agreement if any covers the act, and what is wrong if none does."""

    agency: str
    agreement: Agreement | None = None
    mark: Mark | None = None


def mandate_for(act: JudgedAct, facts: Facts) -> Mandate | None:
    """Judge what somebody of an agency did on a project; None where nobody of an agency did it, or it needs none."""
    if act.project is None or act.type == "coi.declare" or act.type.startswith("recusal."):
        return None
    agency = _agency_of(act, facts)
    return None if agency is None else _judged(agency, act, facts)


def _agency_of(act: JudgedAct, facts: Facts) -> str | None:
    who = facts.person_of(act.asked or act.actor, act.time)
    works_for = who if who.startswith("agency:") else facts.employer_of(who, act.time)
    return works_for if works_for is not None and works_for.startswith("agency:") else None


def _judged(agency: str, act: JudgedAct, facts: Facts) -> Mandate:
    project = facts.projects.get(act.project or "")
    signed = [each for each in (project.agreements if project is not None else ()) if each.agency in (agency, None)]
    own = [each for each in signed if each.agency == agency]
    live = [each for each in own if each.time <= act.time and each.starts <= act.time and _lasts(each, act)]
    covering = next((each for each in live if _names(each, act)), None)
    if covering is not None:
        return Mandate(agency, covering)
    if len(own) < len(signed):
        return Mandate(
            agency,
            None,
            Mark(
                "UNDETERMINED", "AUT-21", None, Said("委托协议的内容已删除", "the content of an agreement was erased")
            ),
        )
    return Mandate(agency, None, Mark("FAIL", "AUT-21", None, _why_not(agency, own, live, act)))


def _lasts(agreement: Agreement, act: JudgedAct) -> bool:
    return agreement.ends is None or act.time < agreement.ends


def _names(agreement: Agreement, act: JudgedAct) -> bool:
    return act.stage in _STAGES if agreement.acts is None else act.type in agreement.acts


def _why_not(agency: str, own: list[Agreement], live: list[Agreement], act: JudgedAct) -> Said:
    if live:
        acts = live[-1].acts
        named = Said("采购活动及其公告", "the tender and its publication")
        if acts is not None:
            named = Said("、".join(acts), ", ".join(acts))
        return Said(
            f"第 {live[-1].position} 号与 {agency} 的委托协议委托的是 {named.zh}，不含 {act.type}",
            f"the agreement with {agency} at {live[-1].position} is for {named.en}, not for {act.type}",
        )
    if own:
        last = own[-1]
        starts, ends = both_at(max(last.starts, last.time)), both_at(last.ends)
        when = Said(f"自 {starts.zh} 起有效", f"holds from {starts.en}")
        if last.ends is not None and act.time >= last.ends:
            when = Said(f"已于 {ends.zh} 终止", f"ended at {ends.en}")
        return Said(
            f"第 {last.position} 号与 {agency} 的委托协议{when.zh}",
            f"the agreement with {agency} at {last.position} {when.en}",
        )
    return Said(
        f"未见 {act.project} 与 {agency} 的委托协议",
        f"no agreement with {agency} on {act.project} is recorded",
    )
