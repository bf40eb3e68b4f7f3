"""How text stands in a terminal: columns, amounts, moments."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

import click

from contracts.moments import LOCAL_ZONE

COLUMNS: Final = 100
"""What a line may take, where it can be broken."""


def money(text: str) -> str:
    """Write an amount with separators between the thousands."""
    return f"{Decimal(text):,.2f}"


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two, colours none."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in click.unstyle(text))


def padded(text: str, columns: int) -> str:
    """Return the text filled with spaces to so many columns."""
    return text + " " * max(0, columns - width(text))


def pushed(text: str, columns: int) -> str:
    """Return the text pushed to the right end of so many columns."""
    return " " * max(0, columns - width(text)) + text


def wrapped(text: str, columns: int = COLUMNS) -> Iterator[str]:
    """Yield a line as several where it is too long, broken at spaces, each further one two columns in."""
    begin = " " * (len(text) - len(text.lstrip()))
    line = begin
    for word in text.split():
        if line.strip() and width(line) + 1 + width(word) > columns:
            yield line
            line = begin + "  " + word
        else:
            line += word if not line.strip() else f" {word}"
    yield line


def local(moment: str) -> str:
    """Write an instant in the local zone, to the minute."""
    return datetime.fromisoformat(moment).astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")


def local_day(moment: str) -> str:
    return local(moment)[:10]
