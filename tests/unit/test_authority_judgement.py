"""
Who authorised this: the judging half, which is given facts and gives an answer.

Expected values are the words of the contract (§3 "Authority", "Dates", "Clocks"; §4) and of the failure catalogue
(domain §4.3), not what the judge said before.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest

from contracts.catalogue import base_catalogue
from contracts.moments import parse_instant
from contracts.payloads import AuthGrant, AuthVest
from projector.acts import term_end, term_start
from projector.authority.facts import (
    Acting,
    Change,
    Ending,
    Facts,
    Grant,
    JudgedAct,
    LinkSpan,
    MethodStated,
    Project,
    Ratification,
    Term,
    UnitStated,
)
from projector.authority.judge import Judgement, judge, uses_of
from projector.authority.standing import Tolerance
from projector.authority.tolerance import late_grants
from projector.authority.usage import Uses
from projector.policies import UnitPolicies

MICROSECOND = timedelta(microseconds=1)
BEFORE = "2025-12-01T09:00:00+08:00"
ACTED = parse_instant("2026-03-02T09:30:00+08:00")
BEFORE_ACT = ACTED - timedelta(days=10)
LATE_DAYS = timedelta(days=3)
NO_POLICIES = UnitPolicies(())

_positions = count(1)


def late_until(unit: str | None, at: datetime) -> Tolerance:
    """Three days, so that a boundary is easy to name; working days are the caller's policy, not the judge's."""
    return Tolerance(at + LATE_DAYS, at + LATE_DAYS)


def root(name: str = "grant:R", holder: str = "person:HEAD", *, made: str = BEFORE, **data: Any) -> Grant:
    payload = msgspec.convert({"grant": name, "holder": holder, **data}, AuthVest)
    return _grant(name, made, payload, is_root=True, parent=None, grantor=None, grantee=holder)


def grant(
    name: str = "grant:G",
    grantee: str = "person:P",
    *,
    grantor: str = "person:HEAD",
    parent: str | None = "grant:R",
    made: str = BEFORE,
    **data: Any,
) -> Grant:
    given = {"grant": name, "kind": "general", "parent": parent, "grantor": grantor, "grantee": grantee, **data}
    payload = msgspec.convert(given, AuthGrant)
    return _grant(name, made, payload, is_root=False, parent=parent, grantor=grantor, grantee=grantee)


def _grant(name: str, made: str, payload: AuthGrant | AuthVest, **rest: Any) -> Grant:
    at = parse_instant(made)
    return Grant(
        name=name,
        position=next(_positions),
        known_from=at,
        asserted=False,
        time=at,
        actor=payload.grantor or "person:HEAD" if isinstance(payload, AuthGrant) else "person:REG",
        unit="unit:U1",
        starts=term_start(payload.valid_from, at),
        ends=term_end(payload.valid_until),
        withdrawn=False,
        payload=payload,
        **rest,
    )


def known(grant: Grant, at: datetime) -> Grant:
    return msgspec.structs.replace(grant, known_from=at)


def act(type: str = "contract.sign", **fields: Any) -> JudgedAct:
    meaning = base_catalogue().acts[type]
    at: datetime = fields.pop("time", ACTED)
    given: dict[str, Any] = {
        "position": 1000,
        "type": type,
        "stage": meaning.stage,
        "needs_grant": meaning.needs_grant,
        "decided_outside": meaning.decided_outside,
        "time": at,
        "known_from": at,
        "asserted": False,
        "subject": "project:X",
        "project": "project:X",
        "unit": "unit:U1",
        "actor": "person:P",
        "asked": fields.get("actor", "person:P"),
        "authority": None,
        "onbehalfof": None,
        "amount": Decimal("100.00"),
        "currency": "CNY",
        "method": None,
        "categories": (),
        "erased": False,
        "withdrawn": False,
    }
    return JudgedAct(**given | fields)


def facts(*grants: Grant, **more: Any) -> Facts:
    return Facts(grants={each.name: each for each in grants}, **more)


def change(kind: Any, effective: datetime, *, name: str = "grant:G", known_from: datetime | None = None) -> Change:
    return Change(
        grant=name,
        kind=kind,
        position=next(_positions),
        known_from=known_from or effective,
        time=effective,
        effective_at=effective,
        notified_at=effective,
        by="person:HEAD",
    )


def changes(*made: Change) -> Mapping[str, tuple[Change, ...]]:
    return {each.grant: tuple(other for other in made if other.grant == each.grant) for each in made}


def codes(found: Judgement) -> list[str]:
    return [mark.code for mark in found.failures]


def failed(found: Judgement) -> list[tuple[str, str | None]]:
    return [(mark.code, mark.grant) for mark in found.failures]


def judged(question: JudgedAct, *grants: Grant, **more: Any) -> Judgement:
    return judge(question, facts(*grants, **more), late_until, Uses())


def chain(found: Judgement) -> list[str]:
    assert found.best is not None
    return [link.name for link in reversed(found.best.path.links)]


# The plain cases


def test_a_grant_that_covers_the_act_authorises_it_from_the_root_down() -> None:
    found = judged(act(), root(), grant())
    assert (found.verdict, chain(found), found.failures) == ("VALID", ["grant:R", "grant:G"], ())


def test_the_holder_of_a_root_acts_by_it() -> None:
    found = judged(act(actor="person:HEAD"), root())
    assert (found.verdict, chain(found)) == ("VALID", ["grant:R"])


def test_an_act_that_needs_no_grant_is_not_judged() -> None:
    assert judged(act("contract.draft")).verdict == "NOT_REQUIRED"
    assert judged(act("seal.use")).verdict == "NOT_REQUIRED"
    assert judged(act("auth.grant", subject="grant:G", project=None)).verdict == "NOT_REQUIRED"


def test_what_was_decided_outside_the_unit_needs_no_grant_and_inside_it_does() -> None:
    projects = {"project:X": Project(units=frozenset({"unit:U1"}), category=None, methods=())}
    assert judged(act("budget.approve", unit="unit:FIN"), projects=projects).verdict == "NOT_REQUIRED"
    assert codes(judged(act("budget.approve", unit="unit:U1"), projects=projects)) == ["AUT-01"]
    assert judged(act("budget.approve", unit="unit:FIN")).verdict == "UNPROVEN", "nobody said whose the project is"


def test_an_act_of_no_known_kind_is_unproven() -> None:
    assert judged(act(stage="UNKNOWN", needs_grant=False)).verdict == "UNPROVEN"


# AUT-01


@pytest.mark.aut("AUT-01", "fires")
def test_no_grant_for_this_type_of_act_is_aut_01_and_never_aut_05() -> None:
    for others in ([], [root()], [root(), grant(scope={"acts": ["plan.approve"]})]):
        found = judged(act(), *others)
        assert (found.verdict, codes(found)) == ("INVALID", ["AUT-01"])


@pytest.mark.aut("AUT-01", "silent")
def test_a_type_that_only_the_root_leaves_out_is_not_aut_01() -> None:
    """The grant itself is one for this type; that it was not the grantor's to give is a matter of scope."""
    found = judged(act(), root(scope={"acts": ["plan.approve"]}), grant(scope={"acts": ["contract.sign"]}))
    assert failed(found) == [("AUT-05", "grant:R")]


@pytest.mark.aut("AUT-01", "silent")
def test_an_absent_axis_is_as_the_parents() -> None:
    assert codes(judged(act(), root(scope={"acts": ["plan.approve"]}), grant())) == ["AUT-01"]
    assert judged(act(), root(scope={"acts": ["contract.sign"]}), grant()).verdict == "VALID"


@pytest.mark.aut("AUT-01", "fires")
def test_a_grant_to_somebody_else_is_none() -> None:
    assert codes(judged(act(), root(), grant(grantee="person:Q"))) == ["AUT-01"]


# AUT-02 and AUT-03: the term


@pytest.mark.aut("AUT-02", "fires", "boundary")
@pytest.mark.parametrize(
    ("valid_from", "first"),
    [
        ("2026-03-02T09:30:00+08:00", "2026-03-02T09:30:00+08:00"),
        ("2026-03-02", "2026-03-02T00:00:00+08:00"),  # a bare date is the whole local day
    ],
)
def test_a_grant_is_effective_from_its_first_instant(valid_from: str, first: str) -> None:
    start = parse_instant(first)
    pair = root(), grant(valid_from=valid_from)
    assert failed(judged(act(time=start - MICROSECOND), *pair)) == [("AUT-02", "grant:G")]
    assert judged(act(time=start), *pair).verdict == "VALID"
    assert judged(act(time=start + MICROSECOND), *pair).verdict == "VALID"


@pytest.mark.aut("AUT-03", "fires", "boundary")
@pytest.mark.parametrize(
    ("valid_until", "end"),
    [
        ("2026-03-02T09:30:00+08:00", "2026-03-02T09:30:00+08:00"),  # an instant: `until` out
        ("2026-03-02", "2026-03-03T00:00:00+08:00"),  # a bare date: the last day included
    ],
)
def test_a_grant_is_over_at_the_first_instant_after_its_term(valid_until: str, end: str) -> None:
    over = parse_instant(end)
    pair = root(), grant(valid_until=valid_until)
    assert judged(act(time=over - MICROSECOND), *pair).verdict == "VALID"
    assert failed(judged(act(time=over), *pair)) == [("AUT-03", "grant:G")]
    assert failed(judged(act(time=over + MICROSECOND), *pair)) == [("AUT-03", "grant:G")]


def test_the_term_of_what_a_grant_rests_on_counts_too() -> None:
    assert failed(judged(act(), root(valid_until="2026-02-28"), grant())) == [("AUT-03", "grant:R")]
    early = judged(act(), root(valid_from="2026-03-03"), grant())
    assert failed(early) == [("AUT-11", "grant:G"), ("AUT-02", "grant:R")], "nor could it be given yet"


@pytest.mark.aut("AUT-03", "silent")
def test_a_grant_without_a_term_never_expires() -> None:
    assert judged(act(time=ACTED + timedelta(days=9000)), root(), grant()).verdict == "VALID"


# AUT-04: revoked, suspended, superseded


@pytest.mark.aut("AUT-04", "fires", "boundary")
@pytest.mark.parametrize("revoked", ["grant:G", "grant:R"])
def test_a_revocation_bites_at_its_effective_moment_down_the_chain(revoked: str) -> None:
    made = {"changes": changes(change("revoke", ACTED, name=revoked))}
    pair = root(), grant()
    assert judged(act(time=ACTED - MICROSECOND), *pair, **made).verdict == "VALID"
    assert failed(judged(act(time=ACTED), *pair, **made)) == [("AUT-04", revoked)]
    assert failed(judged(act(time=ACTED + MICROSECOND), *pair, **made)) == [("AUT-04", revoked)]


@pytest.mark.aut("AUT-04", "boundary")
def test_a_revocation_known_only_after_the_act_leaves_the_verdict_and_is_noted() -> None:
    backdated = change("revoke", ACTED - timedelta(days=1), known_from=ACTED + MICROSECOND)
    found = judged(act(), root(), grant(), changes=changes(backdated))
    assert (found.verdict, found.failures) == ("VALID", ())
    assert any(note.startswith("AUT-04") for note in found.notes)
    in_time = change("revoke", ACTED - timedelta(days=1), known_from=ACTED)
    assert codes(judged(act(), root(), grant(), changes=changes(in_time))) == ["AUT-04"]


def test_a_revocation_still_to_come_is_no_matter() -> None:
    found = judged(act(), root(), grant(), changes=changes(change("revoke", ACTED + MICROSECOND, known_from=ACTED)))
    assert (found.verdict, found.notes) == ("VALID", ())


@pytest.mark.aut("AUT-04", "fires", "boundary")
def test_a_suspension_holds_until_the_grant_is_resumed() -> None:
    stop, go = change("suspend", ACTED), change("resume", ACTED + timedelta(days=7))
    made = {"changes": changes(stop, go)}
    for at, expected in (
        (ACTED - MICROSECOND, []),
        (ACTED, ["AUT-04"]),
        (ACTED + timedelta(days=7) - MICROSECOND, ["AUT-04"]),
        (ACTED + timedelta(days=7), []),
    ):
        assert codes(judged(act(time=at), root(), grant(), **made)) == expected


def test_nothing_resumes_a_revoked_grant() -> None:
    made = changes(change("revoke", ACTED - timedelta(days=2)), change("resume", ACTED - timedelta(days=1)))
    assert codes(judged(act(), root(), grant(), changes=made)) == ["AUT-04"]


def test_a_resumption_recorded_after_the_act_counts_like_a_late_grant() -> None:
    stop = change("suspend", ACTED - timedelta(days=9))
    day_before = ACTED - timedelta(days=1)
    late = change("resume", ACTED, known_from=ACTED + timedelta(hours=1))
    too_late = change("resume", day_before, known_from=ACTED + LATE_DAYS)
    assert judged(act(), root(), grant(), changes=changes(stop, late)).verdict == "LATE_RECORDED"
    assert codes(judged(act(), root(), grant(), changes=changes(stop, too_late))) == ["AUT-04"]


def test_a_grant_ends_where_another_supersedes_it() -> None:
    replaced = change("superseded", ACTED)
    assert judged(act(time=ACTED - MICROSECOND), root(), grant(), changes=changes(replaced)).verdict == "VALID"
    assert codes(judged(act(time=ACTED), root(), grant(), changes=changes(replaced))) == ["AUT-04"]


@pytest.mark.aut("AUT-04", "silent")
def test_acceptance_is_recorded_and_not_required() -> None:
    assert judged(act(), root(), grant(), changes=changes(change("accept", ACTED + LATE_DAYS))).verdict == "VALID"


def test_a_revocation_whose_moment_was_erased_leaves_the_act_unproven() -> None:
    erased = msgspec.structs.replace(change("revoke", BEFORE_ACT), effective_at=None)
    assert judged(act(), root(), grant(), changes=changes(erased)).verdict == "UNPROVEN"


# AUT-05: the scope, axis by axis

_IT = {"project:X": Project(units=frozenset({"unit:U1"}), category="A02010105", methods=())}


@pytest.mark.aut("AUT-05", "fires", "silent")
@pytest.mark.parametrize(
    ("axis", "covered", "outside"),
    [
        ("units", ["unit:U1", "unit:U2"], ["unit:U2"]),
        ("projects", ["project:X"], ["project:Y"]),
        ("stages", ["CONTRACT"], ["PAYMENT"]),
        ("categories", ["A02010105"], ["A02010106"]),
        ("methods", ["open_tender"], ["single_source"]),
    ],
)
def test_each_axis_of_the_scope_is_named_where_it_leaves_the_act_out(
    axis: str, covered: list[str], outside: list[str]
) -> None:
    more = {"projects": _IT}
    question = act(method="open_tender")
    assert judged(question, root(), grant(scope={axis: covered}), **more).verdict == "VALID"
    for listed in (outside, []):
        found = judged(question, root(), grant(scope={axis: listed}), **more)
        assert (found.verdict, failed(found)) == ("INVALID", [("AUT-05", "grant:G")])
        assert [mark.axis for mark in found.failures] == [axis]


def test_an_axis_of_an_ancestor_binds_the_grant_below_it() -> None:
    found = judged(act(), root(scope={"units": ["unit:U2"]}), grant(scope={"units": ["unit:U1"]}))
    assert [(mark.code, mark.grant, mark.axis) for mark in found.failures] == [("AUT-05", "grant:R", "units")]


def test_the_acts_axis_of_an_ancestor_is_named() -> None:
    found = judged(act(), root(scope={"acts": ["pay.approve"]}), grant(scope={"acts": ["contract.sign"]}))
    assert [mark.axis for mark in found.failures] == ["acts"]


def test_units_below_those_listed_count_only_where_the_scope_says_so() -> None:
    tree = (_unit("unit:U1", "unit:B"), _unit("unit:B", "unit:C"), _unit("unit:C", None))
    for listed in ("unit:U1", "unit:B", "unit:C"):
        with_those = grant(scope={"units": [listed], "include_subordinates": True})
        assert judged(act(), root(), with_those, units=tree).verdict == "VALID"
    assert codes(judged(act(), root(), grant(scope={"units": ["unit:B"]}), units=tree)) == ["AUT-05"]
    elsewhere = grant(scope={"units": ["unit:D"], "include_subordinates": True})
    assert codes(judged(act(), root(), elsewhere, units=tree)) == ["AUT-05"]


@pytest.mark.aut("AUT-05", "boundary")
def test_a_unit_belongs_where_it_belonged_at_the_act() -> None:
    moved = (
        _unit("unit:U1", "unit:B", at=ACTED - timedelta(days=9)),
        _unit("unit:U1", "unit:C", at=ACTED + MICROSECOND),
        _unit("unit:B", None),
        _unit("unit:C", None),
    )
    below_b = grant(scope={"units": ["unit:B"], "include_subordinates": True})
    assert judged(act(), root(), below_b, units=moved).verdict == "VALID"
    assert codes(judged(act(time=ACTED + MICROSECOND), root(), below_b, units=moved)) == ["AUT-05"]


def test_a_unit_nobody_registered_is_unknown_not_outside() -> None:
    below = grant(scope={"units": ["unit:B"], "include_subordinates": True})
    assert judged(act(), root(), below).verdict == "UNPROVEN"


def test_what_the_root_leaves_out_is_out_whatever_is_unknown_below_it() -> None:
    above = root(scope={"units": ["unit:C"]})
    below = grant(scope={"units": ["unit:B"], "include_subordinates": True})
    found = judged(act(), above, below)
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-05", "grant:R")])


def test_a_scope_that_only_takes_subordinates_away_is_not_ignored() -> None:
    tree = (_unit("unit:U1", "unit:B"), _unit("unit:B", None))
    above = root(scope={"units": ["unit:B"], "include_subordinates": True})
    assert judged(act(), above, grant(scope={}), units=tree).verdict == "VALID"
    found = judged(act(), above, grant(scope={"include_subordinates": False}), units=tree)
    assert failed(found) == [("AUT-05", "grant:G")]


def test_the_method_is_what_was_stated_last_up_to_the_act() -> None:
    def stated(at: datetime, method: str) -> MethodStated:
        return MethodStated((at, at, next(_positions)), method)

    methods = (stated(BEFORE_ACT, "open_tender"), stated(ACTED, "negotiation"), stated(ACTED + LATE_DAYS, "quotation"))
    project = {"project:X": Project(units=frozenset(), category=None, methods=methods)}
    by_negotiation = grant(scope={"methods": ["negotiation"]})
    assert judged(act(), root(), by_negotiation, projects=project).verdict == "VALID"
    assert codes(judged(act(time=ACTED - MICROSECOND), root(), by_negotiation, projects=project)) == ["AUT-05"]


def test_an_act_may_state_the_method_itself() -> None:
    by_tender = grant(scope={"methods": ["open_tender"]})
    assert judged(act("plan.approve", method="open_tender"), root(), by_tender).verdict == "VALID"
    assert codes(judged(act("plan.approve", method="single_source"), root(), by_tender)) == ["AUT-05"]


def test_a_category_covers_those_below_it_and_no_others() -> None:
    for entry, expected in (("A02", []), ("A0201", []), ("A02010105", []), ("A0202", ["AUT-05"]), ("A0", ["AUT-05"])):
        found = judged(act(), root(), grant(scope={"categories": [entry]}), projects=_IT)
        assert codes(found) == expected, entry
    words = {"project:X": Project(units=frozenset(), category="IT services", methods=())}
    assert codes(judged(act(), root(), grant(scope={"categories": ["IT"]}), projects=words)) == ["AUT-05"]


@pytest.mark.parametrize("axis", ["categories", "methods"])
def test_what_no_act_states_is_unknown_not_outside(axis: str) -> None:
    found = judged(act(), root(), grant(scope={axis: ["open_tender" if axis == "methods" else "A02"]}))
    assert (found.verdict, codes(found)) == ("UNPROVEN", ["AUT-05"])


def test_an_act_on_no_project_is_outside_a_scope_of_projects() -> None:
    policy = act("setup.policy", subject="unit:U1", project=None, amount=None)
    assert codes(judged(policy, root(), grant(scope={"projects": ["project:X"]}))) == ["AUT-05"]
    assert judged(policy, root(), grant(scope={"units": ["unit:U1"]})).verdict == "VALID"


# AUT-06: the ceiling for one item


@pytest.mark.aut("AUT-06", "fires", "boundary")
@pytest.mark.parametrize(
    ("amount", "expected"),
    [("199999.99", []), ("200000.00", []), ("200000", []), ("200000.01", ["AUT-06"]), ("-200000.01", [])],
)
def test_an_amount_equal_to_the_ceiling_passes_and_one_cent_more_does_not(amount: str, expected: list[str]) -> None:
    found = judged(act(amount=Decimal(amount)), root(), grant(ceiling_item="200000.00"))
    assert codes(found) == expected


def test_sums_are_exact_beyond_what_a_float_holds() -> None:
    ceiling = grant(ceiling_item="999999999999999.98")
    assert judged(act(amount=Decimal("999999999999999.98")), root(), ceiling).verdict == "VALID"
    assert codes(judged(act(amount=Decimal("999999999999999.99")), root(), ceiling)) == ["AUT-06"]


def test_the_smallest_ceiling_of_the_chain_counts() -> None:
    middle = grant("grant:M", "person:Q", ceiling_item="100.00", sub_delegable=True)
    leaf = grant("grant:G", grantor="person:Q", parent="grant:M", ceiling_item="500.00")
    assert judged(act(amount=Decimal("100.00")), root(), middle, leaf).verdict == "VALID"
    assert failed(judged(act(amount=Decimal("100.01")), root(), middle, leaf)) == [("AUT-06", "grant:M")]


@pytest.mark.parametrize("type", ["plan.approve", "award.decide", "contract.sign", "contract.amend", "pay.approve"])
def test_without_an_amount_acts_about_money_cannot_be_measured(type: str) -> None:
    found = judged(act(type, amount=None), root(), grant(ceiling_item="200000.00"))
    assert (found.verdict, codes(found)) == ("UNPROVEN", ["AUT-06"])
    assert judged(act(type, amount=None), root(), grant()).verdict == "VALID", "there is no ceiling to measure by"


@pytest.mark.aut("AUT-06", "silent")
def test_other_acts_without_an_amount_are_not_measured() -> None:
    assert judged(act("doc.approve", amount=None), root(), grant(ceiling_item="200000.00")).verdict == "VALID"


def test_an_amount_in_another_currency_cannot_be_measured() -> None:
    found = judged(act(currency="USD"), root(), grant(ceiling_item="200000.00"))
    assert (found.verdict, codes(found)) == ("UNPROVEN", ["AUT-06"])


def test_an_erased_act_cannot_be_measured() -> None:
    erased = act("doc.approve", amount=None, erased=True)
    assert judged(erased, root(), grant(ceiling_item="200000.00")).verdict == "UNPROVEN"
    assert judged(erased, root(), grant()).verdict == "VALID"


# AUT-07: the total


def drawing(*questions: JudgedAct, grants: list[Grant]) -> list[Judgement]:
    """Judge acts that follow one another, each with what those before it drew."""
    known_facts = facts(*grants, acts=questions)
    uses = uses_of(known_facts, late_until)
    return [judge(each, known_facts, late_until, uses) for each in questions]


def signing(number: int, amount: str | None, *, type: str = "contract.sign", **fields: Any) -> JudgedAct:
    """The n-th act of a series, a day after the one before."""
    at = ACTED + timedelta(days=number)
    value = Decimal(amount) if amount is not None else None
    return act(type, position=1000 + number, time=at, amount=value, **fields)


@pytest.mark.aut("AUT-07", "fires", "boundary")
@pytest.mark.parametrize(("last", "expected"), [("400.00", []), ("400.01", ["AUT-07"])])
def test_a_total_equal_to_its_ceiling_passes_and_one_cent_more_does_not(last: str, expected: list[str]) -> None:
    total = [root(), grant(ceiling_total="1000.00")]
    *before, found = drawing(signing(1, "350.00"), signing(2, "250.00"), signing(3, last), grants=total)
    assert [each.verdict for each in before] == ["VALID", "VALID"]
    assert codes(found) == expected


def test_what_is_drawn_counts_at_every_grant_above() -> None:
    middle = grant("grant:M", "person:M", sub_delegable=True, ceiling_total="500.00")
    one = grant("grant:1", "person:P", grantor="person:M", parent="grant:M", ceiling_total="400.00")
    two = grant("grant:2", "person:Q", grantor="person:M", parent="grant:M", ceiling_total="400.00")
    first, second = signing(1, "300.00"), signing(2, "300.00", actor="person:Q")
    _, found = drawing(first, second, grants=[root(), middle, one, two])
    assert failed(found) == [("AUT-07", "grant:M")]


def test_totals_compare_acts_of_one_type_and_supplements_with_their_contracts() -> None:
    total = [root(), grant(ceiling_total="1000.00")]
    _, paid = drawing(signing(1, "900.00"), signing(2, "900.00", type="pay.approve"), grants=total)
    assert paid.verdict == "VALID"
    _, supplement = drawing(signing(1, "900.00"), signing(2, "100.01", type="contract.amend"), grants=total)
    assert codes(supplement) == ["AUT-07"]
    _, _, after = drawing(
        signing(1, "900.00"), signing(2, "-200.00", type="contract.amend"), signing(3, "300.00"), grants=total
    )
    assert after.verdict == "VALID"


def test_only_what_came_before_counts_and_nothing_that_was_withdrawn() -> None:
    total = [root(), grant(ceiling_total="1000.00")]
    first, later = drawing(signing(1, "900.00"), signing(2, "900.00"), grants=total)
    assert (first.verdict, codes(later)) == ("VALID", ["AUT-07"])
    _, found = drawing(signing(1, "900.00", withdrawn=True), signing(2, "900.00"), grants=total)
    assert found.verdict == "VALID"


@pytest.mark.aut("AUT-07", "silent")
def test_acts_under_other_grants_do_not_count() -> None:
    other = grant("grant:O", "person:Q", ceiling_total="1000.00")
    mine = grant(ceiling_total="1000.00")
    _, found = drawing(signing(1, "900.00", actor="person:Q"), signing(2, "900.00"), grants=[root(), other, mine])
    assert found.verdict == "VALID"


def test_a_total_may_begin_anew_every_fiscal_year() -> None:
    """The fiscal year is the calendar year, in local days: 2027 begins at 16:00 UTC."""
    before = act(position=1, time=parse_instant("2026-12-31T15:59:59Z"), amount=Decimal("900.00"))
    same_year = act(position=2, time=parse_instant("2026-12-31T15:59:59.5Z"), amount=Decimal("900.00"))
    next_year = act(position=3, time=parse_instant("2026-12-31T16:00:00Z"), amount=Decimal("900.00"))
    yearly = [root(), grant(ceiling_total="1000.00", total_window="fiscal_year")]
    assert codes(drawing(before, same_year, grants=yearly)[1]) == ["AUT-07"]
    assert drawing(before, next_year, grants=yearly)[1].verdict == "VALID"
    whole_term = [root(), grant(ceiling_total="1000.00", total_window="term")]
    assert codes(drawing(before, next_year, grants=whole_term)[1]) == ["AUT-07"]


def test_an_act_before_that_states_no_amount_leaves_the_total_unknown() -> None:
    total = [root(), grant(ceiling_total="1000.00")]
    assert drawing(signing(1, None), signing(2, "100.00"), grants=total)[1].verdict == "UNPROVEN"
    assert codes(drawing(signing(1, None), signing(2, "1000.01"), grants=total)[1]) == ["AUT-07"]


def test_of_a_total_of_payments_what_was_paid_on_what_was_signed_counts() -> None:
    def paid(position: int, amount: str, contract: str) -> JudgedAct:
        at = ACTED + timedelta(minutes=position)
        return act("pay.execute", position=position, time=at, amount=Decimal(amount), contract=contract)

    by_payment = [root(), grant(ceiling_total="1000.00", total_basis="paid")]
    first = act(position=1, time=ACTED, amount=Decimal("900.00"), contract="C1")
    second = act(position=9, time=ACTED + timedelta(hours=1), amount=Decimal("900.00"), contract="C2")

    def judge_second(*payments: JudgedAct) -> Judgement:
        known_facts = facts(*by_payment, acts=(first, second), around=payments)
        return judge(second, known_facts, late_until, uses_of(known_facts, late_until))

    assert judge_second().verdict == "VALID", "signed is not paid"
    assert judge_second(paid(2, "100.00", "C1")).verdict == "VALID", "100 and 900 make the total"
    assert codes(judge_second(paid(2, "100.01", "C1"))) == ["AUT-07"]
    assert judge_second(paid(2, "500.00", "C7")).verdict == "VALID", "for another contract"


# AUT-12 and LATE_RECORDED: the second clock


@pytest.mark.aut("AUT-12", "boundary")
def test_a_grant_counts_when_known_by_the_act_and_not_a_microsecond_later() -> None:
    assert judged(act(), root(), known(grant(), ACTED)).verdict == "VALID"
    assert judged(act(), root(), known(grant(), ACTED + MICROSECOND)).verdict == "LATE_RECORDED"


@pytest.mark.aut("AUT-12", "fires", "boundary")
def test_beyond_the_tolerance_a_late_record_is_a_retroactive_grant() -> None:
    edge = ACTED + LATE_DAYS
    found = judged(act(), root(), known(grant(), edge - MICROSECOND))
    assert (found.verdict, failed(found)) == ("LATE_RECORDED", [("AUT-12", "grant:G")])
    found = judged(act(), root(), known(grant(), edge))
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-12", "grant:G")])


def test_a_grant_made_after_the_act_and_dated_before_it_is_retroactive_however_soon_it_is_known() -> None:
    soon = ACTED + timedelta(minutes=1)
    found = judged(act(), root(), grant(made=soon.isoformat(), valid_from="2026-01-01"))
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-12", "grant:G")])


def test_the_date_on_the_paper_says_when_a_grant_was_made_too() -> None:
    assert judged(act(), root(), grant(instrument={"date": "2026-03-02"})).verdict == "VALID", "the act's own day"
    assert codes(judged(act(), root(), grant(instrument={"date": "2026-03-03"}))) == ["AUT-12"]


def test_a_grant_dated_after_the_act_is_not_yet_effective_and_not_retroactive() -> None:
    soon = ACTED + timedelta(minutes=1)
    assert codes(judged(act(), root(), grant(made=soon.isoformat()))) == ["AUT-02"]


def test_a_retroactive_grant_that_would_not_have_covered_the_act_is_not_aut_12() -> None:
    late = known(grant(ceiling_item="99.99"), ACTED + LATE_DAYS)
    assert codes(judged(act(), root(), late)) == ["AUT-06"]


def test_aut_12_comes_besides_the_failures_of_the_nearest_grant() -> None:
    expired = grant("grant:OLD", valid_until="2026-02-28")
    late = known(grant("grant:NEW"), ACTED + LATE_DAYS)
    found = judged(act(), root(), expired, late)
    assert failed(found) == [("AUT-03", "grant:OLD"), ("AUT-12", "grant:NEW")]


@pytest.mark.aut("AUT-12", "silent")
def test_a_retroactive_grant_is_no_matter_where_another_covered_the_act() -> None:
    found = judged(act(), root(), grant(), known(grant("grant:NEW"), ACTED + LATE_DAYS))
    assert (found.verdict, found.failures) == ("VALID", ())


def test_what_a_grant_rests_on_must_be_known_by_the_act_too() -> None:
    assert failed(judged(act(), known(root(), ACTED + LATE_DAYS), grant())) == [("AUT-12", "grant:R")]


def test_without_a_calendar_a_late_record_is_undetermined() -> None:
    def unsure(unit: str | None, at: datetime) -> Tolerance:
        return Tolerance(at + timedelta(days=3), at + timedelta(days=34))

    def verdict(days: int) -> str:
        return judge(act(), facts(root(), known(grant(), ACTED + timedelta(days=days))), unsure, Uses()).verdict

    assert [verdict(days) for days in (2, 3, 33, 34)] == ["LATE_RECORDED", "UNPROVEN", "UNPROVEN", "INVALID"]


def test_the_tolerance_runs_through_the_last_working_day() -> None:
    def weekdays(day: date, number: int) -> date:
        while number:
            day += timedelta(days=1)
            number -= day.weekday() < 5
        return day

    friday = parse_instant("2026-03-06T23:59:59+08:00")  # a Friday, in local days
    until = late_grants(NO_POLICIES, weekdays)(None, friday)
    assert until == Tolerance(parse_instant("2026-03-12T00:00:00+08:00"), until.sure), "all of Wednesday"
    unknown = late_grants(NO_POLICIES, lambda day, number: None)(None, friday)
    assert unknown.sure == parse_instant("2026-03-10T00:00:00+08:00"), "three working days are three days at least"
    assert unknown.sure < until.sure < unknown.perhaps


def test_the_tolerance_is_the_shipped_row_over_the_published_calendar() -> None:
    """Three working days; the Spring Festival of 2026 is off from 15 to 23 February, 14 and 28 February are worked."""
    before_the_festival = parse_instant("2026-02-13T17:00:00+08:00")
    end = parse_instant("2026-02-26T00:00:00+08:00")
    until = late_grants(NO_POLICIES)(None, before_the_festival)
    assert until == Tolerance(end, end), "the 14th, the 24th and all of the 25th"


def test_where_no_row_holds_nobody_knows_what_is_late() -> None:
    at = parse_instant("2013-12-31T12:00:00+08:00")  # the row begins with 2014
    assert late_grants(NO_POLICIES)(None, at).judges(at + timedelta(days=999)) == "UNDETERMINED"


def test_the_tolerance_of_an_act_at_the_end_of_time_can_be_asked() -> None:
    at = parse_instant("9999-12-31T23:00:00Z")
    assert late_grants(NO_POLICIES)(None, at).judges(at) == "LATE"


# The chain


def test_a_chain_of_any_depth_is_followed_to_its_root() -> None:
    links = [root(), grant("grant:1", "person:1", sub_delegable=True)]
    for depth in range(2, 8):
        above: dict[str, Any] = {"grantor": f"person:{depth - 1}", "parent": f"grant:{depth - 1}"}
        links.append(grant(f"grant:{depth}", f"person:{depth}", sub_delegable=True, **above))
    found = judged(act(actor="person:7"), *links)
    assert (found.verdict, chain(found)) == ("VALID", ["grant:R", *(f"grant:{depth}" for depth in range(1, 8))])


def test_an_absent_parent_is_the_grantors_own_root() -> None:
    found = judged(act(), root("grant:OTHER", "person:ELSE"), root(), grant(parent=None))
    assert (found.verdict, chain(found)) == ("VALID", ["grant:R", "grant:G"])


def test_of_several_own_roots_the_one_that_covers_counts() -> None:
    plans = root("grant:PLANS", scope={"acts": ["plan.approve"]})
    signs = root("grant:SIGNS", scope={"acts": ["contract.sign"]})
    found = judged(act(), plans, signs, grant(parent=None))
    assert (found.verdict, chain(found)) == ("VALID", ["grant:SIGNS", "grant:G"])


def test_the_own_root_may_be_that_of_the_grantors_post() -> None:
    held = root(holder="post:U1/HEAD")
    assert judged(act(), held, grant(parent=None), terms=(_term("post:U1/HEAD", "person:HEAD"),)).verdict == "VALID"
    assert judged(act(), held, grant(parent=None)).verdict == "UNPROVEN"


def test_a_body_is_the_one_of_that_name_in_its_unit() -> None:
    party = root(holder="body:党组会")
    assert judged(act(actor="body:党组会"), party).verdict == "VALID"
    assert codes(judged(act(actor="body:党组会", unit="unit:U2"), party)) == ["AUT-01"]


@pytest.mark.parametrize(
    "missing",
    [
        [grant()],  # the root is not in the ledger
        [grant(parent=None)],  # nor is any root of whoever granted it
        [msgspec.structs.replace(root(), payload=None), grant()],  # the root's content was erased
    ],
)
def test_a_chain_that_ends_in_the_unknown_is_unproven(missing: list[Grant]) -> None:
    assert judged(act(), *missing).verdict == "UNPROVEN"


def test_what_is_wrong_for_certain_is_invalid_even_where_more_is_unknown() -> None:
    found = judged(act(), grant(valid_until="2026-03-01"))
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-03"])


def test_a_grant_that_was_withdrawn_as_an_error_never_was() -> None:
    gone = msgspec.structs.replace(grant(), withdrawn=True)
    found = judged(act(authority="grant:G"), root(), gone)
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-01"])
    assert found.citation is not None
    assert found.citation.status == "withdrawn"


# Who is asked


def test_an_account_acts_as_its_person() -> None:
    link = LinkSpan("account:erp/p", "person:P", None, None)
    assert judged(act(actor="account:erp/p"), root(), grant(), links=(link,)).verdict == "VALID"
    found = judged(act(actor="account:erp/p"), root(), grant())
    assert codes(found) == ["AUT-01"]
    assert any("linked to no person" in note for note in found.notes)


def test_an_account_is_whose_it_was_at_the_act() -> None:
    links = (
        LinkSpan("account:erp/p", "person:P", None, ACTED),
        LinkSpan("account:erp/p", "person:Q", ACTED, None),
    )
    at_handover, before = act(actor="account:erp/p"), act(actor="account:erp/p", time=ACTED - MICROSECOND)
    for person, earlier, later in (("person:P", "VALID", "INVALID"), ("person:Q", "INVALID", "VALID")):
        pair = root(), grant(grantee=person)
        assert judged(before, *pair, links=links).verdict == earlier
        assert judged(at_handover, *pair, links=links).verdict == later


def test_a_grant_to_an_account_is_to_whoever_had_it_when_it_was_made() -> None:
    links = (
        LinkSpan("account:erp/p", "person:P", None, BEFORE_ACT),
        LinkSpan("account:erp/p", "person:Q", BEFORE_ACT, None),
    )
    pair = root(), grant(grantee="account:erp/p")
    assert judged(act(), *pair, links=links).verdict == "VALID"
    assert codes(judged(act(actor="account:erp/p"), *pair, links=links)) == ["AUT-01"]


def test_of_what_a_system_did_the_lead_is_asked() -> None:
    assert judged(act(actor="system:erp", asked="person:P"), root(), grant()).verdict == "VALID"
    assert judged(act(actor="system:erp", asked=None), root(), grant()).verdict == "UNPROVEN"


# Posts


@pytest.mark.aut("AUT-18", "fires", "boundary")
def test_a_grant_to_a_post_continues_for_the_successor() -> None:
    handover = ACTED
    terms = (
        _term("post:U1/DEP", "person:P"),
        _relief("post:U1/DEP", "person:P", handover),
        _term("post:U1/DEP", "person:Q", starts=handover),
    )
    pair = root(), grant(grantee="post:U1/DEP")
    for who, at, expected in (
        ("person:P", handover - MICROSECOND, []),
        ("person:P", handover, ["AUT-18"]),
        ("person:Q", handover - MICROSECOND, ["AUT-18"]),
        ("person:Q", handover, []),
    ):
        assert codes(judged(act(actor=who, time=at), *pair, terms=terms)) == expected, (who, at)


def test_a_term_in_a_post_ends_before_its_last_instant() -> None:
    terms = (msgspec.structs.replace(_term("post:U1/DEP", "person:P"), ends=ACTED),)
    pair = root(), grant(grantee="post:U1/DEP")
    assert judged(act(time=ACTED - MICROSECOND), *pair, terms=terms).verdict == "VALID"
    assert codes(judged(act(), *pair, terms=terms)) == ["AUT-18"]


def test_a_post_nobody_is_recorded_in_leaves_whoever_relies_on_its_grant_unproven() -> None:
    posts = grant(grantee="post:U1/DEP")
    found = judged(act(authority="grant:G"), root(), posts)
    assert found.verdict == "UNPROVEN"
    held = _term("post:U1/DEP", "person:Q")
    assert codes(judged(act(authority="grant:G"), root(), posts, terms=(held,))) == ["AUT-01"], "it is somebody else's"
    relieved = _term("post:U1/DEP", "person:A", is_end=True)
    found = judged(act(authority="grant:G"), root(), posts, terms=(relieved,))
    assert (found.verdict, found.best) == ("UNPROVEN", None), "since when somebody held it who only left it, is unknown"


def test_who_never_held_the_post_has_no_grant() -> None:
    terms = (_term("post:U1/DEP", "person:P"),)
    assert codes(judged(act(actor="person:Z"), root(), grant(grantee="post:U1/DEP"), terms=terms)) == ["AUT-01"]


@pytest.mark.aut("AUT-18", "silent")
def test_a_relief_known_only_after_the_act_leaves_the_verdict_and_is_noted() -> None:
    terms = (
        _term("post:U1/DEP", "person:P"),
        _relief("post:U1/DEP", "person:P", BEFORE_ACT, known_from=ACTED + MICROSECOND),
    )
    found = judged(act(), root(), grant(grantee="post:U1/DEP"), terms=terms)
    assert found.verdict == "VALID"
    assert any(note.startswith("AUT-18") for note in found.notes)


def test_an_appointment_to_the_post_recorded_after_the_act_is_late() -> None:
    def verdict(known_from: datetime) -> str:
        terms = (_term("post:U1/DEP", "person:P", known_from=known_from),)
        return judged(act(), root(), grant(grantee="post:U1/DEP"), terms=terms).verdict

    assert [verdict(ACTED), verdict(ACTED + MICROSECOND), verdict(ACTED + LATE_DAYS)] == [
        "VALID",
        "LATE_RECORDED",
        "INVALID",
    ]


# Acting


def _acting(**fields: Any) -> Acting:
    given: dict[str, Any] = {
        "name": "A1",
        "position": next(_positions),
        "known_from": BEFORE_ACT,
        "asserted": False,
        "time": BEFORE_ACT,
        "principal": "person:P",
        "substitute": "person:S",
        "grants": ("grant:G",),
        "acts": None,
        "ceiling_item": None,
        "currency": "CNY",
        "starts": ACTED - timedelta(days=1),
        "ends": ACTED + timedelta(days=1),
    }
    return Acting(**given | fields)


def substituted(question: JudgedAct, acting: Acting, *grants: Grant) -> Judgement:
    return judged(question, root(), *(grants or (grant(),)), actings=(acting,))


@pytest.mark.aut("AUT-20", "silent")
def test_a_substitute_exercises_the_principals_grant() -> None:
    found = substituted(act(actor="person:S", onbehalfof="person:P"), _acting())
    assert found.verdict == "VALID"
    assert found.best is not None
    assert found.best.path.route.acting is not None


def test_a_substitute_may_leave_unsaid_in_whose_name() -> None:
    assert substituted(act(actor="person:S"), _acting()).verdict == "VALID"


@pytest.mark.aut("AUT-20", "fires", "boundary")
def test_acting_begins_and_ends_at_its_instants() -> None:
    start, end = ACTED - timedelta(days=1), ACTED + timedelta(days=1)
    for at, expected in ((start - MICROSECOND, "AUT-20"), (start, None), (end - MICROSECOND, None), (end, "AUT-20")):
        found = substituted(act(actor="person:S", onbehalfof="person:P", time=at), _acting())
        assert codes(found) == ([expected] if expected else []), at


def test_an_appointment_ended_early_is_over() -> None:
    ended = _acting(endings=(Ending(ACTED, ACTED, 1),))
    assert codes(substituted(act(actor="person:S", onbehalfof="person:P"), ended)) == ["AUT-20"]
    told_later = _acting(endings=(Ending(BEFORE_ACT, ACTED + MICROSECOND, 1),))
    found = substituted(act(actor="person:S", onbehalfof="person:P"), told_later)
    assert found.verdict == "VALID"
    assert any(note.startswith("AUT-20") for note in found.notes)


@pytest.mark.aut("AUT-20", "fires")
def test_nobody_acts_in_anothers_name_without_an_appointment() -> None:
    found = judged(act(actor="person:S", onbehalfof="person:P"), root(), grant())
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-20"])


def test_an_appointment_gives_only_the_acts_grants_and_sums_it_names() -> None:
    question = act(actor="person:S", onbehalfof="person:P")
    assert codes(substituted(question, _acting(acts=("plan.approve",)))) == ["AUT-01"]
    assert codes(substituted(question, _acting(grants=("grant:ELSE",)))) == ["AUT-20"], "it does not name it"
    assert codes(substituted(question, _acting(ceiling_item=Decimal("99.99")))) == ["AUT-06"]
    assert substituted(question, _acting(ceiling_item=Decimal("100.00"))).verdict == "VALID"
    assert substituted(question, _acting(grants=())).verdict == "VALID", "it names none: whatever the principal holds"


def test_a_substitute_never_gains_more_than_the_principal_has() -> None:
    question = act(actor="person:S", onbehalfof="person:P")
    wide = _acting(ceiling_item=Decimal("500.00"))
    assert codes(substituted(question, wide, grant(ceiling_item="99.99"))) == ["AUT-06"]


def test_a_personal_grant_does_not_pass() -> None:
    question = act(actor="person:S", onbehalfof="person:P")
    assert codes(substituted(question, _acting(), grant(personal_only=True))) == ["AUT-20"]


def test_the_principals_post_passes_with_its_grants() -> None:
    held = grant(grantee="post:U1/DEP")
    terms = (_term("post:U1/DEP", "person:P"),)
    found = judged(act(actor="person:S"), root(), held, actings=(_acting(),), terms=terms)
    assert found.verdict == "VALID"


def test_an_appointment_recorded_after_the_act_is_late() -> None:
    def verdict(known_from: datetime) -> str:
        return substituted(act(actor="person:S"), _acting(known_from=known_from)).verdict

    assert [verdict(ACTED), verdict(ACTED + MICROSECOND), verdict(ACTED + LATE_DAYS)] == [
        "VALID",
        "LATE_RECORDED",
        "INVALID",
    ]


# What the act relies on


def test_the_grant_relied_on_is_said_to_serve() -> None:
    found = judged(act(authority="grant:B"), root(), grant("grant:A"), grant("grant:B"))
    assert (found.verdict, chain(found)) == ("VALID", ["grant:R", "grant:B"])
    assert found.citation is not None
    assert found.citation.status == "relied_on"


def test_a_citation_that_fails_is_wrong_where_another_grant_covers_the_act() -> None:
    expired = grant("grant:OLD", valid_until="2026-02-28")
    found = judged(act(authority="grant:OLD"), root(), expired, grant())
    assert (found.verdict, chain(found), found.failures) == ("VALID", ["grant:R", "grant:G"], ())
    assert found.citation is not None
    assert found.citation.status == "fails"
    assert [mark.code for mark in found.citation.marks] == ["AUT-03"]


def test_where_nothing_covers_the_act_failures_are_those_of_the_grant_relied_on() -> None:
    twice = grant("grant:OLD", valid_until="2026-02-28", ceiling_item="1.00")
    once = grant("grant:NEAR", ceiling_item="99.99")
    assert failed(judged(act(), root(), twice, once)) == [("AUT-06", "grant:NEAR")]
    cited = judged(act(authority="grant:OLD"), root(), twice, once)
    assert failed(cited) == [("AUT-03", "grant:OLD"), ("AUT-06", "grant:OLD")]


def test_a_citation_of_somebody_elses_grant_is_passed_over() -> None:
    theirs = grant("grant:THEIRS", "person:Q")
    found = judged(act(authority="grant:THEIRS"), root(), theirs, grant(ceiling_item="99.99"))
    assert failed(found) == [("AUT-06", "grant:G")]
    assert found.citation is not None
    assert found.citation.status == "not_granted_to_actor"


def test_a_citation_for_another_type_of_act_is_aut_01_where_nothing_else_is() -> None:
    found = judged(act(authority="grant:G"), root(), grant(scope={"acts": ["plan.approve"]}))
    assert codes(found) == ["AUT-01"]
    assert found.citation is not None
    assert found.citation.status == "other_act"


def test_an_unknown_citation_leaves_the_act_unproven_unless_another_grant_covers_it() -> None:
    assert judged(act(authority="grant:GHOST"), root()).verdict == "UNPROVEN"
    assert judged(act(authority="grant:GHOST"), root(), grant(ceiling_item="1.00")).verdict == "UNPROVEN"
    found = judged(act(authority="grant:GHOST"), root(), grant())
    assert found.verdict == "VALID"
    assert found.citation is not None
    assert found.citation.status == "unknown"


def test_an_erased_citation_leaves_the_act_unproven() -> None:
    erased = msgspec.structs.replace(grant(), payload=None, grantee=None)
    assert judged(act(authority="grant:G"), root(), erased).verdict == "UNPROVEN"


def test_every_other_grant_says_why_it_did_not_serve() -> None:
    old = grant("grant:OLD", valid_until="2026-02-28")
    other = grant("grant:PLANS", scope={"acts": ["plan.approve"]})
    found = judged(act(), root(), old, other, grant())
    assert {way.path.leaf.name: [mark.code for mark in way.of("FAIL")] for way in found.others} == {
        "grant:OLD": ["AUT-03"],
        "grant:PLANS": ["AUT-05"],
    }


def test_the_order_in_which_facts_come_does_not_matter() -> None:
    grants = [
        root(),
        grant("grant:A", valid_until="2026-02-28"),
        grant("grant:B", ceiling_item="1.00"),
        grant("grant:C"),
    ]
    answers = {chain(judged(act(), *order))[-1] for order in (grants, grants[::-1], grants[2:] + grants[:2])}
    assert answers == {"grant:C"}


# What is wrong with the chain itself: AUT-08 to 11 and 17


def passed_on(by: str = "person:M", **limits: Any) -> list[Grant]:
    """A root, a grant from it with these limits on passing it on, and one made under that."""
    given: dict[str, Any] = {"sub_delegable": True, **limits}
    middle = grant("grant:M", "person:M", **given)
    return [root(), middle, grant("grant:G", grantor=by, parent="grant:M")]


@pytest.mark.aut("AUT-08", "fires", "silent")
def test_what_may_not_be_passed_on_carries_nothing() -> None:
    assert judged(act(), *passed_on()).verdict == "VALID"
    assert failed(judged(act(), *passed_on(sub_delegable=False))) == [("AUT-08", "grant:G")]
    assert judged(act(actor="person:M"), *passed_on(sub_delegable=False)).verdict == "VALID", (
        "it was not passed on to M"
    )


def test_a_grant_that_does_not_say_whether_it_may_be_passed_on() -> None:
    """Only a special one is known not to be (Civil Code §169); of a general one nothing is known."""
    assert judged(act(), *passed_on(sub_delegable=None)).verdict == "UNPROVEN"
    assert codes(judged(act(), *passed_on(sub_delegable=None, kind="special"))) == ["AUT-08"]


def test_of_one_failure_what_is_certain_is_said_before_what_is_unknown() -> None:
    top = grant("grant:T", "person:T", sub_delegable=False)
    middle = grant("grant:M", "person:M", grantor="person:T", parent="grant:T")
    found = judged(act(), root(), top, middle, grant(grantor="person:M", parent="grant:M"))
    assert (found.verdict, failed(found)) == ("INVALID", [("AUT-08", "grant:M")])


@pytest.mark.aut("AUT-08", "fires", "boundary")
def test_a_grant_is_passed_on_as_deep_as_it_says() -> None:
    def chain_below(depth: int) -> list[Grant]:
        top = grant("grant:0", "person:0", sub_delegable=True, sub_depth=2)
        below = [
            grant(f"grant:{n}", f"person:{n}", grantor=f"person:{n - 1}", parent=f"grant:{n - 1}", sub_delegable=True)
            for n in range(1, depth + 1)
        ]
        return [root(), top, *below]

    assert judged(act(actor="person:2"), *chain_below(2)).verdict == "VALID"
    assert failed(judged(act(actor="person:3"), *chain_below(3))) == [("AUT-08", "grant:3")]


def test_only_the_acts_named_for_it_are_passed_on() -> None:
    assert judged(act(), *passed_on(sub_acts=["contract.sign"])).verdict == "VALID"
    assert failed(judged(act(), *passed_on(sub_acts=["plan.approve"]))) == [("AUT-08", "grant:G")]


@pytest.mark.aut("AUT-09", "fires", "silent")
def test_nobody_grants_to_themselves() -> None:
    """P was deputy, gave the deputy's grant to P in person, and used it after leaving the post."""
    terms = (_term("post:U1/DEP", "person:P"), _relief("post:U1/DEP", "person:P", BEFORE_ACT))
    deputys = grant("grant:M", "post:U1/DEP", sub_delegable=True)
    own = grant("grant:G", "person:P", grantor="person:P", parent="grant:M")
    assert failed(judged(act(authority="grant:G"), root(), deputys, own, terms=terms)) == [("AUT-09", "grant:G")]
    others = grant("grant:G", "person:Q", grantor="person:P", parent="grant:M")
    assert judged(act(actor="person:Q"), root(), deputys, others, terms=terms).verdict == "VALID"


@pytest.mark.aut("AUT-09", "fires")
def test_a_grant_to_a_post_of_ones_own_is_to_oneself() -> None:
    terms = (
        _term("post:U1/DEP", "person:HEAD"),
        _relief("post:U1/DEP", "person:HEAD", BEFORE_ACT),
        _term("post:U1/DEP", "person:P", starts=BEFORE_ACT),
    )
    assert failed(judged(act(), root(), grant(grantee="post:U1/DEP"), terms=terms)) == [("AUT-09", "grant:G")]


def test_a_grant_made_to_oneself_in_anothers_name_is_to_oneself() -> None:
    by_substitute = msgspec.structs.replace(grant(), actor="person:P")
    assert failed(judged(act(), root(), by_substitute)) == [("AUT-09", "grant:G")]


def test_two_accounts_of_one_person_are_one_side() -> None:
    links = (LinkSpan("account:erp/head", "person:P", None, None),)
    held = root(holder="person:P")
    own = grant(grantee="account:erp/head", grantor="person:P")
    found = judged(act(authority="grant:G"), held, own, links=links)
    assert found.verdict == "VALID", "by the root"
    assert found.citation is not None
    assert [mark.code for mark in found.citation.marks] == ["AUT-09"]


def test_what_comes_back_to_whoever_passed_it_on_goes_in_a_circle() -> None:
    there = grant("grant:1", "person:Q", grantor="person:M", parent="grant:M", sub_delegable=True)
    back = grant("grant:2", "person:M", grantor="person:Q", parent="grant:1")
    middle = grant("grant:M", "person:M", sub_delegable=True)
    found = judged(act(actor="person:M", authority="grant:2"), root(), middle, there, back)
    assert found.citation is not None
    assert [(mark.code, mark.grant) for mark in found.citation.marks] == [("AUT-10", "grant:2")]


@pytest.mark.aut("AUT-10", "fires")
def test_grants_that_rest_on_each_other_rest_on_nothing() -> None:
    one = grant("grant:1", "person:P", grantor="person:Q", parent="grant:2")
    two = grant("grant:2", "person:Q", grantor="person:P", parent="grant:1")
    assert codes(judged(act(), one, two)) == ["AUT-10"]


@pytest.mark.aut("AUT-11", "fires")
def test_nobody_passes_on_what_they_do_not_hold() -> None:
    assert failed(judged(act(), *passed_on(by="person:Z"))) == [("AUT-11", "grant:G")]


@pytest.mark.aut("AUT-11", "fires", "boundary")
@pytest.mark.parametrize(
    "limits",
    [
        {"valid_until": "2026-02-01T09:00:00+08:00"},  # it had ended, at that instant
        {"made": "2026-02-02T09:00:00+08:00"},  # it had not been made
        {"valid_from": "2026-02-10"},  # it was not effective, nor would it be when the other was
    ],
)
def test_a_grant_made_when_its_parent_had_no_effect_carries_nothing(limits: dict[str, Any]) -> None:
    middle = grant("grant:M", "person:M", sub_delegable=True, **limits)
    leaf = grant("grant:G", grantor="person:M", parent="grant:M", made="2026-02-01T09:00:00+08:00")
    found = judged(act(), root(), middle, leaf)
    assert ("AUT-11", "grant:G") in failed(found)
    assert found.verdict == "INVALID"


def test_a_grant_made_while_its_parent_was_suspended_carries_nothing() -> None:
    stop, go = change("suspend", BEFORE_ACT, name="grant:M"), change("resume", ACTED, name="grant:M")
    leaf = grant("grant:G", grantor="person:M", parent="grant:M", made=(ACTED - timedelta(days=1)).isoformat())
    middle = grant("grant:M", "person:M", sub_delegable=True)
    assert failed(judged(act(), root(), middle, leaf, changes=changes(stop, go))) == [("AUT-11", "grant:G")]


@pytest.mark.aut("AUT-11", "silent")
def test_a_years_grants_may_be_made_in_the_days_before_it() -> None:
    from_new_year: dict[str, Any] = {"valid_from": "2026-01-01"}
    middle = grant("grant:M", "person:M", sub_delegable=True, **from_new_year)
    leaf = grant("grant:G", grantor="person:M", parent="grant:M", **from_new_year)
    assert judged(act(), root(), middle, leaf).verdict == "VALID"


@pytest.mark.aut("AUT-17", "fires", "boundary")
def test_a_grant_wider_than_what_it_rests_on_gives_what_both_give_and_is_noted() -> None:
    middle = grant("grant:M", "person:M", sub_delegable=True, ceiling_item="500.00", valid_until="2026-12-31")
    scope = {"acts": ["contract.sign", "pay.approve"]}
    wide = grant(
        "grant:G", grantor="person:M", parent="grant:M", ceiling_item="900.00", valid_until="2027-12-31", scope=scope
    )
    signing = root(scope={"acts": ["contract.sign"]})
    found = judged(act(), signing, middle, wide)
    assert found.verdict == "VALID"
    assert found.best is not None
    assert [mark.code for mark in found.best.of("FAULT") if mark.code == "AUT-17"] == ["AUT-17"] * 3
    assert codes(judged(act(amount=Decimal("500.01")), signing, middle, wide)) == ["AUT-06"]
    narrow = grant("grant:G", grantor="person:M", parent="grant:M", ceiling_item="500.00", valid_until="2026-12-31")
    assert judged(act(), signing, middle, narrow).notes == ()


# Ratification


def _ratification(actor: str, at: datetime = ACTED + timedelta(days=5)) -> Ratification:
    return Ratification(
        act=1000,
        position=next(_positions),
        known_from=at,
        time=at,
        actor=actor,
        unit="unit:U1",
        authority=None,
        onbehalfof=None,
    )


def test_who_could_have_authorised_the_act_may_ratify_it_and_the_failures_stay() -> None:
    found = judged(act(), root(), ratifications=(_ratification("person:HEAD"),))
    assert (found.verdict, codes(found)) == ("RATIFIED", ["AUT-01"])


def test_who_lacks_the_authority_ratifies_nothing() -> None:
    found = judged(act(), root(), ratifications=(_ratification("person:Z"),))
    assert found.verdict == "INVALID"
    assert any("person:Z" in note for note in found.notes)


def test_nobody_ratifies_an_act_of_their_own() -> None:
    late = known(grant(), ACTED + LATE_DAYS)
    found = judged(act(), root(), late, ratifications=(_ratification("person:P", ACTED + timedelta(days=9)),))
    assert (found.verdict, codes(found)) == ("INVALID", ["AUT-12"])


def test_a_valid_act_needs_no_ratification() -> None:
    assert judged(act(), root(), grant(), ratifications=(_ratification("person:HEAD"),)).verdict == "VALID"


def _term(
    post: str, person: str, *, starts: datetime | None = None, known_from: datetime | None = None, is_end: bool = False
) -> Term:
    since = starts or datetime(2025, 1, 1, tzinfo=UTC)
    return Term(
        post=post,
        person=person,
        position=next(_positions),
        known_from=known_from or since,
        time=since,
        starts=since,
        ends=None,
        is_end=is_end,
    )


def _relief(post: str, person: str, at: datetime, *, known_from: datetime | None = None) -> Term:
    return _term(post, person, starts=at, known_from=known_from, is_end=True)


def _unit(unit: str, parent: str | None, *, at: datetime | None = None) -> UnitStated:
    when = at or datetime(2025, 1, 1, tzinfo=UTC)
    return UnitStated(unit, parent, (when, when, next(_positions)))
