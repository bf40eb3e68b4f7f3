"""Faults that were published of systems like this one. Each is tried here on ours, so that it is not ours as well."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import psycopg
import pytest

from contracts.proof import (
    ProofFailed,
    Trust,
    VerifierKey,
    node_hash,
    open_checkpoint,
    parse_policy,
    verify_consistency,
    verify_document,
    verify_inclusion,
)
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import Frontier, TileId, consistency_proof, inclusion_proof, leaf_hash, tile_root
from tests.acceptance.conftest import run
from tests.bundle_writer import block, tlog_proof
from tests.conftest import Database, TestLedger
from tests.events import event
from tests.fuzz.seeds import (
    LOG_KEY,
    ORIGIN,
    POLICY,
    SALT,
    Log,
    Stamped,
    acts,
    encoded,
    stamped,
    text,
    vkey_of,
)

SIZE = 520
"""Acts of a log with two full tiles and one tile above that is not full."""


@pytest.fixture
def recorded(ledger: TestLedger, database: Database) -> Database:
    ledger.post([event("project.open", f"project:P{n}", "person:P1", title=f"{n}") for n in range(SIZE)])
    ledger.ledger.checkpoints.newest()
    return database


@pytest.fixture
def whole(tmp_path: Path) -> Stamped:
    return stamped(tmp_path)


def verify_log(database: Database, tmp_path: Path) -> tuple[int, str]:
    """Run the command as an operator would: an exit status and what it printed."""
    ran = run(
        *("verify", "--log", database.dsn, "--log-key", database.signer.vkey),
        environment={"QUANZE_DATA": str(tmp_path)},
    )
    return ran.status, ran.out + ran.err


def test_cve_2026_56865_a_tile_is_checked_against_its_parent_up_to_the_signed_root() -> None:
    """
    CVE-2026-56865 (go.dev/issue/80744): a client took tiles for good whose hashes agreed among themselves, without
    asking whether the tile above them, and in the end the signed root, said the same. A proxy could forge two of them.

    Whatever is made from a forged tile leads to another root than the signed one.
    """
    leaves = [leaf_hash(b"%d" % number) for number in range(SIZE)]
    root = Frontier().append(leaves).root()
    rows = {TileId(0, 0, 256): leaves[:256], TileId(0, 1, 256): leaves[256:512], TileId(0, 2, 8): leaves[512:]}
    above = TileId(1, 0, 2)
    tiles = {**rows, above: [tile_root(leaves[:256]), tile_root(leaves[256:512])]}
    verify_inclusion(leaves[7], 7, SIZE, inclusion_proof(7, SIZE, tiles), root)

    lie = leaf_hash(b"forged")
    row = [*leaves[:7], lie, *leaves[8:256]]
    one = tiles | {TileId(0, 0, 256): row}
    two = one | {above: [tile_root(row), tiles[above][1]]}  # the tile above agrees with the forged one
    for forged in (one, two):
        for leaf, index in ((lie, 7), (leaves[6], 6), (leaves[5], 5)):
            with pytest.raises(ProofFailed):
                verify_inclusion(leaf, index, SIZE, inclusion_proof(index, SIZE, forged), root)
    # One whose path takes nothing of what was forged is good still. With the tile above it is not.
    verify_inclusion(leaves[300], 300, SIZE, inclusion_proof(300, SIZE, one), root)
    with pytest.raises(ProofFailed):
        verify_inclusion(leaves[300], 300, SIZE, inclusion_proof(300, SIZE, two), root)


def test_cve_2026_56865_the_full_check_finds_tiles_that_agree_with_themselves_alone(
    recorded: Database, tmp_path: Path
) -> None:
    """CVE-2026-56865: a forged tile with the root that it has is no better than one with another's root."""
    assert verify_log(recorded, tmp_path)[0] == 0
    recorded.tampered = True
    with psycopg.connect(recorded.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        found = connection.execute("SELECT hashes FROM ledger.tiles WHERE level = 0 AND index = 1").fetchone()
        assert found is not None
        hashes = [found[0][at : at + 32] for at in range(0, 8192, 32)]
        hashes[5] = leaf_hash(b"forged")
        changed = (b"".join(hashes), tile_root(hashes))
        connection.execute("UPDATE ledger.tiles SET hashes = %s, root = %s WHERE level = 0 AND index = 1", changed)
    status, said = verify_log(recorded, tmp_path)
    assert status == 1, said
    assert "FAILED" in said


def test_cve_2026_56864_what_lies_beside_the_proven_record_is_never_used(whole: Stamped) -> None:
    """
    CVE-2026-56864 (go.dev/issue/80745): a client proved one record and then used other data from the same answer,
    which nothing had proved.

    In a file of ours there is nothing beside: it is refused, or said to be unchecked and not taken into what is proved.
    """
    for extra in (block("note", b"paid in full"), block("held", b""), b"act 1 0 1\nx\ny\n", b"\n", b"more"):
        for file in (whole.file + extra, whole.file.replace(b"\nact ", b"\n" + extra + b"act ", 1)):
            assert not verify_document(file, whole.trust).accepted, extra

    log, trust = Log(acts()), Trust([LOG_KEY])
    another = tlog_proof(4, log.path(5, 9), log.note(9), log.acts[2].leaf)
    assert verify_document(another, trust).verdict == "FAILED"
    content = {"payload": text(log.acts[4].event or b""), "salt": text(SALT)}
    assert verify_document(encoded(log.inclusion(5, **content)), trust).accepted
    assert verify_document(encoded(log.inclusion(5, **content, amount="1")), trust).verdict == "FAILED"
    foreign = content | {"payload": text(log.acts[2].event or b"")}
    assert verify_document(encoded(log.inclusion(5, **foreign)), trust).verdict == "FAILED"

    answer = log.answer()
    answer["amount_paid"] = "1000000.00"
    report = verify_document(encoded(answer), trust)
    assert report.act == json.loads(log.acts[4].leaf)
    assert any("amount_paid" in each for each in report.unchecked)
    answer["proof"]["items"][0]["amount"] = "1000000.00"
    assert verify_document(encoded(answer), trust).verdict == "FAILED"


def test_cve_2022_36111_no_hash_in_the_middle_of_a_consistency_proof_is_passed_over() -> None:
    """
    CVE-2022-36111 (immudb): a proof of linear history of the system's own making left its middle unchecked, so that
    one head could be shown to continue two histories.

    Every hash of a proof counts, at every place, for all trees of up to 33 entries.
    """
    leaves = [leaf_hash(b"%d" % number) for number in range(33)]
    roots = [Frontier().append(leaves[:size]).root() for size in range(34)]
    tried = 0
    for first, second in combinations(range(1, 34), 2):
        proof = consistency_proof(first, second, {TileId(0, 0, second): leaves[:second]})
        verify_consistency(first, second, proof, roots[first], roots[second])
        for at, right in enumerate(proof):
            for wrong in (bytes([right[0] ^ 1]) + right[1:], roots[first], leaves[0], node_hash(right, right)):
                if wrong != right:
                    changed = [*proof[:at], wrong, *proof[at + 1 :]]
                    with pytest.raises(ProofFailed):
                        verify_consistency(first, second, changed, roots[first], roots[second])
                    tried += 1
    assert tried > 8_000


def test_cve_2022_36111_no_head_continues_two_histories() -> None:
    """CVE-2022-36111: two logs that part at some entry; what proves the one never proves the other."""
    for parted in range(12):
        ours = [leaf_hash(b"%d" % number) for number in range(24)]
        theirs = [*ours[:parted], *(leaf_hash(b"other %d" % number) for number in range(parted, 24))]
        for first in range(1, 24):
            roots = [Frontier().append(leaves[:first]).root() for leaves in (ours, theirs)]
            head = Frontier().append(ours).root()
            for leaves in (ours, theirs):
                proof = consistency_proof(first, 24, {TileId(0, 0, 24): leaves})
                if first > parted:
                    with pytest.raises(ProofFailed):
                        verify_consistency(first, 24, proof, roots[1], head)
                elif leaves is ours:
                    verify_consistency(first, 24, proof, roots[1], head)


def test_cve_2022_39199_what_is_trusted_goes_by_the_configured_origin_and_key(whole: Stamped) -> None:
    """
    CVE-2022-39199 (immudb): a client kept what it knew of a server under a name that the server told. Under another
    name the server could begin anew, and show an older or another history.

    Here it goes by the name and the key that the verifier was given: a log that calls itself otherwise is nobody, and
    one that takes the name without the key is, too.
    """
    log = Log(acts())
    files = [
        whole.file,
        tlog_proof(4, log.path(5, 9), log.note(9), log.acts[4].leaf),
        encoded(log.inclusion(5)),
        encoded(log.consistency(5)),
        encoded(log.answer()),
    ]
    namesake = VerifierKey.parse(SigningKey(bytes([7] * 32), ORIGIN).vkey)
    renamed = VerifierKey("example.com/other", LOG_KEY.key)
    policy = parse_policy(POLICY.replace(vkey_of(LOG_KEY).encode(), vkey_of(namesake).encode()))
    for file in files:
        assert verify_document(file, Trust([LOG_KEY])).accepted
        for trust in (Trust([namesake]), Trust([renamed]), Trust([namesake, renamed]), Trust(policy=policy), Trust()):
            assert verify_document(file, trust).verdict == "FAILED"
    for key in (namesake, renamed):
        with pytest.raises(ProofFailed):
            open_checkpoint(log.note(9), key)


def test_cve_2022_39199_what_was_held_of_one_log_says_nothing_of_another(whole: Stamped) -> None:
    """CVE-2022-39199: a kept checkpoint of another origin, or by a key that is not relied on, is no check of this."""
    other = SigningKey(bytes([7] * 32), "example.com/other")
    other_key = VerifierKey.parse(other.vkey)
    kept = [
        other.sign(checkpoint_body(other.origin, 5, bytes(32))),
        other.sign(checkpoint_body(other.origin, 99, bytes(32))),
        SigningKey(bytes([7] * 32), ORIGIN).sign(checkpoint_body(ORIGIN, 5, bytes(32))),
        Log(acts()).note(5).replace(ORIGIN.encode(), b"example.com/other"),
    ]
    for held in kept:
        trust = replace(whole.trust, keys=[LOG_KEY, other_key], held=held)
        assert verify_document(whole.file, trust).verdict == "FAILED"
    assert verify_document(whole.file, replace(whole.trust, keys=[LOG_KEY, other_key])).accepted


def test_tesseract_937_a_corrupted_log_does_not_end_with_status_0(recorded: Database, tmp_path: Path) -> None:
    """tesseract #937: the check of a whole log said what was wrong and ended with 0, so that no script noticed."""
    recorded.tampered = True
    with psycopg.connect(recorded.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.entries SET payload = set_byte(payload, 9, 0) WHERE position = 500")
    status, said = verify_log(recorded, tmp_path)
    assert (status, "500" in said) == (1, True), said


def test_tesseract_937_a_corrupted_file_does_not_end_with_status_0(whole: Stamped, tmp_path: Path) -> None:
    """tesseract #937: of several files one that fails is enough, wherever it stands, and whatever is printed."""
    good, bad = tmp_path / "good.bundle", tmp_path / "bad.bundle"
    good.write_bytes(whole.file)
    bad.write_bytes(whole.file.replace(b"150000.5", b"150000.6", 1))
    relied_on = ("--log-key", vkey_of(LOG_KEY))
    for files, status in (((good,), 0), ((bad,), 1), ((bad, good), 1), ((good, bad), 1)):
        for more in ((), ("--json",)):
            assert run("verify", *files, *relied_on, *more).status == status, (files, more)
