"""
What can go wrong while reading, and whose fault it is.

* ProjectorError
  + BadQuestion         the question cannot be understood: whoever asks must change it
  + Unknown             this log knows no such project, person or log
  + Behind              the read model has not reached the position asked for: ask again
  + Unavailable         the read model cannot be asked now: it is being rebuilt, or the database does not answer
  + Corrupt             what the ledger holds contradicts what it signed: an operator has to look
"""

from collections.abc import Sequence

from contracts.faults import Fault


class ProjectorError(Exception):
    """Something the projector says no to."""


class BadQuestion(ProjectorError):
    """The question cannot be understood"""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults))
        self.faults = list(faults)


class Unknown(ProjectorError):
    """There is no such thing in this log"""


class Behind(ProjectorError):
    """The read model has not reached this position yet"""


class Corrupt(ProjectorError):
    """What is stored contradicts what was signed"""


class Unavailable(ProjectorError):
    """The read model cannot be asked now"""
