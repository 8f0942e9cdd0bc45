"""Posts as LinkedIn's API has them: what is sent, how they are found again, and what their URNs and addresses are.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.linkedin import little
from pipeline.platforms.linkedin.api import NOT_FOUND, Api, in_url
from pipeline.text.fitting import fit
from pipeline.vocabulary import MediaKind

URN: Final = re.compile(r"urn:li:(?:share|ugcPost):\d+")
MAX_TITLE: Final = 400
_MAX_ALT_TEXT: Final = 4086
_A_PAGE: Final = 100
_PAGES: Final = 20


def document(content: Content, author: str, visibility: str, files: Sequence[str]) -> dict[str, Any]:
    """The post as it is sent; `files` are the URNs of the content's media."""
    post = {
        "author": author,
        "commentary": commentary(content),
        "visibility": visibility,
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    shown = _shown(content, files)
    return {**post, "content": shown} if shown else post  # an empty one is refused


def commentary(content: Content) -> str:
    return little.encode(content.body, hashtags(content))


def hashtags(content: Content) -> list[str]:
    named = content.platform_specific.get("hashtags", ())
    return [each for each in named if isinstance(each, str)] if isinstance(named, list | tuple) else []


def read(api: Api, urn: str) -> dict[str, Any] | None:
    """A post; None where there is none. Raises: CallError."""
    try:
        return as_object(api.rest("GET", f"posts/{in_url(urn)}").json())
    except CallError as failure:
        if failure.error.http_status == NOT_FOUND:
            return None
        raise


def newest(api: Api, since: datetime) -> Iterator[dict[str, Any]]:
    """The author's posts since then, newest first. Raises: CallError."""
    for page in range(_PAGES):
        query = {
            "q": "author",
            "author": in_url(api.author),
            "start": str(page * _A_PAGE),
            "count": str(_A_PAGE),
            "sortBy": "CREATED",
        }
        answer = api.rest("GET", "posts", query=query, restli_method="FINDER")
        found = as_list(as_object(answer.json()).get("elements"))
        for post in found:
            if created(post) < since:
                return
            yield post
        if len(found) < _A_PAGE:
            return
    raise garbled(f"there are more than {_PAGES * _A_PAGE} newer posts")


def urn_of(post: Mapping[str, Any]) -> str:
    """Raises: CallError: it has none."""
    urn = str(post.get("id"))
    if not URN.fullmatch(urn):
        raise garbled("the post has no URN")
    return urn


def created(post: Mapping[str, Any]) -> datetime:
    """Raises: CallError: it does not tell."""
    for name in ("publishedAt", "createdAt"):
        value = post.get(name)
        if isinstance(value, int):
            try:
                return datetime.fromtimestamp(value / 1000, UTC)
            except (ValueError, OverflowError, OSError):
                break
    raise garbled("the post does not tell when it was made")


def _shown(content: Content, files: Sequence[str]) -> dict[str, Any] | None:
    """What stands below the words: the files, else a card of the page that the post is about."""
    if not files:
        if not content.link_url or not content.title:
            return None
        return {"article": {"source": content.link_url, "title": content.title}}
    if content.media[0].kind is MediaKind.VIDEO:
        return {"media": {"id": files[0], **({"title": content.title} if content.title else {})}}
    images = [
        {"id": urn, **({"altText": fit(each.alt_text, _MAX_ALT_TEXT)} if each.alt_text else {})}
        for urn, each in zip(files, content.media, strict=True)
    ]
    return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}
