"""
Bearer tokens (RFC 6750): who may post, as which sources, and who may read.

A token is 256 random bits; the database holds its SHA-256 only, so that a copy of it lets nobody in. A look-up is
remembered for two seconds: a revocation bites within that time.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, get_args

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from msgspec import Struct

from edge.database import Pool, statement

Scope = Literal["events:write", "read", "verify", "backfill", "erase", "admin"]
SCOPES: Final = frozenset(get_args(Scope))

REMEMBERED_SECONDS: Final = 2.0
_REMEMBERED_MAX: Final = 10_000


class Token(Struct, frozen=True):
    """
    What a bearer may do. `admin` is every scope, for any source.

    `sources` are the CloudEvents sources it may post as, `acts` the acts (empty: all of the catalogue).
    """

    token_id: str
    name: str
    scopes: frozenset[str]
    sources: frozenset[str]
    acts: frozenset[str]

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def may_post_as(self, source: str) -> bool:
        return "admin" in self.scopes or source in self.sources

    def may_post(self, act: str) -> bool:
        return not self.acts or act in self.acts


class Tokens:
    """The tokens of one log."""

    def __init__(self, pool: Pool, log_id: int) -> None:
        self._pool = pool
        self._log_id = log_id
        self._remembered: dict[bytes, tuple[float, Token | None]] = {}

    def find(self, bearer: str) -> Token | None:
        """Return the live token of this bearer. Blocks on the database when it is not remembered."""
        digest = digest_of(bearer)
        now = time.monotonic()
        seen = self._remembered.get(digest)
        if seen is not None and now - seen[0] < REMEMBERED_SECONDS:
            return seen[1]
        with self._pool.connection() as connection:
            row = connection.execute(
                statement("edge", "token_by_digest"), {"log_id": self._log_id, "digest": digest}
            ).fetchone()
        token = Token(row[0], row[1], *map(frozenset, row[2:])) if row is not None else None
        if len(self._remembered) >= _REMEMBERED_MAX:
            self._remembered.clear()  # somebody tries tokens at random; forgetting costs one look-up each
        self._remembered[digest] = (now, token)
        return token

    async def ask(self, bearer: str) -> Token | None:
        """Return the live token of this bearer, as `find` does, without keeping the loop."""
        return self._looked_up_just_now(bearer) or await asyncio.to_thread(self.find, bearer)

    async def require_live(self, authorization: str) -> None:
        """Raise `NotAuthorizedException` where the token of a request that is under way was revoked meanwhile."""
        if await self.ask(bearer_of(authorization)) is None:
            raise NotAuthorizedException(
                "this token was revoked meanwhile; what was recorded until then stays recorded"
            )

    def _looked_up_just_now(self, bearer: str) -> Token | None:
        seen = self._remembered.get(digest_of(bearer))
        return seen[1] if seen is not None and time.monotonic() - seen[0] < REMEMBERED_SECONDS else None


def new_bearer() -> str:
    """Return the text of a new token: a fixed prefix, so that a leaked one can be found, and 256 random bits."""
    return "quanze_" + secrets.token_urlsafe(32)


def bearer_of(authorization: str) -> str:
    """Return the bearer that an `Authorization` header names; an empty text where it names none."""
    scheme, _, bearer = authorization.partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def digest_of(bearer: str) -> bytes:
    """Return what the database keeps of a token. 256 random bits need no slow hash: they cannot be guessed."""
    return hashlib.sha256(bearer.encode()).digest()


class Authentication(AbstractAuthenticationMiddleware):
    """Reads `Authorization: Bearer …`. Routes with `exclude_from_auth=True` are open."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        bearer = bearer_of(connection.headers.get("Authorization", ""))
        if not bearer:
            raise NotAuthorizedException("send `Authorization: Bearer <token>`; see `quanze token create --help`")
        tokens: Tokens = connection.app.state.tokens
        token = await tokens.ask(bearer)
        if token is None:
            raise NotAuthorizedException("no such token, or it was revoked")
        return AuthenticationResult(user=token, auth=None)


def requires(*scopes: Scope) -> Callable[[ASGIConnection[Any, Token, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """Return a guard: the token has one of these scopes (or `admin`)."""

    async def guard(connection: ASGIConnection[Any, Token, Any, Any], _: BaseRouteHandler) -> None:
        require(connection.user, *scopes)  # awaited, since Litestar sends a plain guard to another thread

    return guard


def require(token: Token, *scopes: Scope) -> None:
    """Raise unless the token has one of these scopes (or `admin`)."""
    if not any(token.may(scope) for scope in scopes):
        raise PermissionDeniedException(f"this token lacks the scope {' or '.join(scopes)}")
