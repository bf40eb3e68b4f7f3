"""What a check looks at: one act, one way to authority for it, and what is known."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

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


def item_ceilings(path: Path) -> list[tuple[Decimal, str, str]]:
    """Return every ceiling for one item on a way: the amount, the grant whose it is, the currency."""
    found = [
        (Decimal(link.delegation.ceiling_item), link.name, link.delegation.currency or "CNY")
        for link in path.links
        if link.delegation is not None and link.delegation.ceiling_item is not None
    ]
    acting = path.route.acting
    if acting is not None and acting.ceiling_item is not None:
        found.append((acting.ceiling_item, path.leaf.name, acting.currency))
    return found
