"""The site's adapter. The order of its writes is what makes it safe to be killed anywhere:

record (the slug is ours, with the places it means to take) → text and page → places → topics, archive, front page,
feeds, sitemap → record (live). Until that last write the publication counts as absent, so the engine publishes again,
and the same steps find the same record, keep its time and places, and complete what is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Changed,
    ChangeOutcome,
    Gone,
    Identity,
    Inconclusive,
    Journal,
    Metrics,
    NotSent,
    PlatformError,
    PlatformUnavailableError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import JPEG, MP4, PNG, WEBP, MediaRule, rule_for
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.platforms.site import build
from pipeline.platforms.site.article import (
    SLUG,
    Article,
    ArticleState,
    Copy,
    SiteConfig,
    compose,
    read_config,
    read_copy,
)
from pipeline.platforms.site.folder import FolderBusyError, RecordError, SiteFolder
from pipeline.platforms.site.rebuild import bring_over
from pipeline.settings import settings
from pipeline.text.fitting import fit
from pipeline.vocabulary import ErrorKind, MediaKind

_SLUG_HANDLE: Final = "slug"
_DESCRIPTION_LIMIT: Final = 160
"""What a search engine shows of a description."""
_LARGEST: Final = 200 * 1024 * 1024
"""Bytes: what a reader's browser is asked to play from a page."""
_PICTURES: Final = MediaRule(MediaKind.IMAGE, (JPEG, PNG, WEBP, "image/gif"), _LARGEST, most=100)
_TAKES: Final = (
    _PICTURES,
    MediaRule(MediaKind.VIDEO, (MP4,), _LARGEST),
    MediaRule(MediaKind.AUDIO, ("audio/mpeg", "audio/mp4"), _LARGEST),
)


class SiteAdapter(Adapter):
    """The publisher's own site. Raises ValueError where the account's `publish_config` can't be used."""

    name: ClassVar[str] = "site"
    title: ClassVar[str] = "Own site"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=False,
        metrics=False,
        metrics_batch=0,
        guarantee=Guarantee.CERTAIN,
        takes=_TAKES,
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=SLUG.pattern, in_address=r"/([a-z0-9-]+)/?$", where="the last part of the page's address"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("folder", "Where its pages are written: an absolute path, or s3://… and the like.", required=True),
        Setting("base_url", "Where readers find it.", required=True),
        Setting("name", "What it is called.", required=True),
        Setting("language", "Of its pages; default en."),
        Setting("description", "One line, for search engines and the feed."),
        Setting("logo_url", "The publisher's logo, shown where a page without a picture is shared."),
        Setting("beacon_url", "Where a script on the pages counts readers: pressroom analytics script ACCOUNT."),
        Setting("beacon_remembers", "True: browsers keep an id. By default no reader is known again the next day."),
    )
    secrets: ClassVar[Sequence[Setting]] = ()

    def __init__(self, account: Account) -> None:
        self._config = site_config(account.key, account.publish_config)
        self._folder = SiteFolder(self._config.folder)
        self._timeout_seconds = account.timeout_seconds

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """HTML, with what the page says of itself. `max_content_length` is in characters of HTML."""
        teaser = adaptation.teaser(article)
        return AdaptedContent(
            title=adaptation.title_of(article, account.max_title_length),
            body=adaptation.markup(article, account.max_content_length),
            link_url=None,
            media=_shown(article.media),
            platform_specific={
                "slug": article.slug or article.canonical_url.rstrip("/").rpartition("/")[2],
                "excerpt": fit(teaser, adaptation.EXCERPT_LIMIT),
                "description": fit(teaser, _DESCRIPTION_LIMIT),
                "keywords": adaptation.names(article.keywords, adaptation.MAX_TAGS),
                "language": article.language,
                **({"credit": dict(article.credit)} if article.credit else {}),
            },
        )

    def validate(self, content: Content) -> list[Problem]:
        return read_copy(content)[1]

    def measure(self, content: Content) -> list[Measure]:
        excerpt, description = (str(content.platform_specific.get(name) or "") for name in ("excerpt", "description"))
        return [
            Measure("title", len(content.title or ""), None),
            Measure("body", len(content.body), None, "characters of HTML"),
            Measure("excerpt", len(excerpt), adaptation.EXCERPT_LIMIT),
            Measure("description", len(description), _DESCRIPTION_LIMIT),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        copy, problems = read_copy(content)
        if copy is None:
            return _invalid(problems)
        slug = journal.handles.get(_SLUG_HANDLE, copy.slug)
        claimed = False
        try:
            with self._locked():
                earlier = self._folder.article(slug)
                if refusal := _refusal(earlier, slug, content.distribution_id):
                    return refusal
                if _SLUG_HANDLE not in journal.handles:
                    journal.record(_SLUG_HANDLE, slug)
                claimed = True
                article = self._put_page(earlier, copy, slug, content.distribution_id)
                article = build.settle(self._folder, self._config, article)
                article = article.model_copy(update={"state": ArticleState.LIVE})
                self._folder.save(article)
        except (FolderBusyError, OSError, RecordError) as error:
            return Unknown(_error(error)) if claimed else NotSent(_error(error))
        return self._published(article)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        slug = str(journal.handles.get(_SLUG_HANDLE) or content.platform_specific.get("slug"))
        if not SLUG.fullmatch(slug):
            return Absent()  # a slug like this is refused before the first write
        try:
            article = self._folder.article(slug)
            standing = article is not None and self._folder.has_page(slug)
        except (OSError, RecordError) as error:
            return Inconclusive(_error(error))
        if article is None or not standing or not _is_live(article, content.distribution_id):
            return Absent()
        return self._published(article)

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        copy, problems = read_copy(content)
        if copy is None:
            return _invalid(problems)
        if copy.slug != external_id:
            return _rejected(f"The article's address is {external_id!r} for good; it can't become {copy.slug!r}.")
        try:
            with self._locked():
                article = self._folder.article(external_id)
                if article is None or not _is_live(article, content.distribution_id):
                    return _rejected(f"This distribution has no live page at {external_id!r}.")
                self._rewrite(article, copy)
        except FolderBusyError as error:
            return NotSent(_error(error))
        except (OSError, RecordError) as error:
            return Unknown(_error(error))
        return Changed(external_id, self._config.url(f"{external_id}/"))

    def delete(self, external_id: str) -> ChangeOutcome:
        if not SLUG.fullmatch(external_id):
            return _rejected(f"{external_id!r} is not the slug of an article.")
        try:
            with self._locked():
                if article := self._folder.article(external_id):
                    self._take_down(article)
        except FolderBusyError as error:
            return NotSent(_error(error))
        except (OSError, RecordError) as error:
            return Unknown(_error(error))
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        """A folder of files counts no readers; site analytics does."""
        del external_ids
        return {}

    def whoami(self) -> Identity:
        try:
            writable = self._folder.storage.is_writable()
        except OSError as error:
            raise PlatformUnavailableError(_error(error)) from error
        if not writable:
            message = f"The site's folder {self._config.folder} can't be written to."
            raise PlatformUnavailableError(PlatformError(ErrorKind.AUTH, message))
        return Identity(self._config.name)

    def _put_page(self, earlier: Article | None, copy: Copy, slug: str, distribution_id: str) -> Article:
        """The article with its page in place. A page completed before is left as it stands, updates included."""
        if earlier and earlier.state is ArticleState.LIVE and self._folder.has_page(slug):
            return earlier
        published_at = earlier.published_at if earlier else datetime.now(UTC)
        article = compose(copy, self._config, slug=slug, distribution_id=distribution_id, published_at=published_at)
        article = article.model_copy(update={"places": earlier.places if earlier else {}})
        article = build.with_related(self._folder, build.with_places(self._folder, article))
        if earlier is not None:
            self._folder.save(article)
        elif not self._folder.claim(article):
            raise FolderBusyError  # in a store without locks: the slug was taken since we looked
        build.write_page(self._folder, self._config, article, copy)
        return article

    def _rewrite(self, earlier: Article, copy: Copy) -> None:
        article = compose(
            copy,
            self._config,
            slug=earlier.slug,
            distribution_id=earlier.distribution_id,
            published_at=earlier.published_at,
        )
        kept = {name: getattr(earlier, name) for name in ("state", "modified_at", "related", "places")}
        article = build.with_places(self._folder, article.model_copy(update=kept))
        if article != earlier:
            article = build.with_related(self._folder, article)
            article = article.model_copy(update={"modified_at": datetime.now(UTC)})
        build.write_page(self._folder, self._config, article, copy)
        self._folder.save(article)
        article = build.settle(self._folder, self._config, article)
        build.write_leading(self._folder, self._config, article)
        self._folder.save(article)

    def _take_down(self, article: Article) -> None:
        if article.state is not ArticleState.GONE:
            article = article.model_copy(update={"state": ArticleState.GONE, "modified_at": datetime.now(UTC)})
            self._folder.save(article)
        build.write_tombstone(self._folder, self._config, article.slug)
        build.settle(self._folder, self._config, article)
        build.write_leading(self._folder, self._config, article)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder, ours alone and as this version keeps it."""
        with self._folder.locked(self._timeout_seconds):
            bring_over(self._folder, self._config)
            yield

    def _published(self, article: Article) -> Published:
        return Published(article.slug, self._config.url(f"{article.slug}/"), article.published_at)


def site_config(account_key: str, publish_config: Mapping[str, Any]) -> SiteConfig:
    """An account's settings, with those that hold for all sites. Raises: ValueError: they can't be used."""
    of_all_sites = {"indexnow_key": settings().indexnow_key, "websub_hub": settings().websub_hub}
    return read_config(account_key, {**publish_config, **of_all_sites})


def _shown(media: Sequence[Media]) -> tuple[Media, ...]:
    """Every picture, for a page has to know how large those in its text are; the first film and the first sound."""
    pictures = [each for each in media if rule_for(each, _TAKES) is _PICTURES][: _PICTURES.most]
    return (*pictures, *(each for each in adaptation.one_of_each(media, _TAKES) if each.kind is not MediaKind.IMAGE))


def _is_live(article: Article, distribution_id: str) -> bool:
    return article.state is ArticleState.LIVE and article.distribution_id == distribution_id


def _refusal(earlier: Article | None, slug: str, distribution_id: str) -> Rejected | None:
    """Why this distribution may not publish under a slug with such a record, if it may not."""
    if earlier is None:
        return None
    if earlier.distribution_id != distribution_id:
        return _rejected(f"The slug {slug!r} belongs to another article, {earlier.title!r}; choose another slug.")
    if earlier.state is ArticleState.GONE:
        return _rejected(f"The page at {slug!r} was taken down and its address answers 410; publish under a new slug.")
    return None


def _rejected(message: str) -> Rejected:
    return Rejected(PlatformError(ErrorKind.VALIDATION, message))


def _invalid(problems: Sequence[Problem]) -> Rejected:
    return _rejected("; ".join(f"{problem.field}: {problem.message}" for problem in problems))


def _error(error: FolderBusyError | RecordError | OSError) -> PlatformError:
    if isinstance(error, RecordError):
        return PlatformError(ErrorKind.PROTOCOL, str(error))
    if isinstance(error, FolderBusyError):
        return PlatformError(ErrorKind.UNAVAILABLE, "Another publisher is still writing to the site.")
    reason = error.strerror or type(error).__name__
    return PlatformError(ErrorKind.UNAVAILABLE, f"The site's folder could not be written or read: {reason}.")
