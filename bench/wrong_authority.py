"""Violations of authority: an assistant, who has no power to sign, signs under a grant that does not serve."""

from collections.abc import Callable
from typing import Final

from bench.plant import Plant, Wrong, by, small
from bench.project import Project
from bench.province import give
from bench.story import DAY, Data, day_of, money

Grant = Callable[[Project, int], str]


def _signed(make: Grant) -> Callable[[Project], None]:
    """Have the assistant sign, under the grant that `make` gives or names."""

    def prepare(p: Project) -> None:
        p.signs = lambda p, price: ("AIDE", make(p, price))

    return prepare


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
    price = p.found("contract.sign")["data"]["amount"]
    p.now = signed + 5 * DAY
    p.special(p.unit.person("AIDE"), 0, ceiling_item=price, valid_from=day_of(signed - DAY))


PLANTS: Final[dict[str, Plant]] = {
    "AUT-01": small("AUT-01", by("accept.panel", "CLERK"), "accept.panel"),
    "AUT-02": small("AUT-02", _signed(_not_yet), "contract.sign", ("AIDE",)),
    "AUT-03": small("AUT-03", _signed(_ended), "contract.sign", ("AIDE",)),
    "AUT-04": small("AUT-04", _signed(_revoked), "contract.sign", ("AIDE",)),
    "AUT-05": small("AUT-05", _signed(_elsewhere), "contract.sign", ("AIDE",)),
    "AUT-06": small("AUT-06", _signed(_too_small), "contract.sign", ("AIDE",)),
    "AUT-07": small("AUT-07", _signed(_exhausted), "contract.sign", ("AIDE",)),
    # A fault of the grant, that an act done under it shows as well: one finding, about whoever made the grant.
    "AUT-08": Plant(
        "small",
        _signed(_passed_on),
        (Wrong("AUT-08", ("contract.sign", "auth.grant.2"), ("DEP",)),),
    ),
    "AUT-12": Plant(
        "small",
        _signed(_not_made_yet),
        (Wrong("AUT-12", ("contract.sign",), ("AIDE", "HEAD")),),
        _grant_afterwards,
    ),
    "AUT-18": small("AUT-18", _signed(_left_the_post), "contract.sign", ("AIDE",)),
}
