"""What is said of an act or a grant, in Chinese and in English."""

from datetime import datetime

from msgspec import Struct

from contracts.moments import LOCAL_ZONE


class Said(Struct, frozen=True):
    """One remark in both languages."""

    zh: str
    en: str


def both_at(moment: datetime | None) -> Said:
    """Write a moment as people here do: in local time. None: it was erased."""
    if moment is None:
        return Said("（已删除的时间）", "an erased date")
    here = moment.astimezone(LOCAL_ZONE)
    return Said(f"{here:%Y-%m-%d %H:%M:%S}", here.isoformat())
