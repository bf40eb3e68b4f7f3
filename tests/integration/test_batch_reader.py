"""The process that reads batches: the same acts as read here, nothing that has to be asked about; nobody misses it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from edge.tokens import Token
from ledger.acts import Draft
from ledger.admission import Admission
from ledger.batch_reader import BatchReader
from tests.events import event

SECONDS_MAX = 30.0
ANYBODY = Token("t", "t", frozenset(("admin",)), frozenset(), frozenset())
SOMEBODY = Token("s", "s", frozenset(("events:write",)), frozenset(("urn:other",)), frozenset())

ROW = ["CONTRACT", "E", "x_stamper", "contract", "加盖骑缝章", "Stamp the edges"]
PACK = event("catalogue.extend", "log:test", "system:import", pack="local", acts={"x.stamp": ROW})


def plain(count: int = 3) -> list[dict[str, Any]]:
    return [
        event("contract.sign", "project:P1", "person:A", contract=f"C{n}", supplier="supplier:V1") for n in range(count)
    ]


def body(*acts: dict[str, Any]) -> bytes:
    return json.dumps(acts, ensure_ascii=False, indent=1).encode()


@pytest.fixture
def admission() -> Admission:
    return Admission(lambda _: [])


@pytest.fixture
def reader(admission: Admission) -> Generator[BatchReader]:
    made = BatchReader(admission)
    try:
        yield made
    finally:
        made.stop()


def until(found: Callable[[], Any]) -> Any:
    """Return what is found in the end: the process takes its time to start."""
    deadline = time.monotonic() + SECONDS_MAX
    while (here := found()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return here


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def is_reader(pid: int) -> bool:
    return b"ledger.batch_reader" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_acts_are_those_that_this_process_would_have_read(reader: BatchReader, admission: Admission) -> None:
    batch = body(*plain(), event("unit.register", "unit:U1", "person:A", name="财政局", kind="purchaser"))
    drafts = until(lambda: reader.read(batch, ANYBODY))
    assert drafts == list(map(Draft.of, admission.batch(batch, ANYBODY)))
    assert [json.loads(each.payload) for each in drafts] == json.loads(batch)


@pytest.mark.parametrize(
    "left",
    [
        event("auth.grant", "grant:G1", "person:A", grant="grant:G1", kind="general", grantee="person:B"),
        event("account.link", "person:A", "person:A", account="account:oa/a", person="person:A", evidence="hr"),
        event("data.erase", "project:P1", "person:A", target={"source": "s", "id": "1"}, legal_basis="order"),
        PACK,
        {**event("contract.sign", "project:P1", "person:A"), "actor": "nobody"},
        {"id": "1"},
    ],
)
def test_a_batch_that_is_not_all_plain_is_left(reader: BatchReader, left: dict[str, Any]) -> None:
    until(lambda: reader.read(body(*plain()), ANYBODY))
    assert reader.read(body(*plain(), left), ANYBODY) is None
    assert reader.read(b"[" * 100_000, ANYBODY) is None
    assert reader.read(body(*plain()), SOMEBODY) is None  # its source is not the token's
    assert reader.read(body(*plain()), ANYBODY) is not None


def test_it_is_told_of_packs(reader: BatchReader) -> None:
    packs: list[tuple[int, bytes | None]] = []
    admission = Admission(lambda after: [each for each in packs if each[0] > after])
    told = BatchReader(admission)
    try:
        stamp = body(event("x.stamp", "project:P1", "person:A"))
        until(lambda: told.read(body(*plain()), ANYBODY))
        assert told.read(stamp, ANYBODY) is None
        packs.append((7, json.dumps(PACK).encode()))
        assert told.read(stamp, ANYBODY) is None  # the ledger itself has not looked
        admission.refresh()
        drafts = told.read(stamp, ANYBODY)
        assert drafts is not None
        assert drafts[0].type == "x.stamp"
    finally:
        told.stop()


def test_one_that_was_killed_is_missed_by_nobody_and_started_again(reader: BatchReader) -> None:
    until(lambda: reader.read(body(*plain()), ANYBODY))
    [child] = filter(is_reader, children(os.getpid()))
    os.kill(child, signal.SIGKILL)
    assert reader.read(body(*plain()), ANYBODY) is None
    assert until(lambda: reader.read(body(*plain()), ANYBODY))
    assert child not in children(os.getpid())


def test_it_ends_with_the_process_it_reads_for() -> None:
    program = (
        "import sys, time\n"
        "from ledger.admission import Admission\n"
        "from ledger.batch_reader import BatchReader\n"
        "from tests.integration.test_batch_reader import ANYBODY, body, plain, until\n"
        "reader = BatchReader(Admission(lambda _: []))\n"
        "until(lambda: reader.read(body(*plain()), ANYBODY))\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        [child] = filter(is_reader, children(parent.pid))
        parent.kill()
    until(lambda: True if not Path(f"/proc/{child}").exists() else None)
