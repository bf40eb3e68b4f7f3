"""Whose signatures count for the full check, head by head."""

import pytest

from contracts.proof import ProofFailed, VerifierKey, parse_key
from ledger.signer import KeyRing, SigningKey, checkpoint_body
from quanze.trusted_keys import TrustedKeys

A, B, C = (SigningKey(bytes([each]) * 32, "example.org/log") for each in (1, 2, 3))


def trusting(*keys: SigningKey) -> list[VerifierKey]:
    return [VerifierKey.parse(key.vkey) for key in keys]


def note(size: int, *keys: SigningKey) -> bytes:
    return KeyRing(keys).sign(checkpoint_body(A.origin, size, bytes(32)))


def test_a_head_without_the_act_proves_nothing_of_it() -> None:
    keys = TrustedKeys(trusting(A), (), announced=[(B.vkey, A.vkey, 5)])
    keys.open(note(4, A))
    with pytest.raises(ProofFailed):
        keys.open(note(4, B))
    keys.open(note(5, A))
    assert keys.open(note(6, B)).size == 6
    assert keys.learned == [(B.vkey, A.vkey, 5)]


def test_a_head_that_the_retired_key_did_not_sign_proves_nothing_of_its_successor() -> None:
    keys = TrustedKeys(trusting(A, B), (), announced=[(C.vkey, B.vkey, 5)])
    keys.open(note(5, A))
    with pytest.raises(ProofFailed):
        keys.open(note(6, C))


def test_one_head_may_prove_two_changes_in_a_row() -> None:
    announced = [(B.vkey, A.vkey, 2), (C.vkey, B.vkey, 3)]
    keys = TrustedKeys(trusting(A), (), announced=announced)
    keys.open(note(3, A, B))
    assert keys.open(note(4, C)).size == 4
    keys = TrustedKeys(trusting(A), (), announced=announced)
    keys.open(note(3, A))
    with pytest.raises(ProofFailed):
        keys.open(note(4, C))


def test_a_retired_key_counts_until_a_trusted_one_must_follow() -> None:
    keys = TrustedKeys(trusting(B), [parse_key(f"{A.vkey} until 5"), *trusting(B)])
    keys.open(note(3, A))
    assert keys.unvouched == 3
    keys.open(note(5, A, B))
    assert keys.unvouched is None
    with pytest.raises(ProofFailed):
        keys.open(note(6, A))
    with pytest.raises(ProofFailed):
        TrustedKeys(trusting(B), trusting(A, B)).open(note(3, A))


def test_a_bound_that_was_given_is_not_lifted_by_what_the_log_announces() -> None:
    bounded = parse_key(f"{A.vkey} until 5")
    keys = TrustedKeys([bounded, *trusting(B)], (), announced=[(A.vkey, B.vkey, 7)])
    keys.open(note(7, B))
    with pytest.raises(ProofFailed):
        keys.open(note(8, A))
    assert keys.open(note(8, A, B)).size == 8
    assert keys.lines() == [f"{A.vkey} until 5", B.vkey]


def test_what_was_learned_before_is_learned_again_within_the_bounds_of_now() -> None:
    learned = [(B.vkey, A.vkey, 5), (C.vkey, B.vkey, 9)]
    assert TrustedKeys(trusting(A), (), learned=learned).open(note(10, C)).size == 10
    assert TrustedKeys([parse_key(f"{A.vkey} until 5")], (), learned=learned).open(note(10, C)).size == 10
    for given in ([parse_key(f"{A.vkey} until 4")], trusting(C)[:0]):
        keys = TrustedKeys(given, (), learned=learned)
        assert keys.learned == []
        with pytest.raises(ProofFailed):
            keys.open(note(10, C))
