"""The register of grants as people ask it: a unit's tree, what is left, who uses it, what revoking would cut off."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import Database, TestLedger
from tests.registers import (
    CHIEF,
    CLERK,
    DEPUTY,
    HEAD,
    Register,
    granted,
    opened,
    said,
    seated,
    signed,
    vested,
    withdrawn,
)

AS_OF: dict[str, Any] = {"as_of": "2025-06-30"}


@pytest.fixture
def register(database: Database, ledger: TestLedger) -> Iterator[Register]:
    with opened(database, ledger) as own:
        yield own


def tree(answer: Any) -> list[tuple[int, str, str | None]]:
    return [(item["depth"], item["grant"]["grant"], item["parent"]) for item in answer["items"]]


def names(answer: Any) -> list[str]:
    return [item["grant"] for item in answer["items"]]


# The tree of a unit


def test_a_units_grants_are_a_tree_depth_first(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:2", CHIEF),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:21", CLERK, by=CHIEF, parent="grant:2"),
        vested("grant:OTHER", unit="unit:U2"),
        granted("grant:O1", CLERK, parent="grant:OTHER", unit="unit:U2"),
    )
    found = register.ask("/v1/units/unit:U1/grants", **AS_OF)
    assert tree(found) == [
        (0, "grant:R", None),
        (1, "grant:1", "grant:R"),
        (2, "grant:11", "grant:1"),
        (1, "grant:2", "grant:R"),
        (2, "grant:21", "grant:2"),
    ]
    assert [item["below"] for item in found["items"]] == [2, 1, 0, 1, 0]
    assert register.ask("/v1/units/U1/grants", **AS_OF)["items"] == found["items"], "the kind may be left out"


def test_what_names_a_unit_or_is_a_posts_of_it_is_its_too(register: Register) -> None:
    """By the scope of a grant made elsewhere, by the name of the post; what is below comes with it."""
    register.post(
        vested("grant:R", unit="unit:TOP"),
        granted("grant:named", DEPUTY, unit="unit:TOP", scope={"acts": ["contract.sign"], "units": ["unit:U1"]}),
        granted("grant:below", CLERK, by=DEPUTY, parent="grant:named", unit="unit:TOP"),
        granted("grant:post", "post:U1/CG", unit="unit:TOP"),
        granted("grant:other", "post:U11/CG", unit="unit:TOP"),
        granted("grant:else", CHIEF, unit="unit:TOP"),
    )
    assert tree(register.ask("/v1/units/unit:U1/grants", **AS_OF)) == [
        (0, "grant:named", "grant:R"),
        (1, "grant:below", "grant:named"),
        (0, "grant:post", "grant:R"),
    ]


def test_a_grant_without_a_parent_stands_below_its_grantors_root(register: Register) -> None:
    """The root's holder made it under an account; the root may be a post's, held when the grant was made."""
    link = said("account.link", HEAD, "person:HR", "2023-01-02T09:00:00+08:00", account="account:oa/h", person=HEAD)
    register.post(
        link,
        seated(CHIEF, "post:U1/HEAD", "2023-01-01"),
        vested("grant:R", unit="unit:TOP", scope={"units": ["unit:U1"]}),
        vested("grant:P", "post:U1/HEAD"),
        granted("grant:by-account", CLERK, by="account:oa/h", parent=None, unit="unit:TOP"),
        granted("grant:by-post", CLERK, by=CHIEF, parent=None, unit="unit:TOP"),
        granted("grant:by-nobody", CLERK, by=DEPUTY, parent=None, unit="unit:TOP"),
    )
    assert tree(register.ask("/v1/units/unit:U1/grants", **AS_OF)) == [
        (0, "grant:R", None),
        (1, "grant:by-account", "grant:R"),
        (0, "grant:P", None),
        (1, "grant:by-post", "grant:P"),
    ]


def test_the_tree_pages_and_grants_made_meanwhile_disturb_no_page(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:2", CHIEF),
    )
    first = register.ask("/v1/units/U1/grants", limit=2, **AS_OF)
    assert [each[1] for each in tree(first)] == ["grant:R", "grant:1"]
    register.post(granted("grant:3", CHIEF), granted("grant:12", CHIEF, by=DEPUTY, parent="grant:1"))
    second = register.ask("/v1/units/U1/grants", limit=3, after=first["next"], **AS_OF)
    assert [each[:2] for each in tree(second)] == [(2, "grant:11"), (2, "grant:12"), (1, "grant:2")]
    third = register.ask("/v1/units/U1/grants", after=second["next"], **AS_OF)
    assert ([each[1] for each in tree(third)], third["next"]) == (["grant:3"], None)
    assert register.ask("/v1/units/U1/grants", status=400, after="bm90aGluZw", **AS_OF)["status"] == 400


def test_the_tree_as_known_then(register: Register) -> None:
    late = granted("grant:late", CLERK, at="2024-05-01T09:00:00+08:00")
    register.post(vested("grant:R"), late, withdrawn(late, "2025-02-01T09:00:00+08:00"))
    found = {day: tree(register.ask("/v1/units/U1/grants", known_at=day)) for day in ("2024-04-30", "2025-01-31")}
    assert [len(each) for each in found.values()] == [1, 2]
    assert [each[1] for each in tree(register.ask("/v1/units/U1/grants"))] == ["grant:R"], "it was an error"


def test_grants_that_rest_on_each_other_are_listed_once(register: Register) -> None:
    register.post(
        granted("grant:A", DEPUTY, by=CHIEF, parent="grant:B"),
        granted("grant:B", CHIEF, by=DEPUTY, parent="grant:A"),
    )
    assert [each[:2] for each in tree(register.ask("/v1/units/U1/grants"))] == [(0, "grant:A"), (1, "grant:B")]


# Status, use, dormancy


def test_status_is_the_grants_own_and_live_that_of_the_whole_chain(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:2", CHIEF, valid_until="2025-03-31"),
        said("auth.suspend", "grant:1", HEAD, "2025-05-01T00:00:00+08:00", grant="grant:1"),
        said("auth.resume", "grant:1", HEAD, "2025-08-01T00:00:00+08:00", grant="grant:1"),
    )

    def states(at: str) -> dict[str, tuple[str, bool]]:
        items = register.ask("/v1/units/U1/grants", as_of=at)["items"]
        return {item["grant"]["grant"]: (item["grant"]["status"], item["grant"]["live"]) for item in items}

    assert states("2025-06-30") == {
        "grant:R": ("live", True),
        "grant:1": ("suspended", False),
        "grant:11": ("live", False),
        "grant:2": ("expired", False),
    }
    assert states("2025-03-31")["grant:2"] == ("live", True), "the last day is in"
    assert states("2025-08-01")["grant:11"] == ("live", True)


def test_a_grant_is_used_by_acts_that_cite_it_or_one_below_or_rest_on_it(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:2", CHIEF),
        signed(DEPUTY, "2025-02-01T09:00:00+08:00", "10.00"),
        signed(CLERK, "2025-03-01T09:00:00+08:00", "10.00", "grant:11"),
        signed(DEPUTY, "2025-09-01T09:00:00+08:00", "10.00"),
    )
    items = register.ask("/v1/units/U1/grants", **AS_OF)["items"]
    assert {item["grant"]["grant"]: item["grant"]["last_used"] for item in items} == {
        "grant:R": "2025-03-01T01:00:00Z",
        "grant:1": "2025-03-01T01:00:00Z",
        "grant:11": "2025-03-01T01:00:00Z",
        "grant:2": None,
    }
    earlier = register.ask("/v1/units/U1/grants", as_of="2025-02-15")["items"]
    assert [item["grant"]["last_used"] for item in earlier] == ["2025-02-01T01:00:00Z"] * 2 + [None] * 2


def test_a_general_grant_that_nobody_used_for_a_year_is_dormant(register: Register) -> None:
    """Twelve months (policy `aut.dormant`) after its last use, or its start; neither roots nor special grants."""
    register.post(
        vested("grant:R"),
        granted("grant:used", DEPUTY),
        granted("grant:uncited", CHIEF),
        granted("grant:never", CLERK),
        granted("grant:special", CLERK, kind="special"),
        granted("grant:over", CLERK, valid_until="2024-12-31"),
        signed(DEPUTY, "2024-07-01T09:00:00+08:00", "10.00", "grant:used"),
        signed(CHIEF, "2024-08-01T09:00:00+08:00", "10.00"),
    )
    listed = register.ask("/v1/grants", dormant=True, as_of="2025-06-30T12:00:00+08:00")
    assert names(listed) == ["grant:never"]
    assert listed["items"][0]["dormant_since"] == "2024-01-02T16:00:00Z"
    just_a_year = register.ask("/v1/grants", dormant=True, as_of="2025-07-01T09:00:00+08:00")
    assert names(just_a_year) == ["grant:never"], "more than twelve months, not twelve"
    assert names(register.ask("/v1/grants", dormant=True, as_of="2025-07-01T09:00:01+08:00")) == [
        "grant:used",
        "grant:never",
    ]
    in_tree = register.ask("/v1/units/U1/grants", dormant=True, as_of="2025-08-02")
    assert [each[1] for each in tree(in_tree)] == ["grant:used", "grant:uncited", "grant:never"]


def test_a_general_grant_without_an_end_is_perpetual_until_it_is_over(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:open", DEPUTY, valid_until=None),
        granted("grant:special", DEPUTY, valid_until=None, kind="special"),
        granted("grant:revoked", CHIEF, valid_until=None),
        granted("grant:ends", CLERK),
        said("auth.revoke", "grant:revoked", HEAD, "2025-01-01T00:00:00+08:00", grant="grant:revoked"),
    )
    assert names(register.ask("/v1/grants", perpetual=True, **AS_OF)) == ["grant:open"]
    assert names(register.ask("/v1/grants", perpetual=True, as_of="2024-12-31")) == ["grant:open", "grant:revoked"]
    assert [each[1] for each in tree(register.ask("/v1/units/U1/grants", perpetual=True, **AS_OF))] == ["grant:open"]


# What is left


def test_what_is_left_is_measured_at_every_grant_above(register: Register) -> None:
    """Both draw on the total of grant:1; one act of another type has that total to itself (AUT-07)."""
    acts = {"acts": ["contract.sign", "award.decide"]}
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY, ceiling_total="1000.00", scope=acts),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1", ceiling_total="500.00", scope=acts),
        signed(DEPUTY, "2025-02-01T09:00:00+08:00", "300.00", "grant:1"),
        signed(CLERK, "2025-03-01T09:00:00+08:00", "200.00", "grant:11"),
        said("award.decide", "project:X", CLERK, "2025-03-02T09:00:00+08:00", amount="50.00", supplier="supplier:V"),
        signed(CLERK, "2025-09-01T09:00:00+08:00", "250.00", "grant:11"),
    )
    left = register.ask("/v1/grants/grant:11", **AS_OF)["consumption"]
    assert [(each["grant"], each["total"], each["used"], each["headroom"]) for each in left] == [
        ("grant:R", None, None, None),
        ("grant:1", "1000.00", "500.00", "500.00"),
        ("grant:11", "500.00", "200.00", "300.00"),
    ]
    assert left[2]["types"] == [
        {"type": "award.decide", "used": "50.00", "headroom": "450.00"},
        {"type": "contract.sign", "used": "200.00", "headroom": "300.00"},
    ]
    later = register.ask("/v1/grants/grant:11", as_of="2025-12-31")["consumption"]
    assert [each["headroom"] for each in later] == [None, "250.00", "50.00"]
    in_tree = register.ask("/v1/units/U1/grants", **AS_OF)["items"]
    assert [item["consumption"]["used"] for item in in_tree] == ["500.00", "500.00", "200.00"]


def test_a_total_of_the_fiscal_year_begins_anew_with_it(register: Register) -> None:
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY, ceiling_total="1000.00", total_window="fiscal_year"),
        signed(DEPUTY, "2024-12-31T23:00:00+08:00", "700.00"),
        signed(DEPUTY, "2025-01-01T00:00:00+08:00", "100.00"),
    )
    for at, used, year in (("2024-12-31", "700.00", 2024), ("2025-01-01", "100.00", 2025)):
        (own,) = register.ask("/v1/grants/grant:1", as_of=at)["consumption"][1:]
        begins, ends = f"{year - 1}-12-31T16:00:00Z", f"{year}-12-31T16:00:00Z"
        assert (own["used"], own["window"]["kind"]) == (used, "fiscal_year")
        assert [_utc(own["window"][each]) for each in ("starts", "ends")] == [begins, ends]


def _utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_total_of_what_is_paid_counts_payments_up_to_the_moment(register: Register) -> None:
    """Also those after the last act by the grant; what is paid on another contract is not."""

    def paid(at: str, amount: str, contract: str = "C1") -> dict[str, Any]:
        return said("pay.execute", "project:X", CLERK, at, payment=f"P{at}", contract=contract, amount=amount)

    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY, ceiling_total="1000.00", total_basis="paid"),
        signed(DEPUTY, "2025-02-01T09:00:00+08:00", "900.00"),
        paid("2025-03-01T09:00:00+08:00", "300.00"),
        paid("2025-05-01T09:00:00+08:00", "200.00"),
        paid("2025-05-02T09:00:00+08:00", "111.00", "C-OTHER"),
    )
    for at, used, left in (
        ("2025-02-28", "0.00", None),
        ("2025-04-30", "300.00", "700.00"),
        ("2025-06-30", "500.00", "500.00"),
    ):
        own = register.ask("/v1/grants/grant:1", as_of=at)["consumption"][1]
        assert (own["basis"], own["used"], own["headroom"]) == ("paid", used, left or "1000.00")


def test_an_act_that_cannot_be_measured_leaves_the_rest_unknown(register: Register) -> None:
    unsaid = said("contract.sign", "project:X", DEPUTY, "2025-02-01T09:00:00+08:00", contract="C2")
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY, ceiling_total="1000.00"),
        unsaid,
        signed(DEPUTY, "2025-03-01T09:00:00+08:00", "100.00"),
    )
    own = register.ask("/v1/grants/grant:1", **AS_OF)["consumption"][1]
    assert (own["used"], own["headroom"], own["measured"]) == ("100.00", None, False)


def test_acts_under_a_grant_are_those_that_rest_on_it_or_below_it(register: Register) -> None:
    *_, by_deputy, cited, uncited, elsewhere = register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:2", CHIEF),
        signed(DEPUTY, "2025-02-01T09:00:00+08:00", "10.00"),
        signed(CLERK, "2025-02-02T09:00:00+08:00", "10.00", "grant:11"),
        signed(CLERK, "2025-02-03T09:00:00+08:00", "10.00"),
        signed(CHIEF, "2025-02-04T09:00:00+08:00", "10.00"),
    )
    found = register.ask("/v1/grants/1", **AS_OF)
    acts = [(each["position"], each["grant"], each["cites"], each["verdict"]) for each in found["acts"]["items"]]
    assert acts == [
        (by_deputy, "grant:1", None, "VALID"),
        (cited, "grant:11", "grant:11", "VALID"),
        (uncited, "grant:11", None, "VALID"),
    ]
    assert found["grant"]["last_used"] == "2025-02-03T01:00:00Z"
    page = register.ask("/v1/grants/1", limit=2, **AS_OF)["acts"]
    rest = register.ask("/v1/grants/1", limit=2, after=page["next"], **AS_OF)["acts"]
    assert [each["position"] for each in (*page["items"], *rest["items"])] == [by_deputy, cited, uncited]
    assert rest["next"] is None
    assert [each["position"] for each in register.ask("/v1/grants/2", **AS_OF)["acts"]["items"]] == [elsewhere]


def test_what_is_wrong_with_a_grant_itself_is_said_of_that_grant(register: Register) -> None:
    """Passed on without leave (AUT-08), wider than its parent (AUT-17), endless (AUT-22, AUT-23), dormant (AUT-23)."""
    register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY, sub_delegable=False, ceiling_item="100.00"),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1", ceiling_item="200.00", valid_until=None),
    )

    def faults(name: str, at: str) -> set[str]:
        found = register.ask(f"/v1/grants/{name}", as_of=at)["faults"]
        assert {each["grant"] for each in found} <= {f"grant:{name}"}
        return {each["code"] for each in found}

    assert faults("1", "2024-06-30") == set()
    assert faults("1", "2025-06-30") == {"AUT-23"}
    assert faults("11", "2024-06-30") == {"AUT-08", "AUT-17", "AUT-22", "AUT-23"}


# What a revocation would cut off


def test_a_revocation_ends_what_rests_on_the_grant_and_stores_nothing(register: Register) -> None:
    register.post(
        seated(CLERK, "post:U1/CG", "2024-01-01"),
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", "post:U1/CG", by=DEPUTY, parent="grant:1"),
        granted("grant:111", CHIEF, by=CLERK, parent="grant:11", valid_until="2025-03-31"),
        granted("grant:2", CHIEF),
    )
    found = register.ask("/v1/grants/grant:1/revocation", effective_at="2025-07-01", **AS_OF)
    ended = [(each["grant"], each["grantee"], each["holders"]) for each in found["ended"]["items"]]
    assert ended == [("grant:1", DEPUTY, [DEPUTY]), ("grant:11", "post:U1/CG", [CLERK])]
    assert found["effective_at"] == "2025-06-30T16:00:00Z"
    before = register.ask("/v1/grants/grant:1/revocation", effective_at="2025-03-01", **AS_OF)
    assert [each["grant"] for each in before["ended"]["items"]] == ["grant:1", "grant:11", "grant:111"]
    assert register.ask("/v1/grants/grant:11", as_of="2025-08-01")["grant"]["live"], "it is a question, not an act"


def test_who_has_another_grant_for_the_same_is_not_left_without(register: Register) -> None:
    """For the same acts in the same units; a live one, under whatever account or post."""
    both = {"acts": ["contract.sign", "award.decide"], "units": ["unit:U1"]}
    link = said("account.link", CHIEF, "person:HR", "2023-01-02T09:00:00+08:00", account="account:oa/c", person=CHIEF)
    register.post(
        link,
        seated(CLERK, "post:U1/CG", "2024-01-01"),
        vested("grant:R"),
        granted("grant:1", DEPUTY, scope=both),
        granted("grant:chief", CHIEF, by=DEPUTY, parent="grant:1"),
        granted("grant:clerk", CLERK, by=DEPUTY, parent="grant:1"),
        granted("grant:chiefs-own", "account:oa/c", scope={"acts": ["contract.sign"]}),
        granted("grant:posts-own", "post:U1/CG", scope={"acts": ["award.decide"]}),
        granted("grant:deputys-own", DEPUTY, scope={"acts": ["award.decide"], "units": ["unit:U2"]}),
    )
    found = register.ask("/v1/grants/grant:1/revocation", effective_at="2025-07-01", **AS_OF)
    left = [(each["holder"], each["grant"], each["acts"], each["units"]) for each in found["left_without"]["items"]]
    assert left == [
        (CLERK, "grant:clerk", ["contract.sign"], ["unit:U1"]),
        (DEPUTY, "grant:1", ["award.decide", "contract.sign"], ["unit:U1"]),
    ]
    assert found["counts"] == {"ended": 3, "left_without": 2, "acts": 0}


def test_acts_done_since_then_that_rest_on_it_are_counted_and_paged(register: Register) -> None:
    *_, before, first, second = register.post(
        vested("grant:R"),
        granted("grant:1", DEPUTY),
        granted("grant:11", CLERK, by=DEPUTY, parent="grant:1"),
        signed(DEPUTY, "2025-02-01T09:00:00+08:00", "10.00"),
        signed(CLERK, "2025-03-01T00:00:00+08:00", "10.00"),
        signed(DEPUTY, "2025-04-01T09:00:00+08:00", "10.00"),
    )
    asked: dict[str, Any] = {"effective_at": "2025-03-01", **AS_OF}
    found = register.ask("/v1/grants/1/revocation", limit=1, **asked)
    assert found["counts"]["acts"] == 2
    assert [each["position"] for each in found["acts"]["items"]] == [first]
    more = register.ask("/v1/grants/1/revocation", limit=1, after=found["acts"]["next"], **asked)
    assert [each["position"] for each in more["acts"]["items"]] == [second]
    assert (more["acts"]["next"], more["ended"], more["counts"]) == (None, {"items": [], "next": None}, found["counts"])
    assert before < first


def test_a_moment_that_is_none_and_a_grant_that_is_none_are_refused(register: Register) -> None:
    register.post(vested("grant:S/1"))
    problem = register.ask("/v1/grants/grant:S%2F1/revocation", status=400, effective_at="soon")
    assert [each["pointer"] for each in problem["errors"]] == ["/effective_at"]
    assert register.ask("/v1/grants/grant:S%2F1/revocation")["counts"]["ended"] == 1
    register.ask("/v1/grants/grant:GHOST/revocation", status=404)


def test_a_body_and_its_grant_are_shown_too(register: Register) -> None:
    *_, act = register.post(
        vested("grant:R", "body:党组会"),
        said("contract.sign", "project:X", "body:党组会", "2025-02-01T09:00:00+08:00", amount="10.00", contract="C1"),
    )
    found = register.ask("/v1/grants/R", **AS_OF)
    assert [each["position"] for each in found["acts"]["items"]] == [act]
    ended = register.ask("/v1/grants/R/revocation", effective_at="2025-07-01", **AS_OF)["ended"]["items"]
    assert [each["holders"] for each in ended] == [["body:党组会"]]


def test_what_rests_on_a_root_without_naming_it_is_counted_with_it(register: Register) -> None:
    *_, below, by_root = register.post(
        vested("grant:R"),
        granted("grant:1", CHIEF, parent=None),
        signed(CHIEF, "2025-02-01T09:00:00+08:00", "7.00"),
        signed(HEAD, "2025-02-02T09:00:00+08:00", "3.00"),
    )
    found = register.ask("/v1/grants/R", **AS_OF)
    assert [each["position"] for each in found["acts"]["items"]] == [below, by_root]
    assert found["consumption"][-1]["used"] == "10.00"
    cut = register.ask("/v1/grants/R/revocation", effective_at="2025-01-15", **AS_OF)
    assert cut["counts"]["acts"] == 2
