"""What a bench prints: under which conditions, and one JSON object as the last line."""

import os
import platform
from typing import Any

import msgspec
import psycopg
from msgspec import Struct


class Limit(Struct, frozen=True):
    """A figure with the bound it is held to; `most` says on which side of it is well."""

    name: str
    value: float
    bound: float
    most: bool

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.most else self.value >= self.bound

    def line(self) -> str:
        said, sign = ("met   " if self.met else "MISSED"), ("≤" if self.most else "≥")
        return f"  {said} {self.name}: {self.value:g} ({sign} {self.bound:g})"


def conditions(dsn: str, *, clients: int, **more: Any) -> dict[str, Any]:
    """Return what the figures depend on: as the server itself says, not as it was asked to be."""
    with psycopg.connect(dsn) as connection:
        told = {name: _show(connection, name) for name in ("fsync", "synchronous_commit", "server_version")}
        acts = connection.execute("SELECT sum(size)::bigint FROM ledger.heads").fetchone()
        query = "SELECT count(*), count(*) FILTER (WHERE is_root) FROM projector.grants"
        grants = connection.execute(query).fetchone()
    return {
        "fsync": told["fsync"],
        "synchronous_commit": told["synchronous_commit"],
        "clients": clients,
        "cores": len(os.sched_getaffinity(0)),
        "acts": acts[0] if acts else 0,
        "grants": grants[0] if grants else 0,
        "roots_among_them": grants[1] if grants else 0,
        "python": platform.python_version(),
        "postgresql": told["server_version"],
        **more,
    }


def show(
    bench: str,
    ratio: float,
    *,
    ours: dict[str, Any],
    rival: dict[str, Any],
    under: dict[str, Any],
    limits: list[Limit],
) -> None:
    """Print the limits for people, then everything for machines."""
    print(f"{bench}:")
    for limit in limits:
        print(limit.line())
    ours = ours | {"limits": {limit.name: limit.met for limit in limits}}
    found = {"bench": bench, "ratio": round(ratio, 3), "ours": ours, "rival": rival, "conditions": under}
    print(msgspec.json.encode(found).decode())


def _show(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(row[0]) if row else ""
