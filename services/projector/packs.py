"""The catalogue of a log: the shipped one and every pack the log holds, in the order of their positions."""

from typing import Final

import msgspec
import structlog
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from contracts.catalogue import BadCatalogue, Catalogue, base_catalogue
from contracts.payloads import CatalogueExtend
from edge.database import statement

_log: Final = structlog.get_logger()
_decode: Final = msgspec.json.Decoder(CatalogueExtend).decode


def extended(catalogue: Catalogue, position: int, pack: CatalogueExtend) -> Catalogue | None:
    """Return the catalogue with a pack added. None, and a warning, when it contradicts what is there already."""
    try:
        return catalogue.extend(pack)
    except BadCatalogue as exc:
        _log.warning("pack_ignored", position=position, pack=pack.pack, faults=len(exc.faults), first=str(exc)[:200])
        return None


class Catalogues:
    """The catalogue as the read model holds it, remembered until another pack arrives or the read model is rebuilt."""

    def __init__(self, log_id: int) -> None:
        self._log_id = log_id
        self._read: tuple[list[int], Catalogue] = ([], base_catalogue())

    def read(self, cursor: Cursor[TupleRow]) -> Catalogue:
        """Return the catalogue of the packs that this transaction sees."""
        rows = cursor.execute(statement("projector", "pack_positions"), {"log_id": self._log_id}).fetchall()
        return self.of(cursor, [row[0] for row in rows])

    def of(self, cursor: Cursor[TupleRow] | Connection[TupleRow], positions: list[int]) -> Catalogue:
        """Return the catalogue of the packs at these positions, all that this transaction sees."""
        known, catalogue = self._read
        if positions != known:
            catalogue = self._load(cursor)
            self._read = positions, catalogue
        return catalogue

    def _load(self, cursor: Cursor[TupleRow] | Connection[TupleRow]) -> Catalogue:
        catalogue = base_catalogue()
        for position, data in cursor.execute(statement("projector", "packs"), {"log_id": self._log_id}).fetchall():
            catalogue = extended(catalogue, position, _decode(data)) or catalogue
        return catalogue
