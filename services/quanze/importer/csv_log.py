"""Event logs as CSV, one record an event, with a header. Plain or gzip; read in constant memory."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from quanze.importer.faults import ImportFault
from quanze.importer.rows import READ_FAULTS, RECORD_SIZE_MAX, Row, open_log, unreadable


def read(path: Path, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> Iterator[Row]:
    """
    Yield the records of a CSV file, every one with all columns of the header; blank lines are passed over.

    Quoting as in RFC 4180. Raises `ImportFault` for a record with more or fewer fields than the header, a header that
    names a column twice, a quote left open, bytes outside the encoding, and a NUL.
    """
    with io.TextIOWrapper(open_log(path), encoding, newline="") as text:
        lines = _Lines(text, path)
        records = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = _header(next(iter(records), None), path)
            first_line = records.line_num + 1
            for record in records:
                if record:
                    place = f"line {first_line}"
                    _check(record, header, path, place)
                    yield Row(dict(zip(header, record, strict=True)), place)
                first_line = records.line_num + 1
                lines.taken = 0
        except UnicodeError as exc:
            problem = f"holds bytes that are not {encoding}"
            remedy = 'set `encoding` under [file] of the mapping: "gb18030" for most Chinese spreadsheets'
            raise ImportFault(path, f"after line {records.line_num}", problem, remedy) from exc
        except csv.Error as exc:
            remedy = "check the quotes, and `delimiter` under [file] of the mapping"
            raise ImportFault(path, f"line {records.line_num}", str(exc), remedy) from exc
        except READ_FAULTS as exc:
            raise unreadable(path, f"after line {records.line_num}", exc) from exc


class _Lines:
    """The lines of a file for `csv.reader`, refusing a record that never ends."""

    def __init__(self, text: TextIO, path: Path) -> None:
        self._text = text
        self._path = path
        self.taken = 0  # characters since the last whole record

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(RECORD_SIZE_MAX + 1):
            self.taken += len(line)
            if self.taken > RECORD_SIZE_MAX:
                problem = f"a record of over {RECORD_SIZE_MAX} characters"
                raise ImportFault(self._path, "", problem, "check the quotes and the line ends of the file")
            yield line


def _header(names: list[str] | None, path: Path) -> list[str]:
    if not names:
        raise ImportFault(path, "line 1", "no header", "the first line names the columns")
    names[0] = names[0].removeprefix("\ufeff")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ImportFault(path, "line 1", f"two columns are named `{twice[0]}`", "rename one of them")
    return names


def _check(record: list[str], header: list[str], path: Path, place: str) -> None:
    if len(record) != len(header):
        problem = f"{len(record)} fields under a header of {len(header)}"
        raise ImportFault(path, place, problem, "check the quotes, and `delimiter` under [file] of the mapping")
    if any("\0" in field for field in record):
        raise ImportFault(path, place, "holds a NUL", "set `encoding` under [file] of the mapping, perhaps utf-16")
