"""
A project, phase by phase, as the county's own rules would have it done.

Every phase says what happens when nothing is out of order; a story departs from it by naming other hands or terms.
"""

from dataclasses import dataclass
from typing import Any, Final

from quanze.county.acts import Data, digest, hand, money
from quanze.county.clock import at, working_days_from
from quanze.county.project import Facts, Project
from quanze.county.registry import FINANCE, UNITS, Unit

NOTICE_CONTENTS: Final = ("purchaser", "project", "budget", "qualification", "documents", "deadline", "contact")
AWARD_CONTENTS: Final = ("purchaser", "agency", "project", "supplier", "amount", "subject_matter", "evaluators")
REVIEW_HEADS: Final = ("non_discrimination", "competition", "policy", "performance_risk")
FILED: Final = (
    *("activity_record", "budget", "solicitation", "bid", "criteria"),
    *("evaluation_report", "award_document", "contract", "acceptance_certificate"),
)
"""The kinds of document every closed file holds (政府采购法 §42)."""


@dataclass
class Deal:
    """A contract of the project: which unit signs it, over how much, and what came of it."""

    unit: Unit
    supplier: str
    amount: int
    name: str
    security: int = 0
    acceptances: int = 0
    payments: int = 0


class Lifecycle(Project):
    """A project with its phases, in the order in which they come."""

    def __init__(self, code: str, opened: str, facts: Facts) -> None:
        super().__init__(code, opened, facts)
        contracts = (facts.deals or [(facts.unit, facts.price)]) if self.bidders else []
        self._deals = [Deal(UNITS[u], self.bidders[0], price, f"CON{n}") for n, (u, price) in enumerate(contracts, 1)]
        self._securities: dict[tuple[str, str], Data] = {}
        self._version = 0
        self._plan: Data = {}

    # Budget, requirement, plan

    def opening(self, approved: str) -> None:
        """Open the project; prepare, review and approve its budget."""
        facts = self.facts
        data: Data = {"object": self.code, "title": facts.title, "category": facts.category, "kind": facts.kind}
        data |= {"method": facts.method, "organisation": facts.organisation, "fiscal_year": 2026}
        data |= {"budget_project": f"2026-{self.unit.code}-{self.code[-3:]}"} | facts.more
        budget: Data = {"object": "BUD1", "amount": money(facts.budget)}
        self.act("project.open", "REQ", data)
        self.act("budget.prepare", "BUDG", budget)
        self.later(2)
        self.act("budget.review", "FIN", budget | {"result": "pass"})
        self.on(approved)
        own = FINANCE.grant("B") if self.unit is FINANCE else None
        approval = budget | {"documents": [self.paper("budget")]}
        self.act("budget.approve", FINANCE.body, approval, unit=FINANCE, authority=own)

    def intent(self, day: str, planned_start: str) -> None:
        self.on(day)
        intent: Data = {"object": "INT1", "amount": money(self.facts.budget), "planned_start": planned_start}
        self.act("intent.publish", "OFFICER", intent | self.published("intent"))

    def requirement(
        self, day: str, survey: int = 0, expert: str = "", result: str = "pass", ground: str = "", **review: Any
    ) -> None:
        """Survey, prepare requirement and plan, consult an expert, review. `review` goes on to the reviews."""
        self.on(day)
        self._version += 1
        facts, version = self.facts, str(self._version)
        if survey:
            found: Data = {"object": "SUR1", "respondents": survey, "documents": [self.paper("other", "需求调查报告")]}
            self.act("req.survey", "REQ", found)
            self.later(2)
        item: Data = {"name": facts.title, "category": facts.category, "quantity": facts.quantity}
        wanted: Data = {"items": [item], "documents": [self.paper("requirement", f"第{version}稿")]}
        self.act("req.prepare", "REQ", {"object": "REQ1", "version": version} | wanted)
        if expert:
            asked: Data = {"participants": [hand(expert, "member", "expert")], "note": "征求服务对象和专家意见"}
            self.act("req.consult", "REQ", {"object": "REQ1"} | asked)
        self.later()
        whole = facts.budget <= (4_000_000 if facts.kind == "works" else 2_000_000)
        self._plan = {"object": "PLN1", "version": version, "based_on": [{"object": "REQ1", "version": version}]}
        self._plan |= {"method": facts.method, "organisation": facts.organisation}
        self._plan |= {"sme_set_aside": "whole" if whole else "part"} | ({"ground": ground} if ground else {})
        prepared: Data = {"amount": money(facts.budget), "documents": [self.paper("plan", f"第{version}稿")]}
        self.act("plan.prepare", "OFFICER", self._plan | prepared)
        if self.tendered:
            self.later()
            self._review("general", result, **review)
            if facts.in_depth and result == "pass":
                self._review("in_depth", result, **review)

    def _review(self, kind: str, result: str, issues: list[Data] | None = None, also: str = "") -> None:
        """Four functions sit on every review; an in-depth one says something on every head."""
        people = [hand(self.who("CLERK"), "lead", "procurement"), hand(self.who("FIN"), "member", "finance")]
        people += [hand(self.who(post), "member", "business") for post in ("REQ2", *also.split())]
        people += [hand(self.who("DISC"), "member", "supervision")]
        version = str(self._version)
        review: Data = {"object": f"REV{version}-{kind}", "kind": kind, "result": result, "participants": people}
        review |= {"based_on": [{"object": name, "version": version} for name in ("REQ1", "PLN1")]}
        review |= {"items": [{"name": head, "result": "pass"} for head in REVIEW_HEADS]} if kind == "in_depth" else {}
        self.act("req.review", "CLERK", review | ({"issues": issues} if issues else {}))

    def approve_plan(self, day: str) -> None:
        self.on(day)
        self.decide("plan.approve", self._plan, self.facts.budget, self.paper("plan", f"第{self._version}稿"))

    def file_plan(self) -> None:
        self.later()
        self.act("plan.file", "OFFICER", {"object": "PLN1", "version": str(self._version), "note": "一体化系统备案"})

    def engage(self, day: str, authority: str | None = None) -> None:
        """Sign the agency agreement: the agency may tender and publish until the end of the year."""
        self.on(day)
        term: Data = {"object": "AGT1", "agency": f"agency:{self.facts.agency}", "valid_from": day}
        term |= {"valid_until": "2026-12-31", "documents": [self.paper("other", "委托代理协议")]}
        self.act("agency.sign", "LEAD", term, authority=authority)

    # Documents, notice, bids, evaluation, award

    def documents(self, day: str, substitute: str | None = None) -> None:
        """Prepare, check and approve the documents: three hands. A substitute approves for the absent deputy."""
        self.on(day)
        weight = self.facts.price_weight
        made: Data = {"object": "DOC1", "version": "1", "based_on": [{"object": "REQ1", "version": str(self._version)}]}
        papers: Data = {"documents": [self.paper("solicitation"), self.paper("criteria")]}
        self.act("doc.prepare", self.agent(0), made | papers | ({"price_weight": weight} if weight else {}))
        self.later()
        self.act("doc.check", "LEAD", made | {"result": "pass"})
        self.later()
        self.act("doc.approve", substitute or "DEP", made | papers, onbehalfof=self.who("DEP") if substitute else None)

    def notice(self, day: str, deadline: str) -> None:
        """Publish the notice; bids are due at half past nine on the last day."""
        self.on(day)
        self._deadline = at(deadline, 9, 30)
        data: Data = {"object": "NOT1", "amount": money(self.facts.budget), "price_ceiling": money(self.facts.budget)}
        data |= {"contents": NOTICE_CONTENTS, "bid_deadline": self._deadline.isoformat()}
        data |= {"document_until": working_days_from(self.today, 6).isoformat()} | self.published("notice")
        self.act("notice.publish", self.agent(0), data)

    def clarify(self, day: str, deadline: str, note: str) -> None:
        """Correct the documents in a way that may change the bids, and move the deadline."""
        self.on(day)
        self._deadline = at(deadline, 9, 30)
        moved: Data = {"bid_deadline": self._deadline.isoformat(), "affects_result": True, "note": note}
        self.act("doc.clarify", self.agent(0), {"object": "DOC1"} | moved)

    def inquiry(self, day: str, by: str, note: str) -> None:
        self.on(day)
        asked: Data = {"object": "INQ1", "inquiry": "INQ1", "by": by}
        self.act("inquiry.receive", "CLERK", asked | {"note": note})
        self.later(2)
        self.act("inquiry.reply", "CLERK", asked)

    def open_bids(self) -> None:
        """Take bid securities, draw the experts the working day before, open the bids at the deadline."""
        self.on(working_days_from(self._deadline.date(), -1))
        if self.facts.bid_security:
            for bidder in self.bidders:
                self._secure("bidsec", "bid", self.facts.bid_security, bidder)
        watched: Data = {"participants": [hand(self.who("DISC"), "observer", "supervision")]}
        self.act("expert.draw", "OFFICER", {"object": "DRAW1", "note": "随机抽取, 名单评审前保密"} | watched)
        self.on(self._deadline.date(), 9, 30)
        opened: Data = {"object": "OPN1", "suppliers": self.bidders, "documents": [self.paper("bid")]}
        self.act("bid.open", self.agent(1), opened)

    def evaluate(self, experts: str, reps: str = "TECH1", day: str = "") -> None:
        """Review qualifications and evaluate: experts drawn by lot, and the purchaser's representatives."""
        if day:
            self.on(day)
        checkers = [hand(self.who("CLERK"), "lead", "procurement"), hand(self.agent(2))]
        self.act("qual.review", "CLERK", {"object": "QUA1", "participants": checkers, "result": "pass"})
        organisers = [hand(self.agent(1), "lead"), hand(self.agent(2))]
        self.act("eval.organise", self.agent(1), {"object": "EVA1", "participants": organisers})
        lead, *others = [f"person:{code}" for code in experts.split()]
        members = [hand(lead, "lead", "expert"), *(hand(other, "member", "expert") for other in others)]
        members += [hand(self.who(post), "member", "business") for post in reps.split()]
        seats: Data = {"object": "EVA1", "participants": members, "experts": 1 + len(others), "drawn": True}
        self.act("eval.perform", lead, seats | self._ranking())
        self.later()
        self.act("eval.report", self.agent(0), {"object": "EVA1", "documents": [self.paper("evaluation_report")]})

    def _ranking(self) -> Data:
        facts, rows = self.facts, list[Data]()
        for n, bidder in enumerate(self.bidders):
            price = facts.price + n * (facts.budget - facts.price) // 4
            rows += [{"supplier": bidder, "price": money(price), "score": f"{93 - 4 * n}.50"}]
        return {"ranking": rows, "recommended": self.bidders[0]}

    def offers(self, day: str) -> None:
        """Record who takes part, where no bids are opened."""
        self.on(day)
        for bidder in self.bidders:
            part: Data = {"object": bidder.partition(":")[2], "supplier": bidder, "as": "bidder"}
            self.act("participant.record", "CLERK", part)

    def negotiate(self, day: str, expert: str) -> None:
        """Settle the terms with the only supplier: at least two hands and a lead."""
        self.offers(day)
        people = [hand(self.who("TECH1"), "lead", "business"), hand(self.who("REQ2"), "member", "business")]
        people += [hand(expert, "member", "expert")]
        talk: Data = {"participants": people, "documents": [self.paper("evaluation_report", "协商记录")]}
        self.act("eval.perform", "TECH1", {"object": "EVA1"} | talk | self._ranking())

    def award(self, day: str) -> None:
        """Check, decide and, where the method has it, publish the award; return the losers' securities."""
        self.on(day)
        price = self.facts.price
        won: Data = {"object": "AWD1", "supplier": self.bidders[0]}
        self.act("award.check", "LEAD", {"object": "AWD1", "amount": money(price), "result": "pass"})
        self.decide("award.decide", won, price, self.paper("award_document"))
        if self.tendered:
            self.later()
            stated: Data = {"object": "AWD1", "amount": money(price), "contents": AWARD_CONTENTS}
            stated |= {"documents": [self.paper("award_notice")]} | self.published("award")
            self.act("award.publish", self.agent(0), stated)
            for bidder in self.bidders[1:]:
                self._refund("bidsec", bidder)

    # Securities

    def _secure(self, family: str, kind: str, amount: int, whose: str, deal: Deal | None = None, due: str = "") -> None:
        """Receive a security, as a guarantee: a bidder's, or the one of a contract."""
        name = f"{family.upper()}{self.count(f'{family}.receive') + 1}"
        data: Data = {"object": name, "security": name, "kind": kind, "form": "guarantee", "amount": money(amount)}
        data |= {"contract": deal.name, "supplier": deal.supplier} if deal else {"supplier": whose}
        self._securities[family, whose] = data
        self.act(f"{family}.receive", "CASH", data | ({"due": due} if due else {}), unit=deal.unit if deal else None)

    def _refund(self, family: str, whose: str, unit: Unit | None = None) -> None:
        """Return a security, if there is one."""
        if data := self._securities.pop((family, whose), None):
            self.act(f"{family}.refund", "CASH", data, unit=unit)

    def refund_security(self, deal: int = 1) -> None:
        contract = self._deals[deal - 1]
        self._refund("perfsec", contract.name, contract.unit)

    def retain(self, amount: int, due: str) -> None:
        """Take retention money for the warranty of works."""
        deal = self._deals[0]
        self._secure("retention", "retention", amount, deal.name, deal, due)

    # Contract

    def keep_payee(self, day: str) -> None:
        """Enter the winner's account among the payees: somebody who neither applies, approves nor pays."""
        self.on(day)
        payee: Data = {"object": self.facts.bidders.split()[0], "payee": _payee(self.bidders[0]), "from": day}
        self.act("payee.maintain", "BUDG", payee)

    def draft(self, day: str, security: int = 0, deal: int = 1) -> None:
        """Draft and review a contract, and take the performance security."""
        self.on(day)
        contract = self._deals[deal - 1]
        self._draft(contract, contract.name, contract.amount)
        if security:
            contract.security = security
            self._secure("perfsec", "performance", security, contract.name, contract)

    def _draft(self, deal: Deal, name: str, amount: int) -> None:
        drafted: Data = {"object": name, "supplier": deal.supplier, "amount": money(amount)}
        self.act("contract.draft", "OFFICER", drafted, unit=deal.unit)
        people = [hand(self.who("LEGAL", deal.unit), "lead", "legal")]
        people += [hand(self.who("FIN", deal.unit), "member", "finance")]
        opinion: Data = {"result": "pass", "participants": people, "documents": [self.paper("legal_opinion", name)]}
        self.act("contract.review", "LEGAL", {"object": name} | opinion, unit=deal.unit)

    def sign(
        self, day: str, signer: str = "DEP", authority: str | None = None, handler: str = "OFFICER", advance: int = 0
    ) -> None:
        """Sign every contract of the project at one ceremony, each with a handler beside; then seal and publish it."""
        self.on(day)
        when, facts = self.now, self.facts
        for deal in self._deals:
            item: Data = {"name": facts.title, "category": facts.category, "quantity": facts.quantity}
            data: Data = {"object": deal.name, "contract": deal.name, "supplier": deal.supplier, "items": [item]}
            data |= {"amount": money(deal.amount), "payee": _payee(deal.supplier), "payment_days": 30}
            data |= {"acceptance_due": {"days": 10, "working": True}, "acceptance_scheme": True}
            data |= {"performance_security_refund": {"days": 10, "working": True}} if deal.security else {}
            data |= {"advance": money(advance)} if advance else {}
            data |= {"participants": [hand(self.who(handler, deal.unit), "handler", "procurement")]}
            data |= {"documents": [self.paper(kind, deal.name) for kind in ("contract", "acceptance_scheme")]}
            self.act("contract.sign", signer, data, unit=deal.unit, authority=authority, time=when)
        self.on(day, 10)
        for deal in self._deals:
            self._seal(deal, deal.name)
        if not self.small:
            self._publish([(deal, deal.name) for deal in self._deals])

    def _seal(self, deal: Deal, name: str) -> None:
        self.act("seal.use", "OFFICE", {"object": name}, unit=deal.unit)
        self._refund("bidsec", deal.supplier)

    def _publish(self, contracts: list[tuple[Deal, str]]) -> None:
        """Publish the next day, file the day after."""
        self.later()
        for deal, name in contracts:
            notice: Data = {"object": name} | self.published(f"contract/{name}")
            self.act("contract.publish", "OFFICER", notice, unit=deal.unit)
        self.later()
        for deal, name in contracts:
            self.act("contract.file", "OFFICER", {"object": name}, unit=deal.unit)

    def amend(self, drafted: str, signed: str, amount: int, reason: str) -> None:
        """Add a supplement to the project's contract."""
        deal = self._deals[0]
        name = f"{deal.name}-S1"
        self.on(drafted)
        self._draft(deal, name, amount)
        self.on(signed)
        added: Data = {"object": name, "contract": deal.name, "supplier": deal.supplier, "amount": money(amount)}
        added |= {"reason": reason, "documents": [self.paper("contract", name)]}
        added |= {"participants": [hand(self.who("OFFICER"), "handler", "procurement")]}
        self.act("contract.amend", "DEP", added)
        self._seal(deal, name)
        self._publish([(deal, name)])

    # Delivery, acceptance, payment

    def deliver(self, day: str, note: str = "按合同交付", deal: int = 1, recorded: str = "", late: str = "") -> None:
        """Record a delivery; one `recorded` days later says why it is `late`."""
        self.on(day)
        contract = self._deals[deal - 1]
        came: Data = {"object": contract.name, "contract": contract.name, "supplier": contract.supplier, "note": note}
        when = at(recorded, 15) if recorded else None
        came |= {"late_entry_reason": late} if late else {}
        self.act("delivery.record", "REQ", came, unit=contract.unit, recorded=when)

    def accept(
        self, day: str, amount: int, deal: int = 1, panel: str = "LEAD", grant: str | None = None,
        by: str = "TECH1 TECH2", also: list[tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        """Appoint the panel the working day before, accept line by line, take goods into custody."""
        contract = self._deals[deal - 1]
        contract.acceptances += 1
        unit, name = contract.unit, f"ACC{deal}-{contract.acceptances}"
        data: Data = {"object": name, "acceptance": name, "contract": contract.name}
        self.on(working_days_from(at(day).date(), -1), 14)
        self.act("accept.panel", panel, {"object": name, "contract": contract.name}, unit=unit, authority=grant)
        self.on(day)
        lead, *others = by.split()
        people = [hand(self.who(lead, unit), "lead", "business")]
        people += [hand(self.who(other, unit), "member", "business") for other in others]
        people += [hand(person, "member", function) for person, function in also or []]
        people += [hand(self.who("DISC", unit), "observer", "supervision")]
        lines = [{"name": line, "quantity": 1, "result": "pass"} for line in ("数量与清单", "规格与参数", "质量与服务")]
        seen: Data = {"amount": money(amount), "result": "pass", "items": lines, "participants": people}
        seen |= {"documents": [self.paper("acceptance_certificate", name)]}
        self.act("accept.perform", lead, data | seen, unit=unit)
        if not self.small:
            self.act("accept.publish", "OFFICER", {"object": name} | self.published(f"acceptance/{name}"), unit=unit)
        if self.facts.kind == "goods":
            self.act("asset.receive", "ASSET", data, unit=unit)

    def pay(
        self, day: str, amount: int, deal: int = 1, advance: bool = False, approver: str = "FDEP",
        grant: str | None = None, cashier: str = "CASH", audited: bool = False,
    ) -> None:  # fmt: skip
        """Apply, approve, execute and book a payment, on the latest acceptance unless it is an advance."""
        contract = self._deals[deal - 1]
        contract.payments += 1
        unit, name = contract.unit, f"PAY{deal}-{contract.payments}"
        sums: Data = {"object": name, "payment": name, "contract": contract.name, "amount": money(amount)}
        sums |= {"payee": _payee(contract.supplier), "invoice": digest(f"{self.code} {name}")[:20].upper()}
        sums |= {} if advance else {"acceptance": f"ACC{deal}-{contract.acceptances}"}
        paid = sums | {"external_id": f"GK-{self.code[2:]}-{name}"}
        self.on(day)
        self.act("pay.apply", "REQ", sums | {"documents": [self.paper("invoice", name)]}, unit=unit)
        self.later()
        self.act("pay.approve", approver, sums, unit=unit, authority=grant)
        self.later()
        self.act("pay.execute", cashier, paid, unit=unit)
        self.later()
        self.act("pay.book", "BOOK", paid, unit=unit)
        if audited:
            self.act("pay.audit", "AUDIT", {"object": name, "result": "pass"}, unit=unit)

    def finish(self, day: str) -> None:
        """Evaluate the result, archive the file and close the project."""
        self.on(day)
        self.act("perf.evaluate", "AUDIT", {"object": "PE1", "result": "pass", "note": "绩效目标完成"})
        self.later(2)
        held = {paper["kind"] for paper in self.papers.values()}
        for kind in FILED:
            if kind not in held:
                self.paper(kind)
        file: Data = {"object": "FILE1", "documents": list(self.papers.values()), "retain_until": "2046-12-31"}
        self.act("file.archive", "OFFICE", file)
        self.act("project.close", "OFFICER", {"object": self.code, "outcome": "completed"})


def _payee(supplier: str) -> Data:
    return {"supplier": supplier, "account_sha256": digest(f"{supplier} 基本存款账户")}
