"""What a check looks at: one act, one way to authority for it, and what is known."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from projector.authority.chain import Asker, Path
from projector.authority.facts import Facts, Grant, JudgedAct
from projector.authority.standing import Tolerance
from projector.authority.usage import Draws


class Case(Struct, frozen=True):
    """One act, one asker, one way, what is known, and what other acts drew on the grants."""

    act: JudgedAct
    asker: Asker
    path: Path
    facts: Facts
    tolerance: Tolerance
    uses: Draws

    @property
    def at(self) -> datetime:
        return self.asker.at

    @property
    def leaf(self) -> Grant:
        return self.path.leaf

    def readable(self) -> Iterator[Grant]:
        return (link for link in self.path.links if link.payload is not None)
