"""Runs scans: when asked, and every day at a set time. Safe to run twice, at once, and for days that were missed."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog

from contracts.faults import Fault
from contracts.moments import LOCAL_ZONE
from contracts.policy import business_date
from projector.errors import BadQuestion, Behind, ProjectorError, Unavailable
from projector.findings.scan import Scan, Scribe, count_now, event_of, show_scan
from projector.findings.watch import Judge, Progress
from projector.follow import Follower
from projector.judge.card import Card
from projector.view import Asked, View

_log: Final = structlog.get_logger()
_WAIT_SECONDS: Final = 300.0


class Scanner:
    """Scans one log."""

    def __init__(
        self,
        origin: str,
        judge: Judge,
        follower: Follower,
        scribe: Scribe,
        view: Callable[[Asked], AbstractContextManager[View]],
        cards: Callable[[View], dict[str, Card]],
    ) -> None:
        self._origin = origin
        self._judge = judge
        self._follower = follower
        self._scribe = scribe
        self._view = view
        self._cards = cards
        self._lock = threading.Lock()
        self._progress: Progress | None = None

    def scan(self, day: date, *, full: bool = False) -> Scan:
        """
        Scan for a day: see that all is judged, count, and record it. `full`: judge everything anew.

        Raises `BadQuestion` for a day that has not come, `Behind` when judging does not catch up.
        """
        today = business_date(datetime.now(UTC))
        if day > today:
            raise BadQuestion([Fault("/date", "in_the_future", f"{day} has not come: today is {today}")])
        if full:
            self._everything()
        with self._lock:  # one after the other: the second finds what the first recorded
            self._catch_up(today)
            with self._view(Asked()) as view:
                found = count_now(view, day, self._cards(view))
            if found.recorded is None:
                position = self._scribe.record(event_of(found, self._origin, datetime.now(UTC)))
                if not self._follower.wait_for(position, _WAIT_SECONDS):
                    raise Behind(f"the scan is recorded at {position}, which is not read yet")
            with self._view(Asked()) as view:
                return count_now(view, day, self._cards(view))

    def show(self, day: date) -> Scan:
        """Return the scan of a day as recorded. Raises `Unknown`."""
        with self._view(Asked()) as view:
            return show_scan(view, day, self._cards(view), self._progress)

    @property
    def progress(self) -> Progress | None:
        return self._progress

    def _everything(self) -> None:
        self._progress = self._judge.judge_all()
        self._progress.wait()
        if self._progress.fault is not None:
            raise Unavailable(f"not everything could be judged: {self._progress.fault}")

    def _catch_up(self, today: date) -> None:
        upto = self._follower.state.position
        if not self._judge.wait_for(upto, _WAIT_SECONDS) or not self._judge.wait_for_day(today, _WAIT_SECONDS):
            raise Behind(f"acts are judged up to {self._judge.state.position}, not yet to {upto}")


class Schedule:
    """A thread that scans every day at a local time."""

    def __init__(self, scanner: Scanner, at: time) -> None:
        self._scanner = scanner
        self._at = at
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daily scan", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds_left(datetime.now(LOCAL_ZONE))):
            today = datetime.now(LOCAL_ZONE).date()
            try:
                found = self._scanner.scan(today)
                _log.info("scanned", date=today.isoformat(), new=found.counts.new, open=found.counts.open)
            except ProjectorError as exc:
                _log.error("scan_failed", date=today.isoformat(), error=str(exc)[:300])
            self._stopping.wait(1.0)

    def _seconds_left(self, now: datetime) -> float:
        """Return how long it is until the next time of day."""
        due = datetime.combine(now.date(), self._at, LOCAL_ZONE)
        return ((due if due > now else due + timedelta(days=1)) - now).total_seconds()
