"""
Event logs as XES (IEEE 1849), plain or gzip; read in constant memory, as a stream of tags: no tree is ever built.

A document type or an entity is refused before it can do anything: no XES needs one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from quanze.importer.faults import ImportFault
from quanze.importer.rows import READ_FAULTS, RECORD_SIZE_MAX, Row, open_log, unreadable

DEPTH_MAX: Final = 64
_CHUNK_SIZE: Final = 64 * 1024
_COMPOUND: Final = frozenset(("list", "container"))
_ATTRIBUTES: Final = frozenset(("string", "date", "int", "float", "boolean", "id")) | _COMPOUND


def read(path: Path) -> Iterator[Row]:
    """
    Yield the events of an XES file in the order of the file, each with the attributes of its trace.

    An attribute of the trace is prefixed `case:`, as pm4py does; one of the event is named by its key. A value stands
    as it is written. An attribute inside another is `outer/inner`; several of one name in a list are joined by ` | `.
    Attributes of the log, globals, classifiers and extensions are passed over (IEEE 1849-2016 §4).
    Raises `ImportFault` for what is no XES, a document type, an entity, and a record that never ends.
    """
    log = _Log(path)
    parser = DefusedXMLParser(target=log, forbid_dtd=True)
    with open_log(path) as file:
        try:
            while chunk := file.read(_CHUNK_SIZE):
                log.grow(len(chunk))
                parser.feed(chunk)
                yield from log.take()
            parser.close()
            yield from log.take()
        except DefusedXmlException as exc:
            problem = "holds a document type (DTD) or an entity, which could make it read other files or swell"
            raise ImportFault(path, log.place, problem, "remove the DOCTYPE and write its entities out") from exc
        except ParseError as exc:
            raise ImportFault(path, log.place, f"not well-formed XML: {exc}", "export the log again") from exc
        except (ValueError, LookupError) as exc:
            raise ImportFault(path, log.place, f"cannot be parsed: {exc}", "save the file as UTF-8") from exc
        except READ_FAULTS as exc:
            raise unreadable(path, log.place, exc) from exc


class _Log:
    """Target of the parser: told of every tag as it opens and closes, keeps what the current event needs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tags: list[str] = []
        self._keys: list[str] = []  # of the attributes that are open, outermost first
        self._trace: dict[str, str] | None = None
        self._event: dict[str, str] | None = None
        self._rows: list[Row] = []
        self._trace_number = 0
        self._event_number = 0  # in its trace
        self._unread_size = 0
        self._record_size = 0

    @property
    def place(self) -> str:
        return f"trace {self._trace_number}, event {self._event_number}" if self._trace_number else ""

    def grow(self, size_bytes: int) -> None:
        """Note bytes about to be parsed. A single tag that takes more than a record may is refused here."""
        self._unread_size += size_bytes
        if self._unread_size > RECORD_SIZE_MAX:
            raise self._fault(f"a single tag of over {RECORD_SIZE_MAX} bytes", "export the log again")

    def take(self) -> list[Row]:
        """Return the events that have ended since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        self._unread_size = 0
        name = tag.rpartition("}")[2]
        parents = self._tags
        if not parents and name != "log":
            raise self._fault(f"the root is `{name}`, not `log`", "give an XES file")
        if name == "trace" and len(parents) == 1:
            self._trace, self._record_size = {}, 0
            self._trace_number += 1
            self._event_number = 0
        elif name == "event" and (len(parents) == 1 or (len(parents) == 2 and parents[1] == "trace")):
            self._event, self._record_size = {}, 0
            self._event_number += 1
        elif name in _ATTRIBUTES and (owner := self._owner) is not None:
            self._attribute(owner, name, attrib)
        parents.append(name)
        if len(parents) > DEPTH_MAX:
            raise self._fault(f"tags nested over {DEPTH_MAX} deep", "export the log again")

    def end(self, tag: str) -> None:
        self._unread_size = 0
        name = self._tags.pop()
        if name in _ATTRIBUTES and self._owner is not None:
            self._keys.pop()
        elif self._event is not None and name == "event" and len(self._tags) <= 2:
            self._rows.append(Row(self._event | (self._trace or {}), self.place))
            self._event = None
        elif self._trace is not None and name == "trace" and len(self._tags) == 1:
            self._trace = None

    def close(self) -> None:
        """The parser asks for a result; the rows were taken on the way."""

    @property
    def _owner(self) -> dict[str, str] | None:
        return self._event if self._event is not None else self._trace

    def _attribute(self, owner: dict[str, str], kind: str, attrib: dict[str, str]) -> None:
        self._keys.append(attrib.get("key", ""))
        name, value = "/".join(self._keys), attrib.get("value", "")
        self._record_size += len(name) + len(value) + 64  # 64: what an entry costs beyond its text, at least
        if self._record_size > RECORD_SIZE_MAX:
            raise self._fault(f"an event or a trace of over {RECORD_SIZE_MAX} characters", "export the log again")
        if self._event is None:
            if self._event_number:
                raise self._fault(f"attribute `{name}` of the trace after its events", "put it before them")
            name = f"case:{name}"
        if kind in _COMPOUND:
            return
        if name not in owner:
            owner[name] = value
        elif len(self._keys) > 1:
            owner[name] += f" | {value}"
        elif owner[name] != value:
            raise self._fault(f"attribute `{name}` is given twice", "keep one of the two values")

    def _fault(self, problem: str, remedy: str) -> ImportFault:
        return ImportFault(self._path, self.place, problem, remedy)
