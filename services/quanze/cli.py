"""The `quanze` command (contract §5)."""

import sys
from importlib.metadata import version

import click
import httpx
import psycopg

from quanze.client import ServiceAnswered
from quanze.commands import administer, ask, prove, serve, write
from quanze.commands.options import NothingRuns, WrongUse
from quanze.embedded import BinariesMissing, EmbeddedError
from quanze.importer import ImportFault
from quanze.serving import PortTaken

EXIT_NO, EXIT_WRONG_USE, EXIT_NO_SERVICE = 1, 2, 3


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine · 1 the answer is no · 2 wrong use · 3 the service or the database did not answer",
)
@click.version_option(version("quanze"), message="%(version)s")
def quanze() -> None:
    """Quanze 权责: who did what in public procurement, in which role, by whose authority, provably."""


for command in (*serve.COMMANDS, *write.COMMANDS, *ask.COMMANDS, *prove.COMMANDS, *administer.COMMANDS):
    quanze.add_command(command)


def main() -> None:
    """Run the command; turn what can go wrong into one line on stderr and an exit code."""
    try:
        # Outside its standalone mode click returns the status of an `Exit` instead of leaving with it.
        sys.exit(quanze.main(standalone_mode=False))
    except click.Abort:
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(EXIT_WRONG_USE)
    except ServiceAnswered as exc:
        faults = [f"\n  {fault['pointer'] or '/'}: {fault['message']}" for fault in exc.faults]
        _fail(str(exc) + "".join(faults), EXIT_NO_SERVICE if exc.status >= 500 else EXIT_WRONG_USE)
    except (WrongUse, ImportFault, PortTaken) as exc:
        _fail(str(exc), EXIT_WRONG_USE)
    except (httpx.TransportError, NothingRuns) as exc:
        _fail(f"the service did not answer: {exc}", EXIT_NO_SERVICE)
    except (psycopg.OperationalError, EmbeddedError, BinariesMissing) as exc:
        _fail(str(exc).strip(), EXIT_NO_SERVICE)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has enough
        sys.exit(0)


def _fail(message: str, code: int) -> None:
    click.echo(f"quanze: {message}", err=True)
    sys.exit(code)
