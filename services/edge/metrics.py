"""
Counts and times requests by route, for `/metrics`.

The names and labels are those of Litestar's own Prometheus middleware. That one builds a request object, a URL and four
sets of labels for each request, which took as long as all else that a small answer needs; here the labelled series are
looked up.
"""

import time
from functools import cache
from typing import Final

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Gauge, Histogram

_LABELS: Final = ("method", "path", "status_code", "app_name")
_APP: Final = "quanze"
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_REQUESTS: Final = Counter("quanze_requests_total", "Total requests", _LABELS)
_SECONDS: Final = Histogram("quanze_request_duration_seconds", "Request duration, in seconds", _LABELS)
_ERRORS: Final = Counter("quanze_requests_error_total", "Total errors in requests", _LABELS)
_IN_PROGRESS: Final = Gauge(
    "quanze_requests_in_progress", "Total requests currently in progress", _LABELS, multiprocess_mode="livesum"
)


class Metrics(ASGIMiddleware):
    """Counts and times each request under its route's template, so that ids make no series of their own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != "http":
            await next_app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"  # a client may send any word
        path = str(scope.get("path_template", ""))
        in_progress = _in_progress(method, path)
        in_progress.inc()
        try:
            await next_app(scope, receive, watched)
        finally:
            in_progress.dec()
            requests, seconds, errors = _series(method, path, status)
            requests.inc()
            seconds.observe(time.perf_counter() - began)
            if status >= 500:
                errors.inc()


@cache
def _in_progress(method: str, path: str) -> Gauge:
    return _IN_PROGRESS.labels(method, path, "200", _APP)


@cache
def _series(method: str, path: str, status: int) -> tuple[Counter, Histogram, Counter]:
    labels = method, path, str(status), _APP
    return _REQUESTS.labels(*labels), _SECONDS.labels(*labels), _ERRORS.labels(*labels)
