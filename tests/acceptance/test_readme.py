"""The README's commands, run as they stand there: a page nobody runs is wrong within a month."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Process, clean_environment, end, free_port, wait_until_ready

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
README_ZH = (ROOT / "README.zh-CN.md").read_text("utf-8")
PORT = "8420"
FIRST_SCREEN_LINES = 40
PAGES = sorted(
    {*ROOT.glob("*.md"), *(path for name in ("contracts", "deploy", "docs") for path in (ROOT / name).rglob("*.md"))}
)
FOLDERS = "contracts|deploy|docs|examples|requirements|services|tests"

Step = tuple[str, str]
"""A command of the README and what it printed."""


def commands(page: str) -> list[str]:
    """Return the blocks that are meant for a shell."""
    return re.findall(r"^```bash\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


DEMO, UP, TRY, ASK = commands(README)


def test_both_languages_give_the_same_commands() -> None:
    assert commands(README_ZH) == commands(README)


@pytest.mark.parametrize("page", [README, README_ZH], ids=["en", "zh"])
def test_the_first_screen_goes_from_nothing_to_a_verified_proof(page: str) -> None:
    start = "\n".join(page.splitlines()[:FIRST_SCREEN_LINES])
    assert commands(start) == [DEMO, UP, TRY]


def test_the_demo_is_a_verb_of_the_makefile() -> None:
    make, verb = DEMO.split()
    assert make == "make"
    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    links = {page.parent / link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    named = {ROOT / path for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)}
    assert sorted(path for path in links | named if not path.exists()) == []


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Make a directory that looks to a command like a checkout with a `.venv`, and in which files may be left."""
    # Not tmp_path: it is 0700 and owned by root, and the server may run as another user.
    path = Path(tempfile.mkdtemp(prefix="qz"))
    (path / ".venv").symlink_to(Path(sys.executable).parents[1])
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[Process]:
    """Run the README's own line in `home`: its `./data` is then there, and only the port is another."""
    port = str(free_port())
    output = home / "up.out"
    with output.open("w") as file:
        popen = subprocess.Popen(
            shlex.split(UP.replace(PORT, port)),
            cwd=home,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        )
    process = Process(popen, home / "data", f"http://127.0.0.1:{port}", output)
    try:
        wait_until_ready(process)
        yield process
    finally:
        end(process)


@pytest.fixture(scope="module")
def steps(up: Process, home: Path) -> list[Step]:
    """Run the blocks for the other terminal in one shell. An empty line ends a command; a failing one the shell."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    wanted = (TRY + "\n" + ASK).replace(PORT, up.url.rpartition(":")[2]).strip().split("\n\n")
    script = "\nprintf '\\0'\n".join(wanted)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=clean_environment() | {"QUANZE_URL": up.url},  # where no port is written, the command's own is meant
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    return list(zip(wanted, ran.stdout.split("\0"), strict=True))


def printed_by(steps: list[Step], part: str) -> str:
    """Return what the one command that holds `part` printed."""
    (text,) = [output for command, output in steps if part in command]
    return text


def test_the_act_is_recorded_and_read_back(steps: list[Step]) -> None:
    answer: dict[str, Any] = json.loads(printed_by(steps, "--data-binary"))
    (receipt,) = answer["receipts"]
    assert (receipt["position"], receipt["status"]) == (1, "recorded")
    stored: dict[str, Any] = json.loads(printed_by(steps, "/v1/events/1"))
    assert stored["receipt"] == receipt
    assert stored["event"]["id"] == receipt["id"]


def test_the_proof_verifies(steps: list[Step], home: Path) -> None:
    assert printed_by(steps, "quanze verify data").startswith("data/proof.json: verified-unwitnessed\n")
    assert json.loads((home / "data" / "proof.json").read_text("utf-8"))["leaf_index"] == 0


def test_the_act_can_be_asked_about(steps: list[Step]) -> None:
    assert "contract.sign" in printed_by(steps, "quanze replay")
    assert "AUT-01" in printed_by(steps, "quanze who")
    assert printed_by(steps, "quanze conflicts")
    assert "AUT-01" in printed_by(steps, "quanze findings")
    assert printed_by(steps, "quanze scan")
    assert printed_by(steps, "quanze verify --log ").startswith("verified: 2 acts"), "the signing, and the scan itself"


def test_ctrl_c_ends_it_and_leaves_no_process(up: Process) -> None:
    """Last in this module: it stops what the others ask."""
    below = processes_below(up.popen.pid)
    assert below
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(timeout=20) in (0, 130)
    assert [pid for pid in below if pid in processes()] == []


def processes_below(pid: int) -> list[int]:
    """Return the children of a process, and theirs."""
    parents = processes()
    found = [pid]
    for each in found:  # grows as it goes
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def processes() -> dict[int, int]:
    """Return the parent of every process that has not ended."""
    if Path("/proc/self").exists():  # a slim container has no ps
        rows = [row for path in Path("/proc").glob("[0-9]*/stat") if (row := stat_of(path)) is not None]
    else:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,state=,ppid="], capture_output=True, text=True, check=True)
        rows = [(int(pid), state, int(parent)) for pid, state, parent in map(str.split, listed.stdout.splitlines())]
    return {pid: parent for pid, state, parent in rows if not state.startswith("Z")}


def stat_of(path: Path) -> tuple[int, str, int] | None:
    """Return pid, state and parent of a process, None when it has ended meanwhile."""
    try:
        state, parent = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return int(path.parent.name), state, int(parent)
