"""
Who authorised an act, for an auditor with ten seconds: the verdict, the chain from the root down, the link that fails.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from contracts.catalogue import base_catalogue
from projector.authority.names import CITATIONS, STATES, VERDICTS, failure_name
from quanze.columns import local, local_day, money, padded, pushed, wrapped

Said = Mapping[str, Any]

_MARKS: Final = {"FAIL": "✗", "UNDETERMINED": "?", "LATE": "~", "FAULT": "!", "NOTE": "·"}
_COLOURS: Final = {"✗": "red", "?": "yellow", "~": "yellow", "!": "yellow", "✓": "green", "·": None}
_VERDICT_MARKS: Final = {"VALID": "✓", "INVALID": "✗", "RATIFIED": "~", "LATE_RECORDED": "~", "UNPROVEN": "?"}
_CONDITION_MARKS: Final = {"met": "✓", "unmet": "✗", "unknown": "?"}
_NAME, _KIND, _AMOUNT = 26, 9, 15
_OTHERS_MAX: Final = 8


def told_authority(answer: Said) -> str:
    """Tell who authorised an act: the verdict first, the chain as a tree from root to leaf, the failing link marked."""
    links = [link["grant"] for link in answer["chain"]]
    elsewhere = (f"  {_failure(each)}" for each in answer["failures"] if each["grant"] not in links)
    note: str | None = answer["legal_effect_note"]
    above = [*_verdict(answer), *_act(answer["act"]), *elsewhere]
    below = [
        *_conditions(answer["conditions"]),
        *_citation(answer["citation"], {each["grant"] for each in answer["failures"]}),
        *_others(answer["tried"]),
        *(f"  · {remark}" for remark in answer["notes"]),
        *([f"  {note}"] if note else []),
    ]
    broken = (line for text in below for line in wrapped(text))
    return "\n".join([*(line for text in above for line in wrapped(text)), *_chain(answer), *broken])


def told_mark(mark: str) -> str:
    """Colour a mark, for a terminal that shows colours."""
    colour = _COLOURS.get(mark)
    return click.style(mark, fg=colour, bold=True) if colour is not None else mark


def told_term(term: Said) -> str:
    """Tell from when until when, in days as stated."""
    begins = _day(term["valid_from"]) if term["valid_from"] else local_day(term["starts"])
    return f"{begins} … {_day(term['valid_until']) if term['valid_until'] else '无期限 no end'}"


def titled(type: str) -> str:
    """Return what an act is called, before its type."""
    act = base_catalogue().acts.get(type)
    return f"{act.zh} {type}" if act is not None else type


def _verdict(answer: Said) -> Iterator[str]:
    verdict = answer["verdict"]
    name, mark = VERDICTS[verdict], _VERDICT_MARKS.get(verdict, "·")
    codes = "; ".join(dict.fromkeys(failure_name(each["code"]) for each in answer["failures"]))
    yield f"{told_mark(mark)} {click.style(f'{verdict} {name.zh}', bold=True)}{f' · {codes}' if codes else ''}"
    yield f"  {name.en} · as known at {local(answer['known_at'])}"


def _act(act: Said) -> Iterator[str]:
    amount = f" · {money(act['amount'])} {act['currency']}" if act["amount"] else ""
    by = act["actor"] if act["asked"] in (None, act["actor"]) else f"{act['actor']} = {act['asked']}"
    named = f" in the name of {act['onbehalfof']}" if act["onbehalfof"] else ""
    unit = f" · {act['unit']}" if act["unit"] else ""
    yield f"  #{act['position']} {titled(act['type'])} · {act['subject']} · {local(act['time'])}{amount}"
    yield f"  by {by}{named}{unit} · known from {local(act['known_from'])}, {act['known']}"


def _chain(answer: Said) -> Iterator[str]:
    """A row of amounts for each grant, its hands and its paper below it, and what is wrong with it."""
    chain: Sequence[Said] = answer["chain"]
    failures: Sequence[Said] = answer["failures"]
    if not chain:
        return
    head = [pushed(title, _AMOUNT) for title in ("单笔 each", "累计 total", "已用 used", "余额 left")]
    yield f"    {padded('授权 grant', _NAME)}{padded('', _KIND)}{''.join(head)}".rstrip()
    for depth, link in enumerate(chain):
        wrong = [each for each in failures if each["grant"] == link["grant"]]
        mark = _MARKS.get(wrong[0]["result"], "✗") if wrong else " "
        stem = "   " * depth
        name = "   " * (depth - 1) + "└─ " + link["grant"] if depth else link["grant"]
        row = f"{padded(name, _NAME - 1)} {padded(link['kind'] or '?', _KIND)}{_amounts(link)}"
        yield f"  {told_mark(mark)} {row}".rstrip()
        passed_on_by = chain[depth + 1]["grantor"] if depth + 1 < len(chain) else None
        for text in (_hands(link, passed_on_by), _paper(link), *(_failure(each, within=True) for each in wrong)):
            yield from wrapped(f"    {stem}   {text}")


def _amounts(link: Said) -> str:
    ceiling: Said = link["ceiling"] or {}
    said = (ceiling.get("item"), ceiling.get("total"), link["used_before"], link["headroom_after"])
    return "".join(pushed(money(amount) if amount is not None else "-", _AMOUNT) for amount in said)


def _hands(link: Said, passed_on_by: str | None) -> str:
    """From whom to whom: of a post, who used it by that post, or passed it on."""
    via: Said = link["via"] or {}
    holder = via["person"] if via.get("post") and not via.get("principal") else passed_on_by
    reached = f" = {holder}" if holder not in (None, link["grantee"]) else ""
    if via.get("principal"):
        acting = via["acting"] or "无代理任命 no appointment"
        reached = f" ({via['principal']}), acted for under {acting}"
    return f"{link['grantor'] or '法定 by law'} → {link['grantee'] or '?'}{reached}"


def _paper(link: Said) -> str:
    paper: Said = link["instrument"] or {}
    number = f" · No. {paper['no']}" if paper.get("no") else ""
    state = f" · {STATES[link['status_at_act']]}" if link["status_at_act"] != "live" else ""
    return f"{told_term(link['term'])}{number}{state} · #{link['position']} {link['known']}"


def _failure(failure: Said, *, within: bool = False) -> str:
    grant = f" {failure['grant']}" if failure["grant"] and not within else ""
    mark = _MARKS.get(failure["result"], "✗")
    return f"{told_mark(mark)} {failure_name(failure['code'])}{grant}: {failure['detail']}"


def _conditions(conditions: Sequence[Said]) -> Iterator[str]:
    for each in conditions:
        status = each.get("status", "unknown")
        by = f" by {', '.join(f'#{position}' for position in each['acts'])}" if each.get("acts") else ""
        detail = f": {each['detail']}" if each.get("detail") else ""
        mark = told_mark(_CONDITION_MARKS[status])
        yield f"  {mark} 前置条件 condition {each['condition']} of {each['grant']} {status}{by}{detail}"


def _citation(cited: Said | None, told: Collection[str | None]) -> Iterator[str]:
    """Why the grant that the act cites does not serve, unless that was told with the chain."""
    if cited is None or cited["status"] == "relied_on" or cited["grant"] in told:
        return
    why = "; ".join(f"{failure_name(each['code'])}: {each['detail']}" for each in cited["failures"])
    name = CITATIONS[cited["status"]]
    yield f"  {told_mark('!')} {name.zh}: the act cites {cited['grant']}; {name.en}{f' ({why})' if why else ''}"


def _others(tried: Sequence[Said]) -> Iterator[str]:
    """One line for each other grant that covers this type of act: why it did not serve, or that it would have."""
    others = [each for each in tried if each["covers_type"]]
    for each in others[:_OTHERS_MAX]:
        first = next(iter(each["failures"]), None)
        why = f"{failure_name(first['code'])}: {first['detail']}" if first is not None else "would have served too"
        yield f"    另查 also {each['grant']} (#{each['position']}): {why}"
    if len(others) > _OTHERS_MAX:
        yield f"    … {len(others) - _OTHERS_MAX} more"


def _day(stated: str) -> str:
    return stated if len(stated) == len("2026-01-01") else local(stated)
