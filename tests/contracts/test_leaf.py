"""
What cannot be changed later: the leaf, byte for byte, and the words of the catalogue.

The design's own catalogue stays outside the project, in `shared/design` beside it or in `$QUANZE_SHARED/design`.
"""

import json
import os
import tomllib
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import Act, Duty, Pair, base_catalogue
from contracts.event import read_event
from contracts.leaf import LEAF_BYTES_MAX, PAYLOAD_ALG, PAYLOAD_PREFIX, Leaf, decode_leaf, encode_leaf
from contracts.proof import check_payload, leaf_hash, parse_leaf, payload_commitment
from ledger.acts import Draft, commitment
from tests.events import event

CATALOGUE = (
    Path(os.environ.get("QUANZE_SHARED") or Path(__file__).parents[2].parent / "shared") / "design" / "catalogue.toml"
)
EXAMPLES = int(os.environ.get("QUANZE_EXAMPLES", "100"))
"""Examples for each property: few in an ordinary run, many at night."""
SALT = bytes(range(32))

REQUIRED = (
    *("v", "origin", "position", "source", "id", "type", "subject", "time", "recorded_at", "actor"),
    *("payload_alg", "payload_commitment"),
)
OPTIONAL = ("recordedtime", "role", "unit", "authority", "onbehalfof")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
"""Any text there is: no lone surrogates, which are no text (RFC 8259 §8.2)."""
commitments = st.binary(min_size=32, max_size=32).map(lambda digest: b64encode(digest).decode())


@st.composite
def leaves(draw: st.DrawFn) -> Leaf:
    members: dict[str, Any] = {name: draw(texts) for name in REQUIRED}
    members |= {name: draw(texts) for name in draw(st.sets(st.sampled_from(OPTIONAL)))}
    members |= {"v": 1, "payload_alg": PAYLOAD_ALG, "position": draw(st.integers(1, 2**53 - 1))}
    members["payload_commitment"] = draw(commitments)
    return Leaf(**members)


def drafted(document: dict[str, Any]) -> Draft:
    return Draft.of(read_event(msgspec.json.encode(document), base_catalogue()))


def leaf_of(document: dict[str, Any], position: int = 7) -> bytes:
    return drafted(document).leaf("example.com/log", position, "2026-03-02T01:30:01.000001Z", SALT)


# The leaf


def test_a_leaf_of_an_act_byte_for_byte() -> None:
    """Never change this text: every leaf there is would change its hash."""
    document = event("contract.sign", "project:P-2026-017", "body:党组会", amount="128000.00") | {"id": 'oa-"17"\\'}
    payload = msgspec.json.encode(document)
    assert leaf_of(document).decode() == (
        '{"actor":"body:党组会","id":"oa-\\"17\\"\\\\","origin":"example.com/log","payload_alg":"HMAC-SHA-256",'
        f'"payload_commitment":"{commitment(SALT, payload)}","position":7,"recorded_at":"2026-03-02T01:30:01.000001Z",'
        '"source":"urn:test","subject":"project:P-2026-017","time":"2026-03-02T09:30:00+08:00",'
        '"type":"contract.sign","unit":"unit:U1","v":1}'
    )


def test_the_members_of_a_leaf() -> None:
    attributes = {
        "recordedtime": "2026-03-02T09:30:00.123456+08:00",
        "role": "contract_signer",
        "authority": "grant:G1",
        "onbehalfof": "person:P01",
        "traceparent": "00-abc",
    }
    document = event("contract.sign", "project:P-1", "person:P06", attributes=attributes, note="never in a leaf")
    members = json.loads(leaf_of(document))
    assert set(members) == {*REQUIRED, *OPTIONAL}
    assert {name: members[name] for name in document if name in members} == {
        name: value for name, value in document.items() if name in members
    }
    assert members["time"] == "2026-03-02T09:30:00+08:00"  # as received


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_member_that_is_absent_or_null_is_left_out(name: str) -> None:
    for attributes in ({}, {name: None}):
        document = event("unit.register", "unit:U1", "person:P06", attributes=attributes)
        assert set(json.loads(leaf_of(document))) == set(REQUIRED)


def test_a_leaf_says_nothing_of_the_payload_but_its_commitment() -> None:
    document = event("contract.sign", "project:P-1", "person:P06", amount="128000.00")
    payload = msgspec.json.encode(document)
    leaf = parse_leaf(leaf_of(document))
    check_payload(leaf, SALT, payload)
    assert sha256(payload).hexdigest().encode() not in leaf_of(document)
    assert b"128000" not in leaf_of(document)


def test_the_commitment_is_over_the_bytes_as_received() -> None:
    document = event("contract.sign", "project:P-1", "person:P06")
    text = json.dumps(document, indent=2).encode()
    found = Draft.of(read_event(text, base_catalogue()))
    check_payload(parse_leaf(found.leaf("o", 1, "2026-03-02T01:30:01.000001Z", SALT)), SALT, text)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_writer_and_verifier_commit_alike(salt: bytes, payload: bytes) -> None:
    assert commitment(salt, payload) == b64encode(payload_commitment(salt, payload)).decode()
    assert PAYLOAD_PREFIX == b"quanze/payload/v1\n"
    assert PAYLOAD_ALG == "HMAC-SHA-256"


@settings(max_examples=EXAMPLES, deadline=None)
@given(leaves())
def test_a_leaf_is_the_canonical_json_of_its_members(leaf: Leaf) -> None:
    """RFC 8785: sorted names, no white space, the shortest escapes."""
    text = encode_leaf(leaf)
    assert text == rfc8785.dumps(json.loads(text))
    assert text == rfc8785.dumps(msgspec.to_builtins(leaf))


@settings(max_examples=EXAMPLES, deadline=None)
@given(leaves())
def test_the_verifier_reads_what_the_ledger_writes(leaf: Leaf) -> None:
    text = encode_leaf(leaf)
    assert parse_leaf(text) == msgspec.to_builtins(leaf)
    assert decode_leaf(text) == leaf
    assert encode_leaf(decode_leaf(text)) == text


@settings(max_examples=EXAMPLES, deadline=None)
@given(leaves(), st.data())
def test_no_two_acts_have_one_leaf(leaf: Leaf, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*REQUIRED, *OPTIONAL]))
    if name not in ("v", "payload_alg"):
        other = data.draw(st.integers(1, 2**53 - 1) if name == "position" else texts)
        changed = msgspec.structs.replace(leaf, **{name: other})
        assert (encode_leaf(changed) == encode_leaf(leaf)) == (changed == leaf)
        assert (leaf_hash(encode_leaf(changed)) == leaf_hash(encode_leaf(leaf))) == (changed == leaf)


@pytest.mark.parametrize("char", ["购", "😀", "\\", '"', "é"])
def test_the_longest_act_fits_its_leaf(char: str) -> None:
    """What admission lets in at its limits is never too long for the log."""
    room = {name: 128 - len(name) - 1 for name in ("project", "person", "unit", "grant")}
    attributes = {
        "id": char * 128,
        "source": char * 256,
        "authority": "grant:" + char * room["grant"],
        "onbehalfof": "person:" + char * room["person"],
        "recordedtime": "2026-03-02T09:30:00.123456+08:00",
        "role": max(base_catalogue().roles, key=len),
    }
    document = event(
        "contract.amend",
        "project:" + char * room["project"],
        "person:" + char * room["person"],
        unit="unit:" + char * room["unit"],
        attributes=attributes,
    )
    leaf = drafted(document).leaf(char * 255, 2**53 - 1, "2026-03-02T01:30:01.000001Z", SALT)
    assert len(leaf) <= LEAF_BYTES_MAX
    parse_leaf(leaf)


def test_known_from_is_what_the_source_asserts_else_what_the_ledger_says() -> None:
    document = event("unit.register", "unit:U1", "person:P06")
    assert decode_leaf(leaf_of(document)).known_from() == datetime(2026, 3, 2, 1, 30, 1, 1, tzinfo=UTC)
    asserted = document | {"recordedtime": "2020-01-02T08:00:00+08:00"}
    assert decode_leaf(leaf_of(asserted)).known_from() == datetime(2020, 1, 2, tzinfo=UTC)


# The words: the shipped catalogue against the design's

needs_design = pytest.mark.skipif(
    not CATALOGUE.is_file(), reason=f"the design's catalogue is not at {CATALOGUE}; set QUANZE_SHARED to its folder"
)


@cache
def design() -> dict[str, Any]:
    return tomllib.loads(CATALOGUE.read_text("utf-8"))


def design_acts() -> dict[str, list[Any]]:
    tables = [rows for name, rows in design().items() if name not in ("roles", "skip", "incompatible")]
    return {name: row for rows in tables for name, row in rows.items()}


def as_designed(row: list[Any]) -> tuple[Any, ...]:
    options: dict[str, Any] = row[6] if len(row) == 7 else {}
    auth, ext = options.get("auth", row[1] == "D"), options.get("ext", 0)
    return (*row[:6], bool(auth), bool(ext), options.get("joint", 1), tuple(options.get("after", ())))


def as_shipped(act: Act) -> tuple[Any, ...]:
    words = (act.stage, act.act_class, act.role, act.object, act.zh, act.en)
    return (*words, act.needs_grant, act.decided_outside, act.joint_min, act.after)


def side(duties: tuple[Duty, ...]) -> str:
    return "|".join(duty.role + (f":{duty.function}" if duty.function else "") for duty in duties)


def pair_as_shipped(pair: Pair) -> tuple[Any, ...]:
    words = (side(pair.sides[0]), side(pair.sides[1]), pair.severity, pair.force, pair.citation)
    return (*words, pair.when, pair.scope, pair.on)


OWN = {"log.succeed", "log.renew_stamp"}
"""Acts by which a log outlives a stolen key and the certificates of its time stamps: no design had them."""


@needs_design
def test_the_acts_are_those_of_the_design() -> None:
    acts = base_catalogue().acts
    assert acts.keys() >= OWN
    shipped = {name: as_shipped(act) for name, act in acts.items() if name not in OWN}
    assert shipped == {name: as_designed(row) for name, row in design_acts().items()}
    assert len(shipped) >= 100


@needs_design
def test_the_roles_are_those_of_the_design() -> None:
    roles = {name: (role.zh, role.en) for name, role in base_catalogue().roles.items()}
    assert roles.keys() == {row[2] for row in design_acts().values()} | design()["roles"].keys()
    for name, titles in design()["roles"].items():
        assert roles[name] == tuple(titles)


@needs_design
def test_the_pairs_are_those_of_the_design() -> None:
    wanted: dict[str, tuple[Any, ...]] = {}
    for rule, row in design()["incompatible"].items():
        options: dict[str, Any] = row[5] if len(row) == 6 else {}
        scope, when, on = options.get("scope", "project"), options.get("when"), not options.get("off", 0)
        wanted[rule] = (*row[:5], when, scope, on)
    assert {rule: pair_as_shipped(pair) for rule, pair in base_catalogue().pairs.items()} == wanted
    assert len(wanted) >= 30


@needs_design
def test_what_methods_do_without_is_as_in_the_design() -> None:
    assert {name: sorted(acts) for name, acts in base_catalogue().skip.items()} == {
        name: sorted(acts) for name, acts in design()["skip"].items()
    }
