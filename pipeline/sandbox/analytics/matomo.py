"""Matomo's Reporting API: `Actions.getPageUrls`, flat and by day. It refuses with a 200, as Matomo does."""

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.analytics.readers import ENDPOINT, Readers, between
from pipeline.sandbox.service import Call, Endpoint, StandIn

CREDENTIALS: Final = {"token_auth": "sandbox-matomo-token"}
SITE: Final = "7"
_ROWS_OF_A_DAY: Final = 6
"""So many pages a day are kept, the rest is one row. Matomo's own limit is 500 unless it is told another
(`datatable_archiving_maximum_rows_actions`)."""
_WANTED: Final = {"module": "API", "method": "Actions.getPageUrls", "format": "JSON", "period": "day", "flat": "1"}


def index(call: Call) -> Response:
    given = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if "token_auth" in call.request.query_params:
        return _error("Sending the token_auth in the address is disabled by the administrator of this Matomo.")
    if given.get("token_auth") != CREDENTIALS["token_auth"] or given.get("idSite") != SITE:
        return _error("You can't access this resource as it requires 'view' access for the website id, or token_auth.")
    wrong = {name: given.get(name) for name, value in _WANTED.items() if given.get(name) != value}
    if wrong:
        return _error(f"The stand-in knows no {wrong}.")
    try:
        first, last = (date.fromisoformat(day) for day in given["date"].split(","))
        limit, offset = int(given.get("filter_limit", "100")), int(given.get("filter_offset", "0"))
    except (KeyError, ValueError):
        return _error(
            "Date format must be: YYYY-MM-DD, or 'today' or 'yesterday' or any keyword supported by strtotime."
        )
    known = between(call.ledger, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    tables = {day.isoformat(): _table([each for each in known if each.date == day and each.views]) for day in days}
    end = None if limit < 0 else offset + limit
    return JSONResponse({day: rows[offset:end] for day, rows in tables.items()})


def _table(readers: list[Readers]) -> list[dict[str, Any]]:
    """The day's rows by label, as the stand-in is asked to sort them; the smallest as one where they are too many."""
    largest = sorted(readers, key=lambda each: -each.views)
    rows = [_row(each) for each in sorted(largest[:_ROWS_OF_A_DAY], key=lambda each: each.path)]
    if rest := largest[_ROWS_OF_A_DAY:]:
        visits, views = sum(each.visits for each in rest), sum(each.views for each in rest)
        rows.append({"label": "Others", "nb_visits": visits, "nb_hits": views, "is_summary": True})
    return rows


def _row(each: Readers) -> dict[str, Any]:
    row: dict[str, Any] = {
        "label": each.path,
        "nb_visits": each.visits,
        "nb_uniq_visitors": each.visitors,
        "nb_hits": each.views,
        "sum_time_spent": round(each.seconds),
        "avg_time_on_page": round(each.seconds / each.visits) if each.visits else 0,
        "bounce_rate": f"{100 * each.bounces / each.entries if each.entries else 0:.0f}%",
        "url": f"https://{each.host}{each.path}",
    }
    if each.entries:  # Matomo leaves them out where no visit began there, and tells these as text
        row |= {"entry_nb_visits": str(each.entries), "entry_bounce_count": str(each.bounces)}
    return row


def _error(message: str) -> Response:
    return JSONResponse({"result": "error", "message": message})


def failure(status: int) -> Response:
    return JSONResponse({"result": "error", "message": "Matomo encountered an error."}, status)


def rate_limited(seconds: float) -> Response:
    return JSONResponse({"error": "Too Many Requests"}, 429, headers={"retry-after": f"{seconds:.0f}"})


STAND_IN: Final = StandIn(
    name="matomo",
    title="Matomo",
    api="/index.php",
    endpoints=[Endpoint("POST", "/index.php", index), ENDPOINT],
    failure=failure,
    rate_limited=rate_limited,
    credentials=CREDENTIALS,
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/matomo", "site_id": SITE},
)
