"""The register of grants for people: those of a unit as a tree, one and what it left, what a revocation cuts off."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import click

from projector.authority.names import STATES, VERDICTS, failure_name
from quanze.columns import local, local_day, money, padded, pushed
from quanze.telling_authority import titled, told_mark, told_term

Said = Mapping[str, Any]

_NAME, _TO, _AMOUNT, _SHARE = 27, 20, 15, 5
_BAR_CELLS: Final = 10
_SHOWN_MAX: Final = 20


def told_unit_grants(answer: Said) -> str:
    """Tell a unit's grants: a line each, what rests on another below it, what is not plainly live marked."""
    items: Sequence[Said] = answer["items"]
    head = f"{answer['unit']} · as of {local(answer['as_of'])} · known at {local(answer['known_at'])}"
    if not items:
        return f"{head}\n  no such grants 无此类授权"
    columns = ("单笔 each", "累计 total", "已用 used")
    titles = "".join(pushed(title, _AMOUNT) for title in columns)
    lines = [head, f"  {padded('授权 grant', _NAME)}{padded('被授权人 to', _TO)}{titles}{pushed('%', _SHARE)}"]
    for item, stem in zip(items, _stems([item["depth"] for item in items]), strict=True):
        lines += _node(item, stem)
    live = sum(item["grant"]["live"] for item in items)
    return "\n".join([*lines, f"  {len(items)} grants, {live} live"])


def _stems(depths: Sequence[int]) -> Iterator[str]:
    """Draw the lines of a tree listed depth first: `├─` where a sibling follows, `└─` before the last, `│` between."""
    for index, depth in enumerate(depths):
        if depth == 0:
            yield ""
            continue
        follows = [_follows(depths, index, level) for level in range(1, depth + 1)]
        yield "".join("│  " if more else "   " for more in follows[:-1]) + ("├─ " if follows[-1] else "└─ ")


def _follows(depths: Sequence[int], index: int, level: int) -> bool:
    """Whether another node of a level comes below, before the tree goes back above it."""
    after = (depth for depth in depths[index + 1 :] if depth <= level)
    return next(after, 0) == level


def _node(item: Said, stem: str) -> Iterator[str]:
    grant, used = item["grant"], item["consumption"]
    ceiling: Said = grant["ceiling"] or {}
    amounts = (ceiling.get("item"), used["total"], used["used"])
    row = "".join(pushed(money(each) if each is not None else "-", _AMOUNT) for each in amounts)
    name = padded(stem + grant["grant"], _NAME - 1)
    yield f"  {name} {padded(grant['grantee'] or '?', _TO)}{row}{pushed(_share(used), _SHARE)}".rstrip()
    below = stem.replace("├─ ", "│  ").replace("└─ ", "   ") + ("│  " if item["below"] else "   ")
    yield f"  {below}{' · '.join([grant['kind'] or '?', told_term(grant['term']), *_last(grant), *_flags(grant)])}"


def _last(grant: Said) -> Iterator[str]:
    """When it was last used, unless it is told how long it lies dormant."""
    if not grant["last_used"]:
        yield "未使用 never used"
    elif not grant["dormant"]:
        yield f"last used {local_day(grant['last_used'])}"


def _share(used: Said) -> str:
    if used["total"] is None or used["used"] is None or not Decimal(used["total"]):
        return ""
    return f"{Decimal(used['used']) * 100 / Decimal(used['total']):.0f}%"


def _flags(grant: Said) -> Iterator[str]:
    if grant["status"] != "live":
        yield f"{told_mark('✗')} {STATES[grant['status']]}"
    elif not grant["live"]:
        yield f"{told_mark('✗')} 上级授权失效 what it rests on is not live"
    if grant.get("dormant"):
        yield f"{told_mark('!')} 长期未行使 dormant since {local_day(grant['dormant_since'])}"
    if grant["perpetual"]:
        yield f"{told_mark('!')} 无期限 perpetual"


def told_grant(answer: Said) -> str:
    """Tell one grant: what it is, what is left of it and of all it rests on, what became of it, what was done by it."""
    grant = answer["grant"]
    state = " · ".join(_flags(grant)) or f"{told_mark('✓')} {STATES['live']}"
    paper: Said = grant["instrument"] or {}
    lines = [
        f"{click.style(grant['grant'], bold=True)} · {state}",
        f"  {grant['kind'] or '?'} · {grant['grantor'] or '法定 by law'} → {grant['grantee'] or '?'}",
        f"  {told_term(grant['term'])}{_number(paper)} · #{grant['position']} {grant['known']}",
        *_scope(grant["scope"]),
        *([f"  前置条件 conditions: {', '.join(grant['conditions'])}"] if grant["conditions"] else []),
        *_left(answer["consumption"]),
        *([f"  {told_mark('?')} {answer['gap']}"] if answer["gap"] else []),
        *(f"  {told_mark('!')} {failure_name(each['code'])}: {each['detail']}" for each in answer["faults"]),
        *(f"  · {each['change']} by {each['by']} {_from(each['effective_at'])}" for each in answer["changes"]),
        *_under(answer["rest_on_it"], answer["below"]),
        *_acts(answer["acts"]),
    ]
    return "\n".join(lines)


def _number(paper: Said) -> str:
    return f" · No. {paper['no']}" if paper.get("no") else ""


def _from(moment: str | None) -> str:
    return f"from {local(moment)}" if moment is not None else "from an erased date"


def _scope(scope: Said | None) -> Iterator[str]:
    for axis, entries in (scope or {}).items():
        if isinstance(entries, list) and entries:
            below = " and below" if axis == "units" and (scope or {}).get("include_subordinates") else ""
            yield f"  {axis}: {', '.join(map(str, entries))}{below}"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of JSON


def _left(consumption: Sequence[Said]) -> Iterator[str]:
    titles = "".join(pushed(title, _AMOUNT) for title in ("累计 total", "已用 used", "余额 left"))
    yield f"  {padded('授权 grant', _NAME)}{titles}{pushed('%', _SHARE)}"
    for depth, each in enumerate(consumption):
        name = "   " * (depth - 1) + "└─ " + each["grant"] if depth else each["grant"]
        row = "".join(pushed(money(each[key]) if each[key] else "-", _AMOUNT) for key in ("total", "used", "headroom"))
        least = "" if each["measured"] else "  ≥, 有未计量 some not measured"
        yield f"  {padded(name, _NAME - 1)} {row}{pushed(_share(each), _SHARE)}{_bar(each)}{least}".rstrip()


def _bar(used: Said) -> str:
    if not _share(used):
        return ""
    filled = min(_BAR_CELLS, int(Decimal(used["used"]) * _BAR_CELLS / Decimal(used["total"])))
    return f"  {'█' * filled}{'░' * (_BAR_CELLS - filled)}"


def _under(direct: Sequence[Said], below: int) -> Iterator[str]:
    if below:
        yield f"  下级授权 made under it: {len(direct)} directly, {below} in all"
    for each in direct[:_SHOWN_MAX]:
        flags = " · ".join(_flags(each))
        yield f"    └─ {padded(each['grant'], _NAME - 5)}{each['grantee'] or '?'}{f' · {flags}' if flags else ''}"


def _acts(acts: Said) -> Iterator[str]:
    items: Sequence[Said] = acts["items"]
    if items:
        yield f"  行使 acts under it: {len(items)}{' and more' if acts['next'] else ''}"
    for each in items:
        amount = money(each["amount"]) if each["amount"] else "-"
        what = padded(f"#{each['position']} {titled(each['type'])}", _NAME + 8)
        verdict = f"{each['verdict']} {VERDICTS[each['verdict']].zh}"
        yield f"    {local_day(each['time'])} {what}{pushed(amount, _AMOUNT)}  {verdict}  {each['actor']}"


def told_revocation(answer: Said) -> str:
    """Tell what revoking a grant would cut off."""
    counts = answer["counts"]
    return "\n".join(
        [
            f"If {answer['grant']} were revoked from {local(answer['effective_at'])} 如撤销 (nothing is stored)",
            f"  {counts['ended']} grants would end 将终止的授权",
            *(_ended(each) for each in answer["ended"]["items"]),
            *_rest(answer["ended"]),
            f"  {counts['left_without']} would be left without 将失去授权",
            *(_left_without(each) for each in answer["left_without"]["items"]),
            *_rest(answer["left_without"]),
            f"  {counts['acts']} acts already recorded since then rest on it 已发生的行为",
            *(f"    #{each['position']} {titled(each['type'])} {each['actor']}" for each in answer["acts"]["items"]),
            *_rest(answer["acts"]),
        ]
    )


def _ended(ended: Said) -> str:
    holders = [each for each in ended["holders"] if each != ended["grantee"]]
    reached = f" = {', '.join(holders)}" if holders else ""
    return f"    {padded(ended['grant'], _NAME)}{ended['grantee'] or '?'}{reached} · {told_term(ended['term'])}"


def _left_without(left: Said) -> str:
    acts = ", ".join(left["acts"]) if left["acts"] is not None else "any act"
    units = ", ".join(left["units"]) if left["units"] is not None else "any unit"
    return f"    {padded(left['holder'], _NAME)}{acts} · {units} (by {left['grant']})"


def _rest(page: Said) -> Iterator[str]:
    if page["next"]:
        yield "    … more 余下从略"
