"""What every rule in force is: rules of files, pairs of the catalogue, failures of authority, on one kind of card."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from contracts.catalogue import Catalogue, Pair
from contracts.grades import Force, Severity
from projector.authority.names import FAILURES
from projector.judge.failures import FAILURE_GRADES
from projector.judge.library import Library
from projector.judge.rule import Bilingual, Confidence

Source = Literal["rule", "pair", "authority"]


class Card(Struct, frozen=True, kw_only=True):
    """One rule. `source`: a rule file, a pair of the catalogue, or the chain of delegation; `file`: which file."""

    id: str
    title: Bilingual
    severity: Severity
    force: Force
    citation: str
    confidence: Confidence
    policies: tuple[str, ...]
    source: Source
    on: bool
    says: Bilingual
    file: str | None = None


def cards(library: Library, catalogue: Catalogue) -> dict[str, Card]:
    """Return every rule in force by id, in order."""
    found = {card.id: card for card in (*_files(library), *_pairs(catalogue), *_failures())}
    return dict(sorted(found.items()))


def _files(library: Library) -> Iterator[Card]:
    for rule in library.rules.values():
        said = rule.header
        yield Card(
            id=said.id,
            title=said.title,
            severity=said.severity,
            force=said.force,
            citation=said.citation,
            confidence=said.confidence,
            policies=tuple(said.policies),
            source="rule",
            on=not said.off,
            says=said.says,
            file=rule.file,
        )


_PAIR_SAYS: Final = Bilingual(
    zh="{person} 在同一项目中兼有不相容职责“{one}”与“{other}”（{how}）",
    en="{person} has the incompatible duties “{one_en}” and “{other_en}” on one project ({how_en})",
)
_PAIR_POLICIES: Final = ("sod.held_down", "sod.control_down", "sod.no_downgrade")


def _pairs(catalogue: Catalogue) -> Iterator[Card]:
    for pair in catalogue.pairs.values():
        yield Card(
            id=pair.rule,
            title=pair_title(pair, catalogue),
            severity=pair.severity,
            force=pair.force,
            citation=pair.citation,
            confidence="A" if pair.force == "LAW" else "B",
            policies=_PAIR_POLICIES,
            source="pair",
            on=pair.on,
            says=_PAIR_SAYS,
        )


def pair_title(pair: Pair, catalogue: Catalogue) -> Bilingual:
    one, other = (_side(pair, side, catalogue) for side in (0, 1))
    return Bilingual(zh=f"{one.zh} 与 {other.zh} 不相容", en=f"{one.en} and {other.en} in one hand")


_CLASSES: Final[Mapping[str, Bilingual]] = {
    "@D": Bilingual(zh="决策行为", en="any decision"),
    "@E": Bilingual(zh="执行行为", en="any execution"),
    "@any": Bilingual(zh="任何业务行为", en="any business act"),
    "@employee": Bilingual(zh="本单位人员", en="an employee of the unit"),
    "@agency": Bilingual(zh="本项目代理机构人员", en="staff of the project's agency"),
    "@regulator": Bilingual(zh="财政部门人员", en="staff of a finance department"),
}


def _side(pair: Pair, side: int, catalogue: Catalogue) -> Bilingual:
    names = [duty_name(duty.role, catalogue) for duty in pair.sides[side]]
    return Bilingual(zh="或".join(name.zh for name in names), en=" or ".join(name.en for name in names))


def duty_name(role: str, catalogue: Catalogue) -> Bilingual:
    """Return what a duty is called, its code where it has no name."""
    if role in _CLASSES:
        return _CLASSES[role]
    known = catalogue.roles.get(role)
    return Bilingual(zh=known.zh, en=known.en) if known is not None else Bilingual(zh=role, en=role)


_FAILURE_SAYS: Final = Bilingual(
    zh="{act} 于 {done} 由 {who} 作出（金额 {amount:money}，所涉授权 {grant}）：{name}{terms:text}；{detail:text}",
    en="{act_en} on {done} by {who} (amount {amount:money}, grant concerned {grant}): {name_en}; {detail_en:text}",
)


def _failures() -> Iterator[Card]:
    for code, name in FAILURES.items():
        grade = FAILURE_GRADES[code]
        yield Card(
            id=code,
            title=Bilingual(zh=name.zh, en=name.en),
            severity=grade.severity,
            force=grade.force,
            citation=grade.citation,
            confidence=grade.confidence,
            policies=grade.policies,
            source="authority",
            on=True,
            says=_FAILURE_SAYS,
        )
