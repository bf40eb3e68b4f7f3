"""Commands about what is judged: findings, rules, obligations, the daily scan."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from quanze.client import Client, ServiceAnswered
from quanze.commands.options import json_option, print_json, progress, with_client
from quanze.telling_findings import told_findings, told_obligations, told_rule, told_rules, told_scan

_SEVERITIES: Final = ("ADVISORY", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_FULL_SECONDS_MAX: Final = 24 * 3600.0
_REPORTS: Final = {".html": "html", ".xlsx": "xlsx"}


@click.command(epilog="Example: quanze findings project:P-2026-004 --status open --fail-on HIGH")
@click.argument("project", required=False)
@click.option("--unit", help="Only of this unit and its projects.")
@click.option("--person", help="Only where this person did what is judged.")
@click.option("--rule", help="Only of this rule (DDL-08) or family (DDL).")
@click.option(
    "--status", help="Only of these, comma-separated: open, acknowledged, mitigated, waived, ratified, cured …"
)
@click.option("--result", type=click.Choice(["FAIL", "UNDETERMINED"]), default="FAIL", show_default=True)
@click.option("--as-of", help="With PROJECT: what had happened by then.")
@click.option("--known-at", help="With PROJECT: what was known by then.")
@click.option("--fail-on", type=click.Choice(_SEVERITIES), help="Exit with 1 when one is at least that severe.")
@with_client
@json_option
def findings(project: str | None, fail_on: str | None, client: Client, as_json: bool, **sought: Any) -> None:
    """List what the rules found, on a PROJECT or everywhere, the newest first."""
    found = list(client.pages("/v1/findings", project=project, limit=500, **sought))
    print_json({"items": found}) if as_json else click.echo(told_findings(found))
    if fail_on is not None and any(_SEVERITIES.index(each["severity"]) >= _SEVERITIES.index(fail_on) for each in found):
        raise click.exceptions.Exit(1)


@click.command(epilog="Example: quanze rules DDL-08")
@click.argument("rule", required=False)
@with_client
@json_option
def rules(rule: str | None, client: Client, as_json: bool) -> None:
    """List the rules in force, or show one RULE."""
    if rule is not None:
        answer = client.get(f"/v1/rules/{rule.upper()}")
        print_json(answer) if as_json else click.echo(told_rule(answer))
        return
    page: Mapping[str, Any] = client.get("/v1/rules", limit=1000)
    print_json(page) if as_json else click.echo(told_rules(page))


@click.command(epilog="Example: quanze obligations unit:U001")
@click.argument("unit")
@with_client
@json_option
def obligations(unit: str, client: Client, as_json: bool) -> None:
    """List what is due and overdue in a UNIT, the most urgent first."""
    found = list(client.pages(f"/v1/units/{unit}/obligations", limit=500))
    print_json({"items": found}) if as_json else click.echo(told_obligations(found))


@click.command(epilog="Example: quanze scan --date 2026-11-20 --report scan.html")
@click.option("--date", help="The day to scan for; today unless said otherwise.")
@click.option("--full", is_flag=True, help="Judge everything anew, not only what changed or fell due.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report to this file: .html or .xlsx.",
)
@with_client
@json_option
def scan(date: str | None, full: bool, report: Path | None, client: Client, as_json: bool) -> None:
    """Run the daily scan for conflicts of interest and everything else that is judged, and record it."""
    if report is not None and report.suffix not in _REPORTS:
        raise click.UsageError("a report is an .html or an .xlsx file")
    if report is not None and not report.parent.is_dir():
        raise click.UsageError(f"there is no directory {report.parent} to write the report to")
    answer = _scanned(client, {"full": full} | ({"date": date} if date is not None else {}))
    if report is not None:
        written = client.content(f"/v1/scans/{answer['date']}/report?form={_REPORTS[report.suffix]}")
        report.write_bytes(written or b"")
    print_json(answer) if as_json else click.echo(told_scan(answer))


def _scanned(client: Client, asked: Mapping[str, Any]) -> Any:
    """Run a scan; show meanwhile how far it has come."""
    answer: list[Any] = []

    def run() -> None:
        try:
            answer.append(client.post_json("/v1/scans", asked, seconds=_FULL_SECONDS_MAX))
        except Exception as exc:  # noqa: BLE001 - raised below, where the command can turn it into words
            answer.append(exc)

    thread = threading.Thread(target=run, name="scan", daemon=True)
    thread.start()
    with progress() as bar:
        task = bar.add_task("scanning", total=None)
        while thread.is_alive():
            thread.join(1.0)
            if asked["full"] and thread.is_alive():
                _show_progress(client, bar, task)
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def _show_progress(client: Client, bar: Any, task: Any) -> None:
    try:
        running = client.get("/v1/scans/running")
    except ServiceAnswered:
        return
    bar.update(task, completed=running["done"], total=running["total"])


COMMANDS = (findings, rules, obligations, scan)
