"""Findings as their users meet them: the demo county posted to both services, asked over HTTP."""

import json
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest

from contracts.moments import LOCAL_ZONE
from contracts.policy import business_date
from tests.conftest import Database
from tests.events import event
from tests.joined import Joined, joined


def lines(name: str) -> list[dict[str, Any]]:
    text = files("quanze.county").joinpath(f"{name}.ndjson").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def post(both: Joined, events: list[dict[str, Any]]) -> int:
    """Record acts and wait until they are judged."""
    position = 0
    for first in range(0, len(events), 500):
        position = max(both.record(*events[first : first + 500]))
    assert both.projector.judge.wait_for(position, 30)
    return position


def found(both: Joined, **sought: Any) -> list[dict[str, Any]]:
    return both.get("/v1/findings", result="FAIL", **sought)["items"]


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        post(own, lines("00-registry"))
        yield own


def test_the_county_shows_what_was_planted_and_nothing_else(both: Joined) -> None:
    planted = tomllib.loads(files("quanze.county").joinpath("planted.toml").read_text("utf-8"))["violation"]
    for number in range(1, 19):
        post(both, lines(f"P-2026-{number:03}"))
    wanted = {(each["rule"], each["project"], tuple(each["persons"]), each.get("basis")) for each in planted}
    shown = {(each["rule"], each["project"], tuple(each["persons"]), each["basis"]) for each in found(both, limit=1000)}
    assert shown == wanted
    pages: list[str] = []
    after: str | None = None
    while True:
        page = both.get("/v1/findings", result="FAIL", limit=3, **({"after": after} if after else {}))
        pages += [each["id"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(pages) == len(set(pages)) == len(planted)


def test_a_finding_names_its_evidence_numbers_persons_days_and_clause_in_both_languages(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    (one,) = found(both, project="P-2026-008")
    shown = both.get(f"/v1/findings/{one['id']}")
    assert (shown["rule"], shown["status"], shown["persons"]) == ("AUT-06", "open", ["person:E04"])
    for language in ("zh", "en"):
        text = shown["explanation"][language]
        for part in ("586,000.00", "500000.00", "2026-05-25", "person:E04", "grant:G-U002-06", "21号"):
            assert part in text, (language, part)
    assert shown["judged"] in shown["evidence"]
    assert both.http.get("/v1/findings/finding:none").status_code == 404


def test_a_finding_of_authority_is_said_in_chinese_without_english_or_codes(both: Joined) -> None:
    for number in range(1, 19):
        post(both, lines(f"P-2026-{number:03}"))
    said = [each["explanation"] for each in found(both, limit=1000) if each["rule"].startswith("AUT-")]
    assert len(said) > 5
    for each in said:
        assert re.findall(r"(?<![\w:./-])[A-Za-z]{3,}(?:[._ ][a-z]+)*(?![\w:/-])", each["zh"]) == [], each["zh"]
        assert re.search(r"[\u4e00-\u9fff]", each["en"].partition("Source: ")[0]) is None, each["en"]


def test_filters_are_read_or_refused(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    for sought in ({"rule": "AUT"}, {"rule": "aut-06"}, {"unit": "U002"}, {"person": "E04"}, {"status": "open,waived"}):
        assert len(found(both, **sought)) == 1, sought
    for sought in ({"rule": "SOD"}, {"unit": "unit:U003"}, {"person": "E05"}, {"status": "cured"}):
        assert found(both, **sought) == [], sought
    refused = both.http.get("/v1/findings", params={"status": "shut"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/status")
    needs_project = both.http.get("/v1/findings", params={"as_of": "2026-05-01"})
    assert (needs_project.status_code, needs_project.json()["errors"][0]["code"]) == (400, "needs_project")


def test_what_the_log_does_not_know_is_not_found(both: Joined) -> None:
    for path in ("/v1/findings?project=P-NONE", "/v1/findings?unit=U-NONE", "/v1/units/U-NONE/obligations"):
        assert both.http.get(path).status_code == 404, path
    post(both, lines("P-2026-008"))
    answer = both.get("/v1/findings", project="P-2026-008", unit="U002")
    assert (len(answer["items"]) > 0, answer["position"]) == (True, both.projector.judge.state.position)


def test_findings_of_another_moment_are_judged_for_the_question(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    assert found(both, project="P-2026-008", as_of="2026-05-24") == []
    assert [each["rule"] for each in found(both, project="P-2026-008", as_of="2026-05-25")] == ["AUT-06"]
    assert found(both, project="P-2026-008", known_at="2026-05-24") == []


def late_publication() -> list[dict[str, Any]]:
    """P-2026-001 with its contract published four working days late."""
    events = lines("P-2026-001")
    for each in events:
        if each["id"].endswith(".contract.publish.1"):
            each["time"] = each["recordedtime"] = "2026-04-22T09:26:00+08:00"
    return events


def test_a_missed_day_opens_a_finding_and_the_late_act_cures_it(both: Joined) -> None:
    events = late_publication()
    before = [each for each in events if each["time"] < "2026-04-20"]
    publication = next(each for each in events if each["id"].endswith(".contract.publish.1"))
    post(both, before)
    (missed,) = found(both, project="P-2026-001", rule="DDL-08")
    assert (missed["status"], missed["due"], missed["closed"]) == ("open", "2026-04-16", None)
    post(both, [publication])
    (cured,) = found(both, project="P-2026-001", rule="DDL-08")
    assert (cured["id"], cured["result"], cured["status"]) == (missed["id"], "FAIL", "cured")
    assert cured["closed"] == "2026-04-22T01:26:00Z"
    assert [each["status"] for each in cured["history"]] == ["open", "cured"]


def dispose(finding: str, disposition: str, at: datetime | None = None, **data: Any) -> dict[str, Any]:
    attributes = {"unit": "unit:U002"}
    return event(
        "finding.dispose",
        finding,
        "person:E18",
        time=(at or datetime.now(UTC)).isoformat(),
        attributes=attributes,
        finding=finding,
        disposition=disposition,
        **data,
    )


def test_dispositions_are_acts_and_a_lapsed_waiver_reopens(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    (one,) = found(both, project="P-2026-008")
    now = datetime.now(UTC)
    today = business_date(now)
    yesterday = str(today - timedelta(days=1))
    post(both, [dispose(one["id"], "waived", now - timedelta(days=5), reason="单位人员不足", valid_until=yesterday)])
    (lapsed,) = found(both, project="P-2026-008")
    assert (lapsed["status"], lapsed["lapsed"]) == ("open", True)
    assert both.get("/v1/findings", status="open", lapsed="true")["items"][0]["id"] == one["id"]
    post(both, [dispose(one["id"], "waived", reason="单位人员不足", valid_until=str(today + timedelta(days=10)))])
    (waived,) = found(both, project="P-2026-008")
    assert (waived["status"], waived["lapses_soon"], waived["lapsed"]) == ("waived", True, False)
    assert waived["history"][-1]["by"] == "person:E18"
    post(both, [dispose(one["id"], "waived", reason="提前结束", valid_until=yesterday)])
    (ended,) = found(both, project="P-2026-008")
    assert ended["status"] == "open", "a waiver made anew with an end that is past takes the other back"


def test_a_correction_takes_the_finding_away_and_says_of_its_disposition_that_it_matches_nothing(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    (one,) = found(both, project="P-2026-008")
    post(both, [dispose(one["id"], "acknowledged")])
    signing = next(each for each in lines("P-2026-008") if each["type"] == "contract.sign")
    key = {"source": signing["source"], "id": signing["id"]}
    correction = event(
        "act.correct",
        "project:P-2026-008",
        "person:E05",
        time=datetime.now(UTC).isoformat(),
        unit="unit:U002",
        corrects=key,
        fields={"amount": "486000.00"},
    )
    post(both, [correction])
    assert "AUT-06" not in {each["rule"] for each in found(both, project="P-2026-008")}
    scan = both.http.post("/v1/scans", json={}).json()
    assert [each["finding"] for each in scan["unmatched"]] == [one["id"]]


def test_erased_content_makes_unknown_what_rested_on_it(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    (one,) = found(both, project="P-2026-008")
    signing = next(each for each in lines("P-2026-008") if each["type"] == "contract.sign")
    target = {"source": signing["source"], "id": signing["id"]}
    order = event(
        "data.erase",
        "project:P-2026-008",
        "person:E17",
        time=datetime.now(UTC).isoformat(),
        unit="unit:U002",
        target=target,
        legal_basis="个人信息保护法 §47",
    )
    post(both, [order])
    after = {each["id"]: each for each in both.get("/v1/findings", project="P-2026-008", limit=1000)["items"]}
    assert one["id"] not in after or after[one["id"]]["result"] == "UNDETERMINED"
    assert not [each for each in after.values() if each["result"] == "FAIL"]


def kept(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.dsn) as connection:
        rows = connection.execute("SELECT * FROM projector.findings ORDER BY finding, scope").fetchall()
        return rows + connection.execute("SELECT * FROM projector.obligations ORDER BY scope, rule, key").fetchall()


def test_a_rebuild_comes_to_the_same_findings(both: Joined, database: Database) -> None:
    post(both, late_publication())
    last = post(both, lines("P-2026-008"))
    (one,) = found(both, project="P-2026-008")
    last = post(both, [dispose(one["id"], "acknowledged", due="2026-12-31")])
    before = kept(database)
    assert before
    both.projector.rebuild(database.dsn)
    assert both.projector.wait_for(last, 30)
    assert both.projector.judge.wait_for(last, 30)
    assert kept(database) == before


def test_a_scan_counts_records_itself_once_a_day_and_can_be_run_again_and_at_once(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    first = both.http.post("/v1/scans", json={})
    assert first.status_code == 201, first.text
    scan = first.json()
    assert scan["counts"] == {"new": 1, "open": 0, "closed": 0, "undetermined": 1}
    assert scan["recorded"] == both.size()
    again = both.http.post("/v1/scans", json={"full": True}).json()
    assert (again["recorded"], both.size()) == (scan["recorded"], scan["recorded"])
    act = both.get(f"/v1/events/{scan['recorded']}")["event"]
    assert (act["type"], act["data"]["counts"]) == ("scan.execute", scan["counts"])
    assert both.get(f"/v1/scans/{scan['date']}")["counts"] == scan["counts"]
    yesterday = business_date(datetime.now(UTC)) - timedelta(days=1)
    assert both.http.get(f"/v1/scans/{yesterday}").status_code == 404
    missed = both.http.post("/v1/scans", json={"date": str(yesterday)})
    assert missed.status_code == 201, missed.text  # a day that was missed
    tomorrow = datetime.now(LOCAL_ZONE).date() + timedelta(days=1)
    assert both.http.post("/v1/scans", json={"date": str(tomorrow)}).status_code == 400
    assert both.http.post("/v1/scans", json={"date": "today"}).status_code == 400
    before_the_log = both.http.post("/v1/scans", json={"date": "1990-01-01"})
    assert before_the_log.status_code == 400, "it would make every day since a day without a scan"
    assert "before_the_log" in before_the_log.text


def test_a_scan_takes_in_whatever_was_recorded_when_it_was_asked_for(both: Joined, database: Database) -> None:
    """Not only what had been read by then: whoever posts, and scans, means what was posted."""
    with psycopg.connect(database.dsn) as holding, ThreadPoolExecutor(1) as pool:
        holding.execute("SELECT FROM projector.tracking FOR UPDATE")  # nothing more is read
        assert both.post(*lines("P-2026-008")).status_code == 201
        scan = pool.submit(both.http.post, "/v1/scans", json={})
        with pytest.raises(TimeoutError):
            scan.result(1.0)
        holding.rollback()
        assert scan.result(60.0).json()["counts"]["new"] == 1


def test_a_scan_with_nothing_to_find_is_recorded_too(database: Database) -> None:
    with joined(database) as own:
        scan = own.http.post("/v1/scans", json={}).json()
        assert scan["counts"] == {"new": 0, "open": 0, "closed": 0, "undetermined": 0}
        assert own.get(f"/v1/events/{scan['recorded']}")["event"]["type"] == "scan.execute"


def test_the_report_is_a_page_and_a_workbook(both: Joined) -> None:
    post(both, lines("P-2026-008"))
    day = both.http.post("/v1/scans", json={}).json()["date"]
    page = both.http.get(f"/v1/scans/{day}/report", params={"form": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "超单笔限额" in page.text
    assert "project:P-2026-008" in page.text
    assert "http" not in page.text, "it loads nothing from elsewhere"
    book = both.http.get(f"/v1/scans/{day}/report", params={"form": "xlsx"})
    with ZipFile(BytesIO(book.content)) as archive:
        assert "AUT-06" in archive.read("xl/sharedStrings.xml").decode()


def test_what_is_due_in_a_unit_is_listed_the_most_urgent_first(both: Joined) -> None:
    before = [each for each in late_publication() if each["time"] < "2026-04-20"]
    post(both, before)
    items = both.get("/v1/units/U002/obligations", limit=1000)["items"]
    assert [each["due"] for each in items] == sorted(each["due"] for each in items)
    (late,) = [each for each in items if each["rule"] == "DDL-08"]
    assert (late["project"], late["due"], late["overdue"]) == ("project:P-2026-001", "2026-04-16", True)
    first = both.get("/v1/units/U002/obligations", limit=1)
    assert first["items"] == items[:1]
    assert both.get("/v1/units/U002/obligations", limit=1, after=first["next"])["items"] == items[1:2]


def test_preflight_shows_what_an_act_would_raise_and_stores_nothing(both: Joined) -> None:
    events = [each for each in lines("P-2026-001") if each["time"] < "2026-02-25"]
    position = post(both, [each for each in events if each["type"] != "plan.file"])
    notice = next(each for each in lines("P-2026-001") if each["type"] == "notice.publish")
    notice.pop("recordedtime")
    answer = both.preflight(notice).json()
    assert "CHN-05" in {each["rule"] for each in answer["findings"]}
    assert both.size() == position
    assert found(both, project="P-2026-001", rule="CHN-05") == []


def test_a_unit_may_enforce_any_rule(both: Joined) -> None:
    events = [each for each in lines("P-2026-001") if each["time"] < "2026-02-25"]
    post(both, [each for each in events if each["type"] != "plan.file"])
    policy = event(
        "setup.policy",
        "unit:U002",
        "body:教育局党组会",
        time="2026-01-02T09:00:00+08:00",
        unit="unit:U002",
        attributes={"recordedtime": "2026-01-02T09:00:00+08:00"},
        policy="enforcing",
        valid_from="2026-01-01",
        policies=[{"key": "enforce", "value": ["CHN-05"]}],
    )
    post(both, [policy])
    notice = next(each for each in lines("P-2026-001") if each["type"] == "notice.publish")
    refused = both.post(notice)
    assert refused.status_code == 422, refused.text
    assert {each["code"] for each in refused.json()["errors"]} == {"CHN-05"}
    filing = next(each for each in lines("P-2026-001") if each["type"] == "plan.file")
    post(both, [filing])
    assert both.post(notice).status_code == 201


def test_a_replay_says_which_act_raised_and_which_closed_a_finding(both: Joined) -> None:
    post(both, late_publication())
    acts = both.get("/v1/projects/P-2026-001/history", limit=1000)["items"]
    closing = [each for each in acts if each["closed"]]
    assert [(each["type"], each["closed"][0]["rule"]) for each in closing] == [("contract.publish", "DDL-08")]
    post(both, lines("P-2026-008"))
    acts = both.get("/v1/projects/P-2026-008/history", limit=1000)["items"]
    signing = next(each for each in acts if each["type"] == "contract.sign")
    assert [each["rule"] for each in signing["raised"]] == ["AUT-06"]
    assert both.get("/v1/projects/P-2026-008")["open_findings"] == 1
    listed = {each["id"]: each["open_findings"] for each in both.get("/v1/projects")["items"]}
    assert listed == {"project:P-2026-001": 0, "project:P-2026-008": 1}
    then = both.get("/v1/projects/P-2026-008/history", limit=1000, as_of="2026-05-25")["items"]
    assert [each["raised"][0]["rule"] for each in then if each["raised"]] == ["AUT-06"]
