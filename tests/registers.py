"""The registers over HTTP: acts through admission, committer and follower, then a question to the projector."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from litestar.testing import TestClient

from ledger.main import create_token
from projector.main import Projector
from projector.settings import Settings
from tests.conftest import Database, TestLedger
from tests.events import event

HEAD, DEPUTY, CHIEF, CLERK = "person:HEAD", "person:DEP", "person:CHIEF", "person:CLERK"
UNIT = "unit:U1"


class Register:
    """Posts acts and asks about them, once they are projected."""

    def __init__(self, ledger: TestLedger, client: TestClient[Any]) -> None:
        self._ledger = ledger
        self._client = client
        self._position = 0

    def post(self, *acts: dict[str, Any]) -> list[int]:
        """Record acts; return where they stand."""
        positions = [receipt.position for receipt in self._ledger.post(acts)]
        self._position = max(positions)
        return positions

    def ask(self, path: str, status: int = 200, **params: Any) -> Any:
        """Return the answer to a question asked once everything posted is projected."""
        answer = self._client.get(path, params={**params, "min_position": self._position})
        assert answer.status_code == status, answer.text
        return answer.json()


@contextmanager
def opened(database: Database, ledger: TestLedger) -> Generator[Register]:
    with Projector(Settings(dsn=database.dsn, poll_seconds=0.05)) as projector:
        _, bearer = create_token(database.dsn, projector.log_id, name="reader", scopes=["read"])
        with TestClient(projector.app()) as client:
            client.headers["Authorization"] = f"Bearer {bearer}"
            yield Register(ledger, client)


def said(type: str, subject: str, actor: str, at: str, known: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an act of the past, recorded by its source when it happened unless said otherwise."""
    attributes = {"recordedtime": known or at} | fields.pop("attributes", {})
    return event(type, subject, actor, time=at, attributes=attributes, **fields)


def vested(name: str, holder: str = HEAD, unit: str = UNIT, **data: Any) -> dict[str, Any]:
    at = "2024-01-02T09:00:00+08:00"
    return said("auth.vest", name, "person:REG", at, unit=unit, grant=name, holder=holder, **data)


def granted(name: str, grantee: str, *, by: str = HEAD, at: str = "2024-01-03T09:00:00+08:00", **data: Any) -> Any:
    """Return a general grant that lacks no element, unless said otherwise; `parent=None`: on the grantor's root."""
    given: dict[str, Any] = {
        "kind": "general",
        "parent": "grant:R",
        "scope": {"acts": ["contract.sign"]},
        "valid_from": "2024-01-03",
        "valid_until": "2026-12-31",
        "sub_delegable": True,
        "responsibility": {"grantor": "selects", "grantee": "signs"},
        **data,
    }
    stated = {member: value for member, value in given.items() if value is not None}
    unit = stated.pop("unit", UNIT)
    return said("auth.grant", name, by, at, unit=unit, grant=name, grantor=by, grantee=grantee, **stated)


def signed(actor: str, at: str, amount: str, authority: str | None = None, **data: Any) -> dict[str, Any]:
    attributes = {"authority": authority} if authority is not None else {}
    return said("contract.sign", "project:X", actor, at, attributes=attributes, amount=amount, contract="C1", **data)


def seated(person: str, post: str, begins: str, until: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an assignment to a post, made on the day it begins."""
    term = {"from": begins, **({"until": until} if until is not None else {})}
    return said(
        "post.assign", post, "person:HR", f"{begins}T08:00:00+08:00", post=post, person=person, **term, **fields
    )


def withdrawn(act: dict[str, Any], at: str) -> dict[str, Any]:
    key = {"source": act["source"], "id": act["id"]}
    return said("act.correct", UNIT, "person:REG", at, corrects=key, void=True, reason="recorded in error")
