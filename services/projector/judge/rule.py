"""
A rule: a file of one SELECT with a header. The header is TOML in the comment lines at its top (docs/rules.md).

A file that is wrong is refused with its name and line; it never stops the others.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.grades import Force, Severity

Confidence = Literal["A", "B", "C"]
Result = Literal["PASS", "FAIL", "UNDETERMINED"]
RuleId = Annotated[
    str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,15}-[0-9]{2,3}$(?!\n)", description="like `DDL-01` or `UNIT-07`")
]

_LINE: Final = re.compile(r"--( ?)(.*)")
_BAD_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")
_PLACE: Final = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
_SELECT: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_TEXT: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$",
    re.DOTALL,
)
"""What of a statement is comment or text: nothing in it is a name, or the end of the statement."""
_REFUSED: Final = re.compile(
    r"""\b(set_config|\w+_to_xml\w*|ts_stat|ts_rewrite)"?\s*\(
      | (\bu&")
      | \b(ledger)"?\s*\.
      | \b(projector"?\s*\.\s*"?(?:\w+_at|held_by_grant))\b
      | \b(projector"?\s*\.\s*"?\w+)\b(?!"?\s*\()""",
    re.IGNORECASE | re.VERBOSE,
)
"""What would take a rule beyond its case: another role, statements made of text, tables that are not the case's."""


class Bilingual(Struct, frozen=True, forbid_unknown_fields=True):
    zh: Annotated[str, Meta(min_length=1, max_length=4000)]
    en: Annotated[str, Meta(min_length=1, max_length=4000)]


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a rule says of itself.

    `says`: how a finding reads, with `{…}` for what is computed. `on`: which of a case it judges. `last`: it looks at
    what the other rules found. `inputs`: acts without which it has nothing to judge.
    """

    id: RuleId
    title: Bilingual
    severity: Severity
    force: Force
    citation: Annotated[str, Meta(max_length=1000)]
    confidence: Confidence
    says: Bilingual
    inputs: list[str]
    policies: list[str] = []
    since: date = date(2003, 1, 1)
    on: Literal["project", "unit"] = "project"
    last: bool = False
    off: bool = False


class Rule(Struct, frozen=True):
    """A rule as read. `file`: where from. `body_line`: the line of the file on which its statement begins."""

    header: Header
    sql: str
    file: str
    body_line: int

    @property
    def id(self) -> str:
        return self.header.id


class BadRule(ValueError):
    """A rule file that cannot be used; the message says what is wrong, `line` where."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


def read_rule(file: str, text: str) -> Rule:
    """Read a rule file. Raises `BadRule`."""
    lines = text.splitlines()
    header_lines = list(_header(lines))
    if not header_lines:
        raise BadRule(file, 1, 'no header: a rule begins with comment lines that hold TOML, such as `-- id = "X-01"`')
    try:
        document = tomllib.loads("\n".join(header_lines))
    except tomllib.TOMLDecodeError as exc:
        found = _BAD_LINE.search(str(exc))
        raise BadRule(file, int(found[1]) if found else 1, f"the header is not TOML: {exc}") from exc
    header = _convert(file, header_lines, document)
    body = "\n".join(lines[len(header_lines) :]).strip().rstrip(";").strip()
    line = next((number for number, each in enumerate(lines, 1) if number > len(header_lines) and each.strip()), 1)
    if not body:
        raise BadRule(file, line, "no statement follows the header")
    _require_one_select(file, line, body)
    return Rule(header, body, file, line)


def places(text: str) -> frozenset[str]:
    """Return the names that a text has `{…}` for."""
    return frozenset(_PLACE.findall(text))


def _require_one_select(file: str, line: int, body: str) -> None:
    """
    Refuse what is not one SELECT within the case. Raises `BadRule`.

    The database refuses most of it too; a role that a rule gave itself it would not (`set_config`).
    """
    bare = _TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), body)
    if _SELECT.match(bare) is None:
        raise BadRule(file, line, "a rule is one SELECT")
    end = re.sub(r'"[^"\n]*"', lambda found: " " * len(found[0]), bare).find(";")
    if end >= 0:
        raise BadRule(file, line + bare.count("\n", 0, end), "a rule is one SELECT: something follows the `;`")
    refused = _REFUSED.search(bare)
    if refused is not None:
        name = next(filter(None, refused.groups()))
        raise BadRule(file, line + bare.count("\n", 0, refused.start()), f"a rule may not use `{name}`: docs/rules.md")


def _header(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            return
        yield found[2]


def _convert(file: str, lines: list[str], document: dict[str, Any]) -> Header:
    try:
        return msgspec.convert(document, Header)
    except msgspec.ValidationError as exc:
        said = str(exc)
        member = re.search(r"\$\.([a-z_]+)|field `([a-z_]+)`", said)
        name = next(filter(None, member.groups()), "") if member is not None else ""
        line = next((number for number, each in enumerate(lines, 1) if name and re.match(rf"\s*{name}\b", each)), 1)
        raise BadRule(file, line, said) from exc
