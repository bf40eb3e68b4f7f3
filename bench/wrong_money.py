"""Violations in money, securities and records: by one yuan, by one day, by one digest."""

from collections.abc import Callable
from typing import Final

from bench.beside import bid_securities, past_a_tenth, past_the_budget, performance_security
from bench.plant import Plant, Wrong, small, states, tender
from bench.project import Project
from bench.story import DAY, Data, digest, money, morning


def _plus(yuan: int) -> Callable[[Project, Data], Data]:
    return lambda p, data: {"amount": money(int(data["amount"].removesuffix(".00")) + yuan)}


def _supplemented(share: int, story: Callable[[Project], None]) -> Callable[[Project], None]:
    """Add a supplement to a contract over so much of each hundred of the budget."""

    def prepare(p: Project) -> None:
        p.share = share
        p.then["contract.file"] = story

    return prepare


def _accepted_afterwards(p: Project) -> None:
    """What is paid is accepted a day after it is paid."""
    for act in ("accept.panel", "accept.perform", "asset.receive"):
        p.moved[act] = 4 * DAY


def _paid_twice(p: Project) -> None:
    """Two halves on one invoice and one acceptance, where each should have its own."""
    p.share, p.instalments = 90, 2
    for act in ("pay.apply", "pay.approve", "pay.execute", "pay.book"):
        p.says[act] = lambda data: data | {"invoice": digest(f"{p.code} PAY1")[:20].upper()}


def _another_account(p: Project, data: Data) -> Data:
    return {"payee": data["payee"] | {"account_sha256": digest(f"{data['payee']['supplier']} 另一账户")}}


def _paid_too_much(p: Project) -> None:
    for act in ("pay.apply", "pay.approve", "pay.execute", "pay.book"):
        p.says[act] = lambda data: data | _plus(1)(p, data)


def _too_cheap(p: Project) -> None:
    """The last bid is at two fifths of the price ceiling, and nobody examined it. The text is of February 2026."""
    p.not_before(morning("2025-12-10"))

    def change(data: Data) -> Data:
        budget = int(p.found("budget.prepare")["data"]["amount"].removesuffix(".00"))
        last = data["ranking"][-1] | {"price": money(budget * 2 // 5), "examined": False}
        return data | {"ranking": [*data["ranking"][:-1], last]}

    p.says["eval.perform"] = change


def _weighs_too_little(p: Project) -> None:
    p.buys(goods=True)
    p.says["doc.prepare"] = lambda data: data | {"price_weight": "0.29"}


def _another_contract(p: Project, data: Data) -> Data:
    papers = [
        paper | {"sha256": digest(f"{p.code} 另一份合同")} if paper["kind"] == "contract" else paper
        for paper in data["documents"]
    ]
    return {"documents": papers}


PLANTS: Final[dict[str, Plant]] = {
    # Paid before anything was accepted is paid more than was accepted, too (domain §6.4 and §6.5).
    "CHN-10": Plant(
        "small",
        _accepted_afterwards,
        (Wrong("CHN-10", ("pay.execute",)), Wrong("AMT-04", ("pay.execute",))),
    ),
    "AMT-01": tender("AMT-01", _supplemented(93, past_the_budget), "contract.amend"),
    "AMT-02": tender("AMT-02", states("contract.sign", _plus(1)), "contract.sign"),
    "AMT-03": tender("AMT-03", _supplemented(88, past_a_tenth), "contract.amend"),
    "AMT-04": small("AMT-04", states("accept.perform", _plus(-1)), "pay.execute"),
    # The contract was accepted to the yuan: what passes it passes what was accepted, too (domain §6.5).
    "AMT-05": Plant(
        "small",
        _paid_too_much,
        (Wrong("AMT-05", ("pay.execute",)), Wrong("AMT-04", ("pay.execute",))),
    ),
    "AMT-06": small("AMT-06", states("accept.perform", _plus(1)), "accept.perform"),
    "AMT-07": tender("AMT-07", _paid_twice, "pay.execute.2"),
    "AMT-08": small("AMT-08", states("pay.execute", _another_account), "pay.execute"),
    "AMT-09": tender("AMT-09", _too_cheap, "eval.perform"),
    "AMT-10": tender("AMT-10", _weighs_too_little, "doc.approve"),
    "BND-01": tender("BND-01", lambda p: bid_securities(p, excess=1), "bidsec.receive"),
    "BND-02": tender("BND-02", lambda p: performance_security(p, excess=1), "perfsec.receive"),
    "BND-03": tender("BND-03", lambda p: bid_securities(p, form="cash"), "bidsec.receive"),
    "BND-04": tender("BND-04", lambda p: bid_securities(p, returned=6), "bidsec.refund"),
    "BND-05": tender("BND-05", lambda p: performance_security(p, returned=11), "perfsec.refund"),
    "BND-06": tender("BND-06", lambda p: performance_security(p, clause=False), "contract.sign"),
    "LED-02": small("LED-02", lambda p: p.late.update({"delivery.record": 4 * DAY}), "delivery.record"),
    "LED-04": small("LED-04", lambda p: p.hands.update({"delivery.record": f"person:{p.code}"}), "delivery.record"),
    "LED-05": tender("LED-05", states("file.archive", _another_contract), "file.archive"),
}
