"""Rule files: what is read, what is refused and at which line, and that one bad file stops no other."""

from pathlib import Path

import pytest

from projector.judge.library import shipped, with_directory
from projector.judge.rule import BadRule, read_rule

HEADER = """\
-- id = "U001-01"
-- title = {zh = "标题", en = "Title"}
-- severity = "LOW"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = ["pay.apply"]
-- says.zh = "项目 {project} 的付款申请"
-- says.en = "A payment was applied for on {project}"
"""
SELECT = """
SELECT act.project, act.position::text AS key, 'FAIL' AS result, act.time AS since, ARRAY[act.position] AS evidence,
       jsonb_build_object('project', act.project) AS computed
  FROM act
"""


def header(**lines: str | None) -> str:
    """Return the header with members said otherwise, or (None) left out."""
    kept: list[str] = []
    for line in HEADER.splitlines():
        name = line.removeprefix("-- ").partition(" ")[0]
        said = lines.get(name, line)
        kept += [said] if said is not None else []
    return "\n".join(kept) + "\n"


def refused(text: str) -> BadRule:
    with pytest.raises(BadRule) as caught:
        read_rule("own.sql", text)
    assert str(caught.value).startswith(f"own.sql:{caught.value.line}: ")
    return caught.value


def test_a_rule_is_its_header_and_the_statement_below_it() -> None:
    rule = read_rule("own.sql", f"{HEADER}{SELECT.rstrip()};\n")
    assert (rule.id, rule.file, rule.body_line) == ("U001-01", "own.sql", 11)
    assert rule.sql.startswith("SELECT act.project")
    assert rule.sql.endswith("FROM act")
    assert (rule.header.on, rule.header.last, rule.header.off) == ("project", False, False)


def test_a_statement_may_begin_with_comments_and_with_a_common_table_expression() -> None:
    text = f"{HEADER}\n-- why\n/* and\n why not */\nWITH act2 AS (SELECT * FROM act)\nSELECT * FROM act2\n"
    assert read_rule("own.sql", text).body_line == 11


def test_a_semicolon_in_a_text_a_name_or_a_comment_ends_nothing() -> None:
    body = """SELECT ';', E'\\';', $q$;$q$, ";" /* ; */ -- ;\n FROM act\n"""
    assert read_rule("own.sql", f"{HEADER}\n{body}").sql == body.strip()


# What is refused


@pytest.mark.parametrize("text", ["", "\n", SELECT, "/* id */\nSELECT 1\n"])
def test_a_file_without_a_header_is_refused(text: str) -> None:
    bad = refused(text)
    assert (bad.line, bad.message[:9]) == (1, "no header")


def test_a_header_that_is_not_toml_is_refused_at_its_line() -> None:
    bad = refused(header(severity="-- severity = LOW") + SELECT)
    assert (bad.line, bad.message[:22]) == (3, "the header is not TOML")


@pytest.mark.parametrize("member", ["id", "title", "severity", "force", "citation", "confidence", "inputs"])
def test_a_header_that_lacks_a_member_is_refused_with_its_name(member: str) -> None:
    assert f"`{member}`" in refused(header(**{member: None}) + SELECT).message


def test_a_header_that_lacks_a_language_is_refused_with_its_name() -> None:
    assert "`en`" in refused(header(**{"says.en": None}) + SELECT).message


def test_a_member_that_no_header_has_is_refused_at_its_line() -> None:
    bad = refused(header(confidence='-- confidence = "C"\n-- serverity = "LOW"') + SELECT)
    assert bad.line == 7
    assert "`serverity`" in bad.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (1, {"id": '-- id = "u1"'}),
        (1, {"id": '-- id = "U001-1\\n"'}),
        (2, {"title": '-- title = {zh = "", en = "Title"}'}),
        (3, {"severity": '-- severity = "MED"'}),
        (4, {"force": '-- force = "STATUTE"'}),
        (6, {"confidence": '-- confidence = "D"'}),
        (7, {"inputs": '-- inputs = "pay.apply"'}),
    ],
)
def test_a_value_that_is_none_of_those_allowed_is_refused_at_its_line(line: int, said: dict[str, str]) -> None:
    bad = refused(header(**said) + SELECT)
    assert bad.line == line
    assert f"$.{next(iter(said))}" in bad.message


@pytest.mark.parametrize("body", ["", "\n\n", "\n;\n"])
def test_a_header_without_a_statement_is_refused(body: str) -> None:
    assert refused(HEADER + body).message == "no statement follows the header"


@pytest.mark.parametrize(
    "body",
    [
        "DELETE FROM act",
        "INSERT INTO act SELECT * FROM act",
        "UPDATE act SET project = ''",
        "CREATE TABLE mine AS SELECT 1",
        "SET ROLE quanze_projector",
        "DO $$ BEGIN END $$",
        "VALUES (1)",
        "selected",
        "/* SELECT */ TRUNCATE act",
    ],
)
def test_what_is_not_a_select_is_refused_where_it_begins(body: str) -> None:
    bad = refused(f"{HEADER}\n\n{body}\n")
    assert (bad.line, bad.message) == (12, "a rule is one SELECT")


@pytest.mark.parametrize(
    "second", ["SELECT 2", "DROP TABLE act", "SELECT 1) AS judged; RESET ROLE; SELECT (1", "-- and that is all"]
)
def test_two_statements_are_refused_at_the_end_of_the_first(second: str) -> None:
    bad = refused(f"{HEADER}\nSELECT 1,\n       ';'\n  FROM act;\n{second}\n")
    assert (bad.line, bad.message) == (13, "a rule is one SELECT: something follows the `;`")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("set_config", "SELECT set_config('role', 'none', true)"),
        ("SET_CONFIG", "SELECT pg_catalog . SET_CONFIG\n('role', 'none', true)"),
        ("set_config", "SELECT \"set_config\"('role', 'none', true)"),
        ("query_to_xml", "SELECT query_to_xml('SELECT set_' || 'config(…)', true, false, '')"),
        ('u&"', "SELECT u&\"set!005fconfig\" UESCAPE '!'"),
        ("projector.acts", "SELECT * FROM projector.acts"),
        ('projector"."acts', 'SELECT * FROM "projector"."acts"'),
        ("projector.people_at", "SELECT * FROM projector.people_at(1, now())"),
        ("ledger", "SELECT * FROM ledger.entries"),
    ],
)
def test_what_would_lead_beyond_the_case_is_refused_with_its_line(name: str, body: str) -> None:
    bad = refused(f"{HEADER}\nWITH one AS (SELECT 1)\n{body}\n")
    assert (bad.line, bad.message) == (12, f"a rule may not use `{name}`: docs/rules.md")


def test_the_functions_for_rules_may_be_called_and_a_text_may_say_anything() -> None:
    body = "SELECT projector.due_day(act.day, 5, 'wd', false), 'ledger.entries; set_config()' FROM act"
    assert read_rule("own.sql", f"{HEADER}\n{body}\n").sql == body


# A directory


def test_a_directory_adds_its_rules_to_those_shipped(tmp_path: Path) -> None:
    (tmp_path / "own.sql").write_text(HEADER + SELECT, "utf-8")
    library = with_directory(tmp_path)
    assert library.refused == ()
    assert set(library.rules) == set(shipped().rules) | {"U001-01"}
    assert list(library.rules) == sorted(library.rules)


def test_without_a_directory_there_are_the_shipped_rules() -> None:
    assert with_directory(None) == shipped()


def test_a_rule_that_takes_a_name_that_is_there_is_refused_and_the_one_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(HEADER + SELECT, "utf-8")
    (tmp_path / "b.sql").write_text(HEADER + SELECT, "utf-8")
    (tmp_path / "c.sql").write_text(header(id='-- id = "DDL-08"') + SELECT, "utf-8")
    library = with_directory(tmp_path)
    assert [Path(each.file).name for each in library.refused] == ["b.sql", "c.sql"]
    assert "U001-01" in library.refused[0].message
    assert "DDL-08" in library.refused[1].message
    assert Path(library.rules["U001-01"].file).name == "a.sql"
    assert library.rules["DDL-08"] == shipped().rules["DDL-08"]


def test_a_file_that_is_wrong_or_unreadable_is_listed_and_the_others_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1", "utf-8")
    (tmp_path / "b.sql").write_bytes(b"-- id = \xff")
    (tmp_path / "c.sql").mkdir()
    (tmp_path / "d.sql").write_text(HEADER + SELECT, "utf-8")
    (tmp_path / "notes.txt").write_text("no rule", "utf-8")
    library = with_directory(tmp_path)
    assert {(Path(each.file).name, each.line) for each in library.refused} == {("a.sql", 1), ("b.sql", 1), ("c.sql", 1)}
    assert set(library.rules) == set(shipped().rules) | {"U001-01"}


def test_a_directory_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    assert with_directory(tmp_path / "none") == shipped()
