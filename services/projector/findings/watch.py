"""
Judges what acts touched, a moment after the follower has read them, and what falls due when a day begins.

What is found of some scopes is replaced whole, and only then is it noted that they are judged: a crash anywhere judges
them again and changes nothing. One process judges at a time (an advisory lock); another one stands by.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from contracts.event import Event
from contracts.policy import business_date
from edge.database import open_pool, statement
from projector.case.lay_out import Scope, lay_out
from projector.conflicts import Conflict
from projector.errors import Unavailable
from projector.fact_cache import FactCache
from projector.findings.foresee import foresee_findings
from projector.findings.found import Outcome, Part
from projector.findings.judging import SETTINGS, Opening, every_scope, judge_scopes, prepare_for, prepare_once, writing
from projector.findings.keep import keep, note_judged
from projector.findings.sharing import WorkerFailed, judge_many
from projector.findings.worker import Task
from projector.follow import follower_name
from projector.judge.engine import Trouble
from projector.judge.library import Library, fingerprint, shipped
from projector.judge.pairs import conflicts_in_case
from projector.judge.rule import BadRule
from projector.packs import Catalogues
from projector.view import Asked

_log: Final = structlog.get_logger()
_PACKAGE: Final = "projector.findings"
_LOCK: Final = 0x71756A64
"""Whoever holds it for a log judges that log ("qujd")."""
_WINDOW_ACTS: Final = 50_000
"""Acts from which on everything is judged anew: most projects are among what they touch."""
_PORTION: Final = 200
_SHARED_MIN: Final = 400
"""Scopes from which on processes of their own share them: to start those takes as long as to judge half as many."""
_SLOW_MAX: Final = 3
_NOT_THE_SCOPES: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, Unavailable)
"""What the database says when it is the trouble."""

Work = Literal["starting", "judging", "standing_by", "waiting", "failed", "stopped"]


class State(Struct, frozen=True):
    work: Work
    position: int = 0
    day: date | None = None
    fault: str | None = None


class Progress:
    """How far the judging of everything has come. `wait` until it is over; `fault` says why it failed."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self.fault: str | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        with self._lock:
            self.done += number

    def end(self, fault: str | None = None) -> None:
        self.fault = fault
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        return self._over.wait(seconds)


class Judge:
    """One thread that keeps the findings of a log up with its read model."""

    def __init__(
        self,
        dsn: str,
        log_id: int,
        library: Library,
        *,
        rules: Path | None = None,
        judges: bool = True,
        poll_seconds: float = 0.2,
    ) -> None:
        """Without `judges` it only tells how far another process has come, and judges for questions."""
        self.log_id = log_id
        self.library = library
        self._judges = judges
        self.task = Task(dsn, log_id, str(rules) if rules is not None else None)
        self._wanted: Progress | None = None
        self._generation = 0
        self._unjudged: dict[str, str] = {}
        self._slow: dict[str, int] = {}
        self._judged_by = fingerprint(library)
        self._pool = open_pool(
            dsn, "quanze_projector", size_max=3, name="quanze judge", prepares=False, settings=SETTINGS
        )
        self._opening = Opening(log_id, Catalogues(log_id), FactCache())
        self._asked = Opening(log_id, Catalogues(log_id), FactCache())
        self._foreseen = Opening(log_id, Catalogues(log_id), FactCache())
        self._questions = threading.Lock()  # what is remembered for questions is for one at a time
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self._moved = threading.Condition()
        self._state = State("starting")
        self._thread = threading.Thread(target=self._run, name=f"judge of log {log_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the portion at hand."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.close()

    @property
    def state(self) -> State:
        return self._state

    def begin_again(self) -> None:
        """Say that the read model was rebuilt: nothing is judged yet. Unsaid, it is noticed at the next step."""
        with self._moved:
            self._generation += 1
            self._state = State("starting")

    def wait_for(self, position: int, seconds: float) -> bool:
        """Wait until every act up to a position is judged; say whether it is."""
        deadline = time.monotonic() + seconds
        with self._moved:
            while self._state.position < position:
                left = deadline - time.monotonic()
                if left <= 0 or self._state.work in ("failed", "stopped"):
                    return False
                self._moved.wait(left)
        return True

    def wait_for_day(self, day: date, seconds: float) -> bool:
        """Wait until all that falls due through a day is judged; say whether it is."""
        deadline = time.monotonic() + seconds
        with self._moved:
            while self._state.day is None or self._state.day < day:
                left = deadline - time.monotonic()
                if left <= 0 or self._state.work in ("failed", "stopped"):
                    return False
                self._moved.wait(left)
        return True

    def judge_now(self, scopes: Sequence[str], asked: Asked) -> Outcome:
        """Judge some projects and units for a question, as of its moments. Nothing is written."""
        with self._questions, self._pool.connection() as connection:
            prepare_once(connection)
            return judge_scopes(connection, self._asked, scopes, self.library, asked)

    def judge_all(self) -> Progress:
        """Have everything judged anew; whoever asks while that is under way gets the same one."""
        with self._moved:
            if self._wanted is None or self._wanted.is_over:
                self._wanted = Progress()
            return self._wanted

    def conflicts_now(self, project: str, asked: Asked, *, machines: bool) -> list[Conflict]:
        """Find the incompatible duties in one hand on a project, as of a question's moments."""
        with self._questions, self._pool.connection() as connection:
            prepare_once(connection)
            prepare_for(connection, 1)
            with self._asked.view(connection, asked) as view:
                lay_out(view, Scope(projects=[project]))
                return [found for found, _ in conflicts_in_case(view, [project], machines=machines)]

    def foresee(self, events: Sequence[Event]) -> list[list[Part]]:
        """Return for each act that has not happened what it would raise. Nothing is stored."""
        with self._questions, self._pool.connection() as connection:
            prepare_once(connection)
            return foresee_findings(connection, self._foreseen, events, self.library)

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._pool.connection() as connection:
                    self._turn(connection)
            except (psycopg.Error, PoolTimeout, Unavailable) as exc:
                _log.warning("judging_waits", log_id=self.log_id, error=str(exc)[:300])
                self._show(State("waiting", self._state.position, self._state.day, str(exc)[:300]))
                self._stopping.wait(1.0)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it must be seen, not end a thread in silence
                _log.error("judge_failed", log_id=self.log_id, exc_info=exc)
                self._show(State("failed", self._state.position, self._state.day, str(exc) or repr(exc)))
                return
        self._show(State("stopped", self._state.position, self._state.day))

    def _turn(self, connection: Connection[TupleRow]) -> None:
        """Judge until stopped, if nobody else does."""
        if not self._may_judge(connection):
            position, day, _, _ = self._position(connection)
            self._show(State("standing_by", position, day))
            self._stopping.wait(self._poll_seconds)
            return
        try:
            prepare_once(connection)
            while not self._stopping.is_set():
                if not self._step(connection):
                    self._stopping.wait(self._poll_seconds)
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK, self.log_id))

    def _may_judge(self, connection: Connection[TupleRow]) -> bool:
        if not self._judges:
            return False
        return connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK, self.log_id)).fetchone() == (True,)

    def _step(self, connection: Connection[TupleRow]) -> bool:
        """Judge what a window of acts touched, or what this day brings; say whether there was anything."""
        generation = self._generation
        position, day, upto, by = self._position(connection)
        today = business_date(datetime.now(UTC))
        wanted = self._wanted
        if wanted is not None and not wanted.is_over:
            self._everything(connection, wanted, upto, today, generation)
            return True
        if upto - position > _WINDOW_ACTS or (by is not None and by != self._judged_by):
            self._everything(connection, self.judge_all(), upto, today, generation)
            return True
        window = upto
        scopes = self._touched(connection, position, window) if window > position else []
        if day is None or day < today:
            scopes = sorted({*scopes, *self._waking(connection, today)})
            if self._was_missed(connection, today):
                scopes = list(every_scope(connection, self.log_id))  # a day without a scan shows on whatever was open
        if not self._judged_and_kept(connection, scopes):
            return False  # what is left is judged again from the same position
        if window > position or day != today:
            with writing(connection):
                note_judged(connection, self.log_id, window, today, self._judged_by)
        self._show(State("judging", window, today), generation)
        return bool(scopes)

    def _judged_and_kept(self, connection: Connection[TupleRow], scopes: Sequence[str]) -> bool:
        """Say whether all were judged: when this is to end, it ends after the portion at hand."""
        if len(scopes) >= _SHARED_MIN:
            try:
                return judge_many(self.task, scopes, lambda _: None, self._stopping)
            except WorkerFailed as exc:
                _log.warning("judged_in_one_process", log_id=self.log_id, scopes=len(scopes), error=str(exc))
        for number, outcomes in enumerate(self.judged(connection, scopes)):
            with writing(connection):
                keep(connection, self.log_id, [outcomes])
            if self._stopping.is_set() and (number + 1) * _PORTION < len(scopes):
                return False
        return True

    def _everything(
        self, connection: Connection[TupleRow], wanted: Progress, upto: int, today: date, generation: int
    ) -> None:
        try:
            scopes = list(every_scope(connection, self.log_id))
            wanted.total = len(scopes)
            if not judge_many(self.task, scopes, wanted.add, self._stopping):
                wanted.end("the service is shutting down")
                return
            with writing(connection):
                note_judged(connection, self.log_id, upto, today, self._judged_by)
            self._show(State("judging", upto, today), generation)
            wanted.end()
        except BaseException as exc:
            wanted.end(str(exc) or repr(exc))
            raise

    def _was_missed(self, connection: Connection[TupleRow], today: date) -> bool:
        given = {"log_id": self.log_id, "yesterday": today - timedelta(days=1)}
        return connection.execute(statement(_PACKAGE, "scan_missed"), given).fetchone() == (True,)

    def judged(self, connection: Connection[TupleRow], scopes: Sequence[str]) -> Iterator[Outcome]:
        """Judge scopes as of now, portion by portion. One that cannot be judged is told of, and stops no other."""
        for first in range(0, len(scopes), _PORTION):
            portion = scopes[first : first + _PORTION]
            try:
                yield self._outcome(connection, portion)
            except _NOT_THE_SCOPES:
                raise
            except Exception as exc:  # noqa: BLE001 - the scopes are tried one by one; the one at fault is told of
                _log.warning("portion_not_judged", log_id=self.log_id, scopes=len(portion), error=repr(exc)[:300])
                yield from self._one_by_one(connection, portion)

    def _one_by_one(self, connection: Connection[TupleRow], scopes: Sequence[str]) -> Iterator[Outcome]:
        for scope in scopes:
            try:
                yield self._outcome(connection, [scope])
            except _NOT_THE_SCOPES:
                raise
            except Exception as exc:  # noqa: BLE001 - seen in the log and by whoever asks whether the service is well
                _log.error("scope_not_judged", log_id=self.log_id, scope=scope, exc_info=exc)
                self._unjudged[scope] = repr(exc)[:300]

    def _outcome(self, connection: Connection[TupleRow], scopes: Sequence[str]) -> Outcome:
        found = judge_scopes(connection, self._opening, scopes, self.library)
        for scope in scopes:
            self._unjudged.pop(scope, None)
        self._leave_out(found.troubles)
        return found

    def _leave_out(self, troubles: Sequence[Trouble]) -> None:
        """Take a unit's own rule that keeps running into its time limit out, until the next start."""
        own = {rule.id: rule for rule in self.library.rules.values() if rule.id not in shipped().rules}
        for each in troubles:
            if each.rule in own and each.slow:
                self._slow[each.rule] = self._slow.get(each.rule, 0) + 1
                if self._slow[each.rule] >= _SLOW_MAX:
                    rule = own[each.rule]
                    _log.error("rule_left_out", rule=rule.id, file=rule.file, error=each.error)
                    refused = BadRule(rule.file, rule.body_line, f"{each.error}, {_SLOW_MAX} times: left out")
                    rules = {id: rule for id, rule in self.library.rules.items() if id != each.rule}
                    self.library = Library(rules, (*self.library.refused, refused))

    @property
    def unjudged(self) -> Mapping[str, str]:
        """Scopes that could not be judged, and why."""
        return dict(self._unjudged)

    def _position(self, connection: Connection[TupleRow]) -> tuple[int, date | None, int, str | None]:
        given = {"log_id": self.log_id, "follower": follower_name(self.log_id)}
        row = connection.execute(statement(_PACKAGE, "judging"), given).fetchone()
        position, day, by, upto, has_calendar = row if row is not None else (None, None, None, None, False)
        if not has_calendar:
            raise Unavailable("the read model is being rebuilt: it has no calendar yet")
        return position or 0, day, upto or 0, by

    def _touched(self, connection: Connection[TupleRow], after: int, upto: int) -> list[str]:
        given = {"log_id": self.log_id, "after": after, "upto": upto}
        rows = connection.execute(statement(_PACKAGE, "touched"), given).fetchall()
        if any(everything for _, everything in rows):
            return list(every_scope(connection, self.log_id))
        return sorted(scope for scope, _ in rows)

    def _waking(self, connection: Connection[TupleRow], today: date) -> list[str]:
        given = {"log_id": self.log_id, "today": today}
        return [row[0] for row in connection.execute(statement(_PACKAGE, "waking"), given)]

    def _show(self, state: State, generation: int | None = None) -> None:
        """Say how far it is. What was begun before the read model was thrown away says nothing of the new one."""
        with self._moved:
            if generation is None or generation == self._generation:
                self._state = state
            self._moved.notify_all()
