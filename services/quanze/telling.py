"""Answers as an auditor reads them in a terminal: aligned, the point first, nothing that needs a second look."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from contracts.catalogue import base_catalogue
from contracts.moments import LOCAL_ZONE
from contracts.proof import Report

_STATE: Final = {"budget": "预算", "award": "中标", "contract": "合同", "accepted": "验收", "paid": "支付"}
_FLAGS: Final = {
    "future_time": "dated in the future",
    "recorded_before_time": "recorded before it happened",
    "unlinked_account": "account linked to nobody",
    "unknown_person": "person not registered",
    "unknown_project": "project not opened",
    "corrected": "corrected later",
    "voided": "withdrawn",
    "erased": "content erased",
}


def told_history(answer: Mapping[str, Any], *, first: int | None = None, last: int | None = None) -> str:
    """Tell a replay: a line per act, and one below where it changed the sums. `first` and `last` leave the rest out."""
    acts: Sequence[Mapping[str, Any]] = answer["items"]
    lines = [f"{answer['project']} · as of {_local(answer['as_of'])} · known at {_local(answer['known_at'])}"]
    left_out = range(first, len(acts) - last) if first is not None and last is not None else range(0)
    before: Mapping[str, Any] = {}
    for index, act in enumerate(acts):
        if index in left_out:
            if index == left_out.start:
                lines.append(f"        … {len(left_out)} acts …")
        else:
            lines += _told_act(act, before)
        before = act["state"]
    return "\n".join([*lines, f"  {len(acts)} acts; now {_told_state(answer['state'], {}) or 'no amounts'}"])


def _told_act(act: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    who = act["actor"] if act["person"] in (None, act["actor"]) else f"{act['actor']} = {act['person']}"
    what = padded(f"{act['title']['zh']} {act['type']}", 34)
    flags = "".join(f"  ! {_FLAGS.get(flag, flag)}" for flag in act["flags"])
    late = "  (asserted by the source)" if act["asserted"] and _days_late(act) >= 1 else ""
    yield f"  {act['position']:>6}  {_local(act['time'])}  {what}  {padded(who, 30)}{flags}{late}".rstrip()
    changed = _told_state(act["state"], before)
    if changed:
        yield f"          → {changed}"


def _days_late(act: Mapping[str, Any]) -> int:
    return (datetime.fromisoformat(act["known_from"]) - datetime.fromisoformat(act["time"])).days


def _told_state(state: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {label} {money(state[name])}"
        for name, label in _STATE.items()
        if state.get(name) is not None and state.get(name) != before.get(name)
    ]
    return " · ".join(parts)


def told_conflicts(found: Sequence[Mapping[str, Any]]) -> str:
    """Tell which incompatible duties are in one hand."""
    if not found:
        return "  no incompatible duties in one hand"
    lines: list[str] = []
    for each in found:
        lines.append(
            f"  {each['rule']:<8}{each['severity']:<10}{each['basis']:<11}{each['project'] or '':<24}{each['person']}"
        )
        overlap = each.get("overlap")
        held = f"  held together from {_local(overlap['from'])}" if overlap else ""
        positions = ", ".join(map(str, each["positions"]))
        lines.append(f"          {each['roles'][0]} × {each['roles'][1]}   acts {positions}{held}")
        if each.get("citation"):
            lines.append(f"          {each['citation']} ({each['force']})")
    return "\n".join([*lines, f"  {len(found)} in all"])


def told_authority(answer: Mapping[str, Any]) -> str:
    """Tell who authorised an act: the verdict first, the chain as a tree from root to leaf, the failing link marked."""
    act = answer["act"]
    amount = f"  {money(act['amount'])} {act['currency']}" if act["amount"] else ""
    by = act["actor"] if act["asked"] in (None, act["actor"]) else f"{act['actor']} = {act['asked']}"
    failing: dict[str | None, list[str]] = {}
    for failure in answer["failures"]:
        failing.setdefault(failure["grant"], []).append(failure["code"])
    codes = ", ".join(dict.fromkeys(failure["code"] for failure in answer["failures"]))
    lines = [
        f"  {answer['verdict']}{f' ({codes})' if codes else ''}",
        f"  #{act['position']} {_title(act['type'])} · {act['subject']} · {_local(act['time'])} · by {by}{amount}",
        *_told_chain(answer["chain"], failing),
    ]
    for each in answer["failures"]:
        where = f" {each['grant']}" if each["grant"] else ""
        lines.append(f"    ✗ {each['code']}{where}: {each['detail']}")
    cited = answer["citation"]
    if cited is not None and cited["failures"] and cited["grant"] not in failing:
        why = "; ".join(each["detail"] for each in cited["failures"])
        lines.append(f"    the grant it cites, {cited['grant']}, does not serve: {why}")
    tried = [each for each in answer["tried"] if each["failures"] and each["covers_type"]]
    lines += [f"    also tried {each['grant']}: {each['failures'][0]['detail']}" for each in tried]
    lines += [f"    note: {note}" for note in answer["notes"]]
    return "\n".join(lines)


def _told_chain(chain: Sequence[Mapping[str, Any]], failing: Mapping[str | None, Sequence[str]]) -> Iterator[str]:
    names = ["   " * depth + ("└─ " if depth else "") + link["grant"] for depth, link in enumerate(chain)]
    width = max((len(name) for name in names), default=0) + 2
    for name, link in zip(names, chain, strict=True):
        hands = f"{link['grantor'] or '(by law)'} → {link['grantee']}"
        via: Mapping[str, Any] = link["via"] or {}
        reached = ""
        if via.get("principal"):
            reached = f" acting for {via['principal']}"
        elif via.get("post"):
            reached = f" = {via['person']}"
        mark = f"   ✗ {', '.join(failing[link['grant']])}" if link["grant"] in failing else ""
        ceiling: Mapping[str, Any] = link["ceiling"] or {}
        limit = f"≤ {money(ceiling['item'])}" if ceiling.get("item") else ""
        yield f"    {padded(name, width)}{padded(link['kind'] or '?', 9)}{limit:>18}  {hands}{reached}{mark}"


def _title(type: str) -> str:
    act = base_catalogue().acts.get(type)
    return f"{act.zh} {type}" if act is not None else type


def told_report(name: str, report: Report) -> str:
    """Tell what a verification checked, line by line."""
    lines = [f"{name}: {report.verdict}", *(f"  ok  {check}" for check in report.checks)]
    return "\n".join([*lines, *([f"  NO  {report.failure}"] if report.failure is not None else [])])


def money(text: str) -> str:
    """Write an amount with separators between the thousands."""
    return f"{Decimal(text):,.2f}"


def padded(text: str, columns: int) -> str:
    """Return the text filled with spaces to so many columns of a terminal: Chinese characters take two."""
    width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * max(0, columns - width)


def _local(moment: str) -> str:
    """Write an instant in the local zone, to the minute."""
    return datetime.fromisoformat(moment).astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")
