"""
An evidence bundle, `quanze/bundle@v1`: one text file with every act of a project and all it takes to check them.

A text and not JSON, so that the signed bytes stand in it as they are: people read it in any editor, a proof can be cut
out and given to another tool, and nothing has two spellings. After the first line come blocks, `<name> <bytes>`, a
newline, so many bytes, a newline:

    project                       the project's reference
    summary.zh, summary.en        a page for people; it says what is proved below and nothing else
    checkpoint                    a signed note: everything below is proved against it
    held, held.consistency        optional: an older checkpoint, and the hashes from there, a line each (RFC 9162)
    rotation …                    per change of the log's key, by position, a tlog-proof of it under a checkpoint that
                                    the older key signed
    stamp, stamp.consistency,     per time stamp: the checkpoint that was stamped, the hashes from there, the answer of
      stamp.response,               the authority (base64 of DER, RFC 3161), and its certificates (the same), the
      stamp.certificate …           signer's first; by size of the checkpoint, then by answer
    act …                         per act, by position; see below

An act has three sizes, `act <leaf> <payload> <proof>`, and after them its leaf, its payload, its salt in base64 and its
tlog-proof, a newline after each; with a payload of 0 its content was erased and neither payload nor salt is there.

Nothing stands in it that is not proved or follows from what is: there is no member that one could believe by mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from .encoding import from_base64, hash_from_base64, hashes_from_base64
from .errors import ProofFailed

BUNDLE: Final = b"quanze/bundle@v1\n"
"""The first line of every such file."""
BUNDLE_SIZE_MAX: Final = 1 << 30
"""Bytes in a bundle that is read: a hundred thousand acts and more."""

_HEAD: Final = re.compile(rb"([a-z]+(?:\.[a-z]+)?) (0|[1-9][0-9]{0,9})\n")
_ACT: Final = re.compile(rb"act ([1-9][0-9]{0,9}) (0|[1-9][0-9]{0,9}) ([1-9][0-9]{0,9})\n")
_LF: Final = ord("\n")
_SALT_LINE: Final = 45
"""Bytes of a salt in base64 and a newline."""


class Entry(NamedTuple):
    """One act: the bytes of its leaf and event, None where erased, and the text of its proof."""

    leaf: bytes
    payload: bytes | None
    salt: bytes | None
    proof: bytes


@dataclass(frozen=True, slots=True)
class Continued:
    """An older checkpoint, a signed note, and the hashes which prove that the bundle's continues it."""

    note: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A checkpoint that a time stamping authority saw: its DER answer, its certificates in DER, the signer's first."""

    seen: Continued
    response: bytes
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle taken apart. Nothing of it is checked but its form."""

    project: str
    summary_zh: str
    summary_en: str
    checkpoint: bytes
    held: Continued | None
    rotations: tuple[bytes, ...]
    stamps: tuple[Stamp, ...]
    entries: tuple[Entry, ...]


def read_bundle(file: bytes) -> Bundle:
    """Take a bundle apart. Raises `ProofFailed`: a block is missing, unknown, out of its place or ill-formed."""
    if len(file) > BUNDLE_SIZE_MAX:
        raise ProofFailed("bundle", expected=f"at most {BUNDLE_SIZE_MAX} bytes", actual=f"{len(file)} bytes")
    blocks = _Blocks(file)
    project = blocks.text("project")
    zh, en = blocks.text("summary.zh"), blocks.text("summary.en")
    checkpoint = blocks.take("checkpoint")
    held = None
    if blocks.next == "held":
        held = _continued(blocks, "held")
    rotations: list[bytes] = []
    while blocks.next == "rotation":
        rotations.append(blocks.take("rotation"))
    stamps: list[Stamp] = []
    while blocks.next == "stamp":
        stamps.append(_stamp(blocks))
    return Bundle(project, zh, en, checkpoint, held, tuple(rotations), tuple(stamps), tuple(blocks.acts()))


class _Blocks:
    """The blocks of a file, one after the other."""

    def __init__(self, file: bytes) -> None:
        if not file.startswith(BUNDLE):
            raise ProofFailed("bundle", expected="the first line quanze/bundle@v1", actual=file[: len(BUNDLE)])
        self._file = file
        self.next = ""
        """The name of the block that comes now; empty where acts begin, or the file ends, or neither."""
        self._head_at = self._at = self._size = 0
        self._look(len(BUNDLE))

    def take(self, name: str) -> bytes:
        """Return the bytes of the block that comes now. Raises `ProofFailed` where it has another name or form."""
        if self.next != name:
            raise ProofFailed("bundle", expected=f"a block {name}", actual=self.next or "the end of the file")
        stop = self._at + self._size
        block = self._file[self._at : stop]
        if self._file[stop : stop + 1] != b"\n":
            raise ProofFailed(f"block {name}", expected="a newline at its end", actual="another byte or none")
        self._look(stop + 1)
        return block

    def text(self, name: str) -> str:
        block = self.take(name)
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProofFailed(f"block {name}", expected="UTF-8", actual=str(error)) from None

    def acts(self) -> Iterator[Entry]:
        """Yield the acts, to the end of the file. Raises `ProofFailed`."""
        file, at, end = self._file, self._head_at, len(self._file)
        while at < end:
            head = _ACT.match(file, at)
            if head is None:
                raise ProofFailed("bundle", expected="a block act or the end of the file", actual=file[at : at + 40])
            leaf_at = head.end()
            leaf_end = payload_end = salt_end = leaf_at + int(head[1])
            payload_size = int(head[2])
            if payload_size:
                payload_end = leaf_end + 1 + payload_size
                salt_end = payload_end + _SALT_LINE
            at, proof_end = salt_end + 1, salt_end + 1 + int(head[3])
            if proof_end >= end or not file[leaf_end] == file[payload_end] == file[salt_end] == file[proof_end] == _LF:
                raise ProofFailed("block act", expected="a newline after each part", actual="another byte or none")
            payload = salt = None
            if payload_size:
                payload = file[leaf_end + 1 : payload_end]
                salt = hash_from_base64(file[payload_end + 1 : salt_end], "salt")
            yield Entry(file[leaf_at:leaf_end], payload, salt, file[at:proof_end])
            at = proof_end + 1

    def _look(self, at: int) -> None:
        found = _HEAD.match(self._file, at)
        self.next = found[1].decode("ascii") if found is not None else ""
        self._head_at = at
        self._size, self._at = (int(found[2]), found.end()) if found is not None else (0, at)


def _continued(blocks: _Blocks, name: str) -> Continued:
    note, lines = blocks.take(name), blocks.take(f"{name}.consistency")
    return Continued(note, hashes_from_base64(lines))


def _stamp(blocks: _Blocks) -> Stamp:
    seen = _continued(blocks, "stamp")
    response = _base64(blocks.text("stamp.response"), "stamp.response")
    certificates: list[bytes] = []
    while blocks.next == "stamp.certificate":
        certificates.append(_base64(blocks.text("stamp.certificate"), "stamp.certificate"))
    return Stamp(seen, response, tuple(certificates))


def _base64(text: str, name: str) -> bytes:
    return from_base64(text, f"block {name}")
