"""
Who authorised an act: the delegation model folded over a whole history, as docs/authority.md says it.

Ask `answer`. It gives the verdict, the worst result for each failure code, the nearest grant of the best way and what
was drawn on its links before.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from contracts.catalogue import base_catalogue
from tests.reference.failures import HELD_THEN, TESTS, aut_12, aut_20_appointment
from tests.reference.faults import faults_of
from tests.reference.known import Act, Known, Recorded, term_of
from tests.reference.sums import used_before
from tests.reference.ways import RANK, Way, ways_of
from tests.reference.world import Result, Until

Verdict = Literal["VALID", "INVALID", "RATIFIED", "LATE_RECORDED", "UNPROVEN", "NOT_REQUIRED"]
Mark = tuple[str, Result]
NO_MANDATE_NEEDED: Final = ("coi.declare", "recusal.request", "recusal.inquire", "recusal.decide", "recusal.effect")


class Answer(Struct, frozen=True, kw_only=True):
    """`codes` are what the verdict rests on; `used_before` names each link with a total that could be measured."""

    verdict: Verdict
    codes: frozenset[str] = frozenset()
    leaf: str | None = None
    used_before: dict[str, Decimal] = {}
    faults: frozenset[str] = frozenset()
    """What is wrong with the grants of the best way themselves."""


class Marked(Struct, frozen=True, kw_only=True):
    """A way with what is wrong with it."""

    way: Way
    marks: tuple[Mark, ...]

    def count(self, result: Result) -> int:
        return sum(each == result for _, each in self.marks)

    @property
    def serves(self) -> bool:
        return not self.count("FAIL") and not self.count("UNDETERMINED")

    @property
    def retroactive(self) -> bool:
        return [code for code, result in self.marks if result == "FAIL"] == ["AUT-12"]


class Judged(Struct, frozen=True, kw_only=True):
    verdict: Verdict
    marks: tuple[Mark, ...] = ()
    way: Way | None = None


def answer(recorded: Sequence[Recorded], position: int, known_at: datetime | None, until: Until) -> Answer:
    """Judge the act at a position by what was known at a moment (None: now)."""
    return Reference(Known(recorded, known_at), until).answer(position)


class Reference:
    """The answers at one moment, each kept: later acts ask on which way earlier ones rest."""

    def __init__(self, known: Known, until: Until) -> None:
        self.known = known
        self.until = until
        self._judged: dict[int, Judged] = {}

    def answer(self, position: int) -> Answer:
        act = next(each for each in self.known.acts if each.position == position)
        judged = self._judge(act)
        verdict = judged.verdict
        if verdict in ("INVALID", "UNPROVEN") and self._ratified(act):
            verdict = "RATIFIED"
        return Answer(
            verdict=verdict,
            codes=deciding(verdict, judged.marks),
            leaf=judged.way and judged.way.leaf.name,
            used_before=self._used(act, judged.way),
            faults=faults_of(self.known, judged.way),
        )

    def best_way(self, act: Act) -> Way | None:
        """The way an act's own answer rests on, whatever the verdict."""
        return self._judge(act).way

    def _judge(self, act: Act) -> Judged:
        if act.position not in self._judged:
            self._judged[act.position] = self._judge_as(act, self.known.asked(act))
        return self._judged[act.position]

    def _judge_as(self, act: Act, asked: str | None) -> Judged:
        """What needs a grant, then the verdict."""
        agency = self._agency(act, asked)
        if agency is not None:
            return self._judge_mandate(act, agency)
        kind = base_catalogue().acts[act.type]
        if not kind.needs_grant:
            return Judged(verdict="NOT_REQUIRED")
        owners = self.known.units_of(act.subject)
        if kind.decided_outside and owners and act.unit not in owners:
            return Judged(verdict="NOT_REQUIRED")
        if asked is None:
            return Judged(verdict="UNPROVEN", marks=(("AUT-01", "UNDETERMINED"),))
        found = self._verdict(act, [self._mark(act, way) for way in ways_of(self.known, act, asked)])
        if kind.decided_outside and not owners and found.verdict == "INVALID":
            return Judged(verdict="UNPROVEN", marks=(("AUT-01", "UNDETERMINED"),), way=found.way)
        return found

    def _verdict(self, act: Act, ways: list[Marked]) -> Judged:
        """The five rules of "The verdict", in their order."""
        nearest = sorted(ways, key=lambda each: self._distance(act, each))
        serving = [each for each in nearest if each.serves]
        for each in serving:
            if not each.count("LATE"):
                return Judged(verdict="VALID", way=each.way)
        if serving:
            return Judged(verdict="LATE_RECORDED", marks=serving[0].marks, way=serving[0].way)
        if self._cites_nothing_known(act):
            way = nearest[0].way if nearest else None
            return Judged(verdict="UNPROVEN", marks=(("AUT-01", "UNDETERMINED"),), way=way)
        for each in nearest:
            if not each.count("FAIL"):
                return Judged(verdict="UNPROVEN", marks=each.marks, way=each.way)
        return self._invalid(act, nearest)

    def _invalid(self, act: Act, nearest: list[Marked]) -> Judged:
        if not nearest:
            return Judged(verdict="INVALID", marks=(("AUT-01", "FAIL"),))
        cited = [each for each in nearest if each.way.leaf.name == act.authority]
        best = (cited or [each for each in nearest if not each.retroactive] or nearest)[0]
        late: tuple[Mark, ...] = ()
        if any(each.retroactive for each in nearest):
            late = (("AUT-12", "FAIL"),)
        return Judged(verdict="INVALID", marks=best.marks + late, way=best.way)

    def _mark(self, act: Act, way: Way) -> Marked:
        marks: list[Mark] = []
        for code, test in TESTS.items():
            marks.extend((code, result) for result in test(self, act, way))
        if not any(result == "FAIL" for _, result in marks):
            marks.extend(("AUT-12", result) for result in aut_12(self, act, way))
        return Marked(way=way, marks=tuple(marks))

    def _distance(self, act: Act, marked: Marked) -> tuple[Any, ...]:
        """The order of "Nearest"."""
        way = marked.way
        rank = RANK[way.by]
        return (
            marked.count("FAIL"),
            marked.count("UNDETERMINED"),
            way.leaf.name != act.authority,
            rank if act.onbehalfof is None else -rank,
            len(way.links),
            way.leaf.act.position,
            [link.act.position for link in way.links],
        )

    def _cites_nothing_known(self, act: Act) -> bool:
        """The cited grant is not in the ledger, or is a post's in which nobody was ever recorded."""
        if act.authority is None:
            return False
        cited = self.known.grants.get(act.authority)
        if cited is None:
            return True
        return (
            not cited.withdrawn
            and cited.grantee.startswith("post:")
            and not any(each.data["post"] == cited.grantee for each in self.known.of_type("post.assign"))
        )

    def _agency(self, act: Act, asked: str | None) -> str | None:
        """The agency of the one who is asked: itself, or who employs them."""
        if asked is None or not act.subject.startswith("project:"):
            return None
        if asked.startswith("agency:"):
            return asked
        employers = [
            each.data["employer"]
            for each in self.known.of_type("person.register")
            if each.subject == asked and each.data.get("employer") is not None
        ]
        return employers[-1] if employers and employers[-1].startswith("agency:") else None

    def _judge_mandate(self, act: Act, agency: str) -> Judged:
        """AUT-21: an agreement with the agency is in force on the project and names the act."""
        if act.type in NO_MANDATE_NEEDED:
            return Judged(verdict="NOT_REQUIRED")
        for signed in self.known.of_type("agency.sign"):
            begin, end = term_of(signed)
            acts = signed.data.get("acts")
            if (
                signed.subject == act.subject
                and signed.data.get("agency") == agency
                and begin <= act.time < end
                and (act.stage in ("TENDER", "DISCLOSURE") if acts is None else act.type in acts)
            ):
                return Judged(verdict="VALID")
        return Judged(verdict="INVALID", marks=(("AUT-21", "FAIL"),))

    def _ratified(self, act: Act) -> bool:
        """Somebody else ratified the act later who could then have authorised it."""
        for each in self.known.of_type("auth.ratify"):
            who = self.known.asked(each)
            if each.data["act"]["id"] != act.id or each.time <= act.time or who in (None, self.known.asked(act)):
                continue
            if self._judge_ratifier(act, each, str(who)).verdict in ("VALID", "LATE_RECORDED"):
                return True
        return False

    def _judge_ratifier(self, act: Act, ratified: Act, who: str) -> Judged:
        """Judge the act as if the ratifier had done it, by the grants they had when they ratified it."""
        instead = msgspec.structs.replace(act, actor=who, authority=ratified.authority, onbehalfof=ratified.onbehalfof)
        then = msgspec.structs.replace(instead, time=ratified.time)
        ways = ways_of(self.known, then, who)
        return self._verdict(instead, [self._mark_ratifier(instead, then, way) for way in ways])

    def _mark_ratifier(self, instead: Act, then: Act, way: Way) -> Marked:
        tests = {**TESTS, "AUT-20": aut_20_appointment}
        marks: list[Mark] = [
            (code, result)
            for code, test in tests.items()
            for result in test(self, then if code in HELD_THEN else instead, way)
        ]
        if not any(result == "FAIL" for _, result in marks):
            marks.extend(("AUT-12", result) for result in aut_12(self, then, way))
        return Marked(way=way, marks=tuple(marks))

    def _used(self, act: Act, way: Way | None) -> dict[str, Decimal]:
        used: dict[str, Decimal] = {}
        if act.data.get("currency", "CNY") != "CNY":
            return used
        for link in () if way is None else way.links:
            before, all_measured = used_before(self, act, link)
            if link.act.data.get("ceiling_total") is not None and all_measured:
                used[link.name] = before
        return used


def deciding(verdict: str, marks: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The codes a verdict rests on: what is unknown where it is unproven; else the failures, or what came late."""
    order = ("UNDETERMINED",) if verdict == "UNPROVEN" else ("FAIL", "UNDETERMINED", "LATE")
    for result in order:
        codes = frozenset(code for code, said in marks if said == result)
        if codes:
            return codes
    return frozenset()
