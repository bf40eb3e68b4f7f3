"""
A log made by hand, and one good file of every kind about it: what is mutated.

No ledger and no database: leaves, events, notes and the bundle are written by their descriptions, so that thousands of
logs a second can be made anew, with whatever in them, and signed.
"""

import json
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.proof import (
    Bundle,
    Continued,
    Entry,
    Policy,
    Stamp,
    Trust,
    VerifierKey,
    parse_policy,
    payload_commitment,
    summary_for,
)
from ledger.tree import Frontier, TileId, consistency_proof, inclusion_proof, leaf_hash
from tests.bundle_writer import tlog_proof, written
from tests.tsa import Tsa
from tests.witness import Cosigner

ORIGIN: Final = "example.com/log"
OWN: Final = f"urn:quanze:{ORIGIN}"
"""The source of what the log records about itself."""
PROJECT: Final = "project:P-1"
SALT: Final = bytes(range(32))
NOW: Final = int(time.time())

FIRST: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_KEY: Final = VerifierKey(ORIGIN, FIRST.public_key().public_bytes_raw())
NEXT: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
"""The key of the log from position 10 on."""


def vkey_of(key: VerifierKey) -> str:
    return f"{key.name}+{key.key_id.hex()}+{b64encode(bytes([1]) + key.key).decode()}"


NEXT_KEY: Final = VerifierKey(ORIGIN, NEXT.public_key().public_bytes_raw())
WITNESSES: Final = [
    Cosigner("w1.example", bytes([1] * 32)),
    Cosigner("w2.example", bytes([2] * 32)),
    Cosigner("w3.example", bytes([3] * 32), ml_dsa=True),
]
POLICY: Final = (
    "# Two of three\n"
    f"log {vkey_of(LOG_KEY)} https://log.example/\n"
    + "".join(f"witness w{number} {each.key.vkey}\n" for number, each in enumerate(WITNESSES, 1))
    + "group few any w3\ngroup all-of-them 2 w1 w2 few\n\nquorum all-of-them\n"
).encode()


class Act(NamedTuple):
    """An act as the log keeps it: the leaf, and the event unless it was erased."""

    leaf: bytes
    event: bytes | None


def act(
    position: int, type: str, subject: str, data: Mapping[str, Any], actor: str = "person:A", source: str = "urn:oa"
) -> Act:
    said = {
        "source": source,
        "id": f"e{position}",
        "type": type,
        "subject": subject,
        "time": f"2026-03-{position:02}T09:00:00+08:00",
        "actor": actor,
    }
    event = json.dumps({"specversion": "1.0", **said, "data": data}, ensure_ascii=False).encode()
    return Act(leaf_for(said, position, event), event)


def leaf_for(said: Mapping[str, Any], position: int, event: bytes) -> bytes:
    members = {
        "v": 1,
        "origin": ORIGIN,
        "position": position,
        "recorded_at": f"2026-03-{position:02}T01:00:00.000001Z",
        "payload_alg": "HMAC-SHA-256",
        "payload_commitment": b64encode(payload_commitment(SALT, event)).decode(),
        **said,
    }
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def acts(renewed: Mapping[str, str] | None = None) -> list[Act]:
    """Return the log: a project with the authority it rests on, an act of another, content erased by order."""
    stamp = renewed or {"response_sha256": "", "note_sha256": ""}
    change = {"vkey": vkey_of(NEXT_KEY), "retires": vkey_of(LOG_KEY)}
    return [
        act(1, "auth.vest", "grant:R", {"grant": "grant:R", "holder": "person:HEAD"}, "person:REG"),
        act(2, "auth.grant", "unit:U1", {"grant": "grant:1", "grantee": "person:A"}, "person:HEAD"),
        act(3, "project.open", PROJECT, {"title": '办公设备 "二"', "kind": "goods"}),
        act(4, "contract.draft", "project:P-2", {"contract": "C9"}),
        act(5, "contract.sign", PROJECT, {"amount": "150000.5", "contract": "C1", "more": [{"n": 1}, None, True]}),
        act(6, "pay.execute", PROJECT, {"amount": "5.00", "payment": "P1"})._replace(event=None),
        act(7, "data.erase", PROJECT, {"target": {"source": "urn:oa", "id": "e6"}, "legal_basis": "§ 47"}),
        act(8, "log.renew_stamp", f"log:{ORIGIN}", stamp, "system:ledger", OWN),
        act(9, "log.rotate_key", f"log:{ORIGIN}", change, "system:ledger", OWN),
        act(10, "accept.perform", PROJECT, {"amount": "150000.50"}),
    ]


class Log:
    """What proves these acts, each of the first 255."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self.acts = acts
        self._hashes = [leaf_hash(each.leaf) for each in acts]

    def body(self, size: int) -> bytes:
        root = Frontier().append(self._hashes[:size]).root()
        return b"%b\n%d\n%b\n" % (ORIGIN.encode(), size, b64encode(root))

    def note(self, size: int, *cosigners: Cosigner) -> bytes:
        body = self.body(size)
        line = signature_line(body, FIRST if size < 10 else NEXT)
        lines = [line, *(each.cosign(body, NOW - 60 * at) for at, each in enumerate(cosigners, 1))]
        return body + b"\n" + b"".join(lines)

    def path(self, position: int, size: int) -> list[bytes]:
        return inclusion_proof(position - 1, size, self._tiles(size))

    def continued(self, size: int, later: int) -> Continued:
        return Continued(self.note(size), tuple(consistency_proof(size, later, self._tiles(later))))

    def entry(self, position: int, note: bytes, size: int) -> Entry:
        leaf, event = self.acts[position - 1]
        proof = tlog_proof(position - 1, self.path(position, size), note)
        return Entry(leaf, event, SALT if event is not None else None, proof)

    def bundle(self, note: bytes, stamps: Sequence[Stamp] = (), held: Continued | None = None) -> Bundle:
        """Return the bundle of the project; its page is empty still."""
        entries = tuple(self.entry(position, note, 10) for position in range(1, 11) if position != 4)
        rotation = tlog_proof(8, self.path(9, 9), self.note(9))
        return Bundle(PROJECT, "", "", note, held, (rotation,), tuple(stamps), entries)

    def inclusion(self, position: int, **content: Any) -> dict[str, Any]:
        leaf = self.acts[position - 1].leaf
        return {
            "leaf": text(leaf),
            "leaf_hash": text(leaf_hash(leaf)),
            "leaf_index": position - 1,
            "tree_size": 9,
            "hashes": [text(each) for each in self.path(position, 9)],
            "checkpoint": self.note(9, *WITNESSES[:2]).decode(),
            **content,
        }

    def consistency(self, first: int) -> dict[str, Any]:
        older = self.continued(first, 9)
        return {
            "first_size": first,
            "second_size": 9,
            "hashes": [text(each) for each in older.hashes],
            "first_checkpoint": older.note.decode(),
            "second_checkpoint": self.note(9, *WITNESSES[:2]).decode(),
        }

    def answer(self) -> dict[str, Any]:
        """Return an answer about the contract: a root, a grant below it, whoever signed."""
        roles = ((5, "act", PROJECT), (1, "grant", "grant:R"), (2, "grant", "grant:1"))
        return {**_ANSWER, "proof": {"checkpoint": self.note(9).decode(), "items": [self._item(*of) for of in roles]}}

    def _item(self, position: int, role: str, name: str) -> dict[str, Any]:
        proved = self.inclusion(position)
        del proved["checkpoint"]
        event = self.acts[position - 1].event
        content = {"payload": text(event), "salt": text(SALT)} if event is not None else {}
        return {"position": position, "role": role, "name": name, **proved, **content}

    def _tiles(self, size: int) -> dict[TileId, list[bytes]]:
        return {TileId(0, 0, size): self._hashes[:size]}


def signature_line(body: bytes, signing: Ed25519PrivateKey) -> bytes:
    key = VerifierKey(ORIGIN, signing.public_key().public_bytes_raw())
    return f"— {ORIGIN} {b64encode(key.key_id + signing.sign(body)).decode()}\n".encode()


def text(value: bytes) -> str:
    return b64encode(value).decode()


def with_page(bundle: Bundle, trust: Trust) -> bytes:
    """Write a bundle with the page that fits it. Raises `ProofFailed` where none does."""
    page = summary_for(bundle, trust)
    return written(replace(bundle, summary_zh=page.zh, summary_en=page.en))


def encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Stamped:
    """A bundle that has everything, and what whoever verifies it relies on."""

    bundle: Bundle
    file: bytes
    trust: Trust
    stamp: Stamp
    policy: Policy


@cache
def stamped(directory: Path) -> Stamped:
    """Return the bundle: kept from 5, stamped at 7, renewed at 8, stamped again at 9, a new key at 10; witnesses."""
    authority = Tsa(directory)
    chain = (authority.leaf.der, authority.between.der, authority.root.der)
    seen = Log(acts()).continued(7, 7).note
    first = authority.stamp(seen)
    log = Log(acts({"response_sha256": sha256(first).hexdigest(), "note_sha256": sha256(seen).hexdigest()}))
    note = log.note(10, *WITNESSES)
    later = authority.stamp(log.note(9))
    stamps = [
        Stamp(log.continued(7, 10), first, chain),
        Stamp(log.continued(9, 10), later, chain),
    ]
    policy = parse_policy(POLICY)
    trust = Trust((), policy, authority.roots, log.note(5), 24 * 3600, NOW)
    bundle = log.bundle(note, stamps, log.continued(5, 10))
    return Stamped(bundle, with_page(bundle, trust), trust, stamps[0], policy)


_LINK: Final[Mapping[str, Any]] = {
    "kind": None,
    "via": None,
    "ceiling": None,
    "term": {"valid_from": None, "valid_until": None, "starts": "2026-03-01T01:00:00Z", "ends": None},
    "instrument": None,
    "known": "witnessed",
    "status_at_act": "live",
}
_ANSWER: Final[Mapping[str, Any]] = {
    "act": {
        "position": 5,
        "type": "contract.sign",
        "subject": PROJECT,
        "unit": None,
        "actor": "person:A",
        "asked": "person:A",
        "onbehalfof": None,
        "authority": None,
        "time": "2026-03-05T01:00:00Z",
        "known_from": "2026-03-05T01:00:00.000001Z",
        "known": "witnessed",
        "amount": "150000.50",
        "currency": "CNY",
    },
    "verdict": "VALID",
    "chain": [
        _LINK
        | {
            "grant": "grant:R",
            "kind": "root",
            "grantor": None,
            "grantee": "person:HEAD",
            "position": 1,
            "known_from": "2026-03-01T01:00:00.000001Z",
        },
        _LINK
        | {
            "grant": "grant:1",
            "grantor": "person:HEAD",
            "grantee": "person:A",
            "position": 2,
            "known_from": "2026-03-02T01:00:00.000001Z",
            "via": {"person": "person:A", "post": None, "principal": None, "acting": None, "acting_position": None},
        },
    ],
    "conditions": [],
    "failures": [],
    "position": 9,
}
