"""
What an outsider needs to check a Quanze ledger: hashes, signatures and the formats they are written in.

Only the standard library and `cryptography`; relative imports, so that the folder works wherever it is copied to. It
shares no code with the ledger: a mistake of the prover must not be repeated by the verifier.
"""

from .bundle import Bundle, Continued, Entry, Stamp, read_bundle
from .checkpoint import BoundedKey, Checkpoint, open_checkpoint, open_vouched, parse_checkpoint
from .cosignature import WitnessKey, cosigned
from .errors import ProofFailed
from .evidence import summary_for
from .keys import Rotation, announced_key, extend_trust, parse_key, parse_keys, parse_rotations
from .leaf import LEAF_VERSION, PAYLOAD_ALG, check_payload, parse_leaf, payload_commitment
from .merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from .note import VerifierKey, open_note
from .policy import Policy, parse_policy
from .succession import check_succession
from .summary import Summary
from .trust import Trust
from .verify import Report, verify_document

__all__ = [
    "EMPTY_ROOT",
    "LEAF_VERSION",
    "PAYLOAD_ALG",
    "BoundedKey",
    "Bundle",
    "Checkpoint",
    "Continued",
    "Entry",
    "Policy",
    "ProofFailed",
    "Report",
    "Rotation",
    "Stamp",
    "Summary",
    "Trust",
    "VerifierKey",
    "WitnessKey",
    "announced_key",
    "check_payload",
    "check_succession",
    "cosigned",
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
    "parse_policy",
    "parse_rotations",
    "payload_commitment",
    "read_bundle",
    "summary_for",
    "verify_consistency",
    "verify_document",
    "verify_inclusion",
]
