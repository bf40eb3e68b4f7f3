"""The demo county: does it say what the contract lets one say, is it as large as promised, does it rebuild exactly?"""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from contracts.catalogue import base_catalogue
from contracts.event import Event, read_event
from contracts.payloads import AccountLink, AuthGrant, ProjectOpen, UnitRegister
from contracts.references import kind_of
from quanze.county.clock import LOCAL, is_worked
from quanze.county.write import DIRECTORY, render

STORY_ENDS = datetime(2026, 11, 15, tzinfo=LOCAL)
DEMANDED = {
    *("SOD-01", "SOD-03", "SOD-04", "SOD-06"),
    *("AUT-01", "AUT-02", "AUT-03", "AUT-04", "AUT-05", "AUT-06", "AUT-12"),
}


@cache
def county() -> dict[str, list[Event]]:
    """Read every file, in the order in which a loader posts them."""
    catalogue = base_catalogue()
    return {
        path.name: [read_event(line, catalogue) for line in path.read_bytes().splitlines()]
        for path in sorted(DIRECTORY.glob("*.ndjson"))
    }


@cache
def planted() -> dict[str, Any]:
    return tomllib.loads((DIRECTORY / "planted.toml").read_text("utf-8"))


def acts() -> Iterator[Event]:
    for events in county().values():
        yield from events


def key(event: Event) -> tuple[str, str]:
    return event.envelope.source, event.envelope.id


def on_projects() -> list[Event]:
    return [event for event in acts() if kind_of(event.envelope.subject) == "project"]


def test_the_generator_writes_what_is_committed() -> None:
    rendered = {name: content.encode() for name, content in render().items()}
    assert {name: (DIRECTORY / name).read_bytes() for name in rendered} == rendered
    assert county().keys() <= rendered.keys(), "a file that no generator writes"


def test_the_registry_is_posted_first_and_every_project_has_a_file() -> None:
    assert next(iter(county())) == "00-registry.ndjson"
    for name, events in county().items():
        if name.startswith("P-"):
            assert {event.envelope.subject for event in events} == {f"project:{name.removesuffix('.ndjson')}"}
            assert events[0].act.type == "project.open"


def test_every_act_has_a_key_of_its_own() -> None:
    keys = [key(event) for event in acts()]
    assert len(keys) == len(set(keys))


def test_everything_happens_in_business_hours_and_before_the_story_ends() -> None:
    for event in acts():
        moment = datetime.fromisoformat(event.envelope.time)
        assert moment.utcoffset() == timedelta(hours=8)
        assert is_worked(moment.date()), event.envelope.id
        assert 8 <= moment.hour < 18, event.envelope.id
        assert moment < STORY_ENDS


def test_acts_are_recorded_within_a_day_but_for_one_that_says_why() -> None:
    late: list[Event] = []
    for event in acts():
        assert event.envelope.recordedtime is not None
        lag = datetime.fromisoformat(event.envelope.recordedtime) - datetime.fromisoformat(event.envelope.time)
        assert lag > timedelta(0), event.envelope.id
        if lag > timedelta(days=1):
            late.append(event)
    assert [event.envelope.id for event in late] == ["P-2026-006.delivery.record.1"]
    assert late[0].payload.late_entry_reason


def test_a_project_file_is_in_order_of_time() -> None:
    for events in county().values():
        times = [datetime.fromisoformat(event.envelope.time) for event in events]
        assert times == sorted(times)


def test_nobody_and_nothing_is_named_that_was_not_registered() -> None:
    registers = {
        *("unit.register", "person.register", "supplier.register", "post.define", "auth.vest", "auth.grant"),
        "project.open",
    }
    known = {event.envelope.subject for event in acts() if event.act.type in registers}
    known |= {link.payload.account for link in acts() if isinstance(link.payload, AccountLink)}
    named = {tag for event in acts() for tag in event.tags if kind_of(tag) not in ("body", "system")}
    assert named <= known


def test_the_county_is_as_large_as_promised() -> None:
    opened = [event.payload for event in acts() if isinstance(event.payload, ProjectOpen)]
    units = {event.envelope.subject for event in acts() if isinstance(event.payload, UnitRegister)}
    assert len(units) >= 4
    assert len(opened) >= 14
    assert len(on_projects()) >= 450
    assert {payload.kind for payload in opened} == {"goods", "services", "works"}
    assert {payload.method for payload in opened} >= {
        *("open_tender", "consultation", "negotiation", "quotation", "single_source"),
        *("e_marketplace", "self_organised"),
    }
    assert any(payload.joint for payload in opened)


def test_the_whole_lifecycle_happens() -> None:
    outside = {"SETUP", "OVERSIGHT", "AUTHORITY"}
    unused = {"budget.adjust", "complaint.receive", "complaint.respond", "retention.refund", "file.dispose"}
    done = {event.act.type for event in acts()}
    assert {act.type for act in base_catalogue().acts.values() if act.stage not in outside} - done == unused
    assert done >= {"control.register", "acting.appoint", "auth.revoke", "auth.suspend", "auth.resume", "act.correct"}


@pytest.mark.parametrize("violation", planted()["violation"], ids=lambda violation: violation["rule"])
def test_a_planted_violation_points_at_acts_of_its_project(violation: dict[str, Any]) -> None:
    found = {key(event): event for event in acts()}
    judged = [found[act["source"], act["id"]] for act in violation["acts"]]
    pair = violation["rule"].startswith("SOD")
    assert {event.envelope.subject for event in judged} == {violation["project"]}
    assert len(judged) == (2 if pair else 1)
    assert ("basis" in violation) == pair
    assert violation["why_zh"]
    assert violation["why_en"]
    if "grant" in violation and not pair:
        assert judged[0].envelope.authority == violation["grant"]


def test_every_demanded_violation_is_planted_once_in_a_project_of_its_own() -> None:
    violations = planted()["violation"]
    assert {violation["rule"] for violation in violations} == DEMANDED
    assert len(violations) == len(DEMANDED)
    assert len({violation["project"] for violation in violations}) == len(violations)


def test_the_signer_and_the_acceptor_are_two_accounts_of_one_person() -> None:
    conflict = next(violation for violation in planted()["violation"] if violation["rule"] == "SOD-03")
    links = [event.payload for event in acts() if isinstance(event.payload, AccountLink)]
    accounts = {link.account for link in links if link.person in conflict["persons"]}
    found = {key(event): event for event in acts()}
    signed, accepted = (found[act["source"], act["id"]] for act in conflict["acts"])
    hands = {participant.actor for participant in accepted.payload.participants}
    assert len(accounts) == 2
    assert signed.envelope.actor in accounts
    assert accounts & hands == accounts - {signed.envelope.actor}


def test_the_demo_asks_about_acts_and_projects_that_exist() -> None:
    showcase = planted()["showcase"]
    found = {key(event): event for event in acts()}
    projects = {event.envelope.subject for event in on_projects()}
    assert {showcase["replay"], showcase["conflict"]} <= projects
    assert showcase.keys() == {"replay", "conflict", "who", "over_ceiling", "retroactive"}
    for name in ("who", "over_ceiling", "retroactive"):
        assert found[showcase[name]["source"], showcase[name]["id"]].act.needs_grant


def test_who_authorised_it_is_answered_by_three_grants_under_a_root() -> None:
    grants = {event.payload.grant: event.payload for event in acts() if isinstance(event.payload, AuthGrant)}
    act = planted()["showcase"]["who"]
    event = next(event for event in acts() if key(event) == (act["source"], act["id"]))
    chain: list[str] = []
    grant = event.envelope.authority
    while grant in grants:
        chain.append(grant)
        grant = grants[grant].parent
    assert len(chain) == 3
    assert grant in {event.envelope.subject for event in acts() if event.act.type == "auth.vest"}
