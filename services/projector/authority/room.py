"""
Acts for which it does not matter what was drawn on grants before them: all that may ever have been leaves room.

Most totals are far from used up, and one sum over the acts that may have drawn on a grant shows it. To say what each of
them drew, all have to be judged in their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from msgspec import Struct

from projector.authority.chain import asker_of, ways_to
from projector.authority.drawn import reach_of
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.relied import relied_on
from projector.authority.sources import Sources
from projector.authority.usage import Drawn, ceiling_currency, family_of, fiscal_year, may_be_summed


class _Asked(Struct, frozen=True):
    """An act, and the grants by which it may have been done of which it matters how much was drawn on them."""

    act: JudgedAct
    grants: tuple[Grant, ...]


def with_room(sources: Sources, acts: Sequence[JudgedAct], facts_of: Mapping[int, Facts]) -> frozenset[int]:
    """
    Return the positions of the acts whose judgement is the same whatever was drawn before them.

    Of one that relies on a grant this holds where that grant authorises it: other ways are not asked then.
    """
    asked = [_Asked(act, _drawn_on(act, facts_of[act.position])) for act in acts]
    wanted: dict[frozenset[str], set[str]] = {}
    for each in asked:
        if each.grants and _may_have_room(each):
            wanted.setdefault(family_of(each.act.type), set()).update(grant.name for grant in each.grants)
    most = {family: _most_drawn(sources, family, names) for family, names in wanted.items()}
    return frozenset(each.act.position for each in asked if not each.grants or _has_room(each, most))


def _drawn_on(act: JudgedAct, facts: Facts) -> tuple[Grant, ...]:
    if not act.needs_grant:
        return ()
    relied = relied_on(act, facts)
    if act.authority is None or act.ratified:
        grants = relied.grants
    else:
        ways = ways_to(asker_of(act), facts).covering(act.type)
        grants = chain.from_iterable(path.links for path in ways if path.leaf.name == act.authority)
    return tuple(grant for grant in grants if grant.name in relied.drawn_on)


def _may_have_room(each: _Asked) -> bool:
    """Whether sums can show it: not that a special grant is unused, nor what was paid."""
    return may_be_summed(each.act) and all(
        grant.delegation is not None
        and grant.delegation.kind != "special"
        and grant.delegation.total_basis != "paid"
        and ceiling_currency(grant) == each.act.currency == "CNY"
        for grant in each.grants
    )


def _has_room(each: _Asked, most: Mapping[frozenset[str], Mapping[tuple[str, int | None], Drawn]]) -> bool:
    if not _may_have_room(each):
        return False
    drawn = most[family_of(each.act.type)]
    return all(_leaves_room(each.act, grant, drawn) for grant in each.grants)


def _leaves_room(act: JudgedAct, grant: Grant, drawn: Mapping[tuple[str, int | None], Drawn]) -> bool:
    said = grant.delegation
    if said is None or said.ceiling_total is None or act.amount is None:
        return False
    year = fiscal_year(act.time) if said.total_window == "fiscal_year" else None
    before = drawn.get((grant.name, year), Drawn())
    return not before.unmeasured and before.amount + act.amount <= Decimal(said.ceiling_total)


def _most_drawn(sources: Sources, family: Iterable[str], names: Iterable[str]) -> dict[tuple[str, int | None], Drawn]:
    """Return how much may have been drawn on each grant, in each fiscal year and (None) in all."""
    reached = {name: reach_of(sources, [name]) for name in names}
    citing = [(name, below) for name, reach in reached.items() for below in sorted(reach.grants)]
    hands = [(name, who) for name, reach in reached.items() for who in sorted(reach.who)]
    rows = sources.view.look_up(
        "most_drawn",
        {
            "types": sorted(family),
            "citing": [name for name, _ in citing],
            "cited": [below for _, below in citing],
            "reached": [name for name, _ in hands],
            "who": [who for _, who in hands],
        },
    ).rows
    found: dict[tuple[str, int | None], Drawn] = {}
    for name, year, amount, unsure in rows:
        found[name, year] = Drawn(amount or Decimal(0), unsure)
        found[name, None] = found.get((name, None), Drawn()).and_also(found[name, year])
    return found
