"""
Which other acts bear on an act: what its conditions ask for, what else its approver signed, who acted for whom.

Found by position here and read like any act. Only what some grant, appointment or act in question makes worth asking.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from projector.authority.facts import Grant, JudgedAct
from projector.authority.policy import SPLIT_ACTS, SPLIT_WINDOW
from projector.authority.sources import Sources
from projector.authority.usage import family_of
from projector.policies import UnitPolicies


def positions_around(
    sources: Sources, asked: Sequence[JudgedAct], grants: Collection[Grant], appointed: bool
) -> set[int]:
    """Return where the acts stand that were done on the same subjects and may bear on those asked about."""
    conditions = {each for grant in grants if grant.delegation is not None for each in grant.delegation.conditions}
    types = {type for act in asked for type in family_of(act.type)} if appointed else set[str]()
    if not asked or not (conditions or types):
        return set()
    return set(
        sources.positions(
            "acts_around",
            subjects=sorted({act.subject for act in asked}),
            until=max(act.time for act in asked),
            types=sorted(types),
            roles=[each.partition(":")[2] for each in sorted(conditions) if each.startswith("concurrence:")],
            collective="collective_decision" in conditions,
            legal="legal_review" in conditions,
        )
    )


def positions_alike(
    sources: Sources, asked: Sequence[JudgedAct], grants: Collection[Grant], policy: UnitPolicies, who: Iterable[str]
) -> set[int]:
    """Return where the acts stand that, with one asked about, may split what a ceiling would not let through."""
    if not any(grant.delegation is not None and grant.delegation.ceiling_item for grant in grants):
        return set()
    windows = {act.position: split_window(policy, act) for act in asked}
    may_split = [act for act in asked if windows[act.position] is not None and act.amount is not None]
    if not may_split:
        return set()
    longest = max(days for days in windows.values() if days is not None)
    return set(
        sources.positions(
            "acts_alike",
            who=sorted(who),
            types=sorted({type for act in may_split for type in family_of(act.type)}),
            since=min(act.time for act in may_split) - timedelta(days=longest + 1),
            until=max(act.time for act in may_split),
        )
    )


def split_window(policy: UnitPolicies, act: JudgedAct) -> int | None:
    """Return within how many days acts of this kind count together, None where they do not (policy `aut.split_*`)."""
    acts = policy.value(SPLIT_ACTS, act.unit, act.time) or ()
    days = policy.value(SPLIT_WINDOW, act.unit, act.time)
    return int(days) if act.type in acts and days is not None else None
