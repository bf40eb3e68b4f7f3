"""Who may do what: roots, delegations, what became of them, ratifications, who stands in for whom."""

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Cursor

from contracts.payloads import ActingAppoint, ActingEnd, AuthChange, AuthGrant, AuthRatify, AuthVest
from projector.acts import ReadAct, term_end, term_start
from projector.projections import copy_rows

_GRANTS = ("auth.vest", "auth.grant")
_CHANGES = ("auth.accept", "auth.suspend", "auth.resume", "auth.revoke")


def apply(cursor: Cursor[Any], acts: Sequence[ReadAct]) -> None:
    copy_rows(cursor, "copy_grants", _grants(acts))
    copy_rows(cursor, "copy_grant_changes", _changes(acts))
    copy_rows(cursor, "copy_ratifications", _ratifications(acts))
    copy_rows(cursor, "copy_actings", _actings(acts))
    copy_rows(cursor, "copy_acting_ends", _acting_ends(acts))


def _grants(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    """An erased grant keeps its name, where the leaf holds it: what rested on it is then unproven, not unauthorised."""
    for act in acts:
        common = (act.log_id, act.position, act.known_from, act.asserted, act.time)
        match act.payload:
            case AuthVest(grant=name, holder=holder) as root:
                term = term_start(root.valid_from, act.time), term_end(root.valid_until)
                yield *common, name, True, None, None, act.leaf.actor, None, holder, act.unit, *term, None, act.data
            case AuthGrant(grant=name, kind=kind, parent=parent, grantee=grantee) as grant:
                term = term_start(grant.valid_from, act.time), term_end(grant.valid_until)
                who = act.leaf.actor, grant.grantor or act.leaf.actor, grantee
                yield *common, name, False, kind, parent, *who, act.unit, *term, grant.supersedes, act.data
            case _ if act.leaf.type in _GRANTS and act.leaf.subject.startswith("grant:"):
                root = act.leaf.type == "auth.vest"
                who = None, None, act.leaf.actor, None, None
                yield *common, act.leaf.subject, root, *who, act.unit, act.time, None, None, None
            case _:
                pass


def _changes(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        if act.leaf.type not in _CHANGES:
            continue
        common = act.log_id, act.position, act.known_from, act.time
        change = act.leaf.type.removeprefix("auth.")
        match act.payload:
            case AuthChange(grant=name, effective_at=effective, notified_at=notified):
                told = term_start(notified, act.time) if notified is not None else None
                yield *common, name, change, act.leaf.actor, term_start(effective, act.time), told
            case _ if act.leaf.subject.startswith("grant:"):
                yield *common, act.leaf.subject, change, act.leaf.actor, None, None
            case _:
                pass


def _ratifications(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        match act.payload:
            case AuthRatify(act=target):
                by = act.leaf.actor, act.unit, act.authority, act.onbehalfof
                yield act.log_id, act.position, act.known_from, act.time, target.source, target.id, *by
            case _:
                pass


def _actings(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        match act.payload:
            case ActingAppoint(acting=name, principal=principal, substitute=substitute) as appointed:
                yield (
                    *(act.log_id, act.position, act.known_from, act.asserted, act.time, act.leaf.subject),
                    *(name, principal, substitute, appointed.grants, appointed.acts),
                    *(appointed.ceiling_item, appointed.currency or "CNY"),
                    *(term_start(appointed.from_, act.time), term_end(appointed.until)),
                )
            case _:
                pass


def _acting_ends(acts: Sequence[ReadAct]) -> Iterator[tuple[object, ...]]:
    for act in acts:
        match act.payload:
            case ActingEnd(acting=name):
                yield act.log_id, act.position, act.known_from, act.leaf.subject, name, act.time
            case _:
                pass
