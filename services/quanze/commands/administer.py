"""Commands for whoever runs a ledger: migrate, rebuild, tokens."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import psycopg

from edge.database import statement
from edge.tokens import SCOPES
from ledger.main import create_token
from projector.main import Projector
from projector.settings import Settings as ProjectorSettings
from quanze.commands.keys import signer_of
from quanze.commands.options import data_option, dsn_of, json_option, log_of, print_json, progress
from quanze.errors import WrongUse
from quanze.serving import in_words, prepare


@click.command(epilog="Example: QUANZE_DSN=postgresql://owner@db/quanze quanze migrate --data ./data")
@data_option
@json_option
def migrate(data: Path, as_json: bool) -> None:
    """Bring the schemas of QUANZE_DSN up to date and found the log of the signing key.

    The key is QUANZE_SIGNING_KEY, else the file QUANZE_SIGNING_KEY_FILE, else DIR/log.key, made if it is not there;
    QUANZE_ORIGIN names a new log.
    """
    with in_words():
        signer = signer_of(data, founds=True)
        log_id = prepare(dsn_of(data), signer)
    vkey = signer.vkeys[-1]
    answer = {"log": log_id, "origin": signer.origin, "vkey": vkey}
    print_json(answer) if as_json else click.echo(f"log {signer.origin} is ready; its public key: {vkey}")


@click.command(epilog="Example: quanze rebuild --data ./data")
@data_option
@json_option
def rebuild(data: Path, as_json: bool) -> None:
    """Drop the read models and make them anew from the ledger. A running projector goes on with them."""
    dsn = dsn_of(data)
    with in_words(), Projector(ProjectorSettings(dsn=dsn, origin=log_of(dsn)[1])) as own, progress() as bar:
        own.rebuild(dsn)
        size = _size(dsn, own.log_id)
        task = bar.add_task("acts", total=size)
        while not own.wait_for(size, seconds=0.5):
            bar.update(task, completed=own.follower.state.position)
    print_json({"acts": size}) if as_json else click.echo(f"read models rebuilt from {size} acts")


@click.group()
def token() -> None:
    """Make, list and revoke bearer tokens."""


@token.command(epilog="Example: quanze token create --name oa --scope events:write --source urn:example:oa")
@data_option
@click.option("--name", default="", help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(sorted(SCOPES)), help="Repeatable.")
@click.option("--source", "sources", multiple=True, help="A CloudEvents source it may post as. Repeatable.")
@click.option("--act", "acts", multiple=True, help="An act it may post; without any, all. Repeatable.")
@json_option
def create(
    data: Path, name: str, scopes: tuple[str, ...], sources: tuple[str, ...], acts: tuple[str, ...], as_json: bool
) -> None:
    """Make a token and print it, this once: only its digest is kept."""
    if "events:write" in scopes and not sources:
        raise WrongUse("a token that writes is bound to its sources: add --source")
    dsn = dsn_of(data)
    token_id, bearer = create_token(dsn, log_of(dsn)[0], name=name, scopes=scopes, sources=sources, acts=acts)
    print_json({"token_id": token_id, "token": bearer}) if as_json else click.echo(bearer)


@token.command("list", epilog="Example: quanze token list --json")
@data_option
@json_option
def list_(data: Path, as_json: bool) -> None:
    """List tokens, the oldest first; their text is not kept."""
    dsn = dsn_of(data)
    rows: list[tuple[Any, ...]] = []
    with psycopg.connect(dsn) as connection:
        after: tuple[datetime, str] = (datetime.min.replace(tzinfo=UTC), "")
        while page := connection.execute(
            statement("ledger", "tokens_after"),
            {"log_id": log_of(dsn)[0], "after_created": after[0], "after_id": after[1], "limit": 500},
        ).fetchall():
            rows += page
            after = (page[-1][5], page[-1][0])
    names = ("token_id", "name", "scopes", "sources", "acts", "created_at", "revoked_at")
    tokens = [dict(zip(names, row, strict=True)) for row in rows]
    for each in tokens:
        each |= {name: each[name].isoformat() if each[name] else None for name in ("created_at", "revoked_at")}
    if as_json:
        print_json(tokens)
        return
    for each in tokens:
        state = "revoked" if each["revoked_at"] else "live"
        click.echo(f"{each['token_id']}  {state:8}{' '.join(each['scopes'])}  {each['name']}")


@token.command(epilog="Example: quanze token revoke 3f9c0a1b2c3d")
@click.argument("token_id")
@data_option
@json_option
def revoke(token_id: str, data: Path, as_json: bool) -> None:
    """Revoke a token; it is refused within two seconds."""
    dsn = dsn_of(data)
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            statement("ledger", "revoke_token"), {"log_id": log_of(dsn)[0], "token_id": token_id}
        ).fetchone()
    if row is None:
        raise WrongUse(f"there is no live token {token_id}; see `quanze token list`")
    print_json({"token_id": token_id, "revoked": True}) if as_json else click.echo(f"{token_id} is revoked")


def _size(dsn: str, log_id: int) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(statement("quanze", "log_to_check"), {"log_id": log_id}).fetchone()
    return row[1] if row is not None else 0


COMMANDS = (migrate, rebuild, token)
