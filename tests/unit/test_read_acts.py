"""What of an act's content is stored as jsonb: all of it, but for what jsonb cannot hold."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projector.acts import storable

_SPACE = st.sampled_from(("", " ", "\n", "\t", "\r\n  "))
_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,6})?", fullmatch=True)
_LONG = st.sampled_from(("1" * 999, "1" * 1_000, "-" + "2" * 1_200, "0." + "3" * 1_000, "4" * 600 + "." + "5" * 600))
_TEXTS = st.text(st.sampled_from('0123456789eE.,:[{}] -"\\abcdef采'), max_size=80).map(json.dumps)
_VALUES = st.recursive(
    _NUMBERS | _LONG | _TEXTS | st.sampled_from(("true", "null")),
    lambda inner: st.tuples(_SPACE, st.lists(inner, max_size=3)).map(lambda it: f"[{it[0]}{f',{it[0]}'.join(it[1])}]"),
    max_leaves=5,
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """Draw the text of a JSON object, with space where it may be."""
    space = draw(_SPACE)
    members = draw(st.dictionaries(st.sampled_from(("a", "b1", "e5", "9e9999")), _VALUES, max_size=4))
    told = (f"{space}{json.dumps(name)}{space}:{space}{value}{space}" for name, value in members.items())
    return "{" + ",".join(told) + "}"


@given(objects())
def test_an_object_is_stored_as_it_came_unless_a_number_is_beyond_jsonb(text: str) -> None:
    members = _members(text)
    kept = {name: value for name, value in members.items() if not _is_far(value)}
    stored = storable(text.encode())
    assert _members(stored) == kept
    assert stored == text or kept != members


def _members(text: str) -> dict[str, bytes]:
    return {name: bytes(value) for name, value in msgspec.json.decode(text, type=dict[str, msgspec.Raw]).items()}


def _is_far(value: bytes) -> bool:
    plain = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", value)
    return re.search(rb"[0-9][eE][+-]?[0-9]{4}|[0-9]{1000}", plain) is not None


@pytest.mark.parametrize("depth", [200, 202, 900])
def test_nesting_is_stored_as_deep_as_jsonb_is_asked_to_take(depth: int) -> None:
    deep = "[" * (depth - 1) + "]" * (depth - 1)
    text = f'{{"note":"kept","deep":{deep}}}'
    assert storable(text.encode()) == (text if depth <= 200 else '{"note":"kept"}')
