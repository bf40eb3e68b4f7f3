"""
What happens beside the usual course of a tender, each lawful by itself: securities, challenges, recusals, a supplement.

Days are counted from the act it follows. What is told at a later moment leaves the clock where it is.
"""

from bench.plant import restate
from bench.project import Project
from bench.province import enter
from bench.story import DAY, Data, hand, money
from quanze.county.lifecycle import REVIEW_HEADS

PERIOD: Data = {"days": 10, "working": True}


def newcomer(p: Project, head: str) -> str:
    """Have a supplier bid that takes part nowhere else, in place of the third; return its name."""
    supplier = f"supplier:{p.code}"
    enter(p, supplier, f"{p.code} 新进供应商", head, "small")
    p.bidders[2] = supplier
    return supplier


def bid_securities(p: Project, excess: int = 0, form: str = "guarantee", returned: int = 2) -> None:
    """
    Have every bidder give a fiftieth of the budget as security, the first so much more, and in this form.

    They are returned in time, or to the second so many working days after the award.
    """
    given: list[Data] = []

    def receive(p: Project) -> None:
        least = _yuan(p, "budget.prepare") // 50
        for n, bidder in enumerate(p.bidders):
            data: Data = {"object": f"BIDSEC{n}", "security": f"BIDSEC{n}", "kind": "bid", "supplier": bidder}
            data |= {"amount": money(least + (0 if n else excess)), "form": "guarantee" if n else form}
            given.append(data)
            p.act("bidsec.receive", "CASH", data)

    def give_back(p: Project) -> None:
        for data, days in zip(given[1:], (returned, 2), strict=True):
            p.act("bidsec.refund", "CASH", data, at=p.now + days * DAY)

    p.then["expert.draw"] = receive
    p.then["award.publish"] = give_back
    p.then["contract.sign"] = lambda p: p.act("bidsec.refund", "CASH", given[0], at=p.now + DAY)


def performance_security(p: Project, excess: int = 0, returned: int = 5, *, clause: bool = True) -> None:
    """Take a tenth of the contract sum, and so much more, as security; return it after acceptance."""
    given: Data = {"object": "PERFSEC1", "security": "PERFSEC1", "kind": "performance", "form": "guarantee"}
    given |= {"contract": "CON1", "supplier": p.bidders[0]}

    def receive(p: Project) -> None:
        given["amount"] = money(_yuan(p, "contract.draft") // 10 + excess)
        p.act("perfsec.receive", "CASH", given)

    p.then["contract.review"] = receive
    p.then["accept.perform"] = lambda p: p.act("perfsec.refund", "CASH", given, at=p.now + returned * DAY)
    if clause:
        restate(p, "contract.sign", lambda data: {"performance_security_refund": PERIOD})


def challenged(p: Project, replied: int, *, affects: bool) -> None:
    """Have a loser challenge the result; the reply comes so many working days later."""
    data: Data = {"object": "CHA1", "challenge": "CHA1", "by": p.bidders[2], "affects_result": affects}
    begin = p.now
    p.act("challenge.receive", "CLERK", data, at=begin)
    p.act("challenge.draft", "CLERK", data, at=begin + DAY)
    reply = data | {"documents": [p.paper("challenge_reply")]}
    p.act("challenge.reply", "DEP", reply, authority=p.unit.grant(2), at=begin + replied * DAY)


def asked(p: Project, replied: int) -> None:
    """Have a supplier inquire; the reply comes so many working days later."""
    data: Data = {"object": "INQ1", "inquiry": "INQ1", "by": p.bidders[1], "affects_result": False}
    begin = p.now
    p.act("inquiry.receive", "CLERK", data, at=begin)
    p.act("inquiry.reply", "CLERK", data, at=begin + replied * DAY)


def recusal(p: Project, post: str, decision: str, answered: int) -> None:
    """Have the recusal of somebody asked for, inquired into after so many working days, and decided."""
    data: Data = {"object": "REC1", "recusal": "REC1", "person": p.unit.person(post), "supplier": p.bidders[1]}
    begin = p.now
    p.act("recusal.request", "CLERK", data | {"by": "supplier"}, at=begin)
    p.act("recusal.inquire", "DISC", data, at=begin + answered * DAY)
    decided = data | {"decision": decision}
    p.act("recusal.decide", "DEP", decided, authority=p.unit.grant(2), at=begin + answered * DAY + 30)


def past_the_budget(p: Project) -> None:
    """Add a supplement that takes the contract one yuan past the budget."""
    supplement(p, _yuan(p, "budget.prepare") - _yuan(p, "contract.draft") + 1)


def past_a_tenth(p: Project) -> None:
    """Add a supplement of one yuan more than a tenth of the contract."""
    supplement(p, _yuan(p, "contract.draft") // 10 + 1)


def supplement(p: Project, amount: int) -> None:
    """Draft, review, sign, seal, publish and file a supplement to the contract."""
    name = "CON1-S1"
    p.later()
    drafted: Data = {"object": name, "supplier": p.bidders[0], "amount": money(amount)}
    p.act("contract.draft", "OFFICER", drafted)
    people = [hand(p.who("contract.review", "LEGAL"), "lead", "legal")]
    opinion: Data = {"result": "pass", "participants": people, "documents": [p.paper("legal_opinion", name)]}
    p.act("contract.review", "LEGAL", {"object": name} | opinion)
    p.later()
    added = drafted | {"contract": "CON1", "reason": "增加服务内容", "documents": [p.paper("contract", name)]}
    added["participants"] = [hand(p.who("handler", "CLERK"), "handler", "procurement")]
    p.act("contract.amend", "DEP", added, authority=p.unit.grant(3))
    p.act("seal.use", "OFFICE", {"object": name})
    p.later()
    p.act("contract.publish", "OFFICER", {"object": name} | p.public(f"contract/{name}"))
    p.later()
    p.act("contract.file", "OFFICER", {"object": name})


def serves_the_public(p: Project) -> None:
    """Buy a service to the public: reviewed in depth, and accepted with its users."""
    p.buys(goods=False)
    restate(p, "project.open", lambda data: {"public_service": True})
    heads = [{"name": head, "result": "pass"} for head in REVIEW_HEADS]
    restate(p, "req.review", lambda data: {"kind": "in_depth", "items": heads})
    user = hand(p.unit.person("REQ2"), "member", "user")
    restate(p, "accept.perform", lambda data: {"participants": [*data["participants"], user]})


def _yuan(p: Project, act: str) -> int:
    return int(p.found(act)["data"]["amount"].removesuffix(".00"))
