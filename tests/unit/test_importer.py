"""Logs and mappings become the events the ledger takes. Two real logs, with answers computed elsewhere, judge them."""

import csv
import gzip
import os
import re
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from contracts.catalogue import Catalogue, base_catalogue
from contracts.event import read_event
from contracts.payloads import CatalogueExtend
from contracts.references import Actor, Reference
from quanze.importer import (
    CloudEvent,
    ImportFault,
    Mapping,
    Survey,
    csv_log,
    events,
    load_mapping,
    pack_event,
    resource_of,
    survey,
    values,
    xes_log,
)
from quanze.importer.events import actor_of
from quanze.importer.mapping import ActorClass, Case, Columns
from quanze.importer.names import code, original, reference, slug
from quanze.importer.rows import Row

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = Path(os.environ.get("QUANZE_SHARED", ROOT.parent / "shared")) / "data"
XES: Final = '<log xes.version="1.0" xmlns="http://www.xes-standard.org/">'


# The real logs


class Same(Struct, frozen=True):
    """
    How often one resource did both of two things on one case (`definitions` in the files of answers).

    The answers leave out what follows `case_person_pairs` where the two never met on a case.
    """

    cases_with_both: int
    violating_cases: int
    case_person_pairs: int
    persons: int = 0
    case_person_pairs_a_before_b: int = 0
    case_person_pairs_b_before_a: int = 0
    case_person_sha256: str | None = None


class Answer(Same, frozen=True, kw_only=True):
    a: str
    b: str
    persons_only: Same | None = None


class Grouped(Struct, frozen=True):
    n_groups: int
    activity_pairs: list[Answer]


class Answers(Struct, frozen=True):
    n_events: int
    n_cases: int
    n_activities: int
    n_resources: int
    n_persons: int
    events_by_persons: int
    activity_pairs: list[Answer]
    roles: dict[str, int] = {}
    role_pairs_same_person_same_case: list[Answer] = []
    grouped_by_purchasing_document: Grouped | None = None


@dataclass
class Log:
    """A log with the answers to it, read once."""

    path: Path
    mapping: Mapping
    answers: Answers

    @cached_property
    def found(self) -> Survey:
        return survey(self.path, self.mapping)

    @cached_property
    def events(self) -> list[CloudEvent]:
        return list(events(self.path, self.mapping, self.found))

    @cached_property
    def done(self) -> list["Done"]:
        """Every event read back by the pack's own words: what a reader of the ledger can know."""
        pack = msgspec.convert(_pack(self.mapping, self.found)["data"], CatalogueExtend)
        activity_of = {name: row[5] for name, row in pack.acts.items()}
        role_of = {name: titles[1] for name, titles in pack.roles.items()}
        return [
            Done(
                original(event["subject"]),
                resource_of(event["actor"]),
                activity_of[event["type"]],
                role_of[event["role"]] if "role" in event else "",
                event["time"],
                event["actor"].startswith("person:"),
            )
            for event in self.events
        ]


class Done(NamedTuple):
    """What an event says happened, told from the event alone."""

    case: str
    resource: str
    activity: str
    role: str
    time: str
    is_person: bool


def _real(folder: str, name: str, mapping: str) -> Log:
    path = SHARED / folder / name
    if not path.exists():
        pytest.skip(f"no {path}: set QUANZE_SHARED to the folder that holds data/{folder}")
    answers = (SHARED / folder / "expected" / "four_eyes.json").read_bytes()
    return Log(path, _example(mapping), msgspec.json.decode(answers, type=Answers))


def _example(name: str) -> Mapping:
    return load_mapping(ROOT / "examples" / "mappings" / f"{name}.toml")


@pytest.fixture(name="bpic", scope="module")
def _bpic() -> Log:
    return _real("bpic2019-sample", "BPI_Challenge_2019_sample.csv", "bpic2019")


@pytest.fixture(name="zampino", scope="module")
def _zampino() -> Log:
    return _real("p2p-asis-zampino", "Procure-to-Pay asis.csv", "p2p-zampino")


@pytest.fixture(name="log", params=["bpic", "zampino"], scope="module")
def _log(request: pytest.FixtureRequest) -> Log:
    log: Log = request.getfixturevalue(request.param)
    return log


def _pack(mapping: Mapping, found: Survey) -> CloudEvent:
    return pack_event(
        mapping, found, "log:localhost/quanze/1", "system:import", found.earliest or "2020-01-01T00:00:00Z"
    )


def _same_resource(done: Iterable[Done], word_of: Callable[[Done], str]) -> dict[tuple[str, str], Same]:
    """Count for every pair of words who did both on one case: sets only, no SQL, no reader of ours."""
    moments: defaultdict[str, defaultdict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for moment, act in enumerate(sorted(done, key=lambda act: act.time)):
        moments[word_of(act)][act.case, act.resource].append(moment)
    found: dict[tuple[str, str], Same] = {}
    for a, b in combinations(sorted(moments), 2):
        both = sorted(moments[a].keys() & moments[b].keys())
        lines = "".join(f"{case}\t{resource}\n" for case, resource in both)
        found[a, b] = Same(
            len({case for case, _ in moments[a]} & {case for case, _ in moments[b]}),
            len({case for case, _ in both}),
            len(both),
            len({resource for _, resource in both}),
            sum(moments[a][key][0] < moments[b][key][-1] for key in both),
            sum(moments[b][key][0] < moments[a][key][-1] for key in both),
            sha256(lines.encode()).hexdigest() if both else None,
        )
    return found


def _expected(answers: Iterable[Answer], persons_only: bool) -> dict[tuple[str, str], Same]:
    found: dict[tuple[str, str], Same] = {}
    for answer in answers:
        same = answer.persons_only if persons_only else answer
        assert same is not None
        found[answer.a, answer.b] = Same(*(getattr(same, name) for name in Same.__struct_fields__))
    return found


def test_a_survey_counts_what_is_in_a_real_log(log: Log) -> None:
    found = log.found
    assert (found.events, found.cases) == (log.answers.n_events, log.answers.n_cases)
    assert len(found.activities) == log.answers.n_activities
    assert sum(found.actors.values()) == log.answers.n_resources
    assert found.actors["person"] == log.answers.n_persons
    assert found.events_by["person"] == log.answers.events_by_persons
    assert found.roles == log.answers.roles
    assert (found.skipped, found.absent) == (0, ())


@pytest.mark.parametrize("persons_only", [False, True])
def test_the_events_of_a_real_log_name_the_same_persons_on_every_pair_of_activities(
    log: Log, persons_only: bool
) -> None:
    done = [act for act in log.done if act.is_person or not persons_only]
    counted = _same_resource(done, lambda act: act.activity)
    expected = _expected(log.answers.activity_pairs, persons_only)
    nothing = Same(0, 0, 0)
    assert {pair: counted.get(pair, nothing) for pair in expected} == expected
    assert {pair for pair, same in counted.items() if same != nothing} <= expected.keys()


def test_the_events_name_the_persons_who_hold_two_roles_on_one_case(zampino: Log) -> None:
    expected = _expected(zampino.answers.role_pairs_same_person_same_case, persons_only=False)
    assert _same_resource(zampino.done, lambda act: act.role) == expected
    assert {pair: same.violating_cases for pair, same in expected.items() if same.violating_cases} == {
        ("Requester", "Requester Manager"): 103,
        ("Purchasing Manager", "Supplier"): 80,
        ("Financial Manager", "Requester"): 1,
    }


def test_another_column_can_be_the_case(bpic: Log) -> None:
    grouped = bpic.answers.grouped_by_purchasing_document
    assert grouped is not None
    mapping = msgspec.structs.replace(bpic.mapping, case=Case(column=Columns(["case_Purchasing_Document"])))
    other = Log(bpic.path, mapping, bpic.answers)
    done = [act for act in other.done if act.is_person]
    expected = _expected(grouped.activity_pairs, persons_only=False)
    counted = _same_resource(done, lambda act: act.activity)
    assert other.found.cases == grouped.n_groups
    assert {pair: same for pair, same in counted.items() if same.violating_cases} == {
        pair: same for pair, same in expected.items() if same.violating_cases
    }


def test_no_two_resources_of_a_real_log_share_an_actor(log: Log) -> None:
    with log.path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    resources = [row.get("event_org_resource") or row["resource"] for row in rows]
    actors = [event["actor"] for event in log.events]
    assert [resource_of(actor) for actor in actors] == resources
    assert len(set(actors)) == log.answers.n_resources


def test_the_ledger_takes_the_pack_and_every_event_of_both_logs(bpic: Log, zampino: Log) -> None:
    catalogue = base_catalogue()
    for log in (bpic, zampino):
        before = len(catalogue.pairs)
        catalogue = _extended(catalogue, _pack(log.mapping, log.found))
        roles = len(log.answers.roles)
        every_pair = log.answers.n_activities * (log.answers.n_activities - 1) // 2 + roles * (roles - 1) // 2
        assert len(catalogue.pairs) - before == every_pair
        ids: set[str] = set()
        for event in log.events:
            taken = read_event(msgspec.json.encode(event), catalogue)
            ids.add(taken.envelope.id)
        assert len(ids) == log.answers.n_events


def _extended(catalogue: Catalogue, pack: CloudEvent) -> Catalogue:
    payload = read_event(msgspec.json.encode(pack), catalogue).payload
    assert isinstance(payload, CatalogueExtend)
    return catalogue.extend(payload)


def test_a_real_log_as_xes_gives_the_same_events(bpic: Log, tmp_path: Path) -> None:
    with bpic.path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / "bpic.xes.gz"
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as out:
        out.write(XES)
        case = None
        for row in rows:
            if row["case_concept_name"] != case:
                out.write("</trace>" if case else "")
                case = row["case_concept_name"]
                ofcase = {name[5:].replace("_", " "): text for name, text in row.items() if name.startswith("case_")}
                out.write(f"<trace>{_attributes(ofcase | {'concept:name': case})}")
            out.write(f"<event>{_attributes(_as_in_xes(row))}</event>")
        out.write("</trace></log>")
    found = survey(path, bpic.mapping)
    assert found == bpic.found
    assert list(events(path, bpic.mapping, found)) == bpic.events
    assert _pack(bpic.mapping, found) == _pack(bpic.mapping, bpic.found)


def _as_in_xes(row: dict[str, str]) -> dict[str, str]:
    return {
        "User": row["event_User"],
        "org:resource": row["event_org_resource"],
        "concept:name": row["event_concept_name"],
        "Cumulative net worth (EUR)": row["event_Cumulative_net_worth_(EUR)"],
        "time:timestamp": row["event_time_timestamp"].replace(" ", "T"),
        "eventID": row["eventID"],
    }


def _attributes(texts: dict[str, str]) -> str:
    return "".join(f"<string key={quoteattr(key)} value={quoteattr(text)}/>" for key, text in texts.items())


# Small logs


MAPPING: Final = """
pack = "t"
source = "urn:t"
case.column = "case"
activity.column = "activity"
resource.column = "who"
time.column = "time"
unit.constant = "U1"
"""
HEADER: Final = "case,activity,who,time"
LINE: Final = "C1,Pay invoice,P06,2026-03-02T09:30:00+08:00"


class Bench:
    """Writes small logs and mappings, and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mapping(self, *lines: str, base: str = MAPPING) -> Mapping:
        path = self.folder / "mapping.toml"
        path.write_text(base + "\n".join(lines), "utf-8")
        return load_mapping(path)

    def csv(self, *lines: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes("\n".join([*lines, ""]).encode(encoding))
        return path

    def xes(self, body: str, name: str = "log.xes", head: str = XES) -> Path:
        path = self.folder / name
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</log>'.encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    def events(self, path: Path, *lines: str) -> list[CloudEvent]:
        mapping = self.mapping(*lines)
        return list(events(path, mapping, survey(path, mapping)))

    def event(self, line: str, *lines: str, header: str = HEADER) -> CloudEvent:
        (event,) = self.events(self.csv(header, line), *lines)
        return event


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_record_becomes_an_event(bench: Bench) -> None:
    assert bench.event(LINE) == {
        "specversion": "1.0",
        "id": "C1#1",
        "source": "urn:t",
        "type": "x.pay_invoice",
        "subject": "project:C1",
        "time": "2026-03-02T09:30:00+08:00",
        "actor": "person:P06",
        "unit": "unit:U1",
        "datacontenttype": "application/json",
        "data": {"activity": "Pay invoice"},
    }


def test_records_without_an_id_are_numbered_in_their_case_skipped_ones_too(bench: Bench) -> None:
    log = bench.csv(
        HEADER + ",state",
        "C1,A,P1,2026-01-01T00:00Z,start",
        "C2,A,P1,2026-01-01T00:00Z,complete",
        "C1,A,P1,2026-01-01T00:00Z,complete",
        "C1,B,P1,2026-01-01T00:00Z,",
    )
    lifecycle = 'lifecycle.column = "state"'
    assert [event["id"] for event in bench.events(log, lifecycle)] == ["C2#1", "C1#2"]
    found = survey(log, bench.mapping(lifecycle))
    assert (found.events, found.skipped, found.activities) == (2, 2, {"A": 2})
    with_blank = [event["id"] for event in bench.events(log, lifecycle, 'lifecycle.done = ["complete", ""]')]
    assert with_blank == ["C2#1", "C1#2", "C1#3"]


def test_every_optional_column_has_its_place(bench: Bench) -> None:
    event = bench.event(
        f"{LINE},N 7,Head of Finance,INV/1,1200.5,EUR,V1,,U 9,2026-03-03",
        'id.column = "no"',
        'role.column = ["job", "role"]',
        'object = { column = "invoice", kind = "invoice" }',
        'amount = { column = "sum", currency_column = "money", activities = ["Pay invoice"] }',
        'data = { vendor = { column = "vendor", as = "supplier" }, channel = "channel", note = ["remark", "vendor"] }',
        'recorded = { column = "entered", zone = "Asia/Shanghai" }',
        header=HEADER + ",no,role,invoice,sum,money,vendor,channel,unit,entered",
    )
    assert event["id"] == "N%207"
    assert event.get("role") == "x_role_head_of_finance"
    assert event.get("recordedtime") == "2026-03-03T00:00:00+08:00"
    assert event["data"] == {
        "activity": "Pay invoice",
        "object": "INV%2F1",
        "amount": "1200.50",
        "currency": "EUR",
        "vendor": "supplier:V1",
        "note": "V1",
    }


def test_the_unit_can_be_a_column(bench: Bench) -> None:
    base = MAPPING.replace("unit.constant", "unit.column").replace('"U1"', '"dept"')
    log = bench.csv(HEADER + ",dept", LINE + ",采购 处")
    mapping = bench.mapping(base=base)
    assert [event.get("unit") for event in events(log, mapping, survey(log, mapping))] == ["unit:采购%20处"]


def test_resources_are_people_systems_or_unknown(bench: Bench) -> None:
    who = ["P1", "batch_01", "NONE", "", "EMPTY", "unknown/NONE"]
    log = bench.csv(HEADER, *(f"C1,A,{each},2026-01-01T00:00Z" for each in who))
    patterns = """resource.patterns = [
        { match = "batch_*", is = "system" },
        { match = "unknown*", is = "system" },
        { match = "[NE]*", is = "unknown" },
    ]"""
    made = bench.events(log, patterns)
    assert [event["actor"] for event in made] == [
        "person:P1",
        "system:batch_01",
        "system:unknown/NONE",
        "system:unknown/EMPTY",
        "system:unknown/%45MPTY",
        "system:unknown%2FNONE",
    ]
    assert [resource_of(event["actor"]) for event in made] == who
    found = survey(log, bench.mapping(patterns))
    assert found.actors == found.events_by == {"person": 1, "system": 2, "unknown": 3}


def test_a_role_written_as_none_is_none(bench: Bench) -> None:
    log = bench.csv(HEADER + ",role", LINE + ",EMPTY", LINE + ",", LINE + ",Cashier")
    lines = ('role.column = "role"', 'role.none = ["EMPTY"]', 'role.roles."Cashier" = "cashier"')
    assert [event.get("role") for event in bench.events(log, *lines)] == [None, None, "cashier"]
    assert survey(log, bench.mapping(*lines)).roles == {"Cashier": 1}


def test_a_survey_tells_the_words_of_the_mapping_that_the_log_never_uses(bench: Bench) -> None:
    mapping = bench.mapping(
        'activity.acts."Pay invoise" = "x.pay"',
        'role = { column = "who", roles = { Chief = "x_chief" } }',
        'data.colour = "colour"',
    )
    assert survey(bench.csv(HEADER, LINE), mapping).absent == (
        "activity `Pay invoise`",
        "role `Chief`",
        "column of `colour`",
    )


def test_an_empty_log_is_no_fault(bench: Bench) -> None:
    found = survey(bench.csv(HEADER), bench.mapping('role.column = "role"'))
    assert (found.events, found.cases, found.earliest) == (0, 0, None)
    assert survey(bench.xes(""), bench.mapping()).events == 0


def test_a_log_that_changes_between_the_passes_is_noticed(bench: Bench) -> None:
    mapping = bench.mapping()
    found = survey(bench.csv(HEADER, LINE), mapping)
    changed = bench.csv(HEADER, LINE, "C1,Another,P1,2026-01-01T00:00Z")
    with pytest.raises(ImportFault, match="line 3: the log has changed"):
        list(events(changed, mapping, found))


# Values


@pytest.mark.parametrize(
    ("text", "format", "zone", "expected"),
    [
        ("2017-01-31 23:59:00+00:00", None, None, "2017-01-31T23:59:00+00:00"),
        ("2020-01-01T00:37:00.120Z", None, None, "2020-01-01T00:37:00.120000+00:00"),
        ("2020-01-01T00:37:00.1234567+08:00", None, None, "2020-01-01T00:37:00.123456+08:00"),
        ("2020-01-01", None, "Asia/Shanghai", "2020-01-01T00:00:00+08:00"),
        ("02.01.2020 12:31", "%d.%m.%Y %H:%M", "Europe/Berlin", "2020-01-02T12:31:00+01:00"),
        ("2020-10-25T02:30:00", None, "Europe/Berlin", "2020-10-25T02:30:00+02:00"),
        ("1900-01-01T00:00:00", None, "Asia/Shanghai", "1899-12-31T15:54:17+00:00"),
    ],
)
def test_times_keep_their_offset_or_get_that_of_the_zone(
    text: str, format: str | None, zone: str | None, expected: str, bench: Bench
) -> None:
    lines = [f"time.{key} = '{value}'" for key, value in (("format", format), ("zone", zone)) if value]
    assert bench.event(f"C1,A,P1,{text}", *lines)["time"] == expected


@pytest.mark.parametrize("text", ["yesterday", "2020-01-01T00:00:00", "2020-02-30T00:00Z", "0001-01-01T00:00+23:59:59"])
def test_a_time_that_cannot_be_read_names_its_record(text: str, bench: Bench) -> None:
    with pytest.raises(ImportFault, match=rf"log\.csv: line 3: `{re.escape(text)}` is no time"):
        bench.events(bench.csv(HEADER, LINE, f"C1,A,P1,{text}"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0.00"),
        ("1E+3", "1000.00"),
        ("410979.4300", "410979.43"),
        ("-0.0", "0.00"),
        (".5", "0.50"),
        ("+7", "7.00"),
    ],
)
def test_amounts_become_decimal_text_with_two_places(text: str, expected: str) -> None:
    assert values.amount(text, ".", "") == expected


def test_amounts_may_use_other_marks() -> None:
    assert values.amount("1.234.567,5", ",", ".") == "1234567.50"
    with pytest.raises(ValueError, match="holds a point"):
        values.amount("1.234", ",", "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-1", "negative"),
        ("0.125", "more than two places"),
        ("NaN", "not a number"),
        ("1_000", "not a number"),
        ("١٢", "not a number"),
        ("1e15", "over 15 digits"),
        ("n/a", "not a number"),
    ],
)
def test_an_amount_that_cannot_be_taken_is_refused_or_kept_as_text(text: str, problem: str, bench: Bench) -> None:
    log = bench.csv(HEADER + ",sum", f"{LINE},{text}", f"{LINE},")
    amount = 'amount = { column = "sum", currency = "CNY", activities = ["Pay invoice"]'
    with pytest.raises(ImportFault, match=f"line 2: .* is no amount: {problem}"):
        bench.events(log, amount + " }")
    kept, absent = bench.events(log, amount + ', unusable = "note" }')
    assert kept["data"] == {"activity": "Pay invoice", "amount_text": text}
    assert absent["data"] == {"activity": "Pay invoice"}


def test_an_amount_is_given_to_its_own_activities_only(bench: Bench) -> None:
    log = bench.csv(HEADER + ",sum", f"{LINE},5", "C1,Approve,P1,2026-01-01T00:00Z,5")
    amount = 'amount = { column = "sum", currency = "CNY", activities = ["Pay invoice"] }'
    assert [event["data"].get("amount") for event in bench.events(log, amount)] == ["5.00", None]


def test_an_amount_of_an_unknown_currency_is_refused(bench: Bench) -> None:
    amount = 'amount = { column = "sum", currency_column = "money", activities = ["Pay invoice"] }'
    with pytest.raises(ImportFault, match="`euro` is no currency"):
        bench.event(f"{LINE},5,euro", amount, header=HEADER + ",sum,money")


# Names


ODD_WORDS = st.text(
    st.sampled_from("%~/:#2F45EMPTY aé党\x00\u3000\u200b\u2028\U0001f600\ud800"), min_size=1, max_size=60
)
WORDS = st.text(min_size=1, max_size=400) | ODD_WORDS


@given(st.lists(WORDS, min_size=2, unique=True))
def test_references_are_legal_and_no_two_words_share_one(words: list[str]) -> None:
    made = [reference("person:", word) for word in words]
    assert len(set(made)) == len(words)
    for word, each in zip(words, made, strict=True):
        assert msgspec.convert(each, Reference) == each
        if "~" not in each:
            assert original(each) == word


@given(
    st.lists(st.tuples(ODD_WORDS | st.sampled_from(["", "EMPTY"]), st.sampled_from(["person", "system", "unknown"])))
)
def test_actors_are_legal_and_no_two_resources_share_one(resources: list[tuple[str, ActorClass]]) -> None:
    named: set[tuple[str, ActorClass]] = {(word, kind if word else "unknown") for word, kind in resources}
    made = {actor_of(word, kind): word for word, kind in named}
    assert len(made) == len(named)
    for actor, word in made.items():
        assert msgspec.convert(actor, Actor) == actor
        assert "~" in actor or resource_of(actor) == word


def test_a_word_too_long_is_cut_and_its_event_keeps_it_whole(bench: Bench) -> None:
    long = "P" * 200
    event = bench.event(f"{'C' * 300},A,{long},2026-01-01T00:00Z")
    assert len(event["actor"]) == len(event["subject"]) == 128
    assert len(event["id"]) <= 128
    assert event["data"]["resource"] == long
    assert code("C" * 300, 128) != code("C" * 301, 128)


@given(st.text(min_size=1))
def test_a_slug_is_a_legal_name(text: str) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9]|_(?!_))*[a-z0-9]|[a-z]", slug(text))
    assert len(slug(text)) <= 66


def test_a_slug_depends_on_nothing_but_its_text() -> None:
    assert slug("SRM: In Transfer to Execution Syst.") == "srm_in_transfer_to_execution_syst"
    assert slug("3-way match") == "a_3_way_match"
    assert slug("采购申请") != slug("采购审批")
    assert slug("审批 A") != slug("复核 A")


def test_two_activities_that_would_share_a_name_are_refused(bench: Bench) -> None:
    log = bench.csv(HEADER, "C1,Pay-invoice,P1,2026-01-01T00:00Z", LINE)
    with pytest.raises(ImportFault, match=r"`Pay invoice` and `Pay-invoice` would both become `x\.pay_invoice`"):
        bench.events(log)
    apart = bench.events(log, 'activity.acts."Pay-invoice" = "x.pay_again"')
    assert [event["type"] for event in apart] == ["x.pay_again", "x.pay_invoice"]
    alike = ('activity.acts."Pay-invoice" = "x.pay"', 'activity.acts."Pay invoice" = { name = "x.pay", zh = "付款" }')
    assert {event["type"] for event in bench.events(log, *alike)} == {"x.pay"}
    pack = _pack(bench.mapping(*alike), survey(log, bench.mapping(*alike)))
    assert pack["data"]["acts"] == {"x.pay": ["IMPORTED", "E", "x_pay", "record", "付款", "Pay invoice"]}


def test_names_that_would_share_a_role_are_refused(bench: Bench) -> None:
    log = bench.csv(HEADER + ",role", "C1,A,P1,2026-01-01T00:00Z,a", "C1,B,P1,2026-01-01T00:00Z,")
    with pytest.raises(ImportFault, match=r"the acts `x\.a_b` and `x\.a\.b` would share one role"):
        bench.events(log, 'activity.acts.A = "x.a.b"', 'activity.acts.B = "x.a_b"')
    with pytest.raises(ImportFault, match=r"the role `a` would be named `x_a`, like the role of the act `x\.a`"):
        bench.events(log, 'role.column = "role"', 'role.roles."*" = "x_<slug>"')


# Packs


def test_a_pack_declares_what_the_catalogue_lacks_and_uses_what_it_has(bench: Bench) -> None:
    log = bench.csv(HEADER + ",role", LINE + ",Boss", "C1,Pay,P1,2026-01-01T00:00Z,Cash")
    mapping = bench.mapping(
        'activity.acts."*" = "x.shop.<slug>"',
        'activity.acts.Pay = "pay.execute"',
        'role = { column = "role", roles = { Cash = "cashier" } }',
        'incompatible.pairs = [["Pay", "Pay invoice"], ["Pay invoice", "Pay"]]',
        'incompatible.role_pairs = [["Boss", "Cash"]]',
        'incompatible.severity = "LOW"',
        'incompatible.citation = "house rules §3"',
    )
    pack = _pack(mapping, survey(log, mapping))
    assert pack["data"] == {
        "pack": "t",
        "version": "1",
        "acts": {"x.shop.pay_invoice": ["IMPORTED", "E", "x_shop_pay_invoice", "record", "Pay invoice", "Pay invoice"]},
        "roles": {"x_shop_pay_invoice": ["Pay invoice", "Pay invoice"], "x_role_boss": ["Boss", "Boss"]},
        "incompatible": {
            "T:cashier~x_role_boss": ["cashier", "x_role_boss", "LOW", "UNIT", "house rules §3"],
            "T:cashier~x_shop_pay_invoice": ["cashier", "x_shop_pay_invoice", "LOW", "UNIT", "house rules §3"],
        },
    }
    assert "T:cashier~x_role_boss" in _extended(base_catalogue(), pack).pairs


def test_a_pack_is_the_same_event_every_time_and_another_when_it_says_something_else(bench: Bench) -> None:
    found = survey(bench.csv(HEADER, LINE), bench.mapping())
    pack = _pack(bench.mapping(), found)
    assert pack == _pack(bench.mapping(), found)
    assert pack["id"] != _pack(bench.mapping('version = "2"'), found)["id"]


def test_a_later_log_of_the_same_mapping_extends_the_catalogue(bench: Bench) -> None:
    mapping = bench.mapping('incompatible.pairs = "every"')
    catalogue = base_catalogue()
    for lines in ([LINE], ["C1,收货,P1,2026-01-01T00:00Z", "C2,Pay,P1,2026-01-01T00:00Z"], [LINE]):
        catalogue = _extended(catalogue, _pack(mapping, survey(bench.csv(HEADER, *lines), mapping)))
    assert len([act for act in catalogue.acts if act.startswith("x.")]) == 3


def test_a_pair_of_one_duty_is_refused(bench: Bench) -> None:
    mapping = bench.mapping('activity.acts = { A = "x.a", B = "x.a" }', 'incompatible.pairs = [["A", "B"]]')
    with pytest.raises(ImportFault, match="`A` and `B` are one duty, `x_a`"):
        _pack(mapping, survey(bench.csv(HEADER, LINE), mapping))


def test_a_pack_over_64_kib_is_refused(bench: Bench) -> None:
    log = bench.csv(HEADER, *(f"C1,{'word ' * 8}{n},P1,2026-01-01T00:00Z" for n in range(400)))
    with pytest.raises(ImportFault, match="for 400 activities; the ledger takes 65536"):
        _pack(bench.mapping(), survey(log, bench.mapping()))


# Mappings


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (['colour = "red"'], "has the unknown key `colour`"),
        (["case.colum = 1"], "case: has the unknown key `colum`"),
        (['file.delimiter = ",,"'], "file.delimiter: "),
        (['file.encoding = "utf-9"'], "file: `encoding`: Python knows no encoding `utf-9`"),
        (['time.zone = "Mars"'], "time: `zone`: no time zone `Mars`"),
        (["lifecycle.column = []"], "lifecycle.column: the name of a column is wanted"),
        (['resource.patterns = [{ match = "a", is = "robot" }]'], r"resource.patterns\[0\].is: .*'robot'"),
        (['activity.acts."Pay" = 3'], "activity.acts: `Pay`: Expected `str"),
        (['activity.acts."Pay" = "pay.exekute"'], "the catalogue has no `pay.exekute`"),
        (['activity.acts."Pay" = "x.Pay"'], "`x.Pay` is no name"),
        (['activity.acts."*" = "x.pay"'], r"`\*` is a pattern such as `x.<slug>`"),
        (['role = { column = "r", roles = { Boss = "boss" } }'], "role: `roles`: `Boss`: the catalogue has no `boss`"),
        (['unit.column = "u"'], "unit: give one of `constant` and `column`"),
        (['data.amount = "sum"'], "data: `amount`: this member is written by the import itself"),
        (['data.vendor = { column = "v", as = "grant" }'], "data: `vendor`: .*'grant'"),
        (['amount = { column = "a", activities = [] }'], "amount: give one of `currency` and `currency_column`"),
        (['incompatible.pairs = "all"'], "incompatible.pairs: "),
        (['incompatible.role_pairs = "every"'], r"`incompatible.role_pairs` needs the table \[role\]"),
        (["case.column ="], "no TOML in UTF-8"),
    ],
)
def test_a_bad_mapping_names_the_key(lines: list[str], problem: str, bench: Bench) -> None:
    with pytest.raises(ImportFault, match=rf"mapping\.toml: .*{problem}"):
        bench.mapping(*lines)


def test_a_mapping_without_a_needed_table_says_which(bench: Bench) -> None:
    with pytest.raises(ImportFault, match="lacks the key `unit`"):
        bench.mapping(base=MAPPING.replace('unit.constant = "U1"\n', ""))
    with pytest.raises(ImportFault, match=r"absent\.toml: cannot be read"):
        load_mapping(bench.folder / "absent.toml")


@pytest.mark.parametrize("name", ["bpic2019", "p2p-zampino"])
def test_the_examples_load(name: str) -> None:
    mapping = _example(name)
    assert mapping.pack == name
    assert mapping.activities_named()


def test_the_mapping_shown_in_the_readme_loads(bench: Bench) -> None:
    shown = re.search(r"```toml\n(.*?)```", (ROOT / "examples/mappings/README.md").read_text("utf-8"), re.DOTALL)
    assert shown is not None
    assert bench.mapping(base=shown[1]).resource.class_of("NONE") == "unknown"


# CSV


def test_a_csv_may_be_zipped_marked_quoted_or_in_another_encoding(bench: Bench) -> None:
    plain = bench.events(bench.csv(HEADER, LINE))
    assert bench.events(bench.csv("\ufeff" + HEADER, LINE)) == plain
    assert bench.events(bench.csv("\ufeff" + HEADER, LINE), 'file.encoding = "utf-8"') == plain
    assert bench.events(bench.csv(HEADER, LINE, "", encoding="utf-16"), 'file.encoding = "utf-16"') == plain
    assert bench.events(bench.csv(HEADER.replace(",", ";"), LINE.replace(",", ";")), 'file.delimiter = ";"') == plain
    zipped = bench.folder / "log.csv.gz"
    zipped.write_bytes(gzip.compress(f"{HEADER}\r\n{LINE}\r\n".encode()))
    assert bench.events(zipped) == plain
    (event,) = bench.events(bench.csv(HEADER, '"C,\n1"" ",付款,张三,2026-01-01T00:00Z', encoding="gb18030"),
                            'file.encoding = "gb18030"')  # fmt: skip
    assert (event["subject"], event["actor"]) == ("project:C%2C%0A1%22", "person:张三")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([HEADER, "C1,A,P1"], "line 2: 3 fields under a header of 4"),
        ([HEADER, LINE, '"C\n1",A,P1'], "line 3: 3 fields"),
        ([HEADER, LINE + ",more"], "line 2: 5 fields"),
        ([HEADER + ",case", LINE + ",C2"], "line 1: two columns are named `case`"),
        ([HEADER, 'C1,"A,P1,x'], "line 2: .*end of data"),
        ([HEADER, "C1,A\0,P1,x"], "line 2: holds a NUL"),
        ([], "line 1: no header"),
        ([HEADER, ",A,P1,2026-01-01T00:00Z"], "line 2: no case in `case`; fill it in"),
        (["Case,activity,who,time", LINE], r"line 2: no case in `case`; name its column .* has Case, activity"),
        ([HEADER, LINE + "x" * 140_000], "line 2: field larger than field limit"),
        ([HEADER, '"\n",' * 1_500_000], "a record of over 4194304 characters"),
        ([HEADER, "C1,A,11010519491231002X,2026-01-01T00:00Z"], "line 2: .* holds an 18-digit citizen id"),
    ],
)
def test_a_broken_csv_says_where(lines: list[str], problem: str, bench: Bench) -> None:
    with pytest.raises(ImportFault, match=rf"log\.csv: {problem}"):
        bench.events(bench.csv(*lines))


def test_bytes_outside_the_encoding_are_refused(bench: Bench) -> None:
    with pytest.raises(ImportFault, match="holds bytes that are not utf-8-sig"):
        bench.events(bench.csv(HEADER, LINE.replace("Pay", "付款"), encoding="gb18030"))


@pytest.mark.parametrize("name", ["log.csv", "log.xes"])
def test_a_file_cut_short_or_absent_is_refused(name: str, bench: Bench) -> None:
    path = bench.folder / name
    path.write_bytes(gzip.compress((HEADER + LINE * 1000).encode() if name == "log.csv" else XES.encode() * 100)[:-20])
    with pytest.raises(ImportFault, match=rf"{name}: .*(damaged or incomplete|not well-formed)"):
        bench.events(path)
    with pytest.raises(ImportFault, match="cannot be opened"):
        bench.events(bench.folder / f"absent-{name}")


def test_an_optional_column_that_no_record_has_is_refused(bench: Bench) -> None:
    with pytest.raises(ImportFault, match=r"no record has `state`, the column of \[lifecycle\]; .*activity, case"):
        bench.event(LINE, 'lifecycle.column = "state"')


def test_an_event_over_64_kib_is_refused_before_anything_is_posted(bench: Bench) -> None:
    with pytest.raises(ImportFault, match=r"line 2: .* bytes in one event"):
        bench.event(f"{LINE},{'x' * 70_000}", 'data.text = "text"', header=HEADER + ",text")


# XES


RICH: Final = """
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<global scope="event"><string key="concept:name" value="__INVALID__"/></global>
<classifier name="Activity" keys="concept:name"/>
<string key="source" value="made"><int key="version" value="1"/></string>
<trace>
  <string key="concept:name" value="C1"><string key="was" value="C0"/></string>
  <list key="units"><values><string key="unit" value="U1"/><string key="unit" value="U2"/></values></list>
  <event>
    <string key="concept:name" value="Pay &lt;invoice&gt; &#37329;"/>
    <string key="org:resource" value="P 1"/>
    <date key="time:timestamp" value="2020-01-01T08:00:00.000+08:00"/>
    <string key="lifecycle:transition" value="complete"/>
    <float key="cost" value="12.5"><string key="currency" value="EUR"/></float>
    <int key="count" value="3"/><boolean key="late" value="true"/><id key="identity:id" value="e-1"/>
    <container key="box"><string key="in" value="deep"/></container>
  </event>
  <event>
    <string key="concept:name" value="Pay &lt;invoice&gt; &#37329;"/>
    <date key="time:timestamp" value="2020-01-01T09:00:00.000+08:00"/>
    <string key="lifecycle:transition" value="start"/>
  </event>
</trace>
"""
RICH_MAPPING: Final = """
pack = "t"
source = "urn:t"
case.column = "case:concept:name"
activity.column = "concept:name"
resource.column = "org:resource"
time.column = "time:timestamp"
unit.constant = "U1"
id.column = "identity:id"
lifecycle = { column = "lifecycle:transition" }
amount = { column = "cost", currency_column = "cost/currency", activities = ["Pay <invoice> 金"] }
[data]
was = "case:concept:name/was"
units = "case:units/unit"
late = "late"
count = "count"
box = "box/in"
"""


@pytest.mark.parametrize("head", [XES, "<log>", '<x:log xmlns:x="http://code.deckfour.org/xes">'])
@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz"])
def test_an_xes_gives_the_events_of_the_equal_csv(head: str, name: str, bench: Bench) -> None:
    body = RICH.replace('value="start"/>', 'value="start"/><id key="identity:id" value="e-2"/>')
    if head.startswith("<x:"):
        body = re.sub(r"<(/?)(?=\w)", r"<\1x:", body) + "</x:log><!--"
    path = bench.xes(body, name=name, head=head)
    if head.startswith("<x:"):
        text = path.read_bytes() if name.endswith("xes") else gzip.decompress(path.read_bytes())
        path.write_bytes(text.replace(b"<!--</log>", b""))
    columns = "case:concept:name,case:concept:name/was,case:units/unit,concept:name,org:resource,time:timestamp"
    columns += ",lifecycle:transition,cost,cost/currency,count,late,identity:id,box/in"
    same = bench.csv(
        columns,
        "C1,C0,U1 | U2,Pay <invoice> 金,P 1,2020-01-01T08:00:00.000+08:00,complete,12.5,EUR,3,true,e-1,deep",
        "C1,C0,U1 | U2,Pay <invoice> 金,,2020-01-01T09:00:00.000+08:00,start,,,,,e-2,",
    )
    mapping = bench.mapping(base=RICH_MAPPING)
    assert survey(path, mapping) == survey(same, mapping)
    made = list(events(path, mapping, survey(path, mapping)))
    assert made == list(events(same, mapping, survey(same, mapping)))
    assert [(event["id"], event["actor"], event["time"]) for event in made] == [
        ("e-1", "person:P%201", "2020-01-01T08:00:00+08:00")
    ]
    assert made[0]["data"]["amount"] == "12.50"


EVENT: Final = '<event><string key="concept:name" value="A"/></event>'
BOMB: Final = """<!DOCTYPE log [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>"""


@pytest.mark.parametrize(
    ("head", "body", "problem"),
    [
        (BOMB + XES, '<trace><string key="concept:name" value="&c;"/></trace>', "document type"),
        (f'<!DOCTYPE log SYSTEM "file:///etc/passwd">{XES}', "", "document type"),
        ('<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log>', "", "document type"),
        (XES, '<trace><string key="a" value="&b;"/></trace>', "not well-formed XML: undefined entity"),
        ("<mxml>", "", "the root is `mxml`"),
        (XES, "<trace>", "trace 1, event 0: not well-formed XML"),
        (XES, "<a>" * 70 + "</a>" * 70, "nested over 64 deep"),
        (XES, f'<trace>{EVENT}<string key="concept:name" value="C1"/></trace>', "trace 1, event 1: .*after its events"),
        (XES, '<trace><string key="a" value="1"/><string key="a" value="2"/></trace>', "`case:a` is given twice"),
        (XES, f'<trace><string key="a" value="{"x" * 5_000_000}"/></trace>', "over 4194304"),
        (XES, EVENT, "no case in `case`"),
    ],
)
def test_a_hostile_or_broken_xes_is_refused(head: str, body: str, problem: str, bench: Bench) -> None:
    path = bench.xes(body, head=head)
    with pytest.raises(ImportFault, match=rf"log\.xes: .*{problem}"):
        bench.events(path)


def test_an_endless_event_is_refused(bench: Bench) -> None:
    attributes = "".join(f'<string key="k{n}" value="v"/>' for n in range(70_000))
    with pytest.raises(ImportFault, match="trace 1, event 1: an event or a trace of over 4194304 characters"):
        list(xes_log.read(bench.xes(f"<trace><event>{attributes}</event></trace>", name="log.xes.gz")))


def test_an_xes_in_an_encoding_that_cannot_be_parsed_says_so(bench: Bench) -> None:
    path = bench.folder / "log.xes"
    path.write_bytes('<?xml version="1.0" encoding="gb18030"?><log/>'.encode("gb18030"))
    with pytest.raises(ImportFault, match="save the file as UTF-8"):
        bench.events(path)


# Memory


EVENTS_SMALL: Final = 5_000
EVENTS_LARGE: Final = 15_000
EVENTS_PER_CASE: Final = 100
PEAK_BYTES_MAX: Final = 3_000_000
GROWTH_BYTES_MAX: Final = EVENTS_LARGE - EVENTS_SMALL
"""A byte for each event more, in files of 1 and 3 MB, unzipped: the smaller ones fill every buffer already."""


def _large_xes(path: Path, count: int) -> None:
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.write(XES)
        for number in range(count):
            if number % EVENTS_PER_CASE == 0:
                out.write("</trace>" if number else "")
                out.write(f"<trace>{_attributes({'concept:name': f'C{number}'})}")
            out.write(f"<event>{_attributes(_large_record(number))}</event>")
        out.write("</trace></log>")


def _large_csv(path: Path, count: int) -> None:
    with path.open("w") as out:
        out.write("case:concept:name,activity,who,time\n")
        for number in range(count):
            out.write(f"C{number // EVENTS_PER_CASE},{','.join(_large_record(number).values())}\n")


def _large_record(number: int) -> dict[str, str]:
    return {
        "activity": f"A{number % 10}",
        "who": f"P{number % 70}",
        "time": f"2020-01-01T00:{number % 60:02}:{number // 60 % 60:02}Z",
    }


def _peak_bytes(records: Iterable[object], count: int) -> int:
    tracemalloc.start()
    try:
        assert sum(1 for _ in records) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [("large.xes.gz", _large_xes, xes_log.read), ("large.csv", _large_csv, csv_log.read)],
)
def test_memory_does_not_grow_with_the_log(
    name: str, write: Callable[[Path, int], None], read: Callable[[Path], Iterator[Row]], tmp_path: Path
) -> None:
    def peak(count: int) -> int:
        write(tmp_path / name, count)
        return _peak_bytes(read(tmp_path / name), count)

    small, large = peak(EVENTS_SMALL), peak(EVENTS_LARGE)
    assert large < PEAK_BYTES_MAX
    assert large - small < GROWTH_BYTES_MAX


def test_events_are_not_remembered(bench: Bench) -> None:
    """Each event made is far larger than its share of this bound."""
    count = 5_000
    path = bench.folder / "large.csv"
    _large_csv(path, count)
    mapping = bench.mapping(base=MAPPING.replace('case.column = "case"', 'case.column = "case:concept:name"'))
    found = survey(path, mapping)
    assert _peak_bytes(events(path, mapping, found), count) < 60 * count


def test_a_reader_left_early_lets_go_of_its_file(bench: Bench) -> None:
    next(csv_log.read(bench.csv(HEADER, LINE, LINE)))
    next(xes_log.read(bench.xes(f"<trace>{EVENT}{EVENT}</trace>")))
