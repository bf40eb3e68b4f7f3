"""What a unit adds: packs of a directory, policy rows of a place, a calendar."""

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.workdays import read_calendar
from ledger.main import Ledger
from ledger.settings import Settings
from projector.calendar import fill_days
from quanze.packs import record_packs
from tests.conftest import Database, TestLedger
from tests.events import event

GOOD = """
acts."x.stamp" = ["CONTRACT", "E", "x_stamper", "contract", "加盖骑缝章", "Stamp the edges"]

[[policies]]
key = "method.open_tender.goods"
value = "4000000"
unit = "CNY"
stricter = "set"
force = "LOCAL"
rules = ["CHN-06"]
confidence = "B"
starts = 2024-01-01
jurisdiction = "4202"
"""


def opened(database: Database) -> Ledger:
    return Ledger(Settings(dsn=database.dsn, signing_key=database.signer.text()))


def recorded(database: Database) -> list[str]:
    with psycopg.connect(database.dsn) as connection:
        return [row[0] for row in connection.execute("SELECT type FROM ledger.entries ORDER BY position")]


def test_packs_of_a_directory_are_recorded_once_and_a_bad_one_stops_no_other(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a-not-toml.toml").write_text("acts = [", "utf-8")
    (tmp_path / "b-bad-row.toml").write_text(
        GOOD.replace("4000000", "four million").replace("x.stamp", "x.other"), "utf-8"
    )
    (tmp_path / "c-good.toml").write_text(GOOD, "utf-8")
    for _ in range(2):
        with opened(database) as ledger:
            record_packs(ledger, tmp_path)
            assert "x.stamp" in ledger.admission.refresh().acts
            assert "x.other" not in ledger.admission.refresh().acts
    assert recorded(database) == ["catalogue.extend"]
    said = capsys.readouterr().out
    assert "a-not-toml.toml" in said
    assert "b-bad-row.toml" in said
    assert "/policies" in said


def test_rows_of_a_pack_hold_in_their_place_beside_the_shipped_ones(ledger: TestLedger) -> None:
    row: dict[str, Any] = {
        "key": "method.open_tender.goods",
        "value": "4000000",
        "unit": "CNY",
        "stricter": "set",
        "force": "LOCAL",
        "rules": ["CHN-06"],
        "confidence": "B",
        "starts": "2024-01-01",
        "jurisdiction": "4202",
    }
    ledger.post([event("catalogue.extend", "log:test", "system:import", pack="local", policies=[row])])
    (kept,) = ledger.ledger.admission.refresh().policies
    assert (kept.key, kept.starts, str(kept.value)) == ("method.open_tender.goods", date(2024, 1, 1), "4000000")


@pytest.mark.parametrize("change", [{"value": "lots"}, {"starts": "soon"}, {"unit": "bags"}, {"surplus": 1}])
def test_a_row_that_is_none_is_refused_with_its_place(ledger: TestLedger, change: dict[str, Any]) -> None:
    row = {"key": "ddl.award", "value": 4, "unit": "wd", "stricter": "max", "force": "LOCAL", "rules": ["DDL-05"]}
    row |= {"confidence": "C", "starts": "2024-01-01", "jurisdiction": "42"} | change
    with pytest.raises(Exception, match="/data/policies"):
        ledger.post([event("catalogue.extend", "log:test", "system:import", pack="local", policies=[row])])


def test_a_calendar_announced_since_makes_days_known(database: Database) -> None:
    announced = read_calendar("[2027]\nholidays = [2027-01-01, 2027-02-08]\nworkdays = [2027-02-06]\n")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        query = "SELECT projector.due_day('2027-02-04', 3, 'wd', false)"
        assert connection.execute(query).fetchone() == (None,)
        fill_days(connection, announced)
        # Friday the 5th, Saturday the 6th (worked), Monday off, Tuesday the 9th
        assert connection.execute(query).fetchone() == (date(2027, 2, 9),)
        assert connection.execute("SELECT projector.due_day('2026-12-30', 2, 'wd', false)").fetchone() == (
            date(2027, 1, 4),
        )
