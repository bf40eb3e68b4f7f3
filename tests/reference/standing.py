"""Whether a grant was in force, who granted it to whom, and when that was known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from contracts.moments import starts
from tests.reference.known import Act, Grant, Known, effective
from tests.reference.ways import chains, nearest
from tests.reference.world import Result, World


def stopped(known: Known, link: Grant, at: datetime, known_by: datetime | None) -> Literal["gone", "suspended"] | None:
    """Say whether a grant was revoked or superseded, or suspended, at a time by what was known at another."""

    def counts(act: Act, since: datetime) -> bool:
        return since <= at and (known_by is None or act.known <= known_by)

    for each in known.of_type("auth.revoke"):
        if each.data["grant"] == link.name and counts(each, effective(each)):
            return "gone"
    for other in known.live_grants():
        if other.act.data.get("supersedes") == link.name and counts(other.act, other.starts):
            return "gone"
    changes = [
        each
        for each in known.of_type("auth.suspend", "auth.resume")
        if each.data["grant"] == link.name and counts(each, effective(each))
    ]
    changes.sort(key=lambda each: (effective(each), each.order))
    return "suspended" if changes and changes[-1].type == "auth.suspend" else None


def resumption_known(known: Known, link: Grant, act: Act) -> datetime | None:
    """Since when it is known that a suspension had ended at an act; None where it had not."""
    suspensions = [
        effective(each)
        for each in known.of_type("auth.suspend")
        if each.data["grant"] == link.name and effective(each) <= act.time and each.known <= act.time
    ]
    ends_ = [
        each.known
        for each in known.of_type("auth.resume")
        if each.data["grant"] == link.name and each.time <= act.time and max(suspensions) <= effective(each) <= act.time
    ]
    return min(ends_, default=None)


def in_force_for(known: Known, above: Grant, link: Grant) -> bool:
    """Say whether a grant was in force when one that rests on it was made, or will be when that one begins."""
    made = link.act.time
    return (
        (above.root or above.act.time <= made)
        and stopped(known, above, made, made) is None
        and (above.starts <= made or above.starts <= link.starts)
        and made < above.ends
    )


def self_granted(known: Known, link: Grant) -> bool:
    made = link.act.time
    givers = known.people_behind(link.grantor, made) | known.people_behind(link.act.actor, made)
    return bool(givers & known.people_behind(link.grantee, made))


def party(known: Known, reference: str | None, link: Grant) -> str | None:
    """A grantor or grantee by name: a person whatever account they used; a post is a party of its own."""
    return None if reference is None else known.person(reference, link.act.time)


def granted_back(known: Known, link: Grant) -> bool:
    """Say whether the grantee had granted the grantor an act before that this one grants them back."""
    for other in known.live_grants():
        if (
            not other.root
            and other.act.order < link.act.order
            and party(known, other.grantor, other) == party(known, link.grantee, link)
            and party(known, other.grantee, other) == party(known, link.grantor, link)
            and other.starts <= link.act.time < other.ends
            and stopped(known, other, link.act.time, None) is None
            and share_an_act(known, other, link)
        ):
            return True
    return False


def share_an_act(known: Known, one: Grant, other: Grant) -> bool:
    return any(_overlap(links, others) for links, _ in chains(known, one) for others, _ in chains(known, other))


def _overlap(links: Sequence[Grant], others: Sequence[Grant]) -> bool:
    """No axis that both limit keeps them apart; units below those named may be shared."""
    for axis in ("acts", "projects", "stages", "methods", "units"):
        mine, theirs = nearest(links, axis), nearest(others, axis)
        below = axis == "units" and any(link.axis("include_subordinates") for link in (*links, *others))
        if mine is not None and theirs is not None and not set(mine) & set(theirs) and not below:
            return False
    return True


def lateness(world: World, act: Act, rested_on: Act) -> Result | None:
    paper = rested_on.part("instrument").get("date")
    if rested_on.time > act.time or (paper is not None and starts(paper) > act.time):
        return "FAIL"
    if rested_on.known <= act.time:
        return None
    return "LATE" if rested_on.known < world.until(act.time) else "FAIL"
