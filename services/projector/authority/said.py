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
    return Said(f"{moment.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}", said_at(moment))


def said_at(moment: datetime) -> str:
    """Write a moment in local time, with its offset."""
    return moment.astimezone(LOCAL_ZONE).isoformat()
