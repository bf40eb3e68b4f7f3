"""
What is wrong with the grants themselves, a function per code: it does not undo what was done within them.

AUT-13 is left out, as is the part of AUT-23 that concerns the register of grants.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from tests.reference.known import NEVER, Grant, Known, term_of
from tests.reference.ways import Way


def aut_17(known: Known, way: Way) -> bool:
    """Scope, ceiling or term of a link exceed what it rests on."""
    pairs = [(link, above) for index, link in enumerate(way.links) for above in way.links[index + 1 :]]
    return any(_wider(known, link, above) for link, above in pairs)


def aut_22(known: Known, way: Way) -> bool:
    """A link that is no root lacks an element. A special grant needs no end; a policy may state the responsibility."""
    return any(
        link.act.data.get("kind") is None
        or link.axis("acts") is None
        or link.act.data.get("valid_from") is None
        or (not link.special and link.ends == NEVER)
        or (link.act.data.get("responsibility") is None and not _responsibility_by_policy(known, link))
        for link in way.granted
    )


def aut_23(known: Known, way: Way) -> bool:
    """A general grant without an end."""
    return any(link.general and link.ends == NEVER for link in way.granted)


FAULTS: Final[dict[str, Callable[[Known, Way], bool]]] = {"AUT-17": aut_17, "AUT-22": aut_22, "AUT-23": aut_23}


def faults_of(known: Known, way: Way | None) -> frozenset[str]:
    """What is wrong with the grants of a way; of a circle nothing is said."""
    if way is None or way.gap == "circle":
        return frozenset()
    return frozenset(code for code, test in FAULTS.items() if test(known, way))


def _wider(known: Known, link: Grant, above: Grant) -> bool:
    if link.starts < above.starts or above.ends < link.ends != NEVER:
        return True
    for ceiling in ("ceiling_item", "ceiling_total"):
        mine, its = link.act.data.get(ceiling), above.act.data.get(ceiling)
        if mine is not None and its is not None and Decimal(mine) > Decimal(its):
            return True
    return any(_wider_axis(known, link, above))


def _wider_axis(known: Known, link: Grant, above: Grant) -> Iterator[bool]:
    for axis in ("projects", "stages", "acts", "methods"):
        mine, its = link.axis(axis), above.axis(axis)
        yield mine is not None and its is not None and not set(mine) <= set(its)
    mine, its = link.axis("categories"), above.axis("categories")
    if mine is not None and its is not None:
        yield not all(any(each.startswith(one) and (len(each) - len(one)) % 2 == 0 for one in its) for each in mine)
    mine, its = link.axis("units"), above.axis("units")
    if mine is not None and its is not None:
        below = bool(above.axis("include_subordinates"))
        yield bool(link.axis("include_subordinates")) and not below
        yield not all(unit in its or (below and bool(_above(known, unit) & set(its))) for unit in mine)


def _above(known: Known, unit: str) -> set[str]:
    above: set[str] = set()
    at: str | None = unit
    while at is not None and at not in above:
        above.add(at)
        stated = [each for each in known.of_type("unit.register") if each.subject == at]
        at = stated[-1].data.get("parent") if stated else None
    return above - {unit}


def _responsibility_by_policy(known: Known, link: Grant) -> bool:
    for policy in known.of_type("setup.policy"):
        begin, end = term_of(policy)
        made = link.act.time
        if policy.unit == link.act.unit and begin <= made < end and policy.data.get("responsibility") is not None:
            return True
    return False
