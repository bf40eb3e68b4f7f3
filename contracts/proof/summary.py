"""
A bundle's page for people, in Chinese and English, made of what is proved and of nothing else.

Whoever makes a bundle has it written here, after the check that everybody else will do; whoever verifies one writes it
again and compares. So the page cannot say anything that the evidence below it does not.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from .checkpoint import Checkpoint
from .proven import Proven

_LINES_MAX: Final = 24
"""Lines of one list: a page is a page."""
_SHOWN_MAX: Final = 60
"""Characters of a text that an act states."""
_AMOUNT: Final = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,2})?", re.ASCII)

_MILESTONES: Final[Mapping[str, tuple[str, str]]] = {
    "project.open": ("立项", "project opened"),
    "budget.approve": ("预算批复", "budget approved"),
    "req.review": ("需求审查", "requirement reviewed"),
    "plan.approve": ("采购计划审批", "plan approved"),
    "method.change": ("采购方式变更", "method changed"),
    "doc.approve": ("采购文件审定", "documents approved"),
    "notice.publish": ("发布公告", "notice published"),
    "bid.open": ("开标", "bids opened"),
    "eval.report": ("评审报告", "evaluation reported"),
    "award.decide": ("确定中标", "award decided"),
    "contract.sign": ("签订合同", "contract signed"),
    "contract.amend": ("补充合同", "contract amended"),
    "accept.perform": ("验收", "accepted"),
    "pay.approve": ("支付审批", "payment approved"),
    "pay.execute": ("支付", "paid"),
    "project.close": ("项目终结", "project closed"),
}
"""The acts that a reader looks for first. All others are counted."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The page in both languages."""

    zh: str
    en: str


def summary_of(project: str, checkpoint: Checkpoint, entries: Sequence[Proven]) -> Summary:
    """Return the page of a project. `entries` are in the order of their positions."""
    acts = [each for each in entries if each.leaf["subject"] == project]
    basis = [each for each in entries if each.leaf["subject"] != project]
    return Summary(*("\n".join(_page(language, project, checkpoint, acts, basis)) for language in (0, 1)))


def _page(
    language: int, project: str, checkpoint: Checkpoint, acts: Sequence[Proven], basis: Sequence[Proven]
) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return (zh, en)[language]

    title = _title(acts)
    yield say(f"项目 {project}", f"Project {project}") + (f" · {title}" if title else "")
    yield say(
        f"账本 {checkpoint.origin}，前 {checkpoint.size} 条记录",
        f"Log {checkpoint.origin}, its first {checkpoint.size} entries",
    )
    yield ""
    if acts:
        first, last = acts[0].position, acts[-1].position
        days = sorted(str(each.leaf["time"])[:10] for each in acts)
        hands = len({each.leaf["actor"] for each in acts})
        yield say(
            f"{len(acts)} 个行为，位置 {first} 至 {last}，发生于 {days[0]} 至 {days[-1]}，{hands} 个行为人",
            f"{len(acts)} acts, positions {first} to {last}, done from {days[0]} to {days[-1]} by {hands} actors",
        )
    erased = [str(each.position) for each in [*acts, *basis] if each.erased]
    if erased:
        yield say(f"内容已依法删除：{_listed(erased)}", f"content erased by order: {_listed(erased)}")
    corrections = sum(each.leaf["type"] == "act.correct" for each in acts)
    if corrections:
        yield say(
            f"其中 {corrections} 个更正；以下为更正前的原始陈述",
            f"{corrections} of them correct others; below stands what was stated first",
        )
    yield ""
    milestones = [each for each in acts if each.leaf["type"] in _MILESTONES]
    yield from (_milestone(each, language) for each in milestones[:_LINES_MAX])
    if len(milestones) > _LINES_MAX:
        yield say(f"…… 另有 {len(milestones) - _LINES_MAX} 个", f"… and {len(milestones) - _LINES_MAX} more of these")
    others = Counter(str(each.leaf["type"]) for each in acts if each.leaf["type"] not in _MILESTONES)
    if others:
        yield say("其他：", "others: ") + _listed([f"{name} {count}" for name, count in sorted(others.items())])
    yield from _sums(acts, language)
    if basis:
        yield ""
        yield say(
            "依据（授权、岗位、代行、删除令）：",
            "What they rest on (authority, posts, substitutes, orders of erasure):",
        )
        lines = [f"{each.position:>9}  {_plain(each.leaf['type'])}  {_plain(each.leaf['subject'])}" for each in basis]
        yield from lines[:_LINES_MAX]
        if len(lines) > _LINES_MAX:
            yield say(f"…… 另有 {len(lines) - _LINES_MAX} 个", f"… and {len(lines) - _LINES_MAX} more")
    yield ""
    yield say(
        "本页由下列经验证的内容生成。本文件不能证明：没有其他行为或撤销；所述属实。",
        "This page follows from what is proved below. No file can prove that there were no other acts and no"
        " revocation, nor that what was stated is true.",
    )


def _milestone(act: Proven, language: int) -> str:
    leaf = act.leaf
    amount = _amount(act)
    parts = [
        f"{act.position:>9}  {str(leaf['time'])[:10]}  {_MILESTONES[str(leaf['type'])][language]}",
        _plain(leaf["actor"]),
        _plain(leaf.get("authority")),
        f"{amount[0]:,} {amount[1]}" if amount is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def _sums(acts: Sequence[Proven], language: int) -> Iterator[str]:
    sums: dict[tuple[str, str], Decimal] = {}
    for act in acts:
        kind, amount = str(act.leaf["type"]), _amount(act)
        if kind in ("contract.sign", "contract.amend", "accept.perform", "pay.execute") and amount is not None:
            sums[kind, amount[1]] = sums.get((kind, amount[1]), Decimal(0)) + amount[0]
    if sums:
        yield ("合计：", "sums: ")[language] + "; ".join(
            f"{_MILESTONES[kind][language]} {total:,} {currency}" for (kind, currency), total in sorted(sums.items())
        )


def _amount(act: Proven) -> tuple[Decimal, str] | None:
    data = act.data or {}
    text, currency = data.get("amount"), data.get("currency") or "CNY"
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        return None
    return Decimal(text), _plain(currency)


def _title(acts: Sequence[Proven]) -> str:
    for act in acts:
        if act.leaf["type"] == "project.open" and act.data is not None:
            return _plain(act.data.get("title"))
    return ""


def _plain(value: object) -> str:
    """Return a stated text as one that cannot pretend to be part of the page: printable, on one line, not long."""
    text = value if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else "·" for char in text)[:_SHOWN_MAX]


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_LINES_MAX])
    return f"{shown}, … ({len(items)})" if len(items) > _LINES_MAX else shown
