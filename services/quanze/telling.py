"""Answers as an auditor reads them in a terminal: aligned, the point first, nothing that needs a second look."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from contracts.proof import Report
from quanze.columns import local, money, padded
from quanze.telling_authority import told_authority

__all__ = ("told_authority", "told_conflicts", "told_history", "told_report")

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
    lines = [f"{answer['project']} · as of {local(answer['as_of'])} · known at {local(answer['known_at'])}"]
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
    yield f"  {act['position']:>6}  {local(act['time'])}  {what}  {padded(who, 30)}{flags}{late}".rstrip()
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
        held = f"  held together from {local(overlap['from'])}" if overlap else ""
        positions = ", ".join(map(str, each["positions"]))
        lines.append(f"          {each['roles'][0]} × {each['roles'][1]}   acts {positions}{held}")
        if each.get("citation"):
            lines.append(f"          {each['citation']} ({each['force']})")
    return "\n".join([*lines, f"  {len(found)} in all"])


def told_report(name: str, report: Report) -> str:
    """Tell what a verification checked, line by line."""
    lines = [f"{name}: {report.verdict}", *(f"  ok  {check}" for check in report.checks)]
    lines += [f"  NO  {said}" for said in (report.failure, report.shortfall) if said is not None]
    return "\n".join([*lines, *(f"  --  not checked: {each}" for each in report.unchecked)])
