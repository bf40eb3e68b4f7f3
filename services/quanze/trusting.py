"""What whoever verifies relies on, as options of a command: read from files and the environment, never from a proof."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from contracts.proof import (
    Policy,
    ProofFailed,
    Trust,
    VerifierKey,
    extend_trust,
    parse_checkpoint,
    parse_keys,
    parse_policy,
    parse_rotations,
)
from contracts.proof.trust import NO_WITNESSES
from quanze.errors import WrongUse
from quanze.settings import DEFAULT_DATA, DataDirectory

F = TypeVar("F", bound=Callable[..., Any])

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGE: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)


def trust_options(function: F) -> F:
    """Add the options that `read_trust` takes."""
    for option in reversed(
        (
            click.option(
                "--log-key",
                "keys",
                multiple=True,
                help="The log's public key, or a file of them; `KEY until SIZE`: up to that size. Repeatable.",
            ),
            click.option(
                "--rotations",
                type=_FILE,
                help="What /v1/log/rotations answered: it leads from a key you have to those the log had since.",
            ),
            click.option("--policy", type=_FILE, help="Log keys, witnesses and quorum (c2sp.org/tlog-policy)."),
            click.option(
                "--tsa-root", "roots", type=_FILE, multiple=True, help="Root of time stamps, PEM. Repeatable."
            ),
            click.option("--held", type=_FILE, help="A checkpoint of the log that you kept: it must be continued."),
            click.option(
                "--predecessor",
                type=_FILE,
                help="The final checkpoint of another log: FILE, the proof of a first act, must go on from it.",
            ),
            click.option("--max-age", help="How old a tree may be by its witnesses: 90m, 12h, 7d."),
        )
    ):
        function = option(function)
    return function


def read_trust(
    keys: Sequence[str],
    rotations: Path | None,
    policy: Path | None,
    roots: Sequence[Path],
    held: Path | None,
    predecessor: Path | None,
    max_age: str | None,
) -> Trust:
    """
    Return what these options say. Raises `WrongUse`: one cannot be read, or no log's key is among them.

    Rotations that do not prove what they say end the command: the answer is no.
    """
    read = _policy(policy) if policy is not None else NO_WITNESSES
    known = read_keys(keys, or_default=policy is None or not read.logs)
    if not known and not read.logs:
        raise WrongUse("whose proof is it? Give the log's public key with --log-key or --policy")
    return Trust(
        keys=known if rotations is None else _extended([*known, *read.log_keys], rotations),
        policy=read,
        stamp_roots=[root for path in roots for root in _roots(path)],
        held=read_held(held) if held is not None else None,
        predecessor=read_held(predecessor) if predecessor is not None else None,
        max_age_seconds=_seconds(max_age) if max_age is not None else None,
    )


def read_keys(given: Sequence[str], *, or_default: bool) -> list[VerifierKey]:
    """Return the log keys given, each a key or a file of keys; else QUANZE_LOG_KEY's, else the data directory's."""
    named = list(given)
    if not named and or_default:
        named = [os.environ["QUANZE_LOG_KEY"]] if os.environ.get("QUANZE_LOG_KEY") else []
        kept = DataDirectory(Path(os.environ.get("QUANZE_DATA", DEFAULT_DATA))).verifier_key
        if not named and kept.exists():
            named = [str(kept)]
    keys: list[VerifierKey] = []
    for each in named:
        try:
            keys += parse_keys(_text(each))
        except (OSError, UnicodeDecodeError, ProofFailed) as exc:
            what = "is no verifier key" if "+" in each or _is_file(each) else "is neither a file nor a verifier key"
            raise WrongUse(f"{each} {what}: {exc}") from exc
    return list(dict.fromkeys(keys))


def read_held(path: Path) -> bytes:
    """Return a checkpoint that was kept; what it is worth is for the verifier to say. Raises `WrongUse`: it is none."""
    note = _bytes(path)
    if b"\r\n" in note:
        raise WrongUse(f"{path}: a program ended its lines with CR and LF; what was signed ends them with LF alone")
    try:
        parse_checkpoint(note[: note.rfind(b"\n\n") + 1])
    except ProofFailed as exc:
        raise WrongUse(f"{path} is no checkpoint: {exc}") from exc
    return note


def _text(given: str) -> str:
    """Return what is in the file of this name, or the name itself where no file can be called that."""
    return (_bytes(Path(given)) if _is_file(given) else _public(given.encode(), given[:20])).decode("utf-8-sig")


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except OSError:  # a key can be longer than the name of any file
        return False


def _bytes(path: Path) -> bytes:
    return _public(path.read_bytes(), str(path))


def _public(content: bytes, name: str) -> bytes:
    """Raise `WrongUse` for a private key, before any message quotes it."""
    if b"PRIVATE+KEY+" in content:
        raise WrongUse(f"{name} is the private key: show it to nobody. To verify, give the public one, log.vkey")
    return content


def _extended(keys: Sequence[VerifierKey], rotations: Path) -> list[VerifierKey]:
    try:
        read = parse_rotations(_bytes(rotations))
    except ProofFailed as exc:
        raise WrongUse(f"{rotations} is not what /v1/log/rotations answers: {exc}") from exc
    try:
        return extend_trust(keys, read)
    except ProofFailed as exc:
        click.echo(f"FAILED {rotations}: {exc}")
        raise click.exceptions.Exit(1) from exc


def _policy(path: Path) -> Policy:
    try:
        return parse_policy(_bytes(path))
    except ProofFailed as exc:
        raise WrongUse(f"{path}: {exc}") from exc


def _roots(path: Path) -> list[bytes]:
    try:
        return [root.public_bytes(Encoding.DER) for root in x509.load_pem_x509_certificates(path.read_bytes())]
    except ValueError as exc:
        raise WrongUse(f"{path} holds no certificates in PEM: {exc}") from exc


def _seconds(age: str) -> int:
    found = _AGE.fullmatch(age)
    if found is None:
        raise WrongUse(f"--max-age {age}: write a number and s, m, h or d, such as 12h")
    return int(found[1]) * _SECONDS[found[2]]
