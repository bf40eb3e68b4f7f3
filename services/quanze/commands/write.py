"""Commands that write, post and import, and the one that asks before writing: preflight."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from quanze.client import Client, ServiceAnswered
from quanze.commands.options import json_option, print_json, progress, with_client
from quanze.errors import WrongUse
from quanze.importer import events, load_mapping, pack_event, survey
from quanze.posting import NotJson, Posted, acts_of, holds_lines, post_all, post_lines
from quanze.telling_authority import told_authority

_PROBLEMS_TOLD_MAX: Final = 50


@click.command(epilog="Example: quanze post acts.ndjson --url http://127.0.0.1:8420")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@with_client
@json_option
def post(files: tuple[Path, ...], client: Client, as_json: bool) -> None:
    """Post acts from FILES: JSON, a JSON array, or one act a line. `-` is standard input.

    Of a file named .ndjson or .jsonl each line is recorded by itself. Any other goes in batches of 500; each batch is
    recorded whole or not at all, and a fault ends it there. Posting a file again records nothing twice.
    """
    receipts: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    refused = 0
    total = Posted()
    for path in files:
        if holds_lines(path):
            for got in _post_lines(client, path):
                if "position" in got:
                    total.count([got])
                    receipts += [got] if as_json else []
                else:
                    refused += 1
                    problems += [{"file": str(path), **got}] if as_json or refused <= _PROBLEMS_TOLD_MAX else []
            continue
        acts = _read(path)
        done = 0
        with progress() as bar:
            task = bar.add_task(str(path), total=len(acts))
            try:
                for got in post_all(client, acts):
                    done += len(got)
                    total.count(got)
                    receipts += got if as_json else []
                    bar.advance(task, len(got))
            except ServiceAnswered as exc:
                raise _placed(exc, path, done) from exc
    if as_json:
        print_json({"receipts": receipts, **({"problems": problems} if problems else {})})
    else:
        click.echo(_summary(total))
    if refused:
        detail = f"lines refused: {refused}; every other line is recorded"
        raise ServiceAnswered(422, {"detail": detail, "errors": [] if as_json else list(_faults_of(problems))})


@click.command(epilog="Example: quanze preflight contract.json --url http://127.0.0.1:8420")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@with_client
@json_option
def preflight(file: Path, client: Client, as_json: bool) -> None:
    """Ask for the verdict on the acts of FILE before they happen; nothing is recorded. `-` is standard input.

    Each is judged in the light of those before it. The exit code is 1 when nobody may do one of them.
    """
    try:
        found = client.preflight(_read(file))
    except ServiceAnswered as exc:
        raise _placed(exc, file, 0) from exc
    if as_json:
        print_json(found)
    else:
        for answer in found["items"]:
            click.echo(told_authority(answer | {"act": answer["act"] | {"position": "?"}}))
            for each in answer["refused"]:
                click.echo(f"    the unit enforces {each['code']}: posting it would be refused")
    if any(answer["verdict"] == "INVALID" for answer in found["items"]):
        raise click.exceptions.Exit(1)


@click.command("import", epilog="Example: quanze import log.xes.gz --mapping examples/mappings/bpic2019.toml --json")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Which column is what: see examples/mappings.",
)
@with_client
@json_option
def import_(file: Path, mapping_file: Path, client: Client, as_json: bool) -> None:
    """Import an event log, CSV or XES (plain or .gz): first its catalogue pack, then its acts.

    The log is read twice in constant memory; a fault in it shows before anything is posted.
    """
    mapping = load_mapping(mapping_file)
    found = survey(file, mapping)
    for word in found.absent:
        click.echo(f"quanze: the mapping names {word}, which the log never uses", err=True)
    origin = client.get("/v1/log")["origin"]
    if found.earliest is not None:
        pack = pack_event(mapping, found, f"log:{origin}", "system:import", found.earliest)
        client.post_batch([msgspec.json.encode(pack)])
    total = Posted()
    with progress() as bar:
        task = bar.add_task(file.name, total=found.events)
        for got in post_all(client, map(msgspec.json.encode, events(file, mapping, found))):
            total.count(got)
            bar.advance(task, len(got))
    answer = {"events": found.events, "cases": found.cases, "skipped": found.skipped, **msgspec.to_builtins(total)}
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{found.events} events of {found.cases} cases, {found.skipped} skipped: {_summary(total)}")


def _read(path: Path) -> list[bytes]:
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return acts_of(str(path), content)
    except OSError as exc:
        raise WrongUse(f"{path}: {exc.strerror}") from exc
    except NotJson as exc:
        raise WrongUse(str(exc)) from exc


def _post_lines(client: Client, path: Path) -> Iterator[dict[str, Any]]:
    try:
        with progress() as bar:
            task = bar.add_task(str(path), total=path.stat().st_size)
            yield from post_lines(client, path, partial(bar.advance, task))
    except OSError as exc:
        raise WrongUse(f"{path}: {exc.strerror}") from exc


def _faults_of(problems: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Say which line of which file each fault is in."""
    for problem in problems:
        at = f"{problem['file']}, line {problem['line']}"
        yield from ({**fault, "pointer": f"{at}: {fault['pointer'] or '/'}"} for fault in problem["errors"])
        if not problem["errors"]:
            yield {"pointer": at, "message": problem["detail"]}


def _placed(exc: ServiceAnswered, path: Path, done: int) -> ServiceAnswered:
    """Say which act of the file a fault is in: the service counts from the start of a batch."""
    errors: list[dict[str, str]] = []
    for fault in exc.faults:
        index, _, rest = fault["pointer"].lstrip("/").partition("/")
        at = f"{path}, act {done + int(index) + 1}: /{rest}" if index.isdigit() else fault["pointer"]
        errors.append({**fault, "pointer": at})
    note = f" ({done} acts before this batch are recorded)" if done else ""
    detail = f"{exc.document.get('title', 'refused')}{note}" if errors else f"{path}: {exc}{note}"
    return ServiceAnswered(exc.status, {**exc.document, "detail": detail, "errors": errors})


def _summary(posted: Posted) -> str:
    if not posted.recorded:
        return f"nothing new: {posted.duplicates} recorded before"
    span = f"positions {posted.first_position} to {posted.last_position}"
    again = f", {posted.duplicates} recorded before" if posted.duplicates else ""
    return f"{posted.recorded} recorded at {span}{again}"


COMMANDS = (post, preflight, import_)
