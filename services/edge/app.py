"""One Litestar application from a service's routes: authentication, problems, health, metrics and the API page."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from litestar import Litestar, Request, Response, get
from litestar.exceptions import ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.problem_details import ProblemDetailsException
from litestar.plugins.prometheus import PrometheusController
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType] - its os.PathLike is bare
from litestar.types import ControllerRouterHandler, Message, Send
from litestar.utils import normalize_path

from contracts.faults import Fault, pointer
from edge.metrics import Metrics
from edge.problems import answer_body, answer_parameters, problem, problems_plugin
from edge.tokens import Authentication, Tokens

Errors = Mapping[type[Exception], Callable[[Any], ProblemDetailsException]]
"""How a service's own errors become problems."""
Check = Callable[[], str | None]
"""Return why the service is not ready, or None."""

_ASSETS = Path(str(files("swagger_ui").joinpath("static")))


class Drained(Exception):
    """The process was told to end."""


class Drain:
    """Ends what would go on for long, a body without an end or a stream, once the process is told to end."""

    def __init__(self) -> None:
        self._began = False
        self._calls: set[Callable[[], object]] = set()

    def begin(self) -> None:
        """Say that the process is told to end. In the thread of the loop."""
        self._began = True
        for call in tuple(self._calls):
            call()

    @contextmanager
    def calls(self, call: Callable[[], object]) -> Generator[None]:
        """Have something called in the thread of the loop, should the process be told to end during the block."""
        self._calls.add(call)
        try:
            if self._began:
                call()
            yield
        finally:
            self._calls.discard(call)

    @asynccontextmanager
    async def ends(self) -> AsyncGenerator[None]:
        """Break the block off when the process is told to end: that raises `Drained`."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                with self.calls(lambda: limit.reschedule(0)):
                    yield
        except TimeoutError as exc:
            if limit.expired():
                raise Drained from exc
            raise


def make_app(
    handlers: Sequence[HTTPRouteHandler],
    *,
    title: str,
    tokens: Tokens,
    state: Mapping[str, Any],
    checks: Mapping[str, Check],
    errors: Errors,
) -> Litestar:
    """
    Return the application. `checks` decide `/health/ready`; `errors` map a service's own errors to problems.

    What goes on for long asks `app.state.drain`, a `Drain`, when to end.

    HEAD is answered wherever GET is, but for routes with `endless=True`: to ask for their head would not end.

    Open without a token: health, metrics, the API page, and the routes that say so themselves.
    """
    endless = [path for handler in handlers if handler.opt.get("endless") for path in handler.paths]
    routes: list[ControllerRouterHandler] = [*handlers, *_health(checks), _Metrics, _assets()]
    app = _Application(
        routes,
        before_request=_refuse_unreadable,
        exception_handlers={ValidationException: answer_parameters, RequestEntityTooLarge: answer_body},
        middleware=[DefineMiddleware(Authentication, exclude=["^/docs(/|$)"]), Metrics()],
        plugins=[problems_plugin(errors)],
        openapi_config=_openapi(title),
        logging_config=None,  # structlog is set up by whoever composes the process
    )
    app.endless = frozenset(endless)
    app.state.tokens = tokens
    app.state.drain = Drain()
    app.state.update(state)
    return app


_ESCAPED_SLASH = "\0"
"""Stands for a `/` that was sent as %2F. No request can hold it otherwise (`_refuse_unreadable`)."""


def with_slashes(text: str) -> str:
    """Return a part of a path with the slashes that were escaped in it."""
    return text.replace(_ESCAPED_SLASH, "/")


async def _refuse_unreadable(request: Request[Any, Any, Any]) -> None:
    """
    Refuse what cannot mean anything: a NUL, which no name holds and PostgreSQL does not take, and an empty parameter.

    Whoever filters by nothing, such as by a variable that was not set, would take the whole list for what was found.
    """
    sent: bytes = request.scope["raw_path"] + b"?" + request.scope["query_string"]
    if b"%00" in sent or b"\0" in sent:
        fault = Fault("", "nul", "the address holds a NUL")
        raise problem(400, "bad-request", "The question cannot be read", fault.message, faults=[fault])
    if request.method == "GET":
        empty = sorted({name for name, value in request.query_params.multi_items() if value == ""})
        faults = [Fault(pointer("", name), "empty", "holds nothing: leave it out, or say what") for name in empty]
        if faults:
            raise problem(400, "bad-request", "The question cannot be read", faults[0].message, faults=faults)


class _Application(Litestar):
    """
    Keeps a `/` that is part of a reference, sent as %2F, from being taken for the end of a path's segment.

    Answers HEAD as GET, without the body (RFC 9110 §9.3.2).
    """

    endless: frozenset[str] = frozenset()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raw: bytes = (scope.get("raw_path") or b"").partition(b"?")[0] if scope["type"] == "http" else b""
        if b"%2f" in raw.lower():
            segments = raw.decode("ascii", "replace").split("/")
            scope["path"] = "/".join(unquote(segment).replace("/", _ESCAPED_SLASH) for segment in segments)
        if scope["type"] == "http" and scope["method"] == "HEAD" and normalize_path(scope["path"]) not in self.endless:
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        await super().__call__(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return head


def _health(checks: Mapping[str, Check]) -> list[HTTPRouteHandler]:
    @get("/health/live", exclude_from_auth=True, sync_to_thread=False, tags=["operation"])
    def live() -> dict[str, str]:
        """Answer as long as the process runs."""
        return {"status": "live"}

    @get("/health/ready", exclude_from_auth=True, sync_to_thread=True, tags=["operation"])
    def ready() -> Response[dict[str, Any]]:
        """Answer 200 when every part does its work, else 503 and what does not."""
        faults = {name: fault for name, check in checks.items() if (fault := check()) is not None}
        body = {"status": "waiting", "faults": faults} if faults else {"status": "ready"}
        return Response(body, status_code=503 if faults else 200)

    return [live, ready]


class _Metrics(PrometheusController):
    path = "/metrics"
    opt = {"exclude_from_auth": True}  # noqa: RUF012 - the library's own declaration


def _assets() -> ControllerRouterHandler:
    return create_static_files_router(
        "/docs/assets", [_ASSETS], opt={"exclude_from_auth": True}, include_in_schema=False
    )


def _openapi(title: str) -> OpenAPIConfig:
    swagger = SwaggerRenderPlugin(
        js_url="/docs/assets/swagger-ui-bundle.js",
        css_url="/docs/assets/swagger-ui.css",
        standalone_preset_js_url="/docs/assets/swagger-ui-standalone-preset.js",
        favicon='<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">',
        path="/",
    )
    return OpenAPIConfig(
        title=title,
        version="1",
        path="/docs",
        render_plugins=[swagger],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )


def unavailable(exc: Exception) -> ProblemDetailsException:
    """Map a database that does not answer to 503 with `Retry-After`."""
    return problem(
        503,
        "unavailable",
        "The database did not answer",
        "nothing was acknowledged; try again",
        headers={"Retry-After": "1"},
    )
