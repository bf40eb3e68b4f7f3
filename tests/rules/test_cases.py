"""Every case of the tables beside this file, judged by all rules at once on a real PostgreSQL."""

import inspect
import re
from collections.abc import Iterator
from functools import cache

import pytest

from contracts import payloads
from contracts.catalogue import base_catalogue
from projector.judge.engine import check
from projector.judge.judgement import Judgement
from projector.judge.library import shipped
from projector.judge.rule import places
from projector.judge.wording import filled, words
from tests.conftest import execute, on
from tests.rules.casebook import Case, Court, cases, court

_CASES = cases()
_WORDS = words(base_catalogue())
_CODES = frozenset(re.findall(r"['\"]([a-z][a-z_]+)['\"]", inspect.getsource(payloads)))
"""What payloads list as values."""
_CODE = re.compile(r"(?<![\w:./-])[a-z]{3,}(?:[._][a-z0-9_]+)*(?![\w:/-])")
"""A word of small letters that is no part of a reference."""


@pytest.fixture(scope="module")
def judging(server: str, template: str) -> Iterator[Court]:
    name = "quanze_rules_court"
    execute(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    yield from court(on(server, name))
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.mark.parametrize("case", _CASES, ids=[f"{case.rule}-{case.kind}-{case.says}" for case in _CASES])
def test_what_the_rules_say_of_a_case(case: Case, judging: Court) -> None:
    found = judging.judge(case)
    assert sorted(_named(found)) == sorted(case.finds), _told(found)
    assert sorted(_unknown(found) - _usual(judging, case)) == sorted(case.unknown), _told(found)
    for judgement in found:
        if judgement.rule == case.rule and judgement.result == "FAIL":
            _require_said(judgement)
            shown = {name: str(judgement.computed.get(name)) for name in case.computed}
            assert shown == {name: str(value) for name, value in case.computed.items()}


def test_the_database_understands_every_rule(judging: Court) -> None:
    for rule in shipped().rules.values():
        check(judging.connection, rule)


@cache
def _as_it_is(judging: Court, *names: str) -> frozenset[str]:
    return frozenset(_unknown(judging.judge(Case(rule="", kind="silent", says="", on=list(names)))))


def _usual(judging: Court, case: Case) -> frozenset[str]:
    names = [case.on] if isinstance(case.on, str) else case.on
    return _as_it_is(judging, *names) if case.on else frozenset()


def _named(found: list[Judgement]) -> set[str]:
    return {f"{each.rule} cured" if each.cured is not None else each.rule for each in found if each.result == "FAIL"}


def _unknown(found: list[Judgement]) -> set[str]:
    return {each.rule for each in found if each.result == "UNDETERMINED"}


def _told(found: list[Judgement]) -> str:
    return "\n".join(
        f"{each.rule} {each.result} {each.key} due {each.due} cured {each.cured} {dict(each.computed)}"
        for each in found
        if each.result != "PASS"
    )


def _require_said(judgement: Judgement) -> None:
    """Fail unless the finding can be read in both languages, with everything the sentence has a place for."""
    header = shipped().rules[judgement.rule].header
    missing = (places(header.says.zh) | places(header.says.en)) - judgement.computed.keys()
    assert not missing, f"{judgement.rule} computes no {missing}"
    said = filled(header.says, judgement.computed, _WORDS)
    assert "{" not in said.zh + said.en
    codes = [code for code in _CODE.findall(said.zh) if code in _WORDS or code in _CODES]
    assert not codes, f"{judgement.rule} says {codes} in Chinese: {said.zh}"
