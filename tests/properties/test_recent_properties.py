"""What is remembered of the last acts answers as a plain look at all of them would."""

import os
from typing import Any
from unittest.mock import patch

import pytest
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import recent
from ledger.recent import Recent

EXAMPLES = int(os.environ.get("QUANZE_EXAMPLES", "100"))
bounded = settings(max_examples=EXAMPLES, deadline=None)

types = st.sampled_from(["auth.grant", "auth.revoke", "pay.execute"])
tags = st.sampled_from(["grant:G1", "grant:G2", "person:P1", "unit:U1"])
acts = st.lists(st.tuples(types, st.lists(tags, unique=True, max_size=3)), max_size=30)
items = st.builds(DCBQueryItem, st.lists(types, max_size=2), st.lists(tags, unique=True, max_size=2))
queries = st.builds(DCBQuery, st.lists(items, max_size=3))


def newest(known: list[tuple[str, list[str]]], since: int, query: DCBQuery, after: int) -> int | None:
    """Return the position of the newest act that is meant, by the words of the library's documentation."""
    for position in range(since + len(known), after, -1):
        type, tags = known[position - since - 1]
        if not query.items or any(
            (not item.types or type in item.types) and set(item.tags) <= set(tags) for item in query.items
        ):
            return position
    return None


@pytest.mark.parametrize("at_sight", [1, 100])
@bounded
@given(st.data(), st.integers(0, 1_000), st.lists(acts, min_size=1, max_size=4))
def test_the_newest_match_is_found_as_acts_are_added(at_sight: int, data: Any, since: int, batches: list[Any]) -> None:
    remembered, known = Recent(since), list[tuple[str, list[str]]]()
    with patch.object(recent, "AT_SIGHT", at_sight):
        for batch in batches:
            for type, tags in batch:
                remembered.add(type, tags)
            known += batch
            query = data.draw(queries)
            after = data.draw(st.integers(since, since + len(known) + 2))
            assert remembered.last_match(query, after) == newest(known, since, query, after)


def test_what_is_forgotten_is_the_older_half_and_is_said() -> None:
    remembered = Recent(100)
    for number in range(recent.ACTS_MAX + 1):
        remembered.add("pay.execute", [f"project:P{number}"])
    assert remembered.last_match(DCBQuery([DCBQueryItem(tags=["project:P0"])]), 100) == 101
    remembered.trim()
    assert remembered.since == 100 + recent.ACTS_MAX + 1 - recent.ACTS_MAX // 2
    kept = recent.ACTS_MAX + 1 - recent.ACTS_MAX // 2
    assert remembered.last_match(DCBQuery([DCBQueryItem(tags=["project:P0"])]), remembered.since) is None
    wanted = DCBQuery([DCBQueryItem(tags=[f"project:P{kept}"])])
    assert remembered.last_match(wanted, remembered.since) == remembered.since + 1
    last = DCBQuery([DCBQueryItem(tags=[f"project:P{recent.ACTS_MAX}"])])
    assert remembered.last_match(last, remembered.since) == 100 + recent.ACTS_MAX + 1
