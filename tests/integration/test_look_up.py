"""Look-ups past the cursor: they read and refuse what a cursor would."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import UndefinedTable

from edge.look_up import look_up
from tests.conftest import Database

ECHO = "SELECT %(value)s::text AS one, %(value)s::text AS other, '100%%' AS share"
ECHO_LIST = "SELECT %(value)s::text[] AS listed"

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.fixture
def connection(database: Database) -> Any:
    with psycopg.connect(database.dsn, autocommit=True) as own:
        own.execute("SET TIME ZONE 'UTC'")
        yield own


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, listed=st.lists(st.none() | texts, max_size=5))
def test_texts_come_back_as_they_were_given(connection: Any, text: str, listed: list[str | None]) -> None:
    found = look_up(connection, ECHO, {"value": text, "superfluous": object()})
    assert (found.columns, found.rows) == (("one", "other", "share"), [(text, text, "100%")])
    assert look_up(connection, ECHO_LIST, {"value": listed}).rows == [(listed,)]


def test_each_kind_of_value_is_read_by_the_type_the_statement_gives_it(connection: Any) -> None:
    at = datetime(2026, 3, 2, 1, 30, 0, 7, UTC)
    query = (
        "SELECT %(no)s::text, %(yes)s AND true, %(number)s::bigint + 1, %(at)s::timestamptz, %(days)s::timestamptz[],"
        " %(ns)s::bigint[]"
    )
    given = {"no": None, "yes": True, "number": 2**40, "at": at, "days": [at, None], "ns": [1, -2]}
    assert look_up(connection, query, given).rows == [(None, True, 2**40 + 1, at, [at, None], [1, -2])]


def test_what_no_statement_of_ours_takes_is_refused(connection: Any) -> None:
    with pytest.raises(TypeError, match="a float cannot be looked up by"):
        look_up(connection, ECHO, {"value": 1.5})
    with pytest.raises(psycopg.DatabaseError, match="NUL"):
        look_up(connection, ECHO_LIST, {"value": ["a\0b"]})
    with pytest.raises(KeyError):
        look_up(connection, ECHO, {})


def test_an_error_of_the_database_has_its_kind_and_leaves_the_connection_usable(connection: Any) -> None:
    with pytest.raises(UndefinedTable, match="nowhere"):
        look_up(connection, "SELECT * FROM nowhere WHERE 1 = %(value)s", {"value": 1})
    with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
        look_up(connection, "SELECT 1 / %(value)s", {"value": 0})
    assert look_up(connection, ECHO, {"value": "still here"}).rows[0][0] == "still here"


def test_a_table_made_anew_is_found_by_what_was_prepared_on_the_old_one(connection: Any) -> None:
    query = "SELECT held FROM public.remade WHERE held = %(value)s"
    for _ in range(2):
        connection.execute("CREATE TABLE public.remade (held text); INSERT INTO public.remade VALUES ('a')")
        assert look_up(connection, query, {"value": "a"}).rows == [("a",)]
        connection.execute("DROP TABLE public.remade")


def test_a_connection_that_was_cut_says_so(database: Database, connection: Any) -> None:
    assert look_up(connection, ECHO, {"value": "a"}).rows
    with psycopg.connect(database.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        look_up(connection, ECHO, {"value": "a"})
