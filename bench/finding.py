"""What was found against what was planted: the same rule, project and persons, and the acts judged."""

from collections.abc import Iterable
from typing import NamedTuple

from bench.project import Planted
from bench.story import Key


class Found(NamedTuple):
    """A finding with result FAIL. `judged`: the act it is about, where it is about one."""

    rule: str
    project: str | None
    persons: frozenset[str]
    evidence: frozenset[Key]
    judged: Key | None


class Difference(NamedTuple):
    """What was planted and not found, and what was found and not planted."""

    missed: list[Planted]
    invented: list[Found]
    found: int
    planted: int

    @property
    def recall(self) -> float:
        return 1.0 - len(self.missed) / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return 1.0 - len(self.invented) / self.found if self.found else 1.0


def compare(planted: Iterable[Planted], found: Iterable[Found]) -> Difference:
    """Match each planted violation with one finding."""
    open_: dict[tuple[str, str | None], list[Found]] = {}
    all_found, all_planted = list(found), list(planted)
    for each in all_found:
        open_.setdefault((each.rule, each.project), []).append(each)
    missed: list[Planted] = []
    for each in all_planted:
        candidates = open_.get((each.rule, each.project), [])
        match = next((found for found in candidates if is_it(each, found)), None)
        if match is None:
            missed.append(each)
        else:
            candidates.remove(match)
    invented = [each for left in open_.values() for each in left]
    return Difference(missed, invented, len(all_found), len(all_planted))


def is_it(planted: Planted, found: Found) -> bool:
    """
    Say whether a finding is what was planted.

    Of a pair both acts are evidence and neither is judged; what names no act judged must rest on those planted.
    """
    acts = set(planted.acts)
    return (
        found.rule == planted.rule
        and found.project == planted.project
        and found.persons == frozenset(planted.persons)
        and (found.judged in acts if found.judged is not None else acts <= found.evidence)
    )
