"""
References: how an act names people, bodies, units, projects and grants (`person:P06`, `grant:G1`).

A reference is a tag: acts can be read by it. It is an opaque code of its source, never a name or an identity number,
because the leaf that holds it is for ever.
"""

import re
import unicodedata
from typing import Annotated, Final

from msgspec import Meta

LENGTH_MAX: Final = 128
"""Characters in a reference. A longer one would overflow an index and fail the commit of everyone in its batch."""

_END = r"$(?!\n)"  # `$` alone lets a trailing newline through
# Nor any character that nobody sees: it would make a second person who looks like the first.
_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_CODE = rf"[^{_UNSEEN}]+"


def reference_to(*kinds: str) -> Meta:
    """Return what a text must be to refer to one of these kinds."""
    tails = {"account": rf"account:{_CODE}/[^{_UNSEEN}/]+", "post": rf"post:{_CODE}/{_CODE}"}
    options = "|".join(tails.get(kind, f"{kind}:{_CODE}") for kind in kinds)
    wanted = ", ".join(f"`{kind}:…`" for kind in kinds)
    return Meta(
        pattern=f"^({options}){_END}",
        max_length=LENGTH_MAX,
        description=f"a reference: {wanted}",
        extra={"mark": "reference"},
    )


KINDS: Final = (
    "person",
    "account",
    "body",
    "system",
    "unit",
    "post",
    "project",
    "supplier",
    "agency",
    "grant",
    "finding",
    "log",
)

Reference = Annotated[str, reference_to(*KINDS)]
Actor = Annotated[str, reference_to("person", "account", "body", "system", "supplier", "agency")]
"""Whoever does an act. An organisation acting through nobody named is `supplier:…` or `agency:…`."""
Human = Annotated[str, reference_to("person", "account")]
"""A natural person, or an account that resolves to one."""
Person = Annotated[str, reference_to("person")]
Account = Annotated[str, reference_to("account")]
"""`account:<source>/<login>`; the login follows the last `/`."""
Grantee = Annotated[str, reference_to("person", "account", "post")]
Holder = Annotated[str, reference_to("person", "account", "post", "body")]
Unit = Annotated[str, reference_to("unit")]
Post = Annotated[str, reference_to("post")]
Project = Annotated[str, reference_to("project")]
Supplier = Annotated[str, reference_to("supplier")]
Organisation = Annotated[str, reference_to("supplier", "agency")]
Employer = Annotated[str, reference_to("unit", "agency", "supplier")]
Agency = Annotated[str, reference_to("agency")]
Grant = Annotated[str, reference_to("grant")]
Finding = Annotated[str, reference_to("finding")]
ControlScope = Annotated[str, reference_to("project", "unit", "person")]
Party = Annotated[str, reference_to("person", "account", "supplier")]

_CITIZEN_ID: Final = re.compile(
    r"(?<!\d)(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"  # province, prefecture, county (GB/T 2260)
    r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"  # date of birth
    r"\d{3}[\dXx](?!\d)"
)
_SEVENTEEN: Final = b"0" * 17
_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789", b"000000000")


def kind_of(reference: str) -> str:
    """Return the kind of a well-formed reference: what stands before its first colon."""
    return reference.partition(":")[0]


def holds_citizen_id(text: str) -> bool:
    """
    Say whether `text` holds an 18-digit citizen identity number (GB 11643-1999).

    The check digit is not asked for: a mistyped number still points at somebody. A random number of 18 digits is taken
    for one about once in four thousand.
    """
    if text.isascii() and _SEVENTEEN not in text.encode().translate(_DIGITS_ALIKE):
        return False  # nearly every text, at a sixth of the cost
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    return _CITIZEN_ID.search(plain) is not None


def _plain(character: str) -> str:
    """Return a decimal digit of any script as the one we write."""
    return str(unicodedata.decimal(character)) if character.isdecimal() else character
