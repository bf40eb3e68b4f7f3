"""Times and amounts as logs write them, turned into what the ledger takes. Raises `ValueError` saying what is wrong."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final
from zoneinfo import ZoneInfo

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_CENT: Final = Decimal("0.01")
_AMOUNT_MAX: Final = Decimal(10) ** 15


def instant(text: str, format: str | None, zone: ZoneInfo | None) -> str:
    """
    Return a time as RFC 3339 with its own offset, or with that of `zone` where it has none.

    A bare date is its midnight. Digits beyond the microsecond are cut. In the hour a clock is set back, the earlier
    of the two instants is meant (PEP 495, fold 0).
    """
    moment = datetime.fromisoformat(text) if format is None else datetime.strptime(text, format)  # noqa: DTZ007 - next
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("no offset, and the mapping gives no `zone`")
        moment = moment.replace(tzinfo=zone)
    try:
        offset = moment.utcoffset()
        if offset is None or offset % timedelta(minutes=1):  # local mean time: RFC 3339 offsets have no seconds
            moment = moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"outside the calendar: {exc}") from exc
    return moment.isoformat()


def amount(text: str, decimal_mark: str, group_mark: str) -> str:
    """
    Return a decimal text of 0 or more with at most two places.

    Nothing is rounded: a third place that is not 0 is a fault, for an amount the ledger shows must be the source's.
    """
    plain = text.replace(group_mark, "") if group_mark else text
    if decimal_mark != ".":
        if "." in plain:
            raise ValueError("holds a point, though another decimal mark is set")
        plain = plain.replace(decimal_mark, ".")
    if _NUMBER.fullmatch(plain) is None:
        raise ValueError("not a number")
    exact = Decimal(plain)
    if exact < 0:
        raise ValueError("negative")
    if exact >= _AMOUNT_MAX:
        raise ValueError("over 15 digits")
    rounded = exact.quantize(_CENT, ROUND_HALF_EVEN)
    if rounded != exact:
        raise ValueError("more than two places")
    return format(abs(rounded), "f")  # "-0.0" is 0
