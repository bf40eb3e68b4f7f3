"""Posts from several connections at once, and keeps what was answered: by that a crash is judged."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import httpx

from tests.events import event

SOURCE: Final = "urn:faults"
BATCH_ACTS: Final = 500
_ONE: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_LINES: Final = "application/x-ndjson"
_WORKERS: Final = ("single", "single", "single", "grant", "mixed", "batch", "lines")
"""
One connection each: single acts, grants (which rest on a condition), small batches with a grant, batches of 500, and as
many acts one a line.
"""
_REPEATED: Final = 0.1
_BATCH_PAUSE_SECONDS: Final = 0.6  # so that the log does not outgrow the full check that follows every round
_REFUSED_PAUSE_SECONDS: Final = 0.02


@dataclass(eq=False)
class Posted:
    """A request: its acts, and the answer that acknowledged them, if one came."""

    acts: Sequence[dict[str, Any]]
    content_type: str
    receipts: Sequence[dict[str, Any]] | None = None
    asked_at: float = 0.0
    """By the monotonic clock, when it was last sent."""
    answered: bool = False
    """Whether an answer came, whatever it said."""

    @property
    def alone(self) -> bool:
        """Whether each act stands alone, instead of all or none."""
        return self.content_type == _LINES

    def names(self) -> list[tuple[str, str]]:
        return [(act["source"], act["id"]) for act in self.acts]


class Wrong(AssertionError):
    """The ledger did what it must not."""


class Load:
    """
    Connections that post until told to stop, and one that reads the newest checkpoint.

    An answer may acknowledge, or be 503, 507 or 429 with `Retry-After`; a connection may break. At anything
    else `require_answers` raises.
    """

    def __init__(self, url: str, token: str, name: str, random: Random) -> None:
        self._url, self._token, self._name = url, token, name
        self._stopped = threading.Event()
        self._seeds = [random.random() for _ in _WORKERS]
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._work, number), daemon=True)
            for number in range(len(_WORKERS))
        ] + [threading.Thread(target=self._guarded, args=(self._watch,), daemon=True)]
        self.posted: list[Posted] = []
        self.notes: set[str] = set()
        self.wrongs: list[str] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every request come to its end."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def require_answers(self) -> None:
        """Raise `Wrong` at an answer, or an error, that should not have been."""
        if self.wrongs:
            raise Wrong("\n".join(self.wrongs[:5]))

    def refused_since(self, since: float) -> int:
        """Return how many of the requests sent after this moment were answered, and not acknowledged."""
        return sum(each.answered and each.receipts is None and each.asked_at > since for each in list(self.posted))

    def acknowledges_again(self, since: float) -> bool:
        """Say whether something sent after this moment was acknowledged."""
        return any(each.receipts is not None and each.asked_at > since for each in list(self.posted))

    def _guarded(self, work: Any, *arguments: int) -> None:
        try:
            with client(self._url, self._token) as http:
                work(http, *arguments)
        except Exception as exc:  # noqa: BLE001 - a thread's error would be lost; `require_answers` raises it
            self.wrongs.append(f"{type(exc).__name__}: {exc}")

    def _work(self, http: httpx.Client, number: int) -> None:
        random, worker = Random(self._seeds[number]), _WORKERS[number]
        mine: list[Posted] = []
        while not self._stopped.is_set():
            known = [each for each in mine if each.receipts is not None]
            if known and random.random() < _REPEATED:
                self._repeat(http, random.choice(known))
                continue
            request = _request(worker, f"{self._name}.{number}.{len(mine)}", random)
            mine.append(request)
            self.posted.append(request)
            self._send(http, request)
            if worker in ("batch", "lines"):
                self._stopped.wait(_BATCH_PAUSE_SECONDS)

    def _send(self, http: httpx.Client, request: Posted) -> None:
        try:
            answer = send(http, request)
        except httpx.TransportError:
            answer = None
        if answer is None or not answer.is_success:
            self._stopped.wait(_REFUSED_PAUSE_SECONDS)

    def _repeat(self, http: httpx.Client, request: Posted) -> None:
        """Send again what was acknowledged: `send` compares the receipts."""
        try:
            send(http, Posted(request.acts, request.content_type, request.receipts))
        except httpx.TransportError:
            self._stopped.wait(_REFUSED_PAUSE_SECONDS)

    def _watch(self, http: httpx.Client) -> None:
        while not self._stopped.wait(0.05):
            try:
                answer = http.get("/checkpoint")
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                self.notes.add(answer.text)
            else:
                _require_come_back(answer)


def client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def send(http: httpx.Client, request: Posted) -> httpx.Response:
    """
    Post, and keep the receipts if all is acknowledged. Raises `Wrong` at an answer that none may get.

    An act that was acknowledged before must get the same receipt, as a duplicate.
    """
    request.asked_at = time.monotonic()
    answer = http.post("/v1/events", content=_body(request), headers={"Content-Type": request.content_type})
    request.answered = True
    if answer.status_code != (200 if request.alone else 201):
        _require_come_back(answer)
        return answer
    receipts = _receipts(answer, request)
    if [(each.get("source"), each.get("id")) for each in receipts] != request.names():
        raise Wrong(f"other receipts than for what was posted: {answer.text[:500]}")
    if request.receipts is not None and [{**each, "status": "duplicate"} for each in request.receipts] != receipts:
        raise Wrong(f"another receipt for an act that was acknowledged: {answer.text[:500]}")
    request.receipts = request.receipts or receipts
    return answer


def _body(request: Posted) -> bytes:
    if request.alone:
        return b"".join(json.dumps(act).encode() + b"\n" for act in request.acts)
    return json.dumps(request.acts if request.content_type == _BATCH else request.acts[0]).encode()


def _receipts(answer: httpx.Response, request: Posted) -> list[dict[str, Any]]:
    if not request.alone:
        return answer.json()["receipts"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    if [line.pop("line", None) for line in lines] != list(range(1, len(request.acts) + 1)):
        raise Wrong(f"not one answer for each line: {answer.text[:500]}")
    return lines


def _require_come_back(answer: httpx.Response) -> None:
    """Raise `Wrong` unless the answer says that the ledger cannot work just now, and when to ask again."""
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    if answer.status_code not in (429, 503, 507) or "retry-after" not in answer.headers or not problem:
        raise Wrong(f"answered {answer.status_code} {dict(answer.headers)}: {answer.text[:500]}")


def _request(worker: str, name: str, random: Random) -> Posted:
    match worker:
        case "single":
            return Posted([_signing(name, random)], _ONE)
        case "grant":
            return Posted([_grant(name)], _ONE)
        case "mixed":
            acts = [_signing(f"{name}.{n}", random) for n in range(random.randrange(2, 20))]
            return Posted([*acts, _grant(f"{name}.g")], _BATCH)
        case _:
            acts = [_signing(f"{name}.{n}", random) for n in range(BATCH_ACTS)]
            return Posted(acts, _LINES if worker == "lines" else _BATCH)


def _signing(name: str, random: Random) -> dict[str, Any]:
    data = {"contract": f"C-{name}", "supplier": "supplier:V1", "amount": f"{random.randrange(1, 10**6)}.00"}
    return event("contract.sign", f"project:{name}", "person:P1", attributes={"id": name, "source": SOURCE}, **data)


def _grant(name: str) -> dict[str, Any]:
    said = {"id": name, "source": SOURCE}
    data = {"grant": f"grant:{name}", "grantee": "person:P2"}
    return event("auth.grant", f"grant:{name}", "person:P1", attributes=said, **data)
