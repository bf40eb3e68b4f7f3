"""`quanze verify` as a script sees it: every word it says of a file, and the status that it ends with."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import contracts.proof
from contracts.proof import Trust, VerifierKey
from tests.acceptance.conftest import run
from tests.bundle_writer import tlog_proof
from tests.fuzz.seeds import (
    LOG_KEY,
    NEXT_KEY,
    POLICY,
    PROJECT,
    WITNESSES,
    Log,
    Stamped,
    act,
    acts,
    encoded,
    stamped,
    vkey_of,
    with_page,
)
from tests.tsa import Tsa


class Kept(NamedTuple):
    """A folder of files to verify and to verify them with."""

    folder: Path
    whole: Stamped


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    whole = stamped(tmp_path_factory.mktemp("authority"))
    everything = [*acts()[:5], act(6, "pay.execute", PROJECT, {"amount": "5.00"}), *acts()[6:]]
    log = Log(everything)
    later = Log([*everything, act(11, "project.close", PROJECT, {})])
    files = {
        "erased.bundle": whole.file,
        "witnessed.bundle": with_page(log.bundle(log.note(10, *WITNESSES[:2])), Trust([LOG_KEY])),
        "by-one.bundle": with_page(log.bundle(log.note(10, WITNESSES[0])), Trust([LOG_KEY])),
        "act.tlog-proof": tlog_proof(4, log.path(5, 9), log.note(9, *WITNESSES[:2]), everything[4].leaf),
        "inclusion.json": encoded(log.inclusion(5)),
        "changed.bundle": whole.file.replace(b"150000.5", b"150000.6", 1),
        "nothing": b"",
        "trust.policy": POLICY,
        "bad.policy": POLICY.replace(b"quorum ", b"quorum no-such-"),
        "log.vkey": f"{vkey_of(LOG_KEY)}\n".encode(),
        "next.vkey": f"{vkey_of(NEXT_KEY)}\n".encode(),
        "bad.vkey": f"{vkey_of(LOG_KEY)[:-2]}\n".encode(),
        "binary.vkey": b"\xff\xfe\x00",
        "windows.vkey": f"\ufeff{vkey_of(LOG_KEY)}\r\n".encode(),
        "windows.policy": POLICY.replace(b"\n", b"\r\n"),
        "tsa.pem": b"".join(
            x509.load_der_x509_certificate(each).public_bytes(Encoding.PEM) for each in whole.trust.stamp_roots
        ),
        "other.pem": Tsa(tmp_path_factory.mktemp("other")).roots_file.read_bytes(),
        "5.checkpoint": log.note(5),
        "11.checkpoint": later.note(11),
        "fork.checkpoint": Log([act(1, "project.open", PROJECT, {}), *everything[1:]]).note(5),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Kept(folder, whole)


KEY = "--log-key log.vkey"
POLICED = "--policy trust.policy"
VERDICTS = [
    # What is asked, the word, the status.
    (f"witnessed.bundle {POLICED}", "verified", 0),
    (f"act.tlog-proof {POLICED}", "verified", 0),
    (f"inclusion.json {POLICED} --max-age 12h", "verified", 0),
    (f"witnessed.bundle {KEY}", "verified-unwitnessed", 0),
    (f"inclusion.json {KEY}", "verified-unwitnessed", 0),
    ("inclusion.json --log-key windows.vkey", "verified-unwitnessed", 0),
    (f"by-one.bundle {POLICED}", "verified-unwitnessed", 1),
    (f"erased.bundle {KEY}", "erased-content", 0),
    (f"erased.bundle {POLICED} --tsa-root tsa.pem", "erased-content", 0),
    (f"inclusion.json {POLICED} --max-age 1s", "stale", 1),
    (f"inclusion.json {KEY} --max-age 12h", "stale", 1),
    (f"witnessed.bundle {POLICED} --log-key next.vkey --held 11.checkpoint", "stale", 1),
    (f"changed.bundle {KEY}", "FAILED", 1),
    (f"erased.bundle {POLICED} --held fork.checkpoint", "FAILED", 1),
    (f"nothing {KEY}", "FAILED", 1),
    ("inclusion.json --log-key next.vkey", "FAILED", 1),
    # A key whose name is longer than a file's can be is a key still.
    (f"inclusion.json --log-key {vkey_of(VerifierKey('a' * 300, LOG_KEY.key))}", "FAILED", 1),
]
WRONG_USE = [
    "",
    KEY,
    f"no-such-file {KEY}",
    f"inclusion.json --log-key {'A' * 400}",
    "inclusion.json --log-key no-such-file",
    "inclusion.json --log-key bad.vkey",
    "inclusion.json --log-key binary.vkey",
    "inclusion.json --policy bad.policy",
    "inclusion.json --policy no-such-file",
    "inclusion.json --policy windows.policy",
    f"inclusion.json {KEY} --rotations trust.policy",
    "inclusion.json --policy binary.vkey",
    f"inclusion.json {KEY} --max-age 12",
    f"inclusion.json {KEY} --max-age -1h",
    f"inclusion.json {KEY} --tsa-root trust.policy",
    f"inclusion.json {KEY} --held no-such-file",
    f"inclusion.json {KEY} --log http://127.0.0.1:1",
    "--log http://127.0.0.1:1 --state no-such-directory/state",
    "--log http://127.0.0.1:1 --state /dev/full",
    "--log http://127.0.0.1:1 --tsa-root tsa.pem",
    "inclusion.json",
]


def verify(kept: Kept, asked: str, *more: str) -> tuple[int, str, str]:
    """Run `quanze verify` with the files of the folder; return its status and what it printed."""
    there = {path.name for path in kept.folder.iterdir()}
    words = [str(kept.folder / each) if each in there else each for each in asked.split()]
    ran = run("verify", *words, *more, environment={"QUANZE_DATA": str(kept.folder / "no-data")})
    assert "Traceback" not in ran.out + ran.err
    return ran.status, ran.out, ran.err


@pytest.mark.parametrize(("asked", "verdict", "status"), VERDICTS)
def test_every_word_has_its_status(kept: Kept, asked: str, verdict: str, status: int) -> None:
    ended, out, _ = verify(kept, asked)
    assert (ended, out.splitlines()[0].rpartition(": ")[2]) == (status, verdict), out
    assert ("  NO  " in out) == (status != 0)

    ended, out, _ = verify(kept, asked, "--json")
    (said,) = json.loads(out)
    assert (ended, said["verdict"], said["accepted"]) == (status, verdict, status == 0)


def test_a_root_that_no_stamp_leads_to_is_told(kept: Kept) -> None:
    missing = "no time stamp of an authority that is relied on is in the file"
    assert missing not in verify(kept, f"erased.bundle {KEY} --tsa-root tsa.pem")[1]
    for asked in (f"erased.bundle {KEY} --tsa-root other.pem", f"witnessed.bundle {KEY} --tsa-root tsa.pem"):
        status, out, _ = verify(kept, asked)
        assert (status, missing in out) == (0, True), out


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["told", "json"])
@pytest.mark.parametrize("asked", WRONG_USE)
def test_wrong_use_is_neither_yes_nor_no(kept: Kept, asked: str, more: tuple[str, ...]) -> None:
    status, out, err = verify(kept, asked, *more)
    assert (status, out) == (2, ""), err
    assert err


def test_the_folder_checks_stamps_alone_with_cryptography_and_nothing_else(kept: Kept, tmp_path: Path) -> None:
    """Copied out under another name, with `cryptography` and what that needs to be imported, and no other package."""
    shutil.copytree(Path(contracts.proof.__file__).parent, tmp_path / "lifted")
    installed, alone = Path(sysconfig.get_paths()["platlib"]), tmp_path / "packages"
    alone.mkdir()
    for found in [installed / "cryptography", *installed.glob("_cffi_backend*"), installed / "cffi"]:
        if found.exists():
            (alone / found.name).symlink_to(found)
    program = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(alone)!r}]
from pathlib import Path
from lifted import Trust, VerifierKey, parse_policy, verify_document
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
folder = Path({str(kept.folder)!r})
roots = x509.load_pem_x509_certificates((folder / "tsa.pem").read_bytes())
trust = Trust(policy=parse_policy((folder / "trust.policy").read_bytes()),
              stamp_roots=[root.public_bytes(Encoding.DER) for root in roots])
report = verify_document((folder / "erased.bundle").read_bytes(), trust)
print(report.verdict, report.accepted, sum("its certificates hold until" in each for each in report.checks))
kept = {{"cryptography", "_openssl", "cffi", "_cffi_backend", "lifted", "__main__"}}
print(sorted({{name.partition(".")[0] for name in sys.modules}} - kept - set(sys.stdlib_module_names)))
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["erased-content True 2", "[]"], done.stderr
