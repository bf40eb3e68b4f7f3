"""What a failure is, and what a test for one may look at."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal, Protocol

from tests.reference.known import Act, Known
from tests.reference.ways import Way

Result = Literal["FAIL", "UNDETERMINED", "LATE"]
Until = Callable[[datetime], datetime]
"""The first instant after the tolerance `aut.late_grant` for an act at a time."""


class World(Protocol):
    """What a failure may look at besides the way: what is known, and on which way earlier acts rest."""

    @property
    def known(self) -> Known: ...

    @property
    def until(self) -> Until: ...

    def best_way(self, act: Act) -> Way | None: ...


def worst(results: Iterable[Result | None]) -> Iterator[Result]:
    """What is wrong where everything has to be right: the gravest of the results, if any is a fault."""
    found = list(results)
    order: tuple[Result, ...] = ("FAIL", "UNDETERMINED", "LATE")
    for result in order:
        if result in found:
            yield result
            return


def least(results: Iterable[Result | None]) -> list[Result | None]:
    """What is wrong where one has to be right: the lightest of the results; empty where there are none."""
    found = list(results)
    order: tuple[Result | None, ...] = (None, "LATE", "UNDETERMINED", "FAIL")
    for result in order:
        if result in found:
            return [result]
    return []
