"""What can be done to a good file: at random bytes, at its lines, its numbers, its blocks, its members."""

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, cast

Mutation = Callable[[bytes, Random], bytes]

NUMBERS: Final = (
    *(b"0", b"-1", b"-0", b"1", b"00", b"+1", b"1.0", b"1e0", b"255", b"256", b"4294967296", b"NaN", b""),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"1" + b"0" * 5000),
)
ODD: Final = (
    *(b"\n", b"\n\n", b"\r\n", b"\0", b" ", b"\t", b"+", b"=", b"==", b'"', b"\\", b"\xff", b"\xed\xa0\x80"),
    *("\u2014 ".encode(), "\u2028".encode(), "\u200b".encode(), "\ufeff".encode(), b"\\ud800", b"\\u0000"),
    *(b"act 1 0 1\n", b"held 0\n\n", b"rotation 0\n\n", b"stamp 0\n\n", b"index 0\n", b"extra \n", b"[" * 2000),
)
LOOK_ALIKES: Final = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "1": "\uff11", "-": "\u2010", "\u2014": "\u2013"}
"""Cyrillic for Latin, full width for ASCII, other dashes."""
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**63 - 1, 2**63, 10**400, 0.5, float("nan"), float("inf"), "", "0", "\0"),
    *(
        "\ud800",
        "a" * 70_000,
        "1e400",
        "sNaN",
        "-0",
        "\uff11",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
    ),
    *([], {}, [[]], {"": None}, [0] * 1000, "2026-03-05T01:00:00", "2026-W10-4T01:00:00Z"),
)


def mutated(seed: bytes, chance: Random, own: Sequence[Mutation]) -> bytes:
    """Return `seed` with one to four things done to it; `own` are those that know its format."""
    changed = seed
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        kinds = own if own and chance.random() < 0.5 else EVERYWHERE
        changed = chance.choice(kinds)(changed, chance)
    return changed


def flip(text: bytes, chance: Random) -> bytes:
    if not text:
        return b"\x01"
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << chance.randrange(8)]) + text[at + 1 :]


def insert(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice((chance.randbytes(chance.randrange(1, 9)), chance.choice(ODD))) + text[at:]


def leave_out(text: bytes, chance: Random) -> bytes:
    start, stop = _slice(text, chance)
    return text[:start] + text[stop:]


def repeat(text: bytes, chance: Random) -> bytes:
    start, stop = _slice(text, chance)
    return text[:stop] + text[start:]


def move(text: bytes, chance: Random) -> bytes:
    start, stop = _slice(text, chance)
    at = chance.randrange(len(text) + 1)
    rest = text[:start] + text[stop:]
    return rest[:at] + text[start:stop] + rest[at:]


def cut(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    return chance.choice((text[:at], text[at:]))


def other_number(text: bytes, chance: Random) -> bytes:
    found = list(re.finditer(rb"[0-9]+", text[:20_000]))
    if not found:
        return text + chance.choice(NUMBERS)
    at = chance.choice(found)
    near = b"%d" % (int(at[0][:18]) + chance.choice((-1, 1)))
    return text[: at.start()] + chance.choice((near, chance.choice(NUMBERS))) + text[at.end() :]


def other_lines(text: bytes, chance: Random) -> bytes:
    lines = text.split(b"\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines.insert(at, b"")
        case _:
            lines[at] += chance.choice((b"\r", b" ", b"\t", b"\x0b"))
    return b"\n".join(lines)


def other_ends(text: bytes, chance: Random) -> bytes:
    return text.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n")), chance.choice((1, -1)))


def look_alike(text: bytes, chance: Random) -> bytes:
    char, other = chance.choice(tuple(LOOK_ALIKES.items()))
    return text.replace(char.encode(), other.encode(), 1)


def other_base64(text: bytes, chance: Random) -> bytes:
    """Spell base64 another way: bits that encode nothing, padding, the alphabet for addresses."""
    found = list(re.finditer(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{6,}={1,2}", text[:60_000]))
    if not found:
        return text.replace(b"+", b"-", 1)
    at = chance.choice(found)
    core = at[0].rstrip(b"=")
    spelt = (core[:-1] + bytes([core[-1] + 1]) + at[0][len(core) :], core, at[0] + b"=", core[:-4] + b"\n" + core[-4:])
    return text[: at.start()] + chance.choice(spelt) + text[at.end() :]


def long(text: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    much = chance.choice((b"a", b"=", b" ", b"[", b"\n", b"A" * 43 + b"=\n", "\u2014 a b\n".encode()))
    return text[:at] + much * chance.choice((200, 5_000)) + text[at:]


def noise(_: bytes, chance: Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 3, 40, 300)))


EVERYWHERE: Final[Sequence[Mutation]] = (
    *(flip, flip, flip, insert, insert, leave_out, leave_out, repeat, move, cut, other_number, other_number),
    *(other_lines, other_lines, other_ends, look_alike, other_base64, long, noise),
)


def other_members(text: bytes, chance: Random) -> bytes:
    """Change something inside a JSON document, and write it anew in one of the ways JSON can be written."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    document = other_value(document, chance) if chance.random() < 0.9 else document
    return spelt(document, chance)


def other_value(document: Any, chance: Random) -> Any:
    """Return a document with one member or element changed, left out, repeated or exchanged, somewhere inside."""
    inner, names = _names(document)
    if not names or chance.random() < 0.1:
        return deep(chance) if chance.random() < 0.3 else chance.choice(VALUES)
    name, other = chance.choice(names), chance.choice(names)
    if isinstance(inner[name], dict | list) and chance.random() < 0.8:
        inner[name] = other_value(inner[name], chance)
        return document
    match chance.randrange(6):
        case 0:
            del inner[name]
        case 1:
            inner[name], inner[other] = inner[other], inner[name]
        case 2 if isinstance(inner, list):
            inner[:0] = [inner[name]]
        case 2:
            inner[chance.choice(("x", "held", "payload", "position", "name", str(other) + " "))] = inner[name]
        case 3:
            inner[name] = deep(chance)
        case 4 if isinstance(inner[name], str):
            inner[name] = mutated(inner[name].encode("utf-8", "surrogatepass"), chance, ()).decode("utf-8", "replace")
        case _:
            inner[name] = chance.choice(VALUES)
    return document


def deep(chance: Random) -> Any:
    """Return what is nested about as deeply as Python reads and writes it."""
    value: Any = None
    for _ in range(chance.randrange(900, 990) if chance.random() < 0.5 else 50):
        value = [value]
    return value


def spelt(document: Any, chance: Random) -> bytes:
    if isinstance(document, dict) and chance.random() < 0.3:
        items = list(cast("dict[str, Any]", document).items())
        chance.shuffle(items)
        document = dict(items)
    try:
        separators = chance.choice(((",", ":"), (", ", " : ")))
        written = json.dumps(document, ensure_ascii=chance.random() < 0.5, separators=separators)
    except (ValueError, RecursionError):
        return b"[" * 900 + b"]" * 900
    return written.encode("utf-8", "surrogatepass")


def _names(document: Any) -> tuple[Any, list[Any]]:
    if isinstance(document, dict):
        return cast("Any", document), list(cast("dict[str, Any]", document))
    if isinstance(document, list):
        return cast("Any", document), list(range(len(cast("list[Any]", document))))
    return document, []


def _slice(text: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(text) + 1)
    return start, min(len(text), start + chance.choice((1, 1, 4, 33, 45, 400)))
