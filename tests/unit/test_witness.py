"""The witness that the tests ask: each status of tlog-witness, over HTTP, and that it never goes back."""

import http.client
from base64 import b64decode, b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from contracts.proof import VerifierKey
from contracts.proof.cosignature import cosigned
from ledger.signer import SigningKey, checkpoint_body
from ledger.tree import Frontier, TileId, consistency_proof, leaf_hash
from tests.witness import HASHES_MAX, Cosigner, Witness, serving

LOG = SigningKey(bytes(range(32)), "example.com/log")
OTHER = SigningKey(bytes(range(1, 33)), "example.com/other")
COSIGNER = Cosigner("example.com/w", bytes(range(2, 34)))
AT = 1_790_000_000
LEAVES = [leaf_hash(bytes([n])) for n in range(20)]
FORK = [*LEAVES[:4], *(leaf_hash(bytes([n, n])) for n in range(16))]


def head(size: int, leaves: list[bytes] = LEAVES, signer: SigningKey = LOG) -> bytes:
    return signer.sign(checkpoint_body(signer.origin, size, Frontier().append(leaves[:size]).root()))


def request(old: int, note: bytes, hashes: list[bytes] | None = None) -> bytes:
    lines = [f"old {old}", *(b64encode(each).decode() for each in hashes or []), "", ""]
    return "\n".join(lines).encode() + note


def growth(old: int, size: int, leaves: list[bytes] = LEAVES) -> bytes:
    proof = consistency_proof(old, size, {TileId(0, 0, size): leaves[:size]})
    return request(old, head(size, leaves), proof)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(COSIGNER, [VerifierKey.parse(LOG.vkey)], tmp_path / "state.json", clock=lambda: AT)


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    with serving(witness) as url:
        yield url


def post(url: str, body: bytes) -> httpx.Response:
    return httpx.post(f"{url}/add-checkpoint", content=body)


def test_it_cosigns_what_grows(witness: Witness, url: str) -> None:
    for old, size in [(0, 1), (1, 4), (4, 4), (4, 13)]:
        answer = post(url, growth(old, size))
        assert answer.status_code == 200
        assert cosigned(head(size) + answer.content, [COSIGNER.key]) == {COSIGNER.key: AT}
        assert witness.last(LOG.origin) == (size, Frontier().append(LEAVES[:size]).root())


def test_another_size_than_its_own_is_answered_with_its_own(url: str) -> None:
    assert post(url, growth(0, 4)).status_code == 200
    for old, size in [(0, 4), (3, 4), (5, 6), (0, 9)]:
        answer = post(url, growth(old, size))
        assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (409, "text/x.tlog.size", "4\n")


def test_another_root_for_its_size_is_a_conflict(witness: Witness, url: str) -> None:
    assert post(url, growth(0, 6)).status_code == 200
    answer = post(url, growth(6, 6, FORK))
    assert (answer.status_code, answer.text) == (409, "6\n")
    assert witness.refused == [head(6, FORK)]
    assert post(url, growth(6, 7)).status_code == 200


def test_what_does_not_continue_its_tree_is_unprocessable(witness: Witness, url: str) -> None:
    assert post(url, growth(0, 6)).status_code == 200
    surplus = growth(6, 6).replace(b"old 6\n", b"old 6\n" + b64encode(bytes(32)) + b"\n")
    short = request(6, head(8))
    for bad in (growth(6, 8, FORK), short, surplus):
        assert post(url, bad).status_code == 422
    assert witness.last(LOG.origin)[0] == 6


def test_a_first_head_comes_without_a_proof(url: str) -> None:
    assert post(url, request(0, head(3), [LEAVES[0]])).status_code == 422


def test_a_log_it_does_not_know_is_not_found(url: str) -> None:
    assert post(url, request(0, head(1, signer=OTHER))).status_code == 404


def test_a_head_that_its_log_did_not_sign_is_forbidden(url: str) -> None:
    body = head(3).rpartition(b"\n\n")[0] + b"\n"
    line = OTHER.sign(body).rpartition(b"\n\n")[2]
    forged = body + b"\n" + "— example.com/log ".encode() + b64encode(LOG.key_id + bytes(64)) + b"\n"
    for note in (body + b"\n" + line, forged):
        assert post(url, request(0, note)).status_code == 403


def test_an_unknown_signature_beside_the_logs_is_ignored(url: str) -> None:
    body = head(3).rpartition(b"\n\n")[0] + b"\n"
    assert post(url, request(0, head(3) + OTHER.sign(body).rpartition(b"\n\n")[2])).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        head(3),
        request(4, head(3)),
        request(0, head(3)).replace(b"old 0", b"old 00"),
        request(0, head(3)).replace(b"old 0", b"old -0"),
        request(0, head(3)).replace(b"old 0", b"old  0"),
        request(0, head(3)).replace(b"old 0\n", b"old 0\r\n"),
        request(0, head(3)).replace(b"old 0", b"old " + b"9" * 19),
        request(0, head(3)).replace(b"old 0\n", b"old 0\n!\n"),
        request(0, head(3), [b"short"]),
        request(0, head(3), [bytes(32)] * (HASHES_MAX + 1)),
        request(0, head(3)[:-1]),
        request(0, b"one\ntwo\n\n" + head(3).rpartition(b"\n\n")[2]),
    ],
)
def test_what_is_no_request_is_bad(url: str, body: bytes) -> None:
    assert post(url, body).status_code == 400


def test_it_remembers_after_a_restart(witness: Witness, tmp_path: Path) -> None:
    assert witness.add_checkpoint(growth(0, 6)).status == 200
    again = Witness(COSIGNER, [VerifierKey.parse(LOG.vkey)], tmp_path / "state.json")
    assert again.add_checkpoint(growth(0, 6)).body == b"6\n"
    assert again.add_checkpoint(growth(6, 8, FORK)).status == 422


def test_many_at_once_never_take_it_back(witness: Witness) -> None:
    def grow(size: int) -> None:
        old = witness.last(LOG.origin)[0]
        while old < size and witness.add_checkpoint(growth(old, size)).status != 200:
            old = witness.last(LOG.origin)[0]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(grow, range(1, 20)))
    sizes = [size for status, size in witness.answers if status == 200]
    assert sizes == sorted(sizes)
    assert witness.last(LOG.origin)[0] == 19


def test_connections_are_kept_and_other_paths_are_not_there(url: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    for path, status in [("/add-checkpoint", 200), ("/add-checkpoint", 409), ("/other", 404)]:
        connection.request("POST", path, growth(0, 3))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert not answer.will_close
    connection.close()


def test_cosigning_covers_the_text_the_specification_writes_down() -> None:
    """tlog-cosignature, "Ed25519 signed message": the header, the time, the note's body."""
    body = head(3).rpartition(b"\n\n")[0] + b"\n"
    message = b"cosignature/v1\ntime 1790000000\nexample.com/log\n3\n" + body.split(b"\n")[2] + b"\n"
    key_id = sha256(b"example.com/w\n\x04" + COSIGNER.key.key).digest()[:4]
    signature = SigningKey(bytes(range(2, 34)), "x").sign(message).rpartition(b" ")[2]
    raw = key_id + AT.to_bytes(8, "big") + b64decode(signature)[4:]
    assert COSIGNER.cosign(body, AT) == b"\xe2\x80\x94 example.com/w " + b64encode(raw) + b"\n"
