"""Many touched projects are judged by processes of their own, and by one where these fail."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import psycopg
import pytest
from structlog.testing import capture_logs

from projector.findings import watch
from projector.findings.sharing import WorkerFailed, judge_many
from projector.findings.worker import Task
from tests.conftest import Database
from tests.integration.test_findings import found, lines, post
from tests.joined import Joined, joined

PROJECTS = [f"P-2026-{number:03}" for number in range(1, 19)]
SCOPES = [f"project:{project}" for project in PROJECTS]


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        post(own, lines("00-registry"))
        yield own


def told() -> list[dict[str, Any]]:
    return [each for project in PROJECTS for each in lines(project)]


def shown(both: Joined) -> set[tuple[str, str]]:
    return {(each["id"], each["rule"]) for each in found(both, limit=1000)}


def test_shared_or_not_the_findings_are_the_same(both: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def seen(task: Task, scopes: Sequence[str], *others: Any) -> bool:
        sizes.append(len(scopes))
        return judge_many(task, scopes, *others)

    monkeypatch.setattr(watch, "_SHARED_MIN", 2)
    monkeypatch.setattr(watch, "judge_many", seen)
    post(both, told())
    shared = shown(both)
    assert sum(sizes) >= len(SCOPES)
    monkeypatch.undo()
    both.projector.judge.judge_all().wait(60)
    assert len(shared) > 5
    assert shown(both) == shared


def test_what_a_process_cannot_judge_is_judged_without_it(both: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may find no connection left."""
    monkeypatch.setattr(watch, "_SHARED_MIN", 2)
    nowhere = msgspec.structs.replace(both.projector.judge.task, dsn="postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(WorkerFailed):
        judge_many(nowhere, SCOPES, lambda _: None, threading.Event())
    monkeypatch.setattr(both.projector.judge, "task", nowhere)
    with capture_logs() as logs:
        post(both, told())
    assert "judged_in_one_process" in {each["event"] for each in logs}
    assert "project:P-2026-008" in {each["project"] for each in found(both, limit=1000)}


def test_whoever_stops_waits_for_no_more_than_the_portions_at_hand(both: Joined, database: Database) -> None:
    post(both, lines("P-2026-008"))
    with psycopg.connect(database.dsn) as connection:
        connection.execute("DELETE FROM projector.findings")
    stopping, done = threading.Event(), list[int]()
    stopping.set()
    task: Task = both.projector.judge.task
    assert judge_many(task, SCOPES, done.append, stopping) is False
    assert sum(done) == 0
    assert judge_many(task, SCOPES, done.append, threading.Event()) is True
    assert sum(done) == len(SCOPES)
    assert len(found(both)) == 1
