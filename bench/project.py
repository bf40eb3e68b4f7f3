"""What every project is made of: its facts, hands, grants and papers, and everyone's declaration of interests."""

from random import Random
from typing import Any, Final, NamedTuple

from bench.province import ACCOUNTS, GENERAL, RESERVED_FROM, Unit, attendees, give
from bench.story import DAY, Data, Key, Story, digest, money, people_of
from quanze.county.project import DECLARED
from quanze.county.registry import COUNTY

_CITED: Final = 0.85
_BY_ACCOUNT: Final = 0.2
_USUAL: Final = {"plan.approve": 1, "award.decide": 1, "doc.approve": 2, "accept.panel": 5, "agency.sign": 5}
"""The number of the general grant under which the usual hand does an act."""
_NEEDS_GRANT: Final = frozenset((*_USUAL, "contract.sign", "pay.approve"))


class Facts(NamedTuple):
    """What is fixed before a project is told. `opened` is a moment; `plant` the violation planted in it, or nothing."""

    code: str
    unit: Unit
    opened: int
    shape: str
    plant: str
    supplier: int
    """The number of the supplier that wins; the next two bid as well."""


class Planted(NamedTuple):
    """A violation planted on purpose: the judged act, or the two acts of a pair."""

    rule: str
    project: str
    persons: list[str]
    acts: list[Key]
    grant: str | None = None

    def document(self) -> Data:
        acts = [key._asdict() for key in self.acts]
        return {"rule": self.rule, "project": self.project, "persons": self.persons, "acts": acts, "grant": self.grant}


class Project(Story):
    """One project of a unit. `hands` says which post does an act that another would usually do."""

    def __init__(self, facts: Facts, seed: int, suppliers: int) -> None:
        super().__init__(facts.code, facts.opened)
        self.facts, self.unit, self.ref = facts, facts.unit, f"project:{facts.code}"
        self.random = Random(f"{seed}/{facts.code}")  # seeded: the same project each time
        self.bidders = [f"supplier:V{(facts.supplier + n) % suppliers:05}" for n in range(3)]
        self.buys(goods=self.random.random() < 0.6)
        self.hands: dict[str, str] = {}
        self.planted: list[Planted] = []
        self.papers: list[Data] = []
        self._linked = {facts.unit.account(post): facts.unit.person(post) for post in ACCOUNTS}

    def buys(self, *, goods: bool) -> None:
        """Set what is bought: goods go into custody, services do not."""
        self.goods = goods
        self.category = "A05040101" if goods else "C21040000"
        self.title = f"{self.code} {'办公家具' if goods else '物业服务'}采购"

    def who(self, act: str, post: str) -> str:
        """Return who does an act: a post of the unit, unless another hand was put in its place."""
        post = self.hands.get(act, post)
        return self.unit.person(post) if ":" not in post else post

    def act(
        self,
        act: str,
        post: str,
        data: Data,
        *,
        authority: str | None = None,
        unit: str | None = None,
        at: int | None = None,
    ) -> Key:
        """Tell an act on this project, now and then under an account; most decisions name the grant they rest on."""
        actor = self.who(act, post)
        if act in _NEEDS_GRANT:
            usual = self.unit.grant(_USUAL[act]) if act in _USUAL and act not in self.hands else None
            cites = self.facts.plant or self.random.random() < _CITED
            authority = (authority or usual) if cites else None
        held = self.hands.get(act, post)
        listed = [each["actor"] for each in data.get("participants", ())]
        if held in ACCOUNTS and actor not in listed and self.random.random() < _BY_ACCOUNT:
            actor = self.unit.account(held)
        return self.record(act, actor, self.ref, data, unit=unit or self.unit.ref, authority=authority, at=at)

    def paper(self, kind: str, detail: str = "") -> Data:
        """Return a document of this project, and keep it for the file."""
        name = f"{COUNTY.papers[kind]}{detail and f' {detail}'}"
        paper: Data = {"name": name, "kind": kind, "sha256": digest(f"{self.code} {name}")}
        self.papers.append(paper)
        return paper

    def decide(self, act: str, data: Data, amount: int, paper: Data) -> Key:
        """Decide in person below the reserved amount; from it on the unit's body decides, with minutes."""
        data = data | {"amount": money(amount), "documents": [paper]}
        if amount < RESERVED_FROM:
            return self.act(act, "DEP", data)
        data |= {"participants": attendees(self.unit), "documents": [paper, self.paper("minutes", act)]}
        return self.act(act, self.unit.body, data, authority=self.unit.root("B"))

    def public(self, what: str) -> Data:
        """Return where something is published."""
        return {"channel": "中国政府采购网", "uri": f"https://ccgp.example/{what}/{self.code}"}

    def special(self, grantee: str, ceiling: int, **terms: Any) -> str:
        """Have the head give a special grant for this project's contract; return its name."""
        name = f"grant:S-{self.code}"
        data: Data = {"kind": "special", "parent": self.unit.root("H"), "grantee": grantee}
        data["scope"] = {"units": [self.unit.ref], "projects": [self.ref], "acts": ["contract.sign"]}
        data |= {"ceiling_item": money(ceiling), "valid_from": self.today, "valid_until": "2026-12-31"}
        data |= {"sub_delegable": False} | terms
        give(self, self.unit, name, self.unit.person("HEAD"), data)
        return name

    def signing(self, amount: int) -> tuple[str, str]:
        """Return a post that may sign for an amount, and its grant: of those in the chain, each as often."""
        chain = [number for number in (3, 6, 8, 9) if GENERAL[number].item >= amount]
        number = self.random.choice(chain)
        return GENERAL[number].to, self.unit.grant(number)

    def declare(self) -> None:
        """Have everyone declare on the working day before the first act that asks for it."""
        done = dict[str, None]()
        queue = dict[int, int]()
        for moment, event in list(self.told):
            for actor in people_of(event):
                person = self._linked.get(actor, actor)
                asked = event["type"] in DECLARED or person.startswith("person:A")
                if person in done or not asked or not person.startswith("person:"):
                    continue
                done[person] = None
                day = moment // DAY - 1
                queue[day] = queue.get(day, 0) + 1
                data: Data = {"object": f"DCL{len(done):02}", "declarant": person, "none": True}
                at = day * DAY + 14 * 60 + 5 * queue[day]
                self.record("coi.declare", person, self.ref, data, unit=self.unit.ref, at=at)

    def key(self, type: str) -> Key:
        """Return the key of the first act of a type."""
        return Key(*next((event["source"], event["id"]) for _, event in self.told if event["type"] == type))
