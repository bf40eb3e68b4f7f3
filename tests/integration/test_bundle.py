"""An evidence bundle of a running pair: `quanze verify` takes it, and takes nothing that was changed."""

import json
from collections.abc import Iterator

import pytest

from contracts.proof import Report, Trust, VerifierKey, read_bundle, verify_document
from tests.conftest import Database
from tests.events import SOURCE, event
from tests.joined import CHIEF, CLERK, GRANTED, HEAD, Joined, granted, joined, signing, vested

POST = "post:U1/CHIEF"
PROJECT = "project:X"


@pytest.fixture
def both(database: Database) -> Iterator[Joined]:
    with joined(database) as own:
        yield own


def recorded(both: Joined) -> dict[str, int]:
    """Record a project whose contract is signed by a substitute under a grant to a post; return positions by name."""
    known = {"recordedtime": GRANTED}
    assigned = event("post.assign", POST, "person:REG", time=GRANTED, attributes=known, post=POST, person=CHIEF)
    appointed = event(
        "acting.appoint",
        "unit:U1",
        HEAD,
        time=GRANTED,
        attributes=known,
        acting="A1",
        principal=CHIEF,
        substitute=CLERK,
        grants=["grant:1"],
        **{"from": "2026-02-01", "until": "2026-04-30"},
    )
    other = event("contract.draft", "project:Y", CLERK, contract="C9")
    opened = event("project.open", PROJECT, CLERK, title="办公设备采购\n\"二\"", kind="goods", method="open_tender")
    signed = signing(CLERK, "150000.00", attributes={"onbehalfof": CHIEF})
    paid = event("pay.execute", PROJECT, "person:CASHIER", amount="150000.00", contract="C1", payment="P1")
    accepted = event("auth.accept", "grant:1", CHIEF, time=GRANTED, attributes=known, grant="grant:1")
    acts = {
        "vested": vested(),
        "granted": granted("grant:1", POST),
        "assigned": assigned,
        "appointed": appointed,
        "accepted": accepted,
        "other": other,
        "opened": opened,
        "signed": signed,
        "paid": paid,
    }
    return dict(zip(acts, both.record(*acts.values()), strict=True))


def bundle(both: Joined, project: str = "X", **parameters: str | int) -> bytes:
    answer = both.http.get(f"/v1/projects/{project}/bundle", params={"min_position": both.size(), **parameters})
    assert answer.status_code == 200, answer.text
    return answer.content


def checked(both: Joined, file: bytes, **relied_on: object) -> Report:
    return verify_document(file, Trust([VerifierKey.parse(both.database.signer.vkey)], **relied_on))


def positions(file: bytes) -> list[int]:
    return [json.loads(entry.leaf)["position"] for entry in read_bundle(file).entries]


def test_a_bundle_holds_the_acts_of_its_project_and_what_they_rest_on(both: Joined) -> None:
    at = recorded(both)
    file = bundle(both)
    assert positions(file) == sorted(position for name, position in at.items() if name != "other")
    report = checked(both, file)
    assert (report.verdict, report.failure, report.accepted) == ("verified-unwitnessed", None, True)
    print(file.decode())
    print(report)
    assert 0
