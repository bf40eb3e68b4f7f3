"""
What can be wrong with a chain itself, whatever is done by it: AUT-08 to 11 and 17 of the catalogue (domain §4.3).

Each is a fault of one grant of the chain. An act done under a grant that was passed on without leave, to oneself, in a
circle or by somebody who did not hold it rests on nothing. A grant wider than what it rests on still gives what both
give: the wider part is judged by every ancestor's own scope, ceiling and term.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from projector.authority.chain import climb, holders_at, made_by_holder
from projector.authority.facts import Facts, Grant
from projector.authority.said import Said
from projector.authority.scope import is_category_of
from projector.authority.standing import Mark, standing_now, state_then

Links = Sequence[Grant]
"""A grant, and what it rests on up to its root."""


def passed_on_without_leave(links: Links, facts: Facts) -> Iterator[Mark]:
    """
    AUT-08: what a grant rests on may not be passed on, or not so far down.

    A special grant passes on only if it says so (Civil Code §169, domain §4.1); of a general one that says nothing,
    nothing is known.
    """
    for depth, (child, parent) in enumerate(pairwise(links), 1):
        said = parent.delegation
        if said is None:
            continue  # a root may always be passed on
        if said.sub_delegable is False or (said.sub_delegable is None and said.kind == "special"):
            yield Mark(
                "FAIL", "AUT-08", child.name, Said(f"{parent.name} 不得转授权", f"{parent.name} may not be passed on")
            )
        elif said.sub_depth is not None and depth > said.sub_depth:
            detail = Said(
                f"{parent.name} 可转授权 {said.sub_depth} 层，此为第 {depth} 层",
                f"{parent.name} may be passed on {said.sub_depth} deep, and this is {depth}",
            )
            yield Mark("FAIL", "AUT-08", links[0].name, detail)
        elif said.sub_delegable is None:
            detail = Said(f"{parent.name} 未写明可否转授权", f"{parent.name} does not say whether it may be passed on")
            yield Mark("UNDETERMINED", "AUT-08", child.name, detail)


def granted_to_oneself(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-09: one natural person on both sides, by a post or in another's name too."""
    for grant in links:
        if grant.is_root or grant.grantor is None or grant.grantee is None:
            continue
        givers = holders_at(grant.grantor, grant.time, facts) | {facts.person_of(grant.actor, grant.time)}
        both = sorted(givers & holders_at(grant.grantee, grant.time, facts))
        if both:
            detail = Said(f"{'、'.join(both)} 授权给自己", f"{', '.join(both)} granted it to themselves")
            yield Mark("FAIL", "AUT-09", grant.name, detail)


def granted_in_a_circle(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-10: what somebody passed on comes back to them, in one chain or by two that run against each other."""
    for index, grant in enumerate(links):
        if grant.grantee is None or grant.is_root:
            continue
        to = facts.person_of(grant.grantee, grant.time)
        above = next((each for each in links[index + 1 :] if _grantor(each, facts) == to), None)
        if above is not None:
            detail = Said(
                f"{grant.grantee} 作出 {above.name}，又由此被授回",
                f"{grant.grantee} gave {above.name} and is given it back",
            )
            yield Mark("FAIL", "AUT-10", grant.name, detail)
            return
        against = _counter_grant(links[index:], to, facts)
        if against is not None:
            detail = Said(
                f"{grant.grantee} 此前已就同样的行为以 {against.name} 授权给 {grant.grantor}",
                f"{grant.grantee} had given {grant.grantor} {against.name}, for the same acts",
            )
            yield Mark("FAIL", "AUT-10", grant.name, detail)
            return


def _grantor(grant: Grant, facts: Facts) -> str | None:
    if grant.is_root or grant.grantor is None:
        return None
    return facts.person_of(grant.grantor, grant.time)


def _counter_grant(links: Links, to: str, facts: Facts) -> Grant | None:
    """The live grant, made before, by which the grantee of the first link had authorised its grantor to the same."""
    grant = links[0]
    grantor = _grantor(grant, facts)
    for each in facts.references_of(grantor) if grantor is not None else ():
        for other in facts.grants_by_grantee.get(each, ()):
            made_before = _grantor(other, facts) == to and _made(other) < _made(grant)
            live = made_before and standing_now(other, grant.time, facts) == "live"
            if live and _overlap(links, climb(other, facts)[0][0]):
                return other
    return None


def _overlap(one: Links, other: Links) -> bool:
    """Whether two grants may cover one act: no axis that both limit keeps them apart."""
    for axis in ("acts", "projects", "stages", "methods", "units"):
        mine, theirs = _inherited(one, axis), _inherited(other, axis)
        if mine is not None and theirs is not None and not set(mine) & set(theirs):
            below = axis == "units" and any(link.scope and link.scope.include_subordinates for link in (*one, *other))
            if not below:
                return False
    return True


def _made(grant: Grant) -> tuple[datetime, datetime, int]:
    return grant.time, grant.known_from, grant.position


def granted_without_holding(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-11: whoever made a grant did not hold what it rests on, or that had no effect when the grant was made."""
    for index, grant in enumerate(links[:-1]):
        parent = links[index + 1]
        if parent.payload is None:
            return  # unknown: the gap in the chain says so
        if not made_by_holder(grant, parent, facts):
            detail = Said(
                f"作出该授权的 {grant.grantor} 并不持有 {parent.name}",
                f"{grant.grantor}, who made it, did not hold {parent.name}",
            )
            yield Mark("FAIL", "AUT-11", grant.name, detail)
            return
        for above in links[index + 1 :]:
            why = _had_no_effect(above, grant, facts)
            if why is not None:
                detail = Said(f"作出该授权时，{above.name} {why.zh}", f"when it was made, {above.name} {why.en}")
                yield Mark("FAIL", "AUT-11", grant.name, detail)
                return


def wider_than_parent(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-17, as a FAULT: scope, ceiling or term of a grant exceed what it rests on."""
    for index, grant in enumerate(links[:-1]):
        for what in _wider(grant, links[index + 1 :], facts):
            detail = Said(f"超出其所依据的授权：{what.zh}", f"wider than what it rests on: {what.en}")
            yield Mark("FAULT", "AUT-17", grant.name, detail)


CHAIN_FAULTS: Final[tuple[Callable[[Links, Facts], Iterator[Mark]], ...]] = (
    passed_on_without_leave,
    granted_to_oneself,
    granted_in_a_circle,
    granted_without_holding,
)


def _had_no_effect(above: Grant, grant: Grant, facts: Facts) -> Said | None:
    """
    Return what a grant was, if it could not carry another made then.

    One that takes effect later may carry a grant that does so too: a year's delegations are made in the days before it.
    """
    at = grant.time
    if not above.is_root and above.time > at:
        return Said("尚未作出", "had not been made")
    if above.starts > max(at, grant.starts):
        return Said("尚未生效", "was not effective")
    if above.ends is not None and at >= above.ends:
        return Said("已终止", "had ended")
    state = state_then(above, at, facts)
    zh = _STATES_ZH.get(state)
    return Said(zh, f"was {state}") if zh is not None else None


_STATES_ZH: Final = {"revoked": "已撤销", "suspended": "已中止", "superseded": "已被取代"}


def _wider(grant: Grant, above: Links, facts: Facts) -> Iterator[Said]:
    for axis in ("projects", "stages", "acts", "methods"):
        own, limit = _listed(grant, axis), _inherited(above, axis)
        if own is not None and limit is not None and not set(own) <= set(limit):
            beyond = f"{axis} {', '.join(sorted(set(own) - set(limit)))}"
            yield Said(beyond, beyond)
    own, limit = _listed(grant, "categories"), _inherited(above, "categories")
    for category in own or ():
        if limit is not None and not any(is_category_of(category, entry) for entry in limit):
            yield Said(f"品目 {category}", f"category {category}")
    yield from _wider_units(grant, above, facts)
    yield from _wider_ceilings(grant, above)
    if any(grant.starts < link.starts for link in above):
        yield Said("起始更早", "it starts earlier")
    if any(grant.ends is not None and link.ends is not None and grant.ends > link.ends for link in above):
        yield Said("终止更晚", "it ends later")


def _wider_units(grant: Grant, above: Links, facts: Facts) -> Iterator[Said]:
    limiting = next((link.scope for link in above if link.scope is not None and link.scope.units is not None), None)
    own = grant.scope
    if own is None or own.units is None or limiting is None or limiting.units is None:
        return
    below = bool(limiting.include_subordinates)
    for unit in own.units:
        reached = [unit] if not below else [each for each, _ in facts.parents_of(unit, grant.time)]
        if not set(reached) & set(limiting.units):
            yield Said(f"单位 {unit}", f"unit {unit}")
    if own.include_subordinates and not below:
        yield Said("所列单位的下级单位", "units below those listed")


def _wider_ceilings(grant: Grant, above: Links) -> Iterator[Said]:
    for name, zh in (("ceiling_item", "单笔限额"), ("ceiling_total", "累计限额")):
        own = getattr(grant.delegation, name, None)
        limits = [Decimal(limit) for link in above if (limit := getattr(link.delegation, name, None)) is not None]
        if own is not None and limits and Decimal(own) > min(limits):
            yield Said(f"{zh} {own} 高于 {min(limits)}", f"{name} {own} over {min(limits)}")


def _listed(grant: Grant, axis: str) -> list[str] | None:
    found: list[str] | None = getattr(grant.scope, axis, None)
    return found


def _inherited(above: Links, axis: str) -> list[str] | None:
    return next((listed for link in above if (listed := _listed(link, axis)) is not None), None)
