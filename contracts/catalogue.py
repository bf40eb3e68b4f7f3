"""
The catalogue: acts, roles, incompatible duties. Data with a loader that checks itself.

The base is `catalogue.toml`. A unit adds to it with packs, which are acts in the ledger (`catalogue.extend`): whoever
reads the ledger from its first position knows every act that occurs in it.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Annotated, Any, Final, Literal, cast, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from contracts import payloads, references
from contracts.faults import Fault, faults_of, pointer
from contracts.grades import Force, Severity
from contracts.payloads import Payload
from contracts.policy import BadPolicies, Row, with_rows

ActClass = Literal["D", "E", "S", "R"]
PayloadShape = type[Payload]
Flag = Annotated[int, Meta(ge=0, le=1, description="0 or 1")]

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
EVERY_PAIR_ROLES_MAX: Final = 300
"""Roles of which every two may be declared incompatible at once: n of them make n²/2 pairs."""
_GOVERNING: Final = frozenset((payloads.CatalogueExtend, payloads.ActCorrect, payloads.DataErase))
"""Payloads that change how other acts are read: only the shipped acts have them."""
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


class BadCatalogue(ValueError):
    """The catalogue contradicts itself; `faults` lists every place, as JSON pointers into it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults[:20]))
        self.faults = faults


class Catalogue(Struct, frozen=True):
    """Every act, role and pair in force. Immutable: `extend` returns a new one."""

    acts: Mapping[str, Act] = {}
    roles: Mapping[str, Role] = {}
    pairs: Mapping[str, Pair] = {}
    skip: Mapping[str, frozenset[str]] = {}
    policies: tuple[Row, ...] = ()
    """Rows that packs add to the shipped ones."""

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
                "policies": pack.policies,
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


class _ActOptions(Struct, frozen=True, forbid_unknown_fields=True):
    auth: Flag | UnsetType = UNSET
    ext: Flag = 0
    joint: Annotated[int, Meta(ge=1, le=99, description="at least so many persons, 1 to 99")] = 1
    after: list[str] = []
    payload: str = "Payload"
    subject: Annotated[list[str], Meta(min_length=1, description="a list of kinds of reference")] | UnsetType = UNSET


class _EveryPair(Struct, frozen=True, forbid_unknown_fields=True):
    prefix: Annotated[str, Meta(min_length=1, max_length=64)]
    roles: list[str]
    severity: str
    force: str
    citation: str = ""


class _PairOptions(Struct, frozen=True, forbid_unknown_fields=True):
    when: Annotated[str, Meta(pattern=r"^unit\.kind=[a-z_]+$(?!\n)", description="`unit.kind=…`")] | None = None
    scope: Literal["project", "supplier"] = "project"
    off: Flag = 0


def _read(document: Mapping[str, Any], onto: Catalogue) -> Catalogue:
    faults: list[Fault] = []
    acts, roles, pairs = dict(onto.acts), dict(onto.roles), dict(onto.pairs)
    skip = {name: frozenset(row) for name, row in document.get("skip", {}).items()}
    shipped = bool(skip)

    for name, row in document.get("acts", {}).items():
        act = _act(name, row, shipped, faults)
        if act is None and name in acts:
            faults.append(Fault(pointer("/acts", name), "bad_catalogue", f"`{name[:80]}` is there already"))
        elif act is not None:
            _add(acts, name, act, pointer("/acts", name), faults)
            roles.setdefault(act.role, Role(act.role, act.zh, act.en))
    for name, row in document.get("roles", {}).items():
        role = _role(name, row, faults)
        if role is not None and name in onto.roles:
            _add(roles, name, role, pointer("/roles", name), faults)
        elif role is not None:
            roles[name] = role  # names the role that an act of this same document exercises
    for name, row in document.get("incompatible", {}).items():
        pair = _pair(name, row, roles, faults)
        if pair is not None:
            _add(pairs, name, pair, pointer("/incompatible", name), faults)
    for pair in _every_pair(document.get("incompatible_every"), roles, faults):
        _add(pairs, pair.rule, pair, "/incompatible_every", faults)
    faults += _unknown_acts(document.get("acts", {}).keys(), acts)
    unknown = [name for name in skip if skip[name] - acts.keys()]
    faults += [Fault(pointer("/skip", name), "bad_catalogue", "an act nobody knows") for name in unknown]
    policies = onto.policies
    try:
        policies = with_rows(onto.policies, document.get("policies", ()))
    except BadPolicies as exc:
        faults += exc.faults
    if faults:
        raise BadCatalogue(faults)
    return Catalogue(acts, roles, pairs, {**onto.skip, **skip}, policies)


def _unknown_acts(names: Iterable[str], acts: Mapping[str, Act]) -> Iterator[Fault]:
    for name in names:
        for index, entry in enumerate(acts[name].after if name in acts else ()):
            for alternative in entry.removeprefix("=").split("|"):
                if alternative not in acts:
                    at = pointer("/acts", name, 6, "after", index)
                    yield Fault(at, "bad_catalogue", f"no act `{alternative[:80]}`")


def _add(into: dict[str, Any], name: str, value: object, at: str, faults: list[Fault]) -> None:
    if name in into and into[name] != value:
        faults.append(Fault(at, "bad_catalogue", f"`{name[:80]}` is there already, with another meaning"))
    else:
        into[name] = value


def _act(name: str, row: Any, shipped: bool, faults: list[Fault]) -> Act | None:
    at = pointer("/acts", name)
    before = len(faults)
    if _ACT_NAME.fullmatch(name) is None or len(name) > 128:
        faults.append(Fault(at, "bad_catalogue", "an act is named like `pay.approve`: words joined by dots"))
    match row:
        case [str(stage), str(act_class), str(role), str(what), str(zh), str(en), *rest] if len(rest) <= 1:
            given: Any = rest[0] if rest else {}
        case _:
            form = "must be [stage, class, role, object, zh, en] and perhaps {options}"
            faults.append(Fault(at, "bad_catalogue", form))
            return None
    if stage not in _STAGES and (shipped or not name.startswith("x.")):
        faults.append(Fault(pointer(at, 0), "bad_catalogue", f"no stage `{stage[:80]}`"))
    if act_class not in get_args(ActClass):
        faults.append(Fault(pointer(at, 1), "bad_catalogue", f"no class `{act_class[:80]}`: D, E, S or R"))
    if _ROLE_NAME.fullmatch(role) is None or len(role) > 128:
        faults.append(Fault(pointer(at, 2), "bad_catalogue", "a role is lower-case letters, digits and underscores"))
    faults += faults_of(_ActOptions, given, pointer(at, 6))
    if len(faults) > before:
        return None
    options = msgspec.convert(given, _ActOptions)
    shape = getattr(payloads, options.payload, None)
    if not (isinstance(shape, type) and issubclass(shape, Payload)) or (shape in _GOVERNING and not shipped):
        faults.append(Fault(pointer(at, 6, "payload"), "bad_catalogue", f"no payload `{options.payload[:80]}`"))
        return None
    default = ["project"] if stage in PROJECT_STAGES else list(references.KINDS)
    kinds = default if options.subject is UNSET else options.subject
    for index, kind in enumerate(kinds):
        if kind not in references.KINDS:
            faults.append(Fault(pointer(at, 6, "subject", index), "bad_catalogue", f"no kind `{kind[:80]}`"))
    return Act(
        type=name,
        stage=stage,
        act_class=cast("ActClass", act_class),
        role=role,
        object=what,
        zh=zh,
        en=en,
        needs_grant=bool(options.auth) if options.auth is not UNSET else act_class == "D",
        decided_outside=bool(options.ext),
        joint_min=options.joint,
        after=tuple(options.after),
        payload=shape,
        subject_kinds=frozenset(kinds),
    )


def _role(name: str, row: Any, faults: list[Fault]) -> Role | None:
    at = pointer("/roles", name)
    if _ROLE_NAME.fullmatch(name) is None or len(name) > 128:
        faults.append(Fault(at, "bad_catalogue", "a role is lower-case letters, digits and underscores"))
        return None
    match row:
        case [str(zh), str(en)]:
            return Role(name, zh, en)
        case _:
            faults.append(Fault(at, "bad_catalogue", "must be [zh, en]"))
            return None


def _pair(name: str, row: Any, roles: Mapping[str, Role], faults: list[Fault]) -> Pair | None:
    at = pointer("/incompatible", name)
    before = len(faults)
    if not 0 < len(name) <= 160:
        faults.append(Fault(at, "bad_catalogue", "a pair has a name of 1 to 160 characters"))
    match row:
        case [str(left), str(right), str(severity), str(force), str(citation), *rest] if len(rest) <= 1:
            given: Any = rest[0] if rest else {}
        case _:
            form = "must be [duty, duty, severity, force, citation] and perhaps {options}"
            faults.append(Fault(at, "bad_catalogue", form))
            return None
    sides = (_duties(left, pointer(at, 0), roles, faults), _duties(right, pointer(at, 1), roles, faults))
    faults += _grade_faults(severity, force, pointer(at, 2), pointer(at, 3))
    faults += faults_of(_PairOptions, given, pointer(at, 5))
    if len(faults) > before:
        return None
    options = msgspec.convert(given, _PairOptions)
    return Pair(
        rule=name,
        sides=sides,
        severity=cast("Severity", severity),
        force=cast("Force", force),
        citation=citation,
        when=options.when,
        scope=options.scope,
        on=not options.off,
    )


def _grade_faults(severity: str, force: str, at_severity: str, at_force: str) -> Iterator[Fault]:
    if severity not in get_args(Severity):
        yield Fault(
            at_severity, "bad_catalogue", f"no severity `{severity[:80]}`: one of {', '.join(get_args(Severity))}"
        )
    if force not in get_args(Force):
        yield Fault(at_force, "bad_catalogue", f"no force `{force[:80]}`: one of {', '.join(get_args(Force))}")


def _duties(text: str, at: str, roles: Mapping[str, Role], faults: list[Fault]) -> tuple[Duty, ...]:
    duties: list[Duty] = []
    for part in text.split("|"):
        role, _, function = part.partition(":")
        if part not in _SPECIAL_DUTIES and role not in roles:
            faults.append(Fault(at, "bad_catalogue", f"no role `{role[:80]}`"))
        if function and function not in _FUNCTIONS:
            faults.append(Fault(at, "bad_catalogue", f"no function `{function[:80]}`"))
        duties.append(Duty(role, function or None))
    return tuple(duties)


def _every_pair(given: Any, roles: Mapping[str, Role], faults: list[Fault]) -> Iterator[Pair]:
    """Read `{prefix, roles, severity, force, citation}`: every two of these roles are incompatible."""
    if given is None:
        return
    at = "/incompatible_every"
    before = len(faults)
    faults += faults_of(_EveryPair, given, at)
    if len(faults) > before:
        return
    rule = msgspec.convert(given, _EveryPair)
    if len(rule.roles) > EVERY_PAIR_ROLES_MAX:
        said = f"{len(rule.roles)} roles make too many pairs; at most {EVERY_PAIR_ROLES_MAX}"
        faults.append(Fault(pointer(at, "roles"), "bad_catalogue", said))
        return
    for index, name in enumerate(rule.roles):
        if name not in roles:
            faults.append(Fault(pointer(at, "roles", index), "bad_catalogue", f"no role `{name[:80]}`"))
    faults += _grade_faults(rule.severity, rule.force, pointer(at, "severity"), pointer(at, "force"))
    if len(faults) > before:
        return
    for left, right in combinations(sorted(set(rule.roles)), 2):
        yield Pair(
            rule=f"{rule.prefix}:{left}~{right}",
            sides=((Duty(left),), (Duty(right),)),
            severity=cast("Severity", rule.severity),
            force=cast("Force", rule.force),
            citation=rule.citation,
        )
