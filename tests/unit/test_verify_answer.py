"""An answer with its proofs, made by hand: what is bound to the leaves, and what is left open."""

import json
from base64 import b64encode
from copy import deepcopy
from typing import Any

import pytest

from contracts.proof import Report, Trust, VerifierKey, payload_commitment, verify_document
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import Frontier, leaf_hash

LOG = SigningKey(bytes(range(32)), "example.com/log")
KEY = VerifierKey.parse(LOG.vkey)
SALT = bytes(range(32))


def base64(value: bytes) -> str:
    return b64encode(value).decode()


def act(
    position: int, type: str, subject: str, actor: str, data: dict[str, Any], **attributes: str
) -> tuple[bytes, bytes]:
    """Return (leaf, event) of an act as the ledger would store it."""
    said = {
        "source": "urn:oa",
        "id": f"e{position}",
        "type": type,
        "subject": subject,
        "time": f"2026-03-0{position}T09:00:00+08:00",
        "actor": actor,
        **attributes,
    }
    event = json.dumps({"specversion": "1.0", **said, "data": data}).encode()
    leaf = {
        "v": 1,
        "origin": LOG.origin,
        "position": position,
        "recorded_at": f"2026-03-0{position}T01:00:00.000001Z",
        "payload_alg": "HMAC-SHA-256",
        "payload_commitment": base64(payload_commitment(SALT, event)),
        **said,
    }
    return json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode(), event


ACTS = [
    act(1, "auth.vest", "grant:R", "person:REG", {"grant": "grant:R", "holder": "person:HEAD"}),
    # Numbers that a proof file itself may not hold, in members that nobody reads.
    act(2, "auth.grant", "unit:U1", "person:HEAD", {"grant": "grant:1", "grantee": "account:oa/7", "x": [-1.5, 1e9]}),
    act(3, "contract.sign", "project:P", "account:oa/7", {"amount": "5.5"}, unit="unit:U1"),
]
HASHES = [leaf_hash(leaf) for leaf, _ in ACTS]


def note() -> str:
    root = Frontier().append(HASHES).root()
    return LOG.sign(checkpoint_body(LOG.origin, len(ACTS), root)).decode()


def path(index: int) -> list[str]:
    """Return the hashes from a leaf of three to the root (RFC 6962 §2.1.1)."""
    pair = Frontier().append(HASHES[:2]).root()
    return [base64(each) for each in ([HASHES[1], HASHES[2]], [HASHES[0], HASHES[2]], [pair])[index]]


def item(position: int, role: str, name: str, *, content: bool = True) -> dict[str, Any]:
    leaf, event = ACTS[position - 1]
    return {
        "position": position,
        "role": role,
        "name": name,
        "leaf": base64(leaf),
        "leaf_hash": base64(leaf_hash(leaf)),
        "leaf_index": position - 1,
        "tree_size": len(ACTS),
        "hashes": path(position - 1),
        **({"payload": base64(event), "salt": base64(SALT)} if content else {}),
    }


def link(position: int, grant: str, grantor: str | None, grantee: str, **members: Any) -> dict[str, Any]:
    return {
        "grant": grant,
        "kind": None,
        "grantor": grantor,
        "grantee": grantee,
        "via": None,
        "ceiling": None,
        "term": {"valid_from": None, "valid_until": None, "starts": "2026-03-01T01:00:00Z", "ends": None},
        "instrument": None,
        "position": position,
        "known_from": f"2026-03-0{position}T01:00:00.000001Z",
        "known": "witnessed",
        "status_at_act": "live",
        **members,
    }


def answer(*, content: bool = True) -> dict[str, Any]:
    via = {"person": "person:P7", "post": None, "principal": None, "acting": None, "acting_position": None}
    return {
        "act": {
            "position": 3,
            "type": "contract.sign",
            "subject": "project:P",
            "unit": "unit:U1",
            "actor": "account:oa/7",
            "asked": "person:P7",
            "onbehalfof": None,
            "authority": None,
            "time": "2026-03-03T01:00:00Z",
            "known_from": "2026-03-03T01:00:00.000001Z",
            "known": "witnessed",
            "amount": "5.50",
            "currency": "CNY",
        },
        "verdict": "VALID",
        "chain": [
            link(1, "grant:R", None, "person:HEAD", kind="root"),
            link(2, "grant:1", "person:HEAD", "account:oa/7", via=via),
        ],
        "failures": [],
        "position": 3,
        "proof": {
            "checkpoint": note(),
            "items": [
                item(3, "act", "project:P", content=content),
                item(1, "grant", "grant:R", content=content),
                item(2, "grant", "grant:1", content=content),
            ],
        },
    }


def checked(document: dict[str, Any]) -> Report:
    return verify_document(json.dumps(document).encode(), Trust([KEY]))


def test_what_is_said_is_what_is_proved() -> None:
    report = checked(answer())
    assert (report.verdict, report.failure) == ("verified-unwitnessed", None)
    assert report.act == json.loads(ACTS[2][0])
    assert [line.partition(":")[0] for line in report.checks] == [
        "checkpoint",
        "inclusion",
        "act",
        "link grant",
        "link grant",
        "witnesses",
    ]


def test_what_is_not_checked_is_listed() -> None:
    told = "\n".join(checked(answer()).unchecked)
    for word in ("verdict VALID", "failures", "act: asked", "status_at_act", "term: ends, starts", "via: "):
        assert word in told
    assert "amount" not in told
    bare = "\n".join(checked(answer(content=False)).unchecked)
    for word in ("amount, asked, currency", "grantor", "ceiling", "scope `verify`"):
        assert word in bare


def test_without_the_events_what_the_leaves_say_still_binds() -> None:
    document = answer(content=False)
    assert checked(document).verdict == "verified-unwitnessed"
    document["act"]["actor"] = "person:P8"
    report = checked(document)
    assert (report.verdict, report.unchecked, report.act) == ("FAILED", (), None)


def test_an_account_is_not_taken_for_a_person_and_not_refused_either() -> None:
    """Whose account it was is no part of these acts: it is left unchecked, whoever is named."""
    document = answer()
    document["act"]["asked"] = document["chain"][1]["via"]["person"] = "person:P9"
    assert checked(document).verdict == "verified-unwitnessed"
    assert any(line.startswith("act: asked") for line in checked(document).unchecked)


CHANGES: list[tuple[str, list[str | int], Any]] = [
    ("act: type", ["act", "type"], "pay.approve"),
    ("act: amount", ["act", "amount"], "5.51"),
    ("act: time", ["act", "time"], "2026-03-03T01:00:01Z"),
    ("act: time", ["act", "time"], "yesterday"),
    ("act: position", ["act", "position"], None),
    ("the member subject", ["act"], {"position": 3, "type": "contract.sign"}),
    ("act", ["act"], None),
    ("chain", ["chain"], {}),
    ("chain", ["chain", 1, "via"], None),
    ("chain", ["chain", 0, "via"], {"post": None}),
    ("verdict: expected text", ["verdict"], 5),
    ("grantee", ["chain", 1, "grantee"], "person:P7"),
    ("kind", ["chain", 1, "kind"], "general"),
    ("ceiling", ["chain", 1, "ceiling"], {"item": "1.00"}),
    ("tree size", ["proof", "items", 0, "tree_size"], 2),
    ("position", ["proof", "items", 0, "position"], 2),
    ("leaf index", ["proof", "items", 0, "leaf_index"], 1),
    ("name of the act", ["proof", "items", 0, "name"], "project:Q"),
    ("grant", ["proof", "items", 1, "name"], "grant:Q"),
    ("act", ["proof", "items", 0, "role"], "grant"),
    ("items", ["proof", "items"], "none"),
    ("proof file", ["proof", "more"], "x"),
    ("payload and salt", ["proof", "items", 0, "salt"], None),
    ("payload commitment", ["proof", "items", 0, "payload"], base64(b"{}")),
    ("one asked for with proof=true", ["proof"], None),
    ("checkpoint", ["position"], 4),
    ("position", ["position"], "3"),
]


@pytest.mark.parametrize(("reason", "place", "value"), CHANGES)
def test_another_word_fails_and_says_where(reason: str, place: list[str | int], value: Any) -> None:
    document = deepcopy(answer())
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    report = checked(document)
    assert (report.verdict, report.act) == ("FAILED", None)
    assert report.failure is not None
    assert reason in report.failure


def test_a_leaf_of_another_type_stands_for_no_grant() -> None:
    """The act in question is proved to be in the log, and is still no grant."""
    document = answer()
    document["chain"].append(deepcopy(document["chain"][1]) | {"grant": "project:P", "position": 3})
    document["chain"][1]["via"] = None
    document["proof"]["items"].append(item(3, "grant", "project:P"))
    report = checked(document)
    assert report.failure is not None
    assert "auth.vest or auth.grant" in report.failure


def test_a_proof_that_nothing_refers_to_is_not_passed_over() -> None:
    document = answer()
    document["proof"]["items"].append(item(2, "post", "post:U1/X"))
    assert checked(document).verdict == "FAILED"


def test_an_erased_event_is_said_to_be() -> None:
    document = answer()
    document["proof"]["items"][2] |= {"payload": None, "salt": None}
    report = checked(document)
    assert (report.verdict, report.failure) == ("erased-content", None)
    assert any(line.startswith("link grant:1: ") and "grantee" in line for line in report.unchecked)
