"""Look-up by id and the user's timeline."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x.access import query, whole
from pipeline.sandbox.x.errors import field_not_authorized, invalid_request, not_found
from pipeline.sandbox.x.rendering import NON_PUBLIC, Fields, shown
from pipeline.sandbox.x.users import USER_ID

_MOST_IDS: Final = 100
_LAST_ID: Final = "9" * 19
_EXPANDING: Final = (
    "expansions",
    "tweet.fields",
    "post.fields",
    "media.fields",
    "user.fields",
    "poll.fields",
    "place.fields",
)


def read(call: Call) -> Response:
    fields = Fields.asked(query(call, *_EXPANDING))
    id_ = _id(call.request.path_params["id"], "id")
    tweet = call.ledger.get("x", "tweet", id_)
    if tweet is None:
        return JSONResponse({"errors": [not_found("tweet", "id", id_)]})
    return JSONResponse(_answer({"data": shown(call, tweet, fields)}, [], fields))


def lookup(call: Call) -> Response:
    given = query(call, "ids", *_EXPANDING)
    fields = Fields.asked(given)
    ids = [_id(id_, "ids") for id_ in given.get("ids", "").split(",")]
    if len(ids) > _MOST_IDS:
        raise invalid_request(
            f"The number of values in the `ids` query parameter list [{len(ids)}] is not between 1 and {_MOST_IDS}",
            {"ids": [given["ids"]]},
        )
    tweets = {id_: call.ledger.get("x", "tweet", id_) for id_ in dict.fromkeys(ids)}
    body: dict[str, Any] = {}
    if found := [shown(call, tweet, fields) for tweet in tweets.values() if tweet is not None]:
        body["data"] = found
    missing = [not_found("tweet", "ids", id_) for id_, tweet in tweets.items() if tweet is None]
    return JSONResponse(_answer(body, missing, fields))


def timeline(call: Call) -> Response:
    """The user's posts, newest first."""
    given = query(
        call,
        *("start_time", "end_time", "since_id", "until_id", "max_results", "pagination_token", "exclude"),
        *_EXPANDING,
    )
    fields = Fields.asked(given)
    size = whole(given, "max_results", 10, 5, 100)
    if (user := _id(call.request.path_params["id"], "id")) != USER_ID:
        return JSONResponse({"errors": [not_found("user", "id", user)]})
    matching = filter(_wanted(given), call.ledger.newest("x", "tweet"))
    page = list(islice(matching, size + 1))
    meta: dict[str, Any] = {"result_count": min(len(page), size)}
    if len(page) > size:
        page = page[:size]
        meta["next_token"] = page[-1]["id"]
    body: dict[str, Any] = {"meta": meta}
    if page:
        body["data"] = [shown(call, tweet, fields) for tweet in page]
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
    return JSONResponse(_answer(body, [], fields))


def _wanted(given: dict[str, str]) -> Callable[[Document], bool]:
    """Whether a post is in the part of the timeline that was asked for; a page's token is its last id."""
    after = int(_id(given.get("since_id", "0"), "since_id"))
    before = min(int(_id(given.get(name, _LAST_ID), name)) for name in ("until_id", "pagination_token"))
    start = _time(given, "start_time", datetime.min.replace(tzinfo=UTC))
    end = _time(given, "end_time", datetime.max.replace(tzinfo=UTC))
    no_replies = "replies" in given.get("exclude", "").split(",")

    def wanted(tweet: Document) -> bool:
        return (
            after < int(tweet["id"]) < before
            and start <= datetime.fromisoformat(tweet["created_at"]) < end
            and not (no_replies and tweet["in_reply_to"])
        )

    return wanted


def _answer(body: dict[str, Any], errors: list[dict[str, Any]], fields: Fields) -> dict[str, Any]:
    """The body, with an error for each figure that was asked for and isn't shown any more."""
    data = body.get("data", [])
    if NON_PUBLIC in fields.names:
        tweets = data if isinstance(data, list) else [data]
        hidden = [field_not_authorized(tweet["id"], NON_PUBLIC) for tweet in tweets if NON_PUBLIC not in tweet]
        errors = [*errors, *hidden]
    return {**body, "errors": errors} if errors else body


def _id(value: str, name: str) -> str:
    if not (value.isascii() and value.isdecimal() and len(value) <= 19):  # noqa: PLR2004 - digits of 64 bits
        raise invalid_request(f"The `{name}` query parameter value [{value}] is not valid", {name: [value]})
    return value


def _time(given: dict[str, str], name: str, default: datetime) -> datetime:
    if name not in given:
        return default
    try:
        moment = datetime.fromisoformat(given[name])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"The `{name}` query parameter value [{given[name]}] is not a valid RFC3339 timestamp"
        raise invalid_request(message, {name: [given[name]]})
    return moment
