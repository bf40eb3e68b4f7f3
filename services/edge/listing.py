"""What a list is asked for over HTTP: how many items a page holds, and where it begins."""

from typing import Annotated

from litestar.params import Parameter

Limit = Annotated[int, Parameter(ge=1, le=1000, description="how many items a page holds at most")]
After = Annotated[str | None, Parameter(description="the `next` of the page before")]
LIMIT_DEFAULT = 100
