"""
Lays a case out: fills the temporary tables of a connection for some projects and units, at one moment.

The connection needs the tables (`prepare`) and a transaction; they are empty again when it ends. Laying out decides
nothing: it resolves accounts, applies corrections, and follows terms from one statement to the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, cast

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.catalogue import Catalogue
from contracts.payloads import Payload
from edge.database import statement, statement_text
from projector.authority.sources import Sources
from projector.case.policies import spans_of
from projector.view import View

_PACKAGE: Final = "projector.case"
_POLICY_COLUMNS: Final = (
    *("units", "keys", "starts", "ends", "numbers", "lists"),
    *("values_", "measures", "rolls", "forces", "citations"),
)


class Scope(Struct, frozen=True, kw_only=True):
    """What a case is about. `units`: those that are judged themselves, besides the projects'."""

    projects: Sequence[str] = ()
    units: Sequence[str] = ()


def prepare(connection: Connection[TupleRow]) -> None:
    """Make the tables of a case on a connection that works as the projector."""
    connection.execute(cast("LiteralString", statement_text(_PACKAGE, "tables")))


def lay_out(view: View, scope: Scope, *, analyze: bool = False) -> None:
    """
    Fill the tables. `analyze`: count them for the planner, which pays from some thousand acts on.

    In the view's transaction, with the rights of the projector.
    """
    connection = view.connection
    given: dict[str, Any] = {
        "log_id": view.log_id,
        "as_of": view.asked.as_of or "infinity",
        "known_at": view.asked.known_at or "infinity",
        "now": view.stand.as_of,
        "projects": list(scope.projects),
        "units": list(scope.units),
        **_skips(view.catalogue),
    }

    def lay(*names: str) -> None:
        for name in names:
            connection.execute(statement(_PACKAGE, name), given)

    lay("lay_moment", "lay_corrections")
    _lay_recast(connection, given, view.catalogue)
    lay("lay_acts", "lay_accounts", "resolve_actors", "lay_hands", "lay_terms", "lay_posts", "resolve_functions")
    lay("lay_employers", "lay_registered", "lay_projects", "lay_courses", "resolve_below", "lay_budgets")
    lay("lay_contracts", "lay_participants", "lay_suppliers", "lay_relations", "lay_declarations")
    _lay_policies(view, scope)
    lay("lay_activities", "lay_purchases", "lay_scans", "lay_units", "lay_unit_acts")
    if analyze:
        connection.execute("ANALYZE act, hand, project, course, contract, participant, policy, term, declaration")


def _skips(catalogue: Catalogue) -> dict[str, list[str]]:
    rows = [(name, act) for name, acts in catalogue.skip.items() for act in sorted(acts)]
    return {"skip_names": [name for name, _ in rows], "skip_acts": [act for _, act in rows]}


def _lay_recast(connection: Connection[TupleRow], given: Mapping[str, Any], catalogue: Catalogue) -> None:
    """Apply corrections, one after the other. One that makes a payload unreadable corrects nothing."""
    payloads: dict[int, dict[str, Any]] = {}
    for position, act, data, fields in connection.execute(statement(_PACKAGE, "corrections"), given):
        said = payloads.get(position) or _document(data)
        corrected = said | _document(fields)
        payloads[position] = corrected if _reads(catalogue, act, corrected) else said
    if payloads:
        texts = [msgspec.json.encode(payload).decode() for payload in payloads.values()]
        given = {"positions": list(payloads), "payloads": texts}
        connection.execute(statement(_PACKAGE, "lay_recast"), given)


def _document(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(text))


def _reads(catalogue: Catalogue, act: str, document: Mapping[str, Any]) -> bool:
    known = catalogue.acts.get(act)
    try:
        msgspec.convert(document, known.payload if known is not None else Payload)
    except msgspec.ValidationError:
        return False
    return True


def _lay_policies(view: View, scope: Scope) -> None:
    asked = "SELECT unit FROM act WHERE unit IS NOT NULL UNION SELECT unit FROM project WHERE unit IS NOT NULL"
    units = {row[0] for row in view.connection.execute(asked)} | set(scope.units)
    policies = Sources(view).policies(frozenset(units))
    rows = [span.columns() for span in spans_of(sorted(units), policies)]
    columns = zip(*rows, strict=True) if rows else ([] for _ in _POLICY_COLUMNS)
    named: dict[str, list[Any]] = {
        name: list(values) for name, values in zip(_POLICY_COLUMNS, cast("Iterable[Any]", columns), strict=True)
    }
    view.connection.execute(statement(_PACKAGE, "lay_policies"), named)
