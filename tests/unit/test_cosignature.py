"""Cosignatures: whose count, what they cover, and what spoils a note."""

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.proof import ProofFailed, VerifierKey, open_checkpoint
from contracts.proof.cosignature import TIME_MAX, WitnessKey, cosigned
from contracts.proof.note import split_note
from ledger.signer import SigningKey, checkpoint_body
from tests.witness import Cosigner

LOG = SigningKey(bytes(range(32)), "example.com/log")
LOG_KEY = VerifierKey.parse(LOG.vkey)
W1 = Cosigner("example.com/w1", bytes(range(1, 33)))
W2 = Cosigner("example.com/w2", bytes(range(2, 34)))
ML = Cosigner("example.com/ml", bytes(range(3, 35)), ml_dsa=True)
BODY = checkpoint_body(LOG.origin, 7, bytes(range(32)))
NOTE = LOG.sign(BODY)
AT = 1_790_000_000
BOTH = pytest.mark.parametrize("cosigner", [W1, ML], ids=["Ed25519", "ML-DSA-44"])


@BOTH
def test_who_cosigned_and_when(cosigner: Cosigner) -> None:
    assert cosigned(NOTE + cosigner.cosign(BODY, AT), [W2.key, cosigner.key]) == {cosigner.key: AT}


def test_a_note_without_cosignatures_was_cosigned_by_nobody() -> None:
    assert cosigned(NOTE, [W1.key]) == {}


def test_cosignatures_of_both_kinds_stand_beside_the_logs_signature() -> None:
    note = NOTE + W1.cosign(BODY, AT) + ML.cosign(BODY, AT + 1) + W2.cosign(BODY, AT + 2)
    assert cosigned(note, [W1.key, W2.key, ML.key]) == {W1.key: AT, ML.key: AT + 1, W2.key: AT + 2}
    assert open_checkpoint(note, LOG_KEY).size == 7


def test_of_two_by_one_witness_the_later_counts() -> None:
    for times in [(AT, AT + 5), (AT + 5, AT)]:
        assert cosigned(NOTE + b"".join(W1.cosign(BODY, at) for at in times), [W1.key]) == {W1.key: AT + 5}


def test_unknown_witnesses_are_ignored_though_name_or_key_be_known() -> None:
    same_name = Cosigner(W1.key.name, bytes(range(9, 41)))
    same_key = Cosigner("example.com/other", bytes(range(1, 33)))
    assert cosigned(NOTE + same_name.cosign(BODY, AT) + same_key.cosign(BODY, AT), [W1.key]) == {}


@BOTH
def test_a_bad_cosignature_of_a_known_witness_spoils_the_note(cosigner: Cosigner) -> None:
    for bad in (cosigner.cosign(checkpoint_body(LOG.origin, 8, bytes(range(32))), AT), cosigner.line(bytes(8 + 64))):
        with pytest.raises(ProofFailed, match=cosigner.key.name):
            cosigned(NOTE + W2.cosign(BODY, AT) + cosigner.cosign(BODY, AT) + bad, [W2.key, cosigner.key])


@pytest.mark.parametrize("size", [1, 7, 8, 9, 8 + 63, 8 + 65])
def test_a_cosignature_has_a_time_and_64_bytes(size: int) -> None:
    with pytest.raises(ProofFailed, match="w1"):
        cosigned(NOTE + W1.line(bytes(size)), [W1.key])


@BOTH
def test_the_time_is_signed(cosigner: Cosigner) -> None:
    value = split_note(NOTE + cosigner.cosign(BODY, AT))[1][-1].value
    moved = (AT + 1).to_bytes(8, "big") + value[8:]
    with pytest.raises(ProofFailed, match="expected one over this"):
        cosigned(NOTE + cosigner.line(moved), [cosigner.key])


@BOTH
def test_no_time_is_beyond_63_bits(cosigner: Cosigner) -> None:
    assert cosigned(NOTE + cosigner.cosign(BODY, TIME_MAX), [cosigner.key]) == {cosigner.key: TIME_MAX}
    with pytest.raises(ProofFailed, match="time of the cosignature"):
        cosigned(NOTE + cosigner.cosign(BODY, TIME_MAX + 1), [cosigner.key])


def test_only_a_checkpoint_can_be_cosigned() -> None:
    body = b"one\ntwo\n"
    with pytest.raises(ProofFailed, match="checkpoint"):
        cosigned(LOG.sign(body) + W1.cosign(body, AT), [W1.key])


def test_extension_lines_are_covered_by_ed25519_and_not_by_ml_dsa() -> None:
    extended = BODY + b"more\n"
    assert cosigned(LOG.sign(extended) + ML.cosign(BODY, AT), [ML.key]) == {ML.key: AT}
    with pytest.raises(ProofFailed, match="w1"):
        cosigned(LOG.sign(extended) + W1.cosign(BODY, AT), [W1.key])


def test_a_name_too_long_for_the_message_is_refused_not_cut() -> None:
    body = checkpoint_body("o" * 256, 7, bytes(range(32)))
    line = ML.line(AT.to_bytes(8, "big") + bytes(2420))
    with pytest.raises(ProofFailed, match="255 bytes"):
        cosigned(body + b"\n" + line, [ML.key])


@BOTH
def test_every_change_of_one_byte_is_found_or_makes_the_witness_unknown(cosigner: Cosigner) -> None:
    """
    The log's signature stands first, the cosignature second. What a change does depends on where it is:

    * in the text, or after the key id in the cosignature's line: the note fails.
    * in the name or key id of the cosignature: its witness is unknown, nobody cosigned.
    * in the log's line: the note fails where the form is broken. Else the cosignature stands, which covers the text
      alone, and the log's own signature is missing or bad.
    """
    note = NOTE + cosigner.cosign(BODY, AT)
    line = note.rindex("— ".encode())
    name = line + len("— ".encode())
    identity = {*range(name, name + len(cosigner.key.name)), *range(end := name + len(cosigner.key.name) + 1, end + 6)}
    outcomes = Counter[str]()
    for at in range(len(note)):
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        try:
            found = cosigned(changed, [cosigner.key])
        except ProofFailed:
            outcomes["text fails" if at < len(BODY) else "line fails"] += 1
            continue
        if found:
            assert (len(BODY) < at < line, found) == (True, {cosigner.key: AT})
            with pytest.raises(ProofFailed):
                open_checkpoint(changed, LOG_KEY)
            outcomes["log's line"] += 1
        else:
            assert at in identity
            outcomes["unknown"] += 1
    assert outcomes["text fails"] == len(BODY)
    # The 6th character of the base64 holds 2 bits of the key id and 4 of the time; the change is in the latter.
    assert outcomes["unknown"] == len(cosigner.key.name) + 5
    assert outcomes.total() == len(note)


def test_somebody_elses_implementation_makes_the_same_cosignature() -> None:
    """aics-tlog, by other people: the same bytes, so each takes what the other makes. It runs from Python 3.12 on."""
    theirs: Any = pytest.importorskip("aics_tlog.cosign")
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    value, line = theirs.sign_cosignature(private, W1.key.name, AT, LOG.origin, 7, bytes(range(32)))
    assert (line.name, line.key_id) == (W1.key.name, W1.key.key_id)
    assert W1.line(value) == W1.cosign(BODY, AT)
    assert cosigned(NOTE + W1.line(value), [W1.key]) == {W1.key: AT}


# Keys


@BOTH
def test_a_key_is_read_as_it_is_written(cosigner: Cosigner) -> None:
    assert WitnessKey.parse(cosigner.key.vkey) == cosigner.key
    assert cosigner.key.vkey.startswith(f"{cosigner.key.name}+{cosigner.key.key_id.hex()}+")


@pytest.mark.parametrize(("cosigner", "algorithm"), [(W1, 4), (ML, 6)], ids=["Ed25519", "ML-DSA-44"])
def test_the_key_id_is_of_name_algorithm_and_key(cosigner: Cosigner, algorithm: int) -> None:
    hashed = cosigner.key.name.encode() + b"\n" + bytes([algorithm]) + cosigner.key.key
    assert cosigner.key.key_id == sha256(hashed).digest()[:4]


def vkey(name: str, raw: bytes) -> str:
    key_id = sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    return f"{name}+{key_id}+{b64encode(raw).decode()}"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x01" + W1.key.key, "algorithm"),
        (b"\x05" + W1.key.key, "algorithm"),
        (b"\x04" + W1.key.key[:-1], "32 bytes"),
        (b"\x04" + ML.key.key, "32 bytes"),
        (b"\x06" + W1.key.key, "1312 bytes"),
        (b"\x04" + bytes(32), "large order"),
        (b"\x04" + b"\x01" + bytes(31), "large order"),
        (b"\x04" + b"\xee" + b"\xff" * 30 + b"\x7f", "canonical"),
        (b"\x04" + b"\x02" + bytes(31), "on the curve"),
        (b"", "an algorithm and a key"),
    ],
)
def test_no_key_that_proves_nothing_is_a_witness(raw: bytes, why: str) -> None:
    with pytest.raises(ProofFailed, match=why):
        WitnessKey.parse(vkey("example.com/w", raw))


def test_the_key_id_must_be_the_keys() -> None:
    name, _, encoded = W1.key.vkey.split("+", 2)
    with pytest.raises(ProofFailed, match="key id"):
        WitnessKey.parse(f"{name}+{W2.key.key_id.hex()}+{encoded}")


def test_a_logs_key_is_no_witness_and_a_witness_no_log() -> None:
    with pytest.raises(ProofFailed, match="algorithm"):
        WitnessKey.parse(LOG.vkey)
    with pytest.raises(ProofFailed, match="algorithm"):
        VerifierKey.parse(W1.key.vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\u2003b"])
def test_a_witness_has_a_name(name: str) -> None:
    with pytest.raises(ProofFailed, match="key name"):
        WitnessKey(name, W1.key.key)


def test_two_configured_keys_of_one_name_and_id_are_ambiguous() -> None:
    with pytest.raises(ProofFailed, match="2 times"):
        cosigned(NOTE + W1.cosign(BODY, AT), [W1.key, W1.key])
