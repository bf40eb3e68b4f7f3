"""
Which other acts bear on an act: what its conditions ask for, what else its approver signed, who acted for whom.

Only what some grant, appointment or act in question makes worth asking is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from projector.authority import rows
from projector.authority.chain import only_way
from projector.authority.conditions import designations
from projector.authority.facts import Exercised, Facts, JudgedAct, Project
from projector.authority.policy import split_window
from projector.authority.register import Asking, asking_of, register
from projector.authority.relied import Relied, relied_on
from projector.authority.sources import STATEMENTS_BY_PROJECT, Sources
from projector.authority.usage import family_of
from projector.authority.warming import warm_for, warm_people

_REVIEW: Final = "legal_review"
_UNHEARD_OF: Final = Project(units=frozenset(), category=None, methods=())


class _Wondering(Struct, frozen=True):
    """
    An act, what is known of the people and grants around it, and what follows for what is to be read besides.

    With other acts within `split_days` it may split what a ceiling would not let through. None: it cannot.
    """

    act: JudgedAct
    register: Facts
    relied: Relied
    split_days: int | None


def facts_around(sources: Sources, acts: Sequence[JudgedAct], *, drawing: bool = False) -> dict[int, Facts]:
    """
    Return, by position, what is known around each act. What acts have in common is shared.

    `drawing`: only so much as it takes to say on what they drew, which is nothing of what was done besides where an act
    has but one way.
    """
    warm_for(sources, acts)
    ratifications = sources.ratifications([act.position for act in acts if act.ratified])
    own = {act.position: [each for each in ratifications if each.act == act.position] for act in acts}
    every = [_wondering(act, register(sources, asking_of(act, own[act.position]))) for act in acts]
    asked = [each for each in every if not drawing or only_way(each.act, each.register) is None]
    about = [each.act for each in asked if _asks_about_project(each)]
    projects = _projects(sources, [*about, *(act for act in acts if act.decided_outside)])
    around = _acts_around(sources, asked, every, projects)
    projects |= _projects(sources, (act for act in around if act.project not in projects))
    beside = Facts(acts=tuple(acts), around=tuple(around))
    return {
        each.act.position: each.register.with_acts(
            beside, about=Facts(projects=projects, ratifications=tuple(own[each.act.position]))
        )
        for each in every
    }


def _wondering(act: JudgedAct, register: Facts) -> _Wondering:
    relied = relied_on(act, register)
    ceiling = relied.item_ceiling or any(acting.ceiling_item is not None for acting in register.actings)
    measured = ceiling and act.amount is not None and act.asked is not None
    return _Wondering(act, register, relied, split_window(register.policies, act) if measured else None)


def _acts_around(
    sources: Sources, asked: Sequence[_Wondering], every: Sequence[_Wondering], projects: Mapping[str, Project]
) -> list[JudgedAct]:
    found = _on_the_subject(sources, asked) + _alike(sources, asked, projects)
    paid = {each.act.project for each in every if each.relied.counts_paid}
    if paid:
        found += sources.acts_found("payments_on", projects=sorted(project for project in paid if project is not None))
    return [act for act in {act.position: act for act in found}.values() if not act.withdrawn]


def _on_the_subject(sources: Sources, asked: Sequence[_Wondering]) -> list[JudgedAct]:
    """Return the acts that were done on the same subjects, as far as a condition or appointment asks for them."""
    asking = [each for each in asked if each.relied.conditions or each.register.actings]
    if not asking:
        return []
    conditions = frozenset[str]().union(*(each.relied.conditions for each in asking))
    types = frozenset[str]().union(*(family_of(each.act.type) for each in asking if each.register.actings))
    reviewed = {each.act.subject for each in asking if _REVIEW in each.relied.conditions}
    found = sources.acts_found(
        "acts_around",
        until=max(each.act.time for each in asking),
        reviewed=sorted(reviewed),
        subjects=sorted(
            {each.act.subject for each in asking if each.register.actings or each.relied.conditions - {_REVIEW}}
        ),
        types=sorted(types),
        roles=[each.partition(":")[2] for each in sorted(conditions) if each.startswith("concurrence:")],
        collective="collective_decision" in conditions,
    )
    return _with_functions(sources, found) if reviewed else found


def _alike(sources: Sources, asked: Sequence[_Wondering], projects: Mapping[str, Project]) -> list[JudgedAct]:
    """Return the acts that, with one asked about, may split what a ceiling would not let through."""
    wanted: list[tuple[Any, ...]] = []
    types: set[str] = set()
    for each in asked:
        act, facts = each.act, each.register
        if each.split_days is None or act.asked is None:
            continue
        types |= family_of(act.type)
        project = projects.get(act.project or "", _UNHEARD_OF)
        matter = act.project, act.unit, project.budget_project, project.category
        since = act.time - timedelta(days=each.split_days + 1)
        who = {act.asked, *facts.references_of(facts.person_of(act.asked, act.time))}
        wanted += [(one, *matter, since, act.time) for one in sorted(who)]
    if not wanted:
        return []
    names = ("who", "projects", "units", "lines", "categories", "since", "until")
    columns = {name: list(column) for name, column in zip(names, zip(*wanted, strict=True), strict=True)}
    return sources.acts_found("acts_alike", types=sorted(types), corrected=sources.openings_corrected(), **columns)


def _projects(sources: Sources, acts: Iterable[JudgedAct]) -> dict[str, Project]:
    stated: list[rows.StatementRow] = list(
        sources.read(STATEMENTS_BY_PROJECT, {act.project for act in acts if act.project is not None})
    )
    corrected = sources.corrections(row.position for row in stated if row.corrected)
    return rows.by_project(rows.Present(corrected).only(stated), corrected)


def _with_functions(sources: Sources, acts: Iterable[JudgedAct]) -> list[JudgedAct]:
    """Say in which function people took part who do not say it: those of the posts they were in (contract §3)."""
    found = list(acts)
    warm_people(sources, {person.who for act in found for person in act.people})
    return [msgspec.structs.replace(act, people=tuple(_in_function(sources, act))) for act in found]


def _in_function(sources: Sources, act: JudgedAct) -> Iterator[Exercised]:
    for person in act.people:
        functions = {person.function}
        if person.function is None and act.act_class == "S":
            facts = register(sources, Asking(frozenset((person.who,)), frozenset(), frozenset()))
            functions = set(designations(facts.person_of(person.who, act.time), act.time, facts)) or {None}
        for function in functions:
            yield msgspec.structs.replace(person, function=function)


def _asks_about_project(each: _Wondering) -> bool:
    """Whether it matters what the act's project is: to a grant it may rest on, a split, an agency."""
    return each.split_days is not None or each.relied.about_project or _is_of_agency(each.act, each.register)


def _is_of_agency(act: JudgedAct, facts: Facts) -> bool:
    return facts.knows_of_agencies or (act.asked or act.actor).startswith("agency:") or act.actor.startswith("agency:")
