"""Acts for tests: complete CloudEvents with what a test does not care about filled in."""

from itertools import count
from typing import Any

_ids = count(1)

SOURCE = "urn:test"


def event(
    type: str,
    subject: str,
    actor: str,
    *,
    time: str = "2026-03-02T09:30:00+08:00",
    unit: str | None = None,
    attributes: dict[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    """Return an act with an id of its own; a project act is done on behalf of unit:U1 unless said otherwise."""
    if unit is None and subject.startswith("project:"):
        unit = "unit:U1"
    return {
        "specversion": "1.0",
        "id": f"e{next(_ids)}",
        "source": SOURCE,
        "type": type,
        "subject": subject,
        "time": time,
        "actor": actor,
        **({"unit": unit} if unit else {}),
        **(attributes or {}),
        "data": data,
    }
