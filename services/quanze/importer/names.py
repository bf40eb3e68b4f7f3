"""
Names made from a log's own words: references, and the slugs of acts and roles.

A reference keeps the word: two words never share a reference, and `original` gives the word back. A slug is for
people: it drops what is no ASCII letter or digit, so two words may share one, and whoever makes slugs must look.
"""

import re
import unicodedata
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

from contracts.references import LENGTH_MAX

SLUG_LENGTH_MAX: Final = 64

_CUT: Final = "~"  # no word holds it bare, so a shortened one is never taken for a whole one
_SAFE_PUNCTUATION: Final = frozenset("-._@")
_HIDDEN: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"))
_LETTERS: Final = str.maketrans("0123456789abcdef", "ghijklmnopabcdef")


def reference(prefix: str, word: str) -> str:
    """
    Return `prefix` and `word` as one reference of at most 128 characters (`Kim Passa` → `person:Kim%20Passa`).

    Letters and digits of any script and `- . _ @` stand as they are; all else, spaces and control characters first, is
    percent-encoded as UTF-8 (RFC 3986 §2.1). A word too long is cut, and ends with `~` and 32 letters of its SHA-256.
    """
    return prefix + code(word, LENGTH_MAX - len(prefix))


def code(word: str, length_max: int) -> str:
    """Encode a word so that no two words are alike, in at most `length_max` characters (40 or more)."""
    encoded = [_encode(character) for character in word]
    if sum(map(len, encoded)) <= length_max:
        return "".join(encoded)
    room = length_max - 33
    kept = ""
    for part in encoded:
        if len(kept) + len(part) > room:
            break
        kept += part
    return f"{kept}{_CUT}{_digest(word)}"


def original(reference: str) -> str:
    """Return the word a reference was made from. Raises `ValueError` where it was cut: the word is not in it."""
    word = reference.partition(":")[2]
    if _CUT in word:
        raise ValueError(f"{reference} was cut")
    return unquote(word, "utf-8", "surrogatepass")


def slug(text: str) -> str:
    """
    Return a name of lower-case ASCII letters, digits and single underscores, starting with a letter.

    What is neither is dropped. Where a letter of another script was among it (`采购申请`), or the name grew over 64
    characters, eight letters of its SHA-256 are added: the name then depends on nothing but the text.
    """
    name = re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
    whole = name != "" and text.isascii() and len(name) <= SLUG_LENGTH_MAX
    if not whole:
        name = f"{name[: SLUG_LENGTH_MAX - 9].rstrip('_') or 'a'}_{_digest(text)[:8]}"
    return name if name[0].isalpha() else f"a_{name}"


def _encode(character: str) -> str:
    if character.isascii():
        keep = character.isalnum() or character in _SAFE_PUNCTUATION
    else:
        keep = unicodedata.category(character) not in _HIDDEN
    if keep:
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _digest(text: str) -> str:
    """128 bits of SHA-256 in 32 letters: no digits, so it can never be read as an identity number."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32].translate(_LETTERS)
