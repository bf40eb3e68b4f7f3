"""
What holds for any history: how it was cut into batches, in which order it came and how often it was read again change
no row and no answer, and what is found is what a few lines of Python find.

The read model is made inside a transaction that is taken back, so that an example costs milliseconds.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from contracts.catalogue import base_catalogue
from contracts.event import read_event
from contracts.moments import format_instant
from ledger.acts import Draft
from projector.batch import Batch, FeedRow, apply_batch
from projector.conflicts import Conflict, Sought, find_conflicts
from projector.fact_cache import FactCache
from projector.replay import ReplayedAct, replay
from projector.view import Asked, Stand, View
from tests.conftest import Database
from tests.events import SOURCE, event

EXAMPLES = int(os.environ.get("QUANZE_EXAMPLES", "100"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

T = TypeVar("T")
Event = dict[str, Any]
ORIGIN = "localhost/quanze/test"
START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PROJECTS = ("project:P1", "project:P2")
PEOPLE = ("person:A", "person:B", "account:oa/a", "account:oa/b", "account:fin/a")
ACTORS = (*PEOPLE, "system:erp", "body:党组会")
ACTS = {
    "contract.sign": "contract_signer",
    "accept.perform": "acceptor",
    "asset.receive": "asset_keeper",
    "pay.apply": "payment_applicant",
    "pay.approve": "payment_approver",
    "pay.execute": "cashier",
}
PAIRS = {
    "SOD-03": ("contract_signer", "acceptor"),
    "SOD-04": ("acceptor", "asset_keeper"),
    "SOD-05": ("payment_applicant", "payment_approver"),
    "SOD-06": ("payment_approver", "cashier"),
    "SOD-39": ("acceptor", "payment_approver"),
    "SOD-42": ("contract_signer", "payment_approver"),
}
CAPACITIES = (None, "lead", "member", "handler", "observer", "attendee", "countersigner")


# Histories: each act with an id of its own and a time no other has, so that order says nothing that times do not.


def _listed(draw: st.DrawFn) -> list[Event]:
    people = st.fixed_dictionaries(
        {"actor": st.sampled_from(ACTORS), "capacity": st.sampled_from(CAPACITIES)},
        optional={"role": st.sampled_from(sorted(ACTS.values()))},
    )
    return draw(st.lists(people, max_size=3))


@st.composite
def histories(draw: st.DrawFn, *, erasures: bool) -> list[Event]:
    kinds = ["act"] * 6 + ["link", "unlink", "assign", "release", "void", "post", "register"]
    length = draw(st.integers(1, 25))
    return [
        _one(draw, draw(st.sampled_from([*kinds, "erase"] if erasures else kinds)), number, length)
        for number in range(length)
    ]


def _one(draw: st.DrawFn, kind: str, number: int, length: int) -> Event:
    project, person = draw(st.sampled_from(PROJECTS)), draw(st.sampled_from(PEOPLE))
    account = draw(st.sampled_from(PEOPLE[2:]))
    target = {"source": SOURCE, "id": f"h{draw(st.integers(0, length))}"}
    role = draw(st.sampled_from(sorted(ACTS.values())))
    time = _instant(draw(st.integers(-20, 40)), number)
    owner = draw(st.sampled_from(PEOPLE[:2]))
    match kind:
        case "act":
            name = draw(st.sampled_from(sorted(ACTS)))
            made = event(name, project, draw(st.sampled_from(ACTORS)), amount="10.00", participants=_listed(draw))
            if draw(st.booleans()):
                made["role"] = role
        case "link":
            made = event("account.link", owner, "person:R", account=account, person=owner)
        case "unlink":
            made = event("account.unlink", owner, "person:R", account=account)
        case "assign" | "release":
            term: dict[str, Any] = (
                {"from": _instant(draw(st.integers(-20, 40)), number + 200)} if draw(st.booleans()) else {}
            )
            made = event(f"role.{kind}", project, "person:R", person=person, role=role, **term)
        case "post":
            post, acts = "post:U1/K", draw(st.lists(st.sampled_from(sorted(ACTS)), max_size=3))
            made = (
                event("post.define", post, "person:R", post=post, acts=acts)
                if draw(st.booleans())
                else event("post.assign", post, "person:R", post=post, person=person)
            )
        case "register":
            made = event("person.register", owner, "person:R", employer="unit:U1")
        case "void":
            made = event("act.correct", project, "person:R", corrects=target, void=True)
        case _:
            made = event("data.erase", project, "person:R", target=target)
    known = _instant(draw(st.integers(-20, 40)), number + 400)
    return made | {"id": f"h{number}", "time": time, "recordedtime": known}


def _instant(days: int, number: int) -> str:
    return format_instant(START + timedelta(days=days, microseconds=number))


# The read model of a history, in a transaction of its own


def stored(history: Sequence[Event], *, erased: frozenset[int] = frozenset()) -> list[FeedRow]:
    """Return a history as rows of the feed, the content of some acts gone."""
    rows: list[FeedRow] = []
    for position, act in enumerate(history, 1):
        raw = json.dumps(act, ensure_ascii=False).encode()
        draft = Draft.of(read_event(raw, base_catalogue()))
        leaf = draft.leaf(ORIGIN, position, "2027-01-01T00:00:00.000000Z", bytes(32))
        rows.append((position, leaf, None if position in erased else raw))
    return rows


Read = Callable[[Connection[TupleRow]], T]


def projected(database: Database, feed: Sequence[FeedRow], sizes: Sequence[int], read: Read[T]) -> T:
    """Project a feed in batches of these sizes, then the rest; return what is read, and take everything back."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            for position, leaf, content in feed:
                cursor.execute(
                    "INSERT INTO ledger.entries"
                    " (log_id, position, source, id, type, tags, leaf, leaf_hash, salt, payload)"
                    " VALUES (1, %s, 'urn:test', %s, 'x', '{}', %s, '', %s, %s)",
                    (position, str(position), leaf, content and b"salt", content),
                )
            catalogue = base_catalogue()
            for rows in _cut(feed, sizes):
                batch = Batch(1, rows, catalogue)
                apply_batch(cursor, 1, batch)
                catalogue = batch.catalogue
            return read(connection)


def _cut(feed: Sequence[FeedRow], sizes: Sequence[int]) -> Iterator[Sequence[FeedRow]]:
    begin = 0
    for size in sizes:
        if feed[begin : begin + size]:
            yield feed[begin : begin + size]
        begin += size
    if feed[begin:]:
        yield feed[begin:]


def every_row(connection: Connection[TupleRow]) -> dict[str, list[str]]:
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'projector'").fetchall()
    return {
        name: sorted(
            row[0]
            for row in connection.execute(SQL("SELECT t::text FROM {} AS t").format(Identifier("projector", name)))
        )
        for (name,) in tables
        if name != "migrations"
    }


def ask(connection: Connection[TupleRow], asked: Asked) -> View:
    """Return a view on what this transaction sees."""
    now = datetime.now(UTC)
    stand = Stand(as_of=asked.as_of or now, known_at=asked.known_at or now, position=0)
    return View(connection, 1, asked, stand, base_catalogue(), FactCache())


def conflicts_of(connection: Connection[TupleRow], history: Sequence[Event], asked: Asked) -> list[Any]:
    """Return the conflicts with acts named by their ids, which stay the same in whichever order they came."""
    found = find_conflicts(ask(connection, asked), Sought(machines=True))
    return [_by_id(each, history) for each in found]


def _by_id(each: Conflict, history: Sequence[Event]) -> tuple[Any, ...]:
    ids = sorted(history[position - 1]["id"] for position in each.positions)
    return each.rule, each.basis, each.severity, each.project, each.person, each.roles, ids, each.overlap


cuts = st.lists(st.integers(1, 9), max_size=12)
moments = st.none() | st.integers(-21, 41).map(lambda days: START + timedelta(days=days))


@bounded
@given(history=histories(erasures=True), sizes=cuts)
def test_how_a_history_was_cut_into_batches_changes_no_row(
    database: Database, history: list[Event], sizes: list[int]
) -> None:
    feed = stored(history)
    assert projected(database, feed, [], every_row) == projected(database, feed, sizes, every_row)


@bounded
@given(history=histories(erasures=True), sizes=cuts)
def test_a_rebuild_after_the_erasures_equals_what_was_projected_before(
    database: Database, history: list[Event], sizes: list[int]
) -> None:
    place = {act["id"]: position for position, act in enumerate(history, 1)}
    erased = frozenset(
        place[act["data"]["target"]["id"]]
        for position, act in enumerate(history, 1)
        if act["type"] == "data.erase" and place.get(act["data"]["target"]["id"], position) < position
    )
    feed, again = stored(history), stored(history, erased=erased)
    assert projected(database, feed, sizes, every_row) == projected(database, again, [], every_row)


@bounded
@given(data=st.data(), history=histories(erasures=False), as_of=moments, known_at=moments)
def test_the_order_in_which_acts_arrive_changes_no_conflict(
    database: Database, data: st.DataObject, history: list[Event], as_of: datetime | None, known_at: datetime | None
) -> None:
    shuffled = data.draw(st.permutations(history))
    asked = Asked(as_of, known_at)

    def answer(came: Sequence[Event]) -> list[Any]:
        return projected(database, stored(came), [], lambda connection: conflicts_of(connection, came, asked))

    assert answer(history) == answer(shuffled)


@bounded
@given(data=st.data(), history=histories(erasures=False), as_of=moments, known_at=moments)
def test_the_order_in_which_acts_arrive_changes_no_replay(
    database: Database, data: st.DataObject, history: list[Event], as_of: datetime | None, known_at: datetime | None
) -> None:
    shuffled = data.draw(st.permutations(history))
    asked = Asked(as_of, known_at)

    def answer(came: Sequence[Event]) -> list[Any]:
        return projected(
            database, stored(came), [], lambda connection: _told(replay(ask(connection, asked), PROJECTS[0]))
        )

    assert answer(history) == answer(shuffled)


def _told(acts: Iterator[ReplayedAct]) -> list[Any]:
    return [(each.id, each.person, each.flags, each.state, len(each.voided_by)) for each in acts]


@bounded
@given(history=histories(erasures=False), as_of=moments, known_at=moments)
def test_conflicts_are_those_a_few_lines_of_python_find(
    database: Database, history: list[Event], as_of: datetime | None, known_at: datetime | None
) -> None:
    asked, sought = Asked(as_of, known_at), Sought(level="performed", machines=True)
    found = projected(database, stored(history), [], lambda connection: find_conflicts(ask(connection, asked), sought))
    told = {(each.rule, each.project, each.person) for each in found if each.rule in PAIRS}
    assert told == modelled(history, as_of, known_at)


# The model


def modelled(history: Sequence[Event], as_of: datetime | None, known_at: datetime | None) -> set[tuple[str, str, str]]:
    known = [act for act in history if known_at is None or at(act, "recordedtime") <= known_at]
    acts = [act for act in known if act["id"] not in withdrawn(known, history)]
    did: dict[tuple[str, str], set[str]] = defaultdict(set)
    for act in acts:
        if act["type"] in ACTS and (as_of is None or at(act, "time") <= as_of):
            for who, role in duties(act):
                if not who.startswith("body:"):
                    did[act["subject"], person_of(who, act, acts)].add(role)
    return {
        (rule, project, person)
        for (project, person), roles in did.items()
        for rule, pair in PAIRS.items()
        if roles.issuperset(pair)
    }


def duties(act: Event) -> Iterator[tuple[str, str]]:
    own = ACTS[act["type"]]
    yield act["actor"], own
    if "role" in act:
        yield act["actor"], act["role"]
    for each in act["data"]["participants"]:
        if each["capacity"] not in ("observer", "attendee"):
            yield each["actor"], each.get("role", own)


def withdrawn(known: Sequence[Event], history: Sequence[Event]) -> set[str]:
    """Return the ids withdrawn by corrections in force; of corrections of corrections, the one known last decides."""
    by_id = {act["id"]: act for act in history}
    out: set[str] = set()
    for act in sorted(known, key=lambda act: at(act, "recordedtime"), reverse=True):
        if act["type"] == "act.correct" and act["id"] not in out:
            target = by_id.get(act["data"]["corrects"]["id"])
            if target is None:
                continue
            if target["type"] != "act.correct" or at(target, "recordedtime") < at(act, "recordedtime"):
                out.add(target["id"])
    return out


def person_of(who: str, act: Event, acts: Sequence[Event]) -> str:
    """Return whose an account was: of the links between the unlinks before and after, the first."""
    said = [each for each in acts if each["data"].get("account") == who]
    unlinks = [at(each, "time") for each in said if each["type"] == "account.unlink"]
    since = max((time for time in unlinks if time <= at(act, "time")), default=datetime.min.replace(tzinfo=UTC))
    until = min((time for time in unlinks if time > at(act, "time")), default=datetime.max.replace(tzinfo=UTC))
    links = [each for each in said if each["type"] == "account.link" and since <= at(each, "time") < until]
    return min(links, key=lambda each: at(each, "time"))["data"]["person"] if links else who


def at(act: Event, name: str) -> datetime:
    return datetime.fromisoformat(act[name])
