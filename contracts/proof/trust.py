"""
What whoever verifies relies on, and what a checkpoint is worth by it.

All of it is given from outside: the log's key, the witnesses and how many of them it takes, the roots of time stamping
authorities, a checkpoint kept from before. Nothing of it is ever read from the file that is to be verified.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .checkpoint import BoundedKey, Checkpoint, open_checkpoint
from .cosignature import WitnessKey, cosigned
from .note import VerifierKey
from .policy import Policy

NO_WITNESSES: Final = Policy(logs=(), witnesses=(), groups=(), quorum="none")
"""The policy of whoever relies on a log's key alone."""

_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Trust:
    """
    What is relied on. `keys` are the log's; those that `policy` names count as well.

    `stamp_roots` are certificates in DER; `held` is a checkpoint, a signed note, that the log showed before;
    `max_age_seconds` is how old evidence may be; `now` is in POSIX seconds.

    `predecessor` is the final checkpoint of another log: the file is to prove that its log goes on from there, as the
    proof of its first act does, with its event. `keys` are those of both logs then.
    """

    keys: Sequence[VerifierKey] = ()
    policy: Policy = NO_WITNESSES
    stamp_roots: Sequence[bytes] = ()
    held: bytes | None = None
    max_age_seconds: int | None = None
    now: int = field(default_factory=lambda: int(time.time()))
    predecessor: bytes | None = None

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """Every key of a log that is relied on, each once: bounded, where it is given with a bound and without one."""
        known: dict[tuple[str, bytes], VerifierKey] = {}
        for key in [*self.keys, *self.policy.log_keys]:
            if (key.name, key.key) not in known or isinstance(key, BoundedKey):
                known[key.name, key.key] = key
        return tuple(known.values())


@dataclass(frozen=True, slots=True)
class Attested:
    """A checkpoint that its log signed, and which witnesses cosigned it, each with when (POSIX seconds)."""

    checkpoint: Checkpoint
    cosigned: Mapping[WitnessKey, int]

    def told(self) -> str:
        """Say who stands for it."""
        extensions = len(self.checkpoint.extensions)
        others = f"; {extensions} extension lines, not read" if extensions else ""
        return f"signed by {self.checkpoint.origin}, {self.checkpoint.size} entries{others}"


def attest(note: bytes, keys: Sequence[VerifierKey], trust: Trust) -> Attested:
    """Return what the note says, and who stands for it. Raises `ProofFailed`: nobody of `keys` signed it, or badly."""
    return Attested(open_checkpoint(note, *keys), cosigned(note, trust.policy.witness_keys))


def quorum_time(attested: Attested, trust: Trust) -> int | None:
    """
    Return since when the quorum stands, in POSIX seconds; None where there is none.

    It is the latest time at which those who had cosigned by their own clocks, later ones left out, were enough: no
    single witness can make a checkpoint look fresher than the quorum saw it.
    """
    latest_first = sorted(attested.cosigned, key=lambda witness: -attested.cosigned[witness])
    for count, witness in enumerate(latest_first, 1):
        if trust.policy.demands_witnesses and trust.policy.is_satisfied_by(latest_first[:count]):
            return attested.cosigned[witness]
    return None


def told_age(seconds: int) -> str:
    """Say an age in the two units that tell the most of it."""
    days, rest = divmod(max(0, seconds), _DAY_SECONDS)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} days {hours} hours"
    return f"{hours} hours {minutes} minutes" if hours else f"{minutes} minutes {rest} seconds"
