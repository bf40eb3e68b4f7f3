"""Projects as the rules would have them: a small purchase, an open tender, and a framework of many payments."""

from bench import planting
from bench.awarding import EARLIEST_DECISION, agency_tender, first_plan, opening, requirement, reviewed_plan
from bench.fulfilment import archive, contract, delivered, published_contract
from bench.project import Facts, Project
from bench.story import money


def told(facts: Facts, seed: int, suppliers: int) -> Project:
    """Tell a project from its opening to its archive."""
    project = Project(facts, seed, suppliers)
    planting.prepare(project)
    {"small": _small, "tender": _tender, "framework": _framework}[facts.shape](project)
    project.declare()
    planting.conclude(project)
    return project


def _small(p: Project) -> None:
    budget = p.random.randrange(20_000, 200_000, 100)
    price = budget * p.random.randrange(80, 99) // 100
    opening(p, budget, "self_organised", "below_threshold")
    p.act("req.prepare", "REQ", requirement(p))
    plan = first_plan(p, "self_organised", "below_threshold", "whole")
    p.act("plan.prepare", "OFFICER", plan | {"amount": money(budget), "documents": [p.paper("plan")]})
    p.not_before(EARLIEST_DECISION)
    p.later()
    p.decide("plan.approve", plan, budget, p.paper("plan", "审定"))
    p.later(5)
    p.act("participant.record", "CLERK", {"object": p.bidders[0][9:], "supplier": p.bidders[0], "as": "bidder"})
    p.decide("award.decide", {"object": "AWD1", "supplier": p.bidders[0]}, price, p.paper("award_document"))
    contract(p, price)
    p.later(8)
    delivered(p, 1, price)
    archive(p)


def _tender(p: Project) -> None:
    budget = p.random.randrange(2_100_000, 6_000_000, 1_000)
    share = p.random.randrange(88, 98)
    price = budget * (p.share or share) // 100
    opening(p, budget, "open_tender", "decentralised")
    agency_tender(p, budget, price, start=reviewed_plan(p, budget))
    contract(p, price)
    published_contract(p)
    p.later(12)
    delivered(p, 1, price)
    p.later(3)
    p.act("perf.evaluate", "AUDIT", {"object": "PE1", "result": "pass"})
    archive(p)


def _framework(p: Project) -> None:
    """Services called off and paid 132 times, about a working day apart: some thousand acts."""
    p.buys(goods=False)
    calls = [60_000 + 37 * n for n in range(132)]
    budget, price = sum(calls) + 100_000, sum(calls)
    opening(p, budget, "open_tender", "decentralised")
    agency_tender(p, budget, price, start=reviewed_plan(p, budget))
    contract(p, price)
    published_contract(p)
    begin = p.now
    for number, amount in enumerate(calls, 1):
        p.now = begin
        p.later(3 + number * 7 // 8)
        delivered(p, number, amount)
    p.later(3)
    p.act("perf.evaluate", "AUDIT", {"object": "PE1", "result": "pass"})
    archive(p)
