"""
The failure catalogue, a function per code (docs/authority.md, "The failures").

Each yields what is wrong with one way to do one act: FAIL, UNDETERMINED or LATE, once for each fault.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tests.reference.conditions import condition_met
from tests.reference.known import Act, Grant, Known, term_of
from tests.reference.scope import category_covered, method_covered, one_of, unit_covered
from tests.reference.standing import (
    granted_back,
    in_force_for,
    lateness,
    party,
    resumption_known,
    self_granted,
    stopped,
)
from tests.reference.sums import amount_of, kind_of_total, smallest_ceiling, used_before
from tests.reference.ways import Way, ended, in_term
from tests.reference.world import Result, World, least, worst

SPLIT_ACTS: Final = ("plan.approve", "award.decide", "contract.sign", "contract.amend")
SPLIT_WINDOW: Final = timedelta(days=30)


def aut_02(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The act is before `valid_from` of a link."""
    if any(act.time < link.starts for link in way.links):
        yield "FAIL"


def aut_03(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The act is at or after the end of a link: a bare last day is in, whole; an instant is out."""
    if any(act.time >= link.ends for link in way.links):
        yield "FAIL"


def aut_04(world: World, act: Act, way: Way) -> Iterator[Result]:
    """A link is revoked, superseded or suspended at the act, by what was known at the act."""
    ends_ = [stopped(world.known, link, act.time, act.time) for link in way.links]
    if "gone" in ends_:
        yield "FAIL"
        return
    suspended = [link for link, end in zip(way.links, ends_, strict=True) if end == "suspended"]
    resumed = [known for link in suspended if (known := resumption_known(world.known, link, act)) is not None]
    if len(resumed) < len(suspended) or any(known >= world.until(act.time) for known in resumed):
        yield "FAIL"
    elif suspended:
        yield "LATE"


def aut_05(world: World, act: Act, way: Way) -> Iterator[Result]:
    """An axis of a link's scope leaves the act out. One fault an axis."""
    axes: dict[str, Callable[[Grant], Result | None]] = {
        "units": lambda link: unit_covered(world.known, act, link),
        "projects": lambda link: one_of(link, "projects", act.subject),
        "stages": lambda link: one_of(link, "stages", act.stage),
        "acts": lambda link: one_of(link, "acts", act.type),
        "categories": lambda link: category_covered(act, world.known.stated(act, "category"), link),
        "methods": lambda link: method_covered(act, world.known.stated(act, "method"), link),
    }
    for axis, test in axes.items():
        yield from worst(test(link) for link in way.links if link.axis(axis) is not None)


def aut_06(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The amount is over the smallest `ceiling_item` of the chain and of the appointment. Equal passes."""
    ceiling = smallest_ceiling(way)
    if ceiling is not None:
        measured = amount_of(act)
        if measured == "unknown":
            yield "UNDETERMINED"
        elif measured is not None and measured > ceiling:
            yield "FAIL"


def aut_07(world: World, act: Act, way: Way) -> Iterator[Result]:
    """What was drawn before and the amount are over the `ceiling_total` of a link. Equal passes."""
    results: list[Result | None] = []
    for link in way.links:
        ceiling = link.act.data.get("ceiling_total")
        measured = amount_of(act)
        if ceiling is None or measured is None or (measured != "unknown" and measured <= 0):
            continue
        before, all_measured = used_before(world, act, link)
        if measured == "unknown":
            results.append("UNDETERMINED")
        elif before + measured > Decimal(ceiling):
            results.append("FAIL")
        elif not all_measured:
            results.append("UNDETERMINED")
    yield from worst(results)


def aut_08(world: World, act: Act, way: Way) -> Iterator[Result]:
    """A link above may not be passed on, not so deep, or not for this act. Roots may always be passed on."""
    if way.gap == "circle":
        return
    results: list[Result | None] = []
    for depth, link in enumerate(way.links):
        if depth == 0 or link.root:
            continue
        may, deepest, acts = (link.act.data.get(name) for name in ("sub_delegable", "sub_depth", "sub_acts"))
        if may is False or (may is None and link.special):
            results.append("FAIL")
        if deepest is not None and depth > deepest:
            results.append("FAIL")
        if acts is not None and act.type not in acts:
            results.append("FAIL")
        if may is None:
            results.append("UNDETERMINED")
    yield from worst(results)


def aut_09(world: World, act: Act, way: Way) -> Iterator[Result]:
    """Somebody granted to themselves: in person or through a post."""
    if way.gap != "circle" and any(self_granted(world.known, link) for link in way.granted):
        yield "FAIL"


def aut_10(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The parents form a circle, a grantee is grantor above, or the grantee granted the same to the grantor before."""
    known, granted = world.known, way.granted
    back = any(
        party(known, below.grantee, below) == party(known, above.grantor, above)
        for index, below in enumerate(granted)
        for above in granted[index + 1 :]
    )
    if way.gap == "circle" or back or any(granted_back(known, link) for link in granted):
        yield "FAIL"


def aut_11(world: World, act: Act, way: Way) -> Iterator[Result]:
    """A grantor did not hold the parent when a link was made, or a link above was then not in force."""
    if way.gap == "circle":
        return
    if (
        way.gap == "withdrawn"
        or any(
            not world.known.holds(link.grantor, parent, link.act.time, link.act.unit)
            for link, parent in zip(way.links, way.links[1:], strict=False)
        )
        or any(
            not in_force_for(world.known, above, link)
            for index, link in enumerate(way.links)
            for above in way.links[index + 1 :]
        )
    ):
        yield "FAIL"
    elif way.gap in ("unknown", "rootless"):
        yield "UNDETERMINED"


def aut_12(world: World, act: Act, way: Way) -> Iterator[Result]:
    """What the way rests on was made after the act, or known later than tolerated; asked if nothing else is wrong."""
    rests_on: list[Result | None] = [lateness(world, act, link.act) for link in way.links]
    if way.appointment is not None:
        rests_on.append(lateness(world, act, way.appointment))
    if way.post is not None:
        assigned = world.known.assignments(way.holder, way.post, act.time, act.time)
        rests_on += least(lateness(world, act, each) for each in assigned)
    yield from worst(rests_on)


def aut_14(world: World, act: Act, way: Way) -> Iterator[Result]:
    """A condition of a link is not met."""
    conditions = {each for link in way.links for each in link.act.listed("conditions")}
    yield from worst(condition_met(world.known, act, each) for each in sorted(conditions))


def aut_15(world: World, act: Act, way: Way) -> Iterator[Result]:
    """An act within the ceiling is with others of the same kind, person and matter, each within it, over it."""
    ceiling, measured = smallest_ceiling(way), amount_of(act)
    if act.type not in SPLIT_ACTS or ceiling is None or not isinstance(measured, Decimal):
        return
    if not 0 < measured <= ceiling:
        return
    asked = world.known.asked(act)
    others = [
        amount
        for each in world.known.before(act)
        if kind_of_total(each.type) == kind_of_total(act.type)
        and world.known.asked(each) == asked
        and act.time - each.time <= SPLIT_WINDOW
        and _same_matter(world.known, each, act)
        and isinstance(amount := amount_of(each), Decimal)
        and 0 < amount <= ceiling
    ]
    if others and sum(others, measured) > ceiling:
        yield "FAIL"


def aut_16(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The act is reserved to a body, and a person does it."""
    asked = world.known.asked(act)
    if asked is None or not asked.startswith(("person:", "account:")):
        return
    reserved = list(way.root.act.listed("reserved")) if way.root is not None else []
    for each in world.known.of_type("setup.policy", "auth.vest"):
        begin, end = term_of(each)
        if each.unit == act.unit and begin <= act.time < end and each.known <= act.time:
            reserved += each.listed("reserved")
    yield from worst(_reserved(act, each) for each in reserved)


def aut_18(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The grant is a post's, and its holder was not in it at the act, by what was known then."""
    if way.post is not None and not world.known.assignments(way.holder, way.post, act.time, act.time):
        yield "FAIL"


def aut_19(world: World, act: Act, way: Way) -> Iterator[Result]:
    """A special grant is used again, or after its project was closed."""
    for link in way.links:
        if link.special and _used_again(world, act, link):
            yield "FAIL"
            return


def aut_20(world: World, act: Act, way: Way) -> Iterator[Result]:
    """In another's name without right, or principal and substitute both do the same. One fault."""
    appointed = world.known.of_type("acting.appoint")
    if _defect_of_appointment(world, act, way) or any(_done_by_both(world.known, act, way, each) for each in appointed):
        yield "FAIL"


def aut_20_appointment(world: World, act: Act, way: Way) -> Iterator[Result]:
    """The part of AUT-20 that concerns the appointment: all there is to ask of somebody who ratifies."""
    if _defect_of_appointment(world, act, way):
        yield "FAIL"


def _defect_of_appointment(world: World, act: Act, way: Way) -> bool:
    if way.by != "acting":
        return False
    appointment = way.appointment
    if appointment is None or way.leaf.act.data.get("personal_only"):
        return True
    named = appointment.listed("grants")
    not_named = bool(named) and way.leaf.name not in named
    return not_named or not in_term(appointment, act) or ended(world.known, appointment, act)


HELD_THEN: Final = frozenset(("AUT-02", "AUT-03", "AUT-04", "AUT-18", "AUT-20"))
"""What is asked of a grant at the moment it is used: of one that ratifies, when it was done."""

TESTS: Final[dict[str, Callable[[World, Act, Way], Iterator[Result]]]] = {
    "AUT-02": aut_02,
    "AUT-03": aut_03,
    "AUT-04": aut_04,
    "AUT-05": aut_05,
    "AUT-06": aut_06,
    "AUT-07": aut_07,
    "AUT-08": aut_08,
    "AUT-09": aut_09,
    "AUT-10": aut_10,
    "AUT-11": aut_11,
    "AUT-14": aut_14,
    "AUT-15": aut_15,
    "AUT-16": aut_16,
    "AUT-18": aut_18,
    "AUT-19": aut_19,
    "AUT-20": aut_20,
}
"""All that can be asked of a way by itself; AUT-12 is asked after them, AUT-01 and AUT-21 of an act without ways."""


def _same_matter(known: Known, one: Act, other: Act) -> bool:
    if one.subject == other.subject:
        return True
    lines = [(each.unit, known.stated(each, "budget_project"), known.stated(each, "category")) for each in (one, other)]
    return None not in lines[0] and lines[0] == lines[1]


def _reserved(act: Act, matter: dict[str, Any]) -> Result | None:
    if matter["act"] != act.type:
        return None
    if matter.get("amount_from") is None:
        return "FAIL"
    measured = amount_of(act)
    if not isinstance(measured, Decimal):
        return "UNDETERMINED"
    return "FAIL" if measured >= Decimal(matter["amount_from"]) else None


def _used_again(world: World, act: Act, link: Grant) -> bool:
    for each in world.known.before(act):
        if each.type in ("project.close", "file.archive") and each.subject == act.subject:
            return True
        if each.type != act.type or each.refused:
            continue
        best = world.best_way(each)
        if best is None or link not in best.links:
            continue
        if each.subject != act.subject:
            return True
        if link.act.data.get("ceiling_total") is None:
            return True
    return False


def _done_by_both(known: Known, act: Act, way: Way, appointment: Act) -> bool:
    """Say whether principal or substitute did before what the other does, by a grant the appointment passes on."""
    principal, substitute = (
        known.person(appointment.data[each], appointment.time) for each in ("principal", "substitute")
    )
    asked = known.asked(act)
    if way.appointment == appointment:
        other = principal
    elif way.by != "acting" and asked == principal:
        other = substitute
    else:
        return False
    named, acts = appointment.listed("grants"), appointment.data.get("acts")
    if (named and way.leaf.name not in named) or (acts is not None and act.type not in acts):
        return False
    return _during(known, appointment, act) and any(
        kind_of_total(each.type) == kind_of_total(act.type)
        and each.subject == act.subject
        and known.asked(each) == other
        and _during(known, appointment, each)
        for each in known.before(act)
    )


def _during(known: Known, appointment: Act, act: Act) -> bool:
    return in_term(appointment, act) and not ended(known, appointment, act)
