"""Commands about the log's keys: show, rotate, retire; and the end of a log whose key is known to others."""

import os
from contextlib import ExitStack
from pathlib import Path

import click
import psycopg

from ledger.errors import LedgerError
from ledger.freezing import begin_successor, final_of, freeze, name_successor
from ledger.keys import LogKey, keys_of
from ledger.main import find_log
from ledger.rotation import OWN_ACTOR, KeyChange, write_public
from ledger.signer import FileSigner, KeyRing, Signer, SigningKey, load_or_create
from quanze.commands.options import data_option, dsn_of, json_option, log_of, print_json
from quanze.embedded import embedded
from quanze.errors import NothingRuns, WrongUse
from quanze.serving import in_words, prepare
from quanze.settings import DataDirectory

key_option = click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="QUANZE_SIGNING_KEY_FILE",
    help="The file of the log's private keys. Default: QUANZE_SIGNING_KEY_FILE, else log.key of the data directory.",
)
actor_option = click.option("--actor", default=OWN_ACTOR, show_default=True, help="Who decided it, as a reference.")


@click.group()
def key() -> None:
    """The log's signing keys: docs/keys.md."""


@key.command(epilog="Example: quanze key show --data ./data")
@data_option
@json_option
def show(data: Path, as_json: bool) -> None:
    """Print the public keys, as C2SP verifier keys: give them to whoever is to check this log.

    The live ones come first, the newest of them at the top. Where the log's database answers, those that were retired
    follow, each with the size of the largest tree it signed. The output is a file that `quanze verify --log-key` takes.
    """
    with in_words():
        signer = signer_of(data, founds=False)
        known = _known(data, signer)
    live = list(reversed(signer.vkeys))
    retired = [each for each in reversed(known) if each.until_size is not None]
    if as_json:
        keys = [{name: getattr(each, name) for name in each.__struct_fields__} for each in known]
        print_json({"origin": signer.origin, "vkey": live[0], "live": live, "keys": keys})
        return
    since = {each.vkey: each.from_size for each in known}
    for vkey in live:
        click.echo(f"# live, signs from {since[vkey]} acts on\n{vkey}" if vkey in since else vkey)
    for each in retired:
        click.echo(f"# retired, signed from {each.from_size} acts on\n{each.vkey} until {each.until_size}")


@key.command(epilog="Example: quanze key rotate --data ./data --reason 'once a year'")
@data_option
@key_option
@actor_option
@click.option("--reason", help="Why, for the record.")
@json_option
def rotate(data: Path, key_file: Path | None, actor: str, reason: str | None, as_json: bool) -> None:
    """Give the log a new key, which signs beside the old one until `quanze key retire`.

    The change is an act of the log. A ledger that runs on this file of keys takes part in it at once. Cut short, it is
    finished by calling it again.
    """
    with in_words():
        change = _change(data, key_file)
        done = change.rotate(actor=actor, reason=reason)
    if as_json:
        print_json({"vkey": done.vkey, "retires": done.retires, "position": done.position})
        return
    click.echo(
        f"the log signs with a second key from position {done.position} on:\n  {done.vkey}\n"
        f"Give it to whoever checks this log ({change.public_path}). The old key signs too, until `quanze key retire`."
    )


@key.command(epilog="Example: quanze key retire --data ./data")
@data_option
@key_option
@json_option
def retire(data: Path, key_file: Path | None, as_json: bool) -> None:
    """End the overlap: the older key signs no more, and its private part is taken out of the file.

    What it signed stays valid. Copies of the file, such as backups, still hold it: destroy them too.
    """
    with in_words():
        change = _change(data, key_file)
        done = change.retire()
    if as_json:
        print_json({"vkey": done.vkey, "until_size": done.until_size})
        return
    click.echo(
        f"retired, for trees of up to {done.until_size} acts:\n  {done.vkey} until {done.until_size}\n"
        "Its private part is no longer in the file of keys; destroy what copies there are, backups among them."
    )


@key.command("freeze", epilog="Example: quanze key freeze --reason 'the key was found on another machine'")
@data_option
@key_option
@click.option("--reason", required=True, help="Why; whoever posts from now on is told.")
@json_option
def freeze_(data: Path, key_file: Path | None, reason: str, as_json: bool) -> None:
    """End this log, for good: sign its final checkpoint, take nothing more. For a key that others may know.

    What is recorded is read and proved as before. `quanze key succeed` founds the log that goes on.
    """
    with in_words():
        dsn, signer = dsn_of(data), _file_of(data, key_file)
        final = freeze(dsn, find_log(dsn, signer), signer, reason)
    if as_json:
        print_json(
            {"origin": final.predecessor, "size": final.size, "root": final.root, "checkpoint": final.checkpoint}
        )
        return
    click.echo(
        f"{final.predecessor} is frozen at {final.size} acts. Its final checkpoint, to be published at once and"
        f" everywhere:\n\n{final.checkpoint}"
    )


@key.command(epilog="Example: quanze key succeed --origin example.org/procurement-2 --into ./data-2")
@data_option
@click.option("--origin", required=True, help="The name of the new log: another than the old one's.")
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The data directory of the new log: its key, and its database unless QUANZE_DSN names one for both.",
)
@actor_option
@json_option
def succeed(data: Path, origin: str, into: Path, actor: str, as_json: bool) -> None:
    """Found the log that goes on where a frozen one ended: a new name, a new key.

    Its first act holds the final checkpoint of the old log, which from now on names it to whoever posts.
    """
    dsn = dsn_of(data)
    old_id, old_origin = log_of(dsn)
    if origin == old_origin:
        raise WrongUse("the new log needs a name of its own: under the old one its key could still sign")
    with in_words(), ExitStack() as stack:
        final = final_of(dsn, old_id, old_origin)
        SigningKey.generate(origin)  # a name that no key can have is refused before anything is made
        own = DataDirectory(into)
        own.path.mkdir(parents=True, exist_ok=True)
        signer = load_or_create(own.signing_key, origin)
        write_public(own.verifier_key, signer)
        new_dsn = os.environ.get("QUANZE_DSN") or stack.enter_context(embedded(own.cluster)).dsn
        begin_successor(new_dsn, prepare(new_dsn, signer), signer, final, actor)
        name_successor(dsn, old_id, origin)
    answer = {"origin": origin, "vkey": signer.vkeys[-1], "predecessor": old_origin, "size": final.size}
    if as_json:
        print_json(answer)
        return
    click.echo(f"{origin} goes on where {old_origin} ended, at {final.size} acts; its key:\n  {answer['vkey']}")


def signer_of(data: Path, *, founds: bool) -> Signer:
    """
    Return the keys of QUANZE_SIGNING_KEY, else those of a file.

    Whoever founds a log has DIR/log.key made; to anybody else a directory without one is a name mistyped: `WrongUse`.
    """
    given, named = os.environ.get("QUANZE_SIGNING_KEY"), os.environ.get("QUANZE_SIGNING_KEY_FILE")
    if given:
        return KeyRing.from_text(given.strip())
    if named:
        return FileSigner(Path(named))
    if not founds:
        return _file_of(data, None)
    data.mkdir(parents=True, exist_ok=True)
    signer = load_or_create(DataDirectory(data).signing_key, os.environ.get("QUANZE_ORIGIN"))
    write_public(DataDirectory(data).verifier_key, signer)
    return signer


def _known(data: Path, signer: Signer) -> list[LogKey]:
    """Return what the database says of the log's keys; nothing where it does not answer or holds no such log."""
    try:
        dsn = dsn_of(data)
        log_id = find_log(dsn, signer)
        with psycopg.connect(dsn) as connection:
            return keys_of(connection, log_id, signer.origin)
    except (NothingRuns, LedgerError, psycopg.Error):
        return []


def _change(data: Path, key_file: Path | None) -> KeyChange:
    dsn, signer = dsn_of(data), _file_of(data, key_file)
    return KeyChange(dsn, find_log(dsn, signer), signer.path)


def _file_of(data: Path, key_file: Path | None) -> FileSigner:
    if key_file is None and os.environ.get("QUANZE_SIGNING_KEY"):
        raise WrongUse(
            "a key in QUANZE_SIGNING_KEY cannot be changed from here: keep it in a file, and name it with --key"
        )
    path = key_file or DataDirectory(data).signing_key
    if not path.exists():
        raise WrongUse(f"there is no {path}: name the file of the log's keys with --key")
    return FileSigner(path)


COMMANDS = (key,)
