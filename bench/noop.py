"""
The rival of every bench over HTTP: a GET that does nothing, in the application and server of the product.

`python -m bench.noop PORT`, with QUANZE_DSN, serves `/noop` behind the same authentication, guard, metrics and problem
pages; what is left is what a request costs before any work.
"""

import os
import sys
from contextlib import suppress

from litestar import get

from edge.app import make_app
from edge.database import open_pool
from edge.tokens import Tokens, requires
from projector.main import find_log
from quanze.logs import set_up_logs
from quanze.serving import listen, serve


@get("/noop", guards=[requires("read")])
async def noop() -> dict[str, str]:
    """Do nothing."""
    return {}


def main() -> None:
    set_up_logs()
    dsn = os.environ["QUANZE_DSN"]
    bound = listen("127.0.0.1", int(sys.argv[1]))
    pool = open_pool(dsn, "quanze_projector", size_max=8, name="bench noop")
    tokens = Tokens(pool, find_log(dsn, None)[0])
    with pool, suppress(KeyboardInterrupt):
        serve(make_app([noop], title="noop", tokens=tokens, state={}, checks={}, errors={}), bound)


if __name__ == "__main__":
    main()
