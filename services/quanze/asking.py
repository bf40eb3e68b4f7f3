"""Questions that take more than one request."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from quanze.client import Client


def history_of(client: Client, project: str, **moments: str | None) -> dict[str, Any]:
    """Return a project's history, all its pages in one document."""
    return _whole(client, f"/v1/projects/{quote(project, safe='')}/history", moments)


def grants_of(client: Client, unit: str, *, as_of: str | None, known_at: str | None, **only: Any) -> dict[str, Any]:
    """Return the tree of a unit's grants, all its pages in one document."""
    moments = {"as_of": as_of, "known_at": known_at}
    return _whole(client, f"/v1/units/{quote(unit, safe='')}/grants", moments, **only)


def bundle_of(client: Client, project: str, held: int | None) -> bytes:
    """Return the evidence bundle of a project, with everything that the log holds of it by now."""
    size = client.get("/v1/log")["size"]
    return client.file(f"/v1/projects/{quote(project, safe='')}/bundle", min_position=size, **{"from": held})


def _whole(client: Client, path: str, moments: Mapping[str, str | None], **others: Any) -> dict[str, Any]:
    answer = client.get(path, limit=500, **moments, **others)
    while answer["next"] is not None:
        # The later pages are asked for at the moments of the first, or an act recorded meanwhile would shift them.
        fixed = {"as_of": answer["as_of"], "known_at": answer["known_at"]}
        more = client.get(path, limit=500, after=answer["next"], **fixed, **others)
        answer = {**answer, "items": answer["items"] + more["items"], "next": more["next"]}
    return answer
