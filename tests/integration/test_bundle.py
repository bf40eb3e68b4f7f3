"""An evidence bundle of a running pair: `quanze verify` takes it, and takes nothing that was changed."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.proof import Entry, Report, Trust, VerifierKey, read_bundle, summary_for, verify_document
from ledger.main import create_token
from ledger.signer import SigningKey, checkpoint_body
from quanze.commands.prove import bundle as bundle_command
from quanze.commands.prove import verify as verify_command
from tests.bundle_writer import written
from tests.conftest import Database
from tests.events import SOURCE, event
from tests.joined import CHIEF, CLERK, GRANTED, HEAD, Joined, granted, joined, signing, vested

POST = "post:U1/CHIEF"
PROJECT = "project:X"


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        yield own


def recorded(both: Joined) -> dict[str, int]:
    """Record a project whose contract is signed by a substitute under a grant to a post; return positions by name."""
    known = {"recordedtime": GRANTED}
    acts = {
        "vested": vested(),
        "granted": granted("grant:1", POST),
        "assigned": event("post.assign", POST, "person:REG", time=GRANTED, attributes=known, post=POST, person=CHIEF),
        "appointed": event(
            "acting.appoint",
            "unit:U1",
            HEAD,
            time=GRANTED,
            attributes=known,
            acting="A1",
            principal=CHIEF,
            substitute=CLERK,
            grants=["grant:1"],
            **{"from": "2026-02-01", "until": "2026-04-30"},
        ),
        "accepted": event("auth.accept", "grant:1", CHIEF, time=GRANTED, attributes=known, grant="grant:1"),
        "other project": event("contract.draft", "project:Y", CLERK, contract="C9"),
        "other grant": granted("grant:2", "person:ELSE"),
        "opened": event("project.open", PROJECT, CLERK, title='办公设备采购\n"二"', kind="goods", method="open_tender"),
        "signed": signing(CLERK, "150000.00", attributes={"onbehalfof": CHIEF}),
        "paid": event("pay.execute", PROJECT, "person:CASHIER", amount="150000.00", contract="C1", payment="P1"),
    }
    return dict(zip(acts, both.record(*acts.values()), strict=True))


def bundle(both: Joined, project: str = "X", **parameters: Any) -> bytes:
    answer = both.http.get(f"/v1/projects/{project}/bundle", params={"min_position": both.size(), **parameters})
    assert answer.status_code == 200, answer.text
    return answer.content


def trust(both: Joined, **relied_on: Any) -> Trust:
    return Trust([VerifierKey.parse(both.database.signer.vkey)], **relied_on)


def checked(both: Joined, file: bytes, **relied_on: Any) -> Report:
    return verify_document(file, trust(both, **relied_on))


def leaf(entry: Entry) -> dict[str, Any]:
    return json.loads(entry.leaf)


def positions(file: bytes) -> list[int]:
    return [leaf(entry)["position"] for entry in read_bundle(file).entries]


def forged(both: Joined, file: bytes, entries: Sequence[Entry] | None = None, **changes: Any) -> bytes:
    """Change a bundle as somebody would who wants to be believed: with a page that fits what is left."""
    taken_apart = replace(read_bundle(file), **changes)
    if entries is not None:
        taken_apart = replace(taken_apart, entries=tuple(entries))
    page = summary_for(taken_apart, trust(both))
    return written(replace(taken_apart, summary_zh=page.zh, summary_en=page.en))


def test_a_bundle_holds_the_acts_of_its_project_and_what_they_rest_on(both: Joined) -> None:
    at = recorded(both)
    file = bundle(both)
    assert positions(file) == sorted(position for name, position in at.items() if not name.startswith("other"))
    assert written(read_bundle(file)) == file, "the description of the format is all there is to it"
    report = checked(both, file)
    assert (report.verdict, report.failure, report.accepted) == ("verified-unwitnessed", None, True)
    assert "acts: 3 of project:X and 5 they rest on, in the order of the log" in report.checks
    assert [each for each in report.unchecked if "no other acts" in each]


def test_the_page_says_in_both_languages_what_the_acts_say(both: Joined) -> None:
    at = recorded(both)
    summary = checked(both, bundle(both)).summary
    assert summary is not None
    assert '办公设备采购·"二"' in summary.zh, "a title stays on its line"
    assert "3 acts, positions 8 to 10, done from 2026-03-02 to 2026-03-02, recorded from 20" in summary.en
    assert re.search(
        rf"^ +{at['signed']}  2026-03-02  签订合同  {CLERK}  合同 C1  .*150,000.00 CNY  记录于", summary.zh, re.M
    )
    assert re.search(rf"^ +{at['granted']}  Grant authority  grant:1  {HEAD} → {POST}", summary.en, re.M)
    assert summary.zh.count("\n") <= 60


def test_the_page_says_how_many_actors_are_accounts_that_may_be_one_person(both: Joined) -> None:
    recorded(both)
    both.record(event("contract.draft", PROJECT, "account:oa/1", contract="C1"))
    summary = checked(both, bundle(both)).summary
    assert summary is not None
    assert " by 3 actors, 1 of them accounts\n" in summary.en
    assert "，3 个行为人（含账号 1 个）\n" in summary.zh


def test_no_byte_of_a_bundle_can_be_changed(both: Joined) -> None:
    recorded(both)
    for file in (bundle(both), bundle(both, "X", **{"from": 4})):
        assert checked(both, file).accepted
        relied_on = trust(both)
        for at in range(len(file)):
            for byte in (file[at] ^ 0x01, file[at] ^ 0x20):
                changed = file[:at] + bytes([byte]) + file[at + 1 :]
                assert not verify_document(changed, relied_on).accepted, (at, file[at : at + 20], byte)


def test_no_byte_of_a_bundle_can_be_left_out_or_added(both: Joined) -> None:
    recorded(both)
    file = bundle(both, "X", **{"from": 4})
    relied_on = trust(both)
    for at in range(len(file)):
        assert not verify_document(file[:at] + file[at + 1 :], relied_on).accepted, at
        assert not verify_document(file[:at], relied_on).accepted, at
    for at in range(0, len(file) + 1, 7):
        assert not verify_document(file[:at] + b"\n" + file[at:], relied_on).accepted, at


def test_acts_in_another_order_or_twice_are_refused(both: Joined) -> None:
    recorded(both)
    file = bundle(both)
    entries = read_bundle(file).entries
    for number in range(len(entries) - 1):
        swapped = [*entries[:number], entries[number + 1], entries[number], *entries[number + 2 :]]
        report = checked(both, written(replace(read_bundle(file), entries=tuple(swapped))))
        assert "order of the acts" in str(report.failure)
    twice = (*entries, entries[-1])
    assert "order of the acts" in str(checked(both, written(replace(read_bundle(file), entries=twice))).failure)


def test_parts_of_two_acts_cannot_be_mixed(both: Joined) -> None:
    recorded(both)
    taken_apart = read_bundle(bundle(both))
    first, second = taken_apart.entries[-2:]
    for name in ("leaf", "payload", "salt", "proof"):
        mixed = second._replace(**{name: getattr(first, name)})
        entries = (*taken_apart.entries[:-1], mixed)
        assert checked(both, written(replace(taken_apart, entries=entries))).verdict == "FAILED", name


def test_an_act_left_out_is_missed_by_the_page_and_said_to_be_beyond_any_file(both: Joined) -> None:
    at = recorded(both)
    file = bundle(both)
    left = [entry for entry in read_bundle(file).entries if leaf(entry)["position"] != at["paid"]]
    report = checked(both, written(replace(read_bundle(file), entries=tuple(left))))
    assert "summary in zh" in str(report.failure)
    # Whoever writes the page anew gets a bundle that is true as far as it goes, and the verifier says how far.
    report = checked(both, forged(both, file, left))
    assert report.accepted
    assert [each for each in report.unchecked if "no other acts" in each]


def test_an_act_of_another_project_has_no_place_in_a_bundle(both: Joined) -> None:
    recorded(both)
    file, other = bundle(both), bundle(both, "Y")
    foreign = [entry for entry in read_bundle(other).entries if leaf(entry)["subject"] == "project:Y"]
    both_projects = sorted([*read_bundle(file).entries, *foreign], key=lambda entry: leaf(entry)["position"])
    report = checked(both, written(replace(read_bundle(file), entries=tuple(both_projects))))
    assert "contract.draft of another" in str(report.failure)
    renamed = written(replace(read_bundle(file), project="project:Z"))
    assert checked(both, renamed).verdict == "FAILED"


def test_only_the_key_of_the_log_opens_a_bundle(both: Joined) -> None:
    recorded(both)
    file = bundle(both)
    named_alike = SigningKey.generate(both.database.signer.origin)
    for key in (named_alike, SigningKey.generate("example.com/other")):
        assert verify_document(file, Trust([VerifierKey.parse(key.vkey)])).verdict == "FAILED"
    assert verify_document(file, Trust()).verdict == "FAILED"


def test_a_tree_signed_by_somebody_else_under_the_same_name_is_refused(both: Joined) -> None:
    """A key of the right name and other bytes: its key id differs, so it is nobody; with the id forged it is wrong."""
    recorded(both)
    file = bundle(both)
    taken_apart = read_bundle(file)
    body = taken_apart.checkpoint.partition(b"\n\n")[0] + b"\n"
    other = SigningKey.generate(both.database.signer.origin)
    note = other.sign(body)
    genuine = taken_apart.checkpoint.rpartition(b" ")[2]
    assert checked(both, file.replace(taken_apart.checkpoint, note)).verdict == "FAILED"
    from base64 import b64decode, b64encode

    forged_id = b64encode(b64decode(genuine)[:4] + b64decode(note.rpartition(b" ")[2])[4:])
    report = checked(both, file.replace(genuine.rstrip(), forged_id))
    assert "one over this text" in str(report.failure)


def test_a_proof_from_a_tree_of_another_size_is_refused(both: Joined) -> None:
    recorded(both)
    older = bundle(both)
    both.record(event("contract.draft", "project:Z", CLERK, contract="C8"))
    newer = bundle(both)
    assert checked(both, newer).accepted
    mixed = [
        old._replace(payload=new.payload)
        for old, new in zip(read_bundle(older).entries, read_bundle(newer).entries, strict=True)
    ]
    assert checked(both, written(replace(read_bundle(newer), entries=tuple(mixed)))).verdict == "FAILED"


def erased(both: Joined) -> bytes:
    at = recorded(both)
    target = {"source": SOURCE, "id": event_id(both, at["paid"])}
    both.record(event("data.erase", PROJECT, "person:DPO", target=target, legal_basis="个人信息保护法 §47"))
    return bundle(both)


def event_id(both: Joined, position: int) -> str:
    return both.get(f"/v1/events/{position}")["receipt"]["id"]


def test_erased_content_is_vouched_for_by_the_order_that_erased_it(both: Joined) -> None:
    file = erased(both)
    report = checked(both, file)
    assert (report.verdict, report.accepted) == ("erased-content", True)
    assert [each for each in report.checks if each.startswith("erased: the content at 10 ")]
    orders = [entry for entry in read_bundle(file).entries if leaf(entry)["type"] == "data.erase"]
    without = [entry for entry in read_bundle(file).entries if entry not in orders]
    report = checked(both, written(replace(read_bundle(file), entries=tuple(without))))
    assert "no order" in str(report.failure)


def test_content_that_somebody_keeps_back_is_not_taken_for_erased(both: Joined) -> None:
    recorded(both)
    file = bundle(both)
    *others, last = read_bundle(file).entries
    hidden = (*others, last._replace(payload=None, salt=None))
    assert "no order" in str(checked(both, written(replace(read_bundle(file), entries=hidden))).failure)


def test_a_checkpoint_that_was_kept_must_be_continued(both: Joined) -> None:
    recorded(both)
    kept = both.ledger.checkpoints.at(4).note.encode()
    assert "expected a proof from the 4 entries" in str(checked(both, bundle(both), held=kept).failure)
    file = bundle(both, "X", **{"from": 4})
    report = checked(both, file, held=kept)
    assert report.accepted
    assert [each for each in report.checks if each.startswith("held: the checkpoint of 4 entries")]
    # The same size, another tree, signed by the same log: a split view.
    fork = both.database.signer.sign(checkpoint_body(both.database.signer.origin, 4, bytes(32)))
    report = checked(both, file, held=fork)
    assert "two trees of 4 entries signed by one log" in str(report.failure)


def test_a_bundle_older_than_what_was_kept_is_stale(both: Joined) -> None:
    recorded(both)
    file = bundle(both)
    both.record(event("contract.draft", "project:Z", CLERK, contract="C8"))
    kept = both.ledger.checkpoints.newest().note.encode()
    report = checked(both, file, held=kept)
    assert (report.verdict, report.accepted, report.failure) == ("stale", False, None)
    assert "11 entries" in str(report.shortfall)


def test_without_witnesses_nobody_can_say_how_fresh_a_bundle_is(both: Joined) -> None:
    recorded(both)
    report = checked(both, bundle(both), max_age_seconds=3600)
    assert (report.verdict, report.accepted) == ("stale", False)


def test_who_may_not_verify_gets_no_bundle(both: Joined) -> None:
    recorded(both)
    _, bearer = create_token(both.database.dsn, both.database.log_id, name="reader", scopes=["read"])
    answer = both.http.get("/v1/projects/X/bundle", headers={"Authorization": f"Bearer {bearer}"})
    assert answer.status_code == 403
    assert (
        both.http.post(
            "/v1/proofs/evidence", json={"positions": [1]}, headers={"Authorization": f"Bearer {bearer}"}
        ).status_code
        == 403
    )


def test_what_cannot_be_bundled_is_a_problem_in_words(both: Joined) -> None:
    recorded(both)
    assert both.http.get("/v1/projects/NONE/bundle").status_code == 404
    assert both.http.get("/v1/projects/X/bundle", params={"from": 999}).status_code == 404
    assert both.http.get("/v1/projects/X/bundle", params={"from": -1}).status_code == 400
    answer = both.http.get("/v1/projects/X/bundle", params={"known_at": "2026-01-01"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/known_at")
    for body in ({}, {"positions": [1], "held": -1}, {"positions": [1], "hold": 1}, {"positions": [1] * 100_001}):
        assert both.http.post("/v1/proofs/evidence", json=body).status_code == 400, body
    for positions in ([0], ["one"]):
        answer = both.http.post("/v1/proofs/evidence", json={"positions": positions})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/positions/0")
    assert both.http.post("/v1/proofs/evidence", json={"positions": [999]}).status_code == 404


def test_a_bundle_and_its_api_page_agree_on_what_it_takes(both: Joined) -> None:
    recorded(both)
    answer = both.http.get("/v1/projects/X/bundle", params={"min_position": both.size()})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    paths = both.http.get("/docs/openapi.json").json()["paths"]
    taken = paths["/v1/projects/{project}/bundle"]["get"]["parameters"]
    assert {each["name"] for each in taken} == {"project", "from", "min_position"}


def test_the_commands_save_a_bundle_and_verify_it(both: Joined, tmp_path: Path) -> None:
    recorded(both)
    kept, key = tmp_path / "X.bundle", tmp_path / "log.vkey"
    kept.write_bytes(bundle(both))
    key.write_text(both.database.signer.vkey + "\n")
    run = CliRunner().invoke(verify_command, [str(kept), "--log-key", str(key), "--summary"])
    assert run.exit_code == 0, run.output
    assert "verified-unwitnessed" in run.output
    assert "签订合同" in run.output
    kept.write_bytes(kept.read_bytes()[:-2])
    assert CliRunner().invoke(verify_command, [str(kept), "--log-key", str(key)]).exit_code == 1
    assert "Example" in CliRunner().invoke(bundle_command, ["--help"]).output


def test_a_root_held_by_a_post_comes_with_who_was_assigned_to_it(both: Joined) -> None:
    known = {"recordedtime": GRANTED}
    assigned = event("post.assign", POST, "person:REG", time=GRANTED, attributes=known, post=POST, person=HEAD)
    root, _, made, signed = both.record(
        vested(holder=POST),
        assigned,
        granted("grant:1", CLERK),
        signing(CLERK, "10.00", attributes={"authority": "grant:1"}),
    )
    assert positions(bundle(both)) == [root, 2, made, signed]


def test_a_grant_that_an_act_names_and_the_file_lacks_is_said(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CLERK), signing(CLERK, "10.00", attributes={"authority": "grant:1"}))
    file = bundle(both)
    assert not [each for each in checked(both, file).unchecked if "not in the file" in each]
    without = [entry for entry in read_bundle(file).entries if leaf(entry)["type"] != "auth.grant"]
    report = checked(both, forged(both, file, without))
    assert "grant:1, which the act at 3 rests on: it is not in the file" in report.unchecked


def test_no_message_shows_a_private_key(both: Joined, tmp_path: Path) -> None:
    recorded(both)
    kept, private = tmp_path / "X.bundle", tmp_path / "log.key"
    kept.write_bytes(bundle(both))
    private.write_text(both.database.signer.text() + "\n")
    for option in ("--log-key", "--policy", "--held", "--rotations"):
        given = ["--log-key", both.database.signer.vkey] if option != "--log-key" else []
        run = CliRunner().invoke(verify_command, [str(kept), option, str(private), *given])
        assert run.exit_code != 0
        assert "private key" in str(run.exception)
        assert both.database.signer.text()[-20:] not in run.output + str(run.exception)


def test_the_check_of_a_whole_log_heeds_a_checkpoint_that_was_kept_and_refuses_what_it_cannot_heed(
    both: Joined, tmp_path: Path
) -> None:
    recorded(both)
    kept, key = tmp_path / "kept", tmp_path / "log.vkey"
    key.write_text(both.database.signer.vkey + "\n")
    whole = ["--log", both.database.dsn, "--log-key", str(key)]
    origin = both.database.signer.origin

    def verified(note: bytes, *more: str) -> tuple[int, str]:
        kept.write_bytes(note)
        run = CliRunner().invoke(verify_command, [*whole, "--held", str(kept), *more])
        return run.exit_code, run.output + str(run.exception or "")

    assert verified(both.ledger.checkpoints.at(4).note.encode())[0] == 0
    code, said = verified(both.database.signer.sign(checkpoint_body(origin, 4, bytes(32))))
    assert (code, "position 4" in said, "another tree" in said) == (1, True, True)
    code, said = verified(both.database.signer.sign(checkpoint_body(origin, 99, bytes(32))))
    assert (code, "rolled back" in said) == (1, True)
    assert "max-age" in verified(both.ledger.checkpoints.at(4).note.encode(), "--max-age", "1h")[1]


def test_a_bundle_that_leaves_out_an_act_is_found_by_the_log(both: Joined, tmp_path: Path) -> None:
    at = recorded(both)
    file = bundle(both)
    both.record(event("contract.draft", PROJECT, CLERK, contract="C2"))  # later than the bundle: nothing is left out
    left = tuple(each for each in read_bundle(file).entries if leaf(each)["position"] != at["paid"])
    other = bundle(both, "Y")
    names = {"whole": file, "cut": forged(both, file, left), "other": other}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "log.vkey").write_text(both.database.signer.vkey)

    def told(*asked: str) -> tuple[int, str]:
        given = ["--log", both.database.dsn, "--log-key", str(tmp_path / "log.vkey")]
        run = CliRunner().invoke(verify_command, [*(str(tmp_path / name) for name in asked), *given])
        return run.exit_code, run.output

    code, said = told("whole", "other")
    assert (code, said.count(": complete, it holds every act of its project")) == (0, 2), said
    code, said = told("whole", "cut")
    assert (code, f"cut: NOT COMPLETE, 1 acts of its project are left out: positions {at['paid']}\n" in said) == (
        1,
        True,
    )
    given = ["--log", both.database.dsn, "--log-key", str(tmp_path / "log.vkey"), "--json"]
    run = CliRunner().invoke(verify_command, [str(tmp_path / "cut"), *given])
    document = json.loads(run.stdout)
    assert (run.exit_code, document["complete"], document["files"][0]["left_out"]) == (1, False, [at["paid"]])
    assert document["log"]["fault"] is None


@pytest.mark.parametrize("path", ["/v1/proofs/evidence", "/v1/scans"])
def test_a_body_that_is_nested_too_deep_is_refused(both: Joined, path: str) -> None:
    answer = both.http.post(path, content=b"[" * 5000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
