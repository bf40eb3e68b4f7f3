"""A bundle of a log that others vouch for: witnesses, a time stamping authority, and keys that changed three times."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.proof import (
    BoundedKey,
    Policy,
    Report,
    Trust,
    VerifierKey,
    parse_key,
    parse_policy,
    read_bundle,
    verify_document,
)
from ledger.rotation import KeyChange
from ledger.stamping import Stamping
from tests.conftest import Database
from tests.events import event
from tests.joined import CLERK, Joined, joined, signing
from tests.tsa import Answering, Tsa, stamping_of
from tests.tsa import served as stamping_authority
from tests.witness import Cosigner, Witness, serving

AUDIT, SUPPLIERS = (
    Cosigner(f"example.com/{name}", bytes([number]) * 32) for number, name in enumerate(("audit", "v"), 7)
)


@dataclass
class Vouched:
    """A running pair, and those outside it."""

    both: Joined
    change: KeyChange
    stamping: Stamping
    tsa: Tsa
    policy: Policy
    first: VerifierKey
    known_to_witnesses: list[VerifierKey]

    def bundle(self, **parameters: Any) -> bytes:
        answer = self.both.http.get("/v1/projects/X/bundle", params={"min_position": self.both.size(), **parameters})
        assert answer.status_code == 200, answer.text
        return answer.content

    def check(self, file: bytes, *keys: VerifierKey, **relied_on: Any) -> Report:
        return verify_document(file, Trust(keys or (self.first,), **relied_on))

    def stamp(self) -> None:
        self.stamping.look(datetime.now(UTC))

    def wait_for_quorum(self) -> None:
        """Wait until the newest head has a quorum."""
        deadline = time.monotonic() + 20
        while (newest := self.both.ledger.cosignatures.newest_witnessed()) is None or newest.size < self.both.size():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def vouched(database: Database, tmp_path: Path) -> Iterator[Vouched]:
    keys = tmp_path / "log.key"
    keys.write_text(database.signer.text() + "\n")
    keys.chmod(0o600)
    first = VerifierKey.parse(database.signer.vkey)
    with ExitStack() as stack:
        lines: list[str] = []
        known = [first]
        for name, cosigner in (("audit", AUDIT), ("suppliers", SUPPLIERS)):
            url = stack.enter_context(serving(Witness(cosigner, known, tmp_path / f"{name}.json")))
            lines.append(f"witness {name} {cosigner.key.vkey} {url}\n")
        text = "".join([*lines, "group outside all audit suppliers\n", "quorum outside\n"])
        policy = tmp_path / "witnesses.policy"
        policy.write_text(text)
        tsa = Tsa(tmp_path)
        answering: Answering = stack.enter_context(stamping_authority(tsa))
        both = stack.enter_context(joined(database, key_file=keys, witness_policy=str(policy)))
        stamping = stamping_of(both.ledger, tsa.roots_file, answering.url)
        stack.callback(stamping.close)
        change = KeyChange(database.dsn, database.log_id, keys)
        yield Vouched(both, change, stamping, tsa, parse_policy(text.encode()), first, known)


def acts(both: Joined) -> None:
    both.record(event("project.open", "project:X", CLERK, title="打印机"), signing(CLERK, "1000.00"))


def test_a_quorum_makes_it_verified_and_says_how_fresh_it_is(vouched: Vouched) -> None:
    acts(vouched.both)
    vouched.wait_for_quorum()
    file = vouched.bundle()
    report = vouched.check(file, policy=vouched.policy, max_age_seconds=600)
    assert (report.verdict, report.failure, report.shortfall) == ("verified", None, None)
    late = int(time.time()) + 3600
    report = vouched.check(file, policy=vouched.policy, max_age_seconds=600, now=late)
    assert (report.verdict, report.accepted) == ("stale", False)
    # The log alone still stands for it where no quorum is asked for.
    assert vouched.check(file).verdict == "verified-unwitnessed"


def test_without_the_quorum_it_is_verified_unwitnessed_and_not_accepted(vouched: Vouched) -> None:
    acts(vouched.both)
    vouched.wait_for_quorum()
    file = vouched.bundle()
    for cosigner in (AUDIT, SUPPLIERS):
        line = next(
            line
            for line in read_bundle(file).checkpoint.splitlines(keepends=True)
            if cosigner.key.name.encode() in line
        )
        sizes = file.replace(line, b"")  # the sizes of the blocks no longer fit: one cannot simply cut it out
        assert vouched.check(sizes, policy=vouched.policy).verdict == "FAILED"
    stranger = Cosigner("example.com/stranger", bytes([99]) * 32)
    text = f"witness other {stranger.key.vkey}\nquorum other\n".encode()
    report = vouched.check(file, policy=parse_policy(text))
    assert (report.verdict, report.accepted, report.failure) == ("verified-unwitnessed", False, None)
    named_alike = Cosigner(AUDIT.key.name, bytes([98]) * 32)
    text = f"witness audit {named_alike.key.vkey}\nquorum audit\n".encode()
    assert not vouched.check(file, policy=parse_policy(text)).accepted, "a key of the right name and other bytes"


def test_stamps_say_by_when_the_acts_were_there(vouched: Vouched) -> None:
    vouched.both.record(event("project.open", "project:Y", CLERK))
    vouched.stamp()
    acts(vouched.both)
    vouched.stamp()
    vouched.both.record(event("project.open", "project:Z", CLERK))
    vouched.stamp()
    vouched.both.record(event("project.open", "project:Z2", CLERK))
    vouched.stamp()
    vouched.wait_for_quorum()  # a bundle stands on the newest head that has one
    file = vouched.bundle()
    assert len(read_bundle(file).stamps) == 2, "the first one over all of its acts, and the newest"
    report = vouched.check(file, stamp_roots=vouched.tsa.roots)
    said = [check for check in report.checks if check.startswith("time stamp")]
    assert ["the first 3 entries" in said[0], "the first 5 entries" in said[1]] == [True, True]
    assert all("its certificates hold until" in each for each in said)
    said = [check for check in vouched.check(file).checks if check.startswith("time stamp")]
    assert [each.rpartition("; ")[2] for each in said] == ["not relied on"] * 2
    # A stamp is no word on freshness: an old checkpoint can be stamped today.
    assert vouched.check(file, stamp_roots=vouched.tsa.roots, max_age_seconds=3600).verdict == "stale"


def test_acts_that_no_stamp_holds_yet_keep_the_newest_there_is(vouched: Vouched) -> None:
    acts(vouched.both)
    vouched.stamp()
    size = vouched.both.size()
    vouched.both.record(event("contract.draft", "project:X", CLERK, contract="C9"))
    report = vouched.check(vouched.bundle(), stamp_roots=vouched.tsa.roots)
    (said,) = [check for check in report.checks if check.startswith("time stamp")]
    assert f"the first {size} entries" in said


def test_a_stamp_outlives_its_certificate_when_it_was_renewed(vouched: Vouched) -> None:
    vouched.tsa.certify(until=timedelta(days=20))
    acts(vouched.both)
    vouched.stamp()
    vouched.tsa.certify(until=timedelta(days=400))
    vouched.both.record(event("project.open", "project:Z", CLERK))
    vouched.stamp()  # from now on the authority stamps for longer
    in_half_its_time = datetime.now(UTC) + timedelta(days=15)
    vouched.stamping.look(in_half_its_time)  # so the first stamp is renewed, and that is stamped
    assert vouched.both.projector.wait_for(vouched.both.size(), 10)
    vouched.wait_for_quorum()  # a bundle stands on the newest head that has one
    file = vouched.bundle()
    in_a_year = int(time.time()) + 300 * 86_400
    said = [
        check
        for check in vouched.check(file, stamp_roots=vouched.tsa.roots, now=in_a_year).checks
        if check.startswith("time stamp")
    ]
    assert "the first 2 entries" in said[0]
    assert "renewed at" in said[0]
    assert "its certificates hold until" in said[0]


def three_changes(vouched: Vouched) -> list[str]:
    """Change the key three times, with acts between; return the four keys, the oldest first."""
    keys = [vouched.both.database.signer.vkey]
    for number in range(3):
        vouched.both.record(event("contract.draft", "project:X", CLERK, contract=f"C{number}"))
        keys.append(vouched.change.rotate().vkey)
        vouched.known_to_witnesses.append(VerifierKey.parse(keys[-1]))
        vouched.both.record(event("contract.draft", "project:X", CLERK, contract=f"D{number}"))
        vouched.both.ledger.checkpoints.newest()
        vouched.change.retire()
    vouched.both.record(event("contract.draft", "project:X", CLERK, contract="E"))
    return keys


def test_bundles_from_before_three_changes_of_the_key_still_verify_and_new_ones_lead_to_it(vouched: Vouched) -> None:
    acts(vouched.both)
    before = vouched.bundle()
    keys = [VerifierKey.parse(vkey) for vkey in three_changes(vouched)]
    after = vouched.bundle()
    assert vouched.check(before, keys[0]).accepted
    assert vouched.check(before, keys[3]).verdict == "FAILED", "the newest key never signed that"
    for number, key in enumerate(keys):
        report = vouched.check(after, key)
        assert report.accepted, (number, report.failure)
        assert f"keys: 3 changes of the log's key, {3 - number} learned from them" in report.checks
    bounded = BoundedKey(keys[0].name, keys[0].key, 3)
    assert vouched.check(before, bounded).accepted
    assert vouched.check(after, bounded).verdict == "FAILED", (
        "beyond its bound it vouches for nothing, a rotation neither"
    )
    assert vouched.check(after, parse_key(f"{keys[0].name}+{keys[0].key_id.hex()}+{vkey_of(keys[0])}")).accepted


def vkey_of(key: VerifierKey) -> str:
    from base64 import b64encode

    return b64encode(b"\x01" + key.key).decode()


def test_no_byte_of_a_bundle_with_all_that_can_vouch_for_it_can_be_changed(vouched: Vouched) -> None:
    acts(vouched.both)
    kept = vouched.both.ledger.checkpoints.newest()
    keys = three_changes(vouched)
    vouched.stamp()
    vouched.wait_for_quorum()
    file = vouched.bundle(**{"from": kept.size})
    taken_apart = read_bundle(file)
    assert (len(taken_apart.rotations), len(taken_apart.stamps)) == (3, 1)
    assert taken_apart.checkpoint.count(b"\xe2\x80\x94") == 3, "signed by the log and two witnesses"
    # Whoever relies on least sees as much: the last key alone, no witness, no authority.
    trust = Trust([VerifierKey.parse(keys[-1])])
    assert verify_document(file, trust).accepted
    survived = [
        at
        for at in range(len(file))
        if verify_document(file[:at] + bytes([file[at] ^ 0x01]) + file[at + 1 :], trust).accepted
    ]
    assert survived == [], (file[survived[0] - 3 : survived[-1] + 3], len(survived))
