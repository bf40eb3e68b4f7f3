"""
Catalogue packs of a directory: acts, roles, pairs and policy rows that a unit adds, recorded when the service starts.

A pack is a TOML file in the form of `catalogue.extend`. Recorded once: the same file gives the same act. One that is
wrong is reported with its file and place, and never stops the others.
"""

import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from contracts.moments import format_instant
from edge.tokens import Token
from ledger.errors import KeyTaken, Rejected
from ledger.main import Ledger

_log: Final = structlog.get_logger()
_SOURCE: Final = "urn:quanze:packs"
_ACTOR: Final = "system:quanze-packs"


def record_packs(ledger: Ledger, directory: Path) -> None:
    """Record the packs of a directory that are not recorded yet."""
    for path in sorted(directory.glob("*.toml")):
        try:
            event = _event(path, ledger.origin)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
            _log.error("pack_refused", file=str(path), error=str(exc))
            continue
        _record(ledger, path, event)


def _record(ledger: Ledger, path: Path, event: dict[str, Any]) -> None:
    try:
        ledger.record(ledger.admission.batch(msgspec.json.encode([event]), _OURSELVES))
    except KeyTaken:
        return  # recorded before, when the file was of another day
    except Rejected as exc:
        for fault in exc.faults:
            _log.error("pack_refused", file=str(path), at=fault.pointer.removeprefix("/0/data"), error=fault.message)


_OURSELVES: Final = Token("packs", "packs", frozenset(("admin",)), frozenset(), frozenset())


def _event(path: Path, origin: str) -> dict[str, Any]:
    content = path.read_bytes()
    document = msgspec.to_builtins(tomllib.loads(content.decode("utf-8")))  # days become texts, as JSON has them
    return {
        "specversion": "1.0",
        "id": f"{path.stem[:80]}-{sha256(content).hexdigest()[:16]}",
        "source": _SOURCE,
        "type": "catalogue.extend",
        "subject": f"log:{origin}",
        "time": format_instant(datetime.fromtimestamp(path.stat().st_mtime, UTC)),
        "actor": _ACTOR,
        "data": {"pack": path.stem, **document},
    }
