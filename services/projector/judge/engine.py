"""
Runs rules over a case that is laid out, under a role that may read the tables of the case and nothing else.

A rule that fails at run time, or takes too long, is reported and leaves the others alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, LiteralString, cast

import msgspec
import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL

from contracts.policy import business_date
from edge.look_up import look_up
from projector.judge.judgement import Judgement
from projector.judge.rule import BadRule, Rule

_log: Final = structlog.get_logger()

REQUIRED: Final = ("key", "result", "since", "evidence", "computed")
OPTIONAL: Final = {
    "project": "NULL::text",
    "unit": "NULL::text",
    "judged": "NULL::bigint",
    "persons": "NULL::text[]",
    "cured": "NULL::timestamptz",
    "due": "NULL::date",
    "severity": "NULL::text",
}
"""Columns a rule may leave out, and what stands in their place."""
_COLUMNS: Final = (*REQUIRED, *OPTIONAL)

_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


class Trouble(Struct, frozen=True):
    """A rule that could not be run. `slow`: it ran into its time limit."""

    rule: str
    error: str
    slow: bool = False


def run(
    connection: Connection[TupleRow], rules: Iterable[Rule], *, seconds_max: float = 30.0, passes: bool = False
) -> tuple[list[Judgement], list[Trouble]]:
    """
    Run rules over the case laid out in this transaction; what fails to run is among the troubles.

    `passes`: keep every PASS too. From here on the transaction may only read.
    """
    found: list[Judgement] = []
    troubles: list[Trouble] = []
    connection.execute("SET TRANSACTION READ ONLY")
    connection.execute("SET LOCAL ROLE quanze_rules")
    connection.execute(_sql(f"SET LOCAL statement_timeout = {int(seconds_max * 1000)}"))
    for rule in rules:
        try:
            with connection.transaction(force_rollback=True):  # so that no setting outlives the rule that made it
                rows = look_up(connection, _wrapped(connection, rule, passes), {}).rows
                judgements = (_judgement(rule, row) for row in rows)
                found += [each for each in judgements if business_date(each.since) >= rule.header.since]
        except psycopg.OperationalError as exc:
            if connection.closed or not isinstance(exc, psycopg.errors.QueryCanceled):
                raise
            troubles.append(_trouble(rule, f"took longer than {seconds_max:g} s", slow=True))
        except (psycopg.Error, msgspec.MsgspecError, _NotAJudgement) as exc:
            troubles.append(_trouble(rule, str(exc)))
    connection.execute("SET LOCAL statement_timeout = 0")
    connection.execute("SET LOCAL ROLE quanze_projector")
    return found, troubles


def check(connection: Connection[TupleRow], rule: Rule) -> None:
    """Ask the database whether it understands a rule. Raises `BadRule` with the line. The tables must be there."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL ROLE quanze_rules")
            cursor = connection.execute(_sql("SELECT * FROM (", rule.sql, "\n) AS judged LIMIT 0"), prepare=False)
            names = [column.name for column in cursor.description or ()]
    except psycopg.Error as exc:
        at = int(exc.diag.statement_position or 0) - len("SELECT * FROM (")
        line = rule.body_line + rule.sql.count("\n", 0, max(at, 0))
        raise BadRule(rule.file, line, exc.diag.message_primary or str(exc)) from exc
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in _COLUMNS]
    if missing:
        raise BadRule(rule.file, rule.body_line, f"the SELECT has no column `{missing[0]}`")
    if unknown:
        raise BadRule(rule.file, rule.body_line, f"no column is called `{unknown[0]}`: {', '.join(_COLUMNS)}")
    if "project" not in names and "unit" not in names:
        raise BadRule(rule.file, rule.body_line, "the SELECT has neither a column `project` nor `unit`")


class _NotAJudgement(ValueError):
    """A row that says something no rule may say."""


def _trouble(rule: Rule, error: str, *, slow: bool = False) -> Trouble:
    _log.error("rule_failed", rule=rule.id, file=rule.file, error=error[:500])
    return Trouble(rule.id, error, slow)


def _wrapped(connection: Connection[TupleRow], rule: Rule, passes: bool) -> LiteralString:
    return _select(rule.sql, _names(connection, rule.sql), passes)


_NAMES: Final[dict[str, tuple[str, ...]]] = {}
"""The columns of each rule's statement, which the database was asked for once."""


def _names(connection: Connection[TupleRow], sql: str) -> tuple[str, ...]:
    if sql not in _NAMES:
        described = connection.execute(_sql("SELECT * FROM (", sql, "\n) AS judged LIMIT 0"), prepare=False)
        _NAMES[sql] = tuple(column.name for column in described.description or ())
    return _NAMES[sql]


@lru_cache(maxsize=4_096)
def _select(sql: str, names: tuple[str, ...], passes: bool) -> LiteralString:
    columns = ", ".join(_column(name, name in names) for name in _COLUMNS)
    awaited = " OR due IS NOT NULL" if "due" in names else ""
    where = "" if passes else f" WHERE result <> 'PASS'{awaited}"
    text = "".join(("SELECT ", columns, " FROM (", sql, "\n) AS judged", where))
    return cast("LiteralString", text.replace("%", "%%"))  # it has no parameters: every percent sign is its own


def _column(name: str, said: bool) -> str:
    if name == "computed":
        return "computed::text"  # read here, where a number keeps its digits
    return name if said else f"{OPTIONAL.get(name, 'NULL')} AS {name}"


def _sql(*parts: str) -> SQL:
    return SQL(
        cast("LiteralString", "".join(parts))
    )  # rules are files of the operator's, run under a role that may only read


def _judgement(rule: Rule, row: Sequence[Any]) -> Judgement:
    said = dict(zip(_COLUMNS, row, strict=True))
    if said["result"] not in ("PASS", "FAIL", "UNDETERMINED"):
        raise _NotAJudgement(f"a result is PASS, FAIL or UNDETERMINED, not {said['result']!r}")
    if said["since"] is None or said["key"] is None:
        raise _NotAJudgement("`since` and `key` may not be NULL")
    computed = said["computed"]
    judgement = Judgement(
        rule=rule.id,
        project=said["project"],
        unit=said["unit"],
        key=said["key"],
        result=said["result"],
        severity=said["severity"],
        since=said["since"],
        cured=said["cured"],
        due=said["due"],
        judged=said["judged"],
        persons=tuple(said["persons"] or ()),
        evidence=tuple(sorted({each for each in said["evidence"] or () if each is not None})),
        computed=_decode(computed) if computed is not None else {},
    )
    return msgspec.convert(msgspec.structs.asdict(judgement), Judgement)  # a unit's rule may return anything


def in_order(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield rules in the order in which they run: those that look at what others found come last."""
    waiting = list(rules)
    yield from (rule for rule in waiting if not rule.header.last)
    yield from (rule for rule in waiting if rule.header.last)
