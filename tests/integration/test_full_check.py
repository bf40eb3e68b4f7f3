"""The full check finds whatever a superuser changes in what is stored, and names its position."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.sql import SQL

from contracts.proof import VerifierKey
from ledger.main import Ledger
from ledger.settings import Settings
from ledger.signer import SigningKey
from quanze.client import Client
from quanze.database_check import database_log
from quanze.full_check import Checked, check_log
from quanze.remote_check import remote_log
from tests.conftest import Database, TestLedger, execute, on
from tests.events import SOURCE, event
from tests.served import served
from tests.tsa import Tsa, stamp_newest
from tests.witness import Cosigner

SIZE, FIRST, ERASED, PACK = 300, 20, 4, 2

WITNESS = Cosigner("example.com/witness", bytes(range(32)))
COSIGNED_AT = 1_790_000_000

CONTRACT = {"payload": "ContractSign", "subject": ["project"]}
ACTS = {"x.seal": ["CONTRACT", "E", "sealer", "contract", "盖章", "Seal a contract", CONTRACT]}


def acts(first: int, last: int) -> list[dict[str, Any]]:
    """Acts of a kind that a pack brings, with a supplier that only the pack says to be a reference."""
    return [
        event("x.seal", f"project:P{n}", "person:P1", contract=f"C-{n}", supplier=f"supplier:V{n}")
        for n in range(first, last)
    ]


@contextmanager
def opened(database: Database) -> Generator[TestLedger]:
    with Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text())) as ledger:
        yield TestLedger(database, ledger)


def vouch(ledger: Ledger, tsa: Tsa) -> None:
    """Have the newest checkpoint cosigned and stamped."""
    newest = ledger.checkpoints.newest()
    body = newest.note.encode().rpartition(b"\n\n")[0] + b"\n"
    line = WITNESS.cosign(body, COSIGNED_AT).decode()
    ledger.cosignatures.add(newest, WITNESS.key, line, datetime.fromtimestamp(COSIGNED_AT, UTC))
    stamp_newest(ledger, tsa)


@pytest.fixture(scope="module")
def grown(server: str, template: str, signer: SigningKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """
    Yield the name of a database with a log of 300 acts: a pack, an erased act, a full tile, and two checkpoints, each
    cosigned and stamped.
    """
    name = f"quanze_grown_{uuid4().hex[:8]}"
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    tsa = Tsa(tmp_path_factory.mktemp("tsa"))
    with opened(Database(on(server, name), signer)) as ledger:
        ledger.post([event("project.open", "project:P0", "person:P1")])
        ledger.post([event("catalogue.extend", "log:test", "system:import", pack="local", acts=ACTS)])
        posted = acts(3, FIRST + 1)
        ledger.post(posted)
        vouch(ledger.ledger, tsa)
        target = {"source": SOURCE, "id": posted[ERASED - 3]["id"]}
        ledger.post([event("data.erase", "project:P4", "person:DPO", target=target, legal_basis="个人信息保护法 §47")])
        assert ledger.ledger.erase() in ([], [ERASED])
        ledger.post(acts(FIRST + 2, SIZE + 1))
        vouch(ledger.ledger, tsa)
    yield name
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def written(server: str, grown: str, signer: SigningKey) -> Iterator[Database]:
    """Yield a copy of it, which a test may break."""
    name = f"quanze_{uuid4().hex[:12]}"
    execute(server, "CREATE DATABASE {} TEMPLATE {}", name, grown)
    yield Database(on(server, name), signer)
    execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def check(database: Database, *keys: VerifierKey) -> Checked:
    with psycopg.connect(database.dsn) as connection:
        return check_log(database_log(connection, database.log_id), keys)


def key_of(database: Database) -> VerifierKey:
    return VerifierKey.parse(database.signer.vkey)


def as_superuser(database: Database, *statements: LiteralString) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for each in statements:
            changed = connection.execute(SQL(each))
            assert each.startswith("ALTER") or changed.rowcount >= 1


def flip(column: LiteralString) -> LiteralString:
    """Return SQL for a value with one bit in its middle turned."""
    at: LiteralString = "length(" + column + ") / 2"
    return "set_byte(" + column + ", " + at + ", get_byte(" + column + ", " + at + ") # 1)"


NO_PRIMARY_KEY: LiteralString = "ALTER TABLE ledger.entries DROP CONSTRAINT entries_pkey"
NO_SOURCE_KEY: LiteralString = "ALTER TABLE ledger.entries DROP CONSTRAINT entries_one_per_key"
COPY: LiteralString = (
    "INSERT INTO ledger.entries SELECT log_id, {}, source, {}, type, tags, leaf, leaf_hash, salt, payload"
    " FROM ledger.entries WHERE position = 7"
)

# What is changed, the position the check must name, and with which SQL.
CHANGES: dict[str, tuple[int, Sequence[LiteralString]]] = {
    "an entry's log": (7, ["UPDATE ledger.entries SET log_id = 2 WHERE position = 7"]),
    "an entry's position": (7, ["UPDATE ledger.entries SET position = 1000 WHERE position = 7"]),
    "a source": (7, ["UPDATE ledger.entries SET source = source || 'x' WHERE position = 7"]),
    "an id": (7, ["UPDATE ledger.entries SET id = id || 'x' WHERE position = 7"]),
    "a type": (7, ["UPDATE ledger.entries SET type = 'project.close' WHERE position = 7"]),
    "a tag more": (7, ["UPDATE ledger.entries SET tags = tags || ARRAY['person:P9'] WHERE position = 7"]),
    "a tag away": (7, ["UPDATE ledger.entries SET tags = tags[2:] WHERE position = 7"]),
    "a tag of the content away": (7, ["UPDATE ledger.entries SET tags = tags[:3] WHERE position = 7"]),
    "no tag any more": (7, ["UPDATE ledger.entries SET tags = '{}' WHERE position = 7"]),
    "tags in another order": (7, ["UPDATE ledger.entries SET tags = tags[2:] || tags[:1] WHERE position = 7"]),
    "a leaf": (7, ["UPDATE ledger.entries SET leaf = " + flip("leaf") + " WHERE position = 7"]),
    "an empty leaf": (7, ["UPDATE ledger.entries SET leaf = '' WHERE position = 7"]),
    "a leaf hash": (7, ["UPDATE ledger.entries SET leaf_hash = " + flip("leaf_hash") + " WHERE position = 7"]),
    "a payload": (7, ["UPDATE ledger.entries SET payload = " + flip("payload") + " WHERE position = 7"]),
    "a salt": (7, ["UPDATE ledger.entries SET salt = " + flip("salt") + " WHERE position = 7"]),
    "a payload of other white space": (7, ["UPDATE ledger.entries SET payload = payload || ' ' WHERE position = 7"]),
    "content away without an order": (
        7,
        [
            "UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(tags, leaf)"
            " WHERE position = 7"
        ],
    ),
    "content away, and a fault after it": (
        7,
        [
            "UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(tags, leaf)"
            " WHERE position = 7",
            "UPDATE ledger.entries SET id = id || 'x' WHERE position = 9",
        ],
    ),
    "a fault between erased content and its order": (
        9,
        ["UPDATE ledger.entries SET id = id || 'x' WHERE position = 9"],
    ),
    "a salt away": (
        7,
        [
            "ALTER TABLE ledger.entries DROP CONSTRAINT entries_erased_as_one",
            "UPDATE ledger.entries SET salt = NULL WHERE position = 7",
        ],
    ),
    "a salt left of erased content": (
        ERASED,
        [
            "ALTER TABLE ledger.entries DROP CONSTRAINT entries_erased_as_one",
            "UPDATE ledger.entries SET salt = sha256('x') WHERE position = 4",
        ],
    ),
    "a tag left of erased content": (
        ERASED,
        ["UPDATE ledger.entries SET tags = tags || ARRAY['supplier:V4'] WHERE position = 4"],
    ),
    "a pack's content away": (
        PACK,
        ["UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 2"],
    ),
    "an order's content away": (
        ERASED,
        ["UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 21"],
    ),
    "an act away": (7, ["DELETE FROM ledger.entries WHERE position = 7"]),
    "the first act away": (1, ["DELETE FROM ledger.entries WHERE position = 1"]),
    "the last act away": (SIZE, ["DELETE FROM ledger.entries WHERE position = 300"]),
    "two acts swapped": (
        7,
        [
            NO_PRIMARY_KEY,
            "UPDATE ledger.entries SET position = CASE position WHEN 7 THEN 8 ELSE 7 END WHERE position IN (7, 8)",
        ],
    ),
    "an act there twice": (7, [NO_PRIMARY_KEY, COPY.replace("{}", "7", 1).replace("{}", "id || 'x'")]),
    "an act recorded twice": (SIZE + 1, [NO_SOURCE_KEY, COPY.replace("{}", "301", 1).replace("{}", "id")]),
    "an act beyond the head": (SIZE + 1, [COPY.replace("{}", "301", 1).replace("{}", "id || 'x'")]),
    "an act before the first": (
        0,
        [
            "ALTER TABLE ledger.entries DROP CONSTRAINT entries_position_from_one",
            COPY.replace("{}", "0", 1).replace("{}", "id || 'x'"),
        ],
    ),
    "a tile's log": (1, ["UPDATE ledger.tiles SET log_id = 2"]),
    "a tile's level": (1, ["UPDATE ledger.tiles SET level = 1"]),
    "a tile's index": (1, ["UPDATE ledger.tiles SET index = 1"]),
    "a tile's hashes": (129, ["UPDATE ledger.tiles SET hashes = " + flip("hashes")]),
    "a tile's root": (1, ["UPDATE ledger.tiles SET root = " + flip("root")]),
    "a tile away": (1, ["DELETE FROM ledger.tiles"]),
    "a tile too many": (SIZE + 1, ["INSERT INTO ledger.tiles SELECT log_id, 0, 1, hashes, root FROM ledger.tiles"]),
    "a tile of a level too many": (
        SIZE + 1,
        ["INSERT INTO ledger.tiles SELECT log_id, 8, 0, hashes, root FROM ledger.tiles"],
    ),
    "a checkpoint's size": (FIRST + 1, ["UPDATE ledger.checkpoints SET size = 21 WHERE size = 20"]),
    "a checkpoint's size, beyond the log": (SIZE + 1, ["UPDATE ledger.checkpoints SET size = 301 WHERE size = 300"]),
    "a checkpoint's root": (FIRST, ["UPDATE ledger.checkpoints SET root = " + flip("root") + " WHERE size = 20"]),
    "a checkpoint's note": (
        FIRST,
        ["UPDATE ledger.checkpoints SET note = overlay(note PLACING 'X' FROM 3) WHERE size = 20"],
    ),
    "another root for one size": (
        FIRST,
        [
            "ALTER TABLE ledger.checkpoints DROP CONSTRAINT checkpoints_pkey",
            "INSERT INTO ledger.checkpoints SELECT log_id, size, " + flip("root") + ", note FROM ledger.checkpoints"
            " WHERE size = 20",
        ],
    ),
    "a cosignature's line": (
        FIRST,
        [
            "UPDATE ledger.cosignatures SET line = overlay(line PLACING CASE substr(line, 60, 1) WHEN 'A' THEN 'B'"
            " ELSE 'A' END FROM 60) WHERE size = 20"
        ],
    ),
    "a cosignature's key": (FIRST, ["UPDATE ledger.cosignatures SET vkey = 'x' || vkey WHERE size = 20"]),
    "a cosignature's time": (
        FIRST,
        ["UPDATE ledger.cosignatures SET cosigned_at = cosigned_at + interval '1 s' WHERE size = 20"],
    ),
    "a cosignature of nothing": (21, ["UPDATE ledger.cosignatures SET size = 21 WHERE size = 20"]),
    "a cosignature of what is not there yet": (
        SIZE + 1,
        ["UPDATE ledger.cosignatures SET size = 301 WHERE size = 300"],
    ),
    "a cosignature of another checkpoint": (
        SIZE,
        [
            "UPDATE ledger.cosignatures SET line = (SELECT line FROM ledger.cosignatures WHERE size = 20)"
            " WHERE size = 300"
        ],
    ),
    "a line more beside a cosignature": (
        FIRST,
        ["UPDATE ledger.cosignatures SET line = line || '— x AAAAAAAA' || chr(10) WHERE size = 20"],
    ),
    "a stamp": (FIRST, ["UPDATE ledger.timestamps SET response = " + flip("response") + " WHERE size = 20"]),
    "a stamp's certificate": (
        FIRST,
        ["UPDATE ledger.timestamps SET chain[2] = " + flip("chain[2]") + " WHERE size = 20"],
    ),
    "a stamp's certificates in another order": (
        FIRST,
        ["UPDATE ledger.timestamps SET chain = ARRAY[chain[2], chain[1], chain[3]] WHERE size = 20"],
    ),
    "a stamp's time": (
        FIRST,
        ["UPDATE ledger.timestamps SET stamped_at = stamped_at + interval '1 s' WHERE size = 20"],
    ),
    "the end of a stamp's certificates": (
        SIZE,
        ["UPDATE ledger.timestamps SET certificate_until = 'infinity' WHERE size = 300"],
    ),
    "a stamp of another checkpoint": (
        SIZE,
        [
            "UPDATE ledger.timestamps SET response = (SELECT response FROM ledger.timestamps WHERE size = 20)"
            " WHERE size = 300"
        ],
    ),
    "the head's size": (SIZE + 1, ["UPDATE ledger.heads SET size = size + 1"]),
    "the head's size, one less": (SIZE, ["UPDATE ledger.heads SET size = size - 1"]),
    "the head's root": (SIZE, ["UPDATE ledger.heads SET root = " + flip("root")]),
    "the head's frontier": (SIZE, ["UPDATE ledger.heads SET frontier = " + flip("frontier")]),
    "the head's frontier, longer": (SIZE, ["UPDATE ledger.heads SET frontier = frontier || root"]),
    "the head's time": (SIZE, ["UPDATE ledger.heads SET recorded_at = recorded_at + interval '1 microsecond'"]),
    "the head's time, endless": (SIZE, ["UPDATE ledger.heads SET recorded_at = 'infinity'"]),
    "the origin": (1, ["UPDATE ledger.logs SET origin = 'another.example/log'"]),
    "a key": (1, ["UPDATE ledger.keys SET vkey = overlay(vkey PLACING 'X' FROM length(vkey) - 9)"]),
    "a key's name": (1, ["UPDATE ledger.keys SET vkey = 'another' || vkey"]),
    "a key away": (1, ["DELETE FROM ledger.keys"]),
}


def test_an_untouched_log_verifies(written: Database) -> None:
    checked = check(written, key_of(written))
    assert (checked.fault, checked.size, checked.erased, checked.vouched) == (None, SIZE, 1, 4)
    assert checked.checkpoints >= 2


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_by_a_superuser_is_found_and_placed(written: Database, what: str) -> None:
    position, statements = CHANGES[what]
    as_superuser(written, *statements)
    for keys in ((), (key_of(written),)):
        checked = check(written, *keys)
        assert checked.fault is not None
        assert checked.position == position, checked.fault


def test_an_exchanged_key_is_found_by_its_first_checkpoint_or_by_whoever_has_the_right_one(written: Database) -> None:
    other = SigningKey(bytes(32), written.signer.origin)
    with psycopg.connect(written.dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.keys SET vkey = %s", [other.vkey])
    assert check(written).position in range(FIRST + 1)
    assert check(written, key_of(written)).position == 1


def test_what_no_leaf_and_no_signature_covers_is_not_checked(written: Database) -> None:
    as_superuser(
        written,
        "UPDATE ledger.checkpoints SET signed_at = '2020-01-01'",
        "UPDATE ledger.keys SET added_at = '2020-01-01'",
        "UPDATE ledger.keys SET from_size = 7",
        "UPDATE ledger.timestamps SET authority = 'http://another.example'",
        "UPDATE ledger.logs SET created_at = '2020-01-01'",
        "UPDATE ledger.heads SET frozen_at = now(), frozen_reason = 'none'",
    )
    assert check(written).fault is None


def test_a_key_that_is_not_the_logs_fails_the_check(written: Database) -> None:
    other = SigningKey(bytes(32), written.signer.origin)
    assert check(written, VerifierKey.parse(other.vkey)).fault is not None


def test_an_order_before_the_act_orders_nothing(ledger: TestLedger, database: Database) -> None:
    act = event("project.open", "project:P1", "person:P1")
    target = {"source": SOURCE, "id": act["id"]}
    ledger.post([event("data.erase", "project:P1", "person:DPO", target=target)])
    ledger.post([act])
    as_superuser(database, "UPDATE ledger.entries SET payload = NULL, salt = NULL WHERE position = 2")
    database.tampered = True
    assert check(database).position == 2


def test_an_order_does_not_excuse_a_pack_without_content(ledger: TestLedger, database: Database) -> None:
    pack = event("catalogue.extend", "log:test", "system:import", pack="local", acts=ACTS)
    ledger.post([pack])
    ledger.post([event("data.erase", "log:test", "person:DPO", target={"source": SOURCE, "id": pack["id"]})])
    assert check(database).fault is None
    database.tampered = True
    as_superuser(
        database,
        "UPDATE ledger.entries SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(tags, leaf)"
        " WHERE position = 1",
    )
    assert check(database).position == 1


# From outside, over HTTP


def remotely(database: Database, *scopes: str) -> Checked:
    with served(database) as up:
        text = up.bearer(*(scopes or ("verify",)))["Authorization"].removeprefix("Bearer ")
        with Client(up.url, text) as client:
            return check_log(remote_log(client), [key_of(database)])


def test_over_http_everything_verifies_that_does_in_the_database(written: Database) -> None:
    inside = check(written)
    assert remotely(written) == replace(inside, vouched=0)
    assert inside.checkpoints >= 2


@pytest.mark.parametrize(
    "what",
    [
        "a leaf",
        "a leaf hash",
        "a payload",
        "a salt",
        "content away without an order",
        "an act away",
        "two acts swapped",
        "a tile's hashes",
        "a tile away",
        "a checkpoint's root",
        "a checkpoint's note",
    ],
)
def test_over_http_a_change_is_found_at_the_same_position(written: Database, what: str) -> None:
    position, statements = CHANGES[what]
    as_superuser(written, *statements)
    checked = remotely(written)
    assert checked.fault is not None
    assert checked.position == position, checked.fault


def test_an_act_that_is_erased_while_it_is_read_is_no_fault(written: Database) -> None:
    """The order is recorded after the checkpoint that the check goes by."""
    with served(written) as up:
        text = up.bearer("verify")["Authorization"].removeprefix("Bearer ")
        with Client(up.url, text) as client:
            log = remote_log(client)
            (act,) = up.http().get("/v1/events", params={"limit": 1, "type": "project.open"}).json()["items"]
            target = {"source": act["receipt"]["source"], "id": act["receipt"]["id"]}
            order = event("data.erase", "project:P0", "person:DPO", target=target)
            up.http().post(
                "/v1/events", json=order, headers={"Content-Type": "application/cloudevents+json"}
            ).raise_for_status()
            checked = check_log(log, [key_of(written)])
    assert (checked.fault, checked.size, checked.erased) == (None, SIZE, 2)


def test_every_checkpoint_is_listed_page_by_page_in_the_order_of_sizes(database: Database) -> None:
    with served(database) as up:
        numbers = count(1)
        for _ in range(5):
            act = event("project.open", f"project:P{next(numbers)}", "person:P1")
            up.http().post(
                "/v1/events", json=act, headers={"Content-Type": "application/cloudevents+json"}
            ).raise_for_status()
            up.http().get("/checkpoint").raise_for_status()
        items: list[Any] = []
        after = None
        while True:
            page = up.http("read").get("/v1/checkpoints", params={"limit": 2} | ({"after": after} if after else {}))
            found = page.raise_for_status().json()
            assert len(found["items"]) <= 2
            items += found["items"]
            after = found["next"]
            if after is None:
                break
        newest = up.http().get("/checkpoint").text
        refused = up.http("events:write").get("/v1/checkpoints").status_code
    assert [each["size"] for each in items] == sorted({each["size"] for each in items})
    assert {1, 2, 3, 4, 5} <= {each["size"] for each in items}
    assert items[-1]["note"] == newest
    assert set(items[-1]) == {"size", "root", "note", "signed_at"}
    assert items[-1]["root"] == newest.splitlines()[2]
    assert refused == 403
