"""
What can go wrong while reading a log, and whose fault it is.

* ImportFault    the mapping or the log must be changed: says the file, the place in it, what is wrong and what to do
"""

from pathlib import Path


class ImportFault(Exception):
    """The log cannot be read as the mapping says. `place` is a key of the mapping or a record of the log."""

    def __init__(self, file: Path | None, place: str, problem: str, remedy: str) -> None:
        where = [str(file)] if file else []
        super().__init__(": ".join([*where, *([place] if place else []), f"{problem}; {remedy}"]))
        self.file = file
        self.place = place
        self.problem = problem
        self.remedy = remedy
