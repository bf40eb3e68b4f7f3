"""
The contracts as JSON Schema (2020-12): one file per act in `contracts/schemas/`, envelope and payload together.

`python -m contracts.schema` writes them; a test fails when they differ from what this module renders.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from contracts.catalogue import Act, base_catalogue
from contracts.envelope import Envelope
from contracts.references import Unit, reference_to

DIRECTORY = Path(__file__).parent / "schemas"

_PROJECT_ONLY = frozenset(("project",))


def render() -> Mapping[str, bytes]:
    """Return file name → content for every act of the shipped catalogue."""
    return {f"{act.type}.json": _file(_schema(act)) for act in base_catalogue().acts.values()}


def write(directory: Path = DIRECTORY) -> None:
    """Write every schema and remove those of acts that are gone."""
    directory.mkdir(exist_ok=True)
    wanted = render()
    for stale in {path.name for path in directory.glob("*.json")} - wanted.keys():
        (directory / stale).unlink()
    for name, content in wanted.items():
        (directory / name).write_bytes(content)


def _schema(act: Act) -> dict[str, Any]:
    (_, data), parts = msgspec.json.schema_components([Envelope, act.payload], ref_template="#/$defs/{name}")
    body = parts.pop("Envelope")
    subject = msgspec.json.schema(Annotated[str, reference_to(*sorted(act.subject_kinds))])
    body["properties"] |= {"type": {"const": act.type}, "data": data, "subject": subject}
    if act.subject_kinds == _PROJECT_ONLY:
        body["properties"]["unit"] = msgspec.json.schema(Unit)
        body["required"].append("unit")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": act.type,
        "description": f"{act.zh} · {act.en}. Stage {act.stage}, class {act.act_class}, duty {act.role}.",
        **{key: value for key, value in body.items() if key not in ("title", "description")},
        "$defs": parts,
    }


def _file(schema: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=2) + b"\n"


if __name__ == "__main__":
    write()
