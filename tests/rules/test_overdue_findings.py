"""EVL-03 on findings: the days that people set for what the other rules found, which no case of a project can tell."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import LiteralString

import pytest

from projector.batch import project
from projector.case.lay_out import Scope, lay_out
from projector.judge.engine import run
from projector.judge.library import shipped
from tests.rules.casebook import Case, Court, local_moment, told
from tests.rules.test_cases import judging

__all__ = ["judging"]

_FINDING: LiteralString = """
    INSERT INTO finding (finding, rule, project, unit, result, cured, since)
    VALUES ('finding:1', 'DDL-08', 'project:P-2026-018', NULL, %s, %s, '2026-10-01T00:00:00+08:00')"""
_DISPOSITION: LiteralString = """
    INSERT INTO disposition (finding, disposition, due, position, time, known_from)
    VALUES ('finding:1', %s, %s, %s, %s, %s)"""

_ASKED = ("acknowledged", "2026-10-30", "2026-10-12 09:00")


@pytest.mark.parametrize(
    ("said", "result", "cured", "dispositions", "now", "expected"),
    [
        ("still failing when the day is over", "FAIL", None, [_ASKED], "2026-10-31 00:00", ["FAIL"]),
        ("still failing on the last day", "FAIL", None, [_ASKED], "2026-10-30 23:59", ["PASS"]),
        ("cured on the last day", "FAIL", "2026-10-30 18:00", [_ASKED], "2026-11-06 12:00", ["PASS"]),
        ("cured one day late", "FAIL", "2026-10-31 08:00", [_ASKED], "2026-11-06 12:00", ["FAIL cured"]),
        ("found no more", "PASS", None, [_ASKED], "2026-11-06 12:00", []),
        ("nobody set a day", "FAIL", None, [("acknowledged", None, "2026-10-12 09:00")], "2026-11-06 12:00", []),
        (
            "put off in time",
            *("FAIL", None),
            [_ASKED, ("acknowledged", "2026-11-30", "2026-10-30 10:00")],
            *("2026-11-06 12:00", ["PASS", "PASS"]),
        ),
        (
            "put off when the day was over",
            *("FAIL", None),
            [_ASKED, ("acknowledged", "2026-11-30", "2026-11-02 10:00")],
            *("2026-11-06 12:00", ["FAIL cured", "PASS"]),
        ),
    ],
)
def test_a_finding_is_overdue_after_the_day_that_somebody_set(
    judging: Court,
    said: str,
    result: str,
    cured: str | None,
    dispositions: Sequence[tuple[str, str | None, str]],
    now: str,
    expected: list[str],
) -> None:
    events = told(Case(rule="EVL-03", kind="silent", says=said, on="P-2026-018"))
    acts = judging.read(events, len(judging.register) + 1)
    connection = judging.connection
    with connection.transaction(force_rollback=True):
        project(connection.cursor(), acts)
        lay_out(
            judging.view(local_moment(now), len(judging.register) + len(acts)), Scope(projects=["project:P-2026-018"])
        )
        connection.execute(_FINDING, [result, local_moment(cured) if cured is not None else None])
        for number, (disposition, due, time) in enumerate(dispositions):
            given = [disposition, due, 10_000 + number, local_moment(time), datetime.now(UTC)]
            connection.execute(_DISPOSITION, given)
        found, troubles = run(connection, [shipped().rules["EVL-03"]], passes=True)
    assert not troubles
    told_ = [each.result + (" cured" if each.result == "FAIL" and each.cured is not None else "") for each in found]
    assert sorted(told_) == sorted(expected), said
