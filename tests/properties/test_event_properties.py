"""
What holds for any document: reading never crashes, every fault leads somewhere, and nothing is read as what it is not.

The yardsticks are two readers of our own making: one in which the first of two equal keys wins, one in which the last
does. What is admitted must be the same to both, and to the ledger.
"""

import json
import os
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, inspect

from contracts import payloads
from contracts.catalogue import base_catalogue
from contracts.document import BadEvent
from contracts.envelope import Envelope
from contracts.event import Event, read_event, tags_of
from contracts.faults import faults_of, mark_faults, marked_values
from contracts.moments import BadMoment, Day, Instant, Moment, parse_day, parse_instant, parse_moment
from edge.tokens import Token
from ledger.admission import Admission
from ledger.errors import BadRequest
from tests.events import SOURCE, event

EXAMPLES = int(os.environ.get("QUANZE_EXAMPLES", "60"))
"""Examples for each property: few in an ordinary run, many at night."""
bounded = settings(max_examples=EXAMPLES, deadline=None)
more = settings(max_examples=2 * EXAMPLES, deadline=None)

CATALOGUE = base_catalogue()
WRITER = Token("t1", "test", frozenset(("events:write", "backfill")), frozenset((SOURCE,)), frozenset())

GOOD: list[dict[str, Any]] = [
    event(
        "contract.sign",
        "project:P-1",
        "person:P06",
        attributes={"role": "contract_signer", "authority": "grant:G1", "onbehalfof": "account:oa/li", "foo": [1]},
        contract="C-1",
        supplier="supplier:V1",
        amount="128000.00",
        payment_days=30,
        participants=[{"actor": "body:党组会", "capacity": "member"}, {"actor": "person:P2", "role": "acceptor"}],
        documents=[{"name": "合同", "sha256": "0a" * 32}],
        acceptance_due={"days": 7, "working": True},
        payee={"supplier": "supplier:V1"},
        mystery={"a": [None, {"b": 1.5}]},
    ),
    event(
        "auth.grant",
        "grant:G2",
        "person:P01",
        attributes={"datacontenttype": "application/json"},
        grant="grant:G2",
        grantee="post:U1/head",
        scope={"units": ["unit:U1"], "acts": ["contract.sign"], "methods": ["open_tender"]},
        ceiling_item="500000",
        conditions=["legal_review", "concurrence:contract_reviewer"],
        valid_from="2026-01-01",
        valid_until="2026-12-31T00:00:00+08:00",
        instrument={"no": "1", "date": "2026-01-01"},
        responsibility="…",
    ),
    event("contract.amend", "project:P-1", "account:oa/a/b", object="S-1", contract="C-1", amount="-1200.50"),
    event("unit.register", "unit:U1", "system:hr", name="县一中", kind="purchaser", parent="unit:U0"),
    event(
        "catalogue.extend",
        "log:x",
        "person:P01",
        pack="p",
        acts={"x.load": ["IMPORTED", "E", "x_loader", "load", "装", "Load"]},
        roles={"x_a": ["a", "a"]},
        incompatible={"X-1": ["x_a", "x_loader", "LOW", "UNIT", ""]},
        policies=[{"key": 1}],
    ),
    event("act.correct", "project:P-1", "person:P06", corrects={"source": "urn:x", "id": "e"}, fields={"amount": "1"}),
]

WORDS = [
    *("", "x", "1.0", "2026-03-02", "2026-02-30", "2026-03-02T09:30:00+08:00", "2026-03-02T24:00:00Z", "9999-12-31"),
    *("person:P1", "account:oa/li", "body:党组会", "unit:U1", "post:U1/head", "project:P-1", "supplier:V1"),
    *("agency:A1", "grant:G1", "finding:F1", "log:x", "person:110101199003074515", "person:", "person:a b"),
    *("person:a\n", "1", "0.10", "-1.00", "1.001", "0a" * 32, "CNY", "pass", "R1", "statute", "open_tender", "central"),
    *("goods", "lead", "legal", "legal_review", "concurrence:x", "waived", "overdue_payments", "self", "none"),
    *("\x00", "\ud7ff", "é", "x" * 129),
]
scalars: st.SearchStrategy[Any] = (
    st.sampled_from(WORDS)
    | st.none()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 30, 2026, 2**53 - 1, 2**53, 2**64, 10**30, 1.0, 0.5, -0.0, 1e308])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
names = st.sampled_from(
    [
        "actor",
        "unit",
        "supplier",
        "days",
        "sha256",
        "role",
        "person",
        "from",
        "until",
        "a/b~c",
        "",
        "date",
        "rule",
        "id",
    ]
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)


# Readers of our own


def read_json(text: bytes, *, first_wins: bool) -> Any:
    def unite(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs)) if first_wins else dict(pairs)

    return json.loads(text, object_pairs_hook=unite)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) for every member and item of a document."""
    found: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        keys: list[Any] = list(cast("dict[str, Any]", document))
    else:
        keys = list(range(len(cast("list[Any]", document)))) if isinstance(document, list) else []
    for key in keys:
        found += [(document, key), *places(document[key])]
    return found


def resolves(document: Any, at: str) -> bool:
    """Say whether a JSON pointer leads into the document, or to a member just beyond it (RFC 6901)."""
    if at != "" and not at.startswith("/"):
        return False
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in at.split("/")[1:]]
    for number, token in enumerate(tokens):
        if isinstance(document, list):
            items = cast("list[Any]", document)
            if not (token.isdigit() and int(token) < len(items)):
                return False
            document = items[int(token)]
        elif isinstance(document, dict):
            members = cast("dict[str, Any]", document)
            if token not in members:
                return number == len(tokens) - 1
            document = members[token]
        else:
            return False
    return True


def read(text: bytes) -> Event | list[tuple[str, str]]:
    """Return the act, or (pointer, code) of its faults; anything else that happens is a failure of the test."""
    try:
        return read_event(text, CATALOGUE)
    except BadEvent as exc:
        message, faults = str(exc), exc.faults
    assert faults
    for fault in faults:
        assert fault.code
        assert fault.message
        assert fault.pointer in message
    return [(fault.pointer, fault.code) for fault in faults]


def require_meant(found: Event, text: bytes) -> None:
    """Fail unless what was admitted says what any reader of the text reads."""
    assert found.raw == text
    document = read_json(text, first_wins=True)
    assert document == read_json(text, first_wins=False)
    for name in Envelope.__struct_fields__:
        if name != "data":
            assert getattr(found.envelope, name) == document.get(name)
    assert found.act is CATALOGUE.acts[document["type"]]
    assert found.payload == msgspec.convert(document["data"], found.act.payload)
    assert found.tags == tags_of(found.envelope, found.payload)
    assert len(found.tags) <= 64


@st.composite
def near(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a good act with some of its members replaced, left out or added."""
    document = deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 4))):
        container, key = draw(st.sampled_from(places(document)))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                container[key] = draw(values)
            case "remove" if len(container) > 1:
                del container[key]
            case _ if isinstance(container, dict):
                container[draw(names)] = draw(values)
            case _:
                container.append(draw(values))
    return document


# Any document


@more
@given(near())
def test_a_document_near_to_an_act_is_read_or_refused_with_faults_that_lead_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False).encode()
    found = read(text)
    if isinstance(found, Event):
        require_meant(found, text)
    else:
        for at, _ in found:
            assert resolves(document, at), at


@bounded
@given(values)
def test_any_json_is_refused_with_faults_that_lead_somewhere(document: Any) -> None:
    found = read(json.dumps(document).encode())
    assert not isinstance(found, Event)
    for at, _ in found:
        assert resolves(document, at), at


@bounded
@given(st.binary(max_size=100) | st.text('{}[]"\\:,0123456789eE+-.tfn u\x00\ufeff', max_size=60).map(str.encode))
def test_any_bytes_are_refused(text: bytes) -> None:
    assert not isinstance(read(text), Event)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw the text of a good act with bytes changed, cut out, doubled or put in."""
    escaped = draw(st.booleans())
    text = json.dumps(draw(st.sampled_from(GOOD)), ensure_ascii=escaped).encode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text) - 1))
        to = min(len(text), at + draw(st.integers(0, 12)))
        with_ = draw(
            st.sampled_from(
                [b"", text[at:to] * 2, b'"', b"\\", b"\\u0000", b"\\ud800", b"\xff", b"\x00", b",", b"}", b"\n"]
            )
            | st.binary(max_size=3)
            | st.sampled_from([b'"id":"e",', b'"actor":"person:X",', b'"\\u0061ctor":"person:X",', b"1e400", b"NaN"])
        )
        text = text[:at] + with_ + text[to:]
    return text


@more
@given(damaged())
def test_a_damaged_act_is_refused_or_means_what_any_reader_reads(text: bytes) -> None:
    found = read(text)
    if isinstance(found, Event):
        require_meant(found, text)


@bounded
@given(near(), st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_white_space_and_escapes_change_nothing_but_the_bytes(
    document: dict[str, Any], indent: int | None, escaped: bool
) -> None:
    plain = read(json.dumps(document, ensure_ascii=False).encode())
    other = read(json.dumps(document, ensure_ascii=escaped, indent=indent).encode())
    if isinstance(plain, Event):
        assert isinstance(other, Event)
        assert (other.payload, other.tags, other.act) == (plain.payload, plain.tags, plain.act)
    else:
        assert other == plain


@bounded
@given(near(), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(document: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            pairs = [(name, shuffled(each)) for name, each in cast("dict[str, Any]", value).items()]
            random.shuffle(pairs)
            return dict(pairs)
        return [shuffled(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value

    plain = read(json.dumps(document).encode())
    other = read(json.dumps(shuffled(document)).encode())
    if isinstance(plain, Event):
        assert isinstance(other, Event)
        assert (other.payload, other.tags) == (plain.payload, plain.tags)
    else:
        assert other == plain


# Every fault at once

BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "/specversion": lambda act: act.update(specversion="0.3"),
    "/id": lambda act: act.update(id="110101199003074515"),
    "/source": lambda act: act.update(source="x" * 257),
    "/subject": lambda act: act.update(subject="unit:U1"),
    "/time": lambda act: act.update(time="2026-03-02T09:30:00"),
    "/actor": lambda act: act.update(actor="grant:G1"),
    "/role": lambda act: act.update(role="observer"),
    "/unit": lambda act: act.update(unit="person:P1"),
    "/authority": lambda act: act.update(authority="person:P1"),
    "/onbehalfof": lambda act: act.update(onbehalfof="person:11010119900307451X"),
    "/recordedtime": lambda act: act.update(recordedtime="2026-03-02T09:30:00.1234567Z"),
    "/datacontenttype": lambda act: act.update(datacontenttype="text/plain"),
    "/data_base64": lambda act: act.update(data_base64="e30="),
    "/data/amount": lambda act: act["data"].update(amount="1.001"),
    "/data/supplier": lambda act: act["data"].update(supplier="V1"),
    "/data/payment_days": lambda act: act["data"].update(payment_days="30"),
    "/data/contract": lambda act: act["data"].update(contract="x" * 129),
    "/data/participants/0/actor": lambda act: act["data"]["participants"][0].pop("actor"),
    "/data/participants/1/role": lambda act: act["data"]["participants"][1].update(role="king"),
    "/data/documents/0/sha256": lambda act: act["data"]["documents"][0].update(sha256="A" * 64),
    "/data/acceptance_due/days": lambda act: act["data"]["acceptance_due"].update(days=-1),
    "/data/payee/supplier": lambda act: act["data"]["payee"].update(supplier="supplier:110101199003074515"),
}


@bounded
@given(st.sets(st.sampled_from(sorted(BREAKS)), min_size=1))
def test_whatever_is_wrong_is_named_all_of_it_and_nothing_else(wrong: set[str]) -> None:
    document = deepcopy(GOOD[0])
    for at in wrong:
        BREAKS[at](document)
    found = read(json.dumps(document).encode())
    assert not isinstance(found, Event)
    assert sorted(at for at, _ in found) == sorted(wrong)


wrong_things = st.sets(st.sampled_from(sorted(BREAKS.keys() - {"/source"})), max_size=3)
"""A bad source of another length is no source of the token's either: two faults, of one place."""


@bounded
@given(st.lists(wrong_things, min_size=1, max_size=4))
def test_a_batch_names_what_is_wrong_with_each(wrong: list[set[str]]) -> None:
    documents = [deepcopy(GOOD[0]) for _ in wrong]
    for document, pointers in zip(documents, wrong, strict=True):
        for at in pointers:
            BREAKS[at](document)
    admission = Admission(lambda _: [])
    text = json.dumps(documents).encode()
    if any(wrong):
        with pytest.raises(BadRequest) as caught:
            admission.batch(text, WRITER)
        assert sorted(fault.pointer for fault in caught.value.faults) == sorted(
            f"/{index}{at}" for index, pointers in enumerate(wrong) for at in pointers
        )
    else:
        assert len(admission.batch(text, WRITER)) == len(documents)


# The two readers of a Struct


def every_struct() -> list[type[Struct]]:
    found = [
        Envelope,
        *(each for each in vars(payloads).values() if isinstance(each, type) and issubclass(each, Struct)),
    ]
    return sorted({each for each in found if each is not Struct}, key=lambda each: each.__name__)


STRUCTS = [each for each in every_struct() if each is not Envelope]  # `Raw` is no type of a document


def of_type(info: inspect.Type) -> st.SearchStrategy[Any]:
    """Return values near to a type: often right, sometimes not."""
    match info:
        case inspect.Metadata():
            return of_type(info.type)
        case inspect.UnionType():
            return st.one_of([of_type(each) for each in info.types])
        case inspect.StructType():
            return near_struct(info)
        case inspect.ListType():
            return st.lists(of_type(info.item_type), max_size=2) | values
        case inspect.LiteralType():
            return st.sampled_from([*info.values, "x", 1, True, None])
        case inspect.DictType():
            return (
                st.dictionaries(names, scalars, max_size=2)
                if isinstance(info.value_type, inspect.AnyType)
                else st.just({})
            )
        case inspect.AnyType():
            return values
        case _:
            return scalars


def near_struct(info: inspect.StructType) -> st.SearchStrategy[Any]:
    required = {field.encode_name: of_type(field.type) for field in info.fields if field.required}
    optional = {field.encode_name: of_type(field.type) for field in info.fields if not field.required}
    shaped = st.fixed_dictionaries(required, optional=optional)
    spoiled = st.tuples(shaped, names, values).map(lambda drawn: {**drawn[0], drawn[1]: drawn[2]})
    return st.one_of(shaped, shaped, spoiled, values)


SHAPES = {struct: near_struct(cast("inspect.StructType", inspect.type_info(struct))) for struct in STRUCTS}


ONLY_BY_MARKS = frozenset(("bad_time", "citizen_id"))
"""What a pattern cannot say: that a day is in the calendar, that a number is nobody's."""


@more
@given(st.data())
def test_a_document_has_no_faults_exactly_when_it_can_be_read_and_its_marks_hold(data: st.DataObject) -> None:
    struct = data.draw(st.sampled_from(STRUCTS))
    document = data.draw(SHAPES[struct])
    text = msgspec.json.encode(document)
    faults = faults_of(struct, json.loads(text), "/data")
    for fault in faults:
        assert resolves({"data": json.loads(text)}, fault.pointer), fault.pointer
    try:
        decoded = msgspec.json.decode(text, type=struct)
    except msgspec.ValidationError:
        assert faults
    else:
        marks = [fault for mark in marked_values(decoded, "/data") for fault in mark_faults(*mark)]
        assert sorted(faults) == sorted(marks)
        assert {fault.code for fault in faults} <= ONLY_BY_MARKS


times = st.builds(
    "{:04}-{:02}-{:02}{}".format,
    st.integers(0, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.just("")
    | st.builds(
        "{}{:02}:{:02}:{:02}{}{}".format,
        st.sampled_from("Tt x"),
        st.integers(0, 25),
        st.integers(0, 61),
        st.integers(0, 61),
        st.sampled_from(["", ".", ".1", ".123456", ".1234567", ",5"]),
        st.sampled_from(["", "Z", "z", "+08:00", "-23:59", "+24:00", "+0800", "+08", "Z\n"]),
    ),
)


@more
@given(times | scalars.filter(lambda value: isinstance(value, str)))
def test_a_type_refuses_no_time_that_can_be_read_and_takes_none_without_its_form(text: str) -> None:
    for type_, parse, form in (
        (Instant, parse_instant, r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)"),
        (Moment, parse_moment, r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d))?"),
        (Day, parse_day, r"\d{4}-\d\d-\d\d"),
    ):
        formed = re.fullmatch(form, text, re.ASCII) is not None
        try:
            msgspec.convert(text, type_)
        except msgspec.ValidationError:
            assert not formed
        else:
            assert formed
        try:
            parse(text)
        except BadMoment:
            continue
        assert formed


def test_a_day_that_is_not_in_the_calendar_is_found_by_the_marks_alone() -> None:
    document = {"valid_from": "2026-02-30", "valid_until": "2026-2-3"}
    assert not refused_field(payloads.SetupPolicy, {"valid_from": "2026-02-30"})
    assert refused_field(payloads.SetupPolicy, {"valid_until": "2026-2-3"})
    found = faults_of(payloads.SetupPolicy, document)
    assert [(fault.pointer, fault.code) for fault in found if fault.pointer in ("/valid_from", "/valid_until")] == [
        ("/valid_from", "bad_time"),
        ("/valid_until", "bad_time"),
    ]


def test_every_struct_refuses_everything_but_an_object() -> None:
    rubbish: list[Any] = [None, 1, 1.5, "x", True, []]
    for struct in STRUCTS:
        for value in rubbish:
            [fault] = faults_of(struct, value, "/data")
            assert fault.pointer == "/data"
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(msgspec.json.encode(value), type=struct)


RUBBISH: list[Any] = [None, True, -1, 1.5, 10**30, "\n", "x" * 9_000, [], [None], {"?": 1}]


def refused_field(struct: type[Struct], document: dict[str, Any]) -> bool:
    """Say whether msgspec refuses a value of the document, required members that are missing apart."""
    try:
        msgspec.json.decode(msgspec.json.encode(document), type=struct)
    except msgspec.ValidationError as exc:
        return " - at `$" in str(exc)
    return False


@pytest.mark.parametrize("struct", [pytest.param(struct, id=struct.__name__) for struct in STRUCTS])
def test_every_kind_of_rubbish_in_every_field_is_found_by_both(struct: type[Struct]) -> None:
    info = cast("inspect.StructType", inspect.type_info(struct))
    inherited = {name for base in struct.__bases__ for name in getattr(base, "__struct_fields__", ())}
    for name in (field.encode_name for field in info.fields if field.name not in inherited):
        for value in RUBBISH:
            found = [
                fault for fault in faults_of(struct, {name: value}) if (fault.pointer + "/").startswith(f"/{name}/")
            ]
            if refused_field(struct, {name: value}):
                assert found, (name, value)
            else:
                assert {fault.code for fault in found} <= {"bad_time"}, (name, value)
