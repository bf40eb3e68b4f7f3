"""`quanze who` and `quanze grants` against a running ledger: what an auditor reads, and what a machine reads."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quanze.columns import COLUMNS, width
from tests.acceptance.conftest import Process as Up
from tests.acceptance.conftest import Ran, run
from tests.registers import CHIEF, CLERK, DEPUTY, granted, said, seated, signed, vested

LEAD, ACCOUNT = "post:U1/LEAD", "account:oa/7"
WITHIN = granted(
    "grant:2",
    LEAD,
    by=DEPUTY,
    parent="grant:1",
    ceiling_item="500.00",
    ceiling_total="2000.00",
    instrument={"no": "授权书2024-2"},
    conditions=["legal_review"],
)
OPENED, CLOSED = "2024-06-01T09:00:00+08:00", "2025-03-01T00:00:00+08:00"
LINK = said("account.link", CLERK, "person:HR", OPENED, "2025-05-01T09:00:00+08:00", account=ACCOUNT, person=CLERK)
UNLINK = said("account.unlink", CLERK, "person:HR", CLOSED, "2025-08-01T09:00:00+08:00", account=ACCOUNT)
ACTS: dict[str, dict[str, Any]] = {
    "root": vested("grant:R"),
    "assigned": seated(CHIEF, LEAD, "2024-01-01"),
    "first": granted("grant:1", DEPUTY, ceiling_total="10000.00"),
    "second": WITHIN,
    "clerks": granted("grant:3", CLERK, scope={"acts": ["pay.approve", "contract.sign"]}, valid_until="2025-03-31"),
    "opinion": said(
        "contract.review",
        "project:X",
        "person:LAW",
        "2025-02-01T08:00:00+08:00",
        participants=[{"actor": "person:LAW", "capacity": "lead", "function": "legal"}],
        result="pass",
    ),
    "good": signed(CHIEF, "2025-02-01T09:00:00+08:00", "400.00", "grant:2"),
    "over": signed(CHIEF, "2025-02-03T09:00:00+08:00", "600.00", "grant:2"),
    "wrong": signed(CHIEF, "2025-02-04T09:00:00+08:00", "100.00", "grant:3"),
    "by_account": signed(ACCOUNT, "2025-03-01T09:00:00+08:00", "100.00"),
    "suspended": said("auth.suspend", "grant:2", DEPUTY, "2025-06-01T00:00:00+08:00", grant="grant:2"),
    "link": LINK,
    "unlink": UNLINK,
}


@pytest.fixture(scope="module")
def positions(up: Up, directory: Path) -> dict[str, int]:
    """Where each act of the story stands."""
    file = directory / "acts.ndjson"
    file.write_text("\n".join(json.dumps(act, ensure_ascii=False) for act in ACTS.values()), "utf-8")
    posted = asked(up, "post", file)
    assert posted.status == 0, posted.err
    with up.http() as http:
        receipts = [item["receipt"] for item in http.get("/v1/events", params={"limit": 1000}).json()["items"]]
        by_id = {receipt["id"]: receipt["position"] for receipt in receipts}
        http.get("/v1/projects", params={"min_position": max(by_id.values())}).raise_for_status()
    return {name: by_id[act["id"]] for name, act in ACTS.items()}


def asked(up: Up, *arguments: str | Path) -> Ran:
    return run(*arguments, environment={"QUANZE_URL": up.url, "QUANZE_TOKEN": up.token})


def told(up: Up, *arguments: str | int) -> list[str]:
    """Return what a command prints, each line no wider than a terminal and without colours."""
    ran = asked(up, *map(str, arguments))
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line for line in lines if width(line) > COLUMNS] == []
    assert "\x1b" not in ran.out, "no colours where it is no terminal"
    return lines


def row(lines: Sequence[str], grant: str) -> int:
    """Return where the row of a grant stands among the lines."""
    return next(index for index, line in enumerate(lines) if grant in line.split())


def test_a_chain_is_read_from_the_root_down_with_amounts_aligned(up: Up, positions: dict[str, int]) -> None:
    lines = told(up, "who", positions["good"])
    assert lines[0] == "✓ VALID 有效"
    assert f"#{positions['good']} 签订合同 contract.sign · project:X · 2025-02-01 09:00 · 400.00 CNY" in lines[2]
    rows = [row(lines, grant) for grant in ("grant:R", "grant:1", "grant:2")]
    assert rows == sorted(rows)
    assert [lines[index].index("grant:") for index in rows] == [4, 7, 10], "a step further in at each delegation"
    assert lines[rows[1]].split()[-4:] == ["-", "10,000.00", "0.00", "9,600.00"]
    assert lines[rows[2]].split()[-4:] == ["500.00", "2,000.00", "0.00", "1,600.00"]
    assert len({width(lines[index]) for index in rows}) == 1, "the last amounts end in one column"
    assert f"{DEPUTY} → {LEAD} = {CHIEF}" in lines[rows[2] + 1]
    assert "授权书2024-2" in lines[rows[2] + 2]
    assert not [line for line in lines if "✗" in line]


def test_a_condition_says_whether_it_is_met_and_by_which_act(up: Up, positions: dict[str, int]) -> None:
    (line,) = [line for line in told(up, "who", positions["good"]) if "legal_review" in line]
    assert line.split()[0] == "✓"
    assert f"#{positions['opinion']}" in line


def test_the_link_that_fails_is_marked_and_named(up: Up, positions: dict[str, int]) -> None:
    lines = told(up, "who", positions["over"])
    assert lines[0].startswith("✗ INVALID 无效 · AUT-06 超单笔限额")
    marked = [line for line in lines if line.lstrip().startswith("✗ ") and "grant:" in line.split("AUT")[0]]
    assert [line.split()[2] for line in marked] == ["grant:2"], "that link and no other"
    assert any(line.strip().startswith("✗ AUT-06 超单笔限额") for line in lines[row(lines, "grant:2") :])
    assert "民法典 §170" in " ".join(lines[-3:]), "the civil effect comes last"


def test_a_citation_that_does_not_serve_is_marked_though_the_act_is_authorised(
    up: Up, positions: dict[str, int]
) -> None:
    lines = told(up, "who", positions["wrong"])
    assert lines[0].startswith("✓ VALID")
    (line,) = [line for line in lines if "grant:3" in line and "cites" in line]
    assert line.strip().startswith("! 所引授权非授予行为人")


def test_one_person_under_an_account_from_the_link_on_and_at_both_clocks(up: Up, positions: dict[str, int]) -> None:
    """
    Known in May, the link makes the account's act of March its person's. The unlink, known in August, took effect
    hours before that act: from then on it is the account's own.
    """
    at = positions["by_account"]
    before, between, after = (
        told(up, "who", at, "--known-at", day) for day in ("2025-04-30", "2025-06-30", "2025-09-30")
    )
    assert (before[0].split()[1], between[0].split()[1], after[0].split()[1]) == ("INVALID", "VALID", "INVALID")
    assert "AUT-01 无授权" in before[0]
    assert f"by {ACCOUNT} = {CLERK}" in between[3]
    assert f"{ACCOUNT} =" not in after[3]


def test_the_same_for_machines(up: Up, positions: dict[str, int]) -> None:
    answer = json.loads(asked(up, "who", str(positions["over"]), "--json").out)
    assert (answer["verdict"], [each["code"] for each in answer["failures"]]) == ("INVALID", ["AUT-06"])
    listed = json.loads(asked(up, "grants", "unit:U1", "--json").out)
    assert [item["grant"]["grant"] for item in listed["items"]] == ["grant:R", "grant:1", "grant:2", "grant:3"]


def test_a_units_grants_are_a_tree_with_what_is_not_live_marked(up: Up, positions: dict[str, int]) -> None:
    lines = told(up, "grants", "unit:U1", "--as-of", "2025-06-30")
    drawn = [line.strip().split()[:3] for line in lines if line.strip().startswith(("├─", "└─", "│  └─", "grant:"))]
    assert [[part for part in each if part in ("├─", "└─", "│") or part.startswith("grant:")] for each in drawn] == [
        ["grant:R"],
        ["├─", "grant:1"],
        ["│", "└─", "grant:2"],
        ["└─", "grant:3"],
    ]
    second = row(lines, "grant:2")
    assert lines[second].split()[-4:] == ["500.00", "2,000.00", "1,100.00", "55%"]
    assert "✗ 已中止 suspended" in lines[second + 1]
    assert "✗ 已到期 expired" in lines[row(lines, "grant:3") + 1]
    assert lines[-1].strip() == "4 grants, 2 live"
    dormant = told(up, "grants", "unit:U1", "--as-of", "2026-06-30", "--dormant")
    assert [word for line in dormant for word in line.split() if word.startswith("grant:")] == ["grant:1"]


def test_one_grant_with_what_is_left_and_the_acts_under_it(up: Up, positions: dict[str, int]) -> None:
    lines = told(up, "grants", "grant:2", "--as-of", "2025-05-31")
    assert lines[0] == "grant:2 · ✓ 有效 live"
    own = next(line for line in lines if "└─ grant:2" in line)
    assert own.split()[2:6] == ["2,000.00", "1,100.00", "900.00", "55%"]
    acts = [line for line in lines if "contract.sign" in line and "#" in line]
    assert [line.split()[1] for line in acts] == [f"#{positions[name]}" for name in ("good", "over", "wrong")]
    assert [line.split()[-3] for line in acts] == ["VALID", "INVALID", "VALID"]


def test_what_a_revocation_would_cut_off(up: Up, positions: dict[str, int]) -> None:
    lines = told(up, "grants", "grant:1", "--if-revoked", "2025-02-02", "--as-of", "2025-05-31")
    assert "nothing is stored" in lines[0]
    assert lines[1].split()[:4] == ["2", "grants", "would", "end"]
    assert f"{LEAD} = {CHIEF}" in lines[row(lines, "grant:2")]
    acts = [line.split()[0] for line in lines if "contract.sign" in line and "#" in line]
    assert acts == [f"#{positions[name]}" for name in ("over", "wrong")]


def test_wrong_use_is_said(up: Up) -> None:
    assert asked(up, "grants", "unit:U1", "--if-revoked").status == 2
    assert asked(up, "grants", "grant:1", "--dormant").status == 2
    ghost = asked(up, "grants", "grant:GHOST")
    assert (ghost.status, "grant:GHOST" in ghost.err) == (2, True)


def test_a_name_with_a_percent_in_it_is_not_read_twice(up: Up) -> None:
    with up.http() as http:
        acts = [vested("grant:k/z", unit="unit:K"), vested("grant:k%2Fz", unit="unit:K")]
        answer = http.post("/v1/events", json=acts, headers={"content-type": "application/cloudevents-batch+json"})
        position = max(receipt["position"] for receipt in answer.json()["receipts"])
        for at, name in (("k%2Fz", "grant:k/z"), ("k%252Fz", "grant:k%2Fz")):
            found = http.get(f"/v1/grants/{at}", params={"min_position": position})
            assert found.json()["grant"]["grant"] == name, at


def test_every_question_takes_a_slash_that_was_escaped(up: Up) -> None:
    with up.http() as http:
        paths: list[str] = [path for path in http.get("/docs/openapi.json").json()["paths"] if "{" in path]
        named = [path for path in paths if not re.search(r"position|\{day", path) and not path.startswith("/tile/")]
        assert len(named) > 8
        for path in named:
            answer = http.get(f"{path[: path.index('{')]}a%2Fb{path[path.index('}') + 1 :]}")
            assert answer.status_code in (200, 404), (path, answer.text)
