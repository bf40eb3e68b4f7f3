"""An answer with its proofs, from a running pair: `quanze verify` takes it, and takes nothing that was changed."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from contracts.proof import Report, Trust, VerifierKey, verify_document
from ledger.signer import SigningKey
from projector.main import Projector
from projector.settings import Settings
from quanze.commands.prove import verify
from tests.conftest import Database
from tests.events import event
from tests.joined import CHIEF, CLERK, GRANTED, HEAD, Joined, granted, joined, signing, vested

POST = "post:U1/CHIEF"


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        yield own


def asked(both: Joined, position: int, headers: dict[str, str] | None = None) -> dict[str, Any]:
    path = f"/v1/acts/{position}/authority"
    answer = both.http.get(path, params={"proof": "true"}, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def checked(both: Joined, answer: dict[str, Any]) -> Report:
    key = VerifierKey.parse(both.database.signer.vkey)
    return verify_document(json.dumps(answer, ensure_ascii=False).encode(), Trust([key]))


def act_of_three(both: Joined) -> int:
    """Record a root, a grant to a post, one below it, and a contract signed in the last one's holder's name."""
    known = {"recordedtime": GRANTED}
    assigned = event("post.assign", POST, "person:REG", time=GRANTED, attributes=known, post=POST, person=CHIEF)
    appointed = event(
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
    )
    limits = {"ceiling_item": "200000.00", "ceiling_total": "900000", "instrument": {"no": "W-7", "date": "2026-01-05"}}
    act = signing(CLERK, "150000.00", attributes={"onbehalfof": CHIEF, "authority": "grant:1"})
    return both.record(vested(), assigned, granted("grant:1", POST, **limits), appointed, act)[-1]


def test_everything_the_answer_rests_on_is_proved_against_one_checkpoint(both: Joined) -> None:
    answer = asked(both, act_of_three(both))
    assert answer["verdict"] == "VALID", answer["failures"]
    items = answer["proof"]["items"]
    assert {(item["role"], item["position"]) for item in items} == {
        ("act", 5),
        ("grant", 1),
        ("grant", 3),
        ("acting", 4),
        ("post", 2),
    }
    report = checked(both, answer)
    assert (report.verdict, report.failure) == ("verified-unwitnessed", None)
    assert report.act is not None
    assert report.act["position"] == 5
    assert any("VALID" in each and "revocation" in each for each in report.unchecked)


def test_an_answer_without_proofs_is_as_it_was(both: Joined) -> None:
    position = act_of_three(both)
    plain = both.get(f"/v1/acts/{position}/authority")
    assert "proof" not in plain
    report = checked(both, plain)
    assert report.verdict == "FAILED"
    assert report.failure is not None
    assert "proof=true" in report.failure


def test_a_reader_gets_the_leaves_and_an_auditor_what_they_commit_to(both: Joined) -> None:
    position = act_of_three(both)
    reader, auditor = asked(both, position, both.bearer("read")), asked(both, position, both.bearer("read", "verify"))
    assert not any({"payload", "salt"} & item.keys() for item in reader["proof"]["items"])
    assert all({"payload", "salt"} <= item.keys() for item in auditor["proof"]["items"])
    assert (checked(both, reader).verdict, checked(both, auditor).verdict) == (
        "verified-unwitnessed",
        "verified-unwitnessed",
    )
    assert any("verify" in each for each in checked(both, reader).unchecked)
    assert any("act: " in each and "amount" in each for each in checked(both, reader).unchecked)
    assert not any("amount" in each for each in checked(both, auditor).unchecked)


def set_at(document: Any, path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed = deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


STATED: list[tuple[tuple[str | int, ...], Any]] = [
    (("act", "position"), 4),
    (("act", "type"), "contract.amend"),
    (("act", "subject"), "project:Y"),
    (("act", "unit"), "unit:U2"),
    (("act", "actor"), CHIEF),
    (("act", "asked"), CHIEF),
    (("act", "onbehalfof"), None),
    (("act", "authority"), "grant:2"),
    (("act", "time"), "2026-03-02T09:30:00Z"),
    (("act", "known_from"), "2026-03-02T01:30:00Z"),
    (("act", "known"), "asserted by the source"),
    (("act", "amount"), "150000.01"),
    (("act", "amount"), None),
    (("act", "currency"), "USD"),
    (("chain", 0, "grant"), "grant:1"),
    (("chain", 0, "kind"), "general"),
    (("chain", 0, "grantor"), HEAD),
    (("chain", 0, "grantee"), CLERK),
    (("chain", 0, "position"), 3),
    (("chain", 0, "known"), "witnessed"),
    (
        ("chain", 0, "ceiling"),
        {"item": "1.00", "total": None, "currency": "CNY", "total_basis": None, "total_window": None},
    ),
    (("chain", 1, "grantor"), CHIEF),
    (("chain", 1, "grantee"), CLERK),
    (("chain", 1, "kind"), "special"),
    (("chain", 1, "known_from"), "2026-01-06T01:00:00Z"),
    (("chain", 1, "ceiling"), None),
    (("chain", 1, "ceiling", "item"), "200000.01"),
    (("chain", 1, "ceiling", "total"), None),
    (("chain", 1, "ceiling", "currency"), "USD"),
    (("chain", 1, "term", "valid_until"), "2028-12-31"),
    (("chain", 1, "term", "valid_from"), None),
    (("chain", 1, "instrument", "no"), "W-8"),
    (("chain", 1, "instrument"), None),
    (("chain", 1, "via", "post"), None),
    (("chain", 1, "via", "post"), "post:U1/HEAD"),
    (("chain", 1, "via", "person"), CLERK),
    (("chain", 1, "via", "acting"), "A2"),
    (("chain", 1, "via", "acting_position"), 2),
    (("chain", 1, "via", "acting_position"), None),
    (("chain", 1, "via", "principal"), HEAD),
    (("chain", 1, "via"), None),
    (("position",), 99),
    (("chain",), []),
    (("proof", "items"), []),
    (("proof", "extra"), 1),
    (("proof", "items", 0, "extra"), 1),
    (("proof", "items", 0, "role"), "grant"),
    (("proof", "items", 1, "role"), "condition"),
    (("proof", "items", 1, "name"), "grant:1"),
    (("proof", "items", 1, "salt"), None),
]


def test_no_word_that_is_proved_can_be_changed(both: Joined) -> None:
    answer = asked(both, act_of_three(both))
    for path, value in STATED:
        report = checked(both, set_at(answer, path, value))
        assert report.verdict == "FAILED", path
        assert report.act is None
    left_out = deepcopy(answer)
    del left_out["chain"][1]["grantee"]
    assert checked(both, left_out).verdict == "FAILED", "a word left out"


def test_no_byte_of_the_proofs_can_be_changed(both: Joined) -> None:
    answer = asked(both, act_of_three(both))
    for index, item in enumerate(answer["proof"]["items"]):
        at: tuple[str | int, ...] = ("proof", "items", index)
        for name in ("leaf_hash", "salt", "leaf", "payload"):
            raw = b64decode(item[name])
            for byte in range(0, len(raw), 1 if len(raw) == 32 else 7):
                flipped = raw[:byte] + bytes((raw[byte] ^ 1,)) + raw[byte + 1 :]
                changed = set_at(answer, (*at, name), b64encode(flipped).decode())
                assert checked(both, changed).verdict == "FAILED", (name, byte)
        for step in range(len(item["hashes"])):
            changed = set_at(answer, (*at, "hashes", step), b64encode(bytes(32)).decode())
            assert checked(both, changed).verdict == "FAILED"
        for name in ("leaf_index", "tree_size", "position"):
            assert checked(both, set_at(answer, (*at, name), item[name] + 1)).verdict == "FAILED", name
        assert checked(both, set_at(answer, (*at, "hashes"), item["hashes"][:-1])).verdict == "FAILED"
    note = answer["proof"]["checkpoint"]
    for place in range(len(note)):
        other = "A" if note[place] != "A" else "B"
        changed = set_at(answer, ("proof", "checkpoint"), note[:place] + other + note[place + 1 :])
        assert checked(both, changed).verdict == "FAILED", place


def test_an_answer_of_an_older_tree_or_of_another_log_is_not_taken(both: Joined) -> None:
    position = act_of_three(both)
    older = asked(both, position)
    both.record(event("req.prepare", "project:X", CLERK))
    newer = asked(both, position)
    assert newer["position"] == older["position"] + 1
    assert checked(both, newer | {"proof": older["proof"]}).verdict == "FAILED"
    body = json.dumps(newer).encode()
    other = SigningKey(bytes(range(1, 33)), both.ledger.origin)
    assert verify_document(body, Trust([VerifierKey.parse(other.vkey)])).verdict == "FAILED"


def test_no_link_can_be_taken_off_the_chain(both: Joined) -> None:
    answer = asked(both, act_of_three(both))
    for gone in (0, 1):
        position = answer["chain"][gone]["position"]
        less = deepcopy(answer)
        del less["chain"][gone]
        less["proof"]["items"] = [item for item in less["proof"]["items"] if item["position"] != position]
        if gone == 1:
            less["chain"][0]["via"] = answer["chain"][1]["via"]
        assert checked(both, less).verdict == "FAILED", gone


def test_a_corrected_amount_is_checked_against_the_correction(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF))
    act = signing(CHIEF, "1000.00")
    (position,) = both.record(act)
    target = {"source": act["source"], "id": act["id"]}
    both.record(event("act.correct", "project:X", CLERK, corrects=target, fields={"amount": "1200.00"}, reason="typo"))
    answer = asked(both, position)
    assert answer["act"]["amount"] == "1200.00"
    assert [item["role"] for item in answer["proof"]["items"]] == ["act", "correction", "grant", "grant"]
    assert checked(both, answer).verdict == "verified-unwitnessed"
    assert checked(both, set_at(answer, ("act", "amount"), "1000.00")).verdict == "FAILED"


def test_what_met_a_condition_is_proved_too(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF, conditions=["collective_decision"]))
    decided, elsewhere, act = both.record(
        event("award.decide", "project:X", "body:PARTY_GROUP", time="2026-03-01T09:00:00+08:00"),
        event("award.decide", "project:Y", "body:PARTY_GROUP", time="2026-03-01T09:00:00+08:00"),
        signing(CHIEF, "1000.00"),
    )
    answer = asked(both, act)
    assert (answer["verdict"], answer["conditions"][0]["acts"]) == ("VALID", [decided])
    assert [item["position"] for item in answer["proof"]["items"] if item["role"] == "condition"] == [decided]
    assert checked(both, answer).verdict == "verified-unwitnessed"
    for path, value in (
        (("conditions", 0, "acts"), []),
        (("conditions", 0, "acts"), [elsewhere]),
        (("conditions", 0, "status"), "unmet"),
        (("conditions", 0, "condition"), "legal_review"),
        (("conditions",), []),
    ):
        assert checked(both, set_at(answer, path, value)).verdict == "FAILED", (path, value)


def test_what_was_erased_is_said_to_be(both: Joined) -> None:
    both.record(vested(), granted("grant:1", CHIEF))
    act = signing(CHIEF, "1000.00")
    (position,) = both.record(act)
    target = {"source": act["source"], "id": act["id"]}
    both.record(event("data.erase", "project:X", "person:REG", target=target, legal_basis="x"))
    report = checked(both, asked(both, position))
    assert (report.verdict, report.failure) == ("erased-content", None)


def test_every_verdict_can_be_proved(both: Joined) -> None:
    """Nobody authorised it, it needs nobody, the grant it cites is unknown: there is an act to prove all the same."""
    for act, verdict in (
        (signing(CLERK, "1.00"), "INVALID"),
        (event("req.prepare", "project:X", CLERK), "NOT_REQUIRED"),
        (signing(CLERK, "1.00", attributes={"authority": "grant:NONE"}), "UNPROVEN"),
    ):
        (position,) = both.record(act)
        answer = asked(both, position)
        assert answer["verdict"] == verdict
        assert checked(both, answer).verdict == "verified-unwitnessed"


def test_a_projector_without_a_ledger_says_what_it_lacks(database: Database, both: Joined) -> None:
    position = act_of_three(both)
    path, reader = f"/v1/acts/{position}/authority", both.bearer("read")
    with Projector(Settings(dsn=database.dsn)) as alone, TestClient(alone.app()) as http:
        assert alone.wait_for(position, 10)
        answer = http.get(path, params={"proof": "true"}, headers=reader)
        assert (answer.status_code, "QUANZE_LEDGER_URL" in answer.json()["detail"]) == (503, True)
        assert http.get(path, headers=reader).status_code == 200


def test_the_command_tells_what_was_and_what_was_not_checked(both: Joined, tmp_path: Path) -> None:
    answer = asked(both, act_of_three(both))
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(answer), "utf-8")
    bad.write_text(json.dumps(set_at(answer, ("act", "amount"), "1.00")), "utf-8")
    key = both.database.signer.vkey
    ran = CliRunner().invoke(verify, [str(good), "--log-key", key])
    assert ran.exit_code == 0, ran.output
    assert "verified" in ran.output
    assert "not checked: the verdict VALID" in ran.output
    assert CliRunner().invoke(verify, [str(bad), "--log-key", key]).exit_code == 1
    told = json.loads(CliRunner().invoke(verify, [str(good), "--log-key", key, "--json"]).output)
    assert told[0]["unchecked"]


def test_a_post_that_nobody_is_shown_to_have_held_reaches_nobody(both: Joined) -> None:
    """The answer about somebody in the post, bent to somebody who never was, without the assignment's proof."""
    known = {"recordedtime": GRANTED}
    assigned = event("post.assign", POST, "person:REG", time=GRANTED, attributes=known, post=POST, person=CHIEF)
    both.record(vested(), assigned, granted("grant:1", POST))
    by_chief, by_clerk = both.record(signing(CHIEF, "1.00"), signing(CLERK, "2.00"))
    good, other = asked(both, by_chief), asked(both, by_clerk)
    assert (good["verdict"], other["verdict"]) == ("VALID", "INVALID")
    bent = deepcopy(good) | {"act": other["act"]}
    bent["chain"][-1]["via"]["person"] = CLERK
    own = next(item for item in other["proof"]["items"] if item["role"] == "act")
    kept = [item for item in good["proof"]["items"] if item["role"] == "grant"]
    bent["proof"] = {"checkpoint": other["proof"]["checkpoint"], "items": [own, *kept]}
    bent["position"] = other["position"]
    bent["proof"]["items"] = [own] + [_reproved(both, item) for item in kept]
    report = checked(both, bent)
    assert report.verdict == "FAILED"
    assert "an assignment to" in str(report.failure)
    assert checked(both, good).verdict == "verified-unwitnessed"


def _reproved(both: Joined, item: dict[str, Any]) -> dict[str, Any]:
    """The same leaf, proved in the tree as it is now."""
    proof = both.get("/v1/proofs/inclusion", position=item["position"])
    return item | {name: proof[name] for name in ("tree_size", "hashes")}


def test_a_member_that_was_cut_out_is_missed(both: Joined) -> None:
    answer = asked(both, act_of_three(both))
    for part, name in (("ceiling", "item"), ("ceiling", "total"), ("instrument", "no"), ("instrument", "date")):
        less = deepcopy(answer)
        del less["chain"][-1][part][name]
        assert checked(both, less).verdict == "FAILED", (part, name)
    bent = set_at(answer, ("act", "time"), answer["act"]["time"].replace("T", "1"))
    assert checked(both, bent).verdict == "FAILED"
