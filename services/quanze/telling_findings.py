"""Findings, rules, obligations and scans as they are read in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quanze.columns import local, padded

Document = Mapping[str, Any]


def told_findings(found: Sequence[Document]) -> str:
    """Tell what was found, each with its sentence in both languages."""
    if not found:
        return "  nothing was found"
    return "\n".join(line for each in found for line in _told_finding(each))


def _told_finding(each: Document) -> Iterator[str]:
    where = each["project"] or each["unit"] or ""
    basis = f" {each['basis']}" if each["basis"] else ""
    title = f"{each['title']['zh']} {each['title']['en']}"
    yield f"  {each['rule']:<8}{each['severity']:<10}{each['status']:<15}{where}{basis}   {title}"
    yield f"          {each['explanation']['zh']}"
    yield f"          {each['explanation']['en']}"
    due = f" · due {each['due']}" if each["due"] else ""
    until = f" · until {each['until']}" if each["until"] else ""
    yield f"          {each['id']} · opened {local(each['opened'])}{due}{until}"


def told_rules(page: Document) -> str:
    """Tell which rules are in force, a line each, and which files were refused."""
    lines = [
        f"  {each['id']:<9}{each['severity']:<10}{each['force']:<9}{padded(each['title']['zh'], 40)}"
        f"{'' if each['on'] else '(off) '}{each['citation']}"
        for each in page["items"]
    ]
    lines += [f"  refused: {each['file']}:{each['line']}: {each['error']}" for each in page["refused"]]
    return "\n".join([*lines, f"  {len(page['items'])} rules"])


def told_rule(rule: Document) -> str:
    """Tell one rule."""
    return "\n".join(
        (
            f"  {rule['id']}  {rule['title']['zh']}  {rule['title']['en']}",
            f"  {rule['severity']} · {rule['force']} · {rule['citation'] or 'no citation'} ({rule['confidence']})",
            f"  policies: {', '.join(rule['policies']) or 'none'} · {rule['source']} · {'on' if rule['on'] else 'off'}",
            f"  {rule['says']['zh']}",
            f"  {rule['says']['en']}",
        )
    )


def told_obligations(found: Sequence[Document]) -> str:
    """Tell what is due, the most urgent first."""
    if not found:
        return "  nothing is due"
    return "\n".join(
        f"  {each['due']}  {_urgency(each):<14}{each['rule']:<8}{each['project'] or each['unit'] or '':<24}"
        f"{each['title']['zh']} {each['title']['en']}"
        for each in found
    )


def _urgency(each: Document) -> str:
    if each["overdue"]:
        return f"{-each['days_left']} d overdue"
    return f"in {each['days_left']} d{' !' if each['due_soon'] else ''}"


def told_scan(scan: Document) -> str:
    """Tell what a scan found: the counts, then each rule that found something."""
    counts = scan["counts"]
    recorded = f"recorded at {scan['recorded']}" if scan["recorded"] else "not recorded"
    lines = [
        f"  scan of {scan['date']} · {recorded} · before it: {scan['before'] or 'none'} · {scan['projects']} projects",
        f"  new 新增 {counts['new']} · open 未结 {counts['open']} · closed 已结 {counts['closed']}"
        f" · undetermined 无法判定 {counts['undetermined']}",
    ]
    lines += [
        f"    {each['rule']:<9}{each['severity']:<10}new {each['new']:<5} open {each['open']:<5}"
        f" closed {each['closed']:<5} undetermined {each['undetermined']:<5} share {each['share']}"
        f"{'  ! too often' if each['too_often'] else ''}  {each['title']['zh']}"
        for each in scan["rules"]
    ]
    lines += [f"  ends within 30 days: {each}" for each in scan["lapsing"]]
    lines += [f"  open again, what it was disposed by has ended: {each}" for each in scan["lapsed"]]
    lines += [
        f"  matches no finding any more: {each['finding']} (act {each['position']})" for each in scan["unmatched"]
    ]
    return "\n".join(lines)
