"""
What can go wrong while writing, and whose fault it is.

* LedgerError
  + Rejected            the request breaks a rule: whoever sent it must change it
    - BadRequest        it is not well formed, or this token may not send it; `faults` lists everything
    - KeyTaken          another act has this source and id already
    - NameTaken         it would make a name mean two things
    - Refused           the policy of its own unit refuses it; that is on record
  + Conflict            somebody wrote first: reload and try again
  + Frozen              the log takes nothing more, for good: its successor does, where there is one
  + Unknown             no such position, size or tile
  + Unavailable         the database did not answer, or the queue is full: try again later
    - QueueFull
  + Corrupt             stored bytes do not match what was signed: stop, tell an operator
"""

from collections.abc import Sequence

from contracts.faults import Fault, pointer


class LedgerError(Exception):
    """Something the ledger says no to."""


class Rejected(LedgerError):
    """The request breaks a rule. Pointers of `faults` begin with the index of an act."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = list(faults)


class BadRequest(Rejected):
    """The request is not well formed, or not allowed"""

    def __init__(self, faults: Sequence[Fault], status: int = 422) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults), faults)
        self.status = status


class KeyTaken(Rejected):
    """
    An act with this source and id is recorded, with other content; `position` is None where it is of the same request.

    The two HMACs are made under the stored act's own salt, so that they compare, and tell nobody anything else. Once it
    is erased, `posted` is None: its leaf already says another act.
    """

    def __init__(self, source: str, id: str, index: int, position: int | None, stored: str, posted: str | None) -> None:
        where = f"is recorded at position {position}" if position is not None else "stands twice in this request,"
        message = f"{source} {id} {where} with other content"
        super().__init__(message, [Fault(pointer("", index, "id"), "key_taken", message)])
        self.source, self.id, self.position, self.stored, self.posted = source, id, position, stored, posted


class NameTaken(Rejected):
    """The name means something else already"""


class Refused(Rejected):
    """
    The policy of the act's own unit refuses it

    `faults` has one entry per act and rule; `positions` are those of the `act.refuse` acts that say so.
    """

    def __init__(self, faults: Sequence[Fault], positions: Sequence[int]) -> None:
        super().__init__("; ".join(f"{fault.code}: {fault.message}" for fault in faults), faults)
        self.positions = list(positions)


class Conflict(LedgerError):
    """Somebody wrote first: what the decision rested on has changed."""


class Frozen(LedgerError):
    """
    This log takes nothing more

    `successor` is the origin of the log that goes on, None where none was founded yet.
    """

    def __init__(self, origin: str, reason: str, successor: str | None) -> None:
        onwards = f"; {successor} goes on" if successor is not None else ""
        super().__init__(f"{origin} was frozen: {reason}{onwards}")
        self.successor = successor


class Unknown(LedgerError):
    """There is no such thing in this log"""


class Unavailable(LedgerError):
    """The database did not answer; nothing of this request was acknowledged"""


class QueueFull(Unavailable):
    """More waits than the ledger takes in; come back in a second"""


class Corrupt(LedgerError):
    """Stored bytes do not match what was signed; `position` is the act's, where it is one act's bytes"""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position
