"""
Problems over HTTP: RFC 9457 `application/problem+json`, with every fault in `errors`.

Services raise errors of their own; each maps them here, in one place, to a status and a type.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import ParameterKwarg
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsException, ProblemDetailsPlugin

from contracts.faults import Fault
from edge.paging import BadCursor

_TYPE_PREFIX = "urn:quanze:problem:"
_CODES = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    429: "queue-full",
    500: "internal",
    503: "unavailable",
}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> ProblemDetailsException:
    """Make one problem. `code` ends its type URI; `faults` become `errors`; `members` are extension members (§3.2)."""
    return ProblemDetailsException(
        detail=detail or title,
        status_code=status,
        title=title,
        type_=_TYPE_PREFIX + code,
        headers=dict(headers) if headers else None,
        extra={"errors": msgspec.to_builtins(faults), **members},
    )


def problems_plugin(
    mapping: Mapping[type[Exception], Callable[[Any], ProblemDetailsException]],
) -> ProblemDetailsPlugin:
    """Return the Litestar plugin: these errors through `mapping`, Litestar's own through their status."""
    return ProblemDetailsPlugin(
        ProblemDetailsConfig(
            exception_to_problem_detail_map={
                HTTPException: _from_http,
                BadCursor: _of_cursor,
                RecursionError: _of_depth,
                **mapping,
            },  # pyright: ignore[reportArgumentType] - the library's map is invariant in the exception
        )
    )


def _of_depth(_: RecursionError) -> ProblemDetailsException:
    """Answer a body that is nested deeper than it can be read."""
    return problem(400, "too-deep", "The body is nested too deep")


def answer_parameters(request: Request[Any, Any, Any], exc: ValidationException) -> Response[dict[str, Any]]:
    """Answer parameters that are missing or ill-typed, by the names they are sent under: ours may be others."""
    if isinstance(exc.__cause__, KeyError):  # the name of what is missing; the library puts it into words only
        exc.extra = [{"key": exc.__cause__.args[0], "code": "missing", "message": "is required"}]
    sent = {
        name: field.kwarg_definition.name
        for name, field in request.route_handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, ParameterKwarg) and field.kwarg_definition.name
    }
    extra: Any = exc.extra or []
    exc.extra = [{**each, "key": sent.get(each["key"], each["key"])} if "key" in each else each for each in extra]
    return _from_http(exc).to_response(request)


def answer_body(request: Request[Any, Any, Any], exc: RequestEntityTooLarge) -> Response[dict[str, Any]]:
    """Answer a body that is longer than its route takes, with the limit."""
    limit = request.route_handler.resolve_request_max_body_size()
    exc.extra = [{"code": "too_large", "message": f"more than {limit} bytes in one body"}]
    return _from_http(exc).to_response(request)


def _of_cursor(exc: BadCursor) -> ProblemDetailsException:
    fault = Fault("/after", "bad_cursor", "take `next` from the page before, as it is")
    return problem(400, "bad-request", "This is no cursor of this list", faults=[fault])


def _pointer(key: str) -> str:
    """Return the JSON Pointer (RFC 6901) of what the library calls `positions[0]`."""
    return "/" + key.replace("[", "/").replace("]", "")


def _from_http(exc: HTTPException) -> ProblemDetailsException:
    if isinstance(exc, ProblemDetailsException):
        return exc
    extra: Any = exc.extra or []
    faults = [
        Fault(
            _pointer(each["key"]) if "key" in each else "", each.get("code", "bad_value"), str(each.get("message", ""))
        )
        for each in extra
    ]
    headers = {"WWW-Authenticate": "Bearer"} if exc.status_code == 401 else exc.headers
    code = _CODES.get(exc.status_code, "bad-request" if exc.status_code < 500 else "internal")
    return problem(
        exc.status_code, code, code.replace("-", " ").capitalize(), exc.detail, faults=faults, headers=headers
    )
