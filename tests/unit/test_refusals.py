"""What the ledger says about an act that it did not record."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from contracts.catalogue import base_catalogue
from contracts.document import BadEvent
from contracts.event import Event, read_event
from contracts.payloads import ActRefuse
from ledger.gate import Reason, units_that_enforce
from ledger.refusals import Refusals, unit_of
from tests.events import event

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
WHY = (Reason("AUT-06", "more than 100000.00"), Reason("AUT-01", "nobody granted it"))
REFUSALS = Refusals("example.com/log", b"secret")


def read(document: dict[str, Any]) -> Event:
    return read_event(json.dumps(document).encode(), base_catalogue())


def refusal(refused: dict[str, Any], refusals: Refusals = REFUSALS, now: datetime = NOW) -> Event:
    return refusals.of(read(refused), WHY, now, base_catalogue())


SIGNED = event("contract.sign", "project:X", "person:P1", amount="5.00", attributes={"authority": "grant:G1"})


def test_it_says_what_was_refused_to_whom_and_why() -> None:
    found = refusal(SIGNED)
    assert isinstance(found.payload, ActRefuse)
    assert found.payload.act is not None
    assert (found.payload.act.source, found.payload.act.id) == (SIGNED["source"], SIGNED["id"])
    assert (found.payload.type, found.payload.actor, found.payload.authority) == (
        "contract.sign",
        "person:P1",
        "grant:G1",
    )
    assert [(each.rule, each.detail) for each in found.payload.issues] == [
        ("AUT-06", "more than 100000.00"),
        ("AUT-01", "nobody granted it"),
    ]
    assert (found.envelope.actor, found.envelope.source) == ("system:quanze", "urn:quanze:example.com/log")
    assert {"project:X", "unit:U1", "person:P1", "grant:G1"} <= set(found.tags), "found by whoever reads about them"


def test_an_act_about_a_unit_is_refused_on_that_unit() -> None:
    about = event("setup.policy", "unit:U1", "person:P1")
    assert unit_of(read(about)) == "unit:U1"
    assert (refusal(about).envelope.subject, refusal(about).envelope.unit) == ("unit:U1", "unit:U1")


def test_a_supplement_that_takes_away_is_refused_with_its_amount() -> None:
    found = refusal(event("contract.amend", "project:X", "person:P1", amount="-5.00"))
    assert found.payload.amount == "-5.00"


def test_the_same_act_has_one_refusal_and_another_content_another() -> None:
    first = refusal(SIGNED).envelope.id
    assert refusal(SIGNED, now=datetime(2027, 1, 1, tzinfo=UTC)).envelope.id == first
    others = [SIGNED | {"id": "e0"}, SIGNED | {"source": "urn:other"}, SIGNED | {"data": {"amount": "6.00"}}]
    ids = {refusal(other).envelope.id for other in others} | {first}
    assert len(ids) == 4


def test_an_id_tells_nobody_what_was_refused() -> None:
    """It stays for ever, and whoever guesses the content must not be able to tell."""
    found = refusal(SIGNED).envelope.id
    assert sha256(json.dumps(SIGNED).encode()).hexdigest()[:8] not in found
    assert refusal(SIGNED, Refusals("example.com/log", b"another")).envelope.id != found


def test_the_longest_names_fit() -> None:
    long = SIGNED | {"id": "i" * 128, "source": "s" * 256}
    why = tuple(Reason(f"AUT-{n % 24:02}", "额" * 100_000) for n in range(1_000))
    found = REFUSALS.of(read(long), why, NOW, base_catalogue())
    assert len(found.raw) < 64 * 1024


def test_a_refusal_names_its_faults() -> None:
    bad: dict[str, Any] = event("act.refuse", "project:X", "system:quanze", act={"source": "x"}, amount="1.234")
    bad["data"]["actor"] = "unit:U1"
    with pytest.raises(BadEvent) as refused:
        read(bad)
    assert {fault.pointer for fault in refused.value.faults} == {"/data/act/id", "/data/actor", "/data/amount"}


def test_units_are_watched_for_the_key_and_for_nothing_else() -> None:
    def adopted(unit: str, **data: Any) -> bytes:
        return msgspec.json.encode(event("setup.policy", unit, "person:P1", **data))

    policies = [
        adopted("unit:U1", policies=[{"key": "x", "value": 1}, {"key": "enforce", "value": ["AUT-01"]}]),
        adopted("unit:U2", policies=[{"key": "enforced", "value": ["AUT-01"]}]),
        adopted("unit:U3"),
        None,
        b'{"subject": "unit:U4", "data": {"policies": "of old"}}',
    ]
    assert units_that_enforce(policies) == {"unit:U1"}
