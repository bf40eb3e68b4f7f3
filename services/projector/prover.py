"""
What the projector asks for so that an answer can be checked offline: proofs that acts are in the log.

The projector makes none itself. Whoever composes the process injects a `Prover`; a projector that runs alone asks the
ledger's public API (`remote_prover`).
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import UNSET, Struct, UnsetType

from contracts.evidence import Evidence
from projector.errors import Unavailable


class Inclusion(Struct, frozen=True, kw_only=True):
    """
    That one leaf is in a tree. Bytes are base64; `hashes` go from leaf to root (RFC 6962 §2.1.1).

    `payload` and `salt` are null once erased, and absent unless asked for.
    """

    leaf: str
    leaf_hash: str
    leaf_index: int
    tree_size: int
    hashes: list[str]
    checkpoint: str
    payload: str | UnsetType | None = UNSET
    salt: str | UnsetType | None = UNSET


Part = Literal["act", "correction", "grant", "acting", "post", "condition"]
"""What an act is to an answer: the one in question, what corrected it, a link, what a way or a condition rests on."""


class ProofItem(Struct, frozen=True, kw_only=True):
    """The proof of one act that an answer rests on. `name` is what the answer calls it."""

    position: int
    role: Part
    name: str
    leaf: str
    leaf_hash: str
    leaf_index: int
    tree_size: int
    hashes: list[str]
    payload: str | UnsetType | None = UNSET
    salt: str | UnsetType | None = UNSET


class AnswerProof(Struct, frozen=True):
    """Proofs against one checkpoint (a C2SP signed note): with the answer around them, a file `quanze verify` takes."""

    checkpoint: str
    items: list[ProofItem]


class Prover(Protocol):
    """Proves acts to be in the log."""

    def inclusion(self, positions: Sequence[int], *, with_payload: bool) -> list[Inclusion]:
        """Return a proof for each position, all against one checkpoint. Raises `Unavailable`."""
        ...

    def evidence(self, positions: Sequence[int], held: int | None) -> Evidence:
        """
        Return these acts as an evidence bundle holds them, joined by what no bundle does without.

        `held` is the size of an older checkpoint. Raises `Unavailable`, `Unknown` where it lies beyond the log.
        """
        ...


class NoProver:
    """Says how to get one."""

    def inclusion(self, positions: Sequence[int], *, with_payload: bool) -> list[Inclusion]:
        raise _nobody()

    def evidence(self, positions: Sequence[int], held: int | None) -> Evidence:
        raise _nobody()


def _nobody() -> Unavailable:
    return Unavailable("this projector runs without a ledger to prove anything: set QUANZE_LEDGER_URL")
