"""
Who did what in which duty, and who holds which: contract §3, "Who counts".

The actor exercises the act's own role always, and the role of the envelope besides. A participant exercises a role of
their own where one is given, else the act's; an observer or attendee none.
"""

from contracts.payloads import (
    ContractAct,
    ContractSign,
    PayeeMaintain,
    Payment,
    PostDefine,
    PostTerm,
    RoleTerm,
)
from contracts.references import kind_of
from projector.acts import ReadAct, term_end, term_start
from projector.projections import Row, Rows, instant

_EXERCISE_NO_DUTY = frozenset(("observer", "attendee"))
_WITH_DUTIES = frozenset(("person", "account", "system"))
_ENDS = frozenset(("post.relieve", "role.release"))


def rows(act: ReadAct) -> Rows:
    for ordinal, exercise in enumerate(exercised(act)):
        yield "copy_duties", _duty(act, ordinal, *exercise)
    match act.payload:
        case PostDefine(post=post, designation=designation, acts=named):
            said = post, unit_of_post(post), designation, named, act.time
            yield "copy_posts", (*act.key, act.known_from, *said)
        case PostTerm(post=post, person=person) as said:
            yield "copy_terms", _term(act, said, person, post, post=post)
        case RoleTerm(role=role, person=person) as said:
            unit = None if act.project is not None else _unit(act)
            where = act.project or unit or "*"
            yield (
                "copy_terms",
                _term(act, said, person, f"{where} {role}", project=act.project, unit=unit, role=role),
            )
        case _:
            pass


def exercised(act: ReadAct) -> list[tuple[str, str, str | None, str]]:
    """Return (actor, role, function, capacity) for everyone who exercises a duty in this act, each once."""
    listed, actor = act.payload.participants if act.payload is not None else (), act.leaf.actor
    listing = next((each for each in listed if each.actor == actor), None)
    function = listing.function if listing is not None else None
    capacity = (listing.capacity or "member") if listing is not None else "lead"
    found = [(actor, act.act.role, function, capacity)]
    if act.role is not None:
        found.append((actor, act.role, function, capacity))
    found += [
        (person.actor, person.role or act.act.role, person.function, person.capacity or "member")
        for person in listed
        if person.capacity not in _EXERCISE_NO_DUTY
    ]
    each: dict[tuple[str, str, str | None], str] = {}
    for who, role, as_function, as_capacity in found:
        if role and role != "observer" and kind_of(who) in _WITH_DUTIES:
            each.setdefault((who, role, as_function), as_capacity)
    return [(who, role, as_function, as_capacity) for (who, role, as_function), as_capacity in each.items()]


def _duty(act: ReadAct, ordinal: int, actor: str, role: str, function: str | None, capacity: str) -> Row:
    return (
        act.log_id,
        act.position,
        ordinal,
        act.project,
        act.unit,
        actor,
        role,
        function,
        capacity,
        act.leaf.type,
        act.act.act_class,
        act.act.counts_for_pairs and role == act.act.role,
        _supplier(act),
        instant(act.time),
        instant(act.known_from),
    )


def _supplier(act: ReadAct) -> str | None:
    """Return the supplier that the act is about, as far as it says so itself."""
    match act.payload:
        case PayeeMaintain(payee=payee, object=named):
            if payee is not None and payee.supplier is not None:
                return payee.supplier
            if kind_of(act.leaf.subject) in ("supplier", "agency"):
                return act.leaf.subject
            return f"supplier:{named}" if named is not None else None
        case Payment(payee=payee):
            return payee.supplier if payee is not None else None
        case ContractSign(supplier=supplier) | ContractAct(supplier=supplier):
            return supplier
        case _:
            return None


def unit_of_post(post: str) -> str:
    """Return whose post `post:U001/<code>` is."""
    return f"unit:{post.removeprefix('post:').partition('/')[0]}"


def _term(
    act: ReadAct,
    said: PostTerm | RoleTerm,
    person: str,
    holds: str,
    *,
    post: str | None = None,
    project: str | None = None,
    unit: str | None = None,
    role: str | None = None,
) -> Row:
    """Make a row. Whoever is relieved `until` a day had that day still; `from` a day, they had it no more."""
    is_end = act.leaf.type in _ENDS
    last = term_end(said.until)
    starts = last if is_end and last is not None else term_start(said.from_, act.time)
    ends = None if is_end else last
    return act.log_id, act.position, act.known_from, holds, post, project, unit, role, person, starts, ends, is_end


def _unit(act: ReadAct) -> str | None:
    return act.leaf.subject if kind_of(act.leaf.subject) == "unit" else act.unit
