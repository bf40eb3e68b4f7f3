"""
The register of a province that does not exist: units and their people, posts, suppliers, and the year's authority.

Posts, their duties and the units' own policy are the demo county's, multiplied. What each unit's head delegates:

    head (root) ─ 1 deputy: plans, awards            ─ 4 finance deputy: payments ─ 7 head of finance
                ─ 2 deputy: documents, recusals      ─ 5 department head: panels, agencies
                ─ 3 deputy: contracts ─ 6 department head ─ 8 their deputy ─ 9 procurement officer
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from bench.story import Data, Key, Story, digest, hand, money, morning
from quanze.county.registry import COUNTY, Post

REGISTRAR: Final = "person:P0-01"
AGENCIES, EXPERTS, UNITS_A_COUNTY = 20, 400, 20
_DESK = 50
RESERVED_FROM: Final = 1_000_000
"""Yuan from which only a unit's body decides a plan or an award."""

POSTS: Final = COUNTY.posts | {
    "LEAD2": Post("lead_department", False, ["采购管理科副科长"], ""),
    "AIDE": Post("other", False, ["助理"], ""),
}
_NUMBERS: Final = {post: number for number, post in enumerate(POSTS, 1)}
ACCOUNTS: Final = {"DEP": "oa", "LEAD": "oa", "FDEP": "finance", "CLERK": "oa", "REQ": "oa"}
"""Posts whose holders also act under an account, and in which system."""


class General(NamedTuple):
    """A grant to a post for the year: on what it rests (None: the head's root), and how often it may be passed on."""

    to: str
    by: str
    acts: str
    parent: int | None = None
    item: int = 0
    total: int = 0
    onward: int = 0


GENERAL: Final = {
    1: General("DEP", "HEAD", "plan.approve award.decide"),
    2: General("DEP", "HEAD", "doc.approve challenge.reply recusal.decide"),
    3: General("DEP", "HEAD", "contract.sign contract.amend", None, 10_000_000, 90_000_000, 3),
    4: General("FDEP", "HEAD", "pay.approve", None, 10_000_000, 0, 1),
    5: General("LEAD", "HEAD", "accept.panel agency.sign"),
    6: General("LEAD", "DEP", "contract.sign", 3, 500_000, 20_000_000, 2),
    7: General("FIN", "FDEP", "pay.approve", 4, 300_000),
    8: General("LEAD2", "LEAD", "contract.sign", 6, 200_000, 0, 1),
    9: General("OFFICER", "LEAD2", "contract.sign", 8, 100_000),
}


class Unit(NamedTuple):
    """A purchasing unit, by its number from 0. Every eighth is above the seven that follow."""

    number: int

    @property
    def code(self) -> str:
        return f"U{self.number:05}"

    @property
    def ref(self) -> str:
        return f"unit:{self.code}"

    @property
    def parent(self) -> str | None:
        return None if self.number % 8 == 0 else Unit(self.number - self.number % 8).ref

    @property
    def finance(self) -> str:
        """The code of the finance department that approves its budgets."""
        return f"F{self.number // UNITS_A_COUNTY:04}"

    @property
    def body(self) -> str:
        return f"body:{self.code}党组会"

    def person(self, post: str) -> str:
        return f"person:{self.code}-{_NUMBERS[post]:02}"

    def account(self, post: str) -> str:
        return f"account:urn:bench:{ACCOUNTS[post]}/{self.code.lower()}.{post.lower()}"

    def post(self, post: str) -> str:
        return f"post:{self.code}/{post}"

    def root(self, whose: str) -> str:
        """Return the head's root (`H`) or the body's (`B`)."""
        return f"grant:R-{self.code}-{whose}"

    def grant(self, number: int) -> str:
        return f"grant:G-{self.code}-{number}"


def suppliers_of(units: int) -> int:
    """Return how many suppliers there are for so many units."""
    return max(40, units // 2)


def province(units: int) -> list[Story]:
    """Tell who there is outside the units: registrar, finance departments, agencies and experts; and the suppliers."""
    story = Story("REG", morning("2025-10-09"))
    _registrar(story)
    for number in range((units - 1) // UNITS_A_COUNTY + 1):
        _unit(story, f"unit:F{number:04}", f"第{number}县财政局", "finance_department", None)
    for number in range(AGENCIES):
        _supplier(story, f"agency:A{number:02}", f"第{number}代理机构")
        for n in range(3):
            _person(story, agent(number, n), f"agency:A{number:02}")
    experts = Story("REG-X", morning("2025-10-13"))
    for number in range(EXPERTS):
        _person(experts, f"person:X{number:03}", None)
    count = suppliers_of(units)
    return [story, experts, *(_suppliers(range(first, min(first + _DESK, count))) for first in range(0, count, _DESK))]


def _suppliers(numbers: range) -> Story:
    """Tell of the suppliers that one desk enters: they are all in the register before anything is bought."""
    story = Story(f"REG-{numbers.start // _DESK}", morning("2025-10-27"))
    for number in numbers:
        supplier = f"supplier:V{number:05}"
        head, size = head_of(supplier), ("micro", "small", "medium")[number % 3]
        _person(story, head, supplier)
        enter(story, supplier, f"第{number}供应商", head, size)
    return story


def head_of(supplier: str) -> str:
    """Return who heads a supplier of the register."""
    return f"person:R{supplier.removeprefix('supplier:V')}"


def enter(story: Story, supplier: str, name: str, head: str, size: str) -> None:
    """Enter a supplier in the register, with who heads and owns it."""
    _supplier(story, supplier, name)
    holds: Data = {"legal_representative": head, "head": head, "size": size}
    holds["shareholders"] = [{"holder": head, "share": "1.00"}]
    story.record("supplier.snapshot", REGISTRAR, supplier, holds)


def _registrar(story: Story) -> None:
    """Nobody can be registered by a registrar who is not: the register itself writes the first lines."""
    post, itself = "post:P0/REGISTRAR", "system:registry"
    _unit(story, "unit:P0", "省级登记中心", "other", None, itself)
    _person(story, REGISTRAR, "unit:P0", itself)
    _post(story, "unit:P0", post, Post("other", False, ["登记员"], COUNTY.registrar_acts), itself)
    _assign(story, "unit:P0", post, REGISTRAR, "2024-03-01", by=itself)


def agent(agency: int, number: int) -> str:
    return f"person:A{agency:02}-{number}"


def register(unit: Unit) -> Story:
    """Tell a unit's own register: its people, posts, roots, policy, and what its head delegates for 2026."""
    story = Story(unit.code, morning("2025-10-27"))
    _unit(story, unit.ref, f"第{unit.number}单位", "purchaser", unit.parent)
    for code, post in POSTS.items():
        _person(story, unit.person(code), unit.ref)
        _post(story, unit.ref, unit.post(code), post)
        since = "2025-03-03" if post.key else "2024-03-01"
        _assign(
            story, unit.ref, unit.post(code), unit.person(code), "2026-01-01" if code in ("LEAD2", "AIDE") else since
        )
    _assign(story, unit.ref, unit.post("LEAD2"), unit.person("AIDE"), "2024-03-01", "2025-12-31")
    for post in ACCOUNTS:
        link: Data = {"account": unit.account(post), "person": unit.person(post), "evidence": "实名开户审批表"}
        story.record("account.link", REGISTRAR, unit.person(post), link)
    _roots(story, unit)
    _policy(story, unit)
    story.not_before(morning("2026-01-05"))
    for number, general in GENERAL.items():
        give(story, unit, unit.grant(number), unit.person(general.by), _general(unit, general))
    return story


def give(story: Story, unit: Unit, name: str, grantor: str, terms: Data) -> Key:
    """Tell a grant, with its paper and who answers for what."""
    paper = {"no": f"授权书〔{name[6:]}〕", "date": story.today, "sha256": digest(name)}
    grant: Data = {"grant": name, "grantor": grantor} | terms
    grant |= {"instrument": paper, "responsibility": COUNTY.responsibility}
    return story.record("auth.grant", grantor, name, grant, unit=unit.ref)


def _general(unit: Unit, general: General) -> Data:
    data: Data = {"kind": "general", "parent": unit.grant(general.parent) if general.parent else unit.root("H")}
    data |= {"grantee": unit.post(general.to), "scope": {"units": [unit.ref], "acts": general.acts.split()}}
    data |= {"ceiling_item": money(general.item)} if general.item else {}
    if general.total:
        data |= {"ceiling_total": money(general.total), "total_basis": "committed", "total_window": "fiscal_year"}
    data |= {"valid_from": "2026-01-06", "valid_until": "2026-12-31", "sub_delegable": bool(general.onward)}
    return data | ({"sub_depth": general.onward, "sub_acts": general.acts.split()} if general.onward else {})


def _roots(story: Story, unit: Unit) -> None:
    for whose, holder, kind, acts in _root_rows(unit):
        data: Data = {
            "grant": unit.root(whose),
            "holder": holder,
            "basis": {"kind": kind, "document": "任职文件、议事规则"},
        }
        data |= {"scope": {"units": [unit.ref], "acts": acts.split()}, "valid_from": "2025-03-03"}
        story.record("auth.vest", REGISTRAR, unit.root(whose), data, unit=unit.ref)


def _root_rows(unit: Unit) -> Iterator[tuple[str, str, str, str]]:
    yield "H", unit.person("HEAD"), "appointment", COUNTY.head_acts
    yield "B", unit.body, "rules_of_procedure", COUNTY.body_acts


def _policy(story: Story, unit: Unit) -> None:
    """The unit's body adopts the unit's policy, with minutes."""
    name = f"NK-{unit.code}-2025"
    data: Data = {"object": name, "policy": name, "stages": COUNTY.stages, "valid_from": story.today}
    data |= {"policies": [{"key": key, "value": value} for key, value in COUNTY.values.items()]}
    data |= {
        "reserved": [{"act": act, "amount_from": money(RESERVED_FROM)} for act in ("plan.approve", "award.decide")]
    }
    data |= {"responsibility": COUNTY.responsibility, "participants": attendees(unit)}
    data |= {"documents": [{"name": f"{name} 会议纪要", "kind": "minutes", "sha256": digest(name)}]}
    story.record("setup.policy", unit.body, unit.ref, data, unit=unit.ref, authority=unit.root("B"))


def attendees(unit: Unit) -> list[Data]:
    """Return who sits in the unit's body."""
    return [hand(unit.person(post), "attendee") for post in ("HEAD", "DEP", "FDEP", "REQ")]


def _unit(story: Story, ref: str, name: str, kind: str, parent: str | None, by: str = REGISTRAR) -> None:
    data: Data = {"name": name, "kind": kind, "jurisdiction": COUNTY.jurisdiction}
    story.record("unit.register", by, ref, data | ({"parent": parent} if parent else {}))


def _person(story: Story, person: str, employer: str | None, by: str = REGISTRAR) -> None:
    data: Data = {"pseudonym": person.removeprefix("person:")}
    story.record("person.register", by, person, data | ({"employer": employer} if employer else {}))


def _supplier(story: Story, ref: str, name: str) -> None:
    story.record("supplier.register", REGISTRAR, ref, {"name": name, "code": digest(name)[:16].upper()})


def _post(story: Story, unit: str, ref: str, post: Post, by: str = REGISTRAR) -> None:
    data: Data = {"post": ref, "name": post.names[0], "key_post": post.key}
    data |= {"designation": post.designation, "acts": post.acts.split()}
    story.record("post.define", by, ref, data, unit=unit)


def _assign(
    story: Story, unit: str, post: str, person: str, since: str, until: str | None = None, by: str = REGISTRAR
) -> None:
    data: Data = {"post": post, "person": person, "from": since}
    story.record("post.assign", by, post, data | ({"until": until} if until else {}), unit=unit)
