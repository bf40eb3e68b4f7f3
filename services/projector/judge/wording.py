"""
What is found, in words: a rule's own sentence with what was computed, then who, which acts, and the text it rests on.

A finding of guidance or practice is never called unlawful: its clause is introduced as what it is.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, cast

from contracts.grades import Force
from projector.judge.rule import Bilingual

Language = Literal["zh", "en"]

_PLACE: Final = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_NOTHING: Final = {"zh": "无", "en": "none"}
_JOINED: Final = {"zh": "、", "en": ", "}
_YES: Final = {"zh": ("是", "否"), "en": ("yes", "no")}
_SOFT: Final[frozenset[Force]] = frozenset(("GUIDE", "PRACTICE", "UNIT"))


def filled(says: Bilingual, computed: Mapping[str, Any]) -> Bilingual:
    """Return a sentence with every `{name}` replaced: `{name:money}` with two places, `{name:percent}` with a sign."""
    return Bilingual(zh=_filled(says.zh, computed, "zh"), en=_filled(says.en, computed, "en"))


def grounds(force: Force, citation: str) -> Bilingual:
    """Say what a finding rests on. Guidance and practice make a risk, not a breach."""
    if force in _SOFT:
        zh = "风险提示，不符合内控要求" + (f"（依据：{citation}）" if citation else "")
        en = "A risk: not in line with internal control" + (f" (source: {citation})" if citation else "")
    else:
        zh = f"依据：{citation}" if citation else "依据：无"
        en = f"Source: {citation}" if citation else "Source: none"
    return Bilingual(zh=zh, en=en)


def _filled(text: str, computed: Mapping[str, Any], language: Language) -> str:
    return _PLACE.sub(lambda found: _shown(computed.get(found[1]), found[2] or "", language), text)


def _shown(value: object, form: str, language: Language) -> str:
    match value:
        case None | [] | ():
            return _NOTHING[language]
        case bool():
            return _YES[language][0 if value else 1]
        case list() | tuple():
            items = cast("Sequence[object]", value)
            return _JOINED[language].join(_shown(item, form, language) for item in items)
        case int() | Decimal():
            return _number(Decimal(value), form)
        case _:
            return str(value)


def _number(value: Decimal, form: str) -> str:
    match form:
        case "money":
            return f"{value:,.2f}"
        case "percent":
            return f"{value * 100:.2f}%"
        case _:
            return f"{value.normalize():f}" if value == value.to_integral() else f"{value:f}"


def unknown_said(title: Bilingual, computed: Mapping[str, Any]) -> Bilingual:
    """Say that something cannot be decided, and what is missing for it."""
    missing = computed.get("unknown")
    return Bilingual(
        zh=f"“{title.zh}”无法判定，缺少：{_shown(missing, '', 'zh')}",
        en=f"“{title.en}” cannot be decided; not known: {_shown(missing, '', 'en')}",
    )
