"""The `quanze` command (contract §5)."""

import logging
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Final

import click
import httpx
import psycopg

from quanze.client import ServiceAnswered
from quanze.embedded import BinariesMissing, EmbeddedError
from quanze.ending import end_in_order, told
from quanze.errors import NothingRuns, WrongUse
from quanze.importer.faults import ImportFault
from quanze.logs import set_up_logs

EXIT_NO, EXIT_WRONG_USE, EXIT_NO_SERVICE = 1, 2, 3

_WHERE: Final = {
    "demo": "serve",
    "up": "serve",
    "ledger": "serve",
    "projector": "serve",
    "post": "write",
    "preflight": "write",
    "import": "write",
    "replay": "ask",
    "who": "ask",
    "grants": "ask",
    "conflicts": "ask",
    "findings": "judge",
    "rules": "judge",
    "obligations": "judge",
    "scan": "judge",
    "bundle": "prove",
    "verify": "prove",
    "migrate": "administer",
    "rebuild": "administer",
    "token": "administer",
    "key": "keys",
}
"""Which file of `quanze.commands` holds a command."""


class _Commands(click.Group):
    """Loads a command when it is called: whoever verifies a proof does not wait for two services to be imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _WHERE:
            return None
        commands: tuple[click.Command, ...] = import_module(f"quanze.commands.{_WHERE[cmd_name]}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine · 1 the answer is no · 2 wrong use · 3 the service or the database did not answer",
)
@click.version_option(version("quanze"), message="%(version)s")
def quanze() -> None:
    """Quanze 权责: who did what in public procurement, in which role, by whose authority, provably."""


def main() -> None:
    """Run the command; turn what can go wrong into one line on stderr and an exit code."""
    try:
        if _WHERE.get(next(iter(sys.argv[1:]), "")) == "serve":
            end_in_order()
        _run()
    except (click.Abort, KeyboardInterrupt):
        sys.exit(0 if told() == signal.SIGTERM else 130)


def _run() -> None:
    set_up_logs(logging.ERROR)  # standard output is for answers; what serves says more
    try:
        # Outside its standalone mode click returns the status of an `Exit` instead of leaving with it.
        sys.exit(quanze.main(standalone_mode=False))
    except click.ClickException as exc:
        exc.show()
        sys.exit(EXIT_WRONG_USE)
    except ServiceAnswered as exc:
        faults = [f"\n  {fault['pointer'] or '/'}: {fault['message']}" for fault in exc.faults]
        _fail(str(exc) + "".join(faults), _status_of(exc))
    except (WrongUse, ImportFault) as exc:
        _fail(str(exc), EXIT_WRONG_USE)
    except (httpx.TransportError, NothingRuns) as exc:
        _fail(f"the service did not answer: {exc}", EXIT_NO_SERVICE)
    except (psycopg.OperationalError, psycopg.InternalError, EmbeddedError, BinariesMissing) as exc:
        _fail(str(exc).strip(), EXIT_NO_SERVICE)
    except psycopg.errors.InsufficientPrivilege as exc:
        _fail(f"this database login may not do that: {str(exc).strip()}", EXIT_NO_SERVICE)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        _fail("this database is not prepared: run `quanze migrate`", EXIT_NO_SERVICE)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has enough
        sys.exit(0)


def _status_of(answer: ServiceAnswered) -> int:
    """What is stored contradicts what was signed: that is an answer, and it is no."""
    if str(answer.document.get("type")).endswith(":corrupt"):
        return EXIT_NO
    return EXIT_NO_SERVICE if answer.status >= 500 else EXIT_WRONG_USE


def _fail(message: str, code: int) -> None:
    click.echo(f"quanze: {message}", err=True)
    sys.exit(code)
