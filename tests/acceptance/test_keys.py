"""A running ledger changes its key three times while acts come in; then it is frozen, and another goes on."""

import json
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Process, end, run, start, wait_until_ready
from tests.events import event

ACT = {"Content-Type": "application/cloudevents+json"}


def act() -> dict[str, Any]:
    return event("project.open", "project:P1", "person:P1")


@contextmanager
def posting(up: Process) -> Generator[list[int]]:
    """Post acts one after the other until the end of the block; yield the statuses."""
    statuses: list[int] = []
    enough = threading.Event()

    def post() -> None:
        with up.http() as http:
            while not enough.is_set():
                statuses.append(http.post("/v1/events", json=act(), headers=ACT).status_code)

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield statuses
    finally:
        enough.set()
        thread.join()


def answered(*arguments: str | Path) -> Any:
    ran = run(*arguments, "--json")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def every(http: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Return what all pages of a list hold."""
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = http.get(path + after).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            return items
        after = f"{'&' if '?' in path else '?'}after={page['next']}"


def kept(up: Process, directory: Path, name: str, path: str) -> Path:
    with up.http() as http:
        file = directory / name
        file.write_bytes(http.get(path).raise_for_status().content)
    return file


def test_old_proofs_verify_after_three_changes_of_the_key_under_load(up: Process, directory: Path) -> None:
    first_key = directory / "first.vkey"
    shutil.copy(up.data / "log.vkey", first_key)
    with up.http() as http:
        assert http.post("/v1/events", json=act(), headers=ACT).status_code == 201
    old = kept(up, directory, "old.json", "/v1/proofs/inclusion?position=1&payload=true")

    with posting(up) as statuses:
        for _ in range(3):
            rotated = answered("key", "rotate", "--data", up.data, "--reason", "a test")
            assert (up.data / "log.vkey").read_text("utf-8").splitlines() == [rotated["vkey"], rotated["retires"]]
            retired = answered("key", "retire", "--data", up.data)
            assert retired["vkey"] == rotated["retires"]
            assert httpx.get(f"{up.url}/health/ready").status_code == 200
    assert len(statuses) > 10
    assert set(statuses) == {201}

    new = kept(up, directory, "new.json", "/v1/proofs/inclusion?position=1&payload=true")
    rotations = kept(up, directory, "rotations.json", "/v1/log/rotations")
    newest_key = up.data / "log.vkey"
    assert run("verify", old, "--log-key", first_key).status == 0
    assert run("verify", new, "--log-key", newest_key).status == 0
    assert run("verify", new, "--log-key", first_key).status == 1
    led = run("verify", old, new, "--log-key", first_key, "--rotations", rotations)
    assert led.status == 0, led.out
    broken = directory / "broken.json"
    document = json.loads(rotations.read_text("utf-8"))
    broken.write_text(json.dumps({"rotations": document["rotations"][1:]}), "utf-8")
    assert run("verify", new, "--log-key", first_key, "--rotations", broken).status == 1

    # The whole log, for whoever holds the first key, the last, or believes the log's own list.
    dsn = (up.data / "dsn").read_text("utf-8").strip()
    nowhere = {"QUANZE_DATA": str(directory / "nowhere")}
    for key in (["--log-key", first_key], ["--log-key", newest_key], []):
        for log in ([dsn], [up.url, "--token-file", up.data / "admin.token"]):
            checked = run("verify", "--log", *log, *key, environment=nowhere)
            assert checked.status == 0, checked.out + checked.err

    shown = run("key", "show", "--data", up.data)
    keys = directory / "all.vkey"
    keys.write_text(shown.out, "utf-8")
    assert run("verify", old, new, "--log-key", keys).status == 0
    said = answered("key", "show", "--data", up.data)
    assert [each["until_size"] is None for each in said["keys"]] == [False, False, False, True]
    assert said["live"] == [said["keys"][3]["vkey"]]


def test_a_log_that_changed_its_key_starts_again(up: Process) -> None:
    assert up.interrupt() == 0
    again = start("up", up.data)
    try:
        wait_until_ready(again)
        with again.http() as http:
            assert http.post("/v1/events", json=act(), headers=ACT).status_code == 201
            changes = {each["receipt"]["position"] for each in every(http, "/v1/events?type=log.rotate_key")}
            assert len(changes) == 3
            found = {position for each in every(http, "/v1/findings?limit=100") for position in each["evidence"]}
            assert found
            assert not found & changes  # what the ledger does to itself breaks no rule of procurement
        assert answered("key", "rotate", "--data", up.data, "--actor", "person:P1")["position"] > 4
    finally:
        end(again)


def test_a_frozen_log_is_read_and_its_successor_goes_on(up: Process, directory: Path) -> None:
    into = directory / "next"
    end(up)  # whatever ran before: one process has the directory
    old = start("up", up.data)
    try:
        wait_until_ready(old)
        for origin in ("example.com/next", "no key has this name"):
            assert run("key", "succeed", "--data", old.data, "--origin", origin, "--into", into).status == 2
            assert not into.exists()
        with old.http() as http:
            assert http.post("/v1/events", json=act(), headers=ACT).status_code == 201
        frozen = answered("key", "freeze", "--data", old.data, "--reason", "found elsewhere")
        assert run("key", "succeed", "--data", old.data, "--origin", "no + name", "--into", into).status == 2
        assert not into.exists()
        said = answered("key", "succeed", "--data", old.data, "--origin", "example.com/next", "--into", into)
        assert (said["predecessor"], said["size"]) == (frozen["origin"], frozen["size"])
        with old.http() as http:
            refused = http.post("/v1/events", json=act(), headers=ACT)
            assert (refused.status_code, refused.json()["successor"]) == (409, "example.com/next")
            assert http.get("/v1/events/1").status_code == 200
            assert http.get("/health/ready").status_code == 200
        assert run("verify", "--log", old.url, "--token-file", old.data / "admin.token").status == 0
    finally:
        end(old)
    new = start("up", into)
    try:
        wait_until_ready(new)
        with new.http() as http:
            first = http.get("/v1/events/1").json()
            assert first["event"]["type"] == "log.succeed"
            assert first["event"]["data"]["checkpoint"] == frozen["checkpoint"]
            proof, final = directory / "first.json", directory / "final.checkpoint"
            proof.write_bytes(http.get("/v1/proofs/inclusion", params={"position": 1, "payload": True}).content)
            final.write_text(frozen["checkpoint"])
            keys = ("--log-key", old.data / "log.vkey", "--log-key", into / "log.vkey")
            ran = run("verify", proof, "--predecessor", final, *keys)
            assert (ran.status, "succession: the log goes on where" in ran.out) == (0, True), ran.out + ran.err
            assert run("verify", proof, "--predecessor", final, *keys[2:]).status == 1
            assert http.post("/v1/events", json=act(), headers=ACT).status_code == 201
    finally:
        end(new)


def test_to_show_the_keys_of_nothing_makes_none(directory: Path) -> None:
    ran = run("key", "show", "--data", directory / "mistyped")
    assert (ran.status, (directory / "mistyped").exists()) == (2, False), ran.out


@pytest.mark.parametrize("command", ["rotate", "retire", "freeze", "succeed"])
def test_every_command_about_keys_has_help_with_an_example(command: str) -> None:
    helped = run("key", command, "--help")
    assert helped.status == 0
    assert "Example" in helped.out


def test_a_key_that_is_a_text_is_not_changed_from_here(directory: Path) -> None:
    environment = {"QUANZE_SIGNING_KEY": "x", "QUANZE_DSN": "x"}
    ran = run("key", "rotate", "--data", directory / "none", environment=environment)
    assert ran.status == 2
    assert "--key" in ran.err
