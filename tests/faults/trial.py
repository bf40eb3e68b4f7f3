"""One server through many rounds of load, kill, return and judgement."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

import httpx

from tests.faults.judging import require_kept, require_nothing_else, require_verified, stored
from tests.faults.load import Load, Posted, Wrong, client, send
from tests.faults.servers import Up

Victim = Literal["server", "backend", "postmaster"]

MOMENT_SECONDS_MAX: Final = 1.5
BACK_SECONDS_MAX: Final = 90.0


@dataclass(frozen=True, kw_only=True)
class Round:
    """What a round came to. `unanswered` requests got no receipt; `in_after_all`: those of them that were recorded."""

    name: str
    moment_seconds: float
    acknowledged: int
    unanswered: int
    in_after_all: int
    size: int
    """Of the log, when the crash was judged."""


@dataclass
class Trial:
    """A server, and all that was ever posted to it. Every round leaves it running and its log whole, or raises."""

    server: Up
    seed: int
    rounds: list[Round] = field(default_factory=list[Round])
    _posted: list[Posted] = field(default_factory=list[Posted])
    _notes: list[str] = field(default_factory=list[str])

    def kill(self, victim: Victim) -> Round:
        """Load the server, kill at a moment of the seed's choice, and judge what is there. Raises `Wrong`."""

        def happen(load: Load) -> None:
            match victim:
                case "server":
                    self.server.kill_server()
                case "backend":
                    self.server.kill_backend(Random(f"{self.seed}/{len(self.rounds)}"))
                    self.wait_until_acknowledged(load)
                case "postmaster":
                    self.server.kill_postmaster()
                    self.wait_until_acknowledged(load)

        return self.round(victim, happen)

    def round(self, name: str, happen: Callable[[Load], None]) -> Round:
        """Let something happen under load, start the server again if that ended it, and judge. Raises `Wrong`."""
        number = len(self.rounds) + 1
        random = Random(f"{self.seed}/{number}")
        moment = random.uniform(0, MOMENT_SECONDS_MAX)
        load = Load(self.server.process.url, self.server.process.token, f"r{number}", random)
        try:
            load.start()
            try:
                time.sleep(moment)
                happen(load)
            finally:
                load.stop()
            load.require_answers()
            if self.server.process.popen.poll() is not None:
                self.server.start_again()
            self.rounds.append(self._judged(name, moment, load))
        except (Wrong, httpx.HTTPError) as exc:
            for wrong in load.wrongs[:3]:
                exc.add_note(wrong)
            exc.add_note(f"round {number}, {name} after {moment:.3f} s, QUANZE_FAULT_SEED={self.seed}")
            raise
        return self.rounds[-1]

    def wait_until_acknowledged(self, load: Load) -> None:
        """Wait until something sent after this moment is acknowledged: service has resumed by itself."""
        since = time.monotonic()
        while not load.acknowledges_again(since):
            process = self.server.process
            if process.popen.poll() is not None:
                raise Wrong(f"the server ended with {process.popen.returncode}:\n{process.printed()[-3000:]}")
            if time.monotonic() > since + BACK_SECONDS_MAX:
                raise Wrong(f"nothing was acknowledged for {BACK_SECONDS_MAX} s:\n{process.printed()[-3000:]}")
            time.sleep(0.02)

    def _judged(self, name: str, moment: float, load: Load) -> Round:
        self._posted += load.posted
        self._notes += sorted(load.notes)
        vkey = self.server.data.verifier_key.read_text("utf-8").strip()
        rows = stored(self.server.dsn)
        require_kept(rows, self._posted)
        size = require_verified(self.server.dsn, vkey, self._notes)

        unanswered = [each for each in load.posted if each.receipts is None]
        in_after_all = [each for each in unanswered if each.names()[0] in rows]
        self._post_again(unanswered)
        for request in unanswered:
            said = [receipt["status"] for receipt in request.receipts or ()]
            if said != ["duplicate" if name in rows else "recorded" for name in request.names()]:
                raise Wrong(
                    f"{request.names()[0]} tried again was answered {said}; was in before: {request in in_after_all}"
                )
        rows = stored(self.server.dsn)
        require_kept(rows, self._posted)
        require_nothing_else(rows, self._posted)
        return Round(
            name=name,
            moment_seconds=moment,
            acknowledged=len(load.posted) - len(unanswered),
            unanswered=len(unanswered),
            in_after_all=len(in_after_all),
            size=size,
        )

    def _post_again(self, requests: list[Posted]) -> None:
        with client(self.server.process.url, self.server.process.token) as http:
            for request in requests:
                deadline = time.monotonic() + BACK_SECONDS_MAX
                while not send(http, request).is_success:
                    if time.monotonic() > deadline:
                        raise Wrong(f"{request.names()[0]} was never acknowledged")
                    time.sleep(0.1)
