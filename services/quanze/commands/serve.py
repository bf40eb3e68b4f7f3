"""Commands that serve: up, demo, and each service alone."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from ledger.main import Ledger
from ledger.settings import Settings as LedgerSettings
from projector.main import Projector
from projector.settings import Settings as ProjectorSettings
from quanze.commands.options import data_option
from quanze.demo import tell
from quanze.logs import set_up_logs
from quanze.serving import Running, address, from_environment, in_words, ledger_app, listen, running, serve
from quanze.settings import DEFAULT_PORT, DataDirectory

Story = Callable[[DataDirectory, str], None]

port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")


@click.command(epilog="Example: quanze up --data ./data --port 8420")
@data_option
@host_option
@port_option
def up(data: Path, host: str, port: int) -> None:
    """Run both services, with an embedded PostgreSQL unless QUANZE_DSN names a server."""
    _run(DataDirectory(data), host, port, None)


@click.command(epilog="Example: quanze demo --data ./data/demo")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/demo"),
    show_default=True,
    help="The data directory; a second run finds the county there.",
)
@host_option
@port_option
def demo(data: Path, host: str, port: int) -> None:
    """Load a county, show the four answers, serve it until Ctrl-C."""
    _run(DataDirectory(data), host, port, tell)


@click.command(epilog="Example: QUANZE_DSN=… QUANZE_SIGNING_KEY=… quanze ledger --port 8421")
@host_option
@port_option
def ledger(host: str, port: int) -> None:
    """Run the ledger alone, on the server of QUANZE_DSN."""
    set_up_logs()
    settings = from_environment(LedgerSettings.from_environment)
    bound = listen(host, port)
    with in_words(), Ledger(settings) as own:
        click.echo(f"the ledger of {own.origin} listens on {address(bound)}")
        serve(ledger_app(own), bound)


@click.command(epilog="Example: QUANZE_DSN=… quanze projector --port 8422")
@host_option
@port_option
def projector(host: str, port: int) -> None:
    """Run the projector alone, on the server of QUANZE_DSN."""
    set_up_logs()
    settings = from_environment(ProjectorSettings.from_environment)
    bound = listen(host, port)
    with in_words(), Projector(settings) as own:
        click.echo(f"the projector of {own.origin} listens on {address(bound)}")
        serve(own.app(), bound)


def _run(data: DataDirectory, host: str, port: int, story: Story | None) -> None:
    set_up_logs()
    bound = listen(host, port)
    with in_words(), running(data, os.environ.get("QUANZE_DSN"), os.environ.get("QUANZE_ORIGIN")) as both:
        _announce(both, data, address(bound))
        tell_it = partial(story, data, address(bound)) if story is not None else None
        serve(both.app, bound, tell_it, both.keep)


def _announce(both: Running, data: DataDirectory, url: str) -> None:
    click.echo(f"Quanze 权责 · log {both.ledger.origin}")
    click.echo(f"  address      {url}    (API page: {url}/docs)")
    click.echo(f"  admin token  {data.admin_token}")
    click.echo(f"  public key   {data.verifier_key}")


COMMANDS = (demo, up, ledger, projector)
