"""
Lays a case out: fills the temporary tables of a connection for some projects and units, at one moment.

The connection needs the tables (`prepare`) and a transaction; they are empty again when it ends. Laying out decides
nothing: it resolves accounts, applies corrections, and follows terms from one statement to the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from contracts.catalogue import Catalogue
from contracts.payloads import Payload
from edge.database import statement, statement_text
from edge.look_up import run
from projector.authority.sources import GRANTS_BY_UNIT, Sources
from projector.case.policies import held_by
from projector.case.reserved import RESERVED_COLUMNS, matters_reserved
from projector.view import View

_PACKAGE: Final = "projector.case"


class Scope(Struct, frozen=True, kw_only=True):
    """What a case is about. `units`: those that are judged themselves, besides the projects'."""

    projects: Sequence[str] = ()
    units: Sequence[str] = ()


def prepare(connection: Connection[TupleRow], *, bulk: bool = True) -> None:
    """Make the tables of a case on a connection that works as the projector. `bulk`: as `suit` has it."""
    connection.execute(statement_text(_PACKAGE, "tables"))
    if bulk:
        connection.execute(statement_text(_PACKAGE, "indexes"))


def suit(connection: Connection[TupleRow], *, bulk: bool) -> None:
    """
    Have indexes on the tables for large cases, and none for small ones. Before the transaction, which only reads.

    Emptying a table that has an index makes PostgreSQL plan every statement on it anew; of a case of a few projects
    that takes longer than all the rest. Without indexes, a case of some dozen is searched from end to end too often.
    """
    if connection.execute("SELECT to_regclass('pg_temp.act_by_type') IS NOT NULL").fetchone() != (bulk,):
        connection.execute(statement_text(_PACKAGE, "indexes" if bulk else "no_indexes"))


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
        "now": view.judged_at,
        "position": view.stand.position,
        "projects": list(scope.projects),
        "units": list(scope.units),
        **_skips(view.catalogue),
    }

    def lay(*names: str) -> None:
        for name in names:
            run(connection, statement_text(_PACKAGE, name), given)

    lay("lay_moment", "lay_corrections")
    _lay_recast(connection, given, view.catalogue)
    lay("lay_acts")
    if analyze:
        connection.execute("SET LOCAL default_statistics_target = 10")  # some thousand rows tell as much as all
        connection.execute(statement_text(_PACKAGE, "analyze_acts"))
    lay("lay_listed", "lay_accounts", "resolve_actors", "lay_people", "lay_projects", "lay_terms", "lay_posts")
    lay("lay_hands", "lay_role_terms", "lay_employers", "lay_registered")
    lay("lay_courses", "resolve_below", "lay_budgets")
    lay("lay_contracts", "lay_participants", "lay_suppliers", "lay_relations", "lay_declarations")
    lay("lay_ties", "lay_leavers", "lay_entries", "lay_awards", "lay_invoices", "lay_payees", "lay_signings")
    _lay_policies(view, scope, given)
    lay("lay_owed", "lay_activities", "lay_purchases", "lay_scans", "lay_units", "lay_unit_acts", "lay_unit_kinds")
    lay("lay_gaps")
    lay("lay_issues", "lay_tenures", "lay_controls")
    _lay_catalogue(view)
    if analyze:
        connection.execute(statement_text(_PACKAGE, "analyze"))


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
        run(connection, statement_text(_PACKAGE, "lay_recast"), given)


def _document(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(text))


def _reads(catalogue: Catalogue, act: str, document: Mapping[str, Any]) -> bool:
    known = catalogue.acts.get(act)
    try:
        msgspec.convert(document, known.payload if known is not None else Payload)
    except msgspec.ValidationError:
        return False
    return True


def _lay_catalogue(view: View) -> None:
    acts = sorted(view.catalogue.acts.values(), key=lambda act: act.type)
    skipped = frozenset[str]().union(*view.catalogue.skip.values())
    entries = [(act.type, number, entry) for act in acts for number, entry in enumerate(act.after, 1)]
    given: dict[str, list[Any]] = {
        "acts": [act for act, _, _ in entries],
        "entries": [number for _, number, _ in entries],
        "alternatives": [entry.removeprefix("=") for _, _, entry in entries],
        "same_objects": [entry.startswith("=") for _, _, entry in entries],
        "skippables": [not skipped.isdisjoint(entry.removeprefix("=").split("|")) for _, _, entry in entries],
        "types": [act.type for act in acts],
        "zh": [act.zh for act in acts],
        "en": [act.en for act in acts],
    }
    for name in ("lay_predecessors", "lay_act_names"):
        run(view.connection, statement_text(_PACKAGE, name), given)


def _lay_policies(view: View, scope: Scope, given: Mapping[str, Any]) -> None:
    asked = "SELECT unit FROM act WHERE unit IS NOT NULL UNION SELECT unit FROM project WHERE unit IS NOT NULL"
    units = sorted({row[0] for row in view.connection.execute(asked)} | set(scope.units))
    sources = Sources(view)
    policies = sources.policies(frozenset(units))
    run(view.connection, statement_text(_PACKAGE, "lay_policies"), {"held": held_by(units, policies)})
    matters = matters_reserved(units, policies, sources.read(GRANTS_BY_UNIT, units))
    named = _columns(RESERVED_COLUMNS, (matter.columns() for matter in matters))
    run(view.connection, statement_text(_PACKAGE, "lay_reserved"), {**given, **named})


def _columns(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, Any]:
    """Return rows as one list for each column."""
    listed = list(rows)
    return {name: [row[number] for row in listed] for number, name in enumerate(names)}
