"""
One violation a project, planted in an otherwise lawful story, and what an auditor should find.

Each is a change of the story: a person swapped, a day or an amount moved across its limit, an act left out. What it is,
and by which rules it must be found, stands in the tables of the modules `wrong_…`.
"""

from typing import Final

from bench import wrong_authority, wrong_course, wrong_hands, wrong_money
from bench.plant import Plant, Wrong
from bench.project import Planted, Project
from bench.story import Data, key_of, people_of

PLANTS: Final[dict[str, Plant]] = {
    **wrong_authority.PLANTS,
    **wrong_hands.PLANTS,
    **wrong_course.PLANTS,
    **wrong_money.PLANTS,
}
RULES: Final = tuple(PLANTS)
"""What can be planted."""
FOUND: Final = frozenset(wrong.rule for plant in PLANTS.values() for wrong in plant.wrongs)
"""The rules that find it."""


def prepare(p: Project) -> None:
    """Change the story where a violation is planted, before anything is told."""
    if p.facts.plant:
        PLANTS[p.facts.plant].prepare(p)


def conclude(p: Project) -> None:
    """Tell what became known only afterwards; say what was planted."""
    if not p.facts.plant:
        return
    plant = PLANTS[p.facts.plant]
    if plant.afterwards is not None:
        plant.afterwards(p)
    p.planted += [_planted(p, wrong) for wrong in plant.wrongs]


def _planted(p: Project, wrong: Wrong) -> Planted:
    judged = [_act(p, name) for name in wrong.acts]
    if wrong.who is None:
        persons = [person for actor in people_of(judged[0]) if (person := p.person(actor)).startswith("person:")]
    else:
        persons = [p.who(post, post) for post in wrong.who]
    grant = judged[0].get("authority") if wrong.rule.startswith("AUT") else None
    return Planted(wrong.rule, p.ref, list(dict.fromkeys(persons)), [key_of(each) for each in judged], grant)


def _act(p: Project, name: str) -> Data:
    """Return the act that a name stands for: `pay.execute`, `pay.execute.2`, or `coi.declare@REQ2`, that person's."""
    name, _, post = name.partition("@")
    if post:
        whose = p.unit.person(post)
        return next(e for _, e in p.told if e["type"] == name and e["data"]["declarant"] == whose)
    type, _, number = name.rpartition(".")
    return p.found(type, int(number)) if number.isdigit() else p.found(name)
