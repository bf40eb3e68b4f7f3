"""What the benches of the write side post: admitted, each with a name of its own, and none that takes a decision."""

from itertools import islice

from bench.signed import CONTRACTS_A_PROJECT, UNITS, act, payload_bytes, signed
from contracts.catalogue import base_catalogue
from contracts.event import Event, read_event
from ledger.application import needs_decision


def read(number: int) -> Event:
    return read_event(act(number), base_catalogue())  # raises BadEvent


def test_acts_are_admitted_with_five_tags_and_no_decision_however_far_they_go() -> None:
    for number in (0, 1, 7_777, 99_999, 5_000_000, 29_999_999):
        event = read(number)
        assert [tag.partition(":")[0] for tag in event.tags] == ["project", "person", "unit", "grant", "supplier"]
        assert not needs_decision(event)


def test_no_two_acts_have_one_name() -> None:
    count = 3 * UNITS
    assert len({(event.envelope.source, event.envelope.id) for event in map(read, range(count))}) == count


def test_a_unit_begins_another_project_with_every_twentieth_contract() -> None:
    of_one_unit = [read(turn * UNITS + 5).envelope.subject for turn in range(CONTRACTS_A_PROJECT + 1)]
    assert len(set(of_one_unit[:-1])) == 1
    assert of_one_unit[-1] not in of_one_unit[:-1]


def test_acts_go_on_from_any_number_and_all_have_the_size_that_is_said() -> None:
    assert list(islice(signed(40), 3)) == [act(40), act(41), act(42)]
    assert {len(act(number)) for number in (90_000, 5_000_000, 29_999_999)} <= set(
        range(payload_bytes() - 1, payload_bytes() + 1)
    )
