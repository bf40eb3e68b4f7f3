"""
Ways to change one thing in a lawful project: when an act is done, for how much, with what contents, or whether at all.

A change is made by a function of the case, which finds the project's acts by their type and alters, moves or drops
them, or adds others. What else the law asks for because of the change is put there too (a declaration, a paper in the
file), so that only the one thing is wrong. Who acts, and by what power, is changed in `tests.rules.hands`.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from bench.lawful import told
from bench.project import Facts
from bench.province import ACCOUNTS, POSTS
from bench.story import WORKED, Data, digest, hand
from tests.rules.lawful import SUPPLIERS, put_on

CENT: Final = Decimal("0.01")


class Case:
    """A lawful project that is about to be changed. Days are local dates as text."""

    def __init__(self, facts: Facts, seed: int) -> None:
        own = told(facts, seed, SUPPLIERS)
        self.facts, self.unit, self.bidders, self.goods = facts, facts.unit, own.bidders, own.goods
        self.events: list[Data] = json.loads(json.dumps([event for _, event in own.told]))
        self.code, self.ref = own.code, own.ref
        self._added = 0

    def one(self, type: str) -> Data:
        return next(event for event in self.events if event["type"] == type)

    def data(self, type: str) -> Data:
        return self.one(type)["data"]

    def day(self, type: str) -> str:
        return str(self.one(type)["time"])[:10]

    def person(self, post: str) -> str:
        """Return who is in a post of the unit; somebody else named is who they are."""
        return self.unit.person(post) if post in POSTS else post

    def does(self, type: str) -> str:
        """Return the natural person who does an act."""
        accounts = {self.unit.account(post): self.unit.person(post) for post in ACCOUNTS}
        actor = str(self.one(type)["actor"])
        return accounts.get(actor, actor)

    @property
    def price(self) -> Decimal:
        return Decimal(self.data("contract.sign")["amount"])

    def signed(self, days: int) -> str:
        """Return the day so many after the contract was signed."""
        return days_after(self.day("contract.sign"), days)

    def scope(self, act: str, other: str = "") -> Data:
        return {"units": [self.unit.ref], "projects": [self.ref + other], "acts": [act]}

    def filed(self, kind: str) -> None:
        """Put a paper of a kind into the file."""
        paper = {"name": f"{kind} R1", "kind": kind, "sha256": digest(f"{self.code} {kind}")}
        self.data("file.archive")["documents"].append(paper)

    @property
    def after(self) -> str:
        """The act from which on the project has a winner."""
        return "award.publish" if self.facts.shape == "tender" else "award.decide"

    def declared(self, person: str) -> None:
        """Have somebody declare as soon as the project is open: another hand than usual has not yet."""
        at = self.one("project.open")["time"]
        self.add(
            "coi.declare", person, at[:10], at[11:16], {"object": f"D-{person[7:]}", "declarant": person, "none": True}
        )

    def add(
        self, type: str, by: str, day: str, clock: str, data: Data, subject: str | None = None, **attributes: str
    ) -> None:
        self._added += 1
        at = f"{day}T{clock}:00+08:00"
        event: Data = {"specversion": "1.0", "id": f"{self.code}.added.{self._added}", "source": "urn:bench:oa"}
        event |= {
            "type": type,
            "subject": subject or self.ref,
            "time": at,
            "actor": self.person(by),
            "unit": self.unit.ref,
        }
        self.events.append(event | {"recordedtime": at, "data": data} | attributes)

    def move(self, type: str, day: str) -> None:
        """Put one act on another day, at the same hour."""
        put_on(self.one(type), day)

    def delay(self, type: str, day: str) -> None:
        """Put an act on a later day, and everything after it as many working days later."""
        first = self.one(type)
        begin = first["time"]
        by = bisect_left(WORKED, day) - WORKED.index(begin[:10])
        for event in self.events:
            if event is not first and event["time"] >= begin:
                put_on(event, WORKED[WORKED.index(event["time"][:10]) + by])
        put_on(first, day)


Change = Callable[[Case], None]


def days_after(day: str, number: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=number)).isoformat()


def worked_after(day: str, number: int) -> str:
    """Return the n-th working day after a day, which does not count itself."""
    return WORKED[bisect_right(WORKED, day) + number - 1]


def money(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'))}"


def late(type: str, after: str, *, worked: int = 0, days: int = 0) -> Change:
    """Do an act so many days after another, and all that follows it later too."""

    def change(case: Case) -> None:
        day = case.day(after)
        case.delay(type, worked_after(day, worked) if worked else days_after(day, days))

    return change


def drop(*types: str) -> Change:
    def change(case: Case) -> None:
        assert any(event["type"] in types for event in case.events)
        case.events = [event for event in case.events if event["type"] not in types]

    return change


def put(*types: str, **members: Any) -> Change:
    def change(case: Case) -> None:
        for type in types:
            case.data(type).update(members)

    return change


def amount(type: str, of: Callable[[Case], Decimal]) -> Change:
    return lambda case: case.data(type).update(amount=money(of(case)))


def by(type: str, post: str | Callable[[Case], str], **attributes: str) -> Change:
    """Have somebody else do an act, who declared in time."""

    def change(case: Case) -> None:
        person = case.person(post) if isinstance(post, str) else post(case)
        case.declared(person)
        event = case.one(type)
        event.update(actor=person, **attributes)

    return change


def seat(type: str, place: int, post: str | Callable[[Case], str] | None, **members: Any) -> Change:
    """Put somebody else in a place among those who take part, or (None) nobody."""

    def change(case: Case) -> None:
        seats = case.data(type)["participants"]
        if post is None:
            del seats[place]
            return
        person = case.person(post) if isinstance(post, str) else post(case)
        case.declared(person)
        seats[place] = {**seats[place], "actor": person, **members}

    return change


def every(*changes: Change) -> Change:
    def change(case: Case) -> None:
        for each in changes:
            each(case)

    return change


# What is added or altered


def inspected(post: str, **members: Any) -> Change:
    def change(case: Case) -> None:
        case.declared(case.person(post))
        case.add(
            "supervise.inspect",
            post,
            case.day("contract.sign"),
            "17:00",
            {"object": "INS1", "inspection": "INS1"} | members,
        )

    return change


def answered(family: str, worked: int, reply: str = "reply", by: str = "CLERK") -> Change:
    """Receive an inquiry, a challenge that changes no result, or a complaint, and answer it so many days later."""

    def change(case: Case) -> None:
        day = case.day(case.after)
        about: Data = {"object": "R1", family: "R1", "by": case.bidders[1], "affects_result": False}
        case.add(f"{family}.receive", "CLERK", day, "17:10", about)
        if family != "inquiry":
            case.filed("challenge_reply" if family == "challenge" else "complaint_decision")
        attributes = {"authority": case.unit.grant(2)} if by == "DEP" else {}
        case.add(f"{family}.{reply}", by, worked_after(day, worked), "17:20", about, **attributes)

    return change


def challenged(answered: bool) -> Change:
    """Receive a challenge that may change the result the day before the contract; answer it before that, or after."""

    def change(case: Case) -> None:
        signed = case.day("contract.sign")
        about: Data = {"object": "CH1", "challenge": "CH1", "by": case.bidders[1], "affects_result": True}
        case.filed("challenge_reply")
        case.add("challenge.receive", "CLERK", days_after(signed, -1), "17:00", about)
        replied = (signed, "08:30") if answered else (worked_after(signed, 3), "17:20")
        case.add("challenge.reply", "DEP", *replied, about, authority=case.unit.grant(2))

    return change


def bid_security(over: Decimal = Decimal(0), worked: int = 5) -> Change:
    """Take two per cent of the budget from somebody who does not win, and refund it so many days after the notice."""

    def change(case: Case) -> None:
        held = Decimal(case.data("budget.approve")["amount"]) / 50 + over
        held_by: Data = {"object": "BS1", "security": "BS1", "supplier": case.bidders[1], "kind": "bid"}
        held_by |= {"amount": money(held), "form": "guarantee"}
        case.add("bidsec.receive", "CASH", case.day("expert.draw"), "08:10", held_by)
        case.add("bidsec.refund", "CASH", worked_after(case.day("award.publish"), worked), "16:50", held_by)

    return change


def performance_security(
    over: Decimal = Decimal(0), form: str = "guarantee", worked: int = 5, clause: bool = True
) -> Change:
    """Take ten per cent of the contract, refunded so many days after acceptance; five are agreed."""

    def change(case: Case) -> None:
        held: Data = {"object": "PS1", "security": "PS1", "supplier": case.bidders[0], "contract": "CON1"}
        held |= {"kind": "performance", "amount": money(case.price / 10 + over), "form": form}
        if clause:
            case.data("contract.sign")["performance_security_refund"] = {"days": 5, "working": True}
        case.add("perfsec.receive", "CASH", case.day("contract.sign"), "08:10", held)
        case.add("perfsec.refund", "CASH", worked_after(case.day("accept.perform"), worked), "17:30", held)

    return change


def amended(
    share: Decimal, over: Decimal = Decimal(0), by: str = "DEP", authority: str | None = None, names: str | None = None
) -> Change:
    """
    Add a supplement of a share of the contract, reviewed, and published and filed where that is asked for.

    `names`: the contract that its review names besides.
    """

    def change(case: Case) -> None:
        signed = case.day("contract.sign")
        day, next_day = worked_after(signed, 3), worked_after(signed, 4)
        money_of: Data = {"object": "CON1-S1", "amount": money(case.price * share + over)}
        people = [hand(case.person("LEGAL"), "lead", "legal"), hand(case.person("FIN"), "member", "finance")]
        opinion = money_of | {"result": "pass", "participants": people} | ({"contract": names} if names else {})
        case.add("contract.review", "LEGAL", day, "08:10", opinion)
        part = money_of | {"contract": "CON1", "supplier": case.bidders[0]}
        part["participants"] = [hand(case.person("CLERK"), "handler", "procurement")]
        case.declared(case.person(by))
        case.add("contract.amend", by, day, "08:40", part, authority=authority or case.unit.grant(3))
        if case.facts.shape != "small":
            where = {"channel": "中国政府采购网", "uri": f"https://ccgp.example/contract/{case.code}-S1"}
            case.add("contract.publish", "OFFICER", next_day, "08:10", {"object": "CON1-S1"} | where)
            case.add("contract.file", "OFFICER", next_day, "08:20", {"object": "CON1-S1"})

    return change


def budget(times: str) -> Change:
    return amount("budget.approve", lambda case: Decimal(case.data("budget.approve")["amount"]) * Decimal(times))


def other_winner(case: Case) -> None:
    """Award to the second, and go on with them."""
    begun = case.day("award.decide")
    for event in case.events:
        if event["time"][:10] >= begun and event["type"].startswith(("award.decide", "contract.", "delivery.", "pay.")):
            event["data"] = json.loads(json.dumps(event["data"]).replace(case.bidders[0], case.bidders[1]))


def intends(over: Decimal) -> Change:
    """Publish an intent of which the notice is a fifth short."""
    return amount(
        "intent.publish", lambda case: Decimal(case.data("notice.publish")["amount"]) * Decimal("1.25") + over
    )


def low_bid(case: Case) -> None:
    rank = case.data("eval.perform")["ranking"][2]
    rank.update(
        price=money(Decimal(case.data("notice.publish")["price_ceiling"]) * Decimal("0.45") - CENT), examined=False
    )


def low_enough(case: Case) -> None:
    ranking = case.data("eval.perform")["ranking"]
    ranking[2].update(
        price=money(min(Decimal(each["price"]) for each in ranking) * Decimal("0.55") + CENT), examined=False
    )


def paid_twice(case: Case) -> None:
    paid = case.one("pay.execute")
    again = paid["data"] | {"external_id": f"{paid['data']['external_id']}-2"}
    case.add("pay.execute", "CASH", worked_after(paid["time"][:10], 1), "08:10", again)


def elsewhere(case: Case) -> None:
    case.data("pay.execute")["payee"] = {
        "supplier": case.bidders[0],
        "account_sha256": digest(f"{case.code} elsewhere"),
    }


def contents(type: str, without: str = "", more: str = "") -> Change:
    def change(case: Case) -> None:
        stated = [each for each in case.data(type)["contents"] if each != without]
        case.data(type)["contents"] = [*stated, more] if more else stated

    return change


def coded(rule: str, *, resolved: bool) -> Change:
    return put("doc.check", issues=[{"rule": rule, "detail": "见复核意见", "resolved": resolved}])


def evaluated(days: int) -> Change:
    return lambda case: case.move("perf.evaluate", days_after(case.day("project.close"), days))


def rectified(days: int) -> Change:
    """Inspect, ask for something to be mended within ten days, and mend it after so many."""

    def change(case: Case) -> None:
        issues = [{"rule": "CHN-19", "detail": "未作绩效评价"}]
        inspected("DISC", issues=issues, due=case.signed(10))(case)
        mended: Data = {"object": "INS1", "inspection": "INS1", "result": "pass"}
        case.add("supervise.rectify", "LEAD", case.signed(days), "08:10", mended)

    return change


def closing(days: int) -> Change:
    def change(case: Case) -> None:
        case.data("notice.publish")["bid_deadline"] = f"{days_after(case.day('notice.publish'), days)}T09:30:00+08:00"

    return change


def available(worked: int) -> Change:
    return lambda case: case.data("notice.publish").update(
        document_until=worked_after(case.day("notice.publish"), worked)
    )


def clarified(days: int) -> Change:
    def change(case: Case) -> None:
        closes = case.data("notice.publish")["bid_deadline"][:10]
        about: Data = {"object": "DOC1", "version": "1", "affects_result": True}
        case.add("doc.clarify", case.one("notice.publish")["actor"], days_after(closes, -days), "09:30", about)

    return change


def intended(days: int) -> Change:
    return lambda case: case.move("intent.publish", days_after(case.day("notice.publish"), -days))


def known_late(worked: int, **members: Any) -> Change:
    def change(case: Case) -> None:
        event = case.one("budget.prepare")
        event["recordedtime"] = worked_after(event["time"][:10], worked) + event["time"][10:]
        event["data"] |= members

    return change


def without_paper(type: str, kind: str) -> Change:
    def change(case: Case) -> None:
        data = case.data(type)
        data["documents"] = [each for each in data["documents"] if each["kind"] != kind]

    return change


def other_paper(case: Case) -> None:
    paper = next(each for each in case.data("file.archive")["documents"] if each["kind"] == "contract")
    paper["sha256"] = digest(f"{case.code} another contract")


def delivered_before(case: Case) -> None:
    case.move("delivery.record", case.signed(-1))


def complex_with(respondents: int) -> Change:
    return every(put("project.open", complex=True), put("req.survey", respondents=respondents))


def bought_by(method: str) -> Change:
    return put("project.open", "plan.prepare", "plan.approve", method=method)


def based_on(version: str) -> Change:
    return put("doc.prepare", "doc.check", "doc.approve", based_on=[{"object": "REQ1", "version": version}])


def prepared_again(case: Case) -> None:
    """Prepare the requirement anew once it was reviewed."""
    case.declared(case.person("REQ"))
    again = case.data("req.prepare") | {"version": "2"}
    case.add("req.prepare", "REQ", case.day("plan.file"), "17:00", again)
