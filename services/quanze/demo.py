"""
The demo: load the county, ask the four questions, say where to go on.

Everything goes over HTTP, as a source system and an auditor would do it; the proof is checked offline, with the public
key alone.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import click

from contracts.proof import Trust, parse_keys, verify_document
from quanze.asking import bundle_of, history_of
from quanze.client import Client
from quanze.commands.options import progress
from quanze.posting import Posted, acts_of, post_all
from quanze.serving import token_of
from quanze.settings import DataDirectory
from quanze.telling import told_authority, told_conflicts, told_history, told_report

Key = tuple[str, str]


def tell(data: DataDirectory, url: str) -> None:
    """Load the county into the service at `url` and show the four answers. Loading it again records nothing twice."""
    with Client(url, token_of(data.path)) as client:
        positions, posted = _load(client)
        click.echo(f"\nThe county: {len(positions)} acts, {posted.recorded} of them recorded just now.")
        _wait(client, max(positions.values()))
        showcase = _showcase()
        _replay(client, showcase["replay"])
        _conflict(client, showcase["conflict"])
        _who(client, showcase, positions)
        _proof(client, data, showcase["replay"])
    click.echo(f"\nServing on {url} (API page: {url}/docs). Ctrl-C ends it. In another terminal, for example:")
    asking = f"--url {url} --token-file {data.admin_token}"
    click.echo(f"  .venv/bin/quanze conflicts {asking}")
    click.echo(f"  .venv/bin/quanze replay {showcase['conflict']} {asking}")


def _load(client: Client) -> tuple[dict[Key, int], Posted]:
    positions: dict[Key, int] = {}
    posted = Posted()
    county = files("quanze.county")
    names = sorted(entry.name for entry in county.iterdir() if entry.name.endswith(".ndjson"))
    acts = [act for name in names for act in acts_of(name, county.joinpath(name).read_bytes())]
    with progress() as bar:
        task = bar.add_task("loading the county", total=len(acts))
        for receipts in post_all(client, acts):
            posted.count(receipts)
            positions |= {(receipt["source"], receipt["id"]): receipt["position"] for receipt in receipts}
            bar.advance(task, len(receipts))
    return positions, posted


def _wait(client: Client, position: int) -> None:
    """Wait until the read model has every act of the county; it answers 503 until then."""
    client.get("/v1/projects", limit=1, min_position=position)


def _replay(client: Client, project: str) -> None:
    _head(1, "What happened on this project, in order?", "这个项目经过了什么")
    click.echo(told_history(history_of(client, project), first=4, last=6))


def _conflict(client: Client, project: str) -> None:
    _head(2, "Does one person hold duties that exclude each other?", "是否有人同时担任不相容岗位")
    click.echo(told_conflicts(list(client.pages("/v1/conflicts", project=project, limit=500))))


def _who(client: Client, showcase: Mapping[str, Any], positions: Mapping[Key, int]) -> None:
    _head(3, "Who authorised this, and under what delegation?", "谁授权的, 依据哪一级授权")
    for case in ("who", "over_ceiling", "retroactive"):
        answer = client.get(f"/v1/acts/{positions[_key(showcase[case])]}/authority")
        click.echo(told_authority(answer))


def _proof(client: Client, data: DataDirectory, project: str) -> None:
    _head(4, "Is the record untouched? Checked with the file and the public key alone", "记录是否被改动过")
    kept = data.path / f"{project.removeprefix('project:')}.bundle"
    kept.write_bytes(bundle_of(client, project, None))
    keys = parse_keys(data.verifier_key.read_text("utf-8"))
    report = verify_document(kept.read_bytes(), Trust(keys))
    click.echo(told_report(str(kept), report))
    if report.summary is not None:
        click.echo(f"\n{report.summary.zh}")
    click.echo(f"  by yourself: .venv/bin/quanze verify {kept} --log-key {data.verifier_key}")


def _showcase() -> Mapping[str, Any]:
    text = files("quanze.county").joinpath("planted.toml").read_text("utf-8")
    return tomllib.loads(text)["showcase"]


def _key(act: Mapping[str, str]) -> Key:
    return act["source"], act["id"]


def _head(number: int, english: str, chinese: str) -> None:
    click.echo(f"\n── {number} · {english} {chinese}")
