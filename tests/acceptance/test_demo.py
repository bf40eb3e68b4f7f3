"""The demo: four answers, the planted violations and nothing else, Ctrl-C, and a second run."""

import json
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Process, end, run, start

COUNTY = Path(__file__).parents[2] / "services" / "quanze" / "county"
PLANTED = tomllib.loads((COUNTY / "planted.toml").read_text("utf-8"))

Key = tuple[str, str]


def wait_for_story(process: Process, seconds: float = 120.0) -> str:
    """Wait until the demo has told everything; return what it printed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        printed = process.printed()
        if "Ctrl-C ends it" in printed:
            return printed
        if process.popen.poll() is not None:
            pytest.fail(f"the demo ended with {process.popen.returncode}:\n{printed}")
        time.sleep(0.2)
    pytest.fail(f"no story after {seconds} s:\n{process.printed()}")


@pytest.fixture(scope="module")
def demo(directory: Path) -> Iterator[Process]:
    process = start("demo", directory / "demo")
    try:
        wait_for_story(process)
        yield process
    finally:
        end(process)


@pytest.fixture(scope="module")
def positions(demo: Process) -> dict[Key, int]:
    """Where each act of the county is, by its key."""
    found: dict[Key, int] = {}
    with demo.http() as http:
        after: str | None = None
        while True:
            page = http.get("/v1/events", params={"limit": 1000, **({"after": after} if after else {})}).json()
            found |= {(i["receipt"]["source"], i["receipt"]["id"]): i["receipt"]["position"] for i in page["items"]}
            after = page["next"]
            if after is None:
                return found


def test_the_four_answers_are_printed(demo: Process) -> None:
    printed = demo.printed()
    heads = re.findall(r"^── (\d)", printed, flags=re.MULTILINE)
    assert heads == ["1", "2", "3", "4"]
    replay, conflict, who, proof = re.split(r"^── \d.*$", printed, flags=re.MULTILINE)[1:]
    assert PLANTED["showcase"]["replay"] in replay
    assert "SOD-" in conflict
    assert "VALID" in who
    assert "AUT-06" in who
    assert "AUT-12" in who
    assert "verified" in proof
    assert "FAILED" not in proof


def test_the_proof_it_left_verifies_offline(demo: Process) -> None:
    (kept,) = demo.data.glob("*.bundle")
    assert run("verify", kept, "--log-key", demo.data / "log.vkey").status == 0


def test_every_planted_conflict_is_found_and_nothing_else(demo: Process, positions: dict[Key, int]) -> None:
    planted = {
        (each["rule"], each["basis"], each["project"], person)
        for each in PLANTED["violation"]
        if not each["rule"].startswith("AUT-")
        for person in each["persons"]
    }
    with demo.http() as http:
        found = http.get("/v1/conflicts", params={"limit": 1000}).json()["items"]
    assert {(i["rule"], i["basis"], i["project"], i["person"]) for i in found} == planted
    assert len(found) == len(planted)
    for each in PLANTED["violation"]:
        if each["rule"].startswith("AUT-") or each["basis"] != "PERFORMED":
            continue
        (item,) = [i for i in found if (i["rule"], i["project"]) == (each["rule"], each["project"])]
        assert {positions[act["source"], act["id"]] for act in each["acts"]} == set(item["positions"])


def test_every_planted_want_of_authority_is_found_and_nothing_else(demo: Process, positions: dict[Key, int]) -> None:
    planted = {
        (positions[act["source"], act["id"]], each["rule"], each.get("grant"))
        for each in PLANTED["violation"]
        if each["rule"].startswith("AUT-")
        for act in each["acts"]
    }
    found: set[tuple[int, str, str | None]] = set()
    judged = 0
    with demo.http() as http:
        projects = http.get("/v1/projects", params={"limit": 1000}).json()["items"]
        for project in projects:
            page = http.get(f"/v1/projects/{project['id']}/authority", params={"limit": 1000}).json()
            assert page["next"] is None
            for answer in page["items"]:
                judged += 1
                assert answer["verdict"] in ("VALID", "INVALID"), answer
                assert (answer["verdict"] == "INVALID") == bool(answer["failures"]), answer
                position = answer["act"]["position"]
                found |= {(position, failure["code"], failure["grant"]) for failure in answer["failures"]}
        # What is no project's, the setting up of units, grants and posts, needs no grant or has one.
        registry = [act for act in positions if act[1].startswith("REG.")]
        assert len(projects) + len(registry) > 500
        for act in registry[:: len(registry) // 20]:
            verdict = http.get(f"/v1/acts/{positions[act]}/authority").json()["verdict"]
            assert verdict in ("VALID", "NOT_REQUIRED")
    assert found == planted
    assert judged > 100


def test_a_valid_chain_of_three_delegations_reaches_a_root(demo: Process, positions: dict[Key, int]) -> None:
    act = PLANTED["showcase"]["who"]
    with demo.http() as http:
        answer = http.get(f"/v1/acts/{positions[act['source'], act['id']]}/authority").json()
    assert answer["verdict"] == "VALID"
    assert len(answer["chain"]) == 4
    assert answer["chain"][0]["kind"] == "root"


def test_what_was_known_earlier_differs_where_a_grant_came_late(demo: Process, positions: dict[Key, int]) -> None:
    """The retroactive grant was not known when the act was done: then there was no grant at all."""
    act = PLANTED["showcase"]["retroactive"]
    with demo.http() as http:
        path = f"/v1/acts/{positions[act['source'], act['id']]}/authority"
        now = http.get(path).json()
        then = http.get(path, params={"known_at": now["act"]["known_from"]}).json()
    assert {failure["code"] for failure in now["failures"]} == {"AUT-12"}
    assert {failure["code"] for failure in then["failures"]} == {"AUT-01"}


def test_replay_shows_what_was_known_at_a_moment(demo: Process) -> None:
    project = PLANTED["showcase"]["replay"]
    asked: dict[str, str] = {"QUANZE_URL": demo.url, "QUANZE_TOKEN": demo.token}
    whole: dict[str, Any] = json.loads(run("replay", project, "--json", environment=asked).out)
    acts = whole["items"]
    middle = acts[len(acts) // 2]
    earlier = json.loads(run("replay", project, "--as-of", middle["time"], "--json", environment=asked).out)
    assert [act["position"] for act in earlier["items"]] == [
        act["position"] for act in acts if act["time"] <= middle["time"]
    ]
    told = run("replay", project, environment=asked)
    assert (told.status, told.err) == (0, "")
    assert str(acts[-1]["position"]) in told.out


def test_ctrl_c_ends_it_and_a_second_run_records_nothing_new(demo: Process, positions: dict[Key, int]) -> None:
    """Last in this module: it stops the demo the others ask."""
    assert demo.interrupt() in (0, 130)
    with pytest.raises(httpx.TransportError):
        httpx.get(demo.url)
    second = start("demo", demo.data)
    try:
        printed = wait_for_story(second)
        assert f"{len(positions)} acts, 0 of them recorded just now" in printed
    finally:
        end(second)
