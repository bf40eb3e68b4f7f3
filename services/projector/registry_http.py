"""The registers of people, posts and units over HTTP. No rules here: parse, ask, answer."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.params import PathParameter, QueryParameter

from edge.listing import LIMIT_DEFAULT, After, Limit
from edge.paging import read_cursor
from projector.parts import read_place
from projector.question import QUESTION, Asking, Question
from projector.references import reference
from projector.registry import (
    PersonAnswer,
    Persons,
    PostAnswer,
    UnitAnswer,
    Units,
    list_persons,
    list_units,
    show_person,
    show_post,
    show_unit,
)

if TYPE_CHECKING:
    from projector.main import Projector

_QUESTION: Final[dict[str, Any]] = {**QUESTION, "tags": ["registers"]}


@get("/v1/persons", **_QUESTION, summary="Persons")
def get_persons(
    request: Asking,
    asked: Question,
    unit: Annotated[
        str | None, QueryParameter(description="who works for it, or is in a post of it, at `as_of`")
    ] = None,
    q: Annotated[str | None, QueryParameter(description="with this in their reference or that of an account")] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Persons:
    """List persons by reference; names and numbers of people are in no register."""
    place = read_cursor(after, str)
    with _projector(request).view(asked) as view:
        within = reference(unit, "unit", "agency", "supplier") if unit is not None else None
        return list_persons(view, within, q, place[0] if place is not None else "", limit)


@get("/v1/persons/{person:str}", **_QUESTION, summary="One person: accounts, terms in posts, grants held")
def get_person(
    request: Asking,
    asked: Question,
    person: Annotated[str, PathParameter(description="a person, or an account for whoever it belongs to at `as_of`")],
) -> PersonAnswer:
    """Show a person under all accounts, as of a moment and as known then."""
    with _projector(request).view(asked) as view:
        return show_person(view, reference(person, "person", "account", "system"))


@get("/v1/posts/{post:path}", **_QUESTION, summary="One post: what it is, who was in it, what was granted to it")
def get_post(
    request: Asking,
    asked: Question,
    post: Annotated[str, PathParameter(description="`post:U001/CGKZ`, or without its kind `U001/CGKZ`")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> PostAnswer:
    """Show a post as of a moment. Holders and grants are paged each by its own `next`."""
    place = read_place(after)
    with _projector(request).view(asked) as view:
        return show_post(view, reference(post, "post"), place, limit)


@get("/v1/units", **_QUESTION, summary="Units")
def get_units(
    request: Asking,
    asked: Question,
    q: Annotated[str | None, QueryParameter(description="with this in their name or reference")] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Units:
    """List units by reference."""
    place = read_cursor(after, str)
    with _projector(request).view(asked) as view:
        return list_units(view, q, place[0] if place is not None else "", limit)


@get("/v1/units/{unit:str}", **_QUESTION, summary="One unit: those above and below it, its posts")
def get_unit(
    request: Asking,
    asked: Question,
    unit: Annotated[str, PathParameter(description="`unit:U001`, or without its kind `U001`")],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> UnitAnswer:
    """Show a unit as of a moment. Children and posts are paged each by its own `next`."""
    place = read_place(after)
    with _projector(request).view(asked) as view:
        return show_unit(view, reference(unit, "unit"), place, limit)


HANDLERS: Final = (get_persons, get_person, get_post, get_units, get_unit)


def _projector(request: Asking) -> "Projector":
    return request.app.state.projector
