"""
What is found, in words: a rule's own sentence with what was computed, then who, which acts, and the text it rests on.

A finding of guidance or practice is never called unlawful: its clause is introduced as what it is. Codes are called by
their names: acts and roles as the catalogue does, what payloads and policies list as in `words.toml`.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, cast

import msgspec

from contracts.catalogue import Catalogue
from contracts.grades import Force
from projector.judge.rule import Bilingual

Language = Literal["zh", "en"]

_CODE: Final = re.compile(r"(?<![\w:./-])[a-z]{3,}(?:[._][a-z0-9_]+)*(?![\w:/-])")
_PLACE: Final = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_NOTHING: Final = {"zh": "无", "en": "none"}
_JOINED: Final = {"zh": "、", "en": ", "}
_YES: Final = {"zh": ("是", "否"), "en": ("yes", "no")}
_SOFT: Final[frozenset[Force]] = frozenset(("GUIDE", "PRACTICE", "UNIT"))


Words = Mapping[str, Bilingual]
"""What codes are called."""


@cache
def _shipped_words() -> dict[str, Bilingual]:
    text = files(__package__ or "").joinpath("words.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Bilingual])


def words(catalogue: Catalogue) -> Words:
    """Return what codes are called in a log with this catalogue."""
    roles = {role.name: Bilingual(zh=role.zh, en=role.en) for role in catalogue.roles.values()}
    acts = {act.type: Bilingual(zh=act.zh, en=act.en) for act in catalogue.acts.values()}
    return {**_shipped_words(), **roles, **acts}


def filled(says: Bilingual, computed: Mapping[str, Any], words: Words) -> Bilingual:
    """
    Return a sentence with every `{name}` replaced: `{name:money}` with two places, `{name:percent}` with a sign.

    `{name:text}`: a text in which every code is called by its name.
    """
    return Bilingual(zh=_filled(says.zh, computed, "zh", words), en=_filled(says.en, computed, "en", words))


def grounds(force: Force, citation: str) -> Bilingual:
    """Say what a finding rests on. Guidance and practice make a risk, not a breach."""
    source = Bilingual(zh=citation, en=citation) if citation else _UNWRITTEN[force == "PRACTICE"]
    if force in _SOFT:
        return Bilingual(
            zh=f"风险提示，不符合内控要求（依据：{source.zh}）",
            en=f"A risk: not in line with internal control (source: {source.en})",
        )
    return Bilingual(zh=f"依据：{source.zh}", en=f"Source: {source.en}")


_UNWRITTEN: Final = (
    Bilingual(zh="单位内控规则，法规未作规定", en="the unit's own rule; no law prescribes it"),
    Bilingual(zh="通行做法，法规未作规定", en="common practice; no law prescribes it"),
)
"""What a rule without a clause rests on: a unit's own rule, or practice."""


def _filled(text: str, computed: Mapping[str, Any], language: Language, words: Words) -> str:
    return _PLACE.sub(lambda found: _shown(computed.get(found[1]), found[2] or "", language, words), text)


def _shown(value: object, form: str, language: Language, words: Words) -> str:
    match value:
        case None | [] | ():
            return _NOTHING[language]
        case bool():
            return _YES[language][0 if value else 1]
        case list() | tuple():
            items = cast("Sequence[object]", value)
            return _JOINED[language].join(_shown(item, form, language, words) for item in items)
        case int() | Decimal():
            return _number(Decimal(value), form)
        case str() if value in words:
            return getattr(words[value], language)
        case str() if form == "text":
            return _CODE.sub(lambda found: _called(found[0], language, words), value)
        case _:
            return str(value)


def _called(code: str, language: Language, words: Words) -> str:
    """Return what a code is called. An English word may look like one: there it takes a dot or a low line."""
    is_code = code in words and (language == "zh" or "." in code or "_" in code)
    return getattr(words[code], language) if is_code else code


def _number(value: Decimal, form: str) -> str:
    match form:
        case "money":
            return f"{value:,.2f}"
        case "percent":
            return f"{value * 100:.2f}%"
        case _:
            return f"{value.normalize():f}" if value == value.to_integral() else f"{value:f}"


def unknown_said(title: Bilingual, computed: Mapping[str, Any], words: Words) -> Bilingual:
    """Say that something cannot be decided, and what is missing for it."""
    missing = computed.get("unknown")
    missing_en = computed.get("unknown_en", missing)
    return Bilingual(
        zh=f"“{title.zh}”无法判定，缺少：{_missing(missing, 'zh', words)}",
        en=f"“{title.en}” cannot be decided; not known: {_missing(missing_en, 'en', words)}",
    )


def _missing(value: object, language: Language, words: Words) -> str:
    """Name what is not known. Of `award.decide amount` the act is called by its name, and the member as posted."""
    match value:
        case str():
            act, _, member = value.partition(" ")
            if member and act in words:
                return f"“{getattr(words[act], language)}” {member}"
            return _shown(value, "text", language, words)
        case list() | tuple():
            return _JOINED[language].join(_missing(item, language, words) for item in cast("Sequence[object]", value))
        case _:
            return _shown(value, "", language, words)
