"""Notes, checkpoints and keys: what the verifier takes and refuses, and that the signer writes what it takes."""

import os
import stat
from base64 import b64encode
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import pytest

from contracts.proof import ProofFailed, VerifierKey, open_checkpoint, open_note, parse_checkpoint
from contracts.proof.note import SIGNATURES_MAX, open_signed
from ledger.signer import KeyRefused, SigningKey, checkpoint_body, load_or_create

LOG = SigningKey(bytes(range(32)), "example.com/log")
WITNESS = SigningKey(bytes(range(1, 33)), "example.com/witness")
LOG_KEY, WITNESS_KEY = VerifierKey.parse(LOG.vkey), VerifierKey.parse(WITNESS.vkey)
BODY = "one\n\ntwo 三\n".encode()
NOTE = LOG.sign(BODY)
LINE = NOTE.rpartition(b"\n\n")[2]
WITNESS_LINE = WITNESS.sign(BODY).rpartition(b"\n\n")[2]
ROOT = bytes(range(32))
CHECKPOINT = LOG.sign(checkpoint_body(LOG.origin, 7, ROOT))

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def vkey(name: str, raw: bytes) -> str:
    """Write down a key that need not be sound; `raw` begins with the algorithm."""
    key_id = sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    return f"{name}+{key_id}+{b64encode(raw).decode()}"


def signature_line(name: str, raw: bytes) -> bytes:
    return f"— {name} {b64encode(raw).decode()}\n".encode()


# Notes


def test_a_note_opens_to_its_text_with_blank_lines_and_the_final_newline() -> None:
    assert open_note(NOTE, [LOG_KEY]) == BODY


def test_the_same_text_gives_the_same_note() -> None:
    assert LOG.sign(BODY) == NOTE


def test_a_signature_of_an_unknown_key_is_ignored_wherever_it_stands() -> None:
    assert open_note(NOTE + WITNESS_LINE, [LOG_KEY]) == BODY
    assert open_note(BODY + b"\n" + WITNESS_LINE + LINE, [LOG_KEY]) == BODY


def test_everyone_known_who_signed_is_named_once() -> None:
    opened = open_signed(NOTE + WITNESS_LINE + LINE, [WITNESS_KEY, LOG_KEY])
    assert opened.signers == (LOG_KEY, WITNESS_KEY)


@pytest.mark.parametrize("count", [16, SIGNATURES_MAX])
def test_a_note_may_carry_many_signatures(count: int) -> None:
    assert open_note(BODY + b"\n" + WITNESS_LINE * (count - 1) + LINE, [LOG_KEY]) == BODY


def test_name_and_key_id_must_both_match() -> None:
    other_name = LINE.replace(b"example.com/log", b"example.com/lag")
    other_id = signature_line(LOG.origin, b"\0\0\0\0" + bytes(64))
    for line in (other_name, other_id):
        with pytest.raises(ProofFailed, match="1 by unknown keys"):
            open_note(BODY + b"\n" + line, [LOG_KEY])


def test_a_bad_signature_of_a_known_key_spoils_the_note() -> None:
    forged = signature_line(WITNESS.origin, WITNESS.key_id + bytes(64))
    assert open_note(NOTE + forged, [LOG_KEY]) == BODY
    with pytest.raises(ProofFailed, match=r"signature by example\.com/witness"):
        open_note(NOTE + forged, [LOG_KEY, WITNESS_KEY])


def test_a_second_bad_signature_of_a_key_that_signed_well_spoils_the_note() -> None:
    with pytest.raises(ProofFailed, match=r"signature by example\.com/log"):
        open_note(NOTE + signature_line(LOG.origin, LOG.key_id + bytes(64)), [LOG_KEY])


@pytest.mark.parametrize("size", [1, 63, 65])
def test_a_signature_of_a_known_key_has_64_bytes(size: int) -> None:
    with pytest.raises(ProofFailed, match="64 bytes"):
        open_note(BODY + b"\n" + signature_line(LOG.origin, LOG.key_id + bytes(size)), [LOG_KEY])


def test_a_note_without_a_known_signature_is_refused() -> None:
    with pytest.raises(ProofFailed, match="no key was given"):
        open_note(NOTE, [])
    with pytest.raises(ProofFailed, match=r"one by example\.com/witness"):
        open_note(NOTE, [WITNESS_KEY])


def test_the_same_key_twice_is_ambiguous_once_it_signed() -> None:
    assert open_note(NOTE, [LOG_KEY, WITNESS_KEY, WITNESS_KEY]) == BODY
    with pytest.raises(ProofFailed, match="2 times"):
        open_note(NOTE, [LOG_KEY, LOG_KEY])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        BODY,
        BODY + b"\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"surplus\n",
        NOTE + b"\n" + BODY,
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"one", b"o\tne"),
        b"\x00" + NOTE,
        b"\xff" + NOTE,
        NOTE.replace("—".encode(), "–".encode()),
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace("— ".encode(), "—".encode()),
        NOTE.replace("— ".encode(), "—  ".encode()),
        NOTE.replace("— ".encode(), " — ".encode()),
        NOTE.replace(b"example.com/log", b"example.com/l+g"),
        NOTE.replace(b"example.com/log", b"example.com/l\xc2\xa0g"),
        NOTE.replace(b"example.com/log", b""),
        NOTE.replace(b"example.com/log ", b"example.com/log  "),
        NOTE[:-1] + b" \n",
        NOTE[:-2] + b"\n",
        NOTE + signature_line("x", b"1234"),
        NOTE + b"\xe2\x80\x94 x AAAAAAB=\n",
        NOTE + b"\xe2\x80\x94 x AAAAAAA\n",
        NOTE + b"\xe2\x80\x94 x AAAA_AA=\n",
        BODY + b"\n" + LINE * (SIGNATURES_MAX + 1),
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(ProofFailed):
        open_note(note, [LOG_KEY])


def test_no_changed_bit_of_a_note_goes_unnoticed() -> None:
    for at in range(len(NOTE) * 8):
        changed = bytearray(NOTE)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(ProofFailed):
            open_note(bytes(changed), [LOG_KEY])


# Keys


def test_a_key_is_written_down_as_name_id_and_base64() -> None:
    assert LOG_KEY.name == LOG.origin
    assert LOG_KEY.key == LOG.public_key
    assert LOG_KEY.key_id == LOG.key_id
    assert LOG.vkey == vkey(LOG.origin, b"\x01" + LOG.public_key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        "example.com/log",
        LOG.vkey + "\n",
        " " + LOG.vkey,
        LOG.vkey.upper(),
        LOG.vkey.replace("log", "lag"),
        LOG.vkey.replace("+", "++", 1),
        LOG.vkey.replace(LOG.key_id.hex(), WITNESS.key_id.hex()),
        LOG.vkey.replace(LOG.key_id.hex(), LOG.key_id.hex().upper()),
        LOG.vkey.replace(LOG.key_id.hex(), ""),
        vkey("", b"\x01" + LOG.public_key),
        vkey("a b", b"\x01" + LOG.public_key),
        vkey("a\u2003b", b"\x01" + LOG.public_key),
        vkey("a\x07b", b"\x01" + LOG.public_key),
        vkey("log", b"\x04" + LOG.public_key),
        vkey("log", b"\x01" + LOG.public_key[:31]),
        vkey("log", b"\x01" + LOG.public_key + b"\x00"),
        "\ud800+00000000+" + b64encode(b"\x01" + LOG.public_key).decode(),
    ],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(ProofFailed):
        VerifierKey.parse(text)


def test_the_key_may_hold_plus_signs_in_its_base64() -> None:
    signer = next(
        signer for n in range(1000) if "+" in (signer := SigningKey(n.to_bytes(32, "big"), "log")).vkey.split("+", 2)[2]
    )
    assert VerifierKey.parse(signer.vkey).key == signer.public_key
    assert SigningKey.from_text(signer.text()).public_key == signer.public_key


def points_of_small_order() -> set[tuple[int, int]]:
    """Return the eight points of order 1, 2, 4 and 8: the multiples of one of order 8, by the curve's addition law."""

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        (ax, ay), (bx, by) = a, b
        t = D * ax * bx * ay * by
        return (ax * by + ay * bx) * pow(1 + t, -1, P) % P, (ay * by + ax * bx) * pow(1 - t, -1, P) % P

    # The known point of order 8 (RFC 7748's curve has cofactor 8); that it is one is what the length below shows.
    y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    points, point = {(0, 1)}, (x, y)
    while point not in points:
        points.add(point)
        point = add(point, (x, y))
    return points


def test_every_key_of_small_order_is_refused() -> None:
    points = points_of_small_order()
    assert len(points) == 8
    for x, y in points:
        for sign in {x & 1, 1} if x == 0 else {x & 1}:  # x = 0 has a second, non-canonical spelling
            with pytest.raises(ProofFailed, match="large order"):
                VerifierKey("log", (y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("y", range(P, 2**255))
def test_every_key_with_y_beyond_the_field_is_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(ProofFailed, match="canonical"):
            VerifierKey("log", (y | sign << 255).to_bytes(32, "little"))


def test_a_key_off_the_curve_is_refused() -> None:
    """RFC 8032 §5.1.3 takes the root of x² and squares it again; the verifier asks Euler's criterion instead."""
    verdicts: set[bool] = set()
    for y in range(2, 102):
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        on_curve = square in (x * x % P, -x * x % P)
        verdicts.add(on_curve)
        with nullcontext() if on_curve else pytest.raises(ProofFailed, match="on the curve"):
            VerifierKey("log", y.to_bytes(32, "little"))
    assert verdicts == {True, False}


# Checkpoints


def test_a_checkpoint_opens_to_origin_size_and_root() -> None:
    checkpoint = open_checkpoint(CHECKPOINT, LOG_KEY)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (LOG.origin, 7, ROOT)
    assert checkpoint.extensions == ()


def test_extension_lines_are_kept_apart() -> None:
    body = checkpoint_body("log", 7, ROOT) + b"more\nand more\n"
    assert parse_checkpoint(body).extensions == ("more", "and more")


def test_the_key_that_signed_must_bear_the_logs_name() -> None:
    foreign = WITNESS.sign(checkpoint_body(LOG.origin, 7, ROOT))
    for keys in ([WITNESS_KEY], [LOG_KEY, WITNESS_KEY]):
        with pytest.raises(ProofFailed, match="checkpoint origin"):
            open_checkpoint(foreign, *keys)


def test_a_log_that_changed_its_key_is_opened_with_either() -> None:
    newer = SigningKey(bytes(32), LOG.origin)
    body = checkpoint_body(LOG.origin, 7, ROOT)
    both = newer.sign(body) + LOG.sign(body).rpartition(b"\n\n")[2]
    for keys in ([LOG_KEY], [VerifierKey.parse(newer.vkey)], [LOG_KEY, VerifierKey.parse(newer.vkey)]):
        assert open_checkpoint(both, *keys).size == 7


@pytest.mark.parametrize("size", ["0", "1", str(2**63 - 1)])
def test_a_size_is_plain_digits(size: str) -> None:
    assert parse_checkpoint(checkpoint_body("log", int(size), ROOT)).size == int(size)


@pytest.mark.parametrize("size", ["", "00", "07", "+7", "-7", "7 ", "0x7", "7.0", "٧", "７", str(2**63), "9" * 5000])
def test_any_other_size_is_refused(size: str) -> None:
    with pytest.raises(ProofFailed):
        parse_checkpoint(f"log\n{size}\n{b64encode(ROOT).decode()}\n".encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"log\n7\n",
        checkpoint_body("log", 7, ROOT)[:-1],
        checkpoint_body("log", 7, ROOT) + b"\n",
        checkpoint_body("log", 7, ROOT) + b"more",
        b"\n" + checkpoint_body("log", 7, ROOT),
        checkpoint_body("log", 7, ROOT).replace(b"log", b""),
        checkpoint_body("log", 7, ROOT).replace(b"log", b"\xff"),
        b"log\n7\n" + b64encode(ROOT[:31]) + b"\n",
        b"log\n7\n" + b64encode(ROOT + b"\0") + b"\n",
        b"log\n7\n" + b64encode(ROOT).replace(b"=", b"") + b"\n",
        b"log\n7\n" + b64encode(ROOT).replace(b"8=", b"9=") + b"\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(body: bytes) -> None:
    with pytest.raises(ProofFailed):
        parse_checkpoint(body)


# The signer


def test_the_default_origin_comes_from_the_key() -> None:
    signer = SigningKey.generate()
    assert signer.origin == f"localhost/quanze/{sha256(signer.public_key).hexdigest()[:8]}"
    assert open_note(signer.sign(BODY), [VerifierKey.parse(signer.vkey)]) == BODY
    assert SigningKey.generate().public_key != signer.public_key


def test_a_private_key_survives_its_text_and_stays_out_of_repr() -> None:
    assert SigningKey.from_text(LOG.text()).sign(BODY) == NOTE
    assert LOG.text().startswith("PRIVATE+KEY+example.com/log+")
    assert LOG.text().rpartition("+")[2] not in repr(LOG)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\x00b", "a\u3000b"])
def test_an_origin_that_no_note_can_name_is_refused(origin: str) -> None:
    with pytest.raises(KeyRefused):
        SigningKey.generate(origin)
    with pytest.raises(KeyRefused):
        checkpoint_body(origin, 1, ROOT)


@pytest.mark.parametrize("body", [b"", b"no newline", b"a\tb\n", b"a\r\n", b"\xff\n"])
def test_a_text_that_no_verifier_would_open_is_not_signed(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"newline|utf-8"):
        LOG.sign(body)


@pytest.mark.parametrize(("size", "root"), [(-1, ROOT), (1, ROOT[:31]), (1, b"")])
def test_a_checkpoint_that_no_verifier_would_parse_is_not_written(size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoint_body("log", size, root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG.text()[:-1],
        LOG.text() + "\n",
        LOG.text().replace("PRIVATE", "PUBLIC"),
        LOG.text().replace("log", "lag"),
        LOG.text().replace(LOG.key_id.hex(), WITNESS.key_id.hex()),
        LOG.text().removeprefix("PRIVATE+KEY+"),
        LOG.vkey,
        "PRIVATE+KEY+é+00000000+é",
    ],
)
def test_a_malformed_private_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        SigningKey.from_text(text)


# The key file


def test_a_missing_key_file_is_made_for_its_owner_only_and_then_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    made = load_or_create(path, "example.com/new")
    content = path.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for origin in (None, "example.com/new"):
        assert load_or_create(path, origin).vkeys == made.vkeys
    assert path.read_bytes() == content


def test_an_origin_that_contradicts_the_key_file_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path / "log.key", "example.com/new")
    with pytest.raises(KeyRefused, match=r"key of example\.com/new, not of example\.com/other"):
        load_or_create(tmp_path / "log.key", "example.com/other")


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\x00", "log.key")])
def test_a_key_file_without_a_key_is_refused_and_left_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match=reason):
        load_or_create(path)
    assert path.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize(("mode", "open_to_everyone"), [(0o400, False), (0o640, False), (0o604, True), (0o602, True)])
def test_a_key_file_open_to_everyone_is_refused(tmp_path: Path, mode: int, open_to_everyone: bool) -> None:
    path = tmp_path / "log.key"
    made = load_or_create(path)
    path.chmod(mode)
    if open_to_everyone:
        with pytest.raises(KeyRefused, match="open to everyone"):
            load_or_create(path)
    else:
        assert load_or_create(path).vkeys == made.vkeys


def test_a_key_that_appears_meanwhile_is_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.key"
    generate = SigningKey.generate

    def slow(origin: str | None = None) -> SigningKey:
        monkeypatch.setattr(SigningKey, "generate", generate)
        load_or_create(path, origin)  # the other process
        return generate(origin)

    monkeypatch.setattr(SigningKey, "generate", slow)
    found = load_or_create(path)
    assert found.vkeys == (SigningKey.from_text(path.read_text().strip()).vkey,)


def test_a_key_that_could_not_be_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        load_or_create(tmp_path / "log.key")
    assert not list(tmp_path.iterdir())
