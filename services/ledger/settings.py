"""The ledger's settings, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.signer import FileSigner, KeyRing, Signer

_NUMBER_MAX: Final = 1e9
"""No number among the settings is as large, least of all infinity."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    `dsn` is a libpq connection string or URL (`QUANZE_DSN`); `signing_key` the log's private keys in the form of
    `log.key`, one a line (`QUANZE_SIGNING_KEY`), or else `key_file` a file of them (`QUANZE_SIGNING_KEY_FILE`), which
    is read again when it changes. The keys name the log they sign for.

    A ledger that runs alone asks the projector at `projector_url` (`QUANZE_PROJECTOR_URL`), with the token
    `projector_token` (`QUANZE_PROJECTOR_TOKEN`, scope `read`), what units that enforce refuse; without it nothing is
    refused. `gate_seconds` (`QUANZE_GATE_SECONDS`) is how long a verdict may take.

    `tsa` are the URLs of authorities that stamp checkpoints (`QUANZE_TSA`, separated by spaces), each at most every
    `tsa_seconds` (`QUANZE_TSA_SECONDS`); `tsa_roots` is a PEM file (`QUANZE_TSA_ROOTS`) of the root certificates that
    their stamps have to lead to, and of those between that they do not send.

    `witness_policy` (`QUANZE_WITNESS_POLICY`) is the path of a file in the form of `c2sp.org/tlog-policy`: who is asked
    to cosign the signed heads, where, and how many of them are enough.
    """

    dsn: str
    signing_key: str = ""
    key_file: Path | None = None
    queue_acts_max: int = 50_000
    gate_seconds: float = 2.0
    projector_url: str | None = None
    projector_token: str = ""
    tsa: tuple[str, ...] = ()
    tsa_roots: Path | None = None
    tsa_seconds: float = 3600.0
    witness_policy: str | None = None

    def signer(self) -> Signer:
        """Return what signs. Raises `KeyRefused`."""
        return FileSigner(self.key_file) if self.key_file is not None else KeyRing.from_text(self.signing_key)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises `KeyError` naming the variable that is missing, `ValueError` naming one that makes no sense."""
        url = environment.get("QUANZE_PROJECTOR_URL") or None
        key_file = environment.get("QUANZE_SIGNING_KEY_FILE") or None
        tsa = tuple(environment.get("QUANZE_TSA", "").split())
        if odd := [each for each in tsa if not each.startswith(("http://", "https://"))]:
            raise ValueError(f"QUANZE_TSA holds {odd[0]!r}, which is no URL of HTTP")
        return cls(
            dsn=environment["QUANZE_DSN"],
            signing_key=environment["QUANZE_SIGNING_KEY"].strip() if key_file is None else "",
            key_file=Path(key_file) if key_file is not None else None,
            queue_acts_max=int(_number(environment, "QUANZE_QUEUE_ACTS_MAX", 50_000)),
            gate_seconds=_number(environment, "QUANZE_GATE_SECONDS", 2.0),
            projector_url=url,
            projector_token=environment["QUANZE_PROJECTOR_TOKEN"] if url is not None else "",
            tsa=tsa,
            tsa_roots=Path(environment["QUANZE_TSA_ROOTS"]) if tsa else None,
            tsa_seconds=_number(environment, "QUANZE_TSA_SECONDS", 3600.0),
            witness_policy=environment.get("QUANZE_WITNESS_POLICY") or None,
        )


def _number(environment: Mapping[str, str], name: str, otherwise: float) -> float:
    text = environment.get(name) or str(otherwise)
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < _NUMBER_MAX:
        raise ValueError(f"{name} is {text!r}: a number greater than 0 is wanted")
    return number
