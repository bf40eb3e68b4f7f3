"""The one way in which a check fails."""

from base64 import b64encode
from typing import Final

_SHOWN_MAX: Final = 96
"""Characters of a value that a message quotes; values come from whoever made the file."""


class ProofFailed(Exception):
    """
    The evidence does not prove what it claims, or cannot be read at all.

    `what` names the part, `expected` and `actual` say how the two differ. All of it is safe to print: bytes appear as
    base64, characters that a terminal might obey are escaped, long values are cut.
    """

    what: str
    expected: str
    actual: str

    def __init__(self, what: str, *, expected: str | int | bytes, actual: str | int | bytes) -> None:
        self.what = what
        self.expected = _shown(expected)
        self.actual = _shown(actual)
        super().__init__(f"{what}: expected {self.expected}, actual {self.actual}")


def _shown(value: str | int | bytes) -> str:
    match value:
        case bytes():
            text = b64encode(value[:_SHOWN_MAX]).decode("ascii") or "nothing"
        case int():
            # Python refuses to print an integer of more than 4,300 digits; none that long is ever right.
            text = str(value) if value.bit_length() < 256 else f"an integer of {value.bit_length()} bits"
        case str():
            text = value
    if len(text) > _SHOWN_MAX:
        text = text[:_SHOWN_MAX] + "…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
