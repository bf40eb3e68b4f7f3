"""The verdict on one act: facts in, judgement out. No I/O, no clock; the tolerance is the caller's policy."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from projector.authority.case import Case
from projector.authority.chain import Asker, Path, asker_of, only_way, ways_to
from projector.authority.facts import Facts, JudgedAct, Ratification
from projector.authority.failures import weigh
from projector.authority.mandate import Mandate, mandate_for
from projector.authority.said import Said
from projector.authority.standing import Mark, Result, Tolerance
from projector.authority.tolerance import LateUntil, late_grants
from projector.authority.usage import Draws, Uses

Verdict = Literal["VALID", "INVALID", "RATIFIED", "LATE_RECORDED", "UNPROVEN", "NOT_REQUIRED"]
CitationStatus = Literal[
    "relied_on",
    "fails",
    "not_granted_to_actor",
    "holder_unknown",
    "other_act",
    "withdrawn",
    "erased",
    "unknown",
]

_LOST: Final = {
    "unknown": Said("不在账中", "is not in the ledger"),
    "erased": Said("已被删除", "was erased"),
    "holder_unknown": Said("是岗位的授权，而该岗位无人任职的记录", "is a post's, and nobody is recorded in that post"),
}


class Weighed(Struct, frozen=True):
    """A way and what is wrong with it."""

    path: Path
    marks: tuple[Mark, ...]

    def of(self, *results: Result) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.result in results) if self.marks else ()

    @property
    def serves(self) -> bool:
        """Whether it authorises the act: nothing is wrong and nothing unknown. It may still be late."""
        return not self.of("FAIL", "UNDETERMINED")

    @property
    def retroactive(self) -> bool:
        """Whether it would have covered the act, had it been made and known by then."""
        return {mark.code for mark in self.of("FAIL")} == {"AUT-12"}


class Citation(Struct, frozen=True):
    """The grant that the act itself says it relies on, and whether it can."""

    grant: str
    status: CitationStatus
    marks: tuple[Mark, ...] = ()


class Judgement(Struct, frozen=True, kw_only=True):
    """
    `best` is the way that authorised the act, or the nearest to it; `failures` say why it does not, or not plainly.

    `others` are the ways that did not serve or were not needed, those for other types of act included. `mandate` stands
    in place of a way for what somebody of an agency did.
    """

    verdict: Verdict
    best: Weighed | None = None
    failures: tuple[Mark, ...] = ()
    mandate: Mandate | None = None
    others: tuple[Weighed, ...] = ()
    citation: Citation | None = None
    notes: tuple[str, ...] = ()
    ratification: Ratification | None = None


def uses_of(facts: Facts, late_until: LateUntil) -> Uses:
    """Say of every act of `facts` what it drew on: the grant its answer rests on, and what that rests on."""
    uses = Uses(act for act in facts.around if act.type == "pay.execute")
    draw([(act, facts) for act in facts.acts], uses, late_until)
    return uses


def draw(cases: Iterable[tuple[JudgedAct, Facts]], uses: Uses, late_until: LateUntil | None = None) -> list[JudgedAct]:
    """
    Add to `uses` what acts drew, in the order of a replay: each is judged by what those before it left.

    Return those that rely on a grant which does not plainly authorise them: there every way was weighed.
    """
    unserved: list[JudgedAct] = []
    for act, facts in sorted(cases, key=lambda case: case[0].order):
        if act.asked is None or act.withdrawn or mandate_for(act, facts) is not None:
            continue
        if _needs_grant(act, facts) is not False:
            path = only_way(act, facts)
            if path is None:
                until = late_until or late_grants(facts.policies)
                asker, tolerance = asker_of(act), until(act.unit, act.time)
                best = _relied_on(act, asker, facts, tolerance, uses)
                if best is None and asker.cited is not None:
                    unserved.append(act)
                best = best or _decide(act, asker, facts, tolerance, uses).best
                path = best.path if best is not None else None
            if path is not None:
                uses.add(act, path.links)
    return unserved


def judge(act: JudgedAct, facts: Facts, late_until: LateUntil, uses: Draws, *, others: bool = True) -> Judgement:
    """
    Say who authorised an act, under what delegation, and if nobody did, why (contract §4).

    `uses` is what acts drew on the grants (`uses_of`). Without `others`, ways that were not needed are left out where
    the grant that the act relies on plainly serves: the rest of the judgement is the same.
    """
    notes = tuple(_notes(act, facts))
    mandate = mandate_for(act, facts)
    if mandate is not None:
        return _ratified(_by_mandate(mandate, notes), act, facts, late_until, uses)
    need = _needs_grant(act, facts)
    if need is False:
        return Judgement(verdict="NOT_REQUIRED", notes=notes)
    if act.asked is None:
        detail = Said(
            f"由 {act.actor} 作出，未写明主办人：无从查问授权",
            f"{act.actor} did it and names no lead: there is nobody to ask",
        )
        nobody = Mark("UNDETERMINED", "AUT-01", None, detail)
        return _ratified(Judgement(verdict="UNPROVEN", failures=(nobody,), notes=notes), act, facts, late_until, uses)
    asker, tolerance = asker_of(act), late_until(act.unit, act.time)
    plain = None if others else _relied_on(act, asker, facts, tolerance, uses)
    if plain is not None:
        found = Judgement(verdict="VALID", best=plain, citation=Citation(plain.path.leaf.name, "relied_on"))
    else:
        found = _decide(act, asker, facts, tolerance, uses)
    if isinstance(need, Mark) and found.verdict == "INVALID":
        found = msgspec.structs.replace(found, verdict="UNPROVEN", failures=(need, *found.failures))
    if found.best is not None:
        notes += tuple(f"{mark.code}: {mark.grant} {mark.detail.en}" for mark in found.best.of("NOTE"))
    return _ratified(msgspec.structs.replace(found, notes=notes), act, facts, late_until, uses)


def _by_mandate(mandate: Mandate, notes: tuple[str, ...]) -> Judgement:
    if mandate.mark is None:
        return Judgement(verdict="VALID", mandate=mandate, notes=notes)
    verdict: Verdict = "INVALID" if mandate.mark.result == "FAIL" else "UNPROVEN"
    return Judgement(verdict=verdict, mandate=mandate, failures=(mandate.mark,), notes=notes)


def _needs_grant(act: JudgedAct, facts: Facts) -> bool | Mark:
    """
    Say whether the act needs a grant; a mark where that is unknown.

    What may also be decided outside the unit needs none if it was: there a body acts by statute (catalogue, `ext`).
    """
    if act.stage == "UNKNOWN":
        detail = Said(
            f"本账的目录未说明 {act.type} 是何种行为",
            f"what kind of act {act.type} is, no catalogue of this log says",
        )
        return Mark("UNDETERMINED", "AUT-01", None, detail)
    if not act.needs_grant or not act.decided_outside or act.project is None:
        return act.needs_grant
    project = facts.projects.get(act.project)
    if project is None or not project.units or act.unit is None:
        detail = Said(
            "没有行为说明项目属于哪个单位：可能由单位以外决定",
            "no act says whose the project is: it may have been decided outside",
        )
        return Mark("UNDETERMINED", "AUT-01", None, detail)
    return act.unit in project.units


def _relied_on(act: JudgedAct, asker: Asker, facts: Facts, tolerance: Tolerance, uses: Draws) -> Weighed | None:
    """
    Return the way by the grant that the act relies on, if it plainly serves: then it is the best there is, by
    `nearness`, and no other need be weighed.
    """
    if asker.cited is None:
        return None
    paths = [path for path in ways_to(asker, facts).covering(act.type) if path.leaf.name == asker.cited]
    weighed = (Weighed(path, weigh(Case(act, asker, path, facts, tolerance, uses))) for path in paths)
    plain = [way for way in weighed if way.serves and not way.of("LATE")]
    return min(plain, key=lambda way: nearness(way, asker), default=None)


def _decide(act: JudgedAct, asker: Asker, facts: Facts, tolerance: Tolerance, uses: Draws) -> Judgement:
    """Weigh every way, and take the best there is."""
    paths = ways_to(asker, facts).paths
    weighed = [Weighed(path, weigh(Case(act, asker, path, facts, tolerance, uses))) for path in paths]
    weighed.sort(key=lambda way: nearness(way, asker))
    ways = [way for way in weighed if way.path.covers(act.type)]
    citation = _citation(asker, weighed, ways, facts)
    verdict, best, failures = _verdict(act, asker, ways, citation, facts)
    if citation is not None and best is not None and best.serves and best.path.leaf.name == citation.grant:
        citation = Citation(citation.grant, "relied_on")
    return Judgement(
        verdict=verdict,
        best=best,
        failures=failures,
        others=tuple(way for way in weighed if way is not best),
        citation=citation,
    )


def _verdict(
    act: JudgedAct, asker: Asker, ways: Sequence[Weighed], citation: Citation | None, facts: Facts
) -> tuple[Verdict, Weighed | None, tuple[Mark, ...]]:
    """Return the verdict, the way it rests on, and what is wrong. `ways` are the nearest first."""
    serving = [way for way in ways if way.serves]
    plain = [way for way in serving if not way.of("LATE")]
    unsure = [way for way in ways if not way.serves and not way.of("FAIL")]
    if plain:
        return "VALID", plain[0], ()
    if serving:
        return "LATE_RECORDED", serving[0], serving[0].of("LATE")
    if citation is not None and citation.status in _LOST:
        lost = _LOST[citation.status]
        detail = Said(
            f"该行为所依据的 {citation.grant} {lost.zh}", f"{citation.grant}, on which the act relies, {lost.en}"
        )
        best = ways[0] if ways else None
        return "UNPROVEN", best, (Mark("UNDETERMINED", "AUT-01", citation.grant, detail),)
    if unsure:
        return "UNPROVEN", unsure[0], unsure[0].of("UNDETERMINED")
    if ways:
        return "INVALID", *_nearest(ways, asker)
    who = facts.person_of(asker.who, asker.at)
    none = Said(f"没有授予 {who} 的授权涵盖 {act.type}", f"no grant to {who} covers {act.type}")
    return "INVALID", None, (Mark("FAIL", "AUT-01", None, none),)


def _nearest(ways: Sequence[Weighed], asker: Asker) -> tuple[Weighed, tuple[Mark, ...]]:
    """
    Return the grant that failures are reported for: the one relied on, else the nearest of those known by the act.

    AUT-12 comes besides, for a grant that would have covered the act had it been there by then (contract §3).
    """
    cited = [way for way in ways if way.path.leaf.name == asker.cited]
    in_time = [way for way in ways if not way.retroactive]
    best = (cited or in_time or ways)[0]
    failures = best.of("FAIL")
    besides = next((way for way in ways if way.retroactive), None)
    if besides is not None and not best.retroactive:
        failures += besides.of("FAIL")
    return best, failures


def nearness(way: Weighed, asker: Asker) -> tuple[int, int, bool, int, int, int]:
    """Fewest failures first; then what the act relies on; in person before by post before in another's name."""
    route, leaf = way.path.route, way.path.leaf
    rank = 2 if route.principal is not None else 1 if route.post is not None else 0
    if asker.onbehalfof is not None:
        rank = -rank  # the act itself says that it was done in another's name
    fails, unsure = len(way.of("FAIL")), len(way.of("UNDETERMINED"))
    return fails, unsure, leaf.name != asker.cited, rank, len(way.path.links), leaf.position


def _citation(asker: Asker, weighed: Sequence[Weighed], ways: Sequence[Weighed], facts: Facts) -> Citation | None:
    """Say of the grant relied on why it cannot be; whether it can, the verdict shows."""
    if asker.cited is None:
        return None
    grant = facts.grants.get(asker.cited)
    if grant is None:
        return Citation(asker.cited, "unknown")
    if grant.withdrawn or grant.payload is None:
        return Citation(asker.cited, "withdrawn" if grant.withdrawn else "erased")
    reaching = [way for way in weighed if way.path.leaf.name == asker.cited]
    if not reaching:
        is_posts = grant.grantee is not None and grant.grantee.startswith("post:")
        known = any(term.post == grant.grantee and not term.is_end for term in facts.terms)
        return Citation(asker.cited, "holder_unknown" if is_posts and not known else "not_granted_to_actor")
    covering = [way for way in ways if way.path.leaf.name == asker.cited]
    if not covering:
        return Citation(asker.cited, "other_act", reaching[0].of("FAIL"))
    return Citation(asker.cited, "fails", covering[0].of("FAIL", "UNDETERMINED", "LATE"))


def _ratified(found: Judgement, act: JudgedAct, facts: Facts, late_until: LateUntil, uses: Draws) -> Judgement:
    """
    Turn INVALID or UNPROVEN into RATIFIED, where somebody ratified the act who could have authorised it himself then.

    The failures stay: ratification cures, it does not undo (domain §0.2 (10)).
    """
    if found.verdict not in ("INVALID", "UNPROVEN"):
        return found
    for each in sorted(facts.ratifications, key=lambda each: each.position):
        if each.act == act.position:
            why_not = _why_not_ratified(each, act, facts, late_until, uses)
            said = f"ratified by {each.actor} at position {each.position}"
            found = msgspec.structs.replace(found, notes=(*found.notes, f"{said}{why_not or ''}"))
            if why_not is None:
                return msgspec.structs.replace(found, verdict="RATIFIED", ratification=each)
    return found


def _why_not_ratified(
    each: Ratification, act: JudgedAct, facts: Facts, late_until: LateUntil, uses: Draws
) -> str | None:
    """Return why a ratification counts for nothing, or None."""
    if each.time <= act.time:
        return ", before it was done"
    asker = Asker(
        who=each.actor,
        unit=each.unit or act.unit,
        onbehalfof=each.onbehalfof,
        cited=each.authority,
        at=each.time,
        ratifies=True,
    )
    actor = facts.person_of(act.asked or act.actor, act.time)
    if facts.person_of(each.actor, each.time) == actor:
        return ", who did it: nobody ratifies an act of their own"
    own = _decide(act, asker, facts, late_until(asker.unit, each.time), uses)
    return None if own.verdict in ("VALID", "LATE_RECORDED") else ", whose own authority for it is not shown"


def _notes(act: JudgedAct, facts: Facts) -> Iterator[str]:
    if act.withdrawn:
        yield "the act was withdrawn by a later act.correct"
    asked = act.asked or act.actor
    if asked.startswith("account:") and facts.person_of(asked, act.time) == asked:
        yield f"{asked} is linked to no person: it counts as a provisional person of its own"
