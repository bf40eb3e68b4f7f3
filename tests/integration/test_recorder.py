"""The library's own test case for a DCB recorder, on the ledger."""

import pytest
from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.tests import DCBRecorderTestCase

from tests.conftest import TestLedger


class TestLedgerRecorder(DCBRecorderTestCase):
    @pytest.fixture(autouse=True)
    def _recorder(self, ledger: TestLedger) -> None:
        self.recorder = ledger.ledger.recorder

    def test_append_read(self) -> None:
        self._test_append_read(self.recorder)

    def test_append_read_after_others(self) -> None:
        self.recorder.append([DCBEvent("type0", b"data0", []) for _ in range(5)])
        self._test_append_read(self.recorder, initial_position=5)

    def test_append_subscribe(self) -> None:
        self._test_append_subscribe(self.recorder)
