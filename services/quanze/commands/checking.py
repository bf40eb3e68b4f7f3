"""Runs the full check of a log for a command: where it is kept, what is remembered of it, how far it got."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from contracts.proof import Checkpoint, VerifierKey, parse_checkpoint
from quanze.check_state import BadState, State, load_state, save_state
from quanze.client import Client
from quanze.commands.options import find_token, log_of, progress
from quanze.database_check import database_log
from quanze.errors import WrongUse
from quanze.full_check import Checked, check_log
from quanze.log_to_check import Log, SignedHead, Unreadable
from quanze.remote_check import remote_log


def verify_log(
    log: str,
    given: Sequence[VerifierKey],
    token_file: Path | None,
    state_file: Path | None,
    kept: Mapping[str, bytes],
    hear: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> tuple[Checked, str]:
    """
    Check a log, which has to hold these checkpoints, too: by the names of the files they are from.

    Returns what was found, and whose key it was checked with.
    """
    since = _remembered(state_file, given)
    try:
        with _opened(log, token_file) as source:
            for name, note in kept.items():
                source = _with_held(source, name, note)
            checked = _check(source, given, since, state_file, hear)
    except Unreadable as exc:  # nothing could be checked: what shows the log cannot even say where it stands
        checked = Checked(log if since is None else since.origin, 0, 0, 0, fault=str(exc), position=exc.position)
    if given:
        trust = f"the key given, {given[0].name}+{given[0].key_id.hex()}" + ("" if len(given) == 1 else " and others")
    elif since is not None:
        trust = "the key remembered from the first check: for proof against the log's owner give yours"
    else:
        trust = "the key that the log itself names: for proof against its owner give yours"
    return checked, trust


def _remembered(path: Path | None, given: Sequence[VerifierKey]) -> State | None:
    """Return what an earlier run remembers of the log of this key. Another log's memory is none of this one's."""
    try:
        since = load_state(path) if path is not None else None
    except BadState as exc:
        raise WrongUse(f"{exc}. Without it all is checked from the first act on") from exc
    if since is not None and given and not any(since.knows(key) for key in given):
        raise WrongUse(f"{path} remembers {since.origin} under another key than the one given: one file for each log")
    return since


def _with_held(log: Log, name: str, note: bytes) -> Log:
    """Return the log with the checkpoint that somebody kept among those it signed: it must fit as they do."""
    kept = read_checkpoint(note)
    if kept.origin != log.origin:
        raise WrongUse(f"{name} has a checkpoint of {kept.origin}, not of {log.origin}")
    own = SignedHead(kept.size, kept.root, note)
    return msgspec.structs.replace(log, checkpoints=lambda: merge(log.checkpoints(), [own], key=lambda each: each.size))


@contextmanager
def _opened(log: str, token_file: Path | None) -> Generator[Log]:
    if log.startswith(("http://", "https://")):
        with Client(log, find_token(token_file)) as client:
            yield remote_log(client)
    else:
        try:
            conninfo_to_dict(log)
        except psycopg.ProgrammingError as exc:
            raise WrongUse(f"--log {log}: neither http(s):// nor the DSN of a database: {str(exc).strip()}") from exc
        with psycopg.connect(log) as connection:
            yield database_log(connection, log_of(log)[0])


def _check(
    source: Log,
    keys: Sequence[VerifierKey],
    since: State | None,
    state_file: Path | None,
    hear: Callable[[Mapping[str, Any]], None],
) -> Checked:
    first = since.size if since is not None else 0
    began = time.monotonic()
    with progress() as bar:
        task = bar.add_task("acts", total=source.head.size, completed=first)

        def show(position: int, checkpoints: int) -> None:
            rate = (position - first) / (time.monotonic() - began)
            bar.update(task, completed=position, description=f"acts, {rate:,.0f} a second, {checkpoints} checkpoints")

        def remember(state: State) -> None:
            if state_file is not None:
                save_state(state_file, state)

        checked = check_log(source, keys, since=since, hear=hear, remember=remember, progress=show)
    if checked.fault is not None and state_file is not None:
        # What led to the fault may be in what was remembered on the way to it: the next run is to find it, too.
        if since is not None:
            save_state(state_file, since)
        else:
            state_file.unlink(missing_ok=True)
    return checked


def read_checkpoint(note: bytes) -> Checkpoint:
    """Return what a signed note says, whoever signed it. Raises `ProofFailed`."""
    return parse_checkpoint(note[: note.rfind(b"\n\n") + 1])
