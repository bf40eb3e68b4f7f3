"""Commands that ask: replay, who, grants, conflicts."""

from typing import Any
from urllib.parse import quote

import click

from quanze.asking import grants_of, history_of
from quanze.client import Client
from quanze.commands.options import json_option, print_json, with_client
from quanze.telling import told_conflicts, told_history
from quanze.telling_authority import told_authority
from quanze.telling_grants import told_grant, told_revocation, told_unit_grants

known_at_option = click.option("--known-at", help="What was known by then: a date or an RFC 3339 time.")


@click.command(epilog="Example: quanze replay project:P-2026-004 --as-of 2026-05-01 --known-at 2026-06-01")
@click.argument("project")
@click.option("--as-of", help="What had happened by then: a date or an RFC 3339 time.")
@known_at_option
@with_client
@json_option
def replay(project: str, as_of: str | None, known_at: str | None, client: Client, as_json: bool) -> None:
    """Replay a PROJECT: every act in order, with the state after it."""
    answer = history_of(client, project, as_of=as_of, known_at=known_at)
    print_json(answer) if as_json else click.echo(told_history(answer))


@click.command(epilog="Example: quanze who 117 --known-at 2026-06-01T00:00:00+08:00")
@click.argument("position", type=click.IntRange(min=1))
@known_at_option
@with_client
@json_option
def who(position: int, known_at: str | None, client: Client, as_json: bool) -> None:
    """Say who authorised the act at POSITION, and under what delegation."""
    answer = client.get(f"/v1/acts/{position}/authority", known_at=known_at)
    print_json(answer) if as_json else click.echo(told_authority(answer))


@click.command(epilog="Example: quanze grants unit:U001 --dormant · quanze grants grant:G1 --if-revoked 2026-07-01")
@click.argument("what", metavar="UNIT|GRANT")
@click.option("--as-of", help="What had happened by then: a date or an RFC 3339 time.")
@known_at_option
@click.option("--dormant", is_flag=True, help="Of a unit: only those nobody used for long.")
@click.option("--perpetual", is_flag=True, help="Of a unit: only those without an end.")
@click.option(
    "--if-revoked",
    "effective_at",
    is_flag=False,
    flag_value="",
    metavar="[TIME]",
    help="Of a grant: what revoking it would cut off, from then on (now if no time is given).",
)
@with_client
@json_option
def grants(
    what: str, effective_at: str | None, dormant: bool, perpetual: bool, client: Client, as_json: bool, **moments: Any
) -> None:
    """Show the grants of a unit (unit:U001) as a tree, or one grant (grant:G1) with what is left of it."""
    if what.startswith("grant:"):
        if dormant or perpetual:
            raise click.UsageError("--dormant and --perpetual are for a unit's grants")
        path = f"/v1/grants/{quote(what, safe='')}"
        asked = {} if effective_at is None else {"effective_at": effective_at or None}
        answer = client.get(path if effective_at is None else f"{path}/revocation", **asked, **moments)
        told = told_grant if effective_at is None else told_revocation
    else:
        if effective_at is not None:
            raise click.UsageError("--if-revoked is for one grant: grant:…")
        only = {"dormant": dormant or None, "perpetual": perpetual or None}
        answer = grants_of(client, what, **only, **moments)
        told = told_unit_grants
    print_json(answer) if as_json else click.echo(told(answer))


@click.command(epilog="Example: quanze conflicts project:P-2026-004 --fail-on HIGH")
@click.argument("project", required=False)
@click.option("--person", help="Only this person's: person:… or account:…")
@click.option("--level", type=click.Choice(["held", "performed"]), help="Only pairs held, or only pairs exercised.")
@click.option(
    "--actors",
    type=click.Choice(["persons", "all"]),
    default="persons",
    show_default=True,
    help="`all` adds systems and unknown actors, as classes of their own.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["ADVISORY", "LOW", "MEDIUM", "HIGH", "CRITICAL"]),
    help="Exit with 1 when a pair is at least that severe.",
)
@known_at_option
@with_client
@json_option
def conflicts(
    project: str | None,
    person: str | None,
    level: str | None,
    actors: str,
    fail_on: str | None,
    known_at: str | None,
    client: Client,
    as_json: bool,
) -> None:
    """List pairs of incompatible duties in one hand, on a PROJECT or everywhere."""
    found = list(
        client.pages(
            "/v1/conflicts", project=project, person=person, level=level, actors=actors, known_at=known_at, limit=500
        )
    )
    print_json({"items": found}) if as_json else click.echo(told_conflicts(found))
    if fail_on is not None and any(SEVERITIES.index(each["severity"]) >= SEVERITIES.index(fail_on) for each in found):
        raise click.exceptions.Exit(1)


SEVERITIES = ("ADVISORY", "LOW", "MEDIUM", "HIGH", "CRITICAL")
COMMANDS = (replay, who, grants, conflicts)
