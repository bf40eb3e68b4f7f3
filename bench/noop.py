"""
The rival of the benches over HTTP: a GET and a POST that do nothing, in the application and server of the product.

`python -m bench.noop PORT`, with QUANZE_DSN, serves `/noop` behind the same authentication, guards, metrics and problem
pages; what is left is what a request costs before any work. The POST reads an act's envelope, and forgets it.
"""

import os
import sys
from contextlib import suppress
from typing import Final

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State

from contracts.envelope import Envelope
from edge.app import make_app
from edge.database import open_pool
from edge.tokens import Token, Tokens, requires
from projector.main import find_log
from quanze.logs import set_up_logs
from quanze.serving import listen, serve

_decode: Final = msgspec.json.Decoder(Envelope).decode


@get("/noop", guards=[requires("read")])
async def noop() -> dict[str, str]:
    """Do nothing."""
    return {}


@post("/noop", guards=[requires("events:write")])
async def noop_post(request: Request[Token, None, State]) -> dict[str, str]:
    """Read an envelope."""
    _decode(await request.body())
    return {}


def main() -> None:
    set_up_logs()
    dsn = os.environ["QUANZE_DSN"]
    bound = listen("127.0.0.1", int(sys.argv[1]))
    pool = open_pool(dsn, "quanze_projector", size_max=8, name="bench noop")
    tokens = Tokens(pool, find_log(dsn, None)[0])
    with pool, suppress(KeyboardInterrupt):
        serve(make_app([noop, noop_post], title="noop", tokens=tokens, state={}, checks={}, errors={}), bound)


if __name__ == "__main__":
    main()
