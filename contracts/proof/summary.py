"""
A bundle's page for people, in Chinese and English, made of what is proved and of nothing else.

Whoever makes a bundle has it written here, after the check that everybody else will do; whoever verifies one writes it
again and compares. So the page cannot say anything that the evidence below it does not.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, cast

from .checkpoint import Checkpoint
from .proven import Proven, Said

_ZH, _EN = 0, 1
_LINES_MAX: Final = 24
"""Lines of one list: a page is a page."""
_ALIKE_MAX: Final = 3
"""Lines for acts of one type: a framework may have a hundred payments."""
_SHOWN_MAX: Final = 60
"""Characters of a text that an act states."""
_AMOUNT: Final = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,2})?", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
"""What every version of Python reads alike: pages of two verifiers must not differ by that."""
_PROMPTLY: Final = timedelta(hours=24)
"""How far the time that is stated may be from the one that is proved without a word about it."""

_MILESTONES: Final[Mapping[str, tuple[str, str]]] = {
    "project.open": ("立项", "project opened"),
    "budget.approve": ("预算批复", "budget approval"),
    "req.review": ("需求审查", "requirement review"),
    "plan.approve": ("采购计划审批", "plan approval"),
    "method.change": ("采购方式变更", "method change"),
    "doc.approve": ("采购文件审定", "document approval"),
    "notice.publish": ("发布公告", "notice published"),
    "bid.open": ("开标", "bids opened"),
    "eval.report": ("评审报告", "evaluation report"),
    "award.decide": ("确定中标", "award decision"),
    "contract.sign": ("签订合同", "contract signed"),
    "contract.amend": ("补充合同", "contract amended"),
    "accept.perform": ("验收", "acceptance"),
    "pay.approve": ("支付审批", "payment approval"),
    "pay.execute": ("支付", "payment"),
    "project.close": ("项目终结", "project closed"),
}
"""The acts that a reader looks for first. The others are counted. What may fail has no name that says it went well."""
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "account.link": ("关联账号", "Link an account to a person"),
    "account.unlink": ("解除账号关联", "Unlink an account"),
    "post.define": ("设置岗位", "Define a post"),
    "post.assign": ("岗位任命", "Assign a person to a post"),
    "post.relieve": ("免去岗位", "Relieve a person of a post"),
    "auth.vest": ("确认法定职权", "Vest original authority (a root)"),
    "auth.grant": ("授权", "Grant authority"),
    "auth.accept": ("接受授权", "Accept a grant"),
    "auth.suspend": ("中止授权", "Suspend a grant"),
    "auth.resume": ("恢复授权", "Resume a grant"),
    "auth.revoke": ("撤销授权", "Revoke a grant"),
    "auth.ratify": ("追认", "Ratify a past act"),
    "acting.appoint": ("指定代理", "Appoint a substitute (acting)"),
    "acting.end": ("结束代理", "End an acting appointment"),
    "log.rotate_key": ("轮换账本密钥", "Rotate the log's key"),
    "log.succeed": ("接续已冻结账本", "Succeed a log that was frozen"),
    "log.renew_stamp": ("续接时间戳", "Renew a time stamp before its certificate ends"),
    "act.correct": ("更正记录", "Correct an earlier record"),
    "data.erase": ("依法删除内容", "Erase content under law"),
}
"""What acts may rest on, by the names of the catalogue."""
_RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    "pass": ("通过", "passed"),
    "fail": ("未通过", "failed"),
    "revise": ("退回修改", "to be revised"),
}
_PASSED: Final = (None, "pass")
_CORRECTED: Final = ("amount", "currency", "result", "contract", "supplier")
"""The members of an act that the page has a use for."""
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


class _Change(NamedTuple):
    """What corrections made of an act: where it was `withdrawn` or last `corrected`, 0 for neither, and what of it."""

    withdrawn: int = 0
    corrected: int = 0
    fields: Mapping[str, object] = {}


class _Facts(NamedTuple):
    """What the page says, in no language."""

    project: str
    checkpoint: Checkpoint
    title: str
    acts: int
    first: int
    last: int
    days: tuple[str, str]
    recorded: tuple[str, str]
    actors: int
    accounts: int
    erased: list[str]
    corrections: list[Proven]
    milestones: list[Proven]
    changes: Mapping[int, _Change]
    left_out: Counter[str]
    others: Counter[str]
    sums: Mapping[tuple[str, str], Decimal]
    unsummed: bool
    basis: list[Proven]


def _facts(project: str, checkpoint: Checkpoint, entries: Sequence[Proven]) -> _Facts:
    acts = [each for each in entries if each.leaf["subject"] == project]
    days = [str(each.leaf["time"])[:10] for each in acts]
    recorded = [str(each.leaf["recorded_at"]) for each in acts]
    actors = {str(each.leaf["actor"]) for each in acts}
    kinds = Counter([str(each.leaf["type"]) for each in acts])
    corrections = [each for each in entries if each.leaf["type"] == "act.correct"]
    changes: Mapping[int, _Change] = _changes(entries) if corrections else {}
    unsummed = any(each.erased for each in corrections)
    milestones: list[Proven] = []
    shown: Counter[str] = Counter()
    sums: dict[tuple[str, str], Decimal] = {}
    for act in acts:
        kind = str(act.leaf["type"])
        if kind in _MILESTONES:
            shown[kind] += 1
            if shown[kind] <= _ALIKE_MAX:
                milestones.append(act)
        if kind in _SUMMED:
            unsummed = unsummed or act.erased
            if (amount := _counted(act, changes.get(act.position))) is not None:
                sums[kind, amount[1]] = sums.get((kind, amount[1]), Decimal(0)) + amount[0]
    return _Facts(
        project,
        checkpoint,
        _title(acts),
        len(acts),
        acts[0].position if acts else 0,
        acts[-1].position if acts else 0,
        (plain(min(days)), plain(max(days))) if days else ("", ""),
        (_day(min(recorded)), _day(max(recorded))) if recorded else ("", ""),
        len(actors),
        sum(each.startswith("account:") for each in actors),
        [str(each.position) for each in entries if each.erased],
        corrections,
        milestones,
        changes,
        Counter({kind: count - _ALIKE_MAX for kind, count in shown.items() if count > _ALIKE_MAX}),
        Counter({kind: count for kind, count in kinds.items() if kind not in _MILESTONES}),
        sums,
        unsummed,
        [each for each in entries if each.leaf["subject"] != project],
    )


def _page(facts: _Facts, language: int) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return (zh, en)[language]

    size, origin = facts.checkpoint.size, facts.checkpoint.origin
    project = _printable(facts.project)
    yield say(f"项目 {project}", f"Project {project}") + (f" · {facts.title}" if facts.title else "")
    yield say(f"账本 {origin}，前 {size} 条记录", f"Log {origin}, its first {size} entries")
    yield ""
    (begun, ended), (earliest, latest) = facts.days, facts.recorded
    yield say(
        f"{facts.acts} 个行为，位置 {facts.first} 至 {facts.last}，发生于 {begun} 至 {ended}，"
        f"记录于 {earliest} 至 {latest} (UTC)，{facts.actors} 个行为人"
        + (f"（含账号 {facts.accounts} 个）" if facts.accounts else ""),
        f"{facts.acts} acts, positions {facts.first} to {facts.last}, done from {begun} to {ended},"
        f" recorded from {earliest} to {latest} (UTC), by {facts.actors} actors"
        + (f", {facts.accounts} of them accounts" if facts.accounts else ""),
    )
    if facts.erased:
        yield say("内容已依令删除：", "content erased by order: ") + _listed(facts.erased)
    if facts.corrections:
        yield say(
            f"另见 {len(facts.corrections)} 个更正：各行先列原始陈述，合计按更正后计算",
            f"{len(facts.corrections)} corrections: lines begin with what was stated first, sums are as corrected",
        )
        if unknown := [str(each.position) for each in facts.corrections if each.erased]:
            yield say(
                "内容已删除的更正，不知更正何事：", "corrections of what is not known, their content erased: "
            ) + _listed(unknown)
    yield ""
    yield from (_milestone(each, facts.changes.get(each.position), language) for each in facts.milestones[:_LINES_MAX])
    if facts.left_out:
        more = [f"{_MILESTONES[kind][language]} {count}" for kind, count in sorted(facts.left_out.items())]
        yield say("…… 另有：", "… and more: ") + _listed(more)
    if facts.others:
        counted = [f"{_name(kind, language)} {count}" for kind, count in sorted(facts.others.items())]
        yield say("其他：", "others: ") + _listed(counted)
    if facts.sums or facts.unsummed:
        totals = [
            f"{_MILESTONES[kind][language]} {total:,} {currency}"
            for (kind, currency), total in sorted(facts.sums.items())
        ]
        without = say("（不含已删除内容的金额）", " (without the amounts of erased content)") if facts.unsummed else ""
        yield say(f"合计{without}：", f"sums{without}: ") + (_listed(totals) or say("无", "none"))
    if facts.basis:
        yield ""
        yield say(
            "依据（授权、岗位、代行、删除令等）：",
            "What they rest on (authority, posts, substitutes, orders of erasure):",
        )
        yield from (_rested_on(each, facts.changes.get(each.position), language) for each in facts.basis[:_LINES_MAX])
        if (more := len(facts.basis) - _LINES_MAX) > 0:
            yield say(f"…… 另有 {more} 个", f"… and {more} more")
    yield ""
    yield say(
        "本页由下列经验证的内容得出。任何文件都不能证明：没有其他行为或撤销；所述属实。",
        "This page follows from what is proved below. No file can prove that there were no other acts and no"
        " revocation, nor that what was stated is true.",
    )


def _changes(entries: Sequence[Proven]) -> Mapping[int, _Change]:
    """
    Return what later corrections made of acts, by the position of the act.

    As the ledger applies them: what was withdrawn stays so; of two corrections of one member the later one counts; a
    correction that was itself withdrawn is none.
    """
    so_far: dict[tuple[str, str], _Change] = {}
    changes: dict[int, _Change] = {}
    # From the last to the first: what became of a correction is known before it is applied.
    for each in reversed(entries):
        change = so_far.get((str(each.leaf["source"]), str(each.leaf["id"])))
        if change is not None:
            changes[each.position] = change
        if each.leaf["type"] != "act.correct" or each.data is None or (change is not None and change.withdrawn):
            continue
        if (target := _target(each.data)) is not None:
            so_far[target] = _before(so_far.get(target, _Change()), each.position, each.data)
    return changes


def _before(later: _Change, position: int, data: Mapping[str, object]) -> _Change:
    """Return what a correction and the `later` ones make of an act."""
    if data.get("void") is True:
        return later._replace(withdrawn=later.withdrawn or position)
    said = data.get("fields")
    fields = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    kept = {name: fields[name] for name in _CORRECTED if name in fields}
    return later._replace(corrected=later.corrected or position, fields={**kept, **later.fields})


def _target(data: Mapping[str, object]) -> tuple[str, str] | None:
    key = data.get("corrects")
    members = cast("dict[str, object]", key) if isinstance(key, dict) else {}
    source, name = members.get("source"), members.get("id")
    return (source, name) if isinstance(source, str) and isinstance(name, str) else None


def _counted(act: Proven, change: _Change | None) -> tuple[Decimal, str] | None:
    """Return the amount that a sum has of the act: none where it was withdrawn, or failed."""
    data = act.data
    if change is not None:
        data = None if change.withdrawn else Said(act, change.fields).data
    return _money(data) if data is not None and data.get("result") in _PASSED else None


def _told(act: Proven, change: _Change | None, language: int) -> str:
    """Say on the line of the act that it was withdrawn or corrected, and what it says differently."""
    if change is None:
        return ""
    if change.withdrawn:
        return (f"已撤回，见 {change.withdrawn}", f"withdrawn at {change.withdrawn}")[language]
    kind = str(act.leaf["type"])
    stated = _stated(kind, act.data or {}, language)
    corrected = _stated(kind, Said(act, change.fields).data or {}, language)
    anew = "  ".join(new for old, new in zip(stated, corrected, strict=True) if new not in (old, ""))
    told = (f"已更正，见 {change.corrected}", f"corrected at {change.corrected}")[language]
    return told + ("：", ": ")[language] + anew if anew else told


def _milestone(act: Proven, change: _Change | None, language: int) -> str:
    leaf, data, kind = act.leaf, act.data or {}, str(act.leaf["type"])
    result, *others = _stated(kind, data, language)
    parts = [
        f"{act.position:>9}  {plain(leaf['time'])[:10]}  {_MILESTONES[kind][language]}",
        result if data.get("result") not in _PASSED else "",
        plain(leaf["actor"]),
        plain(leaf.get("authority")),
        *others,
        _told(act, change, language),
        _recorded(leaf, language),
    ]
    return "  ".join(part for part in parts if part)


def _stated(kind: str, data: Mapping[str, object], language: int) -> list[str]:
    """Return what a line has of the content: always as many texts, the result first, some of them empty."""
    amount, contract = _money(data), plain(data.get("contract")) if kind == "contract.sign" else ""
    return [
        _result(data, language),
        (f"合同 {contract}", f"contract {contract}")[language] if contract else "",
        plain(data.get("supplier")) if kind == "contract.sign" else "",
        f"{amount[0]:,} {amount[1]}" if amount is not None else "",
    ]


def _result(data: Mapping[str, object], language: int) -> str:
    result = data.get("result")
    if result is None:
        return ""
    said = plain(result) or "?"
    return _RESULTS[said][language] if said in _RESULTS else (f"结果：{said}", f"result: {said}")[language]


def _rested_on(act: Proven, change: _Change | None, language: int) -> str:
    leaf, data, kind = act.leaf, act.data or {}, str(act.leaf["type"])
    parts = [f"{act.position:>9}  {_name(kind, language)}", plain(leaf["subject"])]
    if kind in ("auth.vest", "auth.grant") and act.data is not None:
        grant = plain(data.get("grant"))
        grantor = plain(data.get("grantor")) or plain(leaf["actor"])
        grantee = plain(data.get("grantee" if kind == "auth.grant" else "holder"))
        parts += [grant if grant != parts[1] else "", f"{grantor} → {grantee or '?'}"]
        for member, words in (
            ("ceiling_item", ("每项上限", "each up to")),
            ("ceiling_total", ("总额上限", "in all up to")),
        ):
            if (ceiling := _money(data, member)) is not None:
                parts.append(f"{words[language]} {ceiling[0]:,} {ceiling[1]}")
    parts.append(_told(act, change, language))
    return "  ".join(part for part in parts if part)


def _name(kind: str, language: int) -> str:
    return _NAMES[kind][language] if kind in _NAMES else plain(kind)


def _recorded(leaf: Mapping[str, str | int], language: int) -> str:
    """Say when an act was recorded, unless that was about when it is said to have been done."""
    done, recorded = _instant(str(leaf["time"])), _instant(str(leaf["recorded_at"]))
    if done is not None and recorded is not None and abs(recorded - done) <= _PROMPTLY:
        return ""
    day = _day(str(leaf["recorded_at"]))
    return (f"记录于 {day}", f"recorded {day}")[language]


def _day(text: str) -> str:
    """Return the day of a time in UTC, of what is no time its beginning."""
    moment = _instant(text)
    return (moment.date().isoformat() if moment is not None else plain(text))[:10]


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if _INSTANT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _money(data: Mapping[str, object], name: str = "amount") -> tuple[Decimal, str] | None:
    text, currency = data.get(name), data.get("currency") or "CNY"
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
    return _printable(value[:_SHOWN_MAX]) if isinstance(value, str) else ""


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else "·" for char in text)


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_LINES_MAX])
    return f"{shown}, … +{len(items) - _LINES_MAX}" if len(items) > _LINES_MAX else shown
