"""
Acts without end for the benches of the write side: contracts signed, one after the other, the same for the same number.

Two thousand units sign in turn, each from a system of its own that counts up; every twentieth contract of a unit begins
another of its projects. Each act concerns five things: project, person, unit, grant and supplier.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import Final

UNITS, SUPPLIERS, CONTRACTS_A_PROJECT = 2_000, 5_000, 20

_ACT: Final = (
    b'{"specversion":"1.0","id":"HT-%07d","source":"urn:bench:oa:U%05d","type":"contract.sign",'
    b'"subject":"project:P-U%05d-%05d","time":"2026-03-02T09:30:00+08:00","actor":"person:U%05d-%02d",'
    b'"unit":"unit:U%05d","authority":"grant:U%05d-%d","data":{"contract":"HT-%07d","supplier":"supplier:V%05d",'
    b'"amount":"%d.00","payment_days":30,"advance":"0.00","acceptance_due":{"days":30,"working":false},'
    b'"acceptance_scheme":true}}'
)


def signed(first: int = 0) -> Iterator[bytes]:
    """Yield the acts from the one of a number on."""
    return map(act, count(first))


def act(number: int) -> bytes:
    """Return the act of a number, as JSON."""
    turn, unit = divmod(number, UNITS)
    project, person, grant, supplier = turn // CONTRACTS_A_PROJECT, turn % 8, turn % 3, (number * 7) % SUPPLIERS
    amount = 10_000 + number % 900_000
    return _ACT % (turn, unit, unit, project, unit, person, unit, unit, grant, turn, supplier, amount)


def digest() -> str:
    """Return a name for what is told here: a change of it is another data set."""
    return sha256(b"\n".join(map(act, range(0, 1_000_000, 997)))).hexdigest()[:8]


def payload_bytes() -> int:
    """Return how many bytes an act has, as posted."""
    return len(act(UNITS * SUPPLIERS))
