"""What a command asks a running service: one small HTTP client, errors in words."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import httpx

_BATCH = {"Content-Type": "application/cloudevents-batch+json"}
_LINES = {"Content-Type": "application/x-ndjson"}


class ServiceAnswered(Exception):
    """The service said no: a problem (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(document.get("detail") or document.get("title") or f"status {status}")
        self.status = status
        self.document = document

    @property
    def faults(self) -> Sequence[Mapping[str, str]]:
        return self.document.get("errors", [])


class Client:
    """Talks to one service. Raises `ServiceAnswered` for a problem, `httpx.TransportError` where nobody answers."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        given = {name: value for name, value in parameters.items() if value is not None}
        return _answer(self._http.get(path, params=given))

    def text(self, path: str) -> str:
        answer = self._http.get(path)
        if answer.is_error:
            _answer(answer)
        return answer.text

    def content(self, path: str) -> bytes | None:
        """Return a body as bytes, or None where there is no such thing."""
        answer = self._http.get(path)
        if answer.status_code == 404:
            return None
        if answer.is_error:
            _answer(answer)
        return answer.content

    def file(self, path: str, **parameters: Any) -> bytes:
        """Return a body that may be long in the making."""
        given = {name: value for name, value in parameters.items() if value is not None}
        answer = self._http.get(path, params=given, timeout=600.0)
        if answer.is_error:
            _answer(answer)
        return answer.content

    def pages(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Yield every item of a list, page by page."""
        after: str | None = None
        while True:
            found = self.get(path, after=after, **parameters)
            yield from found["items"]
            after = found["next"]
            if after is None:
                return

    def post_json(self, path: str, document: Mapping[str, Any], *, seconds: float) -> Any:
        """Post a document; wait for the answer as long as that."""
        return _answer(self._http.post(path, json=document, timeout=seconds))

    def post_batch(self, events: Sequence[bytes]) -> Any:
        """Post acts, each as its own bytes, as one batch: all or nothing."""
        return _answer(self._http.post("/v1/events", content=_joined(events), headers=_BATCH))

    def post_lines(self, body: Iterable[bytes]) -> Iterator[Any]:
        """Post acts one a line; once all are sent, yield what became of each: a receipt or a problem."""
        with self._http.stream("POST", "/v1/events", content=body, headers=_LINES) as answer:
            if answer.is_error:
                answer.read()
                _answer(answer)
            yield from map(json.loads, answer.iter_lines())

    def preflight(self, events: Sequence[bytes]) -> Any:
        """Ask for the verdicts on acts that have not happened, each in the light of those before it."""
        return _answer(self._http.post("/v1/preflight", content=_joined(events), headers=_BATCH))


def _joined(events: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


def _answer(answer: httpx.Response) -> Any:
    try:
        document = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        document = {"detail": answer.text[:200] or f"status {answer.status_code}"}
    if answer.is_error:
        raise ServiceAnswered(answer.status_code, document)
    return document
