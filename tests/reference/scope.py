"""Whether an axis of a scope covers an act."""

from collections.abc import Sequence

from tests.reference.known import Act, Grant, Known
from tests.reference.world import Result


def unit_covered(known: Known, act: Act, link: Grant) -> Result | None:
    units: Sequence[str] = link.axis("units")
    if act.unit is None:
        return "UNDETERMINED"
    if act.unit in units:
        return None
    if not link.axis("include_subordinates"):
        return "FAIL"
    at: str | None = act.unit
    seen: set[str] = set()
    while at is not None and at not in seen:
        seen.add(at)
        stated = [each for each in known.of_type("unit.register") if each.subject == at]
        if not stated:
            return "UNDETERMINED"
        at = stated[-1].data.get("parent")
        if at in units:
            return None
    return "FAIL"


def one_of(link: Grant, axis: str, value: str) -> Result | None:
    return None if value in link.axis(axis) else "FAIL"


def method_covered(act: Act, method: str | None, link: Grant) -> Result | None:
    return _unstated(act) if method is None else one_of(link, "methods", method)


def _unstated(act: Act) -> Result:
    """An act on no project has no method or category; of one on a project they may just not be said."""
    return "UNDETERMINED" if act.subject.startswith("project:") else "FAIL"


def category_covered(act: Act, category: str | None, link: Grant) -> Result | None:
    """A category is covered by itself and by what it begins with, in pairs: A02 covers A0201."""
    if category is None:
        return _unstated(act)
    covered = any(
        category.startswith(each) and (len(category) - len(each)) % 2 == 0 for each in link.axis("categories")
    )
    return None if covered else "FAIL"
