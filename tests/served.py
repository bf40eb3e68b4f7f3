"""A ledger behind a real HTTP server, in a thread of the test: for what a test client cannot do, as breaking off."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx

from ledger.main import Ledger, create_token
from ledger.settings import Settings
from quanze.serving import address, ledger_app, listen, serve
from tests.conftest import Database
from tests.events import SOURCE


class _Told(Exception):
    """The test wants the server to end."""


@dataclass
class Served:
    """A running ledger; `end` stops its server as a signal would, and returns when it has ended."""

    ledger: Ledger
    database: Database
    url: str
    _told: threading.Event
    _thread: threading.Thread
    clients: list[httpx.Client] = field(default_factory=list)

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Return the header of a new token."""
        _, text = create_token(self.database.dsn, self.ledger.log_id, name="t", scopes=scopes, sources=[SOURCE])
        return {"Authorization": f"Bearer {text}"}

    def http(self, *scopes: str) -> httpx.Client:
        """Return a client with a token of its own: with every right, unless scopes are given."""
        self.clients.append(httpx.Client(base_url=self.url, headers=self.bearer(*(scopes or ("admin",))), timeout=60))
        return self.clients[-1]

    def end(self) -> None:
        self._told.set()
        self._thread.join()


@contextmanager
def served(database: Database, *, queue_acts_max: int = 50_000) -> Generator[Served]:
    """Serve the ledger of a database until the end of the block."""
    settings = Settings(dsn=database.dsn, signing_key=database.signer.text(), queue_acts_max=queue_acts_max)
    told = threading.Event()

    def until_told() -> None:
        told.wait()
        raise _Told

    def run() -> None:
        with suppress(_Told):
            serve(ledger_app(ledger), bound, until_told)

    bound = listen("127.0.0.1", 0)
    bound.listen()  # whoever connects before the server is there waits for it
    url = address(bound)
    with Ledger(settings) as ledger:
        thread = threading.Thread(target=run, name="server")
        own = Served(ledger, database, url, told, thread)
        thread.start()
        try:
            httpx.get(f"{url}/health/live").raise_for_status()
            yield own
        finally:
            for client in own.clients:
                client.close()
            own.end()
