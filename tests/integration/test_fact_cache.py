"""What is kept of facts changes no answer, however little of it there is room for."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

import quanze.county
from projector.authority.answer import answers
from projector.authority.load import load
from projector.fact_cache import FactCache
from projector.main import Projector
from projector.settings import Settings
from projector.view import Asked, View, open_view
from tests.conftest import Database, TestLedger


@pytest.fixture
def projector(database: Database, ledger: TestLedger) -> Iterator[Projector]:
    """A projector that has read the demo county."""
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.02)) as own:
        last = 0
        for file in sorted(Path(quanze.county.__file__).parent.glob("*.ndjson")):
            acts = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            last = max(receipt.position for receipt in ledger.post(acts))
        assert own.wait_for(last, 30)
        yield own


@contextmanager
def looking(projector: Projector, cache: FactCache) -> Generator[View]:
    with (
        projector.pool.connection() as connection,
        open_view(connection, projector.log_id, projector.catalogues, cache, Asked()) as view,
    ):
        yield view


def asked(projector: Projector, cache: FactCache, positions: list[int]) -> list[Any]:
    """Ask about acts a few at a time, as they come; leave out when they were asked."""
    found: list[Any] = []
    for at in range(0, len(positions), 5):
        with looking(projector, cache) as view:
            said = answers(load(view, positions[at : at + 5]), view.stand)
            found += [msgspec.to_builtins(msgspec.structs.replace(each, known_at=each.as_of)) for each in said]
    return found


def test_with_room_for_one_of_each_kind_answers_are_the_same(projector: Projector) -> None:
    with looking(projector, FactCache()) as view:
        types = [act.type for act in view.catalogue.acts.values() if act.needs_grant]
        query = "SELECT position FROM projector.acts WHERE type = ANY (%s) ORDER BY position"
        positions: list[int] = [row[0] for row in view.connection.execute(query, (types,))]
    assert len(positions) > 100
    plain = asked(projector, FactCache(), positions)
    assert asked(projector, FactCache(kept_max=1, derived_max=1), positions) == plain


def test_no_more_is_kept_than_there_is_room_for(projector: Projector) -> None:
    cache = FactCache(kept_max=3, derived_max=2)
    with looking(projector, cache) as view:
        positions = [row[0] for row in view.connection.execute("SELECT position FROM projector.acts")]
    asked(projector, cache, positions)
    kept = cache._kept.values()  # pyright: ignore[reportPrivateUsage] - how much is kept shows nowhere else
    assert max(map(len, kept)) == 3
