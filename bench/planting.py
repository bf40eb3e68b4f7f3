"""
One violation a project, planted in an otherwise lawful small purchase, and what an auditor should find.

Authority: an assistant, who has no power to sign, signs the contract under a grant that does not serve. Duties: one act
is done by another hand than usual.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from bench.project import Planted, Project
from bench.province import give
from bench.story import DAY, Data, Key, day_of, money


class Pair(NamedTuple):
    """Two duties in one hand: the act done by another post than usual (`acceptor`: the second one of the panel)."""

    act: str
    post: str
    judged: tuple[str, str]


PAIRS: Final = {
    "SOD-03": Pair("acceptor", "LEAD", ("contract.sign", "accept.perform")),
    "SOD-04": Pair("asset.receive", "TECH1", ("accept.perform", "asset.receive")),
    "SOD-05": Pair("pay.apply", "FDEP", ("pay.apply", "pay.approve")),
    "SOD-06": Pair("pay.execute", "FDEP", ("pay.approve", "pay.execute")),
    "SOD-08": Pair("pay.book", "FDEP", ("pay.approve", "pay.book")),
    "SOD-10": Pair("pay.book", "CASH", ("pay.execute", "pay.book")),
}


def prepare(p: Project) -> None:
    """Put the wrong hand where a violation of duties is planted, before anything is told."""
    rule = p.facts.plant
    if rule == "AUT-01":
        p.hands["accept.panel"] = "CLERK"
    elif rule in PAIRS:
        pair = PAIRS[rule]
        p.hands |= {pair.act: pair.post, "pay.approve": "FDEP"}
        if rule == "SOD-04":
            p.buys(goods=True)


def signing(p: Project, price: int) -> tuple[str, str] | None:
    """Return who signs and under which grant, where that is what is wrong."""
    if p.facts.plant == "SOD-03":
        return "LEAD", p.unit.grant(6)
    make = _SIGNINGS.get(p.facts.plant)
    return ("AIDE", make(p, price)) if make is not None else None


def conclude(p: Project) -> None:
    """Say what was planted; tell what became known only afterwards."""
    rule = p.facts.plant
    if not rule:
        return
    if rule == "AUT-12":
        _grant_afterwards(p)
    if rule in PAIRS:
        pair = PAIRS[rule]
        persons, keys = [p.unit.person(pair.post)], [p.key(type) for type in pair.judged]
    elif rule == "AUT-01":
        persons, keys = [p.unit.person("CLERK")], [p.key("accept.panel")]
    else:
        persons, keys = [p.unit.person("AIDE")], [p.key("contract.sign")]
    persons += [p.unit.person("HEAD")] if rule == "AUT-12" else []
    p.planted.append(Planted(rule, p.ref, persons, keys, _grant_of(p, keys[0]) if rule.startswith("AUT") else None))


def _grant_of(p: Project, key: Key) -> str | None:
    return next(event.get("authority") for _, event in p.told if event["id"] == key.id)


def _not_yet(p: Project, price: int) -> str:
    return p.special(p.unit.person("AIDE"), price, valid_from=day_of(p.now + 12 * DAY))


def _ended(p: Project, price: int) -> str:
    return p.special(p.unit.person("AIDE"), price, valid_until=p.today)


def _revoked(p: Project, price: int) -> str:
    name = p.special(p.unit.person("AIDE"), price)
    day = day_of(p.now + DAY)
    change: Data = {"grant": name, "effective_at": day, "notified_at": day, "reason": "收回授权"}
    p.record("auth.revoke", p.unit.person("HEAD"), name, change, unit=p.unit.ref, at=p.now + DAY)
    return name


def _elsewhere(p: Project, price: int) -> str:
    scope = {"units": [p.unit.ref], "projects": [f"{p.ref}-2"], "acts": ["contract.sign"]}
    return p.special(p.unit.person("AIDE"), price, scope=scope)


def _too_small(p: Project, price: int) -> str:
    return p.special(p.unit.person("AIDE"), price // 2)


def _exhausted(p: Project, price: int) -> str:
    total = {"ceiling_total": money(price // 2), "total_basis": "committed", "total_window": "fiscal_year"}
    return p.special(p.unit.person("AIDE"), price, **total)


def _passed_on(p: Project, price: int) -> str:
    """The deputy passes on a special grant that may not be passed on."""
    parent = p.special(p.unit.person("DEP"), price)
    data: Data = {"kind": "special", "parent": parent, "grantee": p.unit.person("AIDE")}
    data["scope"] = {"units": [p.unit.ref], "projects": [p.ref], "acts": ["contract.sign"]}
    data |= {"ceiling_item": money(price), "valid_from": p.today, "valid_until": "2026-12-31", "sub_delegable": False}
    give(p, p.unit, f"{parent}-2", p.unit.person("DEP"), data)
    return f"{parent}-2"


def _not_made_yet(p: Project, price: int) -> str:
    return f"grant:S-{p.code}"


def _left_the_post(p: Project, price: int) -> str:
    """The assistant was deputy head of the department until the end of 2025; the grant is that post's."""
    return p.unit.grant(8)


def _grant_afterwards(p: Project) -> None:
    """Make the grant five working days after the contract, dated back to the day before."""
    signed = next(moment for moment, event in p.told if event["type"] == "contract.sign")
    price = next(event["data"]["amount"] for _, event in p.told if event["type"] == "contract.sign")
    p.now = signed + 5 * DAY
    p.special(p.unit.person("AIDE"), 0, ceiling_item=price, valid_from=day_of(signed - DAY))


_SIGNINGS: Final[dict[str, Callable[[Project, int], str]]] = {
    "AUT-02": _not_yet,
    "AUT-03": _ended,
    "AUT-04": _revoked,
    "AUT-05": _elsewhere,
    "AUT-06": _too_small,
    "AUT-07": _exhausted,
    "AUT-08": _passed_on,
    "AUT-12": _not_made_yet,
    "AUT-18": _left_the_post,
}
RULES: Final = ("AUT-01", *_SIGNINGS, *PAIRS)
"""What can be planted."""
