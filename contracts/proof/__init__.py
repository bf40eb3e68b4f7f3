"""
What an outsider needs to check a Quanze ledger: hashes, signatures and the formats they are written in.

Only the standard library and `cryptography`; relative imports, so that the folder works wherever it is copied to. It
shares no code with the ledger: a mistake of the prover must not be repeated by the verifier.
"""

from .bundle import Bundle, Continued, Entry, Stamp, read_bundle
from .checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from .cosignature import WitnessKey, cosigned
from .errors import ProofFailed
from .evidence import summary_for
from .leaf import LEAF_VERSION, PAYLOAD_ALG, check_payload, parse_leaf, payload_commitment
from .merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from .note import VerifierKey, open_note
from .policy import Policy, parse_policy
from .summary import Summary
from .trust import Trust
from .verify import Report, verify_document

__all__ = [
    "EMPTY_ROOT",
    "LEAF_VERSION",
    "PAYLOAD_ALG",
    "Bundle",
    "Checkpoint",
    "Continued",
    "Entry",
    "Policy",
    "ProofFailed",
    "Report",
    "Stamp",
    "Summary",
    "Trust",
    "VerifierKey",
    "WitnessKey",
    "check_payload",
    "cosigned",
    "leaf_hash",
    "node_hash",
    "open_checkpoint",
    "open_note",
    "parse_checkpoint",
    "parse_leaf",
    "parse_policy",
    "payload_commitment",
    "read_bundle",
    "summary_for",
    "verify_consistency",
    "verify_document",
    "verify_inclusion",
]
