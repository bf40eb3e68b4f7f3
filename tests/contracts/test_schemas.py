"""
The committed JSON Schemas: what is rendered today, and what the contract says of every act.

There is no schema validator among the dependencies: `Validator` knows the keywords these schemas use, and fails on any
other, so that a new one cannot pass unlooked at.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from contracts import schema
from contracts.catalogue import base_catalogue
from contracts.event import read_event
from tests.events import event

ACTS = base_catalogue().acts
DIALECT = "https://json-schema.org/draft/2020-12/schema"

NEEDED: dict[str, dict[str, Any]] = {
    "account.link": {"account": "account:oa/li", "person": "person:P1"},
    "account.unlink": {"account": "account:oa/li"},
    "post.define": {"post": "post:U1/head"},
    "post.assign": {"post": "post:U1/head", "person": "person:P1"},
    "post.relieve": {"post": "post:U1/head", "person": "person:P1"},
    "role.assign": {"person": "person:P1", "role": "acceptor"},
    "role.release": {"person": "person:P1", "role": "acceptor"},
    "auth.vest": {"grant": "grant:G1", "holder": "person:P1"},
    "auth.grant": {"grant": "grant:G2", "grantee": "post:U1/head"},
    "auth.accept": {"grant": "grant:G2"},
    "auth.suspend": {"grant": "grant:G2"},
    "auth.resume": {"grant": "grant:G2"},
    "auth.revoke": {"grant": "grant:G2"},
    "auth.ratify": {"act": {"source": "urn:test", "id": "e1"}},
    "acting.appoint": {"acting": "A1", "principal": "person:P1", "substitute": "person:P2"},
    "acting.end": {"acting": "A1"},
    "relation.record": {"person": "person:P1", "relation": "R1"},
    "participant.record": {"supplier": "supplier:V1"},
    "finding.dispose": {"finding": "finding:F1", "disposition": "waived"},
    "catalogue.extend": {"pack": "p1"},
    "data.erase": {"target": {"source": "urn:test", "id": "e1"}},
    "log.rotate_key": {
        "vkey": f"example.com/log+0badcafe+{'A' * 44}",
        "retires": f"example.com/log+feedbeef+{'B' * 44}",
    },
    "log.succeed": {
        "predecessor": "example.com/log",
        "size": 0,
        "root": f"{'A' * 43}=",
        "checkpoint": f"example.com/log\n0\n{'A' * 43}=\n\n— example.com/log AAAA\n",
    },
    "log.renew_stamp": {
        "size": 1,
        "authority": "https://example.com/tsa",
        "note_sha256": "0a" * 32,
        "response_sha256": "0b" * 32,
    },
}
"""What an act cannot be understood without. Everything else is optional (§3)."""

COMMON: dict[str, Any] = {
    "object": "C-1",
    "amount": "128000.00",
    "currency": "CNY",
    "participants": [
        {"actor": "body:党组会", "role": "acceptor", "capacity": "lead", "function": "legal", "signed": True},
        *({"actor": "person:P1", "capacity": each} for each in ("member", "handler", "observer")),
        *({"actor": "account:oa/li", "capacity": each} for each in ("countersigner", "attendee")),
        *({"actor": "agency:A01", "function": each} for each in ("procurement", "finance", "business")),
        *({"actor": "system:oa", "function": each} for each in ("supervision", "user", "expert")),
    ],
    "documents": [{"name": "合同", "kind": "contract", "sha256": "0a" * 32, "uri": "https://example.com/c.pdf"}],
    "items": [{"name": "课桌", "category": "A02", "quantity": 3, "unit_price": "12.50", "result": "pass"}],
    "issues": [{"rule": "NEG-01", "detail": "…", "resolved": False}],
    "result": "revise",
    "version": "2",
    "based_on": [{"object": "plan-1", "version": "1"}],
    "reason": "bad_record",
    "note": "…",
    "late_entry_reason": "…",
}
"""What every act may carry (§3)."""

SCOPE: dict[str, Any] = {
    "units": ["unit:U1"],
    "include_subordinates": True,
    "projects": ["project:P-1"],
    "stages": ["CONTRACT"],
    "acts": ["contract.sign"],
    "categories": ["A02"],
    "methods": ["open_tender", "self_organised"],
}
TERM = {"from": "2026-01-01", "until": "2026-12-31T00:00:00+08:00"}
VALID = {"valid_from": "2026-01-01", "valid_until": "2026-12-31T00:00:00+08:00"}
PAYEE = {"supplier": "supplier:V1", "account_sha256": "0a" * 32}
RESERVED = [{"act": "contract.sign", "amount_from": "500000"}]
PUBLISHED = {"channel": "中国政府采购网", "uri": "https://example.com", "contents": ["a"], "until": "2026-03-09"}
NOTICE = {
    **PUBLISHED,
    "price_ceiling": "1.00",
    "bid_deadline": "2026-03-30T09:00:00+08:00",
    "document_until": "2026-03-09",
    "planned_start": "2026-04-01",
}
PLAN = {"method": "negotiation", "organisation": "central", "ground": "…", "sme_set_aside": "part"}
RECUSAL = {
    "recusal": "R1",
    "person": "person:P1",
    "supplier": "supplier:V1",
    "by": "self",
    "decision": "recuse",
    "replacement": "person:P2",
}
PAY = {"payment": "Z1", "contract": "C-1", "acceptance": "Y1", "invoice": "I1", "payee": PAYEE, "external_id": "T1"}
SECURITY = {
    "security": "S1",
    "supplier": "supplier:V1",
    "contract": "C-1",
    "kind": "wages",
    "form": "guarantee",
    "due": "2026-03-09",
    "result": "fail",
}
REMEDY = {"challenge": "Q1", "by": "supplier:V1", "affects_result": True}
OF_A_POST = {"person": "person:P1", "post": "post:U1/head"}
GRANT_CHANGE = {"effective_at": "2026-03-02", "notified_at": "2026-03-02T10:00:00+08:00"}

PARTICULAR: dict[str, dict[str, Any]] = {
    "project.open": {
        "title": "采购课桌",
        "category": "A02",
        "kind": "goods",
        "organisation": "below_threshold",
        "method": "e_marketplace",
        "budget_project": "B1",
        "fiscal_year": 2026,
        "public_service": True,
        "complex": False,
        "urgent": False,
        "joint": {"lead": "unit:U1", "members": ["unit:U2"]},
    },
    "project.close": {"outcome": "failed"},
    "plan.prepare": PLAN,
    "plan.approve": PLAN,
    "method.change": PLAN,
    "unit.register": {"name": "县一中", "parent": "unit:U0", "kind": "purchaser", "jurisdiction": "410122"},
    "person.register": {"employer": "agency:A01", "pseudonym": "甲"},
    "account.link": {"evidence": "hr"},
    "supplier.register": {"name": "甲公司", "code": "91410100MA0000000X"},
    "setup.policy": VALID
    | {"policy": "N1", "stages": ["CONTRACT"], "policies": [{"key": "a.b", "value": 3}], "reserved": RESERVED}
    | {"responsibility": "谁审批谁负责"},
    "post.define": {"name": "主任", "key_post": True, "designation": "lead_department", "acts": ["contract.sign"]},
    "post.assign": TERM,
    "post.relieve": TERM,
    "exit.review": OF_A_POST,
    "rotation.audit": OF_A_POST,
    "training.record": OF_A_POST,
    "role.assign": TERM,
    "auth.vest": VALID | {"basis": {"kind": "statute", "document": "…"}, "scope": SCOPE, "reserved": RESERVED},
    "auth.grant": VALID
    | {
        "kind": "special",
        "parent": "grant:G1",
        "grantor": "post:U1/head",
        "scope": SCOPE,
        "ceiling_item": "500000.00",
        "ceiling_total": "2000000",
        "total_basis": "committed",
        "total_window": "fiscal_year",
        "sub_delegable": True,
        "sub_depth": 1,
        "sub_acts": ["pay.approve"],
        "personal_only": False,
        "conditions": ["concurrence:contract_reviewer", "collective_decision", "legal_review"],
        "instrument": {"no": "2026-1", "date": "2026-01-01", "sha256": "0a" * 32},
        "responsibility": {"grantor": "…", "grantee": "…"},
        "supersedes": "grant:G0",
    },
    **{f"auth.{verb}": GRANT_CHANGE for verb in ("accept", "suspend", "resume", "revoke")},
    "acting.appoint": TERM | {"grants": ["grant:G1"], "acts": ["pay.approve"], "ceiling_item": "1.00"},
    "coi.declare": {
        "declarant": "person:P1",
        "none": False,
        "relations": [
            TERM | {"supplier": "supplier:V1", "relation": f"R{n}", "relative": "person:P2", "detail": "…"}
            for n in range(1, 9)
        ],
    },
    "relation.record": TERM
    | {"supplier": "supplier:V1", "relative": "person:P2", "evidence": "social_insurance", "confidence": "high"},
    **{f"recusal.{verb}": RECUSAL for verb in ("request", "inquire", "decide", "effect")},
    "supplier.snapshot": {
        "legal_representative": "person:P1",
        "head": "person:P1",
        "shareholders": [{"holder": "supplier:V2", "share": "0.51"}, {"holder": "person:P1"}],
        "controllers": ["supplier:V2"],
        "directors": ["person:P1"],
        "size": "micro",
    },
    "participant.record": {"as": "prior_service"},
    "req.survey": {"respondents": 5},
    "req.review": {"kind": "in_depth"},
    **{f"doc.{verb}": {"price_weight": "0.30"} for verb in ("prepare", "check", "approve")},
    "agency.sign": VALID | {"agency": "agency:A01", "acts": ["bid.open"]},
    **{f"{what}.publish": PUBLISHED for what in ("award", "contract", "accept")},
    "report.publish": PUBLISHED | {"kind": "overdue_payments", "year": 2026},
    "single.publicise": PUBLISHED,
    "notice.publish": NOTICE,
    "intent.publish": NOTICE,
    "doc.clarify": {"bid_deadline": "2026-03-30T09:00:00+08:00", "affects_result": True},
    "bid.open": {"suppliers": ["supplier:V1", "supplier:V2"]},
    "eval.perform": {
        "ranking": [{"supplier": "supplier:V1", "price": "1.00", "score": "95.5", "examined": True}],
        "recommended": "supplier:V1",
        "experts": 5,
        "drawn": True,
    },
    "award.decide": {"supplier": "supplier:V1"},
    "contract.sign": {
        "contract": "C-1",
        "supplier": "supplier:V1",
        "payee": PAYEE,
        "payment_days": 30,
        "advance": "100.00",
        "acceptance_due": {"days": 7, "working": True},
        "acceptance_scheme": True,
        "performance_security_refund": {"days": 5, "working": False},
        "agency_authorisation": "…",
    },
    "contract.amend": {"contract": "C-1", "amount": "-1200.50"},
    "delivery.record": {"contract": "C-1", "supplier": "supplier:V1"},
    "accept.perform": {"contract": "C-1", "acceptance": "Y1", "result": "pass"},
    **{f"pay.{verb}": PAY for verb in ("apply", "approve", "execute", "book", "audit")},
    "payee.maintain": {"payee": PAYEE, "from": "2026-01-01"},
    **{f"{what}.{verb}": SECURITY for what in ("bidsec", "perfsec", "retention") for verb in ("receive", "refund")},
    **{f"challenge.{verb}": REMEDY for verb in ("receive", "draft", "reply")},
    **{f"inquiry.{verb}": REMEDY for verb in ("receive", "reply")},
    **{f"complaint.{verb}": REMEDY for verb in ("receive", "respond")},
    **{f"supervise.{verb}": {"inspection": "I1", "due": "2026-03-09"} for verb in ("inspect", "rectify")},
    "file.archive": {"retain_until": "2041-12-31"},
    "control.register": VALID
    | {"rule": "SOD-42", "rules": ["SOD-38"], "scope": "unit:U1", "control": "…", "owner": "person:P1"},
    "finding.dispose": {"control": "K1", "valid_until": "2026-12-31", "due": "2026-03-09"},
    "scan.execute": {
        "date": "2026-03-02",
        "policy_version": "1",
        "inputs_sha256": "0a" * 32,
        "counts": {"new": 1, "open": 2, "closed": 3, "undetermined": 4},
    },
    "appraisal.publish": {
        "year": 2026,
        "score": "95.5",
        "grade": "优",
        "indicators": [{"code": "I1", "value": "0.9", "numerator": [1], "denominator": [1, 2]}],
    },
    "act.correct": {"corrects": {"source": "urn:test", "id": "e1"}, "fields": {"amount": "1.00"}, "void": True},
    "data.erase": {"legal_basis": "个人信息保护法 §47"},
}
"""Every field that §3 gives to an act of its own, with a good value."""


SUBJECTS = ("project:P-1", "unit:U1", "person:P1", "supplier:V1", "log:example.com/log")


def subject_of(name: str) -> str:
    """Return something the act may be about."""
    return next(each for each in SUBJECTS if each.partition(":")[0] in ACTS[name].subject_kinds)


def example(name: str, /, **data: Any) -> dict[str, Any]:
    return event(name, subject_of(name), "person:P06", unit="unit:U1", **(NEEDED.get(name, {}) | data))


def full(name: str) -> dict[str, Any]:
    """Return an act that says everything it can, by itself and as any act."""
    attributes = {
        "role": "contract_signer",
        "authority": "grant:G1",
        "onbehalfof": "account:oa/li",
        "recordedtime": "2026-03-02T09:30:00.123456+08:00",
        "datacontenttype": "application/json",
        "traceparent": "00-abc",
    }
    return example(name, **(COMMON | PARTICULAR.get(name, {}) | {"unknown": {"a": [1]}})) | attributes


@cache
def committed(name: str) -> Any:
    return json.loads((schema.DIRECTORY / f"{name}.json").read_text("utf-8"))


class Validator:
    """JSON Schema 2020-12, as far as our schemas go. Raises `NotImplementedError` for a keyword it does not know."""

    ANNOTATIONS = frozenset(("$schema", "$defs", "title", "description", "default"))

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def check(self, value: Any, at: str = "", schema: dict[str, Any] | None = None) -> list[str]:
        """Return where the value is not what the schema says."""
        schema = self._root if schema is None else schema
        faults: list[str] = []
        for keyword, wanted in schema.items():
            if keyword == "additionalProperties":
                faults += self._additional(value, schema, at)
            elif keyword not in self.ANNOTATIONS:
                faults += getattr(self, "_" + keyword.removeprefix("$"), self._unknown)(value, wanted, at)
        return faults

    def _unknown(self, value: Any, wanted: Any, at: str) -> list[str]:
        raise NotImplementedError(f"a keyword with the value {wanted!r}")

    def _ref(self, value: Any, wanted: str, at: str) -> list[str]:
        assert wanted.startswith("#/$defs/")
        return self.check(value, at, self._root["$defs"][wanted.removeprefix("#/$defs/")])

    def _type(self, value: Any, wanted: str, at: str) -> list[str]:
        found = {
            "object": isinstance(value, dict),
            "array": isinstance(value, list),
            "string": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "null": value is None,
            "integer": isinstance(value, int) and not isinstance(value, bool),
        }[wanted]
        return [] if found else [at]

    def _const(self, value: Any, wanted: Any, at: str) -> list[str]:
        return [] if value == wanted else [at]

    def _enum(self, value: Any, wanted: list[Any], at: str) -> list[str]:
        return [] if value in wanted else [at]

    def _anyOf(self, value: Any, wanted: list[dict[str, Any]], at: str) -> list[str]:  # noqa: N802 - the keyword's own name
        return [] if any(not self.check(value, at, each) for each in wanted) else [at]

    def _required(self, value: Any, wanted: list[str], at: str) -> list[str]:
        return [f"{at}/{name}" for name in wanted if isinstance(value, dict) and name not in value]

    def _properties(self, value: Any, wanted: dict[str, dict[str, Any]], at: str) -> list[str]:
        members = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        return [
            fault
            for name, each in wanted.items()
            if name in members
            for fault in self.check(members[name], f"{at}/{name}", each)
        ]

    def _additional(self, value: Any, schema: dict[str, Any], at: str) -> list[str]:
        members = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        wanted, faults = schema["additionalProperties"], list[str]()
        for name in members.keys() - schema.get("properties", {}).keys():
            faults += [f"{at}/{name}"] if wanted is False else self.check(members[name], f"{at}/{name}", wanted)
        return faults

    def _items(self, value: Any, wanted: dict[str, Any], at: str) -> list[str]:
        items = cast("list[Any]", value) if isinstance(value, list) else []
        return [fault for index, each in enumerate(items) for fault in self.check(each, f"{at}/{index}", wanted)]

    def _pattern(self, value: Any, wanted: str, at: str) -> list[str]:
        return [] if not isinstance(value, str) or re.search(wanted, value) else [at]

    def _minLength(self, value: Any, wanted: int, at: str) -> list[str]:  # noqa: N802 - the keyword's own name
        return [] if not isinstance(value, str) or len(value) >= wanted else [at]

    def _maxLength(self, value: Any, wanted: int, at: str) -> list[str]:  # noqa: N802 - the keyword's own name
        return [] if not isinstance(value, str) or len(value) <= wanted else [at]

    def _minimum(self, value: Any, wanted: int, at: str) -> list[str]:
        return [] if not isinstance(value, int) or value >= wanted else [at]

    def _maximum(self, value: Any, wanted: int, at: str) -> list[str]:
        return [] if not isinstance(value, int) or value <= wanted else [at]


def faults(document: dict[str, Any]) -> list[str]:
    return Validator(committed(document["type"])).check(document)


def subschemas(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every schema inside a schema, itself included."""
    inner: list[Any] = [*node.get("properties", {}).values(), *node.get("$defs", {}).values(), *node.get("anyOf", [])]
    inner += [node.get("items"), node.get("additionalProperties")]
    return [node, *(each for child in inner if isinstance(child, dict) for each in subschemas(cast(Any, child)))]


# Drift


def test_the_committed_schemas_are_those_rendered_today() -> None:
    """They are the contract: a change of one is a change of it. `make schemas` writes them anew."""
    assert {path.name: path.read_bytes() for path in schema.DIRECTORY.iterdir()} == schema.render()


def test_every_act_of_the_catalogue_has_a_schema_and_no_other() -> None:
    assert {path.stem for path in schema.DIRECTORY.iterdir()} == set(ACTS)


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert schema.render() == schema.render()


def test_schemas_are_text_for_people() -> None:
    for name, content in schema.render().items():
        text = content.decode("utf-8")
        assert text.endswith("}\n")
        escapes = re.findall(r"\\.", text)  # an escaped backslash of a pattern is taken whole
        assert "\\u" not in escapes, name  # names in Chinese are readable


def test_writing_removes_the_schemas_of_acts_that_are_gone(tmp_path: Path) -> None:
    (tmp_path / "gone.act.json").write_text("{}")
    schema.write(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schema.render()


# Valid JSON Schema


def test_a_schema_is_json_schema_2020_12() -> None:
    types = {"object", "array", "string", "boolean", "null", "integer"}
    for name in ACTS:
        root = committed(name)
        assert root["$schema"] == DIALECT, name
        for each in subschemas(root):
            assert each.get("type", "object") in types, name
            assert set(each.get("required", [])) <= each.get("properties", {}).keys(), name
            assert len(each.get("required", [])) == len(set(each.get("required", []))), name
            assert each.get("enum", [None]) != [], name
            assert each.get("anyOf", [None]) != [], name
            assert each.get("minLength", 0) <= each.get("maxLength", 10**9), name
            assert each.get("minimum", 0) <= each.get("maximum", 10**9), name
            if "$ref" in each:
                assert each["$ref"].removeprefix("#/$defs/") in root["$defs"], name
            if "pattern" in each:
                re.compile(each["pattern"])
                # Python's own, which ECMA-262, the dialect of JSON Schema, lacks: \A \Z (?P…), flags, possessives.
                assert not re.search(r"\\[AZ]|\(\?P|\(\?[aiLmsux]|[*+?}]\+", each["pattern"]), name


def test_a_schema_names_its_act_and_what_the_envelope_requires() -> None:
    for name, act in ACTS.items():
        root = committed(name)
        assert root["title"] == name
        assert root["properties"]["type"] == {"const": name}
        assert act.zh in root["description"]
        assert act.en in root["description"]
        required = {"specversion", "id", "source", "type", "subject", "time", "actor", "data"}
        of_project = {"unit"} if act.subject_kinds == frozenset(("project",)) else set[str]()
        assert set(root["required"]) == required | of_project, name


def test_defaults_are_good_values() -> None:
    for name in ACTS:
        root = committed(name)
        for each in subschemas(root):
            if "default" in each:
                assert Validator(root).check(each["default"], schema=each) == [], name


# Examples


def test_the_examples_speak_of_acts_there_are() -> None:
    assert NEEDED.keys() | PARTICULAR.keys() <= ACTS.keys()


@pytest.mark.parametrize("name", sorted(ACTS))
def test_the_least_an_act_says_is_taken_by_schema_and_ledger(name: str) -> None:
    document = example(name)
    assert faults(document) == []
    assert read_event(msgspec.json.encode(document), base_catalogue()).act.type == name


@pytest.mark.parametrize("name", sorted(ACTS))
def test_everything_an_act_can_say_is_taken_by_schema_and_ledger(name: str) -> None:
    document = full(name)
    assert faults(document) == []
    assert read_event(msgspec.json.encode(document), base_catalogue()).act.type == name


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_field_of_the_contract_is_declared_with_the_type_the_contract_gives(name: str) -> None:
    """An undeclared field would be kept and ignored; rubbish in a declared one is refused."""
    for field in COMMON | PARTICULAR.get(name, {}) | NEEDED.get(name, {}):
        assert faults(full(name) | {"data": full(name)["data"] | {field: [[]]}}), field


@pytest.mark.parametrize("field", PUBLISHED)
def test_an_appraisal_is_published_like_everything_else(field: str) -> None:
    document = example("appraisal.publish", **{field: [[]]})
    assert faults(document)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_an_act_cannot_be_understood_without_is_required(name: str) -> None:
    for field in NEEDED[name]:
        data = {key: value for key, value in NEEDED[name].items() if key != field}
        assert faults(event(name, subject_of(name), "person:P06", **data)) == [f"/data/{field}"]


@pytest.mark.parametrize(
    ("attributes", "data", "at"),
    [
        ({"specversion": "0.3"}, {}, "/specversion"),
        ({"type": "pay.apply"}, {}, "/type"),
        ({"id": ""}, {}, "/id"),
        ({"id": "x" * 129}, {}, "/id"),
        ({"source": "x" * 257}, {}, "/source"),
        ({"actor": "grant:G1"}, {}, "/actor"),
        ({"actor": "person:P 06"}, {}, "/actor"),
        ({"actor": "person:" + "x" * 122}, {}, "/actor"),
        ({"unit": "person:P1"}, {}, "/unit"),
        pytest.param({"datacontenttype": "text/plain"}, {}, "/datacontenttype"),
        ({"data": "text"}, {}, "/data"),
        ({}, {"amount": "1.001"}, "/data/amount"),
        ({}, {"amount": "-1"}, "/data/amount"),
        ({}, {"amount": 1}, "/data/amount"),
        ({}, {"supplier": "V1"}, "/data/supplier"),
        ({}, {"payment_days": "30"}, "/data/payment_days"),
        ({}, {"payment_days": -1}, "/data/payment_days"),
        ({}, {"participants": [{"role": "acceptor"}]}, "/data/participants/0/actor"),
        ({}, {"documents": [{"sha256": "x"}]}, "/data/documents/0/sha256"),
    ],
)
def test_a_schema_refuses_what_the_ledger_refuses(attributes: dict[str, Any], data: dict[str, Any], at: str) -> None:
    document = example("contract.sign", **data) | attributes
    assert set(Validator(committed("contract.sign")).check(document)) == {at}


def test_a_schema_refuses_an_unknown_axis_of_a_scope() -> None:
    assert faults(example("auth.vest", scope={"units": ["unit:U1"], "unit": "unit:U1"}))
    assert faults(example("auth.grant", scope={"amounts": []}))
    assert faults(example("auth.grant", conditions=["dual"]))


def test_a_supplement_may_be_negative_by_its_schema() -> None:
    assert faults(example("contract.amend", amount="-1.00")) == []
    assert faults(example("contract.amend", amount="-1.001")) == ["/data/amount"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("time", "yesterday"), ("time", "2026-03-02T09:30:00"), ("subject", "unit:U1"), ("unit", None)],
)
def test_a_schema_says_what_a_project_act_needs(attribute: str, value: Any) -> None:
    document = example("contract.sign") | {attribute: value}
    if value is None:
        del document[attribute]
    assert faults(document) == [f"/{attribute}"]
