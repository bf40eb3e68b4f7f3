"""Judges a case whole: rules, pairs of duties, authority. One view, one layout, everything that is found in it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from contracts.catalogue import Pair
from edge.database import statement
from projector.case.lay_out import Scope, lay_out
from projector.findings.life import Control
from projector.judge.authority import judge_authority
from projector.judge.engine import Trouble, run
from projector.judge.grants import judge_grants
from projector.judge.judgement import Judgement
from projector.judge.library import Library
from projector.judge.pairs import judge_pairs
from projector.judge.rule import Rule
from projector.pairs import less_severe
from projector.view import View

_PACKAGE: Final = "projector.judge"


class Judged(Struct, frozen=True):
    """What was found in a case, what could not be run, and what bears on the findings' lives."""

    judgements: Sequence[Judgement]
    troubles: Sequence[Trouble]
    controls: Sequence[Control]
    units_of: Mapping[str, Sequence[str]]
    """The units that buy, by project."""


def judge(view: View, scope: Scope, library: Library, *, bulk: bool = False) -> Judged:
    """
    Judge some projects and units. In the view's transaction, which may only read when this returns.

    `bulk`: for a case of some thousand acts.
    """
    lay_out(view, scope, analyze=bulk)
    controls = _controls(view)
    rows = view.connection.execute("SELECT project, unit, units FROM project").fetchall()
    units_of: dict[str, list[str]] = {project: units for project, _, units in rows}
    unit_of: dict[str, str | None] = {project: unit for project, unit, _ in rows}
    found = [_controlled(each, controls, units_of, view) for each in judge_pairs(view, scope.projects)]
    found += judge_authority(view)
    found += judge_grants(view, scope.units)
    below = _below_threshold(view)
    every = bool(scope.units) or len(below) < len(rows)
    rules = [rule for rule in _applying(library, None if every else below) if not rule.header.off]
    by_rules, troubles = run(view.connection, [rule for rule in rules if not rule.header.last])
    found += _with_persons(view, by_rules)
    found = _in_scope(below, found)
    last = [rule for rule in rules if rule.header.last]
    if last:
        _lay_findings(view, found)
        more, troubled = run(view.connection, last)
        found += _in_scope(below, _with_persons(view, more))
        troubles += troubled
    return Judged([_of_unit(each, unit_of) for each in found], troubles, controls, units_of)


def _of_unit(found: Judgement, unit_of: Mapping[str, str | None]) -> Judgement:
    """Say whose a finding is where the rule says only on which project."""
    if found.unit is not None or found.project is None:
        return found
    return msgspec.structs.replace(found, unit=unit_of.get(found.project))


def finding_id(judgement: Judgement) -> str:
    """Return what a finding is known by: its rule and what it is about, never its evidence, which grows."""
    about = judgement.grant or judgement.project or judgement.unit or ""
    digest = sha256("\n".join((judgement.rule, about, judgement.key)).encode())
    return f"finding:{digest.hexdigest()[:32]}"


def _controls(view: View) -> list[Control]:
    return [
        Control(
            control=control,
            rules=frozenset(rules),
            covers=covers,
            starts=starts,
            ends=ends,
            position=position,
            time=time,
        )
        for control, rules, covers, starts, ends, position, time in view.connection.execute(
            statement(_PACKAGE, "controls")
        )
    ]


def _controlled(
    found: Judgement, controls: Sequence[Control], units_of: Mapping[str, Sequence[str]], view: View
) -> Judgement:
    """Grade a pair down where a control was registered before its second act (domain §3.1)."""
    pair = view.catalogue.pairs[found.rule]
    if found.basis != "PERFORMED" or not controls or is_strict(pair):
        return found
    things = {found.project or "", *found.persons, *units_of.get(found.project or "", ())}
    for control in controls:
        lives = control.time < found.since and control.starts <= found.since
        if lives and (control.ends is None or found.since < control.ends) and control.serves(found.rule, things):
            severity = less_severe(found.severity or pair.severity, 1)
            computed = {**found.computed, "control": control.control}
            return msgspec.structs.replace(
                found, severity=severity, computed=computed, evidence=(*found.evidence, control.position)
            )
    return found


def is_strict(pair: Pair) -> bool:
    """Whether no control may stand in for keeping a pair apart (policy row `sod.no_downgrade`)."""
    return pair.severity == "CRITICAL" or pair.force == "LAW"


def _with_persons(view: View, found: Iterable[Judgement]) -> list[Judgement]:
    """Say who did what is judged, where the rule itself does not."""
    judgements = list(found)
    asked = [each.judged for each in judgements if not each.persons and each.judged is not None]
    rows = view.connection.execute(statement(_PACKAGE, "doers"), {"positions": asked}).fetchall() if asked else []
    doers: dict[int, tuple[str, ...]] = {position: tuple(persons) for position, persons in rows}
    return [
        each
        if each.persons or each.judged is None
        else msgspec.structs.replace(each, persons=doers.get(each.judged, ()))
        for each in judgements
    ]


Below = Mapping[str, Collection[str]]
"""Purchases below the threshold, each with the rules and families that apply to it."""


def _below_threshold(view: View) -> Below:
    """Return the purchases of the case that stay below the threshold (policy row `scope.below_threshold`)."""
    rows = view.connection.execute(statement(_PACKAGE, "below_threshold")).fetchall()
    return {project: tuple(names or ()) for project, names in rows}


def _applying(library: Library, below: Below | None) -> Iterator[Rule]:
    """Yield the rules that apply to anything in the case: every one, unless all of it is bought below the threshold."""
    named = frozenset(name for names in below.values() for name in names) if below is not None else frozenset[str]()
    yield from (rule for rule in library.rules.values() if below is None or _applies(rule.id, named))


def _in_scope(below: Below, found: Iterable[Judgement]) -> list[Judgement]:
    """Leave out what does not apply to purchases below the threshold."""
    return [each for each in found if _applies(each.rule, below.get(each.project or "", (each.rule,)))]


def _applies(rule: str, names: Collection[str]) -> bool:
    return any(rule == name or rule.startswith(f"{name}-") for name in names) or rule.partition("-")[0] not in _OURS


_OURS: Final = frozenset(
    ("SOD", "JNT", "ROT", "AUT", "INT", "CHN", "AMT", "DDL", "DIS", "BND", "SPL", "NEG", "EVL", "LED"),
)
"""Families of which the policy says which apply below the threshold; a unit's own rules always do."""


def _lay_findings(view: View, found: Sequence[Judgement]) -> None:
    failed = [each for each in found if each.result == "FAIL"]
    given: dict[str, Any] = {
        "log_id": view.log_id,
        "as_of": view.asked.as_of or "infinity",
        "known_at": view.asked.known_at or "infinity",
        "findings": [finding_id(each) for each in failed],
        "rules": [each.rule for each in failed],
        "projects": [each.project for each in failed],
        "units": [each.unit for each in failed],
        "cured": [each.cured for each in failed],
        "since": [each.since for each in failed],
    }
    view.connection.execute(statement(_PACKAGE, "lay_findings"), given)
    view.connection.execute(statement("projector.case", "lay_dispositions"), given)
