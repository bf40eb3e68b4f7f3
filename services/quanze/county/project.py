"""
What every project is made of: its facts, its hands, its acts, its papers, and everyone's declaration of interests.

A hand is a post of the project's unit (`DEP`), of another unit (`U001/DISC`), or a reference (`person:E03`).
"""

from datetime import datetime, timedelta
from typing import Any, Final, cast

from msgspec import Struct

from quanze.county.acts import Data, Key, Stream, digest, hand, money
from quanze.county.clock import at, working_days_from
from quanze.county.registry import COUNTY, UNITS, USUAL_GRANT, Unit

DECLARED: Final = (
    *("req.prepare", "req.review", "doc.prepare", "doc.check", "doc.approve", "participant.record", "bid.open"),
    *("eval.report", "qual.review", "eval.organise", "eval.perform", "award.decide", "contract.draft", "contract.sign"),
    *("contract.amend", "accept.perform", "pay.approve", "supervise.inspect"),
)
"""Acts nobody does before having declared interests; agency staff do none."""


class Facts(Struct, frozen=True, kw_only=True):
    """What `projects.toml` says of a project beside its course."""

    unit: str
    title: str
    category: str
    kind: str
    method: str
    budget: int
    price: int = 0
    organisation: str = "decentralised"
    bidders: str = ""
    agency: str = ""
    price_weight: str = ""
    quantity: int = 1
    bid_security: int = 0
    in_depth: bool = False
    more: Data = {}
    deals: list[tuple[str, int]] = []


class Project(Stream):
    """One project: what happens in it is said by `lifecycle.Lifecycle`."""

    def __init__(self, code: str, opened: str, facts: Facts) -> None:
        super().__init__(code, opened, minutes=15)
        self.ref = f"project:{code}"
        self.facts = facts
        self.unit = UNITS[facts.unit]
        self.bidders = [f"supplier:{bidder}" for bidder in facts.bidders.split()]
        self.staff = [f"person:{person}" for person in COUNTY.agencies[facts.agency].staff] if facts.agency else []
        self.small = facts.organisation == "below_threshold"
        self.tendered = not self.small and facts.method != "e_marketplace"
        self.papers: dict[str, Data] = {}

    def who(self, post: str, unit: Unit | None = None) -> str:
        """Resolve a hand to a reference, as of today."""
        if ":" in post:
            return post
        code, _, rest = post.rpartition("/")
        return (UNITS[code] if code else unit or self.unit).holder(rest, self.today.isoformat())

    def act(
        self,
        act: str,
        by: str,
        data: Data,
        *,
        unit: Unit | None = None,
        authority: str | None = None,
        onbehalfof: str | None = None,
        time: datetime | None = None,
        recorded: datetime | None = None,
    ) -> Key:
        """Record an act on this project. A decision names the usual grant; `none` leaves it to be found."""
        unit = unit or self.unit
        grant = authority or (unit.grant(USUAL_GRANT[act]) if act in USUAL_GRANT else None)
        terms: dict[str, Any] = {"onbehalfof": onbehalfof, "time": time, "recorded": recorded}
        terms |= {"unit": unit.ref, "authority": None if grant == "none" else grant}
        return self.record(act, self.who(by, unit), self.ref, data, **terms)

    def paper(self, kind: str, detail: str = "") -> Data:
        """Return a document of this project, and keep it for the file."""
        name = f"{self.facts.title} {COUNTY.papers[kind]}{detail and f'({detail})'}"
        return self.papers.setdefault(name, {"name": name, "kind": kind, "sha256": digest(f"{self.code} {name}")})

    def told(self, day: str, act: str, by: str, /, **data: Any) -> None:
        """Record one act of the story as told, on `day` or, where that is empty, next."""
        if day:
            self.on(day)
        code = data.pop("unit", by.rpartition("/")[0] if ":" not in by else "")
        papers = [self.paper(kind) for kind in data.pop("papers", [])]
        if "corrects" in data:
            data["corrects"] = self.key(data["corrects"])._asdict()
        if papers:
            data["documents"] = papers
        self.act(act, by, data, unit=UNITS[code] if code else None)

    def decide(self, act: str, data: Data, amount: int, paper: Data) -> None:
        """Decide in person below the reserved amount; from it on the unit's body decides, with minutes."""
        data = data | {"amount": money(amount), "documents": [paper]}
        if amount < self.unit.reserved_from:
            self.act(act, "DEP", data)
            return
        people = [hand(self.who(post), "attendee") for post in ("HEAD", "DEP", "FDEP", "REQ")]
        data |= {"participants": people, "documents": [paper, self.paper("minutes", COUNTY.papers[str(paper["kind"])])]}
        self.act(act, self.unit.body, data, authority=self.unit.grant("B"))

    def agent(self, number: int) -> str:
        return self.staff[number] if self.staff else "OFFICER"

    def published(self, what: str) -> Data:
        return {"channel": "中国政府采购网", "uri": f"https://ccgp.example/{what}/{self.code}"}

    def declare(self) -> None:
        """Have everyone declare on the working day before the first act that asks for it, who has not done so."""
        done = {act.event["actor"] for act in self.acts if act.event["type"] == "coi.declare"}
        queue: dict[object, int] = {}
        for act in sorted(self.acts, key=lambda act: act.time):
            asked = act.event["type"] in DECLARED
            for person in _hands(act.event):
                if person in done or not (asked or person in self.staff):
                    continue
                done.add(person)
                day = working_days_from(act.time.date(), -1)
                queue[day] = queue.get(day, 0) + 1
                said: Data = {"object": f"DCL{len(done):02}", "declarant": person, "none": True}
                when = at(day, 14) + timedelta(minutes=8 * queue[day])
                self.record("coi.declare", person, self.ref, said, unit=str(act.event["unit"]), time=when)


def _hands(event: Data) -> list[str]:
    """Return the persons who exercise an act's duty: the actor, and every participant who takes part."""
    people = cast("list[Data]", cast("Data", event["data"]).get("participants", []))
    refs = [str(event["actor"]), *(str(p["actor"]) for p in people if p["capacity"] not in ("observer", "attendee"))]
    resolved = dict.fromkeys(COUNTY.accounts.get(ref, ref) for ref in refs)
    return [person for person in resolved if person.startswith("person:")]
