"""What every project is made of: its facts, hands, grants and papers, and everyone's declaration of interests."""

from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

from bench.province import ACCOUNTS, GENERAL, RESERVED_FROM, Unit, attendees, give
from bench.story import DAY, Data, Key, Story, digest, money, people_of
from quanze.county.project import DECLARED
from quanze.county.registry import COUNTY

HALF_PAST_NINE: Final = 9 * 60 + 30
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
    """
    A violation planted on purpose: the judged act, or the two acts of a pair.

    `persons`: who did what is judged; nobody where a body did it, or where it is not said who.
    """

    rule: str
    project: str
    persons: list[str]
    acts: list[Key]
    grant: str | None = None

    def document(self) -> Data:
        acts = [key._asdict() for key in self.acts]
        return {"rule": self.rule, "project": self.project, "persons": self.persons, "acts": acts, "grant": self.grant}


class Project(Story):
    """
    One project of a unit. What goes otherwise than usual is said before it is told, by type of act:

    `hands`: which post does it, instead of the usual one · `without`: it is left out · `waits`: so many working days
    pass before the first · `moved`: it happens so many minutes before (below nought) or after its turn in the story ·
    `late`: it is recorded so many minutes too late · `says`: what it states · `then`: what happens after the first.
    """

    def __init__(self, facts: Facts, seed: int, suppliers: int) -> None:
        super().__init__(facts.code, facts.opened)
        self.facts, self.unit, self.ref = facts, facts.unit, f"project:{facts.code}"
        self.random = Random(f"{seed}/{facts.code}")  # seeded: the same project each time
        self.bidders = [f"supplier:V{(facts.supplier + n) % suppliers:05}" for n in range(3)]
        self.buys(goods=self.random.random() < 0.6)
        self.hands: dict[str, str] = {}
        self.without: set[str] = set()
        self.waits: dict[str, int] = {}
        self.moved: dict[str, int] = {}
        self.late: dict[str, int] = {}
        self.says: dict[str, Callable[[Data], Data]] = {}
        self.then: dict[str, Callable[[Project], None]] = {}
        self.share: int | None = None
        """What is paid of each hundred of the budget, where it is not left to chance."""
        self.closes: Callable[[int], int] = _nineteen_days_on
        """When bids close, by when the notice is published."""
        self.signs: Callable[[Project, int], tuple[str, str]] | None = None
        """Who signs for an amount, and under which grant, where it is not left to chance."""
        self.instalments = 1
        self.interests: dict[str, list[Data] | None] = {}
        """What persons declare, by post; None: they do not."""
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
    ) -> None:
        """Tell an act on this project, now and then under an account; most decisions name the grant they rest on."""
        if act in self.without:
            return
        if days := self.waits.pop(act, 0):
            self.later(days)
        if act in self.moved:
            at = (self.now if at is None else at) + self.moved[act]
        if act in self.says:
            data = self.says[act](data)
        actor = self.who(act, post)
        if act in _NEEDS_GRANT:
            usual = self.unit.grant(_USUAL[act]) if act in _USUAL and act not in self.hands else None
            cites = self.facts.plant or self.random.random() < _CITED
            authority = (authority or usual) if cites else None
        held = self.hands.get(act, post)
        listed = [each["actor"] for each in data.get("participants", ())]
        if held in ACCOUNTS and actor not in listed and self.random.random() < _BY_ACCOUNT:
            actor = self.unit.account(held)
        unit, late = unit or self.unit.ref, self.late.get(act, 0)
        self.record(act, actor, self.ref, data, unit=unit, authority=authority, at=at, late=late)
        if after := self.then.pop(act, None):
            after(self)

    def paper(self, kind: str, detail: str = "") -> Data:
        """Return a document of this project, and keep it for the file."""
        name = f"{COUNTY.papers[kind]}{detail and f' {detail}'}"
        paper: Data = {"name": name, "kind": kind, "sha256": digest(f"{self.code} {name}")}
        self.papers.append(paper)
        return paper

    def decide(self, act: str, data: Data, amount: int, paper: Data) -> None:
        """Decide in person below the reserved amount; from it on the unit's body decides, with minutes."""
        data = data | {"amount": money(amount), "documents": [paper]}
        if amount < RESERVED_FROM:
            self.act(act, "DEP", data)
            return
        data |= {"participants": attendees(self.unit), "documents": [paper, self.paper("minutes", act)]}
        self.act(act, self.unit.body, data, authority=self.unit.root("B"))

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
        done = {self.unit.person(post) for post, said in self.interests.items() if said is None}
        relations = {self.unit.person(post): said for post, said in self.interests.items() if said}
        queue = dict[int, int]()
        for moment, event in sorted(self.told, key=lambda told: told[0]):
            for person in map(self.person, people_of(event)):
                asked = event["type"] in DECLARED or person.startswith("person:A")
                if person in done or not asked or not person.startswith("person:"):
                    continue
                done.add(person)
                day = moment // DAY - 1
                queue[day] = queue.get(day, 0) + 1
                data: Data = {"object": f"DCL{len(done):02}", "declarant": person}
                data |= {"none": False, "relations": relations[person]} if person in relations else {"none": True}
                at = day * DAY + 14 * 60 + 5 * queue[day]
                self.record("coi.declare", person, self.ref, data, unit=self.unit.ref, at=at)

    def person(self, actor: str) -> str:
        """Return the person behind an account of the unit; anybody else as they are."""
        return self._linked.get(actor, actor)

    def found(self, type: str, number: int = 1) -> Data:
        """Return the act of a type that was told first, or as the `number`th."""
        return [event for _, event in self.told if event["type"] == type][number - 1]


def _nineteen_days_on(now: int) -> int:
    return now - now % DAY + 19 * DAY + HALF_PAST_NINE
