"""Leaf version 1: a closed list of members, and the commitment to the event."""

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from contracts.proof import ProofFailed, check_payload, parse_leaf, payload_commitment
from contracts.proof.leaf import LEAF_SIZE_MAX

SALT = bytes(range(32))
EVENT = '{"specversion":"1.0","id":"1","data":{"name":"采购"}}'.encode()
MEMBERS: dict[str, Any] = {
    "v": 1,
    "origin": "example.com/log",
    "position": 7,
    "source": "urn:oa",
    "id": "e-7",
    "type": "contract.sign",
    "subject": "project:P-2026-017",
    "time": "2026-03-01T09:00:00+08:00",
    "recorded_at": "2026-03-01T01:00:02.000001Z",
    "actor": "person:P06",
    "payload_alg": "HMAC-SHA-256",
    "payload_commitment": b64encode(payload_commitment(SALT, EVENT)).decode(),
}
OPTIONAL = {
    "recordedtime": "2026-03-01T09:00:01+08:00",
    "role": "contract_signer",
    "unit": "unit:U001",
    "authority": "grant:G1",
    "onbehalfof": "person:P01",
}


def encoded(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("extra", [{}, OPTIONAL, {"unit": "unit:U001"}])
def test_a_leaf_gives_back_its_members(extra: dict[str, str]) -> None:
    assert parse_leaf(encoded(MEMBERS | extra)) == MEMBERS | extra


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_every_required_member_must_be_there(name: str) -> None:
    with pytest.raises(ProofFailed, match=f"member {name}"):
        parse_leaf(encoded({key: value for key, value in MEMBERS.items() if key != name}))


@pytest.mark.parametrize("name", sorted(MEMBERS | OPTIONAL))
@pytest.mark.parametrize("value", [None, True, "", [], {}, 0, 1.5, ["x"], -1])
def test_every_member_has_its_type(name: str, value: object) -> None:
    with pytest.raises(ProofFailed, match=r"leaf"):
        parse_leaf(encoded(MEMBERS | {name: value}))


@pytest.mark.parametrize("name", ["V", "payload", "note", "", "v "])
def test_an_unknown_member_is_refused_by_name(name: str) -> None:
    with pytest.raises(ProofFailed, match=f"actual the member {name}$"):
        parse_leaf(encoded(MEMBERS | {name: "x"}))


@pytest.mark.parametrize("version", [0, 2, "1", True])
def test_another_version_is_refused_before_anything_else(version: object) -> None:
    with pytest.raises(ProofFailed, match="leaf member v: expected 1, actual"):
        parse_leaf(encoded({"v": version}))


@pytest.mark.parametrize("value", ["", "x", "AAAA", b64encode(bytes(31)).decode(), b64encode(bytes(33)).decode()])
def test_the_commitment_is_base64_of_32_bytes(value: str) -> None:
    with pytest.raises(ProofFailed, match="payload_commitment"):
        parse_leaf(encoded(MEMBERS | {"payload_commitment": value}))


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"v"',
        b"\xff",
        b"\xef\xbb\xbf" + encoded(MEMBERS),
        encoded(MEMBERS) + b"x",
        encoded(MEMBERS).replace(b'"v":1', b'"v":1,"v":1'),
        encoded(MEMBERS).replace(b'"v":1', b'"v":1.0'),
        encoded(MEMBERS).replace(b'"v":1', b'"v":1e0'),
        encoded(MEMBERS).replace(b'"v":1', b'"v":NaN'),
        encoded(MEMBERS).replace(b'"position":7', b'"position":-0'),
        encoded(MEMBERS).replace(b'"position":7', b'"position":9223372036854775808'),
        encoded(MEMBERS).replace(b'"position":7', b'"position":' + b"9" * 5000),
        encoded(MEMBERS).replace(b"urn:oa", b"\\ud800"),
        encoded(MEMBERS).replace(b"urn:oa", b"\\uDC00"),
        encoded(MEMBERS).replace(b"urn:oa", b"\x00"),
        encoded(MEMBERS).replace(b"urn:oa", b"\xff"),
        encoded(MEMBERS).decode().encode("utf-16"),
        encoded(MEMBERS | {"id": "x" * LEAF_SIZE_MAX}),
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
)
def test_a_malformed_leaf_is_refused(leaf: bytes) -> None:
    with pytest.raises(ProofFailed, match="leaf"):
        parse_leaf(leaf)


def test_the_commitment_is_an_hmac_with_a_name_of_its_own() -> None:
    assert payload_commitment(SALT, EVENT) == hmac.digest(SALT, b"quanze/payload/v1\n" + EVENT, "sha256")
    # printf 'quanze/payload/v1\\n' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    assert payload_commitment(SALT, b"").hex() == "8064b290fc984da1e4318bc2fdd08831a8e5bf03b3f84db4b2d6bee2a9ea6cf9"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_salt_has_32_bytes(size: int) -> None:
    with pytest.raises(ProofFailed, match="salt"):
        payload_commitment(bytes(size), EVENT)


def test_the_event_fits_its_leaf() -> None:
    check_payload(parse_leaf(encoded(MEMBERS)), SALT, EVENT)


@pytest.mark.parametrize(("salt", "event"), [(SALT, EVENT + b" "), (SALT, b""), (SALT[::-1], EVENT), (b"", EVENT)])
def test_another_event_or_salt_does_not(salt: bytes, event: bytes) -> None:
    with pytest.raises(ProofFailed):
        check_payload(parse_leaf(encoded(MEMBERS)), salt, event)


def test_a_commitment_of_an_unknown_kind_is_not_believed() -> None:
    leaf = parse_leaf(encoded(MEMBERS | {"payload_alg": "none"}))
    with pytest.raises(ProofFailed, match="payload_alg"):
        check_payload(leaf, SALT, EVENT)
