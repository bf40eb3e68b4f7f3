"""What tests look at while a follower is at work."""

import time
from collections.abc import Callable
from typing import Any, LiteralString, cast

import psycopg


def rows(dsn: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(cast("LiteralString", statement), parameters).fetchall()


def positions(dsn: str) -> list[int]:
    """Return the positions of the acts that the read model has."""
    return [row[0] for row in rows(dsn, "SELECT position FROM projector.acts ORDER BY position")]


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
