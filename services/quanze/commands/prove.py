"""The commands about proof: save a bundle; verify files offline, or a whole log."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from contracts.proof import (
    Checkpoint,
    Report,
    VerifierKey,
    parse_checkpoint,
    read_bundle,
    verify_document,
)
from quanze.asking import bundle_of
from quanze.check_state import BadState, State, load_state, save_state
from quanze.client import Client
from quanze.commands.options import find_token, json_option, log_of, print_json, progress, with_client
from quanze.database_check import database_log
from quanze.errors import WrongUse
from quanze.full_check import Checked, check_log
from quanze.log_to_check import Log, SignedHead, Unreadable
from quanze.remote_check import remote_log
from quanze.telling import told_report
from quanze.trusting import read_held, read_keys, read_trust, trust_options

_OPTIONS: Final = {"roots": "tsa-root", "max_age": "max-age"}
"""Options that go by another name in the code."""


@click.command(
    epilog="Examples: quanze verify P-2026-017.bundle --policy trust.policy --max-age 7d ·"
    " quanze verify proof.json --log-key data/log.vkey · quanze verify --log http://127.0.0.1:8420"
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@trust_options
@click.option("--summary", is_flag=True, help="Print a bundle's page for people, too.")
@click.option("--log", "log", help="Check a whole log instead: the DSN of its database, or the URL of its service.")
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="For --log URL.")
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For --log: a file to remember the log in, so that the next run goes on from there.",
)
@json_option
def verify(
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    summary: bool,
    log: str | None,
    token_file: Path | None,
    state_file: Path | None,
    as_json: bool,
    **relied_on: Any,
) -> None:
    """Verify proof FILES, offline: no server, no database, nothing but the files and what you rely on.

    A file is an evidence bundle, a .tlog-proof, a proof, or an answer that carries its proofs
    (`/v1/acts/N/authority?proof=true`).

    What you rely on must come to you by another way than the file: the log's key is --log-key, else QUANZE_LOG_KEY,
    else ./data/log.vkey. The word said of a file is `verified` (the log and your quorum of witnesses stand for it),
    `verified-unwitnessed` (the log alone does), `erased-content` (proved; the content of an act is gone by order),
    `stale` (older than you ask for) or `FAILED`. The exit code is 1 when a file FAILED, is stale, or lacks the quorum
    that your policy asks for. With --log, check every stored byte of a log and name the first position that fails.

    With --state, a run that was interrupted goes on where it was, and one that was not reads only what is new, every
    day if you like: the log must then continue what the file remembers, and a log that went back or was written anew
    is found out. What was read before is not read again: a stored byte of it that is changed later is found by a run
    without --state. A run that finds a fault leaves the file as it was.
    """
    if bool(files) == bool(log):
        raise WrongUse("name proof files, or a log with --log; not both, and one of them")
    if state_file and not log:
        raise WrongUse("--state is for --log: a proof file has nothing to remember")
    if log:
        held = relied_on.pop("held")
        if (
            unused := [f"--{_OPTIONS.get(name, name)}" for name, value in relied_on.items() if value]
            + ["--summary"] * summary
        ):
            raise WrongUse(f"{', '.join(unused)}: for proof files; a whole log is checked against its keys and --held")
        if held is not None and state_file is not None:
            raise WrongUse(
                "--held and --state: the file remembers the log better than a checkpoint does; leave one out"
            )
        if state_file is not None and not (
            state_file.is_file() or (state_file.parent.is_dir() and not state_file.exists())
        ):
            raise WrongUse(f"--state {state_file}: neither a file nor a name for one in a directory that is there")
        _verify_log(log, keys, token_file, state_file, held, as_json)
        return
    trust = read_trust(keys, **relied_on)
    reports = {str(path): verify_document(path.read_bytes(), trust) for path in files}
    if as_json:
        print_json([{"file": name, **_document(report)} for name, report in reports.items()])
    else:
        for name, report in reports.items():
            click.echo(told_report(name, report))
            if summary and report.summary is not None:
                click.echo(f"\n{report.summary.zh}\n\n{report.summary.en}")
    if not all(report.accepted for report in reports.values()):
        raise click.exceptions.Exit(1)


@click.command(epilog="Example: quanze bundle project:P-2026-017 -o P-2026-017.bundle --held last-year.checkpoint")
@click.argument("project")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file. Default: PROJECT.bundle"
)
@click.option(
    "--held",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint of the log that you kept: the bundle will prove that it is continued.",
)
@with_client
@json_option
def bundle(project: str, output: Path | None, held: Path | None, client: Client, as_json: bool) -> None:
    """Save the evidence bundle of a PROJECT: every act with its proof, to be verified offline, years later."""
    name = project.removeprefix("project:")
    path = output if output is not None else Path(f"{name.replace('/', '_')}.bundle")
    kept = _checkpoint(read_held(held)) if held is not None else None
    if kept is not None and (size := client.get("/v1/log")["size"]) < kept.size:
        click.echo(
            f"NO  the log has {size} acts, the checkpoint held {kept.size}: it was rolled back, or is another log"
        )
        raise click.exceptions.Exit(1)
    file = bundle_of(client, name, kept.size if kept is not None else None)
    read = read_bundle(file)
    if kept is not None and read.held is not None and _checkpoint(read.held.note) != kept:
        click.echo(f"NO  the log signed another tree of {kept.size} acts than the checkpoint held, or is another log")
        raise click.exceptions.Exit(1)
    try:
        path.write_bytes(file)
    except OSError as exc:
        raise WrongUse(f"the bundle cannot be written to {path}: {exc.strerror}") from exc
    if as_json:
        said = {"file": str(path), "project": read.project, "acts": len(read.entries), "size_bytes": len(file)}
        print_json(said | {"summary": {"zh": read.summary_zh, "en": read.summary_en}})
    else:
        click.echo(f"{read.summary_zh}\n\n{read.summary_en}\n")
        click.echo(f"saved to {path}, {len(file):,} bytes; verify it with: quanze verify {path} --log-key KEY")


def _checkpoint(note: bytes) -> Checkpoint:
    return parse_checkpoint(note[: note.rfind(b"\n\n") + 1])


def _verify_log(
    log: str,
    keys: Sequence[str],
    token_file: Path | None,
    state_file: Path | None,
    held: Path | None,
    as_json: bool,
) -> None:
    given = read_keys(keys, or_default=True)
    since = _remembered(state_file, given)
    try:
        with _opened(log, token_file) as source:
            checked = _check(_with_held(source, held) if held is not None else source, given, since, state_file)
    except Unreadable as exc:  # nothing could be checked: what shows the log cannot even say where it stands
        checked = Checked(log if since is None else since.origin, 0, 0, 0, fault=str(exc), position=exc.position)
    if given:
        trust = "the key given"
    elif since is not None:
        trust = "the key remembered from the first check: for proof against the log's owner give yours"
    else:
        trust = "the key that the log itself names: for proof against its owner give yours"
    if as_json:
        print_json({name: getattr(checked, name) for name in checked.__struct_fields__} | {"key": trust})
    elif checked.fault is None:
        others = f", {checked.vouched} cosignatures and time stamps" if checked.vouched else ""
        before = f", {checked.remembered} of them by an earlier run, not read again" if checked.remembered else ""
        click.echo(
            f"verified: {checked.size} acts{before}, {checked.checkpoints} checkpoints of {checked.origin}"
            f" ({checked.erased} with erased content{others}), with {trust}"
        )
    else:
        click.echo(f"FAILED at position {checked.position}: {checked.fault}")
    if checked.fault is not None:
        raise click.exceptions.Exit(1)


def _remembered(path: Path | None, given: Sequence[VerifierKey]) -> State | None:
    """Return what an earlier run remembers of the log of this key. Another log's memory is none of this one's."""
    try:
        since = load_state(path) if path is not None else None
    except BadState as exc:
        raise WrongUse(f"{exc}. Without it all is checked from the first act on") from exc
    if since is not None and given and not any(since.knows(key) for key in given):
        raise WrongUse(f"{path} remembers {since.origin} under another key than the one given: one file for each log")
    return since


def _with_held(log: Log, held: Path) -> Log:
    """Return the log with the checkpoint that somebody kept among those it signed: it must fit as they do."""
    note = read_held(held)
    kept = _checkpoint(note)
    if kept.origin != log.origin:
        raise WrongUse(f"{held} is a checkpoint of {kept.origin}, not of {log.origin}")
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


def _check(source: Log, keys: Sequence[VerifierKey], since: State | None, state_file: Path | None) -> Checked:
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

        checked = check_log(source, keys, since=since, remember=remember, progress=show)
    if checked.fault is not None and state_file is not None:
        # What led to the fault may be in what was remembered on the way to it: the next run is to find it, too.
        if since is not None:
            save_state(state_file, since)
        else:
            state_file.unlink(missing_ok=True)
    return checked


def _document(report: Report) -> dict[str, object]:
    return {
        "verdict": report.verdict,
        "checks": list(report.checks),
        "unchecked": list(report.unchecked),
        "failure": report.failure,
        "shortfall": report.shortfall,
        "accepted": report.accepted,
        "act": report.act,
        "summary": {"zh": report.summary.zh, "en": report.summary.en} if report.summary is not None else None,
    }


COMMANDS = (verify, bundle)
