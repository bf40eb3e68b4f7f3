"""The file of keys: several of them, one log, read again when it changes."""

import os
import stat
from pathlib import Path

import pytest

from contracts.proof import ProofFailed, VerifierKey, open_note
from ledger.settings import Settings
from ledger.signer import FileSigner, KeyRefused, KeyRing, SigningKey, load_or_create, read_vkey, replace_keys

OLD = SigningKey(bytes(range(32)), "example.com/log")
NEW = SigningKey(bytes(range(1, 33)), "example.com/log")
OTHER = SigningKey(bytes(32), "example.com/other")
BODY = b"example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def kept(path: Path, *keys: SigningKey) -> Path:
    path.write_text("".join(f"{key.text()}\n" for key in keys))
    path.chmod(0o600)
    return path


def opened_by(note: bytes, *keys: SigningKey) -> list[bool]:
    """Say of each key whether a verifier that knows it alone opens the note."""
    found: list[bool] = []
    for key in keys:
        try:
            found.append(open_note(note, [VerifierKey.parse(key.vkey)]) == BODY)
        except ProofFailed:
            found.append(False)
    return found


def test_every_live_key_signs_the_oldest_first() -> None:
    note = KeyRing([OLD, NEW]).sign(BODY)
    assert opened_by(note, OLD, NEW, OTHER) == [True, True, False]
    assert note == OLD.sign(BODY) + NEW.line(BODY).encode()


def test_keys_survive_their_text() -> None:
    ring = KeyRing([OLD, NEW])
    assert KeyRing.from_text(ring.text()).vkeys == (OLD.vkey, NEW.vkey)
    assert KeyRing.from_text(ring.text() + "\n").sign(BODY) == ring.sign(BODY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "do not belong|not base64|not one for"),
        (f"{OLD.text()}\n{OLD.text()}", "twice"),
        (f"{OLD.text()}\n{OTHER.text()}", "one origin"),
        (f"{OLD.text()}\n\n{NEW.text()}", "do not belong|not base64|not one for"),
    ],
)
def test_what_is_no_list_of_one_logs_keys_is_refused(text: str, reason: str) -> None:
    with pytest.raises(KeyRefused, match=reason):
        KeyRing.from_text(text)


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(KeyRefused, match="none"):
        KeyRing([])


def test_a_signer_reads_its_file_again_when_it_was_replaced(tmp_path: Path) -> None:
    path = kept(tmp_path / "log.key", OLD)
    signer = FileSigner(path)
    assert opened_by(signer.sign(BODY), OLD, NEW) == [True, False]
    replace_keys(path, [OLD, NEW])
    assert signer.vkeys == (OLD.vkey, NEW.vkey)
    assert opened_by(signer.sign(BODY), OLD, NEW) == [True, True]
    replace_keys(path, [NEW])
    assert opened_by(signer.sign(BODY), OLD, NEW) == [False, True]


@pytest.mark.parametrize("content", [OTHER.text(), "", "rubbish"])
def test_a_signer_signs_nothing_while_its_file_is_not_its_logs(tmp_path: Path, content: str) -> None:
    path = kept(tmp_path / "log.key", OLD)
    signer = FileSigner(path)
    path.write_text(content)
    with pytest.raises(KeyRefused):
        signer.sign(BODY)
    kept(path, OLD)
    assert opened_by(signer.sign(BODY), OLD) == [True]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize(("mode", "after"), [(0o600, 0o600), (0o640, 0o640), (0o400, 0o400)])
def test_keys_that_are_replaced_stay_as_private_as_they_were(tmp_path: Path, mode: int, after: int) -> None:
    path = kept(tmp_path / "log.key", OLD)
    path.chmod(mode)
    replace_keys(path, [OLD, NEW])
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert [each.name for each in tmp_path.iterdir()] == ["log.key"]


def test_keys_are_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept(tmp_path / "log.key", OLD)
    content = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            replace_keys(path, [OLD, NEW])
    assert path.read_bytes() == content
    (tmp_path / "log.key.partial").write_text("half of it")  # what a crash may leave
    replace_keys(path, [NEW])
    assert FileSigner(path).vkeys == (NEW.vkey,)


def test_a_link_to_the_keys_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    path = kept(tmp_path / "kept" / "log.key", OLD)
    link = tmp_path / "log.key"
    link.symlink_to(path)
    replace_keys(link, [NEW])
    assert link.is_symlink()
    assert FileSigner(path).vkeys == (NEW.vkey,)


def test_a_file_of_two_keys_is_loaded_and_not_made_anew(tmp_path: Path) -> None:
    path = kept(tmp_path / "log.key", OLD, NEW)
    assert load_or_create(path, OLD.origin).vkeys == (OLD.vkey, NEW.vkey)


# What the verifier takes for no key is no key of the log's

SMALL_ORDER = bytes(32)  # y = 0: a point of order 4 (RFC 8032 §5.1)
NOT_CANONICAL = (2**255 - 19 + 1).to_bytes(32, "little")  # y = 1, written as P + 1


@pytest.mark.parametrize("key", [SMALL_ORDER, NOT_CANONICAL])
def test_a_public_key_under_which_signatures_prove_nothing_is_refused(key: bytes) -> None:
    signer = SigningKey(bytes(range(32)), "example.com/log")
    signer.public_key = key  # vkey writes down whatever this is, with the right key id
    with pytest.raises(KeyRefused, match="proves anything"):
        read_vkey(signer.vkey, signer.origin)
    with pytest.raises(KeyRefused, match="proves anything"):
        KeyRing([signer])


def test_a_public_key_of_another_log_is_refused() -> None:
    with pytest.raises(KeyRefused, match=r"key of example\.com/other"):
        read_vkey(OTHER.vkey, OLD.origin)


# Settings


def test_settings_take_keys_as_text_or_as_a_file(tmp_path: Path) -> None:
    text = {"QUANZE_DSN": "x", "QUANZE_SIGNING_KEY": f"{OLD.text()}\n{NEW.text()}\n"}
    assert Settings.from_environment(text).signer().vkeys == (OLD.vkey, NEW.vkey)
    file = {"QUANZE_DSN": "x", "QUANZE_SIGNING_KEY_FILE": str(kept(tmp_path / "log.key", NEW))}
    assert Settings.from_environment(file).signer().vkeys == (NEW.vkey,)
    with pytest.raises(KeyError, match="QUANZE_SIGNING_KEY"):
        Settings.from_environment({"QUANZE_DSN": "x"})
