"""
The register of the county: units, people, posts, suppliers, and the year's authority, out of `county.toml`.

It writes down what is so; whether it should be is for the rules.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from quanze.county.acts import Data, Stream, digest, hand, money

REGISTRAR: Final = "person:F30"
BOOTSTRAP: Final = "system:registry"


class Post(Struct, frozen=True):
    """How a post counts, its name (in a bureau, a hospital and a school, where they differ), and its duties."""

    designation: str
    key: bool
    names: list[str]
    acts: str


class Agency(Struct, frozen=True):
    name: str
    staff: tuple[str, str, str]


class General(Struct, frozen=True):
    """One of the general grants every head makes for the year."""

    to: str
    acts: str
    ceiling: str = ""
    total: str = ""
    depth: int = 0


class Happening(Struct, frozen=True):
    """An act that stands in `county.toml` as it is. `by` is a unit and its post, or a reference."""

    on: str
    act: str
    by: str
    data: Data
    subject: str = ""
    authority: str | None = None


class Unit(Struct, frozen=True, kw_only=True):
    """A unit, with what is reserved to its body and how much its deputies may sign and pay."""

    code: str = ""
    letter: str
    name: str
    flavour: Literal["bureau", "hospital", "school"]
    kind: str
    body: str
    reserved_from: int
    signs: int
    pays: int
    parent: str | None = None
    passes_on: bool = False
    without: list[str] = []

    @property
    def ref(self) -> str:
        return f"unit:{self.code}"

    def post(self, code: str) -> str:
        return f"post:{self.code}/{code}"

    def grant(self, number: int | str) -> str:
        """Return the name of a delegation of this unit (`3`) or of a root (`H`: the head's, `B`: the body's)."""
        return f"grant:G-{self.code}-{number:02}" if isinstance(number, int) else f"grant:R-{self.code}-{number}"

    def holder(self, post: str, day: str) -> str:
        """Return who holds a post on a day."""
        since, successor = COUNTY.successions.get(f"{self.code}/{post}", ("9999", ""))
        return successor if since <= day else f"person:{self.letter}{[*COUNTY.posts].index(post) + 1:02}"


class County(Struct, frozen=True):
    """What `county.toml` says."""

    jurisdiction: str
    stages: list[str]
    head_acts: str
    body_acts: str
    registrar_acts: str
    responsibility: Data
    general: list[General]
    units: dict[str, Unit]
    posts: dict[str, Post]
    successions: dict[str, tuple[str, str]]
    papers: dict[str, str]
    agencies: dict[str, Agency]
    accounts: dict[str, str]
    suppliers: dict[str, tuple[str, str]]
    values: dict[str, Any]
    events: list[Happening]


def read_data(name: str) -> dict[str, Any]:
    """Read a TOML file beside this module."""
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))


COUNTY: Final = msgspec.convert(read_data("county.toml"), type=County)
UNITS: Final = {code: msgspec.structs.replace(unit, code=code) for code, unit in COUNTY.units.items()}
FINANCE: Final = UNITS["U001"]
USUAL_GRANT: Final = {act: n for n, general in enumerate(COUNTY.general, 1) for act in general.acts.split()}
"""The number of the general grant under which a unit's usual hand does an act."""


def write_registry() -> Stream:
    """Render the register: who there is, then by whose authority, in the order in which it happened."""
    registry = Stream("REG", "2025-10-13", minutes=1, system="registry")
    _units(registry)
    _organisations(registry)
    _roots(registry)
    general = [grant for unit in UNITS.values() for grant in _general_grants(unit)]
    training = [_training(unit, post) for unit in UNITS.values() for post in ("DEP", "LEAD", "OFFICER", "CLERK")]
    for event in sorted([*general, *training, *COUNTY.events], key=lambda event: event.on):
        _happening(registry, event)
    return registry


def _units(registry: Stream) -> None:
    """Nobody can be registered by a registrar who is not: the register itself writes the first lines."""
    for unit in UNITS.values():
        data: Data = {"name": unit.name, "parent": unit.parent, "kind": unit.kind, "jurisdiction": COUNTY.jurisdiction}
        registry.record("unit.register", BOOTSTRAP, unit.ref, data)
    registrar = Post("other", False, ["主体信息登记员"], COUNTY.registrar_acts)
    _staff(registry, FINANCE, "REGISTRAR", REGISTRAR, registrar, BOOTSTRAP)
    for unit in UNITS.values():
        for code, post in COUNTY.posts.items():
            _staff(registry, unit, code, unit.holder(code, "2025-10-13"), post)
    _staff(registry, UNITS["U003"], "AIDE", "person:H20", Post("other", False, ["院长助理"], ""))


def _staff(registry: Stream, unit: Unit, code: str, person: str, post: Post, by: str = REGISTRAR) -> None:
    """Register a person, define the post and assign it."""
    ref = unit.post(code)
    name = dict(zip(("bureau", "hospital", "school"), post.names, strict=False)).get(unit.flavour, post.names[0])
    duties: Data = {"key_post": post.key, "designation": post.designation, "acts": post.acts.split()}
    _person(registry, person, unit.ref, by)
    registry.record("post.define", by, ref, {"post": ref, "name": name} | duties, unit=unit.ref)
    term: Data = {"post": ref, "person": person, "from": "2025-03-03" if post.key else "2024-03-01"}
    registry.record("post.assign", by, ref, term, unit=unit.ref)


def _person(registry: Stream, person: str, employer: str | None, by: str = REGISTRAR) -> None:
    data: Data = {"employer": employer, "pseudonym": person.removeprefix("person:")}
    registry.record("person.register", by, person, data)


def _organisations(registry: Stream) -> None:
    """Agencies and their staff, experts, users, suppliers and their heads, accounts."""
    for code, agency in COUNTY.agencies.items():
        _organisation(registry, f"agency:{code}", agency.name)
        for person in agency.staff:
            _person(registry, f"person:{person}", f"agency:{code}")
    for person in (*(f"person:X{n:02}" for n in range(1, 17)), "person:Y01", "person:Y02"):  # experts, users
        _person(registry, person, None)
    for code, (name, size) in COUNTY.suppliers.items():
        supplier, head = f"supplier:{code}", f"person:R{code[1:]}"
        _organisation(registry, supplier, name)
        _person(registry, head, supplier)
        snapshot: Data = {"legal_representative": head, "head": head, "size": size}
        snapshot["shareholders"] = [{"holder": head, "share": "1.00"}]
        registry.record("supplier.snapshot", REGISTRAR, supplier, snapshot)
    for account, person in COUNTY.accounts.items():
        link: Data = {"account": account, "person": person, "evidence": "实名开户审批表"}
        registry.record("account.link", REGISTRAR, person, link)


def _organisation(registry: Stream, ref: str, name: str) -> None:
    registry.record("supplier.register", REGISTRAR, ref, {"name": name, "code": digest(name)[:18].upper()})


def _roots(registry: Stream) -> None:
    """Late 2025: roots by appointment and by rules of procedure, then every unit's policy."""
    registry.on("2025-10-22")
    for unit in UNITS.values():
        own = " budget.approve" if unit is FINANCE else ""  # for the bureau's own projects
        appointed: Data = {"kind": "appointment", "document": f"{unit.name}主要负责人任职文件"}
        governed: Data = {"kind": "rules_of_procedure", "document": f"{unit.name}议事规则"}
        _root(registry, unit, "H", unit.holder("HEAD", "2025-10-22"), appointed, COUNTY.head_acts)
        _root(registry, unit, "B", unit.body, governed, COUNTY.body_acts + own)
    registry.later()
    for unit in UNITS.values():
        _policy(registry, unit, registry.today.isoformat())


def _root(registry: Stream, unit: Unit, root: str, holder: str, basis: Data, acts: str) -> None:
    data: Data = {"grant": unit.grant(root), "holder": holder, "basis": basis, "valid_from": "2025-03-03"}
    data |= {"scope": {"units": [unit.ref], "acts": acts.split()}}
    registry.record("auth.vest", REGISTRAR, unit.grant(root), data, unit=unit.ref)


def _policy(registry: Stream, unit: Unit, day: str) -> None:
    """The unit's body adopts the unit's policy, with minutes."""
    name, minutes = f"NK-{unit.code}-2025", f"{unit.name}会议纪要: 政府采购内部控制制度"
    policy: Data = {"object": name, "policy": name, "stages": COUNTY.stages, "valid_from": day}
    policy |= {"policies": [{"key": key, "value": value} for key, value in COUNTY.values.items()]}
    reserved = ("plan.approve", "award.decide")
    policy |= {"reserved": [{"act": act, "amount_from": money(unit.reserved_from)} for act in reserved]}
    policy |= {"responsibility": COUNTY.responsibility}
    policy |= {"participants": [hand(unit.holder(post, day), "attendee") for post in ("HEAD", "DEP", "FDEP", "DISC")]}
    policy |= {"documents": [{"name": minutes, "kind": "minutes", "sha256": digest(minutes)}]}
    registry.record("setup.policy", unit.body, unit.ref, policy, unit=unit.ref, authority=unit.grant("B"))


def _general_grants(unit: Unit) -> Iterator[Happening]:
    """A head delegates to posts for the year, from the day after."""
    ceilings = {"reserved": f"{unit.reserved_from - 1}.99", "signs": money(unit.signs), "pays": money(unit.pays)}
    for number, general in enumerate(COUNTY.general, 1):
        acts = [act for act in general.acts.split() if act not in unit.without]
        onward = unit.passes_on and general.depth > 0
        data: Data = {"grant": unit.grant(number), "kind": "general", "parent": unit.grant("H")}
        data |= {"grantee": unit.post(general.to), "scope": {"units": [unit.ref], "acts": acts}}
        data |= {"ceiling_item": ceilings[general.ceiling]} if general.ceiling else {}
        if general.total:
            data |= {"ceiling_total": general.total, "total_basis": "committed", "total_window": "term"}
        data |= {"valid_from": "2026-01-06", "valid_until": "2026-12-31", "sub_delegable": onward}
        data |= {"sub_depth": general.depth, "sub_acts": acts[:1]} if onward else {}
        if acts:
            yield Happening("2026-01-05", "auth.grant", f"{unit.code}/HEAD", data)


def _training(unit: Unit, post: str) -> Happening:
    """Everyone who handles procurement is trained in March."""
    data: Data = {"person": unit.holder(post, "2026-03-04"), "post": unit.post(post), "result": "pass"}
    return Happening("2026-03-04", "training.record", REGISTRAR, data, unit.ref)


def _happening(registry: Stream, event: Happening) -> None:
    """Record an act of the year. A grant is written on paper and says who answers for what."""
    if event.on > registry.today.isoformat():
        registry.on(event.on)
    code, _, post = event.by.partition("/")
    unit = UNITS.get(code)
    actor = unit.holder(post, event.on) if unit else event.by
    data = event.data
    if event.act == "auth.grant":
        number = str(data["grant"]).removeprefix("grant:")
        paper = {"no": f"授权书〔{number}〕", "date": event.on, "sha256": digest(number)}
        data = data | {"grantor": actor, "instrument": paper, "responsibility": COUNTY.responsibility}
    subject = event.subject or str(data["grant"])
    behalf = unit.ref if unit else None
    registry.record(event.act, actor, subject, data, unit=behalf, authority=event.authority)
