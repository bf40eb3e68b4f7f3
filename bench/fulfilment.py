"""From the contract to the archive, as the rules would have it."""

from bench.project import Project
from bench.story import Data, digest, hand, money
from quanze.county.lifecycle import FILED


def contract(p: Project, price: int) -> None:
    """Draft, review by law and finance, and sign: under the chain of general grants, or now and then a special one."""
    p.later(2)
    p.act("contract.draft", "OFFICER", {"object": "CON1", "supplier": p.bidders[0], "amount": money(price)})
    p.later()
    people = [
        hand(p.who("contract.review", "LEGAL"), "lead", "legal"),
        hand(p.who("contract.review", "FIN"), "member", "finance"),
    ]
    opinion: Data = {
        "object": "CON1",
        "result": "pass",
        "participants": people,
        "documents": [p.paper("legal_opinion")],
    }
    p.act("contract.review", "LEGAL", opinion)
    signer, grant = p.signs(p, price) if p.signs is not None else _signing(p, price)
    p.later(2)
    data: Data = {"object": "CON1", "contract": "CON1", "supplier": p.bidders[0], "amount": money(price)}
    data |= {
        "items": [{"name": p.title, "category": p.category, "quantity": "1"}],
        "payee": _payee(p),
        "payment_days": 30,
    }
    data |= {"acceptance_due": {"days": 10, "working": True}, "acceptance_scheme": True}
    data["participants"] = [hand(p.who("handler", "CLERK"), "handler", "procurement")]
    data["documents"] = [p.paper("contract"), p.paper("acceptance_scheme")]
    p.act("contract.sign", signer, data, authority=grant)


def _signing(p: Project, price: int) -> tuple[str, str]:
    if p.facts.plant or p.random.random() >= 0.14:
        return p.signing(price)
    post = p.random.choice(("DEP", "LEAD"))
    condition = p.random.choice(([], ["legal_review"], ["concurrence:contract_reviewer"]))
    terms: Data = {"conditions": condition} if condition else {}
    if p.random.random() < 0.2:
        terms |= {"ceiling_total": money(price), "total_basis": "committed", "total_window": "fiscal_year"}
    return post, p.special(p.unit.person(post), price, **terms)


def published_contract(p: Project) -> None:
    p.act("seal.use", "OFFICE", {"object": "CON1"})
    p.later()
    p.act("contract.publish", "OFFICER", {"object": "CON1"} | p.public("contract"))
    p.later()
    p.act("contract.file", "OFFICER", {"object": "CON1"})


def delivered(p: Project, number: int, amount: int) -> None:
    """Deliver, accept line by line by two hands, take goods into custody, pay what was accepted."""
    name = f"ACC1-{number}"
    accepted: Data = {"object": name, "acceptance": name, "contract": "CON1"}
    p.act("delivery.record", "REQ", {"object": "CON1", "contract": "CON1", "supplier": p.bidders[0]})
    p.act("accept.panel", "LEAD", {"object": name, "contract": "CON1"})
    p.later()
    people = [
        hand(p.who("accept.perform", "TECH1"), "lead", "business"),
        hand(p.who("acceptor", "TECH2"), "member", "business"),
    ]
    lines = [{"name": line, "quantity": "1", "result": "pass"} for line in ("数量与清单", "质量与服务")]
    seen: Data = {"amount": money(amount), "result": "pass", "items": lines, "participants": people}
    p.act("accept.perform", "TECH1", accepted | seen | {"documents": [p.paper("acceptance_certificate", name)]})
    if p.facts.shape != "small":
        p.act("accept.publish", "OFFICER", {"object": name} | p.public(f"acceptance/{name}"))
    if p.goods:
        p.act("asset.receive", "ASSET", accepted)
    for part in range(p.instalments):
        _paid(p, number + part, amount // p.instalments, name)


def _paid(p: Project, number: int, amount: int, acceptance: str) -> None:
    name = f"PAY1-{number}"
    sums: Data = {
        "object": name,
        "payment": name,
        "contract": "CON1",
        "acceptance": acceptance,
        "amount": money(amount),
    }
    sums |= {"payee": _payee(p), "invoice": digest(f"{p.code} {name}")[:20].upper()}
    paid = sums | {"external_id": f"GK-{p.code}-{number}"}
    p.later()
    p.act("pay.apply", "REQ", sums)
    small = amount <= 300_000 and "pay.approve" not in p.hands and p.random.random() < 0.5
    p.later()
    p.act("pay.approve", "FIN" if small else "FDEP", sums, authority=p.unit.grant(7 if small else 4))
    p.later()
    p.act("pay.execute", "CASH", paid)
    p.act("pay.book", "BOOK", paid)


def archive(p: Project) -> None:
    """File what the project left behind, and close it."""
    p.later(2)
    held = {paper["kind"] for paper in p.papers}
    missing = [p.paper(kind) for kind in FILED if kind not in held]
    kept = {paper["name"]: paper for paper in (*p.papers[:20], *missing)}
    p.act("file.archive", "OFFICE", {"object": "FILE1", "documents": list(kept.values()), "retain_until": "2046-12-31"})
    p.act("project.close", "OFFICER", {"object": p.code, "outcome": "completed"})


def _payee(p: Project) -> Data:
    return {"supplier": p.bidders[0], "account_sha256": digest(f"{p.bidders[0]} 基本存款账户")}
