"""An own ledger: post with curl, prove, verify offline, find a changed byte."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.acceptance.conftest import Process, end, run, start, wait_until_ready

ACT = {
    "specversion": "1.0",
    "id": "oa-1",
    "source": "urn:example:oa",
    "type": "contract.sign",
    "subject": "project:P-2026-017",
    "time": "2026-03-02T09:30:00+08:00",
    "actor": "person:P06",
    "unit": "unit:U001",
    "data": {"contract": "C-17", "supplier": "supplier:V1", "amount": "128000.00", "备注": "未知成员照原样保存"},
}


def curl(
    up: Process, path: str, *arguments: str, body: object = None, kind: str = "cloudevents+json"
) -> tuple[int, str]:
    """Call with curl; return status and body."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["curl", "-sS", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {up.token}"]
    if body is not None:
        command += ["-H", f"Content-Type: application/{kind}", "--data-binary", json.dumps(body, ensure_ascii=False)]
    out = subprocess.run([*command, up.url + path], capture_output=True, text=True, check=True, timeout=30).stdout
    text, _, status = out.rpartition("\n")
    return int(status), text


def test_post_receipt_proof_verify_and_a_changed_byte(up: Process, directory: Path) -> None:
    status, text = curl(up, "/v1/events", body=ACT)
    receipt = json.loads(text)["receipts"][0]
    assert (status, receipt["status"], receipt["source"], receipt["id"]) == (201, "recorded", ACT["source"], ACT["id"])
    position = receipt["position"]

    status, text = curl(up, "/v1/events", body=ACT)
    assert json.loads(text)["receipts"][0] == {**receipt, "status": "duplicate"}

    status, text = curl(up, "/v1/events", body={**ACT, "data": {"amount": "1.00"}})
    problem = json.loads(text)
    assert status == 409
    assert problem["stored_hmac"] != problem["posted_hmac"]

    status, text = curl(up, f"/v1/events/{position}")
    assert json.loads(text)["event"] == ACT

    proof = directory / "proof.json"
    proof.write_text(curl(up, f"/v1/proofs/inclusion?position={position}&payload=true")[1], "utf-8")
    verified = run("verify", proof, "--log-key", up.data / "log.vkey")
    assert (verified.status, verified.err) == (0, "")
    assert "verified" in verified.out

    changed = json.loads(proof.read_text("utf-8"))
    changed["hashes"] = [*changed["hashes"], changed["leaf_hash"]]
    proof.write_text(json.dumps(changed), "utf-8")
    assert run("verify", proof, "--log-key", up.data / "log.vkey").status == 1

    dsn = (up.data / "dsn").read_text("utf-8").strip()
    assert run("verify", "--log", dsn, "--log-key", up.data / "log.vkey").status == 0
    assert run("verify", "--log", up.url, environment={"QUANZE_TOKEN": up.token}).status == 0
    with psycopg.connect(dsn, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE ledger.entries SET payload = set_byte(payload, 100, get_byte(payload, 100) # 1)"
            " WHERE position = %s",
            (position,),
        )
        checked = run("verify", "--log", dsn, "--json", "--log-key", up.data / "log.vkey")
        assert checked.status == 1
        assert json.loads(checked.out)["position"] == position
        assert run("verify", "--log", up.url, environment={"QUANZE_TOKEN": up.token}).status == 1
        superuser.execute(
            "UPDATE ledger.entries SET payload = set_byte(payload, 100, get_byte(payload, 100) # 1)"
            " WHERE position = %s",
            (position,),
        )
    assert run("verify", "--log", dsn).status == 0


def test_a_batch_with_one_bad_act_stores_nothing_and_names_every_fault(up: Process) -> None:
    good = {**ACT, "id": "batch-1"}
    bad = {**ACT, "id": "batch-2", "time": "2026-03-02T09:30:00", "actor": "unit:U001", "data": {"amount": "1.005"}}
    status, text = curl(up, "/v1/events", body=[good, bad], kind="cloudevents-batch+json")
    assert status == 422
    faults = {(fault["pointer"], fault["code"]) for fault in json.loads(text)["errors"]}
    assert faults == {("/1/time", "bad_time"), ("/1/actor", "bad_reference"), ("/1/data/amount", "bad_value")}
    status, text = curl(up, "/v1/events", body=good)
    assert json.loads(text)["receipts"][0]["status"] == "recorded"


def test_the_cloudevents_sdk_posts_in_both_its_modes(up: Process) -> None:
    """The SDK's default is the binary mode."""
    with up.http() as http:
        for mode, send in (("binary", to_binary_event), ("structured", to_structured_event)):
            attributes: dict[str, Any] = {**{k: v for k, v in ACT.items() if k != "data"}, "id": f"sdk-{mode}"}
            attributes["time"] = datetime.fromisoformat(str(ACT["time"]))
            message = send(CloudEvent(attributes, ACT["data"]))
            answer = http.post("/v1/events", headers=dict(message.headers), content=message.body)
            assert answer.status_code == 201, answer.text
            stored = http.get(f"/v1/events/{answer.json()['receipts'][0]['position']}").json()["event"]
            assert stored["data"] == ACT["data"]
            assert {name: stored[name] for name in ("type", "subject", "actor", "unit")} == {
                name: ACT[name] for name in ("type", "subject", "actor", "unit")
            }


def test_a_token_is_bound_to_its_sources_and_scopes(up: Process) -> None:
    made = run("token", "create", "--data", up.data, "--scope", "events:write", "--source", "urn:example:oa", "--json")
    token = json.loads(made.out)
    with up.http() as http:
        http.headers["Authorization"] = f"Bearer {token['token']}"
        kind = {"Content-Type": "application/cloudevents+json"}
        assert http.post("/v1/events", json={**ACT, "id": "bound-1"}, headers=kind).status_code == 201
        other = http.post("/v1/events", json={**ACT, "id": "bound-2", "source": "urn:example:other"}, headers=kind)
        assert (other.status_code, other.json()["errors"][0]["pointer"]) == (403, "/source")
        past = http.post(
            "/v1/events", json={**ACT, "id": "bound-3", "recordedtime": "2026-03-02T10:00:00+08:00"}, headers=kind
        )
        assert (past.status_code, past.json()["errors"][0]["pointer"]) == (403, "/recordedtime")
        assert http.get("/v1/events").status_code == 403
        assert run("token", "revoke", token["token_id"], "--data", up.data).status == 0
        time.sleep(2.1)
        assert http.post("/v1/events", json={**ACT, "id": "bound-4"}, headers=kind).status_code == 401
    listed = json.loads(run("token", "list", "--data", up.data, "--json").out)
    assert {each["token_id"]: bool(each["revoked_at"]) for each in listed}[token["token_id"]]


def test_what_is_open_and_what_is_not(up: Process) -> None:
    with up.http() as http:
        del http.headers["Authorization"]
        for path in (
            "/health/live",
            "/health/ready",
            "/metrics",
            "/docs",
            "/docs/openapi.json",
            "/checkpoint",
            "/v1/log",
        ):
            assert http.get(path).status_code == 200, path
        for path in ("/v1/events", "/v1/proofs/inclusion?position=1", "/v1/conflicts", "/v1/projects"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), path
        page = http.get("/docs").text
        assert "http://" not in page.replace(up.url, "")
        assert "https://" not in page


def test_a_second_up_on_the_same_data_says_who_has_it(up: Process) -> None:
    second = run("up", "--data", up.data, "--port", "0")
    assert second.status == 3
    assert str(up.popen.pid) in second.err


def test_a_taken_port_is_said_before_anything_starts(up: Process, directory: Path) -> None:
    port = up.url.rpartition(":")[2]
    second = run("up", "--data", directory / "other", "--port", port)
    assert second.status == 2
    assert port in second.err
    assert not (directory / "other").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("up",), ("demo",), ("ledger",), ("projector",), ("migrate",), ("rebuild",), ("post",), ("import",),
        ("replay",), ("who",), ("conflicts",), ("verify",), ("token", "create"), ("token", "list"),
        ("token", "revoke"), ("key", "show"),
    ],
)  # fmt: skip
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    helped = run(*command, "--help")
    assert helped.status == 0
    assert "Example" in helped.out
    assert "quanze" in helped.out


def test_nobody_to_ask_is_exit_code_3() -> None:
    asked = run("conflicts", "--url", "http://127.0.0.1:9", environment={"QUANZE_TOKEN": "x"})
    assert (asked.status, asked.out) == (3, "")


def test_wrong_use_is_exit_code_2(up: Process) -> None:
    assert run("who", "nothing").status == 2
    assert run("verify").status == 2
    assert run("post", "/nonexistent", environment={"QUANZE_TOKEN": "x"}).status == 2


def test_posting_a_file_twice_records_it_once(up: Process, directory: Path) -> None:
    file = directory / "acts.ndjson"
    file.write_text("".join(json.dumps({**ACT, "id": f"file-{n}"}) + "\n" for n in range(1200)), "utf-8")
    asked = {"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url}
    first = run("post", file, environment=asked)
    assert first.status == 0, first.err
    assert first.out.startswith("1200 recorded at positions ")
    again = run("post", file, environment=asked)
    assert (again.status, again.out.strip()) == (0, "nothing new: 1200 recorded before")


def test_tiles_are_for_everybody_and_for_ever_their_leaves_for_a_token(up: Process, directory: Path) -> None:
    file = directory / "tiles.ndjson"
    file.write_text("".join(json.dumps({**ACT, "id": f"tile-{n}"}) + "\n" for n in range(256)), "utf-8")
    assert run("post", file, environment={"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url}).status == 0
    with httpx.Client(base_url=up.url) as http:
        tile = http.get("/tile/0/000")
        assert (tile.status_code, len(tile.content)) == (200, 256 * 32)
        assert tile.headers["content-type"] == "application/octet-stream"
        assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert http.get("/tile/0/000.p/3").content == tile.content[: 3 * 32]
        for path in ("/tile/entries/000", "/tile//entries/000", "/tile/./entries/000", "/tile/entries%2F000"):
            assert http.get(path).status_code in (401, 404), path
        for path in ("/tile/0/x009/x223/x372/x036/x854/x775/808", "/tile/7/x999/x999/x999/x999/x999/x999/999"):
            assert http.get(path).headers["content-type"] == "application/problem+json", path
            assert http.get(path).status_code == 404, path
        leaves = http.get("/tile/entries/000", headers={"Authorization": f"Bearer {up.token}"})
        assert (leaves.status_code, leaves.headers["cache-control"]) == (200, "private, max-age=31536000, immutable")
        first = leaves.content[2 : 2 + int.from_bytes(leaves.content[:2], "big")]
        assert sha256(b"\0" + first).digest() == tile.content[:32]


def test_a_body_that_is_packed_or_too_large_is_refused_before_it_is_read(up: Process) -> None:
    kind = {"Content-Type": "application/cloudevents+json"}
    with up.http() as http:
        packed = http.post("/v1/events", content=b"...", headers={**kind, "Content-Encoding": "gzip"})
        assert (packed.status_code, packed.headers["content-type"]) == (415, "application/problem+json")
    address = ("127.0.0.1", int(up.url.rpartition(":")[2]))
    head = f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {up.token}\r\n"
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(f"{head}content-type: {kind['Content-Type']}\r\ncontent-length: 9000000\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_key_that_is_taken_is_pointed_to(up: Process) -> None:
    act = {**ACT, "id": "taken"}
    with up.http() as http:
        one = {"Content-Type": "application/cloudevents+json"}
        assert http.post("/v1/events", json=act, headers=one).status_code == 201
        other = {**act, "data": {"contract": "another"}}
        alone = http.post("/v1/events", json=other, headers=one)
        assert (alone.status_code, [each["pointer"] for each in alone.json()["errors"]]) == (409, ["/id"])
        many = {"Content-Type": "application/cloudevents-batch+json"}
        batch = http.post("/v1/events", json=[{**ACT, "id": "new"}, other], headers=many)
        assert (batch.status_code, [each["pointer"] for each in batch.json()["errors"]]) == (409, ["/1/id"])


def test_a_fault_in_a_file_is_placed(up: Process, directory: Path) -> None:
    file = directory / "faulty.ndjson"
    acts = [{**ACT, "id": f"faulty-{n}"} for n in range(600)]
    acts[550]["actor"] = "nobody"
    file.write_text("".join(json.dumps(act) + "\n" for act in acts), "utf-8")
    posted = run("post", file, environment={"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url})
    assert posted.status == 2
    assert posted.out.startswith("599 recorded at positions ")
    assert f"lines refused: 1; every other line is recorded\n  {file}, line 551: /actor: " in posted.err
    array = file.with_suffix(".json")
    array.write_text(json.dumps([{**act, "id": f"array-{act['id']}"} for act in acts]), "utf-8")
    posted = run("post", array, environment={"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url})
    assert posted.status == 2
    assert "act 551" in posted.err
    assert "500 acts before this batch are recorded" in posted.err


def test_ctrl_c_leaves_no_process_and_the_data_is_there_again(directory: Path) -> None:
    first = start("up", directory / "again")
    wait_until_ready(first)
    children = _children(first.popen.pid)
    assert children
    with first.http() as http:
        kind = {"Content-Type": "application/cloudevents+json"}
        receipt = http.post("/v1/events", json=ACT, headers=kind).json()["receipts"][0]
    assert first.interrupt() in (0, 130)
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    second = start("up", directory / "again")
    try:
        wait_until_ready(second)
        with second.http() as http:
            kind = {"Content-Type": "application/cloudevents+json"}
            again = http.post("/v1/events", json=ACT, headers=kind).json()["receipts"][0]
        assert again == {**receipt, "status": "duplicate"}
    finally:
        end(second)


def test_a_killed_database_comes_back_by_itself(directory: Path) -> None:
    """SIGKILL of PostgreSQL: nothing acknowledged is lost, and the service resumes."""
    process = start("up", directory / "killed")
    kind = {"Content-Type": "application/cloudevents+json"}
    try:
        wait_until_ready(process)
        with process.http() as http:
            first = http.post("/v1/events", json=ACT, headers=kind).json()["receipts"][0]
            postmaster = int((directory / "killed" / "postgres" / "postmaster.pid").read_text("utf-8").split()[0])
            os.kill(postmaster, signal.SIGKILL)
            deadline = time.monotonic() + 30
            answer = http.post("/v1/events", json=ACT, headers=kind)
            while answer.status_code != 201 and time.monotonic() < deadline:
                assert answer.status_code == 503, answer.text
                time.sleep(0.2)
                answer = http.post("/v1/events", json=ACT, headers=kind)
            assert answer.json()["receipts"][0] == {**first, "status": "duplicate"}
            history = http.get("/v1/projects/P-2026-017/history", params={"min_position": 1}, timeout=15)
            assert history.status_code == 200, history.text
    finally:
        end(process)


def _children(pid: int) -> list[int]:
    """Return every process below this one."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text("utf-8").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found += [int(path.parent.name), *_children(int(path.parent.name))]
    return found


def test_a_setting_that_is_missing_or_makes_no_sense_is_told_in_words(directory: Path) -> None:
    for environment, named in (
        ({"QUANZE_TSA": "http://127.0.0.1:1"}, "QUANZE_TSA_ROOTS"),
        ({"QUANZE_GATE_SECONDS": "x"}, "'x'"),
    ):
        ran = run("up", "--data", directory / "own", "--port", "0", environment=environment)
        assert (ran.status, named in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err
