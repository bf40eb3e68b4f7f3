"""A whole proof file: what is verified, what is erased, and that nothing else gets through or raises."""

import json
import random
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import contracts.proof
from contracts.proof import Trust, VerifierKey, node_hash, payload_commitment, verify_document
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import Frontier, leaf_hash

LOG = SigningKey(bytes(range(32)), "example.com/log")
OTHER = SigningKey(bytes(range(1, 33)), "example.com/other")
KEY, OTHER_KEY = VerifierKey.parse(LOG.vkey), VerifierKey.parse(OTHER.vkey)
SALT = bytes(range(32))
ALONE = "witnesses: none is named to rely on; the log alone stands for this tree"
EVENT = b'{"specversion":"1.0","id":"e-2"}'


def base64(value: bytes) -> str:
    return b64encode(value).decode()


def leaf(position: int, origin: str = LOG.origin, **changes: object) -> bytes:
    members: dict[str, object] = {
        "v": 1,
        "origin": origin,
        "position": position,
        "source": "urn:oa",
        "id": f"e-{position}",
        "type": "contract.sign",
        "subject": "project:P-1",
        "time": "2026-03-01T09:00:00+08:00",
        "recorded_at": "2026-03-01T01:00:02.000001Z",
        "actor": "person:P06",
        "payload_alg": "HMAC-SHA-256",
        "payload_commitment": base64(payload_commitment(SALT, EVENT)),
    }
    return json.dumps(members | changes, sort_keys=True, separators=(",", ":")).encode()


def note(size: int, root: bytes, signer: SigningKey = LOG, origin: str | None = None) -> str:
    return signer.sign(checkpoint_body(origin or signer.origin, size, root)).decode()


LEAVES = [leaf(position) for position in (1, 2, 3)]
H1, H2, H3 = (leaf_hash(one) for one in LEAVES)
ROOT = node_hash(node_hash(H1, H2), H3)


def inclusion(**changes: Any) -> dict[str, Any]:
    """Return the proof of position 2 of 3."""
    return {
        "leaf": base64(LEAVES[1]),
        "leaf_hash": base64(H2),
        "leaf_index": 1,
        "tree_size": 3,
        "hashes": [base64(H1), base64(H3)],
        "checkpoint": note(3, ROOT),
    } | changes


def consistency(**changes: Any) -> dict[str, Any]:
    """Return the proof from 2 leaves to 3."""
    return {
        "first_size": 2,
        "second_size": 3,
        "hashes": [base64(H3)],
        "first_checkpoint": note(2, node_hash(H1, H2)),
        "second_checkpoint": note(3, ROOT),
    } | changes


def encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


WITH_CONTENT = inclusion(payload=base64(EVENT), salt=base64(SALT))


def test_an_inclusion_proof_is_verified_and_its_leaf_shown() -> None:
    report = verify_document(encoded(inclusion()), Trust([KEY]))
    assert report.verdict == "verified-unwitnessed"
    assert report.failure is None
    assert report.act == json.loads(LEAVES[1])
    assert report.checks == (
        "leaf: version 1, position 2 of example.com/log",
        "leaf hash: the one these bytes have",
        "checkpoint: signed by example.com/log, 3 entries",
        "inclusion: 2 hashes lead from the leaf to the signed root",
        "payload: not in the file",
        ALONE,
    )


def test_the_event_is_checked_when_it_is_there() -> None:
    report = verify_document(encoded(WITH_CONTENT), Trust([KEY]))
    assert report.verdict == "verified-unwitnessed"
    assert report.checks[-2] == "payload: the event that the leaf commits to"


def test_an_erased_event_leaves_the_leaf_proved_and_says_so() -> None:
    report = verify_document(encoded(inclusion(payload=None, salt=None)), Trust([KEY]))
    assert report.verdict == "erased-content"
    assert report.failure is None
    assert report.act == json.loads(LEAVES[1])
    assert report.checks[-2].startswith("payload: erased")
    assert report.unchecked[0].startswith("by whose order")


@pytest.mark.parametrize("spoilt", [b"\xef\xbb\xbf{}", b"quanze/bundle@v1\r\n", b"c2sp.org/tlog-proof@v1\r\n"])
def test_a_file_that_a_program_tidied_up_is_told_as_that(spoilt: bytes) -> None:
    report = verify_document(spoilt, Trust([KEY]))
    assert (report.verdict, "byte order mark, or lines ended" in str(report.failure)) == ("FAILED", True)


def test_a_consistency_proof_is_verified() -> None:
    report = verify_document(encoded(consistency()), Trust([KEY]))
    assert (report.verdict, report.act, report.failure) == ("verified-unwitnessed", None, None)
    assert report.checks == (
        "first_checkpoint: signed by example.com/log, 2 entries",
        "second_checkpoint: signed by example.com/log, 3 entries",
        "consistency: the first 2 of 3 entries are unchanged",
        ALONE,
    )


def test_an_empty_log_is_the_beginning_of_the_log() -> None:
    document = consistency(first_size=0, hashes=[], first_checkpoint=note(0, Frontier().root()))
    assert verify_document(encoded(document), Trust([KEY])).verdict == "verified-unwitnessed"


def test_extension_lines_are_mentioned() -> None:
    body = checkpoint_body(LOG.origin, 3, ROOT) + b"extra\n"
    report = verify_document(encoded(inclusion(checkpoint=LOG.sign(body).decode())), Trust([KEY]))
    assert report.verdict == "verified-unwitnessed"
    assert "checkpoint: signed by example.com/log, 3 entries; 1 extension lines, not read" in report.checks


FAILURES: list[tuple[dict[str, Any], str]] = [
    ({}, "expected a bundle"),
    (inclusion(leaf=base64(LEAVES[0])), "position in the leaf"),
    (inclusion(leaf=base64(leaf(2, id="x"))), "leaf hash"),
    (inclusion(leaf=base64(leaf(2, id="x")), leaf_hash=base64(leaf_hash(leaf(2, id="x")))), "root hash"),
    (inclusion(leaf=base64(leaf(2, note="x"))), "the member note"),
    (inclusion(leaf=base64(b"{}")), "leaf member v"),
    (inclusion(leaf_hash=base64(H1)), "leaf hash"),
    (inclusion(leaf_hash=base64(H2[:31])), "leaf_hash: expected 32 bytes"),
    (inclusion(leaf_index=0), "position in the leaf"),
    (inclusion(leaf_index=-1), "integer"),
    (inclusion(leaf_index=True), "leaf_index: expected an integer, actual bool"),
    (inclusion(leaf_index=1.0), "integer"),
    (inclusion(leaf_index="1"), "leaf_index: expected an integer, actual str"),
    (inclusion(tree_size=4), "size of the checkpoint"),
    (inclusion(tree_size=10**30), "integer"),
    (inclusion(hashes=[]), "expected 2 hashes, actual 0 hashes"),
    (inclusion(hashes=[base64(H1), base64(H3), base64(H3)]), "expected 2 hashes"),
    (inclusion(hashes=[base64(H3), base64(H1)]), "root hash"),
    (inclusion(hashes=[base64(H1), base64(H3)[:-1]]), "base64"),
    (inclusion(hashes=[base64(H1), base64(H3) + "\n"]), "base64"),
    (inclusion(hashes=[base64(H1), base64(H3[:16])]), "32 bytes"),
    (inclusion(hashes=[base64(H1), None]), "NoneType"),
    (inclusion(hashes=base64(H1)), "an array"),
    (inclusion(hashes={}), "an array"),
    (inclusion(checkpoint=None), "checkpoint: expected text"),
    (inclusion(checkpoint=""), "note"),
    (inclusion(checkpoint=checkpoint_body(LOG.origin, 3, ROOT).decode()), "note"),
    (inclusion(checkpoint=note(3, ROOT, OTHER)), "by unknown keys"),
    (inclusion(checkpoint=note(3, ROOT, OTHER, LOG.origin)), "by unknown keys"),
    (inclusion(checkpoint=note(3, ROOT, LOG, OTHER.origin)), "checkpoint origin"),
    (inclusion(checkpoint=note(3, H1)), "root hash"),
    (inclusion(checkpoint=note(2, ROOT)), "size of the checkpoint"),
    (inclusion(payload=base64(EVENT)), "no salt"),
    (inclusion(salt=base64(SALT)), "no payload"),
    (inclusion(payload=None), "no payload"),
    (inclusion(payload=base64(EVENT), salt=None), "no salt"),
    (inclusion(payload=None, salt=base64(SALT)), "no payload"),
    (inclusion(payload=base64(EVENT + b" "), salt=base64(SALT)), "payload commitment"),
    (inclusion(payload=base64(EVENT), salt=base64(SALT[::-1])), "payload commitment"),
    (inclusion(payload=base64(EVENT), salt=base64(SALT[1:])), "salt"),
    (inclusion(payload=EVENT.decode(), salt=base64(SALT)), "base64"),
    (inclusion(payload=[], salt=[]), "expected text"),
    (inclusion(position=2), "the member position"),
    (inclusion() | consistency(), "the member first_checkpoint"),
    (consistency(first_size=3, second_size=2), "size of the first_checkpoint"),
    (consistency(second_size=2), "size of the second_checkpoint"),
    (consistency(hashes=[base64(H1)]), "root hash"),
    (consistency(hashes=[]), "at least one hash"),
    (consistency(first_checkpoint=note(2, H1)), "root hash of the"),
    (consistency(second_checkpoint=note(3, H1)), "root hash of the second tree"),
    (consistency(first_checkpoint=note(3, ROOT), second_checkpoint=note(2, H1), first_size=3, second_size=2), "sizes"),
    (consistency(payload=None, salt=None), "the member"),
]


@pytest.mark.parametrize(("document", "reason"), FAILURES)
def test_a_file_that_does_not_prove_fails_and_shows_no_act(document: dict[str, Any], reason: str) -> None:
    report = verify_document(encoded(document), Trust([KEY]))
    assert report.verdict == "FAILED"
    assert report.act is None
    assert report.failure is not None
    assert reason in report.failure


@pytest.mark.parametrize("name", sorted(inclusion()) + sorted(consistency()))
def test_every_member_of_a_file_is_needed(name: str) -> None:
    for document in (inclusion(), consistency()):
        if name in document:
            del document[name]
            assert verify_document(encoded(document), Trust([KEY])).verdict == "FAILED"


def test_a_leaf_of_another_log_is_not_proved_by_this_one() -> None:
    """Both logs are trusted, and one of them keeps a leaf that speaks in the name of the other."""
    stray = leaf(1, origin=LOG.origin)
    document: dict[str, Any] = {
        "leaf": base64(stray),
        "leaf_hash": base64(leaf_hash(stray)),
        "leaf_index": 0,
        "tree_size": 1,
        "hashes": [],
        "checkpoint": note(1, leaf_hash(stray), OTHER),
    }
    report = verify_document(encoded(document), Trust([KEY, OTHER_KEY]))
    assert report.failure is not None
    assert "origin in the leaf" in report.failure


def test_a_log_is_not_the_continuation_of_another() -> None:
    document = consistency(second_checkpoint=note(3, ROOT, OTHER))
    report = verify_document(encoded(document), Trust([KEY, OTHER_KEY]))
    assert report.failure is not None
    assert "origin of the second checkpoint" in report.failure


def test_without_a_key_nothing_is_verified() -> None:
    assert verify_document(encoded(inclusion()), Trust([])).verdict == "FAILED"
    assert verify_document(encoded(inclusion()), Trust([OTHER_KEY])).verdict == "FAILED"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b"\xff\xfe",
        b"[" * 1_000_000,
        b'{"leaf":' * 100_000,
        b"9" * 1_000_000,
        b'{"leaf_index":' + b"9" * 100_000 + b"}",
        b'{"first_size":NaN}',
        b'{"first_size":Infinity}',
        b'{"first_size":-Infinity}',
        b'{"first_size":1e400}',
        b'{"first_size":1,"first_size":1}',
        b'{"first_size":{"a":1,"a":1}}',
        b" " * 2_000_000,
        encoded(inclusion()) + b"{}",
        b"\xef\xbb\xbf" + encoded(inclusion()),
        encoded(inclusion()).decode().encode("utf-16"),
        encoded(inclusion()).replace(b'"tree_size":3', b'"tree_size":3,"tree_size":3'),
        encoded(inclusion(checkpoint="\N{EM DASH}")).replace("\N{EM DASH}".encode(), b"\\ud800"),
    ],
    ids=range(21),
)
def test_what_is_no_json_object_of_ours_fails_without_raising(document: bytes) -> None:
    report = verify_document(document, Trust([KEY]))
    assert report.verdict == "FAILED"
    assert report.failure is not None
    assert len(report.failure) < 300


@pytest.mark.parametrize("document", [WITH_CONTENT, inclusion(), consistency()], ids=["content", "leaf", "consistency"])
def test_no_changed_bit_of_a_file_goes_unnoticed(document: dict[str, Any]) -> None:
    """Without white space between tokens every bit of the file means something."""
    content = encoded(document)
    assert verify_document(content, Trust([KEY])).verdict == "verified-unwitnessed"
    for at in range(len(content) * 8):
        changed = bytearray(content)
        changed[at // 8] ^= 1 << at % 8
        assert verify_document(bytes(changed), Trust([KEY])).verdict == "FAILED", f"bit {at}"


def test_random_bytes_and_random_values_fail_without_raising() -> None:
    chance = random.Random(1)
    values: list[Callable[[], object]] = [
        lambda: None,
        lambda: chance.random() < 0.5,
        lambda: chance.randrange(-(2**70), 2**70),
        lambda: chance.random(),
        lambda: base64(chance.randbytes(chance.choice([0, 1, 31, 32, 33, 200]))),
        lambda: chance.randbytes(40).decode("latin-1"),
        lambda: [values[chance.randrange(len(values))]() for _ in range(chance.randrange(3))],
        lambda: {"v": values[chance.randrange(len(values))]()},
    ]
    names = [*WITH_CONTENT, *consistency(), "other"]
    for _ in range(3000):
        noise = chance.randbytes(chance.randrange(200))
        assert verify_document(noise, Trust([KEY])).verdict == "FAILED"
        document = chance.choice([inclusion, consistency])()
        for _ in range(chance.randrange(1, 4)):
            document[chance.choice(names)] = values[chance.randrange(len(values))]()
        verdict = verify_document(json.dumps(document).encode(), Trust([KEY])).verdict
        # Chance may find the two nulls that mean erased; anything else is no proof.
        assert verdict == "FAILED" or (verdict == "erased-content" and document["payload"] is document["salt"] is None)


def test_the_folder_works_alone_under_another_name(tmp_path: Path) -> None:
    """Standard library and `cryptography`: nothing else of ours, nothing of msgspec and the like, is loaded."""
    shutil.copytree(Path(contracts.proof.__file__).parent, tmp_path / "lifted")
    (tmp_path / "proof.json").write_bytes(encoded(WITH_CONTENT))
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from lifted import Trust, VerifierKey, verify_document
from pathlib import Path
trust = Trust([VerifierKey.parse({LOG.vkey!r})])
print(verify_document(Path({str(tmp_path)!r}, "proof.json").read_bytes(), trust).verdict)
print(sorted(sys.modules.keys() & {{"contracts", "ledger", "msgspec", "eventsourcing", "psycopg", "litestar"}}))
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["verified-unwitnessed", "[]"]
