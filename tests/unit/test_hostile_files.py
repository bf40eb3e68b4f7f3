"""What a fuzzer found, each on its own: files that made the verifier raise, accept another spelling, or never end."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from contracts.proof import Bundle, Stamp, Trust, verify_document
from contracts.proof.binding import no_later, same_instant
from contracts.proof.timestamp_signer import certificates
from tests.bundle_writer import tlog_proof, written
from tests.fuzz.seeds import (
    LOG_KEY,
    NEXT_KEY,
    NOW,
    ORIGIN,
    OWN,
    PROJECT,
    SALT,
    Act,
    Log,
    Stamped,
    act,
    acts,
    encoded,
    stamped,
    text,
    with_page,
)
from tests.tsa import Tsa

TRUST = Trust([LOG_KEY])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    return stamped(tmp_path_factory.mktemp("authority"))


def refused(bundle: Bundle, whole: Stamped) -> str:
    report = verify_document(written(bundle), whole.trust)
    assert not report.accepted
    return str(report.failure)


def test_a_number_too_long_for_python_fails_a_leaf() -> None:
    leaf = acts()[4].leaf.replace(b'"position":5', b'"position":' + b"9" * 5000)
    log = Log([*acts()[:4], Act(leaf, None)])
    report = verify_document(tlog_proof(4, log.path(5, 5), log.note(5), leaf), TRUST)
    assert report.verdict == "FAILED"


def test_an_instant_that_no_calendar_holds_in_every_zone_is_no_instant() -> None:
    for outside in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert not same_instant(outside, outside)
        assert not no_later(outside, "2026-03-05T01:00:00Z")
        answer = Log(acts()).answer()
        answer["act"] = answer["act"] | {"time": outside}
        report = verify_document(encoded(answer), TRUST)
        assert "act: time" in str(report.failure)


def test_what_is_nested_as_deeply_as_can_be_read_fails_without_raising() -> None:
    """What Python just reads it may not be able to print: so every depth around the limit is tried."""
    answer = Log(acts()).answer()
    answer["act"] = answer["act"] | {"currency": "DEEP"}
    file = encoded(answer)
    for depth in range(800, 1000):
        report = verify_document(file.replace(b'"DEEP"', b"[" * depth + b"]" * depth), TRUST)
        assert report.verdict == "FAILED"


def test_a_correction_whose_fields_are_no_object_fails() -> None:
    for fields in ("actor", ["actor"], 7):
        correction = act(9, "act.correct", PROJECT, {"corrects": {"source": "urn:oa", "id": "e5"}, "fields": fields})
        log = Log([*acts()[:8], correction])
        answer = log.answer()
        proved = log.inclusion(9, payload=text(correction.event or b""), salt=text(SALT))
        del proved["checkpoint"]
        answer["proof"]["items"].append({"position": 9, "role": "correction", "name": "", **proved})
        assert "fields" in str(verify_document(encoded(answer), TRUST).failure)


def test_a_link_without_a_way_says_that_it_has_none() -> None:
    answer = Log(acts()).answer()
    root, grant = answer["chain"]
    answer["chain"] = [{name: value for name, value in root.items() if name != "via"}, grant]
    assert "chain" in str(verify_document(encoded(answer), TRUST).failure)


def test_stamps_stand_in_one_order_and_each_once(whole: Stamped) -> None:
    first, second = whole.bundle.stamps
    bundle = replace(whole.bundle, **pages(whole))
    for stamps in ((second, first), (first, first, second), (first, second, second)):
        assert "time stamp" in refused(replace(bundle, stamps=stamps), whole)


def test_certificates_of_a_stamp_are_its_chain_in_order(whole: Stamped) -> None:
    """Those that the answer of the authority brings, too: it could be left out or told twice unseen."""
    first, second = whole.bundle.stamps
    leaf, between, root = first.certificates
    bundle = replace(whole.bundle, **pages(whole))
    for others in ((between, leaf, root), (leaf, leaf, between, root), (between, root), (root,), (leaf, root)):
        changed = replace(first, certificates=others)
        assert "certificate" in refused(replace(bundle, stamps=(changed, second)), whole)


def test_a_certificate_with_a_number_that_is_not_positive_fails_without_a_warning(whole: Stamped) -> None:
    first, second = whole.bundle.stamps
    leaf, between, root = first.certificates
    number = leaf.index(bytes.fromhex("a003020102 02")) + 7
    negative = leaf[:number] + bytes([leaf[number] | 0x80]) + leaf[number + 1 :]
    changed = replace(first, certificates=(negative, between, root))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert "a positive number" in refused(replace(whole.bundle, **pages(whole), stamps=(changed, second)), whole)
    assert warned == []


@pytest.mark.parametrize("number", [1, 0x7F, 0x80, 0xFF << 64, 1 << 158])
def test_a_positive_number_of_a_certificate_is_taken(number: int) -> None:
    """One whose first bit is set is written with a zero before it."""
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "n")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), number, now, now + timedelta(days=1))
    der = builder.sign(key, None).public_bytes(Encoding.DER)
    assert list(certificates([der])) == [der]


def test_a_rotation_stands_once(whole: Stamped) -> None:
    bundle = replace(whole.bundle, **pages(whole))
    assert "rotation" in refused(replace(bundle, rotations=bundle.rotations * 2), whole)


def pages(whole: Stamped) -> dict[str, str]:
    page = verify_document(whole.file, whole.trust).summary
    assert page is not None
    return {"summary_zh": page.zh, "summary_en": page.en}


def renewed_again_and_again(directory: Path, count: int) -> tuple[bytes, Trust]:
    """Return a bundle of `count` stamps, each renewed by the next, and trust at a time when all have ended."""
    authority = Tsa(directory)
    chain = (authority.leaf.der, authority.between.der, authority.root.der)
    log: list[Act] = [act(1, "project.open", PROJECT, {"title": "T"})]
    answers: list[bytes] = []
    for position in range(2, 2 + count):
        note = Log(log).note(position - 1)
        answers.append(authority.stamp(note))
        hashes = {"response_sha256": sha256(answers[-1]).hexdigest(), "note_sha256": sha256(note).hexdigest()}
        log.append(act(position, "log.renew_stamp", f"log:{ORIGIN}", hashes, "system:ledger", OWN))
    whole = Log(log)
    size = len(log)
    stamps = [Stamp(whole.continued(at, size), answer, chain) for at, answer in enumerate(answers, 1)]
    note = whole.note(size)
    entries = tuple(whole.entry(position, note, size) for position in range(1, size + 1))
    trust = Trust([LOG_KEY, NEXT_KEY], stamp_roots=authority.roots, now=NOW + 5000 * 24 * 3600)
    return with_page(Bundle(PROJECT, "", "", note, None, (), tuple(stamps), entries), trust), trust


def test_more_changes_of_the_key_than_any_log_has_are_not_gone_through(whole: Stamped) -> None:
    assert "rotations: expected at most 1000" in refused(replace(whole.bundle, rotations=(b"x",) * 1_001), whole)


def test_many_stamps_that_renewed_each_other_are_judged_at_once(tmp_path: Path) -> None:
    """Any later one may have renewed an earlier one: to try every way through 24 of them would take minutes."""
    file, trust = renewed_again_and_again(tmp_path, 24)
    began = time.thread_time()
    report = verify_document(file, trust)
    assert time.thread_time() - began < 2
    told: Sequence[str] = [each for each in report.checks if each.startswith("time stamp")]
    assert len(told) == 24
    assert all("not counted" in each for each in told)
