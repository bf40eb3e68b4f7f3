"""The generated province: the same each time, as deep as it says, admitted whole, and wrong only where it says so."""

from collections import Counter
from typing import Any

import pytest

from bench.generator import SIZES, acts, lines, plan, planted, units_of
from bench.planting import FOUND, PLANTS
from bench.province import province
from contracts.catalogue import base_catalogue
from contracts.event import read_event

PROJECTS = 220
Acts = list[dict[str, Any]]


@pytest.fixture(scope="module")
def told() -> Acts:
    return list(acts(7, PROJECTS, wrong=0.5))


def test_the_same_seed_tells_the_same_bytes_and_another_seed_others() -> None:
    assert list(lines(7, 30)) == list(lines(7, 30))
    assert list(lines(7, 30)) != list(lines(8, 30))


def test_every_act_is_admitted() -> None:
    catalogue = base_catalogue()
    for line in lines(7, PROJECTS, wrong=0.5):
        read_event(line, catalogue)  # raises BadEvent


def test_acts_come_in_the_order_in_which_they_happened(told: Acts) -> None:
    times = [act["time"] for act in told]
    assert times == sorted(times)


def test_acts_are_recorded_within_ten_minutes_but_where_that_is_what_is_wrong(told: Acts) -> None:
    late = {key for each in planted(7, PROJECTS, wrong=0.5) if each.rule == "LED-02" for key in each.acts}
    assert late
    for act in told:
        in_time = act["time"][:10] == act["recordedtime"][:10]
        in_time = in_time and 1 <= _minute(act["recordedtime"]) - _minute(act["time"]) <= 9
        assert in_time != ((act["source"], act["id"]) in late)


def test_everybody_is_registered_before_anything_is_bought_however_many_they_are() -> None:
    projects = SIZES["3m"]
    registered = max(story.told[-1][0] for story in province(units_of(projects)))
    assert registered < min(facts.opened for facts in plan(7, projects))


def test_no_key_is_told_twice_and_no_grant_is_named_twice(told: Acts) -> None:
    assert len({(act["source"], act["id"]) for act in told}) == len(told)
    names = [act["data"]["grant"] for act in told if act["type"] in ("auth.vest", "auth.grant")]
    assert len(set(names)) == len(names)


def test_grants_reach_from_one_to_four_below_a_root_and_contracts_are_signed_at_each_depth(told: Acts) -> None:
    parents = {act["data"]["grant"]: act["data"]["parent"] for act in told if act["type"] == "auth.grant"}
    depths = {name: _depth(name, parents) for name in parents}
    assert set(depths.values()) == {1, 2, 3, 4}
    signed = Counter(depths.get(act.get("authority", "")) for act in told if act["type"] == "contract.sign")
    assert set(signed) >= {1, 2, 3, 4}


def test_a_grant_is_made_before_the_act_that_cites_it_but_where_that_is_what_is_wrong(told: Acts) -> None:
    made = {act["data"]["grant"]: act["recordedtime"] for act in told if act["type"] in ("auth.vest", "auth.grant")}
    late = {each.grant for each in planted(7, PROJECTS, wrong=0.5) if each.rule == "AUT-12"}
    assert late
    for act in told:
        if "authority" in act:
            assert (made[act["authority"]] > act["time"]) == (act["authority"] in late)


def test_most_decisions_cite_their_grant_and_some_do_not(told: Acts) -> None:
    wrong = {each.project for each in planted(7, PROJECTS, wrong=0.5)}
    decided = [act for act in told if act["type"] in ("plan.approve", "contract.sign", "pay.approve")]
    cited = ["authority" in act for act in decided if act["subject"] not in wrong]
    assert 0.75 < sum(cited) / len(cited) < 0.95


def test_some_act_under_accounts_and_every_account_is_linked_before(told: Acts) -> None:
    linked = {act["data"]["account"]: act["time"] for act in told if act["type"] == "account.link"}
    used = [act for act in told if act["actor"].startswith("account:")]
    assert used
    assert all(linked[act["actor"]] < act["time"] for act in used)


def test_one_project_has_about_a_thousand_acts(told: Acts) -> None:
    most = Counter(act["subject"] for act in told if act["subject"].startswith("project:")).most_common(2)
    assert 950 <= most[0][1] <= 1_150
    assert most[1][1] < 100


def test_what_is_planted_names_acts_that_were_told_and_people_who_did_them(told: Acts) -> None:
    by_key = {(act["source"], act["id"]): act for act in told}
    accounts = {act["data"]["account"]: act["data"]["person"] for act in told if act["type"] == "account.link"}
    found = list(planted(7, PROJECTS, wrong=0.5))
    assert {each.rule for each in found} == FOUND
    for each in found:
        named = [by_key[key] for key in each.acts]
        granting = [act for act in named if act["type"] == "auth.grant"]
        for act in named:
            assert act["subject"] == (act["data"]["grant"] if act in granting else each.project)
            hands = [act["actor"], *(one["actor"] for one in act["data"].get("participants", ()))]
            people = [accounts.get(hand, hand) for hand in hands]
            if act in granting or not granting:  # what is wrong with a grant is the grantor's doing alone
                assert not each.persons or set(each.persons) & set(people)
            assert each.persons or act["actor"].startswith("body:") or each.rule == "NEG-09"


def test_every_family_of_rules_about_projects_is_planted_by_itself_or_with_what_says_the_same() -> None:
    families = {rule.partition("-")[0] for rule in FOUND}
    assert families == {"AUT", "SOD", "JNT", "INT", "CHN", "AMT", "DDL", "DIS", "BND", "NEG", "LED"}
    alone = [name for name, plant in PLANTS.items() if len(plant.wrongs) == 1]
    assert len(alone) > 80
    assert all(plant.wrongs[0].rule == name for name, plant in PLANTS.items())


def test_about_one_project_in_a_hundred_is_wrong_unless_asked_otherwise() -> None:
    assert 20 <= len(list(planted(1, 4_000))) <= 60


def _depth(name: str, parents: dict[str, str]) -> int:
    return 1 + (_depth(parents[name], parents) if parents[name] in parents else 0)


def _minute(moment: str) -> int:
    return int(moment[11:13]) * 60 + int(moment[14:16])
