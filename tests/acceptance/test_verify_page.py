"""The page for outsiders, run as it stands there: every command and program, on true files and on changed ones."""

import json
import os
import re
import shutil
import string
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cryptography
import httpx
import pytest

from contracts.proof import VerifierKey, read_bundle
from ledger.signer import SigningKey, load_or_create
from tests.acceptance.conftest import QUANZE, Process, clean_environment, end, free_port, run, wait_until_ready
from tests.tsa import Tsa
from tests.tsa import served as stamping
from tests.witness import Cosigner, Witness, serving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verify.md").read_text("utf-8")
LOG = "https://log.example"
BUNDLE = "P-2026-017.bundle"
PROJECT = "project:P-2026-017"
SIGNED = 8
"""The position that the page speaks of."""
WAIT_SECONDS = 60.0
BIN = Path(sys.executable).parent
LETTERS = string.ascii_letters + string.digits + "+/"
ONE = {"Content-Type": "application/cloudevents+json"}

Edit = Callable[[Path], None]


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks whose opening line is exactly this."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(part: str, kind: str = "bash") -> str:
    (found,) = [each for each in blocks(kind) if part in each]
    return found


PROGRAMS: dict[str, str] = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
SAVE, OURS, COPY, CHECK = (block(part) for part in ("quanze bundle", "--max-age 7d", "cp -r", "check.py"))
WHOLE, COMPLETE = block("--state"), block("bundle --log ")
CUT, COMMITMENT, ACTS = (block(part) for part in ("cut.py", "hexkey", "acts.py"))
STAMPS, HELD = (block(part) for part in ("openssl ts", "grown.py last"))
OFFLINE, LIVE, ONLINE = (block(part, "bash aics") for part in ("verify-checkpoint", "verify-consistency", "online.py"))


@dataclass
class Desk:
    """Where somebody works who follows the page: a directory with what it says one needs, and a log that answers."""

    path: Path
    url: str
    bin: Path

    def run(self, commands: str, *, url: str | None = None) -> subprocess.CompletedProcess[str]:
        found = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace(LOG, url or self.url)],
            cwd=self.path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=clean_environment() | {"PATH": found},
        )

    def yes(self, commands: str) -> str:
        ran = self.run(commands)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def no(self, commands: str, edit: Edit, *, url: str | None = None) -> None:
        """Run what is said no to: on a copy of everything, with something changed."""
        with tempfile.TemporaryDirectory() as name:
            copy = Desk(Path(name) / "desk", self.url, self.bin)
            shutil.copytree(self.path, copy.path, symlinks=True)
            edit(copy.path)
            ran = copy.run(commands, url=url)
            assert ran.returncode != 0, ran.stdout
            # An answer, not an accident: no program may merely have been missing.
            assert ran.returncode < 126, ran.stderr


def changed(name: str, at: int | bytes, mask: int = 1) -> Edit:
    """Return what changes one byte of a file: at a place, or the first one of some bytes."""

    def edit(desk: Path) -> None:
        path = desk / name
        content = bytearray(path.read_bytes())
        place = content.index(at) if isinstance(at, bytes) else at
        content[place] ^= mask
        path.write_bytes(content)

    return edit


def with_aics(desk: Desk) -> Desk:
    """Return the desk with the commands of a venv with `aics-tlog`: QUANZE_TEST_AICS names its bin."""
    found = Path(os.environ.get("QUANZE_TEST_AICS") or BIN)
    if not (found / "aics-tlog").exists():
        pytest.skip("aics-tlog is not installed; it needs Python 3.12 (QUANZE_TEST_AICS names the bin of another venv)")
    return replace(desk, bin=found)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Run a ledger with a witness and a time stamping authority; record a project; save what the page says to."""
    for command in ("bash", "curl", "openssl"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    # Not tmp_path: it is 0700 and owned by root, and the server may run as another user.
    home = Path(tempfile.mkdtemp(prefix="qz"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        (home / "data").mkdir()
        (vkey,) = load_or_create(home / "data" / "log.key", "example.com/log").vkeys
        policy = policy_for(vkey, home, stack)
        (home / "tsa").mkdir()
        tsa = Tsa(home / "tsa")
        authority = stack.enter_context(stamping(tsa))
        up = stack.enter_context(
            running(
                home,
                QUANZE_WITNESS_POLICY=str(policy),
                QUANZE_TSA=authority.url,
                QUANZE_TSA_ROOTS=str(tsa.roots_file),
                QUANZE_TSA_SECONDS="1",
            )
        )
        own = Desk(home / "desk", up.url, BIN)
        own.path.mkdir()
        (own.path / "contracts").symlink_to(ROOT / "contracts")
        for name, content in PROGRAMS.items():
            (own.path / name).write_text(content, "utf-8")
        for name, source in (("log.vkey", up.data / "log.vkey"), ("token", up.data / "admin.token")):
            shutil.copy(source, own.path / name)
        shutil.copy(policy, own.path / "trust.policy")
        shutil.copy(tsa.roots_file, own.path / "tsa-roots.pem")
        record(up, own)
        own.yes(SAVE)
        own.yes(COPY)
        own.yes(CUT)
        yield own


def policy_for(vkey: str, home: Path, stack: ExitStack) -> Path:
    """Serve witnesses, one for each that the page's policy names, and write that policy with their keys."""
    (text,) = blocks("text")
    lines, key = [f"log {vkey}"], VerifierKey.parse(vkey)
    for number, line in enumerate(text.splitlines()[1:], 1):
        word, name, *_ = line.split()
        if word == "witness":
            cosigner = Cosigner(f"example.org/{name}", bytes([number]) * 32)
            url = stack.enter_context(serving(Witness(cosigner, [key], home / f"{name}.json")))
            line = f"witness {name} {cosigner.key.vkey} {url}"
        lines.append(line)
    path = home / "trust.policy"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def running(home: Path, **settings: str) -> Generator[Process]:
    port, output = free_port(), home / "up.out"
    with output.open("w") as file:
        popen = subprocess.Popen(
            [QUANZE, "up", "--data", str(home / "data"), "--port", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment() | settings | {"PYTHONUNBUFFERED": "1"},
        )
    process = Process(popen, home / "data", f"http://127.0.0.1:{port}", output)
    try:
        wait_until_ready(process)
        yield process
    finally:
        end(process)


def act(name: str, kind: str, subject: str, /, **data: Any) -> str:
    said = {"specversion": "1.0", "source": "urn:example:oa", "time": "2026-03-02T09:30:00+08:00"}
    who = {"actor": "person:P06", "unit": "unit:U001"}
    return json.dumps({**said, **who, "id": name, "type": kind, "subject": subject, "data": data}, ensure_ascii=False)


def record(up: Process, desk: Desk) -> None:
    """Record acts, keep a checkpoint on the way, and wait until witnesses and the authority have seen them all."""
    with up.http() as http:

        def post(name: str, kind: str, subject: str, /, **data: Any) -> int:
            answer = http.post("/v1/events", content=act(name, kind, subject, **data), headers=ONE)
            assert answer.status_code == 201, answer.text
            return answer.json()["receipts"][0]["position"]

        for number in range(6):
            post(f"other-{number}", "contract.draft", "project:OTHER", contract=f"C-{number}")
        kept = seen_by_all(http, 6)
        (desk.path / "last-year.checkpoint").write_bytes(kept)
        post("opened", "project.open", PROJECT, title="打印机", kind="goods", method="open_tender")
        assert post("signed", "contract.sign", PROJECT, contract="C-17", supplier="supplier:V1") == SIGNED
        seen_by_all(http, SIGNED)
        post("after", "contract.draft", "project:OTHER", contract="C-9")
        deadline = time.monotonic() + WAIT_SECONDS
        while not read_bundle(bundle(http)).stamps:
            assert time.monotonic() < deadline, up.printed()
            time.sleep(0.2)
        seen_by_all(http, SIGNED + 1)


def seen_by_all(http: httpx.Client, size: int) -> bytes:
    """Return a checkpoint of at least this size, once every witness has cosigned it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        note = http.get("/checkpoint").raise_for_status().content
        if int(note.split(b"\n")[1]) >= size and note.count("—".encode()) == 1 + len(re.findall("witness ", POLICY)):
            return note
        time.sleep(0.1)
    pytest.fail("the witnesses did not cosign")


POLICY = blocks("text")[0]


def bundle(http: httpx.Client) -> bytes:
    return http.get("/v1/projects/P-2026-017/bundle").raise_for_status().content


def sample(content: bytes, count: int) -> list[int]:
    """Return places all over a file, its last byte among them."""
    return sorted({*range(0, len(content), max(1, len(content) // count)), len(content) - 1})


def test_every_block_of_the_page_is_run_here() -> None:
    """What only installs packages is not: it takes a network."""
    used = [SAVE, OURS, COPY, CHECK, WHOLE, COMPLETE, CUT, COMMITMENT, ACTS, STAMPS, HELD]
    assert [each for each in blocks("bash") if each not in used] == []
    assert sorted([OFFLINE, LIVE, ONLINE]) == sorted(blocks("bash aics"))
    assert all(line.startswith("pip install ") for each in blocks("sh") for line in each.splitlines())
    kinds = set(re.findall(r"^```(.+)$", PAGE, re.MULTILINE))
    assert kinds == {"bash", "bash aics", "sh", "text", *(f"python {name}" for name in PROGRAMS)}


def test_the_format_on_the_page_is_the_one_in_the_code() -> None:
    described = (ROOT / "contracts" / "proof" / "bundle.py").read_text("utf-8")
    names = re.compile(r"^    ((?:[a-z.]+(?: …)?(?:, )?)+)  ", re.MULTILINE)
    (section,) = re.findall(r"^## A bundle cut into files\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert names.findall(section)
    assert names.findall(section) == names.findall(described.partition('"""')[2].partition('"""')[0])


def test_our_verifier_says_verified(desk: Desk) -> None:
    said = desk.yes(OURS)
    assert said.startswith(f"{BUNDLE}: verified\n")
    for part in ("time stamp: the first", "its certificates hold until", "held: the checkpoint of", "签订合同"):
        assert part in said
    assert "not relied on" not in said


def test_the_whole_log_is_checked_and_remembered(desk: Desk) -> None:
    assert desk.yes(WHOLE).startswith("verified: ")
    assert "by an earlier run" in desk.yes(WHOLE)
    desk.no(WHOLE, lambda path: (path / "log.state").unlink() or another_key(path))
    assert "complete, it holds every act of its project" in desk.yes(COMPLETE)
    desk.no(COMPLETE, changed(BUNDLE, 500))


def test_the_folder_copied_out_needs_cryptography_alone(desk: Desk) -> None:
    only = desk.path / "only"
    only.mkdir()
    for name in ("cryptography", "cffi", "_cffi_backend*"):
        for found in Path(cryptography.__file__).parents[1].glob(name):
            (only / found.name).symlink_to(found)
    needed = f"proof only check.py log.vkey trust.policy tsa-roots.pem last-year.checkpoint {BUNDLE}"
    alone = CHECK.replace("python3", "PYTHONPATH=only python3 -S")  # without what is installed beside it
    assert desk.yes(f"mkdir alone; cp -r {needed} alone; cd alone; {alone}").startswith("verified\n")
    assert desk.run("PYTHONPATH=only python3 -S -c 'import msgspec'").returncode == 1
    assert desk.yes(CHECK).startswith("verified\n")


@pytest.mark.parametrize("commands", [OURS, CHECK], ids=["quanze verify", "check.py"])
@pytest.mark.parametrize("part", ["project", "summary.zh", "checkpoint", "held", "stamp.response", "act"])
def test_our_verifier_says_no_to_a_changed_byte(desk: Desk, commands: str, part: str) -> None:
    at = (desk.path / BUNDLE).read_bytes().index(f"\n{part} ".encode()) + 60
    desk.no(commands, changed(BUNDLE, at))


@pytest.mark.parametrize("commands", [OURS, CHECK], ids=["quanze verify", "check.py"])
def test_our_verifier_says_no_where_less_stands_for_it(desk: Desk, commands: str) -> None:
    desk.no(commands, changed("last-year.checkpoint", b"6\n"))
    desk.no(commands, another_key)
    desk.no(commands, lambda path: strict(path / "trust.policy"))


def strict(policy: Path) -> None:
    """Want a witness who never heard of this log."""
    stranger = Cosigner("example.org/stranger", bytes([77]) * 32).key.vkey
    policy.write_text(f"witness stranger {stranger}\nquorum stranger\n")


def another_key(path: Path) -> None:
    """Believe somebody else's key of the same name."""
    was, other = (path / "log.vkey").read_text().strip(), SigningKey.generate("example.com/log").vkey
    for each in ("log.vkey", "trust.policy"):
        (path / each).write_text((path / each).read_text().replace(was, other))


@pytest.mark.parametrize(
    ("kept", "asked", "verdict", "status"),
    [
        ("", "", "verified-unwitnessed", 0),
        ("", "--policy trust.policy", "verified", 0),
        ("", "--policy strict.policy", "verified-unwitnessed", 1),
        ("sleep 1.2; ", "--policy trust.policy --max-age 1s", "stale", 1),
        ("", "--held newer.checkpoint", "stale", 1),
        ("", "--held ../nothing", "", 2),
    ],
)
def test_the_table_of_verdicts_is_true(desk: Desk, kept: str, asked: str, verdict: str, status: int) -> None:
    strict(desk.path / "strict.policy")
    if "newer" in asked:
        token = {"Authorization": f"Bearer {(desk.path / 'token').read_text().strip()}"}
        later = act("later", "contract.draft", "project:OTHER", contract="C-10")
        httpx.post(f"{desk.url}/v1/events", content=later, headers=ONE | token).raise_for_status()
        with httpx.Client(base_url=desk.url) as http:
            (desk.path / "newer.checkpoint").write_bytes(seen_by_all(http, SIGNED + 2))
    ran = desk.run(f"{kept}quanze verify {BUNDLE} --log-key log.vkey {asked}")
    assert (ran.returncode, ran.stdout.partition("\n")[0]) == (status, f"{BUNDLE}: {verdict}" if verdict else "")


def test_cutting_gives_every_byte_of_the_bundle_and_no_other(desk: Desk) -> None:
    read, parts = read_bundle((desk.path / BUNDLE).read_bytes()), desk.path / "parts"
    assert (parts / "checkpoint").read_bytes() == read.checkpoint
    assert (parts / "summary.zh").read_text("utf-8") == read.summary_zh
    assert (parts / f"act-{SIGNED}.leaf").read_bytes() == read.entries[1].leaf
    assert (parts / f"act-{SIGNED}.payload").read_bytes() == read.entries[1].payload
    assert [(parts / f"stamp-{n}.tsr").read_bytes() for n, _ in enumerate(read.stamps, 1)] == [
        each.response for each in read.stamps
    ]
    assert len(list(parts.glob("act-*.leaf"))) == len(read.entries)


def test_cutting_refuses_what_has_not_that_form(desk: Desk) -> None:
    again = f"rm -r parts; {CUT}"
    file = (desk.path / BUNDLE).read_bytes()
    for at in (0, file.index(b"\nproject "), file.index(b"\nact ") + 1, file.index(b"\nact ") + 5, len(file) - 1):
        desk.no(again, changed(BUNDLE, at))


def test_the_sixty_lines_say_yes_and_by_whom_it_is_signed(desk: Desk) -> None:
    said = desk.yes(ACTS)
    assert [line.split()[2] for line in said.splitlines() if line.startswith("signed by")] == [
        "example.com/log",
        "example.org/audit",
        "example.org/county",
        "example.org/press",
    ]
    assert f"{SIGNED} 2026-03-02T09:30:00+08:00 contract.sign person:P06 {PROJECT} as committed" in said
    assert "yes: 2 acts in a tree of 9" in said


@pytest.mark.parametrize("name", ["leaf", "payload", "salt", "tlog-proof", "checkpoint"])
def test_the_sixty_lines_say_no_to_a_changed_byte_anywhere(desk: Desk, name: str) -> None:
    file = "checkpoint" if name == "checkpoint" else f"act-{SIGNED}.{name}"
    for at in sample((desk.path / "parts" / file).read_bytes(), 8):
        desk.no(ACTS, changed(f"parts/{file}", at))


@pytest.mark.parametrize("name", ["example.com/log", "example.org/audit", "example.org/county", "example.org/press"])
def test_the_sixty_lines_say_no_to_a_signature_that_is_forged_wherever_it_stands(desk: Desk, name: str) -> None:
    note = (desk.path / "parts" / "checkpoint").read_bytes()
    (line,) = [each for each in note.splitlines() if each.startswith(f"— {name} ".encode())]
    signature = line.rpartition(b" ")[2]
    forged = b64encode(b64decode(signature)[:-1] + bytes([b64decode(signature)[-1] ^ 1]))

    def edit(path: Path) -> None:
        for each in (path / "parts" / "checkpoint", *(path / "parts").glob("act-*.tlog-proof")):
            each.write_bytes(each.read_bytes().replace(signature, forged))

    desk.no(ACTS, edit)


def test_the_sixty_lines_say_no_to_another_place_and_to_another_spelling(desk: Desk) -> None:
    desk.no(ACTS, changed(f"parts/act-{SIGNED}.tlog-proof", b"7\n"))
    salt = (desk.path / "parts" / f"act-{SIGNED}.salt").read_text()
    again = next(
        other for each in LETTERS if b64decode(other := f"{salt[:42]}{each}=") == b64decode(salt) and other != salt
    )
    desk.no(f"printf %s {again} > parts/act-{SIGNED}.salt; {ACTS}", lambda _: None)


def test_the_sixty_lines_say_no_to_a_changed_bundle(desk: Desk) -> None:
    whole = (desk.path / BUNDLE).read_bytes()
    for entry in read_bundle(whole).entries:
        assert entry.payload is not None
        for part in (entry.leaf, entry.payload, entry.proof):
            at = whole.index(part) + len(part) // 3
            desk.no(f"rm -r parts; {CUT}{ACTS}", changed(BUNDLE, at))


def test_the_sixty_lines_say_no_to_other_keys_and_to_acts_that_changed_places(desk: Desk) -> None:
    desk.no(ACTS, another_key)
    desk.no(ACTS, lambda path: (path / "log.vkey").unlink())
    desk.no("python3 acts.py parts witness.vkey", lambda _: None)
    stranger = Cosigner("example.org/audit", bytes([78]) * 32).key.vkey
    desk.no(f"echo '{stranger}' > stranger.vkey; python3 acts.py parts log.vkey stranger.vkey", lambda _: None)

    def swapped(path: Path) -> None:
        one, two = (path / "parts" / f"act-{number}.tlog-proof" for number in (SIGNED - 1, SIGNED))
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)

    desk.no(ACTS, swapped)


def test_an_act_without_its_content_is_named(desk: Desk) -> None:
    said = desk.yes(f"rm -rf less; cp -r parts less; rm less/act-{SIGNED}.payload; python3 acts.py less log.vkey")
    assert "contract.sign person:P06 project:P-2026-017 WITHOUT ITS CONTENT" in said


def test_openssl_says_yes_to_the_commitment_and_no_to_another(desk: Desk) -> None:
    assert desk.yes(COMMITMENT)
    for name in ("payload", "salt", "leaf"):
        part = b"contract.sign" if name == "payload" else b'ment":"' if name == "leaf" else 3
        desk.no(COMMITMENT, changed(f"parts/act-{SIGNED}.{name}", part))


def test_openssl_says_yes_to_the_time_stamps_and_no_to_changed_ones(desk: Desk) -> None:
    said = desk.yes(STAMPS)
    stamps = len(list((desk.path / "parts").glob("stamp-*.tsr")))
    assert said.count("Verification: OK") + said.count("yes: the first") >= stamps
    assert said.count("Time stamp: ") == stamps
    for name, at in (
        ("stamp-1.checkpoint", 20),
        ("stamp-1.tsr", -20),
        ("stamp-1.tsr", 90),
        ("checkpoint", b"9\n"),
        ("stamp-1.consistency", 5),
    ):
        size = (desk.path / "parts" / name).stat().st_size
        if size:
            place = at % size if isinstance(at, int) else at
            desk.no(STAMPS, changed(f"parts/{name}", place))


def test_the_checkpoint_that_was_kept_is_continued(desk: Desk) -> None:
    assert "yes: the first 6 of 9 acts are unchanged" in desk.yes(HELD)
    for name, at in (
        ("last-year.checkpoint", b"6\n"),
        ("last-year.checkpoint", 25),
        ("parts/held.consistency", 5),
        ("parts/checkpoint", b"9\n"),
    ):
        desk.no(HELD, changed(name, at))


def test_growth_is_judged_as_the_verifier_judges_it(desk: Desk) -> None:
    """On every pair of sizes of a log, the program against the code it was not made from."""
    script = """
import subprocess, sys, base64, hashlib, pathlib
sys.argv = ["grown.py", "parts/held", "parts/checkpoint", "parts/held.consistency"]
exec(compile(pathlib.Path("grown.py").read_text(), "grown.py", "exec"))
from proof import verify_consistency, ProofFailed
leaves = [hashlib.sha256(b"\\0" + bytes([n])).digest() for n in range(20)]
def tree(some):
    if len(some) == 1: return some[0]
    k = 1 << (len(some) - 1).bit_length() - 1
    return node(tree(some[:k]), tree(some[k:]))
def sub(m, some, whole):
    if m == len(some): return [] if whole else [tree(some)]
    k = 1 << (len(some) - 1).bit_length() - 1
    if m <= k: return sub(m, some[:k], whole) + [tree(some[k:])]
    return sub(m - k, some[k:], False) + [tree(some[:k])]
for n in range(1, 21):
    for m in range(1, n + 1):
        a, b = tree(leaves[:m]), tree(leaves[:n])
        path = sub(m, leaves[:n], True)
        verify_consistency(m, n, path, a, b)
        assert continues(m, a, n, b, path), (m, n)
        assert not continues(m, b"x" * 32, n, b, path), (m, n)
        assert not continues(m, a, n, b"x" * 32, path), (m, n)
        if path:
            assert not continues(m, a, n, b, path[:-1]), (m, n)
        assert not continues(m, a, n, b, [*path, a]), (m, n)
"""
    (desk.path / "judge.py").write_text(script)
    desk.yes("python3 judge.py")


def answers(printed: str) -> list[bool]:
    return [json.loads(line)["ok"] for line in printed.splitlines()]


def test_aics_tlog_says_yes_to_the_parts_and_no_to_changed_ones(desk: Desk) -> None:
    desk = with_aics(desk)
    assert answers(desk.yes(OFFLINE)) == [True, True]
    for name, at in ((f"act-{SIGNED}.leaf", 10), (f"act-{SIGNED}.tlog-proof", 40), ("checkpoint", b"9\n")):
        desk.no(OFFLINE, changed(f"parts/{name}", at))
    desk.no(OFFLINE, another_key)


@contextmanager
def altered(desk: Desk, prefix: str, mark: bytes = b"") -> Generator[str]:
    """Serve what the log serves; of paths with this prefix, with the fifth byte changed after the first `mark`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers.get("Authorization")
            answer = httpx.get(desk.url + self.path, headers={"Authorization": token} if token else {})
            body = bytearray(answer.content)
            if self.path.startswith(prefix):
                body[body.index(mark) + len(mark) + 5] ^= 1
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass  # not to stderr

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="altered")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_aics_tlog_says_yes_to_the_log_and_no_to_one_that_serves_a_changed_tile(desk: Desk) -> None:
    desk = with_aics(desk)
    assert answers(desk.yes(LIVE)) == [True, True]
    assert desk.yes(ONLINE).count("yes: ") == 2
    with altered(desk, "/nothing") as url:
        assert desk.run(LIVE + ONLINE, url=url).returncode == 0, "serving it again changes nothing by itself"
    for prefix, mark in (("/tile/", b""), ("/checkpoint", b"\n")):
        with altered(desk, prefix, mark) as url:
            for commands in (LIVE, ONLINE):
                desk.no(commands, lambda _: None, url=url)
    with altered(desk, "/v1/proofs/", b'"leaf":"') as url:
        desk.no(ONLINE, lambda _: None, url=url)
    desk.no(LIVE, changed(f"parts/act-{SIGNED}.leaf", 10))
    desk.no(LIVE, changed("last-year.checkpoint", b"6\n"))


def test_the_check_of_the_whole_log_finds_what_a_bundle_cannot_say(desk: Desk) -> None:
    key = str(desk.path / "log.vkey")
    checked = run("verify", "--log", desk.url, "--log-key", key, "--token-file", desk.path / "token")
    assert checked.status == 0, checked.out
