"""The projector's settings, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    `dsn` is a libpq connection string or URL (`QUANZE_DSN`); `origin` names the log to follow (`QUANZE_ORIGIN`) and may
    be left out where the database holds one log.

    A projector that runs alone asks the ledger at `ledger_url` (`QUANZE_LEDGER_URL`), with the token `ledger_token`
    (`QUANZE_LEDGER_TOKEN`, scope `verify`), for the proofs of its answers; without it answers carry none.

    `answers_apart` (`QUANZE_ANSWERS_APART`, 1 unless 0): questions about single acts are judged in a process apart.

    `rules` (`QUANZE_RULES`): a directory of rules that a unit adds. `judges` (`QUANZE_JUDGES`, 1 unless 0): whether
    this process keeps the findings up; of several that may, one does. `scan_at` (`QUANZE_SCAN_AT`, 02:30 unless said
    otherwise, `never` for not at all): when the log is scanned, local time.
    """

    dsn: str
    origin: str | None = None
    pool_size_max: int = 8
    batch_acts_max: int = 2_000
    poll_seconds: float = 1.0
    ledger_url: str | None = None
    ledger_token: str = ""
    answers_apart: bool = False
    rules: Path | None = None
    judges: bool = True
    scan_at: time | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises `KeyError` naming the variable that is missing."""
        url = environment.get("QUANZE_LEDGER_URL") or None
        return cls(
            dsn=environment["QUANZE_DSN"],
            origin=environment.get("QUANZE_ORIGIN") or None,
            pool_size_max=int(environment.get("QUANZE_PROJECTOR_POOL_SIZE_MAX", "8")),
            ledger_url=url,
            ledger_token=environment["QUANZE_LEDGER_TOKEN"] if url is not None else "",
            answers_apart=environment.get("QUANZE_ANSWERS_APART", "1") != "0",
            rules=Path(environment["QUANZE_RULES"]) if environment.get("QUANZE_RULES") else None,
            judges=environment.get("QUANZE_JUDGES", "1") != "0",
            scan_at=_time_of_day(environment.get("QUANZE_SCAN_AT", "02:30")),
        )


def _time_of_day(text: str) -> time | None:
    """Raises `ValueError` for what is no time of day."""
    return None if text == "never" else time.fromisoformat(text)
