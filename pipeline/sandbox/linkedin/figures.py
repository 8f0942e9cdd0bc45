"""Figures: an organisation's of several posts at once, a member's one by one."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.linkedin import errors
from pipeline.sandbox.linkedin.access import query, urn, urns, version
from pipeline.sandbox.linkedin.credentials import Token
from pipeline.sandbox.service import Call

_ENTITY: Final = re.compile(r"\((share|ugc):([^():]+)\)")
_KINDS: Final = {"share": "urn:li:share:", "ugc": "urn:li:ugcPost:"}
_MEMBER_FIGURES: Final = {
    "IMPRESSION": "impressionCount",
    "MEMBERS_REACHED": "uniqueImpressionsCount",
    "RESHARE": "shareCount",
    "REACTION": "likeCount",
    "COMMENT": "commentCount",
}
_NEWER_MEMBER_FIGURES: Final = {
    "POST_SAVE": "saves",
    "LINK_CLICKS": "clickCount",
    "FOLLOWER_GAINED_FROM_CONTENT": "followers",
}
_VIDEO_FIGURES: Final = {
    "VIDEO_VIEW": "views",
    "VIEWER": "viewers",
    "TIME_WATCHED": "milliseconds",
    "TIME_WATCHED_FOR_VIDEO_VIEWS": "milliseconds",
}
_NEWER_SINCE: Final = "202604"
_REACH: Final = timedelta(days=365)


def of_organization(call: Call, token: Token) -> Response:
    """Posts that nobody saw are left out, and so are those older than a year."""
    given = query(call, "q", "organizationalEntity", "shares", "ugcPosts")
    if given.get("q") != "organizationalEntity":
        raise errors.bad_request("PARAM_INVALID", "Unknown finder")
    if "rw_organization_admin" not in token.scopes or urn(given.get("organizationalEntity", "")) != token.actor:
        raise errors.not_permitted("organizationalEntityShareStatistics.FINDER-organizationalEntity", version(call))
    wanted = [*_listed(given, "shares", "share"), *_listed(given, "ugcPosts", "ugcPost")]
    elements = []
    for kind, id_ in wanted:
        post = call.ledger.get("linkedin", "post", id_)
        if post and post["author"] == token.actor and call.now - datetime.fromisoformat(post["created"]) < _REACH:
            figures = _figures(call, post)
            if figures["impressionCount"]:
                del figures["saves"], figures["followers"]
                figures["engagement"] = figures["clickCount"] / figures["impressionCount"]
                elements.append({"organizationalEntity": token.actor, kind: id_, "totalShareStatistics": figures})
    return JSONResponse({"paging": {"start": 0, "count": 10, "links": []}, "elements": elements})


def of_member(call: Call, token: Token) -> Response:
    given = query(call, "q", "entity", "queryType", "aggregation")
    if "r_member_postAnalytics" not in token.scopes:
        raise errors.not_permitted("memberCreatorPostAnalytics.FINDER-entity", version(call))
    entity = _ENTITY.fullmatch(given.get("entity", ""))
    if given.get("q") != "entity" or given.get("aggregation") != "TOTAL" or entity is None:
        raise errors.bad_request("PARAM_INVALID", "Unknown finder, aggregation or entity")
    offered = _MEMBER_FIGURES | (_NEWER_MEMBER_FIGURES if version(call) >= _NEWER_SINCE else {})
    asked = given.get("queryType", "")
    if asked not in offered:
        raise errors.bad_request("PARAM_INVALID", f"queryType {asked} is not supported")
    id_ = unquote(entity[2])
    post = call.ledger.get("linkedin", "post", id_)
    if not id_.startswith(_KINDS[entity[1]]) or post is None or post["author"] != token.actor:
        return JSONResponse(errors.not_found(), 404)
    element = {
        "count": _figures(call, post)[offered[asked]],
        "metricType": asked,
        "targetEntity": {entity[1]: id_},
    }
    return JSONResponse({"paging": {"start": 0, "count": 10, "links": []}, "elements": [element]})


def of_video(call: Call, token: Token) -> Response:
    """One figure of one video, of its whole life."""
    given = query(call, "q", "entity", "type", "aggregation")
    if "r_organization_social" not in token.scopes:
        raise errors.not_permitted("videoAnalytics.FINDER-entity", version(call))
    if given.get("q") != "entity" or given.get("aggregation") != "ALL":
        raise errors.bad_request("PARAM_INVALID", "Unknown finder or aggregation")
    asked = given.get("type", "")
    if asked not in _VIDEO_FIGURES:
        raise errors.bad_request("PARAM_INVALID", f"type {asked} is not supported")
    id_ = urn(given.get("entity", ""))
    post = call.ledger.get("linkedin", "post", id_)
    if post is None or post["author"] != token.actor:
        return JSONResponse(errors.not_found(), 404)
    if not id_.startswith(_KINDS["ugc"]):
        raise errors.bad_request("INVALID_URN_TYPE", "entity takes urn:li:ugcPost")
    element = {"entity": id_, "type": asked, "value": _watched(call, post)[_VIDEO_FIGURES[asked]]}
    return JSONResponse({"paging": {"start": 0, "count": 10, "links": []}, "elements": [element]})


def _listed(given: Mapping[str, str], parameter: str, kind: str) -> list[tuple[str, str]]:
    """Raises: Refusal: a URN of another kind: shares and UGC posts go by their own parameters."""
    found = urns(given[parameter]) if parameter in given else []
    if not all(each.startswith(f"urn:li:{kind}:") for each in found):
        raise errors.bad_request("INVALID_URN_TYPE", f"{parameter} takes urn:li:{kind}")
    return [(kind, each) for each in found]


def _figures(call: Call, post: Document) -> dict[str, Any]:
    growth = Growth(f"linkedin/{post['urn']}", call.age(datetime.fromisoformat(post["created"])))
    impressions = growth.final("impressions", 300, 15_000)
    return {
        "impressionCount": growth.share("impressions", impressions, 1, 1),
        "uniqueImpressionsCount": growth.share("reach", impressions, 0.55, 0.8),
        "clickCount": growth.share("clicks", impressions, 0.005, 0.04),
        "likeCount": growth.share("likes", impressions, 0.005, 0.03),
        "commentCount": growth.share("comments", impressions, 0.0005, 0.005),
        "shareCount": growth.share("shares", impressions, 0.0003, 0.004),
        "saves": growth.share("saves", impressions, 0.0003, 0.003),
        "followers": growth.share("followers", impressions, 0.0002, 0.002),
    }


def _watched(call: Call, post: Document) -> dict[str, int]:
    growth = Growth(f"linkedin/{post['urn']}", call.age(datetime.fromisoformat(post["created"])))
    views = growth.share("views", growth.final("impressions", 300, 15_000), 0.2, 0.5)
    return {
        "views": views,
        "viewers": growth.share("viewers", views, 0.6, 0.9),
        "milliseconds": views * round(growth.final("milliseconds", 3_000, 40_000)),
    }
