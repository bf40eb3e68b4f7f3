"""
Which policy holds for a unit at a moment: its own value where it may have one, else the row in force on the local
business date for its jurisdiction. Where there is neither, the answer is unknown.

What a unit adopts by `setup.policy` is an edition of a policy, by its name. It replaces the edition adopted before it
from its own start on, for good: when it ends, the earlier one does not come back.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from contracts.catalogue import Catalogue
from contracts.payloads import Reserved, SetupPolicy
from contracts.policy import Policies, Row, in_force, is_laxer, shipped
from contracts.policy_values import BadValue
from projector.acts import term_end, term_start


class PolicyStated(Struct, frozen=True, kw_only=True):
    """
    What a unit adopted by one `setup.policy`, corrections read in. `policy` is its name, empty where it has none.

    `values` are as stated: nothing says that they may be used. `ends` is exclusive; None: open. `erased`: the content
    was, so only the unit is left and when it was adopted.
    """

    unit: str
    policy: str
    position: int
    known_from: datetime
    time: datetime
    starts: datetime
    ends: datetime | None
    values: Mapping[str, Any] = {}
    reserved: tuple[Reserved, ...] = ()
    has_responsibility: bool = False
    erased: bool = False


class JurisdictionStated(Struct, frozen=True, kw_only=True):
    """Where a `unit.register` says that a unit is: a GB/T 2260 code or `central`, None where it does not say."""

    unit: str
    jurisdiction: str | None
    time: datetime
    known_from: datetime
    position: int


class NotUsed(Struct, frozen=True, kw_only=True):
    """
    A unit's own value that was kept and is not used, and the row it cannot replace.

    laxer: less strict than a row that binds the unit. bad_value: none of the kind that the key takes.
    """

    key: str
    value: Any
    row: Row | None
    why: Literal["laxer", "bad_value"]
    position: int


class UnitPolicies:
    """What holds for units, by the statements it was made of. Pure: it reads nothing."""

    def __init__(
        self,
        stated: Iterable[PolicyStated],
        jurisdictions: Iterable[JurisdictionStated] = (),
        rows: Policies | None = None,
    ) -> None:
        self._stated = _by_unit(stated)
        self._jurisdictions = _by_unit(each for each in jurisdictions if each.jurisdiction is not None)
        self._rows = rows if rows is not None else shipped()
        self._own_keys: dict[str | None, frozenset[str]] = {}

    def value(self, key: str, unit: str | None, at: datetime) -> Any | None:
        """
        Return what holds for a unit at a moment, None where nobody says.

        The unit's own value is the one adopted last that may be used: of the right kind, and not laxer than the row.
        """
        row = self.row(key, unit, at)
        if unit in self._stated and key in self.own_keys(unit):
            for stated in reversed(self.in_force(unit, at)):
                if key in stated.values:
                    own = self._own(stated, key, row)
                    if not isinstance(own, NotUsed):
                        return own
        return row.value if row is not None else None

    def row(self, key: str, unit: str | None, at: datetime) -> Row | None:
        """Return the row that holds for a unit at a moment, whatever the unit itself says."""
        return self._rows.row_at(key, at, self.jurisdiction(unit, at))

    def not_used(self, unit: str | None, at: datetime) -> list[NotUsed]:
        """Return the unit's own values that are kept and not used, in the order of their adoption."""
        owns = (
            self._own(stated, key, self.row(key, unit, at))
            for stated in self.in_force(unit, at)
            for key in stated.values
        )
        return [own for own in owns if isinstance(own, NotUsed)]

    def laxer(self, unit: str | None, at: datetime) -> list[tuple[str, Any, Row]]:
        """Return (key, value, row) of the unit's own values that are laxer than the row they would replace."""
        return [(own.key, own.value, own.row) for own in self.not_used(unit, at) if own.why == "laxer" and own.row]

    def in_force(self, unit: str | None, at: datetime, known_by: datetime | None = None) -> list[PolicyStated]:
        """
        Return the edition in force of each of a unit's policies, in the order of their adoption.

        With `known_by`, by what the ledger knew then. What was erased is left out (`erased`).
        """
        editions: dict[str, PolicyStated] = {}
        for stated in self._known(unit, at, known_by):
            if not stated.erased:
                editions.pop(stated.policy, None)
                editions[stated.policy] = stated
        return [each for each in editions.values() if each.ends is None or at < each.ends]

    def erased(self, unit: str | None, at: datetime, known_by: datetime | None = None) -> list[int]:
        """Return where a unit adopted what was erased since: what that said, and of which policy, is unknown."""
        return [stated.position for stated in self._known(unit, at, known_by) if stated.erased]

    def jurisdiction(self, unit: str | None, at: datetime) -> str | None:
        """
        Return where a unit was at a moment, as said last before it. None: unknown.

        Where nothing was said by then, the earliest that was said later counts: a register is often filled late.
        """
        said = self._jurisdictions.get(unit, ())
        if len(said) < 2:
            return said[0].jurisdiction if said else None
        before = [each for each in said if each.time <= at]
        return (before[-1] if before else said[0]).jurisdiction

    def own_keys(self, unit: str | None) -> frozenset[str]:
        """Return the keys that a unit ever gave a value of its own."""
        keys = self._own_keys.get(unit)
        if keys is None:
            keys = self._own_keys[unit] = frozenset(key for each in self._stated.get(unit, ()) for key in each.values)
        return keys

    def turns(self, unit: str | None) -> set[datetime]:
        """Return the moments at which something may begin or cease to hold for a unit, by what it or its place says."""
        found = {stated.starts for stated in self._stated.get(unit, ())}
        found |= {stated.ends for stated in self._stated.get(unit, ()) if stated.ends is not None}
        return found | {said.time for said in self._jurisdictions.get(unit, ())}

    def jurisdictions_said(self, unit: str | None) -> list[str | None]:
        """Return every place that a unit was ever said to be at, in the order in which it was said."""
        return list(dict.fromkeys(said.jurisdiction for said in self._jurisdictions.get(unit, ())))

    def measure(self, key: str) -> str:
        """Return in what a key is measured, `set` for a key that nobody knows."""
        return self._rows.unit_of(key)

    @property
    def rows(self) -> Policies:
        return self._rows

    def _known(self, unit: str | None, at: datetime, known_by: datetime | None) -> Iterator[PolicyStated]:
        for stated in self._stated.get(unit, ()):
            if stated.starts <= at and (known_by is None or stated.known_from <= known_by):
                yield stated

    def _own(self, stated: PolicyStated, key: str, row: Row | None) -> Any | NotUsed:
        """Return a unit's own value as read, or why it is not used."""
        given = stated.values[key]
        try:
            value = self._rows.read(key, given)
        except BadValue:
            return NotUsed(key=key, value=given, row=row, why="bad_value", position=stated.position)
        if row is not None and is_laxer(row, value):
            return NotUsed(key=key, value=value, row=row, why="laxer", position=stated.position)
        return value


S = TypeVar("S", PolicyStated, JurisdictionStated)


def _by_unit(stated: Iterable[S]) -> dict[str | None, list[S]]:
    """Return statements by unit, in the order in which they were made."""
    found: dict[str | None, list[S]] = {}
    for each in sorted(stated, key=lambda each: (each.time, each.known_from, each.position)):
        found.setdefault(each.unit, []).append(each)
    return found


# Reading


class AdoptedRow(Struct, frozen=True):
    """One `setup.policy` as the read model has it. `data` None: erased."""

    unit: str
    policy: str | None
    position: int
    known_from: datetime
    time: datetime
    starts: datetime
    ends: datetime | None
    data: str | None


def unit_policies(
    adopted: Iterable[AdoptedRow],
    placed: Iterable[JurisdictionStated],
    corrected: Mapping[int, Mapping[str, Any] | None],
    rows: Policies | None = None,
) -> UnitPolicies:
    """Return what holds by these statements. `corrected`: the members that replace an act's, None where withdrawn."""
    return UnitPolicies(
        (_adopted(row, fields) for row in adopted if (fields := corrected.get(row.position, {})) is not None),
        (_placed(row, fields) for row in placed if (fields := corrected.get(row.position, {})) is not None),
        rows,
    )


_rows_of: dict[int, tuple[Catalogue, Policies]] = {}


def rows_of(catalogue: Catalogue) -> Policies:
    """Return the rows in force by a catalogue: the shipped ones, and those that packs of its log add."""
    kept = _rows_of.get(id(catalogue))
    if kept is None or kept[0] is not catalogue:
        _rows_of.clear()
        kept = _rows_of[id(catalogue)] = catalogue, in_force(catalogue.policies)
    return kept[1]


_decode_exactly: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def _adopted(row: AdoptedRow, fields: Mapping[str, Any]) -> PolicyStated:
    said = _content(row.data, fields)
    bare = PolicyStated(
        unit=row.unit,
        policy="",
        position=row.position,
        known_from=row.known_from,
        time=row.time,
        starts=row.starts,
        ends=row.ends,
        erased=said is None,
    )
    if said is None:
        return bare
    return msgspec.structs.replace(
        bare,
        policy=said.policy or said.object or "",
        starts=term_start(said.valid_from, row.time),
        ends=term_end(said.valid_until),
        values={each.key: each.value for each in said.policies},
        reserved=tuple(said.reserved),
        has_responsibility=_says_who(said),
    )


def _content(data: str | None, fields: Mapping[str, Any]) -> SetupPolicy | None:
    """Return what was adopted, as corrected. None: erased, or not readable."""
    if data is None:
        return None
    said = _decode_exactly(data)
    for document in ({**said, **fields}, said):  # a correction that makes it unreadable corrects nothing
        try:
            return msgspec.convert(document, SetupPolicy)
        except msgspec.ValidationError:
            continue
    return None


def _says_who(said: SetupPolicy) -> bool:
    """Say whether it settles who answers for a grant and who for its exercise."""
    answers = said.responsibility
    return bool(answers.strip() if isinstance(answers, str) else answers and (answers.grantor or answers.grantee))


def _placed(row: JurisdictionStated, fields: Mapping[str, Any]) -> JurisdictionStated:
    place = fields.get("jurisdiction", row.jurisdiction)
    return msgspec.structs.replace(row, jurisdiction=place if isinstance(place, str) else None)
