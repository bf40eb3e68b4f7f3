"""
What an outsider needs to check a Quanze ledger: hashes, signatures and the formats they are written in.

Only the standard library and `cryptography`; relative imports, so that the folder works wherever it is copied to. It
shares no code with the ledger: a mistake of the prover must not be repeated by the verifier.
"""

from .checkpoint import BoundedKey, Checkpoint, open_checkpoint, open_vouched, parse_checkpoint
from .errors import ProofFailed
from .keys import Rotation, announced_key, extend_trust, parse_key, parse_keys, parse_rotations
from .leaf import LEAF_VERSION, PAYLOAD_ALG, check_payload, parse_leaf, payload_commitment
from .merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from .note import VerifierKey, open_note
from .succession import check_succession
from .verify import Report, verify_document

__all__ = [
    "EMPTY_ROOT",
    "LEAF_VERSION",
    "PAYLOAD_ALG",
    "BoundedKey",
    "Checkpoint",
    "ProofFailed",
    "Report",
    "Rotation",
    "VerifierKey",
    "announced_key",
    "check_payload",
    "check_succession",
    "extend_trust",
    "leaf_hash",
    "node_hash",
    "open_checkpoint",
    "open_note",
    "open_vouched",
    "parse_checkpoint",
    "parse_key",
    "parse_keys",
    "parse_leaf",
    "parse_rotations",
    "payload_commitment",
    "verify_consistency",
    "verify_document",
    "verify_inclusion",
]
