"""
The table of mutations: one thing changed in a lawful project, and which rules must fail then.

Many come in pairs: at the limit itself, where nothing fails, and just beyond it. What a change must raise comes from
the domain's page and the contract, never from a run.

`says` may end in a mark: `[goods]` is only for projects that buy goods, `[apart]` for one whose people have no other.
"""

from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

from tests.rules.changes import (
    CENT,
    Case,
    Change,
    amended,
    amount,
    answered,
    available,
    based_on,
    bid_security,
    bought_by,
    budget,
    by,
    challenged,
    clarified,
    closing,
    coded,
    complex_with,
    contents,
    delivered_before,
    drop,
    elsewhere,
    evaluated,
    every,
    inspected,
    intended,
    intends,
    known_late,
    late,
    low_bid,
    low_enough,
    money,
    other_paper,
    other_winner,
    paid_twice,
    performance_security,
    prepared_again,
    put,
    rectified,
    seat,
    without_paper,
)
from tests.rules.hands import (
    agent,
    approver,
    back_up,
    consulted,
    decided_alone,
    drafted,
    expert_reviews,
    fewer_experts,
    general,
    has_left,
    in_the_name_of,
    joins,
    may_approve,
    needs_legal,
    one_head,
    passed_on,
    payee_kept,
    recusal_asked,
    recused,
    regulator_sits,
    related,
    relatives,
    revoked,
    splitting,
    term,
    to_oneself,
    total,
    undeclared,
    under,
    without_counsel,
    without_end,
)
from tests.rules.lawful import chosen

ADMIN: Final = "ledger_administrator"
AGENCY_ACTS: Final = ["doc.prepare", "notice.publish", "bid.open", "qual.review", "eval.organise", "award.publish"]
"""All that an agency does here but delivering the report."""
TENTH: Final = Decimal("0.10")
SMALL, TENDER, ANY = "small", "tender", "any"


class Mutation(NamedTuple):
    """One change, of a project of a shape (`any`: of either), and which rules fail then: none at the limit itself."""

    says: str
    shape: str
    change: Change
    fails: str = ""

    def can(self, case: Case) -> bool:
        return case.goods or "[goods]" not in self.says


M = Mutation

# fmt: off
MUTATIONS: Final = (
    # Days
    M("bids close 20 days after the notice", TENDER, closing(20)),
    M("bids close 19 days after the notice", TENDER, closing(19), "DDL-01"),
    M("documents are available for five working days", TENDER, available(5)),
    M("documents are available for four", TENDER, available(4), "DDL-02"),
    M("a clarification 15 days before bids close", TENDER, clarified(15)),
    M("a clarification 14 days before bids close", TENDER, clarified(14), "DDL-03"),
    M("the report goes out on the second working day", TENDER, late("eval.report", "eval.perform", worked=2)),
    M("the report goes out on the third", TENDER, late("eval.report", "eval.perform", worked=3), "DDL-04"),
    M("the award is decided on the fifth working day", TENDER, late("award.check", "eval.report", worked=5)),
    M("the award is decided on the sixth", TENDER, late("award.check", "eval.report", worked=6), "DDL-05"),
    M("the award is published on the second", TENDER, late("award.publish", "award.decide", worked=2)),
    M("the award is published on the third", TENDER, late("award.publish", "award.decide", worked=3), "DDL-06"),
    M("the contract is signed after 30 days", TENDER, late("contract.sign", "award.publish", days=30)),
    M("the contract is signed after 31 days", TENDER, late("contract.sign", "award.publish", days=31), "DDL-07"),
    M("the contract is published on the second", TENDER, late("contract.publish", "contract.sign", worked=2)),
    M("the contract is published on the third", TENDER, late("contract.publish", "contract.sign", worked=3), "DDL-08"),
    M("the contract is filed on the seventh", TENDER, late("contract.file", "contract.sign", worked=7)),
    M("the contract is filed on the eighth", TENDER, late("contract.file", "contract.sign", worked=8), "DDL-09"),
    M("an inquiry is answered on the third working day", TENDER, answered("inquiry", 3)),
    M("an inquiry is answered on the fourth", TENDER, answered("inquiry", 4), "DDL-10"),
    M("a challenge is answered on the seventh", TENDER, answered("challenge", 7, by="DEP")),
    M("a challenge is answered on the eighth", TENDER, answered("challenge", 8, by="DEP"), "DDL-11"),
    M("a complaint is answered on the fifth", TENDER, answered("complaint", 5, "respond")),
    M("a complaint is answered on the sixth", TENDER, answered("complaint", 6, "respond"), "DDL-12"),
    M("a small supplier is paid after 30 days", TENDER, late("pay.execute", "accept.perform", days=30)),
    M("a small supplier is paid after 31 days", TENDER, late("pay.execute", "accept.perform", days=31), "DDL-13"),
    M("60 days of payment are agreed", TENDER, put("contract.sign", payment_days=60)),
    M("61 days of payment are agreed", TENDER, put("contract.sign", payment_days=61), "DDL-14"),
    M("accepted on the tenth day, as agreed", TENDER, late("accept.perform", "delivery.record", worked=10)),
    M("accepted on the eleventh", TENDER, late("accept.perform", "delivery.record", worked=11), "DDL-15"),
    M("a small purchase is accepted on the eleventh", SMALL, late("accept.perform", "delivery.record", worked=11)),
    M("the intent is published 30 days before the notice", TENDER, intended(30)),
    M("the intent is published 29 days before", TENDER, intended(29), "DIS-01"),
    M("an act is recorded on the third working day", ANY, known_late(3)),
    M("an act is recorded on the fourth", ANY, known_late(4), "LED-02"),
    M("an act is recorded late, with a reason", ANY, known_late(4, late_entry_reason="停电")),
    M("a loser's security is refunded on the fifth day", TENDER, bid_security()),
    M("a loser's security is refunded on the sixth", TENDER, bid_security(worked=6), "BND-04"),
    M("the performance security is refunded in time", TENDER, performance_security()),
    M("the performance security is refunded a day late", TENDER, performance_security(worked=6), "BND-05"),
    M("a request for recusal is looked into on the third day", ANY, recusal_asked(3)),
    M("a request for recusal is looked into on the fourth", ANY, recusal_asked(4), "INT-06"),
    M("performance is evaluated 90 days after the end", TENDER, evaluated(90)),
    M("performance is evaluated 91 days after", TENDER, evaluated(91), "CHN-19"),
    M("what was asked for is mended on the last day", ANY, rectified(10)),
    M("what was asked for is mended a day later", ANY, rectified(11), "EVL-03"),

    # Amounts
    M("the budget is what the contract costs", ANY, amount("budget.approve", lambda p: p.price)),
    M("the budget is a cent less", ANY, amount("budget.approve", lambda p: p.price - CENT), "AMT-01"),
    M("the award is a cent less than the contract", ANY, amount("award.decide", lambda p: p.price - CENT), "AMT-02"),
    M("the award is a cent more", ANY, amount("award.decide", lambda p: p.price + CENT), "AMT-02"),
    M("supplements of exactly a tenth", ANY, every(budget("1.2"), amended(TENTH))),
    M("a review names a supplement and what it amends", TENDER, every(budget("1.2"), amended(TENTH, names="CON1"))),
    M("supplements of a cent more", ANY, every(budget("1.2"), amended(TENTH, CENT)), "AMT-03"),
    M("a cent less is accepted than paid", ANY, amount("accept.perform", lambda p: p.price - CENT), "AMT-04"),
    M("a cent more is paid", ANY, amount("pay.execute", lambda p: p.price + CENT), "AMT-04 AMT-05"),
    M("a cent more is accepted", SMALL, amount("accept.perform", lambda p: p.price + CENT), "AMT-06"),
    M("an invoice is paid twice", ANY, paid_twice, "AMT-04 AMT-05 AMT-07"),
    M("another account is paid", ANY, elsewhere, "AMT-08"),
    M("a bid is far below the others, and not examined", TENDER, low_bid, "AMT-09"),
    M("a bid is a little above 55 per cent of the next", TENDER, low_enough),
    M("price weighs 30 per cent [goods]", TENDER, put("doc.prepare", price_weight="0.30")),
    M("price weighs 29 per cent [goods]", TENDER, put("doc.prepare", price_weight="0.29"), "AMT-10"),
    M("the notice is a fifth short of the intent", TENDER, intends(Decimal(0))),
    M("the notice is more than a fifth short", TENDER, intends(CENT), "DIS-08"),
    M("a bid security of a cent over two per cent", TENDER, bid_security(CENT), "BND-01"),
    M("a performance security of a cent over a tenth", TENDER, performance_security(CENT), "BND-02"),
    M("a performance security in cash", TENDER, performance_security(form="cash"), "BND-03"),
    M("no clause on its refund", TENDER, performance_security(clause=False), "BND-06"),

    # Another hand
    M("the drafter reviews the requirement", TENDER, seat("req.review", 2, "REQ"), "SOD-01"),
    M("who prepared the documents checks them", TENDER, by("doc.check", agent(0)), "JNT-06 SOD-02"),
    M("who approves the documents checks them", TENDER, by("doc.check", "DEP"), "JNT-06"),
    M("who delivers the report checks the award", TENDER, by("award.check", agent(0)), "JNT-06"),
    M("the contract's handler accepts", ANY, seat("accept.perform", 1, "CLERK"), "SOD-03"),
    M("who accepted keeps the goods [goods]", ANY, by("asset.receive", "TECH1"), "SOD-04"),
    M("who approves payment applied for it", ANY, by("pay.apply", approver), "SOD-05"),
    M("who approves payment executes it", ANY, by("pay.execute", approver), "SOD-06"),
    M("who applied for payment books it", ANY, by("pay.book", "REQ"), "SOD-07"),
    M("the bookkeeper drafts the contract", ANY, by("contract.draft", "BOOK"), "SOD-07"),
    M("who approves payment books it", ANY, by("pay.book", approver), "SOD-08"),
    M("who keeps the goods books them [goods]", ANY, by("pay.book", "ASSET"), "SOD-09"),
    M("the cashier books", ANY, by("pay.book", "CASH"), "SOD-10"),
    M("the cashier keeps the vouchers", ANY, by("file.archive", "CASH", role="accounting_archivist"), "SOD-11"),
    M("who decided the award inspects", SMALL, inspected("DEP"), "SOD-12"),
    M("who opened the project inspects", ANY, inspected("REQ"), "SOD-13"),
    M("discipline inspects, having sat in the review", TENDER, inspected("DISC")),
    M("an outside expert drafts and reviews", TENDER, expert_reviews, "SOD-01 SOD-14"),
    M("an employee sits as an expert", TENDER, seat("eval.perform", 1, "OFFICE"), "SOD-15"),
    M("the agency sits for the purchaser", TENDER, seat("eval.perform", 4, agent(0)), "SOD-16"),
    M("a regulator sits as an expert", TENDER, regulator_sits, "SOD-17"),
    M("the budget's author reviews it", ANY, by("budget.review", "BUDG"), "SOD-30"),
    M("who approves the plan prepared it", SMALL, by("plan.prepare", "DEP"), "SOD-31"),
    M("legal drafts what it reviews", ANY, by("contract.draft", "LEGAL"), "SOD-32"),
    M("the contract's handler keeps the seal", TENDER, by("seal.use", "CLERK"), "SOD-33"),
    M("an evaluator draws the experts", TENDER, by("expert.draw", "TECH1"), "SOD-34"),
    M("an evaluator organises the evaluation", TENDER, seat("eval.organise", 1, "TECH1"), "SOD-35"),
    M("an evaluator was consulted on the requirement", TENDER, consulted, "SOD-37"),
    M("who approves payment accepts", ANY, seat("accept.perform", 1, approver), "SOD-39"),
    M("the cashier keeps the supplier's account", ANY, payee_kept("CASH"), "SOD-40"),
    M("somebody else keeps the supplier's account", ANY, payee_kept("BUDG")),
    M("one hand drafts and signs the reply to a challenge", ANY, drafted("DEP"), "SOD-41"),
    M("one drafts and another signs the reply", ANY, drafted("CLERK")),
    M("who approves payment handles the contract", ANY, seat("contract.sign", 0, approver), "SOD-42"),
    M("an evaluator inspects", TENDER, inspected("TECH1"), "SOD-13 SOD-43"),
    M("an administrator of the ledger takes delivery", ANY, by("delivery.record", "REQ", role=ADMIN), "SOD-44"),
    M("who set the requirement evaluates performance", TENDER, by("perf.evaluate", "REQ"), "SOD-46"),
    M("the cashier may approve what they pay", ANY, may_approve("CASH"), "AUT-13 SOD-06"),

    # Fewer hands
    M("one alone organises the evaluation", TENDER, seat("eval.organise", 1, None), "JNT-01"),
    M("one alone signs", TENDER, seat("contract.sign", 0, None), "JNT-03"),
    M("one alone signs for a small purchase", SMALL, seat("contract.sign", 0, None)),
    M("one alone accepts", TENDER, seat("accept.perform", 1, None), "JNT-04"),
    M("one who accepts does not sign", TENDER, seat("accept.perform", 1, "TECH2", signed=False), "JNT-04"),
    M("supervision is missing from the review", TENDER, seat("req.review", 3, None), "JNT-05"),
    M("a body decides without minutes", TENDER, without_paper("award.decide", "minutes"), "JNT-07"),
    M("three sit in the body", TENDER, seat("award.decide", 0, None)),
    M("two sit in the body", TENDER, every(seat("award.decide", 0, None), seat("award.decide", 0, None)), "JNT-07"),
    M("an even number evaluates", TENDER, fewer_experts(1), "CHN-15"),
    M("experts were not drawn by lot", TENDER, put("eval.perform", drawn=False), "CHN-15"),

    # Steps
    M("no budget was approved", ANY, drop("budget.approve"), "CHN-01"),
    M("the requirement was not reviewed", TENDER, drop("req.review"), "CHN-02"),
    M("the review did not pass", TENDER, put("req.review", result="fail"), "CHN-02"),
    M("the requirement changed after its review", TENDER, prepared_again, "CHN-02"),
    M("a complex project, looked at as any other", TENDER, put("project.open", complex=True), "CHN-03 CHN-15"),
    M("a complex project, of which two were asked", TENDER, complex_with(respondents=2), "CHN-03 CHN-04 CHN-15"),
    M("the plan was not filed", TENDER, drop("plan.file"), "CHN-05"),
    M("another method above the threshold", TENDER, bought_by("consultation"), "CHN-06"),
    M("an agency without agreement", TENDER, drop("agency.sign"), "AUT-21 CHN-07"),
    M("an agency beyond its agreement", TENDER, put("agency.sign", acts=AGENCY_ACTS), "AUT-21"),
    M("of the catalogue, and bought apart [goods]", TENDER, put("project.open", category="A02010105"), "CHN-08"),
    M("delivered the day before the contract", SMALL, delivered_before, "CHN-09"),
    M("paid without acceptance", SMALL, drop("accept.perform"), "AMT-04 CHN-10"),
    M("the budget was not reviewed", TENDER, drop("budget.review"), "CHN-11"),
    M("the budget of a small purchase was not reviewed", SMALL, drop("budget.review")),
    M("documents were not checked", TENDER, drop("doc.check"), "CHN-11"),
    M("no panel was appointed", TENDER, drop("accept.panel"), "CHN-11"),
    M("no report was delivered", TENDER, drop("eval.report"), "CHN-11 DDL-04"),
    M("no award was published", TENDER, drop("award.publish"), "CHN-11 DDL-06"),
    M("documents of another version", TENDER, based_on("2"), "CHN-12"),
    M("the second is awarded without a reason", TENDER, other_winner, "CHN-13"),
    M("signed while a challenge is open", TENDER, challenged(answered=False), "CHN-14"),
    M("signed once the challenge was answered", TENDER, challenged(answered=True)),
    M("no scheme of acceptance", TENDER, put("contract.sign", acceptance_scheme=False), "CHN-17"),
    M("a complex project's contract without counsel", TENDER, without_counsel, "CHN-03 CHN-15 CHN-16"),
    M("the file lacks a report", TENDER, without_paper("file.archive", "evaluation_report"), "CHN-18"),

    # Publicity and contents
    M("no intent was published", TENDER, drop("intent.publish"), "DIS-01"),
    M("the notice does not state the deadline", TENDER, contents("notice.publish", "deadline"), "DIS-02"),
    M("another medium", TENDER, put("contract.publish", channel="某论坛"), "DIS-03"),
    M("the notice names the evaluators", TENDER, contents("notice.publish", more="evaluators"), "DIS-04"),
    M("the contract was never published", TENDER, drop("contract.publish"), "DDL-08 DIS-07"),
    M("the contract was never filed", TENDER, drop("contract.file"), "DDL-09"),
    M("a brand was prescribed", TENDER, coded("NEG-01", resolved=False), "NEG-01"),
    M("a brand was prescribed and taken out", TENDER, coded("NEG-01", resolved=True)),
    M("points for local records", TENDER, coded("NEG-02", resolved=False), "NEG-02"),
    M("a maker's authorisation is required", TENDER, coded("NEG-03", resolved=False), "NEG-03"),
    M("membership of a list is required", TENDER, coded("NEG-07", resolved=False), "NEG-07"),
    M("a gift was found", TENDER, inspected("DISC", issues=[{"rule": "NEG-09", "detail": "赠品"}]), "NEG-09"),
    M("nobody knows who took delivery", ANY, by("delivery.record", "person:NOBODY"), "LED-04"),
    M("another contract in the file", ANY, other_paper, "LED-05"),

    # Interests
    M("the drafter did not declare", ANY, undeclared("REQ"), "INT-01"),
    M("employed by a bidder until three years before", TENDER, related("R1", ended=0), "INT-02 INT-03"),
    M("employed by a bidder until a day earlier", TENDER, related("R1", ended=1)),
    M("a director of a bidder", TENDER, related("R2"), "INT-02 INT-03"),
    M("some other tie to a bidder", TENDER, related("R5"), "INT-03 INT-04"),
    M("acted after being recused", ANY, recused, "INT-05"),
    M("two bidders under one head", TENDER, one_head, "INT-07"),
    M("a bidder prepared the purchase", ANY, joins("prior_service"), "INT-08"),
    M("the approver and the cashier are relatives [apart]", ANY, relatives, "INT-10"),

    # Authority
    M("nobody gave the power", ANY, by("accept.panel", "CLERK"), "AUT-01"),
    M("a special grant that serves", ANY, under()),
    M("a grant from tomorrow", ANY, under(lambda p: {"valid_from": p.signed(1)}), "AUT-02"),
    M("a grant until today", ANY, under(lambda p: {"valid_until": p.signed(0)})),
    M("a grant until yesterday", ANY, under(lambda p: term(p.signed(-9), p.signed(-1))), "AUT-03"),
    M("a grant revoked from today", ANY, under(then=revoked(0)), "AUT-04"),
    M("a grant revoked from tomorrow", ANY, under(then=revoked(1))),
    M("a grant for another project", ANY, under(lambda p: {"scope": p.scope("contract.sign", "-2")}), "AUT-05"),
    M("a ceiling a cent too low", ANY, under(lambda p: {"ceiling_item": money(p.price - CENT)}), "AUT-06"),
    M("a total that just suffices", ANY, under(lambda p: total(p.price))),
    M("a total a cent too low", ANY, under(lambda p: total(p.price - CENT)), "AUT-07"),
    M("passed on as it may be", ANY, passed_on(Decimal(0), onward=True)),
    M("passed on though it may not be", ANY, passed_on(Decimal(0), onward=False), "AUT-08"),
    M("passed on wider by a cent", ANY, passed_on(CENT, onward=True), "AUT-17"),
    M("granted to oneself", ANY, to_oneself, "AUT-09"),
    M("granted back up the chain", SMALL, back_up, "AUT-10"),
    M("granted by somebody without power", ANY, under(lambda p: {"grantor": p.person("CLERK")}), "AUT-11"),
    M("granted afterwards", ANY, under(made=5), "AUT-12"),
    M("a condition that is met", ANY, under(lambda p: {"conditions": ["legal_review"]})),
    M("a condition that is not met", SMALL, every(under(needs_legal), drop("contract.review")), "AUT-14"),
    M("two acts that together are within the ceiling", ANY, splitting(Decimal(0))),
    M("two acts that together are a cent over it", ANY, splitting(-CENT), "AUT-15"),
    M("one person decides what is reserved", TENDER, decided_alone("plan.approve"), "AUT-16"),
    M("who has left the post signs", SMALL, has_left, "AUT-18"),
    M("in another's name without appointment", ANY, in_the_name_of("DEP"), "AUT-20"),
    M("a general grant without an end", ANY, every(under(general), without_end), "AUT-22 AUT-23"),
)
# fmt: on


def changed(mutation: Mutation, number: int, random: Random) -> Case:
    """Return a project of the mutation's shape, drawn until it is one that can be changed so, and changed."""
    while True:
        shape = random.choice(("small", "tender")) if mutation.shape == "any" else mutation.shape
        case = Case(chosen(random, number, shape, apart="[apart]" in mutation.says), random.randrange(2**32))
        if mutation.can(case):
            mutation.change(case)
            case.events.sort(key=lambda event: event["time"])
            return case
