"""From a key that is trusted to the next: what a log's own evidence leads to, and where it breaks."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from contracts.proof import (
    BoundedKey,
    Checkpoint,
    ProofFailed,
    Report,
    Rotation,
    Trust,
    VerifierKey,
    check_succession,
    extend_trust,
    leaf_hash,
    node_hash,
    open_checkpoint,
    parse_key,
    parse_keys,
    parse_policy,
    parse_rotations,
    payload_commitment,
    verify_document,
)
from ledger.signer import KeyRing, SigningKey, checkpoint_body

ORIGIN = "example.com/log"
K1, K2, K3, K4 = (SigningKey(bytes([n] * 32), ORIGIN) for n in (1, 2, 3, 4))
THIEF = SigningKey(bytes([9] * 32), ORIGIN)
OTHER = SigningKey(bytes([5] * 32), "example.com/other")
SALT = bytes(range(32))


def key(signing: SigningKey) -> VerifierKey:
    return VerifierKey.parse(signing.vkey)


@dataclass
class Act:
    """An act at a position: its leaf and its event."""

    leaf: bytes
    payload: bytes


def act(position: int, type: str, data: dict[str, Any], *, origin: str = ORIGIN, **changes: str) -> Act:
    event = {
        "specversion": "1.0",
        "id": f"e-{position}",
        "source": f"urn:quanze:{origin}",
        "type": type,
        "subject": f"log:{origin}",
        "time": "2026-03-01T09:00:00Z",
        "actor": "system:quanze",
    } | changes
    payload = json.dumps(event | {"data": data}).encode()
    said = {name: value for name, value in event.items() if name != "specversion"}
    leaf = said | {
        "v": 1,
        "origin": origin,
        "position": position,
        "recorded_at": "2026-03-01T09:00:00.000001Z",
        "payload_alg": "HMAC-SHA-256",
        "payload_commitment": b64encode(payload_commitment(SALT, payload)).decode(),
    }
    return Act(json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode(), payload)


def rotates(position: int, old: SigningKey, new: SigningKey, **changes: str) -> Act:
    return act(position, "log.rotate_key", {"vkey": new.vkey, "retires": old.vkey}, **changes)


def root(hashes: Sequence[bytes]) -> bytes:
    """The recursion of RFC 9162 §2.1.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root(hashes[:split]), root(hashes[split:]))


def path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The recursion of RFC 9162 §2.1.3.1."""
    if len(hashes) == 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return [*path(index, hashes[:split]), root(hashes[split:])]
    return [*path(index - split, hashes[split:]), root(hashes[:split])]


def signed(acts: Sequence[Act], *keys: SigningKey) -> bytes:
    body = checkpoint_body(keys[0].origin, len(acts), root([leaf_hash(each.leaf) for each in acts]))
    return KeyRing(keys).sign(body)


def proof(acts: Sequence[Act], index: int, *keys: SigningKey) -> Rotation:
    """Return the evidence for the act at `index`, under the tree of all of these acts."""
    hashes = path(index, [leaf_hash(each.leaf) for each in acts])
    return Rotation(acts[index].leaf, SALT, acts[index].payload, index, tuple(hashes), signed(acts, *keys))


def opens(position: int) -> Act:
    return act(position, "project.open", {}, subject="project:P1", source="urn:oa")


LOG = [opens(1), rotates(2, K1, K2), opens(3), rotates(4, K2, K3), rotates(5, K3, K4), opens(6), opens(7)]
ROTATIONS = [proof(LOG[:2], 1, K1, K2), proof(LOG[:4], 3, K2, K3), proof(LOG[:6], 4, K3, K4)]


def test_a_holder_of_the_first_key_reaches_the_fourth_through_three_rotations() -> None:
    trusted = extend_trust([key(K1)], ROTATIONS)
    assert trusted == [key(K1), key(K2), key(K3), key(K4)]
    newest = signed(LOG, K4)
    assert open_checkpoint(newest, *trusted).size == 7
    with pytest.raises(ProofFailed):
        open_checkpoint(newest, key(K1))


def test_a_proof_that_the_fourth_key_signed_verifies_for_a_holder_of_the_first() -> None:
    document = json.dumps(
        {
            "leaf": b64encode(LOG[6].leaf).decode(),
            "leaf_hash": b64encode(leaf_hash(LOG[6].leaf)).decode(),
            "leaf_index": 6,
            "tree_size": 7,
            "hashes": [b64encode(each).decode() for each in path(6, [leaf_hash(each.leaf) for each in LOG])],
            "checkpoint": signed(LOG, K4).decode(),
        }
    ).encode()
    assert verify_document(document, Trust([key(K1)])).verdict == "FAILED"
    assert verify_document(document, Trust(extend_trust([key(K1)], ROTATIONS))).verdict == "verified-unwitnessed"


def written(rotation: Rotation, **changes: Any) -> bytes:
    members: dict[str, Any] = {
        "leaf": b64encode(rotation.leaf).decode(),
        "leaf_hash": b64encode(leaf_hash(rotation.leaf)).decode(),
        "leaf_index": rotation.index,
        "tree_size": int(rotation.checkpoint.split(b"\n")[1]),
        "hashes": [b64encode(each).decode() for each in rotation.hashes],
        "checkpoint": rotation.checkpoint.decode(),
        "payload": b64encode(rotation.payload).decode(),
        "salt": b64encode(rotation.salt).decode(),
    }
    left = {name: value for name, value in (members | changes).items() if value is not ...}
    return json.dumps({"rotations": [left]}).encode()


def test_a_file_of_rotations_is_read_as_it_was_written() -> None:
    assert [parse_rotations(written(each)) for each in ROTATIONS] == [[each] for each in ROTATIONS]


@pytest.mark.parametrize(
    "changes",
    [
        *({name: ...} for name in ("leaf", "leaf_hash", "leaf_index", "tree_size", "hashes", "checkpoint", "salt")),
        {"payload": None},
        {"payload": "x"},
        {"more": 1},
        {"tree_size": 3},
        {"leaf_hash": b64encode(bytes(32)).decode()},
        {"leaf_index": "1"},
        {"checkpoint": ""},
        {"checkpoint": "no note"},
        {"hashes": [1]},
    ],
)
def test_a_file_of_rotations_that_says_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofFailed):
        parse_rotations(written(ROTATIONS[0], **changes))


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"rotations": {}}', b'{"rotations": [1]}', b'{"rotations": [], "x": 1}']
)
def test_a_file_of_something_else_is_refused(document: bytes) -> None:
    with pytest.raises(ProofFailed):
        parse_rotations(document)


def test_one_checkpoint_may_hold_several_rotations_that_its_signers_retire() -> None:
    assert extend_trust([key(K2)], [proof(LOG, 3, K2, K3), proof(LOG, 4, K2, K3)]) == [key(K2), key(K3), key(K4)]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_link_breaks_the_chain(missing: int) -> None:
    left = ROTATIONS[:missing] + ROTATIONS[missing + 1 :]
    if missing == 2:
        assert extend_trust([key(K1)], left) == [key(K1), key(K2), key(K3)]
    else:
        with pytest.raises(ProofFailed):
            extend_trust([key(K1)], left)


def test_links_in_another_order_prove_nothing() -> None:
    with pytest.raises(ProofFailed):
        extend_trust([key(K1)], [ROTATIONS[1], ROTATIONS[0]])


def flipped(value: bytes) -> bytes:
    return value[:-2] + bytes([value[-2] ^ 1]) + value[-1:]


GOOD = ROTATIONS[0]
BROKEN = {
    "another leaf": replace(GOOD, leaf=LOG[0].leaf),
    "a changed leaf": replace(GOOD, leaf=flipped(GOOD.leaf)),
    "another salt": replace(GOOD, salt=flipped(SALT)),
    "another payload": replace(GOOD, payload=GOOD.payload.replace(K2.vkey.encode(), THIEF.vkey.encode())),
    "another index": replace(GOOD, index=0),
    "a path too short": replace(GOOD, hashes=()),
    "another path": replace(GOOD, hashes=(flipped(GOOD.hashes[0]),)),
    "a changed checkpoint": replace(GOOD, checkpoint=GOOD.checkpoint.replace(b"\n2\n", b"\n3\n")),
    "a checkpoint before it": replace(GOOD, checkpoint=signed(LOG[:1], K1)),
    "a checkpoint of another log": replace(GOOD, checkpoint=signed(LOG[:2], OTHER)),
    "signed by the new key alone": proof(LOG[:2], 1, K2),
    "signed by nobody known": proof(LOG[:2], 1, THIEF),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_link_is_refused(what: str) -> None:
    assert extend_trust([key(K1)], [GOOD]) == [key(K1), key(K2)]
    with pytest.raises(ProofFailed):
        extend_trust([key(K1)], [BROKEN[what]])


def test_every_byte_of_a_link_counts() -> None:
    for name in ("leaf", "salt", "payload", "checkpoint"):
        value: bytes = getattr(GOOD, name)
        for at in range(len(value)):
            if name == "checkpoint" and at >= value.rindex("—".encode()):
                continue  # the line of a key that is not trusted yet: ignored, as signed-note wants
            changed = replace(GOOD, **{name: value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]})
            with pytest.raises(ProofFailed):
                extend_trust([key(K1)], [changed])


FORGED = {
    "by whoever may post": rotates(2, K1, THIEF, source="urn:oa"),
    "about another log": rotates(2, K1, THIEF, subject="log:example.com/other"),
    "as another act": act(2, "doc.prepare", {"vkey": THIEF.vkey, "retires": K1.vkey}),
    "retiring a key that did not sign": rotates(2, K3, THIEF),
    "to a key of another log": act(2, "log.rotate_key", {"vkey": OTHER.vkey, "retires": K1.vkey}),
    "to the same key": rotates(2, K1, K1),
    "at another place than it says": rotates(5, K1, THIEF),
    "to no key": act(2, "log.rotate_key", {"vkey": "x", "retires": K1.vkey}),
    "to nothing": act(2, "log.rotate_key", {"retires": K1.vkey}),
    "to a number": act(2, "log.rotate_key", {"vkey": 1, "retires": K1.vkey}),
    "of another origin": act(2, "log.rotate_key", {"vkey": THIEF.vkey, "retires": K1.vkey}, origin="example.com/other"),
}


@pytest.mark.parametrize("what", FORGED)
def test_an_act_that_is_no_rotation_of_this_log_proves_no_key(what: str) -> None:
    """Under a checkpoint that the trusted key really signed."""
    with pytest.raises(ProofFailed):
        extend_trust([key(K1)], [proof([LOG[0], FORGED[what]], 1, K1)])


def test_the_act_must_retire_a_key_that_signed_not_just_one_that_is_trusted() -> None:
    with pytest.raises(ProofFailed, match="retires"):
        extend_trust([key(K1), key(K2)], [proof(LOG[:2], 1, K2)])


def test_a_key_that_is_trusted_already_is_not_trusted_twice() -> None:
    assert extend_trust([key(K1), key(K2)], ROTATIONS[:1]) == [key(K1), key(K2)]


# Bounds


def test_a_bounded_key_vouches_for_no_larger_tree() -> None:
    bounded = parse_key(f"{K1.vkey} until 3")
    assert open_checkpoint(signed(LOG[:3], K1), bounded).size == 3
    with pytest.raises(ProofFailed, match="at most 3"):
        open_checkpoint(signed(LOG[:4], K1), bounded)
    assert open_checkpoint(signed(LOG[:4], K1, K2), bounded, key(K2)).size == 4


def test_a_bounded_key_does_not_lead_on_from_a_larger_tree() -> None:
    late = proof(LOG[:4], 1, K1)
    assert extend_trust([key(K1)], [late]) == [key(K1), key(K2)]
    with pytest.raises(ProofFailed):
        extend_trust([parse_key(f"{K1.vkey} until 3")], [late])
    with pytest.raises(ProofFailed, match="retires"):  # another key opens the checkpoint, and retires nothing
        extend_trust([parse_key(f"{K1.vkey} until 3"), key(K4)], [proof(LOG[:4], 1, K1, K4)])


def test_no_act_lifts_a_bound() -> None:
    bounded = parse_key(f"{K2.vkey} until 3")
    trusted = extend_trust([key(K1), bounded], ROTATIONS[:1])
    assert trusted == [key(K1), bounded]
    with pytest.raises(ProofFailed):
        open_checkpoint(signed(LOG[:4], K2), *trusted)


def test_a_key_that_is_given_with_a_bound_and_without_one_is_bounded() -> None:
    bounded = parse_key(f"{K1.vkey} until 3")
    policy = parse_policy(f"log {K1.vkey}\nlog {K2.vkey}\nquorum none\n".encode())
    for keys in ([bounded], [key(K1), bounded], [bounded, key(K1)]):
        assert set(Trust(keys, policy).log_keys) == {bounded, key(K2)}


@pytest.mark.parametrize("bound", ["", "x", "-1", "01", "1.0", " 1", "1 ", "9" * 19, "1 until 2"])
def test_a_bound_that_is_no_size_is_refused(bound: str) -> None:
    with pytest.raises(ProofFailed):
        parse_key(f"{K1.vkey} until {bound}")


def test_a_file_of_keys_has_one_a_line_and_comments() -> None:
    text = f"# live\n{K2.vkey}\n\n  # retired\n{K1.vkey} until 12\n"
    assert parse_keys(text) == [key(K2), BoundedKey(ORIGIN, K1.public_key, 12)]


@pytest.mark.parametrize("weak", [bytes(32), (2**255 - 18).to_bytes(32, "little")])
def test_a_key_file_holds_no_key_that_proves_nothing(weak: bytes) -> None:
    signing = SigningKey(bytes([1] * 32), ORIGIN)
    signing.public_key = weak
    for line in (signing.vkey, f"{signing.vkey} until 5"):
        with pytest.raises(ProofFailed):
            parse_keys(line)


# Succession


FINAL = signed(LOG, K4)
NEW_ORIGIN = "example.com/log-2"
NEW_LOG = SigningKey(bytes([6] * 32), NEW_ORIGIN)


def successor(position: int = 1, type: str = "log.succeed", origin: str = NEW_ORIGIN, **changes: Any) -> Act:
    data = {
        "predecessor": ORIGIN,
        "size": len(LOG),
        "root": b64encode(root([leaf_hash(each.leaf) for each in LOG])).decode(),
        "checkpoint": FINAL.decode(),
        "reason": "stolen",
    }
    attributes = {name: changes.pop(name) for name in ("source", "subject") if name in changes}
    return act(
        position,
        type,
        {name: value for name, value in (data | changes).items() if value is not None},
        origin=origin,
        **attributes,
    )


def test_a_successor_commits_to_the_final_checkpoint_of_its_predecessor() -> None:
    first = successor()
    ended = check_succession(first.leaf, SALT, first.payload, FINAL, [key(K4)])
    assert ended == Checkpoint(ORIGIN, 7, root([leaf_hash(each.leaf) for each in LOG]))


def first_proof(**changes: Any) -> dict[str, Any]:
    """The proof of the first act of the new log, whose key is another."""
    first = successor(**changes)
    head = NEW_LOG.sign(checkpoint_body(NEW_ORIGIN, 1, leaf_hash(first.leaf))).decode()
    return {
        "leaf": b64encode(first.leaf).decode(),
        "leaf_hash": b64encode(leaf_hash(first.leaf)).decode(),
        "leaf_index": 0,
        "tree_size": 1,
        "hashes": [],
        "checkpoint": head,
        "payload": b64encode(first.payload).decode(),
        "salt": b64encode(SALT).decode(),
    }


def test_a_proof_of_the_first_act_proves_the_succession() -> None:
    keys = [key(K4), VerifierKey.parse(NEW_LOG.vkey)]

    def verified(document: dict[str, Any], final: bytes = FINAL, keys: list[VerifierKey] = keys) -> Report:
        return verify_document(json.dumps(document).encode(), Trust(keys, predecessor=final))

    good = first_proof()
    assert verified(good).verdict == "verified-unwitnessed"
    assert f"succession: the log goes on where {ORIGIN} ended, at 7 entries" in verified(good).checks
    for what in WRONG.keys() - {"not the first act", "its own predecessor", "half a character"}:
        assert verified(first_proof(**WRONG[what])).verdict == "FAILED", what
    bare = {name: value for name, value in good.items() if name not in ("payload", "salt")}
    for changed in (bare, {**good, "payload": None, "salt": None}):
        assert "the event and its salt" in str(verified(changed).failure)
    assert verified(good, signed(LOG[:6], K4)).verdict == "FAILED"
    assert verified(good, keys=keys[1:]).verdict == verified(good, keys=keys[:1]).verdict == "FAILED"
    assert verify_document(b"quanze/bundle@v1\n", Trust(keys, predecessor=FINAL)).verdict == "FAILED"


def test_a_copy_of_the_final_checkpoint_with_more_signatures_is_the_same() -> None:
    first = successor()
    assert check_succession(first.leaf, SALT, first.payload, FINAL + OTHER.line(b"x\n").encode(), [key(K4)]).size == 7


WRONG: dict[str, dict[str, Any]] = {
    "not the first act": {"position": 2},
    "another act": {"type": "log.rotate_key"},
    "posted by somebody": {"source": "urn:oa"},
    "about another log": {"subject": "log:example.com/other"},
    "its own predecessor": {"origin": ORIGIN},
    "another predecessor": {"predecessor": "example.com/other"},
    "another size": {"size": 6},
    "another root": {"root": b64encode(bytes(32)).decode()},
    "an earlier checkpoint": {"checkpoint": signed(LOG[:6], K4).decode()},
    "a checkpoint by a thief": {"checkpoint": signed(LOG, THIEF).decode()},
    "no checkpoint": {"checkpoint": None},
    "no predecessor": {"predecessor": None},
    "no root": {"root": None},
    "no size": {"size": None},
    "half a character": {"checkpoint": "\ud800"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_first_act_that_commits_to_something_else_is_refused(what: str) -> None:
    first = successor(**WRONG[what])
    with pytest.raises(ProofFailed):
        check_succession(first.leaf, SALT, first.payload, FINAL, [key(K4)])


def test_a_final_checkpoint_that_nobody_trusted_signed_is_refused() -> None:
    first = successor()
    for final, keys in ((signed(LOG, THIEF), [key(K4)]), (FINAL, [key(K1)]), (signed(LOG[:6], K4), [key(K4)])):
        with pytest.raises(ProofFailed):
            check_succession(first.leaf, SALT, first.payload, final, keys)
    with pytest.raises(ProofFailed):
        check_succession(first.leaf, flipped(SALT), first.payload, FINAL, [key(K4)])
