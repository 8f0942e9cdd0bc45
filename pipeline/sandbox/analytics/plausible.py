"""Plausible's Stats API v2: the queries by page and by entry page, with the reference's refusals."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.analytics.readers import ENDPOINT, Readers, between
from pipeline.sandbox.service import Call, Endpoint, Refusal, StandIn

CREDENTIALS: Final = {"api_key": "sandbox-plausible-key"}
SITE: Final = "garden.example"
_OF_VISITS: Final = frozenset({"bounce_rate", "views_per_visit", "visit_duration"})
_OF_PAGES: Final = frozenset({"scroll_depth", "time_on_page"})
_METRICS: Final = frozenset({"visitors", "visits", "pageviews"}) | _OF_VISITS | _OF_PAGES
_PAGE, _ENTRY, _HOST, _DAY = "event:page", "visit:entry_page", "event:hostname", "time:day"


class _Pagination(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10_000, ge=1, le=10_000)
    offset: int = Field(default=0, ge=0)


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    site_id: str
    date_range: tuple[date, date]
    metrics: list[str] = Field(min_length=1)
    dimensions: list[str] = []
    filters: list[tuple[str, str, list[str]]] = []
    order_by: list[tuple[str, str]] = []
    pagination: _Pagination = _Pagination()


def query(call: Call) -> Response:
    if call.request.headers.get("authorization") != f"Bearer {CREDENTIALS['api_key']}":
        raise _refusal(
            401, "Invalid API key. Please make sure you're using a valid API key with access to the resource."
        )
    try:
        asked = _Query.model_validate_json(call.body)
    except ValidationError as error:
        raise _refusal(400, f"#/{'/'.join(map(str, error.errors()[0]['loc']))}: Invalid value.") from None
    if asked.site_id != SITE:
        raise _refusal(401, "Invalid API key or site ID.")
    dimension = _checked(asked)
    rows = [
        {"dimensions": [each.date.isoformat(), each.path], "metrics": [_figure(each, name) for name in asked.metrics]}
        for each in between(call.ledger, *asked.date_range)
        if _is_meant(each, asked, dimension)
    ]
    page = asked.pagination
    return JSONResponse({"results": rows[page.offset : page.offset + page.limit], "meta": {}, "query": {}})


def _checked(asked: _Query) -> str:
    """The dimension besides the day."""
    if unknown := set(asked.metrics) - _METRICS:
        raise _refusal(400, f"Invalid metric '{unknown.pop()}'")
    if (
        len(asked.dimensions) != len((_DAY, _PAGE))
        or asked.dimensions[0] != _DAY
        or asked.dimensions[1] not in (_PAGE, _ENTRY)
    ):
        raise _refusal(400, "Invalid dimensions")
    dimension = asked.dimensions[1]
    if dimension == _PAGE and (mixed := set(asked.metrics) & _OF_VISITS):
        raise _refusal(400, f"Session metric(s) `{', '.join(mixed)}` cannot be queried along with event dimensions.")
    if dimension == _ENTRY and (mixed := set(asked.metrics) & _OF_PAGES):
        raise _refusal(400, f"Metric `{mixed.pop()}` can only be queried with event:page filters or dimensions.")
    if {name for name, _ in asked.order_by} - {*asked.metrics, *asked.dimensions}:
        raise _refusal(400, "Invalid order_by entry. Entry is not a queried metric or dimension.")
    if any(operator != "is" or name not in (_PAGE, _ENTRY, _HOST) for operator, name, _ in asked.filters):
        raise _refusal(400, "Invalid filters")
    return dimension


def _is_meant(each: Readers, asked: _Query, dimension: str) -> bool:
    wanted = all((each.host if name == _HOST else each.path) in values for _, name, values in asked.filters)
    return wanted and (each.entries if dimension == _ENTRY else each.views) > 0


def _figure(each: Readers, name: str) -> float | int | None:
    figures: Mapping[str, Any] = {
        "visitors": each.visitors,
        "visits": each.entries,
        "pageviews": each.views,
        "scroll_depth": each.depth,
        "time_on_page": round(each.seconds / each.visits) if each.visits else None,
        "bounce_rate": round(100 * each.bounces / each.entries) if each.entries else 0,
    }
    return figures[name]  # type: ignore[no-any-return]


def failure(status: int) -> Response:
    return JSONResponse({"error": "Something went wrong" if status >= 500 else "Not found"}, status)  # noqa: PLR2004


def rate_limited(seconds: float) -> Response:
    message = "Too many API requests. The limit is 600 per hour. Please contact us to request more capacity."
    return JSONResponse({"error": message}, 429, headers={"retry-after": f"{seconds:.0f}"})


def _refusal(status: int, message: str) -> Refusal:
    return Refusal(JSONResponse({"error": message}, status))


STAND_IN: Final = StandIn(
    name="plausible",
    title="Plausible",
    api="/api",
    endpoints=[Endpoint("POST", "/api/v2/query", query), ENDPOINT],
    failure=failure,
    rate_limited=rate_limited,
    credentials=CREDENTIALS,
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/plausible", "site_id": SITE},
)
