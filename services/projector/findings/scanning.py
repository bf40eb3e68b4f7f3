"""Runs scans: when asked, and every day at a set time. Safe to run twice, at once, and for days that were missed."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, cast

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from contracts.faults import Fault
from contracts.moments import LOCAL_ZONE
from contracts.policy import business_date
from projector.errors import BadQuestion, Behind, ProjectorError, Unavailable
from projector.findings.scan import Scan, Scribe, count_now, event_of, scans_recorded, show_scan
from projector.findings.watch import Judge, Progress
from projector.follow import Follower
from projector.judge.card import Card
from projector.view import Asked, View

_log: Final = structlog.get_logger()
_WAIT_SECONDS: Final = 300.0
_RETRY_SECONDS: Final = 60.0
_FIRST_ACT: Final = (
    "SELECT time, known_from FROM projector.acts WHERE log_id = %(log_id)s ORDER BY log_id, position LIMIT 1"
)


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
        Scan for a day: see that all that is recorded by now is judged, count, and record it. `full`: all of it anew.

        Raises `BadQuestion` for a day that has not come, `Behind` when judging does not catch up.
        """
        today = business_date(datetime.now(UTC))
        if day > today:
            raise BadQuestion([Fault("/date", "in_the_future", f"{day} has not come: today is {today}")])
        began = self._began()
        if began is not None and day < began:
            raise BadQuestion([Fault("/date", "before_the_log", f"{day} is before the log's first act, of {began}")])
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

    def last_day(self) -> date | None:
        """Return the latest day of which a scan is recorded."""
        with self._view(Asked()) as view:
            return max(scans_recorded(view), default=None)

    def _began(self) -> date | None:
        """Return the day of the log's first act: by when it is said to have happened, or to have been recorded."""
        with self._view(Asked()) as view:
            row = view.connection.execute(_FIRST_ACT, {"log_id": view.log_id}).fetchone()
        return business_date(min(row)) if row is not None else None

    @property
    def progress(self) -> Progress | None:
        return self._progress

    def _everything(self) -> None:
        self._progress = self._judge.judge_all()
        self._progress.wait()
        if self._progress.fault is not None:
            raise Unavailable(f"not everything could be judged: {self._progress.fault}")

    def _catch_up(self, today: date) -> None:
        with self._view(Asked()) as view:
            upto: int = cast("tuple[int]", view.select("recorded_upto").fetchone())[0]
        if not self._follower.wait_for(upto, _WAIT_SECONDS):
            raise Behind(f"acts are read up to {self._follower.state.position}, not yet to {upto}")
        if not self._judge.wait_for(upto, _WAIT_SECONDS) or not self._judge.wait_for_day(today, _WAIT_SECONDS):
            raise Behind(f"acts are judged up to {self._judge.state.position}, not yet to {upto}")


class Schedule:
    """
    A thread that scans every day at a local time.

    A scan that fails is tried again until it is recorded. A day on which nothing ran at that time is scanned at the
    start, if it is not over; of days before that only who asks for one (`quanze scan --date`) makes it good.
    """

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
        scanned: date | None = None
        wait = 0.0
        while not self._stopping.wait(wait):
            now = datetime.now(LOCAL_ZONE)
            try:
                # Of a log never scanned, tomorrow's is the first.
                last = scanned or self._scanner.last_day() or now.date()
                wait = seconds_until_due(self._at, last, now)
                if wait == 0.0:
                    found = self._scanner.scan(now.date())
                    _log.info("scanned", date=str(now.date()), new=found.counts.new, open=found.counts.open)
                    scanned = now.date()
            except (ProjectorError, psycopg.Error, PoolTimeout) as exc:
                _log.error("scan_failed", date=str(now.date()), error=str(exc)[:300])
                wait = _RETRY_SECONDS


def seconds_until_due(at: time, last: date, now: datetime) -> float:
    """Return how long it is until the next scan is due, the last one being that of a day. 0: it is due."""
    due = datetime.combine(max(last + timedelta(days=1), now.date()), at, now.tzinfo)
    return max(0.0, (due - now).total_seconds())
