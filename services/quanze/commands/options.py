"""Options that several commands share, and what they resolve to."""

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edge.database import statement
from quanze.client import Client
from quanze.errors import NothingRuns, WrongUse
from quanze.settings import DEFAULT_DATA, DEFAULT_URL, DataDirectory

F = TypeVar("F", bound=Callable[..., Any])


def data_option(function: F) -> F:
    """Add `--data`, the directory of `quanze up`."""
    return click.option(
        "--data",
        envvar="QUANZE_DATA",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_DATA,
        show_default=True,
        help="The data directory.",
    )(function)


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(function)


def with_client(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--url` and `--token-file`; the command receives a `client` to the service they name."""

    @click.option("--url", envvar="QUANZE_URL", default=DEFAULT_URL, show_default=True, help="The service to ask.")
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="A file that holds the token. Default: QUANZE_TOKEN, else data/admin.token.",
    )
    @wraps(function)
    def command(*args: Any, url: str, token_file: Path | None, **others: Any) -> Any:
        with Client(url, find_token(token_file)) as client:
            return function(*args, client=client, **others)

    return command


def find_token(token_file: Path | None) -> str:
    """Return the token of a file, of QUANZE_TOKEN, or the admin token of the data directory."""
    if token_file is None and os.environ.get("QUANZE_TOKEN"):
        return os.environ["QUANZE_TOKEN"]
    kept = token_file or DataDirectory(Path(os.environ.get("QUANZE_DATA", DEFAULT_DATA))).admin_token
    if not kept.exists():
        raise WrongUse("no token: set QUANZE_TOKEN, or name a file with --token-file")
    return kept.read_text("utf-8").strip()


def dsn_of(data: Path) -> str:
    """Return QUANZE_DSN, else the DSN of the database that `quanze up` runs in this data directory."""
    given = os.environ.get("QUANZE_DSN")
    if given:
        return given
    kept = DataDirectory(data).dsn
    if not kept.exists():
        raise NothingRuns(f"no `quanze up` runs in {data}; start one, or set QUANZE_DSN")
    return kept.read_text("utf-8").strip()


def log_of(dsn: str) -> tuple[int, str]:
    """Return number and origin of the log of a database: the only one, or that of QUANZE_ORIGIN."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(statement("quanze", "logs")).fetchall()
    wanted = os.environ.get("QUANZE_ORIGIN")
    found = [(log_id, origin) for log_id, origin in rows if wanted in (None, origin)]
    if len(found) != 1:
        raise WrongUse("this database holds no log" if not found else "set QUANZE_ORIGIN: there are several logs here")
    return found[0]


def print_json(document: Any) -> None:
    """Print a document for machines."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def progress() -> Progress:
    """Return a progress bar on stderr, silent unless that is a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
