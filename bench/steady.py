"""
Acts posted at a steady rate, whatever the answers take: how long until each can be asked about.

Ten times a second what is due then is posted as one batch, also while earlier ones are under way. When its receipt is
in, a question that waits for its last position is asked; the time from the receipt to that answer is what is measured.
More and smaller posts would measure this client, which shares the processors with the server.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec
import uvloop
from msgspec import Struct

from bench.servers import Server

POSTS_A_SECOND: Final = 10
_ANSWER_SECONDS_MAX: Final = 60.0


class Steady(Struct, frozen=True):
    """What was seen: the seconds from each receipt to its answer, those from posting to receipt, and the rate kept."""

    lags: list[float]
    receipts: list[float]
    rate: float


class Fell(Exception):
    """An answer that is none of those waited for: such a run measures nothing."""


def post_steadily(server: Server, acts: Sequence[dict[str, Any]], *, rate: int, path: str) -> Steady:
    """Post acts at a rate; ask `path` for each batch once its receipt is in. Raises `Fell`."""
    return uvloop.run(_post_all(server, acts, rate, path))


async def _post_all(server: Server, acts: Sequence[dict[str, Any]], rate: int, path: str) -> Steady:
    lags, receipts = list[float](), list[float]()
    limits, size = httpx.Limits(max_connections=None), rate // POSTS_A_SECOND
    async with httpx.AsyncClient(
        base_url=server.url, headers=server.headers, timeout=_ANSWER_SECONDS_MAX, limits=limits
    ) as client:
        began, waiting = time.perf_counter(), list[asyncio.Task[None]]()
        for number, first in enumerate(range(0, len(acts), size)):
            due = began + number / POSTS_A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            content = msgspec.json.encode(acts[first : first + size])
            waiting.append(asyncio.create_task(_post_one(client, content, path, lags, receipts)))
        lasted = time.perf_counter() - began
        await asyncio.gather(*waiting)
    return Steady(lags, receipts, len(acts) / lasted)


async def _post_one(
    client: httpx.AsyncClient, content: bytes, path: str, lags: list[float], receipts: list[float]
) -> None:
    sent = time.perf_counter()
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    posted = await client.post("/v1/events", content=content, headers=kind)
    received = time.perf_counter()
    if posted.status_code != 201:
        raise Fell(posted.text[:2_000])
    position = max(each["position"] for each in posted.json()["receipts"])
    while (answer := await client.get(path, params={"limit": 1, "min_position": position})).status_code == 503:
        pass  # not within the ten seconds that a question waits: it is asked again
    if answer.status_code != 200:
        raise Fell(answer.text[:2_000])
    lags.append(time.perf_counter() - received)
    receipts.append(received - sent)
