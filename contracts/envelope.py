"""The CloudEvents 1.0 envelope of an act (contract §2). Extension attributes beyond these are kept as they came."""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from contracts.moments import Instant
from contracts.references import Actor, Grant, Human, Reference, Unit

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$(?!\n)"

EventId = Annotated[
    str,
    Meta(min_length=1, max_length=128, pattern=_PRINTABLE, description="1 to 128 characters, none of them a control"),
]
Source = Annotated[
    str,
    Meta(min_length=1, max_length=256, pattern=_PRINTABLE, description="1 to 256 characters, none of them a control"),
]
RoleName = Annotated[str, Meta(min_length=1, max_length=128, description="a role of the catalogue")]
ContentType = Annotated[
    str,
    Meta(
        max_length=256,
        pattern=r"^[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]/([A-Za-z0-9.-]+\+)?[Jj][Ss][Oo][Nn]"
        r'( *; *[A-Za-z0-9-]+ *= *("[^"\x00-\x1f]*"|[^\s;"\x00-\x1f]+))* *$(?!\n)',
        description="application/json, or another type that ends in +json",
    ),
]


class Envelope(Struct, frozen=True, kw_only=True):
    """
    Who did what, when, on what, on whose behalf and by which grant.

    `id` and `source` together are the idempotency key. `time` is when it happened; `recordedtime`, for loading history
    only, when the source itself recorded it. Attributes that are null count as absent (CloudEvents JSON format §2.2).
    """

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: str
    subject: Reference
    time: Instant
    actor: Actor
    data: Raw
    role: RoleName | None = None
    unit: Unit | None = None
    authority: Grant | None = None
    onbehalfof: Human | None = None
    recordedtime: Instant | None = None
    datacontenttype: ContentType | None = None


REFERENCES = ("subject", "actor", "unit", "authority", "onbehalfof")
"""The attributes that are references, in the order in which they become tags."""
