"""Violations of the course of a purchase: links missing or out of turn, days passed, publication, and terms."""

from collections.abc import Callable
from typing import Final

from bench.beside import asked, challenged, serves_the_public
from bench.plant import Plant, Wrong, both, follows, left_out, moved, restate, small, states, tender, waits
from bench.project import HALF_PAST_NINE, Project
from bench.story import DAY, Data, day_of, money, within

# Links of the chain


def _respondents(p: Project, data: Data) -> Data:
    return {"respondents": 2}


def _by_invitation(p: Project) -> None:
    for act in ("project.open", "plan.prepare", "plan.approve"):
        restate(p, act, lambda data: {"method": "invited_tender"})


def _listed_in_the_catalogue(p: Project) -> None:
    p.buys(goods=True)
    p.category, p.title = "A02010105", f"{p.code} 台式计算机采购"


def _earlier_draft(p: Project, data: Data) -> Data:
    return {"based_on": [{"object": "REQ1", "version": "0"}]}


def _another_first(p: Project, data: Data) -> Data:
    """The evaluation ranks the second bidder first; the award goes to the first all the same."""
    first, second, *others = data["ranking"]
    rows = [second | {"score": first["score"]}, first | {"score": second["score"]}, *others]
    return {"ranking": rows, "recommended": second["supplier"]}


def _fewer_experts(p: Project, data: Data) -> Data:
    lead, _, *others = data["participants"]
    return {"participants": [lead, *others], "experts": 3}


def _a_line_open(p: Project, data: Data) -> Data:
    first, second = data["items"]
    return {"items": [first, {name: said for name, said in second.items() if name != "result"}]}


def _without_the_report(p: Project, data: Data) -> Data:
    return {"documents": [paper for paper in data["documents"] if paper["kind"] != "evaluation_report"]}


# Days


def _bids_close_too_soon(p: Project) -> None:
    p.closes = lambda now: within(now, 19) // DAY * DAY + HALF_PAST_NINE


def _clarified_late(p: Project) -> None:
    """A clarification that changes how bids are made, fourteen days or less before they close."""
    due = p.closes(p.now)
    last = within(due, -14)  # nine in the morning of the last worked day that is not fifteen days before
    at = next(day for day in range(last, due, DAY) if within(day, 14) >= due // DAY * DAY)
    data: Data = {"object": "DOC1", "affects_result": True, "note": "更正技术参数"}
    p.act("doc.clarify", p.found("notice.publish")["actor"], data, at=at)


# Publication


def _drifted(p: Project, data: Data) -> Data:
    """One yuan past the amount of which the notice states four fifths."""
    return {"amount": money(int(data["amount"].removesuffix(".00")) * 5 // 4 + 1)}


def _without(name: str) -> Callable[[Project, Data], Data]:
    return lambda p, data: {"contents": [each for each in data["contents"] if each != name]}


# Terms


def _coded(rule: str, detail: str, act: str) -> Plant:
    """Whoever checks the documents codes a term that may not be; they go out as they are."""
    return tender(rule, states("doc.check", lambda p, data: {"issues": [{"rule": rule, "detail": detail}]}), act)


def _asked_for_gifts(p: Project) -> None:
    issue: Data = {"rule": "NEG-09", "detail": "索要购物卡"}
    data: Data = {"object": "INS1", "inspection": "INS1", "issues": [issue]}
    p.act("supervise.inspect", "DISC", data)


def _sampled(p: Project) -> None:
    restate(p, "eval.perform", lambda data: _another_first(p, data))
    restate(p, "award.decide", lambda data: {"reason": "sample_test"})


PLANTS: Final[dict[str, Plant]] = {
    "CHN-01": small("CHN-01", left_out("budget.approve"), "award.decide"),
    "CHN-02": tender("CHN-02", left_out("req.review"), "notice.publish"),
    "CHN-03": tender(
        "CHN-03", both(serves_the_public, states("req.review", lambda p, data: {"kind": "general"})), "notice.publish"
    ),
    "CHN-04": tender("CHN-04", both(serves_the_public, states("req.survey", _respondents)), "req.prepare"),
    "CHN-05": tender("CHN-05", left_out("plan.file"), "notice.publish"),
    "CHN-06": tender("CHN-06", _by_invitation, "notice.publish"),
    # What an agency does before its agreement holds is outside the agreement's term, too (domain §4.3, AUT-21).
    "CHN-07": Plant(
        "tender",
        moved("agency.sign", 2 * DAY + 180),
        (Wrong("CHN-07", ("doc.prepare",)), Wrong("AUT-21", ("doc.prepare",))),
    ),
    "CHN-08": tender("CHN-08", _listed_in_the_catalogue, "notice.publish"),
    "CHN-09": small("CHN-09", moved("delivery.record", -9 * DAY), "delivery.record"),
    "CHN-11": tender("CHN-11", left_out("doc.check"), "doc.approve"),
    "CHN-12": tender("CHN-12", states("doc.prepare", _earlier_draft), "doc.prepare"),
    "CHN-13": tender("CHN-13", states("eval.perform", _another_first), "award.decide"),
    "CHN-14": tender(
        "CHN-14",
        follows("award.publish", lambda p: challenged(p, 7, affects=True)),
        "contract.sign",
    ),
    "CHN-15": tender("CHN-15", states("eval.perform", _fewer_experts), "eval.perform"),
    "CHN-17": tender("CHN-17", states("accept.perform", _a_line_open), "accept.perform"),
    "CHN-18": tender("CHN-18", states("file.archive", _without_the_report), "file.archive"),
    "CHN-19": tender("CHN-19", left_out("perf.evaluate"), "file.archive"),
    "DDL-01": tender("DDL-01", _bids_close_too_soon, "notice.publish"),
    "DDL-02": tender(
        "DDL-02",
        states("notice.publish", lambda p, data: {"document_until": day_of(p.now + 4 * DAY)}),
        "notice.publish",
    ),
    "DDL-03": tender("DDL-03", follows("notice.publish", _clarified_late), "doc.clarify"),
    "DDL-04": tender("DDL-04", waits("eval.report", 2), "eval.report"),
    "DDL-05": tender("DDL-05", waits("award.check", 4), "award.decide"),
    "DDL-06": tender("DDL-06", waits("award.publish", 2), "award.publish"),
    "DDL-07": tender("DDL-07", waits("contract.sign", 20), "contract.sign"),
    "DDL-08": tender("DDL-08", waits("contract.publish", 2), "contract.publish"),
    "DDL-09": tender("DDL-09", waits("contract.file", 6), "contract.file"),
    "DDL-10": tender("DDL-10", follows("notice.publish", lambda p: asked(p, 4)), "inquiry.reply"),
    "DDL-11": tender("DDL-11", follows("award.publish", lambda p: challenged(p, 8, affects=False)), "challenge.reply"),
    "DDL-13": tender("DDL-13", waits("pay.execute", 25), "pay.execute"),
    "DDL-14": tender("DDL-14", states("contract.sign", lambda p, data: {"payment_days": 61}), "contract.sign"),
    "DDL-15": tender("DDL-15", waits("accept.perform", 10), "accept.perform"),
    "DIS-01": tender("DIS-01", left_out("intent.publish"), "notice.publish"),
    "DIS-02": tender("DIS-02", states("notice.publish", _without("qualification")), "notice.publish"),
    "DIS-03": tender(
        "DIS-03", states("contract.publish", lambda p, data: {"channel": "本单位网站"}), "contract.publish"
    ),
    "DIS-04": tender("DIS-04", states("award.publish", _without("evaluators")), "award.publish"),
    "DIS-06": tender("DIS-06", both(serves_the_public, left_out("accept.publish")), "accept.perform"),
    # What is never published is published late, too: DDL-08 says so from the third day on (domain §6.7, DIS-07).
    "DIS-07": Plant(
        "tender",
        left_out("contract.publish"),
        (Wrong("DIS-07", ("contract.sign",)), Wrong("DDL-08", ("contract.sign",))),
    ),
    "DIS-08": tender("DIS-08", states("intent.publish", _drifted), "notice.publish"),
    "NEG-01": _coded("NEG-01", "指定品牌", "notice.publish"),
    "NEG-02": _coded("NEG-02", "以本市业绩加分", "notice.publish"),
    "NEG-03": _coded("NEG-03", "要求厂家授权", "notice.publish"),
    "NEG-04": _coded("NEG-04", "要求三个同类业绩", "notice.publish"),
    "NEG-05": _coded("NEG-05", "单价超过资产配置标准", "contract.sign"),
    "NEG-06": tender("NEG-06", states("project.open", lambda p, data: {"method": "agreement_supply"}), "project.open"),
    "NEG-07": _coded("NEG-07", "限于本单位供应商库", "notice.publish"),
    # A sample test is no lawful reason to leave the ranked order either (domain §6.4, CHN-13).
    "NEG-08": Plant(
        "tender",
        _sampled,
        (Wrong("NEG-08", ("award.decide",)), Wrong("CHN-13", ("award.decide",))),
    ),
    "NEG-09": tender("NEG-09", follows("award.publish", _asked_for_gifts), "supervise.inspect", ()),
}
