"""
From the budget to the award, as the rules would have it.

Terms are kept with room to spare, in working days: thirty days are at most 24 of them, a tender's twenty at most 17.
"""

from typing import Final

from bench.project import Project
from bench.province import AGENCIES, EXPERTS, agent
from bench.story import DAY, Data, day_of, hand, money, morning, text_of
from quanze.county.lifecycle import AWARD_CONTENTS, NOTICE_CONTENTS

EARLIEST_DECISION: Final = morning("2026-01-08")
"""The year's grants hold from the sixth of January."""


def opening(p: Project, budget: int, method: str, organisation: str) -> None:
    data: Data = {
        "object": p.code,
        "title": p.title,
        "category": p.category,
        "kind": "goods" if p.goods else "services",
    }
    data |= {"method": method, "organisation": organisation, "fiscal_year": 2026, "budget_project": f"2026-{p.code}"}
    p.act("project.open", "REQ", data)
    asked: Data = {"object": "BUD1", "amount": money(budget)}
    p.act("budget.prepare", "BUDG", asked)
    p.later()
    p.act("budget.review", "FIN", asked | {"result": "pass"})
    p.later(2)
    finance = p.unit.finance
    p.act("budget.approve", f"body:{finance}局务会", asked | {"documents": [p.paper("budget")]}, unit=f"unit:{finance}")
    p.later()


def requirement(p: Project) -> Data:
    item: Data = {"name": p.title, "category": p.category, "quantity": "1"}
    return {"object": "REQ1", "version": "1", "items": [item], "documents": [p.paper("requirement")]}


def first_plan(p: Project, method: str, organisation: str, set_aside: str) -> Data:
    plan: Data = {"object": "PLN1", "version": "1", "based_on": [{"object": "REQ1", "version": "1"}]}
    return plan | {"method": method, "organisation": organisation, "sme_set_aside": set_aside}


def reviewed_plan(p: Project, budget: int) -> int:
    """Publish the intent, have requirement and plan reviewed by four functions; return when the tender may start."""
    start = p.now + 40 * DAY
    intent: Data = {"object": "INT1", "amount": money(budget), "planned_start": day_of(start)}
    p.act("intent.publish", "OFFICER", intent | p.public("intent"))
    p.later(2)
    p.act("req.survey", "REQ", {"object": "SUR1", "respondents": 4, "documents": [p.paper("other", "需求调查报告")]})
    p.later(2)
    p.act("req.prepare", "REQ", requirement(p))
    plan = first_plan(p, "open_tender", "decentralised", "part")
    p.later()
    p.act("plan.prepare", "OFFICER", plan | {"amount": money(budget), "documents": [p.paper("plan")]})
    p.later()
    seats = [("CLERK", "lead", "procurement"), ("FIN", "member", "finance")]
    seats += [("REQ2", "member", "business"), ("DISC", "member", "supervision")]
    review: Data = {"object": "REV1", "kind": "general", "result": "pass"}
    review["participants"] = [hand(p.who("req.review", post), *seat) for post, *seat in seats]
    p.act("req.review", "CLERK", review | {"based_on": [{"object": name, "version": "1"} for name in ("REQ1", "PLN1")]})
    p.not_before(EARLIEST_DECISION)
    p.later(2)
    p.decide("plan.approve", plan, budget, p.paper("plan", "审定"))
    p.later()
    p.act("plan.file", "OFFICER", {"object": "PLN1", "version": "1"})
    return start


def agency_tender(p: Project, budget: int, price: int, start: int) -> None:
    """Engage an agency; documents by three hands; notice, opening, evaluation; award by the body."""
    number = p.random.randrange(AGENCIES)
    staff = [agent(number, n) for n in range(3)]
    term: Data = {
        "object": "AGT1",
        "agency": f"agency:A{number:02}",
        "valid_from": p.today,
        "valid_until": "2026-12-31",
    }
    p.act("agency.sign", "LEAD", term | {"documents": [p.paper("other", "委托代理协议")]})
    p.later(2)
    _documents(p, staff[0])
    p.not_before(start)
    p.later()
    due = p.closes(p.now)
    notice: Data = {
        "object": "NOT1",
        "amount": money(budget),
        "price_ceiling": money(budget),
        "contents": NOTICE_CONTENTS,
    }
    notice |= {"bid_deadline": text_of(due), "document_until": day_of(p.now + 6 * DAY)} | p.public("notice")
    p.act("notice.publish", staff[0], notice)
    p.now = due - DAY
    watched = [hand(p.who("expert.draw", "DISC"), "observer", "supervision")]
    p.act("expert.draw", "OFFICER", {"object": "DRAW1", "participants": watched})
    p.now = due
    p.act("bid.open", staff[1], {"object": "OPN1", "suppliers": p.bidders, "documents": [p.paper("bid")]})
    _evaluated(p, staff, budget, price)
    p.later(2)
    p.act("award.check", "LEAD", {"object": "AWD1", "amount": money(price), "result": "pass"})
    p.decide("award.decide", {"object": "AWD1", "supplier": p.bidders[0]}, price, p.paper("award_document"))
    p.later()
    stated: Data = {
        "object": "AWD1",
        "amount": money(price),
        "contents": AWARD_CONTENTS,
        "documents": [p.paper("award_notice")],
    }
    p.act("award.publish", staff[0], stated | p.public("award"))


def _documents(p: Project, preparer: str) -> None:
    made: Data = {"object": "DOC1", "version": "1", "based_on": [{"object": "REQ1", "version": "1"}]}
    papers: Data = {"documents": [p.paper("solicitation"), p.paper("criteria")]}
    p.act("doc.prepare", preparer, made | papers | {"price_weight": "0.40"})
    p.later()
    p.act("doc.check", "LEAD", made | {"result": "pass"})
    p.later()
    p.act("doc.approve", "DEP", made | papers)


def _evaluated(p: Project, staff: list[str], budget: int, price: int) -> None:
    """Four experts drawn by lot and one of the unit; the report goes out the next day."""
    checkers = [hand(p.who("qual.review", "CLERK"), "lead", "procurement"), hand(staff[2])]
    p.act("qual.review", "CLERK", {"object": "QUA1", "participants": checkers, "result": "pass"})
    p.act("eval.organise", staff[1], {"object": "EVA1", "participants": [hand(staff[1], "lead"), hand(staff[2])]})
    experts = [f"person:X{n:03}" for n in p.random.sample(range(EXPERTS), 4)]
    members = [hand(expert, "member" if n else "lead", "expert") for n, expert in enumerate(experts)]
    members.append(hand(p.who("eval.perform", "TECH1"), "member", "business"))
    prices = [price + n * (budget - price) // 4 for n in range(len(p.bidders))]
    ranking = [
        {"supplier": each, "price": money(prices[n]), "score": f"{93 - 4 * n}.50"} for n, each in enumerate(p.bidders)
    ]
    seats: Data = {"object": "EVA1", "participants": members, "experts": 4, "drawn": True, "recommended": p.bidders[0]}
    p.act("eval.perform", experts[0], seats | {"ranking": ranking})
    p.later()
    p.act("eval.report", staff[0], {"object": "EVA1", "documents": [p.paper("evaluation_report")]})
