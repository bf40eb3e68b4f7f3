"""
Every failure of the catalogue is tested: where it fires, and at its boundary or by a look-alike that is in order.

The catalogue is the table of `docs/authority.md`. Tests say what they test by `@pytest.mark.aut(code, kind, …)`.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

CATALOGUE = Path(__file__).parents[2] / "docs" / "authority.md"
MODULES = (
    "tests.unit.test_authority_judgement",
    "tests.unit.test_authority_matters",
    "tests.integration.test_authority_history",
)
KINDS = {"fires", "boundary", "silent"}
CODES = [f"AUT-{number:02}" for number in range(1, 24)]


def marked() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield (test, code, kinds) for every mark."""
    for name in MODULES:
        for test, function in vars(import_module(name)).items():
            for mark in cast("list[pytest.Mark]", getattr(function, "pytestmark", [])):
                if test.startswith("test_") and mark.name == "aut":
                    code, *kinds = cast("tuple[str, ...]", mark.args)
                    yield f"{name}::{test}", code, tuple(kinds)


MARKED = tuple(marked())


def asked_by(code: str, *kinds: str) -> set[str]:
    return {test for test, of, said in MARKED if of == code and set(said) & set(kinds)}


def test_the_catalogue_is_the_one_that_is_documented() -> None:
    assert re.findall(r"^\| (AUT-\d\d) \|", CATALOGUE.read_text("utf-8"), re.MULTILINE) == CODES


@pytest.mark.parametrize("code", CODES)
def test_every_failure_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(code: str) -> None:
    assert asked_by(code, "fires"), f"no test in which {code} fires"
    assert asked_by(code, "boundary", "silent"), f"no test of the boundary of {code}, nor of a look-alike"


def test_every_failure_is_asked_for_over_http_with_a_look_alike() -> None:
    cases: dict[str, Any] = import_module("tests.integration.test_authority_history").CASES
    assert sorted(cases) == CODES


def test_every_mark_names_a_failure_and_what_is_said_of_it() -> None:
    for test, code, kinds in MARKED:
        assert code in CODES, test
        assert kinds, test
        assert set(kinds) <= KINDS, test
