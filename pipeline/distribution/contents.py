"""Between a version as the database keeps it and the content that an adapter is given."""

from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.platforms.article import AdaptedContent
from pipeline.platforms.content import Content
from pipeline.platforms.media.facts import Media

_MEDIA = "media"
"""The key of `platform_specific` under which a version's files are described, their bytes' digests included."""


class Words(Protocol):
    """A version's own fields, as the database keeps them."""

    @property
    def title(self) -> str | None: ...
    @property
    def body(self) -> str: ...
    @property
    def link_url(self) -> str | None: ...
    @property
    def platform_specific(self) -> Mapping[str, Any]: ...


def stored(adapted: AdaptedContent) -> dict[str, Any]:
    """The columns of an adapted version. `media_urls` repeats the files' addresses, for queries and for people."""
    described = {_MEDIA: [each.document() for each in adapted.media]} if adapted.media else {}
    return {
        "title": adapted.title,
        "body": adapted.body,
        "link_url": adapted.link_url,
        "media_urls": [each.url for each in adapted.media],
        "platform_specific": {**adapted.platform_specific, **described},
    }


def content_of(version: Words, distribution_id: object = "") -> Content:
    """Raises: ValueError: its media can't be read."""
    fields = dict(version.platform_specific or {})
    return Content(
        distribution_id=str(distribution_id),
        title=version.title,
        body=version.body,
        link_url=version.link_url,
        media=tuple(Media.from_document(each) for each in fields.pop(_MEDIA, ())),
        platform_specific=fields,
    )
