"""
Who authorised this: the failures that other acts, other grants and the unit's own rules decide.

AUT-10 where two chains run against each other, AUT-13 to 16 and 19 to 23, and the totals of AUT-07. Each is asked where
it fires, at its boundary, and of a look-alike that is in order. Expected values are the words of `docs/authority.md`,
the contract (§3) and the failure catalogue (domain §4.3).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest

from contracts.catalogue import base_catalogue
from contracts.moments import parse_instant
from contracts.payloads import Reserved
from projector.authority.facts import (
    Acting,
    Agreement,
    Employed,
    Exercised,
    Grant,
    JudgedAct,
    LinkSpan,
    PostDefined,
    Project,
    Role,
    Term,
)
from projector.authority.judge import Judgement, judge, uses_of
from projector.policies import PolicyStated, UnitPolicies
from tests.unit.test_authority_judgement import (
    ACTED,
    BEFORE,
    BEFORE_ACT,
    MICROSECOND,
    act,
    change,
    changes,
    codes,
    facts,
    failed,
    grant,
    judged,
    late_until,
    root,
)

MADE = parse_instant(BEFORE)
LONG_AGO = parse_instant("2025-01-01T00:00:00+08:00")
P, Q, HEAD = "person:P", "person:Q", "person:HEAD"

_places = count(2000)


def faults(found: Judgement, code: str) -> list[str | None]:
    """Return the grants that have this fault, by the way that the answer rests on."""
    assert found.best is not None
    return [mark.grant for mark in found.best.of("FAULT") if mark.code == code]


def done(type: str, actor: str, at: datetime = BEFORE_ACT, **fields: Any) -> JudgedAct:
    """Return another act on the same subject; its actor exercised its duty, in `function` where one is given."""
    meaning = base_catalogue().acts[type]
    function = fields.pop("function", None)
    given: dict[str, Any] = {
        "position": next(_places),
        "act_class": meaning.act_class,
        "people": (Exercised(actor, meaning.role, function, "lead"),),
    }
    return act(type, actor=actor, time=at, **given | fields)


def series(questions: Sequence[JudgedAct], *grants: Grant, **more: Any) -> list[Judgement]:
    """Judge acts that all are known, each with what those before it used and drew."""
    known = facts(*grants, acts=tuple(questions), **more)
    uses = uses_of(known, late_until)
    return [judge(each, known, late_until, uses) for each in questions]


def project(**said: Any) -> Project:
    given: dict[str, Any] = {"units": frozenset({"unit:U1"}), "category": None, "methods": ()}
    return Project(**given | said)


def policy(**said: Any) -> UnitPolicies:
    starts: datetime = said.get("starts", LONG_AGO)
    given: dict[str, Any] = {
        "unit": "unit:U1",
        "policy": "P1",
        "position": next(_places),
        "known_from": starts,
        "time": starts,
        "starts": starts,
        "ends": None,
    }
    return UnitPolicies((PolicyStated(**given | said),))


def reserved(type: str = "contract.sign", amount_from: str | None = None) -> Reserved:
    return msgspec.convert({"act": type, "amount_from": amount_from}, Reserved)


def in_post(post: str, person: str, starts: datetime = LONG_AGO, *, is_end: bool = False) -> Term:
    return Term(
        post=post,
        person=person,
        position=next(_places),
        known_from=starts,
        time=starts,
        starts=starts,
        ends=None,
        is_end=is_end,
    )


# AUT-10: two chains that run against each other


def opposite(**said: Any) -> list[Grant]:
    """P, whose own root it is, has authorised HEAD; then HEAD authorises P."""
    back = {"made": (MADE - timedelta(days=1)).isoformat(), **said}
    return [
        root(),
        root("grant:OWN", P, scope={"acts": ["plan.approve"]}),
        grant("grant:BACK", HEAD, grantor=P, parent="grant:OWN", **back),
        grant(),
    ]


@pytest.mark.aut("AUT-10", "fires")
def test_who_authorised_another_is_not_authorised_back_for_the_same() -> None:
    assert failed(judged(act(), *opposite(scope={"acts": ["contract.sign"]}))) == [("AUT-10", "grant:G")]
    assert codes(judged(act(), *opposite(scope={"acts": ["contract.sign", "pay.approve"]}))) == ["AUT-10"]


@pytest.mark.aut("AUT-10", "boundary")
def test_of_two_grants_that_run_against_each_other_the_later_closes_the_circle() -> None:
    scope = {"acts": ["contract.sign"]}
    later = (MADE + MICROSECOND).isoformat()
    assert judged(act(), *opposite(scope=scope, made=later)).verdict == "VALID", "it is the other one then"
    assert codes(judged(act(), *opposite(scope=scope, made=BEFORE))) == ["AUT-10"], "the same instant: recorded before"
    found = judged(act(actor=HEAD, authority="grant:BACK"), *opposite(scope=scope, made=later))
    assert found.citation is not None
    assert ("AUT-10", "grant:BACK") in [(mark.code, mark.grant) for mark in found.citation.marks]


@pytest.mark.aut("AUT-10", "silent")
def test_a_grant_the_other_way_for_other_acts_closes_no_circle() -> None:
    signing = grant(scope={"acts": ["contract.sign"]})
    *back, _ = opposite(scope={"acts": ["plan.approve"]})
    assert judged(act(), *back, signing).verdict == "VALID"
    assert codes(judged(act(), *back, grant())) == ["AUT-10"], "this one covers plans too"
    theirs = msgspec.structs.replace(back[-1], grantor=Q)
    assert judged(act(), root(), theirs, grant()).verdict == "VALID", "Q's, not P's"


@pytest.mark.aut("AUT-10", "silent")
def test_a_grant_the_other_way_on_another_project_closes_no_circle() -> None:
    """No act is covered by both."""
    *back, _ = opposite(scope={"acts": ["contract.sign"], "projects": ["project:Y"]})
    assert judged(act(), *back, grant(scope={"projects": ["project:X"]})).verdict == "VALID"
    assert codes(judged(act(), *back, grant(scope={"projects": ["project:X", "project:Y"]}))) == ["AUT-10"]


@pytest.mark.aut("AUT-10", "boundary", "silent")
@pytest.mark.parametrize(
    ("ended", "expected"), [(MADE - MICROSECOND, []), (MADE, []), (MADE + MICROSECOND, ["AUT-10"])]
)
def test_only_a_live_grant_the_other_way_closes_a_circle(ended: datetime, expected: list[str]) -> None:
    pair = opposite(scope={"acts": ["contract.sign"]})
    revoked = changes(change("revoke", ended, name="grant:BACK"))
    assert codes(judged(act(), *pair, changes=revoked)) == expected
    over = opposite(scope={"acts": ["contract.sign"]}, valid_until=ended.isoformat())
    assert codes(judged(act(), *over)) == expected


# AUT-13: incompatible duties


SIGNING: dict[str, Any] = {"scope": {"acts": ["contract.sign"]}}


def assigned(role: str = "acceptor", person: str = P, **said: Any) -> Role:
    given: dict[str, Any] = {
        "person": person,
        "holds": "H1",
        "role": role,
        "unit": None,
        "project": None,
        "starts": LONG_AGO,
        "ends": None,
        "is_end": False,
        "known_from": LONG_AGO,
        "position": next(_places),
    }
    return Role(**given | said)


@pytest.mark.aut("AUT-13", "fires")
def test_a_grant_that_joins_incompatible_duties_has_a_fault_and_still_serves() -> None:
    """SOD-03: who signs the contract does not accept what it delivers."""
    found = judged(act(), root(), grant(**SIGNING), roles=(assigned(),))
    assert (found.verdict, faults(found, "AUT-13")) == ("VALID", ["grant:G"])
    both = judged(act(), root(), grant(scope={"acts": ["contract.sign", "accept.perform"]}))
    assert faults(both, "AUT-13") == ["grant:G"], "it gives both duties itself"


@pytest.mark.aut("AUT-13", "fires")
def test_duties_are_held_by_posts_and_by_other_grants_too() -> None:
    defined = PostDefined("post:U1/STORE", "unit:U1", None, ["accept.perform"], LONG_AGO, LONG_AGO, next(_places))
    found = judged(act(), root(), grant(**SIGNING), posts=(defined,), terms=(in_post("post:U1/STORE", P),))
    assert faults(found, "AUT-13") == ["grant:G"]
    other = grant("grant:ACCEPT", scope={"acts": ["accept.perform"]})
    assert faults(judged(act(), root(), other, grant(**SIGNING)), "AUT-13") == ["grant:G"]


@pytest.mark.aut("AUT-13", "fires")
def test_a_post_joins_the_duties_of_whoever_is_in_it() -> None:
    deputys = grant(grantee="post:U1/DEP", **SIGNING)
    terms = (in_post("post:U1/DEP", P),)
    assert faults(judged(act(), root(), deputys, terms=terms, roles=(assigned(),)), "AUT-13") == ["grant:G"]
    others = (assigned(person=Q),)
    assert faults(judged(act(), root(), deputys, terms=terms, roles=others), "AUT-13") == []


@pytest.mark.aut("AUT-13", "silent")
def test_duties_that_are_compatible_or_meet_nowhere_are_no_fault() -> None:
    def found(*roles: Role, **said: Any) -> list[str | None]:
        return faults(judged(act(), root(), grant(**SIGNING | said), roles=roles), "AUT-13")

    assert found(assigned("contract_drafter")) == []
    assert found(assigned(person=Q)) == []
    on_x = {"scope": {"acts": ["contract.sign"], "projects": ["project:X"]}}
    assert found(assigned(project="project:Y"), **on_x) == []
    assert found(assigned(project="project:X"), **on_x) == ["grant:G"]
    assert found(assigned(unit="unit:U2"), scope={"acts": ["contract.sign"], "units": ["unit:U1"]}) == []


@pytest.mark.aut("AUT-13", "boundary")
def test_only_what_was_held_when_the_grant_was_made_is_incompatible() -> None:
    def found(*roles: Role) -> list[str | None]:
        return faults(judged(act(), root(), grant(**SIGNING), roles=roles), "AUT-13")

    assert found(assigned(starts=MADE)) == ["grant:G"]
    assert found(assigned(starts=MADE + MICROSECOND)) == []
    assert found(assigned(ends=MADE)) == []
    assert found(assigned(ends=MADE + MICROSECOND)) == ["grant:G"]
    assert found(assigned(), assigned(starts=MADE, is_end=True)) == [], "released at that instant"
    other = grant("grant:ACCEPT", scope={"acts": ["accept.perform"]})
    over = changes(change("revoke", MADE, name="grant:ACCEPT"))
    assert faults(judged(act(), root(), other, grant(**SIGNING), changes=over), "AUT-13") == []


# AUT-14: conditions


def on_condition(condition: str, *around: JudgedAct, question: JudgedAct | None = None, **more: Any) -> Judgement:
    return judged(question or act(), root(), grant(conditions=[condition]), around=around, **more)


CONDITIONS = ["concurrence:contract_reviewer", "collective_decision", "legal_review"]


def meets(condition: str, at: datetime = BEFORE_ACT, **fields: Any) -> JudgedAct:
    if condition == "collective_decision":
        return done("award.decide", "body:COUNCIL", at, **fields)
    return done("contract.review", "person:LAW", at, function="legal", **fields)


@pytest.mark.aut("AUT-14", "fires", "boundary")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_met_no_later_than_the_act(condition: str) -> None:
    missing = on_condition(condition)
    assert (missing.verdict, failed(missing)) == ("INVALID", [("AUT-14", "grant:G")])
    assert on_condition(condition, meets(condition)).verdict == "VALID"
    assert on_condition(condition, meets(condition, ACTED)).verdict == "VALID", "the same instant is in time"
    late = on_condition(condition, meets(condition, ACTED + MICROSECOND))
    assert (late.verdict, failed(late)) == ("INVALID", [("AUT-14", "grant:G")])


@pytest.mark.aut("AUT-14", "fires")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_was_refused_or_done_elsewhere_meets_no_condition(condition: str) -> None:
    assert codes(on_condition(condition, meets(condition, refused=True))) == ["AUT-14"]
    elsewhere = meets(condition, subject="project:Y", project="project:Y")
    assert codes(on_condition(condition, elsewhere)) == ["AUT-14"]


@pytest.mark.aut("AUT-14", "silent")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_of_what_was_erased_nobody_knows_whether_it_was_refused(condition: str) -> None:
    erased = meets(condition, erased=True)
    found = on_condition(condition, erased)
    unsure = [(mark.code, mark.result) for mark in found.failures]
    assert (found.verdict, unsure) == ("UNPROVEN", [("AUT-14", "UNDETERMINED")])
    assert on_condition(condition, erased, meets(condition)).verdict == "VALID", "another one meets it"


@pytest.mark.aut("AUT-14", "fires")
def test_the_condition_of_a_grant_above_binds_too() -> None:
    middle = grant("grant:M", Q, sub_delegable=True, conditions=["collective_decision"])
    leaf = grant(grantor=Q, parent="grant:M")
    assert failed(judged(act(), root(), middle, leaf)) == [("AUT-14", "grant:M")]
    decided = (meets("collective_decision"),)
    assert judged(act(), root(), middle, leaf, around=decided).verdict == "VALID"


@pytest.mark.aut("AUT-14", "fires", "silent")
def test_a_concurrence_is_somebody_elses() -> None:
    condition = "concurrence:contract_reviewer"
    assert codes(on_condition(condition, done("contract.review", P))) == ["AUT-14"]
    own = LinkSpan("account:erp/p", P, None, None)
    by_account = done("contract.review", "account:erp/p")
    assert codes(on_condition(condition, by_account, links=(own,))) == ["AUT-14"], "their own account is themselves"
    assert on_condition(condition, by_account).verdict == "VALID", "an account of nobody known is somebody else"
    assert codes(on_condition(condition, done("contract.draft", Q))) == ["AUT-14"], "that is another duty"


@pytest.mark.aut("AUT-14", "silent")
def test_the_act_itself_may_carry_the_concurrence() -> None:
    condition = "concurrence:contract_reviewer"
    signer = Exercised(P, "contract_signer", None, "lead")
    beside = act(people=(signer, Exercised(Q, "contract_reviewer", None, "countersigner")))
    assert on_condition(condition, question=beside).verdict == "VALID"
    alone = act(people=(signer, Exercised(P, "contract_reviewer", None, "countersigner")))
    assert codes(on_condition(condition, question=alone)) == ["AUT-14"]


@pytest.mark.aut("AUT-14", "fires", "silent")
def test_a_collective_decision_is_a_decision_of_a_body_of_the_unit() -> None:
    condition = "collective_decision"
    assert codes(on_condition(condition, done("award.decide", Q))) == ["AUT-14"], "a person is no body"
    assert codes(on_condition(condition, done("contract.draft", "body:COUNCIL"))) == ["AUT-14"], "it decided nothing"
    assert codes(on_condition(condition, meets(condition, unit="unit:U2"))) == ["AUT-14"], "another unit's"
    by_body = act(actor="body:COUNCIL", people=(Exercised("body:COUNCIL", "contract_signer", None, "lead"),))
    conditional = msgspec.structs.replace(grant(conditions=[condition]), grantee="body:COUNCIL")
    found = judged(by_body, root(), conditional)
    assert found.verdict == "VALID", "the act itself is the decision"


@pytest.mark.aut("AUT-14", "fires", "silent")
def test_a_legal_review_is_a_check_by_somebody_of_that_function() -> None:
    condition = "legal_review"
    assert codes(on_condition(condition, done("contract.review", Q, function="finance"))) == ["AUT-14"]
    assert codes(on_condition(condition, done("contract.draft", Q, function="legal"))) == ["AUT-14"], "no check"
    opinion = done("contract.draft", Q, documents=frozenset({"legal_opinion"}))
    assert on_condition(condition, opinion).verdict == "VALID"
    assert on_condition(condition, question=act(documents=frozenset({"legal_opinion"}))).verdict == "VALID"
    other_paper = done("contract.draft", Q, documents=frozenset({"contract"}))
    assert codes(on_condition(condition, other_paper)) == ["AUT-14"]


@pytest.mark.aut("AUT-14", "boundary")
def test_a_review_that_tells_nobodys_function_leaves_it_open() -> None:
    condition, silent = "legal_review", done("contract.review", Q)
    found = on_condition(condition, silent)
    assert (found.verdict, codes(found)) == ("UNPROVEN", ["AUT-14"])
    assert codes(on_condition(condition, done("pay.audit", Q))) == ["AUT-14"]
    assert on_condition(condition, done("pay.audit", Q)).verdict == "INVALID", "only a contract review is read so"

    def in_post_of(designation: str) -> dict[str, Any]:
        defined = PostDefined("post:U1/L", "unit:U1", designation, [], LONG_AGO, LONG_AGO, next(_places))
        return {"posts": (defined,), "terms": (in_post("post:U1/L", Q),)}

    assert on_condition(condition, silent, **in_post_of("legal")).verdict == "VALID", "their post tells"
    assert on_condition(condition, silent, **in_post_of("finance")).verdict == "INVALID"


# AUT-15: cut up to stay below a ceiling


def cut(asked: str | JudgedAct, *before: JudgedAct, grants: list[Grant] | None = None, **more: Any) -> Judgement:
    """Judge an act (or one of this amount) after these, under a ceiling of 100.00 unless said otherwise."""
    question = act(amount=Decimal(asked)) if isinstance(asked, str) else asked
    return judged(question, *(grants or [root(), grant(ceiling_item="100.00")]), around=before, **more)


def earlier(
    amount: str = "40.00", at: datetime = BEFORE_ACT, *, type: str = "contract.sign", **fields: Any
) -> JudgedAct:
    given: dict[str, Any] = {"position": next(_places), "time": at, "amount": Decimal(amount)}
    return act(type, **given | fields)


@pytest.mark.aut("AUT-15", "fires", "boundary")
def test_together_they_may_reach_the_ceiling_and_not_a_cent_more() -> None:
    assert cut("60.00", earlier("40.00")).verdict == "VALID"
    found = cut("60.01", earlier("40.00"))
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-15", "grant:G")])
    three = earlier("40.00"), earlier("40.00", BEFORE_ACT + timedelta(days=1))
    assert cut("20.00", *three).verdict == "VALID"
    assert codes(cut("20.01", *three)) == ["AUT-15"]


@pytest.mark.aut("AUT-15", "boundary")
def test_they_count_together_within_thirty_local_days() -> None:
    """The act is of 2 March, local time: the thirtieth day before it is 31 January, the thirty-first the 30th."""
    thirtieth = parse_instant("2026-01-31T00:00:00+08:00")
    assert codes(cut("60.01", earlier("40.00", thirtieth))) == ["AUT-15"]
    assert cut("60.01", earlier("40.00", thirtieth - MICROSECOND)).verdict == "VALID"
    small_hours = act(amount=Decimal("60.01"), time=parse_instant("2026-03-02T23:59:59.999999+08:00"))
    assert codes(cut(small_hours, earlier("40.00", thirtieth))) == ["AUT-15"], "the hour does not matter"
    next_day = act(amount=Decimal("60.01"), time=parse_instant("2026-03-03T00:00:00+08:00"))
    assert cut(next_day, earlier("40.00", thirtieth)).verdict == "VALID"


@pytest.mark.aut("AUT-15", "boundary")
def test_only_what_came_before_counts_as_cut_off() -> None:
    assert cut("60.01", earlier("40.00", ACTED + MICROSECOND)).verdict == "VALID"
    before_in_order = earlier("40.00", ACTED, position=999)
    after_in_order = earlier("40.00", ACTED, position=1001)
    assert codes(cut("60.01", before_in_order)) == ["AUT-15"]
    assert cut("60.01", after_in_order).verdict == "VALID"


@pytest.mark.aut("AUT-15", "silent")
def test_an_act_that_is_over_the_ceiling_itself_evades_nothing() -> None:
    assert codes(cut("100.01", earlier("40.00"))) == ["AUT-06"]
    assert cut("60.00", earlier("100.01")).verdict == "VALID"
    assert codes(cut("100.00", earlier("0.01"))) == ["AUT-15"], "both are within it"
    assert codes(cut("0.01", earlier("100.00"))) == ["AUT-15"]


@pytest.mark.aut("AUT-15", "silent")
def test_what_another_approved_was_not_cut_up_by_this_one() -> None:
    other = earlier("40.00", actor=Q)
    assert cut("60.01", other).verdict == "VALID"
    account = earlier("40.00", actor="account:erp/p")
    assert codes(cut("60.01", account, links=(LinkSpan("account:erp/p", P, None, None),))) == ["AUT-15"]
    assert cut("60.01", account).verdict == "VALID"


@pytest.mark.aut("AUT-15", "silent")
def test_only_acts_that_the_policy_names_are_looked_at() -> None:
    """`aut.split_acts`: plan.approve, award.decide, contract.sign, contract.amend."""
    payment = act("pay.approve", amount=Decimal("60.01"))
    assert cut(payment, earlier("40.00", type="pay.approve")).verdict == "VALID"
    assert cut("60.01", earlier("40.00", type="award.decide")).verdict == "VALID", "of another kind"
    amended = act("contract.amend", amount=Decimal("60.01"))
    assert codes(cut(amended, earlier("40.00"))) == ["AUT-15"], "counts with contract.sign"
    own = policy(values={"aut.split_acts": ["award.decide"]})
    assert cut("60.01", earlier("40.00"), policies=own).verdict == "VALID"
    shorter = policy(values={"aut.split_window": 9})
    assert cut("60.01", earlier("40.00"), policies=shorter).verdict == "VALID", "that was ten days before"


@pytest.mark.aut("AUT-15", "fires", "silent")
def test_acts_on_other_projects_count_where_budget_and_category_are_the_same() -> None:
    there = earlier("40.00", subject="project:Y", project="project:Y")
    line = {"budget_project": "B-7", "category": "A02010105"}

    def found(x: dict[str, str], y: dict[str, str]) -> list[str]:
        return codes(cut("60.01", there, projects={"project:X": project(**x), "project:Y": project(**y)}))

    assert found(line, line) == ["AUT-15"]
    assert found(line, {**line, "category": "A02010106"}) == []
    assert found(line, {**line, "budget_project": "B-8"}) == []
    assert found({"category": "A02010105"}, {"category": "A02010105"}) == [], "no act states the budget"
    assert cut("60.01", there).verdict == "VALID", "nothing is known of either"


@pytest.mark.aut("AUT-15", "boundary")
def test_the_smallest_ceiling_of_the_chain_is_the_one_evaded() -> None:
    middle = grant("grant:M", Q, ceiling_item="50.00", sub_delegable=True)
    links = [root(), middle, grant(grantor=Q, parent="grant:M", ceiling_item="100.00")]
    assert failed(cut("30.00", earlier("30.00"), grants=links)) == [("AUT-15", "grant:M")]
    assert cut("25.00", earlier("25.00"), grants=links).verdict == "VALID"
    assert cut("60.01", earlier("40.00"), grants=[root(), grant()]).verdict == "VALID", "no ceiling, nothing to evade"


# AUT-16: reserved to a body


@pytest.mark.aut("AUT-16", "fires", "boundary")
def test_what_is_reserved_from_an_amount_on_is_reserved_from_that_amount() -> None:
    held = root(reserved=[{"act": "contract.sign", "amount_from": "100.00"}])
    found = judged(act(amount=Decimal("100.00")), held, grant())
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-16"])
    assert judged(act(amount=Decimal("99.99")), held, grant()).verdict == "VALID"
    unsaid = judged(act(amount=None), held, grant())
    assert (unsaid.verdict, codes(unsaid)) == ("UNPROVEN", ["AUT-16"])


@pytest.mark.aut("AUT-16", "silent")
def test_a_body_decides_what_is_reserved_to_it() -> None:
    held = root(holder="body:COUNCIL", reserved=[{"act": "contract.sign"}])
    assert judged(act(actor="body:COUNCIL"), held).verdict == "VALID"
    passed_on = grant(grantor="body:COUNCIL")
    assert codes(judged(act(), held, passed_on)) == ["AUT-16"], "that it passed on leaves it reserved"
    assert judged(act(actor="system:oa", asked="body:COUNCIL"), held).verdict == "VALID"
    assert judged(act("award.decide"), held, passed_on).verdict == "VALID", "another matter"


@pytest.mark.aut("AUT-16", "fires", "boundary")
def test_a_policy_reserves_while_it_is_in_force_and_known() -> None:
    entry = {"reserved": (reserved(),)}
    assert codes(judged(act(), root(), grant(), policies=policy(**entry))) == ["AUT-16"]
    for moments, expected in (
        ({"starts": ACTED}, ["AUT-16"]),
        ({"starts": ACTED + MICROSECOND}, []),
        ({"ends": ACTED + MICROSECOND}, ["AUT-16"]),
        ({"ends": ACTED}, []),
        ({"known_from": ACTED}, ["AUT-16"]),
        ({"known_from": ACTED + MICROSECOND}, []),
    ):
        assert codes(judged(act(), root(), grant(), policies=policy(**entry, **moments))) == expected, moments


@pytest.mark.aut("AUT-16", "silent")
def test_another_units_policy_reserves_nothing_here() -> None:
    theirs = policy(unit="unit:U2", reserved=(reserved(),))
    assert judged(act(), root(), grant(), policies=theirs).verdict == "VALID"
    dearer = policy(reserved=(reserved(amount_from="100.01"),))
    assert judged(act(), root(), grant(), policies=dearer).verdict == "VALID"
    unsaid = judged(act(amount=None), root(), grant(), policies=dearer)
    assert (unsaid.verdict, codes(unsaid)) == ("UNPROVEN", ["AUT-16"])


@pytest.mark.aut("AUT-16", "fires", "silent")
def test_another_root_vested_for_the_unit_reserves_too() -> None:
    councils = root("grant:COUNCIL", "body:COUNCIL", reserved=[{"act": "contract.sign"}])
    assert codes(judged(act(), root(), grant(), councils)) == ["AUT-16"]
    elsewhere = msgspec.structs.replace(councils, unit="unit:U2")
    assert judged(act(), root(), grant(), elsewhere).verdict == "VALID"


# AUT-19: a special grant used again


def uses(*questions: JudgedAct, grants: list[Grant] | None = None, **more: Any) -> list[list[str]]:
    return [codes(each) for each in series(questions, *(grants or [root(), grant(kind="special")]), **more)]


def nth(number: int, *, type: str = "contract.sign", on: str = "project:X", **fields: Any) -> JudgedAct:
    at = ACTED + timedelta(days=number)
    return act(type, position=1000 + number, time=at, subject=on, project=on, **fields)


@pytest.mark.aut("AUT-19", "fires")
def test_a_special_grant_is_for_one_matter() -> None:
    assert uses(nth(1), nth(2)) == [[], ["AUT-19"]]
    assert uses(nth(1), nth(2, on="project:Y")) == [[], ["AUT-19"]]
    found = series([nth(1), nth(2)], root(), grant(kind="special"))[1]
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-19", "grant:G")])


@pytest.mark.aut("AUT-19", "silent")
def test_whether_a_special_grant_was_used_is_unknown_where_that_was_erased() -> None:
    second = series([nth(1, erased=True), nth(2)], root(), grant(kind="special"))[1]
    assert (second.verdict, [mark.result for mark in second.failures]) == ("UNPROVEN", ["UNDETERMINED"])
    third = series([nth(1, erased=True), nth(2), nth(3)], root(), grant(kind="special"))[2]
    assert (third.verdict, failed(third)) == ("INVALID", [("AUT-19", "grant:G")]), "the second was not"


@pytest.mark.aut("AUT-19", "silent")
def test_a_general_grant_is_used_as_often_as_one_likes() -> None:
    assert uses(nth(1), nth(2), nth(3, on="project:Y"), grants=[root(), grant()]) == [[], [], []]
    assert uses(nth(1), nth(2, type="award.decide")) == [[], []], "another type of act is another use"


@pytest.mark.aut("AUT-19", "boundary")
def test_a_total_foresees_several_acts_of_the_one_matter() -> None:
    several = [root(), grant(kind="special", ceiling_total="1000.00")]
    assert uses(nth(1), nth(2), nth(3), grants=several) == [[], [], []]
    assert uses(nth(1), nth(2, on="project:Y"), grants=several) == [[], ["AUT-19"]]


@pytest.mark.aut("AUT-19", "silent")
def test_a_refused_use_is_none() -> None:
    assert uses(nth(1, refused=True), nth(2)) == [[], []]
    assert uses(nth(1, refused=True), nth(2), nth(3)) == [[], [], ["AUT-19"]]
    assert uses(nth(1, withdrawn=True), nth(2))[1] == []


@pytest.mark.aut("AUT-19", "boundary")
def test_the_matter_is_over_when_the_project_is() -> None:
    def found(closed: datetime, position: int = 1) -> list[str]:
        projects = {"project:X": project(closed=(closed, closed, position))}
        return uses(act(), projects=projects, grants=[root(), grant(kind="special", ceiling_total="1000.00")])[0]

    assert found(ACTED - MICROSECOND) == ["AUT-19"]
    assert found(ACTED, 999) == ["AUT-19"], "in the same instant, and before it"
    assert found(ACTED, 1001) == []
    assert found(ACTED + MICROSECOND) == []
    over = {"project:X": project(closed=(LONG_AGO, LONG_AGO, 1))}
    assert uses(act(), projects=over, grants=[root(), grant()]) == [[]], "a general one outlasts the project"


@pytest.mark.aut("AUT-19", "fires")
def test_what_is_done_by_a_grant_under_it_uses_it() -> None:
    once = grant("grant:M", Q, kind="special", sub_delegable=True)
    links = [root(), once, grant(grantor=Q, parent="grant:M")]
    first, second = series([nth(1), nth(2, actor=Q)], *links)
    assert (first.verdict, failed(second)) == ("VALID", [("AUT-19", "grant:M")])


# AUT-20: principal and substitute beside each other


S = "person:S"
BEGINS, ENDS = ACTED - timedelta(days=5), ACTED + timedelta(days=5)


def appointed(**said: Any) -> Acting:
    given: dict[str, Any] = {
        "name": "A1",
        "position": next(_places),
        "known_from": BEGINS,
        "asserted": False,
        "time": BEGINS,
        "principal": P,
        "substitute": S,
        "grants": ("grant:G",),
        "acts": None,
        "ceiling_item": None,
        "currency": "CNY",
        "starts": BEGINS,
        "ends": ENDS,
    }
    return Acting(**given | said)


def beside(question: JudgedAct, other: JudgedAct) -> list[str]:
    return codes(judged(question, root(), grant(), around=(other,), actings=(appointed(),)))


@pytest.mark.aut("AUT-20", "fires", "boundary")
def test_of_principal_and_substitute_the_later_one_fails() -> None:
    principal, substitute = act(), act(actor=S, onbehalfof=P)
    just_before = ACTED - MICROSECOND
    assert beside(substitute, done("contract.sign", P, just_before)) == ["AUT-20"]
    assert beside(principal, done("contract.sign", S, just_before, onbehalfof=P)) == ["AUT-20"]
    just_after = ACTED + MICROSECOND
    assert beside(substitute, done("contract.sign", P, just_after)) == []
    assert beside(principal, done("contract.sign", S, just_after, onbehalfof=P)) == []


@pytest.mark.aut("AUT-20", "silent")
def test_principal_and_substitute_may_do_different_things() -> None:
    substitute = act(actor=S, onbehalfof=P)
    assert beside(substitute, done("contract.sign", P, subject="project:Y", project="project:Y")) == []
    assert beside(substitute, done("award.decide", P, ACTED - MICROSECOND)) == []
    assert beside(substitute, done("contract.sign", Q, ACTED - MICROSECOND)) == []


@pytest.mark.aut("AUT-20", "boundary")
def test_only_during_the_appointment_do_they_act_beside_each_other() -> None:
    substitute = act(actor=S, onbehalfof=P)
    assert beside(substitute, done("contract.sign", P, BEGINS)) == ["AUT-20"]
    assert beside(substitute, done("contract.sign", P, BEGINS - MICROSECOND)) == []
    before = done("contract.sign", S, ENDS - MICROSECOND, onbehalfof=P)
    assert beside(act(time=ENDS - MICROSECOND, position=9000), before) == ["AUT-20"]
    assert beside(act(time=ENDS, position=9000), before) == [], "it was over: the principal is back"


# AUT-21: the mandate of an agency


AGENCY = "agency:Z"


def agreement(**said: Any) -> Agreement:
    given: dict[str, Any] = {
        "agency": AGENCY,
        "position": next(_places),
        "known_from": LONG_AGO,
        "time": LONG_AGO,
        "acts": None,
        "starts": LONG_AGO,
        "ends": None,
    }
    return Agreement(**given | said)


def by_agency(type: str = "bid.open", *signed: Agreement, actor: str = AGENCY, **more: Any) -> Judgement:
    at: dict[str, Any] = {"time": more.pop("time")} if "time" in more else {}
    projects = {"project:X": project(agreements=signed)}
    return judged(act(type, actor=actor, amount=None, **at), projects=projects, **more)


@pytest.mark.aut("AUT-21", "fires", "silent")
def test_an_agency_acts_by_its_agreement() -> None:
    missing = by_agency()
    assert (missing.verdict, codes(missing)) == ("INVALID", ["AUT-21"])
    found = by_agency("bid.open", agreement())
    assert (found.verdict, codes(found)) == ("VALID", [])
    assert codes(by_agency("bid.open", agreement(agency="agency:Y"))) == ["AUT-21"], "that is another's"


@pytest.mark.aut("AUT-21", "boundary")
def test_an_agreement_holds_from_its_first_instant_and_before_its_last() -> None:
    term = agreement(time=BEFORE_ACT, starts=BEFORE_ACT, ends=ACTED)
    for at, expected in (
        (BEFORE_ACT - MICROSECOND, ["AUT-21"]),
        (BEFORE_ACT, []),
        (ACTED - MICROSECOND, []),
        (ACTED, ["AUT-21"]),
    ):
        assert codes(by_agency("bid.open", term, time=at)) == expected, at


@pytest.mark.aut("AUT-21", "fires", "silent")
def test_an_agreement_is_for_the_acts_it_names_and_by_default_for_tender_and_disclosure() -> None:
    named = agreement(acts=("bid.open",))
    assert by_agency("bid.open", named).verdict == "VALID"
    assert codes(by_agency("notice.publish", named)) == ["AUT-21"]
    for type in ("bid.open", "doc.prepare", "notice.publish", "award.publish"):
        assert by_agency(type, agreement()).verdict == "VALID", type
    for type in ("contract.draft", "accept.perform", "plan.prepare", "pay.apply"):
        assert codes(by_agency(type, agreement())) == ["AUT-21"], type
    assert by_agency("contract.draft", agreement(acts=("contract.draft",))).verdict == "VALID"


@pytest.mark.aut("AUT-21", "silent")
def test_everybody_declares_interests_without_a_mandate() -> None:
    for type in ("coi.declare", "recusal.request", "recusal.effect"):
        assert by_agency(type).verdict == "NOT_REQUIRED", type


@pytest.mark.aut("AUT-21", "fires", "silent")
def test_who_is_of_an_agency_their_employer_says() -> None:
    def works(employer: str | None, at: datetime = LONG_AGO) -> tuple[Employed, ...]:
        return (Employed(person=P, employer=employer, order=(at, at, next(_places))),)

    assert codes(by_agency(actor=P, employed=works(AGENCY))) == ["AUT-21"]
    assert by_agency("bid.open", agreement(), actor=P, employed=works(AGENCY)).verdict == "VALID"
    assert by_agency(actor=P, employed=works("unit:U1")).verdict == "NOT_REQUIRED"
    left = works(AGENCY) + works("unit:U1", ACTED)
    assert by_agency(actor=P, employed=left).verdict == "NOT_REQUIRED", "they had left by then"
    assert codes(by_agency(actor=P, employed=left, time=ACTED - MICROSECOND)) == ["AUT-21"]
    own = (LinkSpan("account:z/p", P, None, None),)
    assert codes(by_agency(actor="account:z/p", employed=works(AGENCY), links=own)) == ["AUT-21"]


# AUT-22: elements of an instrument


COMPLETE: dict[str, Any] = {
    "kind": "general",
    "scope": {"acts": ["contract.sign"]},
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "responsibility": "the grantee answers for the exercise, the grantor for watching it",
}


def lacking(*names: str, more: dict[str, Any] | None = None, **said: Any) -> list[str]:
    given: dict[str, Any] = {**COMPLETE, **dict.fromkeys(names), **said}
    found = judged(act(), root(), grant(**given), **(more or {}))
    assert found.verdict == "VALID", "an incomplete paper does not undo the act"
    assert found.best is not None
    return [mark.detail.en for mark in found.best.of("FAULT") if mark.code == "AUT-22"]


@pytest.mark.aut("AUT-22", "silent")
def test_a_complete_instrument_has_no_fault() -> None:
    assert lacking() == []
    found = judged(act(actor=HEAD), root())
    assert faults(found, "AUT-22") == [], "a root is not one"


@pytest.mark.aut("AUT-22", "fires")
@pytest.mark.parametrize(
    ("member", "element"),
    [
        ("kind", "kind"),
        ("scope", "scope.acts"),
        ("valid_from", "valid_from"),
        ("valid_until", "valid_until"),
        ("responsibility", "responsibility"),
    ],
)
def test_each_missing_element_is_named(member: str, element: str) -> None:
    (detail,) = lacking(member)
    assert element in detail
    assert not any(other in detail for other in {"kind", "grantee", "valid_from", "valid_until"} - {element})


@pytest.mark.aut("AUT-22", "boundary")
def test_a_special_grant_ends_with_its_matter() -> None:
    assert lacking("valid_until", kind="special") == []
    assert len(lacking("valid_from", kind="special")) == 1
    assert len(lacking("scope", scope={"units": ["unit:U1"]})) == 1, "a scope without acts names no matter"


@pytest.mark.aut("AUT-22", "boundary")
def test_who_answers_may_stand_in_a_policy_in_force_when_the_grant_was_made() -> None:
    def found(**said: Any) -> int:
        return len(lacking("responsibility", more={"policies": policy(has_responsibility=True, **said)}))

    assert found() == 0
    assert [found(starts=MADE), found(starts=MADE + MICROSECOND)] == [0, 1]
    assert [found(ends=MADE + MICROSECOND), found(ends=MADE)] == [0, 1]
    assert found(unit="unit:U2") == 1
    assert len(lacking("responsibility", more={"policies": policy()})) == 1, "that policy says nothing of it"


# AUT-23: no end


@pytest.mark.aut("AUT-23", "fires", "silent")
def test_only_a_general_grant_without_an_end_has_that_fault() -> None:
    def found(**said: Any) -> list[str | None]:
        judgement = judged(act(), root(), grant(**said))
        assert judgement.verdict == "VALID"
        return faults(judgement, "AUT-23")

    assert found() == ["grant:G"]
    assert found(valid_until="9999-12-30") == []
    assert found(kind="special") == []
    assert faults(judged(act(actor=HEAD), root()), "AUT-23") == [], "a root ends with the office"


@pytest.mark.aut("AUT-23", "boundary")
def test_the_fault_is_said_of_the_grant_that_has_it() -> None:
    middle = grant("grant:M", Q, sub_delegable=True)
    leaf = grant(grantor=Q, parent="grant:M", valid_until="2026-12-31")
    assert faults(judged(act(), root(), middle, leaf), "AUT-23") == ["grant:M"]


# AUT-07: totals


def sums(*amounts: str, grants: list[Grant], who: str = P) -> list[list[tuple[str, str | None]]]:
    questions = [nth(number, amount=Decimal(amount), actor=who) for number, amount in enumerate(amounts)]
    return [failed(each) for each in series(questions, *grants)]


@pytest.mark.aut("AUT-07", "fires", "boundary")
def test_the_last_cent_of_a_total_is_in_and_the_next_is_out() -> None:
    total = [root(), grant(ceiling_total="100.00")]
    assert sums("33.33", "33.33", "33.34", grants=total) == [[], [], []]
    assert sums("33.33", "33.33", "33.34", "0.01", grants=total)[3] == [("AUT-07", "grant:G")]
    assert sums(*["0.10"] * 10, "99.00", grants=total)[-1] == [], "ten dimes are a yuan to the cent"
    assert sums(*["0.10"] * 10, "99.01", grants=total)[-1] == [("AUT-07", "grant:G")]


def three_deep(top: str, middle: str, leaf: str) -> list[Grant]:
    return [
        root(),
        grant("grant:1", "person:1", sub_delegable=True, ceiling_total=top),
        grant("grant:2", "person:2", grantor="person:1", parent="grant:1", sub_delegable=True, ceiling_total=middle),
        grant("grant:3", "person:3", grantor="person:2", parent="grant:2", ceiling_total=leaf),
        grant("grant:4", "person:4", grantor="person:1", parent="grant:1", ceiling_total="999.00"),
    ]


@pytest.mark.aut("AUT-07", "fires", "silent")
@pytest.mark.parametrize(
    ("ceilings", "who", "expected"),
    [
        (("100.00", "300.00", "300.00"), "person:3", [("AUT-07", "grant:1")]),
        (("300.00", "100.00", "300.00"), "person:3", [("AUT-07", "grant:2")]),
        (("300.00", "300.00", "100.00"), "person:3", [("AUT-07", "grant:3")]),
        (("120.00", "300.00", "300.00"), "person:3", []),
        (("100.00", "300.00", "300.00"), "person:4", [("AUT-07", "grant:1")]),
        (("300.00", "100.00", "100.00"), "person:4", []),
        (("100.00", "300.00", "300.00"), "person:1", [("AUT-07", "grant:1")]),
    ],
)
def test_what_is_drawn_below_counts_at_every_grant_above_and_at_none_beside(
    ceilings: tuple[str, str, str], who: str, expected: list[tuple[str, str | None]]
) -> None:
    first = nth(1, amount=Decimal("60.00"), actor="person:3")
    second = nth(2, amount=Decimal("60.00"), actor=who)
    before, found = series([first, second], *three_deep(*ceilings))
    assert (before.verdict, failed(found)) == ("VALID", expected)


@pytest.mark.aut("AUT-07", "fires", "boundary")
def test_of_a_total_of_payments_a_signature_draws_nothing() -> None:
    by_payment = [root(), grant(ceiling_total="100.00", total_basis="paid")]
    signed = act(position=1, time=BEFORE_ACT, amount=Decimal("90.00"), contract="C1")
    question = act(amount=Decimal("90.00"), contract="C2")

    def found(amount: str, at: datetime = ACTED - MICROSECOND, **said: Any) -> list[str]:
        given: dict[str, Any] = {"contract": "C1", **said}
        payment = act("pay.execute", position=500, time=at, amount=Decimal(amount), **given)
        return codes(series([signed, question], *by_payment, around=(payment,))[1])

    assert codes(series([signed, question], *by_payment)[1]) == []
    assert found("10.00") == []
    assert found("10.01") == ["AUT-07"]
    assert found("10.01", ACTED + MICROSECOND) == [], "not paid yet"
    assert found("10.01", contract="C7") == [], "on what somebody else signed"
    committed = [root(), grant(ceiling_total="100.00")]
    assert codes(series([signed, question], *committed)[1]) == ["AUT-07"]


@pytest.mark.aut("AUT-07", "boundary")
def test_what_was_paid_counts_in_the_year_in_which_it_was() -> None:
    """New year in local time is 16:00 UTC."""
    said: dict[str, Any] = {"total_basis": "paid", "total_window": "fiscal_year"}
    yearly = [root(), grant(ceiling_total="100.00", **said)]
    signed = act(position=1, time=parse_instant("2025-12-10T09:00:00+08:00"), amount=Decimal("90.00"), contract="C1")
    question = act(amount=Decimal("90.00"), contract="C2")

    def found(at: str) -> list[str]:
        payment = act("pay.execute", position=2, time=parse_instant(at), amount=Decimal("10.01"), contract="C1")
        return codes(series([signed, question], *yearly, around=(payment,))[1])

    assert found("2025-12-31T15:59:59.999999Z") == []
    assert found("2025-12-31T16:00:00Z") == ["AUT-07"], "signed last year, paid in this"


@pytest.mark.aut("AUT-07", "boundary")
def test_a_yearly_total_is_new_at_the_local_new_year() -> None:
    yearly = [root(), grant(ceiling_total="100.00", total_window="fiscal_year")]

    def found(second_at: str) -> list[str]:
        first = act(position=1, time=parse_instant("2026-12-31T09:00:00+08:00"), amount=Decimal("100.00"))
        second = act(position=2, time=parse_instant(second_at), amount=Decimal("0.01"))
        return codes(series([first, second], *yearly)[1])

    assert found("2026-12-31T23:59:59.999999+08:00") == ["AUT-07"]
    assert found("2027-01-01T00:00:00+08:00") == []
