"""Policies as rules read them: every value that holds for a unit, with the stretch of time in which it does."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from contracts.moments import starts
from projector.policies import UnitPolicies

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ROLL: Final = "calendar.roll"


class Span(Struct, frozen=True, kw_only=True):
    """One value of a key, for a unit, from `starts` until before `ends`. `force` and `citation` are the row's."""

    unit: str
    key: str
    starts: datetime
    ends: datetime
    value: Any
    measure: str
    rolls: bool
    force: str
    citation: str

    def columns(self) -> tuple[object, ...]:
        """Return the values of lay_policies.sql, in its order."""
        number = str(self.value) if isinstance(self.value, int | Decimal) else None
        value = as_json(self.value)
        words = value if _is_words(self.value) else None
        begins = "-infinity" if self.starts == ALWAYS else self.starts.isoformat()
        ends = "infinity" if self.ends == NEVER else self.ends.isoformat()
        return (
            *(self.unit, self.key, begins, ends, number, words),
            *(value, self.measure, self.rolls, self.force, self.citation),
        )


def _is_words(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in cast("tuple[object, ...]", value))


def spans_of(units: Iterable[str], policies: UnitPolicies) -> Iterator[Span]:
    """Yield what holds for each of these units, at any time."""
    shared: dict[str | None, list[Span]] = {}
    for unit in units:
        places = policies.jurisdictions_said(unit)
        own = policies.own_keys(unit)
        if len(places) > 1 or own:
            yield from _spans(unit, policies)
            continue
        place = places[0] if places else None
        if place not in shared:
            shared[place] = list(_spans(unit, policies))
        yield from (msgspec.structs.replace(span, unit=unit) for span in shared[place])


def _spans(unit: str, policies: UnitPolicies) -> Iterator[Span]:
    own, rows = policies.own_keys(unit), policies.rows
    turns = policies.turns(unit)
    for key in sorted(rows.keys | own):
        found = rows.of_key(key)
        edges = {_starts(row.starts) for row in found}
        edges |= {_starts(row.ends + timedelta(days=1)) for row in found if row.ends is not None}
        edges |= turns if key in own or len({row.jurisdiction for row in found}) > 1 else set()
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
            unit=unit,
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
