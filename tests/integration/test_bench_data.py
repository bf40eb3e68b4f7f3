"""The generated province in a real ledger: what is lawful is found lawful, what is planted is found, and why."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import psycopg
import pytest
from litestar.testing import TestClient

from bench.data import follow, load
from bench.finding import Found, compare
from bench.generator import lines, planted
from bench.planting import RULES
from bench.story import Key
from projector.findings.found import Part
from projector.findings.judging import every_scope
from projector.main import Projector
from projector.settings import Settings
from projector.view import Asked
from quanze.settings import DataDirectory
from tests.conftest import execute, on

SEED, PROJECTS, WRONG = 11, 130, 0.9
LATER = datetime(2026, 12, 31, 12, tzinfo=UTC)

Answers = dict[Key, dict[str, Any]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    return DataDirectory(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def recorded(server: str, directory: DataDirectory) -> Iterator[str]:
    """Yield the DSN of a database with a small province in it, recorded and followed as a bench has it done."""
    execute(server, "CREATE DATABASE {}", "quanze_bench")
    dsn = on(server, "quanze_bench")
    count, _ = load(directory, dsn, lines(SEED, PROJECTS, WRONG))
    follow(dsn, count)
    yield dsn
    execute(server, "DROP DATABASE {} WITH (FORCE)", "quanze_bench")


@pytest.fixture(scope="module")
def judged(recorded: str, directory: DataDirectory) -> Answers:
    """Return the answer for every act of a project that needs authority, by the act's key."""
    with psycopg.connect(recorded) as connection:
        rows = connection.execute("SELECT position, source, id, project FROM projector.acts").fetchall()
    keys = {position: Key(source, id) for position, source, id, _ in rows}
    token = {"Authorization": f"Bearer {directory.admin_token.read_text('utf-8').strip()}"}
    found: Answers = {}
    with Projector(Settings(dsn=recorded)) as projector, TestClient(projector.app()) as client:
        for project in sorted({project for *_, project in rows if project is not None}):
            answer = client.get(f"/v1/projects/{project}/authority", params={"limit": 1_000}, headers=token)
            assert answer.status_code == 200, answer.text
            assert answer.json()["next"] is None
            found |= {keys[each["act"]["position"]]: each for each in answer.json()["items"]}
    return found


def test_everything_told_is_recorded_byte_for_byte(recorded: str) -> None:
    with psycopg.connect(recorded) as connection:
        stored = [bytes(row[0]) for row in connection.execute("SELECT payload FROM ledger.entries ORDER BY position")]
    assert stored == list(lines(SEED, PROJECTS, WRONG))


def test_each_planted_fault_of_authority_is_found_for_its_reason_and_no_other_is(judged: Answers) -> None:
    expected = {each.acts[0]: [each.rule] for each in planted(SEED, PROJECTS, WRONG) if each.rule[:3] == "AUT"}
    assert len({codes[0] for codes in expected.values()}) > 5
    found = {key: [each["code"] for each in answer["failures"]] for key, answer in judged.items() if answer["failures"]}
    assert found == expected
    assert {answer["verdict"] for key, answer in judged.items() if key in expected} == {"INVALID"}
    assert {answer["verdict"] for key, answer in judged.items() if key not in expected} == {"VALID"}


def test_every_rule_finds_what_is_planted_and_nothing_else(recorded: str) -> None:
    """Recall and precision are exactly one: rule, project, persons and acts."""
    told = list(planted(SEED, PROJECTS, WRONG))
    assert len({each.project for each in told}) >= len(RULES)
    with psycopg.connect(recorded) as connection:
        rows = connection.execute("SELECT position, source, id FROM projector.acts").fetchall()
        scopes = list(every_scope(connection, 1))
    with Projector(Settings(dsn=recorded, judges=False)) as projector:
        parts = projector.judge.judge_now(scopes, Asked(as_of=LATER)).found
    difference = compare(told, _findings(parts, {position: Key(source, id) for position, source, id in rows}))
    assert (difference.missed, difference.invented) == ([], [])
    # What no data says stays open: the asset standards are the unit's to set, and without a budget nothing is past it.
    assert {part.rule for part in parts if part.result == "UNDETERMINED"} <= {"NEG-05", "AMT-01"}


def _findings(parts: Sequence[Part], keys: dict[int, Key]) -> list[Found]:
    """Put parts of one finding together, as they are shown."""
    failed = sorted((part for part in parts if part.result == "FAIL"), key=lambda part: (part.finding, part.scope))
    return [_finding(list(group), keys) for _, group in groupby(failed, key=lambda part: part.finding)]


def _finding(parts: Sequence[Part], keys: dict[int, Key]) -> Found:
    first = parts[0]
    persons = frozenset(person for part in parts for person in part.persons)
    evidence = frozenset(keys[position] for part in parts for position in part.evidence)
    return Found(first.rule, first.project, persons, evidence, keys[first.judged] if first.judged is not None else None)


def test_chains_go_from_the_root_to_four_grants_below_it(judged: Answers) -> None:
    granted = [each for each in judged.values() if each["verdict"] == "VALID" and each["mandate"] is None]
    assert {len(answer["chain"]) for answer in granted} == {1, 2, 3, 4, 5}


def test_what_agencies_did_rests_on_the_agreement_with_them(judged: Answers) -> None:
    early = {each.acts[0] for each in planted(SEED, PROJECTS, WRONG) if each.rule == "AUT-21"}
    mandated = [each for key, each in judged.items() if each["mandate"] is not None and key not in early]
    assert {each["verdict"] for each in mandated} == {"VALID"}
    assert all(each["chain"] == [] and each["mandate"]["agreement"] < each["act"]["position"] for each in mandated)
