"""
Rules that a unit adds: they are found by, and judged with, those shipped; what is wrong with one stays with that one.

And what a rule may not do: write, read beyond its case, take another role, keep the others waiting.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest
from litestar.testing import TestClient
from psycopg import Connection
from psycopg.rows import TupleRow

from edge.database import working_as
from ledger.main import create_token
from projector.case.lay_out import Scope, lay_out
from projector.fact_cache import FactCache
from projector.findings.judging import SETTINGS, Opening, prepare_once
from projector.judge.engine import check, run
from projector.judge.judging import judge
from projector.judge.library import Library, checked, shipped, with_directory
from projector.judge.rule import BadRule, Rule, read_rule
from projector.main import Projector
from projector.packs import Catalogues
from projector.settings import Settings
from projector.view import Asked
from tests.conftest import Database, TestLedger
from tests.events import event

PROJECT = "project:P1"
HEADER = """\
-- id = "{id}"
-- title = {{zh = "付款申请无附件", en = "Payment applied for without papers"}}
-- severity = "LOW"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = ["pay.apply"]
-- says.zh = "付款申请 {{payment}} 没有附件"
-- says.en = "Payment {{payment}} was applied for without papers"
"""
SOUND = """
SELECT act.project, act.position::text AS key, act.position AS judged, 'FAIL' AS result, act.time AS since,
       ARRAY[act.position] AS evidence, jsonb_build_object('payment', act.object) AS computed
  FROM act
 WHERE act.type = 'pay.apply' AND act.data -> 'documents' IS NULL
"""


def text(id: str, sql: str) -> str:
    return HEADER.format(id=id) + sql


def rule(id: str, sql: str) -> Rule:
    """Return a rule with a statement that the loader did not look at: what the database itself refuses is asked."""
    return msgspec.structs.replace(read_rule(f"{id}.sql", text(id, SOUND)), sql=sql)


def value(expression: str, condition: str = "true") -> str:
    """Return a statement that computes one value for the project."""
    return f"""SELECT project.project, 'k' AS key, 'FAIL' AS result, project.opened AS since,
       '{{}}'::bigint[] AS evidence, jsonb_build_object('payment', {expression}) AS computed
  FROM project
 WHERE {condition}"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "own.sql").write_text(text("U001-01", SOUND), "utf-8")
    return tmp_path


@pytest.fixture
def projector(database: Database, ledger: TestLedger, directory: Path) -> Iterator[Projector]:
    """Yield a projector with the directory's rules, in which one payment was applied for."""
    with Projector(Settings(dsn=database.dsn, rules=directory, poll_seconds=0.05)) as own:
        receipts = ledger.post(
            [
                event("project.open", PROJECT, "person:A", object="P1", method="open_tender"),
                event("pay.apply", PROJECT, "person:A", object="PAY1", payment="PAY1", amount="10.00"),
            ]
        )
        assert own.judge.wait_for(receipts[-1].position, 30)
        yield own


@contextmanager
def case(projector: Projector) -> Generator[Connection[TupleRow]]:
    """Yield a connection in a transaction with the project's case laid out."""
    opening = Opening(projector.log_id, Catalogues(projector.log_id), FactCache())
    with psycopg.connect(projector.settings.dsn, autocommit=True) as connection:
        working_as("quanze_projector", SETTINGS)(connection)
        prepare_once(connection)
        with opening.view(connection, Asked()) as view:
            lay_out(view, Scope(projects=[PROJECT]))
            yield connection


# A unit's own


def test_a_units_own_rule_fires_and_is_found_with_those_shipped(projector: Projector) -> None:
    _, bearer = create_token(projector.settings.dsn, projector.log_id, name="reader", scopes=["read"])
    with TestClient(projector.app()) as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        (found,) = client.get("/v1/findings", params={"rule": "U001-01"}).json()["items"]
        shown = client.get(f"/v1/findings/{found['id']}").json()
        card = client.get("/v1/rules/U001-01").json()
    assert (found["project"], found["severity"], found["persons"]) == (PROJECT, "LOW", ["person:A"])
    assert "PAY1 was applied for without papers" in shown["explanation"]["en"]
    assert "付款申请 PAY1 没有附件" in shown["explanation"]["zh"]
    assert (card["source"], card["force"], card["on"]) == ("rule", "UNIT", True)


def test_a_rule_that_is_switched_off_is_not_run(projector: Projector) -> None:
    off = read_rule("off.sql", text("U001-02", SOUND).replace("-- inputs", "-- off = true\n-- inputs"))
    opening = Opening(projector.log_id, Catalogues(projector.log_id), FactCache())
    with psycopg.connect(projector.settings.dsn, autocommit=True) as connection:
        working_as("quanze_projector", SETTINGS)(connection)
        prepare_once(connection)
        with opening.view(connection, Asked()) as view:
            found = judge(view, Scope(projects=[PROJECT]), Library({**projector.library.rules, "U001-02": off}))
    assert {each.rule for each in found.judgements} & {"U001-01", "U001-02"} == {"U001-01"}
    assert found.troubles == []


# One that is wrong


WRONG = (
    (12, "contracts", "SELECT *\n  FROM contracts"),
    (13, "act.kind", "SELECT act.project,\n       act.position,\n       act.kind\n  FROM act"),
    (12, "syntax error", "SELECT act.project\n  FORM act WHERE true"),
    (11, "no column `computed`", SOUND.strip().replace("AS computed", "AS project2")),
    (11, "no column is called `persona`", SOUND.strip().replace("act.position AS judged", "1 AS persona")),
    (11, "neither a column `project` nor `unit`", SOUND.strip().replace("act.project,", "")),
)
"""Statements the database does not understand, and the line of the file at which it says so."""


def test_a_rule_that_the_database_does_not_understand_is_refused_at_its_line(
    projector: Projector, directory: Path
) -> None:
    for number, (_, _, sql) in enumerate(WRONG):
        (directory / f"wrong{number}.sql").write_text(text(f"U001-1{number}", f"\n{sql}\n"), "utf-8")
    library = with_directory(directory)
    assert library.refused == ()
    with case(projector) as connection:
        for number, (line, said, _) in enumerate(WRONG):
            with pytest.raises(BadRule, match=re.escape(said)) as caught:
                check(connection, library.rules[f"U001-1{number}"])
            assert (Path(caught.value.file).name, caught.value.line) == (f"wrong{number}.sql", line)
        sound = checked(connection, library)
    assert set(sound.rules) == set(shipped().rules) | {"U001-01"}
    assert [(Path(each.file).name, each.line) for each in sound.refused] == [
        (f"wrong{number}.sql", line) for number, (line, _, _) in enumerate(WRONG)
    ]


FAILING = (
    ("does not exist", "SELECT * FROM contracts"),
    ("division by zero", value("1 / (SELECT count(*) - count(*) FROM act)")),
    ("invalid input syntax", value("project.project::integer")),
    ("a result is PASS, FAIL or UNDETERMINED", value("1").replace("'FAIL'", "'MAYBE'")),
    ("`since` and `key` may not be NULL", value("1").replace("'k'", "NULL::text")),
)


def test_a_rule_that_fails_is_reported_and_the_others_answer(projector: Projector) -> None:
    rules = [rule(f"U001-1{number}", sql) for number, (_, sql) in enumerate(FAILING)]
    with case(projector) as connection:
        found, troubles = run(connection, [*rules, rule("U001-03", value("'after'"))])
    assert [(each.rule, each.computed["payment"]) for each in found] == [("U001-03", "after")]
    assert [each.rule for each in troubles] == [each.id for each in rules]
    for (said, _), trouble in zip(FAILING, troubles, strict=True):
        assert said in trouble.error


def test_a_rule_that_takes_too_long_is_cut_off_and_the_others_answer(projector: Projector) -> None:
    rules = [
        rule("U001-01", value("'before'")),
        rule("U001-02", value("'never'", "pg_sleep(3600) IS NOT NULL")),
        rule("U001-03", value("'never'", "(SELECT count(*) FROM generate_series(1, 1000000000000)) > 0")),
        rule("U001-04", value("set_config('statement_timeout', '0', false)")),
        rule("U001-05", value("'never'", "pg_sleep(3600) IS NOT NULL")),
        rule("U001-06", value("'after'")),
    ]
    with case(projector) as connection:
        found, troubles = run(connection, rules, seconds_max=0.3)
        kept = connection.execute("SELECT current_setting('statement_timeout'), current_user").fetchone()
    assert [each.rule for each in found] == ["U001-01", "U001-04", "U001-06"]
    assert [(each.rule, each.error) for each in troubles] == [
        (name, "took longer than 0.3 s") for name in ("U001-02", "U001-03", "U001-05")
    ]
    assert kept == ("0", "quanze_projector")


# What none may do


WRITING = (
    "INSERT INTO act SELECT * FROM act",
    "UPDATE act SET project = ''",
    "DELETE FROM finding",
    "CREATE TABLE mine (one integer)",
    "CREATE TEMPORARY TABLE mine AS SELECT 1",
    "WITH gone AS (DELETE FROM act RETURNING *) SELECT * FROM gone",
    "SELECT * INTO mine FROM act",
    "SELECT project FROM act FOR UPDATE",
    "SELECT 1) AS judged; DELETE FROM act; SELECT * FROM (SELECT 1",
    value("lo_create(0)"),
    value("set_config('transaction_read_only', 'off', true)"),
)


def test_a_rule_cannot_write(projector: Projector) -> None:
    rules = [rule(f"U001-{number}", sql) for number, sql in enumerate(WRITING, 10)]
    with case(projector) as connection:
        before = connection.execute("SELECT * FROM act").fetchall()
        found, troubles = run(connection, [*rules, rule("U001-03", value("'after'"))])
        assert connection.execute("SELECT * FROM act").fetchall() == before
    assert [each.rule for each in found] == ["U001-03"]
    assert [each.rule for each in troubles] == [each.id for each in rules]


BEYOND = (
    *("ledger.entries", "ledger.logs", "projector.acts", "projector.findings", "projector.grants"),
    *("withdrawn", "recast", "pg_catalog.pg_authid"),
)


def test_a_rule_cannot_read_what_is_not_laid_out_for_it(projector: Projector) -> None:
    rules = [
        rule(f"U001-{number}", value(f"(SELECT count(*) FROM {table})")) for number, table in enumerate(BEYOND, 10)
    ]
    with case(projector) as connection:
        found, troubles = run(connection, rules)
    read = {table for each, table in zip(rules, BEYOND, strict=True) if each.id in {one.rule for one in found}}
    assert read == set()
    assert all("permission denied" in each.error for each in troubles), troubles


def test_a_role_that_a_rule_takes_ends_with_it(projector: Projector) -> None:
    asked = [(role, local) for role in ("quanze_projector", "quanze_writer", "none") for local in ("true", "false")]
    rules: list[Rule] = []
    for number, (role, local) in enumerate(asked, 1):
        rules.append(rule(f"U001-{number}1", value(f"set_config('role', '{role}', {local})")))
        rules.append(rule(f"U001-{number}2", value("current_user")))
    with case(projector) as connection:
        found, _ = run(connection, rules)
        after = connection.execute("SELECT current_user").fetchone()
    assert {each.computed["payment"] for each in found if each.rule.endswith("2")} == {"quanze_rules"}
    assert after == ("quanze_projector",)


@pytest.mark.parametrize(
    "expression",
    [
        "set_config('role', 'none', true)",
        "query_to_xml('SELECT set_config(''role'', ''none'', true)', true, false, '')",
    ],
)
def test_a_rule_that_would_take_a_role_is_refused_before_it_is_run(directory: Path, expression: str) -> None:
    (directory / "other.sql").write_text(text("U001-02", f"\n{value(expression)}\n"), "utf-8")
    library = with_directory(directory)
    assert "U001-02" not in library.rules
    assert [(Path(each.file).name, each.line) for each in library.refused] == [("other.sql", 12)]
