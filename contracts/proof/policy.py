"""
Whom a checkpoint has to come from: logs, witnesses, and how many of them. `c2sp.org/tlog-policy`.

A group of witnesses for each organisation, and a group of those groups, is how a quorum counts organisations rather
than machines:

    group audit-office any audit-1 audit-2
    group suppliers any suppliers-1
    group neighbours any county-1 county-2
    group outside 2 audit-office suppliers neighbours
    quorum outside
"""

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from .cosignature import WitnessKey
from .errors import ProofFailed
from .note import VerifierKey

LINES_MAX: Final = 1_000
"""Lines in a policy. The specification asks for 32 logs, 32 witnesses and 32 groups at least."""

_NONE: Final = "none"
_RESERVED: Final = (_NONE, "all", "any")
_FORMS: Final = "log <vkey> [<url>], witness <name> <vkey> [<url>], group <name> <k> <name>..., or quorum <name>"
_CONTROL: Final = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


class PolicyLog(NamedTuple):
    """A log that is accepted, and where to ask it."""

    key: VerifierKey
    url: str | None


class PolicyWitness(NamedTuple):
    """A witness: its name in this policy alone, its key, and where checkpoints are submitted to it."""

    name: str
    key: WitnessKey
    url: str | None


class PolicyGroup(NamedTuple):
    """A group has witnessed what `threshold` of its members have; members are witnesses or earlier groups, by name."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What `parse_policy` read. A checkpoint of any one of `logs` is good once `quorum` has witnessed it."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    """Each after its members."""
    quorum: str
    """The name of a witness or a group, or `none`."""

    @property
    def demands_witnesses(self) -> bool:
        """Say whether a checkpoint without cosignatures is not enough."""
        return self.quorum != _NONE

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        return tuple(log.key for log in self.logs)

    @property
    def witness_keys(self) -> tuple[WitnessKey, ...]:
        return tuple(witness.key for witness in self.witnesses)

    def is_satisfied_by(self, cosigners: Collection[WitnessKey]) -> bool:
        """Say whether those who cosigned a checkpoint (`cosigned`) are a quorum. None but `witnesses` ever count."""
        witnessed = {witness.name for witness in self.witnesses if witness.key in cosigners}
        for group in self.groups:  # each after its members, so one pass settles all
            if len(witnessed.intersection(group.members)) >= group.threshold:
                witnessed.add(group.name)
        return not self.demands_witnesses or self.quorum in witnessed


def parse_policy(text: bytes) -> Policy:
    """
    Return the policy that `text` writes down. Raises `ProofFailed`, naming the line where one line is to blame.

    Names are opaque bytes; those that are no UTF-8 come as lone surrogates. Where the specification is silent this
    refuses: a last line without its newline (the file may have been cut), a key that is a log's and a witness's, and
    the names `all` and `any`.
    """
    if text.startswith(codecs.BOM_UTF8) or b"\r\n" in text:
        odd = "a byte order mark, or lines ended by CR and LF"
        raise ProofFailed("policy", expected="no control character but tab and newline, and UTF-8", actual=odd)
    if _CONTROL.search(text):
        raise ProofFailed("policy", expected="no control character but tab and newline", actual=text)
    *lines, end = text.decode("utf-8", "surrogateescape").split("\n")
    if end:
        raise ProofFailed("policy", expected="each line ended by a newline", actual=end)
    if len(lines) > LINES_MAX:
        raise ProofFailed("policy", expected=f"at most {LINES_MAX} lines", actual=len(lines))
    reading = _Reading()
    for number, line in enumerate(lines, 1):
        words = re.findall(r"[^ \t]+", line)
        if words and not words[0].startswith("#"):
            try:
                reading.read(words)
            except ProofFailed as error:
                what = f"policy, line {number}: {error.what}"
                raise ProofFailed(what, expected=error.expected, actual=error.actual) from None
    return reading.policy()


class _Reading:
    """What the lines said until now."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: list[PolicyWitness] = []
        self._groups: list[PolicyGroup] = []
        self._quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._keys: set[bytes] = set()

    def policy(self) -> Policy:
        if self._quorum is None:
            raise ProofFailed("policy", expected="a line `quorum`", actual="none")
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum)

    def read(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self._logs.append(PolicyLog(VerifierKey.parse(vkey), next(iter(url), None)))
                self._add_key(self._logs[-1].key)
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._add_name(name)
                self._witnesses.append(PolicyWitness(name, WitnessKey.parse(vkey), next(iter(url), None)))
                self._add_key(self._witnesses[-1].key)
            case ["group", name, threshold, *members] if members:
                self._add_members(members)
                self._add_name(name)  # after its members: no group is in itself
                self._groups.append(PolicyGroup(name, _threshold(threshold, len(members)), tuple(members)))
            case ["quorum", name]:
                if self._quorum is not None:
                    raise ProofFailed("quorum", expected="one line", actual="a second one")
                if name != _NONE:
                    self._require_defined(name)
                self._quorum = name
            case _:
                raise ProofFailed("form", expected=_FORMS, actual=" ".join(words))

    def _add_name(self, name: str) -> None:
        if name in _RESERVED or name in self._names:
            raise ProofFailed("name", expected="one that is neither taken nor reserved", actual=name)
        self._names.add(name)

    def _add_key(self, key: VerifierKey | WitnessKey) -> None:
        # By the bytes alone: an Ed25519 cosignature does not say under which name it was made (tlog-cosignature).
        if key.key in self._keys:
            raise ProofFailed("key", expected="one that no other line has", actual=key.name)
        self._keys.add(key.key)

    def _add_members(self, members: list[str]) -> None:
        for member in members:
            self._require_defined(member)
            if member in self._members:
                raise ProofFailed("member", expected="each name in one group, once", actual=member)
            self._members.add(member)

    def _require_defined(self, name: str) -> None:
        if name not in self._names:
            raise ProofFailed("name", expected="a witness or group of a line before", actual=name)


def _threshold(written: str, members: int) -> int:
    threshold = {"any": 1, "all": members}.get(written)
    if threshold is None and _COUNT.fullmatch(written):
        threshold = int(written)
    if threshold is None or threshold > members:
        raise ProofFailed("threshold", expected=f"any, all or 1 to {members}", actual=written)
    return threshold
