"""The commands about proof: save a bundle; verify files offline, or a whole log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from contracts.proof import Report, VerifierKey, parse_leaf, read_bundle, verify_document
from contracts.proof.bundle import BUNDLE
from quanze.asking import bundle_of
from quanze.client import Client
from quanze.collecting import collect_seldom
from quanze.commands.checking import read_checkpoint, verify_log
from quanze.commands.options import json_option, print_json, with_client
from quanze.errors import WrongUse
from quanze.full_check import Checked
from quanze.telling import told_report
from quanze.trusting import read_held, read_keys, read_trust, trust_options

_SHOWN_MAX: Final = 20
"""Positions that are listed."""
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

    With --log and bundles, check both, and that each bundle holds every act of its project that the log has up to its
    checkpoint: nothing was left out.

    With --state, a run that was interrupted goes on where it was, and one that was not reads only what is new, every
    day if you like: the log must then continue what the file remembers, and a log that went back or was written anew
    is found out. What was read before is not read again: a stored byte of it that is changed later is found by a run
    without --state. A run that finds a fault leaves the file as it was.
    """
    if not files and not log:
        raise WrongUse("name proof files, or a log with --log, or bundles and the log of which they are to hold all")
    if state_file and (files or not log):
        raise WrongUse("--state is for --log alone: a proof file has nothing to remember, and wants every act read")
    if log and not files:
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
        kept = {str(held): read_held(held)} if held is not None else {}
        _tell_log(*verify_log(log, read_keys(keys, or_default=True), token_file, state_file, kept), as_json)
        return
    trust = read_trust(keys, **relied_on)
    collect_seldom()
    contents = {str(path): path.read_bytes() for path in files}
    if log and (other := [name for name, content in contents.items() if not content.startswith(BUNDLE)]):
        raise WrongUse(f"{', '.join(other)}: with --log a file is a bundle, which is to hold all of its project")
    reports = {name: verify_document(content, trust) for name, content in contents.items()}
    documents = [{"file": name, **_document(report)} for name, report in reports.items()]
    if not as_json:
        for name, report in reports.items():
            click.echo(told_report(name, report))
            if summary and report.summary is not None:
                click.echo(f"\n{report.summary.zh}\n\n{report.summary.en}")
    accepted = all(report.accepted for report in reports.values())
    if log is None or not accepted:
        if as_json:
            print_json(documents if log is None else {"files": documents, "log": None, "complete": False})
        if not accepted:
            raise click.exceptions.Exit(1)
        return
    _verify_complete(log, trust.log_keys, token_file, contents, documents, as_json)


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
    kept = read_checkpoint(read_held(held)) if held is not None else None
    if kept is not None and (size := client.get("/v1/log")["size"]) < kept.size:
        click.echo(
            f"NO  the log has {size} acts, the checkpoint held {kept.size}: it was rolled back, or is another log"
        )
        raise click.exceptions.Exit(1)
    file = bundle_of(client, name, kept.size if kept is not None else None)
    read = read_bundle(file)
    if kept is not None and read.held is not None and read_checkpoint(read.held.note) != kept:
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


def _verify_complete(
    log: str,
    keys: Sequence[VerifierKey],
    token_file: Path | None,
    files: Mapping[str, bytes],
    documents: Sequence[dict[str, object]],
    as_json: bool,
) -> None:
    """Check the log, and that bundles which hold in themselves leave out no act of their projects."""
    bundles = {name: read_bundle(content) for name, content in files.items()}
    positions: dict[str, list[int]] = {bundle.project: [] for bundle in bundles.values()}

    def hear(leaf: Mapping[str, Any]) -> None:
        if leaf["subject"] in positions:
            positions[leaf["subject"]].append(leaf["position"])

    checkpoints = {name: bundle.checkpoint for name, bundle in bundles.items()}
    checked, trust = verify_log(log, keys, token_file, None, checkpoints, hear)
    left_out: dict[str, list[int]] = {}
    for name, bundle in bundles.items():
        size = read_checkpoint(bundle.checkpoint).size
        held = {parse_leaf(entry.leaf)["position"] for entry in bundle.entries}
        left_out[name] = [each for each in positions[bundle.project] if each <= size and each not in held]
    complete = checked.fault is None and not any(left_out.values())
    if as_json:
        whole = {**_log_document(checked), "key": trust}
        files_said = [{**each, "left_out": left_out[str(each["file"])]} for each in documents]
        print_json({"files": files_said, "log": whole, "complete": complete})
        if not complete:
            raise click.exceptions.Exit(1)
        return
    if checked.fault is None:
        for name, missing in left_out.items():
            if missing:
                shown = ", ".join(map(str, missing[:_SHOWN_MAX])) + (" …" if len(missing) > _SHOWN_MAX else "")
                click.echo(f"{name}: NOT COMPLETE, {len(missing)} acts of its project are left out: positions {shown}")
            else:
                click.echo(f"{name}: complete, it holds every act of its project up to its checkpoint")
    _tell_log(checked, trust, as_json)
    if not complete:
        raise click.exceptions.Exit(1)


def _log_document(checked: Checked) -> dict[str, object]:
    return {name: getattr(checked, name) for name in checked.__struct_fields__}


def _tell_log(checked: Checked, trust: str, as_json: bool) -> None:
    """Say what came of the check of a log; end with 1 where it found a fault."""
    if as_json:
        print_json({**_log_document(checked), "key": trust})
    elif checked.fault is None:
        others = f", {checked.vouched} cosignatures and time stamps" if checked.vouched else ""
        before = f", {checked.remembered} of them by an earlier run, not read again" if checked.remembered else ""
        click.echo(
            f"verified: {checked.size} acts{before}, {checked.checkpoints} checkpoints of {checked.origin}"
            f" ({checked.erased} with erased content{others}), with {trust}"
        )
    else:
        click.echo(f"FAILED at position {checked.position}: {checked.fault}\nchecked with {trust}")
    if checked.fault is not None:
        raise click.exceptions.Exit(1)


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
