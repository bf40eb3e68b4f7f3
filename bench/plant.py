"""What a planted violation is: in which kind of project, what goes otherwise in its story, and what must be found."""

from collections.abc import Callable
from typing import NamedTuple

from bench.project import Project
from bench.story import Data


class Wrong(NamedTuple):
    """
    What must be found: a rule, and the acts judged: by type, with a number where not the first (`pay.execute.2`), of a
    declaration with the post of whoever made it (`coi.declare@REQ2`).

    `who`: the persons, by post, or by the act that was put into another hand; None: whoever did the first of the acts.
    """

    rule: str
    acts: tuple[str, ...]
    who: tuple[str, ...] | None = None


class Plant(NamedTuple):
    """`prepare` changes the story before it is told, `afterwards` tells what became known only later."""

    shape: str
    prepare: Callable[[Project], None]
    wrongs: tuple[Wrong, ...]
    afterwards: Callable[[Project], None] | None = None


def small(rule: str, prepare: Callable[[Project], None], act: str, who: tuple[str, ...] | None = None) -> Plant:
    """A violation in a small purchase, found by its rule alone."""
    return Plant("small", prepare, (Wrong(rule, (act,), who),))


def tender(rule: str, prepare: Callable[[Project], None], act: str, who: tuple[str, ...] | None = None) -> Plant:
    """A violation in an open tender, found by its rule alone."""
    return Plant("tender", prepare, (Wrong(rule, (act,), who),))


def left_out(*acts: str) -> Callable[[Project], None]:
    """Leave acts out."""
    return lambda p: p.without.update(acts)


def waits(act: str, days: int) -> Callable[[Project], None]:
    """Let so many working days more pass before the first act of a type."""
    return lambda p: p.waits.update({act: days})


def moved(act: str, minutes: int) -> Callable[[Project], None]:
    """Have acts of a type happen so much after, or before, their turn."""
    return lambda p: p.moved.update({act: minutes})


def by(act: str, post: str) -> Callable[[Project], None]:
    """Have an act done by another post than usual."""
    return lambda p: p.hands.update({act: post})


def states(act: str, change: Callable[[Project, Data], Data]) -> Callable[[Project], None]:
    """Have acts of a type state something else: the members that `change` returns."""

    def prepare(p: Project) -> None:
        restate(p, act, lambda data: change(p, data))

    return prepare


def restate(p: Project, act: str, change: Callable[[Data], Data]) -> None:
    """Add to what acts of a type state otherwise in this project."""
    before = p.says.get(act)
    p.says[act] = lambda data: (said := before(data) if before else data) | change(said)


def follows(act: str, story: Callable[[Project], None]) -> Callable[[Project], None]:
    """Have something happen after the first act of a type."""
    return lambda p: p.then.update({act: story})


def both(*changes: Callable[[Project], None]) -> Callable[[Project], None]:
    """Change a story in several ways."""

    def prepare(p: Project) -> None:
        for change in changes:
            change(p)

    return prepare
