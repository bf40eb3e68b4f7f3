"""The reference itself against docs/authority.md, case by case, worked out by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.moments import parse_instant
from tests.events import event
from tests.reference.authority import Answer, answer
from tests.reference.known import Event, Recorded

HEAD, DEPUTY, CLERK, OTHER = "person:HEAD", "person:DEP", "person:CLERK", "person:OTHER"


def said(type: str, subject: str, actor: str, at: str, known: str | None = None, **fields: Any) -> Event:
    """An act at `MM-DDTHH:MM` of 2026, local time, known at once unless said otherwise."""
    known_at = {"recordedtime": f"2026-{known or at}:00+08:00"}
    attributes = known_at | fields.pop("attributes", {})
    return event(type, subject, actor, time=f"2026-{at}:00+08:00", attributes=attributes, **fields)


def root(name: str = "grant:R", holder: str = HEAD, **data: Any) -> Event:
    return said("auth.vest", name, "person:REG", "01-05T09:00", unit="unit:U1", grant=name, holder=holder, **data)


def grant(name: str, by: str, to: str, at: str = "01-06T09:00", known: str | None = None, **data: Any) -> Event:
    given = {"grant": name, "kind": "general", "grantee": to, "parent": "grant:R", "sub_delegable": True, **data}
    return said("auth.grant", name, by, at, known, unit="unit:U1", **given)


def signed(
    actor: str, at: str = "03-02T09:30", amount: str = "100.00", subject: str = "project:X", **attributes: str
) -> Event:
    return said("contract.sign", subject, actor, at, amount=amount, attributes=attributes)


def judged(*history: Event, known_at: str | None = None) -> Answer:
    """Ask about the last act of a history, as if three days were tolerated."""
    recorded = [
        Recorded(position, parse_instant(each["recordedtime"]), each) for position, each in enumerate(history, 1)
    ]
    moment = None if known_at is None else datetime.fromisoformat(f"2026-{known_at}:00+08:00")
    return answer(recorded, len(history), moment, lambda at: at + timedelta(days=3))


def test_a_grant_that_covers_the_act_serves_and_a_ceiling_may_be_reached() -> None:
    found = judged(root(), grant("grant:1", HEAD, DEPUTY, ceiling_item="100.00"), signed(DEPUTY))
    assert (found.verdict, found.leaf, found.codes) == ("VALID", "grant:1", frozenset())


def test_nobody_granted_anything() -> None:
    assert judged(root(), signed(CLERK)) == Answer(verdict="INVALID", codes=frozenset(("AUT-01",)))


def test_the_last_day_of_a_term_is_in_whole_and_an_instant_is_out() -> None:
    in_whole = judged(root(), grant("grant:1", HEAD, DEPUTY, valid_until="2026-03-02"), signed(DEPUTY, "03-02T23:59"))
    out = judged(
        root(), grant("grant:1", HEAD, DEPUTY, valid_until="2026-03-02T09:30:00+08:00"), signed(DEPUTY, "03-02T09:30")
    )
    assert (in_whole.verdict, out.codes) == ("VALID", frozenset(("AUT-03",)))


def test_a_revocation_learned_after_the_act_leaves_the_verdict() -> None:
    revoked = ("auth.revoke", "grant:1", HEAD, "03-01T09:00")
    given = grant("grant:1", HEAD, DEPUTY)
    learned = judged(root(), given, said(*revoked, "03-03T09:00", grant="grant:1"), signed(DEPUTY))
    known = judged(root(), given, said(*revoked, grant="grant:1"), signed(DEPUTY))
    assert (learned.verdict, known.codes) == ("VALID", frozenset(("AUT-04",)))


def test_a_grant_made_before_and_known_within_the_tolerance_is_late() -> None:
    late = judged(root(), grant("grant:1", HEAD, DEPUTY, "03-01T09:00", "03-04T09:00"), signed(DEPUTY))
    assert (late.verdict, late.codes) == ("LATE_RECORDED", frozenset(("AUT-12",)))


def test_a_grant_known_later_or_made_after_the_act_is_retroactive() -> None:
    known_later = grant("grant:1", HEAD, DEPUTY, "03-01T09:00", "03-20T09:00")
    made_after = grant("grant:1", HEAD, DEPUTY, "03-03T09:00", valid_from="2026-03-01")
    for given in (known_later, made_after):
        found = judged(root(), given, signed(DEPUTY))
        assert (found.verdict, found.codes) == ("INVALID", frozenset(("AUT-12",)))


def test_what_was_not_known_then_is_left_out() -> None:
    history = (root(), grant("grant:1", HEAD, DEPUTY, "03-01T09:00", "03-04T09:00"), signed(DEPUTY))
    assert judged(*history, known_at="03-03T09:00").codes == frozenset(("AUT-01",))


def test_an_act_draws_on_every_link_of_its_best_way() -> None:
    given = (
        root(),
        grant("grant:1", HEAD, DEPUTY, ceiling_total="150.00"),
        grant("grant:2", DEPUTY, CLERK, "01-07T09:00", parent="grant:1"),
        signed(CLERK, "03-02T09:30"),
    )
    found = judged(*given, signed(DEPUTY, "03-03T09:30"))
    assert (found.codes, found.used_before) == (frozenset(("AUT-07",)), {"grant:1": Decimal("100.00")})
    assert judged(*given, signed(DEPUTY, "03-03T09:30", "50.00")).verdict == "VALID"


def test_a_grant_that_may_not_be_passed_on() -> None:
    passed = grant("grant:2", DEPUTY, CLERK, "01-07T09:00", parent="grant:1")
    no = judged(root(), grant("grant:1", HEAD, DEPUTY, sub_delegable=False), passed, signed(CLERK))
    unsaid = judged(root(), grant("grant:1", HEAD, DEPUTY, sub_delegable=None), passed, signed(CLERK))
    special = judged(root(), grant("grant:1", HEAD, DEPUTY, kind="special", sub_delegable=None), passed, signed(CLERK))
    assert [each.verdict for each in (no, unsaid, special)] == ["INVALID", "UNPROVEN", "INVALID"]
    assert no.codes == unsaid.codes == special.codes == frozenset(("AUT-08",))


def test_a_parent_that_nobody_recorded_leaves_it_open_and_one_held_by_another_does_not() -> None:
    unknown = judged(root(), grant("grant:1", HEAD, DEPUTY, parent="grant:NONE"), signed(DEPUTY))
    anothers = judged(root(), grant("grant:1", OTHER, DEPUTY), signed(DEPUTY))
    assert (unknown.verdict, unknown.codes) == ("UNPROVEN", frozenset(("AUT-11",)))
    assert (anothers.verdict, anothers.codes) == ("INVALID", frozenset(("AUT-11",)))


def test_a_cited_grant_that_is_not_in_the_ledger_proves_nothing_unless_another_way_serves() -> None:
    assert judged(root(), signed(CLERK, authority="grant:NONE")).verdict == "UNPROVEN"
    assert judged(root(), signed(HEAD, authority="grant:NONE")).verdict == "VALID"


def test_a_substitute_acts_in_the_name_of_the_principal_until_the_appointment_ends() -> None:
    term = {"acting": "A1", "principal": HEAD, "substitute": CLERK, "from": "2026-03-01", "until": "2026-03-02"}
    named = said("acting.appoint", "unit:U1", HEAD, "02-27T09:00", unit="unit:U1", **term)
    inside, outside = (signed(CLERK, at, onbehalfof=HEAD) for at in ("03-02T17:00", "03-03T09:00"))
    assert judged(root(), named, inside).verdict == "VALID"
    assert judged(root(), named, outside).codes == frozenset(("AUT-20",))
    assert judged(root(), outside).codes == frozenset(("AUT-20",))


def test_the_grant_of_a_post_passes_to_who_is_in_it() -> None:
    given = (root(), grant("grant:1", HEAD, "post:U1/K"))
    seat: dict[str, Any] = {"post": "post:U1/K", "person": CLERK}
    assigned = said("post.assign", "post:U1/K", "person:REG", "01-06T10:00", **seat)
    relieved = said("post.relieve", "post:U1/K", "person:REG", "03-01T10:00", **seat)
    learned = said("post.relieve", "post:U1/K", "person:REG", "03-01T10:00", "03-05T10:00", **seat)
    assert judged(*given, assigned, signed(CLERK)).verdict == "VALID"
    assert judged(*given, assigned, relieved, signed(CLERK)).codes == frozenset(("AUT-18",))
    assert judged(*given, assigned, learned, signed(CLERK)).verdict == "VALID"


def test_several_acts_within_the_ceiling_split_one_over_it() -> None:
    given = (root(), grant("grant:1", HEAD, DEPUTY, ceiling_item="150.00"), signed(DEPUTY, "03-01T09:30"))
    assert judged(*given, signed(DEPUTY)).codes == frozenset(("AUT-15",))
    assert judged(*given, signed(DEPUTY, subject="project:Y")).verdict == "VALID"


def test_somebody_who_could_have_done_it_ratifies_it() -> None:
    act = signed(CLERK)
    key = {"source": act["source"], "id": act["id"]}
    by_head, by_other = (said("auth.ratify", "project:X", who, "03-05T09:00", act=key) for who in (HEAD, OTHER))
    assert judged(root(), by_head, act) == Answer(verdict="RATIFIED", codes=frozenset(("AUT-01",)))
    assert judged(root(), by_other, act).verdict == "INVALID"


def test_a_special_grant_is_used_once() -> None:
    given = (root(), grant("grant:1", HEAD, DEPUTY, kind="special"), signed(DEPUTY, "03-01T09:30"))
    assert judged(*given, signed(DEPUTY)).codes == frozenset(("AUT-19",))
    assert judged(*given, signed(DEPUTY, subject="project:Y")).codes == frozenset(("AUT-19",))


def test_staff_of_an_agency_need_its_mandate_and_no_grant() -> None:
    works = said("person.register", CLERK, "person:REG", "01-05T09:00", employer="agency:A")
    agreed = said("agency.sign", "project:X", HEAD, "02-01T09:00", agency="agency:A")
    notice = said("notice.publish", "project:X", CLERK, "03-02T09:30")
    assert judged(works, agreed, notice).verdict == "VALID"
    assert judged(works, notice).codes == frozenset(("AUT-21",))
    assert judged(works, agreed, signed(CLERK)).codes == frozenset(("AUT-21",))
    assert judged(agreed, notice).verdict == "NOT_REQUIRED"


def test_a_matter_reserved_to_a_body_is_not_for_a_person() -> None:
    reserved = [{"act": "contract.sign", "amount_from": "100.00"}]
    assert judged(root(reserved=reserved), signed(HEAD)).codes == frozenset(("AUT-16",))
    assert judged(root(reserved=reserved), signed(HEAD, amount="99.99")).verdict == "VALID"
    assert judged(root(holder="body:会", reserved=reserved), signed("body:会")).verdict == "VALID"
