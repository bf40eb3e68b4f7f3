"""Policies as rules read them: every value that holds for a unit, with the stretch of time in which it does."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from contracts.moments import starts
from contracts.policy import Policies, shipped
from projector.policies import JurisdictionStated, UnitPolicies

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ROLL: Final = "calendar.roll"


class Span(Struct, frozen=True, kw_only=True):
    """One value of a key, from `starts` until before `ends`. `force` and `citation` are the row's."""

    key: str
    starts: datetime
    ends: datetime
    value: Any
    measure: str
    rolls: bool
    force: str
    citation: str

    def row(self) -> dict[str, object]:
        """Return the members that lay_policies.sql reads."""
        return {
            "key": self.key,
            "starts": "-infinity" if self.starts == ALWAYS else self.starts.isoformat(),
            "ends": "infinity" if self.ends == NEVER else self.ends.isoformat(),
            "number": str(self.value) if isinstance(self.value, int | Decimal) else None,
            "list": self.value if _is_words(self.value) else None,
            "value": msgspec.Raw(as_json(self.value)),
            "measure": self.measure,
            "rolls": self.rolls,
            "force": self.force,
            "citation": self.citation,
        }


def _is_words(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in cast("tuple[object, ...]", value))


def held_by(units: Iterable[str], policies: UnitPolicies) -> str:
    """
    Return what holds for each of these units, at any time, as lay_policies.sql reads it.

    What holds by its place is found once for each place, and of a unit only what it says of its own.
    """
    by_place: dict[str | None, list[dict[str, object]]] = {}
    held: list[dict[str, object]] = []
    for unit in units:
        places = policies.jurisdictions_said(unit)
        own = policies.own_keys(unit)
        if len(places) > 1 or _ROLL in own:
            keys = policies.rows.keys | own
        else:
            keys = own
            by_place.setdefault(places[0] if places else None, []).append({"unit": unit, "own": sorted(own)})
        if keys:
            held.append({"spans": _rows(unit, keys, policies), "units": [{"unit": unit, "own": ()}]})
    for place, holders in by_place.items():
        held.append({"spans": _of_place(place, policies), "units": holders})
    return msgspec.json.encode(held).decode()


def _rows(unit: str, keys: Iterable[str], policies: UnitPolicies) -> msgspec.Raw:
    spans = (span for key in sorted(keys) for span in _spans(unit, key, policies))
    return msgspec.Raw(msgspec.json.encode([span.row() for span in spans]))


def _of_place(place: str | None, policies: UnitPolicies) -> msgspec.Raw:
    """Return what holds for a unit that was only ever said to be at this place, and says nothing of its own."""
    if policies.rows is shipped():
        return _shipped_of(place)
    return _bare(place, policies.rows)


@cache
def _shipped_of(place: str | None) -> msgspec.Raw:
    return _bare(place, shipped())


def _bare(place: str | None, rows: Policies) -> msgspec.Raw:
    said = JurisdictionStated(unit="", jurisdiction=place, time=ALWAYS, known_from=ALWAYS, position=0)
    return _rows("", rows.keys, UnitPolicies((), (said,), rows))


def _spans(unit: str, key: str, policies: UnitPolicies) -> Iterator[Span]:
    found = policies.rows.of_key(key)
    edges = {_starts(row.starts) for row in found}
    edges |= {_starts(row.ends + timedelta(days=1)) for row in found if row.ends is not None}
    if key in policies.own_keys(unit) or len({row.jurisdiction for row in found}) > 1:
        edges |= policies.turns(unit)
    yield from _of_key(unit, key, sorted(edges), policies)


def _of_key(unit: str, key: str, edges: list[datetime], policies: UnitPolicies) -> Iterator[Span]:
    bounds = [ALWAYS, *edges, NEVER]
    for begins, ends in pairwise(bounds):
        value = policies.value(key, unit, begins)
        if value is None or begins == ends:
            continue
        row = policies.row(key, unit, begins)
        rolling = policies.value(_ROLL, unit, begins)
        yield Span(
            key=key,
            starts=begins,
            ends=ends,
            value=value,
            measure=row.unit if row is not None else policies.measure(key),
            rolls=isinstance(rolling, tuple) and key in rolling,
            force=row.force if row is not None and row.value == value else "UNIT",
            citation=row.citation if row is not None and row.value == value else "",
        )


def _starts(day: date) -> datetime:
    return starts(day.isoformat())


def as_json(value: Any) -> str:
    """Write a policy's value as JSON; amounts and ratios are texts, as they came."""
    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise NotImplementedError(type(value))
