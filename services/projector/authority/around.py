"""
Which other acts bear on an act: what its conditions ask for, what else its approver signed, who acted for whom.

Only what some grant, appointment or act in question makes worth asking is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from projector.authority import rows
from projector.authority.chain import only_way, relied_on
from projector.authority.conditions import designations
from projector.authority.facts import Exercised, Facts, Grant, JudgedAct, Project
from projector.authority.policy import split_window
from projector.authority.register import Asking, asking_of, register
from projector.authority.sources import STATEMENTS_BY_PROJECT, Sources
from projector.authority.usage import family_of
from projector.authority.warming import warm

_UNHEARD_OF: Final = Project(units=frozenset(), category=None, methods=())


def facts_around(sources: Sources, acts: Sequence[JudgedAct], *, drawing: bool = False) -> dict[int, Facts]:
    """
    Return, by position, what is known around each act. What acts have in common is shared.

    `drawing`: only so much as it takes to say on what they drew, which is nothing of what was done besides where an act
    has but one way.
    """
    warm(sources, (act.unit for act in acts if act.unit is not None))
    ratifications = sources.ratifications([act.position for act in acts if act.ratified])
    own = {act.position: [each for each in ratifications if each.act == act.position] for act in acts}
    registers = {act.position: register(sources, asking_of(act, own[act.position])) for act in acts}
    wondered = [act for act in acts if not drawing or only_way(act, registers[act.position]) is None]
    about = [act for act in wondered if _asks_about_project(act, registers[act.position])]
    projects = _projects(sources, [*about, *(act for act in acts if act.decided_outside)])
    around = _acts_around(sources, wondered, acts, registers, projects)
    projects |= _projects(sources, (act for act in around if act.project not in projects))
    beside = Facts(acts=tuple(acts), around=tuple(around))
    return {
        act.position: registers[act.position].with_acts(
            beside, about=Facts(projects=projects, ratifications=tuple(own[act.position]))
        )
        for act in acts
    }


def _acts_around(
    sources: Sources,
    acts: Sequence[JudgedAct],
    every: Sequence[JudgedAct],
    registers: Mapping[int, Facts],
    projects: Mapping[str, Project],
) -> list[JudgedAct]:
    found = _on_the_subject(sources, acts, registers) + _alike(sources, acts, registers, projects)
    paid = [act for act in every if any(map(_pays, relied_on(act, registers[act.position])))]
    if paid:
        on = sorted({act.project for act in paid if act.project is not None})
        found += sources.acts_found("payments_on", projects=on)
    return [act for act in {act.position: act for act in found}.values() if not act.withdrawn]


def _on_the_subject(sources: Sources, acts: Sequence[JudgedAct], registers: Mapping[int, Facts]) -> list[JudgedAct]:
    """Return the acts that were done on the same subjects, as far as a condition or appointment asks for them."""
    asking: list[JudgedAct] = []
    conditions: set[str] = set()
    types: set[str] = set()
    for act in acts:
        facts = registers[act.position]
        own = {each for grant in relied_on(act, facts) for each in _conditions(grant)}
        if own or facts.actings:
            asking.append(act)
            conditions |= own
            types |= family_of(act.type) if facts.actings else frozenset()
    if not asking:
        return []
    found = sources.acts_found(
        "acts_around",
        subjects=sorted({act.subject for act in asking}),
        until=max(act.time for act in asking),
        types=sorted(types),
        roles=[each.partition(":")[2] for each in sorted(conditions) if each.startswith("concurrence:")],
        collective="collective_decision" in conditions,
        legal="legal_review" in conditions,
    )
    return _with_functions(sources, found) if "legal_review" in conditions else found


def _alike(
    sources: Sources, acts: Sequence[JudgedAct], registers: Mapping[int, Facts], projects: Mapping[str, Project]
) -> list[JudgedAct]:
    """Return the acts that, with one asked about, may split what a ceiling would not let through."""
    asked: list[tuple[Any, ...]] = []
    types: set[str] = set()
    for act in acts:
        facts, project = registers[act.position], projects.get(act.project or "", _UNHEARD_OF)
        days = split_window(facts.policies, act)
        if days is not None and act.amount is not None and act.asked is not None and _has_item_ceiling(act, facts):
            types |= family_of(act.type)
            matter = act.project, act.unit, project.budget_project, project.category
            since = act.time - timedelta(days=days + 1)
            who = {act.asked, *facts.references_of(facts.person_of(act.asked, act.time))}
            asked += [(each, *matter, since, act.time) for each in sorted(who)]
    if not asked:
        return []
    names = ("who", "projects", "units", "lines", "categories", "since", "until")
    columns = {name: list(column) for name, column in zip(names, zip(*asked, strict=True), strict=True)}
    return sources.acts_found("acts_alike", types=sorted(types), corrected=sources.openings_corrected(), **columns)


def _projects(sources: Sources, acts: Iterable[JudgedAct]) -> dict[str, Project]:
    stated: list[rows.StatementRow] = list(
        sources.read(STATEMENTS_BY_PROJECT, {act.project for act in acts if act.project is not None})
    )
    corrected = sources.corrections(row.position for row in stated if row.corrected)
    return rows.by_project(rows.Present(corrected).only(stated), corrected)


def _with_functions(sources: Sources, acts: Iterable[JudgedAct]) -> list[JudgedAct]:
    """Say in which function people took part who do not say it: that of a post they were in (contract §3)."""
    return [msgspec.structs.replace(act, people=tuple(_in_function(sources, act))) for act in acts]


def _in_function(sources: Sources, act: JudgedAct) -> Iterator[Exercised]:
    for person in act.people:
        function = person.function
        if function is None and act.act_class == "S":
            facts = register(sources, Asking(frozenset((person.who,)), frozenset(), frozenset()))
            function = next(iter(designations(facts.person_of(person.who, act.time), act.time, facts)), None)
        yield msgspec.structs.replace(person, function=function)


def _conditions(grant: Grant) -> list[str]:
    return grant.delegation.conditions if grant.delegation is not None else []


def _asks_about_project(act: JudgedAct, facts: Facts) -> bool:
    """Whether it matters what the act's project is: to the scope of a grant, its one matter, a split, an agency."""
    if split_window(facts.policies, act) is not None or _is_of_agency(act, facts):
        return True
    for grant in relied_on(act, facts):
        scope = grant.scope
        narrow = scope is not None and (scope.categories is not None or scope.methods is not None)
        if narrow or (grant.delegation is not None and grant.delegation.kind == "special"):
            return True
    return False


def _is_of_agency(act: JudgedAct, facts: Facts) -> bool:
    employers = (each.employer for each in facts.employed)
    return any(who is not None and who.startswith("agency:") for who in (act.asked, act.actor, *employers))


def _has_item_ceiling(act: JudgedAct, facts: Facts) -> bool:
    grants = relied_on(act, facts)
    return any(grant.delegation is not None and grant.delegation.ceiling_item is not None for grant in grants) or any(
        acting.ceiling_item is not None for acting in facts.actings
    )


def _pays(grant: Grant) -> bool:
    return grant.delegation is not None and grant.delegation.total_basis == "paid"
