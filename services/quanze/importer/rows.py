"""One record of an event log, and the opening of the file it stands in. Nothing here knows a mapping."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final, cast

from quanze.importer.faults import ImportFault

RECORD_SIZE_MAX: Final = 4 * 1024 * 1024
"""Bytes (CSV: characters) of the file that one record may take. It bounds the memory of a hostile or broken file."""

READ_FAULTS: Final = (OSError, EOFError, zlib.error)
"""What reading a damaged or truncated file raises."""

_GZIP: Final = b"\x1f\x8b"


class Row(dict[str, str]):
    """The columns of one record, and where it stands (`line 12`, `trace 3, event 5`)."""

    __slots__ = ("place",)

    def __init__(self, columns: Mapping[str, str], place: str) -> None:
        super().__init__(columns)
        self.place = place


def open_log(path: Path) -> BinaryIO:
    """Open a log for reading, decompressing it on the way when it is gzip by its first bytes, whatever its name."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
        return cast("BinaryIO", gzip.open(path, "rb")) if zipped else path.open("rb")
    except OSError as exc:
        raise ImportFault(path, "", f"cannot be opened: {exc.strerror}", "give the path of a CSV or XES file") from exc


def unreadable(path: Path, place: str, exc: BaseException) -> ImportFault:
    """Say that the bytes of a log gave out."""
    return ImportFault(path, place, f"damaged or incomplete file: {exc}", "fetch the file again")
