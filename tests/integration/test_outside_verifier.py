"""
A verifier by others reads what our ledger serves: aics-tlog (Apache-2.0), which was written from the specifications.

It shares nothing with us, neither code nor author. It needs Python 3.12; without it these tests are left out.
"""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import ORIGIN, Database, TestLedger
from tests.events import event
from tests.served import Served, served

aics = pytest.importorskip("aics_tlog", reason="aics-tlog needs Python 3.12")
tiles = pytest.importorskip("aics_tlog.tiles", reason="aics-tlog needs Python 3.12")

SIZE = 600
SIZES = (1, 2, 3, 255, 256, 257, 300, 511, 512, 513, SIZE)


@pytest.fixture
def up(database: Database) -> Iterator[Served]:
    with served(database) as up:
        ledger = TestLedger(database, up.ledger)
        for first, last in zip((0, *SIZES), SIZES, strict=False):
            ledger.post(
                [event("project.open", f"project:P{n}", "person:P1", title=f"项目{n}") for n in range(first, last)]
            )
            up.ledger.checkpoints.newest()
        yield up


class _WithToken:
    """The verifier's own reader; entry bundles, which are not for everybody, with a token."""

    def __init__(self, up: Served) -> None:
        self._open = aics.HttpTileReader(up.url, proxies={})
        self._http = up.http("verify")

    def read_tile(self, level: int, index: int, width: int | None) -> bytes | None:
        return self._open.read_tile(level, index, width)

    def read_entry_bundle(self, index: int, width: int | None) -> bytes | None:
        answer = self._http.get(f"/{tiles.entry_bundle_path(index, width)}")
        return answer.content if answer.status_code == 200 else None


def opened(up: Served, note: str) -> Any:
    """Return what the verifier makes of a checkpoint, with the log's key out of band."""
    return aics.verify_checkpoint(
        aics.parse_note(note), aics.parse_vkey(up.database.signer.vkey), expected_origin=ORIGIN
    )


def proof(up: Served, kind: str, **parameters: int) -> Any:
    return up.http("verify").get(f"/v1/proofs/{kind}", params=parameters).raise_for_status().json()


def hashes(document: Any) -> list[bytes]:
    return [b64decode(each) for each in document["hashes"]]


def test_it_opens_our_checkpoint_and_no_other(up: Served) -> None:
    note = httpx.get(f"{up.url}/checkpoint").text
    found = opened(up, note)
    assert (found.ok, found.log_ok, found.origin, found.size, found.error) == (True, True, ORIGIN, SIZE, None)
    assert not opened(up, note.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n", 1)).ok


def test_it_opens_every_checkpoint_that_we_list_and_finds_its_root_in_our_tiles(up: Served) -> None:
    listed = up.http("verify").get("/v1/checkpoints", params={"limit": 1000}).raise_for_status().json()["items"]
    assert {each["size"] for each in listed} >= set(SIZES)
    newest = opened(up, listed[-1]["note"])
    for each in listed:
        found = opened(up, each["note"])
        assert (found.ok, found.size, found.root) == (True, each["size"], b64decode(each["root"]))
        reader = aics.VerifiedTileReader(_WithToken(up), newest.size, newest.root)
        assert aics.tree_root_from_tiles(reader, found.size, newest.size) == found.root


def test_it_takes_our_inclusion_proofs_at_any_size(up: Served) -> None:
    for size in SIZES:
        for position in sorted({1, size // 2 + 1, size}):
            document = proof(up, "inclusion", position=position, size=size)
            root = opened(up, document["checkpoint"]).root
            leaf, index = b64decode(document["leaf"]), document["leaf_index"]
            assert aics.verify_leaf_inclusion(leaf, index, size, hashes(document), root)
            assert not aics.verify_leaf_inclusion(leaf + b" ", index, size, hashes(document), root)


def test_it_takes_our_consistency_proofs_between_any_sizes(up: Served) -> None:
    for first in SIZES:
        for second in [each for each in SIZES if each >= first]:
            document = proof(up, "consistency", **{"from": first, "to": second})
            roots = [opened(up, document[name]).root for name in ("first_checkpoint", "second_checkpoint")]
            assert aics.verify_consistency(first, second, *roots, hashes(document))
            if first < second:
                assert not aics.verify_consistency(first, second, *roots[::-1], hashes(document))


def test_its_audit_of_our_tiles_reads_all_of_them(up: Served) -> None:
    head = opened(up, httpx.get(f"{up.url}/checkpoint").text)
    report = aics.audit_tiles(aics.HttpTileReader(up.url, proxies={}), head.size, head.root, entries=False)
    assert (report.size, report.tiles, report.bundles) == (SIZE, 4, 0), "600 leaves: two full tiles, two that are not"
    report = aics.audit_tiles(_WithToken(up), head.size, head.root)
    assert (report.size, report.tiles, report.bundles) == (SIZE, 4, 3)


def test_its_audit_at_an_older_size_finds_the_tiles_as_they_were(up: Served) -> None:
    for size in SIZES:
        head = opened(up, proof(up, "consistency", **{"from": size, "to": SIZE})["first_checkpoint"])
        assert aics.audit_tiles(_WithToken(up), head.size, head.root).size == size


@pytest.mark.parametrize("what", ["a tile", "a leaf hash"])
def test_its_audit_finds_what_a_superuser_changed(up: Served, what: str) -> None:
    head = opened(up, httpx.get(f"{up.url}/checkpoint").text)
    up.database.tampered = True
    with psycopg.connect(up.database.dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        if what == "a tile":
            connection.execute("UPDATE ledger.tiles SET hashes = set_byte(hashes, 99, get_byte(hashes, 99) # 1)")
        else:
            connection.execute("UPDATE ledger.entries SET leaf_hash = sha256('x') WHERE position = 550")
    with pytest.raises((tiles.TileVerificationError, tiles.TileMissingError)):
        aics.audit_tiles(_WithToken(up), head.size, head.root)
