"""
Two real logs, imported by the command, asked over HTTP: every pair of activities gives the violations that other
programs found.

The logs and the reference answers are not part of the project; without them these tests are skipped.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.acceptance.conftest import Process, run

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("QUANZE_SHARED", ROOT.parent / "shared")) / "data"
LOGS = {
    "bpic2019": ("bpic2019-sample", "BPI_Challenge_2019_sample.csv", 6567, 1000),
    "p2p-zampino": ("p2p-asis-zampino", "Procure-to-Pay asis.csv", 9070, 625),
}

Pairs = dict[frozenset[str], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def answers(up: Process) -> Iterator[dict[str, Any]]:
    """Import both logs; keep what the product answers over all actors, and over persons."""
    for name, (folder, file, count, cases) in LOGS.items():
        path = SHARED / folder / file
        if not path.exists():
            pytest.skip(f"the real log {path.name} is not on this machine")
        mapping = ROOT / "examples" / "mappings" / f"{name}.toml"
        asked = {"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url}
        imported = run("import", path, "--mapping", mapping, "--json", environment=asked)
        assert imported.status == 0, imported.err
        report = json.loads(imported.out)
        assert (report["events"], report["cases"], report["recorded"]) == (count, cases, count)
    with up.http() as http:
        head = http.get("/v1/log").json()["size"]
        packs = http.get("/v1/events", params={"type": "catalogue.extend"}).json()["items"]
        yield {
            "names": _names(packs),
            **{
                actors: _violations(http, {"actors": actors, "min_position": head, "level": "performed"})
                for actors in ("all", "persons")
            },
        }


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize(("actors", "key"), [("all", None), ("persons", "persons_only")])
def test_every_pair_of_activities_has_the_violations_others_found(
    answers: dict[str, Any], name: str, actors: str, key: str | None
) -> None:
    expected = json.loads((SHARED / LOGS[name][0] / "expected" / "four_eyes.json").read_text("utf-8"))
    found: Pairs = answers[actors]
    compared = 0
    for pair in expected["activity_pairs"]:
        wanted = pair if key is None else pair[key]
        roles = frozenset(answers["names"][name][activity] for activity in (pair["a"], pair["b"]))
        _require_equal(wanted, found.pop(roles, set()), f"{pair['a']} × {pair['b']}")
        compared += 1
    assert compared == len(expected["activity_pairs"])
    listed = {frozenset((pair["a"], pair["b"])) for pair in expected["activity_pairs"]}
    for roles, hits in list(found.items()):
        activities = answers["names"][name]
        extra = frozenset(activity for activity, role in activities.items() if role in roles)
        assert len(extra) < 2 or extra in listed or not hits, f"{extra} is no pair of the reference"


def test_every_pair_of_roles_has_the_conflicts_others_found(answers: dict[str, Any]) -> None:
    expected = json.loads((SHARED / LOGS["p2p-zampino"][0] / "expected" / "four_eyes.json").read_text("utf-8"))
    pairs = expected["role_pairs_same_person_same_case"]
    hits = 0
    for pair in pairs:
        roles = frozenset(answers["names"]["p2p-zampino:roles"][role] for role in (pair["a"], pair["b"]))
        _require_equal(pair, answers["persons"].get(roles, set()), f"{pair['a']} × {pair['b']}")
        hits += pair["violating_cases"]
    assert hits == 103 + 80 + 1


def test_importing_again_records_nothing_twice(up: Process, answers: dict[str, Any]) -> None:
    assert answers
    folder, file, count, _ = LOGS["bpic2019"]
    again = run(
        "import",
        SHARED / folder / file,
        "--mapping",
        ROOT / "examples" / "mappings" / "bpic2019.toml",
        "--json",
        environment={"QUANZE_TOKEN": up.token, "QUANZE_URL": up.url},
    )
    report = json.loads(again.out)
    assert (again.status, report["recorded"], report["duplicates"]) == (0, 0, count)


def _require_equal(wanted: dict[str, Any], hits: set[tuple[str, str]], what: str) -> None:
    lines = "".join(f"{case}\t{actor}\n" for case, actor in sorted(hits))
    digest = sha256(lines.encode()).hexdigest() if hits else None
    assert (len({case for case, _ in hits}), len(hits), digest) == (
        wanted.get("violating_cases", 0),
        wanted.get("case_person_pairs", 0),
        wanted.get("case_person_sha256"),
    ), what


def _violations(http: Any, parameters: dict[str, Any]) -> Pairs:
    found: Pairs = defaultdict(set)
    after: str | None = None
    while True:
        given = {**parameters, "limit": 1000, **({"after": after} if after else {})}
        answer = http.get("/v1/conflicts", params=given)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for item in page["items"]:
            assert item["basis"] == "PERFORMED"
            found[frozenset(item["roles"])].add((_word(item["project"]), _word(item["person"])))
        after = page["next"]
        if after is None:
            return dict(found)


def _word(reference: str) -> str:
    return unquote(reference.partition(":")[2]).removeprefix("unknown/")


def _names(packs: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what the packs call each activity and role of a log: the log's word → the role's name."""
    names: dict[str, dict[str, str]] = {}
    for pack in packs:
        data = pack["event"]["data"]
        names[data["pack"]] = {row[5]: row[2] for row in data["acts"].values()}
        names[f"{data['pack']}:roles"] = {row[1]: role for role, row in data["roles"].items()}
    return names
