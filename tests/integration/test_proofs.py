"""Signed heads and proofs, checked with the verifier that shares no code with the prover."""

import json
from hashlib import sha256

import msgspec
import psycopg
import pytest

from contracts.proof import Trust, VerifierKey, open_checkpoint, verify_document
from ledger.checkpoint import Checkpoints, Signing
from ledger.errors import Corrupt, Unknown
from ledger.reading import ConsistencyProof, InclusionProof
from ledger.signer import SigningKey
from tests.conftest import Database, TestLedger
from tests.events import event


@pytest.fixture
def key(signer: SigningKey) -> VerifierKey:
    return VerifierKey.parse(signer.vkey)


def fill(ledger: TestLedger, count: int) -> None:
    acts = [event("project.open", f"project:P{n}", "person:P1", title=f"项目{n}") for n in range(count)]
    for start in range(0, count, 1000):
        ledger.post(acts[start : start + 1000])


def document(proof: InclusionProof | ConsistencyProof) -> bytes:
    return msgspec.json.encode(proof)


def test_the_empty_log_has_a_signed_head(ledger: TestLedger, key: VerifierKey) -> None:
    head = open_checkpoint(ledger.ledger.checkpoints.newest().note.encode(), key)
    assert (head.origin, head.size) == ("localhost/quanze/test", 0)


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 513])
def test_every_inclusion_proof_verifies(ledger: TestLedger, key: VerifierKey, count: int) -> None:
    fill(ledger, count)
    step = max(1, count // 60)
    for position in {*range(1, count + 1, step), count, min(count, 256), min(count, 257)}:
        report = verify_document(
            document(ledger.ledger.reading.inclusion(position, None, with_payload=True)), Trust([key])
        )
        assert (report.verdict, report.failure) == ("verified-unwitnessed", None)
        assert report.act is not None
        assert report.act["position"] == position


def test_proofs_at_an_earlier_size_stay_possible(ledger: TestLedger, key: VerifierKey) -> None:
    fill(ledger, 300)
    for size in (1, 7, 255, 256, 257, 299):
        proof = ledger.ledger.reading.inclusion(1, size, with_payload=False)
        assert proof.tree_size == size
        assert verify_document(document(proof), Trust([key])).verdict == "verified-unwitnessed"


def test_every_consistency_proof_verifies(ledger: TestLedger, key: VerifierKey) -> None:
    fill(ledger, 520)
    for first, second in [(0, 520), (1, 2), (255, 256), (256, 512), (511, 513), (3, 520), (520, 520)]:
        report = verify_document(document(ledger.ledger.reading.consistency(first, second)), Trust([key]))
        assert (report.verdict, report.failure) == ("verified-unwitnessed", None)


def test_positions_and_sizes_beyond_the_log_are_unknown(ledger: TestLedger) -> None:
    fill(ledger, 3)
    for position, size in [(4, None), (3, 2), (1, 4)]:
        with pytest.raises(Unknown):
            ledger.ledger.reading.inclusion(position, size, with_payload=False)
    with pytest.raises(Unknown):
        ledger.ledger.reading.consistency(4, 3)


def test_an_erased_act_still_proves(ledger: TestLedger, database: Database, key: VerifierKey) -> None:
    fill(ledger, 2)
    database.tampered = True  # gone without an order
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET ROLE quanze_eraser")
        connection.execute("UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 1")
    report = verify_document(document(ledger.ledger.reading.inclusion(1, None, with_payload=True)), Trust([key]))
    assert report.verdict == "erased-content"
    assert ledger.ledger.reading.act(1, with_salt=True).event is None


def test_a_tile_is_the_leaf_hashes_and_a_partial_one_their_beginning(ledger: TestLedger) -> None:
    fill(ledger, 300)
    reading = ledger.ledger.reading
    full, partial = reading.tile("0/000"), reading.tile("0/001.p/44")
    assert (len(full), len(partial)) == (256 * 32, 44 * 32)
    assert reading.tile("0/000.p/10") == full[:320]
    assert len(reading.tile("1/000.p/1")) == 32
    for missing in ("0/002", "0/001", "0/001.p/45", "1/000", "0/1", "0/000.p/0", "0/000.p/256", "../x", "99/000"):
        with pytest.raises(Unknown):
            reading.tile(missing)
    for missing in (
        "0/x000/000",
        "0/x000/x000/000",
        "00/000",
        "0/٠٠٠",
        "٠/000",
        "0/000.p/1٠",
        "0/０００",
        "0/000.p/010",
    ):
        with pytest.raises(Unknown):
            reading.tile(missing)
    for missing in ("entries/001", "entries/001.p/45", "entries/000.p/256", "entries/1", "/entries", "0/000"):
        with pytest.raises(Unknown):
            reading.tile(missing, leaves=True)
    with pytest.raises(Unknown):
        reading.tile("entries/000")  # the leaves are not for everybody, the hashes are


def test_the_leaves_under_a_tile_hash_to_its_hashes(ledger: TestLedger) -> None:
    fill(ledger, 300)
    reading = ledger.ledger.reading
    for index, width in (("000", 256), ("000.p/7", 7), ("001.p/44", 44)):
        bundle, leaves = reading.tile(f"entries/{index}", leaves=True), list[bytes]()
        while bundle:
            size = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2 : 2 + size])
            bundle = bundle[2 + size :]
        assert len(leaves) == width
        assert b"".join(sha256(b"\x00" + leaf).digest() for leaf in leaves) == reading.tile(f"0/{index}")


def test_an_unchanged_log_keeps_its_note(ledger: TestLedger) -> None:
    fill(ledger, 2)
    assert ledger.ledger.checkpoints.newest() == ledger.ledger.checkpoints.newest()


def roll_back_to_two(database: Database) -> None:
    """Make a log of three acts what a restored dump would: one of two, whose head fits them."""
    database.tampered = True
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.entries WHERE position = 3")
        connection.execute(
            "UPDATE ledger.heads SET size = 2, root = leaves.root, frontier = leaves.root FROM"
            " (SELECT sha256('\\x01'::bytea || string_agg(leaf_hash, ''::bytea ORDER BY position)) AS root"
            "  FROM ledger.entries) AS leaves"
        )


def test_a_log_that_was_rolled_back_is_not_signed_again(ledger: TestLedger, database: Database) -> None:
    """A restored dump: the head says less than was signed."""
    fill(ledger, 3)
    ledger.ledger.checkpoints.newest()
    roll_back_to_two(database)
    with pytest.raises(Corrupt, match="rolled back"):
        ledger.ledger.checkpoints.newest()


def test_a_head_that_was_put_right_is_signed_again(ledger: TestLedger, database: Database) -> None:
    fill(ledger, 3)
    ledger.ledger.checkpoints.newest()
    signing = Signing(ledger.ledger.checkpoints)
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        before = connection.execute("SELECT root FROM ledger.heads").fetchone()
        assert before is not None
        connection.execute("UPDATE ledger.heads SET root = sha256('x')")
        signing.look()
        assert "another root" in str(signing.fault)
        connection.execute("UPDATE ledger.heads SET root = %s", before)
    signing.look()
    assert signing.fault is None


def test_a_changed_leaf_is_neither_shown_nor_signed_over(
    ledger: TestLedger, database: Database, signer: SigningKey
) -> None:
    fill(ledger, 3)
    ledger.ledger.checkpoints.newest()
    database.tampered = True
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.entries SET leaf_hash = sha256('x') WHERE position = 2")
    with pytest.raises(Corrupt, match="position 2"):
        ledger.ledger.reading.act(2, with_salt=False)
    with pytest.raises(Corrupt):  # size 2 was never signed; its tree now contradicts the head that was
        Checkpoints(ledger.ledger.pool, 1, signer).at(2)


def test_the_answer_to_a_post_is_what_the_proof_shows(ledger: TestLedger) -> None:
    receipt = ledger.post([event("project.open", "project:P1", "person:P1")])[0]
    proof = json.loads(document(ledger.ledger.reading.inclusion(1, None, with_payload=False)))
    assert proof["leaf_hash"] == receipt.leaf_hash
    assert proof["leaf_index"] == 0


def test_a_tlog_proof_verifies_and_no_byte_of_it_can_be_changed(ledger: TestLedger, key: VerifierKey) -> None:
    fill(ledger, 5)
    proof = ledger.ledger.reading.tlog_proof(3, 4).encode()
    assert proof.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
    report = verify_document(proof, Trust([key]))
    assert (report.verdict, report.failure) == ("verified-unwitnessed", None)
    assert report.act is not None
    assert report.act["position"] == 3
    for at in range(len(proof)):
        for byte in (proof[at] ^ 0x01, proof[at] ^ 0x20):
            changed = proof[:at] + bytes([byte]) + proof[at + 1 :]
            assert verify_document(changed, Trust([key])).verdict == "FAILED", at
        assert verify_document(proof[:at] + proof[at + 1 :], Trust([key])).verdict == "FAILED", at
    without = b"".join(line for line in proof.splitlines(keepends=True) if not line.startswith(b"extra"))
    assert "expected the leaf" in str(verify_document(without, Trust([key])).failure)
