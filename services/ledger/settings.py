"""The ledger's settings, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    `dsn` is a libpq connection string or URL (`QUANZE_DSN`); `signing_key` the log's private key in the form of
    `log.key` (`QUANZE_SIGNING_KEY`). The key names the log it signs for.
    """

    dsn: str
    signing_key: str
    queue_acts_max: int = 50_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises `KeyError` naming the variable that is missing."""
        return cls(
            dsn=environment["QUANZE_DSN"],
            signing_key=environment["QUANZE_SIGNING_KEY"],
            queue_acts_max=int(environment.get("QUANZE_QUEUE_ACTS_MAX", "50000")),
        )
