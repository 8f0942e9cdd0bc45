"""What an adaptation starts from and what it makes: an article, an account's limits, the version for the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.platforms.media.facts import Media
from pipeline.text.tracking import Tracking


@dataclass(frozen=True, slots=True)
class AdaptableArticle:
    """An article before it is any platform's. `canonical_url` is its page at home; `disclosure` is shown above it.

    `tracking` is what links carry in the version that is made of it; None: nothing. Readers are led by `link`, and by
    `href` from any link in its text; `canonical_url` only says which page it is.

    `parts` are the texts of one that is told in parts: a thread's posts, a carousel's slides, a script's lines. Those
    are sent then, as they are, in place of what a platform would make of the Markdown. `credit` is of one that points
    to another page: that page's `url`, `publisher`, `author` and `license`.
    """

    title: str
    markdown: str
    excerpt: str
    keywords: Sequence[str]
    canonical_url: str
    vertical: str
    topics: Sequence[str] = ()
    disclosure: str | None = None
    slug: str | None = None
    language: str = "en"
    media: Sequence[Media] = ()
    parts: Sequence[str] = ()
    credit: Mapping[str, Any] | None = None
    tracking: Tracking | None = None

    @property
    def link(self) -> str:
        return self.canonical_url if self.tracking is None else self.tracking.link

    @property
    def texts(self) -> tuple[str, ...]:
        """The parts, with links as the version's readers are to follow them."""
        return tuple(self.parts if self.tracking is None else map(self.tracking.prose, self.parts))

    def href(self, address: str) -> str:
        return address if self.tracking is None else self.tracking.href(address)


class Destination(Protocol):
    """An account's platform and limits; None is the platform's own limit."""

    @property
    def name(self) -> str: ...
    @property
    def publish_config(self) -> Mapping[str, Any]: ...
    @property
    def max_content_length(self) -> int | None: ...
    @property
    def max_title_length(self) -> int | None: ...
    @property
    def is_home(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class AdaptedContent:
    """A version before it is stored; `platform_specific` is what this one platform takes beside the common fields."""

    title: str | None
    body: str
    link_url: str | None
    media: tuple[Media, ...] = ()
    platform_specific: Mapping[str, Any] = field(default_factory=dict)
