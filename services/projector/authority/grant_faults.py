"""
What is wrong with a grant itself and does not undo what is done within it: AUT-17, 22 and 23 of the catalogue (domain
§4.3); AUT-13 is in `incompatible`. Each is a FAULT of one grant, the acts done under it being its evidence.
"""

from collections.abc import Callable, Iterator
from typing import Final

from projector.authority.chain_faults import Links, wider_than_parent
from projector.authority.facts import Facts, Grant
from projector.authority.incompatible import creates_incompatible_duties
from projector.authority.policy import ELEMENTS
from projector.authority.said import Said
from projector.authority.standing import Mark


def lacks_elements(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-22: an element that an instrument of authorisation must have is missing (Civil Code §165; `aut.elements`)."""
    for grant in links:
        if grant.is_root or grant.payload is None:
            continue
        wanted = facts.policies.value(ELEMENTS, grant.unit, grant.time) or ()
        missing = [element for element in wanted if not _HAS.get(element, _unheard_of)(grant, facts)]
        if missing:
            yield Mark("FAULT", "AUT-22", grant.name, _lacks(missing))


def without_end(links: Links, facts: Facts) -> Iterator[Mark]:
    """AUT-23: a general grant without an end. A special one ends with its matter, a root with the office."""
    for grant in links:
        if grant.delegation is not None and grant.delegation.kind == "general" and grant.delegation.valid_until is None:
            detail = Said("一般授权未写明终止时间", "it is general and has no end")
            yield Mark("FAULT", "AUT-23", grant.name, detail)


GRANT_FAULTS: Final[tuple[Callable[[Links, Facts], Iterator[Mark]], ...]] = (
    creates_incompatible_duties,
    wider_than_parent,
    lacks_elements,
    without_end,
)


def grant_faults(links: Links, facts: Facts) -> list[Mark]:
    """Return what is wrong with the grants of a chain, the one exercised first."""
    return [mark for fault in GRANT_FAULTS for mark in fault(links, facts)]


_ELEMENTS_ZH: Final = {
    "kind": "授权类型",
    "grantee": "被授权人",
    "scope.acts": "授权事项",
    "valid_from": "起始时间",
    "valid_until": "终止时间",
    "responsibility": "责任",
}


def _lacks(missing: list[str]) -> Said:
    return Said(
        f"未写明{'、'.join(_ELEMENTS_ZH.get(each, f' {each} ') for each in missing)}",
        f"it does not state {', '.join(missing)}",
    )


def _has_end(grant: Grant, _: Facts) -> bool:
    said = grant.delegation
    return said is not None and (said.valid_until is not None or said.kind == "special")


def _has_responsibility(grant: Grant, facts: Facts) -> bool:
    """Who answers for a grant may be settled for all grants by a policy of the unit (contract §3, `setup.policy`)."""
    said = grant.delegation
    if said is not None and said.responsibility is not None:
        return True
    return any(adopted.has_responsibility for adopted in facts.policies.in_force(grant.unit, grant.time))


_HAS: Final[dict[str, Callable[[Grant, Facts], bool]]] = {
    "kind": lambda grant, _: grant.delegation is not None and grant.delegation.kind is not None,
    "grantee": lambda grant, _: grant.grantee is not None,
    "scope.acts": lambda grant, _: grant.scope is not None and grant.scope.acts is not None,
    "valid_from": lambda grant, _: grant.payload is not None and grant.payload.valid_from is not None,
    "valid_until": _has_end,
    "responsibility": _has_responsibility,
}


def _unheard_of(grant: Grant, facts: Facts) -> bool:
    """An element that a unit made up and no grant can state: nobody can say that it is missing."""
    return True
