"""Figures of a publication; one that its kind doesn't have makes the whole question fail."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.instagram import nodes
from pipeline.sandbox.instagram.access import parameters
from pipeline.sandbox.instagram.errors import invalid, unknown_object
from pipeline.sandbox.service import Call

_FEED: Final = (
    *("views", "reach", "likes", "comments", "shares", "saved", "total_interactions", "follows", "profile_visits"),
    *("profile_activity", "reposts"),
)
_REELS: Final = (
    *("views", "reach", "likes", "comments", "shares", "saved", "total_interactions", "reposts"),
    *("ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate"),
)
KNOWN: Final = tuple(dict.fromkeys((*_FEED, *_REELS, "navigation", "replies")))
_MILLISECONDS: Final = 1000


def read(call: Call) -> Response:
    id_ = call.request.path_params["id"]
    names = [name for name in str(parameters(call, ("metric",)).get("metric", "")).split(",") if name]
    media = call.ledger.get("instagram", "media", id_)
    if media is None:
        raise unknown_object(id_)
    if not names:
        raise invalid("The parameter metric is required")
    for place, name in enumerate(names):
        if name not in KNOWN:
            raise invalid(f"metric[{place}] must be one of the following values: {', '.join(KNOWN)}")
    offered = _REELS if media["kind"] == "REELS" else _FEED
    if unsupported := [name for name in names if name not in offered]:
        raise invalid(
            f"The Media Insights API does not support the {unsupported[0]} metric for this media product type."
        )
    figures = _figures(Growth(f"instagram/{id_}", nodes.age(call, media)))
    return JSONResponse({"data": [_shown(id_, name, figures[name]) for name in dict.fromkeys(names)]})


def _figures(growth: Growth) -> dict[str, int]:
    reach = growth.final("reach", 120, 9_000)
    views = growth.share("views", reach, 1.2, 2.4)
    counts = {
        "reach": growth.share("reached", reach, 1, 1),
        "views": views,
        "likes": growth.share("likes", reach, 0.02, 0.08),
        "comments": growth.share("comments", reach, 0.001, 0.01),
        "shares": growth.share("shares", reach, 0.002, 0.02),
        "saved": growth.share("saved", reach, 0.003, 0.03),
        "reposts": growth.share("reposts", reach, 0.0005, 0.004),
        "follows": growth.share("follows", reach, 0.0005, 0.005),
        "profile_visits": growth.share("profile visits", reach, 0.005, 0.03),
        "profile_activity": growth.share("profile activity", reach, 0.0005, 0.003),
        "reels_skip_rate": 40,
    }
    counts["total_interactions"] = sum(counts[name] for name in ("likes", "comments", "shares", "saved"))
    watched = round(growth.final("seconds watched", 2, 12) * _MILLISECONDS)
    return counts | {"ig_reels_avg_watch_time": watched, "ig_reels_video_view_total_time": watched * views}


def _shown(id_: str, name: str, value: int) -> dict[str, Any]:
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": name.replace("_", " ").capitalize(),
        "description": "",
        "id": f"{id_}/insights/{name}/lifetime",
    }
