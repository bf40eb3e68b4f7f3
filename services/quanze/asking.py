"""Questions that take more than one request."""

from typing import Any
from urllib.parse import quote

from quanze.client import Client


def history_of(client: Client, project: str, **moments: str | None) -> dict[str, Any]:
    """Return a project's history, all its pages in one document."""
    path = f"/v1/projects/{quote(project, safe='')}/history"
    answer = client.get(path, limit=500, **moments)
    while answer["next"] is not None:
        # The later pages are asked for at the moments of the first, or an act recorded meanwhile would shift them.
        fixed = {"as_of": answer["as_of"], "known_at": answer["known_at"]}
        more = client.get(path, limit=500, after=answer["next"], **fixed)
        answer = {**answer, "items": answer["items"] + more["items"], "next": more["next"]}
    return answer
