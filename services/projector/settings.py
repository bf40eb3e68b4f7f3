"""The projector's settings, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    `dsn` is a libpq connection string or URL (`QUANZE_DSN`); `origin` names the log to follow (`QUANZE_ORIGIN`) and may
    be left out where the database holds one log.
    """

    dsn: str
    origin: str | None = None
    pool_size_max: int = 8
    batch_acts_max: int = 500
    poll_seconds: float = 1.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises `KeyError` naming the variable that is missing."""
        return cls(
            dsn=environment["QUANZE_DSN"],
            origin=environment.get("QUANZE_ORIGIN") or None,
            pool_size_max=int(environment.get("QUANZE_PROJECTOR_POOL_SIZE_MAX", "8")),
        )
