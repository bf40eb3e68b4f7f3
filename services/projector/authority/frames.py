"""Messages on a stream between two processes of ours: four bytes that say how long it is, then the message."""

from collections.abc import Iterator
from typing import Final

_HEAD: Final = 4


def frame(message: bytes) -> bytes:
    """Return a message as it goes over the stream. Raises `OverflowError` for one of 4 GiB or more."""
    return len(message).to_bytes(_HEAD, "big") + message


class Frames:
    """Puts the messages of a stream together again, however it was cut."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what came, and yield every message that is whole by now, in order."""
        received = self._received
        received += data
        at = 0
        while len(received) - at >= _HEAD:
            end = at + _HEAD + int.from_bytes(received[at : at + _HEAD], "big")
            if len(received) < end:
                break
            yield bytes(received[at + _HEAD : end])
            at = end
        del received[:at]
