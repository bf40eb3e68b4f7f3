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
from typing import Final, NamedTuple

from .checkpoint import Checkpoint
from .proven import Proven

_ZH, _EN = 0, 1
_LINES_MAX: Final = 24
"""Lines of one list: a page is a page."""
_ALIKE_MAX: Final = 3
"""Lines for acts of one type: a framework may have a hundred payments."""
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
_SUMMED: Final = frozenset(("contract.sign", "contract.amend", "accept.perform", "pay.execute"))


@dataclass(frozen=True, slots=True)
class Summary:
    """The page in both languages."""

    zh: str
    en: str


def summary_of(project: str, checkpoint: Checkpoint, entries: Sequence[Proven]) -> Summary:
    """Return the page of a project. `entries` are in the order of their positions."""
    facts = _facts(project, checkpoint, entries)
    return Summary(*("\n".join(_page(facts, language)) for language in (_ZH, _EN)))


class _Facts(NamedTuple):
    """What the page says, in no language."""

    project: str
    checkpoint: Checkpoint
    title: str
    acts: int
    first: int
    last: int
    days: tuple[str, str]
    actors: int
    accounts: int
    erased: list[str]
    corrections: int
    milestones: list[Proven]
    left_out: Counter[str]
    others: Counter[str]
    sums: Mapping[tuple[str, str], Decimal]
    basis: list[Proven]


def _facts(project: str, checkpoint: Checkpoint, entries: Sequence[Proven]) -> _Facts:
    acts = [each for each in entries if each.leaf["subject"] == project]
    days = sorted([str(each.leaf["time"])[:10] for each in acts])
    actors = {str(each.leaf["actor"]) for each in acts}
    kinds = Counter([str(each.leaf["type"]) for each in acts])
    milestones: list[Proven] = []
    shown: Counter[str] = Counter()
    sums: dict[tuple[str, str], Decimal] = {}
    for act in acts:
        kind = str(act.leaf["type"])
        if kind in _MILESTONES:
            shown[kind] += 1
            if shown[kind] <= _ALIKE_MAX:
                milestones.append(act)
        if kind in _SUMMED and (amount := _amount(act)) is not None:
            sums[kind, amount[1]] = sums.get((kind, amount[1]), Decimal(0)) + amount[0]
    return _Facts(
        project,
        checkpoint,
        _title(acts),
        len(acts),
        acts[0].position if acts else 0,
        acts[-1].position if acts else 0,
        (days[0], days[-1]) if days else ("", ""),
        len(actors),
        sum(each.startswith("account:") for each in actors),
        [str(each.position) for each in entries if each.erased],
        kinds["act.correct"],
        milestones,
        Counter({kind: count - _ALIKE_MAX for kind, count in shown.items() if count > _ALIKE_MAX}),
        Counter({kind: count for kind, count in kinds.items() if kind not in _MILESTONES}),
        sums,
        [each for each in entries if each.leaf["subject"] != project],
    )


def _page(facts: _Facts, language: int) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return (zh, en)[language]

    size, origin = facts.checkpoint.size, facts.checkpoint.origin
    yield say(f"项目 {facts.project}", f"Project {facts.project}") + (f" · {facts.title}" if facts.title else "")
    yield say(f"账本 {origin}，前 {size} 条记录", f"Log {origin}, its first {size} entries")
    yield ""
    begun, ended = facts.days
    yield say(
        f"{facts.acts} 个行为，位置 {facts.first} 至 {facts.last}，发生于 {begun} 至 {ended}，{facts.actors} 个行为人"
        + (f"（含账号 {facts.accounts} 个）" if facts.accounts else ""),
        f"{facts.acts} acts, positions {facts.first} to {facts.last}, done from {begun} to {ended}"
        f" by {facts.actors} actors" + (f", {facts.accounts} of them accounts" if facts.accounts else ""),
    )
    if facts.erased:
        yield say("内容已依令删除：", "content erased by order: ") + _listed(facts.erased)
    if facts.corrections:
        yield say(
            f"其中 {facts.corrections} 个更正；以下为更正前的原始陈述",
            f"{facts.corrections} of them correct others; below stands what was stated first",
        )
    yield ""
    yield from (_milestone(each, language) for each in facts.milestones[:_LINES_MAX])
    if facts.left_out:
        more = [f"{_MILESTONES[kind][language]} {count}" for kind, count in sorted(facts.left_out.items())]
        yield say("…… 另有：", "… and more: ") + _listed(more)
    if facts.others:
        counted = [f"{plain(kind)} {count}" for kind, count in sorted(facts.others.items())]
        yield say("其他：", "others: ") + _listed(counted)
    if facts.sums:
        totals = [
            f"{_MILESTONES[kind][language]} {total:,} {currency}"
            for (kind, currency), total in sorted(facts.sums.items())
        ]
        yield say("合计：", "sums: ") + _listed(totals)
    if facts.basis:
        yield ""
        yield say(
            "依据（授权、岗位、代行、删除令等）：",
            "What they rest on (authority, posts, substitutes, orders of erasure):",
        )
        lines = [
            f"{each.position:>9}  {plain(each.leaf['type'])}  {plain(each.leaf['subject'])}" for each in facts.basis
        ]
        yield from lines[:_LINES_MAX]
        if len(lines) > _LINES_MAX:
            yield say(f"…… 另有 {len(lines) - _LINES_MAX} 个", f"… and {len(lines) - _LINES_MAX} more")
    yield ""
    yield say(
        "本页由下列经验证的内容得出。任何文件都不能证明：没有其他行为或撤销；所述属实。",
        "This page follows from what is proved below. No file can prove that there were no other acts and no"
        " revocation, nor that what was stated is true.",
    )


def _milestone(act: Proven, language: int) -> str:
    leaf = act.leaf
    amount = _amount(act)
    parts = [
        f"{act.position:>9}  {str(leaf['time'])[:10]}  {_MILESTONES[str(leaf['type'])][language]}",
        plain(leaf["actor"]),
        plain(leaf.get("authority")),
        f"{amount[0]:,} {amount[1]}" if amount is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def _amount(act: Proven) -> tuple[Decimal, str] | None:
    data = act.data or {}
    text, currency = data.get("amount"), data.get("currency") or "CNY"
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        return None
    return Decimal(text), plain(currency)


def _title(acts: Sequence[Proven]) -> str:
    for act in acts:
        if act.leaf["type"] == "project.open" and act.data is not None:
            return plain(act.data.get("title"))
    return ""


def plain(value: object) -> str:
    """Return a stated text as one that cannot pretend to be part of the page: printable, on one line, not long."""
    text = value if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else "·" for char in text)[:_SHOWN_MAX]


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_LINES_MAX])
    return f"{shown}, … +{len(items) - _LINES_MAX}" if len(items) > _LINES_MAX else shown
