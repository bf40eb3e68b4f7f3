"""The registers of people, posts and units: one person under all accounts, at both clocks."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Database, TestLedger
from tests.registers import CHIEF, CLERK, DEPUTY, Register, granted, opened, said, seated, vested, withdrawn

REGISTERED = "2024-01-01T09:00:00+08:00"
POST = "post:U1/CG"


@pytest.fixture
def register(database: Database, ledger: TestLedger) -> Iterator[Register]:
    with opened(database, ledger) as own:
        yield own


def person(who: str, employer: str | None = None, at: str = REGISTERED) -> dict[str, Any]:
    return said("person.register", who, "person:HR", at, **({"employer": employer} if employer else {}))


def unit(which: str, parent: str | None = None, at: str = REGISTERED, **data: Any) -> dict[str, Any]:
    return said("unit.register", which, "person:REG", at, **({"parent": parent} if parent else {}), **data)


def linked(account: str, who: str, at: str) -> dict[str, Any]:
    return said("account.link", who, "person:HR", at, account=account, person=who)


def unlinked(account: str, who: str, at: str) -> dict[str, Any]:
    return said("account.unlink", who, "person:HR", at, account=account)


def posts(answer: Any) -> list[tuple[str, bool]]:
    return [(term["post"], term["now"]) for term in answer["posts"]]


# Persons


def test_accounts_are_one_person_back_over_history_once_the_link_is_known(register: Register) -> None:
    """The account had the post for a year before anybody said whose it was."""
    register.post(
        person(CLERK, "unit:U1"),
        seated("account:oa/7", POST, "2024-02-01"),
        vested("grant:R"),
        granted("grant:1", POST),
        linked("account:oa/7", CLERK, "2025-02-01T09:00:00+08:00"),
    )
    now = register.ask(f"/v1/persons/{CLERK}", as_of="2024-06-30")
    assert now["accounts"] == [{"account": "account:oa/7", "from": None, "until": None}]
    assert (posts(now), [each["grant"] for each in now["grants"]]) == ([(POST, True)], ["grant:1"])
    then = register.ask(f"/v1/persons/{CLERK}", as_of="2024-06-30", known_at="2025-01-31")
    assert (then["accounts"], then["posts"], then["grants"]) == ([], [], [])
    assert (then["registered"], then["employer"]) == (True, "unit:U1")


def test_an_account_is_answered_for_as_its_person(register: Register) -> None:
    register.post(
        person(CLERK), linked("account:oa/7", CLERK, "2025-02-01T09:00:00+08:00"), seated(CLERK, POST, "2024-02-01")
    )
    found = register.ask("/v1/persons/account:oa%2F7")
    assert (found["person"], posts(found)) == (CLERK, [(POST, True)])
    assert found == register.ask("/v1/persons/CLERK", as_of=found["as_of"], known_at=found["known_at"])
    register.post(seated("account:oa/8", POST, "2024-02-01"))
    alone = register.ask("/v1/persons/account:oa%2F8")
    assert (alone["person"], alone["registered"]) == ("account:oa/8", False), "linked to nobody, a person of its own"


def test_an_account_passes_to_another_person(register: Register) -> None:
    """Until the unlink it was the first one's, from then on the second's: at both clocks."""
    register.post(
        person(CLERK),
        person(CHIEF),
        linked("account:oa/7", CLERK, "2024-02-01T09:00:00+08:00"),
        unlinked("account:oa/7", CLERK, "2025-01-01T00:00:00+08:00"),
        linked("account:oa/7", CHIEF, "2025-01-01T00:00:00+08:00"),
    )
    handover = "2024-12-31T16:00:00Z"
    assert register.ask(f"/v1/persons/{CLERK}")["accounts"] == [
        {"account": "account:oa/7", "from": None, "until": handover}
    ]
    assert register.ask(f"/v1/persons/{CHIEF}")["accounts"] == [
        {"account": "account:oa/7", "from": handover, "until": None}
    ]
    whose = {at: register.ask("/v1/persons/account:oa%2F7", as_of=at)["person"] for at in ("2024-12-31", "2025-01-01")}
    assert whose == {"2024-12-31": CLERK, "2025-01-01": CHIEF}
    before = register.ask(f"/v1/persons/{CLERK}", known_at="2024-12-30")
    assert before["accounts"] == [{"account": "account:oa/7", "from": None, "until": None}]


def test_a_link_made_in_error_is_as_if_it_never_was_once_withdrawn(register: Register) -> None:
    wrong = linked("account:oa/7", CLERK, "2024-02-01T09:00:00+08:00")
    register.post(person(CLERK), wrong, withdrawn(wrong, "2025-01-01T09:00:00+08:00"))
    assert register.ask(f"/v1/persons/{CLERK}")["accounts"] == []
    assert len(register.ask(f"/v1/persons/{CLERK}", known_at="2024-12-31")["accounts"]) == 1


def test_a_relief_ends_the_term_before_it(register: Register) -> None:
    relief = said("post.relieve", POST, "person:HR", "2025-03-01T00:00:00+08:00", post=POST, person=CLERK)
    register.post(seated(CLERK, POST, "2024-02-01"), relief, seated(CLERK, "post:U1/CW", "2025-03-01", "2025-12-31"))
    terms = register.ask(f"/v1/persons/{CLERK}", as_of="2025-06-30")["posts"]
    assert [(term["post"], term["from"], term["until"], term["now"]) for term in terms] == [
        (POST, "2024-01-31T16:00:00Z", "2025-02-28T16:00:00Z", False),
        ("post:U1/CW", "2025-02-28T16:00:00Z", "2025-12-31T16:00:00Z", True),
    ]
    known_before = register.ask(f"/v1/persons/{CLERK}", as_of="2025-06-30", known_at="2025-02-28")
    assert posts(known_before) == [(POST, True)]


def test_grants_held_are_live_ones_in_person_or_by_a_post_of_the_moment(register: Register) -> None:
    register.post(
        seated(CLERK, POST, "2024-02-01", "2024-12-31"),
        vested("grant:R"),
        granted("grant:own", CLERK),
        granted("grant:post", POST),
        granted("grant:over", CLERK, valid_until="2024-03-31"),
        granted("grant:other", CHIEF),
    )
    held = {
        at: [each["grant"] for each in register.ask(f"/v1/persons/{CLERK}", as_of=at)["grants"]]
        for at in ("2024-03-31", "2024-12-31", "2025-01-01")
    }
    assert held == {
        "2024-03-31": ["grant:own", "grant:post", "grant:over"],
        "2024-12-31": ["grant:own", "grant:post"],
        "2025-01-01": ["grant:own"],
    }


def test_persons_of_a_unit_work_for_it_or_are_in_a_post_of_it(register: Register) -> None:
    register.post(
        person("person:A", "unit:U1"),
        person("person:B", "unit:U2"),
        person("person:B", "unit:U1", at="2025-01-01T09:00:00+08:00"),
        person("person:C", "unit:U2"),
        seated("account:oa/c", POST, "2024-02-01", "2024-12-31"),
        linked("account:oa/c", "person:C", "2024-01-05T09:00:00+08:00"),
        person("person:D", "unit:U11"),
        seated("person:D", "post:U11/CG", "2024-02-01"),
    )

    def listed(**asked: Any) -> list[str]:
        return [each["person"] for each in register.ask("/v1/persons", **asked)["items"]]

    assert listed(unit="unit:U1", as_of="2024-12-31") == ["person:A", "person:C"]
    assert listed(unit="unit:U1", as_of="2025-01-02") == ["person:A", "person:B"]
    assert listed() == ["person:A", "person:B", "person:C", "person:D"]
    assert listed(q="OA/") == ["person:C"]
    assert listed(q="n:d") == ["person:D"]
    first = register.ask("/v1/persons", limit=3)
    assert [each["person"] for each in first["items"]] == ["person:A", "person:B", "person:C"]
    assert listed(after=first["next"]) == ["person:D"]
    assert listed(known_at="2023-12-31") == []


def test_who_is_in_no_act_is_not_found(register: Register) -> None:
    register.post(unit("unit:U1"))
    for path in ("/v1/persons/person:GHOST", "/v1/posts/U1/GHOST", "/v1/units/unit:GHOST"):
        assert register.ask(path, status=404)["title"]


# Posts


def test_a_post_with_its_definitions_holders_and_grants(register: Register) -> None:
    def defined(at: str, **data: Any) -> dict[str, Any]:
        return said("post.define", POST, "person:HR", at, post=POST, **data)

    register.post(
        defined(REGISTERED, name="采购专员", designation="procurement_officer", key_post=True, acts=["contract.sign"]),
        defined("2025-01-01T00:00:00+08:00", name="采购主管", designation="lead_department"),
        seated(CLERK, POST, "2024-02-01", "2024-12-31"),
        seated(CHIEF, POST, "2025-01-01"),
        vested("grant:R"),
        granted("grant:1", POST),
    )
    found = register.ask("/v1/posts/U1/CG", as_of="2024-06-30")
    definition = found["definition"]
    assert (definition["name"], definition["key_post"], definition["unit"]) == ("采购专员", True, "unit:U1")
    assert definition["acts"] == ["contract.sign"]
    assert [(term["person"], term["now"]) for term in found["holders"]["items"]] == [(CLERK, True), (CHIEF, False)]
    assert [each["grant"] for each in found["grants"]["items"]] == ["grant:1"]
    assert register.ask("/v1/posts/post:U1%2FCG", as_of="2025-01-01")["definition"]["name"] == "采购主管"
    assert register.ask("/v1/posts/U1/CG", known_at="2024-01-31")["holders"]["items"] == []
    page = register.ask("/v1/posts/U1/CG", limit=1)["holders"]
    assert [term["person"] for term in page["items"]] == [CLERK]
    rest = register.ask("/v1/posts/U1/CG", limit=1, after=page["next"])
    assert ([term["person"] for term in rest["holders"]["items"]], rest["grants"]["items"]) == ([CHIEF], [])


# Units


def test_a_unit_with_those_above_and_below_it_and_its_posts(register: Register) -> None:
    register.post(
        unit("unit:TOP", name="县政府"),
        unit("unit:U1", "unit:TOP", name="县一中", kind="purchaser", jurisdiction="350121"),
        unit("unit:U2", "unit:U1"),
        unit("unit:U3", "unit:U1"),
        unit("unit:U3", "unit:TOP", at="2025-01-01T09:00:00+08:00"),
        said("post.define", POST, "person:HR", REGISTERED, post=POST, name="采购专员"),
        seated(CLERK, POST, "2024-02-01", "2024-12-31"),
        seated(DEPUTY, "post:U1/CW", "2024-02-01"),
        seated(CHIEF, "post:U11/CG", "2024-02-01"),
    )
    found = register.ask("/v1/units/unit:U1", as_of="2024-06-30")
    assert (found["unit"]["name"], found["unit"]["jurisdiction"]) == ("县一中", "350121")
    assert [each["unit"] for each in found["above"]] == ["unit:TOP"]
    assert [each["unit"] for each in found["children"]["items"]] == ["unit:U2", "unit:U3"]
    assert [(each["post"], each["name"], each["holders"]) for each in found["posts"]["items"]] == [
        (POST, "采购专员", [CLERK]),
        ("post:U1/CW", None, [DEPUTY]),
    ]
    now = register.ask("/v1/units/U1", as_of="2025-06-30")
    assert [each["unit"] for each in now["children"]["items"]] == ["unit:U2"], "U3 has another parent since"
    assert [each["holders"] for each in now["posts"]["items"]] == [[], [DEPUTY]]
    assert [each["unit"] for each in register.ask("/v1/units/U1", known_at="2024-12-31")["children"]["items"]] == [
        "unit:U2",
        "unit:U3",
    ]
    deep = register.ask("/v1/units/U2", as_of="2025-06-30")
    assert [each["unit"] for each in deep["above"]] == ["unit:U1", "unit:TOP"]


def test_units_that_are_each_others_parents_end_the_chain(register: Register) -> None:
    register.post(unit("unit:A", "unit:B"), unit("unit:B", "unit:A"))
    assert [each["unit"] for each in register.ask("/v1/units/A")["above"]] == ["unit:B"]


def test_units_are_listed_by_name_or_reference(register: Register) -> None:
    register.post(unit("unit:U2", name="县医院"), unit("unit:U1", name="县一中"), unit("unit:U3"))

    def listed(**asked: Any) -> list[str]:
        return [each["unit"] for each in register.ask("/v1/units", **asked)["items"]]

    assert listed() == ["unit:U1", "unit:U2", "unit:U3"]
    assert listed(q="医院") == ["unit:U2"]
    assert listed(q="u3") == ["unit:U3"]
    first = register.ask("/v1/units", limit=2)
    assert (len(first["items"]), listed(after=first["next"])) == (2, ["unit:U3"])
    assert listed(as_of="2023-12-31") == []
