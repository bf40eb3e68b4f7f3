"""Violations by who did it: two duties in one hand, too few hands together, and interests."""

from typing import Final

from bench.beside import newcomer, recusal, serves_the_public
from bench.plant import Plant, Wrong, both, by, follows, small, states, tender
from bench.project import Project
from bench.province import REGISTRAR, head_of
from bench.story import Data


def _pair(rule: str, act: str, post: str, *acts: str) -> Plant:
    """Two duties in one hand: `act` done by another post than usual (`acceptor`: the second one of the panel)."""

    def prepare(p: Project) -> None:
        p.hands |= {act: post, "pay.approve": "FDEP"}
        if rule == "SOD-04":
            p.buys(goods=True)
        if rule == "SOD-03":
            p.signs = lambda p, price: ("LEAD", p.unit.grant(6))

    return Plant("small", prepare, (Wrong(rule, acts, (post,)),))


def _in_tender(rule: str, act: str, post: str, *acts: str) -> Plant:
    return Plant("tender", by(act, post), (Wrong(rule, acts, (post,)),))


# Joint handling


def _alone(p: Project, data: Data) -> Data:
    return {"participants": data["participants"][:1]}


def _nobody_beside(p: Project, data: Data) -> Data:
    return {"participants": []}


def _without_the_last(p: Project, data: Data) -> Data:
    return {"participants": data["participants"][:-1]}


def _unsigned(p: Project, data: Data) -> Data:
    first, *others = data["participants"]
    return {"participants": [first, *({**other, "signed": False} for other in others)]}


# Interests


def _interest(relation: str, detail: str) -> Plant:
    """Who evaluates has said what they have to do with a bidder, and evaluates all the same, undecided."""

    def prepare(p: Project) -> None:
        supplier = newcomer(p, f"person:{p.code}")
        p.interests["TECH1"] = [{"supplier": supplier, "relation": relation, "from": "2024-05-06", "detail": detail}]

    rule = "INT-02" if relation == "R1" else "INT-04"
    return tender(rule, prepare, "eval.perform", ("TECH1",))


def _concealed(p: Project) -> None:
    """Whoever reviewed the requirement had declared nothing; afterwards it turns out that a bidder employed them."""
    supplier = newcomer(p, f"person:{p.code}")
    found: Data = {"object": "REL1", "person": p.unit.person("REQ2"), "supplier": supplier, "relation": "R1"}
    found |= {"from": "2023-03-01", "until": "2024-06-30", "evidence": "social_insurance"}
    p.then["contract.publish"] = lambda p: p.act("relation.record", "DISC", found)


def _kin(p: Project) -> None:
    """Whoever pays is a relative of whoever approves the payment."""
    relative = f"person:{p.code}"
    p.record("person.register", REGISTRAR, relative, {"pseudonym": p.code, "employer": p.unit.ref})
    p.hands |= {"pay.execute": relative, "pay.approve": "FDEP"}
    found: Data = {"object": "REL1", "person": p.unit.person("FDEP"), "relative": relative, "relation": "R6"}
    p.then["pay.book"] = lambda p: p.act("relation.record", "DISC", found | {"evidence": "hr"})


def _same_head(p: Project) -> None:
    newcomer(p, head_of(p.bidders[1]))


def _prior_service(p: Project) -> None:
    """Whoever bids had helped to write the specifications."""
    supplier = newcomer(p, f"person:{p.code}")
    data: Data = {"object": supplier[9:], "supplier": supplier, "as": "prior_service"}
    p.then["req.prepare"] = lambda p: p.act("participant.record", "CLERK", data)


def _does_not_declare(post: str) -> Plant:
    def prepare(p: Project) -> None:
        p.interests[post] = None

    return small("INT-01", prepare, "accept.perform", (post,))


def _recused(p: Project) -> None:
    recusal(p, "LEGAL", "recuse", answered=1)


def _answered_late(p: Project) -> None:
    recusal(p, "CLERK", "stay", answered=4)


PLANTS: Final[dict[str, Plant]] = {
    "SOD-01": _in_tender("SOD-01", "req.prepare", "REQ2", "req.prepare", "req.review"),
    # Who prepares a document and checks it is also one hand in two of the three that it takes (domain §3.4, JNT-06).
    "SOD-02": Plant(
        "tender",
        by("doc.prepare", "LEAD"),
        (Wrong("SOD-02", ("doc.prepare", "doc.check"), ("LEAD",)), Wrong("JNT-06", ("doc.check",), ("LEAD",))),
    ),
    "SOD-03": _pair("SOD-03", "acceptor", "LEAD", "contract.sign", "accept.perform"),
    "SOD-04": _pair("SOD-04", "asset.receive", "TECH1", "accept.perform", "asset.receive"),
    "SOD-05": _pair("SOD-05", "pay.apply", "FDEP", "pay.apply", "pay.approve"),
    "SOD-06": _pair("SOD-06", "pay.execute", "FDEP", "pay.approve", "pay.execute"),
    "SOD-08": _pair("SOD-08", "pay.book", "FDEP", "pay.approve", "pay.book"),
    "SOD-10": _pair("SOD-10", "pay.book", "CASH", "pay.execute", "pay.book"),
    "JNT-01": tender("JNT-01", states("eval.organise", _alone), "eval.organise"),
    "JNT-03": tender("JNT-03", states("contract.sign", _nobody_beside), "contract.sign"),
    "JNT-04": tender("JNT-04", states("accept.perform", _unsigned), "accept.perform"),
    "JNT-05": tender("JNT-05", states("req.review", _without_the_last), "req.review"),
    "JNT-06": tender("JNT-06", by("doc.check", "DEP"), "doc.approve", ("DEP",)),
    "JNT-07": tender(
        "JNT-07", states("plan.approve", lambda p, data: {"participants": data["participants"][:2]}), "plan.approve", ()
    ),
    "JNT-08": tender("JNT-08", both(serves_the_public, states("accept.perform", _without_the_last)), "accept.perform"),
    "INT-01": _does_not_declare("TECH2"),
    "INT-02": _interest("R1", "曾在该供应商任职"),
    "INT-03": tender("INT-03", _concealed, "coi.declare@REQ2", ("REQ2",)),
    "INT-04": _interest("R5", "曾为该供应商讲课取酬"),
    "INT-05": tender("INT-05", follows("award.publish", _recused), "contract.review", ("LEGAL",)),
    "INT-06": tender("INT-06", follows("notice.publish", _answered_late), "recusal.inquire"),
    "INT-07": tender("INT-07", _same_head, "bid.open"),
    "INT-08": tender("INT-08", _prior_service, "bid.open"),
    "INT-10": small("INT-10", _kin, "pay.execute", ("FDEP", "pay.execute")),
}
