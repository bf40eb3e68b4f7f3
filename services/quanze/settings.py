"""Where a command finds its database, its key, its service and its token."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATA = Path("data")
DEFAULT_PORT = 8420
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


@dataclass(frozen=True)
class DataDirectory:
    """What `quanze up --data DIR` keeps: the cluster, the log's key, the admin token, and where its database is."""

    path: Path

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def signing_key(self) -> Path:
        return self.path / "log.key"

    @property
    def verifier_key(self) -> Path:
        return self.path / "log.vkey"

    @property
    def admin_token(self) -> Path:
        return self.path / "admin.token"

    @property
    def dsn(self) -> Path:
        """There while the server runs: how to reach its database from this machine, as its owner."""
        return self.path / "dsn"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at once and whole."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
