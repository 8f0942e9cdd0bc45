"""Collections as the REST API pages them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.wordpress.errors import invalid_param, refusal

_PER_PAGE_MAX = 100


def id_list(value: Any, name: str) -> list[int]:
    """A list of ids, as JSON has it or separated by commas. Raises: Refusal."""
    parts = value if isinstance(value, list) else [part for part in str(value).split(",") if part.strip()]
    try:
        return [int(part) for part in parts]
    except (TypeError, ValueError):
        raise invalid_param(name, f"{name}[0] is not of type integer.") from None


def page_of(items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> Response:
    """One page, with the totals in its headers. Raises: Refusal: a page or a page's size that isn't there."""
    per_page = _whole(query, "per_page", 10)
    page = _whole(query, "page", 1)
    if not 1 <= per_page <= _PER_PAGE_MAX:
        raise invalid_param("per_page", f"per_page must be between 1 (inclusive) and {_PER_PAGE_MAX} (inclusive)")
    if page < 1:
        raise invalid_param("page", "page must be greater than or equal to 1")
    pages = math.ceil(len(items) / per_page)
    if page > max(pages, 1):
        raise refusal(
            400,
            "rest_post_invalid_page_number",
            "The page number requested is larger than the number of pages available.",
        )
    shown = [only(item, query) for item in items[(page - 1) * per_page : page * per_page]]
    return JSONResponse(shown, headers={"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)})


def only(item: Mapping[str, Any], query: Mapping[str, str]) -> Mapping[str, Any]:
    """The item's fields that `_fields` asks for; a nested one brings its whole parent."""
    asked = {name.strip().partition(".")[0] for name in query.get("_fields", "").split(",") if name.strip()}
    return {name: value for name, value in item.items() if name in asked} if asked else item


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise invalid_param(name, f"{name} is not of type integer.") from None
