"""The catalogue: what the shipped one promises, and what a pack may add to it or must be refused for."""

import time
from itertools import combinations
from typing import Any, cast, get_args

import msgspec
import pytest

from contracts.catalogue import (
    EVERY_PAIR_ROLES_MAX,
    PROJECT_STAGES,
    STAGES_OUTSIDE_PAIRS,
    BadCatalogue,
    Catalogue,
    Duty,
    Severity,
    base_catalogue,
)
from contracts.faults import pointer
from contracts.payloads import CatalogueExtend, ContractSign, Payload
from contracts.references import KINDS

BASE = base_catalogue()
ROW = ["IMPORTED", "E", "x_loader", "load", "装货", "Load"]
GOOD_ROW = ["CONTRACT", *ROW[1:]]
"""A row that an act of any name may have: stages of their own are for `x.…` alone."""
NOTHING: dict[str, Any] = {}
EVERY = {"prefix": "X", "roles": ["x_a", "x_b", "x_c"], "severity": "HIGH", "force": "UNIT", "citation": "4-eyes"}
ROLES = {name: [name, name] for name in ("x_a", "x_b", "x_c")}


def pack(**members: Any) -> CatalogueExtend:
    return CatalogueExtend(pack="test", **members)


def act(*options: Any, row: list[Any] = ROW) -> CatalogueExtend:
    """Return a pack of one act, `x.load`, with these options."""
    return pack(acts={"x.load": [*row, *options]})


def extended(*packs: CatalogueExtend) -> Catalogue:
    catalogue = BASE
    for each in packs:
        catalogue = catalogue.extend(each)
    return catalogue


def resolves(document: Any, at: str) -> bool:
    """Say whether a JSON pointer leads into the document, or to a member just beyond it (RFC 6901)."""
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in at.split("/")[1:]]
    for number, each in enumerate(tokens):
        if isinstance(document, list):
            items = cast("list[Any]", document)
            if not (each.isdigit() and int(each) < len(items)):
                return False
            document = items[int(each)]
        elif isinstance(document, dict):
            members = cast("dict[str, Any]", document)
            if each not in members:
                return number == len(tokens) - 1
            document = members[each]
        else:
            return False
    return at == "" or at.startswith("/")


def wrong_at(*packs: CatalogueExtend) -> list[str]:
    """Return where the faults of the last of these packs are."""
    before = extended(*packs[:-1])
    with pytest.raises(BadCatalogue) as caught:
        before.extend(packs[-1])
    document = msgspec.to_builtins(packs[-1])
    for fault in caught.value.faults:
        assert fault.code
        assert fault.message
        assert fault.pointer in str(caught.value)
        assert resolves(document, fault.pointer), fault.pointer
    return [fault.pointer for fault in caught.value.faults]


# The shipped catalogue


def test_every_act_has_a_stage_a_class_a_role_and_two_names() -> None:
    for name, each in BASE.acts.items():
        assert each.type == name
        assert each.stage in PROJECT_STAGES | STAGES_OUTSIDE_PAIRS
        assert each.act_class in "DESR"
        assert each.role in BASE.roles
        assert each.object
        assert each.zh
        assert each.en
        assert each.subject_kinds
        assert each.subject_kinds <= set(KINDS)
        assert issubclass(each.payload, Payload)


def test_a_decision_needs_a_grant_unless_said_otherwise_and_nothing_else_does() -> None:
    without = {name for name, each in BASE.acts.items() if each.act_class == "D" and not each.needs_grant}
    assert without == {
        *("role.assign", "role.release", "auth.grant", "auth.suspend", "auth.resume", "auth.revoke", "auth.ratify"),
        *(
            "acting.appoint",
            "acting.end",
            "finding.dispose",
            "appraisal.publish",
            "log.rotate_key",
            "log.succeed",
            "data.erase",
        ),
    }
    assert all(each.act_class == "D" for each in BASE.acts.values() if each.needs_grant)


def test_acts_that_are_decided_outside_too() -> None:
    assert {name for name, each in BASE.acts.items() if each.decided_outside} == {
        *("budget.approve", "budget.adjust", "method.change")
    }


def test_acts_of_several_people() -> None:
    assert {name: each.joint_min for name, each in BASE.acts.items() if each.joint_min != 1} == {
        "req.review": 4,
        "eval.organise": 2,
        "contract.sign": 2,
        "contract.amend": 2,
        "accept.perform": 2,
    }


def test_what_must_come_first_exists_and_is_never_the_act_itself() -> None:
    for each in BASE.acts.values():
        before = {name for entry in each.after for name in entry.removeprefix("=").split("|")}
        assert before <= BASE.acts.keys()
        assert each.type not in before


def test_the_seal_needs_no_grant() -> None:
    assert not BASE.acts["seal.use"].needs_grant


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        *(("contract.sign", True), ("contract.review", True), ("notice.publish", True), ("coi.declare", False)),
        *(("recusal.decide", False), ("auth.grant", False), ("supervise.inspect", False), ("finding.dispose", False)),
    ],
)
def test_declarations_recusals_and_disposals_make_no_pair(name: str, counts: bool) -> None:
    assert BASE.acts[name].counts_for_pairs is counts


def test_acts_on_a_project_are_about_a_project() -> None:
    exceptions = {"payee.maintain", "perf.evaluate", "file.archive", "file.dispose", "report.publish"}
    for name, each in BASE.acts.items():
        if each.stage in PROJECT_STAGES - {"SUPERVISION"} and name not in exceptions:
            assert each.subject_kinds == frozenset(("project",)), name


def test_pairs_are_between_duties_there_are() -> None:
    special = {"@D", "@E", "@any", "@employee", "@agency", "@regulator"}
    for rule, pair in BASE.pairs.items():
        assert pair.rule == rule
        assert pair.severity in get_args(Severity)
        for side in pair.sides:
            assert side
            assert {duty.role for duty in side} <= BASE.roles.keys() | special


def test_sides_are_read_with_their_alternatives_and_functions() -> None:
    assert BASE.pairs["SOD-03"].sides == ((Duty("contract_signer"),), (Duty("acceptor"),))
    assert BASE.pairs["SOD-02"].sides[1] == (Duty("document_checker"), Duty("document_approver"))
    assert BASE.pairs["SOD-14"].sides[0][2] == Duty("plan_preparer", "expert")
    assert BASE.pairs["SOD-15"].sides == ((Duty("evaluator", "expert"),), (Duty("@employee"),))
    assert BASE.pairs["SOD-20"].when == "unit.kind=central_purchasing_body"
    assert BASE.pairs["SOD-40"].scope == "supplier"
    assert {rule for rule, pair in BASE.pairs.items() if not pair.on} == {"SOD-38"}


def test_methods_without_some_acts_are_methods_or_organisations() -> None:
    assert set(BASE.skip) == {"single_source", "framework_call", "e_marketplace", "agreement_supply", "below_threshold"}
    for skipped in BASE.skip.values():
        assert skipped <= BASE.acts.keys()


def test_the_shipped_catalogue_is_read_once() -> None:
    assert base_catalogue() is BASE


# What a pack adds


def test_a_pack_adds_an_act_and_its_role() -> None:
    catalogue = extended(act())
    found = catalogue.acts["x.load"]
    assert (found.stage, found.act_class, found.role, found.object) == ("IMPORTED", "E", "x_loader", "load")
    assert (found.zh, found.en, found.needs_grant, found.joint_min, found.after) == ("装货", "Load", False, 1, ())
    assert found.payload is Payload
    assert "x_loader" in catalogue.roles


def test_the_catalogue_that_was_extended_stays_as_it_was() -> None:
    extended(act(), pack(roles=ROLES))
    assert "x.load" not in BASE.acts
    assert not BASE.roles.keys() & ROLES.keys()


def test_options_of_an_act_are_read() -> None:
    options = {"auth": 0, "ext": 1, "joint": 3, "after": ["=contract.sign|contract.amend"], "payload": "ContractSign"}
    found = extended(act(options | {"subject": ["project", "unit"]}, row=["CONTRACT", "D", *ROW[2:]])).acts["x.load"]
    assert (found.needs_grant, found.decided_outside, found.joint_min) == (False, True, 3)
    assert found.after == ("=contract.sign|contract.amend",)
    assert found.payload is ContractSign
    assert found.subject_kinds == frozenset(("project", "unit"))


def test_a_decision_of_a_pack_needs_a_grant() -> None:
    assert extended(act(row=["CONTRACT", "D", *ROW[2:]])).acts["x.load"].needs_grant


def test_a_pack_may_name_the_role_its_own_act_exercises() -> None:
    catalogue = extended(pack(acts={"x.load": ROW}, roles={"x_loader": ["装卸工", "Loader"]}))
    assert (catalogue.roles["x_loader"].zh, catalogue.roles["x_loader"].en) == ("装卸工", "Loader")


def test_acts_of_a_pack_may_follow_each_other() -> None:
    both = pack(acts={"x.one": [*ROW, {"after": ["x.two"]}], "x.two": [*ROW, {"after": ["=contract.sign"]}]})
    assert extended(both).acts["x.one"].after == ("x.two",)


def test_a_pack_adds_a_pair() -> None:
    row = ["x_a|x_b:expert", "@E", "LOW", "UNIT", "house rule", {"scope": "supplier", "off": 1}]
    pair = extended(pack(roles=ROLES, incompatible={"X-1": row})).pairs["X-1"]
    assert pair.sides == ((Duty("x_a"), Duty("x_b", "expert")), (Duty("@E"),))
    assert (pair.severity, pair.force, pair.citation) == ("LOW", "UNIT", "house rule")
    assert (pair.scope, pair.on) == ("supplier", False)


def test_every_two_of_some_roles_are_incompatible() -> None:
    before = len(BASE.pairs)
    added = [
        pair
        for rule, pair in extended(pack(roles=ROLES, incompatible_every=EVERY)).pairs.items()
        if rule not in BASE.pairs
    ]
    assert {frozenset(duty.role for side in pair.sides for duty in side) for pair in added} == {
        frozenset(two) for two in combinations(ROLES, 2)
    }
    assert {(pair.severity, pair.force, pair.citation) for pair in added} == {("HIGH", "UNIT", "4-eyes")}
    assert len(extended(pack(roles=ROLES, incompatible_every=EVERY)).pairs) == before + 3


def test_a_role_named_twice_is_not_incompatible_with_itself() -> None:
    every = EVERY | {"roles": ["x_a", "x_a", "x_b"]}
    assert len(extended(pack(roles=ROLES, incompatible_every=every)).pairs) == len(BASE.pairs) + 1


def test_saying_it_again_changes_nothing() -> None:
    said = pack(acts={"x.load": ROW}, roles=ROLES, incompatible={"X-1": ["x_a", "x_b", "LOW", "UNIT", ""]})
    assert extended(said) == extended(said, said)


def test_an_empty_pack_adds_nothing() -> None:
    assert extended(pack()) == BASE


# What a pack may not do


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [
        pytest.param(pack(), pack(acts={"contract.sign": ROW}), "/acts/contract.sign"),
        (pack(), pack(acts={"contract.sign": GOOD_ROW}), "/acts/contract.sign"),
        (act(), act(row=["IMPORTED", "D", *ROW[2:]]), "/acts/x.load"),
        (act(), act(row=[*ROW[:2], "x_other", *ROW[3:]]), "/acts/x.load"),
        (act(), act(row=[*ROW[:5], "Another name"]), "/acts/x.load"),
        (act(), act({"joint": 2}), "/acts/x.load"),
        (pack(), pack(roles={"cashier": ["出纳员", "Somebody else"]}), "/roles/cashier"),
        (pack(), pack(incompatible={"SOD-03": ["acceptor", "cashier", "LOW", "NORM", ""]}), "/incompatible/SOD-03"),
    ],
)  # fmt: skip
def test_no_pack_changes_what_is_there(first: CatalogueExtend, second: CatalogueExtend, at: str) -> None:
    assert at in wrong_at(first, second)


def test_no_pack_changes_the_pairs_of_another_by_naming_every_two_again() -> None:
    first = pack(roles=ROLES, incompatible_every=EVERY)
    assert wrong_at(first, pack(incompatible_every=EVERY | {"severity": "LOW"}))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "x",
            "x.",
            ".x",
            "x..y",
            "X.load",
            "x.Load",
            "x load",
            "x.lo-ad",
            "x.装货",
            "x.load\n",
            "x.a/b",
            "1.load",
        ),
        "x." + "a" * 127,
    ],
)
def test_an_act_is_named_in_words_joined_by_dots(name: str) -> None:
    assert wrong_at(pack(acts={name: GOOD_ROW})) == [pointer("/acts", name)]


def test_an_act_has_a_name_of_at_most_128_characters() -> None:
    assert extended(pack(acts={"x." + "a" * 126: ROW}))


@pytest.mark.parametrize(
    ("row", "at"),
    [
        *(([], ""), (ROW[:5], ""), ([*ROW, NOTHING, NOTHING], ""), ([None, *ROW[1:]], "")),
        *(([*ROW[:2], 5, *ROW[3:]], ""), ([*ROW, 1], "/6"), ([*ROW, None], "/6"), ([*ROW, list[Any]()], "/6")),
    ],
)
def test_a_row_of_another_shape_is_refused(row: list[Any], at: str) -> None:
    assert wrong_at(pack(acts={"x.load": row})) == [f"/acts/x.load{at}"]


@pytest.mark.parametrize(
    ("row", "at"),
    [
        (["IMPORTED", "X", *ROW[2:]], "/acts/x.load/1"),
        (["IMPORTED", "", *ROW[2:]], "/acts/x.load/1"),
        (["IMPORTED", "E", "X_Loader", *ROW[3:]], "/acts/x.load/2"),
        (["IMPORTED", "E", "装卸工", *ROW[3:]], "/acts/x.load/2"),
        (["IMPORTED", "E", "", *ROW[3:]], "/acts/x.load/2"),
        (["IMPORTED", "E", "@D", *ROW[3:]], "/acts/x.load/2"),
    ],
)
def test_a_bad_word_in_a_row_is_pointed_to(row: list[Any], at: str) -> None:
    assert wrong_at(pack(acts={"x.load": row})) == [at]


def test_only_acts_of_their_own_make_stages_of_their_own() -> None:
    assert wrong_at(pack(acts={"load.truck": ROW})) == ["/acts/load.truck/0"]


@pytest.mark.parametrize(
    "options",
    [
        *({"payload": "Nothing"}, {"payload": "Part"}, {"payload": None}, {"payload": "msgspec"}, {"bogus": 1}),
        *({"after": ["no.such"]}, {"after": ["contract.sign|no.such"]}, {"Auth": 1}, {"subject": ["planet"]}),
        {"subject": "project"},
    ],
)
def test_an_option_that_says_nothing_known_is_refused(options: dict[str, Any]) -> None:
    assert all(at.startswith("/acts/x.load/6") for at in wrong_at(act(options)))


@pytest.mark.parametrize(
    "options",
    [
        *({"joint": "two"}, {"joint": None}, {"joint": []}, {"after": 5}, {"after": None}, {"after": [1]}),
        *({"after": [None]}, {"subject": 5}, {"subject": [["unit"]]}, {"subject": [1]}),
        pytest.param({"subject": None}),
    ],
)
def test_an_option_of_the_wrong_type_is_a_fault(options: dict[str, Any]) -> None:
    assert all(at.startswith("/acts/x.load/6") for at in wrong_at(act(options)))


@pytest.mark.parametrize(
    "options",
    [
        *({"joint": 1.5}, {"joint": -3}, {"joint": 0}, {"joint": "2"}, {"auth": "no"}, {"ext": "0"}),
        pytest.param({"auth": None}),
        {"subject": list[str]()},
    ],
)
def test_an_option_is_not_guessed(options: dict[str, Any]) -> None:
    assert all(at.startswith("/acts/x.load/6") for at in wrong_at(act(options)))


@pytest.mark.parametrize("payload", ["CatalogueExtend", "ActCorrect", "DataErase"])
def test_no_act_but_the_shipped_ones_changes_how_others_are_read(payload: str) -> None:
    assert wrong_at(act({"payload": payload})) == ["/acts/x.load/6/payload"]


@pytest.mark.parametrize(
    ("roles", "at"),
    [
        ({"X_a": ["a", "a"]}, "/roles/X_a"),
        ({"x a": ["a", "a"]}, "/roles/x a"),
        ({"x_a\n": ["a", "a"]}, "/roles/x_a\n"),
        ({"@D": ["a", "a"]}, "/roles/@D"),
        ({"x_a": ["a"]}, "/roles/x_a"),
        ({"x_a": []}, "/roles/x_a"),
        ({"x_a": ["a", "b", "c"]}, "/roles/x_a"),
    ],
)
def test_a_bad_role_is_refused(roles: dict[str, list[str]], at: str) -> None:
    assert wrong_at(pack(roles=roles)) == [at]


@pytest.mark.parametrize(
    ("row", "at"),
    [
        ([], ""),
        (["x_a", "x_b", "LOW", "UNIT"], ""),
        (["x_a", "x_b", "LOW", "UNIT", "", NOTHING, NOTHING], ""),
        (["x_a", "x_b", "LOW", "UNIT", "", 1], "/5"),
        (["x_a", "x_b", "LOW", "UNIT", "", {"bogus": 1}], "/5/bogus"),
        ([1, "x_b", "LOW", "UNIT", ""], ""),
        (["nobody", "x_b", "LOW", "UNIT", ""], "/0"),
        (["", "x_b", "LOW", "UNIT", ""], "/0"),
        (["x_a", "x_b|", "LOW", "UNIT", ""], "/1"),
        (["x_a", "x_b|nobody", "LOW", "UNIT", ""], "/1"),
        (["x_a", "x_b:wizard", "LOW", "UNIT", ""], "/1"),
        (["x_a", "@boss", "LOW", "UNIT", ""], "/1"),
        (["x_a", "@D:expert", "LOW", "UNIT", ""], "/1"),
        (["x_a", "x_b", "low", "UNIT", ""], "/2"),
        (["x_a", "x_b", "LOW", "UNITS", ""], "/3"),
    ],
)
def test_a_bad_pair_is_refused(row: list[Any], at: str) -> None:
    assert wrong_at(pack(roles=ROLES, incompatible={"X-1": row})) == [f"/incompatible/X-1{at}"]


@pytest.mark.parametrize("options", [{"scope": "galaxy"}, {"scope": 1}, {"when": 5}, {"when": []}, {"off": "no"}])
def test_a_bad_option_of_a_pair_is_refused(options: dict[str, Any]) -> None:
    assert wrong_at(pack(roles=ROLES, incompatible={"X-1": ["x_a", "x_b", "LOW", "UNIT", "", options]}))


@pytest.mark.parametrize(
    "every",
    [
        {},
        {"prefix": "X"},
        EVERY | {"roles": "x_a"},
        EVERY | {"roles": 5},
        EVERY | {"prefix": 1},
        EVERY | {"severity": "HI"},
        EVERY | {"severity": None},
        EVERY | {"force": "MUST"},
        EVERY | {"roles": ["x_a", "nobody"]},
        EVERY | {"roles": ["x_a", None]},
        pytest.param(
            EVERY | {"roles": ["x_a", ["x_b"]]},
        ),
    ],
)
def test_a_bad_rule_for_every_pair_is_refused(every: dict[str, Any]) -> None:
    assert wrong_at(pack(roles=ROLES, incompatible_every=every))


def test_all_faults_are_named_at_once() -> None:
    bad = pack(
        acts={"X.load": ROW, "x.load": ["IMPORTED", "Q", "Q", *ROW[3:]], "contract.sign": GOOD_ROW},
        roles={"Q": ["q", "q"]},
        incompatible={"X-1": ["nobody", "acceptor:wizard", "?", "?", ""]},
        incompatible_every={},
    )
    assert set(wrong_at(bad)) >= {
        *("/acts/X.load", "/acts/x.load/1", "/acts/x.load/2", "/acts/contract.sign", "/roles/Q", "/incompatible/X-1/0"),
        *("/incompatible/X-1/1", "/incompatible/X-1/2", "/incompatible/X-1/3"),
        *(f"/incompatible_every/{member}" for member in ("prefix", "roles", "severity", "force")),
    }


# How long it takes


def seconds(said: CatalogueExtend) -> float:
    began = time.thread_time()
    try:
        BASE.extend(said)
    except BadCatalogue as exc:
        assert exc.faults  # noqa: PT017 - both outcomes are fine, only the time counts
    return time.thread_time() - began


def every_of(count: int, *, known: bool) -> CatalogueExtend:
    names = [f"x_{number}" for number in range(count)]
    roles = {name: ["a", "b"] for name in names} if known else {}
    return pack(roles=roles, incompatible_every=EVERY | {"roles": names})


def test_thousands_of_acts_are_read_at_once() -> None:
    assert seconds(pack(acts={f"x.a{number}": ROW for number in range(2_000)})) < 0.5


def test_an_act_may_follow_thousands() -> None:
    assert seconds(act({"after": ["|".join(["no.such"] * 8_000)]})) < 0.5


def test_every_two_of_roles_nobody_knows_are_refused_in_no_quadratic_time() -> None:
    small = min(seconds(every_of(60, known=False)) for _ in range(3))
    assert seconds(every_of(240, known=False)) < 9 * small  # linear: 4; quadratic: 16


def test_every_two_of_as_many_roles_as_may_be_are_read_at_once() -> None:
    """They are n²/2 pairs, so that there is a limit."""
    assert seconds(every_of(EVERY_PAIR_ROLES_MAX, known=True)) < 1


@pytest.mark.parametrize("known", [True, False])
def test_every_two_of_more_roles_are_refused_at_once(known: bool) -> None:
    assert wrong_at(every_of(EVERY_PAIR_ROLES_MAX + 1, known=known)) == ["/incompatible_every/roles"]
    assert seconds(every_of(2_000, known=known)) < 0.5
