"""Some rounds of every parser in the suite; `make fuzz` runs many. What was found by it once has a test of its own."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.parsers import parsers
from tests.fuzz.running import run

ROUNDS = int(os.environ.get("QUANZE_FUZZ_ROUNDS", "150"))


def test_no_parser_raises_or_accepts_what_was_changed(tmp_path: Path) -> None:
    all_of_them = parsers(tmp_path)
    assert len({each.name for each in all_of_them}) == 21
    for each in all_of_them:
        for seed in each.seeds if "anew" not in each.name else ():
            each.read(seed)  # a good file is one: otherwise all would be refused
        figures = run(each, ROUNDS, 1)
        assert figures.failures == [], figures.told()
        assert figures.refused > 0, figures.told()


def test_a_parser_that_takes_everything_or_raises_is_found_out(tmp_path: Path) -> None:
    note = next(each for each in parsers(tmp_path) if each.name == "note")
    good = note.read(note.seeds[0])

    def broken(_: bytes) -> None:
        raise KeyError

    def lenient(file: bytes) -> Any:
        return good._replace(body=file)

    taken = run(note._replace(read=lenient), 50, 1)
    assert len([each for each in taken.failures if "accepted" in each]) == 50
    assert len(run(note._replace(read=broken), 20, 1).failures) == 20


@pytest.mark.parametrize("name", ["bundle", "tlog-proof file"])
def test_what_a_changed_file_may_differ_in_is_not_everything(tmp_path: Path, name: str) -> None:
    """The second oracle is not blind: one byte of what is proved is another file."""
    parser = next(each for each in parsers(tmp_path) if each.name == name)
    (seed,) = parser.seeds
    report = parser.read(seed)
    assert parser.allowed(seed, seed, report)
    at = seed.index(b"index 4\n") if b"index 4\n" in seed else seed.index(b"contract.sign")
    assert not parser.allowed(seed, seed[: at + 6] + b"7" + seed[at + 7 :], report)
