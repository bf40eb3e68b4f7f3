"""
Whether a grant's scope covers an act, axis by axis (contract §3, `auth.grant`).

An absent axis is as the parent's: it says nothing here, and the parent is asked in its turn. An axis that is there but
empty covers nothing. What the act's own side of an axis is may be unknown: then the axis is UNKNOWN, not outside.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from contracts.payloads import Scope
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.said import Said

_ON_NO_PROJECT: Final = Said("行为不属于任何项目", "the act is on no project")


class AxisMatch(Struct, frozen=True):
    """How one axis of one grant bears on the act: `matched` is the entry that covers it, `detail` why none does."""

    axis: str
    result: Literal["COVERED", "OUTSIDE", "UNKNOWN"]
    matched: str | None = None
    detail: Said = Said("", "")


def axis_matches(links: Sequence[Grant], act: JudgedAct, facts: Facts) -> Iterator[AxisMatch]:
    """Yield the axes that the first of `links` limits. The others, above it, are what it inherits from."""
    scope = links[0].scope
    if scope is None:
        return
    units, below = _units(scope, links)
    if units is not None:
        yield _unit(units, below, act, facts)
    for axis, match in _AXES.items():
        listed: list[str] | None = getattr(scope, axis)
        if listed is not None:
            yield match(listed, act, facts)


def _units(scope: Scope, links: Sequence[Grant]) -> tuple[list[str] | None, bool]:
    """
    Return the units listed, and whether those below them count.

    A scope that only says `include_subordinates: false` takes the inherited units without those below: ignoring it
    would widen the grant.
    """
    if scope.units is not None:
        return scope.units, bool(scope.include_subordinates)
    if scope.include_subordinates is False:
        inherited = (link.scope.units for link in links[1:] if link.scope is not None)
        return next((units for units in inherited if units is not None), None), False
    return None, False


def _unit(listed: list[str], below: bool, act: JudgedAct, facts: Facts) -> AxisMatch:
    if act.unit is None:
        return AxisMatch("units", "UNKNOWN", detail=Said("行为未写明单位", "the act names no unit"))
    if act.unit in listed:
        return AxisMatch("units", "COVERED", act.unit)
    if not below:
        return AxisMatch("units", "OUTSIDE", detail=_not_among(act.unit, listed))
    for unit, registered in facts.parents_of(act.unit, act.time):
        if unit in listed:
            return AxisMatch("units", "COVERED", unit)
        if not registered:
            return AxisMatch(
                "units",
                "UNKNOWN",
                detail=Said(
                    f"{unit} 未登记，其隶属关系不明", f"{unit} is not registered: what it is subordinate to is unknown"
                ),
            )
    names = _named(listed)
    detail = Said(f"{act.unit} 不在 {names.zh} 之列，亦非其下级", f"{act.unit} is neither among nor below {names.en}")
    return AxisMatch("units", "OUTSIDE", detail=detail)


def _project(listed: list[str], act: JudgedAct, _: Facts) -> AxisMatch:
    return _among("projects", listed, act.project, _ON_NO_PROJECT)


def _stage(listed: list[str], act: JudgedAct, _: Facts) -> AxisMatch:
    return _among("stages", listed, act.stage, Said("", ""))


def _act(listed: list[str], act: JudgedAct, _: Facts) -> AxisMatch:
    return _among("acts", listed, act.type, Said("", ""))


def _method(listed: list[str], act: JudgedAct, facts: Facts) -> AxisMatch:
    """The act's own method, else what the project's acts stated last up to it."""
    if act.method is None and act.project is None:
        return AxisMatch("methods", "OUTSIDE", detail=_ON_NO_PROJECT)
    project = facts.projects.get(act.project or "")
    method = act.method or (project.method_at(act.order) if project is not None else None)
    if method is None:
        return AxisMatch(
            "methods", "UNKNOWN", detail=Said("没有行为说明项目的采购方式", "no act states the method of the project")
        )
    return _among("methods", listed, method, Said("", ""))


def _category(listed: list[str], act: JudgedAct, facts: Facts) -> AxisMatch:
    """The project's category, else those of the act's items, all of them."""
    project = facts.projects.get(act.project or "")
    category = project.category if project is not None else None
    wanted = [category] if category is not None else list(act.categories)
    if not wanted and act.project is None:
        return AxisMatch("categories", "OUTSIDE", detail=_ON_NO_PROJECT)
    if not wanted:
        return AxisMatch(
            "categories", "UNKNOWN", detail=Said("没有行为说明项目的品目", "no act states the category of the project")
        )
    for each in wanted:
        matched = next((entry for entry in listed if is_category_of(each, entry)), None)
        if matched is None:
            return AxisMatch("categories", "OUTSIDE", detail=_not_among(each, listed))
    return AxisMatch("categories", "COVERED", ", ".join(wanted))


_AXES: Final[dict[str, Callable[[list[str], JudgedAct, Facts], AxisMatch]]] = {
    "projects": _project,
    "stages": _stage,
    "acts": _act,
    "categories": _category,
    "methods": _method,
}

_CATEGORY: Final = re.compile(r"[ABC](\d\d)*")


def is_category_of(category: str, entry: str) -> bool:
    """
    Say whether a category is the entry or below it: `A02010105` is below `A0201`.

    In the catalogue of procurement categories (政府采购品目分类目录) a code is a letter and pairs of digits, level by
    level. Codes of any other form are compared as they are.
    """
    if category == entry:
        return True
    coded = _CATEGORY.fullmatch(category) is not None and _CATEGORY.fullmatch(entry) is not None
    return coded and category.startswith(entry)


def _among(axis: str, listed: list[str], value: str | None, absent: Said) -> AxisMatch:
    if value is None:
        return AxisMatch(axis, "OUTSIDE", detail=absent)
    if value in listed:
        return AxisMatch(axis, "COVERED", value)
    return AxisMatch(axis, "OUTSIDE", detail=_not_among(value, listed))


def _not_among(value: str, listed: list[str]) -> Said:
    names = _named(listed)
    return Said(f"{value} 不在 {names.zh} 之列", f"{value} is not among {names.en}")


def _named(listed: list[str]) -> Said:
    if not listed:
        return Said("（空）", "(nothing)")
    more = " …" if len(listed) > 8 else ""
    return Said("、".join(listed[:8]) + more, ", ".join(listed[:8]) + more)
