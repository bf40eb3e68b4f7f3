"""
The decisions: acts that may not make one name mean two things.

Everything else is stored and judged by the readers. One slice decides per request, over the union of what its acts
concern; its decision holds only if nothing of that was recorded meanwhile, else it is taken again.
"""

from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

import msgspec
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent
from eventsourcing.dcb.application import DCBApplication, DCBRepository
from eventsourcing.dcb.domain import Decision, Selector, Slice, Tagged
from eventsourcing.dcb.persistence import DCBEventStore, DCBMapper
from eventsourcing.domain import event as on

from contracts.catalogue import base_catalogue
from contracts.event import Event
from contracts.faults import Fault, pointer
from contracts.payloads import AccountLink, AccountUnlink, AuthChange, AuthGrant, AuthVest
from ledger.acts import Appended, Draft, Request
from ledger.errors import Conflict, NameTaken
from ledger.recorder import ActEvent, LedgerRecorder, StoredEvent

_ATTEMPTS: Final = 5


class Recorded(Decision):
    """An act, as the library's slices see it: its name in the log, and what it says about a grant or an account."""

    TOPIC: ClassVar[str] = "act"

    def __init__(self, key: tuple[str, str], payload: Any, act: Event | None = None) -> None:
        self.key, self.payload, self.act = key, payload, act


class RootVested(Recorded):
    TOPIC: ClassVar[str] = "auth.vest"


class Granted(Recorded):
    TOPIC: ClassVar[str] = "auth.grant"


class Suspended(Recorded):
    TOPIC: ClassVar[str] = "auth.suspend"


class Resumed(Recorded):
    TOPIC: ClassVar[str] = "auth.resume"


class Revoked(Recorded):
    TOPIC: ClassVar[str] = "auth.revoke"


class Linked(Recorded):
    TOPIC: ClassVar[str] = "account.link"


class Unlinked(Recorded):
    TOPIC: ClassVar[str] = "account.unlink"


_OF_GRANTS: Final = (RootVested, Granted, Suspended, Resumed, Revoked)
_OF_ACCOUNTS: Final = (Linked, Unlinked)

# Stored types come from clients: they are looked up here, never imported.
_DECISIONS: Final = {decision.TOPIC: decision for decision in (*_OF_GRANTS, *_OF_ACCOUNTS)}
_STORED: Final = {
    type: msgspec.json.Decoder(msgspec.defstruct("Stored", [("data", base_catalogue().acts[type].payload)]))
    for type in _DECISIONS
}


def needs_decision(event: Event) -> bool:
    """Say whether this act goes through a slice."""
    return event.act.type in _DECISIONS


class RecordActs(Slice[Recorded]):
    """
    Record the acts of one request, unless a grant's name or an account's owner would become ambiguous.

    A revocation refuses nothing; it is here so that it and the grants of its name are decided in one order.
    """

    def __init__(self, acts: Sequence[Event], recorder: LedgerRecorder, recorded: Set[tuple[str, str]]) -> None:
        self._acts = acts
        self._recorder = recorder
        self._recorded = recorded
        self._grants: dict[str, tuple[str, str]] = {}
        self._owners: dict[str, tuple[str, tuple[str, str]]] = {}
        self.appended: Appended | None = None

    def consistency_boundary(self) -> list[Selector]:
        grants = {act.payload.grant for act in self._acts if isinstance(act.payload, AuthVest | AuthGrant | AuthChange)}
        accounts = {act.payload.account for act in self._acts if isinstance(act.payload, AccountLink | AccountUnlink)}
        return [Selector(_OF_GRANTS, [grant]) for grant in sorted(grants)] + [
            Selector(_OF_ACCOUNTS, [account]) for account in sorted(accounts)
        ]

    @on(RootVested)
    def _(self, key: tuple[str, str], payload: AuthVest | None) -> None:
        if payload is not None:
            self._grants.setdefault(payload.grant, key)

    @on(Granted)
    def _(self, key: tuple[str, str], payload: AuthGrant | None) -> None:
        # The boundary also finds grants that only name this one, as a parent or as what they supersede.
        if payload is not None:
            self._grants.setdefault(payload.grant, key)

    @on(Linked)
    def _(self, key: tuple[str, str], payload: AccountLink | None) -> None:
        if payload is not None:
            self._owners.setdefault(payload.account, (payload.person, key))

    @on(Unlinked)
    def _(self, payload: AccountUnlink | None) -> None:
        if payload is not None:
            self._owners.pop(payload.account, None)

    def execute(self) -> None:
        for index, act in enumerate(self._acts):
            key = (act.envelope.source, act.envelope.id)
            if key not in self._recorded:
                self._require_one_meaning(index, act)
            self.trigger_event(_DECISIONS.get(act.act.type, Recorded), act.tags, key, act.payload, act)

    def _require_one_meaning(self, index: int, act: Event) -> None:
        match act.payload:
            case AuthVest(grant=grant) | AuthGrant(grant=grant) if grant in self._grants:
                source, id = self._grants[grant]
                message = f"{grant} names another grant already, that of {source} {id}; a grant is never edited"
                raise NameTaken(message, [Fault(pointer("", index, "data", "grant"), "name_taken", message)])
            case AccountLink(account=account, person=person) if account in self._owners:
                owner, (source, id) = self._owners[account]
                if owner != person and not self._recorder.is_withdrawn(source, id):
                    message = f"{account} is linked to another person by {source} {id}; unlink it first"
                    raise NameTaken(message, [Fault(pointer("", index, "data", "account"), "name_taken", message)])
            case _:
                pass


class _Mapper(DCBMapper[Recorded]):
    def to_dcb_event(self, event: Tagged[Recorded]) -> DCBEvent:
        act = cast("Event", event.decision.act)  # only acts of this request are appended
        return ActEvent(act.act.type, act.raw, list(event.tags), Draft.of(act))

    def to_domain_event(self, event: DCBEvent) -> Tagged[Recorded]:
        stored = cast("StoredEvent", event)
        payload = cast("Any", _STORED[event.type].decode(event.data)).data if event.data else None
        return Tagged(event.tags, _DECISIONS[event.type]((stored.source, stored.id), payload))


class LedgerApplication(DCBApplication):
    """The library's application over our recorder."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        # Not the library's __init__: it would construct a recorder of its own from environment variables.
        self.recorder = recorder
        self.ledger = recorder
        self.mapper = _Mapper()
        self.events = DCBEventStore(self.mapper, recorder)
        self.repository = DCBRepository(self.events)

    def record(self, acts: Sequence[Event]) -> Appended:
        """
        Record acts that need a decision, with the rest of their request.

        Duplicates are set aside before the slice decides: a retried grant is not refused by its own first copy.
        Raises `NameTaken`, and `Conflict` when others kept writing first.
        """
        keys = [(act.envelope.source, act.envelope.id) for act in acts]
        for _ in range(_ATTEMPTS - 1):
            with suppress(Conflict):
                return self._decide(acts, keys)
        return self._decide(acts, keys)

    def _decide(self, acts: Sequence[Event], keys: Sequence[tuple[str, str]]) -> Appended:
        return cast("Appended", self.do(RecordActs(acts, self.ledger, self.ledger.find(keys).keys())).appended)

    def do(self, s: Any) -> Any:
        """Advance, execute and save a slice. Unlike the library's, it keeps the receipts, on the slice."""
        s = self.repository.advance(s)
        s.execute()
        query = self.events._cb_to_dcb_query(s.consistency_boundary())  # pyright: ignore[reportPrivateUsage] - its save() drops the position
        condition = DCBAppendCondition(query, s.last_known_position)
        drafts = [cast("ActEvent", self.mapper.to_dcb_event(each)).draft for each in s.collect_events()]
        request = Request(tuple(draft for draft in drafts if draft is not None), condition)
        s.appended = self.ledger.submit(request).result()
        return s
