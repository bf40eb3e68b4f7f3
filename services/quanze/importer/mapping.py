"""
The mapping: what the columns of an event log mean in the ledger. `examples/mappings/README.md` describes the file.

Loading checks all that can be known without the log; what depends on the log is checked by the survey.
"""

import codecs
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from contracts.catalogue import base_catalogue
from contracts.envelope import Source
from contracts.grades import Force, Severity
from contracts.payloads import Currency
from quanze.importer.faults import ImportFault
from quanze.importer.names import SLUG_LENGTH_MAX, slug

ActorClass = Literal["person", "system", "unknown"]
EveryPair = Literal["every"]
PairList = tuple[tuple[str, str], ...]

OWN_ACT: Final = "x."
"""Begins the name of every act an import declares; any other act must be the catalogue's."""
OWN_ROLE: Final = "x_"
"""The same for roles."""

_SLUG: Final = "<slug>"
_NAME_LENGTH_MAX: Final = 128 - SLUG_LENGTH_MAX
_ACT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_ROLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_WRITTEN_HERE: Final = frozenset(("activity", "resource", "object", "amount", "amount_text", "currency"))
_AT: Final = re.compile(r"(?P<problem>.*) - at `\$\.?(?P<key>.*)`", re.DOTALL)


class Columns(tuple[str, ...]):
    """Names a column may have: the first that a record has is read. So one mapping fits a CSV and its XES."""

    __slots__ = ()


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the mapping."""


class Naming(Part, frozen=True, kw_only=True):
    """What a word of the log is called here: the name of an act or a role, and its titles."""

    name: str | None = None
    zh: str | None = None
    en: str | None = None


class Namings(dict[str, Naming]):
    """Word of the log → naming; `*` is the pattern for all others."""

    __slots__ = ()

    def name_of(self, word: str) -> str:
        naming = self.get(word)
        if naming is not None and naming.name is not None:
            return naming.name
        return (self["*"].name or "").replace(_SLUG, slug(word))

    def is_named(self, word: str) -> bool:
        """Say whether the mapping itself gives the name, rather than the pattern."""
        naming = self.get(word)
        return naming is not None and naming.name is not None

    def titles(self, word: str) -> tuple[str, str]:
        """Return the Chinese and the English title; the word itself where the mapping gives none."""
        naming = self.get(word, Naming())
        return naming.zh or naming.en or word, naming.en or word


class File(Part, frozen=True, kw_only=True):
    """How a CSV is written. XES says this itself."""

    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError as exc:
            raise ValueError(f"`encoding`: Python knows no encoding `{self.encoding}`") from exc


class Case(Part, frozen=True, kw_only=True):
    column: Columns


class Activity(Part, frozen=True, kw_only=True):
    column: Columns
    acts: Namings = msgspec.field(default_factory=Namings)

    def __post_init__(self) -> None:
        _check_names(self.acts, "acts", OWN_ACT, "", _ACT_NAME, frozenset(base_catalogue().acts))

    def duty_of(self, activity: str) -> str:
        """Return the role an activity exercises: of the catalogue's act, or the act's own name with `_` for dots."""
        act = self.acts.name_of(activity)
        return act.replace(".", "_") if act.startswith(OWN_ACT) else base_catalogue().acts[act].role


class Role(Part, frozen=True, kw_only=True):
    column: Columns
    none: frozenset[str] = frozenset()
    roles: Namings = msgspec.field(default_factory=Namings)

    def __post_init__(self) -> None:
        _check_names(self.roles, "roles", OWN_ROLE, "role_", _ROLE_NAME, frozenset(base_catalogue().roles))


class Pattern(Part, frozen=True, kw_only=True, rename={"is_": "is"}):
    """A glob over the resource (`*`, `?`, `[…]`; upper and lower case differ)."""

    match: str
    is_: ActorClass


class Resource(Part, frozen=True, kw_only=True):
    column: Columns
    patterns: tuple[Pattern, ...] = ()
    default: ActorClass = "person"

    def class_of(self, resource: str) -> ActorClass:
        """Return the class of the first pattern that matches. Nobody named is unknown, whatever the patterns say."""
        if not resource:
            return "unknown"
        for pattern in self.patterns:
            if fnmatchcase(resource, pattern.match):
                return pattern.is_
        return self.default


class Time(Part, frozen=True, kw_only=True):
    """`format` as for `strptime`, ISO 8601 when absent; `zone` (tz database) for times that carry no offset."""

    column: Columns
    format: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        try:
            self.zone_info()
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError(f"`zone`: no time zone `{self.zone}`; write one such as Asia/Shanghai") from exc

    def zone_info(self) -> ZoneInfo | None:
        return None if self.zone is None else ZoneInfo(self.zone)


class Amount(Part, frozen=True, kw_only=True):
    """Each act carries its own increment, so `activities` says which acts the column is the amount of."""

    column: Columns
    activities: frozenset[str]
    currency: Currency | None = None
    currency_column: Columns | None = None
    decimal_mark: Annotated[str, Meta(min_length=1, max_length=1)] = "."
    group_mark: Annotated[str, Meta(max_length=1)] = ""
    unusable: Literal["refuse", "note"] = "refuse"

    def __post_init__(self) -> None:
        if (self.currency is None) == (self.currency_column is None):
            raise ValueError("give one of `currency` and `currency_column`")
        if self.decimal_mark == self.group_mark:
            raise ValueError("`decimal_mark` and `group_mark` are the same")


class Identity(Part, frozen=True, kw_only=True):
    column: Columns


class Unit(Part, frozen=True, kw_only=True):
    constant: str | None = None
    column: Columns | None = None

    def __post_init__(self) -> None:
        if (self.constant is None) == (self.column is None):
            raise ValueError("give one of `constant` and `column`")


class Lifecycle(Part, frozen=True, kw_only=True):
    """A record is an act when its value is in `done`; "" among them takes records without one."""

    column: Columns
    done: frozenset[str] = frozenset(("complete",))


class Thing(Part, frozen=True, kw_only=True):
    """What `data.object` identifies."""

    column: Columns
    kind: str = "record"


class Member(Part, frozen=True, kw_only=True, rename={"as_": "as"}):
    """A further member of `data`: the text of a column, or a reference of the kind `as` made from it."""

    column: Columns
    as_: Literal["supplier", "agency", "unit", "person"] | None = None


class Members(dict[str, Member]):
    __slots__ = ()


class Incompatible(Part, frozen=True, kw_only=True):
    """
    Which activities (`pairs`), and which roles of the role column (`role_pairs`), one person may not combine.

    The rule of a pair is `<prefix>:<role>~<role>`, the two in alphabetical order.
    """

    pairs: EveryPair | PairList = ()
    role_pairs: EveryPair | PairList = ()
    prefix: str | None = None
    severity: Severity = "HIGH"
    force: Force = "UNIT"
    citation: str | None = None


class Mapping(Part, frozen=True, kw_only=True):
    """Everything an import needs to know of a log beyond the log."""

    pack: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
    source: Source
    case: Case
    activity: Activity
    resource: Resource
    time: Time
    unit: Unit
    version: Annotated[str, Meta(min_length=1, max_length=64)] = "1"
    file: File = File()
    recorded: Time | None = None
    role: Role | None = None
    amount: Amount | None = None
    id: Identity | None = None
    lifecycle: Lifecycle | None = None
    object: Thing | None = None
    data: Members = msgspec.field(default_factory=Members)
    incompatible: Incompatible = Incompatible()

    def __post_init__(self) -> None:
        if self.incompatible.role_pairs and self.role is None:
            raise ValueError("`incompatible.role_pairs` needs the table [role]")

    def activities_named(self) -> set[str]:
        """Return the activities this mapping names, in the log or not."""
        of_pairs = {word for pair in _listed(self.incompatible.pairs) for word in pair}
        of_amounts = self.amount.activities if self.amount else frozenset[str]()
        return {word for word in self.activity.acts if word != "*"} | of_pairs | of_amounts

    def roles_named(self) -> set[str]:
        """Return the words of the role column this mapping names, in the log or not."""
        of_pairs = {word for pair in _listed(self.incompatible.role_pairs) for word in pair}
        return ({word for word in self.role.roles if word != "*"} if self.role else set[str]()) | of_pairs


def load_mapping(path: Path) -> Mapping:
    """Read a mapping. Raises `ImportFault` naming the key that is wrong."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
        return msgspec.convert(document, Mapping, dec_hook=_convert)
    except OSError as exc:
        raise ImportFault(path, "", f"cannot be read: {exc.strerror}", "give the path of a mapping") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ImportFault(path, "", f"no TOML in UTF-8: {exc}", "mend the syntax") from exc
    except msgspec.ValidationError as exc:
        found = _AT.fullmatch(str(exc))
        key, problem = (found["key"], found["problem"]) if found else ("", str(exc))
        problem = problem.replace("Object missing required field", "lacks the key")
        problem = problem.replace("Object contains unknown field", "has the unknown key")
        raise ImportFault(path, key, problem, "see examples/mappings/README.md") from exc


def _listed(pairs: EveryPair | PairList) -> PairList:
    return () if pairs == "every" else pairs


def _convert(wanted: type, given: Any) -> object:
    """Convert what msgspec does not know: column names, and the tables whose keys are the log's or the user's words."""
    if wanted is Columns:
        names = cast("list[Any]", [given] if isinstance(given, str) else given)
        if not isinstance(given, str | list) or not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError("the name of a column is wanted, or a list of names it may have")
        return Columns(names)
    if not isinstance(given, dict):
        raise ValueError("a table is wanted")
    table = cast("dict[str, Any]", given)
    if wanted is Members:
        return Members({key: _entry(Member, "column", key, value) for key, value in table.items() if _is_free(key)})
    return Namings({word: _entry(Naming, "name", word, value) for word, value in table.items()})


def _entry(wanted: type[Any], short: str, key: str, value: Any) -> Any:
    """Convert one entry of a table, which may be shortened to the text (or list) of its main key."""
    full = cast("dict[str, Any]", value) if isinstance(value, dict) else {short: value}
    try:
        return msgspec.convert(full, wanted, dec_hook=_convert)
    except msgspec.ValidationError as exc:
        raise ValueError(f"`{key}`: {exc}") from exc


def _is_free(member: str) -> bool:
    if member in _WRITTEN_HERE:
        raise ValueError(f"`{member}`: this member is written by the import itself; choose another name")
    return True


def _check_names(
    namings: Namings, key: str, own: str, infix: str, legal: re.Pattern[str], known: frozenset[str]
) -> None:
    pattern = f"{own}{infix}{_SLUG}"
    for word, naming in namings.items():
        name, where = naming.name, f"`{key}`: `{word}`"
        if word == "*" and (name is None or name.count(_SLUG) != 1 or not name.startswith(own)):
            raise ValueError(f"{where} is a pattern such as `{pattern}`, not `{name}`")
        if name is None:
            continue
        example = name.replace(_SLUG, "a") if word == "*" else name
        if legal.fullmatch(example) is None or len(example) > _NAME_LENGTH_MAX:
            raise ValueError(f"{where}: `{name}` is no name: at most 64 lower-case letters, digits, underscores")
        if not name.startswith(own) and name not in known:
            raise ValueError(f"{where}: the catalogue has no `{name}`; a name of your own begins with `{own}`")
    namings.setdefault("*", Naming(name=pattern))
