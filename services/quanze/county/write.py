"""
Write the county: `python -m quanze.county.write` renders every NDJSON file and `planted.toml` beside this module.

The same source gives the same bytes; a test compares them with what is committed.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from quanze.county.acts import Key
from quanze.county.project import Project
from quanze.county.registry import write_registry
from quanze.county.story import Plant, Told, tell

DIRECTORY = Path(__file__).parent


def render() -> Mapping[str, str]:
    """Return file name → content. The files are loaded in the order of their names."""
    told = tell()
    projects = {f"{project.code}.ndjson": project.lines() for project, _, _ in told}
    return {"00-registry.ndjson": write_registry().lines(), **projects, "planted.toml": _planted(told)}


def write(directory: Path = DIRECTORY) -> None:
    for name, content in render().items():
        (directory / name).write_text(content, "utf-8", newline="\n")


def _planted(told: list[Told]) -> str:
    head = "# What is wrong in this county on purpose, and nothing else. Written by write.py.\n"
    return "\n".join([head, *(_violation(each.project, each.plant) for each in told if each.plant), _showcase(told)])


def _violation(project: Project, plant: Plant) -> str:
    rows = {
        "rule": _text(plant.rule),
        "basis": _text(plant.basis),
        "project": _text(project.ref),
        "persons": f"[{', '.join(map(_text, plant.persons))}]",
        "acts": f"[{', '.join(_key(project.key(act)) for act in plant.acts)}]",
        "grant": _text(plant.grant),
        "why_zh": _text(plant.why_zh),
        "why_en": _text(plant.why_en),
    }
    return "[[violation]]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items() if value != '""')


def _showcase(told: list[Told]) -> str:
    """What the demo asks its four questions about."""
    acts = {name: key for _, _, showcase in told for name, key in showcase.items()}
    rows = "".join(f"{name} = {_key(key)}\n" for name, key in acts.items())
    return f'[showcase]\nreplay = "project:P-2026-002"\nconflict = "project:P-2026-004"\n{rows}'


def _key(key: Key) -> str:
    return f"{{ source = {_text(key.source)}, id = {_text(key.id)} }}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    write()
