"""
The daily scan: everything is judged that acts touched or that fell due, what changed since the scan before is counted,
and the scan itself is recorded as an act (`scan.execute`), also where nothing was found.

One scan a day is recorded, however often it is run; run again, it counts what is so now.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Final, Protocol

import httpx
import msgspec
from msgspec import Meta, Struct

from contracts.moments import format_instant
from contracts.policy import business_date, shipped
from edge.database import statement
from projector.errors import Unavailable, Unknown
from projector.findings.life import WARNED_DAYS
from projector.findings.show import judged_upto
from projector.findings.watch import Progress
from projector.judge.card import Card
from projector.judge.rule import Bilingual
from projector.view import View

Day = date

_PACKAGE: Final = "projector.findings"
SOURCE: Final = "urn:quanze:scan"
ACTOR: Final = "system:quanze-scan"
_SHARE: Final = "scan.share"
_SHARED_PROJECTS_MIN: Final = 20
"""Projects from which on a share says something."""
_UNMATCHED_MAX: Final = 1_000
_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Scribe(Protocol):
    """Records an act of this system's own."""

    def record(self, event: Mapping[str, Any]) -> int:
        """Return where an act stands; of one that is recorded already, where it was. Raises `Unavailable`."""
        ...


class NoScribe:
    """Of a projector that runs alone and was not told where the ledger is."""

    def record(self, event: Mapping[str, Any]) -> int:
        raise Unavailable("this projector does not know the ledger: set QUANZE_LEDGER_URL and a token that may write")


class RemoteScribe:
    """The ledger's public API as a scribe. Its token needs `events:write` for the source of scans."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30.0)

    def record(self, event: Mapping[str, Any]) -> int:
        try:
            answer = self._http.post(
                "/v1/events",
                content=msgspec.json.encode(event),
                headers={"Content-Type": "application/cloudevents+json"},
            )
        except httpx.HTTPError as exc:
            raise Unavailable(f"the ledger did not answer: {exc}") from exc
        if answer.status_code not in (200, 201):
            raise Unavailable(f"the ledger did not record the scan: {answer.status_code} {answer.text[:300]}")
        return int(answer.json()["receipts"][0]["position"])


class Counts(Struct, frozen=True, kw_only=True):
    """What a scan found. `new`: since the scan before; `open`: known before and still so; `closed`: since then."""

    new: int
    open: int
    closed: int
    undetermined: int


class RuleCounts(Struct, frozen=True, kw_only=True):
    """
    The same of one rule. `share`: on how many of the projects it ever fired. `too_often`: on more than policy row
    `scan.share` says: then the rule, or what is posted, deserves a look.
    """

    rule: str
    title: Bilingual
    severity: str
    new: int
    open: int
    closed: int
    undetermined: int
    share: Annotated[str, Meta(description="a decimal string, 0.0000 to 1.0000")]
    too_often: bool


class Unmatched(Struct, frozen=True, kw_only=True):
    """A disposition whose finding is no longer found."""

    finding: str
    disposition: str | None
    position: int
    time: datetime


class Scan(Struct, frozen=True, kw_only=True):
    """
    A scan. `recorded`: position of its act, null while it is not recorded. `before`: the day of the scan before it.

    `lapsing`: waivers and controls that end within thirty days; `lapsed`: findings open again since one ended.
    """

    date: Day
    at: datetime
    before: Day | None
    recorded: int | None
    position: Annotated[int, Meta(description="every act up to it was judged")]
    projects: int
    counts: Counts
    rules: list[RuleCounts]
    unmatched: list[Unmatched]
    lapsing: list[str]
    lapsed: list[str]
    running: Annotated[str | None, Meta(description="how far a full scan has come, such as `1500 of 100000`")] = None


class Recorded(Struct, frozen=True):
    day: date
    position: int
    known_from: datetime


def show_scan(view: View, day: date, cards: Mapping[str, Card], progress: Progress | None = None) -> Scan:
    """Return the scan of a day. Raises `Unknown` where none is recorded."""
    scans = scans_recorded(view)
    if day not in scans:
        raise Unknown(f"no scan of {day} is recorded; the days with one are {_listed(scans)}")
    return _counted(view, day, scans[day].known_from, scans, cards, progress)


def count_now(view: View, day: date, cards: Mapping[str, Card]) -> Scan:
    """Return what a scan of a day finds now."""
    return _counted(view, day, view.stand.as_of, scans_recorded(view), cards, None)


def event_of(scan: Scan, origin: str, now: datetime) -> dict[str, Any]:
    """Return the act that says that a scan was executed: one a day, whoever runs it."""
    version = policy_version()
    inputs = msgspec.json.encode({"date": scan.date, "origin": origin, "policy": version, "position": scan.position})
    counts = {name: getattr(scan.counts, name) for name in ("new", "open", "closed", "undetermined")}
    return {
        "specversion": "1.0",
        "id": f"scan-{scan.date.isoformat()}",
        "source": SOURCE,
        "type": "scan.execute",
        "subject": f"log:{origin}",
        "time": format_instant(now),
        "actor": ACTOR,
        "datacontenttype": "application/json",
        "data": {
            "date": scan.date.isoformat(),
            "policy_version": version,
            "inputs_sha256": sha256(inputs).hexdigest(),
            "counts": counts,
        },
    }


def policy_version() -> str:
    """Return by which shipped policies was judged: the beginning of a digest of all rows."""
    rows = [msgspec.structs.asdict(row) for row in shipped().rows]
    return sha256(msgspec.json.encode(rows, enc_hook=str)).hexdigest()[:16]


def scans_recorded(view: View) -> dict[date, Recorded]:
    """Return the scans of a log by day."""
    rows = view.connection.execute(statement(_PACKAGE, "scans"), {"log_id": view.log_id})
    return {day: Recorded(day, position, known_from) for day, position, known_from, _ in rows}


def _counted(
    view: View,
    day: date,
    upto: datetime,
    scans: Mapping[date, Recorded],
    cards: Mapping[str, Card],
    progress: Progress | None,
) -> Scan:
    before = _before(day, scans)
    given = {"log_id": view.log_id, "before": before.known_from if before is not None else _EVER, "upto": upto}
    counted = view.connection.execute(statement(_PACKAGE, "projects_counted"), given).fetchone()
    projects: int = counted[0] if counted is not None else 0
    rows = view.connection.execute(statement(_PACKAGE, "scan_counts"), given, prepare=False).fetchall()
    rules = [_of_rule(row, cards[row[0]], projects, upto) for row in rows if row[0] in cards]
    totals = {name: sum(getattr(rule, name) for rule in rules) for name in ("new", "open", "closed", "undetermined")}
    unmatched = view.connection.execute(
        statement(_PACKAGE, "scan_unmatched"), {"log_id": view.log_id, "limit": _UNMATCHED_MAX}
    )
    soon = business_date(upto) + timedelta(days=WARNED_DAYS)
    lapses = view.connection.execute(
        statement(_PACKAGE, "scan_lapses"), {"log_id": view.log_id, "soon": soon}
    ).fetchall()
    running = None
    if progress is not None and not progress.is_over:
        running = f"{progress.done} of {progress.total if progress.total is not None else '?'}"
    return Scan(
        date=day,
        at=upto,
        before=before.day if before is not None else None,
        recorded=scans[day].position if day in scans else None,
        position=judged_upto(view),
        projects=projects,
        counts=Counts(**totals),
        rules=rules,
        unmatched=[
            Unmatched(finding=finding, disposition=disposition, position=position, time=time)
            for finding, disposition, position, time in unmatched
        ],
        lapsing=[finding for finding, lapsed in lapses if not lapsed],
        lapsed=[finding for finding, lapsed in lapses if lapsed],
        running=running,
    )


def window_of(view: View, day: date) -> tuple[datetime, datetime]:
    """Return from after when until when a scan counts as new. Raises `Unknown` where none is recorded."""
    scans = scans_recorded(view)
    if day not in scans:
        raise Unknown(f"no scan of {day} is recorded; the days with one are {_listed(scans)}")
    before = _before(day, scans)
    return before.known_from if before is not None else _EVER, scans[day].known_from


def _before(day: date, scans: Mapping[date, Recorded]) -> Recorded | None:
    return max((each for each in scans.values() if each.day < day), key=lambda each: each.day, default=None)


def _of_rule(row: tuple[Any, ...], card: Card, projects: int, at: datetime) -> RuleCounts:
    rule, fresh, still_open, closed, undetermined, fired = row
    share = Decimal(fired or 0) / projects if projects else Decimal(0)
    most = shipped().row_at(_SHARE, at)
    return RuleCounts(
        rule=rule,
        title=card.title,
        severity=card.severity,
        new=fresh,
        open=still_open,
        closed=closed,
        undetermined=undetermined,
        share=f"{min(share, Decimal(1)):.4f}",
        too_often=most is not None and projects >= _SHARED_PROJECTS_MIN and share > most.value,
    )


def _listed(scans: Mapping[date, Recorded]) -> str:
    days = sorted(scans)
    if not days:
        return "none yet"
    return f"{days[0]} to {days[-1]}" if len(days) > 1 else days[0].isoformat()
