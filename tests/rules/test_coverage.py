"""
That the rules are all there, each with its proof, and that none says more than its text allows.

Proved here: every rule file has a case that fires, one at the boundary and one that stays silent; every header is
complete and names only acts and policies that exist, and exactly the policies its statement reads; what rests on
guidance, practice or a unit's own rules is never called unlawful; and the domain's list is the rules, the pairs, the
failures of authority and `index.toml` together, nothing twice.

The domain's page stays outside the project, in `shared/design` beside it or in `$QUANZE_SHARED/design`.
"""

import os
import re
import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec import Struct

from contracts.catalogue import base_catalogue
from contracts.policy import shipped as shipped_policies
from projector.authority.names import FAILURES
from projector.judge.card import cards
from projector.judge.library import shipped
from projector.judge.rule import Rule
from projector.judge.wording import grounds
from tests.rules.casebook import cases

DOMAIN = Path(os.environ.get("QUANZE_SHARED") or Path(__file__).parents[2].parent / "shared") / "design" / "domain.md"
FAMILIES: Final = ("SOD", "JNT", "ROT", "AUT", "INT", "CHN", "AMT", "DDL", "DIS", "BND", "SPL", "NEG", "EVL", "LED")
SOFT: Final = frozenset(("GUIDE", "PRACTICE", "UNIT"))
UNLAWFUL: Final = re.compile(r"违法|unlawful|illegal|against the law", re.IGNORECASE)
RULES: Final = tuple(shipped().rules.values())
CASES: Final = tuple(cases())
ACTS: Final = base_catalogue().acts

_KEY: Final = re.compile(r"'([a-z_]+\.[a-z_.]*)'")
_COMMENT: Final = re.compile(r"--[^\n]*")
_READ: Final = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)")
_NAMED: Final = re.compile(r"\b([a-z_]+)(?:\s*\([a-z_, ]*\))?\s+AS\s+\(")


class Elsewhere(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the index: by what it is judged, if by anything, and why it has no name of its own here."""

    by: list[str]
    why: str


def index() -> dict[str, Elsewhere]:
    text = files("projector.rules").joinpath("index.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Elsewhere])


def named_here() -> set[str]:
    """Return every id that is judged under its own name."""
    return {rule.id for rule in RULES} | set(base_catalogue().pairs) | set(FAILURES)


@cache
def policy_keys() -> frozenset[str]:
    """Return every key there is, those without a value of their own too."""
    folder = files("contracts").joinpath("policies")
    texts = [each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml")]
    unset = {row["key"] for text in texts for row in tomllib.loads(text).get("unset", [])}
    return shipped_policies().keys | unset


# Cases


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case_that_fires_one_at_the_boundary_and_one_that_stays_silent(rule: Rule) -> None:
    kinds = Counter(case.kind for case in CASES if case.rule == rule.id)
    missing = [kind for kind in ("fires", "boundary", "silent") if not kinds[kind]]
    assert not missing, f"{rule.id} has no case of kind {', '.join(missing)}"


def test_a_case_that_fires_finds_its_rule_and_a_silent_one_does_not() -> None:
    wrong = [
        f"{case.rule} {case.kind}: {case.says}"
        for case in CASES
        if case.kind != "boundary"
        and (case.rule in {found.partition(" ")[0] for found in case.finds}) is (case.kind == "silent")
    ]
    assert wrong == []


def test_every_case_is_about_a_rule_file_and_finds_only_what_there_is() -> None:
    known = {rule.id for rule in RULES}
    told = {case.rule for case in CASES} | {
        found.partition(" ")[0] for case in CASES for found in (*case.finds, *case.unknown)
    }
    assert told <= known


# Headers


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_header_says_what_the_rule_is_in_both_languages_and_on_what_it_rests(rule: Rule) -> None:
    said = rule.header
    for text in (said.title.zh, said.says.zh):
        assert re.search(r"[\u4e00-\u9fff]", text), f"{rule.id}: no Chinese in {text!r}"
    for text in (said.title.en, said.says.en):
        assert re.search(r"[A-Za-z]", text), f"{rule.id}: no English in {text!r}"
        assert not re.search(r"[\u4e00-\u9fff]", text), f"{rule.id}: Chinese in {text!r}"
    assert said.citation or said.force in SOFT | {"LOCAL"}, f"{rule.id} is {said.force} and cites nothing"
    assert Path(rule.file).name == f"{rule.id.lower().replace('-', '_')}.sql"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_header_names_only_acts_and_policies_that_exist(rule: Rule) -> None:
    assert set(rule.header.inputs) <= set(ACTS)
    assert set(rule.header.policies) <= policy_keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_header_names_exactly_the_policies_that_the_statement_reads(rule: Rule) -> None:
    """Those named in its text, by name or by how they begin, and those that went into a table it reads."""
    named = set(rule.header.policies)
    literals = set(_KEY.findall(_COMMENT.sub("", rule.sql)))
    whole = literals & policy_keys()
    begun = {text for text in literals if text.endswith(".") and any(key.startswith(text) for key in policy_keys())}
    carried = {key for table in _tables(rule.sql) for key in carried_in().get(table, set())}
    assert (whole | carried) - named == set(), f"{rule.id} reads them and does not say so"
    assert {text for text in begun if not any(key.startswith(text) for key in named)} == set()
    unread = {key for key in named - whole - carried if not any(key.startswith(text) for text in begun)}
    assert unread == set(), f"{rule.id} says it reads them and does not"


@cache
def carried_in() -> dict[str, set[str]]:
    """Return the policies that decide what stands in a table of the case, by table."""
    found: dict[str, set[str]] = {}
    for each in files("projector.case").joinpath("sql").iterdir():
        text = _COMMENT.sub("", each.read_text("utf-8"))
        for table in re.findall(r"INSERT INTO ([a-z_]+)", text):
            found.setdefault(table, set()).update(set(_KEY.findall(text)) & policy_keys())
    return found


def _tables(sql: str) -> set[str]:
    plain = _COMMENT.sub("", sql)
    return set(_READ.findall(plain)) - set(_NAMED.findall(plain))


# Words


def test_what_is_guidance_practice_or_a_units_own_is_a_risk_and_never_called_unlawful() -> None:
    soft = [card for card in cards(shipped(), base_catalogue()).values() if card.force in SOFT]
    assert soft
    for card in soft:
        rests = grounds(card.force, card.citation)
        for text in (card.title.zh, card.title.en, card.says.zh, card.says.en, rests.zh, rests.en):
            assert not UNLAWFUL.search(text), f"{card.id} ({card.force}): {text}"
        assert "风险提示" in rests.zh
        assert "risk" in rests.en


def test_no_rules_statement_calls_anything_unlawful_in_what_it_computes() -> None:
    assert [rule.id for rule in RULES if UNLAWFUL.search(_COMMENT.sub("", rule.sql))] == []


# The domain's list


def listed() -> set[str]:
    """Return every id that the page names."""
    return set(re.findall(rf"\b(?:{'|'.join(FAMILIES)})-\d\d\b", DOMAIN.read_text("utf-8")))


@pytest.mark.skipif(not DOMAIN.is_file(), reason=f"the domain's page is not at {DOMAIN}; set QUANZE_SHARED")
def test_what_the_domain_lists_is_a_rule_a_pair_a_failure_or_explained_in_the_index() -> None:
    assert listed() == named_here() | set(index())


def test_the_index_explains_only_what_has_no_name_of_its_own() -> None:
    assert set(index()) & named_here() == set()


def test_what_judges_instead_exists_and_every_reason_is_a_sentence() -> None:
    for id, entry in index().items():
        assert set(entry.by) <= named_here(), id
        assert entry.why.endswith("."), id
        assert len(entry.why) > 20, id
