"""An article as the site knows it: what a page needs, and what the front page, feed and sitemap need of it later."""

import hashlib
import re
import textwrap
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

from markupsafe import Markup
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.platforms.content import Content, Problem
from pipeline.platforms.media.facts import Media
from pipeline.platforms.site import sanitise
from pipeline.platforms.site.addresses import check_address
from pipeline.platforms.site.listing import Entry, Listing
from pipeline.vocabulary import MediaKind

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SLUG_LIMIT: Final = 120
_RESERVED_SLUGS: Final = frozenset({"archive", "assets", "media", "tags"})
_LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_EXCERPT_LIMIT: Final = 200


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError("must be lower-case ASCII letters, digits and single hyphens, such as 'how-to-read-a-label'")
    if len(value) > _SLUG_LIMIT:
        raise ValueError(f"must be at most {_SLUG_LIMIT} characters")
    if value in _RESERVED_SLUGS:
        raise ValueError(f"{value!r} is an address of the site itself")
    return value


def _web_url(value: str) -> str:
    if not sanitise.is_web_url(value):
        raise ValueError("must be an absolute http or https address")
    return value


Line = Annotated[str, AfterValidator(sanitise.plain)]
Slug = Annotated[str, AfterValidator(_slug)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Language = Annotated[str, Field(pattern=_LANGUAGE)]


class SiteConfig(BaseModel):
    """The account's `publish_config`: where the site's folder is, and where readers find it."""

    model_config = ConfigDict(frozen=True)

    folder: str
    """An absolute path, or the address of a folder in a store that fsspec reaches."""
    base_url: WebUrl
    name: Line = Field(min_length=1)
    language: Language = "en"
    description: Line | None = None
    logo_url: WebUrl | None = None
    """Of the publisher; shown where a page is shared that has no picture of its own."""
    beacon_url: WebUrl | None = None
    """Where the pages' script tells that they are read; without it they have none."""
    beacon_remembers: bool = False
    """Whether a reader's browser keeps an id, by which the reader is known again on another day."""
    indexnow_key: str | None = None
    """Served, so that search engines believe what they are told in this site's name."""
    websub_hub: str | None = None
    """Named in the feed, so that readers can ask it for what is new."""

    @field_validator("folder", mode="before")
    @classmethod
    def _reachable(cls, folder: object) -> str:
        return check_address(str(folder))

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    def url(self, path: str = "") -> str:
        """The public address of a path inside the site."""
        return f"{self.base_url}/{path}"


class Credit(BaseModel):
    """Whose work a curated article presents."""

    model_config = ConfigDict(frozen=True)

    url: WebUrl
    publisher: Line | None = None
    author: Line | None = None
    license: Line | None = None


class Copy(BaseModel):
    """What is to be published, checked and cleaned: the content's own fields and its `platform_specific`."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    slug: Slug
    title: Line
    body: Markup
    excerpt: Line | None = None
    description: Line | None = None
    keywords: tuple[Line, ...] = ()
    author: Line | None = None
    canonical_url: WebUrl | None = None
    credit: Credit | None = None
    language: Language | None = None
    image_url: WebUrl | None = None
    image_alt: Line = ""
    image_width: int | None = None
    image_height: int | None = None
    video_url: WebUrl | None = None
    video_alt: Line = ""
    audio_url: WebUrl | None = None
    sizes: Mapping[str, tuple[int, int]] = {}
    """Width and height in pixels of each picture of the post, by its address."""

    @field_validator("title")
    @classmethod
    def _titled(cls, title: str) -> str:
        if not title:
            raise ValueError("an article needs a title")
        return title

    @field_validator("body", mode="before")
    @classmethod
    def _sanitised(cls, body: str) -> Markup:
        html = sanitise.body_html(body)
        if sanitise.is_empty(html):
            raise ValueError("nothing is left of it to read once it is sanitised")
        return html


class ArticleState(StrEnum):
    PUBLISHING = "publishing"
    """The slug is taken; the page, or the indexes that list it, may not be written yet."""
    LIVE = "live"
    GONE = "gone"
    """Taken down for good: the address answers 410 and is not given to another article."""


class Article(BaseModel):
    """The record beside a page. `modified_at`, the sitemap's lastmod, is when its page last changed."""

    model_config = ConfigDict(frozen=True)

    slug: Slug
    distribution_id: str
    state: ArticleState
    title: str
    excerpt: str
    description: str
    keywords: tuple[str, ...]
    author: str | None
    language: str
    canonical_url: str
    image_url: str | None
    image_alt: str
    image_width: int | None = None
    image_height: int | None = None
    video_url: str | None = None
    video_alt: str = ""
    audio_url: str | None = None
    credit: Credit | None = None
    body_digest: str
    published_at: AwareDatetime
    modified_at: AwareDatetime
    tags: tuple[Listing, ...] = ()
    related: tuple[str, ...] = ()
    """The slugs of the articles that its page leads to, as they were when it was last published or changed."""
    places: Mapping[str, int] = {}
    """Its place in each listing, by the listing's name; written down before the place is taken."""

    @property
    def entry(self) -> Entry:
        return Entry.model_validate(self, from_attributes=True)


def read_copy(content: Content) -> tuple[Copy | None, list[Problem]]:
    """The content as copy, or everything that is wrong with it."""
    fields: dict[str, Any] = {key: value for key, value in content.platform_specific.items() if value is not None}
    fields |= {"title": content.title or "", "body": content.body, "sizes": _sizes(content.media)}
    for media in reversed(content.media):  # the first of each kind is the one that stays
        fields |= _shown(media)
    try:
        return Copy.model_validate(fields), []
    except ValidationError as error:
        return None, [Problem(".".join(map(str, each["loc"])), _message(each["msg"])) for each in error.errors()]


def _sizes(media: Sequence[Media]) -> dict[str, tuple[int, int]]:
    return {
        each.url: (each.width, each.height)
        for each in media
        if each.kind is MediaKind.IMAGE and each.url and each.width and each.height
    }


def _shown(media: Media) -> dict[str, Any]:
    match media.kind:
        case MediaKind.IMAGE:
            size = {"image_width": media.width, "image_height": media.height}
            return {"image_url": media.url, "image_alt": media.alt_text, **size}
        case MediaKind.VIDEO:
            return {"video_url": media.url, "video_alt": media.alt_text}
        case MediaKind.AUDIO:
            return {"audio_url": media.url}


def read_config(account_key: str, publish_config: object) -> SiteConfig:
    """Raises: ValueError, naming the account and each setting that is wrong."""
    try:
        return SiteConfig.model_validate(publish_config)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {_message(each['msg'])}" for each in error.errors())
        raise ValueError(
            f"The site account {account_key!r} has a publish_config that can't be used: {wrong}."
        ) from None


def compose(copy: Copy, config: SiteConfig, *, slug: str, distribution_id: str, published_at: AwareDatetime) -> Article:
    """The record of a copy about to be published under a slug."""
    opening = textwrap.shorten(sanitise.opening(copy.body), _EXCERPT_LIMIT, placeholder=" …")
    return Article(
        slug=slug,
        distribution_id=distribution_id,
        state=ArticleState.PUBLISHING,
        title=copy.title,
        excerpt=copy.excerpt or copy.description or opening,
        description=copy.description or copy.excerpt or opening,
        keywords=tuple(keyword for keyword in copy.keywords if keyword),
        author=copy.author or None,
        language=copy.language or config.language,
        canonical_url=copy.canonical_url or config.url(f"{slug}/"),
        image_url=copy.image_url,
        image_alt=copy.image_alt,
        image_width=copy.image_width,
        image_height=copy.image_height,
        video_url=copy.video_url,
        video_alt=copy.video_alt,
        audio_url=copy.audio_url,
        credit=copy.credit,
        body_digest=hashlib.sha256(copy.body.encode()).hexdigest(),
        published_at=published_at,
        modified_at=published_at,
    )


def _message(message: str) -> str:
    return message.removeprefix("Value error, ")
