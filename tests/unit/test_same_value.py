"""When two JSON texts have the same value: what makes an act sent again a duplicate."""

import pytest

from contracts.document import same_value


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }', True),
        ("1", "1.0", True),
        ("100", "1e2", True),
        ('"\\u0041"', '"A"', True),
        ("[1,2]", "[2,1]", False),
        ("1", '"1"', False),
        ("null", "0", False),
        ("null", "false", False),
        ('""', "null", False),
        ('{"a":null}', "{}", False),
        ('"é"', '"e\u0301"', False),
        ("9007199254740993", "9007199254740992", False),
        ("12345678901234567890.1", "12345678901234567890.2", False),
        ("0.1", "0.10000000000000000001", False),
        ("1e-400", "0", False),
        ("1e-99999999999999999999", "0", False),
        ("1e-99999999999999999999", "1e-99999999999999999999", True),
        ("100000000000000000000000", "1e23", True),
        ("18446744073709551615", "18446744073709551615.0", True),
        ("-0.0", "0", True),
        ('{"a":"1.0"}', '{"a":"1.00"}', False),
    ],
)
def test_two_texts_of_one_value_are_the_same(left: str, right: str, same: bool) -> None:
    assert same_value(left.encode(), right.encode()) is same
    assert same_value(right.encode(), left.encode()) is same


@pytest.mark.parametrize(("left", "right"), [("true", "1"), ("false", "0"), ('{"a":[true]}', '{"a":[1.0]}')])
def test_true_is_not_one(left: str, right: str) -> None:
    assert not same_value(left.encode(), right.encode())
