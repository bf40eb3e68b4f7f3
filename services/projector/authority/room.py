"""
Whether it matters what was drawn on grants before an act, or all that may ever have been leaves room.

Most totals are far from used up, and one sum over the acts that may have drawn on a grant shows it. To say what each of
them drew, all have to be judged in their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from msgspec import Struct

from projector.authority.chain import asker_of, ways_to
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.reach import reach_of
from projector.authority.relied import relied_on
from projector.authority.sources import Sources
from projector.authority.usage import Drawn, ceiling_currency, family_of, fiscal_year, may_be_summed

Most = Mapping[tuple[str, int | None], Drawn]
"""How much may ever have been drawn, by grant and fiscal year (None: in all)."""


class _Asked(Struct, frozen=True):
    """An act, and the grants by which it may have been done of which it matters how much was drawn on them."""

    act: JudgedAct
    grants: tuple[Grant, ...]


def short_of_room(
    sources: Sources, acts: Sequence[JudgedAct], facts_of: Mapping[int, Facts]
) -> dict[int, frozenset[str]]:
    """
    Return, by position, the grants of which it does matter what was drawn on them before the act.

    For one that relies on a grant they are those of that way; should it not authorise the act, other ways are asked.
    """
    asked = [_Asked(act, _asked_for(act, facts_of[act.position])) for act in acts]
    wanted: dict[frozenset[str], set[str]] = {}
    for each in asked:
        names = {grant.name for grant in each.grants if _can_be_summed(each.act, grant)}
        if names:
            wanted.setdefault(family_of(each.act.type), set()).update(names)
    most = {family: _most_drawn(sources, family, names) for family, names in wanted.items()}
    return {
        each.act.position: frozenset(grant.name for grant in each.grants if not _leaves_room(each.act, grant, most))
        for each in asked
    }


def _asked_for(act: JudgedAct, facts: Facts) -> tuple[Grant, ...]:
    if not act.needs_grant:
        return ()
    relied = relied_on(act, facts)
    if act.authority is None or act.ratified:
        grants = relied.grants
    else:
        ways = ways_to(asker_of(act), facts).covering(act.type)
        grants = chain.from_iterable(path.links for path in ways if path.leaf.name == act.authority)
    return tuple(grant for grant in grants if grant.name in relied.drawn_on)


def _can_be_summed(act: JudgedAct, grant: Grant) -> bool:
    """Whether a sum can show it: not that a special grant is unused, nor what was paid."""
    said = grant.delegation
    return (
        said is not None
        and said.kind != "special"
        and said.total_basis != "paid"
        and may_be_summed(act)
        and ceiling_currency(grant) == act.currency == "CNY"
    )


def _leaves_room(act: JudgedAct, grant: Grant, most: Mapping[frozenset[str], Most]) -> bool:
    said = grant.delegation
    if said is None or said.ceiling_total is None or act.amount is None or not _can_be_summed(act, grant):
        return False
    year = fiscal_year(act.time) if said.total_window == "fiscal_year" else None
    before = most[family_of(act.type)].get((grant.name, year), Drawn())
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
