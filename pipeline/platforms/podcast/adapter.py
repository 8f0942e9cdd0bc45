"""A podcast: an episode's files go into the show's storage, then the feed that lists them is replaced in one step.

The feed is the record. An episode is published from the moment the feed names it, under the distribution's id as its
guid; so nothing needs to be remembered of an attempt, and whatever became of one can be read in the feed. Replacing the
feed depends on the version that was read: of two writers one reads again, and neither undoes the other's work.

Content: `platform_specific` may name a `transcript_url` (VTT, SRT, JSON, HTML or text, by its ending), a `season` and
an `episode` by number, and whether it is `explicit` where that is not as the show.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import ClassVar, Final, TypeVar

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
    Journal,
    Metrics,
    NotSent,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, media_failure
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.media.rules import misfits
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.platforms.podcast import episode as episodes
from pipeline.platforms.podcast.bucket import Bucket
from pipeline.platforms.podcast.feed import Episode, Feed, FeedError, Listed
from pipeline.platforms.podcast.folder import Folder
from pipeline.platforms.podcast.notes import show_notes, size
from pipeline.platforms.podcast.show import MOST_BYTES, MOST_CHARACTERS, SECRETS, SETTINGS, Show, read_show
from pipeline.platforms.podcast.storage import ChangedMeanwhileError, Storage, Stored
from pipeline.vocabulary import ErrorKind, MediaKind

T = TypeVar("T")

_FEED_TYPE: Final = "application/rss+xml"
_MOST_TRIES: Final = 10
"""Of several writers one succeeds each time, so this many may publish at once."""


class PodcastAdapter(Adapter):
    name: ClassVar[str] = "podcast"
    title: ClassVar[str] = "Podcast"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=False,
        metrics=False,
        metrics_batch=1000,
        guarantee=Guarantee.CERTAIN,
        takes=(episodes.AUDIO, episodes.COVER),
        needs=(MediaKind.AUDIO,),
        remarks={"metrics": "a feed counts no listeners; it tells which episodes are gone"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        in_address=r"/episodes/([A-Za-z0-9_-]+)/", where="the episode's guid in the feed"
    )
    settings: ClassVar[Sequence[Setting]] = SETTINGS
    secrets: ClassVar[Sequence[Setting]] = SECRETS

    def __init__(self, account: Account) -> None:
        self._account = account

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """Show notes for the post's first sound. `max_content_length` is in bytes of HTML.

        A picture goes with it where it can be a cover as it is.
        """
        most = min(MOST_BYTES, account.max_content_length or MOST_BYTES)
        media = [
            each for each in article.media if each.kind is not MediaKind.IMAGE or not misfits(each, episodes.COVER)
        ]
        return AdaptedContent(
            title=adaptation.title_of(article, min(MOST_CHARACTERS, account.max_title_length or MOST_CHARACTERS)),
            body=show_notes(article, most),
            link_url=article.link,
            media=adaptation.one_of_each(media, cls.capabilities.takes),
        )

    def validate(self, content: Content) -> list[Problem]:
        return episodes.problems(content, self.capabilities)

    def measure(self, content: Content) -> list[Measure]:
        return [
            Measure("title", len(content.title or ""), MOST_CHARACTERS),
            Measure("body", size(content.body), MOST_BYTES, "bytes of HTML"),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:  # noqa: ARG002 - the feed is the journal
        guid = content.distribution_id
        if refusal := self._refusal(content):
            return refusal
        try:
            read = self._read()
            if earlier := _feed(read).find(guid):
                return self._published(earlier)
            episode = self._store_files(guid, content)
        except CallError as failure:
            return failure.without_effect()
        except MediaError as error:
            return media_failure(error)

        def add(feed: Feed) -> Listed:
            earlier = feed.find(guid)  # by an attempt that was taken for dead
            if earlier is None:
                feed.describe(self._show)
            return earlier or feed.add(episode, datetime.now(UTC))

        try:
            return self._published(self._rewrite(read, add))
        except CallError as failure:
            return failure.outcome

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:  # noqa: ARG002 - the feed is the journal
        try:
            found = _feed(self._read()).find(content.distribution_id)
        except CallError as failure:
            return failure.inconclusive()
        return Absent() if found is None else self._published(found)

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        if refusal := self._refusal(content):
            return refusal
        try:
            read = self._read()
            _require(_feed(read), external_id)
            episode = self._store_files(external_id, content)
        except CallError as failure:
            return failure.without_effect()
        except MediaError as error:
            return media_failure(error)

        def say(feed: Feed) -> None:
            _require(feed, external_id)
            feed.describe(self._show)
            feed.rewrite(episode)

        try:
            self._rewrite(read, say)
        except CallError as failure:
            return failure.outcome
        kept = [episodes.file_name(external_id, media) for media in episodes.files(content).values()]
        return self._tidied(external_id, kept) or Changed(external_id, episode.audio_url)

    def delete(self, external_id: str) -> ChangeOutcome:
        """Takes it out of the feed, and then its files out of the storage."""
        try:
            read = self._read()
            if read is not None:
                self._rewrite(read, lambda feed: feed.remove(external_id))
        except CallError as failure:
            return failure.outcome
        return self._tidied(external_id, kept=()) or Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        try:
            listed = _feed(self._read()).guids()
        except CallError as failure:
            raise failure.unavailable() from None
        return {guid: Gone() for guid in external_ids if guid not in listed}

    def whoami(self) -> Identity:
        try:
            self._storage.check()
            return Identity(self._show.title)
        except CallError as failure:
            raise failure.unavailable() from None

    def _refusal(self, content: Content) -> Rejected | None:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in self.validate(content))
        return Rejected(PlatformError(ErrorKind.VALIDATION, said)) if said else None

    def _read(self) -> Stored | None:
        """Raises: CallError."""
        return self._storage.read(self._show.feed_name)

    def _rewrite(self, read: Stored | None, change: Callable[[Feed], T]) -> T:
        """Change the feed that was read, or what somebody has made of it since; what stays the same is not written.

        Raises:
            CallError: its outcome is that of the change.
        """
        for _ in range(_MOST_TRIES):
            feed = _feed(read)
            before = feed.rendered()
            result = change(feed)
            if feed.rendered() == before:
                return result
            feed.stamp(datetime.now(UTC))
            try:
                self._storage.replace(self._show.feed_name, feed.rendered(), _FEED_TYPE, read)
            except ChangedMeanwhileError:
                read = self._read_again()
            else:
                return result
        message = "other publishers kept changing the feed"
        raise CallError(NotSent(PlatformError(ErrorKind.UNAVAILABLE, message)))

    def _read_again(self) -> Stored | None:
        """Raises: CallError: nothing was written."""
        try:
            read = self._read()
            _feed(read)
        except CallError as failure:
            raise CallError(failure.without_effect()) from None
        return read

    def _store_files(self, guid: str, content: Content) -> Episode:
        """The episode of content without problems, its files in their places; those already there are not sent again.

        Raises:
            CallError: a file could not be stored. Readers see nothing of that.
            MediaError: a file is not to be had.
        """
        there = self._storage.sizes(episodes.folder(guid))
        sizes = {}
        for rule, media in episodes.files(content).items():
            name = episodes.file_name(guid, media)
            if name in there:
                sizes[rule] = there[name]
                continue
            with self._account.media.open(media, rule) as local:
                self._storage.put(name, local)
                sizes[rule] = local.size
        return episodes.compose(guid, content, self._show, sizes)

    def _tidied(self, guid: str, kept: Collection[str]) -> Unknown | None:
        """Remove an episode's files but for those `kept`; the feed names them no more."""
        try:
            for name in self._storage.sizes(episodes.folder(guid)):
                if name not in kept:
                    self._storage.remove(name)
        except CallError as failure:
            return Unknown(failure.error)
        return None

    def _published(self, listed: Listed) -> Published:
        return Published(listed.guid, listed.audio_url, listed.published_at or datetime.now(UTC))

    @cached_property
    def _show(self) -> Show:
        """Raises: CallError."""
        return read_show(self._account)

    @cached_property
    def _storage(self) -> Storage:
        """Raises: CallError."""
        show = self._show
        if show.folder is not None:
            return Folder(show.folder, self._account.timeout_seconds)
        return Bucket(self._account, show.bucket or "", show.api, show.region)


def _feed(read: Stored | None) -> Feed:
    """Raises: CallError: what is stored as the feed is none; nobody may overwrite it but a person."""
    try:
        return Feed(None if read is None else read.content)
    except FeedError as error:
        raise garbled(f"the feed can't be understood: {error}") from None


def _require(feed: Feed, guid: str) -> None:
    """Raises: CallError: it is not in the feed."""
    if feed.find(guid) is None:
        raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, f"The feed has no episode {guid}.")))
