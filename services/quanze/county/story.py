"""The county's projects, played from `projects.toml`: a course of phases each, and at most one planted violation."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import msgspec
from msgspec import Struct

from quanze.county.acts import Key
from quanze.county.lifecycle import Lifecycle
from quanze.county.project import Facts, Project
from quanze.county.registry import read_data


class Plant(Struct, frozen=True):
    """A planted violation: the judged act or the two acts of a pair (`contract.sign.1`), the person, why it is one."""

    rule: str
    persons: list[str]
    acts: list[str]
    why_zh: str
    why_en: str
    basis: str = ""
    grant: str = ""


class Tale(Struct, frozen=True):
    """A project as it stands in `projects.toml`."""

    opened: str
    facts: Facts
    course: list[list[Any]]
    plant: Plant | None = None
    showcase: dict[str, str] = {}


class Told(NamedTuple):
    """A project played to its end, and what the demo points at in it."""

    project: Project
    plant: Plant | None
    showcase: dict[str, Key]


def tell() -> list[Told]:
    """Play every project, and have everyone in it declare interests in time."""
    tales = msgspec.convert(read_data("projects.toml"), type=dict[str, Tale])
    return [_play(code, tale) for code, tale in tales.items()]


def _play(code: str, tale: Tale) -> Told:
    project = Lifecycle(code, tale.opened, tale.facts)
    for phase, *arguments in tale.course:
        named = cast("dict[str, Any]", arguments.pop()) if arguments and isinstance(arguments[-1], dict) else {}
        step = cast("Callable[..., None]", getattr(project, str(phase)))
        step(*arguments, **named)
    project.declare()
    return Told(project, tale.plant, {name: project.key(act) for name, act in tale.showcase.items()})
