"""Whether a condition of a grant was met (docs/authority.md, "Conditions")."""

from collections.abc import Iterator
from typing import Any

from contracts.catalogue import base_catalogue
from tests.reference.known import Act, Known
from tests.reference.world import Result, least


def condition_met(known: Known, act: Act, condition: str) -> Result | None:
    done = [each for each in (*known.before(act), act) if each.subject == act.subject and not each.refused]
    if condition == "collective_decision":
        met = any(each.act_class == "D" and is_body(each.actor) and each.unit == act.unit for each in done)
        return None if met else "FAIL"
    if condition == "legal_review":
        reviews: list[Result | None] = [_legal(known, each) for each in done if each.act_class == "S"]
        return least(reviews)[0] if reviews else "FAIL"
    role = condition.removeprefix("concurrence:")
    asked = known.asked(act)
    met = any(
        who != asked and not who.startswith("system:") and role == duty
        for each in done
        for who, duty in _duties(known, each)
    )
    return None if met else "FAIL"


def is_body(reference: str) -> bool:
    return reference.startswith("body:")


def _legal(known: Known, act: Act) -> Result | None:
    """Whether an act of class S was a legal review; a contract review that tells nobody's function leaves it open."""
    if any(document.get("kind") == "legal_opinion" for document in act.listed("documents")):
        return None
    functions = {function for each in _people(act) for function in _functions(known, each, act)}
    if "legal" in functions:
        return None
    return "UNDETERMINED" if act.type == "contract.review" and not functions else "FAIL"


def _functions(known: Known, participant: dict[str, Any], act: Act) -> set[str]:
    """What somebody took part as: said, else what the posts they were in then had last been said to be."""
    if participant.get("function") is not None:
        return {str(participant["function"])}
    person = known.person(participant["actor"], act.time)
    found: set[str] = set()
    for post in known.posts_ever(person):
        if known.assignments(person, post, act.time):
            said = [
                each for each in known.of_type("post.define") if each.data["post"] == post and each.time <= act.time
            ]
            if said and said[-1].data.get("designation") is not None:
                found.add(said[-1].data["designation"])
    return found


def _people(act: Act) -> list[dict[str, Any]]:
    """The actor, as lead unless listed, and every participant but observers and attendees."""
    listed: list[dict[str, Any]] = act.listed("participants")
    own = [] if any(each["actor"] == act.actor for each in listed) else [{"actor": act.actor, "capacity": "lead"}]
    return own + [each for each in listed if each.get("capacity") not in ("observer", "attendee")]


def _duties(known: Known, act: Act) -> Iterator[tuple[str, str]]:
    """Who exercised which duty in an act: the act's role or their own, the actor a further one besides."""
    own = base_catalogue().acts[act.type].role
    for each in _people(act):
        yield known.person(each["actor"], act.time), each.get("role") or own
    yield known.person(act.actor, act.time), own
    if act.role is not None:
        yield known.person(act.actor, act.time), act.role
