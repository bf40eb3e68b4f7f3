"""
An answer to "who authorised this act?" that carries its proofs: `/v1/acts/{position}/authority?proof=true`.

Checked are the proofs, all against one signed checkpoint, and that what the answer says of the act and of every link is
what the proved leaves say, and the events where the file has them. A conclusion cannot be proved: that nothing else was
recorded, a revocation for instance, is no property of any file. What was not checked is listed, never passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from .binding import Stated, no_later, same_instant, same_money
from .errors import ProofFailed
from .members import integer_of, integers_of, object_of, objects_of, require_members, text_of
from .proven import ITEM, ITEM_OPTIONAL, Items, Proven, prove
from .trust import Attested, Trust, attest

_PROOF: Final = frozenset({"checkpoint", "items"})
_AUTHORISED: Final = ("VALID", "LATE_RECORDED")
_NO_CONTENT: Final = (
    "amounts, grantors, grantees, ceilings and terms: the file does not hold every event; ask with a token that has "
    "the scope `verify`"
)


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """The checkpoint, the act's leaf, what was not checked, and whether the file says that an event was erased."""

    attested: Attested
    act: dict[str, str | int]
    unchecked: tuple[str, ...]
    erased: bool


def check_answer(members: Mapping[str, object], trust: Trust, checks: list[str]) -> CheckedAnswer:
    """Check an answer against its own proofs; add to `checks` what held. Raises `ProofFailed`."""
    if members.get("proof") is None:
        raise ProofFailed("answer", expected="one asked for with proof=true", actual="no proof")
    proof = object_of(members, "proof")
    require_members(proof, required=_PROOF, optional=frozenset())
    # from_json lets no lone surrogate through, so this cannot fail.
    attested = attest(text_of(proof, "checkpoint").encode("utf-8"), trust.log_keys, trust)
    checkpoint = attested.checkpoint
    checks.append(f"checkpoint: {attested.told()}")
    _require_covered(members, checkpoint.size)
    items = Items([prove(each, checkpoint) for each in _items(proof)])
    checks.append(f"inclusion: {len(items.all)} leaves are under the signed root, at {items.positions()}")

    unchecked = [_conclusion(members)]
    act, corrections = items.one("act"), list(items.take("correction"))
    unchecked += _check_act(object_of(members, "act"), act, corrections)
    checks.append(f"act: the answer says of {act.leaf['subject']} what its leaf says{act.besides()}")
    links = objects_of(members, "chain")
    _require_whole(links, text_of(members, "verdict"))
    for above, link in zip([None, *links], links, strict=False):
        unchecked += _check_link(link, above, items, checks)
    if links:
        unchecked += _check_via(links[-1], members, items, checks)
    _check_conditions(members, act, items, checks)
    items.require_none_left()
    if any(item.event is None for item in items.all):
        unchecked.append(_NO_CONTENT)
    return CheckedAnswer(attested, act.leaf, tuple(unchecked), any(item.erased for item in items.all))


def _items(proof: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for item in objects_of(proof, "items"):
        require_members(item, required=ITEM, optional=ITEM_OPTIONAL)
        yield item


def _require_covered(members: Mapping[str, object], size: int) -> None:
    """The checkpoint must be no older than what the answer rests on."""
    if missing := {"act", "chain", "position"} - members.keys():
        raise ProofFailed("answer", expected=f"the member {min(missing)}", actual="none of that name")
    if integer_of(members, "position") > size:
        raise ProofFailed("checkpoint", expected=f"of {members['position']} entries or more", actual=size)


def _require_whole(links: Sequence[Mapping[str, object]], verdict: str) -> None:
    """Nobody takes links off a chain unseen: it ends with a way to whoever acted; what authorises begins at a root."""
    reached = [link.get("via") is not None for link in links]
    if not all("via" in link for link in links) or any(reached[:-1]) or not all(reached[-1:]):
        raise ProofFailed("chain", expected="a way to whoever acted at its end, and only there", actual="another")
    if verdict in _AUTHORISED and (not links or links[0].get("kind") != "root"):
        raise ProofFailed("chain", expected="a root at its head", actual="none")


def _conclusion(members: Mapping[str, object]) -> str:
    others = sorted(members.keys() - {"act", "chain", "proof", "verdict"})
    return (
        f"the verdict {text_of(members, 'verdict')} and {', '.join(others)}: what the service concludes. That nothing "
        "else was recorded, such as a revocation, no file can prove"
    )


def _check_act(members: Mapping[str, object], act: Proven, corrections: Sequence[Proven]) -> list[str]:
    stated = Stated("act", members)
    said = act.corrected_by(corrections)
    subject = str(act.leaf["subject"])
    stated.equals("position", act.position)
    for name in ("type", "subject"):
        stated.equals(name, act.leaf[name])
    for name in ("actor", "authority", "onbehalfof"):
        stated.one_of(name, said.attribute(name))
    stated.one_of(
        "unit", [unit or (subject if subject.startswith("unit:") else None) for unit in said.attribute("unit")]
    )
    if str(act.leaf["actor"]).partition(":")[0] not in ("account", "system"):
        stated.one_of("asked", said.attribute("actor"))
    _check_clock(stated, act)
    stated.holds("time", same_instant, act.leaf["time"])
    if said.data is not None:
        stated.holds("amount", same_money, said.data.get("amount"))
        stated.equals("currency", said.data.get("currency") or "CNY")
    if act.name != subject:
        raise ProofFailed("name of the act's item", expected=subject, actual=act.name)
    return stated.left()


def _check_clock(stated: Stated, item: Proven) -> None:
    """Since when it is known, and on whose word: the source's own, or the ledger's."""
    asserted = item.leaf.get("recordedtime")
    stated.equals("known", "asserted by the source" if asserted is not None else "witnessed")
    stated.holds("known_from", same_instant, asserted if asserted is not None else item.leaf["recorded_at"])


def _check_link(
    members: Mapping[str, object], above: Mapping[str, object] | None, items: Items, checks: list[str]
) -> list[str]:
    """Check one grant of the chain. `above` is the link it rests on, None for the first."""
    name = text_of(members, "grant") if "grant" in members else ""
    stated = Stated(f"link {name}", members)
    item = items.one("grant", members.get("position"), name)
    stated.equals("position", item.position)
    subject = str(item.leaf["subject"])
    if subject.startswith("grant:"):
        stated.equals("grant", subject)
    _check_clock(stated, item)
    if item.data is not None:
        _check_terms(stated, item, item.data)
        _check_rests(stated, item, item.data, above)
    checks.append(f"link {name}: the answer says what the {item.leaf['type']} at {item.position} says{item.besides()}")
    return stated.left(leave_out={"via"})


def _check_terms(stated: Stated, item: Proven, data: Mapping[str, object]) -> None:
    is_root = item.leaf["type"] == "auth.vest"
    stated.equals("grant", data.get("grant"))
    stated.equals("kind", "root" if is_root else data.get("kind"))
    stated.equals("grantor", None if is_root else data.get("grantor") or item.leaf["actor"])
    stated.equals("grantee", data.get("holder" if is_root else "grantee"))
    term = stated.part("term")
    for name in ("valid_from", "valid_until"):
        term.equals(name, data.get(name))
    paper = data.get("instrument")
    known = cast("Mapping[str, object]", paper) if isinstance(paper, dict) and not is_root else None
    named = {name: known.get(name) for name in ("no", "date", "sha256")} if known is not None else None
    stated.members_equal("instrument", named)
    limits = None if is_root else {name: data.get(f"ceiling_{name}") for name in ("item", "total")}
    if limits is not None and any(limits.values()):
        basis = {name: data.get(name) for name in ("total_basis", "total_window")}
        stated.members_equal("ceiling", {**limits, **basis, "currency": data.get("currency") or "CNY"})
    else:
        stated.equals("ceiling", None)


def _check_rests(stated: Stated, item: Proven, data: Mapping[str, object], above: Mapping[str, object] | None) -> None:
    """A link below another is a grant that names it as its parent; without a parent it rests on a root."""
    if above is None:
        return
    if item.leaf["type"] == "auth.vest":
        raise ProofFailed(stated.where, expected="a grant, as it rests on another", actual="a root")
    parent = data.get("parent")
    if parent is not None and parent != above.get("grant"):
        raise ProofFailed(f"{stated.where}: what it rests on", expected=str(parent), actual=str(above.get("grant")))
    if parent is None and above.get("kind") != "root":
        raise ProofFailed(f"{stated.where}: what it rests on", expected="a root", actual=str(above.get("grant")))


def _check_via(link: Mapping[str, object], answer: Mapping[str, object], items: Items, checks: list[str]) -> list[str]:
    """How the grant reached whoever acted: by a post they were assigned to, or by an acting appointment."""
    members, act = object_of(link, "via"), object_of(answer, "act")
    unproven: list[str] = []
    stated = Stated("via", members)
    principal = members.get("principal")
    if principal is None:
        stated.equals("principal", None)
    stated.person("person", act.get("asked") if principal is None else principal)
    if members.get("acting_position") is not None:
        item = items.one("acting", members["acting_position"], members.get("acting"))
        stated.equals("acting_position", item.position)
        if item.data is not None:
            stated.equals("acting", item.data.get("acting"))
            stated.person("principal", item.data.get("principal"))
            Stated("act", act).person("asked", item.data.get("substitute"))
        checks.append(f"via: the appointment {item.name} is the one at {item.position}{item.besides()}")
    if members.get("post") is not None:
        assigned = list(items.take("post", text_of(members, "post")))
        if not assigned and answer["verdict"] in _AUTHORISED:
            raise ProofFailed("via", expected=f"an assignment to {members['post']} among the proofs", actual="none")
        if not assigned:
            unproven = [f"via: that {members.get('person')} was ever assigned to {members['post']}"]
        for item in assigned:
            if item.data is not None:
                stated.equals("post", item.data.get("post"))
                stated.person("person", item.data.get("person"))
            checks.append(f"via: somebody was assigned to {item.name} at {item.position}{item.besides()}")
        stated.equals("post", link.get("grantee"))
    else:
        stated.person("person", link.get("grantee"))
    return unproven + stated.left()


def _check_conditions(members: Mapping[str, object], act: Proven, items: Items, checks: list[str]) -> None:
    """The acts that are said to meet a condition were done on the same subject, no later than the act."""
    seen: set[tuple[int, str]] = set()
    for each in objects_of(members, "conditions") if "conditions" in members else []:
        name, positions = text_of(each, "condition"), integers_of(each, "acts")
        if (each.get("status") == "met") != bool(positions):
            raise ProofFailed(f"condition {name}", expected="acts where it is met, and only there", actual="others")
        for position in positions:
            if position == act.position or (position, name) in seen:
                continue
            seen.add((position, name))
            item = items.one("condition", position, name)
            if item.leaf["subject"] != act.leaf["subject"]:
                raise ProofFailed(f"condition {name}", expected=act.leaf["subject"], actual=item.leaf["subject"])
            if not no_later(item.leaf["time"], act.leaf["time"]):
                raise ProofFailed(f"condition {name}", expected="an act no later", actual=item.leaf["time"])
            checks.append(
                f"condition {name}: the {item.leaf['type']} at {position} was done on the same subject before"
            )
