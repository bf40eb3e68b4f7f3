"""Who may do what: roots, delegations, what became of them, ratifications, who stands in for whom."""

from contracts.payloads import ActingAppoint, ActingEnd, AuthChange, AuthGrant, AuthRatify, AuthVest
from projector.acts import ReadAct, term_end, term_start
from projector.projections import Row, Rows

_GRANTS = ("auth.vest", "auth.grant")
_CHANGES = ("auth.accept", "auth.suspend", "auth.resume", "auth.revoke")


def rows(act: ReadAct) -> Rows:
    match act.payload:
        case AuthVest() | AuthGrant() as said:
            yield "copy_grants", _grant(act, said)
        case AuthChange() as said if act.leaf.type in _CHANGES:
            yield "copy_grant_changes", _change(act, said)
        case AuthRatify(act=target):
            by = act.leaf.actor, act.unit, act.authority, act.onbehalfof
            yield "copy_ratifications", (*act.key, act.known_from, act.time, target.source, target.id, *by)
        case ActingAppoint() as said:
            yield "copy_actings", _acting(act, said)
        case ActingEnd(acting=name):
            yield "copy_acting_ends", (*act.key, act.known_from, act.leaf.subject, name, act.time)
        case _ if act.leaf.subject.startswith("grant:"):
            yield from _unsaid(act)
        case _:
            pass


def _grant(act: ReadAct, said: AuthVest | AuthGrant) -> Row:
    common = (*act.key, act.known_from, act.asserted, act.time, said.grant)
    term = term_start(said.valid_from, act.time), term_end(said.valid_until)
    if isinstance(said, AuthVest):
        return *common, True, None, None, act.leaf.actor, None, said.holder, act.unit, *term, None, act.data
    who = act.leaf.actor, said.grantor or act.leaf.actor, said.grantee
    return *common, False, said.kind, said.parent, *who, act.unit, *term, said.supersedes, act.data


def _change(act: ReadAct, said: AuthChange) -> Row:
    told = term_start(said.notified_at, act.time) if said.notified_at is not None else None
    what = said.grant, act.leaf.type.removeprefix("auth."), act.leaf.actor
    return *act.key, act.known_from, act.time, *what, term_start(said.effective_at, act.time), told


def _acting(act: ReadAct, said: ActingAppoint) -> Row:
    return (
        *(*act.key, act.known_from, act.asserted, act.time, act.leaf.subject),
        *(said.acting, said.principal, said.substitute, said.grants, said.acts),
        *(said.ceiling_item, said.currency or "CNY"),
        *(term_start(said.from_, act.time), term_end(said.until)),
    )


def _unsaid(act: ReadAct) -> Rows:
    """
    Keep the name of a grant whose content was erased or cannot be read, where the leaf holds it.

    What rested on it is then unproven, not unauthorised.
    """
    if act.leaf.type in _GRANTS:
        who = None, None, act.leaf.actor, None, None
        said = act.leaf.subject, act.leaf.type == "auth.vest", *who, act.unit, act.time, None, None, None
        yield "copy_grants", (*act.key, act.known_from, act.asserted, act.time, *said)
    elif act.leaf.type in _CHANGES:
        said = act.leaf.subject, act.leaf.type.removeprefix("auth."), act.leaf.actor, None, None
        yield "copy_grant_changes", (*act.key, act.known_from, act.time, *said)
