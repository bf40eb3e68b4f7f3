"""
Admission: well formed, known, allowed from this source; all faults at once, nothing kept of what is refused.

The binary mode is read as the CloudEvents HTTP binding 1.0.2 says (§3.1.3).
"""

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from contracts.document import EVENT_BYTES_MAX
from contracts.event import Event
from contracts.faults import FAULTS_MAX, Fault
from edge.tokens import Scope, Token
from ledger.admission import BATCH_ACTS_MAX, Admission, binary_event
from ledger.errors import BadRequest
from tests.events import SOURCE, event

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROW = ["IMPORTED", "E", "x_loader", "load", "装货", "Load"]
OTHER_ROW = ["IMPORTED", "E", "x_unloader", "load", "卸货", "Unload"]


def token(*scopes: Scope, sources: Iterable[str] = (SOURCE,), acts: Iterable[str] = ()) -> Token:
    return Token("t1", "test", frozenset(scopes or ("events:write",)), frozenset(sources), frozenset(acts))


WRITER = token()
BACKFILL = token("events:write", "backfill")
ADMIN = token("admin", sources=())


def no_packs(_: int) -> list[tuple[int, bytes | None]]:
    return []


def admission(*packs: bytes | None) -> Admission:
    """Return an admission at `NOW` whose log holds these packs."""
    return Admission(lambda after: list(enumerate(packs, 1))[after:], lambda: NOW)


def act(type: str = "contract.sign", subject: str = "project:P-1", **data: Any) -> dict[str, Any]:
    return event(type, subject, "person:P06", **data)


def pack(name: str = "p", **members: Any) -> dict[str, Any]:
    return event("catalogue.extend", "log:test", "person:P06", pack=name, **members)


def raw(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()


def one(document: Any, bearer: Token = WRITER) -> list[Event]:
    return admission().one(raw(document), bearer)


def batch(documents: Any, bearer: Token = WRITER) -> list[Event]:
    return admission().batch(raw(documents), bearer)


def refused(read: Callable[[], object]) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read()
    assert caught.value.faults
    assert 400 <= caught.value.status < 500
    return caught.value


def faults(document: Any, bearer: Token = WRITER) -> list[Fault]:
    return refused(lambda: one(document, bearer)).faults


def pointers(document: Any, bearer: Token = WRITER) -> list[str]:
    return sorted(fault.pointer for fault in faults(document, bearer))


def batch_pointers(documents: Any, bearer: Token = WRITER) -> list[str]:
    return sorted(fault.pointer for fault in refused(lambda: batch(documents, bearer)).faults)


def resolves(document: Any, at: str) -> bool:
    """Say whether a JSON pointer leads into the document, or to a member just beyond it (RFC 6901)."""
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in at.split("/")[1:]]
    for number, each in enumerate(tokens):
        if isinstance(document, list):
            items = cast("list[Any]", document)
            if not (each.isdigit() and int(each) < len(items)):
                return False
            document = items[int(each)]
        elif isinstance(document, dict):
            members = cast("dict[str, Any]", document)
            if each not in members:
                return number == len(tokens) - 1
            document = members[each]
        else:
            return False
    return at == "" or at.startswith("/")


# One act


def test_a_good_act_is_admitted_with_its_bytes() -> None:
    document = act(amount="1.00")
    [found] = one(document)
    assert found.raw == raw(document)
    assert found.envelope.id == document["id"]


def test_white_space_around_an_act_is_not_the_act() -> None:
    document = raw(act())
    [found] = one(b"\r\n\t " + document + b"\n")
    assert found.raw == document


def test_the_limit_of_64_kib_is_exact() -> None:
    room = EVENT_BYTES_MAX - len(raw(act(note="") | {"foo": ""}))
    fits = raw(act(note="") | {"foo": "x" * (room - 10)})
    fits = fits.replace(b'"foo": "', b'"foo": "' + b"x" * (EVENT_BYTES_MAX - len(fits)))
    assert len(fits) == 65_536
    assert one(fits)[0].raw == fits
    assert admission().batch(b"[" + fits + b"]", WRITER)
    larger = fits.replace(b'"foo": "', b'"foo": "x')
    assert refused(lambda: one(larger)).status == 413
    assert batch_pointers(b"[" + raw(act()) + b"," + larger + b"]") == ["/1"]


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"\xff", b'{"a":1,"a":1}', b'{"a":"\\u0000"}', b'{"a":' * 65 + b"1" + b"}" * 65),
        *(pytest.param(each) for each in (b"[]", b"null", b"[{}]")),
    ],
)
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    assert refused(lambda: one(text)).faults


def test_the_message_holds_every_fault() -> None:
    found = refused(lambda: one(act(amount="1.001") | {"actor": "nobody"}))
    assert "/data/amount" in str(found)
    assert "/actor" in str(found)


# Whose act it is


def test_a_source_must_be_the_tokens() -> None:
    found = refused(lambda: one(act() | {"source": "urn:other"}))
    assert [fault.pointer for fault in found.faults] == ["/source"]
    assert found.status == 403


@pytest.mark.parametrize("source", ["urn:Test", "urn:test ", "urn:test/", " urn:test", "urn:tes", "urn:test#x"])
def test_a_source_is_compared_letter_by_letter(source: str) -> None:
    assert pointers(act() | {"source": source}) == ["/source"]


def test_an_admin_posts_as_any_source() -> None:
    assert one(act() | {"source": "urn:other"}, ADMIN)


def test_a_token_of_several_sources() -> None:
    assert one(act() | {"source": "urn:b"}, token(sources=("urn:a", "urn:b")))


def test_a_token_may_carry_a_list_of_acts() -> None:
    bearer = token(acts=("pay.apply",))
    assert one(act("pay.apply"), bearer)
    found = refused(lambda: one(act("pay.approve"), bearer))
    assert [fault.pointer for fault in found.faults] == ["/type"]
    assert found.status == 403


def test_an_erasure_needs_its_scope() -> None:
    document = act("data.erase", target={"source": SOURCE, "id": "e0"})
    assert pointers(document) == ["/type"]
    assert pointers(document, BACKFILL) == ["/type"]
    assert one(document, token("events:write", "erase"))
    assert one(document, ADMIN)


def test_who_may_not_is_told_what_else_is_wrong() -> None:
    document = act(amount="1.001") | {"source": "urn:other"}
    assert pointers(document, token(acts=("pay.apply",))) == ["/data/amount", "/source", "/type"]


# recordedtime


def recorded(text: str) -> dict[str, Any]:
    return act() | {"recordedtime": text}


def test_a_recordedtime_needs_the_scope() -> None:
    found = refused(lambda: one(recorded("2020-01-01T00:00:00Z")))
    assert [fault.pointer for fault in found.faults] == ["/recordedtime"]
    assert found.status == 403
    assert "backfill" in found.faults[0].message
    for bearer in (BACKFILL, ADMIN):
        assert one(recorded("2020-01-01T00:00:00Z") | {"source": SOURCE}, bearer)


@pytest.mark.parametrize("offset", ["Z", "+08:00", "-09:30"])
def test_a_recordedtime_after_now_is_refused_to_the_microsecond(offset: str) -> None:
    def written(moment: datetime) -> str:
        zone = timedelta(0) if offset == "Z" else timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[4:]))
        return (moment + zone).replace(tzinfo=None).isoformat(timespec="microseconds") + offset

    assert one(recorded(written(NOW)), BACKFILL)
    assert one(recorded(written(NOW - timedelta(microseconds=1))), BACKFILL)
    assert pointers(recorded(written(NOW + timedelta(microseconds=1))), BACKFILL) == ["/recordedtime"]


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "2026-03-02T12:00:01Z", "2026-03-02T20:00:01+08:00"])
def test_nobody_records_in_the_future(text: str) -> None:
    for bearer in (BACKFILL, ADMIN):
        assert pointers(recorded(text), bearer) == ["/recordedtime"]


def test_a_recordedtime_before_the_time_is_stored() -> None:
    assert one(recorded("2020-01-01T00:00:00Z") | {"time": "2026-01-01T00:00:00Z"}, BACKFILL)


def test_a_future_time_is_stored() -> None:
    assert one(act() | {"time": "2099-01-01T00:00:00Z"})


def test_a_recordedtime_that_is_null_needs_no_scope() -> None:
    assert one(act() | {"recordedtime": None})


@pytest.mark.parametrize(("bearer", "text"), [(WRITER, "2020-01-01T00:00:00Z"), (BACKFILL, "2099-01-01T00:00:00Z")])
def test_other_faults_do_not_hide_a_bad_recordedtime(bearer: Token, text: str) -> None:
    assert pointers(act(amount="1.001") | {"recordedtime": text}, bearer) == ["/data/amount", "/recordedtime"]


def test_other_faults_do_not_hide_a_missing_scope() -> None:
    document = act("data.erase", target={"source": SOURCE, "id": "e0"}, amount="1.001")
    assert pointers(document) == ["/data/amount", "/type"]


@pytest.mark.parametrize("type", [None, 5])
def test_a_bad_type_does_not_hide_a_foreign_source(type: Any) -> None:
    assert "/source" in pointers(act() | {"source": "urn:other", "type": type})


# A batch


def test_a_batch_is_admitted_in_its_order_each_with_its_own_bytes() -> None:
    documents = [act(note=f"第{number}件") for number in range(3)]
    text = b"[ " + b" ,\n".join(map(raw, documents)) + b" ]\n"
    assert [found.raw for found in batch(text)] == list(map(raw, documents))


def test_a_batch_is_all_or_nothing_and_pointers_start_with_the_index() -> None:
    documents = [act(), act(amount="1.001"), act(), act() | {"source": "urn:other", "actor": "nobody"}]
    assert batch_pointers(documents) == ["/1/data/amount", "/3/actor", "/3/source"]


def test_a_batch_of_things_that_are_no_acts() -> None:
    assert batch_pointers([1, None, "x", [], True, 1.5]) == [f"/{index}" for index in range(6)]


def test_a_batch_of_an_act_that_says_nothing() -> None:
    assert "/0/actor" in batch_pointers([{}])


@pytest.mark.parametrize(
    ("item", "at"),
    [
        (b'{"a":"\xff"}', "/1"),
        (b'{"a":"\\u0000"}', "/1"),
        (b'{"id":1,"id":2}', "/1/id"),
        (b"[" * 900 + b"]" * 900, "/1"),
        (b'{"a":"' + b"x" * 70_000 + b'"}', "/1"),
        (b'{"a":1e400}', "/1"),
        (b'{"a":' + b"9" * 5_000 + b"}", "/1"),
    ],
)
def test_an_unreadable_act_is_named_by_its_index(item: bytes, at: str) -> None:
    assert batch_pointers(b"[" + raw(act()) + b"," + item + b"]") == [at]


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{}", b"[", b"]", b"[{}", b"[{},]", b"[,{}]", b"[{}{}]", b"[{}]]", b"[{}] x", b"null", b'"[]"'),
        *(b"\xef\xbb\xbf[{}]", "[{}]".encode("utf-16"), b"[{}\x00]", b'[{"a":"\x00"}]', b'[{"a":NaN}]', b'[{"a":tru}]'),
        *(b"[" * 100_000, b'[{"a":' * 50_000, b'[{"a":"\\x"}]', b'[{"a":"\\ud800"}]', b'{"specversion":"1.0"}\n{}'),
    ],
)
def test_what_is_no_json_array_of_objects_is_refused(text: bytes) -> None:
    assert refused(lambda: batch(text)).status in (400, 422)


def test_1000_acts_are_taken_and_1001_refused() -> None:
    document = raw(act())
    assert BATCH_ACTS_MAX == 1_000
    assert len(batch(b"[" + b",".join([document] * 1_000) + b"]")) == 1_000
    assert refused(lambda: batch(b"[" + b",".join([document] * 1_001) + b"]")).faults[0].pointer == ""


def test_a_batch_of_one_says_what_one_act_says() -> None:
    document = act(amount="1.001") | {"actor": None, "id": "", "source": "urn:other"}
    assert batch_pointers([document]) == [f"/0{at}" for at in pointers(document)]


# Packs


def test_a_pack_stands_before_its_own_acts_in_a_batch() -> None:
    found = batch([pack(acts={"x.load": ROW}), act("x.load") | {"role": "x_loader"}])
    assert [each.act.type for each in found] == ["catalogue.extend", "x.load"]


def test_a_pack_after_its_acts_comes_too_late() -> None:
    assert batch_pointers([act("x.load"), pack(acts={"x.load": ROW})]) == ["/0/type"]


def test_a_pack_that_was_only_admitted_is_not_kept() -> None:
    own = admission()
    own.batch(raw([pack(acts={"x.load": ROW}), act("x.load")]), WRITER)
    assert refused(lambda: own.one(raw(act("x.load")), WRITER)).faults[0].pointer == "/type"


def test_a_pack_that_another_process_recorded_is_found() -> None:
    own = admission(raw(pack(acts={"x.load": ROW})))
    assert own.one(raw(act("x.load")), WRITER)
    assert own.one(raw(act() | {"role": "x_loader"}), WRITER)


def test_a_pack_that_was_erased_is_skipped() -> None:
    own = admission(None, raw(pack(acts={"x.load": ROW})), None)
    assert "x.load" in own.refresh().acts


def test_packs_are_read_once() -> None:
    asked: list[int] = []
    recorded = [(7, raw(pack(acts={"x.load": ROW}))), (9, None)]

    def packs_after(position: int) -> list[tuple[int, bytes | None]]:
        asked.append(position)
        return [each for each in recorded if each[0] > position]

    own = Admission(packs_after)
    own.refresh()
    assert own.refresh() is own.refresh()
    assert asked == [0, 9, 9]


def test_a_known_act_asks_for_no_packs() -> None:
    def never(_: int) -> list[tuple[int, bytes | None]]:
        raise AssertionError("asked")

    assert Admission(never).one(raw(act()), WRITER)
    with pytest.raises(BadRequest):
        Admission(never).one(raw(act() | {"actor": "nobody"}), WRITER)


def test_a_pack_that_contradicts_the_catalogue_is_refused() -> None:
    assert pointers(pack(acts={"contract.sign": ["CONTRACT", *ROW[1:]]})) == ["/data/acts/contract.sign"]


def test_a_pack_that_contradicts_the_catalogue_is_told_what_else_is_wrong() -> None:
    assert pointers(pack(acts={"contract.sign": ROW})) == ["/data/acts/contract.sign", "/data/acts/contract.sign/0"]


@pytest.mark.parametrize(
    "members",
    [
        {"acts": []},
        {"acts": {"x.load": ["a"]}},
        {"roles": {"x_a": ["a"]}},
        {"incompatible": {"X": ["a", "b"]}},
        {"policies": [5]},
        {"policies": {}},
        {"incompatible_every": []},
        {"incompatible_every": {}},
    ],
)
def test_a_bad_pack_is_refused_with_a_pointer_into_it(members: dict[str, Any]) -> None:
    document = pack(**members)
    for at in pointers(document):
        assert at.startswith("/data/")
        assert resolves(document, at), at


@pytest.mark.parametrize(
    "members",
    [
        {"acts": {"x.load": 5}},
        {"acts": {"x.load": "row"}},
        {"acts": {"x.load": None}},
        {"roles": {"x_a": 1}},
        {"roles": {"x_a": ["a", 1]}},
        {"incompatible": {"X": {}}},
    ],
)
def test_a_bad_entry_of_a_pack_is_pointed_to(members: dict[str, Any]) -> None:
    [table] = members
    for at in pointers(pack(**members)):
        assert at.startswith(f"/data/{table}/")


@pytest.mark.parametrize(
    "members",
    [
        {"acts": {"x.a/b~c": ROW}},
        {"acts": {"x.load": [*ROW, {"payload": "Nothing"}]}},
        {"acts": {"x.load": [*ROW, {"subject": ["planet"]}]}},
        {"acts": {"x.load": [*ROW, {"after": ["no.such"]}]}},
        {"incompatible": {"X/1": ["nobody", "acceptor", "LOW", "UNIT", ""]}},
        {"incompatible_every": {"prefix": "X", "roles": ["acceptor", "nobody"], "severity": "LOW", "force": "UNIT"}},
    ],
)
def test_every_fault_of_a_pack_has_a_pointer_into_it(members: dict[str, Any]) -> None:
    document = pack(**members)
    for at in pointers(document):
        assert resolves(document, at), at


def test_a_batch_may_use_its_own_pack_and_another_process_s() -> None:
    own = admission(raw(pack("theirs", acts={"x.unload": OTHER_ROW})))
    documents = [pack("ours", acts={"x.load": ROW}), act("x.unload"), act("x.load")]
    assert len(own.batch(raw(documents), WRITER)) == 3


def test_packs_that_contradict_each_other_do_not_stop_admission() -> None:
    own = admission(raw(pack("one", acts={"x.load": ROW})), raw(pack("two", acts={"x.load": OTHER_ROW})))
    assert refused(lambda: own.one(raw(act("no.such")), WRITER)).faults[0].pointer == "/type"


def test_only_catalogue_extend_makes_acts_known() -> None:
    other = event("x.pack", "log:test", "person:P06", pack="inner", acts={"x.load": OTHER_ROW})
    outer = pack(acts={"x.pack": [*ROW, {"payload": "CatalogueExtend"}]})
    assert batch_pointers([outer, other, act("x.load")])


# The binary mode

HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "oa-17",
    "ce-source": SOURCE,
    "ce-type": "contract.sign",
    "ce-subject": "project:P-1",
    "ce-time": "2026-03-02T09:30:00+08:00",
    "ce-actor": "person:P06",
    "ce-unit": "unit:U1",
    "content-type": "application/json",
}


def binary(headers: dict[str, str] | list[tuple[str, str]], body: bytes = b'{"contract":"C-1"}') -> Event:
    """Admit an act sent in the binary mode."""
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    [found] = admission().one(binary_event(pairs, body), WRITER)
    return found


def binary_pointers(headers: dict[str, str] | list[tuple[str, str]], body: bytes = b"{}") -> list[str]:
    return sorted(fault.pointer for fault in refused(lambda: binary(headers, body)).faults)


def test_a_binary_act_becomes_a_structured_one_of_the_same_meaning() -> None:
    found = binary(HEADERS | {"ce-traceparent": "00-abc", "authorization": "Bearer x", "x-ce-id": "no"})
    document = json.loads(found.raw)
    assert document == {
        "specversion": "1.0",
        "id": "oa-17",
        "source": SOURCE,
        "type": "contract.sign",
        "subject": "project:P-1",
        "time": "2026-03-02T09:30:00+08:00",
        "actor": "person:P06",
        "unit": "unit:U1",
        "traceparent": "00-abc",
        "datacontenttype": "application/json",
        "data": {"contract": "C-1"},
    }


def test_the_order_of_headers_makes_no_other_act() -> None:
    """The same key with other bytes would be another content."""
    backwards = list(reversed(HEADERS.items()))
    assert binary(HEADERS).raw == binary(backwards).raw


@pytest.mark.parametrize("change", [str.upper, str.title, str.swapcase])
def test_the_case_of_a_header_name_does_not_matter(change: Callable[[str], str]) -> None:
    assert binary([(change(name), value) for name, value in HEADERS.items()]).raw == binary(HEADERS).raw


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("body:%E5%85%9A%E7%BB%84%E4%BC%9A", "body:党组会"),
        ("body:%e5%85%9a%e7%bb%84%e4%bc%9a", "body:党组会"),
        ("%70%65rson:P06", "person:P06"),
        ("person:P+06", "person:P+06"),
        ("person:a%2541", "person:a%41"),  # a single round of decoding
        ("person:%F0%9F%98%80", "person:😀"),
    ],
)
def test_header_values_are_percent_decoded_once(value: str, decoded: str) -> None:
    assert binary(HEADERS | {"ce-actor": value}).envelope.actor == decoded


def test_numbers_of_the_body_are_kept_as_they_came() -> None:
    assert b'{ "x": 1.50 }' in binary(HEADERS, b' { "x": 1.50 } ').raw


def test_a_body_without_content_type_is_json() -> None:
    assert binary({name: value for name, value in HEADERS.items() if name != "content-type"})


def test_parameters_of_the_content_type_are_taken() -> None:
    assert binary(HEADERS | {"content-type": "application/json; charset=UTF-8"})


@pytest.mark.parametrize("value", ["text/plain", "application/xml", "application/octet-stream", "text/json"])
def test_another_content_type_is_refused(value: str) -> None:
    assert binary_pointers(HEADERS | {"content-type": value}) == ["/datacontenttype"]


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_a_binary_act_without_a_body_lacks_its_data(body: bytes) -> None:
    assert binary_pointers(HEADERS, body) == ["/data"]


@pytest.mark.parametrize("body", [b"null", b"[]", b"1", b'"text"', b"true"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert binary_pointers(HEADERS, body) == ["/data"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"}", b"{}}", b"{} {}", b"{},", b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":"\xff"}', b"a=1&b=2", b"<a/>"],
)
def test_a_malformed_body_is_refused(body: bytes) -> None:
    assert refused(lambda: binary(HEADERS, body))


@pytest.mark.parametrize("name", [name for name in HEADERS if name.startswith("ce-")])
def test_a_missing_header_is_a_missing_attribute(name: str) -> None:
    headers = {key: value for key, value in HEADERS.items() if key != name}
    assert binary_pointers(headers) == ["/" + name.removeprefix("ce-")]


@pytest.mark.parametrize("value", ["%00", "a%00b", "%0A", "e%7F", "\t"])
def test_a_control_character_in_a_header_is_refused(value: str) -> None:
    assert refused(lambda: binary(HEADERS | {"ce-id": value}))


def test_base64_in_a_header_is_refused() -> None:
    assert "/data_base64" in binary_pointers(HEADERS | {"ce-data_base64": "e30="})


def test_a_body_cannot_replace_an_attribute() -> None:
    assert refused(lambda: binary(HEADERS, b'{},"actor":"person:P99"'))
    assert refused(lambda: binary(HEADERS, b'{},"data":{}'))


def test_a_hundred_faults_of_a_body_are_named_and_no_more() -> None:
    body = b"{" + b",".join(b'"%x":1' % (number % 2_500) for number in range(5_000)) + b"}"
    assert len(refused(lambda: binary(HEADERS, body)).faults) == FAULTS_MAX


def test_a_large_body_is_refused() -> None:
    assert refused(lambda: binary(HEADERS, b'{"x":"' + b"x" * EVENT_BYTES_MAX + b'"}')).status == 413


@pytest.mark.parametrize(
    "body",
    [
        b'{"contract":"C-1"},"authority":"grant:G9"',
        b'{},"onbehalfof":"person:P01"',
        b'{},"role":"payment_approver"',
        b'{} , "x" : 1',
    ],
)
def test_a_body_cannot_add_an_attribute(body: bytes) -> None:
    assert refused(lambda: binary(HEADERS, body))


@pytest.mark.parametrize("value", ["%C0%A0", "a%FFb", "%ED%A0%80", "%E5%85", "%80"])
def test_a_header_that_decodes_to_no_utf8_is_refused(value: str) -> None:
    assert refused(lambda: binary(HEADERS | {"ce-id": value}))


@pytest.mark.parametrize(
    ("value", "decoded"), [('"oa-17"', "oa-17"), (r'"oa\"17\\"', 'oa"17\\'), ('"oa%2017"', "oa 17")]
)
def test_a_quoted_header_value_is_unquoted(value: str, decoded: str) -> None:
    assert binary(HEADERS | {"ce-id": value}).envelope.id == decoded


@pytest.mark.parametrize(
    "again", [("ce-id", "oa-18"), ("CE-ID", "oa-18"), ("ce-authority", "grant:G2"), ("ce-datacontenttype", "text/xml")]
)
def test_an_attribute_sent_twice_is_refused(again: tuple[str, str]) -> None:
    headers = [("ce-authority", "grant:G1"), again, *HEADERS.items()]
    assert refused(lambda: binary(headers))


@pytest.mark.parametrize("text", ["oa-é", "oa-½", "oa-ÿ"])
def test_a_header_beyond_ascii_is_refused(text: str) -> None:
    assert refused(lambda: binary(HEADERS | {"ce-id": text.encode().decode("latin-1")}))


def test_the_case_of_the_content_type_does_not_matter() -> None:
    assert binary(HEADERS | {"content-type": "Application/JSON"})


# How long it takes


def seconds(read: Callable[[], object]) -> float:
    """Return processor time: a busy machine must not fail this."""
    began = time.thread_time()
    refused(read)
    return time.thread_time() - began


def test_a_thousand_bad_acts_are_refused_soon() -> None:
    text = raw([act(amount="1.001") | {"actor": "nobody"}] * 1_000)
    assert seconds(lambda: batch(text)) < 5
    assert len(refused(lambda: batch(text)).faults) == FAULTS_MAX


def test_packs_of_a_batch_take_no_quadratic_time() -> None:
    def took(count: int) -> float:
        text = raw([*(pack(f"p{number}", acts={f"x.a{number}": ROW}) for number in range(count)), {}])
        return min(seconds(lambda: batch(text)) for _ in range(2))

    assert took(160) < 9 * took(40)  # linear: 4; quadratic: 16


def test_millions_of_items_are_counted_not_read() -> None:
    assert seconds(lambda: batch(b"[" + b"1," * 4_000_000 + b"1]")) < 2


def test_eight_mebibytes_of_brackets_are_refused_at_once() -> None:
    assert seconds(lambda: batch(b"[" * (8 * 1024 * 1024))) < 1
