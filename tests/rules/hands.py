"""
Ways to change who acts in a lawful project: by what power, in which place, and with what interest of their own.

Like the other changes (`tests.rules.changes`), each is a function of the case and leaves all else as the law asks.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from bench.province import REGISTRAR
from bench.story import Data, digest, hand
from quanze.county.registry import COUNTY
from tests.rules.changes import Case, Change, amended, answered, by, every, money, put, seat, worked_after


def related(relation: str, ended: int | None = None) -> Change:
    """Record a relation of the clerk to a bidder: until three years and so many days before the notice, or still."""

    def change(case: Case) -> None:
        about: Data = {"object": "REL1", "person": case.person("CLERK"), "supplier": case.bidders[1]}
        about |= {"relation": relation, "from": "2015-01-01", "evidence": "hr"}
        if ended is not None:
            noticed = date.fromisoformat(case.day("notice.publish"))
            about["until"] = (noticed.replace(year=noticed.year - 3) - timedelta(days=ended)).isoformat()
        case.add("relation.record", "DISC", case.day("project.open"), "16:00", about)

    return change


def relatives(case: Case) -> None:
    about: Data = {"object": "REL1", "person": approver(case), "relative": case.person("CASH"), "relation": "R6"}
    case.add(
        "relation.record", "DISC", case.day("project.open"), "16:00", about | {"from": "2015-01-01", "evidence": "hr"}
    )


def granted(name: str, case: Case, terms: Data, at: str | None = None) -> str:
    """Give a special grant to sign this project's contract, in the morning of that day; return its name."""
    name = f"grant:{name}-{case.code}"
    day = at or case.day("contract.sign")
    data: Data = {"grant": name, "kind": "special", "parent": case.unit.root("H"), "grantor": case.person("HEAD")}
    data |= {"grantee": case.person("AIDE"), "ceiling_item": money(case.price), "sub_delegable": False}
    data["scope"] = {"units": [case.unit.ref], "projects": [case.ref], "acts": ["contract.sign"]}
    data |= {"valid_from": case.day("contract.sign"), "valid_until": "2026-12-31"}
    data |= {
        "instrument": {"no": name[6:], "date": day, "sha256": digest(name)},
        "responsibility": COUNTY.responsibility,
    }
    data |= terms
    case.add("auth.grant", data["grantor"], day, "07:30", data, name)
    return name


def under(
    terms: Callable[[Case], Data] = lambda case: {},
    *,
    made: int = 0,
    then: Callable[[Case, str], None] | None = None,
    signer: str = "AIDE",
) -> Change:
    """Have the assistant sign, who has no power of their own, under a special grant with these terms."""

    def change(case: Case) -> None:
        signed = case.day("contract.sign")
        name = granted("M", case, terms(case), worked_after(signed, made) if made else None)
        by("contract.sign", signer, authority=name)(case)
        if then is not None:
            then(case, name)

    return change


def revoked(days: int) -> Callable[[Case, str], None]:
    """Revoke the grant in the morning of the signing, with effect so many days later."""

    def then(case: Case, name: str) -> None:
        change: Data = {
            "grant": name,
            "effective_at": case.signed(days),
            "notified_at": case.signed(0),
            "reason": "收回",
        }
        case.add("auth.revoke", "HEAD", case.signed(0), "07:50", change, name)

    return then


def passed_on(over: Decimal, *, onward: bool) -> Change:
    """Have the deputy pass on to the assistant what the head gave them, so much more of it."""

    def change(case: Case) -> None:
        given: Data = {"grantee": case.person("DEP"), "sub_delegable": onward}
        above = granted("N", case, given | ({"sub_depth": 1} if onward else {}))
        terms = {"parent": above, "grantor": case.person("DEP"), "ceiling_item": money(case.price + over)}
        by("contract.sign", "AIDE", authority=granted("M", case, terms))(case)

    return change


def term(first: str, last: str) -> Data:
    return {"valid_from": first, "valid_until": last}


def total(amount: Decimal) -> Data:
    return {"ceiling_total": money(amount), "total_basis": "committed", "total_window": "term"}


def to_oneself(case: Case) -> None:
    deputy = case.person("DEP")
    own = granted("M", case, {"parent": case.unit.grant(3), "grantor": deputy, "grantee": deputy})
    by("contract.sign", "DEP", authority=own)(case)


def back_up(case: Case) -> None:
    """Have who got it from the head of the department give it back to them."""
    terms = {"parent": case.unit.grant(8), "grantor": case.person("LEAD2"), "grantee": case.person("LEAD")}
    granted("M", case, terms)


def may_approve(post: str) -> Change:
    def change(case: Case) -> None:
        granted("M", case, {"grantee": case.person(post), "scope": case.scope("pay.approve")})

    return change


def has_left(case: Case) -> None:
    """The assistant was deputy head of the department until the end of 2025; the grant is that post's."""
    by("contract.sign", "AIDE", authority=case.unit.grant(8))(case)


def in_the_name_of(post: str) -> Change:
    def change(case: Case) -> None:
        by("contract.sign", "AIDE", authority=case.unit.grant(3), onbehalfof=case.person(post))(case)

    return change


def without_end(case: Case) -> None:
    given = next(event for event in case.events if event["data"].get("grant") == f"grant:M-{case.code}")
    del given["data"]["valid_until"]


def needs_legal(_: Case) -> Data:
    return {"conditions": ["legal_review"]}


def general(_: Case) -> Data:
    return {"kind": "general"}


def splitting(spare: Decimal) -> Change:
    """Sign, then amend by one per cent, under a general grant whose ceiling is so much more than both together."""

    def change(case: Case) -> None:
        both = case.price * Decimal("1.01") + spare
        scope = case.scope("contract.sign")
        scope["acts"].append("contract.amend")
        name = granted("M", case, {"kind": "general", "scope": scope, "ceiling_item": money(both)})
        by("contract.sign", "AIDE", authority=name)(case)
        amended(Decimal("0.01"), by="AIDE", authority=name)(case)

    return change


def regulator_sits(case: Case) -> None:
    """Have somebody of the finance department sit as an expert."""
    regulator = f"person:F-{case.code}"
    known: Data = {"pseudonym": regulator[7:], "employer": f"unit:{case.unit.finance}"}
    case.add("person.register", REGISTRAR, case.day("project.open"), "07:00", known, regulator)
    seat("eval.perform", 1, regulator)(case)


def without_counsel(case: Case) -> None:
    """A complex project, whose contract finance alone reviews."""
    case.data("project.open")["complex"] = True
    case.one("contract.review").update(actor=case.person("FIN"))
    people = [hand(case.person("FIN"), "lead", "finance")]
    case.data("contract.review").update(participants=people, documents=[])


def decided_alone(type: str) -> Change:
    def change(case: Case) -> None:
        case.data(type).pop("participants")
        by(type, "DEP", authority=case.unit.grant(1))(case)

    return change


def recused(case: Case) -> None:
    data: Data = {"object": "RC1", "recusal": "RC1", "person": case.person("CLERK"), "by": "self", "decision": "recuse"}
    case.add("recusal.decide", "DEP", case.day("contract.draft"), "08:10", data, authority=case.unit.grant(2))


def recusal_asked(answer: int | None) -> Change:
    def change(case: Case) -> None:
        day = case.day("contract.draft")
        data: Data = {"object": "RC1", "recusal": "RC1", "person": case.person("TECH2"), "by": "supplier"}
        data["supplier"] = case.bidders[1]
        case.add("recusal.request", case.bidders[1], day, "17:10", data)
        if answer is not None:
            case.add("recusal.inquire", "DISC", worked_after(day, answer), "08:10", data)

    return change


def one_head(case: Case) -> None:
    head = f"person:R{case.bidders[0][10:]}"
    holds: Data = {"object": case.bidders[1], "legal_representative": head, "head": head, "size": "small"}
    case.add("supplier.snapshot", REGISTRAR, case.day("project.open"), "08:00", holds, case.bidders[1])
    del case.events[-1]["unit"]


def joins(kind: str) -> Change:
    def change(case: Case) -> None:
        case.declared(case.person("CLERK"))
        data: Data = {"object": case.bidders[0], "supplier": case.bidders[0], "as": kind}
        case.add("participant.record", "CLERK", case.day("plan.approve"), "17:00", data)

    return change


def payee_kept(post: str) -> Change:
    def change(case: Case) -> None:
        data: Data = {"object": case.bidders[0], "payee": case.data("contract.sign")["payee"]}
        case.add("payee.maintain", post, case.day("contract.sign"), "16:50", data | {"from": case.day("contract.sign")})

    return change


def an_expert(case: Case) -> str:
    return case.data("eval.perform")["participants"][1]["actor"]


def consulted(case: Case) -> None:
    """Consult one of the experts who will evaluate."""
    people = [hand(case.person("REQ"), "lead", "business"), hand(an_expert(case), "member", "expert")]
    case.add("req.consult", "REQ", case.day("req.prepare"), "17:00", {"object": "REQ1", "participants": people})


def expert_reviews(case: Case) -> None:
    """Have an expert, who does not evaluate, help with the requirement and sit in its review."""
    expert = hand("person:X399", "member", "expert")
    seat("eval.perform", 1, "person:X398" if an_expert(case) == "person:X399" else an_expert)(case)
    case.data("req.prepare")["participants"] = [expert]
    case.data("req.review")["participants"].append(expert)
    case.declared("person:X399")


def drafted(post: str) -> Change:
    """Answer a challenge in time, drafted by this hand."""

    def change(case: Case) -> None:
        answered("challenge", 7, by="DEP")(case)
        case.add("challenge.draft", post, case.day(case.after), "17:15", {"object": "R1", "challenge": "R1"})

    return change


def undeclared(post: str) -> Change:
    def change(case: Case) -> None:
        own = (case.person(post), case.unit.account(post))
        case.events = [each for each in case.events if each["type"] != "coi.declare" or each["actor"] not in own]

    return change


def fewer_experts(number: int) -> Change:
    gone = [seat("eval.perform", 1, None)] * number
    return every(*gone, put("eval.perform", experts=4 - number))


def agent(number: int) -> Callable[[Case], str]:
    """Return who of the agency: the one who publishes (0), opens bids (1) or checks them (2)."""
    types = ("notice.publish", "bid.open")
    return lambda case: (
        case.one(types[number])["actor"] if number < 2 else case.data("qual.review")["participants"][1]["actor"]
    )


def approver(case: Case) -> str:
    return case.does("pay.approve")
