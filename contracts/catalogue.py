"""
The catalogue: acts, roles, incompatible duties. Data with a loader that checks itself.

The base is `catalogue.toml`. A unit adds to it with packs, which are acts in the ledger (`catalogue.extend`): whoever
reads the ledger from its first position knows every act that occurs in it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Any, Final, Literal, cast, get_args

from msgspec import Struct

from contracts import payloads, references
from contracts.payloads import Payload

ActClass = Literal["D", "E", "S", "R"]
Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "ADVISORY"]
PayloadShape = type[Payload]
Force = Literal["LAW", "REG", "RULE", "NORM", "GUIDE", "LOCAL", "UNIT", "PRACTICE"]

PROJECT_STAGES: Final = frozenset(
    (
        "BUDGET",
        "DISCLOSURE",
        "REQUIREMENT",
        "PLAN",
        "TENDER",
        "CONTRACT",
        "ACCEPTANCE",
        "PAYMENT",
        "EVALUATION",
        "REMEDY",
        "SUPERVISION",
        "ARCHIVE",
    )
)
"""Stages whose acts are done on a project."""
STAGES_OUTSIDE_PAIRS: Final = frozenset(("SETUP", "AUTHORITY", "INTEREST", "SUPERVISION", "OVERSIGHT"))
"""Stages that the class duties (`@D`, `@E`, `@any`) leave out."""

_STAGES: Final = PROJECT_STAGES | STAGES_OUTSIDE_PAIRS
_ACT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_ROLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_FUNCTIONS: Final = frozenset(("procurement", "finance", "business", "supervision", "legal", "user", "expert"))
_SPECIAL_DUTIES: Final = frozenset(("@D", "@E", "@any", "@employee", "@agency", "@regulator"))
_NOT_ACTS: Final = frozenset(("roles", "skip", "incompatible"))


class Act(Struct, frozen=True, kw_only=True):
    """One act that can be posted. `after` keeps its notation: `a|b` either one, `=a` for the same object."""

    type: str
    stage: str
    act_class: ActClass
    role: str
    object: str
    zh: str
    en: str
    needs_grant: bool
    decided_outside: bool = False
    joint_min: int = 1
    after: tuple[str, ...] = ()
    payload: PayloadShape = Payload
    subject_kinds: frozenset[str] = frozenset(references.KINDS)

    @property
    def counts_for_pairs(self) -> bool:
        """Whether the class duties `@D`, `@E` and `@any` look at this act."""
        return self.act_class != "R" and self.stage not in STAGES_OUTSIDE_PAIRS


class Role(Struct, frozen=True):
    name: str
    zh: str
    en: str


class Duty(Struct, frozen=True):
    """One side of a pair: a role (perhaps only in one function), or a class of people or acts (`@D`, `@employee`…)."""

    role: str
    function: str | None = None


class Pair(Struct, frozen=True, kw_only=True):
    """Two duties no one natural person may exercise on one project. A side is one duty or several alternatives."""

    rule: str
    sides: tuple[tuple[Duty, ...], tuple[Duty, ...]]
    severity: Severity
    force: Force
    citation: str
    when: str | None = None
    scope: Literal["project", "supplier"] = "project"
    on: bool = True


class CatalogueFault(Struct, frozen=True):
    """What is wrong with a catalogue, and where (`acts/x.create/1`)."""

    where: str
    message: str


class BadCatalogue(ValueError):
    """The catalogue contradicts itself; `faults` lists every place."""

    def __init__(self, faults: list[CatalogueFault]) -> None:
        super().__init__("; ".join(f"{fault.where}: {fault.message}" for fault in faults))
        self.faults = faults


class Catalogue(Struct, frozen=True):
    """Every act, role and pair in force. Immutable: `extend` returns a new one."""

    acts: Mapping[str, Act] = {}
    roles: Mapping[str, Role] = {}
    pairs: Mapping[str, Pair] = {}
    skip: Mapping[str, frozenset[str]] = {}

    def extend(self, pack: payloads.CatalogueExtend) -> "Catalogue":
        """
        Return this catalogue with a pack added.

        Saying again what is there already changes nothing; saying it differently is a fault, since acts recorded under
        the old meaning would change theirs. Raises `BadCatalogue` with every fault.
        """
        return _read(
            {
                "acts": pack.acts,
                "roles": pack.roles,
                "incompatible": pack.incompatible,
                "incompatible_every": pack.incompatible_every,
            },
            self,
        )


@cache
def base_catalogue() -> Catalogue:
    """Return the catalogue shipped with this version."""
    document = tomllib.loads(files("contracts").joinpath("catalogue.toml").read_text("utf-8"))
    acts: dict[str, Any] = {}
    for section, rows in document.items():
        if section not in _NOT_ACTS:
            acts |= rows
    return _read({"acts": acts, **{name: document.get(name, {}) for name in _NOT_ACTS}}, Catalogue())


def _read(document: Mapping[str, Any], onto: Catalogue) -> Catalogue:
    faults: list[CatalogueFault] = []
    acts, roles, pairs = dict(onto.acts), dict(onto.roles), dict(onto.pairs)

    for name, row in document.get("acts", {}).items():
        act = _act(name, row, faults)
        if act is not None:
            _add(acts, name, act, f"acts/{name}", faults)
            roles.setdefault(act.role, Role(act.role, act.zh, act.en))
    for name, row in document.get("roles", {}).items():
        role = _role(name, row, faults)
        if role is not None and not (name in roles and name not in onto.roles):
            _add(roles, name, role, f"roles/{name}", faults)
        elif role is not None:
            roles[name] = role  # names the role that an act of this same document exercises
    for name, row in document.get("incompatible", {}).items():
        pair = _pair(name, row, roles, faults)
        if pair is not None:
            _add(pairs, name, pair, f"incompatible/{name}", faults)
    for pair in _every_pair(document.get("incompatible_every"), roles, faults):
        pairs[pair.rule] = pair

    skip = dict(onto.skip) | {name: frozenset(row) for name, row in document.get("skip", {}).items()}
    for name, skipped in skip.items():
        faults += [CatalogueFault(f"skip/{name}", f"no act `{act}`") for act in sorted(skipped - acts.keys())]
    for act in acts.values():
        for alternative in (each for entry in act.after for each in entry.removeprefix("=").split("|")):
            if alternative not in acts:
                faults.append(CatalogueFault(f"acts/{act.type}/after", f"no act `{alternative}`"))
    if faults:
        raise BadCatalogue(faults)
    return Catalogue(acts, roles, pairs, skip)


def _add(into: dict[str, Any], name: str, value: object, where: str, faults: list[CatalogueFault]) -> None:
    if name in into and into[name] != value:
        faults.append(CatalogueFault(where, "is there already, with another meaning"))
    else:
        into[name] = value


def _act(name: str, row: Any, faults: list[CatalogueFault]) -> Act | None:
    where = f"acts/{name}"
    if _ACT_NAME.fullmatch(name) is None or len(name) > 128:
        faults.append(CatalogueFault(where, "an act is named like `pay.approve`: lower-case words joined by dots"))
        return None
    if not (isinstance(row, list) and len(cast("list[Any]", row)) in (6, 7)):
        faults.append(CatalogueFault(where, "is [stage, class, role, object, zh, en] and perhaps {options}"))
        return None
    fields = cast("list[Any]", row)
    options: Any = fields[6] if len(fields) == 7 else {}
    if not all(isinstance(field, str) for field in fields[:6]) or not isinstance(options, dict):
        faults.append(CatalogueFault(where, "six texts, then a table of options"))
        return None
    stage, act_class, role, what, zh, en = cast("list[str]", fields[:6])
    faults += [CatalogueFault(f"{where}/{at}", message) for at, message in _act_faults(stage, act_class, role, name)]
    known = {"auth", "ext", "joint", "after", "payload", "subject"}
    given = cast("dict[str, Any]", options)
    faults += [CatalogueFault(where, f"no option `{key}`") for key in given.keys() - known]
    shape = getattr(payloads, str(given.get("payload", "Payload")), None)
    if not (isinstance(shape, type) and issubclass(shape, Payload)):
        faults.append(CatalogueFault(f"{where}/payload", f"no payload `{given['payload']}`"))
        return None
    default = ["project"] if stage in PROJECT_STAGES else references.KINDS
    kinds = frozenset(cast("list[str]", given.get("subject", default)))
    if kinds - set(references.KINDS):
        faults.append(CatalogueFault(f"{where}/subject", f"no such kind: {', '.join(kinds - set(references.KINDS))}"))
    return Act(
        type=name,
        stage=stage,
        act_class=cast("ActClass", act_class),
        role=role,
        object=what,
        zh=zh,
        en=en,
        needs_grant=bool(given.get("auth", act_class == "D")),
        decided_outside=bool(given.get("ext", False)),
        joint_min=int(given.get("joint", 1)),
        after=tuple(given.get("after", ())),
        payload=shape,
        subject_kinds=kinds,
    )


def _act_faults(stage: str, act_class: str, role: str, name: str) -> Iterator[tuple[str, str]]:
    if stage not in _STAGES and not name.startswith("x."):
        yield "0", f"no stage `{stage}`"
    if act_class not in get_args(ActClass):
        yield "1", f"no class `{act_class}`: D, E, S or R"
    if _ROLE_NAME.fullmatch(role) is None:
        yield "2", f"`{role}` is no role name: lower-case letters, digits and underscores"


def _role(name: str, row: Any, faults: list[CatalogueFault]) -> Role | None:
    if _ROLE_NAME.fullmatch(name) is None:
        faults.append(CatalogueFault(f"roles/{name}", "lower-case letters, digits and underscores"))
        return None
    match row:
        case [str(zh), str(en)]:
            return Role(name, zh, en)
        case _:
            faults.append(CatalogueFault(f"roles/{name}", "is [zh, en]"))
            return None


def _pair(name: str, row: Any, roles: Mapping[str, Role], faults: list[CatalogueFault]) -> Pair | None:
    where = f"incompatible/{name}"
    match row:
        case [str(left), str(right), str(severity), str(force), str(citation)]:
            options: dict[str, Any] = {}
        case [str(left), str(right), str(severity), str(force), str(citation), {**given}]:
            options = cast("dict[str, Any]", given)
        case _:
            faults.append(CatalogueFault(where, "is [duty, duty, severity, force, citation] and perhaps {options}"))
            return None
    before = len(faults)
    sides = (_duties(left, where + "/0", roles, faults), _duties(right, where + "/1", roles, faults))
    if severity not in get_args(Severity):
        faults.append(CatalogueFault(where + "/2", f"no severity `{severity}`"))
    if force not in get_args(Force):
        faults.append(CatalogueFault(where + "/3", f"no force `{force}`"))
    if options.keys() - {"when", "scope", "off"}:
        faults.append(CatalogueFault(where, "options are when, scope and off"))
    if len(faults) > before:
        return None
    return Pair(
        rule=name,
        sides=sides,
        severity=cast("Severity", severity),
        force=cast("Force", force),
        citation=citation,
        when=options.get("when"),
        scope=options.get("scope", "project"),
        on=not options.get("off", 0),
    )


def _duties(text: str, where: str, roles: Mapping[str, Role], faults: list[CatalogueFault]) -> tuple[Duty, ...]:
    duties: list[Duty] = []
    for part in text.split("|"):
        role, _, function = part.partition(":")
        if part not in _SPECIAL_DUTIES and role not in roles:
            faults.append(CatalogueFault(where, f"no role `{role}`"))
        if function and function not in _FUNCTIONS:
            faults.append(CatalogueFault(where, f"no function `{function}`"))
        duties.append(Duty(role, function or None))
    return tuple(duties)


def _every_pair(rule: Any, roles: Mapping[str, Role], faults: list[CatalogueFault]) -> Iterator[Pair]:
    """Read `{prefix, roles, severity, force, citation}`: every two of these roles are incompatible."""
    match rule:
        case None:
            return
        case {"prefix": str(prefix), "roles": [*names], "severity": str(severity), "force": str(force)}:
            citation = str(cast("dict[str, Any]", rule).get("citation", ""))
        case _:
            faults.append(CatalogueFault("incompatible_every", "is {prefix, roles, severity, force, citation}"))
            return
    for left, right in combinations(sorted({str(name) for name in names}), 2):
        pair = _pair(f"{prefix}:{left}~{right}", [left, right, severity, force, citation], roles, faults)
        if pair is not None:
            yield pair
