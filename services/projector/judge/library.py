"""The rules in force: those shipped, and those of a directory that a unit adds."""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.policy import shipped as policies
from projector.judge.engine import check
from projector.judge.rule import BadRule, Rule, read_rule

_log: Final = structlog.get_logger()


class Library(Struct, frozen=True):
    """Rules by id, in order, and the files that were refused."""

    rules: Mapping[str, Rule]
    refused: tuple[BadRule, ...] = ()


@cache
def shipped() -> Library:
    """Return the rules shipped with this version. Raises `BadRule`: what we ship must be sound."""
    folder = files("projector.rules")
    texts = sorted((each.name, each.read_text("utf-8")) for each in folder.iterdir() if each.name.endswith(".sql"))
    library = _read(texts, {})
    for refused in library.refused:
        raise refused
    return library


def with_directory(directory: Path | None) -> Library:
    """
    Return the shipped rules with those of a directory.

    A file that is wrong, or that takes a name which is there already, is refused, logged, and listed in `refused`.
    """
    base = shipped()
    if directory is None:
        return base
    texts: list[tuple[str, str]] = []
    refused: list[BadRule] = []
    for path in sorted(directory.glob("*.sql")):
        try:
            texts.append((str(path), path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as exc:
            refused.append(BadRule(str(path), 1, f"cannot be read: {exc}"))
    library = _read(texts, base.rules)
    refused += library.refused
    _say(refused)
    return Library(library.rules, tuple(refused))


def checked(connection: Connection[TupleRow], library: Library) -> Library:
    """
    Return a library without the added rules that the database does not understand: those are refused as well.

    The connection works as the projector, and has the tables of a case.
    """
    own = shipped().rules
    refused: list[BadRule] = []
    for rule in library.rules.values():
        try:
            if rule.id not in own:
                check(connection, rule)
        except BadRule as exc:
            refused.append(exc)
    _say(refused)
    bad = {each.file for each in refused}
    rules = {id: rule for id, rule in library.rules.items() if id in own or rule.file not in bad}
    return Library(rules, (*library.refused, *refused))


def fingerprint(library: Library) -> str:
    """Return a digest of everything that is judged by: where it changes, what is kept was judged otherwise."""
    digest = sha256()
    for id, rule in sorted(library.rules.items()):
        digest.update(f"{id}\0{rule.sql}\0{rule.header}\0".encode())
    for row in policies().rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()[:32]


def _say(refused: Iterable[BadRule]) -> None:
    for each in refused:
        _log.error("rule_refused", file=each.file, line=each.line, error=each.message)


def _read(texts: Iterable[tuple[str, str]], base: Mapping[str, Rule]) -> Library:
    rules = dict(base)
    refused: list[BadRule] = []
    for name, text in texts:
        try:
            rule = read_rule(name, text)
            if rule.id in rules:
                raise BadRule(name, 1, f"there is a rule {rule.id} already, in {rules[rule.id].file}")
            rules[rule.id] = rule
        except BadRule as exc:
            refused.append(exc)
    return Library(dict(sorted(rules.items())), tuple(refused))
