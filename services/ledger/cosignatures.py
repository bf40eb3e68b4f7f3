"""What witnesses said of the signed heads: kept, shown beside the head, and asked whether it is enough."""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from contracts.proof import ProofFailed, VerifierKey
from contracts.proof.cosignature import WitnessKey, cosigned
from contracts.proof.policy import Policy, parse_policy
from edge.database import Pool, statement
from ledger.checkpoint import Checkpoint, Checkpoints
from ledger.errors import LedgerError
from ledger.keys import LogKey

WITNESSES_MAX: Final = 64
"""Witnesses of a policy: a note with all their lines stays below the limits of verifiers (Go's is 100)."""
_PAGE: Final = 1_000


class PolicyRefused(LedgerError):
    """The witness policy cannot be this ledger's"""


class Cosigned(NamedTuple):
    """The largest head that a witness cosigned, and when it says it did."""

    size: int
    at: datetime


def read_policy(path: str, keys: Sequence[LogKey]) -> Policy:
    """
    Return the policy in a file.

    Raises `PolicyRefused`: it is none, or none for the log of these `keys`, or those of its witnesses that have a URL
    are no quorum. A key that was retired names the log as well as a live one: a change of keys needs no other policy.
    """
    try:
        policy = parse_policy(Path(path).read_bytes())
        own = [VerifierKey.parse(key.vkey) for key in keys]
    except (OSError, ProofFailed) as exc:
        raise PolicyRefused(f"the witness policy {path} cannot be read: {exc}") from None
    if policy.logs and not set(own) & set(policy.log_keys):
        named = ", ".join(key.vkey for key in keys)
        raise PolicyRefused(f"the witness policy {path} names logs, but not this one: {named}")
    if {key.key for key in own} & {key.key for key in policy.witness_keys}:
        raise PolicyRefused(f"the witness policy {path} has this log's own key as a witness's")
    if len(policy.witnesses) > WITNESSES_MAX:
        raise PolicyRefused(f"the witness policy {path} has more than {WITNESSES_MAX} witnesses")
    for witness in policy.witnesses:
        if witness.url is not None and not witness.url.startswith(("https://", "http://")):
            raise PolicyRefused(f"the witness policy {path} has a URL that is not one of HTTP: {witness.url!r}")
    if not policy.is_satisfied_by([witness.key for witness in policy.witnesses if witness.url is not None]):
        raise PolicyRefused(f"the witness policy {path} has a quorum that its witnesses with a URL are not enough for")
    return policy


class Cosignatures:
    """The cosignatures of one log, under the policy that says which are a quorum; without one nothing is."""

    def __init__(self, pool: Pool, log_id: int, checkpoints: Checkpoints, policy: Policy | None) -> None:
        self._pool, self._log_id, self._checkpoints = pool, log_id, checkpoints
        self.policy = policy
        self._adding = threading.Lock()
        self._quorum: Checkpoint | None = None

    def load(self) -> None:
        """Look for the newest head that has a quorum. Before that only later ones are known."""
        before = 1 << 62
        while self.policy is not None and self.policy.demands_witnesses:
            parameters = {"log_id": self._log_id, "before": before, "limit": _PAGE}
            with self._pool.connection() as connection:
                rows = connection.execute(statement("ledger", "cosigned_before"), parameters).fetchall()
            for size, vkeys in rows:
                # By name first: most heads may lack a quorum, and need not be read to know it.
                named = [key for key in self.policy.witness_keys if key.vkey in vkeys]
                found = self._checkpoints.signed(size) if self.policy.is_satisfied_by(named) else None
                if found is not None and self._is_quorum(self.policy, found):
                    self._quorum = found
                    return
            if len(rows) < _PAGE:
                return
            before = rows[-1][0]

    def add(self, checkpoint: Checkpoint, key: WitnessKey, line: str, at: datetime) -> None:
        """Keep a cosignature that was checked."""
        parameters = {
            "log_id": self._log_id,
            "size": checkpoint.size,
            "vkey": key.vkey,
            "line": line,
            "cosigned_at": at,
        }
        with self._adding:
            with self._pool.connection() as connection:
                connection.execute(statement("ledger", "insert_cosignature"), parameters)
            newer = self._quorum is None or self._quorum.size < checkpoint.size
            if newer and self.policy is not None and self._is_quorum(self.policy, checkpoint):
                self._quorum = checkpoint

    def newest_of(self, key: WitnessKey) -> Cosigned | None:
        """Return the largest head that a witness cosigned."""
        with self._pool.connection() as connection:
            parameters = {"log_id": self._log_id, "vkey": key.vkey}
            row = connection.execute(statement("ledger", "newest_cosignature"), parameters).fetchone()
        return Cosigned(*row) if row is not None else None

    def newest_witnessed(self, at_least: int = 0) -> Checkpoint | None:
        """
        Return the newest head whose cosignatures are a quorum, if it has `at_least` so many acts.

        None where there is none, or no policy. Where the policy demands no witnesses it is the newest that was signed.
        """
        if self.policy is None:
            return None
        newest = self._quorum if self.policy.demands_witnesses else self._checkpoints.signed()
        return newest if newest is not None and newest.size >= at_least else None

    def best(self, at_least: int = 0) -> Checkpoint:
        """Return the head to prove acts by, of `at_least` so many: the newest with a quorum, else the newest signed."""
        return self.newest_witnessed(at_least) or self._checkpoints.newest()

    def with_cosignatures(self, checkpoint: Checkpoint) -> str:
        """Return the note of a head with the lines of all witnesses that cosigned it, of former policies too."""
        with self._pool.connection() as connection:
            parameters = {"log_id": self._log_id, "size": checkpoint.size}
            rows = connection.execute(statement("ledger", "cosignatures_at"), parameters).fetchall()
        return checkpoint.note + "".join(line for (line,) in rows)

    def _is_quorum(self, policy: Policy, checkpoint: Checkpoint) -> bool:
        """Say whether the stored lines are a quorum, as a verifier would find."""
        try:
            cosigners = cosigned(self.with_cosignatures(checkpoint).encode(), policy.witness_keys)
        except ProofFailed:  # somebody wrote to the table by hand
            return False
        return policy.is_satisfied_by(cosigners)
