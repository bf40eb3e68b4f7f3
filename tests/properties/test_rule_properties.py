"""
What the rules say of whole histories: rules, pairs and authority judged together on a real PostgreSQL.

Proved here, for lawful projects of any seed, shape, unit and day (`bench.lawful`): nothing fails; one thing changed
fails exactly what the text says and nothing else, and at the limit itself nothing; and neither the order in which acts
were recorded nor anything else about their positions changes a judgement. What a change must raise comes from the
domain's page and the contract, never from a run.

QUANZE_PROPERTY_EXAMPLES asks for a longer run, of other projects each time.
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Final
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.lawful import told
from tests.conftest import execute, on
from tests.rules.lawful import SUPPLIERS, Court, chosen
from tests.rules.mutations import MUTATIONS, changed

EXAMPLES: Final = int(os.environ.get("QUANZE_PROPERTY_EXAMPLES", "0"))
SEEDS: Final = st.integers(0, 2**32 - 1)
SHAPES: Final = st.lists(st.sampled_from(("small", "small", "small", "tender")), min_size=24, max_size=60)


@pytest.fixture(scope="module")
def court(server: str, template: str) -> Iterator[Court]:
    name = f"quanze_rules_{uuid4().hex[:12]}"
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    with psycopg.connect(on(server, name), autocommit=True) as connection:
        yield Court(connection)
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def rounds(usual: int) -> settings:
    """Return how many examples are tried: the same few each time, or as many others as are asked for."""
    return settings(
        max_examples=EXAMPLES or usual,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


@rounds(4)
@given(seed=SEEDS, shapes=SHAPES, framework=st.booleans())
def test_nothing_fails_in_lawful_projects(court: Court, seed: int, shapes: list[str], framework: bool) -> None:
    random = Random(seed)
    every_one = [*shapes, "framework"] if framework else shapes
    projects = [told(chosen(random, number, shape), seed, SUPPLIERS) for number, shape in enumerate(every_one)]
    timed = sorted((each for project in projects for each in project.told), key=lambda each: each[0])
    found = court.judge([event for _, event in timed])
    failed = [each.judgement for each in found if each.judgement.result == "FAIL"]
    assert failed == []


def test_the_table_has_forty_changes_that_fail_something_and_many_that_stop_at_the_limit() -> None:
    assert sum(1 for each in MUTATIONS if each.fails) >= 40
    assert sum(1 for each in MUTATIONS if not each.fails) >= 30
    assert len({each.says for each in MUTATIONS}) == len(MUTATIONS)


@rounds(2)
@given(seed=SEEDS)
def test_one_thing_changed_fails_what_the_text_says_and_nothing_else(court: Court, seed: int) -> None:
    random = Random(seed)
    cases = [changed(mutation, number, random) for number, mutation in enumerate(MUTATIONS)]
    failed: dict[str, dict[str, str]] = {}
    for found in court.judge([event for case in cases for event in case.events]):
        if found.judgement.result == "FAIL":
            failed.setdefault(found.about, {})[found.judgement.rule] = str(dict(found.judgement.computed))
    wrong: list[str] = []
    for mutation, case in zip(MUTATIONS, cases, strict=True):
        found = failed.pop(case.code, {})
        if sorted(found) != mutation.fails.split():
            wrong.append(f"{mutation.says} ({case.facts.shape} {case.code}): {sorted(found)}, not {mutation.fails}")
            wrong += [f"    {rule}: {said}" for rule, said in found.items() if rule not in mutation.fails]
    assert not wrong, "\n".join(wrong)
    assert failed == {}


@rounds(2)
@given(seed=SEEDS)
def test_the_order_in_which_acts_were_recorded_changes_no_judgement(court: Court, seed: int) -> None:
    random = Random(seed)
    chosen_ones = random.sample(list(enumerate(MUTATIONS)), 60)
    events = [event for number, each in chosen_ones for event in changed(each, number, random).events]
    events.sort(key=lambda event: event["time"])
    before = Counter(repr(each.plain()) for each in court.judge(events))
    random.shuffle(events)
    after = Counter(repr(each.plain()) for each in court.judge(events))
    assert sorted((before - after).elements()) == sorted((after - before).elements())
    assert before == after
    assert any("'FAIL'" in each for each in before)
