"""What the ledger proves about acts, as the projector asks for it when it makes an evidence bundle."""

from msgspec import Struct


class ProvedAct(Struct, frozen=True):
    """An act: the text of its leaf and event, its salt and the hashes from leaf to root in base64; erased is null."""

    position: int
    leaf: str
    payload: str | None
    salt: str | None
    hashes: list[str]


class Continues(Struct, frozen=True):
    """A checkpoint that was signed before, and the hashes which prove that the newer one continues it."""

    checkpoint: str
    hashes: list[str]


class Rotation(Struct, frozen=True):
    """The act at `position` changed the log's key; proved against a checkpoint that the older key signed."""

    position: int
    checkpoint: str
    hashes: list[str]


class StampProof(Struct, frozen=True):
    """A time stamp (RFC 3161): what was stamped, the authority's answer, its certificates; DER in base64."""

    seen: Continues
    response: str
    certificates: list[str]


class Evidence(Struct, frozen=True):
    """
    Everything about some acts that a stranger can check. All hashes in base64, all checkpoints signed notes.

    `keys` are those the log names as its own: good for finding mistakes, never for trust.
    """

    keys: list[str]
    checkpoint: str
    tree_size: int
    held: Continues | None
    rotations: list[Rotation]
    stamps: list[StampProof]
    acts: list[ProvedAct]
