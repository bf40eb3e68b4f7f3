"""The ledger's errors as problems (RFC 9457): the one place where they meet HTTP."""

from typing import Final

from litestar.plugins.problem_details import ProblemDetailsException
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from edge.app import Errors, unavailable
from edge.problems import problem
from ledger.errors import (
    BadRequest,
    Conflict,
    Corrupt,
    Frozen,
    KeyTaken,
    LedgerError,
    NameTaken,
    QueueFull,
    Refused,
    Rejected,
    Unavailable,
    Unknown,
)


def ledger_problem(exc: LedgerError) -> ProblemDetailsException:
    """Return the problem that an error is."""
    match exc:
        case BadRequest():
            code = {400: "bad-request", 403: "forbidden", 413: "too-large"}.get(exc.status, "bad-event")
            title = "The request was refused; nothing was stored"
            detail = exc.faults[0].message if len(exc.faults) == 1 else f"{len(exc.faults)} faults: see `errors`"
            return problem(exc.status, code, title, detail, faults=exc.faults)
        case KeyTaken():
            return problem(
                409,
                "key-taken",
                "Another act has this source and id",
                str(exc),
                faults=exc.faults,
                source=exc.source,
                id=exc.id,
                position=exc.position,
                stored_hmac=exc.stored,
                posted_hmac=exc.posted,
            )
        case NameTaken():
            return problem(409, "name-taken", "The name means something else already", str(exc), faults=exc.faults)
        case Refused():
            title = "The unit's own policy refuses this act; the refusal is recorded"
            return problem(422, "refused", title, str(exc), faults=exc.faults, refusals=exc.positions)
        case Rejected():
            return problem(422, "rejected", "The request breaks a rule", str(exc), faults=exc.faults)
        case Conflict():
            headers = {"Retry-After": "1"}
            return problem(409, "conflict", "Somebody wrote first; try again", str(exc), headers=headers)
        case Frozen():
            title = "The log is frozen; nothing was stored"
            return problem(409, "frozen", title, str(exc), successor=exc.successor)
        case Unknown():
            return problem(404, "not-found", "There is no such thing in this log", str(exc))
        case QueueFull():
            return problem(429, "queue-full", "Too much waits", str(exc), headers={"Retry-After": "1"})
        case Unavailable():
            return problem(503, "unavailable", "The ledger cannot write", str(exc), headers={"Retry-After": "1"})
        case Corrupt():
            return problem(500, "corrupt", "Stored bytes contradict what was signed", str(exc), position=exc.position)
        case _:
            return problem(500, "internal", "The ledger failed", str(exc))


def act_problem(exc: LedgerError) -> ProblemDetailsException:
    """Return the problem of one act among others, which may well be stored."""
    found = ledger_problem(exc)
    match exc:
        case BadRequest():
            found.title = "The act was refused; it was not stored"
        case KeyTaken() | NameTaken() | Refused():
            pass  # they speak of the act
        case Rejected():
            found.title = "The act breaks a rule"
        case _:
            pass
    return found


ERRORS: Final[Errors] = {LedgerError: ledger_problem, OperationalError: unavailable, PoolTimeout: unavailable}
