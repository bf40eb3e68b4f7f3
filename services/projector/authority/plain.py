"""
Acts whose authority is plain at first sight: by what is known of people and grants alone.

Most are. For these nothing that was done besides need be gathered. What asks for more, by a total, a condition, an
appointment, a project's method, and what shows the least fault is left to the judge.
"""

from collections.abc import Iterable, Iterator
from typing import Final, cast

from projector.authority.case import Case
from projector.authority.chain import Asker, Path, Ways, asker_of, ways_to
from projector.authority.facts import Facts, JudgedAct
from projector.authority.failures import (
    concerning,
    expired,
    faulty_chain,
    gap_in_chain,
    not_in_post,
    not_passed_on,
    not_yet_effective,
    out_of_scope,
    over_item_ceiling,
    over_total,
    revoked_or_suspended,
    weigh,
)
from projector.authority.judge import Weighed, nearness
from projector.authority.matters import reserved_to_a_body, split_to_stay_below
from projector.authority.policy import split_window
from projector.authority.register import asking_of, register
from projector.authority.sources import Sources
from projector.authority.tolerance import late_grants
from projector.authority.usage import MEASURED, Uses
from projector.authority.warming import warm_for

_AT_SIGHT: Final = frozenset(
    (
        gap_in_chain,
        faulty_chain,
        not_passed_on,
        not_yet_effective,
        expired,
        revoked_or_suspended,
        out_of_scope,
        over_item_ceiling,
        not_in_post,
        reserved_to_a_body,
    )
)
"""Checks that look at the act, its way, people and grants, and at nothing that was done besides."""
_OF_MONEY: Final = frozenset((over_total, split_to_stay_below))
"""Checks that say nothing of an act that is not about an amount."""
_NOTHING_DRAWN: Final = Uses()


def without_the_plain(sources: Sources, acts: Iterable[JudgedAct]) -> Iterator[JudgedAct]:
    """Yield the acts whose authority is not plain at first sight. Of the others there is nothing to say."""
    asked = list(acts)
    warm_for(sources, asked)
    known: dict[tuple[str | None, ...], Facts] = {}
    for act in asked:
        if not _may_be_seen(act):
            yield act
            continue
        asking = act.actor, act.unit, act.authority, act.onbehalfof
        facts = known.get(asking)
        if facts is None:
            facts = known[asking] = register(sources, asking_of(act))
        if not _is_plain(act, facts):
            yield act


def _may_be_seen(act: JudgedAct) -> bool:
    """Whether people and grants may be all there is to look at."""
    if act.erased or act.withdrawn or act.decided_outside or act.unit is None or act.stage == "UNKNOWN":
        return False
    return act.asked == act.actor and act.actor.startswith(("person:", "account:"))


def _is_plain(act: JudgedAct, facts: Facts) -> bool:
    """Whether the judge would find it VALID by the grant it cites, or by the nearest, without a fault, or asks none."""
    if facts.knows_of_agencies or facts.actings:
        return False
    return not act.needs_grant or _serves(act, asker_of(act), facts)


def _serves(act: JudgedAct, asker: Asker, facts: Facts) -> bool:
    paths = _at_sight(act, asker, ways_to(asker, facts), facts)
    tolerance = late_grants(facts.policies)(act.unit, act.time)
    weighed = (Weighed(path, weigh(Case(act, asker, path, facts, tolerance, _NOTHING_DRAWN))) for path in paths)
    plain = [way for way in weighed if way.serves and not way.of("LATE")]
    best = min(plain, key=lambda way: nearness(way, asker), default=None)
    return best is not None and not best.of("FAULT")


def _at_sight(act: JudgedAct, asker: Asker, ways: Ways, facts: Facts) -> tuple[Path, ...]:
    """Return the ways among which the judge would choose; none where one of them asks for more than a first sight."""
    measured = act.amount is not None or act.type in MEASURED
    splits = act.amount is not None and split_window(facts.policies, act) is not None
    key = f"at sight {act.type} {asker.cited or ''} {measured:d}{splits:d}"
    known = cast("tuple[Path, ...] | None", ways.remembered.get(key))
    if known is None:
        paths = tuple(path for path in ways.covering(act.type) if asker.cited in (None, path.leaf.name))
        allowed = set(_AT_SIGHT if measured else _AT_SIGHT | _OF_MONEY)
        if not splits:
            allowed.add(split_to_stay_below)
        simple = all(allowed.issuperset(concerning(path, facts)) and not _asks_of_project(path) for path in paths)
        known = ways.remembered[key] = paths if simple else ()
    return known


def _asks_of_project(path: Path) -> bool:
    scopes = (link.scope for link in path.links)
    return any(each is not None and (each.categories is not None or each.methods is not None) for each in scopes)
