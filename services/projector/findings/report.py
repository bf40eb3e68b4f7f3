"""The report of a scan: a page to print and a workbook to sort, both of the same rows."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs] - untyped
from jinja2 import Environment, StrictUndefined, Template
from msgspec import Struct

from contracts.moments import LOCAL_ZONE
from projector.findings.scan import Scan, show_scan, window_of
from projector.findings.show import Finding, parts_of, shown
from projector.judge.card import Card
from projector.view import View

State = Literal["new", "open", "closed", "undetermined"]

ROWS_MAX: Final = 10_000
"""Findings of one state that a report lists; their number it always gives."""
_STATES: Final[tuple[State, ...]] = ("new", "open", "undetermined", "closed")
_NAMES: Final[Mapping[State, tuple[str, str]]] = {
    "new": ("新增", "New"),
    "open": ("未结", "Still open"),
    "undetermined": ("无法判定", "Undetermined"),
    "closed": ("已结", "Closed"),
}
_RULE: Final = "规则 rule"
_COLUMNS: Final = (
    *(_RULE, "名称 title", "严重程度 severity", "效力 force", "状态 status", "单位 unit", "项目 project"),
    *("人员 persons", "发生 opened", "到期 due", "说明", "explanation", "依据 citation", "证据 evidence", "编号 id"),
)


class Report(Struct, frozen=True):
    """A scan with the findings it counts, by state."""

    scan: Scan
    findings: Mapping[State, Sequence[Finding]]


def report_of(view: View, day: date, cards: Mapping[str, Card]) -> Report:
    """Return the report of a day's scan. Raises `Unknown` where none is recorded."""
    scan = show_scan(view, day, cards)
    before, upto = window_of(view, day)
    found: dict[State, Sequence[Finding]] = {
        state: list(shown(view, parts_of(view, state, before, upto, ROWS_MAX), cards)) for state in _STATES
    }
    return Report(scan, found)


def as_html(report: Report) -> bytes:
    """Return a page that needs nothing from elsewhere."""
    sections = [(*_NAMES[state], _number(report, state), report.findings[state]) for state in _STATES]
    return _template().render(scan=report.scan, sections=sections, rows_max=ROWS_MAX).encode()


def as_workbook(report: Report) -> bytes:
    """Return an XLSX workbook: a sheet of counts, then a sheet a state. Texts stay texts: nothing is a formula."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book: Any = xlsxwriter.Workbook(buffer, options)
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("汇总 summary")
    for number, row in enumerate(_summary(report.scan)):
        sheet.write_row(number, 0, row, bold if row[0] == _RULE else None)
    for state in _STATES:
        sheet = book.add_worksheet(" ".join(_NAMES[state]))
        sheet.write_row(0, 0, _COLUMNS, bold)
        sheet.freeze_panes(1, 0)
        for number, each in enumerate(report.findings[state], 1):
            sheet.write_row(number, 0, _row(each))
        sheet.autofilter(0, 0, max(1, len(report.findings[state])), len(_COLUMNS) - 1)
    book.close()
    return buffer.getvalue()


def _summary(scan: Scan) -> Iterator[Sequence[Any]]:
    yield "扫描日期 date", scan.date.isoformat()
    yield "上次扫描 before", scan.before.isoformat() if scan.before is not None else ""
    yield "项目 projects", scan.projects
    for state in _STATES:
        yield " ".join(_NAMES[state]), getattr(scan.counts, state)
    yield (
        _RULE,
        "名称",
        "title",
        "新增 new",
        "未结 open",
        "已结 closed",
        "无法判定 undetermined",
        "占比 share",
        "过多 too often",
    )
    for rule in scan.rules:
        counts = rule.new, rule.open, rule.closed, rule.undetermined
        yield rule.rule, rule.title.zh, rule.title.en, *counts, rule.share, "!" if rule.too_often else ""


def _row(each: Finding) -> Sequence[Any]:
    return (
        *(each.rule, f"{each.title.zh} {each.title.en}", each.severity, each.force, each.status, each.unit or ""),
        *(each.project or "", ", ".join(each.persons), _local(each.opened), each.due.isoformat() if each.due else ""),
        *(each.explanation.zh, each.explanation.en, each.citation, ", ".join(map(str, each.evidence)), each.id),
    )


def _number(report: Report, state: State) -> int:
    return getattr(report.scan.counts, state)


def _local(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["local"] = _local
    return environment.from_string(files("projector.findings").joinpath("report.html").read_text("utf-8"))
