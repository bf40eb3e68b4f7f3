"""Who authorised each act of a project: which acts are in the list."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Database, TestLedger
from tests.registers import CHIEF, CLERK, HEAD, UNIT, Register, granted, opened, said, signed, vested

_X = "project:X"
_FEBRUARY = "2025-02-01T09:00:00+08:00"
_MARCH = "2025-03-01T09:00:00+08:00"


@pytest.fixture
def register(database: Database, ledger: TestLedger) -> Iterator[Register]:
    with opened(database, ledger) as own:
        yield own


def on_project(type: str, actor: str, **data: Any) -> dict[str, Any]:
    return said(type, _X, actor, _MARCH, unit=UNIT, **data)


def test_what_an_agency_its_staff_or_a_system_did_is_judged_with_what_needs_a_grant(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", CHIEF),
        said("person.register", CLERK, "person:HR", _FEBRUARY, employer="agency:Z"),
        said("person.register", "person:OWN", "person:HR", _FEBRUARY, employer=UNIT),
        said("account.link", CLERK, "person:HR", _FEBRUARY, account="account:oa/7", person=CLERK),
        said("agency.sign", _X, HEAD, _FEBRUARY, unit=UNIT, agency="agency:Z"),
    )
    wanted = register.post(
        on_project("doc.prepare", CLERK),
        on_project("doc.prepare", "account:oa/7"),
        on_project("bid.open", "agency:Z"),
        signed(CHIEF, _MARCH, "100.00", "grant:1"),
        on_project("pay.approve", "system:oa", payment="P1", amount="1.00"),
        on_project("req.prepare", CLERK),
    )
    register.post(
        on_project("doc.prepare", "person:OWN"),
        on_project("coi.declare", CLERK, none=True),
        on_project("doc.prepare", "system:oa"),
    )
    found = register.ask("/v1/projects/X/authority")["items"]
    verdicts = {each["act"]["position"]: each["verdict"] for each in found}
    agreement = min(verdicts)
    assert verdicts.pop(agreement) == "VALID"  # HEAD signed it, by original authority
    assert verdicts == dict(zip(wanted, ["VALID", "VALID", "VALID", "VALID", "UNPROVEN", "INVALID"], strict=True))


def test_paging_leaves_no_act_out_where_some_of_a_page_need_nothing(register: Register) -> None:
    register.post(vested("grant:R"), granted("grant:1", CHIEF))
    acts = [
        each
        for number in range(4)
        for each in (on_project("doc.prepare", "system:oa"), signed(CHIEF, _MARCH, f"{number}.00", "grant:1"))
    ]
    positions = register.post(*acts)[1::2]
    found: list[int] = []
    after: dict[str, Any] = {}
    while True:
        page = register.ask("/v1/projects/X/authority", limit=1, **after)
        found += [each["act"]["position"] for each in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == positions
