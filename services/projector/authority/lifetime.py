"""From when until when a grant lasts, alone and with all that it rests on; and what it would be, were one revoked."""

from datetime import datetime

import msgspec

from projector.authority.chain import climb
from projector.authority.facts import Change, Facts, Grant
from projector.authority.standing import standing_now


def is_live(grant: Grant, at: datetime, facts: Facts) -> bool:
    """Say whether some chain of the grant is live from end to end, or as far as the ledger holds it."""
    return any(
        all(standing_now(link, at, facts) == "live" for link in links) and (gap is None or not gap.broken)
        for links, gap in climb(grant, facts)
    )


def lasts_beyond(grant: Grant, at: datetime, facts: Facts) -> bool:
    """
    Say whether some chain of the grant is in force at a moment or at any later one.

    A suspension may be lifted, so it ends nothing; what begins later lasts beyond any moment before that.
    """
    return any(
        _in_force_beyond(links, at, facts) and (gap is None or not gap.broken) for links, gap in climb(grant, facts)
    )


def over_at(grant: Grant, facts: Facts) -> datetime | None:
    """Return the first moment after the grant's own life: the end of its term, a revocation, another in its place."""
    cut = [
        change.effective_at
        for change in facts.changes.get(grant.name, ())
        if change.kind in ("revoke", "superseded") and change.effective_at is not None
    ]
    return min((*cut, *((grant.ends,) if grant.ends is not None else ())), default=None)


def were_it_revoked(facts: Facts, grant: str, at: datetime) -> Facts:
    """Return the facts as they would be if a grant were revoked from a moment on."""
    revocation = Change(
        grant=grant,
        kind="revoke",
        position=0,  # stored nowhere
        known_from=at,
        time=at,
        effective_at=at,
        notified_at=at,
        by="",
    )
    changes = {**facts.changes, grant: (*facts.changes.get(grant, ()), revocation)}
    return msgspec.structs.replace(facts, changes=changes)


def _in_force_beyond(links: tuple[Grant, ...], at: datetime, facts: Facts) -> bool:
    if any(link.withdrawn or link.payload is None for link in links):
        return False
    since = max(at, *(link.starts for link in links))
    overs = [over for link in links if (over := over_at(link, facts)) is not None]
    return not overs or since < min(overs)
