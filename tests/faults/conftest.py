"""A seed, and a place for a data directory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

import pytest


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("QUANZE_FAULT_SEED") or SystemRandom().randrange(10**6))


@pytest.fixture
def data() -> Iterator[Path]:
    # Not tmp_path: it is 0700 and owned by root, and the server may run as another user.
    path = Path(tempfile.mkdtemp(prefix="qz"))
    yield path / "data"
    shutil.rmtree(path, ignore_errors=True)
