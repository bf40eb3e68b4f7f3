"""
A question's view of the read model: one transaction, one moment, one catalogue.

Two clocks: `as_of` is when things happened, `known_at` when the ledger knew them; both include the moment itself. Not
said means everything recorded, what is dated in the future too.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from msgspec import Struct
from psycopg import Connection, Cursor, IsolationLevel
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedFunction, UndefinedTable
from psycopg.rows import TupleRow

from contracts.catalogue import Catalogue
from contracts.faults import Fault
from contracts.moments import BadMoment, ends, parse_instant
from edge.database import statement, statement_text
from edge.look_up import Found, look_up
from projector.errors import BadQuestion, Unavailable
from projector.fact_cache import FactCache
from projector.follow import follower_name
from projector.packs import Catalogues


class Asked(Struct, frozen=True):
    """The moments a question names, None where it names none."""

    as_of: datetime | None = None
    known_at: datetime | None = None


class Stand(Struct, frozen=True, kw_only=True):
    """What an answer rests on: the two moments, and how many acts of the log the read model held."""

    as_of: datetime
    known_at: datetime
    position: int


@dataclass(frozen=True)
class View:
    """An open view. `stand` goes into the answer; statements run with the log and both moments filled in."""

    connection: Connection[TupleRow]
    log_id: int
    asked: Asked
    stand: Stand
    catalogue: Catalogue
    cache: FactCache

    @property
    def judged_at(self) -> datetime:
        """When a judgement stands: nothing is overdue by a day of which nothing is known yet."""
        known_at = self.asked.known_at
        return self.stand.as_of if known_at is None else min(self.stand.as_of, known_at)

    def select(self, name: str, parameters: Mapping[str, Any] | None = None) -> Cursor[TupleRow]:
        """Run `sql/<name>.sql`, planned anew each time: a plan for all projects is a poor one for a single project."""
        return self.connection.execute(statement("projector", name), self._with(parameters), prepare=False)

    def look_up(self, name: str, parameters: Mapping[str, Any] | None = None) -> Found:
        """Run a statement that goes by one index whatever it is asked: it is planned once for each connection."""
        return look_up(self.connection, statement_text("projector", name), self._with(parameters))

    def _with(self, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        return {
            "log_id": self.log_id,
            "as_of": self.asked.as_of or _ALWAYS,
            "known_at": self.asked.known_at or _ALWAYS,
            **(parameters or {}),
        }


_ALWAYS: LiteralString = "infinity"


@contextmanager
def open_view(
    connection: Connection[TupleRow],
    log_id: int,
    catalogues: Catalogues,
    cache: FactCache,
    asked: Asked,
    *,
    read_only: bool = True,
) -> Generator[View]:
    """Open a view on a connection of the projector's pool. Raises `Unavailable` while the read model is rebuilt."""
    try:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, read_only
        with connection.transaction():
            given = {"log_id": log_id, "follower": follower_name(log_id)}
            row = look_up(connection, statement_text("projector", "open_view"), given).rows[0]
            position: int = row[0] or 0
            packs: list[int] = row[1]
            now = datetime.now(UTC)
            stand = Stand(as_of=asked.as_of or now, known_at=asked.known_at or now, position=position)
            yield View(connection, log_id, asked, stand, catalogues.of(connection, packs), cache)
    except (UndefinedTable, UndefinedFunction, InvalidSchemaName, InsufficientPrivilege) as exc:
        raise Unavailable("the read model is being rebuilt; ask again in a moment") from exc
    except psycopg.errors.SerializationFailure as exc:
        raise Unavailable("the read model changed under the question; ask again") from exc


def parse_asked(as_of: str | None, known_at: str | None) -> Asked:
    """Read both moments. A bare date means the end of that day. Raises `BadQuestion` naming each bad one."""
    faults: list[Fault] = []
    asked = Asked(_moment("as_of", as_of, faults), _moment("known_at", known_at, faults))
    if faults:
        raise BadQuestion(faults)
    return asked


def _moment(name: str, text: str | None, faults: list[Fault]) -> datetime | None:
    if text is None:
        return None
    try:
        # A `+` that was not percent-encoded arrives as a space, and no time holds one.
        plain = text.replace(" ", "+")
        return ends(plain) - timedelta(microseconds=1) if len(plain) == 10 else parse_instant(plain)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)  # the end of the last day there is
    except BadMoment as exc:
        faults.append(Fault(f"/{name}", "bad_time", str(exc)))
        return None
