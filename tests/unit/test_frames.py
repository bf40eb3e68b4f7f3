"""Messages between the process that serves and the one that judges."""

from hypothesis import given
from hypothesis import strategies as st

from projector.authority.frames import Frames, frame


@given(messages=st.lists(st.binary(max_size=300), max_size=8), cuts=st.lists(st.integers(1, 400), max_size=12))
def test_however_a_stream_is_cut_its_messages_come_whole_and_in_order(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, messages))
    frames, found, at = Frames(), list[bytes](), 0
    for cut in [*cuts, len(stream)]:
        found += frames.feed(stream[at : at + cut])
        at += cut
    assert found == messages


def test_a_message_is_not_given_before_its_last_byte() -> None:
    stream = frame(b"ab") + frame(b"c")
    frames = Frames()
    assert [list(frames.feed(stream[at : at + 1])) for at in range(len(stream))] == [
        *[[]] * 5,
        [b"ab"],
        *[[]] * 4,
        [b"c"],
    ]
