"""The command that verifies: files offline, or a whole log."""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import psycopg

from contracts.proof import (
    BoundedKey,
    ProofFailed,
    Report,
    VerifierKey,
    extend_trust,
    parse_key,
    parse_keys,
    parse_rotations,
    verify_document,
)
from quanze.client import Client
from quanze.commands.options import find_token, json_option, log_of, print_json, progress
from quanze.errors import WrongUse
from quanze.full_check import Checked, Log, check_log, database_log
from quanze.remote_check import remote_log
from quanze.settings import DEFAULT_DATA, DataDirectory
from quanze.telling import told_report


@click.command(
    epilog="Examples: quanze verify proof.json --log-key data/log.vkey · quanze verify --log http://127.0.0.1:8420"
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--log-key", "keys", multiple=True, help="The log's public key, or a file of them. Repeatable.")
@click.option(
    "--rotations",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What /v1/log/rotations answered: it leads from the key given to those the log has had since.",
)
@click.option("--log", "log", help="Check a whole log instead: the DSN of its database, or the URL of its service.")
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="For --log URL.")
@json_option
def verify(
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    rotations: Path | None,
    log: str | None,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Verify proof FILES, offline: no server, no database, nothing but the files and the log's key.

    A file is a proof, or an answer that carries its proofs (`/v1/acts/N/authority?proof=true`).

    The key is --log-key, else QUANZE_LOG_KEY, else ./data/log.vkey; `<key> until <size>` is believed for trees of up to
    that size. It must come from the log's owner by another way
    than the proof. With --log, check every stored byte of a log and name the first position that fails.
    """
    if bool(files) == bool(log):
        raise WrongUse("name proof files, or a log with --log")
    if log:
        _verify_log(log, keys, token_file, as_json)
        return
    trusted = _keys(keys)
    if not trusted:
        raise WrongUse("whose proof is it? Give the log's public key with --log-key")
    if rotations is not None:
        trusted = _extended(trusted, rotations)
    reports = {str(path): verify_document(path.read_bytes(), trusted) for path in files}
    if as_json:
        print_json([{"file": name, **_document(report)} for name, report in reports.items()])
    else:
        for name, report in reports.items():
            click.echo(
                "\n".join([told_report(name, report), *(f"  --  not checked: {each}" for each in report.unchecked)])
            )
    if any(report.failure is not None for report in reports.values()):
        raise click.exceptions.Exit(1)


def _extended(keys: Sequence[VerifierKey], rotations: Path) -> list[VerifierKey]:
    try:
        return extend_trust(keys, parse_rotations(rotations.read_bytes()))
    except ProofFailed as exc:
        click.echo(f"FAILED {rotations}: {exc}")
        raise click.exceptions.Exit(1) from exc


def _verify_log(log: str, keys: Sequence[str], token_file: Path | None, as_json: bool) -> None:
    given = _keys(keys)
    if log.startswith(("http://", "https://")):
        with Client(log, find_token(token_file)) as client:
            source, named = remote_log(client)
            checked = _check(source, given, named)
    else:
        with psycopg.connect(log) as connection:
            source, named = database_log(connection, log_of(log)[0])
            checked = _check(source, given, named)
    trust = "the key given" if given else "the key that the log itself names: for proof against its owner give yours"
    if as_json:
        print_json({name: getattr(checked, name) for name in checked.__struct_fields__} | {"key": trust})
    elif checked.fault is None:
        click.echo(
            f"verified: {checked.size} acts, {checked.checkpoints} checkpoints of {checked.origin}"
            f" ({checked.erased} with erased content), with {trust}"
        )
    else:
        click.echo(f"FAILED at position {checked.position}: {checked.fault}")
    if checked.fault is not None:
        raise click.exceptions.Exit(1)


def _check(source: Log, given: Sequence[VerifierKey], named: Sequence[str]) -> Checked:
    own = [parse_key(each) for each in named]
    retired = [key for key in own if isinstance(key, BoundedKey)]
    with progress() as bar:
        task = bar.add_task("acts", total=source.head.size)
        return check_log(source, given or own, lambda position: bar.update(task, completed=position), retired)


def _keys(given: Sequence[str]) -> list[VerifierKey]:
    named = list(given) or ([os.environ["QUANZE_LOG_KEY"]] if os.environ.get("QUANZE_LOG_KEY") else [])
    kept = DataDirectory(Path(os.environ.get("QUANZE_DATA", DEFAULT_DATA))).verifier_key
    if not named and kept.exists():
        named = [str(kept)]
    keys: list[VerifierKey] = []
    for each in named:
        text = Path(each).read_text("utf-8") if Path(each).is_file() else each
        try:
            keys += parse_keys(text)
        except ProofFailed as exc:
            raise WrongUse(f"{each} is no verifier key: {exc}") from exc
    return keys


def _document(report: Report) -> dict[str, object]:
    return {
        "verdict": report.verdict,
        "checks": list(report.checks),
        "unchecked": list(report.unchecked),
        "failure": report.failure,
        "act": report.act,
    }


COMMANDS = (verify,)
